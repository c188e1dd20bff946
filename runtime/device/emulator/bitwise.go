package emulator

import "math/bits"

func and(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = a[l] & b[l]
	}
}

func or(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = a[l] | b[l]
	}
}

func xor(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = a[l] ^ b[l]
	}
}

// Predicates are sets of lanes: their operations take all lanes at once.

func (w *warp) setPredicate(slot int32, value, active uint32) {
	w.p[slot] = w.p[slot]&^active | value&active
}

func andPredicate(w *warp, i *instruction, active uint32) {
	w.setPredicate(i.d, (w.p[i.a]^uint32(i.value))&(w.p[i.b]^i.invert), active)
}

func orPredicate(w *warp, i *instruction, active uint32) {
	w.setPredicate(i.d, (w.p[i.a]^uint32(i.value))|(w.p[i.b]^i.invert), active)
}

func xorPredicate(w *warp, i *instruction, active uint32) {
	w.setPredicate(i.d, w.p[i.a]^uint32(i.value)^w.p[i.b]^i.invert, active)
}

func movePredicate(w *warp, i *instruction, active uint32) {
	w.setPredicate(i.d, w.p[i.a]^uint32(i.value), active)
}

func translateLogic(c *compiler) {
	t := c.kind()
	head := c.in.Opcode[0]
	if t.class == 'p' {
		var invert uint32
		c.out.d = c.predicateResult()
		c.out.a, invert = c.predicate(1)
		c.out.value = uint64(invert)
		if head == "not" {
			c.count(2, 2)
			c.out.value = uint64(^invert)
			c.out.run = movePredicate
			return
		}
		c.count(3, 3)
		c.out.b, c.out.invert = c.predicate(2)
		switch head {
		case "and":
			c.out.run = andPredicate
		case "or":
			c.out.run = orPredicate
		case "xor":
			c.out.run = xorPredicate
		default:
			c.failf("the type %q is not supported here", "."+t.name)
		}
		return
	}
	if t.class != 'b' || t.bits < 16 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.out.d, c.out.a = c.result(t.bits), c.source(1, t.bits)
	switch head {
	case "not":
		c.count(2, 2)
		c.out.run = unaryOf(func(a uint64) uint64 { return ^a & t.mask() })
		return
	case "cnot":
		c.count(2, 2)
		c.out.run = unaryOf(func(a uint64) uint64 { return truth(a == 0) })
		return
	}
	c.count(3, 3)
	c.out.b = c.source(2, t.bits)
	c.out.run = map[string]operation{"and": and, "or": or, "xor": xor}[head]
}

func truth(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}

// translateTable3 is lop3: a function of three bits, as a table of eight.
func translateTable3(c *compiler) {
	if t := c.kind(); t.name != "b32" {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(5, 5)
	c.out.d, c.out.a, c.out.b, c.out.c = c.result(32), c.source(1, 32), c.source(2, 32), c.source(3, 32)
	table := c.number(4, 255)
	c.out.run = ternaryOf(func(a, b, c uint64) uint64 {
		var result uint64
		for row := range uint64(8) {
			if table>>row&1 == 0 {
				continue
			}
			x, y, z := a, b, c
			if row&4 == 0 {
				x = ^x
			}
			if row&2 == 0 {
				y = ^y
			}
			if row&1 == 0 {
				z = ^z
			}
			result |= x & y & z
		}
		return result & 0xffff_ffff
	})
}

// number is an operand that must be a number up to a limit.
func (c *compiler) number(n int, limit uint64) uint64 {
	o := c.operand(n)
	if v, ok := immediate(o); ok && v <= limit {
		return v
	}
	c.failf("an operand must be a number up to %d", limit)
	return 0
}

func shiftLeft(mask uint64, width uint64) operation {
	return func(w *warp, i *instruction, active uint32) {
		d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			d[l] = a[l] << min(b[l], width) & mask
		}
	}
}

func shiftRight(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = a[l] >> min(b[l], 64)
	}
}

func shiftRightSigned(width int) operation {
	mask := widthMask(width)
	return func(w *warp, i *instruction, active uint32) {
		d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			d[l] = uint64(signExtend(a[l], width)>>min(b[l], 63)) & mask
		}
	}
}

