package arrow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// column copies the rows of one array to vectors.
type column struct {
	request store.ColumnRequest
	place   store.Place
	bits    []byte // validity, nil where all are present
	first   int    // bit of the first row
	// One of these gives the values.
	integer func(row int) (int64, error)          // of at most 64 bits
	wide    func(row int) (ir.Datum, error)       // of 16 bytes
	float   func(row int, to []byte)              // as they are
	text    func(row int) (value []byte, e error) // until the next call
}

func newColumn(data arrow.ArrayData, request store.ColumnRequest, path string, rows int) (c column, err error) {
	c = column{request: request, place: store.Place{File: path, Column: request.Name}}
	if data.Len() < rows {
		return c, fmt.Errorf("an array has %d of %d rows", data.Len(), rows)
	}
	if c.bits, c.first, err = bitmap(data, rows); err != nil {
		return c, err
	}
	if c.bits != nil && !request.Type.Nullable {
		for row := range rows {
			if !c.present(row) {
				return c, errNull
			}
		}
	}
	if store.IsText(request.Type) {
		c.text, err = texts(data, rows)
		return c, err
	}
	return c, c.open(data, rows)
}

func (c *column) present(row int) bool {
	return c.bits == nil || store.IsPresent(c.bits, c.first+row)
}

// open chooses how to read values of fixed width.
func (c *column) open(data arrow.ArrayData, rows int) error {
	dataType := data.DataType()
	if extension, ok := dataType.(arrow.ExtensionType); ok {
		dataType = extension.StorageType()
	}
	if dataType.ID() == arrow.BOOL {
		buffers := data.Buffers()
		if rows > 0 && (len(buffers) < 2 || buffers[1] == nil || buffers[1].Len() < (data.Offset()+rows+7)/8) {
			return errBuffer
		}
		c.integer = func(row int) (int64, error) {
			if store.IsPresent(buffers[1].Bytes(), data.Offset()+row) {
				return 1, nil
			}
			return 0, nil
		}
		return nil
	}
	width, ok := dataType.(arrow.FixedWidthDataType)
	if !ok {
		return fmt.Errorf("an array is of type %s", dataType)
	}
	size := width.Bytes()
	values, err := fixed(data, size, rows)
	if err != nil {
		return err
	}
	little := binary.LittleEndian
	scaled := func(bits int, unit arrow.TimeUnit) {
		c.integer = func(row int) (int64, error) {
			v := int64(0)
			if bits == 32 {
				v = int64(int32(little.Uint32(values[4*row:])))
			} else {
				v = int64(little.Uint64(values[8*row:]))
			}
			return toMicros(v, unit)
		}
	}
	switch t := dataType.(type) {
	case *arrow.Float32Type, *arrow.Float64Type:
		c.float = func(row int, to []byte) { copy(to, values[size*row:size*row+size]) }
	case *arrow.TimestampType:
		scaled(64, t.Unit)
	case *arrow.Time32Type:
		scaled(32, t.Unit)
	case *arrow.Time64Type:
		scaled(64, t.Unit)
	case *arrow.Date64Type:
		c.integer = func(row int) (int64, error) {
			const day = 24 * 60 * 60 * 1000
			v := int64(little.Uint64(values[8*row:]))
			if v%day != 0 {
				return 0, errors.New("a date is not at midnight")
			}
			return v / day, nil
		}
	case *arrow.Uint64Type:
		c.wide = func(row int) (ir.Datum, error) { return ir.Datum{Low: little.Uint64(values[8*row:])}, nil }
	case *arrow.Decimal128Type:
		c.wide = func(row int) (ir.Datum, error) {
			return ir.Datum{Low: little.Uint64(values[16*row:]), High: int64(little.Uint64(values[16*row+8:]))}, nil
		}
	case *arrow.MonthDayNanoIntervalType:
		c.wide = func(row int) (ir.Datum, error) {
			b := values[16*row:]
			nanos := int64(little.Uint64(b[8:]))
			if nanos%1000 != 0 {
				return ir.Datum{}, errors.New("an interval has a part of a microsecond")
			}
			return ir.IntervalDatum(int32(little.Uint32(b)), int32(little.Uint32(b[4:])), nanos/1000), nil
		}
	case *arrow.FixedSizeBinaryType: // a UUID
		c.wide = func(row int) (ir.Datum, error) {
			b := values[16*row:]
			return ir.Datum{High: int64(binary.BigEndian.Uint64(b)), Low: binary.BigEndian.Uint64(b[8:])}, nil
		}
	default:
		unsigned := arrow.IsUnsignedInteger(dataType.ID())
		c.integer = func(row int) (int64, error) { return readInteger(values[size*row:], size, unsigned), nil }
	}
	return nil
}

