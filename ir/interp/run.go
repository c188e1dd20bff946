package interp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// Table is the data of a table: its columns in the order of the module's table.
type Table struct {
	Columns [][]ir.Datum // all of one length
	Rows    int          // that length, which no column may be there to show
}

// Result is what a flow gives.
type Result struct {
	Labels  []string
	Types   []ir.Type
	Columns [][]ir.Datum
	Rows    int
}

// Row gives the values of one row.
func (r *Result) Row(index int) []ir.Datum {
	row := make([]ir.Datum, len(r.Columns))
	for i, column := range r.Columns {
		row[i] = column[index]
	}
	return row
}

// Run evaluates a flow function, which takes no arguments, of a module that
// verifies. Tables are found by name; parameters without a value here take the
// module's. A trap is a *diag.Diagnostic with one of ir's trap codes; when ctx ends
// the error is its cause.
func Run(ctx context.Context, module *ir.Module, function string, tables map[string]*Table, parameters []ir.Datum) (*Result, error) {
	f := module.Function(function)
	if f == nil || f.Level != ir.FlowLevel || len(f.Body.Arguments) > 0 {
		return nil, diag.New(diag.InternalError, "the interpreter was asked for %q, which is not a flow without arguments", function)
	}
	values, err := bind(module, parameters)
	if err != nil {
		return nil, err
	}
	r := &runner{ctx: ctx, module: module, tables: tables, parameters: values, memo: map[*ir.Value][]row{}}
	end := ir.AsReturn(f.Body.Terminator())
	rows, err := r.rows(end.Input)
	if err != nil {
		return nil, err
	}
	result := &Result{Labels: end.Labels, Rows: len(rows)}
	for _, name := range end.Columns {
		index, t := end.Input.Type.Field(name)
		result.Types = append(result.Types, t)
		result.Columns = append(result.Columns, column(rows, index))
	}
	return result, nil
}

// bind gives the parameters that are not given the module's values.
func bind(module *ir.Module, given []ir.Datum) ([]ir.Datum, error) {
	values := slices.Clone(given)
	for i := len(values); i < len(module.Parameters); i++ {
		if !module.Parameters[i].Bound {
			return nil, diag.New(diag.InternalError, "the interpreter was given no value for parameter %d", i)
		}
		values = append(values, module.Parameters[i].Value)
	}
	return values, nil
}

type row = []ir.Datum

func column(rows []row, index int) []ir.Datum {
	values := make([]ir.Datum, len(rows))
	for i, r := range rows {
		values[i] = r[index]
	}
	return values
}

type runner struct {
	ctx        context.Context
	module     *ir.Module
	tables     map[string]*Table
	parameters []ir.Datum
	memo       map[*ir.Value][]row
}

// rows evaluates a bag, once. Nothing changes the rows afterwards.
func (r *runner) rows(v *ir.Value) ([]row, error) {
	if known, ok := r.memo[v]; ok {
		return known, nil
	}
	if r.ctx.Err() != nil {
		return nil, context.Cause(r.ctx)
	}
	inputs := make([][]row, len(v.Op.Operands))
	for i, operand := range v.Op.Operands {
		var err error
		if inputs[i], err = r.rows(operand); err != nil {
			return nil, err
		}
	}
	rows, err := r.apply(v.Op, inputs)
	if err != nil {
		return nil, err
	}
	r.memo[v] = rows
	return rows, nil
}

