package delimited

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"sync"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// A chunk has about an eighth of a file, within these bounds.
const (
	leastChunk = 256 << 10
	mostChunk  = 8 << 20
	maxRecord  = 256 << 20
)

type scan struct {
	table   *table
	request store.ScanRequest
	targets [][]int // by column of the file: positions in the request
	cuts    []int64
	chunks  []store.Chunk
}

// Scan cuts the file into chunks when it is the first.
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
	cuts, err := t.cut(ctx)
	if err != nil {
		return nil, err
	}
	s.cuts = cuts
	for i := range max(len(cuts)-1, 0) {
		s.chunks = append(s.chunks, store.Chunk{Rows: -1, Bytes: cuts[i+1] - cuts[i]})
	}
	return s, nil
}

func (s *scan) Chunks() []store.Chunk     { return s.chunks }
func (s *scan) Segments() []store.Segment { return nil }
func (s *scan) Close() error              { return nil }

// cut finds where chunks begin, once.
func (t *table) cut(ctx context.Context) ([]int64, error) {
	t.cutting.Lock()
	defer t.cutting.Unlock()
	if t.cuts != nil || t.start >= t.size {
		return t.cuts, nil
	}
	step := min(max((t.size-t.start)/8, leastChunk), mostChunk)
	var starts []int64
	for at := t.start; at < t.size; at += step {
		starts = append(starts, at)
	}
	inside := make([]bool, len(starts)) // whether a range begins within quotes
	if t.dialect.quotes {
		if err := t.parities(ctx, starts, inside); err != nil {
			return nil, err
		}
	}
	cuts := []int64{t.start}
	for i := 1; i < len(starts); i++ {
		if starts[i] < cuts[len(cuts)-1] {
			continue // the record before reaches beyond
		}
		at, err := t.nextRecord(ctx, starts[i], inside[i])
		if err != nil {
			return nil, err
		}
		if at > cuts[len(cuts)-1] && at < t.size {
			cuts = append(cuts, at)
		}
	}
	t.cuts = append(cuts, t.size)
	return t.cuts, nil
}

