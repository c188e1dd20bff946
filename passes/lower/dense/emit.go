package dense

import (
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

var (
	i32    = ir.Of(ir.I32)
	i64    = ir.Of(ir.I64)
	global = ir.Of(ir.GlobalAddress)
)

// Lanes of a warp.
const lanes = 32

// emitter appends kern ops to a kernel.
type emitter struct {
	function *ir.Function
	block    *ir.Block
	launch   *ir.Value // address of the block of the launch
	thread   *ir.Value // number of the thread in its block
	lane     *ir.Value // in its warp
	warp     *ir.Value // number of the warp in its block
}

// newKernel begins a kernel.
func newKernel(name string, threads int) *emitter {
	body := &ir.Block{}
	body.AddArgument("context", i32)
	e := &emitter{
		function: &ir.Function{Name: name, Level: ir.KernLevel, Export: true, Body: body, Threads: threads},
		block:    body,
		launch:   body.AddArgument("launch", global),
	}
	e.thread = e.build(ir.OpThreadIndex, nil, nil).Result()
	e.lane = e.and(e.thread, e.word(lanes-1))
	e.warp = e.binary(ir.OpShiftRightU, e.thread, e.word(5))
	return e
}

// finish ends the kernel.
func (e *emitter) finish() *ir.Function {
	e.build(ir.OpKernReturn, nil, nil)
	return e.function
}

func (e *emitter) build(code ir.Opcode, operands []*ir.Value, regions []*ir.Block, attributes ...ir.Attribute) *ir.Op {
	return ir.At(e.block).Build(code, operands, regions, attributes...)
}

func (e *emitter) word(v int64) *ir.Value { return ir.At(e.block).Const(i32, ir.IntDatum(v)) }
func (e *emitter) long(v int64) *ir.Value { return ir.At(e.block).Const(i64, ir.IntDatum(v)) }

// float is a constant, rounded to its type.
func (e *emitter) float(t ir.Type, v float64) *ir.Value {
	if t.Kind == ir.F32 {
		v = float64(float32(v))
	}
	return ir.At(e.block).Const(t, ir.FloatDatum(v))
}

func (e *emitter) unary(code ir.Opcode, a *ir.Value) *ir.Value {
	return e.build(code, []*ir.Value{a}, nil).Result()
}

func (e *emitter) binary(code ir.Opcode, a, b *ir.Value) *ir.Value {
	return e.build(code, []*ir.Value{a, b}, nil).Result()
}

func (e *emitter) typed(code ir.Opcode, v *ir.Value, t ir.Type) *ir.Value {
	return e.build(code, []*ir.Value{v}, nil, ir.Attr("type", t)).Result()
}

func (e *emitter) add(a, b *ir.Value) *ir.Value      { return e.binary(ir.OpIntegerAdd, a, b) }
func (e *emitter) and(a, b *ir.Value) *ir.Value      { return e.binary(ir.OpIntegerAnd, a, b) }
func (e *emitter) addFloat(a, b *ir.Value) *ir.Value { return e.binary(ir.OpFloatAdd, a, b) }
func (e *emitter) subFloat(a, b *ir.Value) *ir.Value { return e.binary(ir.OpFloatSub, a, b) }
func (e *emitter) mulFloat(a, b *ir.Value) *ir.Value { return e.binary(ir.OpFloatMul, a, b) }

// times multiplies a word with a constant.
func (e *emitter) times(a *ir.Value, n int64) *ir.Value {
	if n == 1 {
		return a
	}
	if n&(n-1) == 0 {
		return e.binary(ir.OpShiftLeft, a, e.word(int64(bits.TrailingZeros64(uint64(n)))))
	}
	return e.binary(ir.OpIntegerMul, a, e.word(n))
}

func (e *emitter) compare(predicate string, a, b *ir.Value) *ir.Value {
	return e.build(ir.OpCompare, []*ir.Value{a, b}, nil, ir.Attr("predicate", predicate)).Result()
}

func (e *emitter) compareFloat(predicate string, a, b *ir.Value) *ir.Value {
	return e.build(ir.OpFloatCompare, []*ir.Value{a, b}, nil, ir.Attr("predicate", predicate)).Result()
}

func (e *emitter) choose(condition, a, b *ir.Value) *ir.Value {
	return e.build(ir.OpSelect, []*ir.Value{condition, a, b}, nil).Result()
}

// behind is the address of an element of an array in global memory.
func (e *emitter) behind(array, index *ir.Value, size int64) *ir.Value {
	distance := e.typed(ir.OpExtendU, index, i64)
	return e.add(array, e.binary(ir.OpShiftLeft, distance, e.long(int64(bits.TrailingZeros64(uint64(size))))))
}

// load reads a value of its own size, which nobody changes meanwhile unless it is in
// shared memory. The alignment is that of the address without the offset.
func (e *emitter) load(address *ir.Value, offset int64, t ir.Type, align int64) *ir.Value {
	width := int64(8)
	if t.Kind == ir.F32 || t.Kind == ir.I32 {
		width = 4
	}
	attributes := []ir.Attribute{ir.Attr("width", width), ir.Attr("offset", offset), ir.Attr("align", common(align, offset)), ir.Attr("type", t)}
	if address.Type.Kind == ir.GlobalAddress {
		attributes = append(attributes, ir.Attr("access", "invariant"))
	}
	return e.build(ir.OpLoad, []*ir.Value{address}, nil, attributes...).Result()
}

// loadRun reads neighbouring elements, which become one access where they are aligned.
func (e *emitter) loadRun(address *ir.Value, offset int64, count int, t ir.Type, align int64) []*ir.Value {
	run := make([]*ir.Value, count)
	for i := range run {
		run[i] = e.load(address, offset+int64(i)*sizeOf(t.Kind), t, align)
	}
	return run
}

// store writes a value of its own size, to whose multiple the offset leads.
func (e *emitter) store(address *ir.Value, offset int64, v *ir.Value, align int64) {
	width := int64(8)
	if v.Type.Kind == ir.F32 || v.Type.Kind == ir.I32 {
		width = 4
	}
	e.build(ir.OpStore, []*ir.Value{address, v}, nil, ir.Attr("width", width), ir.Attr("offset", offset), ir.Attr("align", common(align, offset)))
}

// common is what divides an address of an alignment with an offset.
func common(align, offset int64) int64 {
	return 1 << bits.TrailingZeros64(uint64(align|offset))
}

// launchWord reads a word of the block, array the address of an entry.
func (e *emitter) launchWord(offset int64) *ir.Value { return e.load(e.launch, offset, i32, 16) }

func (e *emitter) array(entry int) *ir.Value {
	return e.load(e.launch, arrayOffset(entry), global, 16)
}

func (e *emitter) rows() *ir.Value { return e.launchWord(abi.LaunchRows) }

func (e *emitter) shared(bytes int) *ir.Value {
	return e.build(ir.OpShared, nil, nil, ir.Attr("bytes", int64(bytes))).Result()
}

func (e *emitter) barrier() { e.build(ir.OpBarrier, nil, nil) }

func (e *emitter) variable(first *ir.Value) *ir.Value { return e.unary(ir.OpVariable, first) }
func (e *emitter) get(cell *ir.Value) *ir.Value       { return e.unary(ir.OpGet, cell) }
func (e *emitter) set(cell, v *ir.Value)              { e.build(ir.OpSet, []*ir.Value{cell, v}, nil) }

// inside runs body with the emitter at the end of another block.
func (e *emitter) inside(block *ir.Block, body func()) {
	saved := e.block
	e.block = block
	body()
	e.block = saved
}

// when runs one of two regions, the second of which may be nil.
func (e *emitter) when(condition *ir.Value, then, otherwise func()) {
	a, b := &ir.Block{}, &ir.Block{}
	e.inside(a, then)
	if otherwise != nil {
		e.inside(b, otherwise)
	}
	e.build(ir.OpWhen, []*ir.Value{condition}, []*ir.Block{a, b})
}

// while repeats body as long as a condition holds.
func (e *emitter) while(condition func() *ir.Value, body func()) {
	outer, inner := ir.NewBlock(ir.Of(ir.Label)), ir.NewBlock(ir.Of(ir.Label))
	e.inside(outer, func() {
		e.inside(inner, func() {
			ended := e.compare("eq", condition(), e.word(0))
			e.build(ir.OpBranchIf, []*ir.Value{outer.Arguments[0], ended}, nil)
			body()
			e.build(ir.OpBranch, []*ir.Value{inner.Arguments[0]}, nil)
		})
		e.build(ir.OpLoop, nil, []*ir.Block{inner})
	})
	e.build(ir.OpBlock, nil, []*ir.Block{outer})
}

// count runs body for the numbers from first to below limit, with a step.
func (e *emitter) count(first, limit, step *ir.Value, body func(i *ir.Value)) {
	position := e.variable(first)
	e.while(func() *ir.Value { return e.compare("lt_u", e.get(position), limit) }, func() {
		i := e.get(position)
		body(i)
		e.set(position, e.add(i, step))
	})
}

// grid runs body for every so many-th number below limit: the workers of all blocks
// share them, one of which is the block itself or a part of it.
func (e *emitter) grid(worker *ir.Value, workers int64, step int64, limit *ir.Value, body func(number *ir.Value)) {
	blockIndex := e.build(ir.OpBlockIndex, nil, nil).Result()
	blocks := e.build(ir.OpBlockCount, nil, nil).Result()
	first := e.times(blockIndex, workers)
	if worker != nil {
		first = e.add(first, worker)
	}
	e.count(e.times(first, step), limit, e.times(blocks, workers*step), body)
}
