package estimate

import (
	"maps"
	"math"
	"slices"

	"github.com/heddle-lang/heddle/ir"
)

// Guesses where statistics are silent.
const (
	unknownRows      = 1000.0
	equalityGuess    = 0.05
	rangeGuess       = 1.0 / 3
	likeGuess        = 0.05
	prefixGuess      = 0.02
	nullGuess        = 0.05
	predicateGuess   = 0.25
	leastSelectivity = 1e-9
)

// Column is what is believed of a column's values.
type Column struct {
	Distinct float64 // different values in the source, at least 1
	Nulls    float64 // fraction that is NULL
	Rows     float64 // rows of the source
	Source   *ir.Op  // the operator that made the column
	Bounded  bool    // Min and Max are known
	Min, Max float64 // on the scale of Number
	Known    bool    // Distinct comes from statistics
}

// Estimator answers for one function. It remembers answers by value, so make a new
// one after the function was edited. It is not safe for concurrent use.
type Estimator struct {
	module  *ir.Module
	columns map[string]*Column
	rows    map[*ir.Value]float64
}

// New reads the statistics behind a function.
func New(m *ir.Module, f *ir.Function) *Estimator {
	e := &Estimator{module: m, columns: map[string]*Column{}, rows: map[*ir.Value]float64{}}
	for _, op := range f.Body.Ops {
		e.define(op)
	}
	return e
}

// Rows estimates the number of rows of a bag, at least 0.
func (e *Estimator) Rows(v *ir.Value) float64 {
	if rows, ok := e.rows[v]; ok {
		return rows
	}
	rows := unknownRows
	if v.Op != nil {
		rows = e.estimate(v.Op)
	}
	e.rows[v] = rows
	return rows
}

// Column gives what is believed of a column; never nil.
func (e *Estimator) Column(name string) *Column {
	if c, ok := e.columns[name]; ok {
		return c
	}
	return &Column{Distinct: unknownRows, Rows: unknownRows, Nulls: nullGuess}
}

// define records the columns that an op makes.
func (e *Estimator) define(op *ir.Op) {
	switch op.Code {
	case ir.OpScan:
		table := e.module.Table(string(ir.AttributeAs[ir.Symbol](op, "table")))
		for _, sc := range ir.AttributeAs[[]ir.ScanColumn](op, "columns") {
			e.columns[sc.Name] = tableColumn(op, table, sc.Source)
		}
	case ir.OpValues:
		rows := float64(len(ir.AttributeAs[[][]ir.Datum](op, "rows")))
		for _, f := range op.Result().Type.Fields {
			e.columns[f.Name] = &Column{Distinct: max(rows, 1), Rows: rows, Source: op}
		}
	case ir.OpProject:
		for i, name := range ir.AttributeAs[[]string](op, "names") {
			if _, known := e.columns[name]; !known {
				e.columns[name] = e.computed(op, op.Regions[0].Terminator().Operands[i])
			}
		}
	case ir.OpAggregate:
		for _, a := range ir.AttributeAs[[]ir.Aggregate](op, "aggregates") {
			rows := e.Rows(op.Result())
			e.columns[a.Name] = &Column{Distinct: max(rows, 1), Rows: rows, Source: op}
		}
	case ir.OpUnion:
		for i, name := range ir.AttributeAs[[]string](op, "names") {
			merged := *e.Column(op.Operands[0].Type.Fields[i].Name)
			merged.Source, merged.Bounded, merged.Rows = op, false, e.Rows(op.Result())
			for _, input := range op.Operands[1:] {
				merged.Distinct = max(merged.Distinct, e.Column(input.Type.Fields[i].Name).Distinct)
			}
			e.columns[name] = &merged
		}
	default: // hands on the columns of its inputs
	}
}

func tableColumn(op *ir.Op, table *ir.Table, source string) *Column {
	c := &Column{Rows: unknownRows, Source: op}
	if table == nil {
		c.Distinct = c.Rows
		return c
	}
	if table.Rows >= 0 {
		c.Rows = float64(table.Rows)
	}
	_, column := table.Column(source)
	if column == nil {
		c.Distinct = max(c.Rows, 1)
		return c
	}
	stats := &column.Statistics
	if stats.Min != nil && stats.Max != nil {
		low, ok1 := Number(column.Type, *stats.Min)
		high, ok2 := Number(column.Type, *stats.Max)
		c.Min, c.Max, c.Bounded = low, high, ok1 && ok2 && low <= high
	}
	switch {
	case stats.Distinct > 0:
		c.Distinct, c.Known = float64(stats.Distinct), true
	case c.Bounded && (column.Type.IsInteger() || column.Type.Kind == ir.Date):
		c.Distinct = min(c.Rows, c.Max-c.Min+1)
	default:
		c.Distinct = c.Rows
	}
	c.Distinct = max(c.Distinct, 1)
	switch {
	case !column.Type.Nullable:
	case stats.Nulls < 0:
		c.Nulls = nullGuess
	case c.Rows > 0:
		c.Nulls = min(1, float64(stats.Nulls)/c.Rows)
	}
	return c
}

