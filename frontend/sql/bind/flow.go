package bind

import (
	"slices"
	"strconv"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// column is a column that a scope shows.
type column struct {
	table  string // the name that qualifies it, "" for none
	label  string // its name for people
	name   string // its name in the flow
	typ    ir.Type
	span   diag.Span // where its table stands
	hidden bool      // found by its qualified name alone: it was merged by USING
}

// relation is a bag in the flow and the columns of it that can be named.
type relation struct {
	value   *ir.Value // nil after a mistake
	columns []column
	unknown bool // there may be columns that are not known, because of a mistake
}

// typeOf gives the type of a column of the bag.
func (r *relation) typeOf(name string) ir.Type {
	if r.value == nil {
		return ir.Type{}
	}
	_, t := r.value.Type.Field(name)
	return t
}

// refresh takes NULL-ness from the bag.
func (r *relation) refresh() {
	if r.value == nil {
		return
	}
	for i := range r.columns {
		r.columns[i].typ = r.typeOf(r.columns[i].name)
	}
}

// fresh makes a column name that is unique in the flow.
func (b *binder) fresh(hint string) string {
	if hint == "" {
		hint = "value"
	}
	n := b.names[hint]
	for {
		n++
		name := hint
		if n > 1 {
			name = hint + "$" + strconv.Itoa(n)
		}
		if n == 1 || b.names[name] == 0 {
			b.names[hint] = n
			if n > 1 {
				b.names[name] = 1
			}
			return name
		}
	}
}

// filter keeps the rows for which a condition holds.
func (b *binder) filter(r *relation, condition *scalar) {
	if b.failed() {
		return
	}
	b.builder.Span = condition.span
	r.value = b.builder.Build(ir.OpFilter, []*ir.Value{r.value}, []*ir.Block{region([]*scalar{condition}, r.value.Type.Row())}).Result()
}

// project makes a bag of these columns.
func (b *binder) project(input *ir.Value, names []string, values []*scalar, span diag.Span) *ir.Value {
	b.builder.Span = span
	return b.builder.Build(ir.OpProject, []*ir.Value{input}, []*ir.Block{region(values, input.Type.Row())}, ir.Attr("names", names)).Result()
}

// extend adds computed columns to those that the bag has. It gives their names.
func (b *binder) extend(r *relation, hints []string, values []*scalar, span diag.Span) []string {
	names := make([]string, len(values))
	for i, hint := range hints {
		names[i] = b.fresh(hint)
	}
	if b.failed() {
		return names
	}
	var through []string
	var all []*scalar
	for _, f := range r.value.Type.Fields {
		through = append(through, f.Name)
		all = append(all, b.column(f.Name, f.Type, span))
	}
	r.value = b.project(r.value, append(through, names...), append(all, values...), span)
	return names
}

// join pairs two relations. The condition is nil for all pairs.
func (b *binder) join(kind ir.JoinKind, left, right *relation, condition *scalar, span diag.Span) *relation {
	result := beside(left, right)
	for i := range result.columns {
		if t := &result.columns[i].typ; i < len(left.columns) {
			*t = t.OrNull(kind == ir.RightJoin || kind == ir.FullJoin)
		} else {
			*t = t.OrNull(kind == ir.LeftJoin || kind == ir.FullJoin)
		}
	}
	if b.failed() {
		return result
	}
	if condition == nil {
		condition = b.boolean(true, span)
	}
	block := region([]*scalar{condition}, left.value.Type.Row(), right.value.Type.Row())
	b.builder.Span = span
	result.value = b.builder.Build(ir.OpJoin, []*ir.Value{left.value, right.value}, []*ir.Block{block}, ir.Attr("kind", kind)).Result()
	return result
}

// beside shows the columns of two relations, which are not joined yet.
func beside(left, right *relation) *relation {
	return &relation{columns: slices.Concat(left.columns, right.columns), unknown: left.unknown || right.unknown}
}

// distinct keeps one of equal rows; only the columns that can be named count.
func (b *binder) distinct(r *relation, span diag.Span) {
	if b.failed() {
		return
	}
	var keys []string
	for i := range r.columns {
		if !slices.Contains(keys, r.columns[i].name) {
			keys = append(keys, r.columns[i].name)
		}
	}
	b.builder.Span = span
	block := region(nil, r.value.Type.Row())
	r.value = b.builder.Build(ir.OpAggregate, []*ir.Value{r.value}, []*ir.Block{block},
		ir.Attr("keys", keys), ir.Attr("aggregates", []ir.Aggregate{})).Result()
}

// single is one row without columns, the input of SELECT without FROM.
func (b *binder) single(span diag.Span) *relation {
	r := &relation{}
	if !b.failed() {
		b.builder.Span = span
		r.value = b.builder.Op(ir.OpValues, nil, ir.Attr("rows", [][]ir.Datum{{}}), ir.Attr("type", ir.BagType())).Result()
	}
	return r
}

// scan reads a table of the catalog.
func (b *binder) scan(t *ir.Table, alias string, span diag.Span) *relation {
	r := &relation{columns: make([]column, len(t.Columns))}
	columns := make([]ir.ScanColumn, len(t.Columns))
	fields := make([]ir.Field, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		name := b.fresh(c.Name)
		r.columns[i] = column{table: alias, label: c.Name, name: name, typ: c.Type, span: span}
		columns[i] = ir.ScanColumn{Name: name, Source: c.Name}
		fields[i] = ir.Field{Name: name, Type: c.Type}
	}
	if !b.failed() {
		b.builder.Span = span
		r.value = b.builder.Op(ir.OpScan, nil, ir.Attr("table", ir.Symbol(t.Name)), ir.Attr("columns", columns), ir.Attr("type", ir.BagType(fields...))).Result()
	}
	return r
}

// labelOf is what a column is called when no alias says.
func (b *binder) labelOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ColumnRef:
		return fold(e.Parts[len(e.Parts)-1])
	case *ast.Call:
		return fold(e.Name[len(e.Name)-1])
	case *ast.Case:
		return "case"
	case *ast.Extract:
		return "extract"
	case *ast.Field:
		return fold(e.Name)
	case *ast.Cast:
		if label := b.labelOf(e.Operand); isPlain(label) {
			return label
		}
		return e.Type.Name
	case *ast.TypedLiteral:
		return e.Type.Name
	}
	const longest = 60
	span := e.Span()
	text := b.file.Text[span.Start:span.End]
	if len(text) > longest {
		text = ast.Format(e)
	}
	runes := []rune(text)
	if len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return text
}

// hintOf is a label as the name of a column in the flow.
func hintOf(label string) string {
	if isPlain(label) {
		return label
	}
	return ""
}

func isPlain(label string) bool { return label != "" && ir.QuoteName(label) == label }
