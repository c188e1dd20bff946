package bind

import (
	"slices"
	"strconv"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// groupBy binds the keys of GROUP BY.
func (s *selection) groupBy() {
	b, g := s.binder, s.node.GroupBy
	if g == nil {
		return
	}
	if g.All {
		for _, it := range s.items {
			s.lostKey = s.lostKey || it.value.bad()
			if !it.value.hasAgg && !it.value.bad() {
				s.keys = append(s.keys, it.value)
			}
		}
		return
	}
	if b.tooMany(len(g.Items), maxColumns, "GROUP BY", g.Span()) {
		s.lostKey = true
		return
	}
	for _, node := range g.Items {
		s.lostKey = s.lostKey || node.Kind != ast.GroupExpression
		switch node.Kind {
		case ast.GroupRollup:
			b.notYet(node.Span(), "", "ROLLUP is")
		case ast.GroupCube:
			b.notYet(node.Span(), "", "CUBE is")
		case ast.GroupSets:
			b.notYet(node.Span(), "", "GROUPING SETS is")
		default:
			s.groupItem(node.Expr)
		}
	}
}

func (s *selection) groupItem(e ast.Expr) {
	b := s.binder
	if row, ok := e.(*ast.Row); ok {
		for _, part := range row.Items {
			s.groupItem(part)
		}
		return
	}
	var key *scalar
	if at, isOrdinal := b.ordinal(e, len(s.items), "GROUP BY", s.input.unknown); isOrdinal {
		if at < 0 {
			s.lostKey = true
			return
		}
		key = s.items[at].value
	} else {
		key = b.text(b.within(s.scope(), e))
	}
	if key.hasAgg {
		b.report(diag.New(codeAggregate, "GROUP BY has an aggregate").At(b.file, e.Span(), "rows are not grouped yet"))
		s.lostKey = true
		return
	}
	if key = b.text(key); key.bad() {
		s.lostKey = true
		return
	}
	s.keys = append(s.keys, key)
}

// ordinal finds the item that a number in GROUP BY or ORDER BY means, from 0; -1
// when there is none, which it reports.
func (b *binder) ordinal(e ast.Expr, items int, clause string, unknown bool) (at int, is bool) {
	literal, ok := e.(*ast.Literal)
	if !ok || literal.Kind != ast.IntegerLiteral {
		return 0, false
	}
	n, err := strconv.Atoi(literal.Text)
	if err != nil || n < 1 || n > items {
		if !unknown {
			b.report(diag.New(codeOrdinal, "%s %s: the result has %d columns", clause, literal.Text, items).At(b.file, e.Span(), "1 is the first"))
		}
		return -1, true
	}
	return n - 1, true
}

// aggregates reports whether rows are grouped.
func (s *selection) aggregates() bool {
	if s.grouping || s.having != nil && s.having.hasAgg {
		return true
	}
	for _, it := range s.items {
		if it.value.hasAgg {
			return true
		}
	}
	return slices.ContainsFunc(s.order, func(o orderKey) bool { return o.value.hasAgg })
}

// grouper rewrites expressions over the rows of a group into expressions over the
// columns of an aggregation.
type grouper struct {
	binder     *binder
	keys       map[uint32]*scalar // keys, by the number of the expression
	columns    map[string]bool    // keys that are columns
	results    map[uint32]*scalar // aggregates
	aggregates []ir.Aggregate
	yields     []*scalar
	positions  map[uint32]int
	hint       string
	reported   map[diag.Span]bool // places of columns that are not grouped
	silent     bool               // a key is missing because of a mistake
	keyed      bool
}

// aggregate groups the rows and rewrites items, HAVING and ORDER BY.
func (s *selection) aggregate() {
	b := s.binder
	g := &grouper{
		binder: b, keys: map[uint32]*scalar{}, columns: map[string]bool{}, results: map[uint32]*scalar{},
		positions: map[uint32]int{}, reported: map[diag.Span]bool{}, silent: s.lostKey, keyed: len(s.keys) > 0,
	}
	names := s.keyColumns(g)
	rewritten := map[*scalar]*scalar{}
	for _, it := range s.items {
		g.hint = ""
		if it.value.code == opAggregate {
			g.hint = hintOf(it.label)
		}
		it.value = g.once(rewritten, it.value)
	}
	g.hint = ""
	if s.having != nil {
		s.having = g.once(rewritten, s.having)
	}
	for i := range s.order {
		s.order[i].value = g.once(rewritten, s.order[i].value)
	}
	if b.failed() {
		return
	}
	s.narrow(g, names)
	span := s.node.Span()
	if s.node.GroupBy != nil {
		span = s.node.GroupBy.Span()
	}
	b.builder.Span = span
	value := s.input.value
	s.input.value = b.builder.Build(ir.OpAggregate, []*ir.Value{value}, []*ir.Block{region(g.yields, value.Type.Row())},
		ir.Attr("keys", names), ir.Attr("aggregates", g.aggregates)).Result()
	if s.having != nil {
		b.filter(s.input, s.having)
	}
}

// keyColumns gives each key a column and lists the columns. Computed keys are added
// to the input later, by narrow.
func (s *selection) keyColumns(g *grouper) []string {
	b := s.binder
	names := []string{}
	for _, key := range s.keys {
		if key.bad() || g.keys[key.number] != nil {
			continue
		}
		name := key.name
		if key.code != ir.OpField {
			name = b.fresh(s.keyHint(key))
		} else {
			g.columns[name] = true
		}
		names = append(names, name)
		g.keys[key.number] = b.column(name, key.typ, key.span)
	}
	return names
}

func (s *selection) keyHint(key *scalar) string {
	for _, it := range s.items {
		if it.value.number == key.number {
			return hintOf(it.label)
		}
	}
	return ""
}

// narrow computes keys that are expressions, next to the columns that the
// aggregates read.
func (s *selection) narrow(g *grouper, names []string) {
	b := s.binder
	var computed []*scalar
	var computedNames []string
	seen := map[uint32]bool{}
	for _, key := range s.keys {
		if key.code != ir.OpField && !seen[key.number] {
			seen[key.number] = true
			computed = append(computed, key)
			computedNames = append(computedNames, g.keys[key.number].name)
		}
	}
	if len(computed) == 0 {
		return
	}
	needed := map[string]bool{}
	for _, name := range names {
		needed[name] = true
	}
	for _, y := range g.yields {
		y.fields(needed)
	}
	var through []string
	var all []*scalar
	for _, f := range s.input.value.Type.Fields {
		if needed[f.Name] {
			through = append(through, f.Name)
			all = append(all, b.column(f.Name, f.Type, s.node.Span()))
		}
	}
	s.input.value = b.project(s.input.value, append(through, computedNames...), append(all, computed...), s.node.GroupBy.Span())
}

// fields collects the columns that an expression reads.
func (s *scalar) fields(into map[string]bool) {
	if s.code == ir.OpField {
		into[s.name] = true
	}
	for _, operand := range s.operands {
		if operand != nil {
			operand.fields(into)
		}
	}
}

// once rewrites a tree that may stand at several places.
func (g *grouper) once(done map[*scalar]*scalar, v *scalar) *scalar {
	if r := done[v]; r != nil {
		return r
	}
	r := g.rewrite(v)
	done[v] = r
	return r
}

func (g *grouper) rewrite(v *scalar) *scalar {
	if v.bad() {
		return v
	}
	if key := g.keys[v.number]; key != nil {
		return key
	}
	switch v.code {
	case ir.OpField:
		if !g.columns[v.name] {
			g.ungrouped(v)
			return g.binder.badAt(v.span)
		}
		return v
	case opAggregate:
		return g.aggregate(v)
	default: // its operands are looked at
	}
	if len(v.operands) == 0 {
		return v
	}
	operands := make([]*scalar, len(v.operands))
	changed := false
	for i, operand := range v.operands {
		operands[i] = g.rewrite(operand)
		changed = changed || operands[i] != operand
	}
	if !changed {
		return v
	}
	for _, operand := range operands {
		if operand.bad() {
			return g.binder.badAt(v.span)
		}
	}
	return g.binder.rebuild(v, operands)
}

func (g *grouper) ungrouped(v *scalar) {
	if g.silent || g.reported[v.span] {
		return // a star stands for many columns
	}
	g.reported[v.span] = true
	b := g.binder
	name := b.file.Text[v.span.Start:v.span.End]
	if name == "*" || name == "" {
		name = v.name
	}
	d := diag.New(codeUngrouped, "%s is neither grouped nor aggregated", name).
		At(b.file, v.span, "may have several values in a group")
	if g.keyed {
		d.Helpf("add it to GROUP BY").Helpf("or choose a value: any_value(%s), min(%s), max(%s)", name, name, name)
	} else {
		d.Helpf("group the rows: GROUP BY %s", name).Helpf("or choose a value: any_value(%s), min(%s), max(%s)", name, name, name)
	}
	b.report(d)
}

// aggregate gives the column of an aggregate.
func (g *grouper) aggregate(v *scalar) *scalar {
	if known := g.results[v.number]; known != nil {
		return known
	}
	a := ir.Aggregate{Function: v.function, Distinct: v.flag, Argument: -1, Filter: -1}
	if v.operands[0] != nil {
		a.Argument = g.yield(v.operands[0])
	}
	if v.operands[1] != nil {
		a.Filter = g.yield(v.operands[1])
	}
	hint := v.function.String()
	if g.hint != "" {
		hint = g.hint // an item that is an aggregate gives it its name
	}
	a.Name = g.binder.fresh(hint)
	g.aggregates = append(g.aggregates, a)
	result := g.binder.column(a.Name, v.typ, v.span)
	g.results[v.number] = result
	return result
}

func (g *grouper) yield(v *scalar) int {
	at, known := g.positions[v.number]
	if !known {
		at = len(g.yields)
		g.positions[v.number] = at
		g.yields = append(g.yields, v)
	}
	return at
}
