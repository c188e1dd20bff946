package kernels

import (
	"fmt"

	"github.com/heddle-lang/heddle/ir"
)

// Types of kern values.
var (
	addr  = ir.Of(ir.Address)
	i32   = ir.Of(ir.I32)
	gaddr = ir.Of(ir.GlobalAddress)
	i64   = ir.Of(ir.I64)
	i128  = ir.Of(ir.I128)
	f32   = ir.Of(ir.F32)
	f64   = ir.Of(ir.F64)
)

// emitter appends kern ops to a block. It knows nothing of SQL.
type emitter struct {
	block *ir.Block
	// natural says that what is loaded and stored lies at multiples of its size, up to
	// eight bytes: kernels must know, for the CPU it makes no difference.
	natural bool
	// access says what others do meanwhile to what is loaded (the attribute of load).
	access string
	// unavailable tells which functions of the library may not be called, and why.
	unavailable map[string]string
}

func (e *emitter) build(code ir.Opcode, operands []*ir.Value, regions []*ir.Block, attributes ...ir.Attribute) *ir.Op {
	return ir.At(e.block).Build(code, operands, regions, attributes...)
}

func (e *emitter) const32(v int64) *ir.Value { return ir.At(e.block).Const(i32, ir.IntDatum(v)) }
func (e *emitter) const64(v int64) *ir.Value { return ir.At(e.block).Const(i64, ir.IntDatum(v)) }
func (e *emitter) const128(v ir.Int128) *ir.Value {
	return ir.At(e.block).Const(i128, ir.Int128Datum(v))
}

func (e *emitter) constFloat(t ir.Type, v float64) *ir.Value {
	return ir.At(e.block).Const(t, ir.FloatDatum(v))
}

// zero is the zero of a kern type.
func (e *emitter) zero(t ir.Type) *ir.Value {
	if t.IsFloat() {
		return e.constFloat(t, 0)
	}
	return ir.At(e.block).Const(t, ir.Datum{})
}

func (e *emitter) binary(code ir.Opcode, a, b *ir.Value) *ir.Value {
	return e.build(code, []*ir.Value{a, b}, nil).Result()
}

func (e *emitter) unary(code ir.Opcode, a *ir.Value) *ir.Value {
	return e.build(code, []*ir.Value{a}, nil).Result()
}

func (e *emitter) add(a, b *ir.Value) *ir.Value { return e.binary(ir.OpIntegerAdd, a, b) }
func (e *emitter) sub(a, b *ir.Value) *ir.Value { return e.binary(ir.OpIntegerSub, a, b) }
func (e *emitter) and(a, b *ir.Value) *ir.Value { return e.binary(ir.OpIntegerAnd, a, b) }
func (e *emitter) or(a, b *ir.Value) *ir.Value  { return e.binary(ir.OpIntegerOr, a, b) }
func (e *emitter) addConst(a *ir.Value, n int64) *ir.Value {
	if n == 0 {
		return a
	}
	return e.add(a, e.const32(n))
}

// shiftLeft shifts a 32-bit value by a constant.
func (e *emitter) shiftLeft(a *ir.Value, bits int64) *ir.Value {
	if bits == 0 {
		return a
	}
	return e.binary(ir.OpShiftLeft, a, e.const32(bits))
}

func (e *emitter) compare(predicate string, a, b *ir.Value) *ir.Value {
	return e.build(ir.OpCompare, []*ir.Value{a, b}, nil, ir.Attr("predicate", predicate)).Result()
}

func (e *emitter) compareFloat(predicate string, a, b *ir.Value) *ir.Value {
	return e.build(ir.OpFloatCompare, []*ir.Value{a, b}, nil, ir.Attr("predicate", predicate)).Result()
}

// not turns 1 to 0 and 0 to 1.
func (e *emitter) not(a *ir.Value) *ir.Value { return e.compare("eq", a, e.zero(a.Type)) }

func (e *emitter) isZero(a *ir.Value) *ir.Value { return e.compare("eq", a, e.zero(a.Type)) }

func (e *emitter) selectValue(condition, a, b *ir.Value) *ir.Value {
	return e.build(ir.OpSelect, []*ir.Value{condition, a, b}, nil).Result()
}

// address gives a 32-bit number as an address.
func (e *emitter) address(v *ir.Value) *ir.Value {
	if v.Type.IsAddress() {
		return v
	}
	return e.typed(ir.OpWrap, v, addr)
}

func (e *emitter) load(address *ir.Value, offset int64, width int, signed bool, t ir.Type) *ir.Value {
	align := 0
	if e.natural {
		align = min(width, 8)
	}
	return e.loadAligned(address, offset, width, signed, t, align)
}

