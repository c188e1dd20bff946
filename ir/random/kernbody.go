package random

import (
	"math"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/interp"
)

// kernGenerator makes one function of the kern level.
type kernGenerator struct {
	source  Source
	options KernOptions
	kern    *Kern
	b       *ir.Builder
	values  []*ir.Value // that can be seen
	cells   []*ir.Value // variables that can be seen
	text    []*ir.Value // packed strings that can be seen
	leave   []*ir.Value // labels of blocks that can be left
	places  []place
	mix     *ir.Value // a variable into which values go that are not stored
	packed  []int64   // strings
	pattern []uint32
	left    int // statements
	calls   int // of the library
	sites   int
	depth   int
	mayFail bool // calls may fail: not where that keeps a thread from a barrier
	mayEnd  bool // the function may return early, for the same reason
	result  ir.Type
	helper  *ir.Function
}

// place is memory that only one thread uses.
type place struct {
	address  *ir.Value // a multiple of 16
	size     int       // a power of two, at least 32
	readOnly bool
}

// function makes a function of the CPU that takes the address of its slice.
func (g *kernGenerator) function() {
	body := ir.NewBlock(address)
	g.b = ir.At(body)
	g.places = []place{{address: body.Arguments[0], size: resultAt}, g.constantPlace()}
	g.add(&ir.Function{Name: g.kern.Function, Level: ir.KernLevel, Body: body, Export: true})
	g.first()
	for g.left > 0 {
		g.statement()
	}
	g.results(body.Arguments[0])
}

// constantPlace is text at an address that the code knows.
func (g *kernGenerator) constantPlace() place {
	return place{address: g.constant(address, KernLinear+textAt+16*int64(g.source.IntN(8))), size: 128, readOnly: true}
}

// add puts a function into the module, and now and then one before it that it calls.
func (g *kernGenerator) add(f *ir.Function) {
	if chance(g.source, 40) {
		g.helperFunction()
	}
	g.kern.Module.Functions = append(g.kern.Module.Functions, f)
}

// helperFunction makes a function of a few numbers that touches no memory.
func (g *kernGenerator) helperFunction() {
	inner := &kernGenerator{source: g.source, options: g.options, kern: g.kern, left: 6, sites: g.sites, depth: 2}
	var types []ir.Type
	for range 1 + g.source.IntN(3) {
		types = append(types, pick(g.source, i32, i64, i128, f64, f32))
	}
	body := ir.NewBlock(types...)
	inner.b, inner.values, inner.mayEnd = ir.At(body), slices.Clone(body.Arguments), true
	inner.mix = inner.b.Unary(ir.OpVariable, inner.constant(i64, 0))
	inner.result = pick(g.source, types...)
	for inner.left > 0 {
		inner.statement()
	}
	inner.end()
	g.helper = &ir.Function{Name: g.kern.Function + "_helper", Level: ir.KernLevel, Body: body, Results: []ir.Type{inner.result}}
	g.kern.Module.Functions = append(g.kern.Module.Functions, g.helper)
	g.sites = inner.sites
}

// first loads some values of each type, and makes variables.
func (g *kernGenerator) first() {
	g.mix = g.b.Unary(ir.OpVariable, g.constant(i64, 0))
	for _, t := range []ir.Type{i32, i64, i128, f32, f64} {
		g.load(t)
		if chance(g.source, 60) {
			g.cells = append(g.cells, g.b.Unary(ir.OpVariable, g.of(t)))
		}
	}
}

// scalars are the types that loads, stores and calls move.
func (g *kernGenerator) scalar() ir.Type { return pick(g.source, i32, i64, i128, f64, f32) }

