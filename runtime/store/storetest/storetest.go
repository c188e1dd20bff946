// Package storetest helps to test formats: it makes batches from values and reads
// tables back into values.
package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// Batches gives rows as batches of at most size rows in natural layouts.
func Batches(fields []ir.Field, rows [][]ir.Datum, size int) store.Batches {
	return func(yield func(*store.Batch, error) bool) {
		for part := range slices.Chunk(rows, size) {
			if !yield(Batch(fields, part), nil) {
				return
			}
		}
	}
}

// Batch makes one batch in natural layouts.
func Batch(fields []ir.Field, rows [][]ir.Datum) *store.Batch {
	text := 0
	for _, row := range rows {
		for _, d := range row {
			text += len(d.Text)
		}
	}
	batch := store.NewBatch(store.Natural(fields), len(rows), text)
	batch.Rows = len(rows)
	for i, field := range fields {
		for row := range rows {
			batch.Columns[i].Put(field.Type, row, rows[row][i])
		}
	}
	return batch
}

// Rows reads all rows of a table in order, in the natural layouts of its types.
func Rows(tb testing.TB, table store.Table) [][]ir.Datum {
	tb.Helper()
	rows, err := Read(tb, table, store.Natural(store.Fields(table.Description())), 1<<20)
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

// Read reads columns of a table in the layouts requested, with text areas of the given
// size.
func Read(tb testing.TB, table store.Table, columns []store.ColumnRequest, textBytes int) (rows [][]ir.Datum, err error) {
	tb.Helper()
	ctx := tb.Context()
	scan, err := table.Scan(ctx, store.ScanRequest{Columns: columns})
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := scan.Close(); err == nil {
			err = closeErr
		}
	}()
	reader, err := scan.Reader()
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := reader.Close(); err == nil {
			err = closeErr
		}
	}()
	dictionaries := make([][]string, len(columns))
	for i, column := range columns {
		if column.Layout.Encoding == ir.Dictionary {
			if dictionaries[i], err = table.Dictionary(column.Name); err != nil {
				return nil, err
			}
		}
	}
	most := int64(1) // rows of a chunk, where all chunks tell
	for _, chunk := range scan.Chunks() {
		if chunk.Rows < 0 {
			most = store.ChunkRows
		}
		most = max(most, min(chunk.Rows, store.ChunkRows))
	}
	batch := store.NewBatch(columns, int(most), textBytes)
	for i, chunk := range scan.Chunks() {
		if err := reader.Open(ctx, i); err != nil {
			return nil, err
		}
		before := len(rows)
		for {
			if err := reader.Next(ctx, batch); err != nil {
				return nil, err
			}
			if batch.Rows == 0 {
				break
			}
			if batch.Rows > store.ChunkRows {
				return nil, fmt.Errorf("chunk %d: a batch has %d rows", i, batch.Rows)
			}
			for row := range batch.Rows {
				values := make([]ir.Datum, len(columns))
				for c, column := range columns {
					values[c] = batch.Columns[c].Datum(column.Type, column.Layout, dictionaries[c], row)
				}
				rows = append(rows, values)
			}
		}
		if err := checkChunk(chunk, columns, rows[before:]); err != nil {
			return nil, fmt.Errorf("chunk %d: %w", i, err)
		}
	}
	return rows, nil
}

// ErrZone is the error when rows are outside of the zones of their chunk.
var ErrZone = errors.New("wrong zones")

