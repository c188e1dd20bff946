package logical_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/passes"
	"github.com/heddle-lang/heddle/passes/pass"
)

// TestOracle runs random flows in the reference interpreter before and after every
// pass alone and after the whole list: the rows must be the same, and a flow that
// did not trap must not trap afterwards.
func TestOracle(t *testing.T) {
	t.Parallel()
	programs := 200
	if testing.Short() {
		programs = 60
	}
	for seed := range programs {
		checkSeed(t, uint64(seed))
		if t.Failed() {
			return
		}
	}
}

func FuzzOracle(f *testing.F) {
	f.Add(uint64(1 << 40))
	f.Add(uint64(5_000_391)) // a bag that empty made, with two readers
	f.Fuzz(func(t *testing.T, seed uint64) { checkSeed(t, seed) })
}

func checkSeed(t *testing.T, seed uint64) {
	t.Helper()
	g := newGenerator(seed)
	text := g.module().String()
	data := g.data()
	original := parse(t, text)
	want, trap := rows(original, data)
	if trap != nil {
		return // an optimised program may trap less, and give any of the rows it then has
	}
	check := func(name string, options passes.Options) {
		m := parse(t, text)
		options.Verify = true
		if _, err := passes.Run(pass.NewContext(), m, options); err != nil {
			t.Fatalf("seed %d, %s: %v\n%s", seed, name, err, text)
		}
		got, trap := rows(m, data)
		if trap != nil {
			t.Fatalf("seed %d, %s: traps after it: %v\nbefore:\n%s\nafter:\n%s", seed, name, trap, text, m)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, %s: rows differ\ngot  %v\nwant %v\nbefore:\n%s\nafter:\n%s", seed, name, got, want, text, m)
		}
	}
	for _, group := range passes.Logical {
		for _, p := range group.Passes {
			check(p.Name, passes.Options{Only: []string{p.Name}})
		}
	}
	check("all logical passes", passes.Options{Groups: passes.Logical})
}

// rows gives the result as a sorted multiset of rows in text.
func rows(m *ir.Module, data map[string]*interp.Table) ([]string, error) {
	result, err := interp.Run(context.Background(), m, "f", data, nil)
	if err != nil {
		return nil, err
	}
	out := make([]string, result.Rows)
	for i := range out {
		var b []byte
		for j, d := range result.Row(i) {
			b = append(ir.AppendLiteral(b, result.Types[j].WithNull(true), d), ' ')
		}
		out[i] = string(b)
	}
	slices.Sort(out)
	return out, nil
}

// generator makes random flows over four small tables.
type generator struct {
	*rand.Rand
	m     *ir.Module
	body  *ir.Builder
	names int
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 7))}
}

var generatedTypes = []ir.Type{
	ir.Of(ir.I32), ir.Of(ir.I32), ir.Of(ir.I64), ir.Of(ir.Bool), ir.Of(ir.String), ir.Of(ir.Date), ir.DecimalType(6, 2), ir.Of(ir.F64),
}

func (g *generator) module() *ir.Module {
	g.m = &ir.Module{}
	for i := range 4 {
		table := &ir.Table{Name: fmt.Sprintf("t%d", i), Rows: int64(g.IntN(3000) - 1)}
		for j := range 2 + g.IntN(3) {
			column := generatedTypes[g.IntN(len(generatedTypes))].WithNull(g.IntN(2) == 0)
			if j == 0 {
				column = ir.Of(ir.I32).WithNull(g.IntN(3) == 0)
			}
			table.Columns = append(table.Columns, ir.Column{
				Name: fmt.Sprintf("c%d", j), Type: column, Layout: ir.NaturalLayout(column),
				Statistics: ir.Statistics{Distinct: int64(g.IntN(100)), Nulls: -1},
			})
		}
		g.m.Tables = append(g.m.Tables, table)
	}
	f := &ir.Function{Name: "f", Level: ir.FlowLevel, Body: &ir.Block{}}
	g.body = ir.At(f.Body)
	v := g.bag(5)
	var columns []string
	for _, field := range v.Type.Fields {
		columns = append(columns, field.Name)
	}
	g.body.Op(ir.OpReturn, []*ir.Value{v}, ir.Attr("columns", columns), ir.Attr("labels", columns))
	f.Results = []ir.Type{v.Type}
	f.Body.RemoveDead()
	g.m.Functions = append(g.m.Functions, f)
	return g.m
}

