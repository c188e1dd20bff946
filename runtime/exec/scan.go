package exec

import (
	"errors"
	"slices"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/store"
)

// scan is an open scan of a table.
type scan struct {
	*program.Scan
	table   store.Table
	source  store.Scan
	columns []scanColumn
	chunks  []int // numbers of the chunks that are not pruned
	pruned  int
	// pinned, by segment, when all columns are pinned; nil else.
	pinned [][]columnAddresses
	layout scratchLayout
}

type scanColumn struct {
	text       bool // plain strings
	width      uint32
	nullable   bool
	dictionary dictionary
}

// columnAddresses are where the parts of a column's segment lie in linear memory.
type columnAddresses struct{ values, validity, text uint32 }

// dictionary lies among the constants: packed strings by code.
type dictionary struct {
	address uint32
	entries int
}

type dictionaryKey struct{ table, fingerprint, column string }

// openScans opens the tables and gets dictionaries and columns ready.
func (r *run) openScans() error {
	for i := range r.program.Scans {
		sc, err := r.openScan(&r.program.Scans[i])
		if sc != nil {
			r.scans = append(r.scans, sc)
		}
		if err != nil {
			return err
		}
	}
	return r.pinScans()
}

func (r *run) openScan(description *program.Scan) (*scan, error) {
	if r.query.Tables == nil {
		return nil, misbehaved("the program reads table %q, and was given none", description.Table)
	}
	table, err := r.query.Tables(description.Table)
	if err != nil {
		return nil, err
	}
	request := store.ScanRequest{}
	for _, column := range description.Columns {
		request.Columns = append(request.Columns, store.ColumnRequest{Name: column.Name, Type: column.Type, Layout: column.Layout})
	}
	source, err := table.Scan(r.ctx, request)
	if err != nil {
		return nil, err
	}
	sc := &scan{Scan: description, table: table, source: source}
	for i := range description.Columns {
		column := &description.Columns[i]
		c := scanColumn{
			text:     column.Layout.Encoding == ir.Plain && column.Layout.Width == 0,
			width:    uint32(column.Layout.Width),
			nullable: column.Type.Nullable,
		}
		if column.Layout.Encoding == ir.Dictionary {
			if c.dictionary, err = r.dictionary(table, column); err != nil {
				return sc, err
			}
		}
		sc.columns = append(sc.columns, c)
	}
	sc.prune(r)
	return sc, nil
}

func (sc *scan) close() error { return sc.source.Close() }

// dictionary finds a column's dictionary among the session's constants, or puts it
// there.
func (r *run) dictionary(table store.Table, column *program.ScanColumn) (dictionary, error) {
	s := r.session
	key := dictionaryKey{table.Description().Name, table.Fingerprint(), column.Name}
	d, found := s.dictionaries[key]
	if !found {
		entries, err := table.Dictionary(column.Name)
		if err != nil {
			return dictionary{}, err
		}
		size := 0
		for _, entry := range entries {
			size += len(entry)
		}
		// One entry more, for the code under a NULL where no entry is.
		text, err := s.heap.Constant(size+guardBytes, 1)
		if err != nil {
			return dictionary{}, r.noMemory(size, "hold the dictionary of column "+column.Name)
		}
		packed, err := s.heap.Constant(8*(len(entries)+1), 8)
		if err != nil {
			return dictionary{}, r.noMemory(8*len(entries), "hold the dictionary of column "+column.Name)
		}
		heap := s.heap.Bytes()
		at, slot := text-abi.SharedBase, packed-abi.SharedBase
		for _, entry := range entries {
			copy(heap[at:], entry)
			put64(heap, slot, uint64(at+abi.SharedBase)|uint64(len(entry))<<32)
			at += uint32(len(entry))
			slot += 8
		}
		put64(heap, slot, uint64(text))
		d = dictionary{address: packed, entries: len(entries)}
		s.dictionaries[key] = d
	}
	if most := column.Layout.Cardinality; d.entries > most {
		return dictionary{}, diag.New(CodeStale, "the dictionary of column %q has %d entries, and the program was compiled for at most %d", column.Name, d.entries, most).
			Helpf("the data has changed since: compile the query again")
	}
	return d, nil
}

