package arrow

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/store"
)

type scan struct {
	table   *table
	request store.ScanRequest
	fields  []int // by position in the request
	chunks  []store.Chunk
}

func (s *scan) Chunks() []store.Chunk     { return s.chunks }
func (s *scan) Segments() []store.Segment { return nil }
func (s *scan) Close() error              { return nil }

func (s *scan) Reader() (store.Reader, error) {
	return &reader{scan: s}, nil
}

// reader copies record batches for one worker.
type reader struct {
	scan    *scan
	source  *source
	chunk   int
	started bool // the chunk's batch has been read
	batch   arrow.RecordBatch
	columns []column
	row     int
}

func (r *reader) Open(ctx context.Context, chunk int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.source == nil || r.scan.table.stream { // a stream begins anew
		if err := r.Close(); err != nil {
			return err
		}
		source, err := r.scan.table.source()
		if err != nil {
			return err
		}
		r.source = source
	}
	r.chunk, r.started, r.batch = chunk, false, nil
	return nil
}

func (r *reader) Next(ctx context.Context, batch *store.Batch) (err error) {
	defer r.scan.table.guard(&err)
	batch.Rows = 0
	for r.batch == nil || r.row == int(r.batch.NumRows()) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err := r.advance(); err != nil || !more {
			return err
		}
	}
	rows := min(int(r.batch.NumRows())-r.row, store.ChunkRows)
	for i := range r.columns {
		n, err := r.columns[i].read(&batch.Columns[i], r.row, rows)
		if err != nil {
			return r.report(i, err)
		}
		rows = n // columns before have more rows, which do not count
	}
	batch.Rows = rows
	r.row += rows
	return nil
}

// advance reads the next record batch of the chunk; a file's chunk has one.
func (r *reader) advance() (more bool, err error) {
	if r.started && !r.scan.table.stream {
		return false, nil
	}
	r.started = true
	if r.batch, err = r.source.next(r.chunk); err != nil || r.batch == nil {
		return false, err
	}
	r.row = 0
	r.columns = r.columns[:0]
	for i, field := range r.scan.fields {
		c, err := newColumn(r.batch.Column(field).Data(), r.scan.request.Columns[i], r.scan.table.path, int(r.batch.NumRows()))
		if err != nil {
			return false, r.report(i, err)
		}
		r.columns = append(r.columns, c)
	}
	return true, nil
}

func (r *reader) report(i int, err error) error {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return err
	}
	return store.Damaged(r.scan.table.path, "column %q: %v", r.scan.request.Columns[i].Name, err)
}

// Close ends the reader.
func (r *reader) Close() error {
	if r.source != nil {
		r.source.close()
	}
	r.source, r.batch = nil, nil
	return nil
}

var errBuffer = errors.New("a buffer is too short")

// bitmap is the validity of an array; nil where all values are present.
func bitmap(data arrow.ArrayData, rows int) (bits []byte, first int, err error) {
	buffers := data.Buffers()
	if len(buffers) == 0 || buffers[0] == nil || buffers[0].Len() == 0 {
		return nil, 0, nil
	}
	bits, first = buffers[0].Bytes(), data.Offset()
	if len(bits) < (first+rows+7)/8 {
		return nil, 0, errBuffer
	}
	return bits, first, nil
}

// fixed returns the values of an array of fixed width from its first row on.
func fixed(data arrow.ArrayData, width, rows int) ([]byte, error) {
	buffers := data.Buffers()
	if rows == 0 {
		return nil, nil
	}
	if len(buffers) < 2 || buffers[1] == nil || buffers[1].Len()/width < data.Offset()+rows {
		return nil, errBuffer
	}
	return buffers[1].Bytes()[data.Offset()*width:], nil
}

var errNull = errors.New("it has a NULL where its schema says there is none")
