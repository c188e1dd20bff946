package bind

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/heddle-lang/heddle/frontend/catalog"
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// from binds FROM. Tables separated by commas are cross joins.
func (b *binder) from(tables []ast.TableExpr, span diag.Span) *relation {
	if len(tables) == 0 {
		return b.single(span)
	}
	if b.tooMany(len(tables), maxTables, "FROM", span) {
		return &relation{unknown: true}
	}
	var result *relation
	for _, t := range tables {
		r := b.table(t)
		if result == nil {
			result = r
			continue
		}
		b.checkNames(result, r)
		result = b.join(ir.InnerJoin, result, r, nil, t.Span())
	}
	return result
}

// checkNames complains when two tables are known by one name.
func (b *binder) checkNames(left, right *relation) {
	names := left.tableNames()
	for i := range right.columns {
		c := &right.columns[i]
		if c.table == "" || !slices.Contains(names, c.table) || i > 0 && right.columns[i-1].table == c.table {
			continue
		}
		d := diag.New(codeAlias, "two tables in FROM are known as %q", c.table).
			At(b.file, c.span, "give it another name: %s AS ...", c.table)
		for j := range left.columns {
			if left.columns[j].table == c.table {
				d.Label(b.file, left.columns[j].span, "the first")
				break
			}
		}
		b.report(d)
		return
	}
}

func (b *binder) table(t ast.TableExpr) *relation {
	switch t := t.(type) {
	case *ast.TableName:
		return b.tableName(t)
	case *ast.FileTable:
		return b.fileTable(t)
	case *ast.DerivedTable:
		if t.Lateral {
			b.notYet(t.Span(), "", "LATERAL is")
			return &relation{unknown: true}
		}
		r := b.query(t.Query)
		b.settle(r, t.Span())
		return b.rename(r, "", t.Alias, t.Span())
	case *ast.Join:
		return b.joinTables(t)
	case *ast.TableFunction:
		b.notYet(t.Span(), "", "functions in FROM are")
	case *ast.BadTable:
		b.silent = true
	}
	return &relation{unknown: true}
}

// rename gives the columns of a table the name by which it is known.
func (b *binder) rename(r *relation, name string, alias *ast.Alias, span diag.Span) *relation {
	if alias != nil {
		name = fold(alias.Name)
		span = alias.Name.Span()
	}
	for i := range r.columns {
		c := &r.columns[i]
		c.table, c.span, c.hidden = name, span, false
	}
	if alias == nil || len(alias.Columns) == 0 {
		return r
	}
	b.nameColumns(r, alias.Columns, name)
	return r
}

// nameColumns gives the first columns new names.
func (b *binder) nameColumns(r *relation, names []*ast.Ident, table string) {
	if len(names) > len(r.columns) && !r.unknown {
		b.report(diag.New(codeColumns, "%d names for the %d columns of %q", len(names), len(r.columns), table).
			At(b.file, names[len(r.columns)].Span(), "there is no such column"))
		return
	}
	for i, name := range names {
		if i < len(r.columns) {
			r.columns[i].label = fold(name)
		}
	}
}

func (b *binder) tableName(t *ast.TableName) *relation {
	name := t.Parts[len(t.Parts)-1]
	if len(t.Parts) == 1 {
		if r := b.commonTable(t); r != nil {
			return r
		}
	} else if slices.Contains(fileEndings, fold(name)) {
		path := b.source(t.Parts[0].Span().Cover(name.Span()))
		b.report(diag.New(catalog.ErrNoSuchTable, "no table is named %q", path).
			At(b.file, t.Parts[0].Span().Cover(name.Span()), "the name of a file?").
			Helpf("a file is read by its name in single quotes: FROM '%s'", path))
		return &relation{unknown: true}
	} else if schema := fold(t.Parts[len(t.Parts)-2]); len(t.Parts) > 2 || schema != "main" && schema != "public" {
		b.notYet(t.Span(), "", "schemas other than main are")
		return &relation{unknown: true}
	}
	known := b.catalog.Tables()
	at := slices.Index(known, fold(name))
	if at < 0 {
		at = slices.IndexFunc(known, func(k string) bool { return matches(name, k) })
	}
	if at < 0 {
		b.noTable(name, known)
		return &relation{unknown: true}
	}
	table, err := b.catalog.Table(b.ctx, known[at])
	if err != nil {
		b.catalogError(err, name.Span())
		return &relation{unknown: true}
	}
	alias := known[at]
	if t.Alias != nil {
		alias = fold(t.Alias.Name)
	}
	r := b.scan(b.use(table), alias, t.Span())
	return b.rename(r, alias, t.Alias, t.Span())
}