// pinScans pins the columns of as many scans as possible, in their order.
func (r *run) pinScans() error {
	ws := &r.session.windows
	needed := make([][]store.Region, len(r.scans))
	var all []store.Region
	for i, sc := range r.scans {
		needed[i] = sc.regions()
		all = append(all, needed[i]...)
	}
	if err := r.verify(all); err != nil {
		return err
	}
	if !ws.pinAll(all) {
		ws.drop()
	}
	for i, sc := range r.scans {
		if len(sc.source.Segments()) == 0 || !ws.pinAll(needed[i]) {
			continue
		}
		for _, segment := range sc.source.Segments() {
			addresses := make([]columnAddresses, len(segment.Columns))
			for c, column := range segment.Columns {
				addresses[c] = columnAddresses{
					values: ws.index[column.Values], validity: ws.index[column.Validity], text: ws.index[column.Text],
				}
			}
			sc.pinned = append(sc.pinned, addresses)
		}
	}
	return nil
}

// regions lists the parts of the columns in segments that have chunks left.
func (sc *scan) regions() []store.Region {
	segments := sc.source.Segments()
	if len(segments) == 0 {
		return nil
	}
	used := make([]bool, len(segments))
	for _, chunk := range sc.chunks {
		used[sc.source.Chunks()[chunk].Segment] = true
	}
	var regions []store.Region
	for i := range segments {
		for c := range segments[i].Columns {
			if column := &segments[i].Columns[c]; sc.columns[c].nullable && column.Validity.Length == 0 && segments[i].Rows > 0 {
				panic("BUG: a segment of a nullable column without validity")
			}
			if used[i] {
				regions = append(regions, regionsOf(&segments[i].Columns[c])...)
			}
		}
	}
	return regions
}

// verify compares checksums; those of pinned columns have been.
func (r *run) verify(regions []store.Region) error {
	regions = slices.DeleteFunc(slices.Clone(regions), func(region store.Region) bool {
		_, pinned := r.session.windows.index[region]
		return pinned
	})
	return r.each(len(regions), func(i int) error {
		return regions[i].File.Verify(regions[i].Offset, regions[i].Length)
	})
}

// tableSource reads the chunks of a scan.
type tableSource struct {
	run     *run
	scan    *scan
	readers []store.Reader // by worker
	batches []*store.Batch
	// decodable says that a batch of the columns fits the passing window.
	decodable bool
}

func (r *run) tableSource(sc *scan) *tableSource {
	t := &tableSource{
		run: r, scan: sc,
		readers: make([]store.Reader, r.session.options.Threads),
		batches: make([]*store.Batch, r.session.options.Threads),
	}
	_, t.decodable = sc.scratch()
	return t
}

func (t *tableSource) morsels() int { return len(t.scan.chunks) }

func (t *tableSource) size() (rows, bytes int64) {
	for _, number := range t.scan.chunks {
		chunk := &t.scan.source.Chunks()[number]
		bytes += chunk.Bytes
		if rows >= 0 && chunk.Rows >= 0 {
			rows += chunk.Rows
		} else {
			rows = -1
		}
	}
	return rows, bytes
}

func (t *tableSource) read(w *worker, i int, call func(rows int) error) (int64, error) {
	number := t.scan.chunks[i]
	chunk := &t.scan.source.Chunks()[number]
	if len(t.scan.source.Segments()) > 0 {
		addresses, ok, err := t.addresses(w, chunk.Segment)
		if err != nil {
			return 0, err
		}
		if ok {
			t.describe(w, addresses, uint32(chunk.FirstRow))
			return chunk.Bytes, call(int(chunk.Rows))
		}
	}
	return chunk.Bytes, t.decode(w, number, call)
}

// addresses finds the segment in the worker's windows, or maps it there.
func (t *tableSource) addresses(w *worker, segment int) (addresses []columnAddresses, ok bool, err error) {
	if t.scan.pinned != nil {
		return t.scan.pinned[segment], true, w.showPins(&t.run.session.windows)
	}
	return w.showSegment(t.scan, segment)
}

// describe writes the morsel's descriptor for rows of a segment from first on.
func (t *tableSource) describe(w *worker, addresses []columnAddresses, first uint32) {
	for i := range t.scan.columns {
		c, a := &t.scan.columns[i], addresses[i]
		width := c.width
		if c.text {
			width = 4
		}
		validity := uint32(0)
		if c.nullable {
			validity = a.validity + first/8
		}
		w.describeColumn(i, a.values+first*width, validity, a.text, c.dictionary.address)
	}
}

