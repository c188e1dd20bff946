package logical

import "math/bits"

// searchBudget bounds the steps of the exhaustive search. A chain of 30 relations
// takes 5,000, a star of 10 takes 2,500, both below a millisecond or two.
const searchBudget = 10_000

// search finds an order for the relations of a block.
type search struct {
	graph  *graph
	count  int
	simple []uint64    // for each relation, those it shares an equality with
	hyper  [][2]uint64 // edges between sets of relations
	plans  map[uint64]*tree
	steps  int
}

// best gives the best plan that was found.
func (s *search) best() *tree {
	if s.count == 1 {
		return s.graph.leaf(0)
	}
	if s.count <= 64 {
		if t := s.exhaustive(); t != nil {
			return t
		}
	}
	return s.greedy()
}

// exhaustive is DPhyp. nil: the budget ran out, or the graph needs a cross product
// inside of what a single edge connects.
func (s *search) exhaustive() *tree {
	s.simple = make([]uint64, s.count)
	s.plans = make(map[uint64]*tree, 4*s.count)
	for _, class := range s.graph.classes {
		for _, a := range class {
			for _, b := range class {
				if a.relation != b.relation {
					s.simple[a.relation] |= 1 << b.relation
				}
			}
		}
	}
	for _, p := range s.graph.predicates {
		if len(p.halves[0]) == 0 {
			continue
		}
		s.addEdge(p.halves[0][0], p.halves[1][0])
	}
	s.bridge()
	for i := 0; i < s.count; i++ {
		s.plans[1<<i] = s.graph.leaf(i)
	}
	for i := s.count - 1; i >= 0; i-- {
		one := uint64(1) << i
		s.emitSubgraph(one)
		s.growSubgraph(one, upTo(one))
		if s.steps > searchBudget {
			return nil
		}
	}
	all := ^uint64(0) >> (64 - s.count)
	return s.plans[all]
}

func (s *search) addEdge(a, b uint64) {
	if a&(a-1) == 0 && b&(b-1) == 0 {
		s.simple[bits.TrailingZeros64(a)] |= b
		s.simple[bits.TrailingZeros64(b)] |= a
	} else {
		s.hyper = append(s.hyper, [2]uint64{a, b})
	}
}

// bridge adds edges between the connected parts of the graph, so that parts are
// joined whole, by a cross product or by whatever predicate is not an equality.
func (s *search) bridge() {
	var parts []uint64
	for i := 0; i < s.count; i++ {
		part := uint64(1)<<i | s.simple[i]
		parts = merged(parts, part)
	}
	for _, h := range s.hyper {
		parts = merged(parts, h[0]|h[1])
	}
	for i, a := range parts {
		for _, b := range parts[:i] {
			s.addEdge(b, a)
		}
	}
}

// merged adds a set to disjoint sets, uniting those that it overlaps.
func merged(parts []uint64, part uint64) []uint64 {
	var out []uint64
	for _, p := range parts {
		if p&part != 0 {
			part |= p
		} else {
			out = append(out, p)
		}
	}
	return append(out, part)
}

// The names of the paper: emitSubgraph is EmitCsg, growSubgraph is
// EnumerateCsgRec, growComplement is EnumerateCmpRec, pair is EmitCsgCmp.

func (s *search) growSubgraph(set, excluded uint64) {
	near := s.neighbours(set, excluded)
	for sub := -near & near; sub != 0; sub = (sub - near) & near {
		if s.steps++; s.steps > searchBudget {
			return
		}
		if s.plans[set|sub] != nil {
			s.emitSubgraph(set | sub)
		}
	}
	for sub := -near & near; sub != 0; sub = (sub - near) & near {
		if s.steps > searchBudget {
			return
		}
		s.growSubgraph(set|sub, excluded|near)
	}
}

func (s *search) emitSubgraph(set uint64) {
	least := set & -set
	excluded := set | upTo(least)
	near := s.neighbours(set, excluded)
	for rest := near; rest != 0; {
		i := bits.Len64(rest) - 1
		one := uint64(1) << i
		rest &^= one
		if s.connected(set, one) {
			s.pair(set, one)
		}
		// Neighbours below i will be starts of their own.
		s.growComplement(set, one, excluded|near&upTo(one))
	}
}

func (s *search) growComplement(set, other, excluded uint64) {
	near := s.neighbours(other, excluded)
	for sub := -near & near; sub != 0; sub = (sub - near) & near {
		if s.steps++; s.steps > searchBudget {
			return
		}
		if s.plans[other|sub] != nil && s.connected(set, other|sub) {
			s.pair(set, other|sub)
		}
	}
	for sub := -near & near; sub != 0; sub = (sub - near) & near {
		if s.steps > searchBudget {
			return
		}
		s.growComplement(set, other|sub, excluded|near)
	}
}

// upTo is the set of a relation, given as a set, and all before it.
func upTo(one uint64) uint64 { return one | (one - 1) }

// neighbours of a set: of each edge that leaves it, the least relation of the
// other end, which stands for all of that end.
func (s *search) neighbours(set, excluded uint64) uint64 {
	var out uint64
	for rest := set; rest != 0; rest &= rest - 1 {
		out |= s.simple[bits.TrailingZeros64(rest)]
	}
	barred := set | excluded
	out &^= barred
	for _, h := range s.hyper {
		for side := range h {
			if from, to := h[side], h[1-side]; from&^set == 0 && to&barred == 0 {
				out |= to & -to
			}
		}
	}
	return out
}

func (s *search) connected(a, b uint64) bool {
	for rest := a; rest != 0; rest &= rest - 1 {
		if s.simple[bits.TrailingZeros64(rest)]&b != 0 {
			return true
		}
	}
	for _, h := range s.hyper {
		if h[0]&^a == 0 && h[1]&^b == 0 || h[1]&^a == 0 && h[0]&^b == 0 {
			return true
		}
	}
	return false
}

// pair considers the join of two sets for the plan of their union. The number of
// rows of a set is estimated once, with the first pair that makes it.
func (s *search) pair(a, b uint64) {
	s.steps++
	left, right := s.plans[a], s.plans[b]
	if left == nil || right == nil {
		return
	}
	best := s.plans[a|b]
	fraction, hash := s.graph.selectivity(relationSet{a}, relationSet{b})
	rows := left.rows * right.rows * fraction
	if best != nil {
		rows = best.rows
	}
	if t := join(left, right, rows, hash); best == nil || t.cost < best.cost {
		s.plans[a|b] = t
	}
}
