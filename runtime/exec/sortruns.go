package exec

import (
	"math/bits"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
)

// A sort that does not fit memory is written to disk as sorted runs, each the records
// that a worker had in memory at the time, and read by merging the runs. A merge
// needs one page of each run in memory. When there are more runs than that allows,
// some are merged to longer ones first (Knuth, TAOCP volume 3, section 5.4).

// sortedPages is a sorted run: pages of records in order, on disk unless loaded.
type sortedPages []page

// runBase is the address to which the text in the pages of runs is relative. No text
// can be there.
const runBase = abi.StaticBase

// runPage is the size of the pages of runs, and mergeWidth how many of them are in
// memory at once.
func (r *run) runPage() int {
	share := uint64(max(r.session.heap.Budget()/64, firstPage))
	return min(1<<(bits.Len64(share)-1), mostPage)
}

func (r *run) mergeWidth() int {
	return int(max(r.session.heap.Budget()/4/int64(r.runPage()), 2))
}

// spillRun sorts the full pages of a worker and writes them to disk as a run.
func (r *run) spillRun(w *worker, st *state) error {
	mine := &st.local[w.number]
	pages := mine.pages[0]
	n := len(pages)
	if n > 0 && pages[n-1].filled == 0 {
		n-- // being filled
	}
	list, err := r.heldEntries(st, pages[:n])
	if err != nil || len(list) == 0 {
		return err
	}
	if list, err = r.sortEntries(list); err != nil {
		return err
	}
	out := r.runWriter(st)
	for i := range list {
		if i%sortedRun == 0 {
			if err := r.interrupted(); err != nil {
				return err
			}
		}
		if err := out.add(list[i].record); err != nil {
			return err
		}
	}
	written, err := out.finish()
	if err != nil {
		return err
	}
	mine.runs = append(mine.runs, written)
	// The threshold may point into one of these pages.
	threshold := localHeader(st) + abi.LocalThreshold
	put64(w.memory, threshold, 0)
	r.freePages(pages[:n])
	mine.pages[0] = append([]page(nil), pages[n:]...)
	return nil
}

// runWriter writes records in order to the pages of a run.
type runWriter struct {
	packer *packer
	pages  sortedPages
}

func (r *run) runWriter(st *state) *runWriter { return &runWriter{packer: r.packer(st)} }

func (o *runWriter) add(record uint32) error {
	for {
		if o.packer.image != nil {
			if _, ok, err := o.packer.add(record); ok || err != nil {
				return err
			}
			if err := o.end(); err != nil {
				return err
			}
		}
		need, err := o.packer.need(record)
		if err != nil {
			return err
		}
		o.packer.begin(make([]byte, pageFor(need, o.packer.run.runPage())), runBase)
	}
}

// end writes the page at hand.
func (o *runWriter) end() error {
	p := o.packer
	if p.image == nil || p.low == abi.PageHeader {
		return nil
	}
	file, err := p.run.temporary()
	if err != nil {
		return err
	}
	place, err := file.write(p.image)
	if err != nil {
		return err
	}
	o.pages = append(o.pages, page{
		filled: uint32(p.low), saved: savedPage{address: runBase, size: uint32(len(p.image)), file: place},
	})
	p.image = nil
	return nil
}

// finish writes what is left and returns the run.
func (o *runWriter) finish() (sortedPages, error) {
	err := o.end()
	return o.pages, err
}

// sortRuns finishes a sort whose rows do not fit memory.
func (r *run) sortRuns(st *state) error {
	var runs []sortedPages
	for i := range st.local {
		mine := &st.local[i]
		if !mine.used {
			continue
		}
		if err := r.spillRun(r.session.workers[i], st); err != nil {
			return err
		}
		runs = append(runs, mine.runs...)
		*mine = localState{}
	}
	width := r.mergeWidth()
	for len(runs) > width {
		// The oldest runs first: all are of about one size in each round.
		n := min(width, len(runs)-width+1)
		merged, err := r.mergeRuns(st, runs[:n])
		if err != nil {
			return err
		}
		runs = append(runs[n:], merged)
	}
	total := 0
	for _, pages := range runs {
		for i := range pages {
			total += int(pages[i].records(st.Record.Size))
		}
	}
	_, st.sorted.count = st.window(total)
	st.sorted.runs = append([]sortedPages{}, runs...)
	return nil
}

// mergeRuns makes one run of several, and drops them.
func (r *run) mergeRuns(st *state, runs []sortedPages) (sortedPages, error) {
	out := r.runWriter(st)
	m := newMerge(r, st, runs)
	defer m.close()
	for step := 0; ; step++ {
		if step%sortedRun == 0 {
			if err := r.interrupted(); err != nil {
				return nil, err
			}
		}
		e, ok, err := m.take(nil)
		if err == nil && ok {
			err = out.add(e.record)
		}
		if err != nil {
			return nil, err
		}
		if ok {
			continue
		}
		if m.exhausted() {
			break
		}
		m.turn()
	}
	m.close()
	for _, pages := range runs {
		r.freePages(pages)
	}
	return out.finish()
}

