package logical

import (
	"math"
	"math/big"

	"github.com/heddle-lang/heddle/ir"
)

var inverses = map[ir.Opcode]ir.Opcode{
	ir.OpEqual: ir.OpNotEqual, ir.OpNotEqual: ir.OpEqual,
	ir.OpLess: ir.OpGreaterEqual, ir.OpGreaterEqual: ir.OpLess,
	ir.OpGreater: ir.OpLessEqual, ir.OpLessEqual: ir.OpGreater,
}

var mirrors = map[ir.Opcode]ir.Opcode{
	ir.OpEqual: ir.OpEqual, ir.OpNotEqual: ir.OpNotEqual,
	ir.OpLess: ir.OpGreater, ir.OpGreater: ir.OpLess,
	ir.OpLessEqual: ir.OpGreaterEqual, ir.OpGreaterEqual: ir.OpLessEqual,
}

// compare simplifies a comparison of simplified values.
func (s *simplifier) compare(em *emitter, code ir.Opcode, x, y *ir.Value, condition bool) *ir.Value {
	if _, constant := literal(x); constant {
		if _, both := literal(y); !both {
			x, y, code = y, x, mirrors[code]
		}
	}
	plain := func() *ir.Value {
		result := em.op(code, []*ir.Value{x, y})
		if folded := foldOp(em, result.Op, result.Op.Operands); folded != nil {
			return folded
		}
		return result
	}
	value, constant := literal(y)
	switch {
	case isNull(x) || isNull(y):
		if condition {
			return em.bool(false)
		}
		return em.null(ir.Of(ir.Bool))
	case x == y && !x.Type.IsFloat():
		answer := code == ir.OpEqual || code == ir.OpLessEqual || code == ir.OpGreaterEqual
		return s.decided(em, x, answer, condition, plain)
	case constant && x.Type.Kind == ir.Bool && (code == ir.OpEqual || code == ir.OpNotEqual):
		if value.Bool() == (code == ir.OpEqual) {
			return x
		}
		return s.not(em, x, condition)
	}
	if x.Op.Code != ir.OpCast {
		return plain()
	}
	inner := x.Op.Operands[0]
	if !constant {
		// Both sides widened from one type: compare before widening.
		if y.Op.Code == ir.OpCast {
			other := y.Op.Operands[0]
			if inner.Type.Same(other.Type) && widening(inner.Type, x.Type) {
				return s.compare(em, code, inner, other, condition)
			}
		}
		return plain()
	}
	floor, exact, side := narrow(inner.Type, x.Type, value)
	switch {
	case side == unknown:
		return plain()
	case side == below: // every value is greater than the literal
		return s.decided(em, inner, code == ir.OpNotEqual || code == ir.OpGreater || code == ir.OpGreaterEqual, condition, plain)
	case side == above:
		return s.decided(em, inner, code == ir.OpNotEqual || code == ir.OpLess || code == ir.OpLessEqual, condition, plain)
	case exact:
		return s.compare(em, code, inner, em.constant(inner.Type, floor), condition)
	case code == ir.OpEqual || code == ir.OpNotEqual: // between two values of the narrow type
		return s.decided(em, inner, code == ir.OpNotEqual, condition, plain)
	case code == ir.OpLess || code == ir.OpLessEqual:
		return s.compare(em, ir.OpLessEqual, inner, em.constant(inner.Type, floor), condition)
	default:
		return s.compare(em, ir.OpGreater, inner, em.constant(inner.Type, floor), condition)
	}
}

// place says where a literal lies with respect to the values of a narrower type.
type place uint8

const (
	unknown place = iota
	inside        // at or between two of them
	below         // under the least
	above         // over the greatest
)

const microsecondsPerDay = 86_400_000_000

