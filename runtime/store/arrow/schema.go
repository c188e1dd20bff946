package arrow

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/heddle-lang/heddle/ir"
)

// extensionName is the key under which a field's metadata names an extension type, and
// uuidName the one for UUIDs.
const (
	extensionName = "ARROW:extension:name"
	extensionData = "ARROW:extension:metadata"
	uuidName      = "arrow.uuid"
)

// typeOf gives the type of a field; ok is false where there is none for it.
func typeOf(field arrow.Field) (t ir.Type, ok bool) {
	dataType := field.Type
	name, _ := field.Metadata.GetValue(extensionName)
	if extension, is := dataType.(arrow.ExtensionType); is {
		name, dataType = extension.ExtensionName(), extension.StorageType()
	}
	if name == uuidName && arrow.TypeEqual(dataType, &arrow.FixedSizeBinaryType{ByteWidth: 16}) {
		return ir.Of(ir.UUID).WithNull(field.Nullable), true
	}
	t, ok = plainType(dataType)
	return t.WithNull(field.Nullable), ok
}

func plainType(dataType arrow.DataType) (t ir.Type, ok bool) {
	kinds := map[arrow.Type]ir.Kind{
		arrow.BOOL: ir.Bool, arrow.INT8: ir.I8, arrow.INT16: ir.I16, arrow.INT32: ir.I32, arrow.INT64: ir.I64,
		arrow.UINT8: ir.I16, arrow.UINT16: ir.I32, arrow.UINT32: ir.I64, arrow.UINT64: ir.I128, // the next wider
		arrow.FLOAT32: ir.F32, arrow.FLOAT64: ir.F64, arrow.DATE32: ir.Date, arrow.DATE64: ir.Date, arrow.TIME32: ir.Time, arrow.TIME64: ir.Time,
		arrow.INTERVAL_MONTH_DAY_NANO: ir.Interval,
		arrow.STRING:                  ir.String, arrow.LARGE_STRING: ir.String, arrow.STRING_VIEW: ir.String,
		arrow.BINARY: ir.Bytes, arrow.LARGE_BINARY: ir.Bytes, arrow.BINARY_VIEW: ir.Bytes, arrow.FIXED_SIZE_BINARY: ir.Bytes,
	}
	switch dataType := dataType.(type) {
	case arrow.DecimalType:
		p, s := dataType.GetPrecision(), dataType.GetScale()
		if dataType.ID() == arrow.DECIMAL256 || p < 1 || p > ir.MaxDecimalPrecision || s < 0 || s > p {
			return t, false
		}
		return ir.DecimalType(int(p), int(s)), true
	case *arrow.TimestampType:
		if dataType.TimeZone != "" {
			return ir.Of(ir.TimestampTZ), true
		}
		return ir.Of(ir.Timestamp), true
	case *arrow.DictionaryType:
		t, ok = plainType(dataType.ValueType)
		return t, ok && (t.Kind == ir.String || t.Kind == ir.Bytes) && dataType.ValueType.ID() != arrow.DICTIONARY
	}
	kind, ok := kinds[dataType.ID()]
	return ir.Of(kind), ok
}

// fieldOf is the Arrow field for a column.
func fieldOf(field ir.Field) (f arrow.Field, ok bool) {
	f = arrow.Field{Name: field.Name, Nullable: field.Type.Nullable}
	switch t := field.Type; t.Kind {
	case ir.Bool:
		f.Type = arrow.FixedWidthTypes.Boolean
	case ir.I8:
		f.Type = arrow.PrimitiveTypes.Int8
	case ir.I16:
		f.Type = arrow.PrimitiveTypes.Int16
	case ir.I32:
		f.Type = arrow.PrimitiveTypes.Int32
	case ir.I64:
		f.Type = arrow.PrimitiveTypes.Int64
	case ir.I128:
		f.Type = &arrow.Decimal128Type{Precision: ir.MaxDecimalPrecision}
	case ir.F32:
		f.Type = arrow.PrimitiveTypes.Float32
	case ir.F64:
		f.Type = arrow.PrimitiveTypes.Float64
	case ir.Decimal:
		f.Type = &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case ir.Date:
		f.Type = arrow.FixedWidthTypes.Date32
	case ir.Time:
		f.Type = arrow.FixedWidthTypes.Time64us
	case ir.Timestamp:
		f.Type = &arrow.TimestampType{Unit: arrow.Microsecond}
	case ir.TimestampTZ:
		f.Type = arrow.FixedWidthTypes.Timestamp_us
	case ir.Interval:
		f.Type = arrow.FixedWidthTypes.MonthDayNanoInterval
	case ir.String:
		f.Type = arrow.BinaryTypes.String
	case ir.Bytes:
		f.Type = arrow.BinaryTypes.Binary
	case ir.UUID:
		f.Type = &arrow.FixedSizeBinaryType{ByteWidth: 16}
		f.Metadata = arrow.NewMetadata([]string{extensionName, extensionData}, []string{uuidName, ""})
	default:
		return f, false
	}
	return f, true
}
