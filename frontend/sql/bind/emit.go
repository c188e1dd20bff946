package bind

import "github.com/heddle-lang/heddle/ir"

// emitter writes bound expressions into a region. Equal expressions are written
// once for each region that can see them.
type emitter struct {
	builder ir.Builder
	rows    []*ir.Value // the arguments of the region
	memo    map[uint32]*ir.Value
	outer   *emitter
}

// region makes a block over rows and writes expressions that it yields.
func region(yields []*scalar, rows ...ir.Type) *ir.Block {
	block := ir.NewBlock(rows...)
	e := &emitter{builder: ir.Builder{Block: block}, rows: block.Arguments, memo: map[uint32]*ir.Value{}}
	e.yield(yields...)
	return block
}

func (e *emitter) yield(yields ...*scalar) {
	values := make([]*ir.Value, len(yields))
	for i, s := range yields {
		values[i] = e.emit(s)
	}
	e.builder.Yield(values...)
}

func (e *emitter) known(number uint32) *ir.Value {
	for ; e != nil; e = e.outer {
		if v := e.memo[number]; v != nil {
			return v
		}
	}
	return nil
}

func (e *emitter) emit(s *scalar) *ir.Value {
	if v := e.known(s.number); v != nil && s.number != 0 {
		return v
	}
	v := e.write(s)
	if e.memo != nil {
		e.memo[s.number] = v
	}
	return v
}

func (e *emitter) write(s *scalar) *ir.Value {
	var operands []*ir.Value
	if s.code != ir.OpIf {
		operands = make([]*ir.Value, len(s.operands))
		for i, operand := range s.operands {
			operands[i] = e.emit(operand)
		}
	}
	b := &e.builder
	b.Span = s.span
	switch s.code {
	case ir.OpConst:
		return b.Const(s.typ, s.value)
	case ir.OpParameter:
		return b.Op(s.code, nil, ir.Attr("index", s.value.Int()), ir.Attr("type", s.typ)).Result()
	case ir.OpField:
		for _, row := range e.rows {
			if index, _ := row.Type.Field(s.name); index >= 0 {
				return b.Field(row, s.name)
			}
		}
		panic("BUG: no row has the column " + s.name)
	case ir.OpIf:
		condition := e.emit(s.operands[0])
		then, otherwise := e.branch(s.operands[1]), e.branch(s.operands[2])
		b.Span = s.span
		return b.Build(ir.OpIf, []*ir.Value{condition}, []*ir.Block{then, otherwise}).Result()
	case ir.OpCast:
		return b.Cast(operands[0], s.typ.WithNull(operands[0].Type.Nullable))
	case ir.OpExtract:
		return b.Op(s.code, operands, ir.Attr("part", s.name)).Result()
	case ir.OpIn:
		return b.Op(s.code, operands, ir.Attr("values", s.values)).Result()
	case ir.OpLike:
		attributes := make([]ir.Attribute, 0, 2)
		if s.name != defaultEscape {
			attributes = append(attributes, ir.Attr("escape", s.name))
		}
		if s.flag {
			attributes = append(attributes, ir.Attr("insensitive", true))
		}
		return b.Op(s.code, operands, attributes...).Result()
	case opBad, opAggregate:
		panic("BUG: an expression was left over that has no operation")
	default:
		return b.Op(s.code, operands).Result()
	}
}

// branch writes what a region of if yields.
func (e *emitter) branch(s *scalar) *ir.Block {
	block := ir.NewBlock()
	inner := &emitter{builder: ir.Builder{Block: block}, rows: e.rows, memo: map[uint32]*ir.Value{}, outer: e}
	inner.yield(s)
	return block
}

// defaultEscape is LIKE's escape character when none is written.
const defaultEscape = `\`
