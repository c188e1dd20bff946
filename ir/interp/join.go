package interp

import (
	"context"
	"slices"

	"github.com/heddle-lang/heddle/ir"
)

func (r *runner) join(op *ir.Op, left, right []row) ([]row, error) {
	join := ir.AsJoin(op)
	e := newEvaluator(op.Regions[0], r.parameters)
	candidates := candidatesOf(&join, right)
	keepLeft := join.Kind == ir.LeftJoin || join.Kind == ir.FullJoin
	keepRight := join.Kind == ir.RightJoin || join.Kind == ir.FullJoin
	pairs := join.Kind != ir.SemiJoin && join.Kind != ir.AntiJoin
	met := make([]bool, len(right))
	var rows []row
	for _, l := range left {
		if r.ctx.Err() != nil {
			return nil, context.Cause(r.ctx)
		}
		found := false
		for _, j := range candidates(l) {
			holds, err := e.holds(l, right[j])
			if err != nil {
				return nil, err
			}
			if !holds {
				continue
			}
			found, met[j] = true, true
			if pairs {
				rows = append(rows, slices.Concat(l, right[j]))
			}
		}
		switch {
		case join.Kind == ir.SemiJoin && found, join.Kind == ir.AntiJoin && !found:
			rows = append(rows, l)
		case keepLeft && !found:
			rows = append(rows, slices.Concat(l, nulls(join.Right)))
		}
	}
	for j, m := range right {
		if keepRight && !met[j] {
			rows = append(rows, slices.Concat(nulls(join.Left), m))
		}
	}
	return rows, nil
}

func nulls(bag *ir.Value) row {
	values := make(row, len(bag.Type.Fields))
	for i := range values {
		values[i] = ir.NullDatum
	}
	return values
}

// candidatesOf gives, for a left row, the indexes of the right rows for which the
// condition needs to be evaluated, in order: all of them, unless the condition
// begins with the equality of a left and a right column. Then it is false, without
// any trap, for pairs that are not equal there; but a NULL does not decide, so
// pairs with one are evaluated for their traps.
func candidatesOf(join *ir.Join, right []row) func(l row) []int {
	all := make([]int, len(right))
	for j := range right {
		all[j] = j
	}
	leftColumn, rightColumn, t := firstEquality(join)
	if leftColumn < 0 {
		return func(row) []int { return all }
	}
	byKey := map[string][]int{}
	var unknown []int
	for j, m := range right {
		if m[rightColumn].Null {
			unknown = append(unknown, j)
			continue
		}
		key := string(ir.AppendKey(nil, t, m[rightColumn]))
		byKey[key] = append(byKey[key], j)
	}
	return func(l row) []int {
		if l[leftColumn].Null {
			return all
		}
		equal := byKey[string(ir.AppendKey(nil, t, l[leftColumn]))]
		if len(unknown) == 0 {
			return equal
		}
		both := slices.Concat(equal, unknown)
		slices.Sort(both)
		return both
	}
}

// firstEquality finds the columns that a condition compares first, -1 when it does
// not begin so.
func firstEquality(join *ir.Join) (left, right int, t ir.Type) {
	first := join.Yield
	for first.Op.Code == ir.OpAnd && len(first.Op.Operands) > 0 {
		first = first.Op.Operands[0]
	}
	if first.Op.Code != ir.OpEqual {
		return -1, -1, ir.Type{}
	}
	left, right = -1, -1
	for _, operand := range first.Op.Operands {
		switch row, name, _ := ir.AsField(operand); row {
		case join.LeftRow:
			left, t = join.Left.Type.Field(name)
		case join.RightRow:
			right, _ = join.Right.Type.Field(name)
		}
	}
	if left < 0 || right < 0 {
		return -1, -1, ir.Type{}
	}
	return left, right, t
}
