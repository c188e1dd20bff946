package kernels

import (
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// accumulator is one aggregate of a state during an update.
type accumulator struct {
	function ir.AggregateFunction
	field    program.RecordField
	operand  *scalar
}

func (g *generator) accumulators(index int, values []*scalar) []accumulator {
	definition, state := g.module.States[index], &g.program.States[index]
	out := make([]accumulator, len(definition.Aggregates))
	for i, f := range definition.Aggregates {
		out[i] = accumulator{function: f, field: state.Record.Fields[definition.Keys+i]}
		if values != nil {
			out[i].operand = values[definition.Keys+i]
		}
	}
	return out
}

// keepsText reports whether an accumulator stores text of its operand.
func (a *accumulator) keepsText() bool {
	return isText(a.field.Type) && a.function != ir.Count
}

// writers counts the pipelines that fill a state.
func (l *lowerer) writers(index int) int {
	n := 0
	for _, f := range l.module.Functions {
		end := f.Body.Terminator()
		if f.Level == ir.PipeLevel && end != nil && end.Code == ir.OpAggregateInto && l.stateOf(end) == index {
			n++
		}
	}
	return n
}

// aggregateInto updates the group of the current tuple.
func (g *generator) aggregateInto(op *ir.Op) {
	index := g.stateOf(op)
	definition := g.module.States[index]
	if g.kernel != nil {
		g.groupInto(op, index)
		return
	}
	if digits := g.directKeys(op, index); digits != nil || definition.Keys == 0 && g.directAllowed(index) {
		g.directInto(op, index, digits)
		return
	}
	g.hashInto(op, index)
}

// groupHash is the hash of a group's keys. Where the statistics say that one integer
// key tells most groups apart by itself (customers grouped by number, name, address
// and so on), only that one is hashed; all of them are compared in any case.
func (g *generator) groupHash(index int, keys []*scalar) *ir.Value {
	definition := g.module.States[index]
	if len(keys) > 1 && definition.Estimate > 0 {
		best, most := -1, 0.0
		for i := range keys {
			switch keys[i].t.Kind {
			case ir.I8, ir.I16, ir.I32, ir.I64, ir.Date:
				if c := g.origin(index, i, 0); c != nil && float64(c.Statistics.Distinct) > most {
					best, most = i, float64(c.Statistics.Distinct)
				}
			default:
				// other keys are dear to hash or tell little apart
			}
		}
		if best >= 0 && most >= definition.Estimate/4 {
			return g.hash(keys[best : best+1])
		}
	}
	return g.hash(keys)
}

// hashInto finds or makes the group's record by hashing.
func (g *generator) hashInto(op *ir.Op, index int) {
	e := &g.emitter
	definition, state := g.module.States[index], &g.program.States[index]
	values := g.values(op.Operands)
	keys := values[:definition.Keys]
	accumulators := g.accumulators(index, values)
	for _, a := range accumulators {
		state.Repeats = state.Repeats || a.keepsText()
	}
	hash := g.groupHash(index, keys)
	local := e.const32(int64(abi.LocalBase + state.LocalOffset + state.Partitions*abi.WriterSize))
	slotOf := func() *ir.Value {
		shift := e.load32(local, abi.LocalShift)
		return e.add(e.load32(local, abi.LocalDirectory), e.shiftLeft(e.binary(ir.OpShiftRightU, hash, shift), 2))
	}
	group := e.variable(e.load32(slotOf(), 0))
	partition := g.partitionOf(state, hash)
	writer := g.writer(state, partition)
	e.labelled(ir.OpBlock, func(have *ir.Value) {
		e.labelled(ir.OpBlock, func(create *ir.Value) {
			e.labelled(ir.OpLoop, func(again *ir.Value) {
				record := e.get(group)
				e.branchIf(create, e.isZero(record))
				e.labelled(ir.OpBlock, func(mismatch *ir.Value) {
					g.scoped(func() {
						e.branchIf(mismatch, e.compare("ne", e.load32(record, abi.RecordHash), hash))
						for i, key := range keys {
							g.branchUnlessEqual(mismatch, key, g.loadField(record, state.Record.Fields[i]), true)
						}
						// A better text needs room in the record's own page, which may be
						// full: such a tuple starts another record of the same group.
						for _, a := range accumulators {
							if a.keepsText() {
								e.branchIf(create, e.and(g.improves(record, a), e.compare("ne", e.call(library("volatile_length"), i32, a.operand.v, g.context), e.const32(0))))
							}
						}
						e.branch(have)
					})
				})
				e.set(group, e.load32(record, abi.RecordNext))
				e.branch(again)
			}, ir.Attr("metered", true))
		})
		full := e.compare("ge_u", e.load32(local, abi.LocalCount), e.load32(local, abi.LocalLimitWord))
		e.when(full, func() { e.call(host(abi.FullImport), ir.Type{}, e.const32(int64(index))) }, nil)
		var texts []*scalar
		texts = append(texts, keys...)
		for _, a := range accumulators {
			if a.keepsText() {
				texts = append(texts, a.operand)
			}
		}
		record := g.allocate(index, writer, partition, g.volatileLength(texts))
		slot := slotOf()
		e.store(record, abi.RecordNext, 4, e.load32(slot, 0))
		e.store(slot, 0, 4, record)
		e.store(local, abi.LocalCount, 4, e.addConst(e.load32(local, abi.LocalCount), 1))
		e.store(record, abi.RecordHash, 4, hash)
		for i, key := range keys {
			g.storeField(record, state.Record.Fields[i], g.persist(key, writer))
		}
		for _, a := range accumulators {
			g.initialise(record, a)
		}
		e.set(group, record)
	})
	record := e.get(group)
	for _, a := range accumulators {
		g.update(op, record, a, writer)
	}
}

// initialise gives an accumulator the value that it has over no rows.
func (g *generator) initialise(record *ir.Value, a accumulator) {
	e := &g.emitter
	g.storeZero(record, a.field)
	if a.field.NullOffset >= 0 {
		e.store(record, int64(a.field.NullOffset), 1, e.const32(1))
	} else if a.function == ir.Min || a.function == ir.Max || a.function == ir.Any {
		// Never NULL, so the first update must win whatever is there: mark the record
		// fresh by storing the operand itself.
		if !isText(a.field.Type) {
			g.storeField(record, a.field, &scalar{t: a.field.Type, v: a.operand.v, bounds: a.operand.bounds})
		}
	}
}

// storeZero clears the value of a field.
func (g *generator) storeZero(record *ir.Value, f program.RecordField) {
	e := &g.emitter
	offset := int64(f.Offset)
	switch {
	case f.Type.IsFloat():
		e.store(record, offset, f.Width, e.zero(ir.Of(f.Type.Kind)))
	case f.Width == 16:
		e.store(record, offset, 16, e.zero(i128))
	case f.Width == 8:
		e.store(record, offset, 8, e.const64(0))
	default:
		e.store(record, offset, f.Width, e.const32(0))
	}
}

// improves gives 1 where an operand takes the place of what a min, max or any holds.
func (g *generator) improves(record *ir.Value, a accumulator) *ir.Value {
	e := &g.emitter
	held := g.loadField(record, a.field)
	var better *ir.Value
	switch a.function {
	case ir.Any:
		better = e.const32(0)
	case ir.Min:
		better = g.comparison(ir.OpLess, a.operand, held)
	default:
		better = g.comparison(ir.OpGreater, a.operand, held)
	}
	if held.null != nil {
		better = e.or(better, held.null)
	}
	if isText(a.field.Type) && held.null == nil {
		// A fresh record of text that is never NULL holds no text: address 0.
		fresh := e.compare("eq", e.typed(ir.OpWrap, held.v, i32), e.const32(0))
		better = e.or(better, fresh)
	}
	if a.operand.null != nil {
		better = e.and(better, e.not(a.operand.null))
	}
	return better
}

// update folds an operand into an accumulator of a record.
func (g *generator) update(op *ir.Op, record *ir.Value, a accumulator, writer *ir.Value) {
	e := &g.emitter
	s := a.operand
	switch a.function {
	case ir.Count:
		at := int64(a.field.Offset)
		held := e.load(record, at, 8, false, i64)
		one := e.const64(1)
		if !isOne(s.v) || s.null != nil {
			one = e.extendUnsigned(g.condition(s), i64)
		}
		e.store(record, at, 8, e.add(held, one))
	case ir.Sum:
		add := func() {
			e.store(record, int64(a.field.Offset), a.field.Width, g.addTo(op, a, g.loadSum(record, a.field)))
			if a.field.NullOffset >= 0 {
				e.store(record, int64(a.field.NullOffset), 1, e.const32(0))
			}
		}
		if s.null == nil {
			add()
			return
		}
		e.when(e.not(s.null), func() { g.scoped(add) }, nil)
	default:
		e.when(g.improves(record, a), func() {
			g.scoped(func() {
				kept := &scalar{t: s.t.WithNull(false), v: s.v, bounds: s.bounds}
				if writer != nil {
					kept = g.persist(kept, writer)
				}
				g.storeField(record, a.field, kept)
			})
		}, nil)
	}
}

func isOne(v *ir.Value) bool {
	return v.Op != nil && v.Op.Code == ir.OpConst && ir.AttributeAs[ir.Datum](v.Op, "value").Int() == 1
}

// loadSum reads the running value of a sum.
func (g *generator) loadSum(record *ir.Value, f program.RecordField) *ir.Value {
	t := map[int]ir.Type{4: i32, 8: i64, 16: i128}[f.Width]
	if f.Type.IsFloat() {
		t = ir.Of(f.Type.Kind)
	}
	return g.load(record, int64(f.Offset), f.Width, true, t)
}

// addTo adds the operand of a sum to its running value.
func (g *generator) addTo(op *ir.Op, a accumulator, held *ir.Value) *ir.Value {
	e := &g.emitter
	s := a.operand
	if a.field.Type.IsFloat() {
		v := s.v
		if v.Type.Kind != held.Type.Kind {
			v = e.typed(ir.OpFloatConvert, v, held.Type)
		}
		return e.binary(ir.OpFloatAdd, held, v)
	}
	return g.addSums(op, a.field.Type, held, s.v, s.bounds)
}

// addSums adds two integers into a running sum of a type, failing on overflow where
// it can happen: 2^64 values of 64 bits fit 128 bits.
func (g *generator) addSums(op *ir.Op, t ir.Type, held, v *ir.Value, b *bounds) *ir.Value {
	e := &g.emitter
	if held.Type.Kind == ir.I64 {
		return e.call(library("i64_add_checked"), i64, held, e.convert(v, i64), g.site(op, ir.CodeOverflow, "a sum does not fit %s", t.WithNull(false)))
	}
	if b != nil && b.within64() {
		return e.add(held, e.convert(v, i128))
	}
	checked, _ := wide("add", t)
	return e.call(checked, i128, held, e.convert(v, i128), g.site(op, ir.CodeOverflow, "a sum does not fit %s", t.WithNull(false)))
}