// fileEndings are the ends of names that look like files.
var fileEndings = []string{"parquet", "csv", "tsv", "json", "ndjson", "jsonl", "arrow", "feather"}

func (b *binder) noTable(name *ast.Ident, known []string) {
	d := diag.New(catalog.ErrNoSuchTable, "no table is named %q", fold(name))
	candidates := slices.Clone(known)
	for e := b.with; e != nil; e = e.outer {
		candidates = append(candidates, fold(e.table.Name))
	}
	near, ok := diag.Suggest(fold(name), candidates)
	switch {
	case ok:
		d.At(b.file, name.Span(), "did you mean %q?", near).Fix(b.file, name.Span(), ir.QuoteName(near), "write %s", near)
	default:
		d.At(b.file, name.Span(), "no such table")
		if len(known) == 0 {
			d.Note("the database has no tables")
		}
	}
	b.report(d)
}

func (b *binder) fileTable(t *ast.FileTable) *relation {
	table, err := b.catalog.File(b.ctx, t.Path)
	if err != nil {
		b.catalogError(err, t.Span())
		return &relation{unknown: true}
	}
	if slices.Contains(b.catalog.Tables(), table.Name) {
		// Programs know tables and files by one name.
		b.report(diag.New(codeAlias, "%q is the name of a table and of a file", table.Name).
			At(b.file, t.Span(), "the file").
			Helpf("write the path so that it differs: './%s'; without quotes it is the table", t.Path))
		return &relation{unknown: true}
	}
	alias := strings.ToLower(strings.TrimSuffix(path.Base(t.Path), path.Ext(t.Path)))
	if t.Alias != nil {
		alias = fold(t.Alias.Name)
	}
	return b.rename(b.scan(b.use(table), alias, t.Span()), alias, t.Alias, t.Span())
}

// catalogError puts the place into what the catalog says.
func (b *binder) catalogError(err error, span diag.Span) {
	var known *diag.Diagnostic
	if !errors.As(err, &known) {
		known = diag.New(catalog.ErrNoSuchTable, "the table cannot be read: %v", err)
	}
	d := *known
	d.Labels = append(slices.Clone(known.Labels), diag.Label{File: b.file, Span: span, Message: "read here", Primary: true})
	b.report(&d)
}

// use adds a table to the module.
func (b *binder) use(table *ir.Table) *ir.Table {
	if known := b.tables[table.Name]; known != nil {
		return known
	}
	own := *table
	own.Columns = slices.Clone(table.Columns)
	b.tables[table.Name] = &own
	b.module.Tables = append(b.module.Tables, &own)
	return &own
}

var joinKinds = map[ast.JoinKind]ir.JoinKind{
	ast.InnerJoin: ir.InnerJoin, ast.CrossJoin: ir.InnerJoin, ast.LeftJoin: ir.LeftJoin, ast.RightJoin: ir.RightJoin, ast.FullJoin: ir.FullJoin,
}

func (b *binder) joinTables(j *ast.Join) *relation {
	left, right := b.table(j.Left), b.table(j.Right)
	b.checkNames(left, right)
	kind := joinKinds[j.Kind]
	switch {
	case j.Natural || len(j.Using) > 0:
		return b.joinUsing(j, kind, left, right)
	case j.On == nil:
		return b.join(kind, left, right, nil, j.Span())
	}
	condition := b.condition(b.within(&scope{relation: beside(left, right), place: "ON"}, j.On), "ON")
	return b.join(kind, left, right, condition, j.On.Span())
}

// merged is a column of both sides of a join.
type merged struct{ left, right *column }

