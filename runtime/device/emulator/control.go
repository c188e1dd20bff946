package emulator

import (
	"math/bits"
	"slices"

	"github.com/heddle-lang/heddle/runtime/device/emulator/ptx"
)

func translateBranch(c *compiler) {
	c.flag("uni")
	c.count(1, 1)
	o := c.operand(0)
	if o.Kind != ptx.SymbolOperand {
		c.failf("a branch needs a label")
	}
	c.out.kind, c.out.target = branch, c.label(o.Symbol)
}

// translateTableBranch is brx.idx.
func translateTableBranch(c *compiler) {
	c.need("idx")
	c.flag("uni")
	c.count(2, 2)
	c.out.kind = table
	c.out.a = c.source(0, 32)
	for _, name := range c.function.Targets[c.operand(1).Symbol] {
		c.out.list = append(c.out.list, c.label(name))
	}
	if len(c.out.list) == 0 {
		c.failf("the list of targets is missing")
	}
	c.out.run = func(w *warp, i *instruction, active uint32) {
		for ; active != 0; active &= active - 1 {
			l := next(active)
			n := w.r[i.a][l]
			if n >= uint64(len(i.list)) {
				w.failf(l, "the branch %d of %d is taken", n, len(i.list))
				return
			}
			w.pc[l] = i.list[n]
		}
	}
}

func translateExit(c *compiler) {
	c.flag("uni")
	c.count(0, 0)
	c.out.kind = exit
}

func translateTrap(c *compiler) {
	c.count(0, 0)
	c.out.kind = careful
	c.out.run = func(w *warp, _ *instruction, active uint32) {
		w.failf(next(active), "a trap was reached")
	}
}

