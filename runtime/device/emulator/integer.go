package emulator

import "math/bits"

// signExtend reads the low bits of a value as a signed number.
func signExtend(v uint64, bits int) int64 { return int64(v<<(64-bits)) >> (64 - bits) }

// Most operations are given as a function of values; those that occur in every loop of
// every kernel are written out below, since the call would take longer than the work.

func unaryOf(f func(a uint64) uint64) operation {
	return func(w *warp, i *instruction, active uint32) {
		d, a := &w.r[i.d], &w.r[i.a]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			d[l] = f(a[l])
		}
	}
}

func binaryOf(f func(a, b uint64) uint64) operation {
	return func(w *warp, i *instruction, active uint32) {
		d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			d[l] = f(a[l], b[l])
		}
	}
}

func ternaryOf(f func(a, b, c uint64) uint64) operation {
	return func(w *warp, i *instruction, active uint32) {
		d, a, b, c := &w.r[i.d], &w.r[i.a], &w.r[i.b], &w.r[i.c]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			d[l] = f(a[l], b[l], c[l])
		}
	}
}

func add32(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = uint64(uint32(a[l] + b[l]))
	}
}

func add64(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = a[l] + b[l]
	}
}

func subtract32(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = uint64(uint32(a[l] - b[l]))
	}
}

func subtract64(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = a[l] - b[l]
	}
}

func multiply32(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = uint64(uint32(a[l] * b[l]))
	}
}

// multiply64 also serves mul.wide.u32, whose operands have 32 bits.
func multiply64(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = a[l] * b[l]
	}
}

func multiplyWideSigned32(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = uint64(int64(int32(a[l])) * int64(int32(b[l])))
	}
}

func multiplyAdd32(w *warp, i *instruction, active uint32) {
	d, a, b, c := &w.r[i.d], &w.r[i.a], &w.r[i.b], &w.r[i.c]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = uint64(uint32(a[l]*b[l] + c[l]))
	}
}

func multiplyAdd64(w *warp, i *instruction, active uint32) {
	d, a, b, c := &w.r[i.d], &w.r[i.a], &w.r[i.b], &w.r[i.c]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = a[l]*b[l] + c[l]
	}
}

