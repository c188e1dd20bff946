package present

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/heddle-lang/heddle/ir"
)

// Column describes a column of the rows.
type Column struct {
	Label string
	Type  ir.Type
}

// Options says how to write.
type Options struct {
	// Color marks headings and NULL; for tables.
	Color bool
	// Width is that of the terminal in cells; 0 is no terminal, and nothing is cut.
	Width int
	// Rows is how many rows a table shows at most; 0 is all.
	Rows int64
}

// Writer writes rows in one format.
type Writer interface {
	// Write takes the next rows. The batch stays the caller's.
	Write(batch arrow.RecordBatch) error
	// Close writes what is left. It does not close the stream below.
	Close() error
}

// Formats are the names that New takes.
var Formats = []string{"table", "csv", "tsv", "json", "jsonl", "md", "html", "none"}

// New makes a writer. The format must be one of Formats.
func New(w io.Writer, format string, columns []Column, options Options) Writer {
	out := bufio.NewWriterSize(w, 1<<16)
	switch format {
	case "table":
		return newTable(out, columns, options)
	case "csv":
		return &rowWriter{out: out, columns: columns, style: csvStyle}
	case "tsv":
		return &rowWriter{out: out, columns: columns, style: tsvStyle}
	case "json":
		return &rowWriter{out: out, columns: Unique(columns), style: jsonStyle}
	case "jsonl":
		return &rowWriter{out: out, columns: Unique(columns), style: linesStyle}
	case "md":
		return &rowWriter{out: out, columns: columns, style: markdownStyle}
	case "html":
		return &rowWriter{out: out, columns: columns, style: htmlStyle}
	case "none":
		return none{}
	default:
		panic(fmt.Sprintf("BUG: no format %q", format))
	}
}

// none writes nothing.
type none struct{}

func (none) Write(arrow.RecordBatch) error { return nil }
func (none) Close() error                  { return nil }

// TypeName is what SQL calls a type.
func TypeName(t ir.Type) string {
	switch t.Kind {
	case ir.Bool:
		return "boolean"
	case ir.I8:
		return "tinyint"
	case ir.I16:
		return "smallint"
	case ir.I32:
		return "integer"
	case ir.I64:
		return "bigint"
	case ir.I128:
		return "hugeint"
	case ir.F32:
		return "real"
	case ir.F64:
		return "double"
	case ir.Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case ir.String:
		return "varchar"
	case ir.Bytes:
		return "blob"
	default:
		return t.Kind.String()
	}
}

// Unique gives columns whose labels differ, as the keys of an object must: a label
// that was there before gets a number.
func Unique(columns []Column) []Column {
	out := append([]Column(nil), columns...)
	taken := map[string]bool{}
	for _, column := range columns {
		taken[column.Label] = true
	}
	seen := map[string]bool{}
	for i := range out {
		label := out[i].Label
		for n := 1; seen[label]; n++ {
			if numbered := out[i].Label + "_" + strconv.Itoa(n); !taken[numbered] {
				label = numbered
				taken[label] = true
			}
		}
		seen[label] = true
		out[i].Label = label
	}
	return out
}
