package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the constructor of a Type.
type Kind uint8

// The kinds. Scalars first: IsScalar depends on the order.
const (
	Invalid     Kind = iota
	Bool             // true or false
	I8               // signed integers, two's complement
	I16              //
	I32              //
	I64              //
	I128             //
	F32              // IEEE-754 binary32
	F64              // IEEE-754 binary64
	Decimal          // decimal<p,s>: an integer of at most p digits, times 10^-s
	Date             // days since 1970-01-01, proleptic Gregorian, 32 bits
	Time             // microseconds since midnight, 64 bits
	Timestamp        // microseconds since 1970-01-01 00:00:00, no zone, 64 bits
	TimestampTZ      // microseconds since 1970-01-01 00:00:00 UTC, 64 bits
	Interval         // months, days and microseconds
	String           // UTF-8 text
	Bytes            // octets
	UUID             // 128 bits
	Null             // the type of a bare NULL; casts to anything

	// Composite scalars.
	Struct // struct<name: T, ...>; a row is a Struct

	// Collections.
	Bag // bag<row>: bounded, unordered unless an operator says otherwise

	// The kern level.
	Vector  // vec<T,N>: N lanes of T in one SIMD register
	Address // a byte address in linear memory, 32 bits
	Label   // the target of a branch: the argument of a block's or loop's region

	// The kern level on a GPU.
	GlobalAddress // a byte address in the memory of the device, 64 bits
	SharedAddress // a byte address in the shared memory of a block of threads, 32 bits
)

var kindNames = [...]string{
	Invalid: "invalid", Bool: "bool", I8: "i8", I16: "i16", I32: "i32", I64: "i64", I128: "i128",
	F32: "f32", F64: "f64", Decimal: "decimal", Date: "date", Time: "time", Timestamp: "timestamp",
	TimestampTZ: "timestamptz", Interval: "interval", String: "string", Bytes: "bytes", UUID: "uuid",
	Null: "null", Struct: "struct", Bag: "bag", Vector: "vec", Address: "addr", Label: "label",
	GlobalAddress: "gaddr", SharedAddress: "saddr",
}

func (k Kind) String() string { return kindNames[k] }

// KindByName finds the kind that prints as name.
func KindByName(name string) (Kind, bool) {
	for k, n := range kindNames {
		if n == name && Kind(k) != Invalid {
			return Kind(k), true
		}
	}
	return Invalid, false
}

// MaxDecimalPrecision is the largest number of decimal digits that fits 128 bits.
const MaxDecimalPrecision = 38

// Field is a named component of a row.
type Field struct {
	Name string
	Type Type
}

// Type is a CIR type. It is a value: copy it freely, compare it with Equal. The
// slices behind it are never changed after construction.
type Type struct {
	Kind      Kind
	Nullable  bool  // prints as a trailing "?"
	Precision uint8 // Decimal: 1 to 38
	Scale     uint8 // Decimal: 0 to Precision
	Lanes     uint8 // Vector
	Element   Kind  // Vector: a scalar kind
	Fields    []Field
}

// Constructors of the types that take arguments.

// DecimalType returns decimal<precision,scale>.
func DecimalType(precision, scale int) Type {
	if precision < 1 || precision > MaxDecimalPrecision || scale < 0 || scale > precision {
		panic(fmt.Sprintf("BUG: decimal<%d,%d> is out of range", precision, scale))
	}
	return Type{Kind: Decimal, Precision: uint8(precision), Scale: uint8(scale)}
}

// StructType returns a row type.
func StructType(fields ...Field) Type { return Type{Kind: Struct, Fields: fields} }

// BagType returns bag<{fields}>.
func BagType(fields ...Field) Type { return Type{Kind: Bag, Fields: fields} }

// VectorType returns vec<element,lanes>.
func VectorType(element Kind, lanes int) Type {
	return Type{Kind: Vector, Element: element, Lanes: uint8(lanes)}
}

// Of returns the type of a kind without arguments, not nullable.
func Of(kind Kind) Type { return Type{Kind: kind} }

