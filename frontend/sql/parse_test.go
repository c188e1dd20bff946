package sql_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
)

// compact shows diagnostics as "code line:column message", one a line.
func compact(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s %s %s", d.Code, position(d.Labels[0].File.Text, d.Labels[0].Span.Start), d.Message)
		if label := d.Labels[0].Message; label != "" {
			fmt.Fprintf(&b, " (%s)", label)
		}
		for _, l := range d.Labels[1:] {
			fmt.Fprintf(&b, " [%s: %s]", position(l.File.Text, l.Span.Start), l.Message)
		}
		for _, fix := range d.Fixes {
			fmt.Fprintf(&b, " {%s: %q}", fix.Message, fix.Edits[0].NewText)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func position(text string, offset int32) string {
	before := text[:offset]
	line := strings.Count(before, "\n") + 1
	return fmt.Sprintf("%d:%d", line, len(before)-strings.LastIndexByte(before, '\n'))
}

var ignoreSpans = cmp.Options{cmpopts.IgnoreTypes(diag.Span{}, ast.Base{}), cmpopts.EquateEmpty()}

// checkRoundTrip prints a tree, parses the text and compares.
func checkRoundTrip(t testing.TB, tree *ast.File) {
	t.Helper()
	text := ast.Format(tree)
	again, list := sql.Parse(diag.NewFile("printed", text))
	if len(list) > 0 {
		t.Errorf("the printed form does not parse:\n%s\n%s", text, compact(list))
		return
	}
	if second := ast.Format(again); second != text {
		t.Errorf("printed twice differs:\n%s\n%s", text, second)
	} else if diff := cmp.Diff(tree, again, ignoreSpans); diff != "" {
		t.Errorf("the printed form parses to another tree:\n%s\n%s", text, diff)
	}
}

// TestParse reads the tables of testdata/parse: a construct and how it prints.
func TestParse(t *testing.T) {
	for _, table := range []struct{ name, prefix string }{{"select", ""}, {"expr", "SELECT "}} {
		text, err := os.ReadFile(filepath.Join("testdata", "parse", table.name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			if strings.HasPrefix(line, "# ") {
				continue
			}
			in, want, changed := strings.Cut(line, " ==> ")
			if !changed {
				want = in
			}
			t.Run(table.name+"/"+in, func(t *testing.T) {
				in, want := table.prefix+in, table.prefix+want+";"
				tree, list := sql.Parse(diag.NewFile("test", in))
				if len(list) > 0 {
					t.Fatalf("%s", compact(list))
				}
				if diff := cmp.Diff(want, ast.Format(tree)); diff != "" {
					t.Errorf("printed form (-want +got):\n%s", diff)
				}
				checkRoundTrip(t, tree)
				checkSpans(t, tree, len(in))
			})
		}
	}
}

// checkSpans: every node lies inside the text and inside its parent.
func checkSpans(t testing.TB, tree ast.Node, length int) {
	t.Helper()
	outer := []diag.Span{{Start: 0, End: int32(length)}}
	ast.Walk(tree, func(node ast.Node) bool {
		span, around := node.Span(), outer[len(outer)-1]
		if span.Start > span.End || span.Start < around.Start || span.End > around.End {
			t.Errorf("%T at %v is not inside %v", node, span, around)
		}
		outer = append(outer, span)
		return true
	}, func(ast.Node) { outer = outer[:len(outer)-1] })
}

var update = flag.Bool("update", false, "rewrite the golden files")

// TestErrors compares the diagnostics of testdata/errors/*.sql with the .txt file
// beside each. A blank line ends a case.
func TestErrors(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "errors", "*.sql"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for part := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n\n") {
				_, list := sql.Parse(diag.NewFile("test", part))
				fmt.Fprintf(&got, "%s\n----\n%s\n", part, compact(list))
			}
			golden := strings.TrimSuffix(path, ".sql") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}