// merge reads several runs as one.
type merge struct {
	run     *run
	st      *state
	cursors []cursor
}

// cursor is a place in a run.
type cursor struct {
	pages sortedPages
	at    int // page
	list  []entry
	ended bool // the page at hand has been read; it leaves memory at the next turn
}

func newMerge(r *run, st *state, runs []sortedPages) *merge {
	m := &merge{run: r, st: st}
	for _, pages := range runs {
		m.cursors = append(m.cursors, cursor{pages: pages, at: -1, ended: true})
	}
	m.turn()
	return m
}

// turn goes to the next page of the runs whose page has been read. Records taken
// before are gone then.
func (m *merge) turn() {
	kept := m.cursors[:0]
	for _, c := range m.cursors {
		if c.ended {
			if c.at >= 0 {
				m.run.forget(&c.pages[c.at])
			}
			c.at++
			c.ended = false
			c.list = nil
		}
		if c.at < len(c.pages) {
			kept = append(kept, c)
		}
	}
	m.cursors = kept
}

// exhausted reports that there is no record left.
func (m *merge) exhausted() bool {
	for i := range m.cursors {
		if c := &m.cursors[i]; !c.ended || c.at+1 < len(c.pages) {
			return false
		}
	}
	return true
}

// take gives the least record. ok is false when a page has ended: then turn goes on.
func (m *merge) take(w *worker) (e entry, ok bool, err error) {
	heap := m.run.session.heap.Bytes()
	least := -1
	for i := range m.cursors {
		c := &m.cursors[i]
		if c.ended {
			return entry{}, false, nil
		}
		if c.list == nil {
			p := &c.pages[c.at]
			if err := m.run.load(w, m.st, p); err != nil {
				return entry{}, false, err
			}
			if c.list, err = m.run.heldEntries(m.st, c.pages[c.at:c.at+1]); err != nil {
				return entry{}, false, err
			}
		}
		if least < 0 || compareEntries(heap, &c.list[0], &m.cursors[least].list[0]) < 0 {
			least = i
		}
	}
	if least < 0 {
		return entry{}, false, nil
	}
	c := &m.cursors[least]
	e, c.list = c.list[0], c.list[1:]
	c.ended = len(c.list) == 0
	return e, true, nil
}

// close frees the pages that are in memory.
func (m *merge) close() {
	for i := range m.cursors {
		if c := &m.cursors[i]; c.at >= 0 && c.at < len(c.pages) {
			m.run.forget(&c.pages[c.at])
		}
	}
}

// runsSource reads a sort from its runs: one morsel, in many calls.
type runsSource struct {
	run   *run
	st    *state
	merge *merge
	block memory.Block // addresses of the records of a call
	skip  int
	left  int
}

// runRows is how many rows of merged runs are read at once.
const runRows = 8192

func (r *run) runsSource(st *state) (*runsSource, error) {
	block, err := r.allocate(nil, 4*runRows, st)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, pages := range st.sorted.runs {
		for i := range pages {
			total += int(pages[i].records(st.Record.Size))
		}
	}
	s := &runsSource{run: r, st: st, merge: newMerge(r, st, st.sorted.runs), block: block}
	s.skip, s.left = st.window(total)
	return s, nil
}

func (s *runsSource) morsels() int { return 1 }

func (s *runsSource) size() (rows, bytes int64) {
	rows = int64(s.st.sorted.count)
	return rows, rows * int64(s.st.Record.Size)
}

func (s *runsSource) list() []byte { return s.run.session.heap.At(s.block) }

// next fills the list with the addresses of the next records, which hold until the
// next call. It returns 0 behind the last.
func (s *runsSource) next(w *worker) (rows int, err error) {
	out := s.list()
	for step := 1; rows == 0 && s.left > 0; step++ {
		if err := s.run.interrupted(); err != nil {
			return 0, err
		}
		s.merge.turn()
		for rows < runRows && s.left > 0 {
			e, ok, err := s.merge.take(w)
			if err != nil {
				return 0, err
			}
			if !ok {
				break
			}
			if s.skip > 0 {
				s.skip--
				continue
			}
			put32(out, uint32(4*rows), e.record+abi.SharedBase)
			rows++
			s.left--
		}
		if rows == 0 && s.merge.exhausted() {
			break
		}
	}
	return rows, nil
}

func (s *runsSource) read(w *worker, _ int, call func(rows int) error) (int64, error) {
	total := int64(0)
	for {
		rows, err := s.next(w)
		if err != nil || rows == 0 {
			return total, err
		}
		w.describeColumn(0, s.block.Address, 0, 0, 0)
		if err := call(rows); err != nil {
			return total, err
		}
		total += int64(rows * s.st.Record.Size)
	}
}

func (s *runsSource) close() error {
	s.merge.close()
	s.run.session.heap.Free(s.block)
	s.block = memory.Block{}
	return nil
}