func readInteger(b []byte, size int, unsigned bool) int64 {
	switch {
	case size == 1 && unsigned:
		return int64(b[0])
	case size == 1:
		return int64(int8(b[0]))
	case size == 2 && unsigned:
		return int64(binary.LittleEndian.Uint16(b))
	case size == 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case size == 4 && unsigned:
		return int64(binary.LittleEndian.Uint32(b))
	case size == 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	default:
		return int64(binary.LittleEndian.Uint64(b))
	}
}

// toMicros rounds nanoseconds down.
func toMicros(v int64, unit arrow.TimeUnit) (int64, error) {
	factor := int64(1)
	switch unit {
	case arrow.Second:
		factor = 1_000_000
	case arrow.Millisecond:
		factor = 1000
	case arrow.Nanosecond:
		micros := v / 1000
		if v%1000 < 0 {
			micros--
		}
		return micros, nil
	case arrow.Microsecond: // the unit of CIR
	}
	if v > math.MaxInt64/factor || v < math.MinInt64/factor {
		return 0, errors.New("a time is out of range")
	}
	return v * factor, nil
}

// texts reads text of any form. The arrays' own accessors check offsets by slicing;
// where they panic, the border turns that into a diagnostic.
func texts(data arrow.ArrayData, rows int) (func(row int) ([]byte, error), error) {
	made := array.MakeFromData(data)
	switch a := made.(type) {
	case array.ExtensionArray:
		return texts(a.Storage().Data(), rows)
	case *array.Dictionary:
		entries, err := texts(a.Dictionary().Data(), a.Dictionary().Len())
		if err != nil {
			return nil, err
		}
		return func(row int) ([]byte, error) {
			i := a.GetValueIndex(row)
			if i < 0 || i >= a.Dictionary().Len() {
				return nil, errors.New("a dictionary index is beyond the dictionary")
			}
			if a.Dictionary().IsNull(i) {
				return nil, errors.New("an entry of its dictionary is NULL")
			}
			return entries(i)
		}, nil
	case *array.FixedSizeBinary:
		width := a.DataType().(*arrow.FixedSizeBinaryType).ByteWidth
		values, err := fixed(data, max(width, 1), rows)
		return func(row int) ([]byte, error) { return values[row*width : row*width+width : row*width+width], nil }, err
	case *array.String:
		return offsetTexts(data, rows, 4)
	case *array.Binary:
		return offsetTexts(data, rows, 4)
	case *array.LargeString, *array.LargeBinary:
		return offsetTexts(data, rows, 8)
	case *array.StringView:
		return func(row int) ([]byte, error) { return []byte(a.Value(row)), nil }, nil
	case *array.BinaryView:
		return func(row int) ([]byte, error) { return a.Value(row), nil }, nil
	default:
		return nil, fmt.Errorf("an array is of type %s", data.DataType())
	}
}

