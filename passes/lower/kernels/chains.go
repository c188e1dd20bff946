package kernels

import (
	"math"
	"math/big"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// Aggregates of a kernel with many groups: all threads of the device share one directory
// of chains. A group's record is written first and then entered at the head of its chain
// with compare-and-swap; who loses that race looks at what the winners have entered, and
// either finds its group there or tries again with the same record. Accumulators start
// with a value that changes nothing, and are updated with atomic operations, so that
// their outcome does not depend on the order; what has no such operation is refused.

// chainInto finds or makes the group's record, and updates it.
func (g *generator) chainInto(op *ir.Op, index int) {
	e := &g.emitter
	definition, state := g.module.States[index], &g.program.States[index]
	values := g.values(op.Operands)
	keys := values[:definition.Keys]
	accumulators := g.accumulators(index, values)
	for _, a := range accumulators {
		g.requireAtomic(a)
	}
	hash := g.groupHash(index, keys)
	shift := g.launchWord(abi.LaunchShift)
	slot := e.add(g.launchWord(abi.LaunchDirectory), e.shiftLeft(e.binary(ir.OpShiftRightU, hash, shift), 2))
	restore := g.accessing("volatile")
	head := e.variable(e.load32(slot, 0))
	cursor := e.variable(e.get(head))
	known := e.variable(e.const32(0)) // from here on the chain has been looked at
	e.labelled(ir.OpBlock, func(have *ir.Value) {
		e.labelled(ir.OpLoop, func(again *ir.Value) {
			e.labelled(ir.OpBlock, func(missing *ir.Value) {
				e.labelled(ir.OpLoop, func(next *ir.Value) {
					record := e.get(cursor)
					e.branchIf(missing, e.compare("eq", record, e.get(known)))
					e.labelled(ir.OpBlock, func(mismatch *ir.Value) {
						g.scoped(func() {
							e.branchIf(mismatch, e.compare("ne", e.load32(record, abi.RecordHash), hash))
							for i, key := range keys {
								g.branchUnlessEqual(mismatch, key, g.loadField(record, state.Record.Fields[i]), true)
							}
							e.branch(have)
						})
					})
					e.set(cursor, e.load32(record, abi.RecordNext))
					e.branch(next)
				})
			})
			g.scoped(func() {
				record := g.spareRecord(state, hash, keys, accumulators)
				first := e.get(head)
				e.store(record, abi.RecordNext, 4, first)
				e.build(ir.OpFence, nil, nil)
				found := e.build(ir.OpCompareExchange, []*ir.Value{e.address(slot), first, record}, nil, ir.Attr("width", int64(4))).Result()
				e.set(cursor, record)
				e.when(e.compare("eq", found, first), func() {
					e.set(g.spare, e.const32(0))
					e.branch(have)
				}, nil)
				e.set(known, first)
				e.set(head, found)
				e.set(cursor, found)
			})
			e.branch(again)
		})
	})
	restore()
	record := e.get(cursor)
	for _, a := range accumulators {
		g.updateAtomically(op, record, a)
	}
}

// spareRecord gives the record that this thread wants to enter: one that it could not
// enter before, or a new one. It holds the group's keys and accumulators over no rows.
func (g *generator) spareRecord(state *program.State, hash *ir.Value, keys []*scalar, accumulators []accumulator) *ir.Value {
	e := &g.emitter
	if g.spare == nil {
		g.spare = g.early(func(e *emitter) *ir.Value { return e.variable(e.const32(0)) })
		g.epilogues = append(g.epilogues, func() {
			left := e.get(g.spare)
			e.when(left, func() { e.store(left, abi.RecordNext, 4, e.const32(-1)) }, nil)
		})
	}
	e.when(e.isZero(e.get(g.spare)), func() {
		g.scoped(func() { e.set(g.spare, g.place(state.Record.Size)) })
	}, nil)
	record := e.get(g.spare)
	e.store(record, abi.RecordHash, 4, hash)
	for i, key := range keys {
		g.storeField(record, state.Record.Fields[i], g.kept(key))
	}
	for _, a := range accumulators {
		g.neutral(record, a)
	}
	return record
}

// requireAtomic refuses an aggregate that no atomic operation updates.
func (g *generator) requireAtomic(a accumulator) {
	width := a.field.Width
	switch {
	case a.function == ir.Count:
	case a.function == ir.Sum && a.field.Type.IsFloat():
		g.refuse("it adds floats into many groups, in an order that would not be fixed")
	case a.function == ir.Sum && width == 16:
		if new(big.Int).Lsh(a.operand.bounds.magnitude(), mostTuples).BitLen() > 127 {
			g.refuse("its sums may need more than 128 bits")
		}
	case a.function == ir.Sum:
		if width != 8 {
			g.refuse("it adds numbers of %d bytes", width)
		}
	case isText(a.field.Type), width == 4, width == 8:
	default:
		g.refuse("it keeps a %s of %d bits for many groups", a.function, 8*width)
	}
}

// neutral gives an accumulator of a new record the value over no rows.
func (g *generator) neutral(record *ir.Value, a accumulator) {
	e := &g.emitter
	offset, width := int64(a.field.Offset), a.field.Width
	if a.field.NullOffset >= 0 {
		e.store(record, int64(a.field.NullOffset), 1, e.const32(1))
	}
	var v *ir.Value
	switch kt := a.operand.v.Type; {
	case a.function == ir.Any:
		v = e.bits(g.kept(a.operand).v, kt) // for a type without NULL any value will do
	case a.function == ir.Count || a.function == ir.Sum || isText(a.field.Type):
		g.storeZero(record, a.field)
		return
	case a.field.Type.IsFloat():
		v = e.constFloat(kt, math.Inf(-1))
		if a.function == ir.Min {
			v = e.constFloat(kt, math.NaN()) // above all others
		}
	case width == 4:
		v = e.const32(map[bool]int64{true: math.MaxInt32, false: math.MinInt32}[a.function == ir.Min])
	default:
		v = e.const64(map[bool]int64{true: math.MaxInt64, false: math.MinInt64}[a.function == ir.Min])
	}
	if !v.Type.IsFloat() {
		v = e.convert(v, map[int]ir.Type{4: i32, 8: i64}[width])
	}
	e.store(record, offset, width, v)
}

// updateAtomically folds the operand into an accumulator that other threads fold into.
func (g *generator) updateAtomically(op *ir.Op, record *ir.Value, a accumulator) {
	e, s := &g.emitter, a.operand
	offset := int64(a.field.Offset)
	if a.function == ir.Count {
		if isOne(s.v) && s.null == nil {
			g.atomic("add", 8, record, offset, e.const64(1))
			return
		}
		e.when(g.condition(s), func() { g.atomic("add", 8, record, offset, e.const64(1)) }, nil)
		return
	}
	fold := func() {
		g.scoped(func() {
			switch {
			case a.function == ir.Sum && a.field.Width == 16:
				g.addWide(record, offset, s)
			case a.function == ir.Sum:
				v := e.convert(s.v, i64)
				held := g.atomic("add", 8, record, offset, v)
				total := e.add(held, v)
				flips := e.and(e.binary(ir.OpIntegerXor, held, total), e.binary(ir.OpIntegerXor, v, total))
				site := g.site(op, ir.CodeOverflow, "a sum does not fit %s", a.field.Type.WithNull(false))
				g.failIf(e.compare("lt_s", flips, e.const64(0)), site)
			case a.function != ir.Any && !a.field.Type.IsFloat() && !isText(a.field.Type):
				operation := "max_s"
				if a.function == ir.Min {
					operation = "min_s"
				}
				g.atomic(operation, a.field.Width, record, offset, e.convert(s.v, map[int]ir.Type{4: i32, 8: i64}[a.field.Width]))
			default:
				g.replace(record, a)
			}
			if a.field.NullOffset >= 0 {
				g.setByte(record, a.field.NullOffset, 0)
			}
		})
	}
	if s.null == nil {
		fold()
		return
	}
	e.when(e.not(s.null), fold, nil)
}

// addWide adds to a sum of 128 bits: the low half first, then what it carries and the
// high half. Both additions are exact modulo 2^64, whatever comes between them.
func (g *generator) addWide(record *ir.Value, offset int64, s *scalar) {
	e := &g.emitter
	low, high := e.convert(s.v, i64), (*ir.Value)(nil)
	if s.v.Type.Kind == ir.I128 {
		high = e.unary(ir.OpHighHalf, s.v)
	} else {
		high = e.binary(ir.OpShiftRightS, low, e.const64(63))
	}
	held := g.atomic("add", 8, record, offset, low)
	carry := e.extendUnsigned(e.compare("lt_u", e.add(held, low), low), i64)
	rest := e.add(high, carry)
	e.when(e.compare("ne", rest, e.const64(0)), func() { g.atomic("add", 8, record, offset+8, rest) }, nil)
}

// replace puts a float or a text in the place of what a min, max or any holds, as long
// as it is better than that.
func (g *generator) replace(record *ir.Value, a accumulator) {
	e := &g.emitter
	s := g.kept(&scalar{t: a.operand.t.WithNull(false), v: a.operand.v})
	bits, word := s.v, i64
	if a.field.Width == 4 {
		word = i32
	}
	switch {
	case s.v.Type.IsFloat():
		bits = e.typed(ir.OpReinterpret, s.v, word)
	case isText(s.t):
		// Address 0 stands for no text; the empty text may have any other.
		bits = e.selectValue(e.isZero(bits), e.const64(abi.ScratchBase), bits)
	default:
		bits = e.convert(bits, word)
	}
	if a.function == ir.Any {
		if a.field.NullOffset >= 0 { // otherwise the record began with a value
			restore := g.accessing("volatile")
			null := e.load(record, int64(a.field.NullOffset), 1, false, i32)
			restore()
			e.when(null, func() { g.atomic("exchange", a.field.Width, record, int64(a.field.Offset), bits) }, nil)
		}
		return
	}
	code := ir.OpGreater
	if a.function == ir.Min {
		code = ir.OpLess
	}
	restore := g.accessing("volatile")
	held := e.variable(e.load(record, int64(a.field.Offset), a.field.Width, false, word))
	restore()
	e.labelled(ir.OpBlock, func(done *ir.Value) {
		e.labelled(ir.OpLoop, func(again *ir.Value) {
			g.scoped(func() {
				old := e.get(held)
				other := &scalar{t: s.t, v: old}
				better := e.variable(e.const32(1))
				if isText(s.t) {
					e.when(e.convert(old, i32), func() { e.set(better, g.comparison(code, s, other)) }, nil)
				} else {
					other.v = e.typed(ir.OpReinterpret, old, s.v.Type)
					e.set(better, g.comparison(code, s, other))
				}
				e.branchIf(done, e.not(e.get(better)))
				found := e.build(ir.OpCompareExchange, []*ir.Value{e.address(record), old, bits}, nil,
					ir.Attr("width", int64(a.field.Width)), ir.Attr("offset", int64(a.field.Offset))).Result()
				e.branchIf(done, e.compare("eq", found, old))
				e.set(held, found)
			})
			e.branch(again)
		})
	})
}