// computed is what is believed of a value that a project computes.
func (e *Estimator) computed(project *ir.Op, v *ir.Value) *Column {
	op := v.Op
	switch op.Code {
	case ir.OpField:
		return e.Column(ir.AttributeAs[string](op, "name"))
	case ir.OpCast:
		inner := *e.computed(project, op.Operands[0])
		inner.Bounded = false
		return &inner
	case ir.OpConst:
		return &Column{Distinct: 1, Rows: e.Rows(project.Operands[0]), Source: project}
	case ir.OpExtract:
		inner := *e.computed(project, op.Operands[0])
		inner.Distinct, inner.Bounded = min(inner.Distinct, partValues(op, &inner)), false
		return &inner
	default: // guessed from the columns it reads, below
	}
	// One input column: no more values than it has.
	rows := e.Rows(project.Operands[0])
	distinct := max(rows, 1)
	product := 1.0
	for _, name := range fields(v) {
		product *= e.Column(name).Distinct
	}
	return &Column{Distinct: max(1, min(distinct, product)), Rows: rows, Source: project}
}

// partValues is how many values a part of a date takes.
func partValues(extract *ir.Op, of *Column) float64 {
	switch ir.AttributeAs[string](extract, "part") {
	case "year":
		if of.Bounded {
			days := 365.25
			if extract.Operands[0].Type.Kind != ir.Date {
				days *= 86_400_000_000
			}
			return math.Ceil((of.Max-of.Min)/days) + 1
		}
		return 10
	case "quarter":
		return 4
	case "month":
		return 12
	case "day":
		return 31
	case "dow":
		return 7
	case "doy":
		return 366
	case "hour":
		return 24
	case "minute", "second":
		return 60
	default:
		return math.Inf(1)
	}
}

func (e *Estimator) estimate(op *ir.Op) float64 {
	input := func() float64 { return e.Rows(op.Operands[0]) }
	switch op.Code {
	case ir.OpScan:
		if t := e.module.Table(string(ir.AttributeAs[ir.Symbol](op, "table"))); t != nil && t.Rows >= 0 {
			return float64(t.Rows)
		}
		return unknownRows
	case ir.OpValues:
		return float64(len(ir.AttributeAs[[][]ir.Datum](op, "rows")))
	case ir.OpFilter:
		return input() * e.Selectivity(conjuncts(op.Regions[0].Terminator().Operands[0]))
	case ir.OpProject, ir.OpSort:
		return input()
	case ir.OpJoin:
		return e.join(op)
	case ir.OpAggregate:
		return e.Groups(input(), ir.AttributeAs[[]string](op, "keys"))
	case ir.OpLimit, ir.OpTopK:
		rows := max(0, input()-float64(ir.AttributeAs[int64](op, "offset")))
		if count := ir.AttributeAs[int64](op, "count"); count >= 0 {
			rows = min(rows, float64(count))
		}
		return rows
	case ir.OpUnion:
		rows := 0.0
		for _, v := range op.Operands {
			rows += e.Rows(v)
		}
		return rows
	default:
		if len(op.Operands) > 0 {
			return input()
		}
		return unknownRows
	}
}

// Groups estimates how many groups so many rows make, by the expected number of
// values drawn (Cardenas 1975).
func (e *Estimator) Groups(rows float64, keys []string) float64 {
	if len(keys) == 0 {
		return 1
	}
	values := 1.0
	for _, k := range keys {
		values = min(values*e.Column(k).Distinct, 1e18)
	}
	return max(min(1, rows), min(rows, -values*math.Expm1(-rows/values)))
}

func (e *Estimator) join(op *ir.Op) float64 {
	left, right := e.Rows(op.Operands[0]), e.Rows(op.Operands[1])
	predicates := conjuncts(op.Regions[0].Terminator().Operands[0])
	matches := left * right * e.JoinSelectivity(predicates, func(name string) bool {
		index, _ := op.Operands[0].Type.Field(name)
		return index >= 0
	})
	switch ir.AttributeAs[ir.JoinKind](op, "kind") {
	case ir.InnerJoin:
		return matches
	case ir.LeftJoin:
		return max(left, matches)
	case ir.RightJoin:
		return max(right, matches)
	case ir.FullJoin:
		return max(left, matches) + max(0, right-matches)
	case ir.SemiJoin:
		return min(left, matches) * 0.9
	default:
		return max(left*0.1, left-matches)
	}
}

