package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"unsafe"

	"github.com/heddle-lang/heddle/runtime/store"
)

// Limits of a page, so that a lying header cannot claim much memory. Other programs
// write pages of about 1 MiB; DuckDB's are up to 100 MB.
const (
	maxPageBytes  = 1 << 30
	maxPageValues = 1 << 24
	maxEmptyPages = 1 << 10 // of a column chunk
)

var errPage = errors.New("a page has a header that cannot be")

// pageLocation is a page of a column chunk.
type pageLocation struct {
	header   pageHeader
	offset   int64 // of the body
	firstRow int64 // in the row group
}

// chunkPages are the pages of a column chunk, found once by walking from header to
// header: that needs no index, and no index can lie about it.
type chunkPages struct {
	once       sync.Once
	err        error
	dictionary *pageLocation
	pages      []pageLocation
}

// pagesOf finds the pages of a column's chunk in a row group.
func (t *table) pagesOf(group int, c *column) (*chunkPages, error) {
	p := &t.pages[group][c.leaf]
	p.once.Do(func() {
		if err := t.walk(p, &t.meta.rowGroups[group], c); err != nil {
			p.err = t.damaged(c, err)
		}
	})
	return p, p.err
}

// damaged names file and column in what decoding found; errors of reading pass.
func (t *table) damaged(c *column, err error) error {
	var read *readError
	if errors.As(err, &read) {
		return store.Unreadable(t.path, read.cause)
	}
	return store.Damaged(t.path, "column %q: %v", c.name, err)
}

// readError is a failure of the machine, not of the file.
type readError struct{ cause error }

func (e *readError) Error() string { return e.cause.Error() }

func (t *table) read(p []byte, offset int64) error {
	n, err := t.file.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return &readError{err}
}

// span returns where the pages of a chunk lie.
func (t *table) span(chunk *columnChunk) (start, end int64, err error) {
	start = chunk.dataOffset
	if chunk.dictionaryOffset > 0 && chunk.dictionaryOffset < start {
		start = chunk.dictionaryOffset
	}
	if start < 4 || chunk.compressed < 0 || chunk.compressed > t.size-start {
		return 0, 0, errors.New("its pages lie outside of the file")
	}
	return start, start + chunk.compressed, nil
}

func (t *table) walk(p *chunkPages, group *rowGroup, c *column) error {
	chunk := &group.columns[c.leaf]
	at, end, err := t.span(chunk)
	if err != nil {
		return err
	}
	rows := int64(0)
	empty := 0
	for rows < group.rows {
		location, next, err := t.readHeader(at, end)
		if err != nil {
			return err
		}
		at = next
		h := &location.header
		switch h.kind {
		case pageDictionary:
			if p.dictionary != nil || len(p.pages) > 0 {
				return errors.New("it has a dictionary that is not at its beginning")
			}
			p.dictionary = &location
		case pageData, pageDataV2:
			if int64(h.values) > group.rows-rows || h.kind == pageDataV2 && (h.rows != h.values || h.repetitionBytes != 0) {
				return errPage
			}
			location.firstRow = rows
			rows += int64(h.values)
			if h.values > 0 {
				p.pages = append(p.pages, location)
			} else if empty++; empty > maxEmptyPages {
				return errPage
			}
		default:
			if empty++; empty > maxEmptyPages {
				return errPage
			}
		}
	}
	return nil
}

// readHeader reads the page header at an offset and says where the next one is.
func (t *table) readHeader(at, end int64) (l pageLocation, next int64, err error) {
	for _, size := range []int64{512, 64 << 10, 4 << 20} {
		if at >= end {
			return l, 0, errShort
		}
		data := make([]byte, min(size, end-at))
		if err := t.read(data, at); err != nil {
			return l, 0, err
		}
		header, length, ok := decodePageHeader(data)
		if !ok {
			if int64(len(data)) == end-at {
				break
			}
			continue // it may hold long statistics
		}
		data1 := header.kind == pageData || header.kind == pageDataV2 || header.kind == pageDictionary
		if header.compressed < 0 || int64(header.compressed) > end-at-int64(length) || header.uncompressed < 0 || header.uncompressed > maxPageBytes ||
			data1 && (!header.known || header.values < 0 || header.nulls < 0 || header.definitionBytes < 0) {
			return l, 0, errPage
		}
		if header.values > maxPageValues {
			return l, 0, errTooLarge
		}
		l = pageLocation{header: header, offset: at + int64(length)}
		return l, l.offset + int64(header.compressed), nil
	}
	return l, 0, errPage
}

// scratch is memory that the pages of a column share, one after another.
type scratch struct {
	compressed, raw, plain []byte
	integers               []int64
	indexes                []uint32
	validity               []byte
}