func (g *kernGenerator) statement() {
	g.left--
	choice := g.source.IntN(100)
	switch {
	case choice < 45:
		g.operation()
	case choice < 53 && len(g.cells) > 0:
		cell := pick(g.source, g.cells...)
		g.b.Op(ir.OpSet, []*ir.Value{cell, g.of(cell.Type)})
	case choice < 60 && len(g.cells) > 0:
		g.values = append(g.values, g.b.Unary(ir.OpGet, pick(g.source, g.cells...)))
	case choice < 63:
		g.cells = append(g.cells, g.b.Unary(ir.OpVariable, g.of(g.scalar())))
	case choice < 69 && len(g.places) > 0:
		g.load(g.scalar())
	case choice < 71 && len(g.places) > 0:
		g.row()
	case choice < 78 && len(g.places) > 0:
		g.store(g.of(g.scalar()))
	case choice < 79 && len(g.places) > 0:
		g.bulk()
	case choice < 80 && len(g.places) > 0:
		g.pointer()
	case choice < 84 && g.depth < 3:
		g.when()
	case choice < 88 && g.depth < 3:
		g.loop()
	case choice < 91 && g.depth < 3:
		g.block()
	case choice < 92 && len(g.leave) > 0:
		g.b.Op(ir.OpBranchIf, []*ir.Value{pick(g.source, g.leave...), g.condition()})
	case choice < 94 && g.helper != nil:
		g.callHelper()
	case choice < 97:
		g.callLibrary()
	case choice < 98 && g.mayEnd:
		then := g.region(ir.NewBlock(), g.end)
		g.b.Build(ir.OpWhen, []*ir.Value{g.condition()}, []*ir.Block{then, ir.NewBlock()})
	default:
		g.divide()
	}
}

// of finds a value of a type, a young one rather, or makes one.
func (g *kernGenerator) of(t ir.Type) *ir.Value {
	var fit []*ir.Value
	for _, v := range g.values {
		if v.Type.Equal(t) {
			fit = append(fit, v)
		}
	}
	if n := len(fit); n > 0 && !chance(g.source, 15) {
		return fit[max(g.source.IntN(n), g.source.IntN(n))]
	}
	if t.Kind == ir.Vector {
		element := ir.Of(t.Element)
		if ir.Of(t.Element).IsInteger() && t.Element != ir.I64 {
			element = i32
		}
		return g.b.Op(ir.OpSplat, []*ir.Value{g.of(element)}, ir.Attr("type", t)).Result()
	}
	if chance(g.source, 50) {
		return g.constant(t, int64(g.source.IntN(70)-5))
	}
	return g.literal(t, pick(g.source, Extremes(t)...))
}

func (g *kernGenerator) constant(t ir.Type, v int64) *ir.Value {
	if t.IsFloat() {
		return g.b.Const(t, ir.FloatDatum(float64(v)))
	}
	return g.b.Const(t, ir.IntDatum(v))
}

func (g *kernGenerator) literal(t ir.Type, v interp.Bits) *ir.Value {
	switch {
	case t.IsFloat():
		return g.b.Const(t, ir.FloatDatum(v.Float64(t)))
	case t.Kind == ir.I128:
		return g.b.Const(t, ir.Int128Datum(ir.Int128{High: int64(v.High), Low: v.Low}))
	case t.Kind == ir.I32 || t.Kind == ir.Address:
		return g.b.Const(t, ir.IntDatum(int64(int32(v.Low))))
	default:
		return g.b.Const(t, ir.IntDatum(int64(v.Low)))
	}
}

// condition gives an i32 that is 0 about as often as not.
func (g *kernGenerator) condition() *ir.Value {
	t := pick(g.source, i32, i64, i128)
	p := pick(g.source, signedPredicates...)
	return g.b.Op(ir.OpCompare, []*ir.Value{g.of(t), g.of(t)}, ir.Attr("predicate", p)).Result()
}

