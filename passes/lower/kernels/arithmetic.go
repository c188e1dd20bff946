package kernels

import (
	"math"
	"math/big"

	"github.com/heddle-lang/heddle/ir"
)

// number is an integer or an unscaled decimal with its bounds.
type number struct {
	v *ir.Value
	b *bounds
}

func (g *generator) number(s *scalar) number { return number{s.v, s.bounds} }

// in64 and in128 give the value in that many bits.
func (g *generator) in64(n number) *ir.Value  { return g.convert(n.v, i64) }
func (g *generator) in128(n number) *ir.Value { return g.convert(n.v, i128) }

// fit narrows the representation of a number to what its bounds need.
func (g *generator) fit(n number) number {
	if n.b.within64() && n.v.Type.Kind == ir.I128 {
		n.v = g.convert(n.v, i64)
	}
	return n
}

// wide names the library function that computes with 128 bits and fails where a
// result does not fit: 38 digits for decimals, all 128 bits for integers.
func wide(operation string, t ir.Type) (function string, limit *bounds) {
	if t.Kind == ir.Decimal {
		return library("i128_" + operation + "_checked"), decimalBounds
	}
	return library("i128_" + operation + "_full"), boundsBits(128)
}

// sum adds or subtracts towards a type; site is where it fails if the result leaves
// what 128 bits hold of it.
func (g *generator) sum(code ir.Opcode, x, y number, t ir.Type, site *ir.Value) number {
	yb, kern, name := y.b, ir.OpIntegerAdd, "add"
	if code == ir.OpSubtract {
		yb, kern, name = y.b.negate(), ir.OpIntegerSub, "sub"
	}
	b := x.b.add(yb)
	switch {
	case b.within64() && x.b.within64() && y.b.within64():
		return number{g.binary(kern, g.in64(x), g.in64(y)), b}
	case b.within128():
		return g.fit(number{g.binary(kern, g.in128(x), g.in128(y)), b})
	default:
		checked, limit := wide(name, t)
		return number{g.call(checked, i128, g.in128(x), g.in128(y), site), b.intersect(limit)}
	}
}

// decimalBounds is what 38 digits can hold.
var (
	decimal38     = ir.DecimalType(ir.MaxDecimalPrecision, 0)
	decimalBounds = typeBounds(decimal38)
)

// product multiplies towards a type; site is where it fails if the result leaves what
// 128 bits hold of it.
func (g *generator) product(x, y number, t ir.Type, site *ir.Value) number {
	b := x.b.multiply(y.b)
	switch {
	case b.within64() && x.b.within64() && y.b.within64():
		return number{g.binary(ir.OpIntegerMul, g.in64(x), g.in64(y)), b}
	case x.b.within64() && y.b.within64():
		return g.fit(number{g.binary(ir.OpMultiplyWideS, g.in64(x), g.in64(y)), b})
	default:
		checked, limit := wide("mul", t)
		return g.fit(number{g.call(checked, i128, g.in128(x), g.in128(y), site), b.intersect(limit)})
	}
}

// scaleUp multiplies by a power of ten.
func (g *generator) scaleUp(x number, digits int, site *ir.Value) number {
	if digits == 0 {
		return x
	}
	factor := power10(digits)
	if factor.IsInt64() {
		return g.product(x, number{g.const64(factor.Int64()), &bounds{factor, factor}}, decimal38, site)
	}
	return g.product(x, number{g.const128(power10Int128(digits)), &bounds{factor, factor}}, decimal38, site)
}

// scaleDown divides by a power of ten, rounding half away from zero.
func (g *generator) scaleDown(x number, digits int) number {
	if digits == 0 {
		return x
	}
	divisor := power10(digits)
	shrink := func(v *big.Int) *big.Int {
		q := new(big.Int).Quo(v, divisor)
		return q.Add(q, big.NewInt(int64(v.Sign())))
	}
	b := &bounds{shrink(x.b.low), shrink(x.b.high)}
	if x.b.within64() && divisor.IsInt64() {
		return number{g.call(library("decimal64_scale_down"), i64, g.in64(x), g.const64(divisor.Int64())), b}
	}
	return g.fit(number{g.call(library("decimal_scale_down"), i128, g.in128(x), g.const128(power10Int128(digits))), b})
}

