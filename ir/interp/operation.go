package interp

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
)

// Errors of single ops.
var (
	// ErrDivision is the trap of a division.
	ErrDivision = errors.New("division by zero, or a quotient that does not fit")
	errMisfit   = errors.New("there is no such op of operands of these types")
)

// Compute gives the result of a pure op of the kern level for values of its operands. It
// takes any op that verifies; one without a meaning, and a division that traps, are
// errors.
func Compute(op *ir.Op, operands []Bits) (Bits, error) {
	if len(op.Results) != 1 || len(operands) != len(op.Operands) {
		return Bits{}, errMisfit
	}
	result := op.Results[0].Type
	if len(operands) == 0 {
		if d, ok := op.Attribute("value").(ir.Datum); ok && op.Code == ir.OpConst && widthOf(result) > 0 {
			return literal(result, d), nil
		}
		return Bits{}, errMisfit
	}
	first := op.Operands[0].Type
	switch op.Code {
	case ir.OpSelect:
		if operands[0].Low != 0 {
			return operands[1], nil
		}
		return operands[2], nil
	case ir.OpExtendS, ir.OpExtendU, ir.OpWrap, ir.OpHighHalf, ir.OpPair,
		ir.OpIntToFloat, ir.OpFloatToInt, ir.OpFloatConvert, ir.OpReinterpret:
		return computeConversion(op.Code, first, result, operands)
	case ir.OpMultiplyWideS, ir.OpMultiplyWideU:
		high, low := bits.Mul64(operands[0].Low, operands[1].Low)
		if op.Code == ir.OpMultiplyWideS {
			// A negative factor counts as 2^64 too much.
			high -= operands[1].Low & uint64(int64(operands[0].Low)>>63)
			high -= operands[0].Low & uint64(int64(operands[1].Low)>>63)
		}
		return Bits{low, high}, nil
	case ir.OpCompare:
		if width := widthOf(first); width > 0 && !first.IsFloat() {
			holds, err := compareIntegers(predicateOf(op), width, operands[0], operands[1])
			return truth(holds), err
		}
		return Bits{}, errMisfit
	case ir.OpFloatCompare:
		if !first.IsFloat() {
			return Bits{}, errMisfit
		}
		holds, err := compareFloats(predicateOf(op), operands[0].Float64(first), operands[1].Float64(first))
		return truth(holds), err
	default: // the types say more
	}
	switch {
	case first.Kind == ir.Vector, result.Kind == ir.Vector:
		return computeVector(op, first, result, operands)
	case first.IsFloat():
		return computeFloat(op.Code, first, operands)
	case first.Kind == ir.I128:
		return computeWide(op.Code, operands)
	case widthOf(first) == 0:
		return Bits{}, errMisfit
	case len(operands) == 1:
		return computeCount(op.Code, widthOf(first), operands[0].Low)
	default:
		return computeWord(op.Code, widthOf(first), operands[0].Low, operands[1].Low)
	}
}

func predicateOf(op *ir.Op) string { return ir.AttributeAs[string](op, "predicate") }

// computeWord computes with words of 32 or 64 bits.
func computeWord(code ir.Opcode, width int, a, b uint64) (Bits, error) {
	shift := b % uint64(width)
	x, y := signed(a, width), signed(b, width)
	overflow := x == math.MinInt64>>(64-width) && y == -1
	var v uint64
	switch code {
	case ir.OpIntegerAdd:
		v = a + b
	case ir.OpIntegerSub:
		v = a - b
	case ir.OpIntegerMul:
		v = a * b
	case ir.OpIntegerAnd:
		v = a & b
	case ir.OpIntegerOr:
		v = a | b
	case ir.OpIntegerXor:
		v = a ^ b
	case ir.OpShiftLeft:
		v = a << shift
	case ir.OpShiftRightS:
		v = uint64(x >> shift)
	case ir.OpShiftRightU:
		v = a >> shift
	case ir.OpRotateLeft:
		v = a<<shift | a>>(uint64(width)-shift)
	case ir.OpIntegerDivS, ir.OpIntegerDivU, ir.OpIntegerRemS, ir.OpIntegerRemU:
		if b == 0 || code == ir.OpIntegerDivS && overflow {
			return Bits{}, ErrDivision
		}
		switch code {
		case ir.OpIntegerDivS:
			v = uint64(x / y)
		case ir.OpIntegerRemS:
			v = uint64(x % y)
		case ir.OpIntegerDivU:
			v = a / b
		default:
			v = a % b
		}
	default:
		return Bits{}, errMisfit
	}
	return Word(low(v, width)), nil
}

func computeCount(code ir.Opcode, width int, a uint64) (Bits, error) {
	switch code {
	case ir.OpCountLeadingZeros:
		return Word(uint64(bits.LeadingZeros64(a) - (64 - width))), nil
	case ir.OpCountTrailingZeros:
		return Word(uint64(min(bits.TrailingZeros64(a), width))), nil
	case ir.OpPopulationCount:
		return Word(uint64(bits.OnesCount64(a))), nil
	default:
		return Bits{}, errMisfit
	}
}

// computeWide computes with 128 bits.
func computeWide(code ir.Opcode, operands []Bits) (Bits, error) {
	if len(operands) != 2 {
		return Bits{}, errMisfit
	}
	a, b := operands[0], operands[1]
	switch code {
	case ir.OpIntegerAdd:
		low, carry := bits.Add64(a.Low, b.Low, 0)
		high, _ := bits.Add64(a.High, b.High, carry)
		return Bits{low, high}, nil
	case ir.OpIntegerSub:
		low, borrow := bits.Sub64(a.Low, b.Low, 0)
		high, _ := bits.Sub64(a.High, b.High, borrow)
		return Bits{low, high}, nil
	case ir.OpIntegerAnd:
		return Bits{a.Low & b.Low, a.High & b.High}, nil
	case ir.OpIntegerOr:
		return Bits{a.Low | b.Low, a.High | b.High}, nil
	case ir.OpIntegerXor:
		return Bits{a.Low ^ b.Low, a.High ^ b.High}, nil
	default:
		return Bits{}, errMisfit
	}
}

