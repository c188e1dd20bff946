package bind_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// TestQueries binds the queries of testdata/slt, runs them in the interpreter and
// compares types and rows. A file is a list of cases: the query, a line "----", the
// labels with their types, the rows, and an empty line. Rows of a query without
// ORDER BY stand in the interpreter's order.
func TestQueries(t *testing.T) {
	t.Parallel()
	tables := testCatalog(t)
	data := testData(t, tables)
	paths, err := filepath.Glob("testdata/slt/*.slt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".slt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			for _, c := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
				query, _, _ := strings.Cut(c, "\n----")
				module, list := bindText(t, query, tables)
				fmt.Fprintf(&out, "%s\n----\n", query)
				if list.HasErrors() {
					t.Errorf("%s", diag.RenderText(list, diag.Options{}))
					continue
				}
				if problems := ir.Verify(module); problems.HasErrors() {
					t.Errorf("%s\n%s", diag.RenderText(problems, diag.Options{}), module)
					continue
				}
				result, err := interp.Run(t.Context(), module, "query", data, nil)
				out.WriteString(show(result, err))
				out.WriteString("\n")
			}
			compare(t, path, strings.TrimSuffix(out.String(), "\n"))
		})
	}
}

// show prints a result, or the code of the trap.
func show(result *interp.Result, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for i, label := range result.Labels {
		if i > 0 {
			b.WriteString(" | ")
		}
		fmt.Fprintf(&b, "%s %s", label, result.Types[i])
	}
	b.WriteByte('\n')
	for i := range result.Rows {
		for j, d := range result.Row(i) {
			if j > 0 {
				b.WriteString(" | ")
			}
			if d.Null {
				b.WriteString("NULL")
			} else {
				b.WriteString(ir.FormatDatum(result.Types[j], d))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
