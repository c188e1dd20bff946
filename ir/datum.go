package ir

import (
	"math"
	"math/big"
)

// Int128 is a signed 128-bit integer in two's complement.
type Int128 struct {
	High int64
	Low  uint64
}

// Int128From widens a 64-bit integer.
func Int128From(v int64) Int128 { return Int128{High: v >> 63, Low: uint64(v)} }

// Int64 narrows to 64 bits; ok is false when the value does not fit.
func (v Int128) Int64() (n int64, ok bool) {
	n = int64(v.Low)
	return n, v.High == n>>63
}

// Big returns the value as a big integer.
func (v Int128) Big() *big.Int {
	b := new(big.Int).SetInt64(v.High)
	b.Lsh(b, 64)
	return b.Add(b, new(big.Int).SetUint64(v.Low))
}

// Int128FromBig narrows a big integer; ok is false when it does not fit.
func Int128FromBig(b *big.Int) (v Int128, ok bool) {
	// The least value, -2^127, has a magnitude of 128 bits.
	if b.BitLen() > 127 && (b.BitLen() != 128 || b.Sign() >= 0 || b.TrailingZeroBits() != 127) {
		return Int128{}, false
	}
	var low, high big.Int
	low.And(b, maxUint64) // big.Int's And is two's complement
	high.Rsh(b, 64)       // and Rsh is arithmetic
	return Int128{High: high.Int64(), Low: low.Uint64()}, true
}

var maxUint64 = new(big.Int).SetUint64(math.MaxUint64)

// Cmp compares two 128-bit integers: -1, 0 or 1.
func (v Int128) Cmp(u Int128) int {
	switch {
	case v.High < u.High, v.High == u.High && v.Low < u.Low:
		return -1
	case v == u:
		return 0
	default:
		return 1
	}
}

// Datum is one scalar value, or NULL. Which field holds the value depends on the
// kind of its type, which stands beside it (in an op's result, in a column):
//
//   - Bool: Low is 0 or 1
//   - integers, Decimal (unscaled), Date, Time, Timestamp, TimestampTZ: High:Low as
//     a signed 128-bit integer
//   - F32, F64: Float
//   - String, Bytes: Text
//   - UUID: High:Low, big-endian order
//   - Interval: months<<32 | uint32(days) in High, microseconds in Low
type Datum struct {
	Null  bool
	High  int64
	Low   uint64
	Float float64
	Text  string
}

// NullDatum is NULL of any type.
var NullDatum = Datum{Null: true}

// BoolDatum returns a Bool.
func BoolDatum(b bool) Datum {
	if b {
		return Datum{Low: 1}
	}
	return Datum{}
}

// IntDatum returns an integer, date, time, timestamp or unscaled decimal.
func IntDatum(v int64) Datum { return Datum{High: v >> 63, Low: uint64(v)} }

// Int128Datum returns an integer or unscaled decimal of 128 bits.
func Int128Datum(v Int128) Datum { return Datum{High: v.High, Low: v.Low} }

// FloatDatum returns a float.
func FloatDatum(f float64) Datum { return Datum{Float: f} }

// TextDatum returns a string or bytes.
func TextDatum(s string) Datum { return Datum{Text: s} }

// IntervalDatum returns an interval.
func IntervalDatum(months, days int32, microseconds int64) Datum {
	return Datum{High: int64(months)<<32 | int64(uint32(days)), Low: uint64(microseconds)}
}

// Bool reads a Bool.
func (d Datum) Bool() bool { return d.Low != 0 }

// Int reads an integer-like datum that fits 64 bits; it drops the high half.
func (d Datum) Int() int64 { return int64(d.Low) }

// Int128 reads an integer-like datum.
func (d Datum) Int128() Int128 { return Int128{High: d.High, Low: d.Low} }

// Interval reads an interval.
func (d Datum) Interval() (months, days int32, microseconds int64) {
	return int32(d.High >> 32), int32(d.High), int64(d.Low)
}

// IsInt64 reports whether an integer-like datum fits 64 bits.
func (d Datum) IsInt64() bool { return d.High == int64(d.Low)>>63 }
