package random

import (
	"fmt"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// Options shape programs. The zero value is a good choice.
type Options struct {
	Operators int       // flow ops besides scans at most; 0 for 6
	Depth     int       // of scalar code at most; 0 for 3
	Rows      int       // of a table at most; 0 for 8
	Kinds     []ir.Kind // of columns and expressions; nil for all. Must hold Bool and I64.
	// Allow says which ops programs may hold beyond those that none can do without
	// (scan, const, field, yield, return, is_null); nil for all.
	Allow func(ir.Opcode) bool
	// Traps lets programs end in a typed error.
	Traps bool
	// Tangled lets inputs of joins and unions be plans of their own, and bags have
	// several readers; and it makes more joins, most of them inner ones.
	Tangled bool
	Joins   int // at most; 0 for 2
	// OrderDependent lets results depend on the order in which rows are visited.
	OrderDependent bool
}

// Function is the name of the flow of a random program.
const Function = "main"

// Program is a module with the data that it reads. All parameters are bound.
type Program struct {
	Module *ir.Module
	Tables map[string]*interp.Table
}

// Generate makes a program.
func Generate(source Source, options Options) *Program {
	if options.Operators == 0 {
		options.Operators = 6
	}
	if options.Depth == 0 {
		options.Depth = 3
	}
	if options.Rows == 0 {
		options.Rows = 8
	}
	if options.Kinds == nil {
		options.Kinds = allKinds
	}
	if options.Joins == 0 {
		options.Joins = 2
	}
	g := &generator{source: source, options: options, module: &ir.Module{}, tables: map[string]*interp.Table{}}
	for i := range 1 + source.IntN(3) {
		g.table(fmt.Sprintf("t%d", i))
	}
	g.body = &ir.Block{}
	g.b = ir.At(g.body)
	bag := g.scan()
	for range source.IntN(options.Operators + 1) {
		bag = g.operator(bag)
		g.bags = append(g.bags, bag)
	}
	g.finish(bag)
	return &Program{Module: g.module, Tables: g.tables}
}

type generator struct {
	source  Source
	options Options
	module  *ir.Module
	tables  map[string]*interp.Table
	body    *ir.Block
	b       *ir.Builder
	columns int // names that were given
	joins   int
	bags    []*ir.Value // made so far, for further readers
}

func (g *generator) name() string {
	g.columns++
	return fmt.Sprintf("c%d", g.columns)
}

func (g *generator) table(name string) {
	t := &ir.Table{Name: name, Rows: -1}
	data := &interp.Table{Rows: g.source.IntN(g.options.Rows + 1)}
	for i := range 1 + g.source.IntN(5) {
		c := ir.Column{Name: fmt.Sprintf("a%d", i), Type: g.scalarType(), Statistics: ir.Statistics{Nulls: -1}}
		c.Layout = ir.NaturalLayout(c.Type)
		values := make([]ir.Datum, data.Rows)
		for j := range values {
			values[j] = g.datum(c.Type)
		}
		t.Columns, data.Columns = append(t.Columns, c), append(data.Columns, values)
	}
	if g.source.IntN(2) == 1 {
		t.Rows = int64(data.Rows)
	}
	g.module.Tables = append(g.module.Tables, t)
	g.tables[name] = data
}

func (g *generator) scan() *ir.Value {
	t := pick(g.source, g.module.Tables...)
	var columns []ir.ScanColumn
	var fields []ir.Field
	for _, c := range t.Columns {
		if len(t.Columns) == 1 || !chance(g.source, 20) {
			columns = append(columns, ir.ScanColumn{Name: g.name(), Source: c.Name})
			fields = append(fields, ir.Field{Name: columns[len(columns)-1].Name, Type: c.Type})
		}
	}
	return g.b.Op(ir.OpScan, nil, ir.Attr("table", ir.Symbol(t.Name)), ir.Attr("columns", columns), ir.Attr("type", ir.BagType(fields...))).Result()
}

// operator puts one more op over a bag.
func (g *generator) operator(in *ir.Value) *ir.Value {
	makers := []func(*ir.Value) *ir.Value{}
	add := func(code ir.Opcode, maker func(*ir.Value) *ir.Value) {
		if g.allows(code) {
			makers = append(makers, maker)
		}
	}
	add(ir.OpFilter, g.filter)
	add(ir.OpProject, g.project)
	add(ir.OpAggregate, g.aggregate)
	add(ir.OpJoin, g.join)
	if g.options.Tangled {
		add(ir.OpJoin, g.join)
		add(ir.OpJoin, g.join)
	}
	add(ir.OpSort, func(in *ir.Value) *ir.Value {
		return g.b.Op(ir.OpSort, []*ir.Value{in}, ir.Attr("keys", g.sortKeys(in, false))).Result()
	})
	add(ir.OpLimit, g.limit)
	add(ir.OpTopK, g.limit)
	add(ir.OpUnion, g.union)
	add(ir.OpValues, g.values)
	if len(makers) == 0 {
		return in
	}
	return pick(g.source, makers...)(in)
}

// region makes the scalar code of an op over rows of bags.
func (g *generator) region(yield func(*scope) []*ir.Value, bags ...*ir.Value) *ir.Block {
	block := &ir.Block{}
	for _, bag := range bags {
		block.AddArgument("r", bag.Type.Row())
	}
	s := &scope{g, g.b.In(block), block.Arguments}
	s.b.Yield(yield(s)...)
	return block
}

func (g *generator) filter(in *ir.Value) *ir.Value {
	region := g.region(func(s *scope) []*ir.Value { return []*ir.Value{s.of(ir.Of(ir.Bool), g.options.Depth)} }, in)
	return g.b.Build(ir.OpFilter, []*ir.Value{in}, []*ir.Block{region}).Result()
}

func (g *generator) project(in *ir.Value) *ir.Value {
	var names []string
	region := g.region(func(s *scope) []*ir.Value {
		var values []*ir.Value
		for _, f := range in.Type.Fields {
			if !chance(g.source, 40) {
				values, names = append(values, s.b.Field(s.rows[0], f.Name)), append(names, f.Name)
			}
		}
		for range 1 + g.source.IntN(3) {
			values, names = append(values, s.any(g.options.Depth)), append(names, g.name())
		}
		return values
	}, in)
	return g.b.Build(ir.OpProject, []*ir.Value{in}, []*ir.Block{region}, ir.Attr("names", names)).Result()
}

// definite reports that equal values of a type are the same.
func (g *generator) definite(t ir.Type) bool {
	return g.options.OrderDependent || !t.IsFloat() && t.Kind != ir.Interval
}

func (g *generator) aggregate(in *ir.Value) *ir.Value {
	var keys []string
	for _, f := range in.Type.Fields {
		if g.definite(f.Type) && chance(g.source, 35) {
			keys = append(keys, f.Name)
		}
	}
	var aggregates []ir.Aggregate
	region := g.region(func(s *scope) []*ir.Value {
		var values []*ir.Value
		for range g.source.IntN(4) {
			a := ir.Aggregate{Name: g.name(), Argument: -1, Filter: -1}
			if !chance(g.source, 20) {
				x := s.any(g.options.Depth - 1)
				a.Function = pick(g.source, g.functions(x.Type)...)
				a.Argument = len(values)
				a.Distinct = chance(g.source, 20)
				values = append(values, x)
			}
			if chance(g.source, 20) {
				a.Filter = len(values)
				values = append(values, s.of(ir.Of(ir.Bool), g.options.Depth-1))
			}
			aggregates = append(aggregates, a)
		}
		return values
	}, in)
	if len(aggregates) == 0 && len(keys) == 0 {
		aggregates = []ir.Aggregate{{Name: g.name(), Argument: -1, Filter: -1}}
	}
	return g.b.Build(ir.OpAggregate, []*ir.Value{in}, []*ir.Block{region}, ir.Attr("keys", keys), ir.Attr("aggregates", aggregates)).Result()
}

// functions lists what may aggregate a type.
func (g *generator) functions(t ir.Type) []ir.AggregateFunction {
	functions := []ir.AggregateFunction{ir.Count}
	if g.definite(t) {
		functions = append(functions, ir.Min, ir.Max)
	}
	wide := t.Kind == ir.I128 || t.Kind == ir.Decimal && t.Precision > 30
	if t.IsNumeric() && g.definite(t) && (!wide || g.options.Traps) {
		functions = append(functions, ir.Sum)
	}
	if g.options.OrderDependent {
		functions = append(functions, ir.Any)
	}
	return functions
}

func (g *generator) join(left *ir.Value) *ir.Value {
	if g.joins >= g.options.Joins {
		return g.filter(left)
	}
	g.joins++
	right := g.other(left)
	kind := ir.JoinKind(g.source.IntN(int(ir.AntiJoin) + 1))
	if g.options.Tangled && chance(g.source, 50) {
		kind = ir.InnerJoin
	}
	region := g.region(func(s *scope) []*ir.Value {
		var conditions []*ir.Value
		for _, l := range left.Type.Fields {
			for _, r := range right.Type.Fields {
				if l.Type.Same(r.Type) && len(conditions) < 2 && !chance(g.source, 30) && g.allows(ir.OpEqual) {
					conditions = append(conditions, s.b.Binary(ir.OpEqual, s.b.Field(s.rows[0], l.Name), s.b.Field(s.rows[1], r.Name)))
				}
			}
		}
		if len(conditions) == 0 || chance(g.source, 30) {
			conditions = append(conditions, s.of(ir.Of(ir.Bool), g.options.Depth-1))
		}
		if len(conditions) == 1 || !g.allows(ir.OpAnd) {
			return conditions[:1]
		}
		return []*ir.Value{s.b.Op(ir.OpAnd, conditions).Result()}
	}, left, right)
	return g.b.Build(ir.OpJoin, []*ir.Value{left, right}, []*ir.Block{region}, ir.Attr("kind", kind)).Result()
}

// other makes a bag that shares no column with one.
func (g *generator) other(left *ir.Value) *ir.Value {
	right := g.scan()
	if !g.options.Tangled {
		if chance(g.source, 20) {
			right = g.project(right)
		}
		return right
	}
	if len(g.bags) > 0 && chance(g.source, 30) {
		right = pick(g.source, g.bags...)
		region := g.region(func(s *scope) []*ir.Value {
			var values []*ir.Value
			for _, f := range right.Type.Fields {
				values = append(values, s.b.Field(s.rows[0], f.Name))
			}
			return values
		}, right)
		names := make([]string, len(right.Type.Fields))
		for i := range names {
			names[i] = g.name()
		}
		right = g.b.Build(ir.OpProject, []*ir.Value{right}, []*ir.Block{region}, ir.Attr("names", names)).Result()
	}
	for range g.source.IntN(3) {
		right = g.operator(right)
		g.bags = append(g.bags, right)
	}
	for _, f := range right.Type.Fields {
		if index, _ := left.Type.Field(f.Name); index >= 0 {
			return g.scan()
		}
	}
	return right
}

// sortKeys picks columns to order by; total takes them all, so that rows which
// compare equal are the same.
func (g *generator) sortKeys(in *ir.Value, total bool) []ir.SortKey {
	var keys []ir.SortKey
	for _, f := range in.Type.Fields {
		if total || chance(g.source, 50) {
			keys = append(keys, ir.SortKey{Column: f.Name, Descending: g.source.IntN(2) == 1, NullsFirst: g.source.IntN(2) == 1})
		}
	}
	return keys
}

func (g *generator) limit(in *ir.Value) *ir.Value {
	if g.options.Tangled && g.allows(ir.OpLimit) && g.allows(ir.OpAggregate) && chance(g.source, 40) {
		return g.counted(in)
	}
	for _, f := range in.Type.Fields {
		if !g.definite(f.Type) {
			return g.filter(in)
		}
	}
	keys := g.sortKeys(in, !g.options.OrderDependent)
	count, offset := ir.Attr("count", int64(g.source.IntN(6))), ir.Attr("offset", int64(g.source.IntN(3)))
	if g.source.IntN(2) == 1 && g.allows(ir.OpTopK) {
		return g.b.Op(ir.OpTopK, []*ir.Value{in}, ir.Attr("keys", keys), count, offset).Result()
	}
	if !g.allows(ir.OpSort) || !g.allows(ir.OpLimit) {
		return in
	}
	if chance(g.source, 20) {
		count.Value = int64(-1)
	}
	sorted := g.b.Op(ir.OpSort, []*ir.Value{in}, ir.Attr("keys", keys)).Result()
	return g.b.Op(ir.OpLimit, []*ir.Value{sorted}, count, offset).Result()
}

// counted leaves out rows of a bag and counts the others: how many they are does not
// depend on which.
func (g *generator) counted(in *ir.Value) *ir.Value {
	count, offset := ir.Attr("count", int64(g.source.IntN(8)-1)), ir.Attr("offset", int64(g.source.IntN(3)))
	limited := g.b.Op(ir.OpLimit, []*ir.Value{in}, count, offset).Result()
	region := g.region(func(*scope) []*ir.Value { return nil }, limited)
	return g.b.Build(ir.OpAggregate, []*ir.Value{limited}, []*ir.Block{region}, ir.Attr("keys", []string(nil)),
		ir.Attr("aggregates", []ir.Aggregate{{Name: g.name(), Argument: -1, Filter: -1}})).Result()
}

// values makes literal rows like those of a bag and unites them with it.
func (g *generator) values(in *ir.Value) *ir.Value {
	fields := slices.Clone(in.Type.Fields)
	for i := range fields {
		fields[i].Name = g.name()
	}
	rows := make([][]ir.Datum, g.source.IntN(3))
	for i := range rows {
		for _, f := range fields {
			rows[i] = append(rows[i], g.datum(f.Type))
		}
	}
	literal := g.b.Op(ir.OpValues, nil, ir.Attr("rows", rows), ir.Attr("type", ir.BagType(fields...))).Result()
	if !g.allows(ir.OpUnion) {
		return literal
	}
	return g.unite(in, literal)
}

// union unites a bag with one made from it, or with itself.
func (g *generator) union(in *ir.Value) *ir.Value {
	if g.options.Tangled && len(in.Type.Fields) > 0 && chance(g.source, 50) {
		return g.unite(in, g.like(in))
	}
	return g.unite(in, pick(g.source, in, g.filter(in)))
}

// like makes a bag with columns of the types of another's.
func (g *generator) like(in *ir.Value) *ir.Value {
	from := g.scan()
	if len(g.bags) > 0 && chance(g.source, 50) {
		from = pick(g.source, g.bags...)
	}
	var names []string
	region := g.region(func(s *scope) []*ir.Value {
		var values []*ir.Value
		for _, f := range in.Type.Fields {
			values, names = append(values, s.of(f.Type, 1)), append(names, g.name())
		}
		return values
	}, from)
	return g.b.Build(ir.OpProject, []*ir.Value{from}, []*ir.Block{region}, ir.Attr("names", names)).Result()
}

func (g *generator) unite(bags ...*ir.Value) *ir.Value {
	names := make([]string, len(bags[0].Type.Fields))
	for i := range names {
		names[i] = g.name()
	}
	return g.b.Op(ir.OpUnion, bags, ir.Attr("names", names)).Result()
}

func (g *generator) finish(bag *ir.Value) {
	columns, labels := []string{}, []string{}
	var fields []ir.Field
	for i, f := range bag.Type.Fields {
		columns, labels = append(columns, f.Name), append(labels, fmt.Sprintf("column %d", i+1))
		fields = append(fields, f)
	}
	g.b.Op(ir.OpReturn, []*ir.Value{bag}, ir.Attr("columns", columns), ir.Attr("labels", labels))
	g.module.Functions = []*ir.Function{{Name: Function, Level: ir.FlowLevel, Body: g.body, Results: []ir.Type{ir.BagType(fields...)}}}
}
