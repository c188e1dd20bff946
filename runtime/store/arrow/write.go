package arrow

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// Write writes an Arrow file with a record batch for each batch. Compression is "none",
// the default, "lz4" or "zstd".
func Write(ctx context.Context, _ *system.System, w io.Writer, schema []ir.Field, batches store.Batches, options store.WriteOptions) error {
	fields := make([]arrow.Field, len(schema))
	for i, field := range schema {
		f, ok := fieldOf(field)
		if !ok {
			return diag.New(store.CodeCannotWrite, "column %q has type %s, which an Arrow file cannot hold", field.Name, field.Type).
				Helpf("cast it to another type")
		}
		fields[i] = f
	}
	arrowSchema := arrow.NewSchema(fields, nil)
	settings := []ipc.Option{ipc.WithSchema(arrowSchema)}
	switch options.Compression {
	case "", "none":
	case "lz4":
		settings = append(settings, ipc.WithLZ4())
	case "zstd":
		settings = append(settings, ipc.WithZstd())
	default:
		return diag.New(store.CodeCannotWrite, "an Arrow file cannot be compressed with %q", options.Compression).Helpf("use lz4, zstd or none")
	}
	out, err := ipc.NewFileWriter(w, settings...)
	if err != nil {
		return err
	}
	for batch, err := range batches {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && len(batch.Columns) != len(schema) {
			err = fmt.Errorf("write an Arrow file: a batch of %d columns where there are %d", len(batch.Columns), len(schema))
		}
		if err != nil {
			return err
		}
		columns := make([]arrow.Array, len(schema))
		for i := range schema {
			if columns[i], err = arrayOf(fields[i].Type, schema[i], &batch.Columns[i], batch.Rows); err != nil {
				return err
			}
		}
		if err := out.Write(array.NewRecordBatch(arrowSchema, columns, int64(batch.Rows))); err != nil {
			return err
		}
	}
	return out.Close()
}

// arrayOf makes an array over the memory of a vector where the forms agree.
func arrayOf(dataType arrow.DataType, field ir.Field, v *store.Vector, rows int) (arrow.Array, error) {
	buffers := []*memory.Buffer{nil, nil}
	nulls := 0
	for row := range rows {
		if !store.IsPresent(v.Validity, row) {
			nulls++
		}
	}
	if nulls > 0 {
		if !field.Type.Nullable {
			return nil, diag.New(store.CodeCannotWrite, "column %q has a NULL where its type %s has none", field.Name, field.Type)
		}
		buffers[0] = memory.NewBufferBytes(v.Validity[:(rows+7)/8])
	}
	width := int(ir.NaturalLayout(field.Type).Width)
	switch t := field.Type; {
	case store.IsText(t):
		offsets := v.Values[:4*(rows+1)]
		end := store.View[uint32](offsets, rows+1)[rows]
		if end > math.MaxInt32 {
			return nil, diag.New(store.CodeCannotWrite, "column %q has %d bytes of text in a batch, more than an Arrow array can hold", field.Name, end)
		}
		buffers[1] = memory.NewBufferBytes(offsets)
		buffers = append(buffers, memory.NewBufferBytes(v.Text[:end]))
	case t.Kind == ir.Bool:
		bits := make([]byte, (rows+7)/8)
		for row, b := range v.Values[:rows] {
			bits[row>>3] |= b & 1 << (row & 7)
		}
		buffers[1] = memory.NewBufferBytes(bits)
	case t.Kind == ir.Decimal || width == 16:
		values := make([]byte, 16*rows)
		for row := range rows {
			if !store.IsPresent(v.Validity, row) {
				continue
			}
			if err := putWide(values[16*row:], field, v.Datum(t, ir.NaturalLayout(t), nil, row)); err != nil {
				return nil, err
			}
		}
		buffers[1] = memory.NewBufferBytes(values)
	default:
		buffers[1] = memory.NewBufferBytes(v.Values[:rows*width])
	}
	return array.MakeFromData(array.NewData(dataType, rows, buffers, nil, nulls, 0)), nil
}

// putWide writes a value of 16 bytes.
func putWide(to []byte, field ir.Field, d ir.Datum) error {
	little := binary.LittleEndian
	switch field.Type.Kind {
	case ir.UUID:
		binary.BigEndian.PutUint64(to, uint64(d.High))
		binary.BigEndian.PutUint64(to[8:], d.Low)
		return nil
	case ir.Interval:
		months, days, micros := d.Interval()
		if micros > math.MaxInt64/1000 || micros < math.MinInt64/1000 {
			return diag.New(store.CodeCannotWrite, "column %q has an interval that is too long for an Arrow file: %s", field.Name, ir.FormatDatum(field.Type, d))
		}
		little.PutUint32(to, uint32(months))
		little.PutUint32(to[4:], uint32(days))
		little.PutUint64(to[8:], uint64(micros*1000))
		return nil
	case ir.I128:
		if !ir.FitsDecimal(d.Int128(), ir.MaxDecimalPrecision) {
			return diag.New(store.CodeCannotWrite, "column %q has an integer of more than %d digits, which an Arrow file cannot hold: %v",
				field.Name, ir.MaxDecimalPrecision, d.Int128().Big()).Helpf("cast the column to a string")
		}
	default: // a decimal, whose words are written below
	}
	little.PutUint64(to, d.Low)
	little.PutUint64(to[8:], uint64(d.High))
	return nil
}
