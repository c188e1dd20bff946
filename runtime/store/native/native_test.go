package native

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

var format = &store.Format{Name: "native", Open: Open, Write: Write}

// writeFile writes rows with segments of a given size.
func writeFile(tb testing.TB, path string, fields []ir.Field, rows [][]ir.Datum, g geometry, options store.WriteOptions) {
	tb.Helper()
	small := *format
	small.Write = func(ctx context.Context, sys *system.System, w io.Writer, schema []ir.Field, batches store.Batches, options store.WriteOptions) error {
		return write(ctx, sys, w, schema, batches, options, g)
	}
	err := store.WriteFile(tb.Context(), system.Real(), &small, path, fields, storetest.Batches(fields, rows, 777), options)
	if err != nil {
		tb.Fatal(err)
	}
}

func openFile(tb testing.TB, path string) store.Table {
	tb.Helper()
	table, err := Open(tb.Context(), system.Real(), path, store.FileOptions{Table: "t"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := table.Close(); err != nil {
			tb.Error(err)
		}
	})
	return table
}

func codeOf(err error) diag.Code {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		return ""
	}
	return d.Code
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	fields := storetest.AllTypes()
	for _, test := range []struct {
		name     string
		rows     int
		geometry geometry
		memory   int64
	}{
		{"no rows", 0, geometry{SegmentRows, textLimit}, 0},
		{"one row", 1, geometry{SegmentRows, textLimit}, 0},
		{"few rows", 1000, geometry{SegmentRows, textLimit}, 0},
		{"small segments", 5000, geometry{801, textLimit}, 0},
		{"small segments, spooled", 5000, geometry{801, textLimit}, 1},
		{"segments cut by text", 3000, geometry{SegmentRows, 500}, 0},
		{"two chunks", store.ChunkRows + 17, geometry{SegmentRows, textLimit}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(3) {
				want := storetest.RandomRows(rand.New(rand.NewPCG(seed, 1)), fields, test.rows)
				dir := t.TempDir()
				path := filepath.Join(dir, "t.htab")
				writeFile(t, path, fields, want, test.geometry, store.WriteOptions{TempDir: dir, Memory: test.memory})
				table := openFile(t, path)
				got := storetest.Rows(t, table)
				if diff := storetest.Diff(want, got); diff != "" {
					t.Fatalf("seed %d (-want +got):\n%.2000s", seed, diff)
				}
				checkDescription(t, table, want)
				if test.rows > 0 && test.rows < 2000 {
					// A text area that holds but a few values makes for many batches.
					got, err := storetest.Read(t, table, store.Natural(store.Fields(table.Description())), 60)
					if diff := storetest.Diff(want, got); err != nil || diff != "" {
						t.Fatalf("seed %d, little room: %v (-want +got):\n%.2000s", seed, err, diff)
					}
				}
				names, err := os.ReadDir(dir)
				if err != nil || len(names) != 1 {
					t.Fatalf("the directory holds %v, %v", names, err)
				}
			}
		})
	}
}

// checkDescription compares statistics with the rows, and reads every column again in
// the layout that the table offers.
func checkDescription(t *testing.T, table store.Table, rows [][]ir.Datum) {
	t.Helper()
	description := table.Description()
	if description.Rows != int64(len(rows)) {
		t.Errorf("%d rows, want %d", description.Rows, len(rows))
	}
	var columns []store.ColumnRequest
	for i, column := range description.Columns {
		columns = append(columns, store.ColumnRequest{Name: column.Name, Type: column.Type, Layout: column.Layout})
		nulls, distinct := int64(0), map[ir.Datum]bool{}
		for _, row := range rows {
			if d := row[i]; d.Null {
				nulls++
			} else {
				distinct[d] = true
				s := column.Statistics
				if s.Min != nil && store.Less(column.Type, d, *s.Min) || s.Max != nil && store.Less(column.Type, *s.Max, d) {
					t.Errorf("column %s: %+v is outside of %+v to %+v", column.Name, d, s.Min, s.Max)
				}
			}
		}
		if column.Statistics.Nulls != nulls || column.Type.Nullable != (nulls > 0) {
			t.Errorf("column %s: %d NULLs and type %s, want %d", column.Name, column.Statistics.Nulls, column.Type, nulls)
		}
		if d := column.Statistics.Distinct; d < int64(len(distinct))-1 || d > int64(len(distinct))+1 {
			t.Errorf("column %s: %d distinct values, want %d", column.Name, d, len(distinct))
		}
	}
	got, err := storetest.Read(t, table, columns, 1<<20)
	if diff := storetest.Diff(rows, got); err != nil || diff != "" {
		t.Fatalf("in native layouts: %v (-want +got):\n%.2000s", err, diff)
	}
}

