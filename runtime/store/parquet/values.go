package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

var (
	errNotUTF8  = errors.New("a string is not UTF-8")
	errInterval = errors.New("an interval is out of range")
	errFixed    = errors.New("a decimal has more than 128 bits")
)

// converter brings PLAIN values of a column to the layout that a program asks for.
type converter struct {
	column    *column
	typ       ir.Type
	layout    ir.Layout
	place     store.Place
	low, high int64 // what type and layout both hold; layouts below 16 bytes
	offered   bool  // the layout is the one that the statistics of this file led to
	integers  []int64
}

func newConverter(c *column, request store.ColumnRequest, path string) converter {
	v := converter{column: c, typ: request.Type, layout: request.Layout, place: store.Place{File: path, Column: request.Name}}
	v.low, v.high = math.MinInt64, math.MaxInt64
	if low, high, ok := store.IntegerRange(request.Layout); ok {
		v.low, v.high = low, high
	}
	if low, high, ok := typeRange(request.Type); ok {
		v.low, v.high = max(v.low, low), min(v.high, high)
	}
	return v
}

// convert writes n values; dst has room for them.
func (v *converter) convert(dst, src []byte, n int) error {
	switch c := v.column; {
	case v.typ.Kind == ir.Bool:
		for i := range n {
			dst[i] = src[i>>3] >> (i & 7) & 1
		}
	case v.typ.IsFloat():
		copy(dst[:n*int(v.layout.Width)], src)
	case v.typ.Kind == ir.UUID:
		for i := range n {
			binary.LittleEndian.PutUint64(dst[16*i+8:], binary.BigEndian.Uint64(src[16*i:]))
			binary.LittleEndian.PutUint64(dst[16*i:], binary.BigEndian.Uint64(src[16*i+8:]))
		}
	case v.typ.Kind == ir.Interval:
		return convertIntervals(dst, src, n)
	case c.form == bigEndian:
		return v.convertBigEndian(dst, src, n)
	case c.form == julianDay:
		return v.convertJulian(dst, src, n)
	case c.form != asIs:
		return v.convertScaled(dst, src, n)
	case c.physical == physicalInt32:
		return narrowFrom(v, dst, store.View[int32](src, n))
	default:
		return narrowFrom(v, dst, store.View[int64](src, n))
	}
	return nil
}

type signed interface {
	~int8 | ~int16 | ~int32 | ~int64
}

// narrowFrom writes integers at the layout's width and checks each.
func narrowFrom[S signed](v *converter, dst []byte, src []S) error {
	n := len(src)
	outside := false
	switch v.layout.Width {
	case 1:
		outside = narrow(store.View[int8](dst, n), src, v.layout.Base, v.low, v.high)
	case 2:
		outside = narrow(store.View[int16](dst, n), src, v.layout.Base, v.low, v.high)
	case 4:
		outside = narrow(store.View[int32](dst, n), src, v.layout.Base, v.low, v.high)
	case 8:
		outside = narrow(store.View[int64](dst, n), src, v.layout.Base, v.low, v.high)
	default:
		halves := store.View[int64](dst, 2*n)
		for i, value := range src {
			outside = outside || int64(value) < v.low || int64(value) > v.high
			halves[2*i], halves[2*i+1] = int64(value), int64(value)>>63
		}
	}
	if !outside {
		return nil
	}
	for _, value := range src {
		if int64(value) < v.low || int64(value) > v.high {
			return v.outside(value)
		}
	}
	panic("BUG: no value is outside")
}

// narrow makes one unsigned comparison do for both bounds.
func narrow[D, S signed](dst []D, src []S, base, low, high int64) (outside bool) {
	dst = dst[:len(src)]
	span := uint64(high) - uint64(low)
	for i, value := range src {
		w := int64(value)
		if uint64(w)-uint64(low) > span {
			outside = true
		}
		dst[i] = D(w - base)
	}
	return outside
}