func translateShift(c *compiler) {
	t := c.integer()
	if c.in.Opcode[0] == "shl" && t.class != 'b' {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(3, 3)
	c.out.d, c.out.a, c.out.b = c.result(t.bits), c.source(1, t.bits), c.source(2, 32)
	switch {
	case c.in.Opcode[0] == "shl":
		c.out.run = shiftLeft(t.mask(), uint64(t.bits))
	case t.signed():
		c.out.run = shiftRightSigned(t.bits)
	default:
		c.out.run = shiftRight
	}
}

// translateFunnel shifts two words as one.
func translateFunnel(c *compiler) {
	if t := c.kind(); t.name != "b32" {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	left, wrap := c.need("l", "r") == "l", c.need("wrap", "clamp") == "wrap"
	c.count(4, 4)
	c.out.d, c.out.a, c.out.b, c.out.c = c.result(32), c.source(1, 32), c.source(2, 32), c.source(3, 32)
	c.out.run = ternaryOf(func(a, b, c uint64) uint64 {
		if wrap {
			c &= 31
		}
		c = min(c, 32)
		both := b<<32 | a
		if left {
			return both << c >> 32
		}
		return both >> c & 0xffff_ffff
	})
}

func translateCount(c *compiler) {
	t := c.integer()
	c.count(2, 2)
	c.out.a = c.source(1, t.bits)
	width := t.bits
	if width == 16 || (t.class == 'b') == (c.in.Opcode[0] == "bfind") {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	switch c.in.Opcode[0] {
	case "popc":
		c.out.d = c.result(32)
		c.out.run = unaryOf(func(a uint64) uint64 { return uint64(bits.OnesCount64(a)) })
	case "clz":
		c.out.d = c.result(32)
		c.out.run = unaryOf(func(a uint64) uint64 { return uint64(bits.LeadingZeros64(a) - (64 - width)) })
	case "brev":
		c.out.d = c.result(width)
		c.out.run = unaryOf(func(a uint64) uint64 { return bits.Reverse64(a) >> (64 - width) })
	default: // bfind: the position of the highest bit that is not a copy of the sign
		c.out.d = c.result(32)
		shift := c.flag("shiftamt")
		c.out.run = unaryOf(func(a uint64) uint64 {
			if t.signed() && a>>(width-1) != 0 {
				a = ^a & t.mask()
			}
			if a == 0 {
				return 0xffff_ffff
			}
			at := uint64(63 - bits.LeadingZeros64(a))
			if shift {
				return uint64(width-1) - at
			}
			return at
		})
	}
}

// translateExtract is bfe: a field of bits, extended by its sign.
func translateExtract(c *compiler) {
	t := c.integer()
	if t.bits == 16 || t.class == 'b' {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(4, 4)
	c.out.d, c.out.a, c.out.b, c.out.c = c.result(t.bits), c.source(1, t.bits), c.source(2, 32), c.source(3, 32)
	c.out.run = ternaryOf(func(a, b, c uint64) uint64 {
		position, length := b&0xff, c&0xff
		if length == 0 {
			return 0
		}
		sign := uint64(0)
		if t.signed() {
			sign = a >> min(position+length-1, uint64(t.bits-1)) & 1
		}
		field := a >> min(position, 64)
		if length >= uint64(t.bits) {
			length = uint64(t.bits)
		}
		valid := uint64(0) // bits of the field that lie in the operand
		if position < uint64(t.bits) {
			valid = min(length, uint64(t.bits)-position)
		}
		field &= widthMask(int(valid))
		if sign == 1 {
			field |= ^widthMask(int(valid))
		}
		return field & t.mask()
	})
}

// translateInsert is bfi.
func translateInsert(c *compiler) {
	t := c.kind()
	if t.class != 'b' || t.bits < 32 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(5, 5)
	c.out.d, c.out.a, c.out.b, c.out.c = c.result(t.bits), c.source(1, t.bits), c.source(2, t.bits), c.source(3, 32)
	c.out.list = []int32{c.source(4, 32)}
	c.out.run = func(w *warp, i *instruction, active uint32) {
		d, a, b, position, length := &w.r[i.d], &w.r[i.a], &w.r[i.b], &w.r[i.c], &w.r[i.list[0]]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			at, n := position[l]&0xff, length[l]&0xff
			field := widthMask(int(n)) << at & t.mask()
			d[l] = b[l]&^field | a[l]<<at&field
		}
	}
}

// translatePermute is prmt: four bytes chosen among eight, or their signs. In a mode, a
// number from 0 to 3 stands for four choices.
func translatePermute(c *compiler) {
	mode := c.one("f4e", "b4e", "rc8", "ecl", "ecr", "rc16")
	if t := c.kind(); t.name != "b32" {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(4, 4)
	c.out.d, c.out.a, c.out.b, c.out.c = c.result(32), c.source(1, 32), c.source(2, 32), c.source(3, 32)
	choices, short := permuteModes[mode]
	if choice, ok := immediate(c.operand(3)); ok && !short && choice&0x8888 == 0 {
		c.out.run = choose(choice)
		return
	}
	c.out.run = ternaryOf(func(a, b, c uint64) uint64 {
		if short {
			c = choices[c&3]
		}
		both := b<<32 | a
		var result uint64
		for n := range 4 {
			choice := c >> (4 * n) & 15
			v := both >> (8 * (choice & 7)) & 0xff
			if choice&8 != 0 {
				v = uint64(int8(v)>>7) & 0xff
			}
			result |= v << (8 * n)
		}
		return result
	})
}

// choose is prmt as it mostly is: the choice is known, and no sign is in it.
func choose(choice uint64) operation {
	var shift [4]uint64
	for n := range shift {
		shift[n] = choice >> (4 * n) & 7 * 8
	}
	return func(w *warp, i *instruction, active uint32) {
		d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			both := b[l]<<32 | a[l]
			d[l] = both>>shift[0]&0xff | both>>shift[1]&0xff<<8 | both>>shift[2]&0xff<<16 | both>>shift[3]&0xff<<24
		}
	}
}

// permuteModes are the choices that the modes of prmt stand for: extraction forward and
// backward, replication of bytes and of halves, and clamping from the left and the right.
var permuteModes = map[string][4]uint64{
	"f4e":  {0x3210, 0x4321, 0x5432, 0x6543},
	"b4e":  {0x5670, 0x6701, 0x7012, 0x0123},
	"rc8":  {0x0000, 0x1111, 0x2222, 0x3333},
	"ecl":  {0x3210, 0x3211, 0x3222, 0x3333},
	"ecr":  {0x0000, 0x1110, 0x2210, 0x3210},
	"rc16": {0x1010, 0x3232, 0x1010, 0x3232},
}

// translateDistance is sad: |a-b|+c.
func translateDistance(c *compiler) {
	t := c.integer()
	if t.class == 'b' {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(4, 4)
	c.out.d, c.out.a, c.out.b, c.out.c = c.result(t.bits), c.source(1, t.bits), c.source(2, t.bits), c.source(3, t.bits)
	smaller, larger := extreme(t, false), extreme(t, true)
	c.out.run = ternaryOf(func(a, b, c uint64) uint64 { return (larger(a, b) - smaller(a, b) + c) & t.mask() })
}

// translateDot4 is dp4a: the scalar product of four bytes, added to a word.
func translateDot4(c *compiler) {
	second, first := c.kind(), c.kind()
	if first.bits != 32 || second.bits != 32 || first.float() || second.float() {
		c.failf("the types are not supported here")
	}
	c.count(4, 4)
	c.out.d, c.out.a, c.out.b, c.out.c = c.result(32), c.source(1, 32), c.source(2, 32), c.source(3, 32)
	part := func(v uint64, n int, signed bool) int64 {
		if signed {
			return int64(int8(v >> (8 * n)))
		}
		return int64(uint8(v >> (8 * n)))
	}
	c.out.run = ternaryOf(func(a, b, c uint64) uint64 {
		for n := range 4 {
			c += uint64(part(a, n, first.signed()) * part(b, n, second.signed()))
		}
		return c & 0xffff_ffff
	})
}
