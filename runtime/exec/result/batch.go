package result

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// MaxText is how many bytes of text one column of a batch may have, since its offsets
// are signed 32-bit numbers.
const MaxText = math.MaxInt32

// ErrTooLong is returned by Batch when a column of text would exceed MaxText; fewer
// records may fit.
var ErrTooLong = errors.New("a column of the batch has more than 2 GiB of text")

// ErrInterval is returned by Batch for an interval whose nanoseconds exceed 64 bits.
var ErrInterval = errors.New("an interval has more than 292 years of microseconds")

// AddressError is returned by Batch for text that lies outside of what may be read.
type AddressError struct {
	Column          string
	Address, Length uint32
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("column %q has text of %d bytes at %#x, where there is none", e.Column, e.Length, e.Address)
}

// Memory is linear memory with the ranges in which text may lie.
type Memory struct {
	Bytes    []byte
	Readable []Range
}

// Range is addresses from From up to To.
type Range struct{ From, To uint32 }

func (m *Memory) text(packed uint64) ([]byte, bool) {
	address, length := uint32(packed), uint32(packed>>32)
	if length == 0 {
		return nil, true // the empty string may have any address
	}
	for _, r := range m.Readable {
		if address >= r.From && uint64(address)+uint64(length) <= uint64(r.To) {
			return m.Bytes[address : address+length], true
		}
	}
	return nil, false
}

// Batch makes a record batch of the records at the given addresses, which the caller
// has checked. The batch must be released.
func Batch(allocator memory.Allocator, schema *arrow.Schema, columns []Column, from *Memory, records []uint32) (arrow.RecordBatch, error) {
	arrays := make([]arrow.Array, 0, len(columns))
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	for i := range columns {
		b := builder{allocator: allocator, column: &columns[i], memory: from, records: records}
		data, err := b.build(schema.Field(i).Type)
		if err != nil {
			return nil, err
		}
		arrays = append(arrays, array.MakeFromData(data))
		data.Release()
	}
	return array.NewRecordBatch(schema, arrays, int64(len(records))), nil
}

// builder makes one array.
type builder struct {
	allocator memory.Allocator
	column    *Column
	memory    *Memory
	records   []uint32
	buffers   []*memory.Buffer
}

func (b *builder) buffer(size int) []byte {
	buffer := memory.NewResizableBuffer(b.allocator)
	buffer.Resize(size)
	b.buffers = append(b.buffers, buffer)
	return buffer.Bytes()
}

func (b *builder) build(t arrow.DataType) (arrow.ArrayData, error) {
	defer func() {
		for _, buffer := range b.buffers {
			if buffer != nil {
				buffer.Release()
			}
		}
	}()
	if b.column.Type.Kind == ir.Null {
		return array.NewData(t, len(b.records), []*memory.Buffer{nil}, nil, len(b.records), 0), nil
	}
	nulls := b.validity()
	if err := b.values(); err != nil {
		return nil, err
	}
	return array.NewData(t, len(b.records), b.buffers, nil, nulls, 0), nil
}

// validity adds the bitmap, or nil when nothing is NULL.
func (b *builder) validity() (nulls int) {
	offset := b.column.Field.NullOffset
	if offset < 0 {
		b.buffers = append(b.buffers, nil)
		return 0
	}
	bits := b.buffer((len(b.records) + 7) / 8)
	clear(bits)
	for i, record := range b.records {
		if b.memory.Bytes[record+uint32(offset)] == 0 {
			bits[i>>3] |= 1 << (i & 7)
		} else {
			nulls++
		}
	}
	return nulls
}

func (b *builder) isNull(record uint32) bool {
	offset := b.column.Field.NullOffset
	return offset >= 0 && b.memory.Bytes[record+uint32(offset)] != 0
}

