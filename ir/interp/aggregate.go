package interp

import (
	"math/big"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// aggregate groups rows by their keys; groups stand in the order of their first row.
func (r *runner) aggregate(op *ir.Op, input []row) ([]row, error) {
	a := ir.AsAggregate(op)
	rowType := op.Operands[0].Type
	keys := make([]int, len(a.Keys))
	types := make([]ir.Type, len(a.Keys))
	for i, key := range a.Keys {
		keys[i], types[i] = rowType.Field(key)
	}
	var groups []*group
	byKey := map[string]*group{}
	find := func(spelling []byte, in row) *group {
		g := byKey[string(spelling)]
		if g == nil {
			g = newGroup(&a, in, keys)
			byKey[string(spelling)] = g
			groups = append(groups, g)
		}
		return g
	}
	if len(keys) == 0 {
		find(nil, nil) // one group, even of no rows
	}
	e := newEvaluator(op.Regions[0], r.parameters)
	var spelling []byte
	for _, in := range input {
		spelling = spelling[:0]
		for i, key := range keys {
			spelling = ir.AppendKey(spelling, types[i], in[key])
		}
		values, err := e.yield(in)
		if err != nil {
			return nil, err
		}
		g := find(spelling, in)
		for _, s := range g.aggregates {
			s.add(values)
		}
	}
	rows := make([]row, len(groups))
	for i, g := range groups {
		rows[i] = g.key
		for j, s := range g.aggregates {
			result := op.Results[0].Type.Fields[len(keys)+j].Type
			d, err := s.finish(result)
			if err != nil {
				return nil, err
			}
			rows[i] = append(rows[i], d)
		}
	}
	return rows, nil
}

type group struct {
	key        row
	aggregates []*summary
}

func newGroup(a *ir.Aggregation, in row, keys []int) *group {
	g := &group{}
	for _, key := range keys {
		g.key = append(g.key, in[key])
	}
	for _, aggregate := range a.Aggregates {
		s := &summary{Aggregate: aggregate}
		if aggregate.Argument >= 0 {
			s.t = a.Yields[aggregate.Argument].Type
		}
		if aggregate.Distinct {
			s.seen = map[string]bool{}
		}
		g.aggregates = append(g.aggregates, s)
	}
	return g
}

// summary is one aggregate of one group.
type summary struct {
	ir.Aggregate
	t       ir.Type         // of the argument
	seen    map[string]bool // for distinct
	count   int64           // of values that went in
	exact   big.Int         // sum of integers or unscaled decimals
	float   float64         // sum of floats, in the order of the rows
	extreme ir.Datum        // min, max, any
}

func (s *summary) add(values []ir.Datum) {
	if s.Filter >= 0 && (values[s.Filter].Null || !values[s.Filter].Bool()) {
		return
	}
	if s.Argument < 0 {
		s.count++
		return
	}
	d := values[s.Argument]
	if d.Null {
		return
	}
	if s.seen != nil {
		spelling := string(ir.AppendKey(nil, s.t, d))
		if s.seen[spelling] {
			return
		}
		s.seen[spelling] = true
	}
	s.count++
	switch s.Function {
	case ir.Sum:
		if s.t.IsFloat() {
			s.float += d.Float
		} else {
			s.exact.Add(&s.exact, d.Int128().Big())
		}
	case ir.Min, ir.Max, ir.Any:
		if s.count == 1 {
			s.extreme = d
			return
		}
		c := ir.Compare(s.t, d, s.extreme)
		if s.Function == ir.Min && c < 0 || s.Function == ir.Max && c > 0 {
			s.extreme = d
		}
	case ir.Count: // has counted above
	}
}

func (s *summary) finish(result ir.Type) (ir.Datum, error) {
	switch {
	case s.Function == ir.Count:
		return ir.IntDatum(s.count), nil
	case s.count == 0:
		return ir.NullDatum, nil
	case s.Function != ir.Sum:
		return s.extreme, nil
	case s.t.IsFloat():
		return ir.FloatDatum(s.float), nil
	}
	d, err := integer(result, &s.exact, ir.OpAggregate)
	if err != nil {
		return ir.Datum{}, diag.New(ir.CodeOverflow, "the sum %q does not fit %s", s.Name, result.WithNull(false))
	}
	return d, nil
}
