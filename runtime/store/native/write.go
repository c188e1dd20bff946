package native

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// textLimit is the most text of a column in a segment: a worker has 2 GiB of addresses
// for all that it maps at once.
const textLimit = 256 << 20

// geometry is how rows are cut into segments; tests make small ones.
type geometry struct {
	segmentRows int
	textLimit   int64
}

// Write writes a table. The widths of columns depend on all of their values, so the
// segments are kept, each column as narrow as it is in that segment, and beyond
// options.Memory bytes in a file under options.TempDir; then they are brought to the
// common layout and written one after another. Two segments in natural layouts are in
// memory besides.
func Write(ctx context.Context, sys *system.System, w io.Writer, schema []ir.Field, batches store.Batches, options store.WriteOptions) error {
	return write(ctx, sys, w, schema, batches, options, geometry{SegmentRows, textLimit})
}

func write(ctx context.Context, sys *system.System, w io.Writer, schema []ir.Field, batches store.Batches, options store.WriteOptions, g geometry) (err error) {
	t := &writer{sys: sys, options: options, geometry: g}
	if err := t.begin(schema); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, t.spool.close())
	}()
	if err := t.collect(ctx, batches); err != nil {
		return err
	}
	return t.finish(ctx, w)
}

type writer struct {
	sys      *system.System
	options  store.WriteOptions
	geometry geometry
	columns  []*column
	rows     int64
	segments []int
	spool    spool
	spare    []memory // of the segment sealed before, to fill again
	held     int64    // bytes of sealed segments in memory
}

func (t *writer) begin(schema []ir.Field) error {
	if len(schema) == 0 || len(schema) > maxColumns {
		return diag.New(store.CodeCannotWrite, "a native table has 1 to %d columns, not %d", maxColumns, len(schema))
	}
	names := map[string]bool{}
	for _, field := range schema {
		switch {
		case names[field.Name] || len(field.Name) > maxName:
			return diag.New(store.CodeCannotWrite, "column name %.80q is repeated or too long", field.Name)
		case checkType(field.Type) != nil:
			return diag.New(store.CodeCannotWrite, "column %q has type %s, which a native table cannot hold", field.Name, field.Type).
				Helpf("cast it to another type")
		}
		names[field.Name] = true
		t.columns = append(t.columns, newColumn(field))
	}
	t.options.Threads = max(t.options.Threads, 1)
	t.spare = make([]memory, len(schema))
	t.spool = spool{files: t.sys.Files, dir: t.options.TempDir}
	return nil
}

// collect cuts the batches into segments and seals them, one while the next fills.
func (t *writer) collect(ctx context.Context, batches store.Batches) error {
	wait := func() error { return nil }
	filled := 0
	for batch, err := range batches {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = t.check(batch)
		}
		if err != nil {
			_ = wait() // the goroutines must end; the first error is the news
			return err
		}
		for first := 0; first < batch.Rows; {
			n := min(batch.Rows-first, t.geometry.segmentRows-filled)
			for i, c := range t.columns {
				n = c.fits(&batch.Columns[i], first, n, t.geometry.textLimit)
			}
			for i, c := range t.columns {
				c.add(&batch.Columns[i], first, n)
			}
			first += n
			filled += n
			if first == batch.Rows && filled < t.geometry.segmentRows {
				break
			}
			if filled == 0 {
				_ = wait()
				return t.tooLong(batch, first)
			}
			if err := wait(); err != nil {
				return err
			}
			wait = t.seal(ctx, filled)
			filled = 0
		}
	}
	if err := wait(); err != nil {
		return err
	}
	if filled > 0 {
		return t.seal(ctx, filled)()
	}
	return nil
}

// tooLong reports the value of a row that does not fit an empty segment.
func (t *writer) tooLong(batch *store.Batch, row int) error {
	for i, c := range t.columns {
		if c.fits(&batch.Columns[i], row, 1, t.geometry.textLimit) == 0 {
			return diag.New(store.CodeValueTooLong, "a value in column %q is longer than the %d bytes that a native table can hold",
				c.field.Name, t.geometry.textLimit).Helpf("shorten the value, or write another format")
		}
	}
	panic("BUG: each value of a row fits, but the row does not")
}