// operation makes a pure op. Bits of NaNs are not defined, so none looks at them.
func (g *kernGenerator) operation() {
	for {
		shape := pick(g.source, Shapes()...)
		info := ir.OpTable()[shape.Code]
		vectors := shape.Result.Kind == ir.Vector
		floats := shape.Code == ir.OpReinterpret && shape.Operands[0].IsFloat()
		for _, t := range append(slices.Clone(shape.Operands), shape.Result) {
			vectors = vectors || t.Kind == ir.Vector
			floats = floats || t.Kind == ir.Vector && ir.Of(t.Element).IsFloat()
		}
		if floats || vectors && (!g.options.Vectors || !chance(g.source, 30)) || info.Has(ir.MayTrap) && !g.options.Traps {
			continue
		}
		operands := make([]*ir.Value, len(shape.Operands))
		for i, t := range shape.Operands {
			operands[i] = g.of(t)
		}
		g.values = append(g.values, shape.Build(g.b, operands...))
		return
	}
}

// divide makes a division whose operands fit.
func (g *kernGenerator) divide() {
	t := pick(g.source, i32, i64)
	code := pick(g.source, ir.OpIntegerDivS, ir.OpIntegerDivU, ir.OpIntegerRemS, ir.OpIntegerRemU)
	// Odd, and positive as a signed number, so neither 0 nor -1.
	divisor := g.b.Binary(ir.OpIntegerAnd, g.of(t), g.constant(t, pick(g.source, int64(0xff), 0xffff, math.MaxInt32)))
	divisor = g.b.Binary(ir.OpIntegerOr, divisor, g.constant(t, 1))
	g.values = append(g.values, g.b.Binary(code, g.of(t), divisor))
}

// end leaves the function, or the thread by a trap.
func (g *kernGenerator) end() {
	switch {
	case g.result.Kind != ir.Invalid:
		g.b.Op(ir.OpKernReturn, []*ir.Value{g.of(g.result)})
	case g.options.Threads > 0 && chance(g.source, 50):
		g.b.Op(ir.OpTrap, nil)
	default:
		g.b.Op(ir.OpKernReturn, nil)
	}
}

// region runs a generator of statements in a block of its own; what it makes cannot be
// seen outside.
func (g *kernGenerator) region(block *ir.Block, make func()) *ir.Block {
	outer := *g
	g.b, g.depth = g.b.In(block), g.depth+1
	make()
	if end := block.Terminator(); end == nil || !end.Info().Has(ir.Terminator) {
		for range min(2, len(g.values)-len(outer.values)) {
			g.fold(pick(g.source, g.values[len(outer.values):]...))
		}
	}
	g.b, g.depth, g.mayFail = outer.b, outer.depth, outer.mayFail
	g.values, g.cells, g.text, g.leave, g.places = outer.values, outer.cells, outer.text, outer.leave, outer.places
	return block
}

func (g *kernGenerator) some(n int) {
	for range 1 + g.source.IntN(n) {
		if g.left > 0 {
			g.statement()
		}
	}
}

func (g *kernGenerator) when() {
	condition := g.condition()
	then := g.region(ir.NewBlock(), func() { g.some(4) })
	otherwise := g.region(ir.NewBlock(), func() {
		if chance(g.source, 50) {
			g.some(3)
		}
	})
	g.b.Build(ir.OpWhen, []*ir.Value{condition}, []*ir.Block{then, otherwise})
}

// loop makes a loop of a few turns.
func (g *kernGenerator) loop() {
	turns := g.b.Binary(ir.OpIntegerAnd, g.of(i32), g.constant(i32, 3))
	left := g.b.Unary(ir.OpVariable, turns)
	block := ir.NewBlock(label)
	g.region(block, func() {
		g.some(4)
		less := g.b.Binary(ir.OpIntegerSub, g.b.Unary(ir.OpGet, left), g.constant(i32, 1))
		g.b.Op(ir.OpSet, []*ir.Value{left, less})
		again := g.b.Op(ir.OpCompare, []*ir.Value{less, g.constant(i32, 0)}, ir.Attr("predicate", "gt_s")).Result()
		g.b.Op(ir.OpBranchIf, []*ir.Value{block.Arguments[0], again})
	})
	var attributes []ir.Attribute
	if chance(g.source, 30) {
		attributes = []ir.Attribute{ir.Attr("metered", true)}
	}
	g.b.Build(ir.OpLoop, nil, []*ir.Block{block}, attributes...)
}

