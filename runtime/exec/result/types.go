package result

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
)

// Column is a column of a result.
type Column struct {
	Label string
	Type  ir.Type
	Field program.RecordField
}

// DataType is the Arrow type of a scalar type.
func DataType(t ir.Type) arrow.DataType {
	switch t.Kind {
	case ir.Bool:
		return arrow.FixedWidthTypes.Boolean
	case ir.I8:
		return arrow.PrimitiveTypes.Int8
	case ir.I16:
		return arrow.PrimitiveTypes.Int16
	case ir.I32:
		return arrow.PrimitiveTypes.Int32
	case ir.I64:
		return arrow.PrimitiveTypes.Int64
	case ir.I128:
		return &arrow.Decimal128Type{Precision: ir.MaxDecimalPrecision}
	case ir.F32:
		return arrow.PrimitiveTypes.Float32
	case ir.F64:
		return arrow.PrimitiveTypes.Float64
	case ir.Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case ir.Date:
		return arrow.FixedWidthTypes.Date32
	case ir.Time:
		return arrow.FixedWidthTypes.Time64us
	case ir.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	case ir.TimestampTZ:
		return arrow.FixedWidthTypes.Timestamp_us
	case ir.Interval:
		return arrow.FixedWidthTypes.MonthDayNanoInterval
	case ir.String:
		return arrow.BinaryTypes.String
	case ir.Bytes:
		return arrow.BinaryTypes.Binary
	case ir.UUID:
		return &arrow.FixedSizeBinaryType{ByteWidth: 16}
	case ir.Null:
		return arrow.Null
	default:
		panic(fmt.Sprintf("BUG: a column of type %s", t))
	}
}

// Schema is the Arrow schema of columns.
func Schema(columns []Column) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, column := range columns {
		fields[i] = arrow.Field{
			Name: column.Label, Type: DataType(column.Type),
			Nullable: column.Field.NullOffset >= 0 || column.Type.Kind == ir.Null,
		}
	}
	return arrow.NewSchema(fields, nil)
}
