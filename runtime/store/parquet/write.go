package parquet

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// rowGroupRows is how many rows a row group has: a chunk of the reader.
const rowGroupRows = chunkRows

// pageRows is how many rows a page has: a batch of the reader.
const pageRows = store.ChunkRows

// rowGroupText bounds the text of a column in a row group. Offsets have 32 bits.
const rowGroupText = 256 << 20

func init() {
	store.RegisterFormat(store.Format{Name: "parquet", Extensions: []string{".parquet"}, Open: Open, Write: Write})
}

// Write writes a table. Row groups are encoded, all columns at once, while the next
// rows are taken from batches. Compression is "zstd", "gzip", "none" or, by default,
// "snappy".
func Write(ctx context.Context, sys *system.System, w io.Writer, schema []ir.Field, batches store.Batches, options store.WriteOptions) error {
	return write(ctx, sys, w, schema, batches, options, rowGroupRows)
}

func write(ctx context.Context, sys *system.System, w io.Writer, schema []ir.Field, batches store.Batches, options store.WriteOptions, groupRows int) error {
	t := &writer{out: w, groupRows: groupRows, threads: options.Threads, codec: codecSnappy}
	if t.threads <= 0 {
		t.threads = sys.Environment.Processors()
	}
	if options.Compression != "" {
		codec, ok := codecNames[options.Compression]
		if !ok {
			return diag.New(store.CodeCannotWrite, "a Parquet file cannot be compressed with %q", options.Compression).
				Helpf("use snappy, zstd, gzip or none")
		}
		t.codec = codec
	}
	if err := t.begin(schema); err != nil {
		return err
	}
	if err := t.collect(ctx, batches); err != nil {
		return err
	}
	return t.finish()
}

// writer writes one file.
type writer struct {
	out       io.Writer
	offset    int64
	groupRows int
	threads   int
	codec     int32
	columns   []columnWriter
	filled    int // rows of the row group being collected
	rows      int64
	groups    []writtenGroup
}

type writtenGroup struct {
	rows   int
	chunks []writtenChunk
}

// begin chooses how each column is stored and writes the magic.
func (t *writer) begin(schema []ir.Field) error {
	if len(schema) == 0 || len(schema) >= maxColumns {
		return diag.New(store.CodeCannotWrite, "a Parquet file has 1 to %d columns, not %d", maxColumns-1, len(schema))
	}
	seen := map[string]bool{}
	t.columns = make([]columnWriter, len(schema))
	for i, field := range schema {
		if seen[field.Name] {
			return diag.New(store.CodeCannotWrite, "there are two columns named %q", field.Name).Helpf("name one of them with AS")
		}
		seen[field.Name] = true
		if !field.Type.IsScalar() || field.Type.Kind == ir.Null {
			return diag.New(store.CodeCannotWrite, "column %q has type %s, which a Parquet file cannot hold", field.Name, field.Type).
				Helpf("cast it to another type")
		}
		t.columns[i] = newColumnWriter(field)
	}
	return t.write([]byte(magic))
}

func (t *writer) write(b []byte) error {
	n, err := t.out.Write(b)
	t.offset += int64(n)
	return err
}

// collect cuts the batches into row groups.
func (t *writer) collect(ctx context.Context, batches store.Batches) error {
	wait := func() error { return nil }
	for batch, err := range batches {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && len(batch.Columns) != len(t.columns) {
			err = fmt.Errorf("write a Parquet file: a batch of %d columns where there are %d", len(batch.Columns), len(t.columns))
		}
		if err != nil {
			_ = wait() // the goroutines must end; the first error is the news
			return err
		}
		for first := 0; first < batch.Rows; {
			n := min(batch.Rows-first, t.groupRows-t.filled)
			for i := range t.columns {
				n = t.columns[i].fits(&batch.Columns[i], first, n)
			}
			if n == 0 && t.filled == 0 {
				_ = wait()
				return diag.New(store.CodeValueTooLong, "a value is longer than the %d bytes that a row group can hold", rowGroupText)
			}
			for i := range t.columns {
				t.columns[i].add(&batch.Columns[i], first, n)
			}
			first += n
			t.filled += n
			if t.filled == t.groupRows || first < batch.Rows {
				if err := wait(); err != nil {
					return err
				}
				wait = t.seal(ctx)
			}
		}
	}
	if err := wait(); err != nil {
		return err
	}
	if t.filled > 0 {
		return t.seal(ctx)()
	}
	return nil
}

// seal starts to encode and write what the columns hold, and lets them begin anew. The
// function that it returns waits for the end; it must be called before the next seal.
func (t *writer) seal(ctx context.Context) (wait func() error) {
	rows := t.filled
	t.filled = 0
	for i := range t.columns {
		c := &t.columns[i]
		c.filling, c.sealed = c.sealed, c.filling
		c.filling.reset()
	}
	done := make(chan error, 1)
	go func() {
		err := parallel(ctx, t.threads, len(t.columns), func(i int) error {
			return t.columns[i].encode(rows, t.codec)
		})
		if err == nil {
			err = t.writeGroup(rows)
		}
		done <- err
	}()
	return func() error { return <-done }
}

