package kernels

import (
	"math/big"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// digit is one key of a direct aggregate: its values are numbered from 0.
type digit struct {
	values int64 // how many there are, NULL included
	column *column
	low    *big.Int
}

// directAllowed reports whether a state's groups can be slots: one pipeline fills it
// and no aggregate keeps text (slots have no page to keep it in).
func (g *generator) directAllowed(index int) bool {
	return !g.groupsKeepText(index) && g.writers(index) == 1
}

// groupsKeepText reports whether an aggregate of a state keeps text of its operand.
func (g *generator) groupsKeepText(index int) bool {
	return slices.ContainsFunc(g.accumulators(index, nil), func(a accumulator) bool { return a.keepsText() })
}

// directKeys numbers the possible groups when there are few: keys that are dictionary
// codes of the source, bools, or integers within narrow bounds. nil: too many.
func (g *generator) directKeys(op *ir.Op, index int) []digit {
	if g.module.States[index].Keys == 0 || !g.directAllowed(index) {
		return nil
	}
	return g.numberKeys(op, index)
}

// numberKeys numbers the possible groups of a state with keys, nil if there are too many.
func (g *generator) numberKeys(op *ir.Op, index int) []digit {
	definition := g.module.States[index]
	total := int64(1)
	var digits []digit
	for i, v := range op.Operands[:definition.Keys] {
		var d digit
		if g.source != nil && v.Op == g.source.op && g.source.columns[v.Index].layout.Encoding == ir.Dictionary {
			d.column = g.source.columns[v.Index]
			d.values = int64(d.column.layout.Cardinality)
		} else if b := typeBounds(v.Type); b != nil && !isText(v.Type) {
			s := g.value(v)
			n, ok := s.bounds.size(abi.MaxDirectSlots)
			if !ok {
				return nil
			}
			d.values, d.low = n, s.bounds.low
		} else {
			return nil
		}
		if definition.Fields[i].Type.Nullable { // by other pipelines too, if not by this one
			d.values++
		}
		if d.values < 1 {
			d.values = 1
		}
		total *= d.values
		if total > abi.MaxDirectSlots {
			return nil
		}
		digits = append(digits, d)
	}
	return digits
}

// flushLimit is the most slots for which 64-bit partial sums are worth emptying after
// each morsel.
const flushLimit = 256

// directInto updates a slot of a direct aggregate.
func (g *generator) directInto(op *ir.Op, index int, digits []digit) {
	e := &g.emitter
	definition, state := g.module.States[index], &g.program.States[index]
	slots := 1
	for _, d := range digits {
		slots *= int(d.values)
	}
	values := make([]*scalar, len(op.Operands))
	for i := definition.Keys; i < len(values); i++ {
		values[i] = g.value(op.Operands[i])
	}
	accumulators := g.accumulators(index, values)
	// Partial sums of 64 bits stand behind the record, for sums of 128 bits whose
	// operands cannot leave 64 bits within one morsel.
	partial := make([]int, len(accumulators))
	size := state.Record.Size
	most := big.NewInt(abi.MorselRows)
	for i, a := range accumulators {
		partial[i] = -1
		if a.function == ir.Sum && !a.field.Type.IsFloat() && !g.expands && slots <= flushLimit &&
			new(big.Int).Mul(a.operand.bounds.magnitude(), most).IsInt64() {
			partial[i] = size
			size += 8
			g.partials[state.Name+"."+a.field.Name] = true
		}
	}
	state.Direct = &program.Direct{Slots: slots, SlotSize: size, Collect: "collect_" + state.Name}
	if size > state.Record.Size {
		state.Direct.Flush = "flush_" + state.Name
	}
	local := int64(abi.LocalBase + state.LocalOffset + state.Partitions*abi.WriterSize + abi.LocalSlots)
	base := g.early(func(e *emitter) *ir.Value { return e.load32(e.const32(local), 0) })
	if definition.Keys == 0 {
		g.singleGroup(op, base, accumulators, partial)
	} else {
		number := g.groupNumber(op, digits)
		slot := e.add(base, e.binary(ir.OpIntegerMul, number, e.const32(int64(size))))
		e.when(e.isZero(e.load32(slot, abi.RecordNext)), func() {
			e.store(slot, abi.RecordNext, 4, e.const32(1))
			for _, a := range accumulators {
				g.initialise(slot, a)
			}
		}, nil)
		for i, a := range accumulators {
			if partial[i] < 0 {
				g.update(op, slot, a, nil)
				continue
			}
			add := func() {
				at := int64(partial[i])
				e.store(slot, at, 8, e.add(e.load(slot, at, 8, false, i64), e.convert(a.operand.v, i64)))
				if a.field.NullOffset >= 0 {
					e.store(slot, int64(a.field.NullOffset), 1, e.const32(0))
				}
			}
			if a.operand.null == nil {
				add()
			} else {
				e.when(e.not(a.operand.null), func() { g.scoped(add) }, nil)
			}
		}
	}
	g.flush(op, index, accumulators, partial)
	g.collect(index, digits)
}

// groupNumber is the slot of the current tuple: its keys' numbers in mixed radix.
func (g *generator) groupNumber(op *ir.Op, digits []digit) *ir.Value {
	e := &g.emitter
	var number *ir.Value
	for i, d := range digits {
		var n, null *ir.Value
		if d.column != nil {
			n, null = g.code(d.column), g.columnNull(d.column)
		} else {
			s := g.value(op.Operands[i])
			low, _ := ir.Int128FromBig(d.low)
			n = e.convert(e.sub(s.v, ir.At(e.block).Const(s.v.Type, ir.Int128Datum(low))), i32)
			null = s.null
		}
		if null != nil {
			n = e.selectValue(null, e.const32(d.values-1), n)
		}
		if number == nil {
			number = n
		} else {
			number = e.add(e.binary(ir.OpIntegerMul, number, e.const32(d.values)), n)
		}
	}
	return number
}

// singleGroup keeps the accumulators of an aggregate without keys in cells during a
// morsel and folds them into the slot at its end.
func (g *generator) singleGroup(op *ir.Op, slot *ir.Value, accumulators []accumulator, partial []int) {
	e := &g.emitter
	// Cells are made in the prologue, since the loop stands between here and there.
	cell := func(t ir.Type) *ir.Value {
		return g.early(func(p *emitter) *ir.Value { return p.variable(p.zero(t)) })
	}
	for i, a := range accumulators {
		switch {
		case a.function == ir.Count:
			n := cell(i64)
			one := e.const64(1)
			if !isOne(a.operand.v) || a.operand.null != nil {
				one = e.extendUnsigned(g.condition(a.operand), i64)
			}
			e.set(n, e.add(e.get(n), one))
			g.epilogues = append(g.epilogues, func() {
				at := int64(a.field.Offset)
				e.store(slot, at, 8, e.add(e.load(slot, at, 8, false, i64), e.get(n)))
			})
		case partial[i] >= 0:
			sum := cell(i64)
			seen := cell(i32)
			v := e.convert(a.operand.v, i64)
			one := e.const32(1)
			if a.operand.null != nil {
				v = e.selectValue(a.operand.null, e.const64(0), v)
				one = e.not(a.operand.null)
			}
			e.set(sum, e.add(e.get(sum), v))
			e.set(seen, e.or(e.get(seen), one))
			g.epilogues = append(g.epilogues, func() {
				// Seen rows clear the NULL byte, which is 0 where nothing was seen yet
				// in a zeroed slot: the slot keeps "has a value" until it is collected.
				at := int64(partial[i])
				e.store(slot, at, 8, e.add(e.load(slot, at, 8, false, i64), e.get(sum)))
				g.markSeen(slot, a, e.get(seen))
			})
		default:
			e.when(e.isZero(e.load32(slot, abi.RecordNext)), func() {
				e.store(slot, abi.RecordNext, 4, e.const32(1))
				for j, b := range accumulators {
					if b.function != ir.Count && partial[j] < 0 {
						g.initialise(slot, b)
					}
				}
			}, nil)
			g.update(op, slot, a, nil)
		}
	}
}

// markSeen notes in a slot of a single group that a sum has had a value.
func (g *generator) markSeen(slot *ir.Value, a accumulator, seen *ir.Value) {
	if a.field.NullOffset < 0 {
		return
	}
	e := &g.emitter
	at := int64(a.field.NullOffset)
	e.when(seen, func() { e.store(slot, at, 1, e.const32(seenMark)) }, nil)
}

// seenMark in a NULL byte of a single group's slot says that a partial sum has had a
// value; collecting turns it into 0 and anything else into 1.
const seenMark = 2

// flush emits the function that empties partial sums into the sums of each slot.
func (g *generator) flush(op *ir.Op, index int, accumulators []accumulator, partial []int) {
	state := &g.program.States[index]
	if state.Direct.Flush == "" {
		return
	}
	f := g.begin(state.Direct.Flush)
	f.forEachSlot(state, func(slot *ir.Value) {
		e := &f.emitter
		for i, a := range accumulators {
			if partial[i] < 0 {
				continue
			}
			v := e.load(slot, int64(partial[i]), 8, false, i64)
			held := f.loadSum(slot, a.field)
			e.store(slot, int64(a.field.Offset), a.field.Width, f.addSums(op, a.field.Type, held, v, boundsBits(64)))
			e.store(slot, int64(partial[i]), 8, e.const64(0))
		}
	})
	f.finish()
}

func (g *generator) forEachSlot(state *program.State, body func(slot *ir.Value)) {
	local := int64(abi.LocalBase + state.LocalOffset + state.Partitions*abi.WriterSize + abi.LocalSlots)
	base := g.load32(g.const32(local), 0)
	g.countedLoop(g.const32(int64(state.Direct.Slots)), func(i *ir.Value) {
		body(g.add(base, g.binary(ir.OpIntegerMul, i, g.const32(int64(state.Direct.SlotSize)))))
	})
}

// collect emits the function that turns the slots in use into records.
func (g *generator) collect(index int, digits []digit) {
	state, definition := &g.program.States[index], g.module.States[index]
	f := g.begin(state.Direct.Collect)
	e := &f.emitter
	local := int64(abi.LocalBase + state.LocalOffset + state.Partitions*abi.WriterSize + abi.LocalSlots)
	base := e.load32(e.const32(local), 0)
	f.countedLoop(e.const32(int64(state.Direct.Slots)), func(i *ir.Value) {
		slot := e.add(base, e.binary(ir.OpIntegerMul, i, e.const32(int64(state.Direct.SlotSize))))
		if definition.Keys > 0 {
			e.branchIf(f.next, e.isZero(e.load32(slot, abi.RecordNext)))
		}
		keys := f.slotKeys(definition, digits, i, func(c *column) *ir.Value {
			return e.load32(e.const32(abi.MorselColumns), int64(c.index*abi.MorselColumnSize+abi.ColumnDictionary))
		})
		hash := f.groupHash(index, keys)
		partition := f.partitionOf(state, hash)
		writer := f.writer(state, partition)
		record := f.allocate(index, writer, partition, f.volatileLength(keys))
		e.build(ir.OpMemoryCopy, []*ir.Value{e.address(record), e.address(slot), e.const32(int64(state.Record.Size))}, nil)
		e.store(record, abi.RecordHash, 4, hash)
		e.store(record, abi.RecordNext, 4, e.const32(0))
		for k, s := range keys {
			f.storeField(record, state.Record.Fields[k], f.persist(s, writer))
		}
		if definition.Keys == 0 {
			used := e.load32(slot, abi.RecordNext)
			for _, a := range f.accumulators(index, nil) {
				if a.field.NullOffset < 0 {
					continue
				}
				// A slot that was never touched is all zeros, where every byte means
				// "no value"; a touched one holds proper NULL bytes or seenMark.
				mark := e.load(slot, int64(a.field.NullOffset), 1, false, i32)
				seen := e.compare("eq", mark, e.const32(seenMark))
				proper := e.and(e.compare("ne", used, e.const32(0)), e.isZero(mark))
				if a.function == ir.Sum && f.partialOnly(state, a) {
					proper = e.const32(0)
				}
				e.store(record, int64(a.field.NullOffset), 1, e.not(e.or(seen, proper)))
			}
		}
	})
	f.finish()
}

// partialOnly reports whether a sum of a single group is kept in partial sums, so that
// only seenMark says that it has a value.
func (g *generator) partialOnly(state *program.State, a accumulator) bool {
	return g.partials[state.Name+"."+a.field.Name]
}

// slotKeys decodes the number of a slot into its keys. dictionary gives the address of
// a column's dictionary.
func (g *generator) slotKeys(definition *ir.State, digits []digit, number *ir.Value, dictionary func(*column) *ir.Value) []*scalar {
	e := &g.emitter
	keys := make([]*scalar, len(digits))
	for i := len(digits) - 1; i >= 0; i-- {
		d, t := digits[i], definition.Fields[i].Type
		n := number
		if i > 0 {
			n = e.binary(ir.OpIntegerRemU, number, e.const32(d.values))
			number = e.binary(ir.OpIntegerDivU, number, e.const32(d.values))
		}
		s := &scalar{t: t, bounds: typeBounds(t)}
		if t.Nullable {
			s.null = e.compare("eq", n, e.const32(d.values-1))
			n = e.selectValue(s.null, e.const32(0), n)
		}
		if d.column != nil {
			s.v = e.load(e.add(dictionary(d.column), e.shiftLeft(n, 3)), 0, 8, false, i64)
		} else {
			s.bounds = newBounds(d.low, new(big.Int).Add(d.low, big.NewInt(d.values)))
			kt := kernType(t, s.bounds)
			low, _ := ir.Int128FromBig(d.low)
			s.v = e.add(e.convert(n, kt), ir.At(e.block).Const(kt, ir.Int128Datum(low)))
		}
		keys[i] = s
	}
	return keys
}
