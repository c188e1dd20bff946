package tpch

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

// A Batch is some consecutive rows of a table, by columns in the table's order.
type Batch struct {
	Rows    int
	Columns []Column
}

// A Column is one column of a batch. Only the slices of its kind are used:
// Int32 for Integer and Date, Int64 for BigInt and Decimal, Offsets and Bytes
// for text. Text of row i is Bytes[Offsets[i]:Offsets[i+1]]. There are no
// NULLs.
type Column struct {
	Kind    Kind
	Int32   []int32
	Int64   []int64
	Offsets []int32
	Bytes   []byte
}

// Text gives the text of row i; it aliases the batch.
func (c *Column) Text(i int) []byte { return c.Bytes[c.Offsets[i]:c.Offsets[i+1]] }

// reset empties the batch for about that many rows of a table and keeps its
// memory where it has some.
func (b *Batch) reset(table *Table, rows int) {
	if len(b.Columns) != len(table.Columns) {
		b.Columns = make([]Column, len(table.Columns))
	}
	b.Rows = 0
	for i := range b.Columns {
		definition, c := table.Columns[i], &b.Columns[i]
		c.Kind = definition.Kind
		c.Int32, c.Int64, c.Offsets, c.Bytes = c.Int32[:0], c.Int64[:0], c.Offsets[:0], c.Bytes[:0]
		switch c.Kind {
		case Integer, Date:
			c.Int32 = slices.Grow(c.Int32, rows)
		case BigInt, Decimal:
			c.Int64 = slices.Grow(c.Int64, rows)
		case Varchar, Char:
			c.Offsets = append(slices.Grow(c.Offsets, rows+1), 0)
			// The average length of a comment is 5/8 of the longest.
			c.Bytes = slices.Grow(c.Bytes, rows*(definition.Width*5/8+1))
		}
	}
}

func (c *Column) addInt32(value int32) { c.Int32 = append(c.Int32, value) }
func (c *Column) addInt64(value int64) { c.Int64 = append(c.Int64, value) }

func (c *Column) addText(value string) {
	c.Bytes = append(c.Bytes, value...)
	c.endText()
}

// endText ends a text that was appended to Bytes.
func (c *Column) endText() { c.Offsets = append(c.Offsets, int32(len(c.Bytes))) }

// addNumbered appends a text such as "Clerk#000000951".
func (c *Column) addNumbered(prefix string, number int64, digits int) {
	c.Bytes = append(c.Bytes, prefix...)
	c.Bytes = appendDigits(c.Bytes, number, digits)
	c.endText()
}

// appendDigits appends a number of at least 0 with leading zeros.
func appendDigits(to []byte, number int64, digits int) []byte {
	for bound, width := int64(10), 1; width < digits; bound, width = bound*10, width+1 {
		if number < bound {
			to = append(to, '0')
		}
	}
	return strconv.AppendInt(to, number, 10)
}

// textChunk is about how many bytes WriteTBL hands to the writer at once.
const textChunk = 64 << 10

// WriteTBL writes the rows as text: fields parted by "|", no heading, no "|" at
// the end of a line, decimals with two digits, dates as 1998-12-01. An error
// is that of the writer.
func WriteTBL(w io.Writer, b *Batch) error {
	buffer := make([]byte, 0, textChunk+4096)
	for row := range b.Rows {
		for i := range b.Columns {
			if i > 0 {
				buffer = append(buffer, '|')
			}
			buffer = b.Columns[i].appendText(buffer, row)
		}
		buffer = append(buffer, '\n')
		if len(buffer) >= textChunk {
			if _, err := w.Write(buffer); err != nil {
				return fmt.Errorf("write rows as text: %w", err)
			}
			buffer = buffer[:0]
		}
	}
	if len(buffer) > 0 {
		if _, err := w.Write(buffer); err != nil {
			return fmt.Errorf("write rows as text: %w", err)
		}
	}
	return nil
}

func (c *Column) appendText(to []byte, row int) []byte {
	switch c.Kind {
	case Integer:
		return strconv.AppendInt(to, int64(c.Int32[row]), 10)
	case BigInt:
		return strconv.AppendInt(to, c.Int64[row], 10)
	case Decimal:
		return appendDecimal(to, c.Int64[row])
	case Date:
		return appendDate(to, c.Int32[row])
	case Varchar, Char:
		return append(to, c.Text(row)...)
	default:
		panic(fmt.Sprintf("BUG: unknown column kind %d", c.Kind))
	}
}

// appendDecimal appends hundredths as a number with two digits after the point.
func appendDecimal(to []byte, hundredths int64) []byte {
	if hundredths < 0 {
		to = append(to, '-')
		hundredths = -hundredths
	}
	to = strconv.AppendInt(to, hundredths/100, 10)
	return append(to, '.', byte('0'+hundredths/10%10), byte('0'+hundredths%10))
}

// dateTexts are the dates of the benchmark, which span seven years, as text.
var dateTexts = func() (texts [lastDay - firstDay + 1][10]byte) {
	for i := range texts {
		time.Unix(int64(firstDay+i)*24*60*60, 0).UTC().AppendFormat(texts[i][:0], time.DateOnly)
	}
	return texts
}()

func appendDate(to []byte, day int32) []byte {
	return append(to, dateTexts[day-firstDay][:]...)
}
