package delimited

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

// openText opens a file made of text; the ending of its name chooses the format.
func openText(tb testing.TB, name, text string, options store.FileOptions) (store.Table, error) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	format, _ := store.FormatOfPath(path)
	table, err := format.Open(context.Background(), system.Real(), path, options)
	if err == nil {
		tb.Cleanup(func() {
			if err := table.Close(); err != nil {
				tb.Error(err)
			}
		})
	}
	return table, err
}

// render gives schema and rows as text.
func render(tb testing.TB, table store.Table) string {
	tb.Helper()
	rows, err := storetest.Read(tb, table, store.Natural(store.Fields(table.Description())), 1<<20)
	if err != nil {
		tb.Fatal(err)
	}
	var b strings.Builder
	columns := table.Description().Columns
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.Name + " " + c.Type.WithNull(false).String())
	}
	for _, row := range rows {
		b.WriteString("\n")
		for i, d := range row {
			if i > 0 {
				b.WriteString(", ")
			}
			if d.Null {
				b.WriteString("-")
			} else {
				fmt.Fprintf(&b, "%q", ir.FormatDatum(columns[i].Type, d))
			}
		}
	}
	return b.String()
}

func TestRead(t *testing.T) {
	null := "NA"
	for _, test := range []struct {
		name, file, text string
		options          store.FileOptions
		want             string
	}{
		{
			"types", "t.csv", "a,b,c,d,e,f\n1,1.50,true,2024-02-29,1e3,x\n-2,.,,,,\n",
			store.FileOptions{},
			"a i64, b string, c bool, d date, e f64, f string\n\"1\", \"1.50\", \"true\", \"2024-02-29\", \"1000\", \"x\"\n\"-2\", \".\", -, -, -, -",
		},
		{
			"decimals and timestamps", "t.csv", "a,b\n1.5,2024-01-01 10:00:00\n-20.25,2024-01-01T00:00:01.5\n",
			store.FileOptions{},
			"a decimal<18,2>, b timestamp\n\"1.50\", \"2024-01-01 10:00:00\"\n\"-20.25\", \"2024-01-01 00:00:01.5\"",
		},
		{
			"quotes", "t.csv", "a,b\n\"x, \"\"y\"\"\n z\",\"\"\n,\"q\"\n",
			store.FileOptions{},
			"a string, b string\n\"x, \\\"y\\\"\\n z\", \"\"\n-, \"q\"",
		},
		{"line ends", "t.csv", "a,b\r\n1,x\r\n\r\n2,\"y\"\r\n3,z", store.FileOptions{}, "a i64, b string\n\"1\", \"x\"\n\"2\", \"y\"\n\"3\", \"z\""},
		{"byte order mark", "t.csv", "\xEF\xBB\xBFa;b\n1;2\n", store.FileOptions{}, "a i64, b i64\n\"1\", \"2\""},
		{"tabs", "t.tsv", "a\tb\n1\tx,y\n", store.FileOptions{}, "a i64, b string\n\"1\", \"x,y\""},
		{"no header", "t.csv", "1,2\n3,4\n", store.FileOptions{}, "c0 i64, c1 i64\n\"1\", \"2\"\n\"3\", \"4\""},
		{"bars", "t.tbl", "1|say \"hi\"|\n2||\n", store.FileOptions{}, "c0 i64, c1 string\n\"1\", \"say \\\"hi\\\"\"\n\"2\", -"},
		{"named columns", "t.tbl", "1|a\n", store.FileOptions{Text: store.TextOptions{Columns: []string{"k", "v"}}}, "k i64, v string\n\"1\", \"a\""},
		{"text of NULL", "t.csv", "a,b\n1,NA\nNA,\n", store.FileOptions{Text: store.TextOptions{Null: &null}}, "a i64, b string\n\"1\", -\n-, \"\""},
		{"leading zeros", "t.csv", "zip\n01234\n00001\n", store.FileOptions{Text: store.TextOptions{Header: store.HeaderPresent}}, "zip string\n\"01234\"\n\"00001\""},
		{
			"given types", "t.csv", "a,b\n1,2\n",
			store.FileOptions{Types: map[string]ir.Type{"a": ir.Of(ir.String), "b": ir.DecimalType(5, 2)}},
			"a string, b decimal<5,2>\n\"1\", \"2.00\"",
		},
		{"the same name twice", "t.csv", "a,a,\n1,2,3\n", store.FileOptions{Text: store.TextOptions{Header: store.HeaderPresent}}, "a i64, a_2 i64, c2 i64\n\"1\", \"2\", \"3\""},
		{"empty", "t.csv", "", store.FileOptions{}, ""},
		{
			"large numbers", "t.csv", "a,b\n12345678901234567890,1.2345678901234567\n",
			store.FileOptions{},
			"a decimal<38,0>, b decimal<38,16>\n\"12345678901234567890\", \"1.2345678901234567\"",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			table, err := openText(t, test.file, test.text, test.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, render(t, table)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	sample := strings.Repeat("1,a\n", sampleRows+10)
	for _, test := range []struct {
		name, file, text string
		code             diag.Code
		want             string
	}{
		{"later value", "t.csv", "n,s\n" + sample + "n/a,x\n", CodeBadValue, `line 20012, column "n": "n/a" is not of type i64`},
		{"later fraction", "t.csv", "n,s\n" + strings.ReplaceAll(sample, "1,", "1.5,") + "1.25,x\n", CodeBadValue, `"1.25" is not of type decimal<18,1>`},
		{"too few fields", "t.csv", "a,b\n1,2\n3\n", CodeMalformed, "line 3: a record has 1 fields where 2 are expected"},
		{"too many fields", "t.csv", "a,b\n1,2\n3,4,5\n", CodeMalformed, "line 3: a record has more than 2 fields"},
		{"open quote", "t.csv", "a,b\n1,2\n3,\"x\n", CodeMalformed, "line 3: a quoted field is not closed"},
		{"stray quote", "t.csv", "a,b\n1,2\n3,x\"y\n", CodeMalformed, "line 3: a field without quotes has a quote in it"},
		{"after quote", "t.csv", "a,b\n1,2\n3,\"x\"y\n", CodeMalformed, "line 3: there is text after the closing quote"},
		{"not UTF-8", "t.csv", "a,b\n1,x\n2,\xFF\n", CodeBadValue, `"\xff" is not UTF-8`},
		{"UTF-16", "t.csv", "\xFF\xFEa\x00", store.CodeNotThisFormat, "UTF-16"},
	} {
		t.Run(test.name, func(t *testing.T) {
			table, err := openText(t, test.file, test.text, store.FileOptions{})
			if err == nil {
				_, err = storetest.Read(t, table, store.Natural(store.Fields(table.Description())), 1<<20)
			}
			var d *diag.Diagnostic
			if !errors.As(err, &d) || d.Code != test.code || !strings.Contains(d.Message, test.want) {
				t.Errorf("got %v, want %s with %q", err, test.code, test.want)
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	fields := storetest.AllTypes()
	rows := storetest.RandomRows(rand.New(rand.NewPCG(1, 2)), fields, 2000)
	types := map[string]ir.Type{}
	for i, field := range fields {
		types[field.Name] = field.Type
		for row := range rows {
			d := &rows[row][i]
			if field.Type.Kind == ir.Interval && !d.Null {
				*d = ir.IntervalDatum(int32(row), -3, int64(row)*1e6)
			}
		}
	}
	for _, name := range []string{"t.csv", "t.tsv"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			format, _ := store.FormatOfPath(path)
			if err := store.WriteFile(t.Context(), system.Real(), format, path, fields, storetest.Batches(fields, rows, 700), store.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			table, err := format.Open(t.Context(), system.Real(), path, store.FileOptions{Types: types})
			if err != nil {
				t.Fatal(err)
			}
			defer mustClose(t, table)
			if diff := storetest.Diff(rows, storetest.Rows(t, table)); diff != "" {
				t.Error(diff)
			}
			got, err := storetest.Read(t, table, store.Natural(fields), 100)
			if err != nil {
				t.Fatal(err)
			}
			if diff := storetest.Diff(rows, got); diff != "" {
				t.Errorf("little room: %s", diff)
			}
		})
	}
}

// TestChunks reads a file of many chunks with line ends within quotes.
func TestChunks(t *testing.T) {
	var text strings.Builder
	text.WriteString("id,note\n")
	random := rand.New(rand.NewPCG(1, 9))
	var want [][]ir.Datum
	for i := range 60_000 {
		note := strings.Repeat("line\n\"quoted\",\r\n", random.IntN(5)) + fmt.Sprint(i)
		fmt.Fprintf(&text, "%d,\"%s\"\n", i, strings.ReplaceAll(note, `"`, `""`))
		want = append(want, []ir.Datum{ir.IntDatum(int64(i)), ir.TextDatum(note)})
	}
	table, err := openText(t, "t.csv", text.String(), store.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	scan, err := table.Scan(t.Context(), store.ScanRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(scan.Chunks()); n < 5 {
		t.Errorf("%d chunks", n)
	}
	if diff := storetest.Diff(want, storetest.Rows(t, table)); diff != "" {
		t.Error(diff)
	}
}

func lineItemText(tb testing.TB, scale float64) ([]byte, *tpch.Table) {
	tb.Helper()
	definition, _ := tpch.Lookup("lineitem")
	batches, err := tpch.Generate(definition, scale, 0, 1)
	if err != nil {
		tb.Fatal(err)
	}
	var text bytes.Buffer
	for batch := range batches {
		if err := tpch.WriteTBL(&text, batch); err != nil {
			tb.Fatal(err)
		}
	}
	return text.Bytes(), definition
}

func BenchmarkScan(b *testing.B) {
	text, _ := lineItemText(b, 0.05)
	for _, test := range []struct {
		name    string
		columns []int
	}{{"all", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}, {"q1", []int{4, 5, 6, 7, 8, 9, 10}}} {
		for _, name := range []string{"t.tbl", "t.csv"} {
			b.Run(test.name+"/"+name, func(b *testing.B) {
				content := string(text)
				if name == "t.csv" {
					content = strings.ReplaceAll(strings.ReplaceAll(content, ",", ""), "|", ",")
				}
				table, err := openText(b, name, content, store.FileOptions{})
				if err != nil {
					b.Fatal(err)
				}
				all := store.Natural(store.Fields(table.Description()))
				var columns []store.ColumnRequest
				for _, i := range test.columns {
					columns = append(columns, all[i])
				}
				batch := store.NewBatch(columns, store.ChunkRows, 8<<20)
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					scan, err := table.Scan(b.Context(), store.ScanRequest{Columns: columns})
					if err != nil {
						b.Fatal(err)
					}
					reader, err := scan.Reader()
					if err != nil {
						b.Fatal(err)
					}
					for i := range scan.Chunks() {
						if err := reader.Open(b.Context(), i); err != nil {
							b.Fatal(err)
						}
						for batch.Rows = 1; batch.Rows > 0; {
							if err := reader.Next(b.Context(), batch); err != nil {
								b.Fatal(err)
							}
						}
					}
				}
			})
		}
	}
}

// FuzzOpen reads arbitrary text in all dialects.
func FuzzOpen(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "\"x\"\"y\",\n", "a|b|\n1|2|\n", "a\tb\r\n1\t\"\r\n\"", "\xEF\xBB\xBFa;b\n\n1;2024-01-01", "1e5,-0.5,true\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"t.csv", "t.tsv", "t.tbl"} {
			table, err := openText(t, name, text, store.FileOptions{})
			if err == nil {
				_, err = storetest.Read(t, table, store.Natural(store.Fields(table.Description())), 1<<16)
			}
			var d *diag.Diagnostic
			if err != nil && !errors.As(err, &d) {
				t.Errorf("%s: an error that is no diagnostic: %v", name, err)
			}
		}
	})
}

// mustClose closes what a test opened, which must succeed.
func mustClose(tb testing.TB, c io.Closer) {
	tb.Helper()
	if err := c.Close(); err != nil {
		tb.Error(err)
	}
}
