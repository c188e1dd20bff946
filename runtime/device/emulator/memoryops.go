package emulator

import (
	"slices"

	"github.com/heddle-lang/heddle/runtime/device/emulator/ptx"
)

// address sets up an operand in square brackets: the slot of its register, in a, and what
// is added to it.
func (c *compiler) address(n int, space *ptx.Space) (slot int32, offset uint64) {
	o := c.operand(n)
	if o.Kind != ptx.AddressOperand {
		c.failf("an address in square brackets is missing")
	}
	offset = uint64(o.Offset)
	if o.Symbol != "" {
		s := c.lookUp(o.Symbol)
		if *space == ptx.Generic {
			*space = s.space
		}
		if s.space != *space {
			c.failf("%q is not in %s memory", o.Symbol, *space)
		}
		return c.fixed(0), offset + s.value
	}
	if o.Register < 0 {
		return c.fixed(0), offset
	}
	bits := c.function.Registers[o.Register].Bits
	if bits != 64 && (bits != 32 || *space == ptx.Generic || *space == ptx.Global) {
		c.failf("an address of %d bits", bits)
	}
	return c.slots[o.Register], offset
}

// hints takes modifiers that only speak of caches.
func (c *compiler) hints() {
	for c.one("ca", "cg", "cs", "lu", "cv", "wb", "wt",
		"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate",
		"L2::64B", "L2::128B", "L2::256B") != "" {
		continue
	}
}

// strength takes the modifiers of memory order.
func (c *compiler) strength() bool {
	order := c.one("weak", "volatile", "relaxed", "acquire", "release", "acq_rel")
	c.one("cta", "cluster", "gpu", "sys")
	return order != "" && order != "weak"
}

// access takes the modifiers of ld and st.
func (c *compiler) access() (access, valueType) {
	a := access{count: 1, strong: c.strength(), space: c.space()}
	c.hints()
	t := c.kind()
	switch c.one("v2", "v4", "v8") {
	case "v2":
		a.count = 2
	case "v4":
		a.count = 4
	case "v8":
		a.count = 8
	}
	if t.class == 'p' || t.class == 'h' {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	a.size, a.signed = t.bits/8, t.signed()
	if a.bytes() > 32 {
		c.failf("the vector is too long")
	}
	return a, t
}

func translateLoad(c *compiler) {
	c.flag("nc")
	a, t := c.access()
	c.count(2, 2)
	c.out.a, c.out.offset = c.address(1, &a.space)
	to := c.operand(0)
	if a.count == 1 {
		a.width = c.width(to, t.bits)
		c.out.d = c.write(to, a.width)
	} else {
		if to.Kind != ptx.VectorOperand || len(to.Elements) != a.count {
			c.failf("the result is not a vector of %d", a.count)
		}
		for n := range to.Elements {
			a.width = max(a.width, c.width(&to.Elements[n], t.bits))
		}
		for n := range to.Elements {
			c.out.list = append(c.out.list, c.write(&to.Elements[n], c.width(&to.Elements[n], t.bits)))
		}
	}
	c.finishAccess(&a)
	switch {
	case a.space == ptx.Parameter && c.operand(1).Register < 0:
		c.out.run = loadParameter
	case a.count > 1:
		c.out.run = loadVector
	case a.space == ptx.Global && !a.strong && !a.signed:
		c.out.run = loadGlobal(a.size)
	default:
		c.out.run = load
	}
}

// finishAccess completes the instruction, which may fail.
func (c *compiler) finishAccess(a *access) {
	c.out.access = a
	c.out.kind = careful
	c.out.place = c.place()
}

// extend makes a loaded element as wide as its register.
func (a *access) extend(v uint64) uint64 {
	if a.signed {
		return uint64(signExtend(v, a.size*8)) & widthMask(a.width)
	}
	return v
}

func load(w *warp, i *instruction, active uint32) {
	d, base, a := &w.r[i.d], &w.r[i.a], i.access
	for ; active != 0; active &= active - 1 {
		l := next(active)
		address := base[l] + i.offset
		memory := w.resolve(i, l, address, a.size, reading)
		if memory == nil || a.isShared(address) && !w.races(i, l, memory, reading, false) {
			return
		}
		var v uint64
		if a.strong {
			v = getStrong(memory, a.size)
		} else {
			v = get(memory, a.size)
		}
		d[l] = a.extend(v)
	}
}

func loadVector(w *warp, i *instruction, active uint32) {
	base, a := w.r[i.a], i.access // a copy: a result may be the address
	for ; active != 0; active &= active - 1 {
		l := next(active)
		address := base[l] + i.offset
		memory := w.resolve(i, l, address, a.bytes(), reading)
		if memory == nil || a.isShared(address) && !w.races(i, l, memory, reading, false) {
			return
		}
		for n, slot := range i.list {
			part := memory[n*a.size:]
			if a.strong {
				w.r[slot][l] = a.extend(getStrong(part, a.size))
			} else {
				w.r[slot][l] = a.extend(get(part, a.size))
			}
		}
	}
}

// loadParameter reads what is the same for all threads.
func loadParameter(w *warp, i *instruction, active uint32) {
	a := i.access
	memory := w.resolve(i, next(active), i.offset, a.bytes(), reading)
	if memory == nil {
		return
	}
	set := func(slot int32, v uint64) {
		d := &w.r[slot]
		for m := active; m != 0; m &= m - 1 {
			d[next(m)] = v
		}
	}
	if a.count == 1 {
		set(i.d, a.extend(get(memory, a.size)))
		return
	}
	for n, slot := range i.list {
		set(slot, a.extend(get(memory[n*a.size:], a.size)))
	}
}

// loadGlobal is load for the most frequent case, of global memory.
func loadGlobal(size int) operation {
	mask := uint64(size - 1)
	return func(w *warp, i *instruction, active uint32) {
		d, base := &w.r[i.d], &w.r[i.a]
		found := w.block.worker.windows[i.place]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			address := base[l] + i.offset
			at := address - found.base
			if n := uint64(len(found.data)); address&mask != 0 || at >= n || n-at < uint64(size) {
				memory := w.resolve(i, l, address, size, reading)
				if memory == nil {
					return
				}
				found = w.block.worker.windows[i.place]
				at = address - found.base
			}
			switch size {
			case 1:
				d[l] = uint64(found.data[at])
			case 2:
				d[l] = get(found.data[at:], 2)
			case 4:
				d[l] = get(found.data[at:], 4)
			default:
				d[l] = get(found.data[at:], 8)
			}
		}
	}
}

