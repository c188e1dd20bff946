package emulator

import (
	"math"
	"math/big"
	"math/bits"
)

var (
	wholeRoundings = map[string]rounding{"rni": nearest, "rzi": towardZero, "rmi": downward, "rpi": upward}
	floatRoundings = map[string]rounding{"rn": nearest, "rz": towardZero, "rm": downward, "rp": upward}
)

// conversion is one cvt.
type conversion struct {
	to, from        valueType
	round           rounding
	whole           bool // rounds to a whole number
	flush, saturate bool
}

func translateConvert(c *compiler) {
	v := conversion{from: c.kind()}
	v.to = c.kind()
	v.flush, v.saturate = c.flag("ftz"), c.flag("sat")
	if m := c.one("rni", "rzi", "rmi", "rpi"); m != "" {
		v.round, v.whole = wholeRoundings[m], true
	} else if m := c.one("rn", "rz", "rm", "rp"); m != "" {
		v.round = floatRoundings[m]
	}
	relu := c.flag("relu")
	if v.to.class == 'p' || v.from.class == 'p' || v.from.packed > 1 {
		c.failf("the types are not supported here")
	}
	if v.to.packed > 1 {
		translatePack(c, v, relu)
		return
	}
	if relu {
		c.failf("%q is not supported here", ".relu")
	}
	c.count(2, 2)
	destination, source := c.operand(0), c.operand(1)
	width := c.width(destination, v.to.bits)
	c.out.d = c.write(destination, width)
	c.out.a = c.read(source, c.width(source, v.from.bits))
	if !v.to.float() && !v.from.float() {
		translateIntegers(c, v, width)
		return
	}
	if v.to.float() && v.from.float() && v.to.name != v.from.name && v.whole {
		c.failf("the rounding to a whole number is not supported here")
	}
	f := v.function()
	if v.from.bits < 64 {
		mask, exact := v.from.mask(), f
		f = func(a uint64) uint64 { return exact(a & mask) }
	}
	if v.to.signed() && width > v.to.bits {
		exact := f
		f = func(a uint64) uint64 { return uint64(signExtend(exact(a), v.to.bits)) & widthMask(width) }
	}
	c.out.run = unaryOf(f)
}

// translateIntegers extends or cuts an integer.
func translateIntegers(c *compiler, v conversion, width int) {
	from, to := v.from, v.to
	switch {
	case v.saturate:
		c.out.run = unaryOf(func(a uint64) uint64 { return saturateInteger(a&from.mask(), from, to, width) })
	case from.signed() && (to.bits > from.bits || width > from.bits):
		mask := widthMask(max(to.bits, width))
		if !to.signed() {
			mask = to.mask()
		}
		if to.bits < from.bits {
			c.out.run = unaryOf(func(a uint64) uint64 { return uint64(signExtend(a, to.bits)) & mask })
			return
		}
		c.out.run = unaryOf(func(a uint64) uint64 { return uint64(signExtend(a, from.bits)) & mask })
	case to.signed() && width > to.bits:
		mask := widthMask(width)
		narrow := min(to.bits, from.bits)
		if from.bits < to.bits {
			c.out.value, c.out.run = from.mask(), moveMasked
			return
		}
		c.out.run = unaryOf(func(a uint64) uint64 { return uint64(signExtend(a, narrow)) & mask })
	default:
		c.out.value, c.out.run = to.mask()&from.mask(), moveMasked
	}
}

func saturateInteger(a uint64, from, to valueType, width int) uint64 {
	v := new(big.Int).SetUint64(a)
	if from.signed() {
		v.SetInt64(signExtend(a, from.bits))
	}
	low, high := new(big.Int), new(big.Int).SetUint64(to.mask())
	if to.signed() {
		high.SetUint64(to.mask() >> 1)
		low.Not(high)
	}
	if v.Cmp(low) < 0 {
		v = low
	}
	if v.Cmp(high) > 0 {
		v = high
	}
	if to.signed() {
		return uint64(v.Int64()) & widthMask(width)
	}
	return v.Uint64()
}

func (v conversion) function() func(a uint64) uint64 {
	switch {
	case v.from.float() && v.to.float():
		return v.floats()
	case v.from.float():
		return v.fromFloat()
	}
	return v.toFloat()
}

