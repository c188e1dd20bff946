package storetest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// Memory is a table in memory, to be decoded: rows in chunks of a few rows, columns in
// whatever layouts its making chose. It takes no care to be fast.
type Memory struct {
	description *ir.Table
	fields      []ir.Field
	rows        [][]ir.Datum
	chunk       int
	entries     map[string][]string
	number      int64
}

var tables atomic.Int64

// NewMemory makes a table of rows. random chooses, for each column, between the natural
// layout, the narrowest one and (for text) a dictionary, and the size of chunks.
func NewMemory(random *rand.Rand, name string, fields []ir.Field, rows [][]ir.Datum) *Memory {
	m := &Memory{
		description: &ir.Table{Name: name, Rows: int64(len(rows))},
		fields:      fields, rows: rows, chunk: 1 + random.IntN(7), entries: map[string][]string{}, number: tables.Add(1),
	}
	for i, f := range fields {
		column := ir.Column{Name: f.Name, Type: f.Type, Layout: ir.NaturalLayout(f.Type), Statistics: ir.Statistics{Nulls: -1}}
		switch narrow := random.IntN(3) > 0; {
		case narrow && f.Type.Kind == ir.String:
			m.entries[f.Name] = m.distinct(i)
			column.Layout = ir.Layout{Encoding: ir.Dictionary, Width: 1 << random.IntN(2), Cardinality: len(m.entries[f.Name])}
		case narrow && (f.Type.IsInteger() && f.Type.Kind != ir.I128 || f.Type.Kind == ir.Date || f.Type.Kind == ir.Decimal && f.Type.Precision <= 18):
			low, high := m.extremes(i)
			column.Layout = store.NarrowLayout(f.Type, low, high)
			column.Statistics.Min, column.Statistics.Max = datum(low), datum(high)
		}
		m.description.Columns = append(m.description.Columns, column)
	}
	return m
}

func datum(v int64) *ir.Datum {
	d := ir.IntDatum(v)
	return &d
}

func (m *Memory) distinct(column int) []string {
	entries := []string{}
	for _, row := range m.rows {
		if d := row[column]; !d.Null && !slices.Contains(entries, d.Text) {
			entries = append(entries, d.Text)
		}
	}
	if len(entries) == 0 {
		entries = append(entries, "")
	}
	return entries
}

func (m *Memory) extremes(column int) (low, high int64) {
	first := true
	for _, row := range m.rows {
		if d := row[column]; !d.Null {
			if first {
				low, high, first = d.Int(), d.Int(), false
			}
			low, high = min(low, d.Int()), max(high, d.Int())
		}
	}
	return low, high
}

// Description describes the table.
func (m *Memory) Description() *ir.Table { return m.description }

// Fingerprint differs from table to table.
func (m *Memory) Fingerprint() string { return fmt.Sprintf("memory %d", m.number) }

// Dictionary gives the entries of a column.
func (m *Memory) Dictionary(column string) ([]string, error) { return m.entries[column], nil }

// Close does nothing.
func (m *Memory) Close() error { return nil }

// Scan reads columns in the layouts of the description.
func (m *Memory) Scan(_ context.Context, request store.ScanRequest) (store.Scan, error) {
	s := &memoryScan{table: m}
	for _, c := range request.Columns {
		index, err := store.CheckRequest("memory", m.description, c)
		if err != nil {
			return nil, err
		}
		if c.Layout != m.description.Columns[index].Layout {
			return nil, fmt.Errorf("column %q is asked for as %s, not as %s", c.Name, c.Layout, m.description.Columns[index].Layout)
		}
		s.columns = append(s.columns, index)
	}
	return s, nil
}

type memoryScan struct {
	table   *Memory
	columns []int
}

func (s *memoryScan) Chunks() []store.Chunk {
	var chunks []store.Chunk
	for part := range slices.Chunk(s.table.rows, s.table.chunk) {
		chunks = append(chunks, store.Chunk{Rows: int64(len(part))})
	}
	return chunks
}

func (s *memoryScan) Segments() []store.Segment     { return nil }
func (s *memoryScan) Reader() (store.Reader, error) { return &memoryReader{scan: s}, nil }
func (s *memoryScan) Close() error                  { return nil }

type memoryReader struct {
	scan *memoryScan
	left [][]ir.Datum
}

func (r *memoryReader) Open(_ context.Context, chunk int) error {
	m := r.scan.table
	r.left = m.rows[chunk*m.chunk : min(len(m.rows), (chunk+1)*m.chunk)]
	return nil
}

func (r *memoryReader) Next(_ context.Context, batch *store.Batch) error {
	m := r.scan.table
	batch.Rows = len(r.left)
	for i, column := range r.scan.columns {
		field, layout := m.fields[column], m.description.Columns[column].Layout
		vector := &batch.Columns[i]
		values := make([][]ir.Datum, len(r.left))
		for row := range r.left {
			values[row] = []ir.Datum{r.left[row][column]}
		}
		if layout == ir.NaturalLayout(field.Type) {
			for row := range values {
				vector.Put(field.Type, row, values[row][0])
			}
			continue
		}
		natural := Batch([]ir.Field{field}, values).Columns[0]
		copy(vector.Validity, natural.Validity)
		if layout.Encoding == ir.Plain {
			if err := store.ConvertIntegers(vector.Values, layout, natural.Values, ir.NaturalLayout(field.Type), natural.Validity, len(values), store.Place{}); err != nil {
				return err
			}
			continue
		}
		for row := range values {
			code := max(0, slices.Index(m.entries[field.Name], values[row][0].Text))
			if layout.Width == 1 {
				vector.Values[row] = byte(code)
			} else {
				binary.LittleEndian.PutUint16(vector.Values[2*row:], uint16(code))
			}
		}
	}
	r.left = nil
	return nil
}

func (r *memoryReader) Close() error { return nil }
