package pipelines

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// A filter by many literals becomes a probe and keeps its meaning, for NULL on either
// side as well.
func TestLongLists(t *testing.T) {
	numbers := make([]string, hashedList+10)
	for i := range numbers {
		numbers[i] = fmt.Sprint(3 * i)
	}
	long := strings.Join(numbers, ", ")
	for _, test := range []struct {
		name, values string
		negated      bool
		probes       bool
	}{
		{"in", long, false, true},
		{"not in", long, true, true},
		{"in with NULL", long + ", null", false, true},
		{"not in with NULL", long + ", null", true, false},
		{"short", "3, 6", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			condition, negation := "%in", ""
			if test.negated {
				condition, negation = "%not", "    %not = not %in\n"
			}
			text := "cir 1\ntable @t rows 5 {\n  a: i64?\n}\nflow @q() -> bag<{a: i64?}> {\n" +
				"  %t = scan @t columns [a] : bag<{a: i64?}>\n  %f = filter %t (%r) {\n    %a = field %r \"a\"\n" +
				"    %in = in %a [" + test.values + "]\n" + negation + "    yield " + condition + "\n  }\n  return %f [a] labels [a]\n}\n"
			parse := func() *ir.Module {
				m, list := ir.Parse(diag.NewFile("q", text))
				if err := list.Err(); err != nil {
					t.Fatal(err)
				}
				return m
			}
			tables := map[string]*interp.Table{"t": {Rows: 5, Columns: [][]ir.Datum{{ir.IntDatum(3), ir.IntDatum(4), ir.NullDatum, ir.IntDatum(0), ir.IntDatum(-3)}}}}
			want, err := interp.Run(t.Context(), parse(), "q", tables, nil)
			if err != nil {
				t.Fatal(err)
			}
			m := parse()
			if err := Lower(m, nil); err != nil {
				t.Fatal(err)
			}
			if err := ir.Verify(m).Err(); err != nil {
				t.Fatal(err)
			}
			got, err := interp.RunPipes(t.Context(), m, "q", tables, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(want.Lines())), slices.Sorted(slices.Values(got.Lines()))); diff != "" {
				t.Errorf("rows (-flow +pipelines):\n%s", diff)
			}
			if probes := strings.Contains(m.String(), "= probe") || strings.Contains(m.String(), " probe "); probes != test.probes {
				t.Errorf("probes: %v, want %v", probes, test.probes)
			}
		})
	}
}
