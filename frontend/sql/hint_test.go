package sql_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/internal/diag"
)

func TestHints(t *testing.T) {
	for _, test := range []struct {
		text string
		want string // name=argument of each
		warn string // part of the one warning
	}{
		{"SELECT 1", "", ""},
		{"SELECT /*+ device(gpu) */ 1", "device=gpu", ""},
		{"select\n  /*+DEVICE( CPU )*/ 1", "device=cpu", ""},
		{"SELECT /* device(gpu) */ 1", "", ""},
		{"SELECT 1 /*+ device(gpu) */ AS a", "", "hints stand behind SELECT"},
		{"/*+ device(gpu) */ SELECT 1", "", ""}, // the statement begins behind it
		{"SELECT /*+ device(gpu) device(cpu) */ 1", "device=gpu", "an earlier hint says device(gpu)"},
		{"SELECT /*+ device(gpu) device(gpu) */ 1", "device=gpu", ""},
		{"SELECT '/*+ device(gpu) */'", "", ""},
		{"SELECT 1 FROM (SELECT /*+ device(emulator), device(auto) */ 2)", "device=emulator", "an earlier hint says"},
		{"SELECT /*+ device(tpu) */ 1", "", "does not take \"tpu\""},
		{"SELECT /*+ parallel(4) device(gpu) */ 1", "device=gpu", "no hint \"parallel\""},
		{"SELECT /*+ device */ 1", "", "no hint, and is ignored"},
		{"SELECT /*+ */ 1", "", ""},
		{"SELECT /*+ device(gpu */ 1", "", "no hint, and is ignored"},
	} {
		file := diag.NewFile("t", "SELECT 0; "+test.text)
		tree, list := sql.Parse(file)
		if err := list.Err(); err != nil {
			t.Fatalf("%s: %v", test.text, err)
		}
		hints, warnings := sql.Hints(file, tree.Statements[1])
		var got []string
		for _, h := range hints {
			got = append(got, h.Name+"="+h.Argument)
			if text := strings.ToLower(file.Text[h.Span.Start:h.Span.End]); !strings.HasPrefix(text, "device(") || !strings.HasSuffix(text, ")") {
				t.Errorf("%s: the span holds %q", test.text, text)
			}
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s:\n%s", test.text, diff)
		}
		if warnings.HasErrors() || len(warnings) != min(len(test.warn), 1) || len(warnings) == 1 && !strings.Contains(warnings[0].Message, test.warn) {
			t.Errorf("%s: warnings %v", test.text, warnings)
		}
	}
}
