package logical

import (
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Merge makes one operator of a filter over a filter and of a project over a
// project, and removes projects that do nothing but pass columns on.
//
// The condition of the lower filter comes first, so that it still guards the
// upper one. Counter-example to the other order: filter "10 / x > 1" over filter
// "x <> 0". Where the upper one can trap and the lower one can be NULL they stay
// two, because in one condition NULL guards nothing.
//
// A project that drops columns is removed only when no bag of the function has two
// readers. Counter-example: %a = project %t [x] and %b = project %t [y], joined;
// without both projects each side of the join would have x and y.
var Merge = &pass.Pass{
	Name: "merge", Doc: "merge adjacent filters and projections, remove projections that do nothing", Level: ir.FlowLevel,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		return onFlows(ctx, m, merges, (*editor).merge)
	},
}

// merges reports whether an op may be one that this pass removes.
func merges(op *ir.Op) bool {
	switch op.Code {
	case ir.OpFilter:
		return op.Operands[0].Op.Code == ir.OpFilter || isTrue(op.Regions[0].Terminator().Operands[0])
	case ir.OpProject:
		return op.Operands[0].Op.Code == ir.OpProject || selects(op)
	default:
		return false
	}
}

// selects reports whether a project gives columns of its input under their own names.
func selects(op *ir.Op) bool {
	names := ir.AttributeAs[[]string](op, "names")
	for i, v := range op.Regions[0].Terminator().Operands {
		if name, ok := fieldName(v); !ok || name != names[i] {
			return false
		}
	}
	return true
}

func (e *editor) merge() {
	tree := true
	for _, n := range e.uses {
		tree = tree && n <= 1
	}
	merged := map[*ir.Value]*ir.Value{}
	for _, op := range e.function.Body.Ops {
		for i, v := range op.Operands {
			if w, ok := merged[v]; ok {
				op.Operands[i] = w
			}
		}
		infer(op)
		if len(op.Operands) != 1 {
			continue
		}
		input := op.Operands[0]
		switch {
		case op.Code == ir.OpFilter && isTrue(op.Regions[0].Terminator().Operands[0]):
			merged[op.Result()] = input
			e.uses[input] += e.uses[op.Result()] - 1
		case op.Code == ir.OpFilter && input.Op.Code == ir.OpFilter && !e.shared(input) && mayMerge(op, input.Op):
			lower := input.Op
			predicates := append(conjuncts(lower.Regions[0].Terminator().Operands[0]), conjuncts(op.Regions[0].Terminator().Operands[0])...)
			op.Operands[0] = lower.Operands[0]
			op.Regions[0] = predicateBlock(predicates, lower.Operands[0].Type.Row())
			infer(op)
		case op.Code == ir.OpProject && input.Op.Code == ir.OpProject && !e.shared(input):
			op.Operands[0], op.Regions[0] = input.Op.Operands[0], composed(op, input.Op)
			infer(op)
			if e.passesOn(op, tree) {
				merged[op.Result()] = op.Operands[0]
				e.uses[op.Operands[0]] += e.uses[op.Result()] - 1
			}
		case op.Code == ir.OpProject && e.passesOn(op, tree):
			merged[op.Result()] = input
			e.uses[input] += e.uses[op.Result()] - 1
		}
	}
}

// composed writes the upper project's values over the lower project's input. A
// value that is read twice stays one value.
func composed(upper, lower *ir.Op) *ir.Block {
	em := newEmitter(lower.Operands[0].Type.Row())
	replace := definitions(lower)
	values := make([]*ir.Value, 0, len(upper.Regions[0].Terminator().Operands))
	for _, v := range upper.Regions[0].Terminator().Operands {
		values = append(values, em.copy(v, replace))
	}
	return em.yield(values...)
}

// definitions replaces each column of a project by the value that it stands for.
// The project's own code is copied into the same emitter.
func definitions(project *ir.Op) substitution {
	names := ir.AttributeAs[[]string](project, "names")
	values := project.Regions[0].Terminator().Operands
	return func(em *emitter, column string) *ir.Value {
		for i, name := range names {
			if name == column {
				return em.copy(values[i], nil)
			}
		}
		panic("BUG: a project reads column " + column + " that its input lacks")
	}
}

// passesOn reports whether a project can be removed: it gives columns of its input
// under their own names, all of them in order, or some where nobody would notice
// the others.
func (e *editor) passesOn(op *ir.Op, tree bool) bool {
	if !selects(op) {
		return false
	}
	names := ir.AttributeAs[[]string](op, "names")
	input := op.Operands[0].Type.Fields
	exact := len(input) == len(names)
	for i := 0; exact && i < len(names); i++ {
		exact = input[i].Name == names[i]
	}
	return exact || tree && !e.readByPosition(op.Result())
}

// readByPosition reports whether a union may see the column order of a bag.
// Filters, sorts and limits hand the order of their input on.
func (e *editor) readByPosition(v *ir.Value) bool {
	for _, op := range e.function.Body.Ops {
		for _, operand := range op.Operands {
			if operand != v {
				continue
			}
			switch op.Code {
			case ir.OpUnion:
				return true
			case ir.OpFilter, ir.OpSort, ir.OpLimit, ir.OpTopK:
				if e.readByPosition(op.Result()) {
					return true
				}
			case ir.OpJoin: // hands on the columns of its left side
				if e.readByPosition(op.Result()) {
					return true
				}
			default: // looks at names, not positions
			}
		}
	}
	return false
}