// Diff shows where rows differ; it is empty when they do not.
func Diff(want, got [][]ir.Datum) string {
	for i := range min(len(want), len(got)) {
		// Comparing rows one by one keeps cmp from its search for the shortest edit.
		if !slices.Equal(want[i], got[i]) {
			return fmt.Sprintf("row %d (-want +got):\n%s", i, cmp.Diff(want[i], got[i]))
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d rows, want %d", len(got), len(want))
	}
	return ""
}

// checkChunk compares what a chunk promised with what it gave.
func checkChunk(chunk store.Chunk, columns []store.ColumnRequest, rows [][]ir.Datum) error {
	if chunk.Rows >= 0 && chunk.Rows != int64(len(rows)) {
		return fmt.Errorf("%d rows where %d were promised", len(rows), chunk.Rows)
	}
	for c, zone := range chunk.Zones {
		t := columns[c].Type
		nulls := int64(0)
		for _, row := range rows {
			d := row[c]
			switch {
			case d.Null:
				nulls++
			case zone.AllNull:
				return fmt.Errorf("%w: column %q has a value where all should be NULL", ErrZone, columns[c].Name)
			case zone.Min != nil && store.Less(t, d, *zone.Min), zone.Max != nil && store.Less(t, *zone.Max, d):
				return fmt.Errorf("%w: column %q has %+v outside of %+v to %+v", ErrZone, columns[c].Name, d, zone.Min, zone.Max)
			}
		}
		if zone.Nulls >= 0 && zone.Nulls != nulls {
			return fmt.Errorf("%w: column %q has %d NULLs where %d were promised", ErrZone, columns[c].Name, nulls, zone.Nulls)
		}
	}
	return nil
}

// AllTypes is a schema with a nullable column of every type that a table can hold.
func AllTypes() []ir.Field {
	types := []ir.Type{
		ir.Of(ir.Bool), ir.Of(ir.I8), ir.Of(ir.I16), ir.Of(ir.I32), ir.Of(ir.I64), ir.Of(ir.I128),
		ir.Of(ir.F32), ir.Of(ir.F64), ir.DecimalType(2, 1), ir.DecimalType(4, 2), ir.DecimalType(9, 2), ir.DecimalType(15, 2), ir.DecimalType(38, 10),
		ir.Of(ir.Date), ir.Of(ir.Time), ir.Of(ir.Timestamp), ir.Of(ir.TimestampTZ), ir.Of(ir.Interval),
		ir.Of(ir.String), ir.Of(ir.Bytes), ir.Of(ir.UUID),
	}
	fields := make([]ir.Field, len(types))
	for i, t := range types {
		fields[i] = ir.Field{Name: fmt.Sprintf("c%d_%s", i, t.Kind), Type: t.WithNull(true)}
	}
	return fields
}

// Extremes gives the values of a type at which formats break.
func Extremes(t ir.Type) []ir.Datum {
	switch t.Kind {
	case ir.Bool:
		return []ir.Datum{ir.BoolDatum(false), ir.BoolDatum(true)}
	case ir.F32:
		return floats(0, math.Copysign(0, -1), 1.5, math.MaxFloat32, math.SmallestNonzeroFloat32, math.Inf(1), math.Inf(-1))
	case ir.F64:
		return floats(0, math.Copysign(0, -1), 1.5, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1))
	case ir.String:
		return texts("", "a", "b", "Grüße", "日本語", "\u0000", "an entry that is longer than a zone keeps", "\uD7FF\uD7FF\uD7FF\uD7FF\uD7FF\uD7FF", "\U0010FFFF\U0010FFFF\U0010FFFF\U0010FFFF\U0010FFFF")
	case ir.Bytes:
		return texts("", "\x00", "\xFF\xFE", string(bytes.Repeat([]byte{0xFF}, 40)), "plain")
	case ir.UUID, ir.Interval:
		return []ir.Datum{{}, {High: math.MinInt64, Low: math.MaxUint64}, {High: math.MaxInt64, Low: 1}, {High: 7, Low: 3}}
	case ir.I128:
		return []ir.Datum{{}, {High: math.MinInt64}, {High: math.MaxInt64, Low: math.MaxUint64}, ir.IntDatum(-1), ir.IntDatum(math.MaxInt64)}
	case ir.Decimal:
		if t.Precision > 18 {
			most, _ := ir.Int128FromBig(pow10(int(t.Precision)))
			most.Low-- // 10^n is even, so there is no borrow
			least := ir.Int128{High: ^most.High, Low: -most.Low}
			return []ir.Datum{{}, ir.Int128Datum(most), ir.Int128Datum(least), ir.IntDatum(-1)}
		}
		most := int64(math.Pow10(int(t.Precision))) - 1
		return ints(0, 1, -1, most, -most)
	case ir.Time:
		return ints(0, 1, 86_400_000_000-1)
	default:
		width := ir.NaturalLayout(t).Width
		most := int64(1)<<(8*width-1) - 1
		return ints(0, 1, -1, 127, min(128, most), most, -most-1)
	}
}

// RandomRows gives n rows of values that are extreme, small or NULL, by turns of a
// generator. A quarter of the columns are without NULL.
func RandomRows(random *rand.Rand, fields []ir.Field, n int) [][]ir.Datum {
	rows := make([][]ir.Datum, n)
	for i := range rows {
		rows[i] = make([]ir.Datum, len(fields))
	}
	for c, field := range fields {
		extremes := Extremes(field.Type)
		nulls := field.Type.Nullable && random.IntN(4) > 0
		narrow := random.IntN(2) == 0
		for i := range rows {
			switch {
			case nulls && random.IntN(5) == 0:
				rows[i][c] = ir.NullDatum
			case narrow:
				rows[i][c] = extremes[random.IntN(min(2, len(extremes)))]
			default:
				rows[i][c] = extremes[random.IntN(len(extremes))]
			}
		}
	}
	return rows
}

func floats(values ...float64) (datums []ir.Datum) {
	for _, v := range values {
		datums = append(datums, ir.FloatDatum(v))
	}
	return datums
}

func texts(values ...string) (datums []ir.Datum) {
	for _, v := range values {
		datums = append(datums, ir.TextDatum(v))
	}
	return datums
}

func ints(values ...int64) (datums []ir.Datum) {
	for _, v := range values {
		datums = append(datums, ir.IntDatum(v))
	}
	return datums
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
