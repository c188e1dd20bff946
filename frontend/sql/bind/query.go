package bind

import (
	"slices"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// query binds a query with its WITH, ORDER BY and LIMIT.
func (b *binder) query(q *ast.Query) *relation {
	leave := b.enterWith(q)
	defer leave()
	var r *relation
	switch body := q.Body.(type) {
	case *ast.Select:
		r = b.selectRows(body, q.OrderBy)
	case *ast.Query:
		r = b.query(body)
		b.sortResult(r, q.OrderBy)
	default:
		r = b.body(q.Body)
		b.sortResult(r, q.OrderBy)
	}
	b.limit(q, r)
	return r
}

// body binds what gives rows.
func (b *binder) body(body ast.QueryExpr) *relation {
	switch body := body.(type) {
	case *ast.Select:
		return b.selectRows(body, nil)
	case *ast.Query:
		return b.query(body)
	case *ast.SetOperation:
		return b.setOperation(body)
	case *ast.Values:
		return b.values(body)
	default:
		b.silent = true // BadQuery
		return &relation{unknown: true}
	}
}

// item is a column of SELECT.
type item struct {
	label string
	alias *ast.Ident // nil: none
	expr  ast.Expr   // nil for a column of a star
	value *scalar    // nil until it is bound
	busy  bool       // being bound
	span  diag.Span
}

// selection is a SELECT while it is bound.
type selection struct {
	binder   *binder
	node     *ast.Select
	input    *relation
	items    []*item
	having   *scalar
	keys     []*scalar // of GROUP BY
	order    []orderKey
	grouping bool // there is GROUP BY
	lostKey  bool // an item of GROUP BY had a mistake
}

func (b *binder) selectRows(node *ast.Select, order []*ast.OrderItem) *relation {
	s := &selection{binder: b, node: node, grouping: node.GroupBy != nil}
	s.unsupported()
	s.input = b.from(node.From, node.Span())
	if node.Where != nil {
		where := b.within(&scope{relation: s.input, place: "WHERE", later: node.Items}, node.Where)
		b.filter(s.input, b.condition(where, "WHERE"))
	}
	s.expand()
	if b.tooMany(len(s.items), maxColumns, "SELECT", node.Span()) {
		return &relation{unknown: true}
	}
	for _, it := range s.items {
		s.bind(it)
	}
	s.groupBy()
	if node.Having != nil {
		s.having = b.condition(b.within(s.scope(), node.Having), "HAVING")
	}
	s.orderBy(order)
	if s.aggregates() {
		s.aggregate()
	} else if s.having != nil {
		// HAVING without aggregates and groups makes one group of all rows.
		s.aggregate()
	}
	return s.finish()
}

func (s *selection) unsupported() {
	b, node := s.binder, s.node
	if len(node.DistinctOn) > 0 {
		b.notYet(node.DistinctOn[0].Span(), "", "DISTINCT ON is")
	}
	if node.Qualify != nil {
		b.notYet(node.Qualify.Span(), "", "QUALIFY is")
	}
	for _, w := range node.Windows {
		b.notYet(w.Span(), "", "WINDOW is")
	}
}

// scope is that of the clauses after SELECT: columns, then the names of items.
func (s *selection) scope() *scope {
	return &scope{relation: s.input, aliases: s.alias, grouped: s.keyed()}
}

// keyed reports whether GROUP BY is sure to have a key.
func (s *selection) keyed() bool {
	g := s.node.GroupBy
	if g == nil || g.All || len(g.Items) == 0 {
		return false
	}
	row, isRow := g.Items[0].Expr.(*ast.Row)
	return !isRow || len(row.Items) > 0
}

// alias gives the meaning of a name of SELECT, nil when it is none.
func (s *selection) alias(name *ast.Ident) *scalar {
	for _, it := range s.items {
		if it.alias != nil && matches(name, fold(it.alias)) {
			if it.busy {
				return nil
			}
			return s.bind(it)
		}
	}
	return nil
}

// bind binds an item once.
func (s *selection) bind(it *item) *scalar {
	if it.value == nil {
		it.busy = true
		it.value = s.binder.within(&scope{relation: s.input, grouped: s.keyed(), later: s.node.Items}, it.expr)
		it.busy = false
	}
	return it.value
}

// expand makes the list of items, stars written out.
func (s *selection) expand() {
	b := s.binder
	for _, node := range s.node.Items {
		star, ok := node.Expr.(*ast.Star)
		if !ok {
			it := &item{alias: node.Alias, expr: node.Expr, span: node.Expr.Span()}
			if it.alias != nil {
				it.label = fold(it.alias)
			} else {
				it.label = b.labelOf(node.Expr)
			}
			s.items = append(s.items, it)
			continue
		}
		s.star(star)
	}
}

func (s *selection) star(star *ast.Star) {
	b := s.binder
	for _, r := range star.Replace {
		b.notYet(r.Span(), "", "* REPLACE is")
	}
	var table *ast.Ident
	if len(star.Qualifier) > 0 {
		table = star.Qualifier[len(star.Qualifier)-1]
	}
	switch {
	case s.input.unknown:
	case table != nil && !s.input.hasTable(table):
		d := diag.New(codeAlias, "no table in FROM is known as %q", fold(table))
		if near, ok := diag.Suggest(fold(table), s.input.tableNames()); ok {
			d.At(b.file, table.Span(), "did you mean %q?", near)
		} else {
			d.At(b.file, table.Span(), "not in FROM")
		}
		b.report(d)
		return
	case len(s.node.From) == 0:
		b.report(diag.New(codeStar, "* without FROM").At(b.file, star.Span(), "there are no columns"))
		return
	}
	used := make([]bool, len(star.Exclude))
	for i := range s.input.columns {
		c := &s.input.columns[i]
		if table == nil && c.hidden || table != nil && !matches(table, c.table) {
			continue
		}
		excluded := false
		for j, name := range star.Exclude {
			if matches(name, c.label) {
				excluded, used[j] = true, true
			}
		}
		if !excluded {
			s.items = append(s.items, &item{label: c.label, value: b.column(c.name, c.typ, star.Span()), span: star.Span()})
		}
	}
	for j, name := range star.Exclude {
		if used[j] || s.input.unknown {
			continue
		}
		labels := make([]string, len(s.input.columns))
		for i := range s.input.columns {
			labels[i] = s.input.columns[i].label
		}
		d := diag.New(codeColumn, "no column named %q to exclude", fold(name))
		if near, ok := diag.Suggest(fold(name), labels); ok {
			d.At(b.file, name.Span(), "did you mean %q?", near)
		} else {
			d.At(b.file, name.Span(), "no such column")
		}
		b.report(d)
	}
}

// finish projects the items, sorts, and takes DISTINCT.
func (s *selection) finish() *relation {
	b := s.binder
	result := &relation{unknown: s.input.unknown}
	var hints []string
	var values []*scalar
	named := map[uint32]string{} // computed expressions that have a column
	place := func(v *scalar, hint string) string {
		if v.code == ir.OpField {
			return v.name
		}
		if name := named[v.number]; name != "" && !v.bad() {
			return name
		}
		name := b.fresh(hint)
		hints, values = append(hints, name), append(values, v)
		if !v.bad() {
			named[v.number] = name
		}
		return name
	}
	for _, it := range s.items {
		v := it.value
		if v.code == ir.OpConst && (v.literal || s.node.Distinct && v.typ.Kind == ir.Null) {
			v = b.text(v)
		} else if v.code == ir.OpParameter && v.literal {
			// A parameter as a column: nothing asks for a type, and the end says so.
			v = b.null(ir.Of(ir.Null), v.span)
		}
		result.columns = append(result.columns, column{label: it.label, name: place(v, hintOf(it.label)), typ: v.typ})
	}
	shown := map[string]bool{}
	for i := range result.columns {
		shown[result.columns[i].name] = true
	}
	var keys []ir.SortKey
	for _, o := range s.order {
		if o.value.bad() {
			continue
		}
		if o.value.code == ir.OpConst {
			continue // the same in all rows
		}
		name := place(o.value, "order")
		if s.node.Distinct && !shown[name] {
			b.report(diag.New(codeOrdinal, "ORDER BY of SELECT DISTINCT is not a column of the result").
				At(b.file, o.span, "not in SELECT").
				Helpf("rows that are equal in SELECT may differ in it; add it to SELECT"))
		}
		if !slices.ContainsFunc(keys, func(k ir.SortKey) bool { return k.Column == name }) {
			keys = append(keys, o.key(name))
		}
	}
	if b.failed() {
		return result
	}
	result.value = s.input.value
	if len(values) > 0 {
		s.project(result, hints, values, keys)
	}
	if s.node.Distinct {
		b.distinct(result, s.node.Span())
	}
	b.sort(result, keys, s.node.Span())
	result.refresh()
	return result
}

// project computes expressions; columns that the result or its order needs go
// through.
func (s *selection) project(result *relation, names []string, values []*scalar, keys []ir.SortKey) {
	b := s.binder
	needed := map[string]bool{}
	for i := range result.columns {
		needed[result.columns[i].name] = true
	}
	for _, k := range keys {
		needed[k.Column] = true
	}
	var through []string
	var all []*scalar
	for _, f := range result.value.Type.Fields {
		if needed[f.Name] {
			through = append(through, f.Name)
			all = append(all, b.column(f.Name, f.Type, s.node.Span()))
		}
	}
	result.value = b.project(result.value, append(through, names...), append(all, values...), s.node.Span())
}
