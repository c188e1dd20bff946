package arrow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/zeebo/xxh3"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

var magic = []byte("ARROW1")

// maxBatch bounds the metadata and the body of one record batch.
const maxBatch = 1 << 30

func init() {
	store.RegisterFormat(store.Format{Name: "arrow", Extensions: []string{".arrow", ".feather", ".arrows"}, Open: Open, Write: Write})
}

// table is an open file.
type table struct {
	path        string
	file        system.File
	size        int64
	stream      bool
	batches     int     // of a file
	rows        int64   // of all batches
	counts      []int64 // of each batch of a file
	fields      []arrow.Field
	columns     []int // by index in the description: index of the field
	description *ir.Table
	fingerprint string
}

// Open opens a file or a stream, whichever its first bytes say.
func Open(ctx context.Context, sys *system.System, path string, options store.FileOptions) (store.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := sys.Files.Open(path)
	if err != nil {
		return nil, store.Unreadable(path, err)
	}
	t := &table{path: path, file: file}
	if err := t.open(options.Table); err != nil {
		_ = file.Close() // the first error is the news
		return nil, err
	}
	return t, nil
}

func (t *table) open(name string) error {
	info, err := t.file.Stat()
	if err != nil {
		return store.Unreadable(t.path, err)
	}
	t.size = info.Size()
	head, tail := make([]byte, min(t.size, 64<<10)), make([]byte, min(t.size, 64<<10))
	for _, part := range []struct {
		bytes  []byte
		offset int64
	}{{head, 0}, {tail, t.size - int64(len(tail))}} {
		if n, err := t.file.ReadAt(part.bytes, part.offset); n < len(part.bytes) {
			return store.Unreadable(t.path, cause(err))
		}
	}
	// The footer of a file has no checksum, and a stream has no footer.
	sum := xxh3.Hash128(append(head, tail...))
	t.fingerprint = fmt.Sprintf("%016x%016x%x.%x", sum.Hi, sum.Lo, t.size, info.ModTime().UnixNano())
	t.stream = len(head) < len(magic) || !slices.Equal(head[:len(magic)], magic)
	if t.stream && len(head) < 4 {
		return store.NotThisFormat(t.path, "it is neither an Arrow file nor a stream")
	}
	if err := t.verify(); err != nil {
		return t.problem(err)
	}
	s, err := t.source()
	if err != nil {
		return err
	}
	defer s.close()
	if !t.stream && s.batches != len(t.counts) {
		return store.Damaged(t.path, "%v", errMetadata)
	}
	t.batches = s.batches
	t.describe(name, s.schema)
	return nil
}

func cause(err error) error {
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (t *table) describe(name string, schema *arrow.Schema) {
	t.fields = schema.Fields()
	t.description = &ir.Table{Name: name, Rows: t.rows}
	for i, field := range t.fields {
		typ, ok := typeOf(field)
		if _, twin := t.description.Column(field.Name); !ok || twin != nil {
			continue
		}
		t.columns = append(t.columns, i)
		t.description.Columns = append(t.description.Columns, ir.Column{
			Name: field.Name, Type: typ, Layout: ir.NaturalLayout(typ), Statistics: ir.Statistics{Nulls: -1},
		})
	}
}

// source reads the record batches of a file or a stream.
type source struct {
	table   *table
	schema  *arrow.Schema
	batches int
	file    *ipc.FileReader
	stream  *ipc.Reader
}

// source opens the format's own reader, which is not safe for concurrent use.
func (t *table) source() (s *source, err error) {
	defer t.guard(&err)
	s = &source{table: t}
	section := io.NewSectionReader(t.file, 0, t.size)
	limits := []ipc.Option{ipc.WithBodySizeLimit(min(maxBatch, t.size)), ipc.WithMetadataSizeLimit(min(maxBatch, t.size))}
	if t.stream {
		if s.stream, err = ipc.NewReader(section, limits...); err != nil {
			return nil, t.problem(err)
		}
		s.schema, s.batches = s.stream.Schema(), 1
		return s, nil
	}
	if s.file, err = ipc.NewFileReader(section, limits...); err != nil {
		return nil, t.problem(err)
	}
	s.schema, s.batches = s.file.Schema(), s.file.NumRecords()
	return s, nil
}

func (s *source) close() {
	if s.stream != nil {
		s.stream.Release()
	}
	if s.file != nil {
		_ = s.file.Close() // it only releases memory
	}
}

// next reads a batch: the i-th of a file, the next of a stream, nil at its end. It
// holds until the batch after it is read.
func (s *source) next(i int) (batch arrow.RecordBatch, err error) {
	defer s.table.guard(&err)
	if s.file != nil {
		batch, err = s.file.RecordBatchAt(i)
	} else {
		batch, err = s.stream.Read()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
	}
	if err != nil {
		return nil, s.table.problem(err)
	}
	if batch.NumCols() != int64(len(s.table.fields)) || batch.NumRows() < 0 || batch.NumRows() > math.MaxInt32 {
		return nil, store.Damaged(s.table.path, "a record batch has %d rows of %d columns", batch.NumRows(), batch.NumCols())
	}
	return batch, nil
}

// guard turns a panic of the decoder into a diagnostic: the input is not trusted, and
// the decoder trusts it.
func (t *table) guard(err *error) {
	if r := recover(); r != nil {
		*err = store.Damaged(t.path, "it cannot be decoded (%.200v)", r)
	}
}

func (t *table) problem(err error) error {
	if d := (*diag.Diagnostic)(nil); errors.As(err, &d) {
		return d
	}
	return store.Damaged(t.path, "%.300v", err)
}

func (t *table) Description() *ir.Table { return t.description }
func (t *table) Fingerprint() string    { return t.fingerprint }

// Dictionary fails: each record batch may have a dictionary of its own, so no column of
// a table has one.
func (t *table) Dictionary(column string) ([]string, error) {
	return nil, fmt.Errorf("column %q of table %q has no dictionary", column, t.description.Name)
}

// Close closes the file; scans must be closed before.
func (t *table) Close() error {
	if err := t.file.Close(); err != nil {
		return store.Unreadable(t.path, err)
	}
	return nil
}

// Scan reads columns; each record batch of a file is a chunk.
func (t *table) Scan(ctx context.Context, request store.ScanRequest) (store.Scan, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &scan{table: t, request: request}
	for _, column := range request.Columns {
		if _, known := t.description.Column(column.Name); known == nil {
			for _, field := range t.fields {
				if field.Name == column.Name {
					return nil, store.NotThisFormat(t.path, "column %q cannot be read: its Arrow type %s is not supported", column.Name, field.Type).
						Helpf("leave the column out, or write the file with another type")
				}
			}
		}
		i, err := store.CheckRequest(t.path, t.description, column)
		if err != nil {
			return nil, err
		}
		if column.Layout.Encoding == ir.Dictionary {
			return nil, store.DoesNotFit(store.Place{File: t.path, Column: column.Name}, "text without a dictionary", column.Layout)
		}
		s.fields = append(s.fields, t.columns[i])
	}
	if t.stream {
		s.chunks = []store.Chunk{{Rows: t.rows, Bytes: t.size}}
		return s, nil
	}
	for _, rows := range t.counts {
		s.chunks = append(s.chunks, store.Chunk{Rows: rows, Bytes: t.size / int64(t.batches)})
	}
	return s, nil
}