func (w *worker) describeColumn(i int, values, validity, text, dictionary uint32) {
	at := uint32(abi.MorselColumns + i*abi.MorselColumnSize)
	put32(w.memory, at+abi.ColumnValues, values)
	put32(w.memory, at+abi.ColumnValidity, validity)
	put32(w.memory, at+abi.ColumnText, text)
	put32(w.memory, at+abi.ColumnDictionary, dictionary)
}

// scratchLayout is where a worker decodes batches of a scan, in its passing window.
type scratchLayout struct {
	columns []columnAddresses
	text    int // bytes of each text area
	size    int
}

// Text areas share what the other columns leave, within these bounds in bytes.
const (
	minText = 1 << 20
	maxText = 64 << 20
)

// scratch computes the layout once. ok is false when the columns do not fit.
func (sc *scan) scratch() (*scratchLayout, bool) {
	const passing = abi.WindowLimit - passingBase
	if sc.layout.size > 0 {
		return &sc.layout, true
	}
	fixed, texts := 0, 0
	take := func(size int) uint32 {
		at := passingBase + fixed
		fixed += (size + guardBytes + 63) &^ 63
		return uint32(at)
	}
	l := scratchLayout{columns: make([]columnAddresses, len(sc.columns))}
	for i, c := range sc.columns {
		if c.text {
			l.columns[i].values = take(4 * (store.ChunkRows + 1))
			texts++
		} else {
			l.columns[i].values = take(store.ChunkRows * int(c.width))
		}
		if c.nullable {
			l.columns[i].validity = take(store.ChunkRows / 8)
		}
	}
	if fixed+texts*(minText+2*guardBytes) > passing {
		return nil, false
	}
	if texts > 0 {
		l.text = min((passing-fixed)/texts-2*guardBytes, maxText) &^ 63
		for i, c := range sc.columns {
			if c.text {
				l.columns[i].text = take(l.text)
			}
		}
	}
	const page = abi.PageSize
	l.size = (fixed + page) &^ (page - 1)
	sc.layout = l
	return &sc.layout, true
}

// decode reads a chunk in batches into the worker's scratch memory.
func (t *tableSource) decode(w *worker, number int, call func(rows int) error) error {
	batch, err := t.open(w)
	if err != nil {
		return err
	}
	reader := t.readers[w.number]
	if err := reader.Open(t.run.ctx, number); err != nil {
		return err
	}
	for {
		if err := t.run.interrupted(); err != nil {
			return err
		}
		if err := reader.Next(t.run.ctx, batch); err != nil {
			return err
		}
		switch {
		case batch.Rows == 0:
			return nil
		case batch.Rows < 0 || batch.Rows > store.ChunkRows:
			panic("BUG: a reader filled more rows than a batch has")
		}
		t.describe(w, t.scan.layout.columns, 0)
		if err := call(batch.Rows); err != nil {
			return err
		}
	}
}

// open makes the worker's reader and its batch.
func (t *tableSource) open(w *worker) (*store.Batch, error) {
	if batch := t.batches[w.number]; batch != nil {
		return batch, nil
	}
	if !t.decodable {
		return nil, diag.New(CodeMemory, "out of memory: a batch of table %q with %d columns does not fit the address space", t.scan.Table, len(t.scan.columns)).
			Helpf("read fewer columns")
	}
	l := &t.scan.layout
	if err := w.showScratch(l.size); err != nil {
		return nil, err
	}
	reader, err := t.scan.source.Reader()
	if err != nil {
		return nil, err
	}
	t.readers[w.number] = reader
	part := func(address uint32, size int) []byte {
		return w.memory[address : int(address)+size : int(address)+size]
	}
	batch := &store.Batch{Columns: make([]store.Vector, len(t.scan.columns))}
	for i, c := range t.scan.columns {
		v, a := &batch.Columns[i], l.columns[i]
		if c.text {
			v.Values, v.Text = part(a.values, 4*(store.ChunkRows+1)), part(a.text, l.text)
		} else {
			v.Values = part(a.values, store.ChunkRows*int(c.width))
		}
		if c.nullable {
			v.Validity = part(a.validity, store.ChunkRows/8)
		}
	}
	t.batches[w.number] = batch
	return batch, nil
}

func (t *tableSource) close() error {
	var failed error
	for _, reader := range t.readers {
		if reader != nil {
			failed = errors.Join(failed, reader.Close())
		}
	}
	return failed
}