func (r *runner) apply(op *ir.Op, inputs [][]row) ([]row, error) {
	switch op.Code {
	case ir.OpScan:
		scan := ir.AsScan(op)
		return r.scan(scan.Table, scan.Columns)
	case ir.OpValues:
		return ir.AsValues(op).Rows, nil
	case ir.OpFilter:
		return r.filter(op, inputs[0])
	case ir.OpProject:
		e := newEvaluator(op.Regions[0], r.parameters)
		rows := make([]row, len(inputs[0]))
		for i, in := range inputs[0] {
			var err error
			if rows[i], err = e.yield(in); err != nil {
				return nil, err
			}
		}
		return rows, nil
	case ir.OpJoin:
		return r.join(op, inputs[0], inputs[1])
	case ir.OpAggregate:
		return r.aggregate(op, inputs[0])
	case ir.OpSort:
		return sorted(inputs[0], op.Operands[0].Type, ir.AsSort(op).Keys), nil
	case ir.OpLimit:
		l := ir.AsLimit(op)
		return limited(inputs[0], l.Count, l.Offset), nil
	case ir.OpTopK:
		t := ir.AsTopK(op)
		return limited(sorted(inputs[0], op.Operands[0].Type, t.Keys), t.Count, t.Offset), nil
	case ir.OpUnion:
		return slices.Concat(inputs...), nil
	default:
		panic("BUG: the interpreter does not know the flow op " + op.Code.String())
	}
}

func (r *runner) scan(name string, columns []ir.ScanColumn) ([]row, error) {
	data := r.tables[name]
	if data == nil {
		return nil, diag.New(diag.InternalError, "the interpreter was given no table %q", name)
	}
	table := r.module.Table(name)
	sources := make([]int, len(columns))
	for i, c := range columns {
		sources[i], _ = table.Column(c.Source)
		if n := sources[i]; n >= len(data.Columns) || len(data.Columns[n]) != data.Rows {
			return nil, diag.New(diag.InternalError, "the interpreter was given a table %q without column %q, or with one of another length", name, c.Source)
		}
	}
	rows := make([]row, data.Rows)
	for i := range rows {
		rows[i] = make(row, len(sources))
		for j, source := range sources {
			rows[i][j] = data.Columns[source][i]
		}
	}
	return rows, nil
}

func (r *runner) filter(op *ir.Op, input []row) ([]row, error) {
	e := newEvaluator(op.Regions[0], r.parameters)
	var rows []row
	for _, in := range input {
		holds, err := e.holds(in)
		if err != nil {
			return nil, err
		}
		if holds {
			rows = append(rows, in)
		}
	}
	return rows, nil
}

// sorted orders rows stably.
func sorted(input []row, t ir.Type, keys []ir.SortKey) []row {
	columns, types := make([]int, len(keys)), make([]ir.Type, len(keys))
	for i, key := range keys {
		columns[i], types[i] = t.Field(key.Column)
	}
	rows := slices.Clone(input)
	slices.SortStableFunc(rows, func(a, b row) int {
		for i, key := range keys {
			if c := compareKey(types[i], key, a[columns[i]], b[columns[i]]); c != 0 {
				return c
			}
		}
		return 0
	})
	return rows
}

func compareKey(t ir.Type, key ir.SortKey, a, b ir.Datum) int {
	switch {
	case a.Null && b.Null:
		return 0
	case a.Null == key.NullsFirst && a.Null != b.Null:
		// a is the NULL and NULLs come first, or b is it and they come last.
		return -1
	case a.Null != b.Null:
		return 1
	case key.Descending:
		return -ir.Compare(t, a, b)
	default:
		return ir.Compare(t, a, b)
	}
}

func limited(rows []row, count, offset int64) []row {
	rows = rows[min(offset, int64(len(rows))):]
	if count >= 0 {
		rows = rows[:min(count, int64(len(rows)))]
	}
	return rows
}

// Lines spells each row, with values as literals. Two results are the same bag of
// rows when their lines are the same after sorting.
func (r *Result) Lines() []string {
	lines := make([]string, r.Rows)
	for i := range lines {
		var b []byte
		for j, column := range r.Columns {
			if j > 0 {
				b = append(b, " | "...)
			}
			b = ir.AppendLiteral(b, r.Types[j], column[i])
		}
		lines[i] = string(b)
	}
	return lines
}

// String shows a result, for test failures.
func (r *Result) String() string {
	return fmt.Sprintf("%v\n%s", r.Labels, strings.Join(append(r.Lines(), ""), "\n"))
}
