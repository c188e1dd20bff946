package logical

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// foldOp gives the value of an op on literals, nil when an operand is none or the
// op traps.
func foldOp(em *emitter, op *ir.Op, operands []*ir.Value) *ir.Value {
	if len(operands) == 0 || len(op.Regions) > 0 || len(op.Results) != 1 || !op.Info().Has(ir.Pure) {
		return nil
	}
	if slices.ContainsFunc(operands, isNoLiteral) {
		return nil
	}
	data := make([]ir.Datum, len(operands))
	for i, v := range operands {
		data[i], _ = literal(v)
	}
	alone := &ir.Op{Code: op.Code, Operands: operands, Attributes: op.Attributes}
	if err := alone.InferResults(); err != nil {
		panic("BUG: " + op.Code.String() + ": " + err.Error())
	}
	value, err := interp.EvaluateOp(alone, data)
	if err != nil {
		return nil
	}
	return em.constant(alone.Result().Type, value)
}
