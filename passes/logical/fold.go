package logical

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Fold computes what depends on literals alone, with the evaluator of the
// reference interpreter, so that compile time and run time cannot disagree.
//
// An op that traps is left as it is: the error belongs to the rows that reach it.
// Counter-example: "x = 0 or 1 / 0 = 1" over rows that all have x = 0 succeeds.
var Fold = &pass.Pass{
	Name: "fold", Doc: "compute constant expressions", Level: ir.FlowLevel,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		return onFlows(ctx, m, folds, func(e *editor) { e.regions((*simplifier).fold) })
	},
}

// folds reports whether an operator's code has an op on literals alone.
func folds(op *ir.Op) bool {
	return slices.ContainsFunc(op.Regions, func(region *ir.Block) bool {
		return slices.ContainsFunc(region.Ops, func(op *ir.Op) bool {
			return len(op.Operands) > 0 && op.Info().Has(ir.Pure) && !slices.ContainsFunc(op.Operands, isNoLiteral) || folds(op)
		})
	})
}

func isNoLiteral(v *ir.Value) bool {
	_, ok := literal(v)
	return !ok
}

// fold writes a value with its constant parts computed and all else unchanged.
func (s *simplifier) fold(em *emitter, v *ir.Value, _ bool) *ir.Value {
	key := simplified{value: v, scope: em}
	if known, ok := s.done[key]; ok {
		return known
	}
	op := v.Op
	em.span = op.Span
	var result *ir.Value
	switch op.Code {
	case ir.OpField:
		result = em.field(ir.AttributeAs[string](op, "name"))
	case ir.OpIf:
		test := s.fold(em, op.Operands[0], false)
		regions := make([]*ir.Block, len(op.Regions))
		for i, region := range op.Regions {
			in := em.inner()
			var values []*ir.Value
			for _, y := range region.Terminator().Operands {
				values = append(values, s.fold(in, y, false))
			}
			ir.At(in.block).Yield(values...)
			regions[i] = in.block
		}
		b := ir.Builder{Block: em.block, Span: op.Span}
		made := b.Build(ir.OpIf, []*ir.Value{test}, regions)
		for i, r := range op.Results {
			s.done[simplified{value: r, scope: em}] = made.Results[i]
		}
		return made.Results[v.Index]
	default:
		operands := make([]*ir.Value, len(op.Operands))
		for i, operand := range op.Operands {
			operands[i] = s.fold(em, operand, false)
		}
		if result = foldOp(em, op, operands); result == nil {
			result = em.op(op.Code, operands, op.Attributes...)
		}
	}
	s.done[key] = result
	return result
}
