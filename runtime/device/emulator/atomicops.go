package emulator

import (
	"slices"
	"sync/atomic"

	"github.com/heddle-lang/heddle/runtime/device/emulator/ptx"
)

// atomicTypes are the types that atomic operations have.
var atomicTypes = map[string][]string{
	"add": {"u32", "s32", "u64", "f32", "f64"},
	"min": {"u32", "s32", "u64", "s64"}, "max": {"u32", "s32", "u64", "s64"},
	"and": {"b32", "b64"}, "or": {"b32", "b64"}, "xor": {"b32", "b64"}, "exch": {"b32", "b64"},
	"cas": {"b16", "b32", "b64"},
	"inc": {"u32"}, "dec": {"u32"},
}

// translateAtomic is atom, and red, which has no result.
func translateAtomic(c *compiler) {
	c.strength()
	a := access{count: 1, strong: true, space: c.space()}
	c.hints()
	t := c.kind()
	what := c.need("add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec")
	c.flag("noftz")
	if !slices.Contains(atomicTypes[what], t.name) {
		c.failf("the operation %q is not supported for the type %q", what, "."+t.name)
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
	a.size, a.compares = t.bits/8, what == "cas"
	c.finishAccess(&a)
	change := atomicChange(what, t)
	c.out.run = func(w *warp, i *instruction, active uint32) {
		d, base, b, c := &w.r[i.d], &w.r[i.a], &w.r[i.b], &w.r[i.c]
		for ; active != 0; active &= active - 1 {
			l := next(active)
			address := base[l] + i.offset
			memory := w.resolve(i, l, address, a.size, updating)
			if memory == nil || a.isShared(address) && !w.races(i, l, memory, updating, false) {
				return
			}
			d[l] = change(memory, b[l], c[l])
		}
	}
}

// atomicChange is the function of an atomic operation: it changes memory and gives what
// was there.
func atomicChange(what string, t valueType) func(memory []byte, b, c uint64) uint64 {
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
	f := atomicFunction(what, t)
	return func(memory []byte, b, c uint64) uint64 {
		return update(memory, size, func(old uint64) uint64 { return f(old, b, c) })
	}
}

// atomicFunction is what an atomic operation leaves in memory.
func atomicFunction(what string, t valueType) func(old, b, c uint64) uint64 {
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
	case what == "add":
		return func(old, b, _ uint64) uint64 { return (old + b) & t.mask() }
	case what == "min", what == "max":
		f := extreme(t, what == "max")
		return func(old, b, _ uint64) uint64 { return f(old, b) }
	case what == "and":
		return func(old, b, _ uint64) uint64 { return old & b }
	case what == "or":
		return func(old, b, _ uint64) uint64 { return old | b }
	case what == "xor":
		return func(old, b, _ uint64) uint64 { return old ^ b }
	case what == "inc":
		return func(old, b, _ uint64) uint64 {
			if old >= b {
				return 0
			}
			return old + 1
		}
	default: // dec
		return func(old, b, _ uint64) uint64 {
			if old == 0 || old > b {
				return b
			}
			return old - 1
		}
	}
}
