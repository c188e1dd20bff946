package ptx_test

import (
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// builder builds a kernel of the parameters (context, launch block, ...).
type builder struct {
	*ir.Builder
	function *ir.Function
}

func newKernel(name string, threads int, more ...ir.Type) *builder {
	body := ir.NewBlock(append([]ir.Type{ir.Of(ir.I32), ir.Of(ir.GlobalAddress)}, more...)...)
	return &builder{ir.At(body), &ir.Function{Name: name, Level: ir.KernLevel, Export: true, Body: body, Threads: threads}}
}

func (b *builder) parameter(i int) *ir.Value { return b.function.Body.Arguments[i] }

func (b *builder) one(code ir.Opcode, operands []*ir.Value, attributes ...ir.Attribute) *ir.Value {
	return b.Op(code, operands, attributes...).Result()
}

func (b *builder) i32(v int64) *ir.Value { return b.Const(ir.Of(ir.I32), ir.IntDatum(v)) }

// slot is the address of a thread's own slot of so many bytes behind a place of linear
// memory.
func (b *builder) slot(at int64, size int64) *ir.Value {
	index := b.Binary(ir.OpIntegerMul, b.one(ir.OpThreadIndex, nil), b.i32(size))
	base := b.one(ir.OpWrap, []*ir.Value{b.Binary(ir.OpIntegerAdd, b.parameter(0), b.i32(at))}, ir.Attr("type", ir.Of(ir.Address)))
	return b.Binary(ir.OpIntegerAdd, base, index)
}

// read and write move values of any type, of which no alignment is told.
func (b *builder) read(at *ir.Value, t ir.Type, offset int64) *ir.Value {
	if t.Kind == ir.Vector {
		return b.one(ir.OpVectorLoad, []*ir.Value{at}, ir.Attr("offset", offset), ir.Attr("type", t))
	}
	return b.one(ir.OpLoad, []*ir.Value{at}, ir.Attr("width", int64(interp.SizeOf(t))), ir.Attr("offset", offset), ir.Attr("type", t))
}

func (b *builder) write(at, v *ir.Value, offset int64) {
	if v.Type.Kind == ir.Vector {
		b.Op(ir.OpVectorStore, []*ir.Value{at, v}, ir.Attr("offset", offset))
		return
	}
	b.Op(ir.OpStore, []*ir.Value{at, v}, ir.Attr("width", int64(interp.SizeOf(v.Type))), ir.Attr("offset", offset))
}

// literal makes a constant of any scalar type; ok is false for vectors.
func (b *builder) literal(t ir.Type, v interp.Bits) (value *ir.Value, ok bool) {
	switch t.Kind {
	case ir.Vector:
		return nil, false
	case ir.F32, ir.F64:
		return b.Const(t, ir.FloatDatum(v.Float64(t))), true
	case ir.I32, ir.Address:
		return b.Const(t, ir.IntDatum(int64(int32(v.Low)))), true
	case ir.I64, ir.GlobalAddress:
		return b.Const(t, ir.IntDatum(int64(v.Low))), true
	default:
		return b.Const(t, ir.Int128Datum(ir.Int128{High: int64(v.High), Low: v.Low})), true
	}
}

// blockSlot is slot by the number of the thread in the launch.
func (b *builder) blockSlot(at int64, size int64) *ir.Value {
	first := b.Binary(ir.OpIntegerMul, b.one(ir.OpBlockIndex, nil), b.i32(int64(b.function.Threads)*size))
	return b.Binary(ir.OpIntegerAdd, b.slot(at, size), first)
}
