package ir

import "fmt"

// Encoding says how the values of a column lie in memory.
type Encoding uint8

const (
	// Plain: fixed-width values as little-endian integers or floats of Width
	// bytes, to which Base is added; strings and bytes as Rows+1 32-bit offsets
	// into a byte area.
	Plain Encoding = iota
	// Dictionary: unsigned codes of Width bytes (1, 2 or 4) into a dictionary of
	// at most Cardinality strings that holds for the whole table.
	Dictionary
)

func (e Encoding) String() string {
	if e == Dictionary {
		return "dictionary"
	}
	return "plain"
}

// Layout is the physical form in which code expects a column. It is chosen when
// a program is compiled, from what the table offers, and travels in the bundle: a
// table that offers the layout is mapped without a copy, any other is converted
// to it as it is read, and a value that does not fit is a typed error.
//
// A nullable column has a validity bitmap beside its values (bit i of byte i/8,
// least significant first, set where a value is present); the value under a NULL
// is unspecified but readable.
type Layout struct {
	Encoding    Encoding
	Width       uint8 // bytes: 1, 2, 4, 8, 16; 0 for plain strings
	Base        int64 // frame of reference of Plain integers
	Cardinality int   // Dictionary: bound on the number of entries
}

func (l Layout) String() string {
	if l.Encoding == Dictionary {
		return fmt.Sprintf("dict<%d,%d>", l.Width, l.Cardinality)
	}
	if l.Base != 0 {
		return fmt.Sprintf("plain<%d,%d>", l.Width, l.Base)
	}
	return fmt.Sprintf("plain<%d>", l.Width)
}

// NaturalLayout is the widest layout of a type: what fits any of its values.
func NaturalLayout(t Type) Layout {
	switch t.Kind {
	case Bool, I8:
		return Layout{Width: 1}
	case I16:
		return Layout{Width: 2}
	case I32, F32, Date:
		return Layout{Width: 4}
	case I64, F64, Time, Timestamp, TimestampTZ:
		return Layout{Width: 8}
	case I128, UUID, Interval:
		return Layout{Width: 16}
	case Decimal:
		switch {
		case t.Precision <= 2:
			return Layout{Width: 1}
		case t.Precision <= 4:
			return Layout{Width: 2}
		case t.Precision <= 9:
			return Layout{Width: 4}
		case t.Precision <= 18:
			return Layout{Width: 8}
		default:
			return Layout{Width: 16}
		}
	case String, Bytes:
		return Layout{}
	default:
		panic(fmt.Sprintf("BUG: no layout for %s", t))
	}
}