// body reads a page: its validity and its encoded values.
type body struct {
	values  []byte // encoded
	present int    // how many
	nulls   bool   // scratch.validity says where
}

// readBody reads and decompresses a page.
func (t *table) readBody(s *scratch, c *column, codec int32, p *pageLocation) (b body, err error) {
	h := &p.header
	data := grow(&s.compressed, int(h.compressed))
	if err := t.read(data, p.offset); err != nil {
		return b, err
	}
	b.present = int(h.values)
	if h.kind == pageDataV2 {
		levels := int(h.definitionBytes)
		if levels > len(data) || levels > int(h.uncompressed) {
			return b, errShort
		}
		if c.optional {
			if err := b.levels(s, data[:levels], int(h.values)); err != nil {
				return b, err
			}
		}
		if !h.isCompressed {
			codec = codecNone
		}
		b.values, err = decompress(&s.raw, codec, data[levels:], int(h.uncompressed)-levels)
		return b, err
	}
	data, err = decompress(&s.raw, codec, data, int(h.uncompressed))
	if err != nil {
		return b, err
	}
	if c.optional && h.kind == pageData {
		if h.definitionEncoding != encodingRLE {
			return b, fmt.Errorf("a page has levels of encoding %d, which is not known", h.definitionEncoding)
		}
		if len(data) < 4 {
			return b, errShort
		}
		length := uint64(binary.LittleEndian.Uint32(data))
		data = data[4:]
		if length > uint64(len(data)) {
			return b, errShort
		}
		if err := b.levels(s, data[:length], int(h.values)); err != nil {
			return b, err
		}
		data = data[length:]
	}
	b.values = data
	return b, nil
}

func (b *body) levels(s *scratch, src []byte, rows int) error {
	validity := grow(&s.validity, (rows+7)/8)
	ones, err := decodeBits(validity, src, rows)
	b.present, b.nulls = ones, ones < rows
	return err
}

// plain brings values of any encoding but the dictionary's to the PLAIN one.
func (s *scratch) plainValues(c *column, encoding int32, src []byte, n int) ([]byte, error) {
	width := map[int32]int{physicalInt32: 4, physicalInt64: 8, physicalInt96: 12, physicalFloat: 4, physicalDouble: 8, physicalFixed: c.length}[c.physical]
	unknown := fmt.Errorf("a page has encoding %d, which does not suit its type", encoding)
	switch encoding {
	case encodingPlain:
		if c.physical == physicalBoolean {
			width, n = 1, (n+7)/8
		}
		if len(src)/max(width, 1) < n {
			return nil, errShort
		}
		return src, nil
	case encodingRLE:
		if c.physical != physicalBoolean {
			return nil, unknown
		}
		if len(src) < 4 || uint64(binary.LittleEndian.Uint32(src)) > uint64(len(src)-4) {
			return nil, errShort
		}
		bitmap := grow(&s.plain, (n+7)/8)
		_, err := decodeBits(bitmap, src[4:], n)
		return bitmap, err
	case encodingDeltaBinary:
		if c.physical != physicalInt32 && c.physical != physicalInt64 {
			return nil, unknown
		}
		values := grow(&s.integers, n)
		if _, err := decodeDelta(values, src); err != nil {
			return nil, err
		}
		if width == 8 {
			return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 8*n), nil
		}
		out := grow(&s.plain, n*width)
		for i, v := range values {
			binary.LittleEndian.PutUint32(out[4*i:], uint32(v))
		}
		return out, nil
	case encodingDeltaLength:
		if c.physical == physicalByteArray {
			return s.decodeDeltaLength(src, n)
		}
	case encodingDeltaByteArray:
		if c.physical == physicalByteArray || c.physical == physicalFixed {
			return s.decodeDeltaByteArray(src, n, c.length)
		}
	case encodingByteStreamSplit:
		if width > 0 && c.physical != physicalInt96 {
			return s.decodeByteStreamSplit(src, n, width)
		}
	}
	return nil, unknown
}

// indexValues decodes the dictionary indexes of a page.
func (s *scratch) indexValues(src []byte, n, entries int) ([]uint32, error) {
	indexes := grow(&s.indexes, n)
	if n == 0 {
		return indexes, nil
	}
	if len(src) < 1 {
		return nil, errShort
	}
	return indexes, decodeIndexes(indexes, src[1:], int(src[0]), entries)
}

// spread moves n values to the rows that a bitmap says are present, from the end on,
// and puts zero elsewhere. values has room for all rows.
func spread[T any](values []T, validity []byte, rows, n int) {
	var zero T
	for row := rows - 1; row >= 0; row-- {
		if store.IsPresent(validity, row) {
			n--
			values[row] = values[n]
		} else {
			values[row] = zero
		}
	}
}
