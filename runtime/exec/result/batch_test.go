package result

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
)

// field is a field at offset 8 with its NULL byte at offset 0.
func field(t ir.Type, width int) Column {
	return Column{Label: "c", Type: t, Field: program.RecordField{Name: "c", Type: t, Offset: 8, Width: width, NullOffset: 0}}
}

// TestBatch reads one field of three records: a value, NULL, another value.
func TestBatch(t *testing.T) {
	word := func(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }
	wide := func(low, high uint64) []byte { return append(word(low), word(high)...) }
	negative := func(v int64) []byte { return word(uint64(v)) }
	text := func(address, length uint64) []byte { return word(address | length<<32) }
	tests := []struct {
		column Column
		values [2][]byte
		want   string
	}{
		{field(ir.Of(ir.Bool), 1), [2][]byte{{1}, {0}}, `[true (null) false]`},
		{field(ir.Of(ir.I8), 1), [2][]byte{{0x80}, {0x7f}}, `[-128 (null) 127]`},
		{field(ir.Of(ir.I16), 2), [2][]byte{{0, 0x80}, {1, 0}}, `[-32768 (null) 1]`},
		{field(ir.Of(ir.I32), 4), [2][]byte{negative(math.MinInt32), {7}}, `[-2147483648 (null) 7]`},
		{field(ir.Of(ir.I64), 8), [2][]byte{negative(math.MinInt64), {7}}, `[-9223372036854775808 (null) 7]`},
		{field(ir.Of(ir.I64), 2), [2][]byte{{0xff, 0xff}, {7}}, `[-1 (null) 7]`},
		{field(ir.Of(ir.I64), 1), [2][]byte{{0xfe}, {7}}, `[-2 (null) 7]`},
		{field(ir.Of(ir.I128), 16), [2][]byte{wide(1, 1), wide(math.MaxUint64, math.MaxUint64)}, `[18446744073709551617 (null) -1]`},
		{field(ir.DecimalType(4, 2), 8), [2][]byte{negative(-5), {7}}, `[-0.05 (null) 0.07]`},
		{field(ir.DecimalType(4, 2), 4), [2][]byte{negative(-5), {7}}, `[-0.05 (null) 0.07]`},
		{field(ir.DecimalType(4, 2), 2), [2][]byte{negative(-5), {7}}, `[-0.05 (null) 0.07]`},
		{field(ir.DecimalType(2, 2), 1), [2][]byte{negative(-5), {7}}, `[-0.05 (null) 0.07]`},
		{field(ir.DecimalType(38, 2), 16), [2][]byte{wide(9, 8), {7}}, `[1475739525896764129.37 (null) 0.07]`},
		{field(ir.Of(ir.F32), 4), [2][]byte{word(uint64(math.Float32bits(1.5))), {}}, `[1.5 (null) 0]`},
		{field(ir.Of(ir.F64), 8), [2][]byte{word(math.Float64bits(math.Inf(-1))), {}}, `[-Inf (null) 0]`},
		{field(ir.Of(ir.Date), 4), [2][]byte{negative(-1), {1}}, `[1969-12-31 (null) 1970-01-02]`},
		{field(ir.Of(ir.Time), 8), [2][]byte{word(3_600_000_001), {}}, `[3600000001 (null) 0]`},
		{field(ir.Of(ir.Timestamp), 8), [2][]byte{word(1), {}}, `[1 (null) 0]`},
		{field(ir.Of(ir.TimestampTZ), 8), [2][]byte{word(1), {}}, `[1 (null) 0]`},
		{field(ir.Of(ir.Interval), 16), [2][]byte{wide(3, 2|1<<32), {}}, `[{1 2 3000} (null) {0 0 0}]`},
		{field(ir.Of(ir.String), 8), [2][]byte{text(100, 5), text(0xFFFFFFFF, 0)}, `["hello" (null) ""]`},
		{field(ir.Of(ir.Bytes), 8), [2][]byte{text(101, 4), text(100, 1)}, `["ello" (null) "h"]`},
		{field(ir.Of(ir.UUID), 16), [2][]byte{wide(0x08090A0B0C0D0E0F, 0x0001020304050607), {}}, "[\"\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\a\\b\\t\\n\\v\\f\\r\\x0e\\x0f\" (null) \"" + strings.Repeat("\\x00", 16) + "\"]"},
		{field(ir.Of(ir.Null), 8), [2][]byte{{}, {}}, `[(null) (null) (null)]`},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s/%d", test.column.Type, test.column.Field.Width), func(t *testing.T) {
			from := &Memory{Bytes: make([]byte, 200), Readable: []Range{{90, 110}}}
			copy(from.Bytes[100:], "hello")
			records := []uint32{0, 32, 64}
			for i, value := range [3][]byte{test.values[0], word(math.MaxUint64), test.values[1]} {
				copy(from.Bytes[records[i]+8:], value)
			}
			from.Bytes[32] = 1
			columns := []Column{test.column}
			allocator := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer allocator.AssertSize(t, 0)
			batch, err := Batch(allocator, Schema(columns), columns, from, records)
			if err != nil {
				t.Fatal(err)
			}
			defer batch.Release()
			if got := fmt.Sprint(batch.Column(0)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestBatchErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		t     ir.Type
		value [2]uint64
		want  any
	}{
		{"below the range", ir.Of(ir.String), [2]uint64{89 | 1<<32}, new(*AddressError)},
		{"beyond the range", ir.Of(ir.String), [2]uint64{109 | 2<<32}, new(*AddressError)},
		{"very long", ir.Of(ir.String), [2]uint64{100 | 0xFFFFFFFF<<32}, new(*AddressError)},
		{"interval", ir.Of(ir.Interval), [2]uint64{math.MaxInt64, 0}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			from := &Memory{Bytes: make([]byte, 200), Readable: []Range{{90, 110}}}
			binary.LittleEndian.PutUint64(from.Bytes[8:], test.value[0])
			binary.LittleEndian.PutUint64(from.Bytes[16:], test.value[1])
			width := 8
			if test.t.Kind == ir.Interval {
				width = 16
			}
			columns := []Column{field(test.t, width)}
			allocator := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer allocator.AssertSize(t, 0)
			_, err := Batch(allocator, Schema(columns), columns, from, []uint32{0})
			if test.want == nil && !errors.Is(err, ErrInterval) || test.want != nil && !errors.As(err, test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