func (g *generator) data() map[string]*interp.Table {
	data := map[string]*interp.Table{}
	for _, table := range g.m.Tables {
		n := g.IntN(14)
		d := &interp.Table{Rows: n}
		for _, c := range table.Columns {
			column := make([]ir.Datum, n)
			for i := range column {
				column[i] = g.datum(c.Type)
			}
			d.Columns = append(d.Columns, column)
		}
		data[table.Name] = d
	}
	return data
}

func (g *generator) datum(t ir.Type) ir.Datum {
	if t.Nullable && g.IntN(4) == 0 {
		return ir.NullDatum
	}
	switch t.Kind {
	case ir.Bool:
		return ir.BoolDatum(g.IntN(2) == 0)
	case ir.String:
		return ir.TextDatum([]string{"", "a", "ab", "b", "abc%"}[g.IntN(5)])
	case ir.F64:
		return ir.FloatDatum([]float64{0, 1, 1.5, -2}[g.IntN(4)])
	case ir.Decimal:
		return ir.IntDatum([]int64{0, 100, 150, 200, -100, 300}[g.IntN(6)])
	case ir.Timestamp:
		return ir.IntDatum(int64(g.IntN(8)-2) * 43_200_000_000)
	default:
		return ir.IntDatum(int64(g.IntN(6) - 1))
	}
}

func (g *generator) name() string {
	g.names++
	return fmt.Sprintf("x%d", g.names)
}

// bag makes an operator whose inputs are at most so many levels deep.
func (g *generator) bag(depth int) *ir.Value {
	if depth == 0 || g.IntN(12) == 0 {
		return g.scan()
	}
	switch g.IntN(14) {
	case 0, 1, 2:
		input := g.bag(depth - 1)
		block := ir.NewBlock(input.Type.Row())
		b := ir.At(block)
		b.Yield(g.boolean(b, block.Arguments, 3))
		return g.body.Build(ir.OpFilter, []*ir.Value{input}, []*ir.Block{block}).Result()
	case 3, 4, 5, 6, 7:
		return g.join(g.bag(depth-1), g.bag(depth-1))
	case 8, 9:
		return g.project(g.bag(depth - 1))
	case 10, 11:
		return g.aggregate(g.bag(depth - 1))
	case 12:
		return g.union(depth)
	default:
		// Only an order by all columns makes a limit deterministic.
		input := g.bag(depth - 1)
		var keys []ir.SortKey
		for _, f := range input.Type.Fields {
			keys = append(keys, ir.SortKey{Column: f.Name, Descending: g.IntN(2) == 0, NullsFirst: g.IntN(2) == 0})
		}
		if len(keys) == 0 {
			return input
		}
		sorted := g.body.Op(ir.OpSort, []*ir.Value{input}, ir.Attr("keys", keys)).Result()
		if g.IntN(3) == 0 {
			return sorted
		}
		if g.IntN(2) == 0 {
			sorted = g.renamed(sorted)
		}
		return g.body.Op(ir.OpLimit, []*ir.Value{sorted}, ir.Attr("count", int64(g.IntN(6)-1)), ir.Attr("offset", int64(g.IntN(3)))).Result()
	}
}

func (g *generator) scan() *ir.Value {
	table := g.m.Tables[g.IntN(len(g.m.Tables))]
	var columns []ir.ScanColumn
	var fields []ir.Field
	for _, c := range table.Columns {
		name := g.name()
		columns = append(columns, ir.ScanColumn{Name: name, Source: c.Name})
		fields = append(fields, ir.Field{Name: name, Type: c.Type})
	}
	return g.body.Op(ir.OpScan, nil, ir.Attr("table", ir.Symbol(table.Name)), ir.Attr("columns", columns), ir.Attr("type", ir.BagType(fields...))).Result()
}

// renamed passes all columns on under new names, so that a bag can be read twice.
func (g *generator) renamed(input *ir.Value) *ir.Value {
	block := ir.NewBlock(input.Type.Row())
	b := ir.At(block)
	var names []string
	var values []*ir.Value
	for _, f := range input.Type.Fields {
		names, values = append(names, g.name()), append(values, b.Field(block.Arguments[0], f.Name))
	}
	b.Yield(values...)
	return g.body.Build(ir.OpProject, []*ir.Value{input}, []*ir.Block{block}, ir.Attr("names", names)).Result()
}

