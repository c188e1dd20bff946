package tpch

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteTBL(t *testing.T) {
	batch := &Batch{Rows: 2, Columns: []Column{
		{Kind: Integer, Int32: []int32{-7, 0}},
		{Kind: BigInt, Int64: []int64{1 << 40, -1}},
		{Kind: Decimal, Int64: []int64{-5, 123456}},
		{Kind: Date, Int32: []int32{firstDay, lastDay}},
		{Kind: Varchar, Offsets: []int32{0, 0, 3}, Bytes: []byte("abc")},
	}}
	var text strings.Builder
	if err := WriteTBL(&text, batch); err != nil {
		t.Fatal(err)
	}
	want := "-7|1099511627776|-0.05|1992-01-01|\n0|-1|1234.56|1998-12-31|abc\n"
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

var errFull = errors.New("disk full")

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errFull }

func TestWriteTBLReportsTheWriter(t *testing.T) {
	batch := &Batch{Rows: 1, Columns: []Column{{Kind: Integer, Int32: []int32{1}}}}
	if err := WriteTBL(fullWriter{}, batch); !errors.Is(err, errFull) {
		t.Errorf("got %v, want %v", err, errFull)
	}
}