// outside says whether a value breaks its type or only the layout.
func (v *converter) outside(value any) error {
	wide, ok := value.(*big.Int)
	if !ok {
		switch n := value.(type) {
		case int32:
			wide = big.NewInt(int64(n))
		case int64:
			wide = big.NewInt(n)
		default:
			panic(fmt.Sprintf("BUG: a value of Go type %T", value))
		}
	}
	low, high := big.NewInt(math.MinInt64), big.NewInt(math.MaxInt64)
	if l, h, ok := typeRange(v.typ); ok {
		low, high = big.NewInt(l), big.NewInt(h)
	} else if v.typ.Kind == ir.Decimal {
		high = new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.typ.Precision)), nil)
		high.Sub(high, big.NewInt(1))
		low = new(big.Int).Neg(high)
	}
	if wide.Cmp(low) < 0 || wide.Cmp(high) > 0 {
		return fmt.Errorf("a value %v is beyond %s", wide, v.typ.WithNull(false))
	}
	if v.offered {
		return fmt.Errorf("a value %v is outside of the bounds that its statistics give", wide)
	}
	return store.DoesNotFit(v.place, wide, v.layout)
}

// convertScaled handles what must be computed before it can be narrowed.
func (v *converter) convertScaled(dst, src []byte, n int) error {
	wide := grow(&v.integers, n)
	if v.column.physical == physicalInt32 {
		for i, value := range store.View[int32](src, n) {
			wide[i] = int64(value)
			if v.column.form == unsigned {
				wide[i] = int64(uint32(value))
			}
		}
	} else {
		copy(wide, store.View[int64](src, n))
	}
	switch v.column.form {
	case unsigned:
		if v.typ.Kind == ir.I128 {
			return v.convertUnsigned64(dst, wide)
		}
	case times1000:
		for i, value := range wide {
			if value > math.MaxInt64/1000 || value < math.MinInt64/1000 {
				return fmt.Errorf("a value of %d milliseconds is out of range", value)
			}
			wide[i] = value * 1000
		}
	case by1000:
		for i, value := range wide {
			wide[i] = floorDivide(value, 1000)
		}
	case asIs, bigEndian, julianDay: // are no scaled numbers
	}
	return narrowFrom(v, dst, wide)
}

func (v *converter) convertUnsigned64(dst []byte, src []int64) error {
	if v.layout.Width < 16 {
		for _, value := range src {
			if value < 0 {
				return v.outside(new(big.Int).SetUint64(uint64(value)))
			}
		}
		return narrowFrom(v, dst, src)
	}
	halves := store.View[int64](dst, 2*len(src))
	for i, value := range src {
		halves[2*i], halves[2*i+1] = value, 0
	}
	return nil
}

