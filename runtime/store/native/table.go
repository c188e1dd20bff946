package native

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// table is an open native file.
type table struct {
	path        string
	file        system.File
	footer      *footer
	description *ir.Table
	fingerprint string
	columns     []columnState
	checks      map[int64]*check // by the offset of a part
}

// columnState is what is read of a column when it is first wanted.
type columnState struct {
	zones      func() ([]store.Zone, error)
	dictionary func() ([]string, error)
}

// check is the verification of one piece, done once for all of its parts.
type check struct {
	length int64
	verify func() error
}

// Open opens a native file and reads its footer.
func Open(ctx context.Context, sys *system.System, path string, options store.FileOptions) (store.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := sys.Files.Open(path)
	if err != nil {
		return nil, store.Unreadable(path, err)
	}
	t, err := open(file, path, options.Table)
	if err != nil {
		_ = file.Close() // the first error is the news
		return nil, err
	}
	return t, nil
}

func open(file system.File, path, name string) (*table, error) {
	t := &table{path: path, file: file, checks: map[int64]*check{}}
	info, err := file.Stat()
	if err != nil {
		return nil, store.Unreadable(path, err)
	}
	encoded, start, checksum, err := t.readFooter(info.Size())
	if err != nil {
		return nil, err
	}
	if xxh3.Hash(encoded) != checksum {
		return nil, store.Damaged(path, "the checksum of its footer does not match")
	}
	if t.footer, err = decodeFooter(encoded, start); err != nil {
		return nil, store.Damaged(path, "%v", err)
	}
	sum := xxh3.Hash128(encoded)
	t.fingerprint = fmt.Sprintf("%016x%016x", sum.Hi, sum.Lo)
	t.describe(name)
	t.prepareChecks()
	return t, nil
}

// readFooter finds the footer through the trailer.
func (t *table) readFooter(size int64) (encoded []byte, start int64, checksum uint64, err error) {
	var head [headerLength]byte
	if size < headerLength {
		return nil, 0, 0, store.NotThisFormat(t.path, "it is no native table")
	}
	if err := t.read(head[:], 0); err != nil {
		return nil, 0, 0, err
	}
	if string(head[:len(magic)]) != magic {
		return nil, 0, 0, store.NotThisFormat(t.path, "it is no native table")
	}
	if found := binary.LittleEndian.Uint64(head[len(magic):]); found != version {
		return nil, 0, 0, store.NotThisFormat(t.path, "it has version %d of the native format; this program reads version %d", found, version)
	}
	if size < Alignment+trailerLength {
		return nil, 0, 0, store.Damaged(t.path, "it ends too early")
	}
	var trailer [trailerLength]byte
	if err := t.read(trailer[:], size-trailerLength); err != nil {
		return nil, 0, 0, err
	}
	offset, length := binary.LittleEndian.Uint64(trailer[0:]), binary.LittleEndian.Uint64(trailer[8:])
	if !bytes.Equal(trailer[32:], []byte(magic)) || binary.LittleEndian.Uint64(trailer[24:]) != version {
		return nil, 0, 0, store.Damaged(t.path, "it does not end as a native table does")
	}
	if length > maxFooter || offset < Alignment || offset%Alignment != 0 || offset > uint64(size) || offset+length+trailerLength != uint64(size) {
		return nil, 0, 0, store.Damaged(t.path, "its footer is not where it should be")
	}
	encoded = make([]byte, length)
	if err := t.read(encoded, int64(offset)); err != nil {
		return nil, 0, 0, err
	}
	return encoded, int64(offset), binary.LittleEndian.Uint64(trailer[16:]), nil
}

func (t *table) read(p []byte, offset int64) error {
	if n, err := t.file.ReadAt(p, offset); n < len(p) {
		return store.Unreadable(t.path, err)
	}
	return nil
}

