package logical

// greedy is greedy operator ordering: join the two trees whose result is smallest,
// again and again. Trees without a common equality are joined only when nothing
// else is left, the smallest ones first.
func (s *search) greedy() *tree {
	type part struct {
		tree *tree
		set  relationSet
	}
	type candidate struct {
		rows float64
		hash bool
	}
	parts := make([]part, s.count)
	for i := range parts {
		parts[i] = part{s.graph.leaf(i), make(relationSet, words(s.count))}
		parts[i].set.add(i)
	}
	price := func(a, b part) candidate {
		fraction, hash := s.graph.selectivity(a.set, b.set)
		return candidate{a.tree.rows * b.tree.rows * fraction, hash}
	}
	// prices[i][j], j < i; a join changes one row and one column.
	prices := make([][]candidate, s.count)
	for i := range parts {
		prices[i] = make([]candidate, i)
		for j := range i {
			prices[i][j] = price(parts[i], parts[j])
		}
	}
	for n := s.count; n > 1; n-- {
		var best candidate
		x, y := -1, -1
		for i := 0; i < n; i++ {
			for j := 0; j < i; j++ {
				if c := prices[i][j]; x < 0 || c.hash && !best.hash || c.hash == best.hash && c.rows < best.rows {
					best, x, y = c, i, j
				}
			}
		}
		// y takes the joined tree, the last part takes the place of x.
		parts[y] = part{join(parts[x].tree, parts[y].tree, best.rows, best.hash), parts[x].set.or(parts[y].set)}
		parts[x] = parts[n-1]
		for j := 0; j < x; j++ {
			prices[x][j] = prices[n-1][j]
		}
		for i := x + 1; i < n-1; i++ {
			prices[i][x] = prices[n-1][i]
		}
		for i := 0; i < n-1; i++ {
			switch {
			case i < y:
				prices[y][i] = price(parts[y], parts[i])
			case i > y:
				prices[i][y] = price(parts[i], parts[y])
			}
		}
	}
	return parts[0].tree
}