func TestLayouts(t *testing.T) {
	t.Parallel()
	letters := func(i int) ir.Datum { return ir.TextDatum(string(rune('a' + i%3))) }
	for _, test := range []struct {
		name  string
		typ   ir.Type
		value func(i int) ir.Datum
		want  ir.Layout
	}{
		{"small integers", ir.Of(ir.I64), func(i int) ir.Datum { return ir.IntDatum(int64(i % 100)) }, ir.Layout{Width: 1}},
		{"bytes need a base", ir.Of(ir.I64), func(i int) ir.Datum { return ir.IntDatum(int64(i % 200)) }, ir.Layout{Width: 1, Base: 128}},
		{"dates", ir.Of(ir.Date), func(i int) ir.Datum { return ir.IntDatum(int64(8035 + i%2500)) }, ir.Layout{Width: 2}},
		{"high integers", ir.Of(ir.I32), func(i int) ir.Datum { return ir.IntDatum(1<<31 - 1 - int64(i%5)) }, ir.Layout{Width: 1, Base: 1<<31 - 128}},
		{"decimals of 38 digits", ir.DecimalType(38, 2), func(i int) ir.Datum { return ir.IntDatum(int64(i)) }, ir.Layout{Width: 2}},
		{"wide decimals", ir.DecimalType(38, 2), func(i int) ir.Datum { return ir.Datum{High: int64(i)} }, ir.Layout{Width: 16}},
		{"floats", ir.Of(ir.F64), func(i int) ir.Datum { return ir.FloatDatum(float64(i)) }, ir.Layout{Width: 8}},
		{"booleans", ir.Of(ir.Bool), func(i int) ir.Datum { return ir.BoolDatum(i%2 == 0) }, ir.Layout{Width: 1}},
		{"all NULL", ir.Of(ir.I64).WithNull(true), func(int) ir.Datum { return ir.NullDatum }, ir.Layout{Width: 1}},
		{"text that repeats", ir.Of(ir.String), letters, ir.Layout{Encoding: ir.Dictionary, Width: 1, Cardinality: 3}},
		{"text that does not", ir.Of(ir.String), func(i int) ir.Datum { return ir.TextDatum(fmt.Sprint(i)) }, ir.Layout{}},
		{"text that is NULL", ir.Of(ir.String).WithNull(true), func(int) ir.Datum { return ir.NullDatum }, ir.Layout{}},
		{"text that repeats with NULLs", ir.Of(ir.String).WithNull(true), func(i int) ir.Datum {
			if i%2 == 0 {
				return ir.NullDatum
			}
			return letters(i)
		}, ir.Layout{Encoding: ir.Dictionary, Width: 1, Cardinality: 3}},
		{"a dictionary of two bytes", ir.Of(ir.String), func(i int) ir.Datum { return ir.TextDatum(fmt.Sprint(i % 300)) }, ir.Layout{Encoding: ir.Dictionary, Width: 2, Cardinality: 300}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fields := []ir.Field{{Name: "c", Type: test.typ}}
			rows := make([][]ir.Datum, 3000)
			for i := range rows {
				rows[i] = []ir.Datum{test.value(i)}
			}
			path := filepath.Join(t.TempDir(), "t.htab")
			writeFile(t, path, fields, rows, geometry{1000, textLimit}, store.WriteOptions{})
			table := openFile(t, path)
			if got := table.Description().Columns[0].Layout; got != test.want {
				t.Errorf("layout %s, want %s", got, test.want)
			}
			if diff := storetest.Diff(rows, storetest.Rows(t, table)); diff != "" {
				t.Errorf("(-want +got):\n%.2000s", diff)
			}
		})
	}
}

