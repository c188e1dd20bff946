package native

import (
	"context"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// scan is a read of some columns.
type scan struct {
	table    *table
	request  store.ScanRequest
	columns  []*columnInfo // by position in the request
	entries  [][]string    // dictionaries that the conversion needs
	chunks   []store.Chunk
	segments []store.Segment
}

// Scan gives segments when every column lies in the file as it is requested.
func (t *table) Scan(ctx context.Context, request store.ScanRequest) (store.Scan, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &scan{table: t, request: request, entries: make([][]string, len(request.Columns))}
	zones := make([][]store.Zone, len(request.Columns))
	mapped := true
	for i, wanted := range request.Columns {
		index, err := store.CheckRequest(t.path, t.description, wanted)
		if err != nil {
			return nil, err
		}
		c := &t.footer.columns[index]
		s.columns = append(s.columns, c)
		if zones[i], err = t.columns[index].zones(); err != nil {
			return nil, err
		}
		mapped = mapped && mappable(c.layout, wanted.Layout)
		have, want := c.layout.Encoding, wanted.Layout.Encoding
		switch {
		case have == ir.Plain && want == ir.Dictionary:
			return nil, diag.New(store.CodeDoesNotFit, "column %q of %q has no dictionary any more, as the program was compiled for", c.name, t.path).
				Helpf("the data has changed since: build the program again")
		case have == ir.Dictionary && want == ir.Plain:
			if s.entries[i], err = t.columns[index].dictionary(); err != nil {
				return nil, err
			}
		}
	}
	s.cut(zones)
	if mapped {
		s.mapSegments()
	}
	return s, nil
}

// mappable reports whether what lies in one layout can be read as another. Codes into
// a smaller dictionary than the program is prepared for can.
func mappable(have, want ir.Layout) bool {
	if have.Encoding == ir.Dictionary && have.Cardinality <= want.Cardinality {
		have.Cardinality = want.Cardinality
	}
	return have == want
}

func (s *scan) cut(zones [][]store.Zone) {
	rowBytes := int64(0)
	for _, c := range s.columns {
		rowBytes += max(int64(c.layout.Width), 4)
	}
	number := 0
	for segment, rows := range s.table.footer.segments {
		for first := 0; first < rows; first += store.ChunkRows {
			n := int64(min(rows-first, store.ChunkRows))
			chunk := store.Chunk{Rows: n, Bytes: n * rowBytes, Segment: segment, FirstRow: int64(first)}
			for i, c := range s.columns {
				chunk.Zones = append(chunk.Zones, zones[i][number])
				chunk.Bytes += c.pieces[segment].text.length * n / int64(rows)
			}
			s.chunks = append(s.chunks, chunk)
			number++
		}
	}
}

func (s *scan) mapSegments() {
	for segment, rows := range s.table.footer.segments {
		mapped := store.Segment{Rows: int64(rows)}
		for i, c := range s.columns {
			p := &c.pieces[segment]
			column := store.MappedColumn{Values: s.region(p.values), Text: s.region(p.text), Validity: s.region(p.validity)}
			if s.request.Columns[i].Type.Nullable && !c.typ.Nullable {
				column.Validity = s.region(s.table.footer.present)
				column.Validity.Length = int64(rows+7) / 8
			}
			mapped.Columns = append(mapped.Columns, column)
		}
		s.segments = append(s.segments, mapped)
	}
}

func (s *scan) region(p part) store.Region {
	if p.length == 0 {
		return store.Region{}
	}
	return store.Region{File: s.table, Offset: p.offset, Length: p.length}
}

func (s *scan) Chunks() []store.Chunk     { return s.chunks }
func (s *scan) Segments() []store.Segment { return s.segments }
func (s *scan) Close() error              { return nil }

func (s *scan) Reader() (store.Reader, error) { return &reader{scan: s, chunk: -1}, nil }

// reader decodes chunks.
type reader struct {
	scan    *scan
	chunk   int
	done    int // rows of the chunk already given
	scratch []byte
	text    []byte
}

func (r *reader) Open(ctx context.Context, chunk int) error {
	r.chunk, r.done = chunk, 0
	segment := r.scan.chunks[chunk].Segment
	for _, c := range r.scan.columns {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p := &c.pieces[segment]; p.values.length > 0 {
			if err := r.scan.table.Verify(p.values.offset, p.values.length); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) Next(ctx context.Context, batch *store.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	chunk := &r.scan.chunks[r.chunk]
	rows := int(chunk.Rows) - r.done
	first := int(chunk.FirstRow) + r.done
	batch.Rows = 0
	if rows == 0 {
		return nil
	}
	// A column whose text area is full leaves fewer rows to the columns after it; what
	// those before it have beyond them is ignored.
	for i, c := range r.scan.columns {
		n, err := r.column(&batch.Columns[i], c, r.scan.request.Columns[i], r.scan.entries[i], &c.pieces[chunk.Segment], first, rows)
		if err != nil {
			return err
		}
		rows = min(rows, n)
	}
	batch.Rows = rows
	r.done += rows
	return nil
}

// column fills a vector with rows of a piece from first on.
func (r *reader) column(v *store.Vector, c *columnInfo, wanted store.ColumnRequest, entries []string, p *piece, first, rows int) (int, error) {
	t := r.scan.table
	place := store.Place{File: t.path, Column: c.name}
	validity := []byte(nil)
	if wanted.Type.Nullable {
		if c.typ.Nullable {
			bits, err := r.fetch(p.validity.offset+int64(first/8), (first%8+rows+7)/8)
			if err != nil {
				return 0, err
			}
			store.CopyBits(v.Validity, bits, first%8, rows)
			validity = v.Validity
		} else {
			store.FillPresent(v.Validity, rows)
		}
	}
	if c.layout.Width == 0 {
		return r.plainText(v, p, first, rows, place)
	}
	width := int(c.layout.Width)
	offset := p.values.offset + int64(first*width)
	if c.layout == wanted.Layout {
		return rows, t.read(v.Values[:rows*width], offset)
	}
	values, err := r.fetch(offset, rows*width)
	switch {
	case err != nil:
		return 0, err
	case entries != nil:
		return store.LookupCodes(v, values, c.layout.Width, entries, validity, rows, place)
	case c.layout.Encoding == ir.Dictionary:
		return rows, store.ConvertCodes(v.Values, wanted.Layout, values, c.layout, rows, place)
	default:
		return rows, store.ConvertIntegers(v.Values, wanted.Layout, values, c.layout, validity, rows, place)
	}
}

// plainText copies text. The offsets are checked anew: the file is not mapped here, and
// may have changed since it was verified.
func (r *reader) plainText(v *store.Vector, p *piece, first, rows int, place store.Place) (int, error) {
	values, err := r.fetch(p.values.offset+4*int64(first), 4*(rows+1))
	if err != nil {
		return 0, err
	}
	offsets := store.View[uint32](values, rows+1)
	if err := checkOffsets(offsets, 0, p.text.length, false); err != nil {
		return 0, store.Damaged(place.File, "column %q: %v", place.Column, err)
	}
	// Text for which there is no room need not be read.
	start := offsets[0]
	length := min(int64(offsets[rows]-start), int64(len(v.Text)))
	if int64(cap(r.text)) < length {
		r.text = make([]byte, length)
	}
	text := r.text[:length]
	if length > 0 {
		if err := r.scan.table.read(text, p.text.offset+int64(start)); err != nil {
			return 0, err
		}
	}
	for i := range offsets {
		offsets[i] -= start
	}
	return store.CopyText(v, offsets, text, rows, place)
}

// fetch reads into memory that the next call uses again.
func (r *reader) fetch(offset int64, length int) ([]byte, error) {
	if cap(r.scratch) < length {
		r.scratch = make([]byte, length)
	}
	r.scratch = r.scratch[:length]
	return r.scratch, r.scan.table.read(r.scratch, offset)
}

func (r *reader) Close() error { return nil }
