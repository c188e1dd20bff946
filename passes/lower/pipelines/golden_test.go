package pipelines_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/estimate"
	"github.com/heddle-lang/heddle/passes/lower/pipelines"
)

// TestGolden lowers the flows of testdata. A file begins with the tables that its
// cases share; -rewrite writes what is found. `heddle opt --pass=pipelines` gives the
// same.
func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		tables := ""
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "tables":
				tables = d.Input
				return ""
			case "pipelines":
			default:
				t.Fatalf("%s: no command %q", d.Pos, d.Cmd)
			}
			m, list := ir.Parse(diag.NewFile("case", "cir 1\n"+tables+"\n"+d.Input))
			if err := list.Err(); err != nil {
				t.Fatalf("%s: %s", d.Pos, diag.RenderText(list, diag.Options{}))
			}
			if problems := ir.Verify(m); problems.HasErrors() {
				t.Fatalf("%s: %s", d.Pos, diag.RenderText(problems, diag.Options{}))
			}
			if err := pipelines.Lower(m, estimate.New(m, m.Functions[0]).Rows); err != nil {
				t.Fatalf("%s: %v", d.Pos, err)
			}
			if problems := ir.Verify(m); problems.HasErrors() {
				t.Fatalf("%s: %s\n%s", d.Pos, diag.RenderText(problems, diag.Options{}), m)
			}
			m.Tables = nil // as above
			return m.String()[len("cir 1\n\n"):]
		})
	})
}