func (t *table) describe(name string) {
	t.description = &ir.Table{Name: name, Rows: t.footer.rows}
	t.columns = make([]columnState, len(t.footer.columns))
	for i := range t.footer.columns {
		c := &t.footer.columns[i]
		t.description.Columns = append(t.description.Columns, ir.Column{Name: c.name, Type: c.typ, Layout: c.layout, Statistics: c.statistics})
		t.columns[i].zones = sync.OnceValues(func() ([]store.Zone, error) {
			zones, err := decodeZones(c.zones, c.typ, t.footer.segments)
			if err != nil {
				return nil, store.Damaged(t.path, "%v", err)
			}
			return zones, nil
		})
		t.columns[i].dictionary = sync.OnceValues(func() ([]string, error) { return t.readDictionary(c) })
	}
}

func (t *table) Description() *ir.Table { return t.description }
func (t *table) Fingerprint() string    { return t.fingerprint }

func (t *table) Dictionary(name string) ([]string, error) {
	i, column := t.description.Column(name)
	if column == nil || column.Layout.Encoding != ir.Dictionary {
		return nil, fmt.Errorf("column %q of table %q has no dictionary", name, t.description.Name)
	}
	return t.columns[i].dictionary()
}

func (t *table) readDictionary(c *columnInfo) ([]string, error) {
	offsetBytes, text := make([]byte, c.offsets.length), make([]byte, c.entries.length)
	for _, p := range []struct {
		part   part
		memory []byte
	}{{c.offsets, offsetBytes}, {c.entries, text}} {
		if err := t.read(p.memory, p.part.offset); err != nil {
			return nil, err
		}
		if p.part.length > 0 && xxh3.Hash(p.memory) != p.part.checksum {
			return nil, store.Damaged(t.path, "the checksum of the dictionary of column %q does not match", c.name)
		}
	}
	offsets := store.View[uint32](offsetBytes, c.layout.Cardinality+1)
	if err := checkOffsets(offsets, 0, c.entries.length, true); err != nil {
		return nil, store.Damaged(t.path, "the dictionary of column %q: %v", c.name, err)
	}
	if c.typ.Kind == ir.String && !validText(text, offsets) {
		return nil, store.Damaged(t.path, "the dictionary of column %q is not UTF-8", c.name)
	}
	whole := string(text)
	entries := make([]string, c.layout.Cardinality)
	for i := range entries {
		entries[i] = whole[offsets[i]:offsets[i+1]]
		if i > 0 && strings.Compare(entries[i-1], entries[i]) >= 0 {
			return nil, store.Damaged(t.path, "the dictionary of column %q is not in order", c.name)
		}
	}
	return entries, nil
}

// Close closes the file; scans must be closed before.
func (t *table) Close() error {
	if err := t.file.Close(); err != nil {
		return store.Unreadable(t.path, err)
	}
	return nil
}

// Fd makes a table a store.Mappable.
func (t *table) Fd() uintptr { return t.file.Fd() }

// Verify checks the parts of a column's segment together, also where only one of them
// is asked for. Of the bitmap of ones any length from its beginning will do.
func (t *table) Verify(offset, length int64) error {
	c := t.checks[offset]
	if c == nil || c.length != length && (offset != t.footer.present.offset || length > c.length) {
		return fmt.Errorf("verify %q: no part of %d bytes at %d", t.path, length, offset)
	}
	return c.verify()
}

func (t *table) prepareChecks() {
	if ones := t.footer.present; ones.length > 0 {
		t.checks[ones.offset] = &check{length: ones.length, verify: sync.OnceValue(t.verifyPresent)}
	}
	for i := range t.footer.columns {
		c := &t.footer.columns[i]
		for segment := range c.pieces {
			p := &c.pieces[segment]
			verify := sync.OnceValue(func() error { return t.verify(c, p, t.footer.segments[segment]) })
			for _, part := range p.parts() {
				if part.length > 0 {
					t.checks[part.offset] = &check{length: part.length, verify: verify}
				}
			}
		}
	}
}
