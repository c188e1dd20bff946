package ir

import (
	"encoding/hex"
	"math"
	"math/bits"
	"strconv"
)

// FormatDatum gives the text of a value: what a cast to string gives, what the
// command line prints and what a CSV file holds. It is the form of PostgreSQL
// (date style ISO, interval style postgres, shortest floats); NULL is "NULL".
// ParseDatum reads it back.
func FormatDatum(t Type, d Datum) string { return string(AppendDatum(nil, t, d)) }

// AppendDatum appends the text of a value to b.
func AppendDatum(b []byte, t Type, d Datum) []byte {
	if d.Null {
		return append(b, "NULL"...)
	}
	switch t.Kind {
	case Bool:
		return strconv.AppendBool(b, d.Bool())
	case I8, I16, I32, I64:
		return strconv.AppendInt(b, d.Int(), 10)
	case I128:
		return AppendInt128(b, d.Int128())
	case F32:
		return appendFloat(b, d.Float, 32)
	case F64:
		return appendFloat(b, d.Float, 64)
	case Decimal:
		return appendDecimal(b, d, int(t.Scale))
	case Date:
		b, before := appendDays(b, d.Int())
		return appendEra(b, before)
	case Time:
		return appendClock(b, d.Int())
	case Timestamp, TimestampTZ:
		days, ofDay := SplitTimestamp(d.Int())
		b, before := appendDays(b, days)
		b = appendClock(append(b, ' '), ofDay)
		if t.Kind == TimestampTZ {
			b = append(b, "+00"...)
		}
		return appendEra(b, before)
	case Interval:
		return appendInterval(b, d)
	case String:
		return append(b, d.Text...)
	case Bytes:
		b = append(b, '\\', 'x')
		return hex.AppendEncode(b, []byte(d.Text))
	case UUID:
		return appendUUID(b, d)
	default:
		// A value of type null is always NULL, and no other kind has literals.
		panic("BUG: no text for a value of type " + t.String())
	}
}

// AppendInt128 appends a 128-bit integer in decimal.
func AppendInt128(b []byte, v Int128) []byte {
	if n, ok := v.Int64(); ok {
		return strconv.AppendInt(b, n, 10)
	}
	high, low := uint64(v.High), v.Low
	if v.High < 0 {
		b = append(b, '-')
		var borrow uint64
		low, borrow = bits.Sub64(0, low, 0)
		high, _ = bits.Sub64(0, high, borrow)
	}
	return appendUint128(b, high, low)
}

// appendUint128 splits into chunks of 19 digits, the most that 64 bits hold.
func appendUint128(b []byte, high, low uint64) []byte {
	const chunk = 10_000_000_000_000_000_000
	if high == 0 {
		return strconv.AppendUint(b, low, 10)
	}
	upper, r := bits.Div64(0, high, chunk)
	lower, digits := bits.Div64(r, low, chunk)
	b = appendUint128(b, upper, lower)
	return appendPadded(b, digits, 19)
}

// appendPadded appends at least width digits, with zeros in front.
func appendPadded(b []byte, v uint64, width int) []byte {
	var buffer [20]byte
	at := len(buffer)
	for v > 0 || width > 0 {
		at--
		buffer[at] = byte('0' + v%10)
		v /= 10
		width--
	}
	return append(b, buffer[at:]...)
}

func appendDecimal(b []byte, d Datum, scale int) []byte {
	start := len(b)
	b = AppendInt128(b, d.Int128())
	if scale == 0 {
		return b
	}
	if b[start] == '-' {
		start++
	}
	// At least one digit stands before the point.
	if missing := scale + 1 - (len(b) - start); missing > 0 {
		for range missing {
			b = append(b, '0')
		}
		copy(b[start+missing:], b[start:len(b)-missing])
		for i := range missing {
			b[start+i] = '0'
		}
	}
	b = append(b, 0)
	point := len(b) - 1 - scale
	copy(b[point+1:], b[point:len(b)-1])
	b[point] = '.'
	return b
}

// appendFloat writes the shortest text that reads back as the same float. Like
// PostgreSQL it uses an exponent below 1e-4 and from 1e15 (1e6 for f32) on.
func appendFloat(b []byte, f float64, size int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	case f == 0:
		if math.Signbit(f) {
			b = append(b, '-')
		}
		return append(b, '0')
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'e', -1, size)
	at := len(b) - 1
	for b[at] != 'e' {
		at--
	}
	exponent, _ := strconv.Atoi(string(b[at+1:]))
	limit := 15
	if size == 32 {
		limit = 6
	}
	if exponent < -4 || exponent >= limit {
		return b
	}
	return strconv.AppendFloat(b[:start], f, 'f', -1, size)
}

// appendDays writes a date without its era; before reports that it lies before
// year 1 and needs " BC" at the end.
func appendDays(b []byte, days int64) (_ []byte, before bool) {
	year, month, day := CivilFromDays(days)
	if before = year <= 0; before {
		year = 1 - year
	}
	b = appendPadded(b, uint64(year), 4)
	b = append(b, '-', byte('0'+month/10), byte('0'+month%10), '-', byte('0'+day/10), byte('0'+day%10))
	return b, before
}

func appendEra(b []byte, before bool) []byte {
	if before {
		b = append(b, " BC"...)
	}
	return b
}

// appendClock writes hours, minutes, seconds and, where there is one, the
// fraction of a second without trailing zeros.
func appendClock(b []byte, microseconds int64) []byte {
	magnitude := uint64(microseconds)
	if microseconds < 0 {
		b = append(b, '-')
		magnitude = -magnitude
	}
	seconds, fraction := magnitude/1e6, magnitude%1e6
	b = appendPadded(b, seconds/3600, 2)
	b = append(b, ':')
	b = appendPadded(b, seconds/60%60, 2)
	b = append(b, ':')
	b = appendPadded(b, seconds%60, 2)
	if fraction == 0 {
		return b
	}
	b = appendPadded(append(b, '.'), fraction, 6)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// appendInterval writes "1 year 2 mons -3 days +04:05:06.7". A part after a
// negative one shows its plus sign.
func appendInterval(b []byte, d Datum) []byte {
	months, days, microseconds := d.Interval()
	first, negative := true, false
	part := func(value int32, unit string) {
		if value == 0 {
			return
		}
		if !first {
			b = append(b, ' ')
		}
		if negative && value > 0 {
			b = append(b, '+')
		}
		b = strconv.AppendInt(b, int64(value), 10)
		b = append(b, ' ')
		b = append(b, unit...)
		if value != 1 {
			b = append(b, 's')
		}
		first, negative = false, value < 0
	}
	part(months/12, "year")
	part(months%12, "mon")
	part(days, "day")
	if microseconds == 0 && !first {
		return b
	}
	if !first {
		b = append(b, ' ')
	}
	if negative && microseconds >= 0 {
		b = append(b, '+')
	}
	return appendClock(b, microseconds)
}

func appendUUID(b []byte, d Datum) []byte {
	var text [32]byte
	const digits = "0123456789abcdef"
	for i := range 16 {
		text[15-i] = digits[uint64(d.High)>>(4*i)&15]
		text[31-i] = digits[d.Low>>(4*i)&15]
	}
	for i, c := range text {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			b = append(b, '-')
		}
		b = append(b, c)
	}
	return b
}
