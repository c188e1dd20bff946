package local

import (
	"unsafe"

	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/runtime/store"
)

// BenchmarkBatch shows a batch of the generator of TPC-H as one of package store: the
// natural layouts are how the generator keeps its values.
func BenchmarkBatch(b *tpch.Batch) *store.Batch {
	out := &store.Batch{Rows: b.Rows, Columns: make([]store.Vector, len(b.Columns))}
	for i := range b.Columns {
		switch c := &b.Columns[i]; c.Kind {
		case tpch.Integer, tpch.Date:
			out.Columns[i].Values = memoryOf(c.Int32)
		case tpch.BigInt, tpch.Decimal:
			out.Columns[i].Values = memoryOf(c.Int64)
		default:
			out.Columns[i] = store.Vector{Values: memoryOf(c.Offsets), Text: c.Bytes}
		}
	}
	return out
}

func memoryOf[T int32 | int64](values []T) []byte {
	if len(values) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(values[0])))
}
