package interp

import (
	"math"

	"github.com/heddle-lang/heddle/ir"
)

// Bits is a value of any type of the kern level: integers in two's complement, of
// which those below 64 bits are extended with zeros, floats as their bits, vectors as
// they lie in memory.
type Bits struct{ Low, High uint64 }

// Word is a value of up to 64 bits.
func Word(v uint64) Bits { return Bits{Low: v} }

// FromInt64 gives an integer as a value of a type.
func FromInt64(t ir.Type, v int64) Bits {
	if t.Kind == ir.I128 {
		return Bits{uint64(v), uint64(v >> 63)}
	}
	return Word(low(uint64(v), widthOf(t)))
}

// FromFloat64 gives the nearest value of a float type.
func FromFloat64(t ir.Type, v float64) Bits {
	if t.Kind == ir.F32 {
		return Word(uint64(math.Float32bits(float32(v))))
	}
	return Word(math.Float64bits(v))
}

// Float64 reads a value of a float type.
func (b Bits) Float64(t ir.Type) float64 {
	if t.Kind == ir.F32 {
		return float64(math.Float32frombits(uint32(b.Low)))
	}
	return math.Float64frombits(b.Low)
}

// SizeOf is the number of bytes that a value of a type of the kern level takes in
// memory, 0 for a type that has no values there.
func SizeOf(t ir.Type) int {
	if t.Kind == ir.Vector {
		return 16
	}
	return widthOf(t) / 8
}

// widthOf is the number of bits of a scalar type of the kern level, 0 for others.
func widthOf(t ir.Type) int {
	switch t.Kind {
	case ir.Bool, ir.I32, ir.F32, ir.Address, ir.SharedAddress:
		return 32
	case ir.I64, ir.F64, ir.GlobalAddress:
		return 64
	case ir.I128:
		return 128
	default:
		return 0
	}
}

// low keeps so many low bits, from 1 to 64.
func low(v uint64, width int) uint64 { return v << (64 - width) >> (64 - width) }

// signed reads an integer of so many bits, from 1 to 64, with its sign.
func signed(v uint64, width int) int64 { return int64(v<<(64-width)) >> (64 - width) }

func truth(holds bool) Bits {
	if holds {
		return Word(1)
	}
	return Bits{}
}

// lanes takes a vector apart into lanes of so many bits; join is the reverse.
func (b Bits) lanes(width int) []uint64 {
	list := make([]uint64, 128/width)
	for i := range list {
		half := b.Low
		if i*width >= 64 {
			half = b.High
		}
		list[i] = low(half>>(i*width%64), width)
	}
	return list
}

func join(lanes []uint64, width int) (b Bits) {
	for i, lane := range lanes {
		lane = low(lane, width) << (i * width % 64)
		if i*width >= 64 {
			b.High |= lane
		} else {
			b.Low |= lane
		}
	}
	return b
}

// literal gives the bits of a constant.
func literal(t ir.Type, d ir.Datum) Bits {
	switch {
	case t.IsFloat():
		return FromFloat64(t, d.Float)
	case t.Kind == ir.I128:
		return Bits{d.Low, uint64(d.High)}
	default:
		return Word(low(d.Low, widthOf(t)))
	}
}

// SameBits compares two values of a type. All NaNs are the same: their bits are not
// defined.
func SameBits(t ir.Type, a, b Bits) bool {
	element, width := t, widthOf(t)
	if t.Kind == ir.Vector {
		element, width = ir.Of(t.Element), 128/int(t.Lanes)
	}
	if a == b || !element.IsFloat() {
		return a == b
	}
	x, y := a.lanes(width), b.lanes(width)
	for i := range x {
		bothNaN := math.IsNaN(Word(x[i]).Float64(element)) && math.IsNaN(Word(y[i]).Float64(element))
		if x[i] != y[i] && !bothNaN {
			return false
		}
	}
	return true
}
