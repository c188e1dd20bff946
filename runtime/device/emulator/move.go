package emulator

import "github.com/heddle-lang/heddle/runtime/device/emulator/ptx"

// Windows of the address space: generic addresses of memory that is not global have one
// of these numbers in their upper bits.
const (
	windowShift  = 40
	sharedWindow = 1
	localWindow  = 2
	// constantWindow holds the constants of a module, parameterWindow the parameters of
	// a kernel.
	constantWindow  = 3
	parameterWindow = 4
)

// windowOf is where a space begins among generic addresses.
func windowOf(space ptx.Space) uint64 {
	switch space {
	case ptx.Shared:
		return sharedWindow << windowShift
	case ptx.Local:
		return localWindow << windowShift
	case ptx.Constant:
		return constantWindow << windowShift
	case ptx.Parameter:
		return parameterWindow << windowShift
	default:
		return 0
	}
}

func immediate(o *ptx.Operand) (uint64, bool) { return o.Value, o.Kind == ptx.ImmediateOperand }

func move(w *warp, i *instruction, active uint32) {
	d, a := &w.r[i.d], &w.r[i.a]
	if active == allLanes {
		*d = *a
		return
	}
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = a[l]
	}
}

// moveMasked keeps the bits of value.
func moveMasked(w *warp, i *instruction, active uint32) {
	d, a, mask := &w.r[i.d], &w.r[i.a], i.value
	for ; active != 0; active &= active - 1 {
		l := next(active)
		d[l] = a[l] & mask
	}
}

func translateMove(c *compiler) {
	t := c.kind()
	c.count(2, 2)
	if t.class == 'p' {
		var invert uint32
		c.out.d = c.predicateResult()
		c.out.a, invert = c.predicate(1)
		c.out.value = uint64(invert)
		c.out.run = movePredicate
		return
	}
	if t.bits < 16 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	to, from := c.operand(0), c.operand(1)
	switch {
	case from.Kind == ptx.SpecialOperand && (from.Symbol == "%clock64" || from.Symbol == "%clock" || from.Symbol == "%globaltimer"):
		c.out.d, c.out.value, c.out.run = c.result(t.bits), t.mask(), readClock
	case to.Kind == ptx.VectorOperand && from.Kind == ptx.VectorOperand:
		c.failf("a vector is moved to a vector")
	case to.Kind == ptx.VectorOperand:
		part := c.part(t, len(to.Elements))
		c.out.a = c.source(1, t.bits)
		for n := range to.Elements {
			c.out.list = append(c.out.list, c.write(&to.Elements[n], part))
		}
		c.out.value = uint64(part)
		c.out.run = split
	case from.Kind == ptx.VectorOperand:
		part := c.part(t, len(from.Elements))
		c.out.d = c.result(t.bits)
		for n := range from.Elements {
			c.out.list = append(c.out.list, c.read(&from.Elements[n], part))
		}
		c.out.value = uint64(part)
		c.out.run = join
	default:
		c.out.d, c.out.a = c.result(t.bits), c.source(1, t.bits)
		c.out.run = move
	}
}

// part is the width of the parts of a vector.
func (c *compiler) part(t valueType, n int) int {
	if n != 2 && n != 4 || t.bits/n < 8 {
		c.failf("the vector has %d parts", n)
	}
	return t.bits / n
}

func split(w *warp, i *instruction, active uint32) {
	a := w.r[i.a] // a copy: a result may be the operand
	mask := widthMask(int(i.value))
	for n, slot := range i.list {
		d := &w.r[slot]
		for m := active; m != 0; m &= m - 1 {
			l := next(m)
			d[l] = a[l] >> (uint64(n) * i.value) & mask
		}
	}
}

func join(w *warp, i *instruction, active uint32) {
	d := &w.r[i.d]
	for ; active != 0; active &= active - 1 {
		l := next(active)
		var v uint64
		for n, slot := range i.list {
			v |= w.r[slot][l] << (uint64(n) * i.value)
		}
		d[l] = v
	}
}

// readClock counts the instructions that the warp's worker has done.
func readClock(w *warp, i *instruction, active uint32) {
	d := &w.r[i.d]
	for ; active != 0; active &= active - 1 {
		d[next(active)] = w.block.worker.executed & i.value
	}
}

func (c *compiler) space() ptx.Space {
	switch c.one("global", "shared", "local", "const", "param", "shared::cta", "param::entry") {
	case "global":
		return ptx.Global
	case "shared", "shared::cta":
		return ptx.Shared
	case "local":
		return ptx.Local
	case "const":
		return ptx.Constant
	case "param", "param::entry":
		return ptx.Parameter
	}
	return ptx.Generic
}

// translateAddress is cvta: an address in a space becomes generic, or the other way.
func translateAddress(c *compiler) {
	to := c.flag("to")
	space := c.space()
	t := c.kind()
	if t.name != "u64" || space == ptx.Generic {
		c.failf("the type or the space is not supported here")
	}
	c.count(2, 2)
	c.out.d, c.out.a = c.result(64), c.source(1, 64)
	c.out.value = windowOf(space)
	if to {
		c.out.value = -c.out.value
	}
	if space == ptx.Global {
		c.out.run = move
		return
	}
	c.out.run = func(w *warp, i *instruction, active uint32) {
		d, a := &w.r[i.d], &w.r[i.a]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			d[l] = a[l] + i.value
		}
	}
}

func translateIsSpace(c *compiler) {
	space := c.space()
	c.count(2, 2)
	c.out.d, c.out.a = c.predicateResult(), c.source(1, 64)
	want := windowOf(space) >> windowShift
	c.out.run = func(w *warp, i *instruction, active uint32) {
		var set uint32
		for m := active; m != 0; m &= m - 1 {
			l := next(m)
			window := w.r[i.a][l] >> windowShift
			if space == ptx.Global && (window == 0 || window > parameterWindow) || space != ptx.Global && window == want {
				set |= 1 << l
			}
		}
		w.setPredicate(i.d, set, active)
	}
}

func selectValue(w *warp, i *instruction, active uint32) {
	d, a, b := &w.r[i.d], &w.r[i.a], &w.r[i.b]
	chosen := w.p[i.c] ^ i.invert
	for ; active != 0; active &= active - 1 {
		l := next(active)
		v := b[l]
		if chosen>>l&1 != 0 {
			v = a[l]
		}
		d[l] = v
	}
}

func translateSelect(c *compiler) {
	t := c.kind()
	if t.class == 'p' || t.bits < 16 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(4, 4)
	c.out.d, c.out.a, c.out.b = c.result(t.bits), c.source(1, t.bits), c.source(2, t.bits)
	c.out.c, c.out.invert = c.predicate(3)
	c.out.run = selectValue
}
