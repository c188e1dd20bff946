package parquet

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// benchScale is the scale factor of the benchmarks, 0.1 unless HEDDLE_BENCH_SF says.
func benchScale(b *testing.B) float64 {
	if text := os.Getenv("HEDDLE_BENCH_SF"); text != "" {
		scale, err := strconv.ParseFloat(text, 64)
		if err != nil {
			b.Fatal(err)
		}
		return scale
	}
	return 0.1
}

// lineItems gives the batches of lineitem for a writer.
func lineItems(tb testing.TB, scale float64) ([]ir.Field, store.Batches) {
	table, _ := tpch.Lookup("lineitem")
	var fields []ir.Field
	for _, c := range table.Columns {
		types := map[tpch.Kind]ir.Type{
			tpch.Integer: ir.Of(ir.I32), tpch.BigInt: ir.Of(ir.I64), tpch.Decimal: ir.DecimalType(15, 2),
			tpch.Date: ir.Of(ir.Date), tpch.Varchar: ir.Of(ir.String), tpch.Char: ir.Of(ir.String),
		}
		fields = append(fields, ir.Field{Name: c.Name, Type: types[c.Kind]})
	}
	generated, err := tpch.Generate(table, scale, 0, 1)
	if err != nil {
		tb.Fatal(err)
	}
	return fields, func(yield func(*store.Batch, error) bool) {
		for from := range generated {
			batch := &store.Batch{Rows: from.Rows, Columns: make([]store.Vector, len(fields))}
			for i := range from.Columns {
				c, v := &from.Columns[i], &batch.Columns[i]
				switch {
				case c.Int32 != nil:
					v.Values = memoryOf(c.Int32, 4)
				case c.Int64 != nil:
					v.Values = memoryOf(c.Int64, 8)
				default:
					v.Values, v.Text = memoryOf(c.Offsets, 4), c.Bytes
				}
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

func memoryOf[T int32 | int64](values []T, width int) []byte {
	out := make([]byte, width*len(values))
	if width == 4 {
		for i, v := range values {
			store.View[int32](out, len(values))[i] = int32(v)
		}
	} else {
		for i, v := range values {
			store.View[int64](out, len(values))[i] = int64(v)
		}
	}
	return out
}

func BenchmarkWrite(b *testing.B) {
	scale := benchScale(b)
	for _, codec := range []string{"none", "snappy", "zstd"} {
		b.Run(codec, func(b *testing.B) {
			for b.Loop() {
				fields, batches := lineItems(b, scale)
				var size counter
				if err := Write(b.Context(), system.Real(), &size, fields, batches, store.WriteOptions{Compression: codec}); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(size)/1e6, "MB")
			}
		})
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// BenchmarkScan reads the seven columns of TPC-H query 1 on one thread.
func BenchmarkScan(b *testing.B) {
	scale := benchScale(b)
	for _, codec := range []string{"none", "snappy", "zstd"} {
		b.Run(codec, func(b *testing.B) {
			// The file is made once for each codec.
			fields, batches := lineItems(b, scale)
			var file bytes.Buffer
			if err := Write(b.Context(), system.Real(), io.Writer(&file), fields, batches, store.WriteOptions{Compression: codec}); err != nil {
				b.Fatal(err)
			}
			path := filepath.Join(b.TempDir(), "lineitem.parquet")
			if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
				b.Fatal(err)
			}
			table := openFile(b, path)
			names := []string{"l_quantity", "l_extendedprice", "l_discount", "l_tax", "l_returnflag", "l_linestatus", "l_shipdate"}
			b.Run("q1", func(b *testing.B) {
				for b.Loop() {
					b.ReportMetric(float64(scanColumns(b, table, names)), "rows")
				}
			})
			b.Run("keys", func(b *testing.B) {
				for b.Loop() {
					scanColumns(b, table, []string{"l_orderkey", "l_partkey", "l_suppkey"})
				}
			})
			b.Run("comment", func(b *testing.B) {
				for b.Loop() {
					scanColumns(b, table, []string{"l_comment"})
				}
			})
		})
	}
	b.Run("open", func(b *testing.B) {
		path := filepath.Join(corpus(b, "tpch/data-sf0.01"), "lineitem.parquet")
		for b.Loop() {
			table, err := Open(b.Context(), system.Real(), path, store.FileOptions{})
			if err != nil {
				b.Fatal(err)
			}
			if err := table.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func scanColumns(b *testing.B, table store.Table, names []string) (rows int) {
	var columns []store.ColumnRequest
	for _, name := range names {
		_, c := table.Description().Column(name)
		columns = append(columns, store.ColumnRequest{Name: name, Type: c.Type, Layout: c.Layout})
	}
	scan, err := table.Scan(b.Context(), store.ScanRequest{Columns: columns})
	if err != nil {
		b.Fatal(err)
	}
	reader, err := scan.Reader()
	if err != nil {
		b.Fatal(err)
	}
	batch := store.NewBatch(columns, store.ChunkRows, 1<<20)
	for i := range scan.Chunks() {
		if err := reader.Open(b.Context(), i); err != nil {
			b.Fatal(err)
		}
		for {
			if err := reader.Next(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
			if batch.Rows == 0 {
				break
			}
			rows += batch.Rows
		}
	}
	return rows
}
