package kernels

import (
	"math/big"
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// hashFactor spreads keys over the top bits of a product: Fibonacci hashing (Knuth,
// TAOCP 3, 6.4), 2^64 divided by the golden ratio.
const hashFactor = -7046029254386353131

// hash gives the 32-bit hash of keys of the given field types. Values that are equal
// in SQL have equal hashes, in whatever width they are computed.
func (g *generator) hash(keys []*scalar) *ir.Value {
	e := &g.emitter
	if len(keys) == 0 {
		return e.const32(0)
	}
	var acc *ir.Value
	mix := func(word *ir.Value) {
		if acc != nil {
			word = e.binary(ir.OpIntegerXor, e.binary(ir.OpRotateLeft, acc, e.const64(29)), word)
		}
		acc = e.binary(ir.OpIntegerMul, word, e.const64(hashFactor))
	}
	for _, s := range keys {
		orNull := func(word *ir.Value) *ir.Value {
			if s.null == nil {
				return word
			}
			return e.selectValue(s.null, e.const64(0x6A09E667), word)
		}
		switch {
		case isText(s.t):
			text := s.v
			if s.null != nil {
				text = e.selectValue(s.null, e.const64(0), text)
			}
			mix(orNull(e.call(library("hash_string"), i64, text)))
		case s.t.IsFloat():
			v := g.double(s)
			// Adding 0 turns -0 into 0; all NaN become one.
			v = e.binary(ir.OpFloatAdd, v, e.constFloat(f64, 0))
			word := e.typed(ir.OpReinterpret, v, i64)
			mix(orNull(e.selectValue(e.compareFloat("ne", v, v), e.const64(0x7FF8<<48), word)))
		case fieldWidth(s.t) == 16:
			wide := e.convert(s.v, i128)
			if s.t.Kind == ir.Interval {
				wide = g.intervalLength(s) // a month equals 30 days
			}
			mix(orNull(e.typed(ir.OpWrap, wide, i64)))
			mix(orNull(e.unary(ir.OpHighHalf, wide)))
		default:
			mix(orNull(e.convert(s.v, i64)))
		}
	}
	return e.convert(e.binary(ir.OpShiftRightU, acc, e.const64(32)), i32)
}

// identityLimit is the most slots that a directory indexed by key distance may have,
// identityFree how many it may have however few of them are used: such a directory
// stays in the second-level cache, and unlike hashed ones it has no false hits.
const (
	identityLimit = 1 << 23
	identityFree  = 1 << 19
)

// distance is the plan to use key - low as the hash of a dense integer key.
type distance struct {
	low  int64
	bits int
}

// keyDistance decides how a hash table finds its single integer key: when the key's
// statistics say that few slots go unused, the slot is the key's distance from the
// smallest. The statistics need not be right: any key gets some slot, and keys are
// compared in full.
func (l *lowerer) keyDistance(index int) *distance {
	definition := l.module.States[index]
	if definition.Keys != 1 || l.program.States[index].Partitions == 1 {
		return nil
	}
	switch definition.Fields[0].Type.Kind {
	case ir.I8, ir.I16, ir.I32, ir.I64, ir.Date:
	default:
		return nil
	}
	if definition.Fields[0].Type.Nullable {
		return nil
	}
	c := l.origin(index, 0, 0)
	if c == nil || c.Statistics.Min == nil || c.Statistics.Max == nil {
		return nil
	}
	low, high := c.Statistics.Min.Int(), c.Statistics.Max.Int()
	size := new(big.Int).Sub(big.NewInt(high), big.NewInt(low))
	if high < low || !size.IsInt64() || size.Int64() >= identityLimit {
		return nil
	}
	if estimate := definition.Estimate; estimate > 0 && size.Int64() > identityFree && float64(size.Int64()) > 64*estimate {
		return nil
	}
	return &distance{low: low, bits: max(6, bits.Len64(uint64(size.Int64())))}
}

// origin traces a field of a state back to the table column that it comes from
// unchanged, nil when there is none.
func (l *lowerer) origin(state, field, depth int) *ir.Column {
	if s := l.module.States[state]; depth > len(l.module.States) || s.Kind == ir.AggregateState && field >= s.Keys {
		return nil
	}
	var found *ir.Column
	for _, f := range l.module.Functions {
		end := f.Body.Terminator()
		if f.Level != ir.PipeLevel || end == nil || end.Attribute("state") == nil || end.Code == ir.OpResult || l.stateOf(end) != state {
			continue
		}
		if found != nil {
			return nil // written by several pipelines
		}
		v := end.Operands[field]
		if v.Op == nil {
			return nil
		}
		switch v.Op.Code {
		case ir.OpSourceTable:
			table := l.module.Table(string(ir.AttributeAs[ir.Symbol](v.Op, "table")))
			_, found = table.Column(ir.AttributeAs[[]ir.ScanColumn](v.Op, "columns")[v.Index].Source)
		case ir.OpSourceState, ir.OpProbe:
			if kind, ok := v.Op.Attribute("kind").(ir.JoinKind); ok && (kind == ir.LeftJoin || kind == ir.FullJoin) {
				return nil // where nothing matches, anything may lie under the NULL
			}
			from := l.stateOf(v.Op)
			name := ir.AttributeAs[[]ir.Field](v.Op, "fields")[v.Index].Name
			at, _ := ir.StructType(l.module.States[from].Fields...).Field(name)
			found = l.origin(from, at, depth+1)
		default:
			// computed: no column
		}
		if found == nil {
			return nil
		}
	}
	return found
}

// tableHash is the hash of the key of a hash table: of its distance or of all keys.
func (g *generator) tableHash(index int, keys []*scalar) *ir.Value {
	if d := g.keyDistance(index); d != nil {
		e := &g.emitter
		offset := e.convert(e.sub(e.convert(keys[0].v, i64), e.const64(d.low)), i32)
		g.program.States[index].DirectoryBits = d.bits
		return e.shiftLeft(offset, int64(32-d.bits))
	}
	return g.hash(keys)
}

// fieldOf finds a field of a state's record by name.
func fieldOf(state *program.State, name string) program.RecordField {
	for _, f := range state.Record.Fields {
		if f.Name == name {
			return f
		}
	}
	panic("BUG: no field " + name + " in state " + state.Name)
}

// usefulFilter is the share of tuples that may find a match up to which a hash table's
// filter is worth a stage of its own.
const usefulFilter = 0.6

// filters reports whether a probe at the start of a pipeline should be preceded by a
// test of the hash table's filter: tuples without a match go no further, the keys are
// plain columns of the source, and many tuples are expected to have none.
func (g *generator) filters(op *ir.Op) bool {
	switch ir.AttributeAs[ir.JoinKind](op, "kind") {
	case ir.InnerJoin, ir.RightJoin, ir.SemiJoin:
	default:
		return false
	}
	if len(op.Operands) == 0 || g.source == nil {
		return false
	}
	distinct := int64(0)
	scan := g.program.Scans[g.source.scan]
	for _, v := range op.Operands {
		if v.Op != g.source.op || v.Type.Nullable || isText(v.Type) || fieldWidth(v.Type) == 16 {
			return false
		}
		_, c := g.module.Table(scan.Table).Column(scan.Columns[v.Index].Name)
		distinct = max(distinct, c.Statistics.Distinct)
	}
	estimate := g.module.States[g.stateOf(op)].Estimate
	return distinct == 0 || estimate == 0 || estimate < usefulFilter*float64(distinct)
}

// filterBit is the bit of a hash table's filter for the keys of the current row.
func (g *generator) filterBit(op *ir.Op) *ir.Value {
	e := &g.emitter
	index := g.stateOf(op)
	hash := g.tableHash(index, g.values(op.Operands))
	filter, shift := g.stateWord(index, abi.StateFilter), g.stateWord(index, abi.StateFilterShift)
	bit := e.binary(ir.OpShiftRightU, hash, shift)
	octet := e.load(e.add(filter, e.binary(ir.OpShiftRightU, bit, e.const32(3))), 0, 1, false, i32)
	return e.and(e.binary(ir.OpShiftRightU, octet, e.and(bit, e.const32(7))), e.const32(1))
}

// buildInto adds a row to a hash table.
func (g *generator) buildInto(op *ir.Op) {
	e := &g.emitter
	index := g.stateOf(op)
	state, definition := &g.program.States[index], g.module.States[index]
	values := g.values(op.Operands)
	for i, s := range values[:definition.Keys] {
		if s.null != nil && !definition.Fields[i].Type.Nullable {
			e.branchIf(g.next, s.null)
			s.null = nil
		}
	}
	hash := g.tableHash(index, values[:definition.Keys])
	if g.kernel != nil {
		record := g.appendRecord(state, values)
		e.store(record, abi.RecordHash, 4, hash)
		return
	}
	partition := g.partitionOf(state, hash)
	writer := g.writer(state, partition)
	record := g.allocate(index, writer, partition, g.volatileLength(values))
	e.store(record, abi.RecordHash, 4, hash)
	for i, s := range values {
		g.storeField(record, state.Record.Fields[i], g.persist(s, writer))
	}
	if state.MarkOffset >= 0 {
		e.store(record, int64(state.MarkOffset), 1, e.const32(0))
	}
}

// probe finds the records with equal keys and goes on as the kind of join says.
func (g *generator) probe(op *ir.Op, rest []*ir.Op) {
	e := &g.emitter
	index := g.stateOf(op)
	state, definition := &g.program.States[index], g.module.States[index]
	kind := ir.AttributeAs[ir.JoinKind](op, "kind")
	nullSafe := ir.AttributeAs[bool](op, "null_safe")
	keys := g.values(op.Operands)
	var null *ir.Value
	if !nullSafe {
		null = g.anyNull(keys...)
		bare := make([]*scalar, len(keys))
		for i, s := range keys {
			bare[i] = &scalar{t: s.t, v: s.v, bounds: s.bounds}
		}
		keys = bare
	}
	outer := kind == ir.LeftJoin || kind == ir.FullJoin
	if null != nil && !outer && kind != ir.AntiJoin {
		e.branchIf(g.next, null)
		null = nil
	}
	hash := g.tableHash(index, keys)
	if (outer || kind == ir.AntiJoin) && state.Partitions > 1 {
		g.skipAbsent(index, hash)
	}
	if !outer && kind != ir.AntiJoin && !g.filtered[op] && g.source != nil && g.filters(op) {
		e.branchIf(g.next, e.not(g.filterBit(op)))
	}
	directory, shift := g.stateWord(index, abi.StateDirectory), g.stateWord(index, abi.StateShift)
	slot := e.add(directory, e.shiftLeft(e.binary(ir.OpShiftRightU, hash, shift), 2))
	var first *ir.Value
	if null == nil {
		first = e.load32(slot, 0)
	} else {
		first = e.selectValue(null, e.const32(0), e.load32(slot, 0))
	}
	cursor := e.variable(first)
	// matches leaves to mismatch unless the record has the keys and the condition.
	matches := func(record, mismatch *ir.Value) {
		if len(keys) != 1 || fieldWidth(keys[0].t) == 16 || isText(keys[0].t) { // dear to compare
			e.branchIf(mismatch, e.compare("ne", e.load32(record, abi.RecordHash), hash))
		}
		for i, key := range keys {
			g.branchUnlessEqual(mismatch, key, g.loadField(record, state.Record.Fields[i]), nullSafe)
		}
		region := op.Regions[0]
		holds := region.Terminator().Operands[0]
		if !isTrue(holds) {
			g.rows[region.Arguments[0]] = rowRecord{record, state}
			e.branchIf(mismatch, e.not(g.condition(g.value(holds))))
		}
		if definition.Unmatched && g.kernel != nil {
			g.setByte(record, state.MarkOffset, 1)
		} else if definition.Unmatched {
			// Only the first match writes: the mark of a record that many tuples meet
			// would else travel from core to core.
			at := int64(state.MarkOffset)
			e.when(e.isZero(e.load(record, at, 1, false, i32)), func() { e.store(record, at, 1, e.const32(1)) }, nil)
		}
	}
	advance := func(record *ir.Value) { e.set(cursor, e.load32(record, abi.RecordNext)) }
	metered := ir.Attr("metered", true)
	fields := g.recordFields(op, state)

	switch kind {
	case ir.InnerJoin, ir.RightJoin:
		e.labelled(ir.OpBlock, func(done *ir.Value) {
			e.labelled(ir.OpLoop, func(again *ir.Value) {
				record := e.get(cursor)
				e.branchIf(done, e.isZero(record))
				g.match(func(mismatch *ir.Value) {
					matches(record, mismatch)
					for i, f := range fields {
						g.lazy[op.Results[i]] = func() *scalar { return g.loadStateField(index, record, f) }
					}
					g.nested(mismatch, rest)
				})
				advance(record)
				e.branch(again)
			}, metered)
		})
	case ir.SemiJoin, ir.AntiJoin:
		found := e.variable(e.const32(0))
		e.labelled(ir.OpBlock, func(done *ir.Value) {
			e.labelled(ir.OpLoop, func(again *ir.Value) {
				record := e.get(cursor)
				e.branchIf(done, e.isZero(record))
				g.match(func(mismatch *ir.Value) {
					matches(record, mismatch)
					e.set(found, e.const32(1))
					e.branch(done)
				})
				advance(record)
				e.branch(again)
			}, metered)
		})
		missing := e.get(found)
		if kind == ir.SemiJoin {
			missing = e.not(missing)
		}
		e.branchIf(g.next, missing)
		g.chain(rest)
	case ir.LeftJoin, ir.FullJoin:
		g.outerProbe(op, cursor, matches, advance, fields, rest)
	}
}

// outerProbe goes on once for each match, or once with NULLs when there is none. The
// code behind the probe stands once: a missing record is address 0, whose fields are
// read from the context instead and are all NULL.
func (g *generator) outerProbe(op *ir.Op, cursor *ir.Value, matches func(record, mismatch *ir.Value), advance func(*ir.Value), fields []program.RecordField, rest []*ir.Op) {
	e := &g.emitter
	found := e.variable(e.const32(0))
	metered := ir.Attr("metered", true)
	e.labelled(ir.OpBlock, func(done *ir.Value) {
		e.labelled(ir.OpLoop, func(again *ir.Value) {
			e.labelled(ir.OpBlock, func(have *ir.Value) {
				e.labelled(ir.OpLoop, func(seek *ir.Value) {
					record := e.get(cursor)
					e.branchIf(have, e.isZero(record))
					g.match(func(mismatch *ir.Value) {
						matches(record, mismatch)
						e.branch(have)
					})
					advance(record)
					e.branch(seek)
				}, metered)
			})
			record := e.get(cursor)
			missing := e.isZero(record)
			e.branchIf(done, e.and(missing, e.get(found)))
			e.set(found, e.const32(1))
			address := e.selectValue(missing, g.context, record)
			g.match(func(end *ir.Value) {
				for i, f := range fields {
					g.lazy[op.Results[i]] = func() *scalar {
						s := g.loadField(address, f)
						s.t = s.t.WithNull(true)
						if s.null == nil {
							s.null = missing
						} else {
							s.null = e.selectValue(missing, e.const32(1), s.null)
						}
						if isText(s.t) {
							s.v = e.selectValue(missing, e.const64(0), s.v) // must be readable
						}
						return s
					}
				}
				g.nested(end, rest)
			})
			e.branchIf(done, missing)
			advance(record)
			e.branch(again)
		})
	})
}

// match emits the code of one match in a block that its label leaves. Text that it
// makes ends with it: one tuple may have any number of matches.
func (g *generator) match(body func(mismatch *ir.Value)) {
	region := ir.NewBlock(ir.Of(ir.Label))
	saved, used := g.scratch, false
	g.scratch = false
	g.inside(region, func() {
		g.scoped(func() { body(region.Arguments[0]) })
		used = g.scratch
	})
	g.scratch = saved || used
	if !used {
		g.build(ir.OpBlock, nil, []*ir.Block{region})
		return
	}
	start := g.load32(g.const32(abi.ScratchCursor), 0)
	g.build(ir.OpBlock, nil, []*ir.Block{region})
	g.store(g.const32(abi.ScratchCursor), 0, 4, start)
}

// nested emits the rest of a pipeline for one match; the tuple ends at a label.
func (g *generator) nested(end *ir.Value, rest []*ir.Op) {
	outer := g.next
	g.next = end
	g.chain(rest)
	g.next = outer
}

// skipAbsent ends the tuple when the partition of a hash is not in the directory in
// this pass: another pass will see the tuple again.
func (g *generator) skipAbsent(index int, hash *ir.Value) {
	e := &g.emitter
	low, high := g.stateWord(index, abi.StateResidentLo), g.stateWord(index, abi.StateResidentHi)
	partition := e.binary(ir.OpShiftRightU, hash, e.const32(abi.PartitionShift))
	word := e.selectValue(e.compare("ge_u", partition, e.const32(32)), high, low)
	bit := e.and(e.binary(ir.OpShiftRightU, word, e.and(partition, e.const32(31))), e.const32(1))
	e.branchIf(g.next, e.isZero(bit))
}

// branchUnlessEqual leaves to a label when a key and a field differ. With nullSafe,
// NULL equals NULL.
func (g *generator) branchUnlessEqual(mismatch *ir.Value, key, field *scalar, nullSafe bool) {
	e := &g.emitter
	if isText(key.t) && key.null == nil && field.null == nil {
		// The same text at the same place is the common case: columns that are mapped
		// and dictionaries are not copied.
		e.labelled(ir.OpBlock, func(same *ir.Value) {
			e.branchIf(same, e.compare("eq", key.v, field.v))
			e.branchIf(mismatch, e.not(g.comparison(ir.OpEqual, key, field)))
		})
		return
	}
	if !nullSafe || key.null == nil && field.null == nil {
		equal := g.comparison(ir.OpEqual, key, field)
		if field.null != nil {
			equal = e.and(equal, e.not(field.null))
		}
		e.branchIf(mismatch, e.not(equal))
		return
	}
	if isText(key.t) {
		// Text under a NULL may be anything; compare the empty string instead.
		blank := func(s *scalar) *scalar {
			if s.null == nil {
				return s
			}
			return &scalar{t: s.t, null: s.null, v: e.selectValue(s.null, e.const64(0), s.v)}
		}
		key, field = blank(key), blank(field)
	}
	e.branchIf(mismatch, g.distinct(key, field, g.comparison(ir.OpNotEqual, key, field)))
}

func isTrue(v *ir.Value) bool {
	return isConst(v) && !v.Type.Nullable && ir.AttributeAs[ir.Datum](v.Op, "value").Bool()
}

// rowRecord is a record that stands for the row argument of a region.
type rowRecord struct {
	address *ir.Value
	state   *program.State
}
