package kernels

import (
	"math/big"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// Aggregates of a kernel with few possible groups: each thread adds into memory of its
// own, cells for the only group of an aggregate without keys, else a part of the shared
// memory of its block that no other thread touches. Where all rows have been seen, a
// warp folds what the threads of its block have for a group, always in the same order,
// and writes one record. Nothing is atomic, sums of floats are the same in each run, and
// a thread's sums need not be wide: it sees at most abi.MorselRows rows in a launch.

// groupPlan says where the accumulators are.
type groupPlan struct {
	index        int
	digits       []digit // nil without keys
	slots        int
	accumulators []*privateAccumulator
	size         int // bytes of a slot of one thread
	presence     *privateAccumulator
	counted      *privateAccumulator // a count of rows, which tells by itself whether a slot is used
	shared       *ir.Value           // address of the block's memory
}

// privateAccumulator is an aggregate of one group in one thread.
type privateAccumulator struct {
	accumulator
	t      ir.Type   // of the value, as kept
	scalar ir.Type   // extremes: the SQL type
	bounds *bounds   // extremes: of the operand
	bit    int       // in the slot's presence word: it has a value; -1: not needed
	offset int       // of the value in a slot, times the number of threads
	cell   *ir.Value // without keys
	base   *ir.Value // with keys: address of the thread's value in slot 0
	most   *big.Int  // sums of integers: the largest magnitude of a thread's sum
}

// sharedLimit is how much shared memory every GPU gives a block without being asked.
const sharedLimit = 48 << 10

// usedBit of a presence word says that a slot has had a row.
const usedBit = 31

// planFor decides how the aggregate at the end of a pipeline is kept; nil when there is
// none or it is hashed. The types of operands are known when their code has been made,
// so that is done once for nothing.
func (g *generator) planFor(end *ir.Op, ops []*ir.Op) *groupPlan {
	if end.Code != ir.OpAggregateInto {
		return nil
	}
	index := g.stateOf(end)
	if g.groupsKeepText(index) {
		return nil
	}
	var plan *groupPlan
	g.planning = func(values []*scalar, digits []digit) { plan = g.layGroups(index, values, digits) }
	if g.source != nil {
		g.source.row = g.context
	}
	g.inside(ir.NewBlock(), func() {
		g.tuple(func() { g.scoped(func() { g.chain(ops) }) })
	})
	g.planning = nil
	if plan == nil {
		return nil
	}
	g.kernel.Slots, g.kernel.Shared = plan.slots, plan.size*plan.slots*g.kernel.Threads
	if plan.digits == nil {
		g.makeCells(plan)
	} else {
		g.makeSlots(plan)
	}
	return plan
}

// groupInto adds the current tuple to its group.
func (g *generator) groupInto(op *ir.Op, index int) {
	if g.plan == nil && g.planning == nil {
		g.kernel.Hashes = true
		g.chainInto(op, index)
		return
	}
	definition := g.module.States[index]
	values := make([]*scalar, len(op.Operands))
	for i := definition.Keys; i < len(values); i++ {
		values[i] = g.value(op.Operands[i])
	}
	if g.planning != nil {
		var digits []digit
		if definition.Keys > 0 {
			if digits = g.numberKeys(op, index); digits == nil {
				return
			}
		}
		g.planning(values, digits)
		return
	}
	plan := g.plan
	var slot *ir.Value // distance of the thread's slot from slot 0
	if plan.digits != nil {
		slot = g.binary(ir.OpIntegerMul, g.groupNumber(op, plan.digits), g.const32(int64(plan.size*g.kernel.Threads)))
	}
	var seen *ir.Value // bits to set in the presence word
	for i, a := range plan.accumulators {
		a.operand = values[definition.Keys+i]
		if bit := g.accumulate(a, slot); bit != nil {
			bit = g.shiftLeft(bit, int64(a.bit))
			if seen == nil {
				seen = bit
			} else {
				seen = g.or(seen, bit)
			}
		}
	}
	if plan.presence == nil {
		return
	}
	if plan.counted == nil && plan.digits != nil {
		used := g.const32(-1 << usedBit)
		if seen == nil {
			seen = used
		} else {
			seen = g.or(seen, used)
		}
	}
	if seen != nil {
		g.putPrivate(plan.presence, slot, g.or(g.getPrivate(plan.presence, slot), seen))
	}
}

// layGroups lays the accumulators of a thread; nil when there are too many.
func (g *generator) layGroups(index int, values []*scalar, digits []digit) *groupPlan {
	definition := g.module.States[index]
	plan := &groupPlan{index: index, digits: digits, slots: 1}
	for _, d := range digits {
		plan.slots *= int(d.values)
	}
	bits := 0
	for i, a := range g.accumulators(index, values) {
		p := &privateAccumulator{accumulator: a, bit: -1}
		operand := values[definition.Keys+i]
		switch {
		case a.function == ir.Count:
			p.t = i32
			if g.expands {
				p.t = i64
			}
			if isOne(operand.v) && operand.null == nil && plan.counted == nil {
				plan.counted = p
			}
		case a.function == ir.Sum && a.field.Type.IsFloat():
			p.t = ir.Of(a.field.Type.Kind)
		case a.function == ir.Sum:
			p.t = i128
			p.most = new(big.Int).Mul(operand.bounds.magnitude(), big.NewInt(abi.MorselRows))
			if g.expands {
				p.most = new(big.Int).Lsh(operand.bounds.magnitude(), mostTuples)
			}
			if p.most.IsInt64() {
				p.t = i64
			} else if p.most.BitLen() > 127-mostThreads {
				g.refuse("its sums may need more than 128 bits")
			}
		default:
			p.t, p.scalar, p.bounds = operand.v.Type, operand.t.WithNull(false), operand.bounds
		}
		sum := a.function == ir.Sum
		if a.function != ir.Count && (!sum || operand.null != nil || len(digits) == 0) {
			if bits == usedBit {
				return nil
			}
			p.bit = bits
			bits++
		}
		plan.accumulators = append(plan.accumulators, p)
	}
	if bits > 0 || plan.counted == nil && len(digits) > 0 {
		plan.presence = &privateAccumulator{t: i32}
	}
	for _, width := range []int{16, 8, 4} {
		for _, a := range plan.all() {
			if kernWidth(a.t) == width {
				a.offset = plan.size
				plan.size += width
			}
		}
	}
	plan.size = max(plan.size, 4)
	for plan.slots*plan.size*g.kernel.Threads > sharedLimit {
		if g.kernel.Threads == 64 {
			g.kernel.Threads = kernelThreads
			return nil
		}
		g.kernel.Threads /= 2
	}
	return plan
}

// mostTuples and mostThreads bound, as powers of two, what a pipeline can see: tuples
// that joins make of one thread's rows, and threads of a device.
const (
	mostTuples  = 40
	mostThreads = 24
)

func (p *groupPlan) all() []*privateAccumulator {
	all := append([]*privateAccumulator{}, p.accumulators...)
	if p.presence != nil {
		all = append(all, p.presence)
	}
	return all
}

// makeCells keeps the accumulators in cells, made in the prologue.
func (g *generator) makeCells(plan *groupPlan) {
	for _, a := range plan.all() {
		a.cell = g.early(func(e *emitter) *ir.Value { return e.variable(e.zero(a.t)) })
	}
}

// makeSlots keeps the accumulators in shared memory, which it clears.
func (g *generator) makeSlots(plan *groupPlan) {
	g.shareGroups(plan)
	for _, a := range plan.all() {
		a.base = g.privateAddress(plan, a, g.threadNumber())
	}
	threads := int64(g.kernel.Threads)
	g.early(func(e *emitter) *ir.Value {
		for s := range int64(plan.slots) {
			for _, a := range plan.all() {
				e.store(a.base, s*int64(plan.size)*threads, kernWidth(a.t), e.zero(a.t))
			}
		}
		return nil
	})
}

// shareGroups asks for the block's memory.
func (g *generator) shareGroups(plan *groupPlan) {
	plan.shared = g.early(func(e *emitter) *ir.Value {
		return e.build(ir.OpShared, nil, nil, ir.Attr("bytes", int64(plan.size*plan.slots*g.kernel.Threads))).Result()
	})
}

// privateAddress is where a thread has an accumulator of slot 0. Values of neighbouring
// threads lie side by side, so that the accesses of a warp hit different banks.
func (g *generator) privateAddress(plan *groupPlan, a *privateAccumulator, thread *ir.Value) *ir.Value {
	return g.early(func(e *emitter) *ir.Value {
		distance := e.binary(ir.OpIntegerMul, thread, e.const32(int64(kernWidth(a.t))))
		return e.add(plan.shared, e.addConst(distance, int64(a.offset*g.kernel.Threads)))
	})
}

func (g *generator) getPrivate(a *privateAccumulator, slot *ir.Value) *ir.Value {
	if a.cell != nil {
		return g.get(a.cell)
	}
	return g.load(g.add(a.base, slot), 0, kernWidth(a.t), true, a.t)
}

func (g *generator) putPrivate(a *privateAccumulator, slot, v *ir.Value) {
	if a.cell != nil {
		g.set(a.cell, v)
		return
	}
	g.store(g.add(a.base, slot), 0, kernWidth(a.t), v)
}

// accumulate folds the operand into a thread's accumulator. It gives the bit that says
// that there is a value now, nil where nobody asks.
func (g *generator) accumulate(a *privateAccumulator, slot *ir.Value) *ir.Value {
	e, s := &g.emitter, a.operand
	held := g.getPrivate(a, slot)
	present := func() *ir.Value {
		if a.bit < 0 {
			return nil
		}
		if s.null == nil {
			return e.const32(1)
		}
		return e.not(s.null)
	}
	switch a.function {
	case ir.Count:
		one := g.const32(1)
		if !isOne(s.v) || s.null != nil {
			one = g.condition(s)
		}
		if a.t.Kind == ir.I64 {
			one = e.extendUnsigned(one, i64)
		}
		g.putPrivate(a, slot, e.add(held, one))
		return nil
	case ir.Sum:
		v := s.v
		if a.t.IsFloat() {
			if v.Type.Kind != a.t.Kind {
				v = e.typed(ir.OpFloatConvert, v, a.t)
			}
			// A NULL leaves the sum as it is: adding 0 would turn -0 into 0.
			v = e.binary(ir.OpFloatAdd, held, v)
			if s.null != nil {
				v = e.selectValue(s.null, held, v)
			}
			g.putPrivate(a, slot, v)
			return present()
		}
		v = e.convert(v, a.t)
		if s.null != nil {
			v = e.selectValue(s.null, e.zero(a.t), v)
		}
		g.putPrivate(a, slot, e.add(held, v))
		return present()
	default:
		seen := e.and(e.binary(ir.OpShiftRightU, g.getPrivate(g.plan.presence, slot), e.const32(int64(a.bit))), e.const32(1))
		better := e.or(e.not(seen), g.beats(a, s.v, held))
		if s.null != nil {
			better = e.and(better, e.not(s.null))
		}
		g.putPrivate(a, slot, e.selectValue(better, e.bits(s.v, a.t), held))
		return present()
	}
}

// bits is v, whose type is t already or an integer of other width.
func (e *emitter) bits(v *ir.Value, t ir.Type) *ir.Value {
	if t.IsFloat() {
		return v
	}
	return e.convert(v, t)
}

// beats gives 1 where a value takes the place of what a min, max or any holds.
func (g *generator) beats(a *privateAccumulator, v, held *ir.Value) *ir.Value {
	code := ir.OpGreater
	switch a.function {
	case ir.Any:
		return g.const32(0)
	case ir.Min:
		code = ir.OpLess
	default:
		// max
	}
	return g.comparison(code, &scalar{t: a.scalar, v: v, bounds: a.bounds}, &scalar{t: a.scalar, v: held, bounds: a.bounds})
}

// leaveGroups folds what the threads of a block have and writes a record for each group.
func (g *generator) leaveGroups(end *ir.Op) {
	e, plan := &g.emitter, g.plan
	threads := g.kernel.Threads
	if plan.digits == nil {
		g.shareGroups(plan)
		for _, a := range plan.all() {
			e.store(g.privateAddress(plan, a, g.threadNumber()), 0, kernWidth(a.t), e.get(a.cell))
		}
	}
	e.build(ir.OpBarrier, nil, nil)
	thread := g.threadNumber()
	lane, warp := e.and(thread, e.const32(31)), e.binary(ir.OpShiftRightU, thread, e.const32(5))
	bases := map[*privateAccumulator]*ir.Value{}
	for _, a := range plan.all() {
		distance := e.binary(ir.OpIntegerMul, lane, e.const32(int64(kernWidth(a.t))))
		bases[a] = e.add(plan.shared, e.addConst(distance, int64(a.offset*threads)))
	}
	block := e.build(ir.OpBlockIndex, nil, nil).Result()
	partials := e.load32(g.launch, abi.LaunchPartials)
	position := e.variable(warp)
	e.labelled(ir.OpBlock, func(done *ir.Value) {
		e.labelled(ir.OpLoop, func(again *ir.Value) {
			slot := e.get(position)
			e.branchIf(done, e.compare("ge_u", slot, e.const32(int64(plan.slots))))
			g.scoped(func() {
				folded := g.foldSlot(plan, bases, e.binary(ir.OpIntegerMul, slot, e.const32(int64(plan.size*threads))))
				number := e.add(e.binary(ir.OpIntegerMul, block, e.const32(int64(plan.slots))), slot)
				size := g.program.States[plan.index].Record.Size
				record := e.add(partials, e.binary(ir.OpIntegerMul, number, e.const32(int64(size))))
				g.tuple(func() {
					g.scoped(func() {
						e.branchIf(g.next, lane)
						g.writeGroup(end, plan, record, slot, folded)
					})
				})
			})
			e.set(position, e.add(slot, e.const32(int64(threads/32))))
			e.branch(again)
		})
	})
}

// foldedGroup is what a block has for one group.
type foldedGroup struct {
	values   map[*privateAccumulator]*ir.Value
	presence *ir.Value
}

// foldSlot folds what all threads of the block have for a slot, in lane 0 of this warp:
// first each lane those of every 32nd thread, then the lanes pairwise.
func (g *generator) foldSlot(plan *groupPlan, bases map[*privateAccumulator]*ir.Value, slot *ir.Value) foldedGroup {
	e := &g.emitter
	load := func(a *privateAccumulator, k int) *ir.Value {
		return e.load(e.add(bases[a], slot), int64(k*32*kernWidth(a.t)), kernWidth(a.t), true, a.t)
	}
	widened := func(a *privateAccumulator, v *ir.Value) *ir.Value { return e.bits(v, a.total()) }
	var state foldedGroup
	state.values = map[*privateAccumulator]*ir.Value{}
	if plan.presence != nil {
		state.presence = load(plan.presence, 0)
	}
	for _, a := range plan.accumulators {
		state.values[a] = widened(a, load(a, 0))
	}
	combine := func(other foldedGroup) {
		for _, a := range plan.accumulators {
			state.values[a] = g.combinePrivate(a, state, other)
		}
		if state.presence != nil {
			state.presence = e.or(state.presence, other.presence)
		}
	}
	for k := 1; k < g.kernel.Threads/32; k++ {
		other := foldedGroup{values: map[*privateAccumulator]*ir.Value{}}
		for _, a := range plan.accumulators {
			other.values[a] = widened(a, load(a, k))
		}
		if plan.presence != nil {
			other.presence = load(plan.presence, k)
		}
		combine(other)
	}
	for distance := int64(16); distance > 0; distance /= 2 {
		shuffled := func(v *ir.Value) *ir.Value {
			return e.build(ir.OpShuffleDown, []*ir.Value{v}, nil, ir.Attr("distance", distance)).Result()
		}
		other := foldedGroup{values: map[*privateAccumulator]*ir.Value{}}
		for _, a := range plan.accumulators {
			other.values[a] = shuffled(state.values[a])
		}
		if plan.presence != nil {
			other.presence = shuffled(state.presence)
		}
		combine(other)
	}
	return state
}

// total is the type in which the accumulators of a block are folded.
func (a *privateAccumulator) total() ir.Type {
	switch {
	case a.function == ir.Count:
		return i64
	case a.most == nil || a.t.Kind == ir.I128:
		return a.t
	case new(big.Int).Lsh(a.most, 10).IsInt64(): // a block has at most 1024 threads
		return i64
	default:
		return i128
	}
}

// combinePrivate folds an accumulator of another thread into that of this one.
func (g *generator) combinePrivate(a *privateAccumulator, mine, other foldedGroup) *ir.Value {
	e := &g.emitter
	held, v := mine.values[a], other.values[a]
	switch {
	case a.function == ir.Count, a.function == ir.Sum && !a.t.IsFloat():
		return e.add(held, v)
	case a.function == ir.Sum:
		return e.binary(ir.OpFloatAdd, held, v)
	default:
		bit := func(presence *ir.Value) *ir.Value {
			return e.and(e.binary(ir.OpShiftRightU, presence, e.const32(int64(a.bit))), e.const32(1))
		}
		better := e.and(bit(other.presence), e.or(e.not(bit(mine.presence)), g.beats(a, v, held)))
		return e.selectValue(better, v, held)
	}
}

// writeGroup writes the record of a slot; one without rows is dead.
func (g *generator) writeGroup(end *ir.Op, plan *groupPlan, record, slot *ir.Value, folded foldedGroup) {
	e := &g.emitter
	state, definition := &g.program.States[plan.index], g.module.States[plan.index]
	e.store(record, abi.RecordNext, 4, e.const32(-1))
	if plan.digits != nil {
		used := folded.presence
		if plan.counted != nil {
			used = e.compare("ne", folded.values[plan.counted], e.const64(0))
		} else {
			used = e.binary(ir.OpShiftRightU, used, e.const32(usedBit))
		}
		e.branchIf(g.next, e.not(used))
	}
	keys := g.slotKeys(definition, plan.digits, slot, func(c *column) *ir.Value { return g.word(c, abi.ColumnDictionary) })
	e.store(record, abi.RecordHash, 4, g.groupHash(plan.index, keys))
	for k, s := range keys {
		g.storeField(record, state.Record.Fields[k], s)
	}
	for _, a := range plan.accumulators {
		g.writeAggregate(end, record, a, folded)
	}
	e.store(record, abi.RecordNext, 4, e.const32(0))
}

// writeAggregate writes the value of an aggregate.
func (g *generator) writeAggregate(end *ir.Op, record *ir.Value, a *privateAccumulator, folded foldedGroup) {
	e := &g.emitter
	v := folded.values[a]
	width := a.field.Width
	switch {
	case a.field.Type.IsFloat():
	case a.function == ir.Sum && width < kernWidth(v.Type):
		narrow := e.convert(v, i64)
		site := g.site(end, ir.CodeOverflow, "a sum does not fit %s", a.field.Type.WithNull(false))
		g.failIf(e.compare("ne", e.convert(narrow, v.Type), v), site)
		v = narrow
	case width == 16:
		v = e.convert(v, i128)
	case width == 8:
		v = e.convert(v, i64)
	default:
		v = e.convert(v, i32)
	}
	e.store(record, int64(a.field.Offset), width, v)
	if a.field.NullOffset >= 0 {
		null := e.const32(0)
		if a.bit >= 0 {
			null = e.binary(ir.OpIntegerXor, e.and(e.binary(ir.OpShiftRightU, folded.presence, e.const32(int64(a.bit))), e.const32(1)), e.const32(1))
		}
		e.store(record, int64(a.field.NullOffset), 1, null)
	}
}
