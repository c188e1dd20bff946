package dense

import (
	"fmt"
	"math"

	"github.com/heddle-lang/heddle/ir"
)

// Activation is the function at the end of a layer.
type Activation uint8

// The activations. The documentation of the package says how they are computed.
const (
	None Activation = iota
	ReLU
	Sigmoid
	Tanh
)

var activationNames = [...]string{None: "none", ReLU: "relu", Sigmoid: "sigmoid", Tanh: "tanh"}

func (a Activation) String() string {
	if int(a) < len(activationNames) {
		return activationNames[a]
	}
	return fmt.Sprintf("activation %d", uint8(a))
}

// exponential has the constants of the exponential in one type.
type exponential struct {
	ln2High, ln2Low float64 // their sum is ln 2; few bits of the first are set
	// rounder is what makes a number of moderate size a whole one when it is added: the
	// last bit of a sum of its size counts ones.
	rounder float64
	// mantissa is how many bits the fraction has, bias what is added to the exponent.
	mantissa, bias int64
	degree         int     // of the polynomial
	underflow      float64 // exp(-underflow) is 0
	one            float64 // tanh(one) is 1
}

// The high parts have 9 and 32 bits, n at most 8 and 11.
const (
	ln2High32 = 0x1.63p-1
	ln2High64 = 0x1.62e42feep-1
)

var exponentials = map[ir.Kind]*exponential{
	ir.F32: {ln2High32, math.Ln2 - ln2High32, 0x1.8p23, 23, 127, 8, 104, 10},
	ir.F64: {ln2High64, math.Ln2 - ln2High64, 0x1.8p52, 52, 1023, 13, 746, 20},
}

// activate applies an activation.
func (e *emitter) activate(a Activation, x *ir.Value) *ir.Value {
	zero, one := e.float(x.Type, 0), e.float(x.Type, 1)
	switch a {
	case ReLU:
		return e.choose(e.compareFloat("le", x, zero), zero, x)
	case Sigmoid:
		t := e.decay(e.unary(ir.OpFloatAbs, x))
		return e.binary(ir.OpFloatDiv, e.choose(e.compareFloat("lt", x, zero), t, one), e.addFloat(one, t))
	case Tanh:
		return e.tanh(x)
	default:
		return x
	}
}

// decay gives exp(-a) for a value that is not negative.
func (e *emitter) decay(a *ir.Value) *ir.Value {
	x := exponentials[a.Type.Kind]
	limit := e.float(a.Type, x.underflow)
	a = e.choose(e.compareFloat("gt", a, limit), limit, a)
	r, n := e.reduce(e.unary(ir.OpFloatNeg, a))
	whole := e.addFloat(e.float(a.Type, 1), e.series(r))
	// The exponent is scaled in two steps, so that only the second rounds where the
	// result is subnormal.
	half := e.binary(ir.OpShiftRightS, n, e.word(1))
	whole = e.mulFloat(whole, e.power(half, a.Type))
	return e.mulFloat(whole, e.power(e.binary(ir.OpIntegerSub, n, half), a.Type))
}

// tanh is m / (m + 2) with m = exp(2|x|) - 1 = 2^n s + (2^n - 1), s being the series.
func (e *emitter) tanh(x *ir.Value) *ir.Value {
	t := x.Type
	limit := e.float(t, exponentials[t.Kind].one)
	a := e.unary(ir.OpFloatAbs, x)
	a = e.choose(e.compareFloat("gt", a, limit), limit, a)
	r, n := e.reduce(e.addFloat(a, a))
	power := e.power(n, t)
	m := e.addFloat(e.mulFloat(power, e.series(r)), e.subFloat(power, e.float(t, 1)))
	size := e.binary(ir.OpFloatDiv, m, e.addFloat(m, e.float(t, 2)))

	integer, least := i32, e.word(math.MinInt32)
	if t.Kind == ir.F64 {
		integer, least = i64, e.long(math.MinInt64)
	}
	sign := e.and(e.typed(ir.OpReinterpret, x, integer), least)
	return e.typed(ir.OpReinterpret, e.binary(ir.OpIntegerOr, e.typed(ir.OpReinterpret, size, integer), sign), t)
}

// reduce gives r and n with y = n ln 2 + r and |r| at most about (ln 2) / 2. Of a NaN it
// gives a NaN and some number.
func (e *emitter) reduce(y *ir.Value) (r, n *ir.Value) {
	t := y.Type
	x := exponentials[t.Kind]
	rounder := e.float(t, x.rounder)
	rounded := e.addFloat(e.mulFloat(y, e.float(t, math.Log2E)), rounder)
	whole := e.subFloat(rounded, rounder)
	r = e.subFloat(y, e.mulFloat(whole, e.float(t, x.ln2High)))
	r = e.subFloat(r, e.mulFloat(whole, e.float(t, x.ln2Low)))
	if t.Kind == ir.F64 {
		low := e.typed(ir.OpWrap, e.typed(ir.OpReinterpret, rounded, i64), i32)
		return r, low // of the rounder's own bits the low 32 are 0
	}
	bits := e.typed(ir.OpReinterpret, rounded, i32)
	return r, e.binary(ir.OpIntegerSub, bits, e.word(int64(math.Float32bits(float32(x.rounder)))))
}

// series is exp(r) - 1 for small r.
func (e *emitter) series(r *ir.Value) *ir.Value {
	t := r.Type
	degree := exponentials[t.Kind].degree
	factorial := 1.0
	for k := 2; k <= degree; k++ {
		factorial *= float64(k)
	}
	sum := e.float(t, 1/factorial)
	for k := degree; k > 2; k-- {
		factorial /= float64(k)
		sum = e.addFloat(e.mulFloat(sum, r), e.float(t, 1/factorial))
	}
	return e.addFloat(r, e.mulFloat(e.mulFloat(r, r), sum))
}

// power is 2^n, of a number whose power is normal.
func (e *emitter) power(n *ir.Value, t ir.Type) *ir.Value {
	x := exponentials[t.Kind]
	exponent := e.add(n, e.word(x.bias))
	if t.Kind == ir.F64 {
		wide := e.binary(ir.OpShiftLeft, e.typed(ir.OpExtendS, exponent, i64), e.long(x.mantissa))
		return e.typed(ir.OpReinterpret, wide, t)
	}
	return e.typed(ir.OpReinterpret, e.binary(ir.OpShiftLeft, exponent, e.word(x.mantissa)), t)
}