// TestDictionaryGivenUp has a column whose first segments are coded before there turn
// out to be too many entries.
func TestDictionaryGivenUp(t *testing.T) {
	t.Parallel()
	fields := []ir.Field{{Name: "c", Type: ir.Of(ir.String).WithNull(true)}}
	rows := make([][]ir.Datum, 200_000)
	for i := range rows {
		rows[i] = []ir.Datum{ir.TextDatum(fmt.Sprint(i % 100_000))}
		if i%10 == 0 {
			rows[i][0] = ir.NullDatum
		}
	}
	path := filepath.Join(t.TempDir(), "t.htab")
	writeFile(t, path, fields, rows, geometry{30_000, textLimit}, store.WriteOptions{Threads: 2})
	table := openFile(t, path)
	column := table.Description().Columns[0]
	if column.Layout != (ir.Layout{}) {
		t.Errorf("layout %s, want plain text", column.Layout)
	}
	if d := column.Statistics.Distinct; d < 85_000 || d > 95_000 {
		t.Errorf("%d distinct values, want about 90,000", d)
	}
	if diff := storetest.Diff(rows, storetest.Rows(t, table)); diff != "" {
		t.Errorf("(-want +got):\n%.2000s", diff)
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	fields := []ir.Field{{Name: "n", Type: ir.Of(ir.I32)}, {Name: "s", Type: ir.Of(ir.String)}}
	var rows [][]ir.Datum
	for i := range 2500 {
		rows = append(rows, []ir.Datum{ir.IntDatum(int64(i)), ir.TextDatum(fmt.Sprint("row ", i))})
	}
	path := filepath.Join(t.TempDir(), "t.htab")
	writeFile(t, path, fields, rows, geometry{1000, textLimit}, store.WriteOptions{})
	table := openFile(t, path)
	var request store.ScanRequest
	for _, c := range table.Description().Columns {
		request.Columns = append(request.Columns, store.ColumnRequest{Name: c.Name, Type: c.Type, Layout: c.Layout})
	}
	scan, err := table.Scan(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	for _, segment := range scan.Segments() {
		for _, c := range segment.Columns {
			for _, region := range []store.Region{c.Values, c.Text} {
				if region == (store.Region{}) {
					continue // numbers have no text
				}
				if region.Offset%Alignment != 0 {
					t.Errorf("region at %d", region.Offset)
				}
				if err := region.File.Verify(region.Offset, region.Length); err != nil {
					t.Error(err)
				}
				if after := content[region.Offset+region.Length:][:overhang]; !bytes.Equal(after, zeroes[:overhang]) {
					t.Errorf("region at %d is followed by %x", region.Offset, after)
				}
			}
			if c.Validity != (store.Region{}) {
				t.Errorf("a validity bitmap of a column without NULL")
			}
		}
		view := func(r store.Region) []byte { return content[r.Offset : r.Offset+r.Length] }
		numbers := store.Vector{Values: view(segment.Columns[0].Values)}
		texts := store.Vector{Values: view(segment.Columns[1].Values), Text: view(segment.Columns[1].Text)}
		for row := range int(segment.Rows) {
			got := []ir.Datum{
				numbers.Datum(request.Columns[0].Type, request.Columns[0].Layout, nil, row),
				texts.Datum(request.Columns[1].Type, request.Columns[1].Layout, nil, row),
			}
			if diff := cmp.Diff(rows[next], got); diff != "" {
				t.Fatal(diff)
			}
			next++
		}
	}
	if next != len(rows) {
		t.Errorf("segments have %d rows, want %d", next, len(rows))
	}
}

func TestScanRequests(t *testing.T) {
	t.Parallel()
	fields := []ir.Field{{Name: "n", Type: ir.Of(ir.I32)}, {Name: "m", Type: ir.Of(ir.I32).WithNull(true)}, {Name: "s", Type: ir.Of(ir.String)}}
	rows := [][]ir.Datum{{ir.IntDatum(1000), ir.NullDatum, ir.TextDatum("unique")}}
	path := filepath.Join(t.TempDir(), "t.htab")
	writeFile(t, path, fields, rows, geometry{1000, textLimit}, store.WriteOptions{})
	table := openFile(t, path)
	for _, test := range []struct {
		name    string
		request store.ColumnRequest
		want    diag.Code
	}{
		{"as it is", store.ColumnRequest{Name: "n", Type: ir.Of(ir.I32), Layout: ir.Layout{Width: 2}}, ""},
		{"as if nullable", store.ColumnRequest{Name: "n", Type: ir.Of(ir.I32).WithNull(true), Layout: ir.Layout{Width: 2}}, ""},
		{"missing", store.ColumnRequest{Name: "x", Type: ir.Of(ir.I32), Layout: ir.Layout{Width: 4}}, "E0510"},
		{"other type", store.ColumnRequest{Name: "n", Type: ir.Of(ir.I64), Layout: ir.Layout{Width: 8}}, "E0510"},
		{"NULLs where none are expected", store.ColumnRequest{Name: "m", Type: ir.Of(ir.I32), Layout: ir.Layout{Width: 4}}, "E0510"},
		{"too narrow", store.ColumnRequest{Name: "n", Type: ir.Of(ir.I32), Layout: ir.Layout{Width: 1}}, "E0513"},
		{"too narrow for a NULL", store.ColumnRequest{Name: "m", Type: ir.Of(ir.I32).WithNull(true), Layout: ir.Layout{Width: 1, Base: 500}}, ""},
		{"no dictionary", store.ColumnRequest{Name: "s", Type: ir.Of(ir.String), Layout: store.DictionaryLayout(5)}, "E0513"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := storetest.Read(t, table, []store.ColumnRequest{test.request}, 100)
			if got := codeOf(err); got != test.want || test.want == "" && err != nil {
				t.Errorf("error %v, want code %q", err, test.want)
			}
		})
	}
	if _, err := storetest.Read(t, table, store.Natural(fields), 3); codeOf(err) != "E0511" {
		t.Errorf("a value longer than the text area: %v", err)
	}
}

// TestMapNullable maps columns for code that expects NULLs where there are none.
func TestMapNullable(t *testing.T) {
	t.Parallel()
	fields := []ir.Field{{Name: "n", Type: ir.Of(ir.I32)}}
	var rows [][]ir.Datum
	for i := range 2100 {
		rows = append(rows, []ir.Datum{ir.IntDatum(int64(i))})
	}
	path := filepath.Join(t.TempDir(), "t.htab")
	writeFile(t, path, fields, rows, geometry{1000, textLimit}, store.WriteOptions{})
	scan, err := openFile(t, path).Scan(t.Context(), store.ScanRequest{
		Columns: []store.ColumnRequest{{Name: "n", Type: ir.Of(ir.I32).WithNull(true), Layout: ir.Layout{Width: 2}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(scan.Segments()) != 3 {
		t.Fatalf("%d segments", len(scan.Segments()))
	}
	for _, segment := range scan.Segments() {
		ones := segment.Columns[0].Validity
		if err := ones.File.Verify(ones.Offset, ones.Length); err != nil {
			t.Error(err)
		}
		if present(content[ones.Offset:ones.Offset+ones.Length]) < segment.Rows {
			t.Errorf("validity %+v of %d rows", ones, segment.Rows)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	good := []ir.Field{{Name: "s", Type: ir.Of(ir.String)}}
	row := func(text string) [][]ir.Datum { return [][]ir.Datum{{ir.TextDatum(text)}} }
	failing := func(yield func(*store.Batch, error) bool) { yield(nil, io.ErrClosedPipe) }
	for _, test := range []struct {
		name    string
		fields  []ir.Field
		batches store.Batches
		want    string
	}{
		{"no columns", nil, storetest.Batches(nil, nil, 1), "1 to"},
		{"a name twice", []ir.Field{good[0], good[0]}, storetest.Batches(nil, nil, 1), "repeated"},
		{"a type that no table has", []ir.Field{{Name: "x", Type: ir.Of(ir.Null)}}, storetest.Batches(nil, nil, 1), "cannot hold"},
		{"text that is not UTF-8", good, storetest.Batches(good, row("a\xFF"), 1), "not UTF-8"},
		{"a source that fails", good, failing, io.ErrClosedPipe.Error()},
		{"a value that is too long", good, storetest.Batches(good, row(strings.Repeat("x", 600)), 1), "longer than"},
		{"a batch of another shape", good, storetest.Batches(nil, [][]ir.Datum{{}}, 1), "columns"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := write(t.Context(), system.Real(), io.Discard, test.fields, test.batches, store.WriteOptions{}, geometry{100, 500})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestSameRowsSameFile(t *testing.T) {
	t.Parallel()
	fields := storetest.AllTypes()
	rows := storetest.RandomRows(rand.New(rand.NewPCG(5, 5)), fields, 2000)
	var first []byte
	for threads := 1; threads <= 4; threads++ {
		path := filepath.Join(t.TempDir(), "t.htab")
		writeFile(t, path, fields, rows, geometry{300, textLimit}, store.WriteOptions{Threads: threads, Memory: int64(threads % 2), TempDir: t.TempDir()})
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = content
		} else if !bytes.Equal(first, content) {
			t.Errorf("%d threads make another file", threads)
		}
	}
}

// TestCopy reads a table as `heddle load` does, and writes what it reads.
func TestCopy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fields := storetest.AllTypes()
	rows := storetest.RandomRows(rand.New(rand.NewPCG(9, 9)), fields, 3000)
	from, to := filepath.Join(dir, "from.htab"), filepath.Join(dir, "to.htab")
	writeFile(t, from, fields, rows, geometry{SegmentRows, textLimit}, store.WriteOptions{})
	table := openFile(t, from)
	err := store.WriteFile(t.Context(), system.Real(), format, to, store.Fields(table.Description()), store.Read(t.Context(), table, 2), store.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if copied := openFile(t, to); copied.Fingerprint() != table.Fingerprint() {
		t.Errorf("fingerprint %s, want %s", copied.Fingerprint(), table.Fingerprint())
	}
}

func BenchmarkWrite(b *testing.B) {
	fields, batch := benchmarkBatch()
	const batches = 16
	b.SetBytes(batches * store.ChunkRows * 40)
	for b.Loop() {
		source := func(yield func(*store.Batch, error) bool) {
			for range batches {
				if !yield(batch, nil) {
					return
				}
			}
		}
		if err := Write(b.Context(), system.Real(), io.Discard, fields, source, store.WriteOptions{Threads: runtime.GOMAXPROCS(0)}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(batches*store.ChunkRows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func benchmarkBatch() ([]ir.Field, *store.Batch) {
	fields := []ir.Field{
		{Name: "k", Type: ir.Of(ir.I64)},
		{Name: "p", Type: ir.DecimalType(15, 2)},
		{Name: "d", Type: ir.Of(ir.Date)},
		{Name: "f", Type: ir.Of(ir.String)},
		{Name: "c", Type: ir.Of(ir.String)},
	}
	random := rand.New(rand.NewPCG(1, 1))
	rows := make([][]ir.Datum, store.ChunkRows)
	for i := range rows {
		rows[i] = []ir.Datum{
			ir.IntDatum(int64(i)), ir.IntDatum(random.Int64N(10_000_000)), ir.IntDatum(8000 + random.Int64N(2500)),
			ir.TextDatum([]string{"A", "N", "R"}[random.IntN(3)]), ir.TextDatum(fmt.Sprint("comment ", random.Uint64())),
		}
	}
	return fields, storetest.Batch(fields, rows)
}

func BenchmarkVerify(b *testing.B) {
	fields, batch := benchmarkBatch()
	path := filepath.Join(b.TempDir(), "t.htab")
	source := func(yield func(*store.Batch, error) bool) {
		for range 16 {
			if !yield(batch, nil) {
				return
			}
		}
	}
	if err := store.WriteFile(b.Context(), system.Real(), format, path, fields, source, store.WriteOptions{}); err != nil {
		b.Fatal(err)
	}
	opened := openFile(b, path).(*table)
	for i := range opened.footer.columns {
		c := &opened.footer.columns[i]
		b.Run(c.name, func(b *testing.B) {
			p := &c.pieces[0]
			b.SetBytes(p.values.length + p.text.length)
			for b.Loop() {
				if err := opened.verify(c, p, opened.footer.segments[0]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	fields, batch := benchmarkBatch()
	path := filepath.Join(b.TempDir(), "t.htab")
	source := func(yield func(*store.Batch, error) bool) {
		for range 16 {
			if !yield(batch, nil) {
				return
			}
		}
	}
	if err := store.WriteFile(b.Context(), system.Real(), format, path, fields, source, store.WriteOptions{}); err != nil {
		b.Fatal(err)
	}
	table := openFile(b, path)
	for b.Loop() {
		rows := 0
		for batch, err := range store.Read(b.Context(), table, runtime.GOMAXPROCS(0)) {
			if err != nil {
				b.Fatal(err)
			}
			rows += batch.Rows
		}
		b.ReportMetric(float64(rows), "rows/op")
	}
}

func BenchmarkOpen(b *testing.B) {
	path, _ := corruptible(b)
	for b.Loop() {
		table, err := Open(b.Context(), system.Real(), path, store.FileOptions{Table: "t"})
		if err != nil {
			b.Fatal(err)
		}
		if err := table.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
