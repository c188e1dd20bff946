package parquet

import (
	"fmt"
	"math"

	"github.com/heddle-lang/heddle/ir"
)

// form says how the physical values of a column become integers of its type.
type form uint8

const (
	asIs      form = iota
	unsigned       // 32 or 64 bits that begin at zero
	times1000      // milliseconds to microseconds
	by1000         // nanoseconds to microseconds, rounded down
	bigEndian      // fixed or variable bytes, two's complement
	julianDay      // INT96: nanoseconds of a day, then a Julian day number
)

// column is a top-level column of a file.
type column struct {
	name     string
	leaf     int // its chunk in each row group
	physical int32
	length   int // of physicalFixed
	optional bool
	typ      ir.Type
	form     form
	problem  string // why it cannot be read, "" when it can
}

// maxColumns bounds the columns of a file.
const maxColumns = 1 << 16

// parseSchema finds the columns. Nested ones are there with a problem, so that a file
// is of use for its other columns.
func parseSchema(elements []schemaElement) ([]column, error) {
	root := elements[0]
	if root.physical >= 0 || len(elements) > maxColumns {
		return nil, fmt.Errorf("its schema has no root, or more than %d columns", maxColumns)
	}
	var columns []column
	at, leaves := 1, 0
	for range root.children {
		if at >= len(elements) {
			return nil, fmt.Errorf("its schema is shorter than it says")
		}
		e := &elements[at]
		c := column{name: e.name, leaf: leaves, physical: e.physical, length: int(e.length), optional: e.repetition == repetitionOptional}
		end, inside, ok := subtree(elements, at)
		if !ok {
			return nil, fmt.Errorf("its schema is shorter than it says")
		}
		switch {
		case e.physical < 0:
			c.problem = "it is nested"
			if e.logical.kind == logicalList || e.logical.kind == logicalMap {
				c.problem = "it is a list or a map"
			}
		case e.repetition == repetitionRepeated:
			c.problem = "it is a list"
		default:
			c.setType(e)
		}
		columns = append(columns, c)
		leaves += inside
		at = end
	}
	if at != len(elements) {
		return nil, fmt.Errorf("its schema is longer than it says")
	}
	return columns, nil
}

// subtree returns where the element after a column's own begins, and how many leaves
// the column has. It counts instead of recursing: pending is the number of elements
// that belong to the subtree and have not been seen.
func subtree(elements []schemaElement, at int) (end, leaves int, ok bool) {
	for pending := 1; pending > 0; at++ {
		if at >= len(elements) || elements[at].children < 0 {
			return 0, 0, false
		}
		pending--
		if elements[at].physical >= 0 {
			leaves++
		} else {
			pending += int(elements[at].children)
		}
		if pending > len(elements) {
			return 0, 0, false
		}
	}
	return at, leaves, true
}

// setType finds the type of a leaf, or the problem with it.
func (c *column) setType(e *schemaElement) {
	typ, form, problem := leafType(e)
	if problem == "" && e.physical == physicalFixed && (e.length <= 0 || e.length > 1<<20) {
		problem = fmt.Sprintf("its values have %d bytes", e.length)
	}
	c.form, c.problem = form, problem
	c.typ = typ.WithNull(c.optional)
}

func leafType(e *schemaElement) (t ir.Type, f form, problem string) {
	logical := e.logical
	if logical.kind == 0 {
		logical = fromConverted(e)
	}
	unsupported := func() (ir.Type, form, string) {
		return ir.Type{}, asIs, fmt.Sprintf("its type (physical %d, logical %d) is not known", e.physical, logical.kind)
	}
	switch e.physical {
	case physicalBoolean:
		return ir.Of(ir.Bool), asIs, ""
	case physicalInt32, physicalInt64:
		return integerType(e.physical, logical, unsupported)
	case physicalInt96:
		return ir.Of(ir.Timestamp), julianDay, ""
	case physicalFloat:
		return ir.Of(ir.F32), asIs, ""
	case physicalDouble:
		return ir.Of(ir.F64), asIs, ""
	case physicalByteArray, physicalFixed:
		switch logical.kind {
		case logicalString, logicalEnum, logicalJSON:
			return ir.Of(ir.String), asIs, ""
		case 0, logicalBSON:
			return ir.Of(ir.Bytes), asIs, ""
		case logicalDecimal:
			return decimalType(logical, bigEndian)
		case logicalUUID:
			if e.physical == physicalFixed && e.length == 16 {
				return ir.Of(ir.UUID), asIs, ""
			}
		case logicalInterval:
			if e.physical == physicalFixed && e.length == 12 {
				return ir.Of(ir.Interval), asIs, ""
			}
		}
	}
	return unsupported()
}

// logicalInterval stands for the converted type, which has no logical successor.
const logicalInterval = -1