// JoinSelectivity estimates which fraction of all pairs fulfils the predicates of a
// join. isLeft says which side a column belongs to.
func (e *Estimator) JoinSelectivity(predicates []*ir.Value, isLeft func(column string) bool) float64 {
	type pair struct {
		left, right *ir.Op
		Key
	}
	var pairs []pair
	var others []*ir.Value
	for _, p := range predicates {
		a, b, ok := ColumnEquality(p)
		if !ok || isLeft(a) == isLeft(b) {
			others = append(others, p)
			continue
		}
		if !isLeft(a) {
			a, b = b, a
		}
		l, r := e.Column(a), e.Column(b)
		i := slices.IndexFunc(pairs, func(k pair) bool { return k.left == l.Source && k.right == r.Source })
		if i < 0 {
			pairs = append(pairs, pair{l.Source, r.Source, NewKey(l.Rows, r.Rows)})
			i = len(pairs) - 1
		}
		pairs[i].Add(l.Distinct, r.Distinct)
	}
	selectivity := 1.0
	for i, p := range others {
		if p.Op.Code == ir.OpOr {
			selectivity *= e.Residual(p, func(name string) int { return boolInt(isLeft(name)) })
			others[i] = nil
		}
	}
	others = slices.DeleteFunc(others, func(p *ir.Value) bool { return p == nil })
	selectivity *= e.Selectivity(others)
	for _, k := range pairs {
		selectivity /= k.Values()
	}
	return selectivity
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Residual estimates which fraction of the pairs of a join fulfils a predicate over
// both sides when each side has been filtered already by what the predicate says
// about it alone, as the logical passes see to. For (a = 1 and b = 2) or (a = 2 and
// b = 1), with a in (1, 2) and b in (1, 2) tested before, that is one half. side
// tells the inputs of the join apart.
func (e *Estimator) Residual(p *ir.Value, side func(column string) int) float64 {
	whole := e.Selectivity([]*ir.Value{p})
	if p.Op == nil || p.Op.Code != ir.OpOr {
		return whole
	}
	// For each side, the fraction for which no disjunct's own part holds.
	none := map[int]float64{}
	for i, d := range p.Op.Operands {
		parts := map[int][]*ir.Value{}
		for _, c := range conjuncts(d) {
			if s, ok := oneSide(c, side); ok {
				parts[s] = append(parts[s], c)
			}
		}
		for s, own := range parts {
			if i == 0 {
				none[s] = 1
			}
			if _, every := none[s]; every {
				none[s] *= 1 - e.Selectivity(own)
			}
		}
		for s := range none {
			if len(parts[s]) == 0 {
				delete(none, s)
			}
		}
	}
	parts := 1.0
	for _, s := range slices.Sorted(maps.Keys(none)) {
		parts *= max(1-none[s], leastSelectivity)
	}
	return min(1, whole/parts)
}

// oneSide tells which side all columns of a predicate belong to.
func oneSide(p *ir.Value, side func(column string) int) (int, bool) {
	columns := fields(p)
	if len(columns) == 0 {
		return 0, false
	}
	s := side(columns[0])
	for _, c := range columns[1:] {
		if side(c) != s {
			return 0, false
		}
	}
	return s, true
}

// Key is what is known of the columns by which two tables are joined.
type Key struct {
	leftRows, rightRows     float64
	leftValues, rightValues float64 // products of the columns' distinct values
	widest                  float64 // the most distinct values of one column
	columns                 int
}

// NewKey begins a key of two tables with so many rows.
func NewKey(leftRows, rightRows float64) Key {
	return Key{leftRows: leftRows, rightRows: rightRows, leftValues: 1, rightValues: 1}
}

// Add adds a pair of columns with so many distinct values.
func (k *Key) Add(left, right float64) {
	k.leftValues *= left
	k.rightValues *= right
	k.widest = max(k.widest, left, right)
	k.columns++
}

// Columns is the number of pairs added.
func (k *Key) Columns() int { return k.columns }

// Values estimates how many values the key takes, at least 1. No table has more
// values than rows. When the product exceeds the rows on both sides of a composite
// key, the smaller table is taken for the one that the other refers to, and its
// rows for all the values there are; unless one column alone has more values than
// that.
func (k *Key) Values() float64 {
	fewest := min(k.leftRows, k.rightRows)
	if k.columns > 1 && k.leftValues >= k.leftRows && k.rightValues >= k.rightRows && fewest >= k.widest {
		return max(1, fewest)
	}
	return max(1, min(k.leftValues, k.leftRows), min(k.rightValues, k.rightRows))
}

// ColumnEquality recognises column = column.
func ColumnEquality(p *ir.Value) (a, b string, ok bool) {
	if p.Op == nil || p.Op.Code != ir.OpEqual {
		return "", "", false
	}
	x, y := p.Op.Operands[0].Op, p.Op.Operands[1].Op
	if x == nil || y == nil || x.Code != ir.OpField || y.Code != ir.OpField {
		return "", "", false
	}
	return ir.AttributeAs[string](x, "name"), ir.AttributeAs[string](y, "name"), true
}