func (t *writer) writeGroup(rows int) error {
	group := writtenGroup{rows: rows}
	for i := range t.columns {
		c := &t.columns[i]
		chunk := c.chunk
		chunk.offset = t.offset
		if err := t.write(c.encoded); err != nil {
			return err
		}
		group.chunks = append(group.chunks, chunk)
	}
	t.rows += int64(rows)
	t.groups = append(t.groups, group)
	return nil
}

// writtenChunk is a column chunk in the file. Offsets of its parts count from its own.
type writtenChunk struct {
	codec        int32
	offset       int64
	compressed   int64
	uncompressed int64
	dictionary   bool
	delta        bool
	dataOffset   int64
	rows         int64
	distinct     int64 // 0 when unknown
	statistics   pageStatistics
	pages        []writtenPage
	columnIndex  section
	offsetIndex  section
}

type writtenPage struct {
	offset     int64
	length     int32 // with its header
	firstRow   int64
	statistics pageStatistics
}

// pageStatistics has nil bounds where they are unknown.
type pageStatistics struct {
	min, max []byte
	nulls    int64
	allNull  bool
}

// finish writes the indexes and the footer.
func (t *writer) finish() error {
	for g := range t.groups {
		for i := range t.groups[g].chunks {
			if err := t.writeColumnIndex(&t.groups[g].chunks[i]); err != nil {
				return err
			}
		}
	}
	for g := range t.groups {
		for i := range t.groups[g].chunks {
			if err := t.writeOffsetIndex(&t.groups[g].chunks[i]); err != nil {
				return err
			}
		}
	}
	footer := t.footer()
	length := len(footer)
	footer = binary.LittleEndian.AppendUint32(footer, uint32(length))
	return t.write(append(footer, magic...))
}

// writeColumnIndex leaves the index out when a page has values and no bounds.
func (t *writer) writeColumnIndex(c *writtenChunk) error {
	if slices.ContainsFunc(c.pages, func(p writtenPage) bool { return p.statistics.min == nil && !p.statistics.allNull }) {
		return nil
	}
	e := &encoder{}
	e.begin()
	e.list(1, thriftTrue, len(c.pages))
	for _, p := range c.pages {
		if p.statistics.allNull {
			e.bytes = append(e.bytes, thriftTrue)
		} else {
			e.bytes = append(e.bytes, thriftFalse)
		}
	}
	e.list(2, thriftBinary, len(c.pages))
	for _, p := range c.pages {
		e.blob(p.statistics.min)
	}
	e.list(3, thriftBinary, len(c.pages))
	for _, p := range c.pages {
		e.blob(p.statistics.max)
	}
	e.i32(4, 0) // the order of the bounds is not told
	e.list(5, thriftI64, len(c.pages))
	for _, p := range c.pages {
		e.varint(p.statistics.nulls)
	}
	e.end()
	c.columnIndex = section{t.offset, int64(len(e.bytes))}
	return t.write(e.bytes)
}

func (t *writer) writeOffsetIndex(c *writtenChunk) error {
	e := &encoder{}
	e.begin()
	e.list(1, thriftStruct, len(c.pages))
	for _, p := range c.pages {
		e.begin()
		e.i64(1, c.offset+p.offset)
		e.i32(2, p.length)
		e.i64(3, p.firstRow)
		e.end()
	}
	e.end()
	c.offsetIndex = section{t.offset, int64(len(e.bytes))}
	return t.write(e.bytes)
}

func (t *writer) footer() []byte {
	e := &encoder{}
	e.begin()
	e.i32(1, 2)
	e.list(2, thriftStruct, len(t.columns)+1)
	e.begin()
	e.text(4, "schema")
	e.i32(5, int32(len(t.columns)))
	e.end()
	for i := range t.columns {
		t.columns[i].writeSchema(e)
	}
	e.i64(3, t.rows)
	e.list(4, thriftStruct, len(t.groups))
	for g := range t.groups {
		t.writeRowGroup(e, g)
	}
	e.text(6, "heddle version 1 (build 1)")
	e.list(7, thriftStruct, len(t.columns))
	for range t.columns {
		e.begin()
		e.empty(1) // bounds are in the order of the type
		e.end()
	}
	e.end()
	return e.bytes
}

func (t *writer) writeRowGroup(e *encoder, g int) {
	group := &t.groups[g]
	var compressed, uncompressed int64
	e.begin()
	e.list(1, thriftStruct, len(group.chunks))
	for i := range group.chunks {
		c := &group.chunks[i]
		compressed += c.compressed
		uncompressed += c.uncompressed
		t.columns[i].writeChunk(e, c)
	}
	e.i64(2, uncompressed)
	e.i64(3, int64(group.rows))
	e.i64(5, group.chunks[0].offset)
	e.i64(6, compressed)
	e.i16(7, int16(min(g, 1<<15-1)))
	e.end()
}