// fromFloat rounds to an integer. What does not fit becomes the nearest that does.
func (v conversion) fromFloat() func(a uint64) uint64 {
	decode := decoder(v.from)
	to := v.to
	limit := math.Ldexp(1, to.bits)
	if to.signed() {
		limit /= 2
	}
	return func(a uint64) uint64 {
		f := decode(a)
		if v.flush && v.from.bits == 32 {
			f = float64(flushed(float32(f)))
		}
		f = v.round.apply(f)
		switch {
		case math.IsNaN(f):
			if v.from.bits < 64 && to.bits < 64 {
				return 0
			}
			return 1 << (to.bits - 1)
		case to.signed() && f >= limit:
			return to.mask() >> 1
		case to.signed() && f < -limit:
			return 1 << (to.bits - 1)
		case to.signed():
			return uint64(int64(f)) & to.mask()
		case f >= limit:
			return to.mask()
		case f <= 0:
			return 0
		}
		return uint64(f)
	}
}

// toFloat rounds an integer to a number.
func (v conversion) toFloat() func(a uint64) uint64 {
	from, to := v.from, v.to
	if v.round == nearest && !v.saturate {
		switch {
		case to.bits == 64 && from.signed():
			return func(a uint64) uint64 { return bits64(float64(signExtend(a, from.bits))) }
		case to.bits == 64:
			return func(a uint64) uint64 { return bits64(float64(a)) }
		case to.bits == 32 && from.signed():
			return func(a uint64) uint64 { return bits32(float32(signExtend(a, from.bits))) }
		case to.bits == 32:
			return func(a uint64) uint64 { return bits32(float32(a)) }
		}
	}
	return func(a uint64) uint64 {
		negative := from.signed() && signExtend(a, from.bits) < 0
		if negative {
			a = uint64(-signExtend(a, from.bits))
		}
		// To odd in 53 digits first: then the second rounding is as if it were the only.
		f := float64(a)
		if n := bits.Len64(a); n > 53 {
			lost := n - 53
			kept := a >> lost
			if a&widthMask(lost) != 0 {
				if to.bits == 64 {
					return v.round64(a, negative)
				}
				kept |= 1
			}
			f = math.Ldexp(float64(kept), lost)
		}
		if negative {
			f = -f
		}
		return v.encode(f)
	}
}

// round64 rounds an integer of more than 53 digits to float64 in a direction.
func (v conversion) round64(a uint64, negative bool) uint64 {
	modes := map[rounding]big.RoundingMode{
		nearest: big.ToNearestEven, towardZero: big.ToZero, downward: big.ToNegativeInf, upward: big.ToPositiveInf,
	}
	exact := new(big.Float).SetUint64(a)
	if negative {
		exact.Neg(exact)
	}
	f, _ := new(big.Float).SetPrec(53).SetMode(modes[v.round]).Set(exact).Float64()
	return bits64(v.clamp(f))
}

func (v conversion) clamp(f float64) float64 {
	if v.saturate {
		if math.IsNaN(f) {
			return 0
		}
		f = min(max(f, 0), 1)
	}
	return f
}

// encode rounds a number, which is exact or rounded to odd, in the wanted direction.
func (v conversion) encode(f float64) uint64 {
	f = v.clamp(f)
	switch {
	case v.to.class == 'h':
		return encodeSmall(f, 7, 8, v.round)
	case v.to.bits == 16:
		return encodeSmall(f, 10, 5, v.round)
	case v.to.bits == 64:
		return bits64(f)
	}
	if v.round == nearest || math.IsNaN(f) {
		return v.flushResult(float32(f))
	}
	return v.flushResult(math.Float32frombits(uint32(encodeSmall(f, 23, 8, v.round))))
}

func (v conversion) flushResult(f float32) uint64 {
	if v.flush {
		f = flushed(f)
	}
	return bits32(f)
}

// floats converts between types of floating point, or rounds to a whole number.
func (v conversion) floats() func(a uint64) uint64 {
	decode := decoder(v.from)
	return func(a uint64) uint64 {
		f := decode(a)
		if v.flush && v.from.bits == 32 && v.from.class == 'f' {
			f = float64(flushed(float32(f)))
		}
		if v.whole {
			f = v.round.apply(f)
		}
		return v.encode(f)
	}
}

// translatePack rounds two numbers of 32 bits to two of 16 bits in one register. The
// first operand goes to the upper half.
func translatePack(c *compiler, v conversion, relu bool) {
	if v.from.name != "f32" || v.whole || v.saturate || v.to.bits != 32 {
		c.failf("the types are not supported here")
	}
	c.count(3, 3)
	c.out.d, c.out.a, c.out.b = c.result(32), c.source(1, 32), c.source(2, 32)
	v.to.bits, v.to.packed = 16, 1
	half := func(a uint64) uint64 {
		f := float64(float32Of(a))
		if relu && (f < 0) {
			f = 0
		}
		return v.encode(f)
	}
	c.out.run = binaryOf(func(a, b uint64) uint64 { return half(a)<<16 | half(b) })
}
