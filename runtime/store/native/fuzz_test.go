package native

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zeebo/xxh3"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

// memoryFile is a file whose end is the fuzzer's.
type memoryFile struct {
	system.File // nil: what is not below is not called
	prefix      []byte
	tail        []byte
}

func (m *memoryFile) size() int64 { return int64(len(m.prefix) + len(m.tail)) }

func (m *memoryFile) ReadAt(p []byte, offset int64) (int, error) {
	n := 0
	if offset < int64(len(m.prefix)) {
		n = copy(p, m.prefix[offset:])
	}
	if at := offset + int64(n) - int64(len(m.prefix)); n < len(p) && at < int64(len(m.tail)) {
		n += copy(p[n:], m.tail[at:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memoryFile) Stat() (fs.FileInfo, error) { return memoryInfo{size: m.size()}, nil }
func (m *memoryFile) Close() error               { return nil }

type memoryInfo struct{ size int64 }

func (i memoryInfo) Name() string       { return "memory" }
func (i memoryInfo) Size() int64        { return i.size }
func (i memoryInfo) Mode() fs.FileMode  { return 0 }
func (i memoryInfo) ModTime() time.Time { return time.Time{} }
func (i memoryInfo) IsDir() bool        { return false }
func (i memoryInfo) Sys() any           { return nil }

// readMemory reads all that a file has, in natural and in native layouts.
func readMemory(t *testing.T, m *memoryFile) error {
	opened, err := open(m, "memory", "t")
	if err != nil {
		return err
	}
	if opened.footer.rows > 1<<20 {
		return nil // the file cannot be that long, but a column of no parts could be
	}
	var native []store.ColumnRequest
	for _, column := range opened.Description().Columns {
		native = append(native, store.ColumnRequest{Name: column.Name, Type: column.Type, Layout: column.Layout})
		if column.Layout.Encoding == ir.Dictionary {
			if _, err := opened.Dictionary(column.Name); err != nil {
				return err
			}
		}
	}
	scan, err := opened.Scan(t.Context(), store.ScanRequest{Columns: native})
	if err != nil {
		return err
	}
	for _, segment := range scan.Segments() {
		for _, c := range segment.Columns {
			for _, region := range []store.Region{c.Values, c.Text, c.Validity} {
				if region != (store.Region{}) && region.Offset+region.Length > m.size() {
					t.Fatalf("region %d+%d in a file of %d bytes", region.Offset, region.Length, m.size())
				}
			}
		}
	}
	_, err = storetest.Read(t, opened, native, 1<<12)
	if err != nil {
		return err
	}
	_, err = storetest.Read(t, opened, store.Natural(store.Fields(opened.Description())), 1<<12)
	return err
}

// checkTyped admits typed errors, and the error with which storetest reports that zones
// lie, as they may.
func checkTyped(t *testing.T, err error) {
	t.Helper()
	if _, known := diag.FromError(err); err == nil || known || errors.Is(err, storetest.ErrZone) {
		return
	}
	t.Errorf("an error without a code: %v", err)
}

func corruptibleContent(f *testing.F) (content []byte, start int) {
	path, _ := corruptible(f)
	content, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return content, int(binary.LittleEndian.Uint64(content[len(content)-trailerLength:]))
}

// FuzzOpen changes footers, whose checksums are then made right.
func FuzzOpen(f *testing.F) {
	content, start := corruptibleContent(f)
	f.Add(content[start : len(content)-trailerLength])
	f.Fuzz(func(t *testing.T, footer []byte) {
		checkTyped(t, readMemory(t, &memoryFile{prefix: content[:start], tail: withTrailer(footer, start)}))
	})
}

// FuzzTrailer changes the last bytes of a file.
func FuzzTrailer(f *testing.F) {
	content, _ := corruptibleContent(f)
	cut := len(content) - trailerLength
	f.Add(content[cut:])
	f.Fuzz(func(t *testing.T, trailer []byte) {
		checkTyped(t, readMemory(t, &memoryFile{prefix: content[:cut], tail: trailer}))
	})
}

// FuzzParts changes bytes of the data, and makes all checksums right.
func FuzzParts(f *testing.F) {
	content, start := corruptibleContent(f)
	f.Add(uint32(Alignment), []byte{0xFF})
	f.Add(uint32(5*Alignment), []byte{0x80, 0x01, 0xFF, 0xFF})
	encoded := content[start : len(content)-trailerLength]
	f.Fuzz(func(t *testing.T, at uint32, change []byte) {
		data := bytes.Clone(content[:start])
		copy(data[Alignment+int(at)%(len(data)-Alignment):], change)
		footer, err := decodeFooter(encoded, int64(start))
		if err != nil {
			t.Fatal(err)
		}
		mend := func(p *part) { p.checksum = xxh3.Hash(data[p.offset : p.offset+p.length]) }
		mend(&footer.present)
		for i := range footer.columns {
			c := &footer.columns[i]
			mend(&c.offsets)
			mend(&c.entries)
			for k := range c.pieces {
				mend(&c.pieces[k].values)
				mend(&c.pieces[k].text)
				mend(&c.pieces[k].validity)
			}
		}
		checkTyped(t, readMemory(t, &memoryFile{prefix: data, tail: withTrailer(footer.encode(), start)}))
	})
}

func withTrailer(footer []byte, start int) []byte {
	tail := bytes.Clone(footer)
	tail = binary.LittleEndian.AppendUint64(tail, uint64(start))
	tail = binary.LittleEndian.AppendUint64(tail, uint64(len(footer)))
	tail = binary.LittleEndian.AppendUint64(tail, xxh3.Hash(footer))
	tail = binary.LittleEndian.AppendUint64(tail, version)
	return append(tail, magic...)
}

// TestOverlap has a column of codes claim the bytes of a column of numbers, so that
// checking the one would pass for checking the other.
func TestOverlap(t *testing.T) {
	t.Parallel()
	path, _ := corruptible(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	start := int(binary.LittleEndian.Uint64(content[len(content)-trailerLength:]))
	encoded := content[start : len(content)-trailerLength]
	footer, err := decodeFooter(encoded, int64(start))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(encoded, footer.encode()); diff != "" {
		t.Fatalf("encoding is not the opposite of decoding: %s", diff)
	}
	footer.columns[2].pieces[0].values.offset = footer.columns[1].pieces[0].values.offset
	err = readMemory(t, &memoryFile{prefix: content[:start], tail: withTrailer(footer.encode(), start)})
	if codeOf(err) != store.CodeDamaged {
		t.Errorf("parts that overlap: %v", err)
	}
}