func (g *kernGenerator) block() {
	block := ir.NewBlock(label)
	var attributes []ir.Attribute
	recovers := g.options.Threads > 0 && chance(g.source, 50)
	if recovers {
		attributes = []ir.Attribute{ir.Attr("recovers", true)}
	}
	g.region(block, func() {
		g.leave = append(slices.Clip(g.leave), block.Arguments[0])
		g.mayFail = g.mayFail || recovers
		g.some(5)
		g.b.Op(ir.OpBranchIf, []*ir.Value{block.Arguments[0], g.condition()})
		if recovers && chance(g.source, 30) {
			trap := g.region(ir.NewBlock(), func() { g.b.Op(ir.OpTrap, nil) })
			g.b.Build(ir.OpWhen, []*ir.Value{g.condition()}, []*ir.Block{trap, ir.NewBlock()})
		}
		g.some(3)
		if chance(g.source, 30) {
			g.b.Op(ir.OpBranch, []*ir.Value{pick(g.source, g.leave...)})
		}
	})
	g.b.Build(ir.OpBlock, nil, []*ir.Block{block}, attributes...)
}

// access picks where to read or write so many bytes.
func (g *kernGenerator) access(width int, write bool) (p place, at *ir.Value, attributes []ir.Attribute) {
	for {
		if p = pick(g.source, g.places...); !write || !p.readOnly {
			break
		}
	}
	align := pick(g.source, width, 1, 1+width/2)
	for align&(align-1) != 0 {
		align &= align - 1
	}
	half := p.size / 2
	at = p.address
	if chance(g.source, 40) {
		within := g.b.Binary(ir.OpIntegerAnd, g.of(i32), g.constant(i32, int64((half-1)&^(align-1))))
		if at.Type.Kind == ir.GlobalAddress {
			within = g.b.Op(ir.OpExtendU, []*ir.Value{within}, ir.Attr("type", i64)).Result()
		}
		at = g.b.Binary(ir.OpIntegerAdd, at, within)
	}
	if offset := g.source.IntN(half-width+1) &^ (align - 1); offset > 0 {
		attributes = append(attributes, ir.Attr("offset", int64(offset)))
	}
	if align > 1 && chance(g.source, 70) {
		attributes = append(attributes, ir.Attr("align", int64(align)))
	}
	return p, at, attributes
}

// widthFor picks the bytes of an access to a value of a type.
func (g *kernGenerator) widthFor(t ir.Type) int {
	if t.IsFloat() {
		return interp.SizeOf(t)
	}
	return pick(g.source, slices.DeleteFunc([]int{16, 8, 4, 2, 1}, func(n int) bool { return n > interp.SizeOf(t) })...)
}

func (g *kernGenerator) load(t ir.Type) {
	if g.options.Vectors && chance(g.source, 20) {
		g.loadVector()
		return
	}
	width := g.widthFor(t)
	p, at, attributes := g.access(width, false)
	attributes = append(attributes, ir.Attr("width", int64(width)), ir.Attr("type", t))
	if !t.IsFloat() && chance(g.source, 40) {
		attributes = append(attributes, ir.Attr("signed", true))
	}
	g.values = append(g.values, g.b.Op(ir.OpLoad, []*ir.Value{at}, append(attributes, g.accessOf(p)...)...).Result())
}

// row moves a few numbers that stand side by side, as a thread does that takes several
// rows of a column.
func (g *kernGenerator) row() {
	width := pick(g.source, 4, 8, 2, 1)
	t := i32
	if width == 8 {
		t = i64
	}
	p := pick(g.source, g.places...)
	first := 16 * g.source.IntN(p.size/16)
	signed := ir.Attr("signed", chance(g.source, 50))
	access := g.accessOf(p)
	var row []*ir.Value
	for i := range pick(g.source, 16, 8) / width {
		attributes := []ir.Attribute{ir.Attr("width", int64(width)), ir.Attr("offset", int64(first+i*width)), ir.Attr("type", t), signed}
		align := width
		if i == 0 {
			align = 16
		}
		attributes = append(attributes, ir.Attr("align", int64(align)))
		row = append(row, g.b.Op(ir.OpLoad, []*ir.Value{p.address}, append(attributes, access...)...).Result())
	}
	g.values = append(g.values, row...)
	if to := pick(g.source, g.places...); !to.readOnly && chance(g.source, 50) {
		first := 16 * g.source.IntN(to.size/16)
		for i, v := range row {
			g.b.Op(ir.OpStore, []*ir.Value{to.address, v}, ir.Attr("width", int64(width)), ir.Attr("offset", int64(first+i*width)), ir.Attr("align", int64(width)))
		}
	}
}