// check fails at a site unless the value fits the bounds of a type, and gives it in
// the type's kern form.
func (g *generator) check(n number, t ir.Type, site *ir.Value) *scalar {
	limit := typeBounds(t)
	if !n.b.within(limit) {
		if t.Kind == ir.Decimal && !n.b.within64() {
			magnitude, _ := ir.Int128FromBig(limit.high)
			n = number{g.call(library("decimal_check"), i128, g.in128(n), g.const128(magnitude), site), n.b}
		} else if t.Kind != ir.I128 {
			wide := n.v
			if rank(wide.Type) < 2 {
				wide = g.in64(n)
			}
			constant := func(v *big.Int) *ir.Value {
				c, _ := ir.Int128FromBig(v)
				if wide.Type.Kind == ir.I128 {
					return g.const128(c)
				}
				return g.const64(int64(c.Low))
			}
			var outside *ir.Value
			if n.b.low.Cmp(limit.low) < 0 {
				outside = g.compare("lt_s", wide, constant(limit.low))
			}
			if n.b.high.Cmp(limit.high) > 0 {
				above := g.compare("gt_s", wide, constant(limit.high))
				if outside == nil {
					outside = above
				} else {
					outside = g.or(outside, above)
				}
			}
			g.failIf(outside, site)
		}
		n.b = n.b.intersect(limit)
	}
	s := &scalar{t: t, bounds: n.b}
	s.v = g.convert(n.v, s.kernType())
	return s
}

// fits reports whether all values within bounds are values of a type.
func fits(b *bounds, t ir.Type) bool { return b.within(typeBounds(t)) }

func (g *generator) arithmetic(op *ir.Op) *scalar {
	a, b := g.value(op.Operands[0]), g.value(op.Operands[1])
	t := op.Results[0].Type
	null := g.anyNull(a, b)
	if t.IsFloat() {
		code, ok := map[ir.Opcode]ir.Opcode{ir.OpAdd: ir.OpFloatAdd, ir.OpSubtract: ir.OpFloatSub, ir.OpMultiply: ir.OpFloatMul, ir.OpDivide: ir.OpFloatDiv}[op.Code]
		if ok {
			return &scalar{t: t, v: g.binary(code, a.v, b.v), null: null}
		}
		// The remainder of two binary32 is exact in binary64 and in binary32 again.
		v := g.call(library("f64_rem"), f64, g.double(a), g.double(b))
		if t.Kind == ir.F32 {
			v = g.typed(ir.OpFloatConvert, v, f32)
		}
		return &scalar{t: t, v: v, null: null}
	}
	guard := null
	if g.arithmeticIsTotal(op.Code, a, b, t) {
		guard = nil // nothing can fail, whatever lies under a NULL
	}
	result := g.guarded(guard, func() *scalar {
		switch op.Code {
		case ir.OpAdd, ir.OpSubtract, ir.OpMultiply:
			return g.ringOperation(op, a, b, t)
		default:
			return g.quotient(op, a, b, t)
		}
	})
	result.t, result.null = t, null
	return result
}

// double gives a float as binary64.
func (g *generator) double(s *scalar) *ir.Value {
	if s.t.Kind == ir.F32 {
		return g.typed(ir.OpFloatConvert, s.v, f64)
	}
	return s.v
}

// arithmeticIsTotal reports whether an operation cannot fail for any operands within
// bounds.
func (g *generator) arithmeticIsTotal(code ir.Opcode, a, b *scalar, t ir.Type) bool {
	if code == ir.OpDivide || code == ir.OpModulo {
		return false
	}
	x, y := a.bounds, b.bounds
	if t.Kind == ir.Decimal && code != ir.OpMultiply {
		x = x.multiply(&bounds{power10(int(t.Scale - a.t.Scale)), power10(int(t.Scale - a.t.Scale))})
		y = y.multiply(&bounds{power10(int(t.Scale - b.t.Scale)), power10(int(t.Scale - b.t.Scale))})
	}
	var r *bounds
	switch code {
	case ir.OpAdd:
		r = x.add(y)
	case ir.OpSubtract:
		r = x.add(y.negate())
	default:
		r = x.multiply(y)
	}
	return fits(x, decimalOr(t)) && fits(y, decimalOr(t)) && fits(r, t)
}

func decimalOr(t ir.Type) ir.Type {
	if t.Kind == ir.Decimal {
		return decimal38
	}
	return t
}

