package store

import (
	"context"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// ChunkRows is the most rows that a chunk of a mapped table and a batch of a
// decoded one have. Generated code sums a batch in 64 bits where it can prove that
// this many values fit, so the figure is part of the ABI of compiled code.
const ChunkRows = abi.MorselRows

// Table is an open table of any format. It is safe for concurrent use.
type Table interface {
	// Description gives name, columns with types, the layouts in which the table can
	// give them most cheaply, statistics, and the number of rows. The caller must
	// not change it.
	Description() *ir.Table
	// Fingerprint changes when the table's data or schema change.
	Fingerprint() string
	// Dictionary returns the entries of a column whose layout is ir.Dictionary, by code.
	Dictionary(column string) ([]string, error)
	// Scan prepares to read columns in the layouts that compiled code expects. A
	// column that is missing or has another type is a diagnostic E0510.
	Scan(ctx context.Context, request ScanRequest) (Scan, error)
	Close() error
}

// ScanRequest says what to read.
type ScanRequest struct {
	Columns []ColumnRequest
}

// ColumnRequest is one column as the code wants it.
type ColumnRequest struct {
	Name   string
	Type   ir.Type
	Layout ir.Layout
}

// Scan is a read of some columns of a table.
type Scan interface {
	// Chunks are the independent parts of the scan, in table order. Workers take
	// them one by one.
	Chunks() []Chunk
	// Segments are the parts of the table that can be mapped without a copy; empty
	// when the table must be decoded. Chunks refer to them by index.
	Segments() []Segment
	// Reader returns a decoder for one worker. It works for every table, also for
	// those with segments.
	Reader() (Reader, error)
	Close() error
}

// Chunk is a run of consecutive rows.
type Chunk struct {
	Rows     int64 // -1 when unknown until it is read (text formats)
	Bytes    int64 // about how many bytes of input it is, for progress
	Segment  int   // which segment, when the scan has segments
	FirstRow int64 // first row within the segment, a multiple of ChunkRows
	// Zones gives bounds of each requested column, by its position in the request;
	// nil when nothing is known.
	Zones []Zone
}

// Zone bounds the values of a column within a chunk. Bounds may be wider than the
// data, never narrower; strings may be cut (Max then is a string above all values).
type Zone struct {
	Min, Max *ir.Datum // nil when unknown
	Nulls    int64     // -1 when unknown
	AllNull  bool
}

// Segment is a part of a table whose columns can be mapped.
type Segment struct {
	Rows    int64
	Columns []MappedColumn // by position in the request
}

// MappedColumn is where a column of a segment lies in a file.
type MappedColumn struct {
	// Values holds fixed-width values or codes; for plain strings it holds Rows+1
	// 32-bit offsets into Text. Validity is there just where the request says that
	// the column is nullable, whether or not the table holds a NULL.
	Values, Text, Validity Region
}

// Region is a page-aligned part of a file. The zero Region is absent.
type Region struct {
	File   Mappable
	Offset int64 // a multiple of the page size
	Length int64
}

// Mappable is an open file that can be mapped.
type Mappable interface {
	Fd() uintptr
	// Verify checks the checksum of a region once; later calls return the first
	// answer. A mismatch is a diagnostic E0503 that names the file.
	Verify(offset, length int64) error
}

// Reader decodes chunks for one worker. It is not safe for concurrent use.
type Reader interface {
	// Open starts a chunk.
	Open(ctx context.Context, chunk int) error
	// Next fills the batch with at most ChunkRows rows of the open chunk and sets
	// batch.Rows; 0 means the chunk is at its end. It may give fewer rows than there
	// are when a text area is full; a single value that does not fit an empty text
	// area is a diagnostic E0511.
	Next(ctx context.Context, batch *Batch) error
	Close() error
}

// Batch is memory that a reader fills: one vector for each requested column. The
// caller owns the memory (it lies in a worker's linear memory).
type Batch struct {
	Rows    int
	Columns []Vector
}

// Vector is the memory of one column of a batch, in the layout requested.
type Vector struct {
	// Values has room for ChunkRows values of the layout's width; for plain strings
	// for ChunkRows+1 32-bit offsets into Text, the first of which is 0.
	Values []byte
	Text   []byte // plain strings: room for their bytes
	// Validity has room for ChunkRows/8 bytes where the column is nullable. Bits
	// beyond Rows are unspecified.
	Validity []byte
}