// narrow converts a literal of the wide type to the narrow type that a cast
// widened from: the greatest narrow value at or below it, and whether they are
// equal. Counter-example to truncation: for d of type date, cast(d as timestamp) <
// timestamp "1969-12-31 12:00:00" is d <= 1969-12-31, day -1, and -43200 seconds
// truncate to day 0.
func narrow(from, to ir.Type, value ir.Datum) (floor ir.Datum, exact bool, side place) {
	var low, high, scaled *big.Int
	switch {
	case from.Kind == ir.Date && to.Kind == ir.Timestamp:
		low, high = big.NewInt(math.MinInt32), big.NewInt(math.MaxInt32)
		scaled, exact = floorDivide(value.Int128().Big(), big.NewInt(microsecondsPerDay))
	case (from.IsInteger() || from.Kind == ir.Decimal) && (to.IsInteger() || to.Kind == ir.Decimal):
		if !widening(from, to) {
			return ir.Datum{}, false, unknown
		}
		low, high = bounds(from)
		scaled, exact = floorDivide(value.Int128().Big(), powerOfTen(int(to.Scale)-int(from.Scale)))
	case from.IsInteger() && to.IsFloat() && widening(from, to):
		low, high = bounds(from)
		switch {
		case math.IsNaN(value.Float), math.IsInf(value.Float, 1): // NaN is the greatest float
			return ir.Datum{}, false, above
		case math.IsInf(value.Float, -1):
			return ir.Datum{}, false, below
		}
		f := math.Floor(value.Float)
		exact = f == value.Float
		scaled, _ = big.NewFloat(f).Int(nil)
	default:
		return ir.Datum{}, false, unknown
	}
	if scaled.Cmp(low) < 0 {
		return ir.Datum{}, false, below
	}
	if c := scaled.Cmp(high); c > 0 || c == 0 && !exact {
		return ir.Datum{}, false, above
	}
	v, ok := ir.Int128FromBig(scaled)
	if !ok {
		return ir.Datum{}, false, unknown
	}
	return ir.Int128Datum(v), exact, inside
}

// narrowList converts the list of "cast(x) in (...)" to the type of x. Literals
// that no x can equal are left out, as long as one stays.
func narrowList(x *ir.Value, values []ir.Datum) (inner *ir.Value, list []ir.Datum, ok bool) {
	if x.Op.Code != ir.OpCast {
		return nil, nil, false
	}
	inner = x.Op.Operands[0]
	seen := make(map[ir.Datum]bool, len(values))
	for _, d := range values {
		if d.Null {
			list = append(list, d)
			continue
		}
		v, exact, side := narrow(inner.Type, x.Type, d)
		if side == unknown {
			return nil, nil, false
		}
		if side == inside && exact && !seen[v] {
			seen[v] = true
			list = append(list, v)
		}
	}
	return inner, list, len(list) > 0
}

// floorDivide gives the greatest integer at or below a/b, for b > 0.
func floorDivide(a, b *big.Int) (quotient *big.Int, exact bool) {
	quotient, remainder := new(big.Int), new(big.Int)
	quotient.DivMod(a, b, remainder) // Euclidean: floor, as b is positive
	return quotient, remainder.Sign() == 0
}

func powerOfTen(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// bounds gives the least and greatest value of an integer or unscaled decimal type.
func bounds(t ir.Type) (low, high *big.Int) {
	if t.Kind == ir.Decimal {
		high = powerOfTen(int(t.Precision))
		high.Sub(high, big.NewInt(1))
		return new(big.Int).Neg(high), high
	}
	bits := map[ir.Kind]uint{ir.I8: 7, ir.I16: 15, ir.I32: 31, ir.I64: 63, ir.I128: 127}[t.Kind]
	high = new(big.Int).Lsh(big.NewInt(1), bits)
	low = new(big.Int).Neg(high)
	return low, high.Sub(high, big.NewInt(1))
}

// cast simplifies a conversion of a simplified value.
//
// Two conversions become one when the first keeps every value and all three types
// are integers or decimals. Counter-example with text as the last: 1 as
// decimal<3,1> as string is "1.0", and 1 as string is "1".
func (s *simplifier) cast(em *emitter, op *ir.Op, x *ir.Value) *ir.Value {
	to := op.Result().Type
	if x.Type.Same(to) {
		return x
	}
	exact := func(t ir.Type) bool { return t.IsInteger() || t.Kind == ir.Decimal }
	if x.Op.Code == ir.OpCast {
		inner := x.Op.Operands[0]
		if exact(inner.Type) && exact(x.Type) && exact(to) && widening(inner.Type, x.Type) {
			if inner.Type.Same(to) {
				return inner
			}
			return em.op(ir.OpCast, []*ir.Value{inner}, ir.Attr("type", to.WithNull(inner.Type.Nullable)))
		}
	}
	return em.op(ir.OpCast, []*ir.Value{x}, ir.Attr("type", to.WithNull(x.Type.Nullable)))
}
