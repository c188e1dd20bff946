package present

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/charmbracelet/x/ansi"

	"github.com/heddle-lang/heddle/ir"
)

// keptRows is how many rows a table looks at to choose the widths of its columns.
// Later rows that are wider stand out of line.
const keptRows = 10_000

// Widths of columns on a terminal.
const (
	wide   = 40 // a column is not wider than this if others would be cut for it
	narrow = 12 // a column is not made narrower than this; columns are left out instead

	leastType = 6 // how much of the name of a type is shown at least
)

// table writes aligned columns with a heading of names and types.
type table struct {
	out     *bufio.Writer
	columns []Column
	options Options

	kept    [][]cell // rows that wait for the widths
	widths  []int
	shown   int // columns that are shown
	decided bool
	rows    int64 // all that came
}

type cell struct {
	text string
	null bool
}

func newTable(out *bufio.Writer, columns []Column, options Options) *table {
	return &table{out: out, columns: columns, options: options}
}

func (t *table) Write(batch arrow.RecordBatch) error {
	arrays := batch.Columns()
	for row := range int(batch.NumRows()) {
		t.rows++
		if t.options.Rows > 0 && t.rows > t.options.Rows {
			continue
		}
		values := make([]cell, len(t.columns))
		for i := range values {
			if d := Value(arrays[i], row); d.Null {
				values[i] = cell{text: "NULL", null: true}
			} else {
				values[i] = cell{text: Printable(ir.FormatDatum(t.columns[i].Type, d))}
			}
		}
		if t.decided {
			t.line(values)
			continue
		}
		t.kept = append(t.kept, values)
		if len(t.kept) == keptRows {
			t.decide()
		}
	}
	if t.decided {
		return t.out.Flush()
	}
	return nil
}

func (t *table) Close() error {
	if !t.decided {
		t.decide()
	}
	var left []string
	if hidden := t.rows - t.options.Rows; t.options.Rows > 0 && hidden > 0 {
		left = append(left, plural(hidden, "more row"))
	}
	if hidden := len(t.columns) - t.shown; hidden > 0 {
		left = append(left, plural(int64(hidden), "more column"))
	}
	if len(left) > 0 {
		fmt.Fprintln(t.out, t.paint(dim, " … "+strings.Join(left, " and ")))
	}
	return t.out.Flush()
}

func plural(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// decide fixes the widths and writes what was kept.
func (t *table) decide() {
	t.decided = true
	t.widths = make([]int, len(t.columns))
	for i, column := range t.columns {
		t.widths[i] = t.natural(i, len(TypeName(column.Type)))
	}
	t.shown = len(t.columns)
	if t.options.Width > 0 {
		t.fit()
	}
	t.heading()
	for _, row := range t.kept {
		t.line(row)
	}
	t.kept = nil
}

// natural is how wide a column wants to be: its label, its values, and as much of its
// type as is asked for.
func (t *table) natural(column, typeWidth int) int {
	width := max(cells(Printable(t.columns[column].Label)), min(typeWidth, len(TypeName(t.columns[column].Type))))
	for _, row := range t.kept {
		width = max(width, cells(row[column].text))
	}
	return width
}

// fit makes the table as narrow as the terminal: first the widest columns give way,
// then columns on the right are left out.
func (t *table) fit() {
	total := func() int {
		sum := 0
		for _, width := range t.widths[:t.shown] {
			sum += width + 3 // " │ "
		}
		if t.shown < len(t.widths) {
			sum += 3 // "…" for the others
		}
		return sum - 1
	}
	if total() > t.options.Width { // types are cut before values
		for i := range t.widths {
			t.widths[i] = t.natural(i, leastType)
		}
	}
	for _, least := range []int{wide, narrow} {
		for total() > t.options.Width {
			widest := -1
			for i, width := range t.widths[:t.shown] {
				// A number that is cut is wrong; text is only short.
				if !t.columns[i].Type.IsNumeric() && width > least && (widest < 0 || width > t.widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			t.widths[widest] = max(least, t.widths[widest]-(total()-t.options.Width))
		}
	}
	for t.shown > 1 && total() > t.options.Width {
		t.shown--
	}
	if t.shown > 0 && total() > t.options.Width {
		t.widths[0] = max(1, t.widths[0]-(total()-t.options.Width))
	}
	t.widen(total())
}

// widen gives room that columns left out have freed to those that were cut: first to
// values and labels, then to types.
func (t *table) widen(total int) {
	for _, typeWidth := range []int{leastType, len("decimal(38,38)")} {
		for i := range t.widths[:t.shown] {
			if more := min(t.natural(i, typeWidth)-t.widths[i], t.options.Width-total); more > 0 {
				t.widths[i] += more
				total += more
			}
		}
	}
}

// The styles of a terminal.
const (
	bold = "1"
	dim  = "2"
)

func (t *table) paint(code, text string) string {
	if !t.options.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (t *table) heading() {
	labels, types := make([]string, t.shown), make([]string, t.shown)
	var rule strings.Builder
	for i := range t.shown {
		numeric := t.columns[i].Type.IsNumeric()
		last := i == t.shown-1 && t.shown == len(t.columns)
		labels[i] = t.pad(Printable(t.columns[i].Label), i, numeric, bold, last)
		types[i] = t.pad(TypeName(t.columns[i].Type), i, numeric, dim, last)
		if i > 0 {
			rule.WriteString("┼")
		}
		rule.WriteString(strings.Repeat("─", t.widths[i]+2))
	}
	t.row(labels)
	t.row(types)
	if t.shown < len(t.columns) {
		rule.WriteString("┼──")
	}
	fmt.Fprintln(t.out, t.paint(dim, rule.String()))
}

// line writes a row of values.
func (t *table) line(values []cell) {
	texts := make([]string, t.shown)
	for i := range t.shown {
		code := ""
		if values[i].null {
			code = dim
		}
		last := i == t.shown-1 && t.shown == len(t.columns)
		texts[i] = t.pad(values[i].text, i, t.columns[i].Type.IsNumeric(), code, last)
	}
	t.row(texts)
}

// row writes cells that have their widths.
func (t *table) row(texts []string) {
	separator := t.paint(dim, "│")
	fmt.Fprint(t.out, " ")
	for i, text := range texts {
		if i > 0 {
			fmt.Fprint(t.out, " ", separator, " ")
		}
		fmt.Fprint(t.out, text)
	}
	if t.shown < len(t.columns) {
		fmt.Fprint(t.out, " ", separator, " ", t.paint(dim, "…"))
	}
	fmt.Fprintln(t.out)
}

// pad cuts or fills a text to the width of its column. The last column is not filled
// on its right.
func (t *table) pad(text string, column int, right bool, code string, last bool) string {
	width := t.widths[column]
	have := cells(text)
	if have > width && t.options.Width > 0 {
		text = ansi.Truncate(text, width, "…")
		have = cells(text)
	}
	if have == width && code == "" {
		return text
	}
	fill := strings.Repeat(" ", max(0, width-have))
	if code != "" {
		text = t.paint(code, text)
	}
	switch {
	case right:
		return fill + text
	case last:
		return text
	default:
		return text + fill
	}
}

// cells is how wide a text is. Most are plain, and their width is their length.
func cells(text string) int {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] >= 0x7f {
			return ansi.StringWidth(text)
		}
	}
	return len(text)
}

// Printable gives a text in which nothing steers a terminal or breaks a line.
func Printable(text string) string {
	if !strings.ContainsFunc(text, control) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case control(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// control reports control characters and those that turn the direction of text, with
// which a value could look like something else.
func control(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
