package main

import (
	"database/sql/driver"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/duckdb/duckdb-go/v2"
)

// tolerance is the relative difference that is allowed between floating point numbers,
// or between one and an exact number. Exact numbers must be equal.
const tolerance = 1e-6

// orderKeys are the columns by which a query orders its result. A query that is not here
// has one row.
var orderKeys = map[int][]int{
	1: {0, 1}, 3: {1, 2}, 5: {1}, 7: {0, 1, 2}, 8: {0}, 9: {0, 1}, 10: {2}, 12: {0}, 13: {1, 0},
}

// A cell is a value of a result in a form common to both engines: nil for NULL, *big.Rat
// for exact numbers, float64, or string for all else, such as true and
// 2006-01-02.
type cell any

// duckCells converts rows of DuckDB's driver.
func duckCells(rows [][]driver.Value) ([][]cell, error) {
	out := make([][]cell, len(rows))
	for i, row := range rows {
		out[i] = make([]cell, len(row))
		for j, value := range row {
			c, err := duckCell(value)
			if err != nil {
				return nil, err
			}
			out[i][j] = c
		}
	}
	return out, nil
}

func duckCell(value driver.Value) (cell, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return v, nil
	case bool:
		return fmt.Sprint(v), nil
	case int8:
		return big.NewRat(int64(v), 1), nil
	case int16:
		return big.NewRat(int64(v), 1), nil
	case int32:
		return big.NewRat(int64(v), 1), nil
	case int64:
		return big.NewRat(v, 1), nil
	case *big.Int:
		return new(big.Rat).SetInt(v), nil
	case duckdb.Decimal:
		return decimalCell(v.Value, int32(v.Scale)), nil
	case float64:
		return v, nil
	case time.Time:
		return timeCell(v), nil
	default:
		return nil, fmt.Errorf("DuckDB gave a value of type %T, which this command does not compare", value)
	}
}

// heddleCells converts Arrow batches.
func heddleCells(batches []arrow.RecordBatch) ([][]cell, error) {
	var out [][]cell
	for _, batch := range batches {
		for i := range int(batch.NumRows()) {
			row := make([]cell, batch.NumCols())
			for j := range row {
				c, err := arrowCell(batch.Column(j), i)
				if err != nil {
					return nil, err
				}
				row[j] = c
			}
			out = append(out, row)
		}
	}
	return out, nil
}

func arrowCell(column arrow.Array, row int) (cell, error) {
	if column.IsNull(row) {
		return nil, nil
	}
	switch a := column.(type) {
	case *array.String:
		return a.Value(row), nil
	case *array.Boolean:
		return fmt.Sprint(a.Value(row)), nil
	case *array.Int8:
		return big.NewRat(int64(a.Value(row)), 1), nil
	case *array.Int16:
		return big.NewRat(int64(a.Value(row)), 1), nil
	case *array.Int32:
		return big.NewRat(int64(a.Value(row)), 1), nil
	case *array.Int64:
		return big.NewRat(a.Value(row), 1), nil
	case *array.Decimal128:
		return decimalCell(a.Value(row).BigInt(), a.DataType().(*arrow.Decimal128Type).Scale), nil
	case *array.Float64:
		return a.Value(row), nil
	case *array.Date32:
		return timeCell(a.Value(row).ToTime()), nil
	case *array.Timestamp:
		return timeCell(a.Value(row).ToTime(a.DataType().(*arrow.TimestampType).Unit)), nil
	default:
		return nil, fmt.Errorf("Heddle gave a column of type %s, which this command does not compare", column.DataType())
	}
}

// timeCell is the same for a date and for its midnight: some operations on dates give
// dates with one engine and timestamps with the other.
func timeCell(t time.Time) cell {
	return strings.TrimSuffix(t.UTC().Format("2006-01-02 15:04:05.999999"), " 00:00:00")
}

func decimalCell(unscaled *big.Int, scale int32) cell {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	return new(big.Rat).SetFrac(unscaled, power)
}

// difference says how two results differ; it is empty if they do not. Rows come in the
// order of want, but rows with equal keys may come in any order among themselves: with
// keys that identify a row the order is total, without keys the rows are a multiset.
// Rows that are tied at a LIMIT may differ between correct results; the queries measured
// here have no such ties.
func difference(want, got [][]cell, keys []int) string {
	if len(want) != len(got) {
		return fmt.Sprintf("DuckDB gave %d rows, Heddle %d", len(want), len(got))
	}
	for first := 0; first < len(want); {
		end := first + 1
		for end < len(want) && sameKeys(want[first], want[end], keys) {
			end++
		}
		if d := bagDifference(want[first:end], got[first:end], first); d != "" {
			return d
		}
		first = end
	}
	return ""
}

func sameKeys(a, b []cell, keys []int) bool {
	for _, k := range keys {
		if !sameCell(a[k], b[k]) {
			return false
		}
	}
	return true
}

// bagDifference compares rows as multisets. A row takes the first one that is equal: with
// a tolerance, equality is not transitive, but rows that are that close are alike. Only rows
// that agree in all columns without floating point numbers are compared.
func bagDifference(want, got [][]cell, first int) string {
	float := map[int]bool{}
	for _, rows := range [][][]cell{want, got} {
		for _, row := range rows {
			for i, c := range row {
				if _, ok := c.(float64); ok {
					float[i] = true
				}
			}
		}
	}
	exactly := func(row []cell) string {
		exact := slices.Clone(row)
		for i := range exact {
			if float[i] {
				exact[i] = nil
			}
		}
		return formatRow(exact)
	}
	left := map[string][][]cell{} // rows of got that no row of want has taken
	for _, row := range got {
		key := exactly(row)
		left[key] = append(left[key], row)
	}
	for i, row := range want {
		key := exactly(row)
		j := slices.IndexFunc(left[key], func(other []cell) bool { return sameRow(row, other) })
		if j < 0 {
			return fmt.Sprintf("row %d: DuckDB gave %s, Heddle %s", first+i+1, formatRow(row), formatRow(got[i]))
		}
		left[key] = slices.Delete(left[key], j, j+1)
	}
	return ""
}

func sameRow(a, b []cell) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !sameCell(a[i], b[i]) {
			return false
		}
	}
	return true
}

func sameCell(a, b cell) bool {
	exactA, okA := a.(*big.Rat)
	exactB, okB := b.(*big.Rat)
	if okA && okB {
		return exactA.Cmp(exactB) == 0
	}
	floatA, okA := number(a)
	floatB, okB := number(b)
	if okA && okB {
		return floatA == floatB || math.Abs(floatA-floatB) <= tolerance*max(math.Abs(floatA), math.Abs(floatB))
	}
	return a == b
}

func number(c cell) (float64, bool) {
	switch v := c.(type) {
	case float64:
		return v, true
	case *big.Rat:
		f, _ := v.Float64()
		return f, true
	default:
		return 0, false
	}
}

func formatRow(row []cell) string {
	fields := make([]string, len(row))
	for i, c := range row {
		switch v := c.(type) {
		case nil:
			fields[i] = "NULL"
		case string:
			fields[i] = strconv.Quote(v)
		case *big.Rat:
			digits, _ := v.FloatPrec()
			fields[i] = v.FloatString(digits)
		default:
			fields[i] = fmt.Sprint(v)
		}
	}
	return "(" + strings.Join(fields, ", ") + ")"
}