// check guards against a source that breaks its contract.
func (t *writer) check(batch *store.Batch) error {
	if len(batch.Columns) != len(t.columns) || batch.Rows < 0 {
		return fmt.Errorf("write a native table: a batch of %d columns where there are %d", len(batch.Columns), len(t.columns))
	}
	for i, c := range t.columns {
		v := &batch.Columns[i]
		needed := batch.Rows * int(c.natural.Width)
		if c.natural.Width == 0 {
			needed = 4 * (batch.Rows + 1)
		}
		if batch.Rows > 0 && (len(v.Values) < needed || v.Validity != nil && len(v.Validity) < (batch.Rows+7)/8) {
			return fmt.Errorf("write a native table: column %q is shorter than its %d rows", c.field.Name, batch.Rows)
		}
		if c.natural.Width != 0 || batch.Rows == 0 {
			continue
		}
		offsets := store.View[uint32](v.Values, batch.Rows+1)
		if !slices.IsSorted(offsets) || int64(offsets[batch.Rows]) > int64(len(v.Text)) {
			return fmt.Errorf("write a native table: the offsets of column %q are out of order", c.field.Name)
		}
	}
	return nil
}

// seal starts to seal what the columns hold and lets them begin a new segment. The
// function that it returns waits for the end; it must be called before the next seal.
func (t *writer) seal(ctx context.Context, rows int) (wait func() error) {
	full := make([]memory, len(t.columns))
	for i, c := range t.columns {
		full[i] = c.filling
		c.reset(t.spare[i])
	}
	t.spare = full
	t.rows += int64(rows)
	t.segments = append(t.segments, rows)
	done := make(chan error, 1)
	go func() {
		err := parallel(ctx, t.options.Threads, len(t.columns), func(i int) error {
			return t.columns[i].seal(full[i], rows)
		})
		if err == nil {
			err = t.retire()
		}
		done <- err
	}()
	return func() error { return <-done }
}

// retire moves the newest segment to the spool file when memory is short.
func (t *writer) retire() error {
	for _, c := range t.columns {
		t.held += c.sealed[len(c.sealed)-1].size()
	}
	if t.options.Memory <= 0 || t.held <= t.options.Memory {
		return nil
	}
	for _, c := range t.columns {
		s := &c.sealed[len(c.sealed)-1]
		t.held -= s.size()
		for i, content := range s.parts() {
			offset, err := t.spool.put(content)
			if err != nil {
				return diag.New(store.CodeCannotWrite, "cannot write a temporary file in %q: %v", t.options.TempDir, err)
			}
			s.place[i].offset, s.place[i].length = offset, int64(len(content))
		}
		s.memory = memory{}
	}
	return nil
}

// finish brings all segments to their final layouts and writes the file.
func (t *writer) finish(ctx context.Context, w io.Writer) error {
	out := output{w: w}
	out.write(append([]byte(magic), version, 0, 0, 0, 0, 0, 0, 0))
	out.pad()
	f := footer{rows: t.rows, segments: t.segments, columns: make([]columnInfo, len(t.columns))}
	plans := make([]plan, len(t.columns))
	for i, c := range t.columns {
		f.columns[i], plans[i] = c.plan(t.rows)
	}
	for segment := range t.segments {
		final := make([][3][]byte, len(t.columns))
		sums := make([][3]uint64, len(t.columns))
		err := parallel(ctx, t.options.Threads, len(t.columns), func(i int) error {
			s, err := t.spool.get(t.columns[i].sealed[segment])
			if err != nil {
				return err
			}
			m, err := plans[i].convert(s)
			if err != nil {
				return err
			}
			final[i] = m.parts()
			for k, content := range final[i] {
				sums[i][k] = xxh3.Hash(content)
			}
			t.columns[i].sealed[segment] = spooled{}
			return nil
		})
		if err != nil {
			return err
		}
		for i := range t.columns {
			f.columns[i].pieces = append(f.columns[i].pieces, piece{
				values:   out.part(final[i][0], sums[i][0]),
				text:     out.part(final[i][1], sums[i][1]),
				validity: out.part(final[i][2], sums[i][2]),
			})
		}
		if out.err != nil {
			return out.err
		}
	}
	for i := range f.columns {
		if entries := plans[i].entries; entries != nil {
			offsets, text := joinEntries(entries)
			f.columns[i].offsets = out.part(offsets, xxh3.Hash(offsets))
			f.columns[i].entries = out.part(text, xxh3.Hash(text))
		}
	}
	ones := bytes.Repeat([]byte{0xFF}, int(f.presentLength()))
	f.present = out.part(ones, xxh3.Hash(ones))
	encoded := f.encode()
	if len(encoded) > maxFooter {
		return diag.New(store.CodeCannotWrite, "the table is too large for one file: its footer would have %d bytes", len(encoded)).
			Helpf("write it as several files in a directory")
	}
	trailer := binary.LittleEndian.AppendUint64(nil, uint64(out.offset))
	trailer = binary.LittleEndian.AppendUint64(trailer, uint64(len(encoded)))
	trailer = binary.LittleEndian.AppendUint64(trailer, xxh3.Hash(encoded))
	trailer = append(trailer, version, 0, 0, 0, 0, 0, 0, 0)
	trailer = append(trailer, magic...)
	out.write(append(encoded, trailer...))
	return out.err
}

