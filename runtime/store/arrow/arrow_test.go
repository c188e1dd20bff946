package arrow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

func openBytes(tb testing.TB, data []byte) (store.Table, error) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "t.arrow")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	table, err := Open(context.Background(), system.Real(), path, store.FileOptions{Table: "t"})
	if err == nil {
		tb.Cleanup(func() {
			if err := table.Close(); err != nil {
				tb.Error(err)
			}
		})
	}
	return table, err
}

func encodeRows(tb testing.TB, n int, compression string) ([]ir.Field, [][]ir.Datum, []byte) {
	tb.Helper()
	fields := storetest.AllTypes()
	rows := storetest.RandomRows(rand.New(rand.NewPCG(1, uint64(n))), fields, n)
	for i, field := range fields {
		for row := range rows {
			switch d := &rows[row][i]; {
			case d.Null:
			case field.Type.Kind == ir.I128 && !ir.FitsDecimal(d.Int128(), 38):
				*d = ir.IntDatum(-5)
			case field.Type.Kind == ir.Interval:
				*d = ir.IntervalDatum(int32(row), -3, int64(-row))
			}
		}
	}
	var out bytes.Buffer
	if err := Write(context.Background(), system.Real(), &out, fields, storetest.Batches(fields, rows, 300), store.WriteOptions{Compression: compression}); err != nil {
		tb.Fatal(err)
	}
	return fields, rows, out.Bytes()
}

func TestRoundTrip(t *testing.T) {
	for _, compression := range []string{"none", "lz4", "zstd"} {
		for _, n := range []int{0, 1, 1000} {
			t.Run(fmt.Sprint(compression, n), func(t *testing.T) {
				fields, rows, data := encodeRows(t, n, compression)
				table, err := openBytes(t, data)
				if err != nil {
					t.Fatal(err)
				}
				for i, c := range table.Description().Columns {
					want := fields[i].Type
					if want.Kind == ir.I128 {
						want = ir.DecimalType(38, 0).WithNull(true)
					}
					if c.Name != fields[i].Name || !c.Type.Equal(want) {
						t.Errorf("column %q of %s, want %q of %s", c.Name, c.Type, fields[i].Name, want)
					}
				}
				if diff := storetest.Diff(rows, storetest.Rows(t, table)); diff != "" {
					t.Error(diff)
				}
				got, err := storetest.Read(t, table, store.Natural(store.Fields(table.Description())), 64)
				if err != nil {
					t.Fatal(err)
				}
				if diff := storetest.Diff(rows, got); diff != "" {
					t.Errorf("little room: %s", diff)
				}
			})
		}
	}
}

// foreign makes a record batch of types that Write does not use, and its rows.
func foreign() (arrow.RecordBatch, [][]ir.Datum) {
	dictionary := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "u8", Type: arrow.PrimitiveTypes.Uint8, Nullable: true},
		{Name: "u64", Type: arrow.PrimitiveTypes.Uint64, Nullable: true},
		{Name: "large", Type: arrow.BinaryTypes.LargeString, Nullable: true},
		{Name: "view", Type: arrow.BinaryTypes.StringView, Nullable: true},
		{Name: "dict", Type: dictionary, Nullable: true},
		{Name: "date64", Type: arrow.FixedWidthTypes.Date64, Nullable: true},
		{Name: "seconds", Type: arrow.FixedWidthTypes.Time32s, Nullable: true},
		{Name: "nanos", Type: &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}, Nullable: true},
		{Name: "list", Type: arrow.ListOf(arrow.PrimitiveTypes.Int8), Nullable: true},
		{Name: "fixed", Type: &arrow.FixedSizeBinaryType{ByteWidth: 3}},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	var rows [][]ir.Datum
	for i := range int64(50) {
		null := i%5 == 4
		text := fmt.Sprintf("a text that is long enough to be out of line %d", i%3)
		row := []ir.Datum{
			ir.IntDatum(200 + i),
			{Low: 1<<64 - 1 - uint64(i)},
			ir.TextDatum(text), ir.TextDatum(text), ir.TextDatum(text),
			ir.IntDatum(i), ir.IntDatum(i * 1e6), ir.IntDatum(-i), ir.TextDatum("xyz"),
		}
		if null {
			for c := range 9 {
				b.Field(c).AppendNull()
			}
			for c := range 8 {
				row[c] = ir.NullDatum
			}
		} else {
			b.Field(0).(*array.Uint8Builder).Append(uint8(200 + i))
			b.Field(1).(*array.Uint64Builder).Append(1<<64 - 1 - uint64(i))
			b.Field(2).(*array.LargeStringBuilder).Append(text)
			b.Field(3).(*array.StringViewBuilder).Append(text)
			_ = b.Field(4).(*array.BinaryDictionaryBuilder).AppendString(text)
			b.Field(5).(*array.Date64Builder).Append(arrow.Date64(i * 86_400_000))
			b.Field(6).(*array.Time32Builder).Append(arrow.Time32(i))
			b.Field(7).(*array.TimestampBuilder).Append(arrow.Timestamp(-i * 1000))
			b.Field(8).(*array.ListBuilder).Append(true)
		}
		b.Field(9).(*array.FixedSizeBinaryBuilder).Append([]byte("xyz"))
		rows = append(rows, row)
	}
	return b.NewRecordBatch(), rows
}

