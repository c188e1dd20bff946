package store

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"github.com/heddle-lang/heddle/ir"
)

// How values lie in memory, beyond what ir.Layout says:
//
//   - plain integers are signed, in two's complement, whatever their width
//   - 16-byte values are the low half of a Datum, then its high half
//   - a Bool is one byte, 0 or 1
//   - codes are unsigned
//   - the code under a NULL is readable too: below the cardinality

// IsInteger reports whether values of the type lie in memory as integers whose
// width and base a layout may choose: integers, decimals, dates and times.
func IsInteger(t ir.Type) bool {
	return t.IsInteger() || t.IsTemporal() || t.Kind == ir.Decimal
}

// IsText reports strings and bytes.
func IsText(t ir.Type) bool { return t.Kind == ir.String || t.Kind == ir.Bytes }

// NewBatch allocates memory for rows of the given columns with textBytes bytes for
// each column of plain text. It is for readers outside of a program's linear
// memory.
func NewBatch(columns []ColumnRequest, rows, textBytes int) *Batch {
	batch := &Batch{Columns: make([]Vector, len(columns))}
	for i, column := range columns {
		v := &batch.Columns[i]
		if column.Layout.Encoding == ir.Plain && IsText(column.Type) {
			v.Values = make([]byte, 4*(rows+1))
			v.Text = make([]byte, textBytes)
		} else {
			v.Values = make([]byte, rows*int(column.Layout.Width))
		}
		if column.Type.Nullable {
			v.Validity = make([]byte, (rows+7)/8)
		}
	}
	return batch
}

// Natural returns the request for every column of a schema in its natural layout.
func Natural(fields []ir.Field) []ColumnRequest {
	columns := make([]ColumnRequest, len(fields))
	for i, field := range fields {
		columns[i] = ColumnRequest{Name: field.Name, Type: field.Type, Layout: ir.NaturalLayout(field.Type)}
	}
	return columns
}

// Fields returns the schema of a table.
func Fields(table *ir.Table) []ir.Field {
	fields := make([]ir.Field, len(table.Columns))
	for i, column := range table.Columns {
		fields[i] = ir.Field{Name: column.Name, Type: column.Type}
	}
	return fields
}

// IsPresent reads a bit of a validity bitmap; nil has every value present.
func IsPresent(validity []byte, row int) bool {
	return validity == nil || validity[row>>3]>>(row&7)&1 != 0
}

// SetPresent writes a bit of a validity bitmap.
func SetPresent(validity []byte, row int, present bool) {
	if present {
		validity[row>>3] |= 1 << (row & 7)
	} else {
		validity[row>>3] &^= 1 << (row & 7)
	}
}

// FillPresent marks the first rows of a bitmap as present.
func FillPresent(validity []byte, rows int) {
	for i := range (rows + 7) / 8 {
		validity[i] = 0xFF
	}
}

// CopyBits copies rows bits of a bitmap from bit first of src to bit 0 of dst. Bits
// of dst beyond them become unspecified.
func CopyBits(dst, src []byte, first, rows int) {
	bytes := (rows + 7) / 8
	shift := first & 7
	src = src[first>>3:]
	if shift == 0 {
		copy(dst[:bytes], src)
		return
	}
	for i := range bytes {
		b := src[i] >> shift
		if i+1 < len(src) {
			b |= src[i+1] << (8 - shift)
		}
		dst[i] = b
	}
}

// Datum reads one value. entries is the dictionary where the layout has one.
func (v *Vector) Datum(t ir.Type, layout ir.Layout, entries []string, row int) ir.Datum {
	if !IsPresent(v.Validity, row) {
		return ir.NullDatum
	}
	if layout.Encoding == ir.Dictionary {
		return ir.TextDatum(entries[code(v.Values, layout.Width, row)])
	}
	switch {
	case IsText(t):
		start, end := binary.LittleEndian.Uint32(v.Values[4*row:]), binary.LittleEndian.Uint32(v.Values[4*row+4:])
		return ir.TextDatum(string(v.Text[start:end]))
	case t.Kind == ir.F32:
		return ir.FloatDatum(float64(math.Float32frombits(binary.LittleEndian.Uint32(v.Values[4*row:]))))
	case t.Kind == ir.F64:
		return ir.FloatDatum(math.Float64frombits(binary.LittleEndian.Uint64(v.Values[8*row:])))
	case layout.Width == 16:
		return ir.Datum{Low: binary.LittleEndian.Uint64(v.Values[16*row:]), High: int64(binary.LittleEndian.Uint64(v.Values[16*row+8:]))}
	default:
		return ir.IntDatum(integer(v.Values, layout.Width, row) + layout.Base)
	}
}