// accessOf says now and then what others do to a place meanwhile.
func (g *kernGenerator) accessOf(p place) []ir.Attribute {
	switch {
	case g.options.Threads == 0 || chance(g.source, 50):
		return nil
	case p.readOnly:
		return []ir.Attribute{ir.Attr("access", "invariant")}
	default:
		return []ir.Attribute{ir.Attr("access", "volatile")}
	}
}

func (g *kernGenerator) loadVector() {
	t := pick(g.source, ir.VectorType(ir.I8, 16), ir.VectorType(ir.I16, 8), ir.VectorType(ir.I32, 4), ir.VectorType(ir.I64, 2))
	offset := ir.Attr("offset", int64(g.source.IntN(resultAt-15)))
	g.values = append(g.values, g.b.Op(ir.OpVectorLoad, []*ir.Value{g.places[0].address}, offset, ir.Attr("type", t)).Result())
}

// store writes a value; of a float that may be NaN the bits that observe gives.
func (g *kernGenerator) store(v *ir.Value) {
	v = g.observe(v)
	width := g.widthFor(v.Type)
	_, at, attributes := g.access(width, true)
	g.b.Op(ir.OpStore, []*ir.Value{at, v}, append(attributes, ir.Attr("width", int64(width)))...)
}

// bulk copies or fills a few bytes of linear memory.
func (g *kernGenerator) bulk() {
	p := g.places[0]
	size := g.b.Binary(ir.OpIntegerAnd, g.of(i32), g.constant(i32, pick(g.source, int64(15), 31, 63)))
	within := func() *ir.Value {
		offset := g.b.Binary(ir.OpIntegerAnd, g.of(i32), g.constant(i32, 127))
		return g.b.Binary(ir.OpIntegerAdd, p.address, offset)
	}
	if chance(g.source, 50) {
		g.b.Op(ir.OpMemoryCopy, []*ir.Value{within(), within(), size})
	} else {
		g.b.Op(ir.OpMemoryFill, []*ir.Value{within(), g.of(i32), size})
	}
}

// pointer writes the address of a place to memory and reads it back, for use as a place,
// and compares it with another one.
func (g *kernGenerator) pointer() {
	to := pick(g.source, g.places...)
	t := to.address.Type
	size := int64(interp.SizeOf(t))
	at := ir.Attr("offset", 16*int64(g.source.IntN(resultAt/16)))
	slice := g.places[0].address
	g.b.Op(ir.OpStore, []*ir.Value{slice, to.address}, ir.Attr("width", size), at, ir.Attr("align", size))
	read := g.b.Op(ir.OpLoad, []*ir.Value{slice}, ir.Attr("width", size), at, ir.Attr("align", size), ir.Attr("type", t)).Result()
	// Where shared memory lies is not defined, so it must not stay there.
	g.b.Op(ir.OpStore, []*ir.Value{slice, g.constant(i64, 0)}, ir.Attr("width", size), at)
	predicate := ir.Attr("predicate", pick(g.source, "lt_u", "ge_u", "eq", "ne"))
	for _, p := range g.places {
		if p.address.Type.Equal(t) && chance(g.source, 50) {
			g.values = append(g.values, g.b.Op(ir.OpCompare, []*ir.Value{read, p.address}, predicate).Result())
			break
		}
	}
	g.places = append(slices.Clip(g.places), place{address: read, size: to.size, readOnly: to.readOnly})
}

