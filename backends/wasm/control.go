package wasm

import (
	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/ir"
)

// block emits the ops of a block, whose first node is given. It reports whether
// control can reach the block's end.
func (f *function) block(b *ir.Block, first int32) (reachable bool) {
	index := first
	for range b.Ops {
		if !f.nodes[index].dead && !f.root(index) {
			return false
		}
		index = f.nodes[index].end
	}
	return true
}

// root emits an op at its own place, unless trees hold all of it. It reports
// whether control comes out of it.
func (f *function) root(index int32) (reachable bool) {
	n := &f.nodes[index]
	operands := f.operandsOf(n)
	reachable = true
	switch n.op.Code {
	case ir.OpVariable:
		f.initialize(n, operands[0])
	case ir.OpSet:
		f.push(operands[1])
		f.setVariable(operands[0])
	case ir.OpBlock, ir.OpLoop:
		reachable = f.construct(n, index)
	case ir.OpWhen:
		reachable = f.when(n, index)
	case ir.OpBranch:
		reachable = false
		f.settle()
		f.body.Br(f.target(operands[0]))
	case ir.OpBranchIf:
		f.condition(operands[1], false)
		f.settle()
		f.body.BrIf(f.target(operands[0]))
	case ir.OpCall:
		f.call(n)
	case ir.OpKernReturn:
		reachable = false
		for _, id := range operands {
			f.push(id)
		}
		if f.source.Body.Terminator() == n.op { // the end of the body returns by itself
			f.ended = true
		} else {
			f.op(encode.OpReturn)
		}
	case ir.OpTrap:
		reachable = false
		f.op(encode.OpUnreachable)
	case ir.OpStore:
		f.storeMemory(n)
	case ir.OpVectorStore:
		f.push(operands[0])
		f.push(operands[1])
		f.memory(encode.OpV128Store, n.offset)
	case ir.OpMemoryCopy, ir.OpMemoryFill:
		for _, id := range operands {
			f.push(id)
		}
		f.settle()
		if n.op.Code == ir.OpMemoryCopy {
			f.body.MemoryCopy()
		} else {
			f.body.MemoryFill()
		}
	case ir.OpGlobalSet:
		f.push(operands[0])
		f.settle()
		f.body.GlobalSet(f.budget)
	default:
		if f.values[n.results].home == homeLocal {
			f.compute(index)
			f.assign(n.results)
		}
	}
	f.release()
	return reachable
}

// initialize gives a variable its local and first value. Locals begin as zero, so
// nothing is done for zero outside of loops, where the place is passed once.
func (f *function) initialize(n *node, first int32) {
	local := f.localOf(n.results)
	v := &f.values[first]
	if n.loop < 0 && v.home == homeConstant {
		d := f.datum(first)
		if !v.class.isFloat() && d.Low == 0 && (v.class != classI128 || d.High == 0) {
			return
		}
	}
	f.push(first)
	f.setLocal(local, v.class)
}

func (f *function) setVariable(cell int32) {
	f.setLocal(f.localOf(cell), f.values[cell].class)
}

func (f *function) setLocal(local uint32, c class) {
	if c == classI128 {
		f.set(local + 1)
	}
	f.set(local)
}

// construct emits a block or a loop.
func (f *function) construct(n *node, index int32) (reachable bool) {
	f.settle()
	label, _ := f.numberOf(n.op.Regions[0].Arguments[0])
	counted := n.op.Code == ir.OpLoop && metered(n.op)
	switch {
	case n.op.Code == ir.OpBlock:
		f.values[label].local = uint32(f.body.Block(encode.BlockEmpty))
	case counted:
		f.values[label].local = uint32(f.meteredLoop())
	default:
		f.values[label].local = uint32(f.body.Loop(encode.BlockEmpty))
	}
	reachable = f.block(n.op.Regions[0], index+1)
	f.settle()
	f.body.End()
	if counted {
		f.body.End()
	}
	return reachable || n.op.Code == ir.OpBlock && f.values[label].taken
}

// MeterPortion is the number of turns of metered loops that are taken from the
// budget at once.
const MeterPortion = 1024

