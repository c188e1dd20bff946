package main

import (
	"database/sql/driver"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2"
)

func exact(text string) cell {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("BUG: not a number: " + text)
	}
	return r
}

func TestDifference(t *testing.T) {
	tests := []struct {
		name      string
		want, got [][]cell
		keys      []int
		differs   string // part of the message
	}{
		{name: "nothing"},
		{name: "equal", want: [][]cell{{"a", exact("1.50"), nil}}, got: [][]cell{{"a", exact("1.5"), nil}}},
		{name: "exact numbers that differ a little", want: [][]cell{{exact("100000000.01")}}, got: [][]cell{{exact("100000000.02")}}, differs: "row 1: DuckDB gave (100000000.01), Heddle (100000000.02)"},
		{name: "floats that differ a little", want: [][]cell{{1.0}}, got: [][]cell{{1.0000009}}},
		{name: "floats that differ more", want: [][]cell{{1.0}}, got: [][]cell{{1.000002}}, differs: "row 1"},
		{name: "a float and an exact number", want: [][]cell{{0.1}}, got: [][]cell{{exact("0.1")}}},
		{name: "zero and nearly zero", want: [][]cell{{0.0}}, got: [][]cell{{1e-300}}, differs: "row 1"},
		{name: "a number and its text", want: [][]cell{{exact("1")}}, got: [][]cell{{"1"}}, differs: "row 1"},
		{name: "NULL and zero", want: [][]cell{{nil}}, got: [][]cell{{exact("0")}}, differs: "DuckDB gave (NULL), Heddle (0)"},
		{name: "a row less", want: [][]cell{{"a"}, {"b"}}, got: [][]cell{{"a"}}, differs: "DuckDB gave 2 rows, Heddle 1"},
		{name: "a column more", want: [][]cell{{"a"}}, got: [][]cell{{"a", "b"}}, differs: "row 1"},
		{name: "any order without keys", want: [][]cell{{"a"}, {"b"}}, got: [][]cell{{"b"}, {"a"}}},
		{name: "another order with keys", want: [][]cell{{"a"}, {"b"}}, got: [][]cell{{"b"}, {"a"}}, keys: []int{0}, differs: `row 1: DuckDB gave ("a"), Heddle ("b")`},
		{name: "any order among equal keys", want: [][]cell{{"k", "a"}, {"k", "b"}, {"l", "c"}}, got: [][]cell{{"k", "b"}, {"k", "a"}, {"l", "c"}}, keys: []int{0}},
		{name: "a row twice", want: [][]cell{{"a"}, {"b"}}, got: [][]cell{{"a"}, {"a"}}, differs: "row 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := difference(test.want, test.got, test.keys)
			if (got == "") != (test.differs == "") || !strings.Contains(got, test.differs) {
				t.Errorf("got %q, want it to contain %q", got, test.differs)
			}
		})
	}
}

// TestCells compares values as the two engines give them.
func TestCells(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "int8", Type: arrow.PrimitiveTypes.Int8},
		{Name: "int64", Type: arrow.PrimitiveTypes.Int64},
		{Name: "decimal", Type: &arrow.Decimal128Type{Precision: 38, Scale: 4}},
		{Name: "huge", Type: &arrow.Decimal128Type{Precision: 38}},
		{Name: "float", Type: arrow.PrimitiveTypes.Float64},
		{Name: "date", Type: arrow.FixedWidthTypes.Date32},
		{Name: "text", Type: arrow.BinaryTypes.String},
		{Name: "null", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	builder.Field(0).(*array.Int8Builder).Append(-7)
	builder.Field(1).(*array.Int64Builder).Append(1 << 40)
	builder.Field(2).(*array.Decimal128Builder).Append(decimal128.FromI64(-12345))
	builder.Field(3).(*array.Decimal128Builder).Append(decimal128.FromI64(99))
	builder.Field(4).(*array.Float64Builder).Append(0.25)
	builder.Field(5).(*array.Date32Builder).Append(9204)
	builder.Field(6).(*array.StringBuilder).Append("ASIA")
	builder.Field(7).(*array.Int32Builder).AppendNull()
	batch := builder.NewRecordBatch()
	defer batch.Release()
	heddle, err := heddleCells([]arrow.RecordBatch{batch})
	if err != nil {
		t.Fatal(err)
	}
	duck, err := duckCells([][]driver.Value{{
		int32(-7), int64(1 << 40),
		duckdb.Decimal{Width: 18, Scale: 4, Value: big.NewInt(-12345)},
		big.NewInt(99), 0.25,
		time.Date(1995, 3, 15, 0, 0, 0, 0, time.UTC), "ASIA", nil,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(duck, heddle, nil); d != "" {
		t.Error(d)
	}
	want := `(-7, 1099511627776, -1.2345, 99, 0.25, "1995-03-15", "ASIA", NULL)`
	if got := formatRow(heddle[0]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := duckCell(struct{}{}); err == nil {
		t.Error("a value of an unknown type became a cell")
	}
}
