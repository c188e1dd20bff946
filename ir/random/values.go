package random

import (
	"math"
	"math/big"
	"strings"

	"github.com/heddle-lang/heddle/ir"
)

var allKinds = []ir.Kind{
	ir.I64, ir.I32, ir.String, ir.Decimal, ir.Date, ir.Bool, ir.F64, ir.I8, ir.I16, ir.I128, ir.F32,
	ir.Time, ir.Timestamp, ir.TimestampTZ, ir.Interval, ir.Bytes, ir.UUID,
}

// scalarType picks a type of a column.
func (g *generator) scalarType() ir.Type {
	t := g.typeOf(pick(g.source, g.options.Kinds...))
	return t.WithNull(chance(g.source, 40))
}

func (g *generator) typeOf(kind ir.Kind) ir.Type {
	if kind != ir.Decimal {
		return ir.Of(kind)
	}
	precision := pick(g.source, 15, 4, 1, 9, 18, 19, 30, 38)
	return ir.DecimalType(precision, min(precision, pick(g.source, 2, 0, 4, 10, 38)))
}

// datum picks a value: often one of a few, so that values repeat, sometimes an
// extreme one, sometimes NULL.
func (g *generator) datum(t ir.Type) ir.Datum {
	if t.Nullable && chance(g.source, 25) {
		return ir.NullDatum
	}
	extreme := chance(g.source, 15)
	small := int64(g.source.IntN(7) - 2)
	switch t.Kind {
	case ir.Bool:
		return ir.BoolDatum(g.source.IntN(2) == 1)
	case ir.I8, ir.I16, ir.I32, ir.I64, ir.I128:
		if extreme {
			return g.extremeInteger(t.Kind)
		}
		return ir.IntDatum(small)
	case ir.Decimal:
		if extreme || !ir.FitsDecimal(ir.Int128From(small*25), int(t.Precision)) {
			n := new(big.Int).Sub(ir.PowerOfTen(int(t.Precision)), big.NewInt(1))
			if g.source.IntN(2) == 1 {
				n.Neg(n)
			}
			v, _ := ir.Int128FromBig(n)
			return ir.Int128Datum(v)
		}
		return ir.IntDatum(small * 25)
	case ir.F64:
		if extreme {
			return ir.FloatDatum(pick(g.source, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, math.Copysign(0, -1), 0.1, 1e22))
		}
		return ir.FloatDatum(float64(small) / 2)
	case ir.F32:
		if extreme {
			return ir.FloatDatum(pick(g.source, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat32, math.SmallestNonzeroFloat32, math.Copysign(0, -1), float64(float32(0.1)), 16777216))
		}
		return ir.FloatDatum(float64(small) / 2)
	case ir.Date:
		return ir.IntDatum(g.day(extreme, small))
	case ir.Time:
		if extreme {
			return ir.IntDatum(pick(g.source, 0, ir.MicrosecondsPerDay, ir.MicrosecondsPerDay-1))
		}
		return ir.IntDatum((small + 10) * 3723 * 500_000)
	case ir.Timestamp, ir.TimestampTZ:
		if extreme && g.options.Traps {
			return ir.IntDatum(pick(g.source, math.MaxInt64, int64(math.MinInt64)))
		}
		return ir.IntDatum(g.day(extreme, small)*ir.MicrosecondsPerDay + pick(g.source, 0, 1, ir.MicrosecondsPerDay-1, 45_296_789_000))
	case ir.Interval:
		if extreme && g.options.Traps {
			return ir.IntervalDatum(math.MinInt32, math.MaxInt32, math.MinInt64)
		}
		return ir.IntervalDatum(int32(pick(g.source, 0, 1, -13)), int32(small), pick(g.source, 0, -1, ir.MicrosecondsPerHour))
	case ir.String:
		if extreme {
			return ir.TextDatum(pick(g.source, strings.Repeat("heddle ", 9), "äöü€𝄞", "100%_\\", "\x00'\"\n", "12", "1994-01-01"))
		}
		return ir.TextDatum(pick(g.source, "a", "", "b", "ab", "Heddle", "ä"))
	case ir.Bytes:
		return ir.TextDatum(pick(g.source, "a", "", "\x00\xff", "\xc3", `\x61`))
	case ir.UUID:
		return ir.Datum{High: pick(g.source, small, math.MinInt64, math.MaxInt64), Low: pick(g.source, 0, 1, uint64(math.MaxUint64))}
	default:
		panic("BUG: no values of type " + t.String())
	}
}

// day picks a date of the years 1 to 9999; further ones do not fit timestamps.
func (g *generator) day(extreme bool, small int64) int64 {
	if !extreme {
		return 8766 + small*30
	}
	if g.options.Traps && chance(g.source, 50) {
		return pick(g.source, int64(math.MaxInt32), math.MinInt32)
	}
	return pick(g.source, ir.DaysFromCivil(2024, 2, 29), ir.DaysFromCivil(1, 1, 1), ir.DaysFromCivil(9999, 12, 31), ir.DaysFromCivil(1900, 2, 28), -1)
}

func (g *generator) extremeInteger(kind ir.Kind) ir.Datum {
	most := new(big.Int).Lsh(big.NewInt(1), map[ir.Kind]uint{ir.I8: 7, ir.I16: 15, ir.I32: 31, ir.I64: 63, ir.I128: 127}[kind])
	n := most.Neg(most)
	if g.source.IntN(2) == 1 {
		n = most.Not(most) // the greatest value
	}
	v, _ := ir.Int128FromBig(n)
	return ir.Int128Datum(v)
}