func floorDivide(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// convertJulian reads INT96: 8 bytes of nanoseconds, 4 of the day.
func (v *converter) convertJulian(dst, src []byte, n int) error {
	const epoch = 2_440_588 // 1970-01-01
	const dayMicros = 86_400_000_000
	wide := grow(&v.integers, n)
	for i := range wide {
		nanos := int64(binary.LittleEndian.Uint64(src[12*i:]))
		days := int64(binary.LittleEndian.Uint32(src[12*i+8:])) - epoch
		if days > math.MaxInt64/dayMicros-1 || days < math.MinInt64/dayMicros+1 || nanos < 0 || nanos > 1000*dayMicros {
			return errors.New("a timestamp is out of range")
		}
		wide[i] = days*dayMicros + nanos/1000
	}
	return narrowFrom(v, dst, wide)
}

func convertIntervals(dst, src []byte, n int) error {
	for i := range n {
		months, days := binary.LittleEndian.Uint32(src[12*i:]), binary.LittleEndian.Uint32(src[12*i+4:])
		millis := binary.LittleEndian.Uint32(src[12*i+8:])
		if months > math.MaxInt32 || days > math.MaxInt32 {
			return errInterval
		}
		d := ir.IntervalDatum(int32(months), int32(days), int64(millis)*1000)
		binary.LittleEndian.PutUint64(dst[16*i:], d.Low)
		binary.LittleEndian.PutUint64(dst[16*i+8:], uint64(d.High))
	}
	return nil
}

// convertBigEndian reads decimals of fixed or variable length.
func (v *converter) convertBigEndian(dst, src []byte, n int) error {
	if v.layout.Width == 16 {
		return v.eachBigEndian(src, n, func(i int, value ir.Int128) error {
			if !withinPrecision(value, v.typ.Precision) {
				return v.outside(value.Big())
			}
			binary.LittleEndian.PutUint64(dst[16*i:], value.Low)
			binary.LittleEndian.PutUint64(dst[16*i+8:], uint64(value.High))
			return nil
		})
	}
	wide := grow(&v.integers, n)
	err := v.eachBigEndian(src, n, func(i int, value ir.Int128) error {
		narrow, ok := value.Int64()
		if !ok {
			return v.outside(value.Big())
		}
		wide[i] = narrow
		return nil
	})
	if err != nil {
		return err
	}
	return narrowFrom(v, dst, wide)
}

func (v *converter) eachBigEndian(src []byte, n int, visit func(i int, value ir.Int128) error) error {
	length := v.column.length
	for i := range n {
		if v.column.physical == physicalByteArray {
			var err error
			if length, src, err = cutLength(src); err != nil {
				return err
			}
		}
		value, ok := parseBigEndian(src[:length])
		if !ok {
			return errFixed
		}
		src = src[length:]
		if err := visit(i, value); err != nil {
			return err
		}
	}
	return nil
}

// cutLength reads the length before a PLAIN byte array.
func cutLength(src []byte) (length int, rest []byte, err error) {
	if len(src) < 4 {
		return 0, nil, errShort
	}
	n := binary.LittleEndian.Uint32(src)
	if uint64(n) > uint64(len(src)-4) {
		return 0, nil, errShort
	}
	return int(n), src[4:], nil
}

// parseBigEndian reads two's complement; bytes beyond 16 must repeat the sign.
func parseBigEndian(b []byte) (v ir.Int128, ok bool) {
	if len(b) == 0 {
		return v, true
	}
	sign := uint64(int64(int8(b[0])) >> 63)
	for len(b) > 16 {
		if b[0] != byte(sign) || (b[1]^b[0])&0x80 != 0 {
			return v, false
		}
		b = b[1:]
	}
	high, low := sign, sign
	for _, x := range b {
		high = high<<8 | low>>56
		low = low<<8 | uint64(x)
	}
	return ir.Int128{High: int64(high), Low: low}, true
}

// withinPrecision reports whether a decimal has at most so many digits.
func withinPrecision(v ir.Int128, precision uint8) bool {
	most := powers[precision]
	least := ir.Int128{High: ^most.High, Low: -most.Low}
	if most.Low == 0 {
		least.High++
	}
	return v.Cmp(most) < 0 && v.Cmp(least) > 0
}

// powers are the powers of ten.
var powers = func() (p [ir.MaxDecimalPrecision + 1]ir.Int128) {
	n, ten := big.NewInt(1), big.NewInt(10)
	for i := range p {
		p[i], _ = ir.Int128FromBig(n)
		n.Mul(n, ten)
	}
	return p
}()

// texts are strings one after another.
type texts struct {
	offsets []uint32 // one more than there are strings
	bytes   []byte
}

func (t *texts) at(i int) []byte { return t.bytes[t.offsets[i]:t.offsets[i+1]] }

// split takes PLAIN byte arrays apart. Where validity is not nil the strings go to the
// rows that it says are present, and those between are empty.
func (t *texts) split(c *column, src []byte, validity []byte, rows int) error {
	offsets := grow(&t.offsets, rows+1)
	t.bytes = t.bytes[:0]
	length := c.length
	for row := range rows {
		offsets[row] = uint32(len(t.bytes))
		if !store.IsPresent(validity, row) {
			continue
		}
		if c.physical == physicalByteArray {
			var err error
			if length, src, err = cutLength(src); err != nil {
				return err
			}
		}
		t.bytes = append(t.bytes, src[:length]...)
		src = src[length:]
	}
	offsets[rows] = uint32(len(t.bytes))
	if c.typ.Kind == ir.String {
		return t.validate()
	}
	return nil
}

// validate checks UTF-8 in one go: text is valid piece by piece if it is valid as a
// whole and no piece begins within a character.
func (t *texts) validate() error {
	if !utf8.Valid(t.bytes) {
		return errNotUTF8
	}
	for _, offset := range t.offsets {
		if int(offset) < len(t.bytes) && !utf8.RuneStart(t.bytes[offset]) {
			return errNotUTF8
		}
	}
	return nil
}
