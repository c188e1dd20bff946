package ir

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/big"
	"strings"
)

// Compare orders two values of a type, neither NULL: -1, 0 or 1. It is the order
// of lt, of sort and of min and max: false before true, strings and bytes by their
// octets, UUIDs as unsigned numbers, -0 equal to 0, NaN equal to itself and after
// every number, intervals by their length with months of 30 days and days of 24
// hours.
func Compare(t Type, a, b Datum) int {
	switch t.Kind {
	case F32, F64:
		return compareFloats(a.Float, b.Float)
	case String, Bytes:
		return strings.Compare(a.Text, b.Text)
	case UUID:
		if c := cmp.Compare(uint64(a.High), uint64(b.High)); c != 0 {
			return c
		}
		return cmp.Compare(a.Low, b.Low)
	case Interval:
		return intervalLength(a).Cmp(intervalLength(b))
	default:
		return a.Int128().Cmp(b.Int128())
	}
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a == a:
		return -1
	case b == b:
		return 1
	default:
		return 0
	}
}

// intervalLength is the length in microseconds by which intervals compare.
func intervalLength(d Datum) Int128 {
	months, days, microseconds := d.Interval()
	length := big.NewInt(int64(months)*30 + int64(days))
	length.Mul(length, big.NewInt(MicrosecondsPerDay))
	length.Add(length, big.NewInt(microseconds))
	v, _ := Int128FromBig(length) // at most 73 bits
	return v
}

// AppendKey appends a spelling of a value, NULL included, that is equal for two
// values of a type exactly when they are not distinct: NULL equals NULL, and others
// as Compare has it. No spelling is the beginning of another of the same type.
func AppendKey(b []byte, t Type, d Datum) []byte {
	if d.Null {
		return append(b, 0)
	}
	b = append(b, 1)
	switch t.Kind {
	case F32, F64:
		f := d.Float
		if f == 0 {
			f = 0 // of either sign
		}
		if f != f {
			f = math.NaN()
		}
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	case String, Bytes:
		b = binary.AppendUvarint(b, uint64(len(d.Text)))
		return append(b, d.Text...)
	case Interval:
		v := intervalLength(d)
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, v.Low), uint64(v.High))
	default:
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, d.Low), uint64(d.High))
	}
}
