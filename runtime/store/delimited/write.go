package delimited

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// writeBytes is about how much is handed to the writer at once.
const writeBytes = 256 << 10

// write writes a header, where the dialect has one, and the rows in the text form of
// ir.FormatDatum. NULL is an empty field, an empty string two quotes.
func write(ctx context.Context, w io.Writer, d dialect, schema []ir.Field, batches store.Batches, options store.WriteOptions) error {
	if options.Compression != "" && options.Compression != "none" {
		return diag.New(store.CodeCannotWrite, "text files cannot be compressed with %q", options.Compression)
	}
	if options.Delimiter != 0 {
		d.delimiter = options.Delimiter
	}
	if d.delimiter == 0 {
		d.delimiter = ','
	}
	if d.delimiter == '"' || d.delimiter == '\n' || d.delimiter == '\r' {
		return diag.New(store.CodeCannotWrite, "%q cannot be a delimiter", d.delimiter)
	}
	t := &writer{dialect: d}
	for i, field := range schema {
		if !field.Type.IsScalar() {
			return diag.New(store.CodeCannotWrite, "column %q has type %s, which a text file cannot hold", field.Name, field.Type)
		}
		if d.quotes && !options.NoHeader {
			if i > 0 {
				t.out = append(t.out, d.delimiter)
			}
			t.text([]byte(field.Name))
		}
	}
	if len(t.out) > 0 {
		t.out = append(t.out, '\n')
	}
	for batch, err := range batches {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && len(batch.Columns) != len(schema) {
			err = fmt.Errorf("write a text file: a batch of %d columns where there are %d", len(batch.Columns), len(schema))
		}
		if err != nil {
			return err
		}
		for row := range batch.Rows {
			for i := range schema {
				if i > 0 {
					t.out = append(t.out, d.delimiter)
				}
				if err := t.value(&batch.Columns[i], schema[i], row); err != nil {
					return err
				}
			}
			t.out = append(t.out, '\n')
			if len(t.out) >= writeBytes {
				if _, err := w.Write(t.out); err != nil {
					return err
				}
				t.out = t.out[:0]
			}
		}
	}
	_, err := w.Write(t.out)
	return err
}

type writer struct {
	dialect
	out []byte
}

func (t *writer) value(v *store.Vector, field ir.Field, row int) error {
	if !store.IsPresent(v.Validity, row) {
		return nil
	}
	switch field.Type.Kind {
	case ir.String:
		offsets := store.View[uint32](v.Values, row+2)
		text := v.Text[offsets[row]:offsets[row+1]]
		if !t.quotes && bytes.ContainsAny(text, string([]byte{t.delimiter, '\n', '\r'})) {
			return diag.New(store.CodeCannotWrite, "column %q has a %q or a line end in a value, which a file without quotes cannot hold: %.60q",
				field.Name, t.delimiter, text).Helpf("write CSV")
		}
		t.text(text)
	case ir.I64:
		t.out = strconv.AppendInt(t.out, store.View[int64](v.Values, row+1)[row], 10)
	case ir.I32:
		t.out = strconv.AppendInt(t.out, int64(store.View[int32](v.Values, row+1)[row]), 10)
	default:
		start := len(t.out)
		t.out = ir.AppendDatum(t.out, field.Type, v.Datum(field.Type, ir.NaturalLayout(field.Type), nil, row))
		if bytes.IndexByte(t.out[start:], t.delimiter) >= 0 { // a decimal point, a minus sign
			text := append([]byte{}, t.out[start:]...)
			t.out = t.out[:start]
			t.text(text)
		}
	}
	return nil
}

// text appends text, in quotes where it needs them: also where it would read as NULL.
func (t *writer) text(text []byte) {
	if !t.quotes {
		t.out = append(t.out, text...)
		return
	}
	plain := len(text) > 0
	for _, c := range text {
		if c == t.delimiter || c == '"' || c == '\n' || c == '\r' {
			plain = false
			break
		}
	}
	if plain {
		t.out = append(t.out, text...)
		return
	}
	t.out = append(t.out, '"')
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			break
		}
		t.out = append(t.out, text[:i+1]...)
		t.out = append(t.out, '"')
		text = text[i+1:]
	}
	t.out = append(t.out, text...)
	t.out = append(t.out, '"')
}
