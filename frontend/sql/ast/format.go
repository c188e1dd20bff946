package ast

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/heddle-lang/heddle/frontend/sql/lexer"
)

// Format prints a tree as SQL on one line. The text parses to the same tree but
// for spans. Nodes that stand for unreadable text print as <bad …>, which does
// not parse.
func Format(node Node) string {
	p := &printer{}
	p.node(node)
	return p.String()
}

type printer struct{ strings.Builder }

func (p *printer) write(parts ...string) {
	for _, part := range parts {
		p.WriteString(part)
	}
}

func (p *printer) node(node Node) {
	switch node := node.(type) {
	case *File:
		for i, statement := range node.Statements {
			if i > 0 {
				p.write("\n")
			}
			p.node(statement)
			p.write(";")
		}
	case Statement:
		p.statement(node)
	case QueryExpr:
		p.queryExpr(node, 0)
	case TableExpr:
		p.table(node)
	case Expr:
		p.expr(node, powerNone)
	case *Ident:
		p.ident(node)
	case *SelectItem:
		p.selectItem(node)
	case *CommonTable:
		p.commonTable(node)
	case *GroupBy:
		p.groupBy(node)
	case *GroupItem:
		p.groupItem(node)
	case *OrderItem:
		p.orderItem(node)
	case *NamedWindow:
		p.ident(node.Name)
		p.write(" AS ")
		p.window(node.Window)
	case *Window:
		p.window(node)
	case *Frame:
		p.frame(node)
	case *Alias:
		p.alias(node)
	case *When:
		p.when(node)
	case *TypeName:
		p.typeName(node)
	case *TypeField:
		p.typeField(node)
	default:
		panic(fmt.Sprintf("BUG: no format for %T", node))
	}
}

func (p *printer) statement(statement Statement) {
	switch s := statement.(type) {
	case *QueryStatement:
		p.query(s.Query)
	case *Explain:
		p.write("EXPLAIN ")
		if s.Analyze {
			p.write("ANALYZE ")
		}
		p.statement(s.Statement)
	case *BadStatement:
		p.write("<bad statement>")
	default:
		panic(fmt.Sprintf("BUG: no format for %T", s))
	}
}

// list prints nodes with commas between them.
func list[N any](p *printer, nodes []N, print func(N)) {
	for i, node := range nodes {
		if i > 0 {
			p.write(", ")
		}
		print(node)
	}
}

func (p *printer) exprs(exprs []Expr) { list(p, exprs, func(e Expr) { p.expr(e, powerNone) }) }

func (p *printer) orderItems(items []*OrderItem) { list(p, items, p.orderItem) }

func (p *printer) idents(idents []*Ident) { list(p, idents, p.ident) }

func (p *printer) ident(ident *Ident) {
	if ident.Quoted || !isPlain(ident.Name) {
		p.write(`"`, strings.ReplaceAll(ident.Name, `"`, `""`), `"`)
		return
	}
	p.write(ident.Name)
}

// dotted prints a.b.c. Behind a point reserved words are names.
func (p *printer) dotted(parts []*Ident) {
	for i, part := range parts {
		if i == 0 {
			p.ident(part)
			continue
		}
		p.field(part)
	}
}

// field prints .name.
func (p *printer) field(name *Ident) {
	p.write(".")
	if !name.Quoted && lexer.IsReserved(name.Name) {
		p.write(name.Name)
		return
	}
	p.ident(name)
}

// isPlain reports whether a name can stand without quotes.
func isPlain(name string) bool {
	scanner := lexer.NewScanner(name)
	kind, value, _ := scanner.Scan()
	return kind == lexer.Identifier && value == name
}

func (p *printer) query(q *Query) {
	if len(q.With) > 0 {
		p.write("WITH ")
		if q.Recursive {
			p.write("RECURSIVE ")
		}
		list(p, q.With, p.commonTable)
		p.write(" ")
	}
	if inner, ok := q.Body.(*Query); ok {
		p.write("(")
		p.query(inner)
		p.write(")")
	} else {
		p.queryExpr(q.Body, 0)
	}
	if len(q.OrderBy) > 0 {
		p.write(" ORDER BY ")
		p.orderItems(q.OrderBy)
	}
	if q.WithTies {
		p.write(" FETCH FIRST ")
		p.expr(q.Limit, powerNone)
		p.write(" ROWS WITH TIES")
	} else {
		p.clause(" LIMIT ", q.Limit)
	}
	p.clause(" OFFSET ", q.Offset)
}