// observe gives an integer that tells a value: of floats the bits, and one and the same
// for all NaNs.
func (g *kernGenerator) observe(v *ir.Value) *ir.Value {
	if !v.Type.IsFloat() {
		return v
	}
	t := i32
	if v.Type.Kind == ir.F64 {
		t = i64
	}
	bits := g.b.Op(ir.OpReinterpret, []*ir.Value{v}, ir.Attr("type", t)).Result()
	isNaN := g.b.Op(ir.OpFloatCompare, []*ir.Value{v, v}, ir.Attr("predicate", "ne")).Result()
	return g.b.Op(ir.OpSelect, []*ir.Value{isNaN, g.constant(t, -12345), bits}).Result()
}

// results stores the variables and the youngest values behind a slice's memory.
func (g *kernGenerator) results(slice *ir.Value) {
	for _, v := range g.values {
		g.fold(v)
	}
	list := slices.Clone(g.values[max(0, len(g.values)-resultSlots):])
	for _, cell := range g.cells {
		list = append(list, g.b.Unary(ir.OpGet, cell))
	}
	for _, text := range g.text {
		list = append(list, text, g.call(abi.LibraryModule+".hash_string", []*ir.Value{text}, i64))
	}
	list = append(list, g.b.Unary(ir.OpGet, g.mix))
	for i, v := range list[max(0, len(list)-resultSlots):] {
		g.storeResult(slice, i, v)
	}
}

// fold mixes a value into the variable for those that are not stored.
func (g *kernGenerator) fold(v *ir.Value) {
	v = g.observe(v)
	as := func(code ir.Opcode, v *ir.Value, t ir.Type) *ir.Value {
		return g.b.Op(code, []*ir.Value{v}, ir.Attr("type", t)).Result()
	}
	switch v.Type.Kind {
	case ir.Address:
		v = as(ir.OpExtendU, as(ir.OpWrap, v, i32), i64)
	case ir.I32:
		v = as(ir.OpExtendS, v, i64)
	case ir.I128:
		v = g.b.Binary(ir.OpIntegerXor, as(ir.OpWrap, v, i64), g.b.Unary(ir.OpHighHalf, v))
	case ir.Vector:
		v = as(ir.OpExtendU, g.b.Unary(ir.OpVectorBitmask, v), i64)
	default: // is an i64
	}
	now := g.b.Binary(ir.OpIntegerMul, g.b.Unary(ir.OpGet, g.mix), g.constant(i64, 0x1E3779B97F4A7C15))
	g.b.Op(ir.OpSet, []*ir.Value{g.mix, g.b.Binary(ir.OpIntegerAdd, now, v)})
}

func (g *kernGenerator) storeResult(slice *ir.Value, slot int, v *ir.Value) {
	offset := ir.Attr("offset", int64(resultAt+16*slot))
	if v.Type.Kind == ir.Vector {
		g.b.Op(ir.OpVectorStore, []*ir.Value{slice, v}, offset)
		return
	}
	v = g.observe(v)
	g.b.Op(ir.OpStore, []*ir.Value{slice, v}, ir.Attr("width", int64(interp.SizeOf(v.Type))), offset, ir.Attr("align", int64(interp.SizeOf(v.Type))))
}

func (g *kernGenerator) site() *ir.Value {
	g.sites++
	return g.constant(i32, int64(g.sites))
}

func (g *kernGenerator) call(symbol string, arguments []*ir.Value, result ir.Type) *ir.Value {
	return g.b.Op(ir.OpCall, arguments, ir.Attr("function", ir.Symbol(symbol)), ir.Attr("results", []ir.Field{{Name: "r", Type: result}})).Result()
}

func (g *kernGenerator) callHelper() {
	var arguments []*ir.Value
	for _, a := range g.helper.Body.Arguments {
		arguments = append(arguments, g.of(a.Type))
	}
	g.values = append(g.values, g.call(g.helper.Name, arguments, g.helper.Results[0]))
}
