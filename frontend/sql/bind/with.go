package bind

import (
	"slices"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// environment is the tables of WITH that can be named, the newest first.
type environment struct {
	table *ast.CommonTable
	outer *environment
	used  bool
}

// maxExpansions bounds how often tables of WITH are written out: n of them, each
// read twice by the next, are 2^n tables.
const maxExpansions = 500

// enter makes the tables of WITH known. The result undoes it.
func (b *binder) enterWith(q *ast.Query) (leave func()) {
	saved := b.with
	if q.Recursive && len(q.With) > 0 {
		b.notYet(q.With[0].Span(), "", "WITH RECURSIVE is")
	}
	with := q.With
	if b.tooMany(len(with), maxTables, "WITH", q.Span()) {
		with = with[:maxTables]
	}
	for i, table := range with {
		if slices.ContainsFunc(with[:i], func(c *ast.CommonTable) bool { return fold(c.Name) == fold(table.Name) }) {
			b.report(diag.New(codeDuplicate, "WITH names %q twice", fold(table.Name)).At(b.file, table.Name.Span(), "named before"))
		}
		b.with = &environment{table: table, outer: b.with}
	}
	return func() {
		for e := b.with; e != saved; e = e.outer {
			if !e.used && !q.Recursive {
				b.unused(e)
			}
		}
		b.with = saved
	}
}

// unused binds a table that nobody reads, for its mistakes alone.
func (b *binder) unused(e *environment) {
	saved := b.builder
	b.builder = ir.At(&ir.Block{})
	tables := len(b.module.Tables)
	b.expand(e)
	for _, t := range b.module.Tables[tables:] {
		delete(b.tables, t.Name)
	}
	b.module.Tables = b.module.Tables[:tables]
	b.builder = saved
}

// commonTable reads a table of WITH; nil when no such table is known.
func (b *binder) commonTable(t *ast.TableName) *relation {
	for e := b.with; e != nil; e = e.outer {
		if !matches(t.Parts[0], fold(e.table.Name)) {
			continue
		}
		e.used = true
		if b.expansions++; b.expansions > maxExpansions {
			if b.expansions == maxExpansions+1 {
				b.report(diag.New(codeTooMany, "tables of WITH are read more than %d times", maxExpansions).At(b.file, t.Span(), "the limit is reached here"))
			}
			return &relation{unknown: true}
		}
		return b.rename(b.expand(e), fold(e.table.Name), t.Alias, t.Span())
	}
	return nil
}

// expand binds the query of a table of WITH, which knows the tables before it.
func (b *binder) expand(e *environment) *relation {
	saved := b.with
	b.with = e.outer
	defer func() { b.with = saved }()
	r := b.query(e.table.Query)
	b.settle(r, e.table.Span())
	b.nameColumns(r, e.table.Columns, fold(e.table.Name))
	return r
}
