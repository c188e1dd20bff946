package logical

import (
	"math/bits"

	"github.com/heddle-lang/heddle/passes/estimate"
)

// relations are numbered; a set of them is a bitmap of as many words as it takes.
type relationSet []uint64

// graph prices joins of sets of relations. It holds what the estimator believes as
// plain numbers, because a search asks thousands of times.
type graph struct {
	rows       []float64 // of each relation
	classes    [][]graphColumn
	predicates []*predicate
	pairs      []classPair // scratch
}

// graphColumn is a column of an equality class.
type graphColumn struct {
	relation int
	distinct float64
	rows     float64 // of the table behind the relation, before filters
}

// classPair is a class that has columns on both sides of a join.
type classPair struct {
	class []graphColumn
	used  bool
}

func newGraph(b *block) *graph {
	g := &graph{predicates: b.predicates}
	for _, r := range b.relations {
		g.rows = append(g.rows, r.rows)
	}
	for _, class := range b.classes {
		var columns []graphColumn
		for _, m := range class {
			c := b.estimator.Column(m.column)
			columns = append(columns, graphColumn{m.relation, c.Distinct, c.Rows})
		}
		g.classes = append(g.classes, columns)
	}
	return g
}

// selectivity is the fraction of the pairs of two sets' rows that join. hash: some
// equality separates the two sides, so a hash table finds the pairs.
func (g *graph) selectivity(left, right relationSet) (fraction float64, hash bool) {
	fraction = 1
	g.pairs = g.pairs[:0]
	for _, class := range g.classes {
		l, r := false, false
		for i := range class {
			l = l || left.has(class[i].relation)
			r = r || right.has(class[i].relation)
		}
		if l && r {
			g.pairs = append(g.pairs, classPair{class: class})
			hash = true
		}
	}
	for i := range g.pairs {
		if !g.pairs[i].used {
			fraction /= g.keyValues(i, left, right)
		}
	}
	for _, p := range g.predicates {
		if !p.reads.inBoth(left, right) || p.reads.in(left) || p.reads.in(right) {
			continue
		}
		fraction *= p.selectivity
		if len(p.halves[0]) > 0 {
			hash = hash || p.halves[0].in(left) && p.halves[1].in(right) || p.halves[0].in(right) && p.halves[1].in(left)
		}
	}
	return fraction, hash
}

// keyValues is how many values the key has that starts with the class at an index:
// of the two relations that share most classes across the cut, all these classes
// are one composite key.
func (g *graph) keyValues(index int, left, right relationSet) float64 {
	var best []int
	var key estimate.Key
	for _, l := range g.pairs[index].class {
		if !left.has(l.relation) {
			continue
		}
		for _, r := range g.pairs[index].class {
			if !right.has(r.relation) {
				continue
			}
			k := estimate.NewKey(l.rows, r.rows)
			var used []int
			for i := range g.pairs {
				if g.pairs[i].used {
					continue
				}
				x, y := columnOf(g.pairs[i].class, l.relation), columnOf(g.pairs[i].class, r.relation)
				if x != nil && y != nil {
					used = append(used, i)
					k.Add(x.distinct, y.distinct)
				}
			}
			if len(used) > len(best) {
				best, key = used, k
			}
		}
	}
	for _, i := range best {
		g.pairs[i].used = true
	}
	return key.Values()
}

func columnOf(class []graphColumn, relation int) *graphColumn {
	for i := range class {
		if class[i].relation == relation {
			return &class[i]
		}
	}
	return nil
}

// tree is a plan for a set of relations.
type tree struct {
	relation    int // of a leaf
	left, right *tree
	rows, cost  float64
	first       int // its least relation, to break ties by the source's order
}

// Weights of the cost of a hash join, for each row. Building is dearer than
// probing: it writes. Making a row is what the classic measure C_out counts.
const (
	buildCost = 2.0
	probeCost = 1.0
	rowCost   = 1.0
)

// join prices the join of two trees, with the smaller one to build from.
func join(a, b *tree, rows float64, hash bool) *tree {
	if a.rows < b.rows || a.rows == b.rows && a.first > b.first {
		a, b = b, a
	}
	cost := a.cost + b.cost + rowCost*rows
	if hash {
		cost += probeCost*a.rows + buildCost*b.rows
	} else {
		cost += probeCost * a.rows * max(b.rows, 1)
	}
	return &tree{left: a, right: b, rows: rows, cost: cost, first: min(a.first, b.first)}
}

func (g *graph) leaf(relation int) *tree {
	return &tree{relation: relation, rows: g.rows[relation], first: relation}
}

// words is how many words a set of n relations takes.
func words(n int) int { return (n + 63) / 64 }

func (s relationSet) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s relationSet) has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }

func (s relationSet) or(t relationSet) relationSet {
	out := make(relationSet, len(s))
	for i := range s {
		out[i] = s[i] | t[i]
	}
	return out
}

func (s relationSet) in(t relationSet) bool {
	for i := range s {
		if s[i]&^t[i] != 0 {
			return false
		}
	}
	return true
}

func (s relationSet) inBoth(t, u relationSet) bool {
	for i := range s {
		if s[i]&^(t[i]|u[i]) != 0 {
			return false
		}
	}
	return true
}

func (s relationSet) overlaps(t relationSet) bool {
	for i := range s {
		if s[i]&t[i] != 0 {
			return true
		}
	}
	return false
}

func (s relationSet) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func (s relationSet) empty() bool { return s.count() == 0 }

// first is the least relation of the set, 0 of none.
func (s relationSet) first() int {
	for i, w := range s {
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
	}
	return 0
}
