package emulator

import "math"

func float32Of(v uint64) float32 { return math.Float32frombits(uint32(v)) }
func float64Of(v uint64) float64 { return math.Float64frombits(v) }
func bits32(f float32) uint64    { return uint64(math.Float32bits(f)) }
func bits64(f float64) uint64    { return math.Float64bits(f) }

// decoder reads a number of a type, of one part, exactly.
func decoder(t valueType) func(v uint64) float64 {
	switch {
	case t.class == 'h':
		return func(v uint64) float64 { return float64(float32Of(v << 16)) }
	case t.bits/t.packed == 16:
		return func(v uint64) float64 { return decodeSmall(v, 10, 5) }
	case t.bits/t.packed == 32:
		return func(v uint64) float64 { return float64(float32Of(v)) }
	}
	return float64Of
}

// encoder rounds a number to the nearest of a type. What it is given must be exact, or
// rounded to odd, or come from a function of one part of the type for which rounding
// twice is known to do no harm.
func encoder(t valueType) func(f float64) uint64 {
	switch {
	case t.class == 'h':
		return func(f float64) uint64 { return encodeSmall(f, 7, 8, nearest) }
	case t.bits/t.packed == 16:
		return func(f float64) uint64 { return encodeSmall(f, 10, 5, nearest) }
	case t.bits/t.packed == 32:
		return func(f float64) uint64 { return bits32(float32(f)) }
	}
	return bits64
}

// decodeSmall reads a number with few bits: a sign, an exponent and a fraction.
func decodeSmall(v uint64, fraction, exponent int) float64 {
	sign := 1.0
	if v>>(fraction+exponent)&1 != 0 {
		sign = -1
	}
	bias := 1<<(exponent-1) - 1
	e := int(v >> fraction & widthMask(exponent))
	f := float64(v & widthMask(fraction))
	switch {
	case e == 1<<exponent-1 && f != 0:
		return math.NaN()
	case e == 1<<exponent-1:
		return math.Inf(int(sign))
	case e == 0:
		return sign * math.Ldexp(f, 1-bias-fraction)
	}
	return sign * math.Ldexp(f+float64(int(1)<<fraction), e-bias-fraction)
}

// rounding is a direction.
type rounding uint8

const (
	nearest rounding = iota // to even
	towardZero
	downward
	upward
)

// apply rounds to a whole number.
func (r rounding) apply(f float64) float64 {
	switch r {
	case towardZero:
		return math.Trunc(f)
	case downward:
		return math.Floor(f)
	case upward:
		return math.Ceil(f)
	default:
		return math.RoundToEven(f)
	}
}

// encodeSmall rounds a number to one with few bits.
func encodeSmall(f float64, fraction, exponent int, r rounding) uint64 {
	infinity := uint64(1<<exponent-1) << fraction
	if math.IsNaN(f) {
		return infinity | widthMask(fraction)
	}
	sign := uint64(0)
	if math.Signbit(f) {
		sign = 1 << (fraction + exponent)
		f = -f
		switch r {
		case downward:
			r = upward
		case upward:
			r = downward
		default: // the others know no sign
		}
	}
	if math.IsInf(f, 0) {
		return sign | infinity
	}
	bias := 1<<(exponent-1) - 1
	_, e := math.Frexp(f)
	e = max(e-1, 1-bias) // numbers below are subnormal
	// The scale is a power of two, so that the division is exact.
	n := uint64(r.apply(math.Ldexp(f, fraction-e)))
	result := n
	if n >= 1<<fraction {
		result = uint64(e+bias)<<fraction + n - 1<<fraction
	}
	if e > bias || result >= infinity {
		result = infinity
		if r == towardZero || r == downward {
			result-- // the largest finite number
		}
	}
	return sign | result
}

// flushed is a number without what lies below the normal ones.
func flushed(f float32) float32 {
	if b := math.Float32bits(f); b&0x7f80_0000 == 0 {
		return math.Float32frombits(b & 0x8000_0000)
	}
	return f
}

// fusedOdd is a*b+c in float64, rounded to odd: whoever rounds it again to a type of at
// most 51 bits gets what one rounding gives. The product must be exact in float64.
// S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums", 2008.
func fusedOdd(a, b, c float64) float64 {
	p := float64(a * b)
	s := float64(p + c)
	if math.IsInf(s, 0) || math.IsNaN(s) {
		return s
	}
	// Knuth's exact error of a sum.
	t := float64(s - p)
	rest := float64(p-float64(s-t)) + float64(c-t)
	if rest == 0 || math.Float64bits(s)&1 == 1 {
		return s
	}
	if (rest > 0) == (s > 0) {
		return math.Float64frombits(math.Float64bits(s) + 1)
	}
	return math.Float64frombits(math.Float64bits(s) - 1)
}