func (g *generator) ringOperation(op *ir.Op, a, b *scalar, t ir.Type) *scalar {
	var site *ir.Value
	if !g.arithmeticIsTotal(op.Code, a, b, t) {
		site = g.site(op, ir.CodeOverflow, "a result does not fit %s", t.WithNull(false))
	} else {
		site = g.const32(0)
	}
	x, y := g.number(a), g.number(b)
	if t.Kind == ir.I64 && !g.arithmeticIsTotal(op.Code, a, b, t) {
		name := map[ir.Opcode]string{ir.OpAdd: "i64_add_checked", ir.OpSubtract: "i64_sub_checked", ir.OpMultiply: "i64_mul_checked"}[op.Code]
		return &scalar{t: t, v: g.call(library(name), i64, x.v, y.v, site), bounds: typeBounds(t)}
	}
	if op.Code == ir.OpMultiply {
		return g.check(g.product(x, y, t, site), t, site)
	}
	if t.Kind == ir.Decimal {
		x = g.scaleUp(x, int(t.Scale-a.t.Scale), site)
		y = g.scaleUp(y, int(t.Scale-b.t.Scale), site)
	}
	return g.check(g.sum(op.Code, x, y, t, site), t, site)
}

func (g *generator) quotient(op *ir.Op, a, b *scalar, t ir.Type) *scalar {
	zero := g.site(op, ir.CodeDivisionByZero, "division by zero")
	overflow := g.site(op, ir.CodeOverflow, "a quotient does not fit %s", t.WithNull(false))
	x, y := g.number(a), g.number(b)
	if t.Kind == ir.Decimal && op.Code == ir.OpDivide {
		shift := int(t.Scale) + int(b.t.Scale) - int(a.t.Scale)
		if shift > ir.MaxDecimalPrecision {
			g.unsupported(op, "the quotient of %s and %s needs more than 38 digits on the way", a.t, b.t)
		}
		v := g.call(library("decimal_div"), i128, g.in128(x), g.in128(y), g.const128(power10Int128(shift)), zero, overflow)
		// |a * 10^shift / b| is at most |a| * 10^shift, since |b| is at least 1.
		most := new(big.Int).Mul(x.b.magnitude(), power10(shift))
		return g.check(g.fit(number{v, (&bounds{new(big.Int).Neg(most), most}).intersect(decimalBounds)}), t, overflow)
	}
	if t.Kind == ir.Decimal {
		factor := power10(int(t.Scale - a.t.Scale))
		if scaled := x.b.multiply(&bounds{factor, factor}); !scaled.within(decimalBounds) {
			g.unsupported(op, "the remainder of %s and %s needs more than 38 digits on the way", a.t, b.t)
		}
		x = g.scaleUp(x, int(t.Scale-a.t.Scale), overflow)
		return g.decimalRemainder(x, y, int(t.Scale-b.t.Scale), t, zero, overflow)
	}
	return g.integerQuotient(op, x, y, t, zero, overflow)
}

// decimalRemainder gives x modulo y * 10^digits. Where that divisor has more than 38
// digits it is larger than any x, which then is the remainder.
func (g *generator) decimalRemainder(x, y number, digits int, t ir.Type, zero, overflow *ir.Value) *scalar {
	most := x.b.magnitude()
	result := &bounds{new(big.Int).Neg(most), most}
	remainder := func(y number) *ir.Value {
		return g.call(library("i128_rem"), i128, g.in128(x), g.in128(y), zero, overflow)
	}
	factor := power10(digits)
	scaled := y.b.multiply(&bounds{factor, factor})
	if scaled.within(decimalBounds) {
		return g.check(g.fit(number{remainder(g.scaleUp(y, digits, overflow)), result}), t, overflow)
	}
	largest := new(big.Int).Quo(decimalBounds.high, factor)
	limit, _ := ir.Int128FromBig(largest)
	wide := g.in128(y)
	negative := g.sub(g.zero(i128), wide)
	magnitude := g.selectValue(g.compare("lt_s", wide, g.zero(i128)), negative, wide)
	cell := g.variable(g.in128(x))
	g.when(g.compare("le_s", magnitude, g.const128(limit)), func() {
		g.scoped(func() {
			fitting := number{wide, &bounds{new(big.Int).Neg(largest), largest}}
			g.set(cell, remainder(g.scaleUp(fitting, digits, overflow)))
		})
	}, nil)
	return g.check(g.fit(number{g.get(cell), result}), t, overflow)
}

