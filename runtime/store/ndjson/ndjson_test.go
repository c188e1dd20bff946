package ndjson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

func openText(tb testing.TB, text string, options store.FileOptions) (store.Table, error) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "t.ndjson")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	table, err := Open(context.Background(), system.Real(), path, options)
	if err == nil {
		tb.Cleanup(func() {
			if err := table.Close(); err != nil {
				tb.Error(err)
			}
		})
	}
	return table, err
}

func readAll(tb testing.TB, table store.Table) ([][]ir.Datum, error) {
	return storetest.Read(tb, table, store.Natural(store.Fields(table.Description())), 1<<20)
}

func TestRead(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{
			"types", `{"i":1,"d":1.50,"f":1e3,"b":true,"s":"x","t":"2024-02-29","at":"2024-01-01 10:00:00"}` + "\n" + `{"i":-2,"d":20.123,"f":0.5,"b":false,"s":null,"extra":1}`,
			"i i64, d decimal<18,3>, f f64, b bool, s string, t date, at timestamp, extra i64\n" +
				`1, 1.500, 1000, true, x, 2024-02-29, 2024-01-01 10:00:00, NULL` + "\n" + `-2, 20.123, 0.5, false, NULL, NULL, NULL, 1`,
		},
		{"nested and mixed", `{"a":{"x": [1,2]},"m":1}` + "\r\n\r\n" + ` { "m" : "t" , "a" : [ ] } `, "a string, m string\n" + `{"x": [1,2]}, 1` + "\n" + `[ ], t`},
		{"escapes", `{"k\u00e9y":"a\n\"\\\u20ac\ud83d\ude00"}`, "kéy string\na\n\"\\€😀"},
		{"empty", "", ""},
		{"no members", "{}\n{\"a\":1}\n", "a i64\nNULL\n1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			table, err := openText(t, test.text, store.FileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := readAll(t, table)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for i, c := range table.Description().Columns {
				fmt.Fprintf(&got, "%s%s %s", strings.Repeat(", ", min(i, 1)), c.Name, c.Type.WithNull(false))
			}
			for _, row := range rows {
				got.WriteString("\n")
				for i, d := range row {
					got.WriteString(strings.Repeat(", ", min(i, 1)) + ir.FormatDatum(table.Description().Columns[i].Type, d))
				}
			}
			if diff := cmp.Diff(test.want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	many := strings.Repeat("{\"a\":1}\n", sampleRows)
	for _, test := range []struct {
		name, text string
		code       diag.Code
		want       string
	}{
		{"array", "[\n{\"a\":1}]", CodeMalformed, "line 1"},
		{"open string", "{\"a\":1}\n{\"a\":\"x}\n", CodeMalformed, "line 2"},
		{"after", many + "{\"a\":1} x\n", CodeMalformed, "line 20001"},
		{"twice", many + "{\"a\":1,\"a\":2}\n", CodeMalformed, "line 20001: it has a key twice"},
		{"later string", many + "{\"a\":\"x\"}\n", CodeBadValue, `line 20001, key "a": "x" is not of type i64`},
		{"later fraction", many + "{\"a\":1.5}\n", CodeBadValue, "1.5 is not of type i64"},
		{"later bool", many + "{\"a\":true}\n", CodeBadValue, "true is not of type i64"},
		{"not UTF-8", "{\"a\":\"\xFF\"}\n", CodeMalformed, "it is not UTF-8"},
		{"half a pair", "{\"a\":\"\\ud800\"}\n", CodeMalformed, "escape"},
		{"deep", "{\"a\":" + strings.Repeat("[", 10000), CodeMalformed, "nested too deeply"},
	} {
		t.Run(test.name, func(t *testing.T) {
			table, err := openText(t, test.text, store.FileOptions{})
			if err == nil {
				_, err = readAll(t, table)
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
	rows := storetest.RandomRows(rand.New(rand.NewPCG(1, 2)), fields, 3000)
	types := map[string]ir.Type{}
	for i, field := range fields {
		types[field.Name] = field.Type
		for row := range rows {
			if d := &rows[row][i]; field.Type.Kind == ir.Interval && !d.Null {
				*d = ir.IntervalDatum(int32(row), -3, int64(row)*1e6)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "t.ndjson")
	format, _ := store.FormatOfPath(path)
	if err := store.WriteFile(t.Context(), system.Real(), format, path, fields, storetest.Batches(fields, rows, 700), store.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !json.Valid([]byte(line)) {
			t.Fatalf("no JSON: %s", line)
		}
	}
	table, err := openText(t, string(text), store.FileOptions{Types: types})
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range []int{1 << 20, 100} {
		got, err := storetest.Read(t, table, store.Natural(fields), room)
		if err != nil {
			t.Fatal(err)
		}
		if diff := storetest.Diff(rows, got); diff != "" {
			t.Error(diff)
		}
	}
}

// FuzzOpen reads arbitrary text; what is read without an error must be JSON.
func FuzzOpen(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, "{\"a\":\"\\u00e9\\n\"}\n{}", `{"a":[{"b":null}],"c":-1.5e3}`, "\xEF\xBB\xBF{\"d\":\"2024-01-01\"}\n\n", "[1]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		table, err := openText(t, text, store.FileOptions{})
		if err == nil {
			_, err = readAll(t, table)
		}
		var d *diag.Diagnostic
		if err != nil && !errors.As(err, &d) {
			t.Fatalf("an error that is no diagnostic: %v", err)
		}
		if err != nil {
			return
		}
		for line := range strings.Lines(strings.TrimPrefix(text, "\xEF\xBB\xBF")) {
			if line = strings.TrimRight(line, "\n"); strings.TrimSpace(line) != "" && !json.Valid([]byte(line)) {
				t.Errorf("read without an error: %q", line)
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	var text strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&text, `{"id":%d,"price":%d.25,"day":"2024-01-%02d","name":"name %d","flag":true}`+"\n", i, i%1000, i%28+1, i%100)
	}
	table, err := openText(b, text.String(), store.FileOptions{})
	if err != nil {
		b.Fatal(err)
	}
	columns := store.Natural(store.Fields(table.Description()))
	batch := store.NewBatch(columns, store.ChunkRows, 4<<20)
	b.SetBytes(int64(text.Len()))
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
}