func fused32(a, b, c uint64) uint64 {
	return bits32(float32(fusedOdd(float64(float32Of(a)), float64(float32Of(b)), float64(float32Of(c)))))
}

func fused64(w *warp, i *instruction, active uint32) {
	d, a, b, c := &w.r[i.d], &w.r[i.a], &w.r[i.b], &w.r[i.c]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = math.Float64bits(math.FMA(math.Float64frombits(a[l]), math.Float64frombits(b[l]), math.Float64frombits(c[l])))
	}
}

func addFloat64(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = math.Float64bits(math.Float64frombits(a[l]) + math.Float64frombits(b[l]))
	}
}

func multiplyFloat64(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = math.Float64bits(math.Float64frombits(a[l]) * math.Float64frombits(b[l]))
	}
}

func addFloat32(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = uint64(math.Float32bits(math.Float32frombits(uint32(a[l])) + math.Float32frombits(uint32(b[l]))))
	}
}

func multiplyFloat32(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = uint64(math.Float32bits(math.Float32frombits(uint32(a[l])) * math.Float32frombits(uint32(b[l]))))
	}
}

// parts applies a function to each number in a value.
func parts(t valueType, f func(a, b, c uint64) uint64) func(a, b, c uint64) uint64 {
	if t.packed == 1 {
		return f
	}
	width := t.bits / t.packed
	mask := widthMask(width)
	return func(a, b, c uint64) uint64 {
		return f(a&mask, b&mask, c&mask) | f(a>>width, b>>width, c>>width)<<width
	}
}

// finish is what .ftz and .sat do to results of 32 bits; ftz also to operands.
type finish struct{ flush, saturate bool }

func (c *compiler) finish(t valueType) finish {
	f := finish{flush: c.flag("ftz"), saturate: c.flag("sat")}
	if (f.flush || f.saturate) && (t.bits/t.packed != 32) {
		c.failf("numbers of this type are not flushed or saturated")
	}
	return f
}

func (f finish) operand(v uint64) uint64 {
	if f.flush {
		return bits32(flushed(float32Of(v)))
	}
	return v
}

func (f finish) result(v uint64) uint64 {
	if f.flush {
		v = bits32(flushed(float32Of(v)))
	}
	if f.saturate {
		switch r := float32Of(v); {
		case r >= 1:
			v = bits32(1)
		case !(r > 0): // NaN becomes 0
			v = 0
		}
	}
	return v
}

func (f finish) wrap(g func(a, b, c uint64) uint64) func(a, b, c uint64) uint64 {
	if f == (finish{}) {
		return g
	}
	return func(a, b, c uint64) uint64 { return f.result(g(f.operand(a), f.operand(b), f.operand(c))) }
}

// exactly takes the rounding of an arithmetic instruction, which must be to the nearest.
func (c *compiler) exactly() {
	c.one("rn")
	if m := c.one("rz", "rm", "rp", "rna"); m != "" {
		c.failf("the rounding %q is not supported here", "."+m)
	}
}

func (c *compiler) floatOperands(t valueType, n int) {
	c.count(n+1, n+1)
	c.out.d, c.out.a = c.result(t.bits), c.source(1, t.bits)
	if n > 1 {
		c.out.b = c.source(2, t.bits)
	}
	if n > 2 {
		c.out.c = c.source(3, t.bits)
	}
}

// translateFloatBinary is add, sub, mul, div, min and max of floating point.
func translateFloatBinary(c *compiler, t valueType) {
	c.exactly()
	head := c.in.Opcode[0]
	if head == "div" {
		c.one("approx", "full")
	}
	notANumber := (head == "min" || head == "max") && c.flag("NaN")
	f := c.finish(t)
	c.floatOperands(t, 2)
	if f == (finish{}) && t.packed == 1 && t.class == 'f' {
		switch {
		case head == "add" && t.bits == 64:
			c.out.run = addFloat64
		case head == "mul" && t.bits == 64:
			c.out.run = multiplyFloat64
		case head == "add" && t.bits == 32:
			c.out.run = addFloat32
		case head == "mul" && t.bits == 32:
			c.out.run = multiplyFloat32
		}
		if c.out.run != nil {
			return
		}
	}
	decode, encode := decoder(t), encoder(t)
	var g func(x, y float64) float64
	// In float64 sums, products and quotients of smaller numbers can be rounded once
	// more without harm, since it has more than twice their digits.
	switch head {
	case "add":
		g = func(x, y float64) float64 { return x + y }
	case "sub":
		g = func(x, y float64) float64 { return x - y }
	case "mul":
		g = func(x, y float64) float64 { return x * y }
	case "div":
		g = func(x, y float64) float64 { return x / y }
	case "min":
		g = func(x, y float64) float64 { return extremeFloat(x, y, notANumber, math.Min) }
	case "max":
		g = func(x, y float64) float64 { return extremeFloat(x, y, notANumber, math.Max) }
	}
	h := f.wrap(parts(t, func(a, b, _ uint64) uint64 { return encode(g(decode(a), decode(b))) }))
	c.out.run = binaryOf(func(a, b uint64) uint64 { return h(a, b, 0) })
}

