package interp

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/ir"
)

// Evaluate runs the scalar code of a region on one row for each of its arguments
// and gives what it yields. Values of a row stand in the order of its fields.
func Evaluate(region *ir.Block, parameters []ir.Datum, rows ...[]ir.Datum) ([]ir.Datum, error) {
	return newEvaluator(region, parameters).yield(rows...)
}

// EvaluateOp computes one scalar op from the values of its operands. The op reads
// no row or parameter and has no regions. The error is a *diag.Diagnostic with one of ir's trap codes.
func EvaluateOp(op *ir.Op, operands []ir.Datum) (ir.Datum, error) {
	e := &evaluator{memo: map[*ir.Value]outcome{}}
	for i, v := range op.Operands {
		e.memo[v] = outcome{datum: operands[i]}
	}
	return e.compute(op)
}

// Fold computes an op whose operands are all literals; ok is false when they are
// not, when the op has regions or several results, and when it traps.
func Fold(op *ir.Op) (value ir.Datum, ok bool) {
	info := op.Info()
	if info.Level != ir.AnyLevel || !info.Has(ir.Pure) || len(op.Results) != 1 || len(op.Operands) == 0 || len(op.Regions) > 0 {
		return ir.Datum{}, false
	}
	operands := make([]ir.Datum, len(op.Operands))
	for i, v := range op.Operands {
		if _, operands[i], ok = ir.AsConst(v); !ok {
			return ir.Datum{}, false
		}
	}
	value, err := EvaluateOp(op, operands)
	return value, err == nil
}

// outcome is what evaluating a value gave: a datum or a trap.
type outcome struct {
	datum ir.Datum
	trap  error
}

// evaluator runs a region again and again.
type evaluator struct {
	region     *ir.Block
	parameters []ir.Datum
	rows       [][]ir.Datum
	memo       map[*ir.Value]outcome
}

func newEvaluator(region *ir.Block, parameters []ir.Datum) *evaluator {
	return &evaluator{region: region, parameters: parameters, memo: map[*ir.Value]outcome{}}
}

