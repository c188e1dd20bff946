package ir

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
)

func mustParse(t testing.TB, text string) *Module {
	t.Helper()
	m, list := Parse(diag.NewFile("test.cir", text))
	for _, d := range list {
		at := d.Labels[0].Span
		t.Errorf("%v at %q", d, text[at.Start:at.End])
	}
	if list.HasErrors() {
		t.FailNow()
	}
	return m
}

func readOps(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/ops.cir")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The file is in canonical form and holds every op of the table.
func TestTextOfEveryOp(t *testing.T) {
	text := readOps(t)
	m := mustParse(t, text)
	if diff := cmp.Diff(text, m.String()); diff != "" {
		t.Errorf("printing what was parsed (-file +printed):\n%s", diff)
	}
	for _, d := range Verify(m) {
		t.Errorf("%v %v", d, d.Notes)
	}
	seen := map[Opcode]bool{}
	for _, f := range m.Functions {
		f.Body.Walk(func(op *Op) bool {
			seen[op.Code] = true
			return true
		})
	}
	for code, info := range OpTable() {
		if info.Name != "" && !seen[Opcode(code)] {
			t.Errorf("testdata/ops.cir has no %s", info.Name)
		}
	}
}

func TestParseErrors(t *testing.T) {
	const head = "cir 1\n"
	flow := func(body string) string {
		return head + "flow @f(%in: bag<{x: i32, s: string}>) -> bag<{x: i32}> {\n" + body + "\nreturn %in [x] labels [x]\n}\n"
	}
	scalar := func(body string) string { return flow("%f = filter %in (%r) {\n%x = field %r \"x\"\n" + body + "\n}") }
	for _, test := range []struct {
		name, text string
		want       []string // code and the text that the primary label covers
	}{
		{"empty", "", []string{"E0801 "}},
		{"version", "cir 7\n", []string{"E0802 7"}},
		{"not CIR", "SELECT 1", []string{"E0801 SELECT"}},
		{"several", flow("%a = filtre %in\n%b = limit %in x offset 0\n%c = sort %in [nope]"), []string{"E0803 filtre", "E0801 x", "E0806 %c = sort %in [nope]"}},
		{"unknown value", flow("%a = limit %nope 1 offset 0"), []string{"E0803 %nope"}},
		{"a failed op does not fail its users", flow("%a = limit %nope 1 offset 0\n%b = sort %a [z]\n%c = filter %b (%r) {\n%x = field %r \"z\"\nyield %x\n}"), []string{"E0803 %nope"}},
		{"twice", flow("%a = limit %in 1 offset 0\n%a = limit %in 1 offset 0"), []string{"E0804 %a"}},
		{"value of a region that ended", scalar("%y = eq %x, %x\nyield %y") + "flow @g() {\n%b = not %y\n}", []string{"E0803 %y"}},
		{"operands", scalar("%y = eq %x\nyield %y"), []string{"E0806 %y = eq %x"}},
		{"types", scalar("%s = field %r \"s\"\n%y = eq %x, %s\nyield %y"), []string{"E0806 %y = eq %x, %s"}},
		{
			"literal", scalar("%y = const 1.5 : i32\n%z = const 300 : i8\n%n = const null : bool\n%d = const \"1994-13-01\" : date\n%e = const 1.234 : decimal<9,2>\nyield %n"),
			[]string{"E0805 1.5", "E0805 300", "E0805 null", `E0805 "1994-13-01"`, "E0805 1.234"},
		},
		{"attribute", flow("%a = limit %in 1"), []string{"E0806 1"}},
		{"two on a line", flow("%a = limit %in 1 offset 0 %b = limit %in 1 offset 0"), []string{"E0801 %b"}},
		{"unclosed", head + "flow @f() {", []string{"E0801 "}},
		{"braces", head + "} } flow @f() {\n}", []string{"E0801 }", "E0801 }"}},
		{"nesting", head + "parameter 0 : " + strings.Repeat("{a: ", 300), []string{"E0807 {"}},
		{"string", head + "table @\"abc", []string{"E0801 \""}},
		{"decimal", head + "parameter 0 : decimal<40,2>", []string{"E0805 40"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, list := Parse(diag.NewFile("test.cir", test.text))
			var got []string
			for _, d := range list {
				at := d.Labels[0].Span
				got = append(got, string(d.Code)+" "+test.text[at.Start:at.End])
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%v", diff, list)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(readOps(f))
	f.Add("cir 1\nflow @f() -> bag<{}> {\n  %v = values [()] : bag<{}>\n  return %v [] labels []\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, list := Parse(diag.NewFile("fuzz.cir", text))
		if list.HasErrors() {
			return
		}
		first := m.String()
		again, list := Parse(diag.NewFile("again.cir", first))
		if list.HasErrors() {
			t.Fatalf("what was printed does not parse: %v\n%s", list, first)
		}
		if second := again.String(); second != first {
			t.Fatalf("print, parse, print (-first +second):\n%s", cmp.Diff(first, second))
		}
		Verify(m)
	})
}