func (g *generator) join(left, right *ir.Value) *ir.Value {
	if g.IntN(8) == 0 {
		right = g.renamed(left) // two readers
	}
	if len(left.Type.Fields) == 0 || len(right.Type.Fields) == 0 {
		return left
	}
	kind := ir.JoinKind(g.IntN(6))
	if g.IntN(3) == 0 {
		kind = ir.InnerJoin
	}
	block := ir.NewBlock(left.Type.Row(), right.Type.Row())
	b := ir.At(block)
	var conditions []*ir.Value
	for range 1 + g.IntN(2) {
		if l, r, ok := g.pair(b, block.Arguments); ok {
			conditions = append(conditions, b.Binary(ir.OpEqual, l, r))
		}
	}
	if g.IntN(2) == 0 {
		conditions = append(conditions, g.boolean(b, block.Arguments, 2))
	}
	b.Yield(b.Op(ir.OpAnd, append(conditions, b.Const(ir.Of(ir.Bool), ir.BoolDatum(true)))).Result())
	return g.body.Build(ir.OpJoin, []*ir.Value{left, right}, []*ir.Block{block}, ir.Attr("kind", kind)).Result()
}

// pair finds columns of one type on both sides.
func (g *generator) pair(b *ir.Builder, arguments []*ir.Value) (l, r *ir.Value, ok bool) {
	var pairs [][2]string
	for _, x := range arguments[0].Type.Fields {
		for _, y := range arguments[1].Type.Fields {
			if x.Type.Same(y.Type) {
				pairs = append(pairs, [2]string{x.Name, y.Name})
			}
		}
	}
	if len(pairs) == 0 {
		return nil, nil, false
	}
	p := pairs[g.IntN(len(pairs))]
	return b.Field(arguments[0], p[0]), b.Field(arguments[1], p[1]), true
}

func (g *generator) project(input *ir.Value) *ir.Value {
	block := ir.NewBlock(input.Type.Row())
	b := ir.At(block)
	var names []string
	var values []*ir.Value
	for _, f := range input.Type.Fields {
		if g.IntN(4) > 0 {
			names, values = append(names, f.Name), append(values, b.Field(block.Arguments[0], f.Name))
		}
	}
	for range g.IntN(3) {
		names, values = append(names, g.name()), append(values, g.value(b, block.Arguments, generatedTypes[g.IntN(len(generatedTypes))], 2))
	}
	b.Yield(values...)
	return g.body.Build(ir.OpProject, []*ir.Value{input}, []*ir.Block{block}, ir.Attr("names", names)).Result()
}

func (g *generator) aggregate(input *ir.Value) *ir.Value {
	block := ir.NewBlock(input.Type.Row())
	b := ir.At(block)
	var keys []string
	for _, f := range input.Type.Fields {
		if g.IntN(3) == 0 && f.Type.Kind != ir.F64 {
			keys = append(keys, f.Name)
		}
	}
	var aggregates []ir.Aggregate
	var values []*ir.Value
	for range g.IntN(3) {
		a := ir.Aggregate{Name: g.name(), Function: ir.AggregateFunction(g.IntN(4)), Argument: -1, Filter: -1}
		if a.Function != ir.Count || g.IntN(2) == 0 {
			t := generatedTypes[g.IntN(3)]
			values = append(values, g.value(b, block.Arguments, t, 1))
			a.Argument = len(values) - 1
			a.Distinct = g.IntN(4) == 0
		}
		if g.IntN(3) == 0 {
			values = append(values, g.boolean(b, block.Arguments, 2))
			a.Filter = len(values) - 1
		}
		aggregates = append(aggregates, a)
	}
	if len(keys) == 0 && len(aggregates) == 0 {
		aggregates = []ir.Aggregate{{Name: g.name(), Function: ir.Count, Argument: -1, Filter: -1}}
	}
	b.Yield(values...)
	return g.body.Build(ir.OpAggregate, []*ir.Value{input}, []*ir.Block{block}, ir.Attr("keys", keys), ir.Attr("aggregates", aggregates)).Result()
}

func (g *generator) union(depth int) *ir.Value {
	types := []ir.Type{ir.Of(ir.I32).WithNull(true), generatedTypes[g.IntN(len(generatedTypes))].WithNull(true)}
	var inputs []*ir.Value
	for range 2 + g.IntN(2) {
		input := g.bag(depth - 1)
		block := ir.NewBlock(input.Type.Row())
		b := ir.At(block)
		b.Yield(b.Cast(g.value(b, block.Arguments, types[0], 1), types[0]), b.Cast(g.value(b, block.Arguments, types[1], 1), types[1]))
		inputs = append(inputs, g.body.Build(ir.OpProject, []*ir.Value{input}, []*ir.Block{block}, ir.Attr("names", []string{g.name(), g.name()})).Result())
	}
	return g.body.Op(ir.OpUnion, inputs, ir.Attr("names", []string{g.name(), g.name()})).Result()
}

var comparisons = []ir.Opcode{ir.OpEqual, ir.OpEqual, ir.OpNotEqual, ir.OpLess, ir.OpLessEqual, ir.OpGreater, ir.OpGreaterEqual, ir.OpIsDistinct}

