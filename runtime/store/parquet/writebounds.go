package parquet

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// longestBound is the longest text that statistics hold; longer bounds are cut.
const longestBound = 64

// statistics finds the bounds of the values of a page.
func (c *columnWriter) statistics(from, to, rows int) pageStatistics {
	s := pageStatistics{nulls: int64(rows - (to - from)), allNull: from == to}
	if from == to {
		return s
	}
	switch t := c.field.Type; {
	case c.physical == physicalBoolean:
		values := c.plain[from:to]
		s.min, s.max = []byte{1}, []byte{0}
		if bytes.IndexByte(values, 0) >= 0 {
			s.min[0] = 0
		}
		if bytes.IndexByte(values, 1) >= 0 {
			s.max[0] = 1
		}
	case c.physical == physicalInt32:
		low, high := bounds(store.View[int32](c.plain, to)[from:])
		s.min = binary.LittleEndian.AppendUint32(nil, uint32(low))
		s.max = binary.LittleEndian.AppendUint32(nil, uint32(high))
	case c.physical == physicalInt64:
		low, high := bounds(store.View[int64](c.plain, to)[from:])
		s.min = binary.LittleEndian.AppendUint64(nil, uint64(low))
		s.max = binary.LittleEndian.AppendUint64(nil, uint64(high))
	case t.IsFloat():
		s.min, s.max = c.floatBounds(from, to)
	case store.IsText(t):
		low, high := c.value(from), c.value(from)
		for i := from + 1; i < to; i++ {
			value := c.value(i)
			if bytes.Compare(value, low) < 0 {
				low = value
			} else if bytes.Compare(value, high) > 0 {
				high = value
			}
		}
		s.min, s.max = lowerBound(low), upperBound(high, t.Kind == ir.String)
		if s.max == nil {
			s.min = nil
		}
	case t.Kind == ir.Decimal || t.Kind == ir.I128:
		low, _ := parseBigEndian(c.value(from))
		high := low
		for i := from + 1; i < to; i++ {
			v, _ := parseBigEndian(c.value(i))
			if v.Cmp(low) < 0 {
				low = v
			}
			if v.Cmp(high) > 0 {
				high = v
			}
		}
		s.min, s.max = bigEndianBytes(low), bigEndianBytes(high)
	}
	return s
}

func bounds[T int32 | int64](values []T) (low, high T) {
	low, high = values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// floatBounds gives no bounds where there is a NaN, and both zeros as one: the format
// asks for that.
func (c *columnWriter) floatBounds(from, to int) (low, high []byte) {
	least, most := math.Inf(1), math.Inf(-1)
	for i := from; i < to; i++ {
		var v float64
		if c.physical == physicalFloat {
			v = float64(math.Float32frombits(binary.LittleEndian.Uint32(c.plain[4*i:])))
		} else {
			v = math.Float64frombits(binary.LittleEndian.Uint64(c.plain[8*i:]))
		}
		if math.IsNaN(v) {
			return nil, nil
		}
		least, most = math.Min(least, v), math.Max(most, v)
	}
	if least == 0 {
		least = math.Copysign(0, -1)
	}
	if most == 0 {
		most = 0
	}
	return c.floatBytes(least), c.floatBytes(most)
}

func (c *columnWriter) floatBytes(v float64) []byte {
	if c.physical == physicalFloat {
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v)))
	}
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))
}

func bigEndianBytes(v ir.Int128) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(v.High)), v.Low)
}

// lowerBound returns text that is not above value. It is never nil.
func lowerBound(value []byte) []byte {
	if len(value) > longestBound {
		value = cutRune(value)
	}
	return append([]byte{}, value...)
}

// upperBound returns text that is not below value, nil when there is none that is
// short: the last character that has a successor is replaced by it.
func upperBound(value []byte, text bool) []byte {
	if len(value) <= longestBound {
		return append([]byte{}, value...)
	}
	cut := append([]byte{}, cutRune(value)...)
	for i := len(cut) - 1; i >= 0; i-- {
		if text && cut[i] < 0x7F || !text && cut[i] < 0xFF {
			cut[i]++
			return cut[:i+1]
		}
	}
	return nil
}

// cutRune cuts to longestBound bytes at most, not within a character.
func cutRune(value []byte) []byte {
	end := longestBound
	for end > longestBound-utf8.UTFMax && end < len(value) && !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}

// mergeStatistics makes the statistics of the chunk from those of its pages.
func (c *columnWriter) mergeStatistics() {
	s := &c.chunk.statistics
	known := true
	for i := range c.chunk.pages {
		p := &c.chunk.pages[i].statistics
		s.nulls += p.nulls
		switch {
		case p.allNull:
		case p.min == nil:
			known = false
		default:
			if s.min == nil || c.compare(p.min, s.min) < 0 {
				s.min = p.min
			}
			if s.max == nil || c.compare(p.max, s.max) > 0 {
				s.max = p.max
			}
		}
	}
	if !known {
		s.min, s.max = nil, nil
	}
}

// compare orders bounds as the values are.
func (c *columnWriter) compare(a, b []byte) int {
	if store.IsText(c.field.Type) || c.physical == physicalBoolean {
		return bytes.Compare(a, b)
	}
	read := func(bound []byte) ir.Datum {
		switch c.physical {
		case physicalInt32:
			return ir.IntDatum(int64(int32(binary.LittleEndian.Uint32(bound))))
		case physicalInt64:
			return ir.IntDatum(int64(binary.LittleEndian.Uint64(bound)))
		case physicalFloat:
			return ir.FloatDatum(float64(math.Float32frombits(binary.LittleEndian.Uint32(bound))))
		case physicalDouble:
			return ir.FloatDatum(math.Float64frombits(binary.LittleEndian.Uint64(bound)))
		default:
			v, _ := parseBigEndian(bound)
			return ir.Int128Datum(v)
		}
	}
	x, y := read(a), read(b)
	switch {
	case store.Less(c.field.Type, x, y):
		return -1
	case store.Less(c.field.Type, y, x):
		return 1
	default:
		return 0
	}
}