// parities counts the quotes of the ranges, some at once.
func (t *table) parities(ctx context.Context, starts []int64, inside []bool) error {
	odd := make([]bool, len(starts))
	errs := make([]error, max(t.threads, 1))
	var all sync.WaitGroup
	for worker := range errs {
		all.Go(func() {
			buffer := make([]byte, 1<<20)
			for i := worker; i < len(starts) && errs[worker] == nil; i += len(errs) {
				end := t.size
				if i+1 < len(starts) {
					end = starts[i+1]
				}
				errs[worker] = t.each(ctx, buffer, starts[i], end, func(part []byte) bool {
					odd[i] = odd[i] != (bytes.Count(part, []byte{'"'})&1 == 1)
					return true
				})
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	for i := 1; i < len(starts); i++ {
		inside[i] = inside[i-1] != odd[i-1]
	}
	return nil
}

// each visits the bytes from start to end in parts, until visit returns false.
func (t *table) each(ctx context.Context, buffer []byte, start, end int64, visit func(part []byte) bool) error {
	for at := start; at < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := buffer[:min(int64(len(buffer)), end-at)]
		if err := t.read(part, at); err != nil {
			return err
		}
		if !visit(part) {
			return nil
		}
		at += int64(len(part))
	}
	return nil
}

// nextRecord finds the first record that begins behind an offset.
func (t *table) nextRecord(ctx context.Context, start int64, inside bool) (int64, error) {
	found, at := t.size, start
	err := t.each(ctx, make([]byte, 64<<10), start, t.size, func(part []byte) bool {
		for i, c := range part {
			switch {
			case c == '"' && t.dialect.quotes:
				inside = !inside
			case c == '\n' && !inside:
				found = at + int64(i) + 1
				return false
			}
		}
		at += int64(len(part))
		return true
	})
	return found, err
}

func (s *scan) Reader() (store.Reader, error) {
	r := &reader{scan: s, scanner: scanner{dialect: s.table.dialect}, sinks: make([]sink, len(s.request.Columns)), chunk: -1}
	for i, column := range s.request.Columns {
		k := &r.sinks[i]
		k.typ, k.layout = column.Type, column.Layout
		k.low, k.high = math.MinInt64, math.MaxInt64
		if low, high, ok := store.IntegerRange(column.Layout); ok && store.IsInteger(column.Type) {
			k.low, k.high = low, high
		}
		if column.Type.Kind == ir.Decimal && column.Type.Precision <= 18 {
			most := int64(math.Pow10(int(column.Type.Precision))) - 1
			k.low, k.high = max(k.low, -most), min(k.high, most)
		}
		k.place = store.Place{File: s.table.path, Column: column.Name}
	}
	return r, nil
}

// reader parses chunks for one worker. Its memory is that of a chunk.
type reader struct {
	scan *scan
	scanner
	sinks  []sink
	chunk  int
	buffer []byte
}

// sink writes the values of one requested column.
type sink struct {
	typ       ir.Type
	layout    ir.Layout
	place     store.Place
	low, high int64
	used      int // of the text area
}

func (r *reader) Open(ctx context.Context, chunk int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	start, end := r.scan.cuts[chunk], r.scan.cuts[chunk+1]
	if end-start > maxRecord {
		line, err := r.scan.table.line(start)
		if err != nil {
			return err
		}
		return r.scan.table.tooLong(line, maxRecord)
	}
	if int64(cap(r.buffer)) < end-start {
		r.buffer = make([]byte, end-start)
	}
	r.data, r.at, r.chunk = r.buffer[:end-start], 0, chunk
	return r.scan.table.read(r.data, start)
}

func (r *reader) Next(ctx context.Context, batch *store.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	batch.Rows = 0
	for i := range r.sinks {
		r.sinks[i].used = 0
		if v := &batch.Columns[i]; r.sinks[i].isText() {
			binary.LittleEndian.PutUint32(v.Values, 0)
		}
	}
	row := 0
	for row < store.ChunkRows && r.at < len(r.data) {
		if r.skipBlank() {
			continue
		}
		start := r.at
		fits, err := r.record(batch, row)
		if err != nil {
			return err
		}
		if !fits {
			r.at = start
			break
		}
		row++
	}
	batch.Rows = row
	return nil
}

// skipBlank passes over an empty line, which counts only where there is but one column.
func (r *reader) skipBlank() bool {
	if len(r.scan.targets) == 1 {
		return false
	}
	rest := r.data[r.at:]
	switch {
	case rest[0] == '\n':
		r.at++
	case rest[0] == '\r' && len(rest) > 1 && rest[1] == '\n':
		r.at += 2
	default:
		return false
	}
	return true
}

// record parses one record into a row. fits is false when text has no room.
func (r *reader) record(batch *store.Batch, row int) (fits bool, err error) {
	start := r.at
	targets := r.scan.targets
	column := 0
	for ; ; column++ {
		r.next()
		if r.flaw != "" {
			return false, r.scan.table.malformed(r.offset(start), "%s", r.flaw)
		}
		if column < len(targets) {
			for _, at := range targets[column] {
				if fits, err := r.put(&r.sinks[at], &batch.Columns[at], row); err != nil || !fits {
					if errors.Is(err, errValue) {
						return false, r.scan.table.badValue(r.offset(start), column, r.field, r.why(&r.sinks[at]))
					}
					return false, err
				}
			}
		} else if column > len(targets) || !r.trailing || !r.last || len(r.field) > 0 {
			return false, r.scan.table.malformed(r.offset(start), "a record has more than %d fields", len(targets))
		}
		if r.last {
			break
		}
	}
	if column+1 < len(targets) {
		return false, r.scan.table.malformed(r.offset(start), "a record has %d fields where %d are expected", column+1, len(targets))
	}
	return true, nil
}

func (r *reader) offset(at int) int64 { return r.scan.cuts[r.chunk] + int64(at) }

// errValue says that the latest field does not suit the type of its column.
var errValue = errors.New("a field does not suit its column")

func (r *reader) why(k *sink) string {
	if k.isText() && k.typ.Kind == ir.String && !utf8.Valid(r.field) {
		return "is not UTF-8"
	}
	return ""
}

func (k *sink) isText() bool { return store.IsText(k.typ) }

// put writes the latest field.
func (r *reader) put(k *sink, v *store.Vector, row int) (fits bool, err error) {
	null := r.scan.table.isNull(r.field, r.quoted)
	if v.Validity != nil {
		store.SetPresent(v.Validity, row, !null)
	}
	if k.isText() {
		return r.putText(k, v, row, null)
	}
	if null {
		k.zero(v, row)
		return true, nil
	}
	switch t := &k.typ; {
	case t.Kind == ir.I64 || t.Kind == ir.I32 || t.Kind == ir.I16 || t.Kind == ir.I8:
		if n, ok := parseInteger(r.field); ok {
			return true, k.integer(v, row, n)
		}
	case t.Kind == ir.Decimal && t.Precision <= 18:
		if n, ok := parseDecimal(r.field, int(t.Scale)); ok {
			return true, k.integer(v, row, n)
		}
	case t.Kind == ir.Date:
		if n, ok := parseDate(r.field); ok {
			return true, k.integer(v, row, n)
		}
	}
	if k.typ.Kind == ir.Decimal && !keepsFraction(r.field, int(k.typ.Scale)) {
		return false, errValue
	}
	d, err := ir.ParseDatumBytes(k.typ, r.field)
	if err != nil {
		return false, errValue
	}
	return true, k.datum(v, row, d)
}

func (r *reader) putText(k *sink, v *store.Vector, row int, null bool) (fits bool, err error) {
	text := r.field
	if null {
		text = nil
	}
	if k.typ.Kind == ir.Bytes && bytes.HasPrefix(text, []byte(`\x`)) {
		d, err := ir.ParseDatumBytes(k.typ, text)
		if err != nil {
			return false, errValue
		}
		text = []byte(d.Text)
	}
	if k.typ.Kind == ir.String && !utf8.Valid(text) {
		return false, errValue
	}
	if len(text) > len(v.Text)-k.used {
		if row == 0 {
			return false, store.TooLong(k.place, int64(len(text)), int64(len(v.Text)))
		}
		return false, nil
	}
	k.used += copy(v.Text[k.used:], text)
	binary.LittleEndian.PutUint32(v.Values[4*row+4:], uint32(k.used))
	return true, nil
}

// zero puts what lies under a NULL.
func (k *sink) zero(v *store.Vector, row int) {
	width := int(k.layout.Width)
	clear(v.Values[row*width : (row+1)*width])
}

func (k *sink) integer(v *store.Vector, row int, n int64) error {
	if n < k.low || n > k.high {
		if low, high, ok := store.IntegerRange(ir.NaturalLayout(k.typ)); ok && n >= low && n <= high && k.layout != ir.NaturalLayout(k.typ) {
			return store.DoesNotFit(k.place, n, k.layout)
		}
		return errValue
	}
	n -= k.layout.Base
	switch k.layout.Width {
	case 1:
		v.Values[row] = byte(n)
	case 2:
		binary.LittleEndian.PutUint16(v.Values[2*row:], uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(v.Values[4*row:], uint32(n))
	case 8:
		binary.LittleEndian.PutUint64(v.Values[8*row:], uint64(n))
	default:
		binary.LittleEndian.PutUint64(v.Values[16*row:], uint64(n))
		binary.LittleEndian.PutUint64(v.Values[16*row+8:], uint64(n>>63))
	}
	return nil
}

// datum writes a value of any type of fixed width.
func (k *sink) datum(v *store.Vector, row int, d ir.Datum) error {
	switch {
	case k.typ.Kind == ir.F32:
		binary.LittleEndian.PutUint32(v.Values[4*row:], math.Float32bits(float32(d.Float)))
	case k.typ.Kind == ir.F64:
		binary.LittleEndian.PutUint64(v.Values[8*row:], math.Float64bits(d.Float))
	case k.layout.Width == 16:
		binary.LittleEndian.PutUint64(v.Values[16*row:], d.Low)
		binary.LittleEndian.PutUint64(v.Values[16*row+8:], uint64(d.High))
	case !d.IsInt64():
		return store.DoesNotFit(k.place, d.Int128().Big(), k.layout)
	default:
		return k.integer(v, row, d.Int())
	}
	return nil
}

// Close ends the reader.
func (r *reader) Close() error {
	r.buffer, r.data = nil, nil
	return nil
}