func offsetTexts(data arrow.ArrayData, rows, width int) (func(row int) ([]byte, error), error) {
	buffers := data.Buffers()
	if rows == 0 {
		return nil, nil
	}
	if len(buffers) < 3 || buffers[1] == nil || buffers[1].Len()/width < data.Offset()+rows+1 {
		return nil, errBuffer
	}
	offsets := buffers[1].Bytes()[data.Offset()*width:]
	var text []byte
	if buffers[2] != nil {
		text = buffers[2].Bytes()
	}
	offset := func(row int) int64 { return readInteger(offsets[row*width:], width, false) }
	return func(row int) ([]byte, error) {
		start, end := offset(row), offset(row+1)
		if start < 0 || start > end || end > int64(len(text)) {
			return nil, errors.New("its offsets are out of order")
		}
		return text[start:end], nil
	}, nil
}

// read copies up to rows rows from a row on. It returns fewer when the text area is
// full.
func (c *column) read(v *store.Vector, row, rows int) (int, error) {
	if v.Validity != nil {
		if c.bits == nil {
			store.FillPresent(v.Validity, rows)
		} else {
			store.CopyBits(v.Validity, c.bits, c.first+row, rows)
		}
	}
	if c.text != nil || store.IsText(c.request.Type) {
		return c.readText(v, row, rows)
	}
	width := int(c.request.Layout.Width)
	for i := range rows {
		to := v.Values[i*width : (i+1)*width]
		if !c.present(row + i) {
			clear(to)
			continue
		}
		if err := c.readValue(to, row+i); err != nil {
			return 0, err
		}
	}
	return rows, nil
}

func (c *column) readValue(to []byte, row int) error {
	layout, t := c.request.Layout, c.request.Type
	if c.float != nil {
		c.float(row, to)
		return nil
	}
	var d ir.Datum
	var err error
	if c.wide != nil {
		d, err = c.wide(row)
	} else {
		var n int64
		n, err = c.integer(row)
		d = ir.IntDatum(n)
	}
	if err != nil {
		return err
	}
	if t.Kind == ir.Decimal && !ir.FitsDecimal(d.Int128(), int(t.Precision)) || t.Kind == ir.Time && (!d.IsInt64() || d.Int() < 0 || d.Int() >= 86_400_000_000) {
		return fmt.Errorf("a value %v is beyond %s", d.Int128().Big(), t.WithNull(false))
	}
	if layout.Width == 16 {
		binary.LittleEndian.PutUint64(to, d.Low)
		binary.LittleEndian.PutUint64(to[8:], uint64(d.High))
		return nil
	}
	n := d.Int()
	if !d.IsInt64() {
		return store.DoesNotFit(c.place, d.Int128().Big(), layout)
	}
	if low, high, ok := store.IntegerRange(layout); ok && t.Kind != ir.Bool && (n < low || n > high) {
		if store.IsInteger(t) && layout == ir.NaturalLayout(t) {
			return fmt.Errorf("a value %v is beyond %s", big.NewInt(n), t.WithNull(false))
		}
		return store.DoesNotFit(c.place, n, layout)
	}
	n -= layout.Base
	switch layout.Width {
	case 1:
		to[0] = byte(n)
	case 2:
		binary.LittleEndian.PutUint16(to, uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(to, uint32(n))
	default:
		binary.LittleEndian.PutUint64(to, uint64(n))
	}
	return nil
}

func (c *column) readText(v *store.Vector, row, rows int) (int, error) {
	used := 0
	binary.LittleEndian.PutUint32(v.Values, 0)
	for i := range rows {
		if c.present(row + i) {
			text, err := c.text(row + i)
			if err != nil {
				return 0, err
			}
			if c.request.Type.Kind == ir.String && !utf8.Valid(text) {
				return 0, errors.New("a string is not UTF-8")
			}
			if len(text) > len(v.Text)-used {
				if i == 0 {
					return 0, store.TooLong(c.place, int64(len(text)), int64(len(v.Text)))
				}
				return i, nil
			}
			used += copy(v.Text[used:], text)
		}
		binary.LittleEndian.PutUint32(v.Values[4*i+4:], uint32(used))
	}
	return rows, nil
}