// loadAligned is load from an address that is known to be a multiple of align; 0 when
// nothing is known.
func (e *emitter) loadAligned(address *ir.Value, offset int64, width int, signed bool, t ir.Type, align int) *ir.Value {
	attributes := []ir.Attribute{ir.Attr("width", int64(width)), ir.Attr("signed", signed), ir.Attr("offset", offset), ir.Attr("type", t)}
	if align > 0 {
		attributes = append(attributes, ir.Attr("align", int64(align)))
	}
	if e.access != "" {
		attributes = append(attributes, ir.Attr("access", e.access))
	}
	return e.build(ir.OpLoad, []*ir.Value{e.address(address)}, nil, attributes...).Result()
}

func (e *emitter) load32(address *ir.Value, offset int64) *ir.Value {
	return e.load(address, offset, 4, false, i32)
}

func (e *emitter) store(address *ir.Value, offset int64, width int, v *ir.Value) {
	attributes := []ir.Attribute{ir.Attr("width", int64(width)), ir.Attr("offset", offset)}
	if e.natural {
		attributes = append(attributes, ir.Attr("align", int64(min(width, 8))))
	}
	e.build(ir.OpStore, []*ir.Value{e.address(address), v}, nil, attributes...)
}

// convert gives the same bits-preserving integer conversion: widening with the sign,
// or dropping high bits.
func (e *emitter) convert(v *ir.Value, t ir.Type) *ir.Value {
	if v.Type.Kind == t.Kind {
		return v
	}
	code := ir.OpExtendS
	if rank(t) < rank(v.Type) {
		code = ir.OpWrap
	}
	return e.build(code, []*ir.Value{v}, nil, ir.Attr("type", t)).Result()
}

func (e *emitter) extendUnsigned(v *ir.Value, t ir.Type) *ir.Value {
	return e.build(ir.OpExtendU, []*ir.Value{v}, nil, ir.Attr("type", t)).Result()
}

func (e *emitter) typed(code ir.Opcode, v *ir.Value, t ir.Type) *ir.Value {
	return e.build(code, []*ir.Value{v}, nil, ir.Attr("type", t)).Result()
}

func rank(t ir.Type) int {
	switch t.Kind {
	case ir.I32, ir.Address:
		return 1
	case ir.I64:
		return 2
	case ir.I128:
		return 3
	default:
		panic("BUG: no integer rank for " + t.String())
	}
}

// call calls a function with at most one result, nil when t is the zero Type.
func (e *emitter) call(function string, t ir.Type, arguments ...*ir.Value) *ir.Value {
	if why, refused := e.unavailable[function]; refused {
		panic(refusal{fmt.Sprintf("%s: %s", function, why)})
	}
	var results []ir.Field
	if t.Kind != ir.Invalid {
		results = []ir.Field{{Name: "r", Type: t}}
	}
	op := e.build(ir.OpCall, arguments, nil, ir.Attr("function", ir.Symbol(function)), ir.Attr("results", results))
	if len(op.Results) == 0 {
		return nil
	}
	return op.Result()
}

func library(name string) string { return "library." + name }
func host(name string) string    { return "heddle." + name }

// variable makes a cell.
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

// when runs one of two regions.
func (e *emitter) when(condition *ir.Value, then, otherwise func()) {
	a, b := ir.NewBlock(), ir.NewBlock()
	e.inside(a, then)
	if otherwise != nil {
		e.inside(b, otherwise)
	}
	e.build(ir.OpWhen, []*ir.Value{condition}, []*ir.Block{a, b})
}

// labelled makes a block or a loop; body gets its label.
func (e *emitter) labelled(code ir.Opcode, body func(label *ir.Value), attributes ...ir.Attribute) {
	region := ir.NewBlock(ir.Of(ir.Label))
	e.inside(region, func() { body(region.Arguments[0]) })
	e.build(code, nil, []*ir.Block{region}, attributes...)
}

func (e *emitter) branch(label *ir.Value) { e.build(ir.OpBranch, []*ir.Value{label}, nil) }
func (e *emitter) branchIf(label, condition *ir.Value) {
	e.build(ir.OpBranchIf, []*ir.Value{label, condition}, nil)
}

// pack makes a string value of an address and a length, both 32 bits.
func (e *emitter) pack(address, length *ir.Value) *ir.Value {
	high := e.binary(ir.OpShiftLeft, e.extendUnsigned(length, i64), e.const64(32))
	return e.or(e.extendUnsigned(address, i64), high)
}