func (p *printer) commonTable(c *CommonTable) {
	p.ident(c.Name)
	if len(c.Columns) > 0 {
		p.write(" (")
		p.idents(c.Columns)
		p.write(")")
	}
	p.write(" AS ")
	switch c.Materialized {
	case MaterializedYes:
		p.write("MATERIALIZED ")
	case MaterializedNo:
		p.write("NOT MATERIALIZED ")
	case MaterializedDefault: // is not written
	}
	p.write("(")
	p.query(c.Query)
	p.write(")")
}

// clause prints a keyword and an expression, unless the expression is nil.
func (p *printer) clause(keyword string, expr Expr) {
	if expr != nil {
		p.write(keyword)
		p.expr(expr, powerNone)
	}
}

// queryExpr prints an operand of set operations; power is how tight the
// operation around it binds.
func (p *printer) queryExpr(query QueryExpr, power int) {
	switch q := query.(type) {
	case *Query:
		if power > 0 {
			p.write("(")
			defer p.write(")")
		}
		p.query(q)
	case *Select:
		p.selection(q)
	case *Values:
		p.write("VALUES ")
		list(p, q.Rows, func(row *Row) { p.row(row) })
	case *SetOperation:
		own := 1
		if q.Operator == Intersect {
			own = 2
		}
		if own < power {
			p.write("(")
			defer p.write(")")
		}
		p.queryExpr(q.Left, own)
		p.write([]string{" UNION", " EXCEPT", " INTERSECT"}[q.Operator])
		if q.All {
			p.write(" ALL")
		}
		if q.ByName {
			p.write(" BY NAME")
		}
		p.write(" ")
		p.queryExpr(q.Right, own+1)
	case *BadQuery:
		p.write("<bad query>")
	default:
		panic(fmt.Sprintf("BUG: no format for %T", q))
	}
}

func (p *printer) row(row *Row) {
	p.write("(")
	p.exprs(row.Items)
	p.write(")")
}

func (p *printer) selection(s *Select) {
	p.write("SELECT ")
	if s.Distinct {
		p.write("DISTINCT ")
		if len(s.DistinctOn) > 0 {
			p.write("ON (")
			p.exprs(s.DistinctOn)
			p.write(") ")
		}
	}
	list(p, s.Items, p.selectItem)
	if len(s.From) > 0 {
		p.write(" FROM ")
		list(p, s.From, p.table)
	}
	p.clause(" WHERE ", s.Where)
	if s.GroupBy != nil {
		p.write(" GROUP BY ")
		p.groupBy(s.GroupBy)
	}
	p.clause(" HAVING ", s.Having)
	if len(s.Windows) > 0 {
		p.write(" WINDOW ")
		list(p, s.Windows, func(w *NamedWindow) { p.node(w) })
	}
	p.clause(" QUALIFY ", s.Qualify)
}

func (p *printer) selectItem(item *SelectItem) {
	p.expr(item.Expr, powerNone)
	if item.Alias != nil {
		p.write(" AS ")
		if !item.Alias.Quoted && lexer.IsReserved(item.Alias.Name) {
			p.write(item.Alias.Name)
		} else {
			p.ident(item.Alias)
		}
	}
}

func (p *printer) groupBy(g *GroupBy) {
	if g.All {
		p.write("ALL")
		return
	}
	list(p, g.Items, p.groupItem)
}

func (p *printer) groupItem(item *GroupItem) {
	switch item.Kind {
	case GroupExpression:
		p.expr(item.Expr, powerNone)
		return
	case GroupRollup:
		p.write("ROLLUP (")
	case GroupCube:
		p.write("CUBE (")
	case GroupSets:
		p.write("GROUPING SETS (")
	}
	list(p, item.Items, p.groupItem)
	p.write(")")
}

func (p *printer) orderItem(item *OrderItem) {
	if item.All {
		p.write("ALL")
	} else {
		p.expr(item.Expr, powerNone)
	}
	if item.Descending {
		p.write(" DESC")
	}
	switch item.Nulls {
	case NullsFirst:
		p.write(" NULLS FIRST")
	case NullsLast:
		p.write(" NULLS LAST")
	case NullsDefault: // is not written
	}
}

