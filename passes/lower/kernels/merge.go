package kernels

import (
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// merge emits the function that combines equal groups of a partition.
func (l *lowerer) merge(index int) {
	state, definition := &l.program.States[index], l.module.States[index]
	g := l.begin(state.Merge, "runs", "count", "directory", "shift")
	e := &g.emitter
	arguments := g.function.Body.Arguments
	runs, count, directory, shift := arguments[1], arguments[2], arguments[3], arguments[4]
	op := &ir.Op{}
	g.countedLoop(count, func(i *ir.Value) {
		run := e.add(runs, e.shiftLeft(i, 3))
		g.recordLoop(e.load32(run, 0), e.load32(run, 4), state.Record.Size, func(record *ir.Value) {
			hash := e.load32(record, abi.RecordHash)
			within := hash
			if state.Partitions > 1 {
				within = e.shiftLeft(hash, 32-abi.PartitionShift)
			}
			slot := e.add(directory, e.shiftLeft(e.binary(ir.OpShiftRightU, within, shift), 2))
			group := e.variable(e.load32(slot, 0))
			e.labelled(ir.OpBlock, func(merged *ir.Value) {
				e.labelled(ir.OpBlock, func(create *ir.Value) {
					e.labelled(ir.OpLoop, func(again *ir.Value) {
						held := e.get(group)
						e.branchIf(create, e.isZero(held))
						e.labelled(ir.OpBlock, func(mismatch *ir.Value) {
							g.scoped(func() {
								e.branchIf(mismatch, e.compare("ne", e.load32(held, abi.RecordHash), hash))
								for k := range definition.Keys {
									f := state.Record.Fields[k]
									g.branchUnlessEqual(mismatch, g.loadField(record, f), g.loadField(held, f), true)
								}
								for _, a := range g.accumulators(index, nil) {
									g.combine(op, held, record, a)
								}
								e.store(record, abi.RecordNext, 4, e.const32(-1))
								e.branch(merged)
							})
						})
						e.set(group, e.load32(held, abi.RecordNext))
						e.branch(again)
					}, ir.Attr("metered", true))
				})
				e.store(record, abi.RecordNext, 4, e.load32(slot, 0))
				e.store(slot, 0, 4, record)
			})
		})
	})
	g.finish()
}

// combine folds the accumulator of one record into that of another.
func (g *generator) combine(op *ir.Op, into, from *ir.Value, a accumulator) {
	e := &g.emitter
	if a.function == ir.Count {
		at := int64(a.field.Offset)
		e.store(into, at, 8, e.add(e.load(into, at, 8, false, i64), e.load(from, at, 8, false, i64)))
		return
	}
	other := g.loadField(from, a.field)
	a.operand = other
	if a.function != ir.Sum {
		e.when(g.improves(into, a), func() {
			g.scoped(func() {
				g.storeField(into, a.field, &scalar{t: other.t, v: other.v, bounds: other.bounds})
			})
		}, nil)
		return
	}
	add := func() {
		held, v := g.loadSum(into, a.field), g.loadSum(from, a.field)
		var total *ir.Value
		if a.field.Type.IsFloat() {
			total = e.binary(ir.OpFloatAdd, held, v)
		} else {
			total = g.addSums(op, a.field.Type, held, v, boundsBits(128))
		}
		e.store(into, int64(a.field.Offset), a.field.Width, total)
		if a.field.NullOffset >= 0 {
			e.store(into, int64(a.field.NullOffset), 1, e.const32(0))
		}
	}
	if other.null == nil {
		add()
		return
	}
	e.when(e.not(other.null), func() { g.scoped(add) }, nil)
}