// integerQuotient is the quotient or remainder of integers, truncated towards zero.
func (g *generator) integerQuotient(op *ir.Op, x, y number, t ir.Type, zero, overflow *ir.Value) *scalar {
	most := x.b.magnitude()
	result := &bounds{new(big.Int).Neg(most), most}
	if !x.b.within64() || !y.b.within64() {
		name := map[ir.Opcode]string{ir.OpDivide: "i128_div", ir.OpModulo: "i128_rem"}[op.Code]
		v := g.call(library(name), i128, g.in128(x), g.in128(y), zero, overflow)
		return g.check(g.fit(number{v, result}), t, overflow)
	}
	xv, yv := g.in64(x), g.in64(y)
	g.failIf(g.isZero(yv), zero)
	if op.Code == ir.OpModulo {
		return g.check(number{g.binary(ir.OpIntegerRemS, xv, yv), result}, t, overflow)
	}
	if x.b.low.Cmp(boundsBits(64).low) == 0 && y.b.low.Sign() < 0 {
		lowest := g.compare("eq", xv, g.const64(-1<<63))
		g.failIf(g.and(lowest, g.compare("eq", yv, g.const64(-1))), overflow)
	}
	return g.check(number{g.binary(ir.OpIntegerDivS, xv, yv), result.intersect(boundsBits(64))}, t, overflow)
}

func (g *generator) sign(op *ir.Op) *scalar {
	a := g.value(op.Operands[0])
	t := op.Results[0].Type
	if t.IsFloat() {
		code := ir.OpFloatNeg
		if op.Code == ir.OpAbsolute {
			code = ir.OpFloatAbs
		}
		return &scalar{t: t, v: g.unary(code, a.v), null: a.null}
	}
	site := g.site(op, ir.CodeOverflow, "a result does not fit %s", t.WithNull(false))
	if t.Kind == ir.Interval {
		return g.negateInterval(a, site)
	}
	n := g.number(a)
	lowest := typeBounds(t).low
	if t.Kind != ir.Decimal && n.b.low.Cmp(lowest) <= 0 {
		// The lowest integer has no positive counterpart.
		lowestValue, _ := ir.Int128FromBig(lowest)
		is := g.compare("eq", n.v, ir.At(g.block).Const(n.v.Type, ir.Int128Datum(lowestValue)))
		if a.null != nil {
			is = g.and(is, g.not(a.null))
		}
		g.failIf(is, site)
		n.b = n.b.intersect(&bounds{new(big.Int).Add(lowest, big.NewInt(1)), n.b.high})
	}
	if b := n.b.negate(); !b.within64() || n.v.Type.Kind == ir.I32 && !b.within(boundsBits(32)) {
		// Negation needs one bit more than its operand.
		n.v = g.convert(n.v, kernType(ir.Of(ir.I128), b))
	}
	negated := number{g.binary(ir.OpIntegerSub, g.zero(n.v.Type), n.v), n.b.negate()}
	if op.Code == ir.OpAbsolute {
		negated.v = g.selectValue(g.compare("lt_s", n.v, g.zero(n.v.Type)), negated.v, n.v)
		negated.b = &bounds{new(big.Int), n.b.magnitude()}
	}
	s := &scalar{t: t, null: a.null, bounds: negated.b}
	s.v = g.convert(negated.v, s.kernType())
	return s
}

// negateInterval negates months, days and microseconds, each for itself.
func (g *generator) negateInterval(a *scalar, site *ir.Value) *scalar {
	months, days, microseconds := g.intervalParts(a)
	var lowest *ir.Value
	negate := func(v *ir.Value, least int64) *ir.Value {
		is := g.compare("eq", v, ir.At(g.block).Const(v.Type, ir.IntDatum(least)))
		if lowest == nil {
			lowest = is
		} else {
			lowest = g.or(lowest, is)
		}
		return g.sub(g.zero(v.Type), v)
	}
	months, days, microseconds = negate(months, math.MinInt32), negate(days, math.MinInt32), negate(microseconds, math.MinInt64)
	if a.null != nil {
		lowest = g.and(lowest, g.not(a.null))
	}
	g.failIf(lowest, site)
	high := g.or(g.binary(ir.OpShiftLeft, g.convert(months, i64), g.const64(32)), g.extendUnsigned(days, i64))
	return &scalar{t: a.t, null: a.null, v: g.build(ir.OpPair, []*ir.Value{microseconds, high}, nil).Result()}
}