func (b *builder) values() error {
	all, offset, n := b.memory.Bytes, uint32(b.column.Field.Offset), len(b.records)
	switch kind := b.column.Type.Kind; kind {
	case ir.Bool:
		bits := b.buffer((n + 7) / 8)
		clear(bits)
		for i, record := range b.records {
			if all[record+offset] != 0 {
				bits[i>>3] |= 1 << (i & 7)
			}
		}
	case ir.I8:
		fill[int8](b, n)
	case ir.I16:
		fill[int16](b, n)
	case ir.I32, ir.Date:
		fill[int32](b, n)
	case ir.I64, ir.Time, ir.Timestamp, ir.TimestampTZ:
		fill[int64](b, n)
	case ir.F32:
		out := b.buffer(4 * n)
		for i, record := range b.records {
			copy(out[4*i:4*i+4], all[record+offset:])
		}
	case ir.F64:
		out := b.buffer(8 * n)
		for i, record := range b.records {
			copy(out[8*i:8*i+8], all[record+offset:])
		}
	case ir.I128, ir.Decimal:
		b.wide(n)
	case ir.UUID:
		out := b.buffer(16 * n)
		for i, record := range b.records {
			at := record + offset
			binary.BigEndian.PutUint64(out[16*i:], binary.LittleEndian.Uint64(all[at+8:]))
			binary.BigEndian.PutUint64(out[16*i+8:], binary.LittleEndian.Uint64(all[at:]))
		}
	case ir.Interval:
		return b.intervals(n)
	case ir.String, ir.Bytes:
		return b.texts(n)
	default:
		panic(fmt.Sprintf("BUG: a column of type %s", b.column.Type))
	}
	return nil
}

// fill copies integers of any width to those of T.
func fill[T int8 | int16 | int32 | int64](b *builder, n int) {
	var zero T
	size := binary.Size(zero)
	out := store.View[T](b.buffer(size*n), n)
	all, offset := b.memory.Bytes, uint32(b.column.Field.Offset)
	switch b.column.Field.Width {
	case 1:
		for i, record := range b.records {
			out[i] = T(int8(all[record+offset]))
		}
	case 2:
		for i, record := range b.records {
			out[i] = T(int16(binary.LittleEndian.Uint16(all[record+offset:])))
		}
	case 4:
		for i, record := range b.records {
			out[i] = T(int32(binary.LittleEndian.Uint32(all[record+offset:])))
		}
	default:
		for i, record := range b.records {
			out[i] = T(binary.LittleEndian.Uint64(all[record+offset:]))
		}
	}
}

// wide copies integers of any width to 128 bits.
func (b *builder) wide(n int) {
	out := store.View[uint64](b.buffer(16*n), 2*n)
	all, offset := b.memory.Bytes, uint32(b.column.Field.Offset)
	for i, record := range b.records {
		at := record + offset
		var low int64
		switch b.column.Field.Width {
		case 1:
			low = int64(int8(all[at]))
		case 2:
			low = int64(int16(binary.LittleEndian.Uint16(all[at:])))
		case 4:
			low = int64(int32(binary.LittleEndian.Uint32(all[at:])))
		case 8:
			low = int64(binary.LittleEndian.Uint64(all[at:]))
		default:
			out[2*i], out[2*i+1] = binary.LittleEndian.Uint64(all[at:]), binary.LittleEndian.Uint64(all[at+8:])
			continue
		}
		out[2*i], out[2*i+1] = uint64(low), uint64(low>>63)
	}
}

func (b *builder) intervals(n int) error {
	out := b.buffer(16 * n)
	all, offset := b.memory.Bytes, uint32(b.column.Field.Offset)
	for i, record := range b.records {
		at := record + offset
		// Ours are microseconds, days, months; Arrow's months, days, nanoseconds.
		microseconds := int64(binary.LittleEndian.Uint64(all[at:]))
		copy(out[16*i:], all[at+12:at+16])
		copy(out[16*i+4:], all[at+8:at+12])
		if b.isNull(record) {
			microseconds = 0
		}
		if microseconds > math.MaxInt64/1000 || microseconds < math.MinInt64/1000 {
			return ErrInterval
		}
		binary.LittleEndian.PutUint64(out[16*i+8:], uint64(microseconds*1000))
	}
	return nil
}

func (b *builder) texts(n int) error {
	all, offset := b.memory.Bytes, uint32(b.column.Field.Offset)
	offsets := store.View[int32](b.buffer(4*(n+1)), n+1)
	offsets[0] = 0
	total := int64(0)
	for i, record := range b.records {
		if !b.isNull(record) {
			packed := binary.LittleEndian.Uint64(all[record+offset:])
			if _, ok := b.memory.text(packed); !ok {
				return &AddressError{b.column.Label, uint32(packed), uint32(packed >> 32)}
			}
			total += int64(packed >> 32)
			if total > MaxText {
				return ErrTooLong
			}
		}
		offsets[i+1] = int32(total)
	}
	out := b.buffer(int(total))
	for i, record := range b.records {
		if offsets[i] != offsets[i+1] {
			address := binary.LittleEndian.Uint32(all[record+offset:])
			copy(out[offsets[i]:offsets[i+1]], all[address:])
		}
	}
	return nil
}