// translateBarrier is the barriers of a block, and bar.warp.sync.
func translateBarrier(c *compiler) {
	if c.flag("warp") {
		c.need("sync")
		c.count(1, 1)
		c.out.kind, c.out.c, c.out.run = collective, c.source(0, 32), nothing
		return
	}
	c.flag("cta")
	c.flag("aligned")
	c.out.kind = barrier
	if c.flag("sync") {
		c.count(1, 1)
		if o := c.operand(0); o.Kind == ptx.ImmediateOperand {
			c.number(0, 15)
		} else {
			c.failf("the number of the barrier is not known")
		}
		return
	}
	if !c.flag("red") {
		c.failf("the kind of barrier is not supported")
	}
	c.count(3, 3)
	c.number(1, 15)
	what := c.need("popc", "and", "or")
	t := c.kind()
	if (what == "popc") != (t.name == "u32") {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	if what == "popc" {
		c.out.d = c.result(32)
	} else {
		c.out.d = c.predicateResult()
	}
	c.out.a, c.out.invert = c.predicate(2)
	c.out.list = []int32{map[string]int32{"popc": reducePopulation, "and": reduceAnd, "or": reduceOr}[what]}
	c.out.run = nothing
}

const (
	reducePopulation = iota
	reduceAnd
	reduceOr
)

// reduceBarrier gives the threads of a warp the result of a barrier that counts: ones is
// for how many of the block's threads the predicate was true.
func (w *warp) reduceBarrier(i *instruction, ones, threads uint64) {
	switch i.list[0] {
	case reducePopulation:
		for m := w.stopped; m != 0; m &= m - 1 {
			w.r[i.d][next(m)] = ones
		}
	case reduceAnd:
		w.setPredicate(i.d, spread(ones == threads), w.stopped)
	default:
		w.setPredicate(i.d, spread(ones > 0), w.stopped)
	}
}

// spread is a predicate that is the same in all lanes.
func spread(v bool) uint32 {
	if v {
		return allLanes
	}
	return 0
}

// translateActive is activemask: the lanes that do it in one step. They stay together
// until they branch apart, and a shuffle with that mask waits for all of them.
func translateActive(c *compiler) {
	if t := c.kind(); t.name != "b32" {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(1, 1)
	c.out.d = c.result(32)
	c.out.run = func(w *warp, i *instruction, active uint32) {
		for m := active; m != 0; m &= m - 1 {
			w.r[i.d][next(m)] = uint64(active)
		}
	}
}

// collect makes an instruction wait for the lanes of the mask at an operand.
func (c *compiler) collect(mask int) {
	c.out.kind = collective
	c.out.c = c.source(mask, 32)
}

func translateShuffle(c *compiler) {
	c.need("sync")
	mode := c.need("up", "down", "bfly", "idx")
	if t := c.kind(); t.name != "b32" {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(5, 5)
	to := c.in.Operands[0]
	c.out.e = c.second()
	to.Second = -1
	c.out.d = c.write(&to, 32)
	c.out.a, c.out.b = c.source(1, 32), c.source(2, 32)
	c.out.list = []int32{c.source(3, 32)}
	c.collect(4)
	c.out.run = shuffle(mode)
}

// shuffle gives each lane the value of another one. The segments are those of the PTX
// manual: the clamp lies in the low bits of its operand, the segment mask above.
func shuffle(mode string) operation {
	return func(w *warp, i *instruction, active uint32) {
		a, b, bounds := w.r[i.a], &w.r[i.b], &w.r[i.list[0]]
		d := &w.r[i.d]
		var inside uint32
		for m := active; m != 0; m &= m - 1 {
			l := next(m)
			choice, segment := int(b[l]&31), int(bounds[l]>>8&31)
			last := l&segment | int(bounds[l]&31)&^segment
			var source int
			var ok bool
			switch mode {
			case "up":
				source = l - choice
				ok = source >= last
			case "down":
				source = l + choice
				ok = source <= last
			case "bfly":
				source = l ^ choice
				ok = source <= last
			default:
				source = l&segment | choice&^segment
				ok = source <= last
			}
			if !ok {
				source = l
			} else {
				inside |= 1 << l
			}
			if active>>source&1 == 0 {
				w.failf(l, "the lane %d is read, which is not in the member mask %#08x", source, active)
				return
			}
			d[l] = a[source]
		}
		w.setPredicate(i.e, inside, active)
	}
}

func translateVote(c *compiler) {
	c.need("sync")
	mode := c.need("all", "any", "uni", "ballot")
	t := c.kind()
	if (mode == "ballot") != (t.name == "b32") {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(3, 3)
	if mode == "ballot" {
		c.out.d = c.result(32)
	} else {
		c.out.d = c.predicateResult()
	}
	c.out.a, c.out.invert = c.predicate(1)
	c.collect(2)
	c.out.run = func(w *warp, i *instruction, active uint32) {
		set := (w.p[i.a] ^ i.invert) & active
		switch mode {
		case "ballot":
			for m := active; m != 0; m &= m - 1 {
				w.r[i.d][next(m)] = uint64(set)
			}
		case "all":
			w.setPredicate(i.d, spread(set == active), active)
		case "any":
			w.setPredicate(i.d, spread(set != 0), active)
		default:
			w.setPredicate(i.d, spread(set == 0 || set == active), active)
		}
	}
}

func translateReduce(c *compiler) {
	c.need("sync")
	what := c.need("add", "min", "max", "and", "or", "xor")
	t := c.kind()
	if t.bits != 32 || !slices.Contains(atomicTypes[what], t.name) {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(3, 3)
	c.out.d, c.out.a = c.result(32), c.source(1, 32)
	c.collect(2)
	f := atomicFunction(what, t)
	c.out.run = func(w *warp, i *instruction, active uint32) {
		a := &w.r[i.a]
		result := a[next(active)]
		for m := active & (active - 1); m != 0; m &= m - 1 {
			result = f(result, a[next(m)], 0)
		}
		for m := active; m != 0; m &= m - 1 {
			w.r[i.d][next(m)] = result
		}
	}
}

func translateMatch(c *compiler) {
	mode := c.need("any", "all")
	c.need("sync")
	t := c.kind()
	if t.class != 'b' || t.bits < 32 {
		c.failf("the type %q is not supported here", "."+t.name)
	}
	c.count(3, 3)
	to := c.in.Operands[0]
	c.out.e = c.second()
	to.Second = -1
	c.out.d, c.out.a = c.write(&to, 32), c.source(1, t.bits)
	c.collect(2)
	c.out.run = func(w *warp, i *instruction, active uint32) {
		a := w.r[i.a]
		for m := active; m != 0; m &= m - 1 {
			l := next(m)
			var equal uint32
			for o := active; o != 0; o &= o - 1 {
				if a[next(o)] == a[l] {
					equal |= 1 << next(o)
				}
			}
			if mode == "all" {
				equal = spread(equal == active) & active
			}
			w.r[i.d][l] = uint64(equal)
			w.setPredicate(i.e, spread(equal == active), 1<<l)
		}
	}
}

// translateElect chooses one lane: the first.
func translateElect(c *compiler) {
	c.need("sync")
	c.count(2, 2)
	to := c.in.Operands[0]
	c.out.e = c.second()
	to.Second = -1
	c.out.d = c.write(&to, 32)
	c.collect(1)
	c.out.run = func(w *warp, i *instruction, active uint32) {
		leader := bits.TrailingZeros32(active)
		for m := active; m != 0; m &= m - 1 {
			w.r[i.d][next(m)] = uint64(leader)
		}
		w.setPredicate(i.e, 1<<leader, active)
	}
}
