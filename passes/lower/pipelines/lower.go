package pipelines

import (
	"fmt"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// Lower rewrites the module's flow function into pipelines. The flow level must be
// free of distinct aggregates (pass expand-distinct). estimate gives the expected
// number of rows of a bag, 0 when unknown; it may be nil.
func Lower(m *ir.Module, estimate func(*ir.Value) float64) error {
	var flow *ir.Function
	var others []*ir.Function
	for _, f := range m.Functions {
		if f.Level != ir.FlowLevel {
			others = append(others, f)
			continue
		}
		if flow != nil {
			return fmt.Errorf("more than one flow function: %q and %q", flow.Name, f.Name)
		}
		flow = f
	}
	if flow == nil {
		return nil
	}
	if estimate == nil {
		estimate = func(*ir.Value) float64 { return 0 }
	}
	l := &lowering{module: m, estimate: estimate, entry: &ir.Block{}, kept: map[*ir.Op]bool{}, ranges: newRanges(m, flow.Body)}
	m.Functions = others
	if err := l.lowerReturn(flow.Body.Terminator()); err != nil {
		return err
	}
	m.Functions = append(m.Functions, &ir.Function{Name: flow.Name, Level: ir.PipeLevel, Body: l.entry})
	return nil
}

type lowering struct {
	module   *ir.Module
	estimate func(*ir.Value) float64
	entry    *ir.Block // run ops, in order
	states   int
	started  int
	ranges   *ranges
	kept     map[*ir.Op]bool // sorts whose order is read through other operators
}

// tuple is the current tuple of a pipeline under construction.
type tuple struct {
	function *ir.Function
	builder  *ir.Builder
	columns  map[string]*ir.Value
}

// needs is the set of columns that are read further up.
type needs map[string]bool

func (n needs) with(names ...string) needs {
	all := make(needs, len(n)+len(names))
	for name := range n {
		all[name] = true
	}
	for _, name := range names {
		all[name] = true
	}
	return all
}

// consumer appends what an operator does with each tuple. It is called once for each
// pipeline that reaches the operator.
type consumer func(*tuple) error

func (l *lowering) newState(kind ir.StateKind, estimate float64) *ir.State {
	s := &ir.State{Name: fmt.Sprintf("s%d", l.states), Kind: kind, Limit: -1, Estimate: estimate}
	l.states++
	l.module.States = append(l.module.States, s)
	return s
}

// start begins a pipeline with its source op.
func (l *lowering) start(code ir.Opcode, span diag.Span, fields []ir.Field, attributes ...ir.Attribute) *tuple {
	f := &ir.Function{Name: fmt.Sprintf("p%d", l.started), Level: ir.PipeLevel, Body: &ir.Block{}}
	l.started++
	b := ir.At(f.Body)
	b.Span = span
	source := b.Op(code, nil, append(attributes, ir.Attr("fields", fields))...)
	t := &tuple{function: f, builder: b, columns: make(map[string]*ir.Value, len(fields))}
	for i, field := range fields {
		source.Results[i].Name = field.Name
		t.columns[field.Name] = source.Results[i]
	}
	return t
}

// end closes a pipeline with its last op and schedules it.
func (l *lowering) end(t *tuple, code ir.Opcode, state *ir.State, operands []*ir.Value) {
	t.builder.Op(code, operands, ir.Attr("state", ir.Symbol(state.Name)))
	l.module.Functions = append(l.module.Functions, t.function)
	ir.At(l.entry).Op(ir.OpRun, nil, ir.Attr("pipeline", ir.Symbol(t.function.Name)))
}

// pick returns the fields of a row that are needed, in order.
func pick(fields []ir.Field, need needs) []ir.Field {
	var picked []ir.Field
	for _, f := range fields {
		if need[f.Name] {
			picked = append(picked, f)
		}
	}
	return picked
}

func (t *tuple) values(fields []ir.Field) []*ir.Value {
	values := make([]*ir.Value, len(fields))
	for i, f := range fields {
		values[i] = t.columns[f.Name]
	}
	return values
}

func (l *lowering) lowerReturn(ret *ir.Op) error {
	columns := ir.AttributeAs[[]string](ret, "columns")
	bag := sinkProjections(ret.Operands[0])
	need := needs{}.with(columns...)
	state, err := l.materialise(bag, need)
	if err != nil {
		return err
	}
	ir.At(l.entry).Op(ir.OpResult, nil, ir.Attr("state", ir.Symbol(state.Name)), ir.Attr("columns", columns), ir.Attr("labels", ir.AttributeAs[[]string](ret, "labels")))
	return nil
}

// materialise gives a state that holds the rows of a bag, in its order if it has one.
func (l *lowering) materialise(bag *ir.Value, need needs) (*ir.State, error) {
	op := bag.Op
	switch op.Code {
	case ir.OpSort:
		return l.sort(op, need, -1, 0)
	case ir.OpTopK:
		return l.sort(op, need, ir.AttributeAs[int64](op, "count"), ir.AttributeAs[int64](op, "offset"))
	case ir.OpLimit:
		count, offset := ir.AttributeAs[int64](op, "count"), ir.AttributeAs[int64](op, "offset")
		if input := op.Operands[0].Op; input.Code == ir.OpSort {
			return l.sort(input, need, count, offset)
		}
		if count < 0 && offset == 0 {
			return l.materialise(op.Operands[0], need)
		}
		input := op.Operands[0]
		if ordered(input) {
			// A limit of a limited sort: materialise that first.
			inner, err := l.materialise(input, need)
			if err != nil {
				return nil, err
			}
			if inner.Offset == 0 && offset == 0 && (inner.Limit < 0 || inner.Limit > count) {
				inner.Limit = count
				return inner, nil
			}
			if inner.Limit >= 0 {
				inner.Limit = max(0, inner.Limit-offset)
			}
			inner.Offset += offset
			if count >= 0 && (inner.Limit < 0 || inner.Limit > count) {
				inner.Limit = count
			}
			return inner, nil
		}
		return l.buffer(input, need, count, offset)
	default:
		// no order and no limit
	}
	return l.buffer(bag, need, -1, 0)
}

func ordered(bag *ir.Value) bool {
	switch bag.Op.Code {
	case ir.OpSort, ir.OpTopK, ir.OpLimit:
		return true
	default:
		return false
	}
}

// buffer materialises rows as they come. Where they come from a sort through
// projections and filters alone, the sort is materialised first: a pipeline from a sort
// to a buffer keeps the order.
func (l *lowering) buffer(bag *ir.Value, need needs, limit, offset int64) (*ir.State, error) {
	below := bag.Op
	for below.Code == ir.OpProject || below.Code == ir.OpFilter {
		below = below.Operands[0].Op
	}
	if below.Code == ir.OpSort && below != bag.Op {
		l.kept[below] = true
	}
	state := l.newState(ir.BufferState, l.estimate(bag))
	state.Fields = pick(bag.Type.Fields, need)
	state.Limit, state.Offset = limit, offset
	return state, l.produce(bag, need, func(t *tuple) error {
		l.end(t, ir.OpEmit, state, t.values(state.Fields))
		return nil
	})
}

func (l *lowering) sort(op *ir.Op, need needs, limit, offset int64) (*ir.State, error) {
	keys := ir.AttributeAs[[]ir.SortKey](op, "keys")
	input := op.Operands[0]
	if len(keys) == 0 {
		return l.buffer(input, need, limit, offset) // any order will do
	}
	for _, key := range keys {
		need = need.with(key.Column)
	}
	state := l.newState(ir.SortState, l.estimate(input))
	state.Fields = pick(input.Type.Fields, need)
	state.Order, state.Limit, state.Offset = keys, limit, offset
	return state, l.produce(input, need, func(t *tuple) error {
		l.end(t, ir.OpSortInto, state, t.values(state.Fields))
		return nil
	})
}

// produce makes the pipelines that give the rows of a bag to consume.
func (l *lowering) produce(bag *ir.Value, need needs, consume consumer) error {
	op := bag.Op
	switch op.Code {
	case ir.OpScan:
		return l.produceScan(op, need, consume)
	case ir.OpValues:
		rows := ir.AttributeAs[[][]ir.Datum](op, "rows")
		return consume(l.start(ir.OpSourceValues, op.Span, bag.Type.Fields, ir.Attr("rows", rows)))
	case ir.OpFilter:
		return l.produceFilter(op, need, consume)
	case ir.OpProject:
		return l.produceProject(op, need, consume)
	case ir.OpJoin:
		return l.produceJoin(op, need, consume)
	case ir.OpAggregate:
		return l.produceAggregate(op, need, consume)
	case ir.OpUnion:
		return l.produceUnion(op, need, consume)
	case ir.OpSort, ir.OpTopK, ir.OpLimit:
		// Below other operators an order means nothing, but a limit does.
		if op.Code == ir.OpSort && !l.kept[op] {
			return l.produce(op.Operands[0], need, consume)
		}
		state, err := l.materialise(bag, need)
		if err != nil {
			return err
		}
		return consume(l.read(state, op.Span))
	default:
		panic("BUG: no lowering for flow op " + op.Code.String())
	}
}

func (l *lowering) read(state *ir.State, span diag.Span) *tuple {
	return l.start(ir.OpSourceState, span, state.Fields, ir.Attr("state", ir.Symbol(state.Name)))
}

func (l *lowering) produceScan(op *ir.Op, need needs, consume consumer) error {
	var columns []ir.ScanColumn
	for _, c := range ir.AttributeAs[[]ir.ScanColumn](op, "columns") {
		if need[c.Name] {
			columns = append(columns, c)
		}
	}
	return consume(l.start(ir.OpSourceTable, op.Span, pick(op.Result().Type.Fields, need),
		ir.Attr("table", ir.AttributeAs[ir.Symbol](op, "table")), ir.Attr("columns", columns)))
}

func (l *lowering) produceFilter(op *ir.Op, need needs, consume consumer) error {
	region := op.Regions[0]
	below := need.with(fieldsRead(region, 0)...)
	lists := map[*ir.Value]*ir.State{}
	for _, conjunct := range conjuncts(region.Terminator().Operands[0]) {
		if list, ok := l.longList(conjunct); ok {
			lists[conjunct] = l.buildList(list, op.Span)
		}
	}
	return l.produce(op.Operands[0], below, func(t *tuple) error {
		// One where for each conjunct, so that later ones see fewer tuples.
		in := newInliner(t.builder, region.Arguments, t.columns)
		for _, conjunct := range conjuncts(region.Terminator().Operands[0]) {
			if list, ok := l.longList(conjunct); ok {
				l.probeList(t, list, in.value(list.operand), lists[conjunct])
				continue
			}
			t.builder.Op(ir.OpWhere, []*ir.Value{in.value(conjunct)})
		}
		return consume(t)
	})
}

func (l *lowering) produceProject(op *ir.Op, need needs, consume consumer) error {
	region := op.Regions[0]
	names := ir.AttributeAs[[]string](op, "names")
	yielded := region.Terminator().Operands
	below := needs{}
	for i, name := range names {
		if need[name] {
			below = below.with(fieldsOf(yielded[i], region)...)
		}
	}
	return l.produce(op.Operands[0], below, func(t *tuple) error {
		in := newInliner(t.builder, region.Arguments, t.columns)
		columns := make(map[string]*ir.Value, len(names))
		for i, name := range names {
			if need[name] {
				columns[name] = in.value(yielded[i])
			}
		}
		return consume(&tuple{function: t.function, builder: t.builder, columns: columns})
	})
}

func (l *lowering) produceUnion(op *ir.Op, need needs, consume consumer) error {
	names := ir.AttributeAs[[]string](op, "names")
	types := op.Result().Type.Fields
	for _, input := range op.Operands {
		below := needs{}
		for i, name := range names {
			if need[name] {
				below = below.with(input.Type.Fields[i].Name)
			}
		}
		err := l.produce(input, below, func(t *tuple) error {
			columns := make(map[string]*ir.Value, len(names))
			for i, name := range names {
				if need[name] {
					columns[name] = t.builder.Cast(t.columns[input.Type.Fields[i].Name], types[i].Type)
				}
			}
			return consume(&tuple{function: t.function, builder: t.builder, columns: columns})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lowering) produceAggregate(op *ir.Op, need needs, consume consumer) error {
	region := op.Regions[0]
	yielded := region.Terminator().Operands
	keys := ir.AttributeAs[[]string](op, "keys")
	below := needs{}.with(keys...)
	state := l.newState(ir.AggregateState, l.estimate(op.Result()))
	state.Keys = len(keys)
	state.Fields = append(state.Fields, op.Result().Type.Fields[:len(keys)]...)
	var aggregates []ir.Aggregate
	for i, a := range ir.AttributeAs[[]ir.Aggregate](op, "aggregates") {
		if a.Distinct {
			return fmt.Errorf("distinct aggregate %q reached the pipe level", a.Name)
		}
		if !need[a.Name] {
			continue
		}
		aggregates = append(aggregates, a)
		state.Aggregates = append(state.Aggregates, a.Function)
		state.Fields = append(state.Fields, op.Result().Type.Fields[len(keys)+i])
		for _, index := range []int{a.Argument, a.Filter} {
			if index >= 0 {
				below = below.with(fieldsOf(yielded[index], region)...)
			}
		}
	}
	writers := 0
	err := l.produce(op.Operands[0], below, func(t *tuple) error {
		writers++
		in := newInliner(t.builder, region.Arguments, t.columns)
		var operands []*ir.Value
		for _, key := range keys {
			operands = append(operands, t.columns[key])
		}
		for _, a := range aggregates {
			operands = append(operands, aggregateOperand(t.builder, in, yielded, a))
		}
		l.end(t, ir.OpAggregateInto, state, operands)
		return nil
	})
	if err != nil {
		return err
	}
	if len(keys) == 0 && (writers != 1 || keepsText(state)) {
		l.neutralRow(state, op.Span)
	}
	return consume(l.read(state, op.Span))
}

// keepsText reports whether an aggregate of a state holds text of its operand.
func keepsText(state *ir.State) bool {
	for i, f := range state.Aggregates {
		if kind := state.Fields[state.Keys+i].Type.Kind; f != ir.Count && (kind == ir.String || kind == ir.Bytes) {
			return true
		}
	}
	return false
}

// neutralRow adds a row that changes no aggregate to a state without keys, so that it
// has its one group even when no other row comes. With one pipeline the state's slot
// sees to that.
func (l *lowering) neutralRow(state *ir.State, span diag.Span) {
	t := l.start(ir.OpSourceValues, span, nil, ir.Attr("rows", [][]ir.Datum{{}}))
	var operands []*ir.Value
	for i, f := range state.Aggregates {
		if f == ir.Count {
			operands = append(operands, t.builder.Const(ir.Of(ir.Bool), ir.BoolDatum(false)))
			continue
		}
		operands = append(operands, t.builder.Const(state.Fields[i].Type.WithNull(true), ir.NullDatum))
	}
	l.end(t, ir.OpAggregateInto, state, operands)
}

// aggregateOperand folds an aggregate's filter into its operand: count takes a bool
// that says whether to count, the others a value that is NULL when left out.
func aggregateOperand(b *ir.Builder, in *inliner, yielded []*ir.Value, a ir.Aggregate) *ir.Value {
	var filter *ir.Value
	if a.Filter >= 0 {
		filter = in.value(yielded[a.Filter])
	}
	if a.Function == ir.Count {
		counted := b.Const(ir.Of(ir.Bool), ir.BoolDatum(true))
		if a.Argument >= 0 && yielded[a.Argument].Type.Nullable {
			counted = b.Unary(ir.OpNot, b.Unary(ir.OpIsNull, in.value(yielded[a.Argument])))
		}
		if filter != nil {
			counted = b.Op(ir.OpAnd, []*ir.Value{filter, counted}).Result()
		}
		return counted
	}
	argument := in.value(yielded[a.Argument])
	if filter == nil {
		return argument
	}
	t := argument.Type.WithNull(true)
	then, otherwise := ir.NewBlock(), ir.NewBlock()
	ir.At(then).Yield(ir.At(then).Cast(argument, t))
	ir.At(otherwise).Yield(ir.At(otherwise).Const(t, ir.NullDatum))
	return b.Build(ir.OpIf, []*ir.Value{filter}, []*ir.Block{then, otherwise}).Result()
}
