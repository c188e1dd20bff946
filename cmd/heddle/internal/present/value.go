package present

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/heddle-lang/heddle/ir"
)

// Value reads one value of a column of a batch.
func Value(column arrow.Array, row int) ir.Datum {
	if column.IsNull(row) {
		return ir.NullDatum
	}
	switch a := column.(type) {
	case *array.Boolean:
		return ir.BoolDatum(a.Value(row))
	case *array.Int8:
		return ir.IntDatum(int64(a.Value(row)))
	case *array.Int16:
		return ir.IntDatum(int64(a.Value(row)))
	case *array.Int32:
		return ir.IntDatum(int64(a.Value(row)))
	case *array.Int64:
		return ir.IntDatum(a.Value(row))
	case *array.Float32:
		return ir.FloatDatum(float64(a.Value(row)))
	case *array.Float64:
		return ir.FloatDatum(a.Value(row))
	case *array.Decimal128:
		v := a.Value(row)
		return ir.Int128Datum(ir.Int128{High: v.HighBits(), Low: v.LowBits()})
	case *array.Date32:
		return ir.IntDatum(int64(a.Value(row)))
	case *array.Time64:
		return ir.IntDatum(int64(a.Value(row)))
	case *array.Timestamp:
		return ir.IntDatum(int64(a.Value(row)))
	case *array.MonthDayNanoInterval:
		v := a.Value(row)
		return ir.IntervalDatum(v.Months, v.Days, v.Nanoseconds/1000)
	case *array.String:
		return ir.TextDatum(a.Value(row))
	case *array.Binary:
		return ir.TextDatum(string(a.Value(row)))
	case *array.FixedSizeBinary:
		v := a.Value(row)
		return ir.Int128Datum(ir.Int128{High: int64(binary.BigEndian.Uint64(v)), Low: binary.BigEndian.Uint64(v[8:])})
	case *array.Null:
		return ir.NullDatum
	default:
		panic(fmt.Sprintf("BUG: results have no columns of %s", column.DataType()))
	}
}
