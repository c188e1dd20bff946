package bind

import (
	"slices"
	"strings"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// scope says what names mean in an expression.
type scope struct {
	relation *relation
	// aliases gives the meaning of a name of SELECT, nil where such names are not
	// known. It is asked after the columns.
	aliases func(*ast.Ident) *scalar
	// later are names of SELECT that are not known yet; they only explain mistakes.
	later []*ast.SelectItem
	// grouped says that no group of rows is empty, because there are keys.
	grouped bool
	// place names the clause when aggregates must not stand in it.
	place string
}

// fold is a name as it counts: in lower case unless quoted.
func fold(i *ast.Ident) string {
	if i.Quoted {
		return i.Name
	}
	return strings.ToLower(i.Name)
}

// matches reports whether a name that was written means a name that exists.
func matches(i *ast.Ident, name string) bool {
	if i.Quoted {
		return i.Name == name
	}
	return strings.EqualFold(i.Name, name)
}

// find lists the columns that a name fits.
func (r *relation) find(table, name *ast.Ident) []*column {
	var found []*column
	for i := range r.columns {
		c := &r.columns[i]
		if table == nil && c.hidden || !matches(name, c.label) || table != nil && !matches(table, c.table) {
			continue
		}
		found = append(found, c)
	}
	return found
}

// hasTable reports whether a table of the relation is known by a name.
func (r *relation) hasTable(table *ast.Ident) bool {
	for i := range r.columns {
		if matches(table, r.columns[i].table) {
			return true
		}
	}
	return false
}

// tableNames lists the names of tables, each once.
func (r *relation) tableNames() []string {
	var names []string
	for i := range r.columns {
		if t := r.columns[i].table; t != "" && !slices.Contains(names, t) {
			names = append(names, t)
		}
	}
	return names
}

// reference binds a column.
func (b *binder) reference(e *ast.ColumnRef) *scalar {
	name := e.Parts[len(e.Parts)-1]
	var table *ast.Ident
	if len(e.Parts) > 1 {
		table = e.Parts[len(e.Parts)-2]
	}
	if b.scope == nil || b.scope.relation == nil {
		b.report(diag.New(codeColumn, "a column cannot stand here").At(b.file, e.Span(), "only constants are known here"))
		return b.badAt(e.Span())
	}
	r := b.scope.relation
	found := r.find(table, name)
	switch {
	case len(found) == 1:
		return b.column(found[0].name, found[0].typ, e.Span())
	case len(found) > 1:
		return b.ambiguous(e, found)
	case table == nil && b.scope.aliases != nil:
		if s := b.scope.aliases(name); s != nil {
			return s
		}
	}
	if r.unknown {
		return b.badAt(e.Span())
	}
	b.noColumn(e, table, name)
	return b.badAt(e.Span())
}

func (b *binder) ambiguous(e *ast.ColumnRef, found []*column) *scalar {
	name := fold(e.Parts[len(e.Parts)-1])
	var options []string
	d := diag.New(codeAmbiguous, "%q is ambiguous", name)
	for _, c := range found {
		if option := c.table + "." + c.label; c.table != "" && !slices.Contains(options, option) {
			options = append(options, option)
		}
	}
	const most = 4
	switch {
	case len(options) > 1 && len(options) <= most:
		d.At(b.file, e.Span(), "%s?", strings.Join(options, " or "))
		for _, option := range options {
			d.Fix(b.file, e.Span(), option, "write %s", option)
		}
	default:
		d.At(b.file, e.Span(), "%d columns have this name", len(found))
	}
	for i, c := range found {
		if i < 2 && c.span != (diag.Span{}) && (i == 0 || c.span != found[0].span) {
			d.Label(b.file, c.span, "it has a column %q", c.label)
		}
	}
	b.report(d)
	return b.badAt(e.Span())
}

// noColumn explains a name that fits nothing.
func (b *binder) noColumn(e *ast.ColumnRef, table, name *ast.Ident) {
	r := b.scope.relation
	if table != nil && !r.hasTable(table) {
		d := diag.New(codeAlias, "no table in FROM is known as %q", fold(table))
		tables := r.tableNames()
		if near, ok := diag.Suggest(fold(table), tables); ok {
			d.At(b.file, table.Span(), "did you mean %q?", near).Fix(b.file, table.Span(), near, "write %s", near)
		} else {
			d.At(b.file, table.Span(), "not in FROM")
		}
		if len(tables) > 0 && len(tables) <= 8 {
			d.Note("FROM has %s", strings.Join(tables, ", "))
		}
		b.report(d)
		return
	}
	var candidates []string
	for i := range r.columns {
		if c := &r.columns[i]; table == nil && !c.hidden || table != nil && matches(table, c.table) {
			candidates = append(candidates, c.label)
		}
	}
	where := ""
	tables := r.tableNames()
	switch {
	case table != nil:
		where = " in " + fold(table)
	case len(tables) == 1:
		where = " in " + tables[0]
	}
	d := diag.New(codeColumn, "no column named %q%s", fold(name), where)
	near, ok := diag.Suggest(fold(name), candidates)
	switch {
	case ok:
		d.At(b.file, name.Span(), "did you mean %q?", near).Fix(b.file, name.Span(), ir.QuoteName(near), "write %s", near)
		if where == "" {
			for i := range r.columns {
				if c := &r.columns[i]; c.label == near && c.table != "" {
					d.Note("%s is a column of %s", near, c.table)
					break
				}
			}
		}
	case len(r.columns) == 0:
		d.At(b.file, e.Span(), "there is no FROM")
	default:
		d.At(b.file, name.Span(), "no such column")
	}
	if table == nil && name.Quoted && !ok {
		d.Helpf("a string stands in single quotes: '%s'", name.Name)
	}
	for _, item := range b.scope.later {
		if table == nil && item.Alias != nil && matches(name, fold(item.Alias)) {
			before := "SELECT"
			if b.scope.place != "" {
				before = b.scope.place
			}
			d.Label(b.file, item.Alias.Span(), "named here, not known in %s", before).
				Helpf("repeat the expression, or name it in a query in FROM")
			break
		}
	}
	b.report(d)
}

// within binds an expression in a scope.
func (b *binder) within(s *scope, e ast.Expr) *scalar {
	saved, call := b.scope, b.call
	b.scope, b.call = s, nil
	defer func() { b.scope, b.call = saved, call }()
	return b.expression(e)
}