// extremeFloat prefers numbers to NaN, unless NaN is wanted.
func extremeFloat(x, y float64, notANumber bool, choose func(x, y float64) float64) float64 {
	if !notANumber {
		if math.IsNaN(x) {
			return y
		}
		if math.IsNaN(y) {
			return x
		}
	}
	return choose(x, y)
}

// translateFused is fma, and mad of floating point.
func translateFused(c *compiler) {
	t := c.kind()
	if !t.float() {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.exactly()
	f := c.finish(t)
	c.floatOperands(t, 3)
	if t.bits == 64 && t.packed == 1 {
		c.out.run = fused64
		return
	}
	decode, encode := decoder(t), encoder(t)
	g := func(a, b, c uint64) uint64 { return encode(fusedOdd(decode(a), decode(b), decode(c))) }
	if t.bits/t.packed == 32 {
		g = fused32
	}
	c.out.run = ternaryOf(f.wrap(parts(t, g)))
}

// translateFunction is functions of one number. Approximations are computed as well as
// the type has it, which is within their bounds.
func translateFunction(c *compiler) {
	t := c.kind()
	c.exactly()
	c.flag("approx")
	f := c.finish(t)
	if !t.float() {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.floatOperands(t, 1)
	g := map[string]func(float64) float64{
		"sqrt": math.Sqrt, "rcp": func(x float64) float64 { return 1 / x },
		"rsqrt": func(x float64) float64 { return 1 / math.Sqrt(x) },
		"ex2":   math.Exp2, "lg2": math.Log2, "sin": math.Sin, "cos": math.Cos, "tanh": math.Tanh,
	}[c.in.Opcode[0]]
	decode, encode := decoder(t), encoder(t)
	h := f.wrap(parts(t, func(a, _, _ uint64) uint64 { return encode(g(decode(a))) }))
	c.out.run = unaryOf(func(a uint64) uint64 { return h(a, 0, 0) })
}

// translateCopySign takes the sign of the first operand and the rest of the second.
func translateCopySign(c *compiler) {
	t := c.kind()
	if t.class != 'f' || t.bits < 32 || t.packed > 1 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.floatOperands(t, 2)
	sign := uint64(1) << (t.bits - 1)
	c.out.run = binaryOf(func(a, b uint64) uint64 { return a&sign | b&^sign })
}

func translateTest(c *compiler) {
	t := c.kind()
	property := c.need("finite", "infinite", "number", "notanumber", "normal", "subnormal")
	if t.class != 'f' || t.bits < 32 || t.packed > 1 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(2, 2)
	c.out.d, c.out.a = c.predicateResult(), c.source(1, t.bits)
	smallest := 0x1p-126
	if t.bits == 64 {
		smallest = 0x1p-1022
	}
	var holds func(x float64) bool // of the number without its sign
	switch property {
	case "finite":
		holds = func(x float64) bool { return x <= math.MaxFloat64 }
	case "infinite":
		holds = func(x float64) bool { return math.IsInf(x, 0) }
	case "number":
		holds = func(x float64) bool { return !math.IsNaN(x) }
	case "notanumber":
		holds = math.IsNaN
	case "normal":
		holds = func(x float64) bool { return x >= smallest && !math.IsInf(x, 0) }
	default:
		holds = func(x float64) bool { return x > 0 && x < smallest }
	}
	decode := decoder(t)
	c.out.run = func(w *warp, i *instruction, active uint32) {
		a := &w.r[i.a]
		var set uint32
		for m := active; m != 0; m &= m - 1 {
			if l := next(m); holds(math.Abs(decode(a[l]))) {
				set |= 1 << l
			}
		}
		w.setPredicate(i.d, set, active)
	}
}
