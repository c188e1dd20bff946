package parquet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	parquetgo "github.com/parquet-go/parquet-go"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

// foreign is a row in the terms of another implementation of the format.
type foreign struct {
	Plain    int64   `parquet:"plain,plain"`
	Delta    int64   `parquet:"delta,delta"`
	Short    int32   `parquet:"short,delta"`
	Dict     string  `parquet:"dict,dict"`
	Length   string  `parquet:"length,delta"`
	Prefix   []byte  `parquet:"prefix,delta"`
	Split    float64 `parquet:"split,split"`
	Bool     bool    `parquet:"bool"`
	Unsigned uint32  `parquet:"unsigned"`
	Huge     uint64  `parquet:"huge"`
	Maybe    *int64  `parquet:"maybe,optional"`
	Text     *string `parquet:"text,optional,dict"`
	Price    int64   `parquet:"price,decimal(2:15)"`
	Millis   int64   `parquet:"millis,timestamp(millisecond)"`
	Nanos    int64   `parquet:"nanos,timestamp(nanosecond:local)"`
	Tags     []int64 `parquet:"tags"`
	Day      int32   `parquet:"day,date"`
}

// TestForeign reads what parquet-go wrote.
func TestForeign(t *testing.T) {
	const n = 1000
	var in []foreign
	var want [][]ir.Datum
	for i := range int64(n) {
		text, maybe := fmt.Sprint("t", i%5), i*3
		row := foreign{
			Plain: i - 500, Delta: i * i, Short: int32(-i), Dict: fmt.Sprint("d", i%7), Length: fmt.Sprint("length", i), Prefix: fmt.Append(nil, "prefix", i),
			Split: float64(i) / 3, Bool: i%3 == 0, Unsigned: 1<<32 - 1 - uint32(i), Huge: 1<<64 - 1 - uint64(i), Price: i * 100,
			Millis: i * 1000, Nanos: i*1000 + 999, Tags: []int64{i}, Day: int32(i),
		}
		values := []ir.Datum{
			ir.IntDatum(row.Plain), ir.IntDatum(row.Delta), ir.IntDatum(int64(row.Short)), ir.TextDatum(row.Dict), ir.TextDatum(row.Length), ir.TextDatum(string(row.Prefix)),
			ir.FloatDatum(row.Split), ir.BoolDatum(row.Bool), ir.IntDatum(int64(row.Unsigned)),
			{Low: row.Huge},
			ir.NullDatum, ir.NullDatum, ir.IntDatum(row.Price),
			ir.IntDatum(row.Millis * 1000), ir.IntDatum(i), ir.IntDatum(i),
		}
		if i%4 != 0 {
			row.Maybe, row.Text = &maybe, &text
			values[10], values[11] = ir.IntDatum(maybe), ir.TextDatum(text)
		}
		in, want = append(in, row), append(want, values)
	}
	for _, test := range []struct {
		name    string
		options []parquetgo.WriterOption
	}{
		{"version 1", []parquetgo.WriterOption{parquetgo.DataPageVersion(1)}},
		{"version 2, snappy", []parquetgo.WriterOption{parquetgo.DataPageVersion(2), parquetgo.Compression(&parquetgo.Snappy)}},
		{"lz4, small pages", []parquetgo.WriterOption{parquetgo.Compression(&parquetgo.Lz4Raw), parquetgo.PageBufferSize(500)}},
		{"zstd", []parquetgo.WriterOption{parquetgo.Compression(&parquetgo.Zstd), parquetgo.MaxRowsPerRowGroup(300)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var file bytes.Buffer
			w := parquetgo.NewGenericWriter[foreign](&file, test.options...)
			if _, err := w.Write(in); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			table := openBytes(t, file.Bytes())
			if diff := storetest.Diff(want, storetest.Rows(t, table)); diff != "" {
				t.Error(diff)
			}
			got, err := storetest.Read(t, table, offered(table), 1000)
			if err != nil {
				t.Fatal(err)
			}
			if diff := storetest.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			_, err = table.Scan(t.Context(), store.ScanRequest{Columns: []store.ColumnRequest{{Name: "tags", Type: ir.Of(ir.I64)}}})
			if err == nil {
				t.Error("a list was read")
			} else {
				t.Log(err)
			}
		})
	}
}

// TestReadByOther has parquet-go read what we wrote.
func TestReadByOther(t *testing.T) {
	type row struct {
		ID    int64   `parquet:"id"`
		Name  *string `parquet:"name,optional"`
		Ratio float64 `parquet:"ratio"`
		Code  string  `parquet:"code"`
		Small *int32  `parquet:"small,optional"`
		At    int64   `parquet:"at,timestamp(microsecond:local)"`
		Flag  *bool   `parquet:"flag,optional"`
	}
	fields := []ir.Field{
		{Name: "id", Type: ir.Of(ir.I64)},
		{Name: "name", Type: ir.Of(ir.String).WithNull(true)},
		{Name: "ratio", Type: ir.Of(ir.F64)},
		{Name: "code", Type: ir.Of(ir.String)},
		{Name: "small", Type: ir.Of(ir.I32).WithNull(true)},
		{Name: "at", Type: ir.Of(ir.Timestamp)},
		{Name: "flag", Type: ir.Of(ir.Bool).WithNull(true)},
	}
	random := rand.New(rand.NewPCG(1, 1))
	var rows [][]ir.Datum
	for i := range 3000 {
		name, small, flag := ir.TextDatum(fmt.Sprint("name ", random.Int64())), ir.IntDatum(int64(random.Int32())), ir.BoolDatum(i%2 == 0)
		if random.IntN(3) == 0 {
			name, small, flag = ir.NullDatum, ir.NullDatum, ir.NullDatum
		}
		rows = append(rows, []ir.Datum{ir.IntDatum(random.Int64() - 1<<62), name, ir.FloatDatum(random.Float64()), ir.TextDatum(fmt.Sprint(i % 9)), small, ir.IntDatum(int64(i) * 1e6), flag})
	}
	data := encodeRows(t, fields, rows, 1100, store.WriteOptions{})
	got, err := parquetgo.Read[row](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(rows) {
		t.Fatalf("%d rows, want %d", len(got), len(rows))
	}
	for i, g := range got {
		w := rows[i]
		same := g.ID == w[0].Int() && (g.Name == nil) == w[1].Null && g.Ratio == w[2].Float && g.Code == w[3].Text && (g.Small == nil) == w[4].Null &&
			time.UnixMicro(g.At).Unix() == int64(i) && (g.Flag == nil) == w[6].Null
		if same && g.Name != nil {
			same = *g.Name == w[1].Text && int64(*g.Small) == w[4].Int() && *g.Flag == w[6].Bool()
		}
		if !same {
			t.Fatalf("row %d: %+v, want %+v", i, g, w)
		}
	}
}