// Put writes one value in the natural layout of its type. Rows must be written in
// order from 0, because the text of a row begins where that of the row before
// ends; Text must have room.
func (v *Vector) Put(t ir.Type, row int, d ir.Datum) {
	if v.Validity != nil {
		SetPresent(v.Validity, row, !d.Null)
	}
	if d.Null {
		d = ir.Datum{}
	}
	switch layout := ir.NaturalLayout(t); {
	case IsText(t):
		if row == 0 {
			binary.LittleEndian.PutUint32(v.Values, 0)
		}
		start := binary.LittleEndian.Uint32(v.Values[4*row:])
		copy(v.Text[start:int(start)+len(d.Text)], d.Text)
		binary.LittleEndian.PutUint32(v.Values[4*row+4:], start+uint32(len(d.Text)))
	case t.Kind == ir.F32:
		binary.LittleEndian.PutUint32(v.Values[4*row:], math.Float32bits(float32(d.Float)))
	case t.Kind == ir.F64:
		binary.LittleEndian.PutUint64(v.Values[8*row:], math.Float64bits(d.Float))
	case layout.Width == 16:
		binary.LittleEndian.PutUint64(v.Values[16*row:], d.Low)
		binary.LittleEndian.PutUint64(v.Values[16*row+8:], uint64(d.High))
	default:
		putInteger(v.Values, layout.Width, row, int64(d.Low))
	}
}

func code(values []byte, width uint8, row int) uint32 {
	switch width {
	case 1:
		return uint32(values[row])
	case 2:
		return uint32(binary.LittleEndian.Uint16(values[2*row:]))
	case 4:
		return binary.LittleEndian.Uint32(values[4*row:])
	default:
		panic(fmt.Sprintf("BUG: codes of %d bytes", width))
	}
}

func putCode(values []byte, width uint8, row int, code uint32) {
	switch width {
	case 1:
		values[row] = uint8(code)
	case 2:
		binary.LittleEndian.PutUint16(values[2*row:], uint16(code))
	case 4:
		binary.LittleEndian.PutUint32(values[4*row:], code)
	default:
		panic(fmt.Sprintf("BUG: codes of %d bytes", width))
	}
}

func integer(values []byte, width uint8, row int) int64 {
	switch width {
	case 1:
		return int64(int8(values[row]))
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(values[2*row:])))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(values[4*row:])))
	case 8:
		return int64(binary.LittleEndian.Uint64(values[8*row:]))
	default:
		panic(fmt.Sprintf("BUG: integers of %d bytes", width))
	}
}

func putInteger(values []byte, width uint8, row int, n int64) {
	switch width {
	case 1:
		values[row] = uint8(n)
	case 2:
		binary.LittleEndian.PutUint16(values[2*row:], uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(values[4*row:], uint32(n))
	case 8:
		binary.LittleEndian.PutUint64(values[8*row:], uint64(n))
	default:
		panic(fmt.Sprintf("BUG: integers of %d bytes", width))
	}
}

// number is an element of a vector.
type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// View looks at the memory of a vector as n numbers. The memory must be aligned for
// T, as that of batches, windows and file regions is. Every platform for which
// Heddle is built is little-endian.
func View[T number](memory []byte, n int) []T {
	if n == 0 {
		return nil
	}
	var zero T
	_ = memory[n*int(unsafe.Sizeof(zero))-1] // the bound that unsafe.Slice does not check
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(memory))), n)
}
