package bind

import (
	"context"

	"github.com/heddle-lang/heddle/frontend/catalog"
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// Query is the name of the flow that Bind makes.
const Query = "query"

// Options may be zero.
type Options struct {
	// Parameters are the types of $1, $2 and so on where the caller knows them. The
	// others take the type that their first place asks for.
	Parameters []ir.Type
}

// Bind gives meaning to a statement of a file. The module has the tables that the
// statement reads, with all of their columns, its parameters, and one flow named
// Query. When the list has errors the module is nil. EXPLAIN is bound as the
// statement that it explains.
//
// Nodes of the tree that stand for unreadable text are passed over in silence: the
// parser has complained. Bind is safe for concurrent use and keeps nothing.
func Bind(ctx context.Context, file *diag.File, statement ast.Statement, tables catalog.Catalog, options Options) (*ir.Module, diag.List) {
	b := &binder{
		ctx: ctx, file: file, catalog: tables, module: &ir.Module{},
		names: map[string]int{}, numbers: map[nodeKey]uint32{}, tables: map[string]*ir.Table{},
	}
	for _, t := range options.Parameters {
		b.parameters = append(b.parameters, parameter{typ: t.WithNull(true)})
	}
	inner, _, _ := Explained(statement)
	query, ok := inner.(*ast.QueryStatement)
	if !ok {
		b.silent = true // BadStatement
		return nil, nil
	}
	body := &ir.Block{}
	b.builder = ir.At(body)
	result := b.statement(query.Query)
	b.finishParameters()
	if b.failed() {
		b.list.Sort()
		return nil, b.list
	}
	columns, labels := make([]string, len(result.columns)), make([]string, len(result.columns))
	fields := make([]ir.Field, len(columns))
	for i := range result.columns {
		c := &result.columns[i]
		columns[i], labels[i] = c.name, c.label
		fields[i] = ir.Field{Name: c.name, Type: c.typ}
	}
	b.builder.Span = query.Query.Span()
	b.builder.Op(ir.OpReturn, []*ir.Value{result.value}, ir.Attr("columns", columns), ir.Attr("labels", labels))
	b.module.Functions = []*ir.Function{{Name: Query, Level: ir.FlowLevel, Body: body, Results: []ir.Type{ir.BagType(fields...)}}}
	for i := range b.parameters {
		b.module.Parameters = append(b.module.Parameters, ir.Parameter{Type: b.parameters[i].typ})
	}
	return b.module, b.list
}

// Explained takes EXPLAIN and EXPLAIN ANALYZE off a statement.
func Explained(statement ast.Statement) (inner ast.Statement, explain, analyze bool) {
	for {
		e, ok := statement.(*ast.Explain)
		if !ok {
			return statement, explain, analyze
		}
		explain, analyze, statement = true, analyze || e.Analyze, e.Statement
	}
}

// binder binds one statement.
type binder struct {
	ctx     context.Context
	file    *diag.File
	catalog catalog.Catalog
	module  *ir.Module
	builder *ir.Builder
	list    diag.List
	errors  int
	silent  bool // unreadable text was met: no module, and the parser has said why

	names      map[string]int // column names of the flow, by hint
	numbers    map[nodeKey]uint32
	tables     map[string]*ir.Table // of the module, by what was asked for
	parameters []parameter
	with       *environment
	expansions int

	// The expression that is being bound.
	scope *scope
	call  *callContext // the innermost aggregate, nil for none
}

// maxErrors bounds the list; more help nobody.
const maxErrors = 100

// report adds a diagnostic.
func (b *binder) report(d *diag.Diagnostic) {
	b.errors++
	if b.errors <= maxErrors {
		b.list.Add(d)
	}
}

// The longest lists of a query. Work grows with their squares.
const (
	maxColumns = 8000 // of SELECT, GROUP BY, ORDER BY, and rows of VALUES
	maxTables  = 1000 // of one FROM or WITH
	maxTerms   = 4000 // of one IN, AND or OR: each constant is a parameter of the code
)

// tooMany reports a list that is longer than most.
func (b *binder) tooMany(count, most int, what string, span diag.Span) bool {
	if count <= most {
		return false
	}
	b.report(diag.New(codeTooMany, "%s has %d items", what, count).At(b.file, span, "at most %d", most))
	return true
}

// failed reports whether there will be no module. No operators are made then.
func (b *binder) failed() bool { return b.errors > 0 || b.silent }

// notYet reports a construct that Heddle does not know yet.
func (b *binder) notYet(span diag.Span, help, format string, args ...any) {
	d := diag.New(codeNotYet, format+" not there yet", args...).At(b.file, span, "not there yet")
	if help != "" {
		d.Helpf("%s", help)
	}
	b.report(d)
}

func (b *binder) statement(q *ast.Query) *relation {
	r := b.query(q)
	b.settle(r, q.Span())
	return r
}

// settle gives columns that are a bare NULL the type text, as PostgreSQL does.
func (b *binder) settle(r *relation, span diag.Span) {
	var hints []string
	var values []*scalar
	var at []int
	for i := range r.columns {
		c := &r.columns[i]
		if c.typ.Kind != ir.Null {
			continue
		}
		at = append(at, i)
		hints = append(hints, hintOf(c.label))
		values = append(values, b.null(ir.Of(ir.String), span))
	}
	if len(at) == 0 {
		return
	}
	for i, name := range b.extend(r, hints, values, span) {
		c := &r.columns[at[i]]
		c.name, c.typ = name, ir.Of(ir.String).WithNull(true)
	}
}