// computeFloat computes with f32 or f64. Results of f32 are rounded to f64 first, which
// changes none of these: 53 bits are more than twice 24 and two.
func computeFloat(code ir.Opcode, t ir.Type, operands []Bits) (Bits, error) {
	a := operands[0].Float64(t)
	if len(operands) == 1 {
		switch code {
		case ir.OpFloatNeg:
			return FromFloat64(t, -a), nil
		case ir.OpFloatAbs:
			return FromFloat64(t, math.Abs(a)), nil
		case ir.OpFloatSqrt:
			return FromFloat64(t, math.Sqrt(a)), nil
		case ir.OpFloatRound:
			return FromFloat64(t, math.RoundToEven(a)), nil
		default:
			return Bits{}, errMisfit
		}
	}
	b := operands[1].Float64(t)
	switch code {
	case ir.OpFloatAdd:
		return FromFloat64(t, a+b), nil
	case ir.OpFloatSub:
		return FromFloat64(t, a-b), nil
	case ir.OpFloatMul:
		return FromFloat64(t, a*b), nil
	case ir.OpFloatDiv:
		return FromFloat64(t, a/b), nil
	default:
		return Bits{}, errMisfit
	}
}

func computeConversion(code ir.Opcode, from, to ir.Type, operands []Bits) (Bits, error) {
	v := operands[0]
	fromWidth, toWidth := widthOf(from), widthOf(to)
	integers := fromWidth > 0 && toWidth > 0 && !from.IsFloat() && !to.IsFloat()
	switch {
	case code == ir.OpExtendS && integers && fromWidth <= 64:
		return FromInt64(to, signed(v.Low, fromWidth)), nil
	case code == ir.OpExtendU && integers && fromWidth <= 64:
		return v, nil
	case code == ir.OpWrap && integers && toWidth <= 64:
		return Word(low(v.Low, toWidth)), nil
	case code == ir.OpHighHalf:
		return Word(v.High), nil
	case code == ir.OpPair:
		return Bits{v.Low, operands[1].Low}, nil
	case code == ir.OpIntToFloat && to.Kind == ir.F32 && fromWidth > 0 && fromWidth <= 64:
		// Not by way of f64, which would round twice.
		return Word(uint64(math.Float32bits(float32(signed(v.Low, fromWidth))))), nil
	case code == ir.OpIntToFloat && to.Kind == ir.F64 && fromWidth > 0 && fromWidth <= 64:
		return FromFloat64(to, float64(signed(v.Low, fromWidth))), nil
	case code == ir.OpFloatToInt && from.IsFloat() && toWidth > 0 && toWidth <= 64:
		return Word(low(uint64(truncateFloat(v.Float64(from), toWidth)), toWidth)), nil
	case code == ir.OpFloatConvert && from.IsFloat() && to.IsFloat():
		return FromFloat64(to, v.Float64(from)), nil
	case code == ir.OpReinterpret && fromWidth == toWidth && fromWidth > 0:
		return v, nil
	default:
		return Bits{}, errMisfit
	}
}

// truncateFloat drops the fraction; what does not fit gives the nearest that does, NaN 0.
func truncateFloat(v float64, width int) int64 {
	limit := math.Ldexp(1, width-1)
	switch {
	case v != v:
		return 0
	case v >= limit:
		return math.MaxInt64 >> (64 - width)
	case v < -limit:
		return math.MinInt64 >> (64 - width)
	default:
		return int64(v)
	}
}

func compareIntegers(predicate string, width int, a, b Bits) (bool, error) {
	if width <= 64 {
		return holds(predicate, order(signed(a.Low, width), signed(b.Low, width)), order(a.Low, b.Low))
	}
	highs := order(int64(a.High), int64(b.High))
	if highs == 0 {
		highs = order(a.Low, b.Low)
	}
	switch predicate {
	case "lt_u", "le_u", "gt_u", "ge_u":
		return false, errMisfit
	}
	return holds(predicate, highs, 0)
}

func order[T int64 | uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// holds reads a predicate of integers that have been compared.
func holds(predicate string, signedOrder, unsignedOrder int) (bool, error) {
	switch predicate {
	case "eq":
		return signedOrder == 0, nil
	case "ne":
		return signedOrder != 0, nil
	case "lt_s":
		return signedOrder < 0, nil
	case "le_s":
		return signedOrder <= 0, nil
	case "gt_s":
		return signedOrder > 0, nil
	case "ge_s":
		return signedOrder >= 0, nil
	case "lt_u":
		return unsignedOrder < 0, nil
	case "le_u":
		return unsignedOrder <= 0, nil
	case "gt_u":
		return unsignedOrder > 0, nil
	case "ge_u":
		return unsignedOrder >= 0, nil
	default:
		return false, fmt.Errorf("there is no predicate %q of integers", predicate)
	}
}

func compareFloats(predicate string, a, b float64) (bool, error) {
	switch predicate {
	case "eq":
		return a == b, nil
	case "ne":
		return a != b, nil
	case "lt":
		return a < b, nil
	case "le":
		return a <= b, nil
	case "gt":
		return a > b, nil
	case "ge":
		return a >= b, nil
	default:
		return false, fmt.Errorf("there is no predicate %q of floats", predicate)
	}
}
