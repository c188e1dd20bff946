package kernels

import (
	"fmt"
	"strings"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// pipeline lowers one pipeline to a function.
func (l *lowerer) pipeline(f *ir.Function) *generator {
	g := l.begin(f.Name)
	g.index = len(l.program.Pipelines)
	l.program.Pipelines = append(l.program.Pipelines, program.Pipeline{Function: f.Name})
	p := func() *program.Pipeline { return &l.program.Pipelines[g.index] }
	source, rest := f.Body.Ops[0], f.Body.Ops[1:]
	end := f.Body.Terminator()
	p().Into = l.stateOf(end)
	for _, op := range rest {
		if op.Code == ir.OpProbe {
			p().Probes = append(p().Probes, l.stateOf(op))
		}
	}
	g.expands = expands(rest)
	p().Title = title(source, rest)
	switch source.Code {
	case ir.OpSourceTable:
		g.openTable(source)
		p().Source, p().Scan = program.TableSource, g.source.scan
		p().Estimate = float64(max(0, l.program.Scans[g.source.scan].Rows))
		g.tableLoop(rest)
	case ir.OpSourceState, ir.OpSourceUnmatched:
		p().State = l.stateOf(source)
		p().Source = program.StateSource
		if source.Code == ir.OpSourceUnmatched {
			p().Source = program.UnmatchedSource
		}
		p().Estimate = l.program.States[p().State].Estimate
		g.stateLoop(source, rest)
	case ir.OpSourceValues:
		p().Source = program.ValuesSource
		p().Rows = len(ir.AttributeAs[[][]ir.Datum](source, "rows"))
		p().Estimate = float64(p().Rows)
		g.valuesLoop(source, rest)
	default:
		panic("BUG: a pipeline begins with " + source.Code.String())
	}
	for _, epilogue := range g.epilogues {
		epilogue()
	}
	g.finish()
	return g
}

// expands reports whether a pipeline may give more tuples than its source has rows.
func expands(ops []*ir.Op) bool {
	for _, op := range ops {
		if op.Code == ir.OpProbe {
			switch ir.AttributeAs[ir.JoinKind](op, "kind") {
			case ir.SemiJoin, ir.AntiJoin:
			default:
				return true
			}
		}
	}
	return false
}

func (l *lowerer) stateOf(op *ir.Op) int {
	return l.states[string(ir.AttributeAs[ir.Symbol](op, "state"))]
}

// title describes a pipeline for people.
func title(source *ir.Op, rest []*ir.Op) string {
	var parts []string
	switch source.Code {
	case ir.OpSourceTable:
		parts = append(parts, "scan "+string(ir.AttributeAs[ir.Symbol](source, "table")))
	case ir.OpSourceValues:
		parts = append(parts, "values")
	default:
		parts = append(parts, "read "+string(ir.AttributeAs[ir.Symbol](source, "state")))
	}
	for _, op := range rest {
		state := string(ir.AttributeAs[ir.Symbol](op, "state"))
		switch op.Code {
		case ir.OpWhere:
			if parts[len(parts)-1] != "filter" {
				parts = append(parts, "filter")
			}
		case ir.OpProbe:
			parts = append(parts, fmt.Sprintf("%s join %s", ir.AttributeAs[ir.JoinKind](op, "kind"), state))
		case ir.OpBuild:
			parts = append(parts, "build "+state)
		case ir.OpAggregateInto:
			parts = append(parts, "aggregate "+state)
		case ir.OpSortInto:
			parts = append(parts, "sort "+state)
		case ir.OpEmit:
			parts = append(parts, "emit "+state)
		default:
			// scalar code is no part of the title
		}
	}
	return strings.Join(parts, ", ")
}

// chain emits the tuple ops of a pipeline for the current tuple. Scalar ops are
// emitted where their values are first used.
func (g *generator) chain(ops []*ir.Op) {
	for i, op := range ops {
		switch op.Code {
		case ir.OpWhere:
			g.branchIf(g.next, g.not(g.condition(g.value(op.Operands[0]))))
		case ir.OpProbe:
			g.probe(op, ops[i+1:])
			return
		case ir.OpBuild:
			g.buildInto(op)
		case ir.OpAggregateInto:
			g.aggregateInto(op)
		case ir.OpSortInto:
			g.sortInto(op)
		case ir.OpEmit:
			g.emit(op)
		default:
			// scalar code is emitted where its values are used
		}
	}
}

// tableLoop runs the pipeline over the rows of a morsel, through a selection vector
// when conditions on narrow columns can be tested with SIMD.
func (g *generator) tableLoop(ops []*ir.Op) {
	leading := 0
	var conditions []*ir.Value
	for _, op := range ops {
		if op.Code == ir.OpWhere {
			conditions = append(conditions, op.Operands[0])
		} else if op.Info().Level == ir.PipeLevel || op.Info().Has(ir.Terminator) {
			break
		}
		leading++
	}
	g.prune(conditions)
	rows := g.early(func(e *emitter) *ir.Value { return e.load32(e.const32(abi.MorselBase), 0) })
	selected, handled := g.prefilter(conditions, rows)
	if handled == nil {
		handled = map[*ir.Value]bool{}
	}
	for _, c := range conditions {
		if table := g.lookupFor(c); table != nil && !handled[c] {
			handled[c] = true
			selected = g.stage(rows, selected, func() *ir.Value { return g.condition(g.value(c)) })
		}
	}
	if leading < len(ops) && ops[leading].Code == ir.OpProbe && g.filters(ops[leading]) {
		g.filtered[ops[leading]] = true
		selected = g.stage(rows, selected, func() *ir.Value { return g.filterBit(ops[leading]) })
	}
	if selected == nil {
		g.countedLoop(rows, func(i *ir.Value) {
			g.source.row = i
			g.chain(ops)
		})
		return
	}
	var left []*ir.Op
	for _, op := range ops[:leading] {
		if op.Code != ir.OpWhere || !handled[op.Operands[0]] {
			left = append(left, op)
		}
	}
	left = append(left, ops[leading:]...)
	g.countedLoop(selected, func(i *ir.Value) {
		g.source.row = g.selectedRow(i)
		g.chain(left)
	})
}

// selectedRow reads an entry of the selection vector.
func (g *generator) selectedRow(i *ir.Value) *ir.Value {
	return g.load(g.add(g.const32(abi.SelectionBase), g.shiftLeft(i, 1)), 0, 2, false, i32)
}

// stage keeps the rows of the selection vector (of the morsel, when selected is nil)
// for which a bit is 1, and gives their number. It has no branch that depends on data,
// so that the loads of many rows overlap and nothing is mispredicted.
func (g *generator) stage(rows, selected *ir.Value, bit func() *ir.Value) *ir.Value {
	e := &g.emitter
	count := rows
	if selected != nil {
		count = selected
	}
	kept := e.variable(e.const32(0))
	g.countedLoop(count, func(i *ir.Value) {
		row := i
		if selected != nil {
			row = g.selectedRow(i)
		}
		g.source.row = row
		n := e.get(kept)
		e.store(e.add(e.const32(abi.SelectionBase), e.shiftLeft(n, 1)), 0, 2, row)
		e.set(kept, e.add(n, bit()))
	})
	return e.get(kept)
}

// stateLoop runs the pipeline over records.
func (g *generator) stateLoop(source *ir.Op, ops []*ir.Op) {
	index := g.stateOf(source)
	state := &g.program.States[index]
	begin := g.early(func(e *emitter) *ir.Value { return e.load32(e.const32(abi.MorselColumns), abi.ColumnValues) })
	var record *ir.Value
	for i, f := range g.recordFields(source, state) {
		g.lazy[source.Results[i]] = func() *scalar { return g.loadStateField(index, record, f) }
	}
	if state.Kind == ir.SortState {
		count := g.early(func(e *emitter) *ir.Value { return e.load32(e.const32(abi.MorselBase), 0) })
		g.countedLoop(count, func(i *ir.Value) {
			record = g.load32(g.add(begin, g.shiftLeft(i, 2)), 0)
			g.chain(ops)
		})
		return
	}
	end := g.early(func(e *emitter) *ir.Value { return e.load32(e.const32(abi.MorselColumns), abi.ColumnValidity) })
	g.recordLoop(begin, end, state.Record.Size, func(r *ir.Value) {
		record = r
		switch {
		case source.Code == ir.OpSourceUnmatched:
			g.branchIf(g.next, g.load(r, int64(state.MarkOffset), 1, false, i32))
		case state.Kind == ir.AggregateState:
			g.branchIf(g.next, g.compare("eq", g.load32(r, abi.RecordNext), g.const32(-1)))
		}
		g.chain(ops)
	})
}

// recordFields matches the fields that a source or probe gives with the record.
func (g *generator) recordFields(op *ir.Op, state *program.State) []program.RecordField {
	var fields []program.RecordField
	for _, f := range ir.AttributeAs[[]ir.Field](op, "fields") {
		fields = append(fields, fieldOf(state, f.Name))
	}
	return fields
}

// recordLoop runs body for each record of a run.
func (g *generator) recordLoop(begin, end *ir.Value, size int, body func(record *ir.Value)) {
	cursor := g.variable(begin)
	g.labelled(ir.OpBlock, func(done *ir.Value) {
		g.labelled(ir.OpLoop, func(again *ir.Value) {
			r := g.get(cursor)
			g.branchIf(done, g.compare("ge_u", r, end))
			g.tuple(func() { g.scoped(func() { body(r) }) })
			g.set(cursor, g.addConst(r, int64(size)))
			g.branch(again)
		}, ir.Attr("metered", true))
	})
}

// valuesLoop runs the pipeline over literal rows, which lie in the context as
// parameters: row after row, a nullable column followed by its NULL flag.
func (g *generator) valuesLoop(source *ir.Op, ops []*ir.Op) {
	fields := ir.AttributeAs[[]ir.Field](source, "fields")
	rows := ir.AttributeAs[[][]ir.Datum](source, "rows")
	first := len(g.program.Parameters)
	for _, row := range rows {
		for c, f := range fields {
			d := row[c]
			if d.Null {
				d = ir.Datum{}
			}
			if f.Type.Kind != ir.Null {
				g.addParameter(program.Parameter{Type: f.Type.WithNull(false), Form: program.ValueForm}, d)
			}
			if f.Type.Nullable {
				g.addParameter(program.Parameter{Type: ir.Of(ir.Bool), Form: program.ValueForm}, ir.BoolDatum(row[c].Null))
			}
		}
	}
	stride := 0
	var address *ir.Value
	for c, f := range fields {
		offset := int64(stride * abi.ParameterSize)
		t := f.Type
		s := func() *scalar {
			r := &scalar{t: t, bounds: typeBounds(t)}
			at := offset
			if t.Kind == ir.Null {
				r.v = g.const32(0)
			} else {
				kt := kernType(t, r.bounds)
				r.v = g.load(address, at, kernWidth(kt), true, kt)
				at += abi.ParameterSize
			}
			if t.Nullable {
				r.null = g.load32(address, at)
			}
			return r
		}
		g.lazy[source.Results[c]] = s
		if t.Kind != ir.Null {
			stride++
		}
		if t.Nullable {
			stride++
		}
	}
	count := g.early(func(e *emitter) *ir.Value { return e.load32(e.const32(abi.MorselBase), 0) })
	g.countedLoop(count, func(i *ir.Value) {
		row := g.binary(ir.OpIntegerMul, i, g.const32(int64(stride*abi.ParameterSize)))
		address = g.addConst(g.add(g.context, row), int64(abi.ContextParameters+first*abi.ParameterSize))
		g.chain(ops)
	})
}

// emit adds a row to a buffer.
func (g *generator) emit(op *ir.Op) {
	index := g.stateOf(op)
	state := &g.program.States[index]
	values := g.values(op.Operands)
	if g.kernel != nil {
		g.appendRecord(state, values)
		return
	}
	writer := g.writer(state, nil)
	record := g.allocate(index, writer, nil, g.volatileLength(values))
	for i, s := range values {
		g.storeField(record, state.Record.Fields[i], g.persist(s, writer))
	}
}

func (g *generator) values(operands []*ir.Value) []*scalar {
	values := make([]*scalar, len(operands))
	for i, v := range operands {
		values[i] = g.value(v)
	}
	return values
}

// sortInto adds a row to a sort, with the normalised key before it.
func (g *generator) sortInto(op *ir.Op) {
	e := &g.emitter
	index := g.stateOf(op)
	state := &g.program.States[index]
	definition := g.module.States[index]
	values := g.values(op.Operands)
	g.makesText("a key to sort by")
	start := e.load32(e.const32(abi.ScratchCursor), 0)
	cursor := start
	for _, key := range definition.Order {
		at, _ := ir.StructType(definition.Fields...).Field(key.Column)
		cursor = g.normalisedKey(op, cursor, values[at], definition.Fields[at].Type, key)
	}
	key := &scalar{t: ir.Of(ir.String), v: e.pack(start, e.sub(cursor, start))}
	if definition.Limit >= 0 {
		local := int64(abi.LocalBase + state.LocalOffset + state.Partitions*abi.WriterSize + abi.LocalThreshold)
		threshold := e.load(e.const32(local), 0, 8, false, i64)
		e.when(e.compare("ne", threshold, e.const64(0)), func() {
			order := e.call(library("string_compare"), i32, key.v, threshold)
			e.branchIf(g.next, e.compare("ge_s", order, e.const32(0)))
		}, nil)
	}
	writer := g.writer(state, nil)
	record := g.allocate(index, writer, nil, g.volatileLength(append([]*scalar{key}, values...)))
	e.store(record, 0, 8, g.persist(key, writer).v)
	for i, s := range values {
		g.storeField(record, state.Record.Fields[i], g.persist(s, writer))
	}
}

// normalisedKey writes one sort key at the cursor and gives the new cursor. Keys of a
// nullable field begin with a byte for NULL, also where this pipeline's values never
// are: other pipelines may fill the same state.
func (g *generator) normalisedKey(op *ir.Op, cursor *ir.Value, s *scalar, field ir.Type, key ir.SortKey) *ir.Value {
	e := &g.emitter
	flag := func(b bool) *ir.Value {
		if b {
			return e.const32(1)
		}
		return e.const32(0)
	}
	descending := flag(key.Descending)
	write := func(cursor *ir.Value) *ir.Value {
		switch {
		case isText(s.t):
			site := g.site(op, codeScratch, "the key that one row sorts by does not fit the scratch area")
			return e.call(library("key_string"), i32, cursor, s.v, descending, site)
		case s.t.IsFloat():
			v := g.double(s)
			return e.call(library("key_f64"), i32, cursor, v, descending)
		case s.t.Kind == ir.Interval:
			return e.call(library("key_i128"), i32, cursor, g.intervalLength(s), descending)
		case s.t.Kind == ir.UUID:
			flipped := e.binary(ir.OpIntegerXor, s.v, e.const128(ir.Int128{High: -1 << 63}))
			return e.call(library("key_i128"), i32, cursor, flipped, descending)
		case fieldWidth(s.t) == 16:
			return e.call(library("key_i128"), i32, cursor, e.convert(s.v, i128), descending)
		case fieldWidth(s.t) == 8:
			return e.call(library("key_i64"), i32, cursor, e.convert(s.v, i64), descending)
		}
		return e.call(library("key_i32"), i32, cursor, e.convert(s.v, i32), descending)
	}
	if !field.Nullable {
		return write(cursor)
	}
	cursor = e.call(library("key_null"), i32, cursor, orZero(e, s.null), flag(key.NullsFirst))
	if s.null == nil {
		return write(cursor)
	}
	cell := e.variable(cursor)
	e.when(e.not(s.null), func() { g.scoped(func() { e.set(cell, write(e.get(cell))) }) }, nil)
	return e.get(cell)
}
