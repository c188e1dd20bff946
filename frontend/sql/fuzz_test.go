package sql_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
)

// FuzzParse: no text makes the parser panic; spans are in order; a text without
// diagnostics has no unreadable nodes and prints to text that parses to the same.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/errors/*.sql", "testdata/parse/*.txt"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("no seeds at %s: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				line, _, _ = strings.Cut(strings.TrimSpace(line), " ==> ")
				f.Add(line)
				f.Add("SELECT " + line)
			}
		}
	}
	// The corpora are absent on other machines; their queries are welcome seeds.
	paths, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "corpora", "tpc*", "queries", "*.sql"))
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil {
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree, list := sql.Parse(diag.NewFile("fuzz", text))
		for _, d := range list {
			for _, label := range d.Labels {
				if label.Span.Start < 0 || label.Span.Start > label.Span.End || int(label.Span.End) > len(text) {
					t.Fatalf("the span %v of %s lies outside of the text", label.Span, d.Error())
				}
			}
			if strings.Contains(d.Message, "ast.") || strings.Contains(d.Message, "sql.") && !strings.Contains(text, "sql.") {
				t.Fatalf("a message names a Go type: %s", d.Message)
			}
		}
		bad := false
		ast.Inspect(tree, func(node ast.Node) bool {
			switch node.(type) {
			case *ast.BadExpr, *ast.BadQuery, *ast.BadStatement, *ast.BadTable:
				bad = true
			}
			return true
		})
		if bad && len(list) == 0 {
			t.Fatalf("unreadable text without a diagnostic: %s", ast.Format(tree))
		}
		if len(list) > 0 {
			return
		}
		for _, statement := range tree.Statements {
			sql.Hints(diag.NewFile("fuzz", text), statement)
		}
		checkSpans(t, tree, len(text))
		checkRoundTrip(t, tree)
	})
}