// meteredLoop opens a loop whose turns are taken from the budget in portions. All
// metered loops of a function count in one local; turns that make no full portion
// before the function returns are free.
//
// The host is called in a loop around the one that runs: a call inside would
// make engines keep nothing in registers, and a global counted down in each turn
// goes through memory. Either way a filter loop took about twice as long.
//
//	loop                    ;; again after each portion
//	  if turns < 0: budget -= portion; if budget < 0: tick; turns = portion
//	  loop                  ;; the loop itself
//	    turns -= 1; if turns < 0: to the outer loop
func (f *function) meteredLoop() encode.Label {
	outer := f.body.Loop(encode.BlockEmpty)
	f.get(f.turns)
	f.i32(0)
	f.op(encode.OpI32LtS)
	f.body.If(encode.BlockEmpty)
	f.body.GlobalGet(f.budget)
	f.i32(MeterPortion)
	f.op(encode.OpI32Sub)
	f.body.GlobalSet(f.budget)
	f.body.GlobalGet(f.budget)
	f.i32(0)
	f.op(encode.OpI32LtS)
	f.body.If(encode.BlockEmpty)
	f.body.Call(f.imports[tickSymbol].index)
	f.body.End()
	f.i32(MeterPortion)
	f.body.LocalSet(f.turns)
	f.body.End()
	inner := f.body.Loop(encode.BlockEmpty)
	f.get(f.turns)
	f.i32(1)
	f.op(encode.OpI32Sub)
	f.set(f.turns)
	f.get(f.turns)
	f.i32(0)
	f.op(encode.OpI32LtS)
	f.body.BrIf(outer)
	return inner
}

// startMeter gives a function with metered loops its counter.
func (f *function) startMeter() {
	f.turns = f.newLocal(classI32)
	if f.options.Names {
		f.body.NameLocal(f.turns, "turns")
	}
	f.i32(MeterPortion)
	f.body.LocalSet(f.turns)
}

func (f *function) target(label int32) encode.Label {
	f.values[label].taken = true
	return encode.Label(f.values[label].local)
}

// when emits an if; one with an empty first arm is turned round.
func (f *function) when(n *node, index int32) (reachable bool) {
	then, otherwise := n.op.Regions[0], n.op.Regions[1]
	thenAt, otherwiseAt := index+1, f.behind(then, index+1)
	negate := false
	if len(then.Ops) == 0 {
		if len(otherwise.Ops) == 0 {
			return true
		}
		then, otherwise = otherwise, then
		thenAt, otherwiseAt = otherwiseAt, thenAt
		negate = true
	}
	f.condition(f.operands[n.operands], negate)
	f.settle()
	f.release()
	f.body.If(encode.BlockEmpty)
	reachable = f.block(then, thenAt)
	f.settle()
	if len(otherwise.Ops) == 0 {
		reachable = true
	} else {
		f.body.Else()
		// No short circuit: both arms must be emitted.
		reached := f.block(otherwise, otherwiseAt)
		f.settle()
		reachable = reachable || reached
	}
	f.body.End()
	return reachable
}

// behind is the node behind the ops of a block that were numbered.
func (f *function) behind(b *ir.Block, first int32) int32 {
	for _, op := range b.Ops {
		first = f.nodes[first].end
		if op.Info().Has(ir.Terminator) {
			break
		}
	}
	return first
}

func (f *function) call(n *node) {
	for _, id := range f.operandsOf(n) {
		f.push(id)
	}
	f.settle()
	f.body.Call(f.callee(n.op).index)
	for i := len(n.op.Results) - 1; i >= 0; i-- {
		f.assign(n.results + int32(i))
	}
}

// condition pushes an i32 of which only zero or not zero matters, or its
// negation.
func (f *function) condition(id int32, negate bool) {
	v := &f.values[id]
	if v.home == homeTree {
		n := &f.nodes[v.node]
		operands := f.operandsOf(n)
		switch n.op.Code {
		case ir.OpCompare:
			p, _ := predicateOf(n.op)
			if negate {
				p = p.not()
			}
			if p <= notEqual && f.values[operands[0]].class == classI32 && f.isZero(operands[1]) {
				f.condition(operands[0], p == equal)
				return
			}
			f.compare(p, operands)
			return
		case ir.OpFloatCompare:
			if p, _ := floatPredicateOf(n.op); negate && p <= floatNotEqual {
				f.floatCompare(p^1, operands)
				return
			}
		default: // its value is tested, below
		}
	}
	f.push(id)
	if negate {
		f.op(encode.OpI32Eqz)
	}
}

// isZero reports whether a value is the integer constant 0.
func (f *function) isZero(id int32) bool {
	v := &f.values[id]
	if v.home != homeConstant || v.class.isFloat() {
		return false
	}
	d := f.datum(id)
	return d.Low == 0 && (v.class != classI128 || d.High == 0)
}
