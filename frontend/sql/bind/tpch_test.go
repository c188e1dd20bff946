package bind_test

import (
	"fmt"
	"testing"

	"github.com/heddle-lang/heddle/frontend/catalog"
	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/bind"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
)

// tpchCatalog has the eight tables.
func tpchCatalog() *catalog.Memory {
	kinds := map[tpch.Kind]ir.Type{
		tpch.Integer: ir.Of(ir.I32), tpch.BigInt: ir.Of(ir.I64), tpch.Decimal: ir.DecimalType(15, 2),
		tpch.Date: ir.Of(ir.Date), tpch.Varchar: ir.Of(ir.String), tpch.Char: ir.Of(ir.String),
	}
	var tables []*ir.Table
	for _, t := range tpch.Tables {
		table := &ir.Table{Name: t.Name, Rows: -1}
		for _, c := range t.Columns {
			table.Columns = append(table.Columns, ir.Column{Name: c.Name, Type: kinds[c.Kind].WithNull(!c.NotNull), Statistics: ir.Statistics{Nulls: -1}})
		}
		tables = append(tables, table)
	}
	return catalog.NewMemory(tables...)
}

// bindText parses and binds the first statement of a text.
func bindText(t testing.TB, text string, tables catalog.Catalog) (*ir.Module, diag.List) {
	t.Helper()
	file := diag.NewFile("query.sql", text)
	parsed, list := sql.Parse(file)
	if list.HasErrors() {
		t.Fatalf("does not parse:\n%s", diag.RenderText(list, diag.Options{}))
	}
	return bind.Bind(t.Context(), file, parsed.Statements[0], tables, bind.Options{})
}

func TestTPCHBinds(t *testing.T) {
	t.Parallel()
	for _, number := range tpch.Queries {
		t.Run(fmt.Sprintf("q%02d", number), func(t *testing.T) {
			t.Parallel()
			module, list := bindText(t, tpch.Query(number), tpchCatalog())
			if len(list) > 0 {
				t.Fatalf("does not bind:\n%s", diag.RenderText(list, diag.Options{}))
			}
			if problems := ir.Verify(module); problems.HasErrors() {
				t.Fatalf("does not verify:\n%s\n%s", diag.RenderText(problems, diag.Options{}), module)
			}
			compare(t, fmt.Sprintf("testdata/tpch/q%02d.cir", number), module.String())
		})
	}
}