func joinEntries(entries []string) (offsets, text []byte) {
	offsets = binary.LittleEndian.AppendUint32(offsets, 0)
	for _, entry := range entries {
		text = append(text, entry...)
		offsets = binary.LittleEndian.AppendUint32(offsets, uint32(len(text)))
	}
	return offsets, text
}

// output counts what is written and keeps the first error.
type output struct {
	w      io.Writer
	offset int64
	err    error
}

var zeroes [Alignment + overhang]byte

func (o *output) write(content []byte) {
	if o.err != nil {
		return
	}
	n, err := o.w.Write(content)
	o.offset += int64(n)
	o.err = err
}

// part writes a part at the next aligned place; an empty one leaves no trace.
func (o *output) part(content []byte, checksum uint64) part {
	if len(content) == 0 {
		return part{}
	}
	p := part{offset: o.offset, length: int64(len(content)), checksum: checksum}
	o.write(content)
	o.write(zeroes[:overhang])
	o.pad()
	return p
}

func (o *output) pad() {
	if rest := o.offset % Alignment; rest != 0 {
		o.write(zeroes[:Alignment-rest])
	}
}

// spool is a temporary file for sealed segments, made when it is first needed.
type spool struct {
	files system.Files
	dir   string
	file  system.File
	end   int64
}

func (s *spool) put(content []byte) (offset int64, err error) {
	if s.file == nil {
		if s.file, err = s.files.CreateTemp(s.dir, "heddle-load-*"); err != nil {
			return 0, err
		}
	}
	offset = s.end
	n, err := s.file.WriteAt(content, offset)
	s.end += int64(n)
	return offset, err
}

// get returns a segment in memory. It may be called concurrently.
func (s *spool) get(sealed spooled) (spooled, error) {
	if sealed.values != nil {
		return sealed, nil
	}
	var read [3][]byte
	for i, place := range sealed.place {
		if place.length == 0 {
			continue
		}
		read[i] = make([]byte, place.length)
		if _, err := s.file.ReadAt(read[i], place.offset); err != nil {
			return sealed, store.Unreadable(s.file.Name(), err)
		}
	}
	sealed.memory = memory{values: read[0], text: read[1], validity: read[2]}
	return sealed, nil
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	name := s.file.Name()
	err := s.file.Close()
	if removeErr := s.files.Remove(name); err == nil {
		err = removeErr
	}
	s.file = nil
	if err != nil {
		return diag.New(store.CodeCannotWrite, "cannot remove the temporary file %q: %v", name, err)
	}
	return nil
}

// parallel calls do for 0 to n-1 on some goroutines and waits for all. It returns one
// of the errors and starts nothing new after it, or after the context has ended.
func parallel(ctx context.Context, threads, n int, do func(i int) error) error {
	var (
		mu     sync.Mutex
		next   int
		failed error
		all    sync.WaitGroup
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if failed == nil {
			failed = ctx.Err()
		}
		if failed != nil || next == n {
			return 0, false
		}
		next++
		return next - 1, true
	}
	for range min(threads, n) {
		all.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				if err := do(i); err != nil {
					mu.Lock()
					if failed == nil {
						failed = err
					}
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return failed
}
