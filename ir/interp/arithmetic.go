package interp

import (
	"math"
	"math/big"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// integer narrows a big integer to an integer type.
func integer(t ir.Type, n *big.Int, op ir.Opcode) (ir.Datum, error) {
	v, ok := ir.Int128FromBig(n)
	if ok && t.Kind == ir.Decimal {
		ok = ir.FitsDecimal(v, int(t.Precision))
	} else if ok {
		ok = ir.FitsInteger(t.Kind, v)
	}
	if !ok {
		return ir.Datum{}, overflow(t, op)
	}
	return ir.Int128Datum(v), nil
}

func overflow(t ir.Type, op ir.Opcode) *diag.Diagnostic {
	return diag.New(ir.CodeOverflow, "the result of %s does not fit %s", op, t.WithNull(false))
}

// arithmetic computes add, sub, mul, div and mod of two values that are not NULL.
func arithmetic(op *ir.Op, a, b ir.Datum) (ir.Datum, error) {
	left, right, result := op.Operands[0].Type, op.Operands[1].Type, op.Results[0].Type
	switch result.Kind {
	case ir.F32:
		return ir.FloatDatum(float64(float32(floatArithmetic(op.Code, a.Float, b.Float)))), nil
	case ir.F64:
		return ir.FloatDatum(floatArithmetic(op.Code, a.Float, b.Float)), nil
	default: // integers and decimals, computed exactly below
	}
	x, y := a.Int128().Big(), b.Int128().Big()
	n := new(big.Int)
	if (op.Code == ir.OpDivide || op.Code == ir.OpModulo) && y.Sign() == 0 {
		return ir.Datum{}, diag.New(ir.CodeDivisionByZero, "division by zero")
	}
	scale := int(result.Scale)
	switch op.Code {
	case ir.OpAdd, ir.OpSubtract, ir.OpModulo:
		// Both to the scale of the result, which is the larger one.
		x.Mul(x, ir.PowerOfTen(scale-int(left.Scale)))
		y.Mul(y, ir.PowerOfTen(scale-int(right.Scale)))
		switch op.Code {
		case ir.OpAdd:
			n.Add(x, y)
		case ir.OpSubtract:
			n.Sub(x, y)
		default:
			n.Rem(x, y)
		}
	case ir.OpMultiply:
		n.Mul(x, y)
	default:
		if result.Kind != ir.Decimal {
			n.Quo(x, y)
			break
		}
		// x/10^l / (y/10^r) * 10^scale
		n = ir.DivideHalfAway(x.Mul(x, ir.PowerOfTen(scale+int(right.Scale)-int(left.Scale))), y)
	}
	return integer(result, n, op.Code)
}

// floatArithmetic computes in binary64. A binary32 result is the same after
// rounding twice, because 53 bits are more than twice 24 and two.
func floatArithmetic(code ir.Opcode, a, b float64) float64 {
	switch code {
	case ir.OpAdd:
		return a + b
	case ir.OpSubtract:
		return a - b
	case ir.OpMultiply:
		return a * b
	case ir.OpDivide:
		return a / b
	default:
		return math.Mod(a, b)
	}
}

// negate computes neg and abs.
func negate(op *ir.Op, d ir.Datum) (ir.Datum, error) {
	t := op.Results[0].Type
	switch {
	case t.IsFloat() && op.Code == ir.OpAbsolute:
		return ir.FloatDatum(math.Abs(d.Float)), nil
	case t.IsFloat():
		return ir.FloatDatum(-d.Float), nil
	case t.Kind == ir.Interval:
		months, days, microseconds := d.Interval()
		if months == math.MinInt32 || days == math.MinInt32 || microseconds == math.MinInt64 {
			return ir.Datum{}, overflow(t, op.Code)
		}
		return ir.IntervalDatum(-months, -days, -microseconds), nil
	}
	n := d.Int128().Big()
	if op.Code == ir.OpNegate || n.Sign() < 0 {
		n.Neg(n)
	}
	return integer(t, n, op.Code)
}

// addInterval moves a date or timestamp by months, then days, then microseconds.
func addInterval(op *ir.Op, at, interval ir.Datum) (ir.Datum, error) {
	months, days, microseconds := interval.Interval()
	day, ofDay := at.Int(), int64(0)
	if op.Operands[0].Type.Kind != ir.Date {
		day, ofDay = ir.SplitTimestamp(at.Int())
	}
	day = ir.AddMonths(day, int64(months)) + int64(days)
	n := new(big.Int).Mul(big.NewInt(day), big.NewInt(ir.MicrosecondsPerDay))
	n.Add(n, big.NewInt(ofDay))
	n.Add(n, big.NewInt(microseconds))
	if !n.IsInt64() {
		return ir.Datum{}, overflow(op.Results[0].Type, op.Code)
	}
	return ir.IntDatum(n.Int64()), nil
}

// days computes add_days and days_between, both of 32 bits.
func days(op *ir.Op, a, b ir.Datum) (ir.Datum, error) {
	n := a.Int() + b.Int()
	if op.Code == ir.OpDaysBetween {
		n = a.Int() - b.Int()
	}
	if n != int64(int32(n)) {
		return ir.Datum{}, overflow(op.Results[0].Type, op.Code)
	}
	return ir.IntDatum(n), nil
}

// extract gives a part of a date or timestamp.
func extract(part string, kind ir.Kind, d ir.Datum) int64 {
	day, ofDay := d.Int(), int64(0)
	if kind != ir.Date {
		day, ofDay = ir.SplitTimestamp(d.Int())
	}
	year, month, dayOfMonth := ir.CivilFromDays(day)
	switch part {
	case "year":
		return year
	case "quarter":
		return int64(month-1)/3 + 1
	case "month":
		return int64(month)
	case "day":
		return int64(dayOfMonth)
	case "dow":
		return int64(ir.Weekday(day))
	case "doy":
		return day - ir.DaysFromCivil(year, 1, 1) + 1
	case "hour":
		return ofDay / ir.MicrosecondsPerHour
	case "minute":
		return ofDay / ir.MicrosecondsPerMinute % 60
	case "second":
		return ofDay / ir.MicrosecondsPerSecond % 60
	case "epoch":
		return day*86400 + ofDay/ir.MicrosecondsPerSecond
	default:
		panic("BUG: extract of " + part)
	}
}
