package ir

import (
	"fmt"

	"github.com/heddle-lang/heddle/internal/diag"
)

// Builder appends ops to a block. It infers result types from the op table; an op
// that does not fit is a broken invariant of the caller, who has checked types
// before, so it panics.
type Builder struct {
	Block *Block
	Span  diag.Span // given to each op that is built
}

// NewBlock returns a block with arguments of the given types, inside an op's region
// once the op is built.
func NewBlock(arguments ...Type) *Block {
	b := &Block{}
	for _, t := range arguments {
		b.AddArgument("", t)
	}
	return b
}

// At returns a builder that appends to the end of a block.
func At(block *Block) *Builder { return &Builder{Block: block} }

// In returns a builder for another block with the same span.
func (b *Builder) In(block *Block) *Builder { return &Builder{Block: block, Span: b.Span} }

// Attr makes an attribute.
func Attr(name string, value any) Attribute { return Attribute{Name: name, Value: value} }

// Op appends an op with attributes and without regions.
func (b *Builder) Op(code Opcode, operands []*Value, attributes ...Attribute) *Op {
	return b.Build(code, operands, nil, attributes...)
}

// Build appends an op.
func (b *Builder) Build(code Opcode, operands []*Value, regions []*Block, attributes ...Attribute) *Op {
	op := &Op{Code: code, Operands: operands, Attributes: attributes, Regions: regions, Block: b.Block, Span: b.Span}
	for _, region := range regions {
		region.Parent = op
	}
	if err := op.InferResults(); err != nil {
		panic(fmt.Sprintf("BUG: %s: %v", code, err))
	}
	b.Block.Ops = append(b.Block.Ops, op)
	return op
}

// InferResults computes the result types anew. Existing result values keep their
// identity and get the new types.
func (op *Op) InferResults() error {
	info := op.Info()
	if info.Operands != Variadic && len(op.Operands) != info.Operands {
		return fmt.Errorf("takes %d operands, not %d", info.Operands, len(op.Operands))
	}
	if len(op.Regions) != len(info.Regions) {
		return fmt.Errorf("takes %d regions, not %d", len(info.Regions), len(op.Regions))
	}
	if info.Infer == nil {
		return nil
	}
	types, err := info.Infer(op)
	if err != nil {
		return err
	}
	if len(op.Results) == 0 && len(types) == 1 {
		// Almost all ops: the value and the list of one are made at once.
		made := &struct {
			value Value
			list  [1]*Value
		}{value: Value{Type: types[0], Op: op}}
		made.list[0] = &made.value
		op.Results = made.list[:]
		return nil
	}
	for i, t := range types {
		if i < len(op.Results) {
			op.Results[i].Type = t
			continue
		}
		op.Results = append(op.Results, &Value{Type: t, Op: op, Index: i})
	}
	op.Results = op.Results[:len(types)]
	return nil
}

// Shorthands for the scalar ops that every pass and front end builds.

// Const appends a literal.
func (b *Builder) Const(t Type, value Datum) *Value {
	return b.Op(OpConst, nil, Attr("value", value), Attr("type", t)).Result()
}

// Field appends a column reference.
func (b *Builder) Field(row *Value, name string) *Value {
	return b.Op(OpField, []*Value{row}, Attr("name", name)).Result()
}

// Unary appends an op with one operand and no attributes.
func (b *Builder) Unary(code Opcode, x *Value) *Value { return b.Op(code, []*Value{x}).Result() }

// Binary appends an op with two operands and no attributes.
func (b *Builder) Binary(code Opcode, x, y *Value) *Value {
	return b.Op(code, []*Value{x, y}).Result()
}

// Cast appends a conversion, or returns x when it has the type already.
func (b *Builder) Cast(x *Value, t Type) *Value {
	if x.Type.Equal(t) {
		return x
	}
	return b.Op(OpCast, []*Value{x}, Attr("type", t)).Result()
}

// Yield appends the terminator of a region.
func (b *Builder) Yield(values ...*Value) *Op { return b.Op(OpYield, values) }
