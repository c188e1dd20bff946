package present

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/ir"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sample is rows with what tables find hard: wide characters, long text, control
// codes, NULL.
func sample(t *testing.T) ([]Column, arrow.RecordBatch) {
	t.Helper()
	columns := []Column{
		{"id", ir.Of(ir.I64)},
		{"name", ir.Of(ir.String).WithNull(true)},
		{"price", ir.DecimalType(15, 2).WithNull(true)},
		{"comment", ir.Of(ir.String)},
		{"ratio", ir.Of(ir.F64)},
		{"sold", ir.Of(ir.Date)},
	}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "price", Type: &arrow.Decimal128Type{Precision: 15, Scale: 2}, Nullable: true},
		{Name: "comment", Type: arrow.BinaryTypes.String},
		{Name: "ratio", Type: arrow.PrimitiveTypes.Float64},
		{Name: "sold", Type: arrow.FixedWidthTypes.Date32},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues([]int64{1, -20, 3_000_000_000}, nil)
	b.Field(1).(*array.StringBuilder).AppendValues([]string{"漢字とカナ", "", "👩‍🚀 Ada"}, []bool{true, false, true})
	b.Field(2).(*array.Decimal128Builder).AppendValues([]decimal128.Num{decimal128.FromI64(123456), decimal128.FromI64(-5), {}}, []bool{true, true, false})
	b.Field(3).(*array.StringBuilder).AppendValues([]string{"plain", "tab\tand\nline \x1b[31mred", "a comment that is much longer than any column should be on a terminal of that width"}, nil)
	b.Field(4).(*array.Float64Builder).AppendValues([]float64{0.5, math.NaN(), math.Inf(-1)}, nil)
	b.Field(5).(*array.Date32Builder).AppendValues([]arrow.Date32{0, 20_000, -1}, nil)
	batch := b.NewRecordBatch()
	t.Cleanup(batch.Release)
	return columns, batch
}

func write(t *testing.T, format string, columns []Column, options Options, batches ...arrow.RecordBatch) string {
	t.Helper()
	var out bytes.Buffer
	w := New(&out, format, columns, options)
	for _, batch := range batches {
		if err := w.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	for _, test := range []struct {
		name, format string
		options      Options
	}{
		{"table", "table", Options{}},
		{"table-120", "table", Options{Width: 120}},
		{"table-80", "table", Options{Width: 80}},
		{"table-40", "table", Options{Width: 40}},
		{"table-10", "table", Options{Width: 10}},
		{"table-rows", "table", Options{Width: 120, Rows: 2}},
		{"table-color", "table", Options{Width: 80, Color: true}},
		{"csv", "csv", Options{}},
		{"tsv", "tsv", Options{}},
		{"json", "json", Options{}},
		{"jsonl", "jsonl", Options{}},
		{"md", "md", Options{}},
		{"html", "html", Options{}},
		{"none", "none", Options{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			columns, batch := sample(t)
			got := write(t, test.format, columns, test.options, batch)
			path := filepath.Join("testdata", test.name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
			if width := test.options.Width; width > 0 {
				for line := range strings.Lines(got) {
					if have := ansi.StringWidth(strings.TrimRight(line, "\n")); have > max(width, 24) {
						t.Errorf("a line has %d cells of %d: %s", have, width, line)
					}
				}
			}
		})
	}
}

// TestEmpty writes no rows at all.
func TestEmpty(t *testing.T) {
	columns := []Column{{"a", ir.Of(ir.I32)}}
	for _, test := range []struct{ format, want string }{
		{"table", "       a\n integer\n─────────\n"},
		{"csv", "a\n"},
		{"json", "[]\n"},
		{"jsonl", ""},
	} {
		if diff := cmp.Diff(test.want, write(t, test.format, columns, Options{})); diff != "" {
			t.Errorf("%s: %s", test.format, diff)
		}
	}
}

// TestLongTable writes more rows than a table waits for: none may be lost.
func TestLongTable(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range keptRows + 10 {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	columns := []Column{{"n", ir.Of(ir.I64)}}
	lines := strings.Split(strings.TrimSpace(write(t, "table", columns, Options{}, batch, batch)), "\n")
	if want := 2*(keptRows+10) + 3; len(lines) != want {
		t.Errorf("%d lines, want %d", len(lines), want)
	}
	if last := strings.TrimSpace(lines[len(lines)-1]); last != fmt.Sprint(keptRows+9) {
		t.Errorf("the last row is %q", last)
	}
}

func TestUnique(t *testing.T) {
	for _, test := range []struct{ labels, want []string }{
		{[]string{"a", "b"}, []string{"a", "b"}},
		{[]string{"a", "a", "a"}, []string{"a", "a_1", "a_2"}},
		{[]string{"a", "a", "a_1"}, []string{"a", "a_2", "a_1"}},
		{[]string{"a_1", "a", "a"}, []string{"a_1", "a", "a_2"}},
	} {
		var columns []Column
		for _, label := range test.labels {
			columns = append(columns, Column{Label: label})
		}
		var got []string
		for _, column := range Unique(columns) {
			got = append(got, column.Label)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v: %s", test.labels, diff)
		}
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain ä 漢":        "plain ä 漢",
		"a\nb\tc\rd":       `a\nb\tc\rd`,
		"\x1b]0;title\x07": `\u001b]0;title\u0007`,
		"abc\u202etxt.exe": `abc\u202etxt.exe`,
		"\u009b31m":        `\u009b31m`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("Printable(%q) = %q, want %q", text, got, want)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int64}, {Name: "b", Type: arrow.BinaryTypes.String},
	}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	for i := range 10_000 {
		builder.Field(0).(*array.Int64Builder).Append(int64(i))
		builder.Field(1).(*array.StringBuilder).Append("carefully final deposits")
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()
	columns := []Column{{"a", ir.Of(ir.I64)}, {"b", ir.Of(ir.String)}}
	for _, format := range []string{"table", "csv", "jsonl"} {
		b.Run(format, func(b *testing.B) {
			for b.Loop() {
				var out bytes.Buffer
				w := New(&out, format, columns, Options{})
				if err := w.Write(batch); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(out.Len()))
			}
		})
	}
}
