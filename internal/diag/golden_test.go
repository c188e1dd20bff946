package diag

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name, or writes it there.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (make golden writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// span finds the n-th occurrence, from 0, of part in the file.
func span(t testing.TB, file *File, part string, n int) Span {
	t.Helper()
	at := 0
	for ; ; n-- {
		next := strings.Index(file.Text[at:], part)
		if next < 0 {
			t.Fatalf("%q is not in the text", part)
		}
		at += next
		if n == 0 {
			return Span{Start: int32(at), End: int32(at + len(part))}
		}
		at += len(part)
	}
}

type renderCase struct {
	name  string
	list  List
	width int
	color bool
}

func renderCases(t testing.TB) []renderCase {
	report := NewFile("report.sql", "-- revenue per customer\nselect 1;\nSELECT c_name, o_totalprize FROM orders JOIN customer ON o_custkey = c_custkey\n")
	types := NewFile("types.sql", "select id + name, \"größe\" + 漢字 as x, 'a\tb' || '👩‍👩‍👧' + 1\nfrom t")
	nested := NewFile("nested.sql", "select *\nfrom orders\nwhere (a = 1\n   and b = 2\n   and c = 3\n   and d = 4\n   and e = 5) + 1\norder by (\n  1\n)\n")
	schema := NewFile("schema.sql", "create table orders (\n  o_orderkey bigint not null\n);\n")
	wide := NewFile("generated.sql", "select "+strings.Repeat("aaaaaaaa, ", 40)+"oops, "+strings.Repeat("bbbbbbbb, ", 40)+"c from t\n")
	hostile := NewFile("evil\x1b[2J.sql", "select \x1b[31mred\x00, '\u202eterces', '\xff\xfe', '\u0085' from t\r\nwhere x\r\n")
	many := NewFile("many.sql", strings.Repeat("select nope from t;\n", 30))

	crowded := New("E0402", "too many places").At(many, span(t, many, "nope", 0), "here")
	for i := range 20 {
		crowded.Label(many, span(t, many, "nope", i+1), "and here (%d)", i)
		crowded.Note("remark %d", i)
	}
	crowded.Helpf("write fewer of them")

	return []renderCase{
		{name: "column", list: List{
			New("E0213", `no column named "o_totalprize" in orders`).
				At(report, span(t, report, "o_totalprize", 0), `did you mean "o_totalprice"?`).
				Note("orders comes from data/orders/*.parquet"),
		}},
		{name: "fix", list: List{
			New("E0213", `no column named "o_totalprize" in orders`).
				At(report, span(t, report, "o_totalprize", 0), "not a column of orders").
				Fix(report, span(t, report, "o_totalprize", 0), "o_totalprice", "write the name as the table has it"),
		}},
		{name: "labels", list: List{
			New("E0301", `cannot add "bigint" and "text"`).
				At(types, span(t, types, "+", 0), "no such operator").
				Label(types, span(t, types, "id", 0), "bigint").
				Label(types, span(t, types, "name", 0), "text"),
			New("E0301", "nested labels").
				At(types, span(t, types, "id + name", 0), "the whole").
				Label(types, span(t, types, "name", 0), "a part of it"),
			New("E0301", "labels without messages").
				At(types, span(t, types, "id", 0), "").
				Label(types, span(t, types, "name", 0), ""),
			New("E0301", "the same place twice").
				At(types, span(t, types, "id", 0), "first").
				Label(types, span(t, types, "id", 0), "second"),
		}},
		{name: "wide-characters", list: List{
			New("E0301", "cannot add").
				At(types, span(t, types, "漢字", 0), "wide").
				Label(types, span(t, types, `"größe"`, 0), "composed"),
			New("E0301", "after a tab and an emoji").
				At(types, span(t, types, "1", 0), "one").
				Label(types, span(t, types, "'a\tb'", 0), "has a tab"),
			New("E0301", "inside of a character").
				At(types, Span{Start: span(t, types, "漢", 0).Start + 1, End: span(t, types, "漢", 0).Start + 2}, "half"),
		}},
		{name: "several-lines", list: List{
			New("E0302", "a condition is no number").
				At(nested, span(t, nested, nested.Text[26:84], 0), "boolean").
				Label(nested, span(t, nested, "+", 0), "wants a number"),
			New("E0302", "at the beginning of a line").
				At(nested, Span{Start: 9, End: 20}, "one line with its break").
				Label(nested, Span{Start: 0, End: 43}, "three lines"),
			New("E0302", "two of them, crossing").
				At(nested, Span{Start: 12, End: 40}, "one").
				Label(nested, Span{Start: 30, End: 60}, "other"),
			New("E0302", "three, of which two are drawn").
				At(nested, Span{Start: 12, End: 40}, "one").
				Label(nested, Span{Start: 30, End: 60}, "two").
				Label(nested, span(t, nested, "(\n  1\n)", 0), "three"),
		}},
		{name: "several-files", list: List{
			New("E0205", `no column named "o_totalprize"`).
				Label(schema, span(t, schema, "orders", 0), "orders is made here").
				At(report, span(t, report, "o_totalprize", 0), "unknown").
				Helpf("add the column to the table"),
		}},
		{name: "long-line", width: 72, list: List{
			New("E0213", `no column named "oops"`).At(wide, span(t, wide, "oops", 0), "unknown"),
			New("E0213", "at the beginning").At(wide, span(t, wide, "select", 0), "here"),
			New("E0213", "at the end").At(wide, span(t, wide, "from t", 0), "a message that needs more than the room that is left of it").
				Fix(wide, span(t, wide, "c from", 0), "from", "leave it away"),
			New("E0213", "longer than the window").At(wide, Span{Start: 20, End: 700}, "all of it"),
			New("E0213", "far apart").At(wide, span(t, wide, "oops", 0), "one").Label(wide, span(t, wide, "select", 0), "other"),
		}},
		{name: "hostile", list: List{
			New("E0101", "unexpected character %q and raw \x1b[31m", "\x00").
				At(hostile, span(t, hostile, "\x00", 0), "a \x07 bell").
				Label(hostile, span(t, hostile, "\xff\xfe", 0), "not UTF-8").
				Note("a \u202enote\nof two lines"),
			New("E0101", "at the line break").At(hostile, span(t, hostile, "\r\n", 0), "here"),
			New("E0101", "at the end").At(hostile, Span{Start: int32(len(hostile.Text)), End: int32(len(hostile.Text))}, "the text ends here"),
		}},
		{name: "no-place", list: List{
			New("E0901", `unknown command "runn"`).Helpf(`did you mean "run"?`),
			{Code: "W0301", Severity: Warning, Message: "a warning", Notes: []string{strings.Repeat("many words ", 20)}},
			{Severity: Note, Message: "no code"},
			New("E0501", "cannot read the file").At(report, Span{}, "only the file is known"),
			New("E0501", "no file").At(nil, Span{Start: 1, End: 2}, "nowhere"),
		}},
		{name: "long-texts", width: 60, list: List{
			New("E0213", "a headline %s", strings.Repeat("of many words ", 30)).
				At(report, span(t, report, "o_totalprize", 0), "a label %s", strings.Repeat("that goes on ", 30)).
				Label(report, span(t, report, "c_name", 0), "a second %s", strings.Repeat("that goes on ", 5)).
				Note("a note %s", strings.Repeat("with 漢字 in it ", 30)).
				Helpf("some help"),
			New("E0213", "no column named %q", strings.Repeat("x", 10<<20)).
				At(report, span(t, report, "o_custkey", 0), "%s", strings.Repeat("y", 10<<20)).
				Note("/a/path/%s/that/is/longer/than/the/page", strings.Repeat("deep/", 12)),
		}},
		{name: "crowded", list: List{crowded}},
		{name: "patches", list: List{
			New("E0101", "a line too many").
				At(nested, span(t, nested, "and d", 0), "").
				Fix(nested, span(t, nested, "   and d = 4\n", 0), "", "delete the line"),
			{Code: "E0102", Message: "several edits", Fixes: []Fix{{Message: "quote both", Edits: []TextEdit{
				{File: report, Span: span(t, report, "o_custkey", 0), NewText: `"o_custkey"`},
				{File: report, Span: span(t, report, "c_name", 0), NewText: `"c_name"`},
				{File: schema, Span: span(t, schema, "bigint", 0), NewText: "bigint\n    primary key"},
			}}}},
			{Code: "E0103", Message: "edits that overlap", Fixes: []Fix{{Message: "only the message is shown", Edits: []TextEdit{
				{File: report, Span: Span{Start: 1, End: 9}}, {File: report, Span: Span{Start: 5, End: 12}},
			}}}},
		}},
		{name: "color", color: true, list: List{
			New("E0301", `cannot add "bigint" and "text"`).
				At(types, span(t, types, "+", 0), "no such operator").
				Label(types, span(t, types, "id", 0), "bigint").
				Note("a note").Helpf("some help").
				Fix(types, span(t, types, "name", 0), "cast(name as bigint)", "insert a cast"),
		}},
	}
}

func TestRender(t *testing.T) {
	for _, c := range renderCases(t) {
		t.Run(c.name, func(t *testing.T) {
			got := RenderText(c.list, Options{Color: c.color, Width: c.width})
			golden(t, c.name+".txt", got)
			for _, d := range c.list {
				one := RenderText(List{d}, Options{Width: c.width})
				if rows := strings.Count(one, "\n"); rows > maxRows {
					t.Errorf("%q takes %d rows, more than %d", d.Message, rows, maxRows)
				}
			}
		})
	}
}

func TestRenderJSON(t *testing.T) {
	for _, c := range renderCases(t) {
		switch c.name {
		case "column", "several-files", "hostile", "no-place", "patches":
		default:
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := RenderJSON(&out, c.list); err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+".json", out.String())
		})
	}
}