func (g *generator) boolean(b *ir.Builder, rows []*ir.Value, depth int) *ir.Value {
	if depth == 0 {
		return g.leaf(b, rows, ir.Of(ir.Bool))
	}
	switch g.IntN(12) {
	case 0, 1:
		return b.Op(ir.OpAnd, []*ir.Value{g.boolean(b, rows, depth-1), g.boolean(b, rows, depth-1)}).Result()
	case 2, 3, 4:
		return b.Op(ir.OpOr, []*ir.Value{g.boolean(b, rows, depth-1), g.boolean(b, rows, depth-1)}).Result()
	case 5:
		return b.Unary(ir.OpNot, g.boolean(b, rows, depth-1))
	case 6:
		return b.Unary(ir.OpIsNull, g.value(b, rows, generatedTypes[g.IntN(len(generatedTypes))], depth-1))
	case 7:
		t := generatedTypes[g.IntN(3)]
		values := []ir.Datum{g.datum(t), g.datum(t.WithNull(g.IntN(3) == 0))}
		return b.Op(ir.OpIn, []*ir.Value{g.value(b, rows, t, depth-1)}, ir.Attr("values", values)).Result()
	case 8:
		pattern := []string{"a%", "ab", "%", "%b", "a_", `abc\%`}[g.IntN(6)]
		return b.Binary(ir.OpLike, g.value(b, rows, ir.Of(ir.String), depth-1), b.Const(ir.Of(ir.String), ir.TextDatum(pattern)))
	case 9: // a comparison of a converted value with a literal
		conversions := [][2]ir.Type{
			{ir.Of(ir.I32), ir.Of(ir.I64)},
			{ir.Of(ir.I32), ir.DecimalType(14, 2)},
			{ir.Of(ir.Date), ir.Of(ir.Timestamp)},
			{ir.Of(ir.I32), ir.Of(ir.F64)},
			{ir.DecimalType(6, 2), ir.DecimalType(10, 4)},
		}
		c := conversions[g.IntN(len(conversions))]
		x := g.value(b, rows, c[0], depth-1)
		literal := g.datum(c[1])
		if c[1].Scale == 4 {
			literal = ir.IntDatum(int64(g.IntN(30001) - 10000))
		}
		return b.Binary(comparisons[g.IntN(len(comparisons))], b.Cast(x, c[1].WithNull(x.Type.Nullable)), b.Const(c[1], literal))
	default:
		t := generatedTypes[g.IntN(len(generatedTypes))]
		return b.Binary(comparisons[g.IntN(len(comparisons))], g.value(b, rows, t, depth-1), g.value(b, rows, t, depth-1))
	}
}

func (g *generator) value(b *ir.Builder, rows []*ir.Value, t ir.Type, depth int) *ir.Value {
	if t.Kind == ir.Bool && depth > 0 {
		return g.boolean(b, rows, depth)
	}
	if depth > 0 && g.IntN(3) == 0 {
		switch {
		case g.IntN(2) == 0:
			then, otherwise := ir.NewBlock(), ir.NewBlock()
			test := g.boolean(b, rows, depth-1)
			ir.At(then).Yield(g.value(ir.At(then), rows, t, depth-1))
			ir.At(otherwise).Yield(g.value(ir.At(otherwise), rows, t, depth-1))
			return b.Build(ir.OpIf, []*ir.Value{test}, []*ir.Block{then, otherwise}).Result()
		case t.Kind == ir.I32 || t.Kind == ir.I64:
			code := []ir.Opcode{ir.OpAdd, ir.OpSubtract, ir.OpMultiply, ir.OpDivide, ir.OpModulo}[g.IntN(5)]
			return b.Binary(code, g.value(b, rows, t, depth-1), g.value(b, rows, t, depth-1))
		}
	}
	return g.leaf(b, rows, t)
}

// leaf is a column of the type, or a literal.
func (g *generator) leaf(b *ir.Builder, rows []*ir.Value, t ir.Type) *ir.Value {
	type column struct {
		row  *ir.Value
		name string
	}
	var columns []column
	for _, row := range rows {
		for _, f := range row.Type.Fields {
			if f.Type.Same(t) {
				columns = append(columns, column{row, f.Name})
			}
		}
	}
	if len(columns) > 0 && g.IntN(4) > 0 {
		c := columns[g.IntN(len(columns))]
		return b.Field(c.row, c.name)
	}
	d := g.datum(t.WithNull(g.IntN(6) == 0))
	return b.Const(t.WithNull(d.Null), d)
}
