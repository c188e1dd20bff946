package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

// encodeRows writes rows into memory.
func encodeRows(tb testing.TB, fields []ir.Field, rows [][]ir.Datum, groupRows int, options store.WriteOptions) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := write(context.Background(), system.Real(), &out, fields, storetest.Batches(fields, rows, 1000), options, groupRows); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func openBytes(tb testing.TB, data []byte) store.Table {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "t.parquet")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return openFile(tb, path)
}

// holdable is a schema of all types with rows that a Parquet file can hold.
func holdable(random *rand.Rand, n int) ([]ir.Field, [][]ir.Datum) {
	fields := storetest.AllTypes()
	rows := storetest.RandomRows(random, fields, n)
	for i, field := range fields {
		for row := range rows {
			d := &rows[row][i]
			switch {
			case d.Null:
			case field.Type.Kind == ir.I128 && !withinPrecision(d.Int128(), 38):
				*d = ir.Int128Datum(ir.Int128{High: powers[38].High, Low: powers[38].Low - 1})
			case field.Type.Kind == ir.Interval:
				*d = ir.IntervalDatum(int32(row), 3, int64(row)*1000)
			}
		}
	}
	return fields, rows
}

func TestRoundTrip(t *testing.T) {
	for _, test := range []struct {
		name      string
		rows      int
		groupRows int
		options   store.WriteOptions
	}{
		{"no rows", 0, 100, store.WriteOptions{}},
		{"one row", 1, 100, store.WriteOptions{}},
		{"one row group", 3001, 1 << 20, store.WriteOptions{}},
		{"many row groups", 5000, 777, store.WriteOptions{Threads: 3}},
		{"zstd", 2000, 1500, store.WriteOptions{Compression: "zstd"}},
		{"gzip", 2000, 1500, store.WriteOptions{Compression: "gzip"}},
		{"none", 2000, 1500, store.WriteOptions{Compression: "none"}},
		{"many pages", 3 * pageRows / 2, 1 << 20, store.WriteOptions{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fields, rows := holdable(rand.New(rand.NewPCG(7, uint64(test.rows))), test.rows)
			table := openBytes(t, encodeRows(t, fields, rows, test.groupRows, test.options))
			if got := table.Description().Rows; got != int64(len(rows)) {
				t.Errorf("%d rows, want %d", got, len(rows))
			}
			for i, c := range table.Description().Columns {
				want := fields[i].Type
				if want.Kind == ir.I128 {
					want = ir.DecimalType(38, 0)
				}
				if c.Name != fields[i].Name || !c.Type.Same(want) {
					t.Errorf("column %q of %s, want %q of %s", c.Name, c.Type, fields[i].Name, want)
				}
			}
			if diff := storetest.Diff(rows, storetest.Rows(t, table)); diff != "" {
				t.Errorf("natural layouts: %s", diff)
			}
			got, err := storetest.Read(t, table, offered(table), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if diff := storetest.Diff(rows, got); diff != "" {
				t.Errorf("offered layouts: %s", diff)
			}
			got, err = storetest.Read(t, table, offered(table), 64)
			if err != nil {
				t.Fatal(err)
			}
			if diff := storetest.Diff(rows, got); diff != "" {
				t.Errorf("little room for text: %s", diff)
			}
		})
	}
}

// TestLargeRowGroup reads a row group in parts.
func TestLargeRowGroup(t *testing.T) {
	fields := []ir.Field{
		{Name: "k", Type: ir.Of(ir.I64)},
		{Name: "s", Type: ir.Of(ir.String).WithNull(true)},
		{Name: "f", Type: ir.Of(ir.F64)},
	}
	rows := make([][]ir.Datum, 5*pageRows+17)
	for i := range rows {
		rows[i] = []ir.Datum{ir.IntDatum(int64(i)), ir.TextDatum(fmt.Sprint("v", i%40000)), ir.FloatDatum(float64(i))}
		if i%7 == 0 {
			rows[i][1] = ir.NullDatum
		}
	}
	table := openBytes(t, encodeRows(t, fields, rows, 1<<30, store.WriteOptions{}))
	scan, err := table.Scan(t.Context(), store.ScanRequest{Columns: offered(table)})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(scan.Chunks()); n != 2 {
		t.Fatalf("%d chunks, want 2", n)
	}
	if zone := scan.Chunks()[1].Zones[0]; zone.Min == nil || zone.Min.Int() != 4*pageRows {
		t.Errorf("the second chunk has zone %+v; the column index says more", zone)
	}
	got, err := storetest.Read(t, table, offered(table), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if diff := storetest.Diff(rows, got); diff != "" {
		t.Error(diff)
	}
}

func TestCannotWrite(t *testing.T) {
	for _, test := range []struct {
		name    string
		field   ir.Type
		value   ir.Datum
		options store.WriteOptions
	}{
		{"negative interval", ir.Of(ir.Interval), ir.IntervalDatum(-1, 0, 0), store.WriteOptions{}},
		{"39 digits", ir.Of(ir.I128), ir.Int128Datum(powers[38]), store.WriteOptions{}},
		{"NULL that is none", ir.Of(ir.I32), ir.NullDatum, store.WriteOptions{}},
		{"unknown compression", ir.Of(ir.I32), ir.IntDatum(1), store.WriteOptions{Compression: "rar"}},
		{"no type", ir.Of(ir.Null), ir.NullDatum, store.WriteOptions{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			field := ir.Field{Name: "c", Type: test.field}
			batches := func(yield func(*store.Batch, error) bool) {
				nullable := []ir.Field{{Name: "c", Type: test.field.WithNull(true)}}
				if test.field.Kind != ir.Null {
					yield(storetest.Batch(nullable, [][]ir.Datum{{test.value}}), nil)
				}
			}
			err := Write(t.Context(), system.Real(), new(bytes.Buffer), []ir.Field{field}, batches, test.options)
			var d *diag.Diagnostic
			if !errors.As(err, &d) || d.Code != store.CodeCannotWrite {
				t.Errorf("got %v, want %s", err, store.CodeCannotWrite)
			}
		})
	}
}
