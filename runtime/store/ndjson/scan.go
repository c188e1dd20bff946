package ndjson

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// A chunk has about an eighth of a file, within these bounds.
const (
	leastChunk = 256 << 10
	mostChunk  = 8 << 20
)

type scan struct {
	table   *table
	request store.ScanRequest
	targets [][]int // by column: positions in the request
	cuts    []int64
	chunks  []store.Chunk
}

// Scan cuts the file at the ends of lines.
func (t *table) Scan(ctx context.Context, request store.ScanRequest) (store.Scan, error) {
	s := &scan{table: t, request: request, targets: make([][]int, len(t.description.Columns))}
	for at, column := range request.Columns {
		i, err := store.CheckRequest(t.path, t.description, column)
		if err != nil {
			return nil, err
		}
		if column.Layout.Encoding == ir.Dictionary {
			return nil, store.DoesNotFit(store.Place{File: t.path, Column: column.Name}, "text without a dictionary", column.Layout)
		}
		s.targets[i] = append(s.targets[i], at)
	}
	if t.start == t.size {
		return s, nil
	}
	step := min(max((t.size-t.start)/8, leastChunk), mostChunk)
	s.cuts = []int64{t.start}
	for at := t.start + step; at < t.size; at += step {
		end, err := t.lineEnd(ctx, max(at, s.cuts[len(s.cuts)-1]))
		if err != nil {
			return nil, err
		}
		if end < t.size && end > s.cuts[len(s.cuts)-1] {
			s.cuts = append(s.cuts, end)
		}
	}
	s.cuts = append(s.cuts, t.size)
	for i := range len(s.cuts) - 1 {
		s.chunks = append(s.chunks, store.Chunk{Rows: -1, Bytes: s.cuts[i+1] - s.cuts[i]})
	}
	return s, nil
}

// lineEnd finds where the line after an offset begins.
func (t *table) lineEnd(ctx context.Context, at int64) (int64, error) {
	buffer := make([]byte, 64<<10)
	for at < t.size {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		part := buffer[:min(int64(len(buffer)), t.size-at)]
		if err := t.read(part, at); err != nil {
			return 0, err
		}
		if i := bytes.IndexByte(part, '\n'); i >= 0 {
			return at + int64(i) + 1, nil
		}
		at += int64(len(part))
	}
	return t.size, nil
}

func (s *scan) Chunks() []store.Chunk     { return s.chunks }
func (s *scan) Segments() []store.Segment { return nil }
func (s *scan) Close() error              { return nil }

func (s *scan) Reader() (store.Reader, error) {
	r := &reader{scan: s, sinks: make([]sink, len(s.request.Columns)), seen: make([]int64, len(s.targets))}
	for i, column := range s.request.Columns {
		r.sinks[i] = sink{request: column, place: store.Place{File: s.table.path, Column: column.Name}}
	}
	return r, nil
}

// reader parses chunks for one worker. Its memory is that of a chunk.
type reader struct {
	scan    *scan
	scanner scanner
	sinks   []sink
	data    []byte
	at      int
	chunk   int
	line    int64   // a number for each object, by which seen tells
	seen    []int64 // by column: the latest object that had it
	text    []byte
}

type sink struct {
	request store.ColumnRequest
	place   store.Place
	used    int // of the text area
}

func (r *reader) Open(ctx context.Context, chunk int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	start, end := r.scan.cuts[chunk], r.scan.cuts[chunk+1]
	if end-start > maxRecord {
		return r.scan.table.tooLong(start)
	}
	if int64(cap(r.data)) < end-start {
		r.data = make([]byte, end-start)
	}
	r.data, r.at, r.chunk = r.data[:end-start], 0, chunk
	return r.scan.table.read(r.data, start)
}

var (
	errFull  = errors.New("the text area is full")
	errTwice = errors.New("it has a key twice")
)

func (r *reader) Next(ctx context.Context, batch *store.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	batch.Rows = 0
	for i := range r.sinks {
		r.sinks[i].used = 0
		if store.IsText(r.sinks[i].request.Type) {
			binary.LittleEndian.PutUint32(batch.Columns[i].Values, 0)
		}
	}
	row := 0
	for row < store.ChunkRows && r.at < len(r.data) {
		line, _, _ := bytes.Cut(r.data[r.at:], []byte{'\n'})
		end := min(r.at+len(line)+1, len(r.data))
		if len(bytes.TrimSpace(line)) > 0 {
			err := r.object(line, batch, row)
			if errors.Is(err, errFull) {
				break
			}
			if err != nil {
				return r.scan.table.malformed(r.scan.cuts[r.chunk]+int64(r.at), err)
			}
			row++
		}
		r.at = end
	}
	batch.Rows = row
	return nil
}

