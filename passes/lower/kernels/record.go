package kernels

import (
	"slices"
	"sort"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// fieldWidth is the size of a value of a type in a record.
func fieldWidth(t ir.Type) int {
	switch t.Kind {
	case ir.Bool, ir.I8:
		return 1
	case ir.I16:
		return 2
	case ir.I32, ir.Date, ir.F32:
		return 4
	case ir.I64, ir.Time, ir.Timestamp, ir.TimestampTZ, ir.F64, ir.String, ir.Bytes:
		return 8
	case ir.Decimal:
		if t.Precision <= 18 {
			return 8
		}
		return 16
	case ir.I128, ir.UUID, ir.Interval:
		return 16
	case ir.Null:
		return 1
	default:
		panic("BUG: no width for " + t.String())
	}
}

// recordLayout places fields behind a header: wide ones first, so that all are
// aligned, then null bytes, then a mark if one is asked for.
func recordLayout(fields []ir.Field, header int, mark bool) (record program.Record, markOffset int) {
	record.Fields = make([]program.RecordField, len(fields))
	order := make([]int, len(fields))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		return fieldWidth(fields[order[a]].Type) > fieldWidth(fields[order[b]].Type)
	})
	offset := header
	for _, i := range order {
		width := fieldWidth(fields[i].Type)
		record.Fields[i] = program.RecordField{Name: fields[i].Name, Type: fields[i].Type, Offset: offset, Width: width, NullOffset: -1}
		offset += width
	}
	for i, f := range fields {
		if f.Type.Nullable {
			record.Fields[i].NullOffset = offset
			offset++
		}
	}
	markOffset = -1
	if mark {
		markOffset = offset
		offset++
	}
	record.Size = max((offset+abi.RecordAlignment-1)&^(abi.RecordAlignment-1), abi.RecordAlignment)
	return record, markOffset
}

// loadField reads a field of the record at an address.
func (g *generator) loadField(record *ir.Value, f program.RecordField) *scalar {
	e := &g.emitter
	s := &scalar{t: f.Type, bounds: typeBounds(f.Type)}
	offset := int64(f.Offset)
	switch t := f.Type; t.Kind {
	case ir.F32, ir.F64:
		s.v = e.load(record, offset, f.Width, false, ir.Of(t.Kind))
	case ir.Bool, ir.Null:
		s.v = e.load(record, offset, 1, false, i32)
	case ir.String, ir.Bytes:
		s.v = e.load(record, offset, 8, false, i64)
	case ir.UUID, ir.Interval:
		s.v = e.load(record, offset, 16, false, i128)
	default:
		stored := boundsBits(uint(f.Width * 8))
		s.bounds = s.bounds.intersect(stored)
		s.v = e.load(record, offset, f.Width, true, s.kernType())
	}
	if f.NullOffset >= 0 {
		s.null = e.load(record, int64(f.NullOffset), 1, false, i32)
	}
	return s
}

// loadStateField reads a field of a record of a state. What comes unchanged from a
// column of a table lies within the bounds of that column.
func (g *generator) loadStateField(index int, record *ir.Value, f program.RecordField) *scalar {
	s := g.loadField(record, f)
	if s.bounds == nil {
		return s
	}
	at := slices.IndexFunc(g.module.States[index].Fields, func(field ir.Field) bool { return field.Name == f.Name })
	if c := g.origin(index, at, 0); c != nil && c.Type.Same(f.Type) {
		s.bounds = s.bounds.intersect(columnBounds(c.Type, c.Layout))
		s.v = g.convert(s.v, s.kernType())
	}
	return s
}

// storeField writes a value, already persistent if it is text, and its NULL byte.
func (g *generator) storeField(record *ir.Value, f program.RecordField, s *scalar) {
	e := &g.emitter
	v := s.v
	if f.Width == 16 || f.Width == 8 && !f.Type.IsFloat() {
		v = e.convert(v, map[int]ir.Type{8: i64, 16: i128}[f.Width])
	} else if !f.Type.IsFloat() {
		v = e.convert(v, i32)
	}
	e.store(record, int64(f.Offset), f.Width, v)
	if f.NullOffset >= 0 {
		null := s.null
		if null == nil {
			null = e.const32(0)
		}
		e.store(record, int64(f.NullOffset), 1, null)
	}
}

func isText(t ir.Type) bool { return t.Kind == ir.String || t.Kind == ir.Bytes }

// volatileLength adds up the bytes that the texts among some values need in a page;
// nil when there are no texts.
func (g *generator) volatileLength(values []*scalar) *ir.Value {
	e := &g.emitter
	var total *ir.Value
	for _, s := range values {
		if s == nil || !isText(s.t) {
			continue
		}
		text := s.v
		if s.null != nil {
			text = e.selectValue(s.null, e.const64(0), text)
		}
		length := e.call(library("volatile_length"), i32, text, g.context)
		if total == nil {
			total = length
		} else {
			total = e.add(total, length)
		}
	}
	return total
}

// persist copies a text into the page of a writer unless it is stable. Other values
// are returned as they are.
func (g *generator) persist(s *scalar, writer *ir.Value) *scalar {
	if !isText(s.t) {
		return s
	}
	e := &g.emitter
	text := s.v
	if s.null != nil {
		text = e.selectValue(s.null, e.const64(0), text)
	}
	return &scalar{t: s.t, null: s.null, v: e.call(library("persist"), i64, text, g.context, writer)}
}

// writer gives the address of a state's local writer for a partition (nil: the first).
func (g *generator) writer(state *program.State, partition *ir.Value) *ir.Value {
	base := int64(abi.LocalBase + state.LocalOffset)
	if partition == nil {
		return g.const32(base)
	}
	return g.addConst(g.shiftLeft(partition, 4), base)
}

// allocate gives the address of a new record in a writer's page that has room for
// extra bytes of text besides (extra may be nil).
func (g *generator) allocate(index int, writer, partition, extra *ir.Value) *ir.Value {
	e := &g.emitter
	state := &g.program.States[index]
	need := e.const32(int64(state.Record.Size))
	if extra != nil {
		need = e.add(need, extra)
	}
	cursor := e.load32(writer, abi.WriterCursor)
	room := e.sub(e.load32(writer, abi.WriterEnd), cursor)
	record := e.variable(cursor)
	e.when(e.compare("lt_u", room, need), func() {
		if partition == nil {
			partition = e.const32(0)
		}
		e.set(record, e.call(host(abi.PageImport), i32, e.const32(int64(index)), partition, need))
	}, nil)
	address := e.get(record)
	e.store(writer, abi.WriterCursor, 4, e.addConst(address, int64(state.Record.Size)))
	return address
}

// partitionOf is the partition of a hash; nil for a state with one partition.
func (g *generator) partitionOf(state *program.State, hash *ir.Value) *ir.Value {
	if state.Partitions == 1 {
		return nil
	}
	return g.binary(ir.OpShiftRightU, hash, g.const32(abi.PartitionShift))
}
