package emulator

import (
	"math"
	"sync/atomic"

	"github.com/heddle-lang/heddle/runtime/device/emulator/ptx"
)

// translateAtomic is atom, and red, which has no result.
func translateAtomic(c *compiler) {
	c.strength()
	a := access{count: 1, strong: true, space: c.space()}
	c.hints()
	t := c.kind()
	what := c.need("add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec")
	c.flag("noftz")
	if t.class == 'p' || t.class == 'h' || t.packed > 1 || t.bits < 32 && what != "cas" && what != "exch" || t.bits < 16 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	first := 0
	if c.in.Opcode[0] == "atom" {
		c.out.d = c.result(t.bits)
		first = 1
	}
	c.out.a, c.out.offset = c.address(first, &a.space)
	c.out.b = c.source(first+1, t.bits)
	c.count(first+2, first+2+int(truth(what == "cas")))
	if what == "cas" {
		c.out.c = c.source(first+2, t.bits)
	}
	if a.space != ptx.Global && a.space != ptx.Shared && a.space != ptx.Generic {
		c.failf("atomic operations on %s memory", a.space)
	}
	a.size = t.bits / 8
	c.finishAccess(&a)
	change := atomicChange(c, what, t)
	c.out.run = func(w *warp, i *instruction, active uint32) {
		d, base, b, c := &w.r[i.d], &w.r[i.a], &w.r[i.b], &w.r[i.c]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			address := base[l] + i.offset
			memory := w.resolve(i, l, address, a.size, updating)
			if memory == nil || a.isShared(address) && !w.races(l, memory, updating, true, false) {
				return
			}
			d[l] = change(memory, b[l], c[l])
		}
	}
}

// atomicChange is the function of an atomic operation: it changes memory and gives what
// was there.
func atomicChange(c *compiler, what string, t valueType) func(memory []byte, b, c uint64) uint64 {
	switch {
	case what == "add" && t.bits == 64 && !t.float():
		return func(memory []byte, b, _ uint64) uint64 { return atomic.AddUint64(word64(memory), b) - b }
	case what == "add" && t.bits == 32 && !t.float():
		return func(memory []byte, b, _ uint64) uint64 {
			p, _ := word32(memory)
			return uint64(atomic.AddUint32(p, uint32(b)) - uint32(b))
		}
	case what == "cas" && t.bits == 64:
		return func(memory []byte, b, c uint64) uint64 {
			p := word64(memory)
			for {
				if old := atomic.LoadUint64(p); old != b {
					return old
				}
				if atomic.CompareAndSwapUint64(p, b, c) {
					return b
				}
			}
		}
	}
	size := t.bits / 8
	f := atomicFunction(c, what, t)
	return func(memory []byte, b, c uint64) uint64 {
		return update(memory, size, func(old uint64) uint64 { return f(old, b, c) })
	}
}

// atomicFunction is what an atomic operation leaves in memory.
func atomicFunction(c *compiler, what string, t valueType) func(old, b, c uint64) uint64 {
	switch {
	case what == "exch":
		return func(_, b, _ uint64) uint64 { return b }
	case what == "cas":
		return func(old, b, c uint64) uint64 {
			if old == b {
				return c
			}
			return old
		}
	case what == "add" && t.float():
		decode, encode := decoder(t), encoder(t)
		return func(old, b, _ uint64) uint64 { return encode(decode(old) + decode(b)) }
	case t.float():
		decode, encode := decoder(t), encoder(t)
		choose := map[string]func(x, y float64) float64{"min": math.Min, "max": math.Max}[what]
		if choose == nil {
			break
		}
		return func(old, b, _ uint64) uint64 {
			return encode(extremeFloat(decode(old), decode(b), false, choose))
		}
	case what == "add":
		return func(old, b, _ uint64) uint64 { return (old + b) & t.mask() }
	case what == "min", what == "max":
		if t.class == 'b' {
			break
		}
		f := extreme(t, what == "max")
		return func(old, b, _ uint64) uint64 { return f(old, b) }
	case what == "and":
		return func(old, b, _ uint64) uint64 { return old & b }
	case what == "or":
		return func(old, b, _ uint64) uint64 { return old | b }
	case what == "xor":
		return func(old, b, _ uint64) uint64 { return old ^ b }
	case what == "inc" && t.name == "u32":
		return func(old, b, _ uint64) uint64 {
			if old >= b {
				return 0
			}
			return old + 1
		}
	case what == "dec" && t.name == "u32":
		return func(old, b, _ uint64) uint64 {
			if old == 0 || old > b {
				return b
			}
			return old - 1
		}
	}
	c.failf("the operation %q is not supported for the type %q", what, "."+t.name)
	return nil
}