// object reads one line into a row.
func (r *reader) object(line []byte, batch *store.Batch, row int) error {
	r.line++
	err := r.scanner.object(line, func(v value) error {
		column, ok := r.scan.table.index[string(r.scanner.key)]
		if !ok || len(r.scan.targets[column]) == 0 {
			return nil
		}
		if r.seen[column] == r.line {
			return errTwice
		}
		r.seen[column] = r.line
		for _, at := range r.scan.targets[column] {
			if err := r.put(&r.sinks[at], &batch.Columns[at], row, column, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for column, targets := range r.scan.targets {
		if r.seen[column] == r.line {
			continue
		}
		for _, at := range targets {
			if err := r.put(&r.sinks[at], &batch.Columns[at], row, column, value{}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) put(k *sink, v *store.Vector, row, column int, value value) error {
	null := value.kind == kindNull
	if v.Validity != nil {
		store.SetPresent(v.Validity, row, !null)
	}
	layout, t := k.request.Layout, k.request.Type
	text := value.raw
	if value.kind == kindString {
		if text = text[1 : len(text)-1]; bytes.IndexByte(text, '\\') >= 0 {
			var err error
			if r.text, err = unquote(r.text[:0], value.raw); err != nil {
				return err
			}
			text = r.text
		}
	}
	if store.IsText(t) {
		if null {
			text = nil
		}
		return r.putText(k, v, row, text)
	}
	width := int(layout.Width)
	to := v.Values[row*width : (row+1)*width]
	if null {
		clear(to)
		return nil
	}
	d, err := ir.ParseDatumBytes(t, text)
	suits := err == nil && value.kind != kindNested && (value.kind == kindBool) == (t.Kind == ir.Bool) && (value.kind != kindNumber || t.IsNumeric())
	if !suits || (t.Kind == ir.Decimal || t.IsInteger()) && !exact(t, text) {
		return r.badValue(k, column, value)
	}
	return k.putDatum(to, d)
}

// exact reports whether a number has no more digits behind the point than its type.
func exact(t ir.Type, text []byte) bool {
	if bytes.ContainsAny(text, "eE") {
		return false
	}
	i := bytes.IndexByte(text, '.')
	if i < 0 {
		return true
	}
	rest := text[i+1:]
	return len(bytes.TrimRight(rest[min(len(rest), int(t.Scale)):], "0")) == 0
}

func (r *reader) badValue(k *sink, column int, v value) error {
	t := r.scan.table
	line, err := t.line(r.scan.cuts[r.chunk] + int64(r.at))
	if err != nil {
		return err
	}
	d := diag.New(CodeBadValue, "%q, line %d, key %q: %.60s is not of type %s", t.path, line, k.request.Name, v.raw, k.request.Type.WithNull(false))
	if t.given[column] {
		return d.Helpf("mend the value, or choose another type for the column")
	}
	return d.Note("the type was guessed from a sample of the file").
		Helpf("choose a type for column %q that holds all of its values, such as string", k.request.Name)
}

func (r *reader) putText(k *sink, v *store.Vector, row int, text []byte) error {
	if k.request.Type.Kind == ir.Bytes && bytes.HasPrefix(text, []byte(`\x`)) {
		d, err := ir.ParseDatumBytes(k.request.Type, text)
		if err != nil {
			return err
		}
		text = []byte(d.Text)
	}
	if k.request.Type.Kind == ir.String && !utf8.Valid(text) {
		return errUTF8
	}
	if len(text) > len(v.Text)-k.used {
		if row == 0 {
			return store.TooLong(k.place, int64(len(text)), int64(len(v.Text)))
		}
		return errFull
	}
	k.used += copy(v.Text[k.used:], text)
	binary.LittleEndian.PutUint32(v.Values[4*row+4:], uint32(k.used))
	return nil
}

func (k *sink) putDatum(to []byte, d ir.Datum) error {
	layout, t := k.request.Layout, k.request.Type
	little := binary.LittleEndian
	switch {
	case t.Kind == ir.F32:
		little.PutUint32(to, math.Float32bits(float32(d.Float)))
		return nil
	case t.Kind == ir.F64:
		little.PutUint64(to, math.Float64bits(d.Float))
		return nil
	case layout.Width == 16:
		little.PutUint64(to, d.Low)
		little.PutUint64(to[8:], uint64(d.High))
		return nil
	}
	n := d.Int()
	if low, high, ok := store.IntegerRange(layout); t.Kind != ir.Bool && (!d.IsInt64() || ok && (n < low || n > high)) {
		return store.DoesNotFit(k.place, d.Int128().Big(), layout)
	}
	n -= layout.Base
	switch layout.Width {
	case 1:
		to[0] = byte(n)
	case 2:
		little.PutUint16(to, uint16(n))
	case 4:
		little.PutUint32(to, uint32(n))
	case 8:
		little.PutUint64(to, uint64(n))
	default:
		panic(fmt.Sprintf("BUG: integers of %d bytes", layout.Width))
	}
	return nil
}

// Close ends the reader.
func (r *reader) Close() error {
	r.data = nil
	return nil
}