func integerType(physical int32, logical logicalType, unsupported func() (ir.Type, form, string)) (ir.Type, form, string) {
	wide := physical == physicalInt64
	switch logical.kind {
	case 0:
		if wide {
			return ir.Of(ir.I64), asIs, ""
		}
		return ir.Of(ir.I32), asIs, ""
	case logicalInteger:
		f := unsigned
		if logical.signed {
			f = asIs
		}
		// An unsigned integer needs the next wider type.
		kinds := map[int32][2]ir.Kind{8: {ir.I8, ir.I16}, 16: {ir.I16, ir.I32}, 32: {ir.I32, ir.I64}, 64: {ir.I64, ir.I128}}
		pair, ok := kinds[logical.bits]
		if !ok || wide != (logical.bits == 64) {
			return unsupported()
		}
		if logical.signed {
			return ir.Of(pair[0]), f, ""
		}
		return ir.Of(pair[1]), f, ""
	case logicalDecimal:
		return decimalType(logical, asIs)
	case logicalDate:
		if !wide {
			return ir.Of(ir.Date), asIs, ""
		}
	case logicalTime:
		switch {
		case !wide && logical.unit == unitMillis:
			return ir.Of(ir.Time), times1000, ""
		case wide && logical.unit == unitMicros:
			return ir.Of(ir.Time), asIs, ""
		case wide && logical.unit == unitNanos:
			return ir.Of(ir.Time), by1000, ""
		}
	case logicalTimestamp:
		t := ir.Of(ir.Timestamp)
		if logical.adjustedToUTC {
			t = ir.Of(ir.TimestampTZ)
		}
		switch {
		case wide && logical.unit == unitMillis:
			return t, times1000, ""
		case wide && logical.unit == unitMicros:
			return t, asIs, ""
		case wide && logical.unit == unitNanos:
			return t, by1000, ""
		}
	}
	return unsupported()
}

func decimalType(logical logicalType, f form) (ir.Type, form, string) {
	p, s := logical.precision, logical.scale
	if p < 1 || p > ir.MaxDecimalPrecision || s < 0 || s > p {
		return ir.Type{}, asIs, fmt.Sprintf("its type decimal(%d,%d) is beyond %d digits", p, s, ir.MaxDecimalPrecision)
	}
	return ir.DecimalType(int(p), int(s)), f, ""
}

// fromConverted gives the logical type for the older notation.
func fromConverted(e *schemaElement) logicalType {
	switch c := e.converted; {
	case c == convertedUTF8:
		return logicalType{kind: logicalString}
	case c == convertedEnum:
		return logicalType{kind: logicalEnum}
	case c == convertedDecimal:
		return logicalType{kind: logicalDecimal, scale: e.scale, precision: e.precision}
	case c == convertedDate:
		return logicalType{kind: logicalDate}
	case c == convertedTimeMillis:
		return logicalType{kind: logicalTime, unit: unitMillis}
	case c == convertedTimeMicros:
		return logicalType{kind: logicalTime, unit: unitMicros}
	case c == convertedTimestampMillis:
		return logicalType{kind: logicalTimestamp, unit: unitMillis, adjustedToUTC: true}
	case c == convertedTimestampMicros:
		return logicalType{kind: logicalTimestamp, unit: unitMicros, adjustedToUTC: true}
	case c >= convertedUint8 && c <= convertedUint64:
		return logicalType{kind: logicalInteger, bits: 8 << (c - convertedUint8)}
	case c >= convertedInt8 && c <= convertedInt64:
		return logicalType{kind: logicalInteger, bits: 8 << (c - convertedInt8), signed: true}
	case c == convertedJSON:
		return logicalType{kind: logicalJSON}
	case c == convertedBSON:
		return logicalType{kind: logicalBSON}
	case c == convertedInterval:
		return logicalType{kind: logicalInterval}
	default:
		return logicalType{}
	}
}

// typeRange is what values of an integer-like type may be; ok is false for those of
// more than 64 bits.
func typeRange(t ir.Type) (low, high int64, ok bool) {
	switch t.Kind {
	case ir.I8:
		return math.MinInt8, math.MaxInt8, true
	case ir.I16:
		return math.MinInt16, math.MaxInt16, true
	case ir.I32, ir.Date:
		return math.MinInt32, math.MaxInt32, true
	case ir.I64, ir.Timestamp, ir.TimestampTZ:
		return math.MinInt64, math.MaxInt64, true
	case ir.Time:
		return 0, 24*60*60*1e6 - 1, true
	case ir.Decimal:
		if t.Precision > 18 {
			return 0, 0, false
		}
		most := int64(1)
		for range t.Precision {
			most *= 10
		}
		return 1 - most, most - 1, true
	default:
		return 0, 0, false
	}
}
