package ndjson

import (
	"context"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

const writeBytes = 256 << 10

// Write writes an object for each row. Numbers are JSON numbers, also decimals; what
// JSON has no form for (dates, bytes, floats that are no number) is a string in the
// text form of ir.FormatDatum. NULL is null.
func Write(ctx context.Context, _ *system.System, w io.Writer, schema []ir.Field, batches store.Batches, options store.WriteOptions) error {
	if options.Compression != "" && options.Compression != "none" {
		return diag.New(store.CodeCannotWrite, "text files cannot be compressed with %q", options.Compression)
	}
	keys := make([][]byte, len(schema))
	seen := map[string]bool{}
	for i, field := range schema {
		if seen[field.Name] {
			return diag.New(store.CodeCannotWrite, "there are two columns named %q", field.Name).Helpf("name one of them with AS")
		}
		seen[field.Name] = true
		if !field.Type.IsScalar() {
			return diag.New(store.CodeCannotWrite, "column %q has type %s, which an NDJSON file cannot hold", field.Name, field.Type)
		}
		keys[i] = append(appendString(nil, []byte(field.Name)), ':')
	}
	var out, text []byte
	for batch, err := range batches {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && len(batch.Columns) != len(schema) {
			err = fmt.Errorf("write an NDJSON file: a batch of %d columns where there are %d", len(batch.Columns), len(schema))
		}
		if err != nil {
			return err
		}
		for row := range batch.Rows {
			out = append(out, '{')
			for i, field := range schema {
				if i > 0 {
					out = append(out, ',')
				}
				out = append(out, keys[i]...)
				d := batch.Columns[i].Datum(field.Type, ir.NaturalLayout(field.Type), nil, row)
				switch {
				case d.Null:
					out = append(out, "null"...)
				case field.Type.Kind == ir.Bool, field.Type.IsNumeric() && !math.IsNaN(d.Float) && !math.IsInf(d.Float, 0):
					out = ir.AppendDatum(out, field.Type, d)
				default:
					text = ir.AppendDatum(text[:0], field.Type, d)
					out = appendString(out, text)
				}
			}
			if out = append(out, '}', '\n'); len(out) >= writeBytes {
				if _, err := w.Write(out); err != nil {
					return err
				}
				out = out[:0]
			}
		}
	}
	_, err := w.Write(out)
	return err
}

// appendString writes a JSON string. Bytes that are no UTF-8 become U+FFFD.
func appendString(to, text []byte) []byte {
	const hex = "0123456789abcdef"
	to = append(to, '"')
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\\':
			to = append(to, '\\', c)
		case c == '\n':
			to = append(to, '\\', 'n')
		case c == '\r':
			to = append(to, '\\', 'r')
		case c == '\t':
			to = append(to, '\\', 't')
		case c < ' ':
			to = append(to, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			to = append(to, c)
		default:
			r, size := utf8.DecodeRune(text[i:])
			to = utf8.AppendRune(to, r)
			i += size
			continue
		}
		i++
	}
	return append(to, '"')
}