// joinUsing joins on equal columns and shows each pair as one column, before all
// others.
func (b *binder) joinUsing(j *ast.Join, kind ir.JoinKind, left, right *relation) *relation {
	var pairs []merged
	if j.Natural {
		for i := range left.columns {
			l := &left.columns[i]
			name := &ast.Ident{Base: ast.At(j.Span()), Name: l.label, Quoted: true}
			if found := right.find(nil, name); len(found) > 0 && !l.hidden {
				pairs = append(pairs, merged{l, b.only(right, name, "right")})
				b.only(left, name, "left")
			}
		}
	}
	for i, name := range j.Using {
		for _, earlier := range j.Using[:i] {
			if fold(earlier) == fold(name) {
				b.report(diag.New(codeDuplicate, "USING names %q twice", fold(name)).At(b.file, name.Span(), "named before"))
			}
		}
		l, r := b.only(left, name, "left"), b.only(right, name, "right")
		if l != nil && r != nil {
			pairs = append(pairs, merged{l, r})
		}
	}
	var equal []*scalar
	for _, p := range pairs {
		if p.left == nil || p.right == nil {
			continue
		}
		span := j.Span()
		equal = append(equal, b.compare(ir.OpEqual, b.column(p.left.name, p.left.typ, span), b.column(p.right.name, p.right.typ, span), span))
	}
	var condition *scalar
	switch len(equal) {
	case 0:
	case 1:
		condition = equal[0]
	default:
		condition = b.op(ir.OpAnd, j.Span(), equal...)
	}
	result := b.join(kind, left, right, condition, j.Span())
	if condition != nil && condition.bad() || len(pairs) == 0 {
		return result
	}
	return b.merge(result, kind, pairs, j.Span())
}

// only finds the one column of a side of a join that a name means.
func (b *binder) only(r *relation, name *ast.Ident, side string) *column {
	found := r.find(nil, name)
	if len(found) == 1 {
		return found[0]
	}
	switch {
	case len(found) > 1:
		b.report(diag.New(codeAmbiguous, "%q is ambiguous on the %s side of the join", fold(name), side).At(b.file, name.Span(), "%d columns have this name", len(found)))
	case !r.unknown:
		labels := make([]string, len(r.columns))
		for i := range r.columns {
			labels[i] = r.columns[i].label
		}
		d := diag.New(codeColumn, "no column named %q on the %s side of the join", fold(name), side)
		if near, ok := diag.Suggest(fold(name), labels); ok {
			d.At(b.file, name.Span(), "did you mean %q?", near)
		} else {
			d.At(b.file, name.Span(), "no such column")
		}
		b.report(d)
	}
	return nil
}

// merge shows pairs as one column: of the side that has all rows, or of both where
// neither has.
func (b *binder) merge(r *relation, kind ir.JoinKind, pairs []merged, span diag.Span) *relation {
	byName := func(c *column) *column {
		for i := range r.columns {
			if r.columns[i].name == c.name {
				return &r.columns[i]
			}
		}
		panic("BUG: a join lost the column " + c.name)
	}
	var shown []column
	for _, p := range pairs {
		if p.left == nil || p.right == nil {
			continue
		}
		l, right := byName(p.left), byName(p.right)
		l.hidden, right.hidden = true, true
		kept, lv, rv := *l, b.column(l.name, l.typ, span), b.column(right.name, right.typ, span)
		if kind == ir.RightJoin {
			kept, lv, rv = *right, rv, lv
		}
		t, _ := commonOf([]*scalar{lv, rv})
		if kind == ir.FullJoin || !t.Same(kept.typ) {
			value := b.coerce(lv, t)
			if kind == ir.FullJoin {
				value = b.op(ir.OpIf, span, b.op(ir.OpIsNull, span, lv), b.coerce(rv, t), value)
			}
			kept.name = b.extend(r, []string{hintOf(kept.label)}, []*scalar{value}, span)[0]
			kept.typ = value.typ
		}
		kept.table, kept.hidden = "", false
		shown = append(shown, kept)
	}
	r.columns = append(shown, r.columns...)
	r.refresh()
	return r
}
