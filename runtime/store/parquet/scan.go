package parquet

import (
	"context"
	"errors"
	"slices"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

// chunkRows is about how many rows a chunk has: enough that starting one costs little,
// and few enough that some workers share a large row group.
const chunkRows = 2 * store.ChunkRows

// scan reads some columns of a file.
type scan struct {
	table   *table
	request store.ScanRequest
	columns []int // by position in the request: index in the description
	chunks  []store.Chunk
	parts   []part // by chunk
}

// part is the rows of a row group that a chunk has.
type part struct {
	group      int
	first, end int64
}

// Scan cuts the row groups into chunks. No column at all is a scan that counts rows.
func (t *table) Scan(ctx context.Context, request store.ScanRequest) (store.Scan, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &scan{table: t, request: request}
	for _, column := range request.Columns {
		if err := t.unreadableColumn(column.Name); err != nil {
			return nil, err
		}
		i, err := store.CheckRequest(t.path, t.description, column)
		if err != nil {
			return nil, err
		}
		s.columns = append(s.columns, i)
	}
	for g := range t.meta.rowGroups {
		if err := s.cut(g); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// cut makes the chunks of a row group. A page that two chunks share is decoded twice,
// so that chunks are long compared with pages.
func (s *scan) cut(g int) error {
	group := &s.table.meta.rowGroups[g]
	if group.rows == 0 {
		return nil
	}
	rows := group.rows
	if rows >= 2*chunkRows {
		longest := int64(0)
		for _, i := range s.columns {
			pages, err := s.table.pagesOf(g, s.column(i))
			if err != nil {
				return err
			}
			for _, p := range pages.pages {
				longest = max(longest, int64(p.header.values))
			}
		}
		rows = max(chunkRows, 4*longest)
	}
	bytes := int64(0)
	for _, i := range s.columns {
		bytes += group.columns[s.column(i).leaf].compressed
	}
	for first := int64(0); first < group.rows; first += rows {
		end := min(first+rows, group.rows)
		chunk := store.Chunk{Rows: end - first, Bytes: int64(float64(bytes) / float64(group.rows) * float64(end-first))}
		for _, i := range s.columns {
			chunk.Zones = append(chunk.Zones, s.table.zone(g, s.column(i), first, end))
		}
		s.chunks = append(s.chunks, chunk)
		s.parts = append(s.parts, part{g, first, end})
	}
	return nil
}

func (s *scan) column(i int) *column { return &s.table.columns[s.table.readable[i]] }

func (s *scan) Chunks() []store.Chunk     { return s.chunks }
func (s *scan) Segments() []store.Segment { return nil }
func (s *scan) Close() error              { return nil }

func (s *scan) Reader() (store.Reader, error) {
	r := &reader{scan: s, cursors: make([]cursor, len(s.columns))}
	for at, i := range s.columns {
		c := s.column(i)
		u := &r.cursors[at]
		u.table = s.table
		u.converter = newConverter(c, s.request.Columns[at], s.table.path)
		u.offered = s.request.Columns[at].Layout == s.table.description.Columns[i].Layout
		u.shared = s.table.dictionaries[i]
		u.group = -1
		r.order = append(r.order, at)
	}
	// Text decides how many rows a batch has, and therefore comes first.
	slices.SortStableFunc(r.order, func(a, b int) int {
		rank := func(at int) int {
			if r.cursors[at].isText() {
				return 0
			}
			return 1
		}
		return rank(a) - rank(b)
	})
	return r, nil
}

// reader decodes chunks for one worker.
type reader struct {
	scan    *scan
	cursors []cursor
	order   []int // of the columns; the one that limited the batch before comes first
	part    part
	row     int64 // in the row group
}

func (r *reader) Open(ctx context.Context, chunk int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.part = r.scan.parts[chunk]
	r.row = r.part.first
	return nil
}

func (r *reader) Next(ctx context.Context, batch *store.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rows := int(min(r.part.end-r.row, store.ChunkRows))
	for position, at := range r.order {
		if rows == 0 {
			break
		}
		u := &r.cursors[at]
		n, err := u.read(&batch.Columns[at], r.part.group, r.row, rows)
		if err != nil {
			return u.report(err)
		}
		if n < rows {
			rows = n
			copy(r.order[1:position+1], r.order[:position])
			r.order[0] = at
		}
	}
	batch.Rows = rows
	r.row += int64(rows)
	return nil
}

// Close ends the reader.
func (r *reader) Close() error {
	r.cursors = nil
	return nil
}

// cursor reads one column. It holds one decoded page, and finds any row: reading is
// forward but for batches that a text column has cut short.
type cursor struct {
	converter
	table   *table
	shared  *sharedDictionary
	group   int
	chunk   *chunkPages
	page    int // the decoded one, -1 for none
	entries entryTable
	scratch scratch

	// The page's rows: values at the layout's width, or text, or indexes of text in
	// entries; validity where nulls is set.
	values  []byte
	texts   texts
	indexed bool
	nulls   bool
	codes   []uint32
}

func (u *cursor) isText() bool {
	return store.IsText(u.typ) && u.layout.Encoding == ir.Plain
}

// report adds file and column to what decoding found.
func (u *cursor) report(err error) error {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return err
	}
	return u.table.damaged(u.column, err)
}

// read fills a vector with up to n rows from a row of a row group on.
func (u *cursor) read(v *store.Vector, group int, row int64, n int) (int, error) {
	if group != u.group {
		chunk, err := u.table.pagesOf(group, u.column)
		if err != nil {
			return 0, err
		}
		u.group, u.chunk, u.page, u.entries.loaded = group, chunk, -1, false
	}
	done := 0
	for done < n {
		page, err := u.find(row + int64(done))
		if err != nil {
			return 0, err
		}
		p := &u.chunk.pages[page]
		from := int(row + int64(done) - p.firstRow)
		count := min(n-done, int(p.header.values)-from)
		if err := u.load(page); err != nil {
			return 0, err
		}
		copied, err := u.copy(v, done, from, count)
		if err != nil {
			return 0, err
		}
		if done += copied; copied < count {
			break
		}
	}
	return done, nil
}

// find returns the page that has a row.
func (u *cursor) find(row int64) (int, error) {
	pages := u.chunk.pages
	for _, page := range []int{u.page, u.page + 1} {
		if page >= 0 && page < len(pages) && pages[page].firstRow <= row && row < pages[page].firstRow+int64(pages[page].header.values) {
			return page, nil
		}
	}
	page, found := slices.BinarySearchFunc(pages, row, func(p pageLocation, row int64) int {
		switch {
		case p.firstRow > row:
			return 1
		case p.firstRow+int64(p.header.values) <= row:
			return -1
		default:
			return 0
		}
	})
	if !found {
		return 0, errPage
	}
	return page, nil
}

// load decodes a page.
func (u *cursor) load(page int) error {
	if page == u.page {
		return nil
	}
	u.page = -1
	p := &u.chunk.pages[page]
	codec := u.table.meta.rowGroups[u.group].columns[u.column.leaf].codec
	encoding := p.header.encoding
	u.indexed = encoding == encodingRLEDictionary || encoding == encodingPlainDictionary
	if u.indexed && !u.entries.loaded {
		if u.chunk.dictionary == nil {
			return errors.New("it has indexes and no dictionary")
		}
		if err := u.entries.load(u.table, &u.scratch, u.group, u, u.chunk.dictionary); err != nil {
			return err
		}
	}
	b, err := u.table.readBody(&u.scratch, u.column, codec, p)
	if err != nil {
		return err
	}
	u.nulls = b.nulls
	if b.nulls && !u.typ.Nullable {
		return errors.New("it has a NULL where its statistics or its schema say there is none")
	}
	if u.indexed {
		err = u.loadIndexed(b, int(p.header.values))
	} else {
		err = u.loadPlain(b, int(p.header.values), encoding)
	}
	if err == nil {
		u.page = page
	}
	return err
}

func (u *cursor) validity() []byte {
	if u.nulls {
		return u.scratch.validity
	}
	return nil
}

func (u *cursor) loadIndexed(b body, rows int) error {
	indexes, err := u.scratch.indexValues(b.values, b.present, u.entries.n)
	if err != nil {
		return err
	}
	if u.isText() {
		u.codes = grow(&u.codes, rows)
		copy(u.codes, indexes)
		if u.nulls {
			spread(u.codes, u.scratch.validity, rows, b.present)
		}
		return nil
	}
	width := int(u.layout.Width)
	values := grow(&u.values, rows*width)
	switch width {
	case 1:
		gather(values, u.entries.values, indexes, u.entries.n)
	case 2:
		gather(store.View[uint16](values, rows), store.View[uint16](u.entries.values, u.entries.n), indexes, u.entries.n)
	case 4:
		gather(store.View[uint32](values, rows), store.View[uint32](u.entries.values, u.entries.n), indexes, u.entries.n)
	case 8:
		gather(store.View[uint64](values, rows), store.View[uint64](u.entries.values, u.entries.n), indexes, u.entries.n)
	default:
		for i, index := range indexes {
			copy(values[16*i:16*i+16], u.entries.values[16*index:])
		}
	}
	u.spreadValues(rows, b.present)
	return nil
}

func gather[T any](dst, table []T, indexes []uint32, n int) {
	table = table[:n]
	dst = dst[:len(indexes)]
	for i, index := range indexes {
		dst[i] = table[index]
	}
}

// spreadValues puts the values of a page with NULLs to their rows.
func (u *cursor) spreadValues(rows, n int) {
	if !u.nulls {
		return
	}
	validity := u.scratch.validity
	switch u.layout.Width {
	case 1:
		spread(u.values, validity, rows, n)
	case 2:
		spread(store.View[uint16](u.values, rows), validity, rows, n)
	case 4:
		spread(store.View[uint32](u.values, rows), validity, rows, n)
	case 8:
		spread(store.View[uint64](u.values, rows), validity, rows, n)
	default:
		for row := rows - 1; row >= 0; row-- {
			if store.IsPresent(validity, row) {
				n--
				copy(u.values[16*row:16*row+16], u.values[16*n:16*n+16])
			} else {
				clear(u.values[16*row : 16*row+16])
			}
		}
	}
}

func (u *cursor) loadPlain(b body, rows int, encoding int32) error {
	plain, err := u.scratch.plainValues(u.column, encoding, b.values, b.present)
	if err != nil {
		return err
	}
	if !store.IsText(u.typ) {
		if err := u.convert(grow(&u.values, rows*int(u.layout.Width)), plain, b.present); err != nil {
			return err
		}
		u.spreadValues(rows, b.present)
		return nil
	}
	if err := u.texts.split(u.column, plain, u.validity(), rows); err != nil {
		return err
	}
	if u.isText() {
		return nil
	}
	if u.shared == nil {
		return store.DoesNotFit(u.place, "text without a dictionary", u.layout)
	}
	values := grow(&u.values, rows*int(u.layout.Width))
	book := u.shared.codebook()
	for row := range rows {
		code := uint32(0)
		if store.IsPresent(u.validity(), row) {
			if code, err = book.Code(u.texts.at(row)); err != nil {
				return err
			}
			if int64(code) >= int64(u.layout.Cardinality) {
				return store.DoesNotFit(u.place, "text", u.layout)
			}
		}
		putCode(values, u.layout.Width, row, code)
	}
	return nil
}

// copy puts count rows of the page, beginning at from, to row at of a vector. It
// returns fewer when the vector has no room for more text.
func (u *cursor) copy(v *store.Vector, at, from, count int) (int, error) {
	switch {
	case !u.isText():
		width := int(u.layout.Width)
		copy(v.Values[at*width:(at+count)*width], u.values[from*width:])
	case u.indexed:
		n, err := u.copyIndexed(v, at, from, count)
		if err != nil {
			return 0, err
		}
		count = n
	default:
		n, err := u.copyText(v, at, from, count)
		if err != nil {
			return 0, err
		}
		count = n
	}
	if v.Validity != nil {
		u.copyValidity(v.Validity, at, from, count)
	}
	return count, nil
}

func (u *cursor) copyValidity(dst []byte, at, from, count int) {
	switch {
	case at&7 == 0 && !u.nulls:
		store.FillPresent(dst[at>>3:], count)
	case at&7 == 0:
		store.CopyBits(dst[at>>3:], u.scratch.validity, from, count)
	default:
		for i := range count {
			store.SetPresent(dst, at+i, store.IsPresent(u.validity(), from+i))
		}
	}
}

// textStart is where the text of a row of a vector begins.
func textStart(v *store.Vector, at int) (offsets []uint32, used int) {
	offsets = store.View[uint32](v.Values, len(v.Values)/4)
	if at == 0 {
		offsets[0] = 0
	}
	return offsets, int(offsets[at])
}

func (u *cursor) copyIndexed(v *store.Vector, at, from, count int) (int, error) {
	offsets, used := textStart(v, at)
	entries := &u.entries.texts
	for i, code := range u.codes[from : from+count] {
		if store.IsPresent(u.validity(), from+i) {
			entry := entries.at(int(code))
			if len(entry) > len(v.Text)-used {
				if at+i == 0 {
					return 0, store.TooLong(u.place, int64(len(entry)), int64(len(v.Text)))
				}
				return i, nil
			}
			used += copy(v.Text[used:], entry)
		}
		offsets[at+i+1] = uint32(used)
	}
	return count, nil
}

func (u *cursor) copyText(v *store.Vector, at, from, count int) (int, error) {
	offsets, used := textStart(v, at)
	source := u.texts.offsets[from : from+count+1]
	base := source[0]
	room := len(v.Text) - used
	if int(source[count]-base) > room {
		fits, _ := slices.BinarySearchFunc(source[1:], room, func(end uint32, room int) int {
			if int(end-base) <= room {
				return -1
			}
			return 1
		})
		if fits == 0 {
			if at == 0 {
				return 0, store.TooLong(u.place, int64(source[1]-base), int64(len(v.Text)))
			}
			return 0, nil
		}
		count = fits
	}
	copy(v.Text[used:], u.texts.bytes[base:source[count]])
	shift := uint32(used) - base
	for i, offset := range source[1 : count+1] {
		offsets[at+i+1] = offset + shift
	}
	return count, nil
}
