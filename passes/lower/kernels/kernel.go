package kernels

import (
	"fmt"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// refusal is why a pipeline has no kernel, for people.
type refusal struct{ why string }

// refuse gives a kernel up; lowerer.kernel recovers it.
func (g *generator) refuse(format string, args ...any) { panic(refusal{fmt.Sprintf(format, args...)}) }

// makesText notes that the code makes text for each tuple, for which kernels have no
// memory.
func (g *generator) makesText(what string) {
	if g.kernel != nil {
		g.refuse("it makes text (%s)", what)
	}
	g.scratch = true
}

// library is the name of a function of the library that kernels have a shorter one for.
func (g *generator) library(name string) string {
	if g.kernel != nil {
		name += "_short"
	}
	return library(name)
}

// accessing makes what a kernel loads from here on have an access, until the function
// that it returns is called.
func (g *generator) accessing(access string) (restore func()) {
	saved := g.access
	if g.kernel != nil {
		g.access = access
	}
	return func() { g.access = saved }
}

// kernelThreads is how many threads a block has where nothing asks for fewer.
const kernelThreads = 256

// kernel lowers a pipeline, which the generator cpu has lowered for the CPU, to a kernel
// as well, or notes why it cannot.
func (l *lowerer) kernel(f *ir.Function, cpu *generator) {
	defer func() {
		if r := recover(); r != nil {
			refused, ok := r.(refusal)
			if !ok {
				panic(r)
			}
			l.program.Pipelines[cpu.index].NoKernel = refused.why
		}
	}()
	g := l.beginKernel(f.Name + "_kernel")
	g.literals, g.index, g.expands = cpu.literals, cpu.index, cpu.expands
	source, rest, end := f.Body.Ops[0], f.Body.Ops[1:], f.Body.Terminator()
	into := l.stateOf(end)
	switch {
	case end.Code == ir.OpSortInto:
		g.refuse("it sorts")
	case end.Code == ir.OpEmit && l.program.States[into].Limit >= 0:
		g.refuse("a limit ends it early")
	}
	switch source.Code {
	case ir.OpSourceTable:
		g.readLike(cpu)
		g.plan = g.planFor(end, rest)
		g.tableRows(rest)
	case ir.OpSourceState, ir.OpSourceUnmatched:
		if l.program.States[l.stateOf(source)].Kind == ir.SortState {
			g.refuse("it reads rows in their order")
		}
		g.stateRows(source, end, rest)
	default:
		g.refuse("its rows are a part of the query")
	}
	for _, epilogue := range g.epilogues {
		epilogue()
	}
	if g.plan != nil {
		g.leaveGroups(end)
	}
	g.function.Threads = g.kernel.Threads
	g.finish()
	l.program.Pipelines[g.index].Kernel = g.kernel
	if state := &l.program.States[into]; state.Kind == ir.HashTableState && state.Link == "" {
		l.link(into)
	}
}

// beginKernel starts a kernel (context i32, launch gaddr).
func (l *lowerer) beginKernel(name string) *generator {
	g := l.begin(name)
	g.kernel = &program.Kernel{Function: name, Threads: kernelThreads, RowsPerThread: 1}
	g.launch = g.function.Body.AddArgument("launch", gaddr)
	g.words = map[int64]*ir.Value{}
	g.natural = true
	g.unavailable = l.options.Unavailable
	return g
}

// readLike makes the source of another generator for the same pipeline the source of
// this one, with its lookup tables.
func (g *generator) readLike(other *generator) {
	source := &tableSource{op: other.source.op, scan: other.source.scan}
	for _, c := range other.source.columns {
		source.columns = append(source.columns, &column{index: c.index, t: c.t, layout: c.layout, bounds: c.bounds})
	}
	g.read(source)
	for v, table := range other.tables {
		if table != nil {
			same := *table
			same.column = source.columns[table.column.index]
			table = &same
		}
		g.tables[v] = table
	}
}

// launchWord loads a word of the launch block, once in the prologue.
func (g *generator) launchWord(offset int64) *ir.Value {
	if g.words[offset] == nil {
		g.words[offset] = g.early(func(e *emitter) *ir.Value { return e.load32(g.launch, offset) })
	}
	return g.words[offset]
}

// launchColumn loads an address of a column from the launch block, given where it stands
// in a morsel's descriptor.
func (g *generator) launchColumn(c *column, offset int64) *ir.Value {
	at := int64(abi.LaunchSize + c.index*abi.LaunchColumnSize)
	return g.early(func(e *emitter) *ir.Value {
		e.access = "invariant"
		switch offset {
		case abi.ColumnValues:
			return e.load(g.launch, at+abi.LaunchValues, 8, false, gaddr)
		case abi.ColumnValidity:
			return e.load(g.launch, at+abi.LaunchValidity, 8, false, gaddr)
		case abi.ColumnText:
			return e.load32(g.launch, at+abi.LaunchText)
		default:
			return e.load32(g.launch, at+abi.LaunchDictionary)
		}
	})
}

// threadNumber is the number of the thread in its block, gridNumber among all threads.
func (g *generator) threadNumber() *ir.Value {
	if g.thread == nil {
		g.thread = g.early(func(e *emitter) *ir.Value { return e.build(ir.OpThreadIndex, nil, nil).Result() })
	}
	return g.thread
}

func (g *generator) gridNumber() *ir.Value {
	thread := g.threadNumber()
	return g.early(func(e *emitter) *ir.Value {
		block := e.build(ir.OpBlockIndex, nil, nil).Result()
		return e.add(e.binary(ir.OpIntegerMul, block, e.const32(int64(g.kernel.Threads))), thread)
	})
}

// gridLoop runs body in this thread for every so many-th row: the thread's number times
// step, then further by all threads times step.
func (g *generator) gridLoop(step int64, body func(row *ir.Value)) {
	rows := g.launchWord(abi.LaunchRows)
	number := g.gridNumber()
	var first, stride *ir.Value
	g.early(func(e *emitter) *ir.Value {
		blocks := e.build(ir.OpBlockCount, nil, nil).Result()
		first = e.binary(ir.OpIntegerMul, number, e.const32(step))
		stride = e.binary(ir.OpIntegerMul, blocks, e.const32(step*int64(g.kernel.Threads)))
		return nil
	})
	position := g.variable(first)
	g.labelled(ir.OpBlock, func(done *ir.Value) {
		g.labelled(ir.OpLoop, func(again *ir.Value) {
			row := g.get(position)
			g.branchIf(done, g.compare("ge_u", row, rows))
			g.scoped(func() { body(row) })
			g.set(position, g.add(row, stride))
			g.branch(again)
		})
	})
}

// tableRows runs the pipeline over the rows of a table: several consecutive ones at once
// where threads then add up by themselves, else one by one.
func (g *generator) tableRows(ops []*ir.Op) {
	if g.plan != nil && !g.expands {
		g.tiles(ops)
		return
	}
	g.gridLoop(1, func(row *ir.Value) {
		g.source.row = row
		g.tuple(func() { g.scoped(func() { g.chain(ops) }) })
	})
}

// stateRows runs the pipeline over the records of a state.
func (g *generator) stateRows(source, end *ir.Op, ops []*ir.Op) {
	index := g.stateOf(source)
	state := &g.program.States[index]
	var record *ir.Value
	for i, f := range g.recordFields(source, state) {
		g.lazy[source.Results[i]] = func() *scalar { return g.loadStateField(index, record, f) }
	}
	record = g.context // for what planning reads
	g.plan = g.planFor(end, ops)
	g.gridLoop(1, func(row *ir.Value) {
		record = g.runRecord(row, state.Record.Size)
		g.tuple(func() {
			g.scoped(func() {
				switch {
				case source.Code == ir.OpSourceUnmatched:
					g.branchIf(g.next, g.load(record, int64(state.MarkOffset), 1, false, i32))
				case state.Kind == ir.AggregateState:
					g.branchIf(g.next, g.compare("eq", g.load32(record, abi.RecordNext), g.const32(-1)))
				}
				g.chain(ops)
			})
		})
	})
}

// runRecord finds the record of a number: in the last run that begins at it or before.
func (g *generator) runRecord(number *ir.Value, size int) *ir.Value {
	e := &g.emitter
	runs, count := g.launchWord(abi.LaunchRuns), g.launchWord(abi.LaunchRunCount)
	low, high := e.variable(e.const32(0)), e.variable(count)
	entry := func(i *ir.Value) *ir.Value { return e.add(runs, e.shiftLeft(i, 3)) }
	e.labelled(ir.OpBlock, func(found *ir.Value) {
		e.labelled(ir.OpLoop, func(again *ir.Value) {
			from, to := e.get(low), e.get(high)
			e.branchIf(found, e.compare("le_u", e.sub(to, from), e.const32(1)))
			middle := e.add(from, e.binary(ir.OpShiftRightU, e.sub(to, from), e.const32(1)))
			before := e.compare("le_u", e.load32(entry(middle), 0), number)
			e.set(low, e.selectValue(before, middle, from))
			e.set(high, e.selectValue(before, to, middle))
			e.branch(again)
		})
	})
	run := entry(e.get(low))
	distance := e.sub(number, e.load32(run, 0))
	return e.add(e.load32(run, 4), e.binary(ir.OpIntegerMul, distance, e.const32(int64(size))))
}

// place reserves memory for a record of the state that is filled, or ends the tuple when
// there is none.
func (g *generator) place(size int) *ir.Value {
	e := &g.emitter
	limit := g.launchWord(abi.LaunchLimit)
	e.labelled(ir.OpBlock, func(room *ir.Value) {
		// The cursor runs past the limit by no more than what all threads take at once.
		restore := g.accessing("volatile")
		cursor := e.load32(g.launch, abi.LaunchCursor)
		restore()
		e.branchIf(room, e.compare("lt_u", cursor, limit))
		e.store(g.launch, abi.LaunchOverflow, 4, e.const32(1))
		e.branch(g.next)
	})
	address := e.build(ir.OpAppend, []*ir.Value{g.launch, e.const32(int64(size))}, nil, ir.Attr("offset", int64(abi.LaunchCursor))).Result()
	e.when(e.compare("gt_u", e.addConst(address, int64(size)), limit), func() {
		e.store(g.launch, abi.LaunchOverflow, 4, e.const32(1))
		e.branch(g.next)
	}, nil)
	return address
}

// appendRecord adds a record of some values to the state that is filled and gives its
// address.
func (g *generator) appendRecord(state *program.State, values []*scalar) *ir.Value {
	record := g.place(state.Record.Size)
	for i, s := range values {
		g.storeField(record, state.Record.Fields[i], g.kept(s))
	}
	if state.MarkOffset >= 0 {
		g.store(record, int64(state.MarkOffset), 1, g.const32(0))
	}
	return record
}

// kept is a value as a kernel stores it. Text stays where it is, also that of columns;
// what lies under a NULL is nowhere.
func (g *generator) kept(s *scalar) *scalar {
	if !isText(s.t) {
		return s
	}
	if g.source != nil {
		for _, c := range g.source.columns {
			g.kernel.KeepsText = g.kernel.KeepsText || isText(c.t) && c.layout.Encoding != ir.Dictionary
		}
	}
	if s.null == nil {
		return s
	}
	return &scalar{t: s.t, null: s.null, v: g.selectValue(s.null, g.const64(0), s.v)}
}

// link emits the kernel that puts the records of a hash table into its directory and
// its filter.
func (l *lowerer) link(index int) {
	state := &l.program.States[index]
	state.Link = "link_" + state.Name
	g := l.beginKernel(state.Link)
	e := &g.emitter
	directory, shift := g.stateWord(index, abi.StateDirectory), g.stateWord(index, abi.StateShift)
	filter, filterShift := g.stateWord(index, abi.StateFilter), g.stateWord(index, abi.StateFilterShift)
	g.gridLoop(1, func(row *ir.Value) {
		record := g.runRecord(row, state.Record.Size)
		hash := e.load32(record, abi.RecordHash)
		slot := e.add(directory, e.shiftLeft(e.binary(ir.OpShiftRightU, hash, shift), 2))
		next := g.atomic("exchange", 4, slot, 0, record)
		e.store(record, abi.RecordNext, 4, next)
		bit := e.binary(ir.OpShiftRightU, hash, filterShift)
		word := e.add(filter, e.shiftLeft(e.binary(ir.OpShiftRightU, bit, e.const32(5)), 2))
		g.atomic("or", 4, word, 0, e.binary(ir.OpShiftLeft, e.const32(1), e.and(bit, e.const32(31))))
	})
	g.function.Threads = g.kernel.Threads
	g.finish()
}

// setByte makes a byte of a record that other threads set too 0 or 1. Nearly always it
// is so already.
func (g *generator) setByte(record *ir.Value, offset int, value int64) {
	e := &g.emitter
	restore := g.accessing("volatile")
	held := e.load(record, int64(offset), 1, false, i32)
	restore()
	shift := 8 * (offset & 3)
	g.when(e.compare("ne", held, e.const32(value)), func() {
		if value == 0 {
			g.atomic("and", 4, record, int64(offset&^3), e.const32(int64(int32(^(0xFF << shift)))))
		} else {
			g.atomic("or", 4, record, int64(offset&^3), e.const32(int64(int32(1<<shift))))
		}
	}, nil)
}

// atomic applies an atomic operation to memory and gives what it held.
func (g *generator) atomic(operation string, width int, address *ir.Value, offset int64, v *ir.Value) *ir.Value {
	return g.build(ir.OpAtomic, []*ir.Value{g.address(address), v}, nil,
		ir.Attr("operation", operation), ir.Attr("width", int64(width)), ir.Attr("offset", offset)).Result()
}