// yield evaluates what the region's terminator needs.
func (e *evaluator) yield(rows ...[]ir.Datum) ([]ir.Datum, error) {
	clear(e.memo)
	e.rows = rows
	operands := e.region.Terminator().Operands
	values := make([]ir.Datum, len(operands))
	for i, v := range operands {
		var err error
		if values[i], err = e.value(v); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// holds evaluates a region that yields one bool; NULL does not hold.
func (e *evaluator) holds(rows ...[]ir.Datum) (bool, error) {
	values, err := e.yield(rows...)
	if err != nil {
		return false, err
	}
	return !values[0].Null && values[0].Bool(), nil
}

// value evaluates an SSA value on demand, once.
func (e *evaluator) value(v *ir.Value) (ir.Datum, error) {
	if known, ok := e.memo[v]; ok {
		return known.datum, known.trap
	}
	if v.Op == nil {
		panic(fmt.Sprintf("BUG: %s is a row where a scalar is needed", v))
	}
	var result outcome
	if v.Op.Code == ir.OpIf {
		result.datum, result.trap = e.choose(v)
	} else {
		result.datum, result.trap = e.compute(v.Op)
	}
	e.memo[v] = result
	return result.datum, result.trap
}

// choose evaluates a result of if.
func (e *evaluator) choose(v *ir.Value) (ir.Datum, error) {
	condition, err := e.value(v.Op.Operands[0])
	if err != nil {
		return ir.Datum{}, err
	}
	region := v.Op.Regions[1]
	if !condition.Null && condition.Bool() {
		region = v.Op.Regions[0]
	}
	return e.value(region.Terminator().Operands[v.Index])
}

// compute evaluates an op other than if.
func (e *evaluator) compute(op *ir.Op) (ir.Datum, error) {
	switch op.Code {
	case ir.OpConst:
		return ir.AttributeAs[ir.Datum](op, "value"), nil
	case ir.OpParameter:
		return e.parameters[ir.AttributeAs[int64](op, "index")], nil
	case ir.OpField:
		row := op.Operands[0]
		index, _ := row.Type.Field(ir.AttributeAs[string](op, "name"))
		return e.rows[row.Index][index], nil
	case ir.OpAnd:
		return e.logical(op, false)
	case ir.OpOr:
		return e.logical(op, true)
	default: // needs all of its operands
	}
	operands := make([]ir.Datum, len(op.Operands))
	null := false
	for i, v := range op.Operands {
		var err error
		if operands[i], err = e.value(v); err != nil {
			return ir.Datum{}, err
		}
		null = null || operands[i].Null
	}
	switch op.Code {
	case ir.OpIsNull:
		return ir.BoolDatum(null), nil
	case ir.OpIsDistinct:
		a, b := operands[0], operands[1]
		if a.Null || b.Null {
			return ir.BoolDatum(a.Null != b.Null), nil
		}
		return ir.BoolDatum(ir.Compare(op.Operands[0].Type, a, b) != 0), nil
	default: // strict, below
	}
	// The others are strict.
	if null {
		return ir.NullDatum, nil
	}
	return strict(op, operands)
}

// logical computes and, where a false decides, and or, where a true does.
func (e *evaluator) logical(op *ir.Op, decisive bool) (ir.Datum, error) {
	result := ir.BoolDatum(!decisive)
	for _, v := range op.Operands {
		d, err := e.value(v)
		switch {
		case err != nil:
			return ir.Datum{}, err
		case d.Null:
			result = ir.NullDatum
		case d.Bool() == decisive:
			return d, nil
		}
	}
	return result, nil
}

// strict computes an op from operands that are not NULL.
func strict(op *ir.Op, x []ir.Datum) (ir.Datum, error) {
	first := func() ir.Type { return op.Operands[0].Type }
	switch op.Code {
	case ir.OpAdd, ir.OpSubtract, ir.OpMultiply, ir.OpDivide, ir.OpModulo:
		return arithmetic(op, x[0], x[1])
	case ir.OpNegate, ir.OpAbsolute:
		return negate(op, x[0])
	case ir.OpEqual:
		return ir.BoolDatum(ir.Compare(first(), x[0], x[1]) == 0), nil
	case ir.OpNotEqual:
		return ir.BoolDatum(ir.Compare(first(), x[0], x[1]) != 0), nil
	case ir.OpLess:
		return ir.BoolDatum(ir.Compare(first(), x[0], x[1]) < 0), nil
	case ir.OpLessEqual:
		return ir.BoolDatum(ir.Compare(first(), x[0], x[1]) <= 0), nil
	case ir.OpGreater:
		return ir.BoolDatum(ir.Compare(first(), x[0], x[1]) > 0), nil
	case ir.OpGreaterEqual:
		return ir.BoolDatum(ir.Compare(first(), x[0], x[1]) >= 0), nil
	case ir.OpNot:
		return ir.BoolDatum(!x[0].Bool()), nil
	case ir.OpIn:
		return in(op, x[0]), nil
	case ir.OpCast:
		return Cast(first(), op.Results[0].Type, x[0])
	case ir.OpLike:
		return like(op, x[0].Text, x[1].Text)
	case ir.OpSubstring:
		if len(x) == 2 {
			return substring(x[0].Text, x[1].Int(), nil)
		}
		length := x[2].Int()
		return substring(x[0].Text, x[1].Int(), &length)
	case ir.OpConcatenate:
		return ir.TextDatum(x[0].Text + x[1].Text), nil
	case ir.OpLength:
		return ir.IntDatum(int64(utf8.RuneCountInString(x[0].Text))), nil
	case ir.OpUpper:
		return ir.TextDatum(upperASCII(x[0].Text)), nil
	case ir.OpLower:
		return ir.TextDatum(lowerASCII(x[0].Text)), nil
	case ir.OpStartsWith:
		return ir.BoolDatum(strings.HasPrefix(x[0].Text, x[1].Text)), nil
	case ir.OpExtract:
		return ir.IntDatum(extract(ir.AttributeAs[string](op, "part"), first().Kind, x[0])), nil
	case ir.OpAddInterval:
		return addInterval(op, x[0], x[1])
	case ir.OpAddDays, ir.OpDaysBetween:
		return days(op, x[0], x[1])
	default:
		panic("BUG: the interpreter does not know the scalar op " + op.Code.String())
	}
}

func in(op *ir.Op, x ir.Datum) ir.Datum {
	result := ir.BoolDatum(false)
	for _, d := range ir.AttributeAs[[]ir.Datum](op, "values") {
		if d.Null {
			result = ir.NullDatum
		} else if ir.Compare(op.Operands[0].Type, x, d) == 0 {
			return ir.BoolDatum(true)
		}
	}
	return result
}
