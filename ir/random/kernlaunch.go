package random

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/interp"
)

// kernel makes a kernel that takes the addresses of the context and the launch block.
func (g *kernGenerator) kernel() {
	body := ir.NewBlock(address, global)
	context, launch := body.Arguments[0], body.Arguments[1]
	g.b = ir.At(body)
	g.add(&ir.Function{Name: g.kern.Function, Level: ir.KernLevel, Body: body, Export: true, Threads: g.options.Threads})
	thread, block := g.b.Op(ir.OpThreadIndex, nil).Result(), g.b.Op(ir.OpBlockIndex, nil).Result()
	row := g.b.Binary(ir.OpIntegerMul, block, g.constant(i32, int64(g.options.Threads)))
	row = g.b.Binary(ir.OpIntegerAdd, row, thread)
	slice := g.b.Binary(ir.OpIntegerAdd, context, g.constant(i32, sliceAt))
	slice = g.b.Binary(ir.OpIntegerAdd, slice, g.b.Binary(ir.OpIntegerMul, row, g.constant(i32, sliceSize)))
	wide := g.b.Op(ir.OpExtendU, []*ir.Value{row}, ir.Attr("type", i64)).Result()
	own := g.b.Binary(ir.OpIntegerAdd, launch, g.b.Binary(ir.OpIntegerMul, wide, g.constant(i64, globalSliceSize)))
	own = g.b.Binary(ir.OpIntegerAdd, own, g.constant(i64, globalSliceAt))
	other := g.b.Binary(ir.OpIntegerAdd, own, g.constant(i64, globalSliceSize/2))
	g.places = []place{
		{address: slice, size: resultAt},
		{address: own, size: globalSliceSize / 2, readOnly: true},
		{address: other, size: globalSliceSize / 2},
		g.constantPlace(),
	}
	if chance(g.source, 50) {
		const size = 32
		shared := g.shared(size * g.options.Threads)
		mine := g.b.Binary(ir.OpIntegerAdd, shared, g.b.Binary(ir.OpIntegerMul, thread, g.constant(i32, size)))
		for offset := range int64(2) {
			g.b.Op(ir.OpStore, []*ir.Value{mine, g.constant(i128, offset)}, ir.Attr("width", int64(16)), ir.Attr("offset", 16*offset))
		}
		g.places = append(g.places, place{address: mine, size: size})
	}
	g.values = append(g.values, thread, block, row, g.b.Op(ir.OpBlockCount, nil).Result())
	g.first()
	t := &team{kernGenerator: g, launch: launch, thread: thread, block: block, row: row}
	for g.left > 0 {
		if g.options.Together && chance(g.source, 40) {
			t.phase()
		} else {
			g.statement()
		}
	}
	g.results(slice)
}

func (g *kernGenerator) shared(bytes int) *ir.Value {
	return g.b.Op(ir.OpShared, nil, ir.Attr("bytes", int64(bytes))).Result()
}

func (g *kernGenerator) compare(predicate string, a, b *ir.Value) *ir.Value {
	return g.b.Op(ir.OpCompare, []*ir.Value{a, b}, ir.Attr("predicate", predicate)).Result()
}

// when1 runs statements under a condition.
func (g *kernGenerator) when1(condition *ir.Value, make func()) {
	then := g.region(ir.NewBlock(), make)
	g.b.Build(ir.OpWhen, []*ir.Value{condition}, []*ir.Block{then, ir.NewBlock()})
}

// team makes the parts of a kernel in which threads work together. All threads of a block
// come to each of them.
type team struct {
	*kernGenerator
	launch, thread, block, row *ir.Value
	appends                    bool // has one already
}

func (t *team) phase() {
	t.left--
	switch t.source.IntN(11) {
	case 0:
		v := t.of(t.scalar())
		t.values = append(t.values, t.b.Op(ir.OpShuffleDown, []*ir.Value{v}, ir.Attr("distance", int64(1+t.source.IntN(31)))).Result())
	case 1:
		t.values = append(t.values, t.b.Unary(ir.OpBallot, t.condition()))
	case 2:
		t.exchange()
	case 3:
		t.reduce()
	case 4:
		t.histogram()
	case 5:
		t.when1(t.condition(), t.atomicWord)
	case 6:
		t.when1(t.condition(), t.exchangeLoop)
	case 7:
		t.ownAtomic()
	case 8:
		if !t.appends && t.depth == 0 {
			t.appends = true
			t.appendRecord()
		}
	case 9:
		t.b.Op(ir.OpFence, nil)
	default:
		if t.depth < 2 {
			t.uniform()
		}
	}
}

