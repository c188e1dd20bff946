package present

import (
	"bufio"
	"html"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/heddle-lang/heddle/ir"
)

// style says how rows of text are put together. Rows may begin and end with what
// depends on their number.
type style struct {
	head   func(b []byte, columns []Column) []byte
	before func(b []byte, first bool) []byte
	value  func(b []byte, column *Column, index int, d ir.Datum) []byte
	after  string
	foot   func(b []byte, empty bool) []byte
}

// rowWriter writes one row after another and keeps none.
type rowWriter struct {
	out     *bufio.Writer
	columns []Column
	style   style
	begun   bool
	rows    int64
	buffer  []byte
}

func (w *rowWriter) begin() {
	if !w.begun && w.style.head != nil {
		w.buffer = w.style.head(w.buffer, w.columns)
	}
	w.begun = true
}

func (w *rowWriter) Write(batch arrow.RecordBatch) error {
	w.begin()
	arrays := batch.Columns()
	for row := range int(batch.NumRows()) {
		if w.style.before != nil {
			w.buffer = w.style.before(w.buffer, w.rows == 0)
		}
		for i := range w.columns {
			w.buffer = w.style.value(w.buffer, &w.columns[i], i, Value(arrays[i], row))
		}
		w.buffer = append(w.buffer, w.style.after...)
		w.rows++
		if len(w.buffer) >= 1<<14 {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return w.flush()
}

func (w *rowWriter) flush() error {
	_, err := w.out.Write(w.buffer)
	w.buffer = w.buffer[:0]
	return err
}

func (w *rowWriter) Close() error {
	w.begin()
	if w.style.foot != nil {
		w.buffer = w.style.foot(w.buffer, w.rows == 0)
	}
	if err := w.flush(); err != nil {
		return err
	}
	return w.out.Flush()
}

// isText reports types whose values may hold any character. Those of bytes begin with a
// backslash.
func isText(t ir.Type) bool { return t.Kind == ir.String || t.Kind == ir.Bytes }

// csvStyle is RFC 4180 with line feeds. NULL is an empty field, the empty text a
// quoted one.
var csvStyle = style{
	head: func(b []byte, columns []Column) []byte {
		for i := range columns {
			b = appendCSV(separate(b, i, ','), columns[i].Label)
		}
		return append(b, '\n')
	},
	value: func(b []byte, column *Column, index int, d ir.Datum) []byte {
		b = separate(b, index, ',')
		switch {
		case d.Null:
			return b
		case column.Type.Kind == ir.String:
			return appendCSV(b, d.Text)
		default: // nothing in it asks for quotes
			return ir.AppendDatum(b, column.Type, d)
		}
	},
	after: "\n",
}

func separate(b []byte, index int, separator byte) []byte {
	if index > 0 {
		b = append(b, separator)
	}
	return b
}

func appendCSV(b []byte, text string) []byte {
	if text != "" && !strings.ContainsAny(text, ",\"\r\n") && text[0] != ' ' && text[len(text)-1] != ' ' {
		return append(b, text...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(text, `"`, `""`)...)
	return append(b, '"')
}

// tsvStyle has a backslash before what would end a field. NULL is \N, as in the text
// form of PostgreSQL's COPY.
var tsvStyle = style{
	head: func(b []byte, columns []Column) []byte {
		for i := range columns {
			b = append(separate(b, i, '\t'), tsvEscapes.Replace(columns[i].Label)...)
		}
		return append(b, '\n')
	},
	value: func(b []byte, column *Column, index int, d ir.Datum) []byte {
		b = separate(b, index, '\t')
		if d.Null {
			return append(b, `\N`...)
		}
		if !isText(column.Type) {
			return ir.AppendDatum(b, column.Type, d)
		}
		return append(b, tsvEscapes.Replace(ir.FormatDatum(column.Type, d))...)
	},
	after: "\n",
}

var tsvEscapes = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r")

// jsonStyle is one array with an object for each row, each on a line.
var jsonStyle = style{
	head: func(b []byte, _ []Column) []byte { return append(b, '[') },
	before: func(b []byte, first bool) []byte {
		if !first {
			b = append(b, ',')
		}
		return append(b, "\n  {"...)
	},
	value: jsonValue,
	after: "}",
	foot: func(b []byte, empty bool) []byte {
		if empty {
			return append(b, "]\n"...)
		}
		return append(b, "\n]\n"...)
	},
}

// linesStyle is one object on each line.
var linesStyle = style{
	before: func(b []byte, _ bool) []byte { return append(b, '{') },
	value:  jsonValue,
	after:  "}\n",
}

func jsonValue(b []byte, column *Column, index int, d ir.Datum) []byte {
	if index > 0 {
		b = append(b, ", "...)
	}
	b = AppendJSONString(b, column.Label)
	b = append(b, ": "...)
	return appendJSON(b, column.Type, d)
}

// appendJSON writes a value exactly: integers and decimals of any size are numbers
// with all of their digits. NaN and the infinities, for which JSON has no number, are
// null.
func appendJSON(b []byte, t ir.Type, d ir.Datum) []byte {
	switch {
	case d.Null, t.IsFloat() && (math.IsNaN(d.Float) || math.IsInf(d.Float, 0)):
		return append(b, "null"...)
	case t.Kind == ir.Bool:
		return strconv.AppendBool(b, d.Bool())
	case t.IsNumeric():
		return ir.AppendDatum(b, t, d)
	case isText(t):
		return AppendJSONString(b, ir.FormatDatum(t, d))
	default: // dates and their like have nothing to escape
		return append(ir.AppendDatum(append(b, '"'), t, d), '"')
	}
}

// AppendJSONString appends a quoted string. Bytes that are not UTF-8 become U+FFFD.
func AppendJSONString(b []byte, text string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c < 0x20 || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}

// markdownStyle is a table of GitHub's Markdown.
var markdownStyle = style{
	head: func(b []byte, columns []Column) []byte {
		for i := range columns {
			b = append(b, "| "...)
			b = append(append(b, markdownEscapes.Replace(columns[i].Label)...), ' ')
		}
		b = append(b, "|\n"...)
		for i := range columns {
			if columns[i].Type.IsNumeric() {
				b = append(b, "| ---: "...)
			} else {
				b = append(b, "| --- "...)
			}
		}
		return append(b, "|\n"...)
	},
	value: func(b []byte, column *Column, _ int, d ir.Datum) []byte {
		b = append(b, "| "...)
		if !d.Null {
			b = append(b, markdownEscapes.Replace(ir.FormatDatum(column.Type, d))...)
		}
		return append(b, ' ')
	},
	after: "|\n",
}

var markdownEscapes = strings.NewReplacer(
	"\\", "\\\\", "|", "\\|", "*", "\\*", "_", "\\_", "`", "\\`", "<", "&lt;", ">", "&gt;", "&", "&amp;",
	"[", "\\[", "]", "\\]", "~", "\\~", "\r\n", "<br>", "\n", "<br>", "\r", "<br>",
)

// htmlStyle is a table element.
var htmlStyle = style{
	head: func(b []byte, columns []Column) []byte {
		b = append(b, "<table>\n<thead>\n<tr>"...)
		for i := range columns {
			b = append(b, `<th title="`...)
			b = append(b, TypeName(columns[i].Type)...)
			b = append(b, `">`...)
			b = append(append(b, html.EscapeString(columns[i].Label)...), "</th>"...)
		}
		return append(b, "</tr>\n</thead>\n<tbody>\n"...)
	},
	before: func(b []byte, _ bool) []byte { return append(b, "<tr>"...) },
	value: func(b []byte, column *Column, _ int, d ir.Datum) []byte {
		switch {
		case d.Null:
			return append(b, `<td class="null"></td>`...)
		case column.Type.IsNumeric():
			b = append(b, `<td align="right">`...)
		default:
			b = append(b, "<td>"...)
		}
		b = append(b, html.EscapeString(ir.FormatDatum(column.Type, d))...)
		return append(b, "</td>"...)
	},
	after: "</tr>\n",
	foot:  func(b []byte, _ bool) []byte { return append(b, "</tbody>\n</table>\n"...) },
}
