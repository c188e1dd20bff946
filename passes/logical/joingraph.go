package logical

import (
	"math/bits"
	"slices"

	"github.com/heddle-lang/heddle/passes/estimate"
)

// relationSet is a set of relations, which are numbered: a bitmap of as many words as
// it takes.
type relationSet []uint64

// graph prices joins of sets of relations. It holds what the estimator believes as
// plain numbers, because a search asks thousands of times.
type graph struct {
	rows       []float64 // of each relation
	classes    [][]graphColumn
	predicates []*predicate
}

// graphColumn is a column of an equality class.
type graphColumn struct {
	name     string
	relation int
	distinct float64
	rows     float64 // of the table behind the relation, before filters
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
			columns = append(columns, graphColumn{m.column, m.relation, c.Distinct, c.Rows})
		}
		g.classes = append(g.classes, columns)
	}
	return g
}

// selectivity is the fraction of the pairs of two sets' rows that join. hash: some
// equality separates the two sides, so a hash table finds the pairs.
func (g *graph) selectivity(left, right relationSet) (fraction float64, hash bool) {
	fraction = 1
	for _, k := range g.cut(left, right) {
		key := estimate.NewKey(k.leftColumns[0].rows, k.rightColumns[0].rows)
		for i := range k.leftColumns {
			key.Add(k.leftColumns[i].distinct, k.rightColumns[i].distinct)
		}
		fraction /= key.Values()
		hash = true
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

// cutKey is a key by which two sets of relations are joined: columns of one
// relation of each set.
type cutKey struct {
	leftColumns, rightColumns []*graphColumn
}

// cut gives the keys between two sets. Each class with columns on both sides is in
// one of them. Where there is a choice of columns, those are taken that make the
// keys widest: of l_suppkey = ps_suppkey = s_suppkey, the join of lineitem and
// supplier with partsupp takes lineitem's, because l_partkey = ps_partkey joins the
// two as well.
func (g *graph) cut(left, right relationSet) []cutKey {
	var crossing [][]graphColumn
	for _, class := range g.classes {
		l, r := false, false
		for i := range class {
			l = l || left.has(class[i].relation)
			r = r || right.has(class[i].relation)
		}
		if l && r {
			crossing = append(crossing, class)
		}
	}
	var keys []cutKey
	if len(crossing) == 1 {
		// Most joins: no choice between keys of different width.
		class := crossing[0]
		x := slices.IndexFunc(class, func(c graphColumn) bool { return left.has(c.relation) })
		y := slices.IndexFunc(class, func(c graphColumn) bool { return right.has(c.relation) })
		return append(keys, cutKey{[]*graphColumn{&class[x]}, []*graphColumn{&class[y]}})
	}
	for len(crossing) > 0 {
		var best cutKey
		for i := range crossing[0] {
			l := crossing[0][i].relation
			if !left.has(l) {
				continue
			}
			for j := range crossing[0] {
				r := crossing[0][j].relation
				if !right.has(r) || len(crossing) == 1 && len(best.leftColumns) > 0 {
					continue
				}
				var key cutKey
				for _, class := range crossing {
					if x, y := columnOf(class, l), columnOf(class, r); x != nil && y != nil {
						key.leftColumns, key.rightColumns = append(key.leftColumns, x), append(key.rightColumns, y)
					}
				}
				if len(key.leftColumns) > len(best.leftColumns) {
					best = key
				}
			}
		}
		keys = append(keys, best)
		l, r := best.leftColumns[0].relation, best.rightColumns[0].relation
		crossing = slices.DeleteFunc(crossing, func(class []graphColumn) bool {
			return columnOf(class, l) != nil && columnOf(class, r) != nil
		})
	}
	return keys
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