// uniform makes a condition or a loop that all threads of a block agree on.
func (t *team) uniform() {
	some := func() {
		for range 1 + t.source.IntN(3) {
			t.phase()
			t.statement()
		}
	}
	odd := t.b.Binary(ir.OpIntegerAnd, t.block, t.constant(i32, 1))
	if chance(t.source, 50) {
		t.when1(odd, some)
		return
	}
	left := t.b.Unary(ir.OpVariable, t.b.Binary(ir.OpIntegerAdd, odd, t.constant(i32, 1)))
	block := ir.NewBlock(label)
	t.region(block, func() {
		some()
		less := t.b.Binary(ir.OpIntegerSub, t.b.Unary(ir.OpGet, left), t.constant(i32, 1))
		t.b.Op(ir.OpSet, []*ir.Value{left, less})
		t.b.Op(ir.OpBranchIf, []*ir.Value{block.Arguments[0], less})
	})
	t.b.Build(ir.OpLoop, nil, []*ir.Block{block})
}

func (t *team) barrier() { t.b.Op(ir.OpBarrier, nil) }

// element gives the address of an element of an array.
func (t *team) element(array, index *ir.Value, size int) *ir.Value {
	return t.b.Binary(ir.OpIntegerAdd, array, t.b.Binary(ir.OpIntegerMul, index, t.constant(i32, int64(size))))
}

func (t *team) storeTo(at, v *ir.Value) {
	size := int64(interp.SizeOf(v.Type))
	t.b.Op(ir.OpStore, []*ir.Value{at, v}, ir.Attr("width", size), ir.Attr("align", size))
}

func (t *team) loadFrom(at *ir.Value, of ir.Type) *ir.Value {
	size := int64(interp.SizeOf(of))
	return t.b.Op(ir.OpLoad, []*ir.Value{at}, ir.Attr("width", size), ir.Attr("align", size), ir.Attr("type", of)).Result()
}

// exchange gives each thread a value of another one, by shared memory.
func (t *team) exchange() {
	v := t.observe(t.of(t.scalar()))
	size, threads := interp.SizeOf(v.Type), int64(t.options.Threads)
	array := t.shared(size * t.options.Threads)
	t.storeTo(t.element(array, t.thread, size), v)
	t.barrier()
	other := t.b.Binary(ir.OpIntegerSub, t.constant(i32, threads-1), t.thread)
	if chance(t.source, 50) {
		other = t.b.Binary(ir.OpIntegerAdd, t.thread, t.constant(i32, 1+int64(t.source.IntN(int(threads)))))
		other = t.b.Binary(ir.OpIntegerRemU, other, t.constant(i32, threads))
	}
	t.values = append(t.values, t.loadFrom(t.element(array, other, size), v.Type))
	t.barrier()
}

// reduce adds a value of all threads, half of them at a time.
func (t *team) reduce() {
	of := pick(t.source, i64, i32, i128)
	size, threads := interp.SizeOf(of), int64(t.options.Threads)
	array := t.shared(size * t.options.Threads)
	mine := t.element(array, t.thread, size)
	t.storeTo(mine, t.of(of))
	distance := t.b.Unary(ir.OpVariable, t.constant(i32, 64))
	loop := ir.NewBlock(label)
	t.region(loop, func() {
		t.barrier()
		now := t.b.Unary(ir.OpGet, distance)
		other := t.b.Binary(ir.OpIntegerAdd, t.thread, now)
		adds := t.b.Binary(ir.OpIntegerAnd, t.compare("lt_u", t.thread, now), t.compare("lt_u", other, t.constant(i32, threads)))
		t.when1(adds, func() {
			t.storeTo(mine, t.b.Binary(ir.OpIntegerAdd, t.loadFrom(mine, of), t.loadFrom(t.element(array, other, size), of)))
		})
		half := t.b.Binary(ir.OpShiftRightU, now, t.constant(i32, 1))
		t.b.Op(ir.OpSet, []*ir.Value{distance, half})
		t.b.Op(ir.OpBranchIf, []*ir.Value{loop.Arguments[0], half})
	})
	t.b.Build(ir.OpLoop, nil, []*ir.Block{loop})
	t.barrier()
	t.values = append(t.values, t.loadFrom(array, of))
	t.barrier()
}