func translateAdd(c *compiler) {
	t := c.kind()
	if t.float() {
		translateFloatBinary(c, t)
		return
	}
	if t.bits < 16 || t.class != 'u' && t.class != 's' {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	subtract := c.in.Opcode[0][0] == 's'
	carryIn, carryOut := c.in.Opcode[0] == "addc" || c.in.Opcode[0] == "subc", c.flag("cc")
	c.count(3, 3)
	c.out.d, c.out.a, c.out.b = c.result(t.bits), c.source(1, t.bits), c.source(2, t.bits)
	switch {
	case carryIn || carryOut:
		c.out.run = addCarry(t.bits, subtract, carryIn, carryOut)
	case t.bits == 64 && subtract:
		c.out.run = subtract64
	case t.bits == 64:
		c.out.run = add64
	case t.bits == 32 && subtract:
		c.out.run = subtract32
	case t.bits == 32:
		c.out.run = add32
	case subtract:
		c.out.run = binaryOf(func(a, b uint64) uint64 { return (a - b) & 0xffff })
	default:
		c.out.run = binaryOf(func(a, b uint64) uint64 { return (a + b) & 0xffff })
	}
}

// addCarry is an addition or subtraction that reads or writes the carry flags, which are
// borrows for a subtraction.
func addCarry(width int, subtract, carryIn, carryOut bool) operation {
	return func(w *warp, i *instruction, active uint32) {
		d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
		flags := w.carry
		for ; active != 0; active &= active - 1 {
			l := next(active)
			var carry uint64
			if carryIn {
				carry = uint64(flags >> l & 1)
			}
			d[l], carry = sum(a[l], b[l], carry, width, subtract)
			flags = flags&^(1<<l) | uint32(carry)<<l
		}
		if carryOut {
			w.carry = flags
		}
	}
}

// sum adds or subtracts with carry.
func sum(a, b, carry uint64, width int, subtract bool) (result, out uint64) {
	switch {
	case width == 64 && subtract:
		return bits.Sub64(a, b, carry)
	case width == 64:
		return bits.Add64(a, b, carry)
	case subtract:
		v := a - b - carry
		return v & widthMask(width), v >> 63
	default:
		v := a + b + carry
		return v & widthMask(width), v >> width & 1
	}
}

// high is the upper half of a product.
func high(a, b uint64, t valueType) uint64 {
	if t.bits < 64 {
		if t.signed() {
			return uint64(signExtend(a, t.bits)*signExtend(b, t.bits)) >> t.bits & t.mask()
		}
		return a * b >> t.bits
	}
	h, _ := bits.Mul64(a, b)
	if t.signed() {
		if int64(a) < 0 {
			h -= b
		}
		if int64(b) < 0 {
			h -= a
		}
	}
	return h
}

func translateMultiply(c *compiler) {
	t := c.kind()
	if t.float() {
		if c.in.Opcode[0] == "mad" {
			c.modifiers = append(c.modifiers, t.name)
			translateFused(c)
			return
		}
		translateFloatBinary(c, t)
		return
	}
	if t.bits < 16 || t.class == 'p' || t.class == 'b' {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	head := c.in.Opcode[0]
	half := c.need("lo", "hi", "wide")
	wide := t.bits
	if half == "wide" {
		wide *= 2
	}
	if wide > 64 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	carryOut := c.flag("cc")
	c.out.d, c.out.a, c.out.b = c.result(wide), c.source(1, t.bits), c.source(2, t.bits)
	if head == "mul" {
		c.count(3, 3)
		if carryOut {
			c.failf("a product has no carry")
		}
		c.out.run = product(t, half)
		return
	}
	c.count(4, 4)
	c.out.c = c.source(3, wide)
	switch {
	case head == "madc" || carryOut:
		if half == "wide" {
			c.failf("a wide product has no carry")
		}
		c.out.run = multiplyAddCarry(t, half == "hi", head == "madc", carryOut)
	case half == "lo" && t.bits == 32:
		c.out.run = multiplyAdd32
	case half == "lo" && t.bits == 64, half == "wide" && t.bits == 32 && !t.signed():
		c.out.run = multiplyAdd64
	default:
		multiply, mask := productOf(t, half), widthMask(wide)
		c.out.run = ternaryOf(func(a, b, c uint64) uint64 { return (multiply(a, b) + c) & mask })
	}
}

// product is the operation of mul.
func product(t valueType, half string) operation {
	switch {
	case half == "lo" && t.bits == 32:
		return multiply32
	case half == "lo" && t.bits == 64, half == "wide" && !t.signed() && t.bits == 32:
		return multiply64
	case half == "wide" && t.signed() && t.bits == 32:
		return multiplyWideSigned32
	}
	return binaryOf(productOf(t, half))
}

func productOf(t valueType, half string) func(a, b uint64) uint64 {
	switch half {
	case "hi":
		return func(a, b uint64) uint64 { return high(a, b, t) }
	case "wide":
		if t.signed() {
			mask := widthMask(2 * t.bits)
			return func(a, b uint64) uint64 { return uint64(signExtend(a, t.bits)*signExtend(b, t.bits)) & mask }
		}
		return func(a, b uint64) uint64 { return a * b }
	}
	return func(a, b uint64) uint64 { return a * b & t.mask() }
}

func multiplyAddCarry(t valueType, upper, carryIn, carryOut bool) operation {
	return func(w *warp, i *instruction, active uint32) {
		d, a, b, c := &w.r[i.d], &w.r[i.a], &w.r[i.b], &w.r[i.c]
		flags := w.carry
		for ; active != 0; active &= active - 1 {
			l := next(active)
			p := a[l] * b[l] & t.mask()
			if upper {
				p = high(a[l], b[l], t)
			}
			var carry uint64
			if carryIn {
				carry = uint64(flags >> l & 1)
			}
			d[l], carry = sum(p, c[l], carry, t.bits, false)
			flags = flags&^(1<<l) | uint32(carry)<<l
		}
		if carryOut {
			w.carry = flags
		}
	}
}

func translateDivide(c *compiler) {
	t := c.kind()
	if t.float() {
		if c.in.Opcode[0] != "div" {
			c.failf("numbers of floating point have no remainder")
		}
		translateFloatBinary(c, t)
		return
	}
	if t.bits < 16 || t.class == 'p' || t.class == 'b' {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(3, 3)
	c.out.d, c.out.a, c.out.b = c.result(t.bits), c.source(1, t.bits), c.source(2, t.bits)
	remainder := c.in.Opcode[0] == "rem"
	c.out.run = binaryOf(func(a, b uint64) uint64 {
		switch {
		case b == 0: // not defined; what NVIDIA's devices give
			if remainder {
				return a
			}
			return t.mask()
		case t.signed() && remainder:
			return uint64(signExtend(a, t.bits)%signExtend(b, t.bits)) & t.mask()
		case t.signed():
			return uint64(signExtend(a, t.bits)/signExtend(b, t.bits)) & t.mask()
		case remainder:
			return a % b
		}
		return a / b
	})
}

func translateExtreme(c *compiler) {
	t := c.kind()
	if t.float() {
		translateFloatBinary(c, t)
		return
	}
	if t.bits < 16 || t.class == 'p' || t.class == 'b' {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(3, 3)
	c.out.d, c.out.a, c.out.b = c.result(t.bits), c.source(1, t.bits), c.source(2, t.bits)
	c.out.run = binaryOf(extreme(t, c.in.Opcode[0] == "max"))
}

// extreme is the smaller or the larger of two integers.
func extreme(t valueType, larger bool) func(a, b uint64) uint64 {
	flip := uint64(0)
	if t.signed() {
		flip = 1 << (t.bits - 1)
	}
	return func(a, b uint64) uint64 {
		if (a^flip < b^flip) == larger {
			return b
		}
		return a
	}
}

// translateSign is abs and neg.
func translateSign(c *compiler) {
	t := c.kind()
	negate := c.in.Opcode[0] == "neg"
	c.count(2, 2)
	if t.float() {
		c.flag("ftz")
		// Signs are bits: no rounding, and NaN stays NaN.
		sign := uint64(1) << (t.bits - 1)
		if t.packed == 2 {
			sign |= uint64(1) << (t.bits/2 - 1)
		}
		c.out.d, c.out.a = c.result(t.bits), c.source(1, t.bits)
		if negate {
			c.out.run = unaryOf(func(a uint64) uint64 { return a ^ sign })
		} else {
			c.out.run = unaryOf(func(a uint64) uint64 { return a &^ sign })
		}
		return
	}
	if t.class != 's' || t.bits < 16 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.out.d, c.out.a = c.result(t.bits), c.source(1, t.bits)
	c.out.run = unaryOf(func(a uint64) uint64 {
		if negate || signExtend(a, t.bits) < 0 {
			return -a & t.mask()
		}
		return a
	})
}
