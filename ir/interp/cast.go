package interp

import (
	"math"
	"math/big"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// Cast converts a value, which may be NULL. The error is a *diag.Diagnostic with
// ir.CodeConversion.
func Cast(from, to ir.Type, d ir.Datum) (ir.Datum, error) {
	switch {
	case d.Null:
		return ir.NullDatum, nil
	case to.Kind == ir.String:
		return ir.TextDatum(ir.FormatDatum(from, d)), nil
	case from.Kind == ir.String:
		return ir.ParseDatum(to, d.Text)
	case from.IsNumeric() && to.IsNumeric():
		return castNumber(from, to, d)
	case from.Kind == to.Kind:
		return d, nil
	case from.Kind == ir.Bool:
		return d, nil // 0 or 1
	case to.Kind == ir.Bool:
		return ir.BoolDatum(d.Int128() != ir.Int128{}), nil
	case from.Kind == ir.Date:
		if n := new(big.Int).Mul(big.NewInt(d.Int()), big.NewInt(ir.MicrosecondsPerDay)); n.IsInt64() {
			return ir.IntDatum(n.Int64()), nil
		}
		return ir.Datum{}, doesNotFit(from, to, d)
	case to.Kind == ir.Date:
		day, _ := ir.SplitTimestamp(d.Int())
		return ir.IntDatum(day), nil
	case to.Kind == ir.Time:
		_, ofDay := ir.SplitTimestamp(d.Int())
		return ir.IntDatum(ofDay), nil
	case from.Kind == ir.Time:
		return ir.IntervalDatum(0, 0, d.Int()), nil
	default: // timestamps with and without zone: the zone is UTC
		return d, nil
	}
}

func doesNotFit(from, to ir.Type, d ir.Datum) *diag.Diagnostic {
	return diag.New(ir.CodeConversion, "%s does not fit %s", ir.FormatDatum(from, d), to.WithNull(false))
}

func castNumber(from, to ir.Type, d ir.Datum) (ir.Datum, error) {
	switch {
	case from.IsFloat() && to.IsFloat():
		if to.Kind == ir.F64 || from.Kind == ir.F32 {
			return d, nil
		}
		f := float64(float32(d.Float))
		if math.IsInf(f, 0) && !math.IsInf(d.Float, 0) {
			return ir.Datum{}, doesNotFit(from, to, d)
		}
		return ir.FloatDatum(f), nil
	case to.IsFloat():
		// The nearest float of the exact value: through its decimal text.
		return ir.ParseDatum(to, ir.FormatDatum(from, d))
	case from.IsFloat():
		return floatToExact(from, to, d)
	}
	n := d.Int128().Big()
	if shift := int(to.Scale) - int(from.Scale); shift >= 0 {
		n.Mul(n, ir.PowerOfTen(shift))
	} else {
		n = ir.DivideHalfAway(n, ir.PowerOfTen(-shift))
	}
	return exact(from, to, d, n)
}

func exact(from, to ir.Type, d ir.Datum, n *big.Int) (ir.Datum, error) {
	result, err := integer(to, n, ir.OpCast)
	if err != nil {
		return ir.Datum{}, doesNotFit(from, to, d)
	}
	return result, nil
}

func floatToExact(from, to ir.Type, d ir.Datum) (ir.Datum, error) {
	if math.IsNaN(d.Float) || math.IsInf(d.Float, 0) {
		return ir.Datum{}, doesNotFit(from, to, d)
	}
	if to.Kind != ir.Decimal {
		n, _ := big.NewFloat(math.RoundToEven(d.Float)).Int(nil)
		return exact(from, to, d, n)
	}
	value := new(big.Rat).SetFloat64(d.Float)
	value.Mul(value, new(big.Rat).SetInt(ir.PowerOfTen(int(to.Scale))))
	return exact(from, to, d, ir.DivideHalfAway(value.Num(), value.Denom()))
}