// histogram adds into words of shared memory.
func (t *team) histogram() {
	of := pick(t.source, i32, i64)
	size := interp.SizeOf(of)
	const slots = 16
	array := t.shared(size * slots)
	t.when1(t.compare("lt_u", t.thread, t.constant(i32, slots)), func() {
		t.storeTo(t.element(array, t.thread, size), t.constant(of, 0))
	})
	t.barrier()
	slot := t.b.Binary(ir.OpIntegerAnd, t.of(i32), t.constant(i32, slots-1))
	t.b.Op(ir.OpAtomic, []*ir.Value{t.element(array, slot, size), t.of(of)}, ir.Attr("operation", "add"), ir.Attr("width", int64(size)))
	t.barrier()
	slot = t.b.Binary(ir.OpIntegerAnd, t.thread, t.constant(i32, slots-1))
	t.values = append(t.values, t.loadFrom(t.element(array, slot, size), of))
	t.barrier()
}

// wordOperations are operations on words that all threads share: those of one word have
// one operation, so their order does not show.
var wordOperations = []string{"add", "and", "or", "min_s", "max_s", "min_u", "max_u"}

// atomicWord changes one of a few words in global memory that belong to one operation.
func (t *team) atomicWord() {
	n := t.source.IntN(len(wordOperations))
	of, width := i64, int64(8)
	if n%2 == 1 {
		of, width = i32, 4
	}
	at := t.b.Binary(ir.OpIntegerAnd, t.of(i64), t.constant(i64, 3*8))
	at = t.b.Binary(ir.OpIntegerAdd, t.launch, at)
	t.b.Op(ir.OpAtomic, []*ir.Value{at, t.of(of)}, ir.Attr("operation", wordOperations[n]), ir.Attr("width", width), ir.Attr("offset", int64(wordsAt+32*n)))
}

// exchangeLoop adds to a word by compare_exchange, again and again until no other thread
// came between.
func (t *team) exchangeLoop() {
	of, width := i64, int64(8)
	slot := int64(wordsAt + 32*len(wordOperations))
	if chance(t.source, 50) {
		of, width, slot = i32, 4, slot+16
	}
	v, done := t.of(of), ir.NewBlock(label)
	t.region(done, func() {
		attributes := []ir.Attribute{ir.Attr("width", width), ir.Attr("offset", slot)}
		old := t.b.Op(ir.OpLoad, []*ir.Value{t.launch}, append(slices.Clone(attributes), ir.Attr("align", width), ir.Attr("access", "volatile"), ir.Attr("type", of))...).Result()
		found := t.b.Op(ir.OpCompareExchange, []*ir.Value{t.launch, old, t.b.Binary(ir.OpIntegerAdd, old, v)}, attributes...).Result()
		t.b.Op(ir.OpBranchIf, []*ir.Value{done.Arguments[0], t.compare("ne", found, old)})
	})
	t.b.Build(ir.OpLoop, nil, []*ir.Block{done})
}

// ownAtomic uses an atomic operation on memory that only this thread uses.
func (t *team) ownAtomic() {
	p := pick(t.source, slices.DeleteFunc(slices.Clone(t.places), func(p place) bool { return p.readOnly })...)
	of, width := i64, 8
	if chance(t.source, 50) {
		of, width = i32, 4
	}
	attributes := []ir.Attribute{ir.Attr("width", int64(width))}
	if offset := t.source.IntN(p.size-width+1) &^ (width - 1); offset > 0 {
		attributes = append(attributes, ir.Attr("offset", int64(offset)))
	}
	if chance(t.source, 40) {
		t.values = append(t.values, t.b.Op(ir.OpCompareExchange, []*ir.Value{p.address, t.of(of), t.of(of)}, attributes...).Result())
		return
	}
	operation := ir.Attr("operation", pick(t.source, ir.AtomicOperations...))
	t.values = append(t.values, t.b.Op(ir.OpAtomic, []*ir.Value{p.address, t.of(of)}, append(attributes, operation)...).Result())
}

// appendRecord lets some threads write a record that tells their row and a value.
func (t *team) appendRecord() {
	size := pick(t.source, 16, 24, 32)
	t.kern.append(size)
	v := t.of(i64)
	t.when1(t.condition(), func() {
		at := t.b.Op(ir.OpAppend, []*ir.Value{t.launch, t.constant(i32, int64(size))}, ir.Attr("offset", int64(abi.LaunchCursor))).Result()
		to := t.b.Op(ir.OpWrap, []*ir.Value{at}, ir.Attr("type", address)).Result()
		t.b.Op(ir.OpStore, []*ir.Value{to, t.row}, ir.Attr("width", int64(4)), ir.Attr("align", int64(8)))
		t.b.Op(ir.OpStore, []*ir.Value{to, v}, ir.Attr("width", int64(8)), ir.Attr("offset", int64(size-8)), ir.Attr("align", int64(8)))
	})
}
