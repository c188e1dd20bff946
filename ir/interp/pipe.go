package interp

import (
	"context"
	"maps"
	"slices"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// RunPipes evaluates a module at the pipe level that verifies, from its entry
// function: one worker, one tuple at a time. It takes and gives what Run does, so a
// flow and its pipelines can be compared.
func RunPipes(ctx context.Context, module *ir.Module, entry string, tables map[string]*Table, parameters []ir.Datum) (*Result, error) {
	f := module.Function(entry)
	if f == nil || f.Level != ir.PipeLevel || f.Body.Terminator().Code != ir.OpResult {
		return nil, diag.New(diag.InternalError, "the interpreter was asked for %q, which is not the entry of pipelines", entry)
	}
	values, err := bind(module, parameters)
	if err != nil {
		return nil, err
	}
	p := &pipes{runner: runner{ctx: ctx, module: module, tables: tables, parameters: values}, states: map[string]*contents{}}
	for _, s := range module.States {
		p.states[s.Name] = newContents(s)
	}
	for _, op := range f.Body.Ops {
		if op.Code != ir.OpRun {
			continue
		}
		if err := p.run(module.Function(string(ir.AttributeAs[ir.Symbol](op, "pipeline")))); err != nil {
			return nil, err
		}
	}
	end := f.Body.Terminator()
	state := p.states[ir.StateOf(end)]
	rows, err := state.read()
	if err != nil {
		return nil, err
	}
	result := &Result{Labels: ir.AttributeAs[[]string](end, "labels"), Rows: len(rows)}
	for _, name := range ir.AttributeAs[[]string](end, "columns") {
		index, t := ir.StructType(state.Fields...).Field(name)
		result.Types = append(result.Types, t)
		result.Columns = append(result.Columns, column(rows, index))
	}
	return result, nil
}

type pipes struct {
	runner
	states map[string]*contents
}

// contents is what a state holds.
type contents struct {
	*ir.State
	rows   []row
	met    []bool           // hash table: rows that a probe met
	byKey  map[string][]int // hash table: indexes of rows; aggregate: of the group
	groups []*group
}

func newContents(s *ir.State) *contents {
	c := &contents{State: s, byKey: map[string][]int{}}
	if s.Kind == ir.AggregateState && s.Keys == 0 {
		c.group(nil) // one group, even of no rows
	}
	return c
}

// keyOf spells the first values of a row, which are its key.
func (c *contents) keyOf(values []ir.Datum) string {
	var spelling []byte
	for i := range c.Keys {
		spelling = ir.AppendKey(spelling, c.Fields[i].Type, values[i])
	}
	return string(spelling)
}

func (c *contents) group(key []ir.Datum) *group {
	spelling := c.keyOf(key)
	if known, ok := c.byKey[spelling]; ok {
		return c.groups[known[0]]
	}
	g := &group{key: slices.Clone(key)}
	for i, function := range c.Aggregates {
		name := c.Fields[c.Keys+i].Name
		g.aggregates = append(g.aggregates, &summary{Aggregate: ir.Aggregate{Name: name, Function: function, Filter: -1}})
	}
	c.byKey[spelling] = []int{len(c.groups)}
	c.groups = append(c.groups, g)
	return g
}

// read gives the rows of a state that is complete, as its fields say.
func (c *contents) read() ([]row, error) {
	rows := c.rows
	switch c.Kind {
	case ir.SortState:
		rows = sorted(rows, ir.StructType(c.Fields...), c.Order)
	case ir.AggregateState:
		rows = make([]row, len(c.groups))
		for i, g := range c.groups {
			rows[i] = slices.Clone(g.key)
			for j, s := range g.aggregates {
				d, err := s.finish(c.Fields[c.Keys+j].Type)
				if err != nil {
					return nil, err
				}
				rows[i] = append(rows[i], d)
			}
		}
	case ir.BufferState, ir.HashTableState: // are read in the order of their rows
	}
	return limited(rows, c.Limit, c.Offset), nil
}

// run gives each row of a pipeline's source to its other ops.
func (p *pipes) run(f *ir.Function) error {
	ops := f.Body.Ops
	for i, op := range ops {
		rows, ok, err := p.source(op)
		if err != nil {
			return err
		}
		if !ok {
			continue // scalar code that needs no tuple
		}
		for _, in := range rows {
			if p.ctx.Err() != nil {
				return context.Cause(p.ctx)
			}
			e := newEvaluator(nil, p.parameters)
			e.set(op.Results, in)
			if err := p.tuple(e, ops[i+1:]); err != nil {
				return err
			}
		}
		return nil
	}
	return diag.New(diag.InternalError, "the pipeline %q has no source", f.Name)
}

// set gives results of an op their values in the current tuple.
func (e *evaluator) set(results []*ir.Value, values []ir.Datum) {
	for i, v := range results {
		e.memo[v] = outcome{datum: values[i]}
	}
}

func (p *pipes) source(op *ir.Op) (rows []row, ok bool, err error) {
	switch op.Code {
	case ir.OpSourceTable:
		rows, err = p.scan(string(ir.AttributeAs[ir.Symbol](op, "table")), ir.AttributeAs[[]ir.ScanColumn](op, "columns"))
	case ir.OpSourceValues:
		rows = ir.AttributeAs[[][]ir.Datum](op, "rows")
	case ir.OpSourceState:
		c := p.states[ir.StateOf(op)]
		if rows, err = c.read(); err == nil {
			rows = c.project(op, rows)
		}
	case ir.OpSourceUnmatched:
		c := p.states[ir.StateOf(op)]
		for i, in := range c.rows {
			if !c.met[i] {
				rows = append(rows, in)
			}
		}
		rows = c.project(op, rows)
	default:
		return nil, false, nil
	}
	return rows, true, err
}

// project takes the fields of a state that an op names.
func (c *contents) project(op *ir.Op, rows []row) []row {
	fields := ir.AttributeAs[[]ir.Field](op, "fields")
	projected := make([]row, len(rows))
	for i, in := range rows {
		projected[i] = make(row, len(fields))
		for j, f := range fields {
			index, _ := ir.StructType(c.Fields...).Field(f.Name)
			projected[i][j] = in[index]
		}
	}
	return projected
}

// tuple runs the ops of a pipeline that come after what made the tuple.
func (p *pipes) tuple(e *evaluator, ops []*ir.Op) error {
	for i, op := range ops {
		if op.Info().Level != ir.PipeLevel {
			continue // evaluated where its value is needed
		}
		values := make([]ir.Datum, len(op.Operands))
		for j, v := range op.Operands {
			var err error
			if values[j], err = e.value(v); err != nil {
				return err
			}
		}
		switch op.Code {
		case ir.OpWhere:
			if values[0].Null || !values[0].Bool() {
				return nil
			}
		case ir.OpProbe:
			return p.probe(e, op, values, ops[i+1:])
		default:
			p.states[ir.StateOf(op)].add(op, values)
		}
	}
	return nil
}

// add puts what reaches the end of a pipeline into a state.
func (c *contents) add(op *ir.Op, values []ir.Datum) {
	switch c.Kind {
	case ir.HashTableState:
		key := c.keyOf(values)
		c.byKey[key] = append(c.byKey[key], len(c.rows))
		c.met = append(c.met, false)
	case ir.AggregateState:
		for j, s := range c.group(values[:c.Keys]).aggregates {
			d := values[c.Keys+j]
			s.t = op.Operands[c.Keys+j].Type
			if s.Function == ir.Count && !d.Null && !d.Bool() {
				continue
			}
			s.add([]ir.Datum{d})
		}
		return
	case ir.BufferState, ir.SortState: // keep rows alone
	}
	c.rows = append(c.rows, values)
}

// probe goes on with each match of the tuple in a hash table.
func (p *pipes) probe(e *evaluator, op *ir.Op, values []ir.Datum, rest []*ir.Op) error {
	probe := ir.AsProbe(op)
	c := p.states[probe.State]
	var candidates []int
	if probe.NullSafe || !slices.ContainsFunc(values, func(d ir.Datum) bool { return d.Null }) {
		candidates = c.byKey[c.keyOf(values)]
	}
	goOn := func(results []ir.Datum) error {
		next := &evaluator{parameters: e.parameters, memo: maps.Clone(e.memo)}
		next.set(op.Results, results)
		return p.tuple(next, rest)
	}
	marks := probe.Kind == ir.RightJoin || probe.Kind == ir.FullJoin
	found := false
	for _, index := range candidates {
		fields := c.project(op, c.rows[index:index+1])[0]
		condition := &evaluator{region: probe.Condition, parameters: e.parameters, memo: maps.Clone(e.memo), rows: [][]ir.Datum{fields}}
		holds, err := condition.value(probe.Condition.Terminator().Operands[0])
		if err != nil {
			return err
		}
		if holds.Null || !holds.Bool() {
			continue
		}
		found = true
		if marks {
			c.met[index] = true
		}
		if probe.Kind == ir.SemiJoin || probe.Kind == ir.AntiJoin {
			break
		}
		if err := goOn(fields); err != nil {
			return err
		}
	}
	switch probe.Kind {
	case ir.SemiJoin:
		if found {
			return goOn(nil)
		}
	case ir.AntiJoin:
		if !found {
			return goOn(nil)
		}
	case ir.LeftJoin, ir.FullJoin:
		if !found {
			results := make([]ir.Datum, len(op.Results))
			for i := range results {
				results[i] = ir.NullDatum
			}
			return goOn(results)
		}
	case ir.InnerJoin, ir.RightJoin: // have given their rows above
	}
	return nil
}