func foreignBytes(tb testing.TB, stream bool) ([]byte, [][]ir.Datum) {
	tb.Helper()
	batch, rows := foreign()
	var out bytes.Buffer
	var w interface {
		Write(arrow.RecordBatch) error
		io.Closer
	}
	if stream {
		w = ipc.NewWriter(&out, ipc.WithSchema(batch.Schema()))
	} else {
		var err error
		if w, err = ipc.NewFileWriter(&out, ipc.WithSchema(batch.Schema())); err != nil {
			tb.Fatal(err)
		}
	}
	// A slice has offsets above zero.
	for _, part := range []arrow.RecordBatch{batch.NewSlice(0, 13), batch.NewSlice(13, 50)} {
		if err := w.Write(part); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes(), rows
}

func TestForeign(t *testing.T) {
	for _, stream := range []bool{false, true} {
		t.Run(fmt.Sprint("stream ", stream), func(t *testing.T) {
			data, rows := foreignBytes(t, stream)
			table, err := openBytes(t, data)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if diff := storetest.Diff(rows, storetest.Rows(t, table)); diff != "" {
					t.Error(diff)
				}
			}
			_, err = table.Scan(t.Context(), store.ScanRequest{Columns: []store.ColumnRequest{{Name: "list", Type: ir.Of(ir.I8)}}})
			var d *diag.Diagnostic
			if !errors.As(err, &d) || d.Code != store.CodeNotThisFormat {
				t.Errorf("reading a list: %v", err)
			}
		})
	}
}

func checkDamage(tb testing.TB, data []byte) {
	tb.Helper()
	table, err := openBytes(tb, data)
	if err == nil {
		_, err = storetest.Read(tb, table, store.Natural(store.Fields(table.Description())), 1<<12)
	}
	var d *diag.Diagnostic
	if err != nil && !errors.As(err, &d) {
		tb.Errorf("an error that is no diagnostic: %v", err)
	}
}

func TestDamage(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	_, _, whole := encodeRows(t, 20, "none")
	other, _ := foreignBytes(t, false)
	stream, _ := foreignBytes(t, true)
	for _, data := range [][]byte{whole, other, stream} {
		for length := 0; length < len(data); length += 1 + len(data)/40 {
			checkDamage(t, data[:length])
		}
		for range 150 {
			damaged := append([]byte{}, data...)
			damaged[random.IntN(len(damaged))] ^= 1 << random.IntN(8)
			checkDamage(t, damaged)
		}
	}
}

func FuzzOpen(f *testing.F) {
	_, _, whole := encodeRows(f, 5, "none")
	other, _ := foreignBytes(f, false)
	stream, _ := foreignBytes(f, true)
	f.Add(whole)
	f.Add(other)
	f.Add(stream)
	f.Fuzz(func(t *testing.T, data []byte) { checkDamage(t, data) })
}