func (p *printer) window(w *Window) {
	if w.Bare {
		p.ident(w.Name)
		return
	}
	p.write("(")
	separator := ""
	if w.Name != nil {
		p.ident(w.Name)
		separator = " "
	}
	if len(w.PartitionBy) > 0 {
		p.write(separator, "PARTITION BY ")
		p.exprs(w.PartitionBy)
		separator = " "
	}
	if len(w.OrderBy) > 0 {
		p.write(separator, "ORDER BY ")
		p.orderItems(w.OrderBy)
		separator = " "
	}
	if w.Frame != nil {
		p.write(separator)
		p.frame(w.Frame)
	}
	p.write(")")
}

func (p *printer) frame(f *Frame) {
	p.write([]string{"ROWS", "RANGE", "GROUPS"}[f.Unit], " BETWEEN ")
	p.bound(f.Start)
	p.write(" AND ")
	p.bound(f.End)
	p.write([]string{"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}[f.Exclude])
}

func (p *printer) bound(b FrameBound) {
	switch b.Kind {
	case UnboundedPreceding:
		p.write("UNBOUNDED PRECEDING")
	case UnboundedFollowing:
		p.write("UNBOUNDED FOLLOWING")
	case CurrentRow:
		p.write("CURRENT ROW")
	case Preceding:
		p.expr(b.Offset, powerAnd)
		p.write(" PRECEDING")
	case Following:
		p.expr(b.Offset, powerAnd)
		p.write(" FOLLOWING")
	}
}

func (p *printer) alias(a *Alias) {
	if a == nil {
		return
	}
	p.write(" AS ")
	p.ident(a.Name)
	if len(a.Columns) > 0 {
		p.write(" (")
		p.idents(a.Columns)
		p.write(")")
	}
}

func (p *printer) table(table TableExpr) {
	switch t := table.(type) {
	case *TableName:
		p.dotted(t.Parts)
		p.alias(t.Alias)
	case *FileTable:
		p.text(t.Path)
		p.alias(t.Alias)
	case *TableFunction:
		p.lateral(t.Lateral)
		p.call(t.Call)
		if t.WithOrdinality {
			p.write(" WITH ORDINALITY")
		}
		p.alias(t.Alias)
	case *DerivedTable:
		p.lateral(t.Lateral)
		p.write("(")
		p.query(t.Query)
		p.write(")")
		p.alias(t.Alias)
	case *Join:
		p.join(t)
	case *BadTable:
		p.write("<bad table>")
	default:
		panic(fmt.Sprintf("BUG: no format for %T", t))
	}
}

func (p *printer) lateral(lateral bool) {
	if lateral {
		p.write("LATERAL ")
	}
}

func (p *printer) join(j *Join) {
	p.table(j.Left)
	if j.Natural {
		p.write(" NATURAL")
	}
	p.write([]string{" JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN ", " CROSS JOIN "}[j.Kind])
	if _, nested := j.Right.(*Join); nested {
		p.write("(")
		p.table(j.Right)
		p.write(")")
	} else {
		p.table(j.Right)
	}
	p.clause(" ON ", j.On)
	if len(j.Using) > 0 {
		p.write(" USING (")
		p.idents(j.Using)
		p.write(")")
	}
}

func (p *printer) typeName(t *TypeName) {
	name, suffix := t.Name, ""
	for _, zone := range []string{" with time zone", " without time zone"} {
		if base, ok := strings.CutSuffix(name, zone); ok && (base == "time" || base == "timestamp") {
			name, suffix = base, zone
		}
	}
	switch {
	case isPlain(name) && name == strings.ToLower(name):
		p.write(name)
	case name == "double precision", strings.HasSuffix(name, " varying"):
		p.write(name)
	default:
		p.write(`"`, strings.ReplaceAll(name, `"`, `""`), `"`)
	}
	if len(t.Modifiers)+len(t.Arguments) > 0 {
		p.write("(")
		list(p, t.Modifiers, func(m int64) { p.write(strconv.FormatInt(m, 10)) })
		if len(t.Modifiers) > 0 && len(t.Arguments) > 0 {
			p.write(", ")
		}
		list(p, t.Arguments, p.typeField)
		p.write(")")
	}
	p.write(suffix, strings.Repeat("[]", t.Dimensions))
}

func (p *printer) typeField(f *TypeField) {
	if f.Name != nil {
		p.ident(f.Name)
		p.write(" ")
	}
	p.typeName(f.Type)
}
