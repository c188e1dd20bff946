package bind_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/bind"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// TestFlows shows the flows of the queries of testdata/flow. A file is a list of
// cases: the query, a line "----", the flow, and an empty line.
func TestFlows(t *testing.T) {
	t.Parallel()
	tables := testCatalog(t)
	paths, err := filepath.Glob("testdata/flow/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, c := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
				query, _, _ := strings.Cut(c, "\n----")
				module, list := bindText(t, query, tables)
				if list.HasErrors() {
					t.Fatal(diag.RenderText(list, diag.Options{}))
				}
				if problems := ir.Verify(module); problems.HasErrors() {
					t.Errorf("%s\n%s", diag.RenderText(problems, diag.Options{}), module)
				}
				out = append(out, query+"\n----\n"+module.Function(bind.Query).String())
			}
			compare(t, path, strings.Join(out, "\n"))
		})
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	i32, text, date, decimal := ir.Of(ir.I32).WithNull(true), ir.Of(ir.String).WithNull(true), ir.Of(ir.Date).WithNull(true), ir.DecimalType(10, 2).WithNull(true)
	cases := []struct {
		text  string
		given []ir.Type
		want  []ir.Type
	}{
		{text: "SELECT id FROM people WHERE id = $1 AND name = $2 AND born > $3", want: []ir.Type{i32, text, date}},
		{text: "SELECT id FROM people WHERE salary IN ($1, 5)", want: []ir.Type{decimal}},
		{text: "SELECT id FROM people WHERE ? < id AND id < ?", want: []ir.Type{i32, i32}},
		{text: "SELECT $1::integer", want: []ir.Type{i32}},
		{text: "SELECT upper($1), $1", want: []ir.Type{text}},
		{text: "SELECT $1", given: []ir.Type{ir.Of(ir.Date)}, want: []ir.Type{date}},
		{text: "SELECT coalesce($1, id) FROM people", want: []ir.Type{i32}},
		{text: "SELECT id FROM people WHERE name LIKE $1", want: []ir.Type{text}},
		{text: "SELECT id FROM people WHERE $1", want: []ir.Type{ir.Of(ir.Bool).WithNull(true)}},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			file := diag.NewFile("query.sql", c.text)
			parsed, list := sql.Parse(file)
			if list.HasErrors() {
				t.Fatal(list.Err())
			}
			module, list := bind.Bind(t.Context(), file, parsed.Statements[0], testCatalog(t), bind.Options{Parameters: c.given})
			if list.HasErrors() {
				t.Fatal(diag.RenderText(list, diag.Options{}))
			}
			if problems := ir.Verify(module); problems.HasErrors() {
				t.Fatal(diag.RenderText(problems, diag.Options{}))
			}
			var got []ir.Type
			for _, p := range module.Parameters {
				got = append(got, p.Type)
				if p.Bound {
					t.Error("the parameter has a value")
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParameterValue(t *testing.T) {
	t.Parallel()
	tables := testCatalog(t)
	module, list := bindText(t, "SELECT name FROM people WHERE id = $1", tables)
	if list.HasErrors() {
		t.Fatal(list.Err())
	}
	result, err := interp.Run(t.Context(), module, bind.Query, testData(t, tables), []ir.Datum{ir.IntDatum(3)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(result, nil), "name string\nCid\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExplained(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text             string
		explain, analyze bool
	}{
		{"SELECT 1", false, false},
		{"EXPLAIN SELECT 1", true, false},
		{"EXPLAIN ANALYZE SELECT 1", true, true},
	}
	for _, c := range cases {
		parsed, _ := sql.Parse(diag.NewFile("query.sql", c.text))
		inner, explain, analyze := bind.Explained(parsed.Statements[0])
		if _, ok := inner.(*ast.QueryStatement); !ok || explain != c.explain || analyze != c.analyze {
			t.Errorf("%s: got %T %v %v", c.text, inner, explain, analyze)
		}
		if module, list := bindText(t, c.text, testCatalog(t)); module == nil {
			t.Errorf("%s: %v", c.text, list.Err())
		}
	}
}

// TestPlaces checks that an op that traps knows its place in the text.
func TestPlaces(t *testing.T) {
	t.Parallel()
	text := "SELECT name, 10 / (rank - 1) FROM people"
	module, list := bindText(t, text, testCatalog(t))
	if list.HasErrors() {
		t.Fatal(list.Err())
	}
	module.Function(bind.Query).Body.Walk(func(op *ir.Op) bool {
		want := map[ir.Opcode]string{ir.OpDivide: "10 / (rank - 1)", ir.OpSubtract: "rank - 1", ir.OpScan: "people"}[op.Code]
		if got := text[op.Span.Start:op.Span.End]; want != "" && got != want {
			t.Errorf("%s stands at %q, want %q", op.Code, got, want)
		}
		return true
	})
}

// TestModuleIsOwn checks that the tables of a module are not those of the catalog.
func TestModuleIsOwn(t *testing.T) {
	t.Parallel()
	tables := testCatalog(t)
	module, list := bindText(t, "SELECT a.id FROM people a, people b", tables)
	if list.HasErrors() {
		t.Fatal(list.Err())
	}
	original, err := tables.Table(t.Context(), "people")
	if err != nil {
		t.Fatal(err)
	}
	if len(module.Tables) != 1 || module.Tables[0] == original || &module.Tables[0].Columns[0] == &original.Columns[0] {
		t.Errorf("the module has %d tables, or shares them with the catalog", len(module.Tables))
	}
}