// IsAddress reports whether t is an address of any kind of memory.
func (t Type) IsAddress() bool {
	return t.Kind == Address || t.Kind == GlobalAddress || t.Kind == SharedAddress
}

// WithNull returns t with the given NULL-ness.
func (t Type) WithNull(nullable bool) Type {
	t.Nullable = nullable
	return t
}

// OrNull returns t, nullable if it was or if nullable is set.
func (t Type) OrNull(nullable bool) Type {
	t.Nullable = t.Nullable || nullable
	return t
}

// Row returns the row type of a bag.
func (t Type) Row() Type { return Type{Kind: Struct, Fields: t.Fields} }

// Field finds a field of a row or a bag by name; the index is -1 if there is none.
func (t Type) Field(name string) (int, Type) {
	for i, field := range t.Fields {
		if field.Name == name {
			return i, field.Type
		}
	}
	return -1, Type{}
}

// Equal reports whether two types are the same, NULL-ness included.
func (t Type) Equal(u Type) bool {
	if t.Kind != u.Kind || t.Nullable != u.Nullable || t.Precision != u.Precision || t.Scale != u.Scale ||
		t.Lanes != u.Lanes || t.Element != u.Element || len(t.Fields) != len(u.Fields) {
		return false
	}
	for i := range t.Fields {
		if t.Fields[i].Name != u.Fields[i].Name || !t.Fields[i].Type.Equal(u.Fields[i].Type) {
			return false
		}
	}
	return true
}

// Same reports whether two types are equal but for NULL-ness at the top.
func (t Type) Same(u Type) bool { return t.WithNull(false).Equal(u.WithNull(false)) }

// IsInteger reports i8 to i128.
func (t Type) IsInteger() bool { return t.Kind >= I8 && t.Kind <= I128 }

// IsFloat reports f32 and f64.
func (t Type) IsFloat() bool { return t.Kind == F32 || t.Kind == F64 }

// IsNumeric reports integers, floats and decimals.
func (t Type) IsNumeric() bool { return t.Kind >= I8 && t.Kind <= Decimal }

// IsTemporal reports dates, times and timestamps.
func (t Type) IsTemporal() bool { return t.Kind >= Date && t.Kind <= TimestampTZ }

// IsScalar reports whether values of the type can be a column of a table.
func (t Type) IsScalar() bool { return t.Kind > Invalid && t.Kind < Struct }

// String prints the type in the text form.
func (t Type) String() string {
	var b strings.Builder
	t.print(&b)
	return b.String()
}

func (t Type) print(b *strings.Builder) {
	switch t.Kind {
	case Decimal:
		b.WriteString("decimal<")
		b.WriteString(strconv.Itoa(int(t.Precision)))
		b.WriteByte(',')
		b.WriteString(strconv.Itoa(int(t.Scale)))
		b.WriteByte('>')
	case Vector:
		fmt.Fprintf(b, "vec<%s,%d>", t.Element, t.Lanes)
	case Struct:
		PrintFields(b, t.Fields)
	case Bag:
		b.WriteString("bag<")
		PrintFields(b, t.Fields)
		b.WriteByte('>')
	default:
		b.WriteString(t.Kind.String())
	}
	if t.Nullable {
		b.WriteByte('?')
	}
}

// PrintFields writes "{name: type, ...}".
func PrintFields(b *strings.Builder, fields []Field) {
	b.WriteByte('{')
	for i, field := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(QuoteName(field.Name))
		b.WriteString(": ")
		field.Type.print(b)
	}
	b.WriteByte('}')
}

// QuoteName prints a column or symbol name: as it is when it is made of letters,
// digits, "_", "$" and "." and begins with no digit, else as a quoted string.
func QuoteName(name string) string {
	plain := name != ""
	for i := 0; i < len(name) && plain; i++ {
		c := name[i]
		letter := c == '_' || c == '$' || c|0x20 >= 'a' && c|0x20 <= 'z'
		plain = letter || i > 0 && (c == '.' || c >= '0' && c <= '9')
	}
	if plain {
		return name
	}
	return strconv.Quote(name)
}
