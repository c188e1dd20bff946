package sql_test

import (
	"fmt"
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
