package logical

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/passes/estimate"
)

// randomGraph makes a join graph; edges are classes of two columns.
func randomGraph(r *rand.Rand, n, edges int) *graph {
	g := &graph{}
	for range n {
		g.rows = append(g.rows, float64(1+r.IntN(1000)))
	}
	edge := func(a, b int) {
		column := func(relation int) graphColumn {
			return graphColumn{fmt.Sprintf("c%d", relation), relation, float64(1 + r.IntN(100)), 1000}
		}
		g.classes = append(g.classes, []graphColumn{column(a), column(b)})
	}
	for range edges {
		if a, b := r.IntN(n), r.IntN(n); a != b {
			edge(a, b)
		}
	}
	return g
}

func relationsOf(t *tree, count map[int]int) {
	if t.left == nil {
		count[t.relation]++
		return
	}
	relationsOf(t.left, count)
	relationsOf(t.right, count)
}

// TestSearchComplete checks that every plan has every relation once, also where the
// graph falls apart.
func TestSearchComplete(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 2 + r.IntN(7)
		g := randomGraph(r, n, r.IntN(9))
		for name, find := range map[string]func(*search) *tree{"exhaustive": (*search).exhaustive, "greedy": (*search).greedy} {
			plan := find(&search{graph: g, count: n})
			if plan == nil {
				t.Fatalf("seed %d, %s: no plan", seed, name)
			}
			count := map[int]int{}
			relationsOf(plan, count)
			for i := range n {
				if count[i] != 1 {
					t.Fatalf("seed %d, %s: relation %d stands %d times in the plan", seed, name, i, count[i])
				}
			}
		}
	}
}

// TestSearchOptimal compares DPhyp with all splits of all subsets on connected
// graphs: chains with some more edges, which one edge connects at every cut.
func TestSearchOptimal(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := 2 + r.IntN(5)
		g := randomGraph(r, n, 2)
		for i := 1; i < n; i++ {
			j := r.IntN(i)
			g.classes = append(g.classes, []graphColumn{{"a", j, float64(1 + r.IntN(100)), 1000}, {"b", i, float64(1 + r.IntN(100)), 1000}})
		}
		s := &search{graph: g, count: n}
		got := s.exhaustive()
		best := make([]*tree, 1<<n)
		for set := 1; set < 1<<n; set++ {
			if set&(set-1) == 0 {
				best[set] = s.plans[uint64(set)]
				continue
			}
			for a := (set - 1) & set; a > 0; a = (a - 1) & set {
				b := set &^ a
				if best[a] == nil || best[b] == nil || !s.connected(uint64(a), uint64(b)) {
					continue
				}
				_, hash := g.selectivity(relationSet{uint64(a)}, relationSet{uint64(b)})
				plan := join(best[a], best[b], s.plans[uint64(set)].rows, hash)
				if best[set] == nil || plan.cost < best[set].cost {
					best[set] = plan
				}
			}
			if (best[set] == nil) != (s.plans[uint64(set)] == nil) {
				t.Fatalf("seed %d: set %b has a plan in one search only", seed, set)
			}
		}
		if want := best[1<<n-1]; math.Abs(got.cost-want.cost) > 1e-6*want.cost {
			t.Fatalf("seed %d: cost %g, the best is %g", seed, got.cost, want.cost)
		}
	}
}

// TestHyperedge: a.x + b.y = c.z needs a and b joined first.
func TestHyperedge(t *testing.T) {
	t.Parallel()
	g := &graph{rows: []float64{10, 20, 30}}
	g.classes = [][]graphColumn{{{"a", 0, 5, 10}, {"b", 1, 5, 20}}}
	g.predicates = []*predicate{{reads: relationSet{7}, selectivity: 0.1, halves: [2]relationSet{{3}, {4}}}}
	plan := (&search{graph: g, count: 3}).exhaustive()
	if plan == nil || plan.left == nil {
		t.Fatal("no plan")
	}
	count := map[int]int{}
	relationsOf(plan, count)
	if len(count) != 3 || plan.left.relation == 2 == (plan.right.relation == 2) {
		t.Errorf("the third relation is not joined last")
	}
}

// TestLargeJoins bounds the time of orders that are out of reach of the exhaustive
// search. The bound is ten times what it takes.
func TestLargeJoins(t *testing.T) {
	t.Parallel()
	for _, n := range []int{20, 64, 100} {
		for _, shape := range []string{"chain", "star", "clique"} {
			g := &graph{}
			for i := range n {
				g.rows = append(g.rows, float64(100+i))
			}
			one := []graphColumn{}
			for i := range n {
				switch {
				case shape == "clique":
					one = append(one, graphColumn{"k", i, 50, 100})
				case i > 0 && shape == "chain":
					g.classes = append(g.classes, []graphColumn{{"a", i - 1, 50, 100}, {"b", i, 50, 100}})
				case i > 0:
					g.classes = append(g.classes, []graphColumn{{"a", 0, 50, 100}, {"b", i, 50, 100}})
				}
			}
			if len(one) > 0 {
				g.classes = append(g.classes, one)
			}
			start := time.Now()
			plan := (&search{graph: g, count: n}).best()
			if elapsed := time.Since(start); elapsed > time.Second {
				t.Errorf("%s of %d took %v", shape, n, elapsed)
			} else {
				t.Logf("%s of %d took %v", shape, n, elapsed)
			}
			count := map[int]int{}
			relationsOf(plan, count)
			if len(count) != n {
				t.Errorf("%s of %d has %d relations", shape, n, len(count))
			}
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	// lineitem with partsupp: 800,000 pairs, not 200,000 times 10,000.
	k := estimate.NewKey(6_000_000, 800_000)
	k.Add(200_000, 200_000)
	k.Add(10_000, 10_000)
	if got := k.Values(); got != 800_000 {
		t.Errorf("composite key has %g values", got)
	}
	// Ten rows that refer to a million: each finds one.
	k = estimate.NewKey(10, 1_000_000)
	k.Add(10, 1_000_000)
	if got := k.Values(); got != 1_000_000 {
		t.Errorf("key has %g values", got)
	}
}
