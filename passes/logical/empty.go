package logical

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Empty replaces what can have no rows by values without rows, and lets that
// spread: a filter that is never true, a limit of nothing, an inner join with
// nothing. An outer join with nothing on the side that it fills with NULL becomes
// a project that writes the NULLs.
//
// An aggregate of nothing is nothing only when it has keys: without, it gives one
// row.
//
// Nothing is replaced above a bag with two readers: the values would make columns
// that the other reader's plan still makes, and a column is made once.
var Empty = &pass.Pass{
	Name: "empty", Doc: "replace operators that can have no rows", Level: ir.FlowLevel,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		return onFlows(ctx, m, beginsNothing, (*editor).empty)
	},
}

// beginsNothing reports whether an op has no rows whatever its inputs have, or is a
// join that never finds a partner.
func beginsNothing(op *ir.Op) bool {
	switch op.Code {
	case ir.OpValues:
		return isEmpty(op.Result())
	case ir.OpFilter, ir.OpJoin:
		condition := op.Regions[0].Terminator().Operands[0]
		return isFalse(condition) || isNull(condition)
	case ir.OpLimit, ir.OpTopK:
		return ir.AttributeAs[int64](op, "count") == 0
	default:
		return false
	}
}

func isEmpty(v *ir.Value) bool {
	return v.Op.Code == ir.OpValues && len(ir.AttributeAs[[][]ir.Datum](v.Op, "rows")) == 0
}

func (e *editor) nothing(like *ir.Op) *ir.Value {
	return e.build(like, ir.OpValues, nil, nil, ir.Attr("rows", [][]ir.Datum(nil)), ir.Attr("type", like.Result().Type))
}

func (e *editor) empty() {
	replaced := map[*ir.Value]*ir.Value{}
	for _, op := range e.function.Body.Ops {
		for i, v := range op.Operands {
			if w, ok := replaced[v]; ok {
				op.Operands[i] = w
			}
		}
		infer(op)
		if len(op.Results) == 1 && e.alone(op) {
			if v := e.withoutRows(op); v != nil {
				replaced[op.Result()] = v
				e.uses[v] += e.uses[op.Result()]
			}
		}
	}
}

// alone reports whether nothing but an op reads what is below it.
func (e *editor) alone(op *ir.Op) bool {
	return !slices.ContainsFunc(op.Operands, func(v *ir.Value) bool { return e.shared(v) || !e.alone(v.Op) })
}

// withoutRows gives what replaces an op one of whose inputs has no rows, or that
// itself can have none; nil: nothing.
func (e *editor) withoutRows(op *ir.Op) *ir.Value {
	empty := func(i int) bool { return isEmpty(op.Operands[i]) }
	switch op.Code {
	case ir.OpFilter:
		if condition := op.Regions[0].Terminator().Operands[0]; empty(0) || isFalse(condition) || isNull(condition) {
			return e.nothing(op)
		}
	case ir.OpProject, ir.OpSort:
		if empty(0) {
			return e.nothing(op)
		}
	case ir.OpLimit, ir.OpTopK:
		if empty(0) || ir.AttributeAs[int64](op, "count") == 0 {
			return e.nothing(op)
		}
	case ir.OpAggregate:
		if empty(0) && len(ir.AttributeAs[[]string](op, "keys")) > 0 {
			return e.nothing(op)
		}
	case ir.OpUnion:
		kept := slices.DeleteFunc(slices.Clone(op.Operands), isEmpty)
		if len(kept) == 0 {
			return e.nothing(op)
		}
		if len(kept) < len(op.Operands) {
			op.Operands = kept
			infer(op)
		}
		if len(kept) == 1 {
			return e.renamed(op, kept[0])
		}
	case ir.OpJoin:
		return e.joinWithoutRows(op, empty(0), empty(1))
	default: // reads no rows of another op
	}
	return nil
}

// renamed makes a project that stands for a union of one input.
func (e *editor) renamed(op *ir.Op, input *ir.Value) *ir.Value {
	em := newEmitter(input.Type.Row())
	values := make([]*ir.Value, len(input.Type.Fields))
	for i, f := range input.Type.Fields {
		values[i] = em.field(f.Name)
	}
	return e.build(op, ir.OpProject, []*ir.Value{input}, []*ir.Block{em.yield(values...)},
		ir.Attr("names", ir.AttributeAs[[]string](op, "names")))
}

func (e *editor) joinWithoutRows(op *ir.Op, left, right bool) *ir.Value {
	condition := op.Regions[0].Terminator().Operands[0]
	never := isFalse(condition) || isNull(condition)
	switch ir.AttributeAs[ir.JoinKind](op, "kind") {
	case ir.InnerJoin, ir.SemiJoin:
		if left || right || never {
			return e.nothing(op)
		}
	case ir.LeftJoin:
		if left {
			return e.nothing(op)
		}
		if right || never {
			return e.padded(op, op.Operands[0])
		}
	case ir.RightJoin:
		if right {
			return e.nothing(op)
		}
		if left || never {
			return e.padded(op, op.Operands[1])
		}
	case ir.FullJoin:
		switch {
		case left && right:
			return e.nothing(op)
		case left:
			return e.padded(op, op.Operands[1])
		case right:
			return e.padded(op, op.Operands[0])
		}
	case ir.AntiJoin:
		if left {
			return e.nothing(op)
		}
		if right || never {
			return op.Operands[0]
		}
	}
	return nil
}

// padded gives the rows of one input of an outer join with NULL for the columns of
// the other.
func (e *editor) padded(op *ir.Op, input *ir.Value) *ir.Value {
	em := newEmitter(input.Type.Row())
	var names []string
	var values []*ir.Value
	for _, f := range op.Result().Type.Fields {
		names = append(names, f.Name)
		if index, _ := input.Type.Field(f.Name); index >= 0 {
			values = append(values, em.field(f.Name))
		} else {
			values = append(values, em.null(f.Type))
		}
	}
	return e.build(op, ir.OpProject, []*ir.Value{input}, []*ir.Block{em.yield(values...)}, ir.Attr("names", names))
}