func translateStore(c *compiler) {
	a, t := c.access()
	c.count(2, 2)
	c.out.a, c.out.offset = c.address(0, &a.space)
	from := c.operand(1)
	elements := []ptx.Operand{*from}
	if a.count > 1 {
		if from.Kind != ptx.VectorOperand || len(from.Elements) != a.count {
			c.failf("the operand is not a vector of %d", a.count)
		}
		elements = from.Elements
	}
	for n := range elements {
		c.out.list = append(c.out.list, c.read(&elements[n], c.width(&elements[n], t.bits)))
	}
	if a.space == ptx.Constant || a.space == ptx.Parameter {
		c.failf("%s memory cannot be written", a.space)
	}
	c.finishAccess(&a)
	c.out.run = store
}

func store(w *warp, i *instruction, active uint32) {
	base, a := &w.r[i.a], i.access
	mask := widthMask(a.size * 8)
	for ; active != 0; active &= active - 1 {
		l := next(active)
		address := base[l] + i.offset
		memory := w.resolve(i, l, address, a.bytes(), writing)
		if memory == nil {
			return
		}
		if w.block.races != nil && a.isShared(address) {
			same := true
			for n, slot := range i.list {
				same = same && get(memory[n*a.size:], a.size) == w.r[slot][l]&mask
			}
			if !w.races(i, l, memory, writing, same) {
				return
			}
		}
		for n, slot := range i.list {
			part := memory[n*a.size:]
			if a.strong {
				putStrong(part, a.size, w.r[slot][l]&mask)
			} else {
				put(part, a.size, w.r[slot][l])
			}
		}
	}
}

// translateCopy is cp.async, which copies from global to shared memory. It is done at
// once, which is the earliest that the waits for it allow.
func translateCopy(c *compiler) {
	if !c.flag("async") {
		c.failf("the instruction is not supported")
	}
	switch c.one("commit_group", "wait_group", "wait_all") {
	case "commit_group", "wait_all":
		c.count(0, 0)
		c.out.run = nothing
		return
	case "wait_group":
		c.count(1, 1)
		c.number(0, 1<<16)
		c.out.run = nothing
		return
	}
	c.need("ca", "cg")
	c.hints()
	if c.space() != ptx.Shared || c.space() != ptx.Global {
		c.failf("the spaces are not supported here")
	}
	c.count(3, 4)
	size := c.number(2, 16)
	if !slices.Contains([]uint64{4, 8, 16}, size) {
		c.failf("%d bytes cannot be copied at once", size)
	}
	to := access{space: ptx.Shared, size: int(size), count: 1}
	c.out.a, c.out.offset = c.address(0, &to.space)
	from := instruction{access: &access{space: ptx.Global, size: int(size), count: 1}, place: c.place()}
	from.a, from.offset = c.address(1, &from.access.space)
	from.b = c.fixed(size)
	if len(c.in.Operands) == 4 {
		from.b = c.source(3, 32)
	}
	c.finishAccess(&to)
	c.out.run = func(w *warp, i *instruction, active uint32) {
		for ; active != 0; active &= active - 1 {
			l := next(active)
			target := w.resolve(i, l, w.r[i.a][l]+i.offset, int(size), writing)
			if target == nil || !w.races(i, l, target, writing, false) {
				return
			}
			n := min(w.r[from.b][l], size)
			clear(target[n:])
			if n == 0 {
				continue
			}
			source := w.resolve(&from, l, w.r[from.a][l]+from.offset, int(size), reading)
			if source == nil {
				return
			}
			copy(target[:n], source)
		}
	}
}

func nothing(*warp, *instruction, uint32) {}

// translateNothing is an instruction that only takes time.
func translateNothing(c *compiler) {
	c.kind()
	c.count(1, 1)
	c.out.run = nothing
}

// translateHint is a prefetch.
func translateHint(c *compiler) {
	c.space()
	c.one("L1", "L2", "L2::evict_last", "L2::evict_normal")
	c.count(1, 1)
	c.out.run = nothing
}

// translateFence orders accesses to memory. A worker's accesses happen in the order of
// the program, and the atomic ones in one order for all workers.
func translateFence(c *compiler) {
	c.flag("proxy")
	c.one("async", "alias")
	c.one("sc", "acq_rel", "acquire", "release")
	c.one("cta", "cluster", "gpu", "sys", "gl")
	c.space()
	c.count(0, 0)
	c.out.run = nothing
}
