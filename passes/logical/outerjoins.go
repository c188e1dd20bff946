package logical

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// OuterJoins turns an outer join into a narrower kind when what stands above it
// drops the rows that the outer join adds: those have NULL in every column of one
// side, and a predicate that is not true for NULL in one of these columns rejects
// them.
//
// left with a rejected right column is inner; full becomes left, right or inner.
// The predicate may stand in a filter, in the condition of a join above, or above
// projections, sorts and grouping by the column.
//
// Counter-example to looking for the column alone: "o_comment is null" above a
// left join reads a right column and keeps just the added rows. A limit between
// the two keeps the join as well: it counts the added rows.
var OuterJoins = &pass.Pass{
	Name: "outer-joins", Doc: "turn outer joins into inner ones where added rows cannot pass", Level: ir.FlowLevel,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		return onFlows(ctx, m, isOuterJoin, func(e *editor) { e.reduceOuter(e.terminator().Operands[0], nil) })
	},
}

func isOuterJoin(op *ir.Op) bool {
	if op.Code != ir.OpJoin {
		return false
	}
	kind := ir.AttributeAs[ir.JoinKind](op, "kind")
	return kind == ir.LeftJoin || kind == ir.RightJoin || kind == ir.FullJoin
}

// reduceOuter visits the plan below v. Rows of v with NULL in one of the rejected
// columns never reach the result.
func (e *editor) reduceOuter(v *ir.Value, rejected []string) {
	op := v.Op
	if op == nil {
		return
	}
	if e.shared(v) {
		if e.visited[v] {
			return
		}
		e.visited[v] = true
		rejected = nil
	}
	within := func(input *ir.Value, columns []string) []string {
		var out []string
		for _, c := range columns {
			if index, _ := input.Type.Field(c); index >= 0 {
				out = insert(out, c)
			}
		}
		return out
	}
	switch op.Code {
	case ir.OpFilter:
		e.reduceOuter(op.Operands[0], union(rejected, rejects(op.Regions[0].Terminator().Operands[0])))
	case ir.OpProject:
		var below []string
		for i, name := range ir.AttributeAs[[]string](op, "names") {
			if slices.Contains(rejected, name) {
				below = union(below, strict(op.Regions[0].Terminator().Operands[i], nil))
			}
		}
		e.reduceOuter(op.Operands[0], below)
	case ir.OpJoin:
		left, right := op.Operands[0], op.Operands[1]
		kind := ir.AttributeAs[ir.JoinKind](op, "kind")
		fromLeft, fromRight := within(left, rejected), within(right, rejected)
		if len(fromRight) > 0 {
			switch kind {
			case ir.LeftJoin:
				kind = ir.InnerJoin
			case ir.FullJoin:
				kind = ir.RightJoin
			default: // keeps no row of its left side that meets none
			}
		}
		if len(fromLeft) > 0 {
			switch kind {
			case ir.RightJoin:
				kind = ir.InnerJoin
			case ir.FullJoin:
				kind = ir.LeftJoin
			default: // keeps no row of its right side that meets none
			}
		}
		op.SetAttribute("kind", kind)
		on := rejects(op.Regions[0].Terminator().Operands[0])
		onLeft, onRight := within(left, on), within(right, on)
		switch kind {
		case ir.InnerJoin:
			e.reduceOuter(left, union(fromLeft, onLeft))
			e.reduceOuter(right, union(fromRight, onRight))
		case ir.LeftJoin:
			e.reduceOuter(left, fromLeft)
			e.reduceOuter(right, onRight)
		case ir.RightJoin:
			e.reduceOuter(left, onLeft)
			e.reduceOuter(right, fromRight)
		case ir.FullJoin:
			e.reduceOuter(left, nil)
			e.reduceOuter(right, nil)
		case ir.SemiJoin:
			e.reduceOuter(left, union(fromLeft, onLeft))
			e.reduceOuter(right, onRight)
		case ir.AntiJoin:
			e.reduceOuter(left, fromLeft)
			e.reduceOuter(right, onRight)
		}
	case ir.OpAggregate:
		e.reduceOuter(op.Operands[0], within(op.Operands[0], intersect(rejected, ir.AttributeAs[[]string](op, "keys"))))
	case ir.OpSort:
		e.reduceOuter(op.Operands[0], rejected)
	case ir.OpUnion:
		names := ir.AttributeAs[[]string](op, "names")
		for _, input := range op.Operands {
			var below []string
			for i, name := range names {
				if slices.Contains(rejected, name) {
					below = insert(below, input.Type.Fields[i].Name)
				}
			}
			e.reduceOuter(input, below)
		}
	default: // limits count rows; a scan ends here
		for _, input := range op.Operands {
			e.reduceOuter(input, nil)
		}
	}
}

// union gives the names of two sorted lists.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, name := range b {
		out = insert(out, name)
	}
	return out
}

// intersect gives the names of a that are in b.
func intersect(a, b []string) []string {
	var out []string
	for _, name := range a {
		if slices.Contains(b, name) {
			out = append(out, name)
		}
	}
	return out
}
