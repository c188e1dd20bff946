package exec

import (
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
	"github.com/heddle-lang/heddle/runtime/store"
)

// runOf is consecutive records: addresses of the first and behind the last.
type runOf struct{ first, end uint32 }

// describeRun writes a morsel descriptor for records.
func (w *worker) describeRun(records runOf) { w.describeColumn(0, records.first, records.end, 0, 0) }

// pagesSource reads the pages of a buffer: one page is a morsel.
type pagesSource struct {
	run  *run
	st   *state
	list []pageRows
	rows int64
	// keep says that a page that was loaded stays until the next one is read.
	keep bool
	kept *page
}

// pageRows is the part of a page that a limit leaves.
type pageRows struct {
	page        *page
	skip, count int64
}

func (r *run) pagesSource(st *state) *pagesSource {
	src := &pagesSource{run: r, st: st}
	offset, limit := int64(0), int64(-1)
	if st.Kind == ir.BufferState {
		offset, limit = st.Offset, st.Limit
	}
	for part := range st.partitions {
		for i := range st.partitions[part].pages {
			p := &st.partitions[part].pages[i]
			n := p.records(st.Record.Size)
			skip := min(offset, n)
			offset -= skip
			n -= skip
			if limit >= 0 {
				n = min(n, limit)
				limit -= n
			}
			if n > 0 {
				src.list = append(src.list, pageRows{p, skip, n})
				src.rows += n
			}
		}
	}
	return src
}

func (s *pagesSource) morsels() int              { return len(s.list) }
func (s *pagesSource) size() (rows, bytes int64) { return s.rows, s.rows * int64(s.st.Record.Size) }
func (s *pagesSource) close() error              { return nil }

func (s *pagesSource) read(w *worker, i int, call func(rows int) error) (int64, error) {
	part := &s.list[i]
	size := int64(s.st.Record.Size)
	if s.kept != nil {
		s.run.forget(s.kept)
		s.kept = nil
	}
	if s.keep && !part.page.inMemory() {
		if err := s.run.load(w, s.st, part.page); err != nil {
			return 0, err
		}
		s.kept = part.page
	}
	err := s.run.withPage(w, s.st, part.page, func(p *page) error {
		first := p.first() + uint32(part.skip*size)
		w.describeRun(runOf{first, first + uint32(part.count*size)})
		return call(int(part.count))
	})
	return part.count * size, err
}

// groupsSource reads the groups of an aggregate: one partition is a morsel, which is
// merged first.
type groupsSource struct {
	run *run
	st  *state
	// last says that nobody reads the groups again, so that each partition is freed when
	// it has been read.
	last bool
	// keep says that groups must stay in memory when they have been read.
	keep bool
}

func (r *run) groupsSource(st *state, last bool) *groupsSource {
	return &groupsSource{run: r, st: st, last: last}
}

func (s *groupsSource) morsels() int { return len(s.st.partitions) }
func (s *groupsSource) close() error { return nil }

func (s *groupsSource) size() (rows, bytes int64) {
	for i := range s.st.partitions {
		for k := range s.st.partitions[i].pages {
			rows += s.st.partitions[i].pages[k].records(s.st.Record.Size)
		}
	}
	return rows, rows * int64(s.st.Record.Size)
}

func (s *groupsSource) read(w *worker, i int, call func(rows int) error) (int64, error) {
	r, st := s.run, s.st
	part := &st.partitions[i]
	if err := r.merge(w, st, part); err != nil {
		return 0, err
	}
	total := int64(0)
	for k := range part.pages {
		err := r.withPage(w, st, &part.pages[k], func(p *page) error {
			if p.filled <= abi.PageHeader {
				return nil
			}
			w.describeRun(runOf{p.first(), p.end()})
			total += int64(p.end() - p.first())
			return call(int(p.end()-p.first()) / st.Record.Size)
		})
		if err != nil {
			return 0, err
		}
	}
	switch {
	case s.last:
		r.freePages(part.pages)
		part.pages = nil
	case r.spill != nil && !s.keep:
		if err := r.evict(st, part.pages); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// merge combines the equal groups of a partition that several workers, or one that
// lost sight of its groups, have written.
func (r *run) merge(w *worker, st *state, part *partition) error {
	if part.merged {
		return nil
	}
	if err := r.loadPartition(w, st, part); err != nil {
		return err
	}
	records := int64(0)
	for i := range part.pages {
		records += part.pages[i].records(st.Record.Size)
	}
	if records == 0 {
		part.merged = true
		return nil
	}
	heap := r.session.heap
	runs, err := r.allocate(w, 8*len(part.pages), st)
	if err != nil {
		return err
	}
	defer heap.Free(runs)
	list := heap.At(runs)
	for i := range part.pages {
		put32(list, uint32(8*i), part.pages[i].first())
		put32(list, uint32(8*i+4), part.pages[i].end())
	}
	slots := max(bits.Len64(uint64(records-1)), 4)
	directory, err := r.allocate(w, 4<<slots, st)
	if err != nil {
		return err
	}
	defer heap.Free(directory)
	clear(heap.At(directory)[:4<<slots])
	if err := w.call(st.Merge, uint64(runs.Address), uint64(len(part.pages)), uint64(directory.Address), uint64(32-slots)); err != nil {
		return err
	}
	part.merged = true
	return nil
}

// unmatchedSource reads the records of a hash table.
func (r *run) unmatchedSource(st *state) *pagesSource {
	src := &pagesSource{run: r, st: st}
	for part := range st.partitions {
		for i := range st.partitions[part].pages {
			p := &st.partitions[part].pages[i]
			if n := p.records(st.Record.Size); n > 0 {
				src.list = append(src.list, pageRows{p, 0, n})
				src.rows += n
			}
		}
	}
	return src
}

// buildPart makes a directory of the resident partitions.
func (r *run) buildPart(st *state, resident uint64) error {
	heap := r.session.heap
	rows := int64(0)
	for part := range st.partitions {
		for i := range st.partitions[part].pages {
			if resident>>part&1 != 0 {
				rows += st.partitions[part].pages[i].records(st.Record.Size)
			}
		}
	}
	slots, filterBits := r.directoryBits(st, rows)
	heap.Free(st.directory)
	st.directory = memory.Block{}
	filterAt := 4 << slots
	block, err := r.allocate(nil, filterAt+1<<filterBits/8, st)
	if err != nil {
		return err
	}
	st.directory, st.resident = block, resident
	table := table{
		state: st, directory: store.View[uint32](heap.At(block), 1<<slots), shift: uint(32 - slots),
		filter: heap.At(block)[filterAt:][:1<<filterBits/8], filterShift: uint(32 - filterBits),
	}
	header := r.context.Address - abi.SharedBase + uint32(st.SharedOffset)
	all := heap.Bytes()
	put32(all, header+abi.StateDirectory, block.Address)
	put32(all, header+abi.StateShift, uint32(table.shift))
	put32(all, header+abi.StateFilter, block.Address+uint32(filterAt))
	put32(all, header+abi.StateFilterShift, uint32(table.filterShift))
	put32(all, header+abi.StateResidentLo, uint32(resident))
	put32(all, header+abi.StateResidentHi, uint32(resident>>32))
	if rows == 0 {
		clear(table.directory)
		clear(table.filter)
		return nil
	}
	// With 64 partitions and at least as many slots, each partition has slots and bytes
	// of the filter of its own: the high bits of the hash are the partition.
	return r.each(len(st.partitions), func(part int) error {
		own := len(table.directory) / len(st.partitions)
		clear(table.directory[part*own : (part+1)*own])
		own = len(table.filter) / len(st.partitions)
		clear(table.filter[part*own : (part+1)*own])
		if resident>>part&1 == 0 {
			return nil
		}
		for i := range st.partitions[part].pages {
			if err := r.interrupted(); err != nil {
				return err
			}
			p := &st.partitions[part].pages[i]
			if err := table.insert(all, runOf{p.first(), p.end()}, uint32(part)); err != nil {
				return err
			}
		}
		return nil
	})
}

// leastFilterBits gives each of 64 partitions at least a byte of the filter.
const leastFilterBits = 9

// directoryBits chooses the sizes of a hash table's directory, in slots, and of its
// filter, in bits, both as powers of two. What the program asks for (hashes that are
// distances of keys) gives each key a slot and a bit of its own; where a quarter of the
// budget does not hold it, and for other hashes, there are two to four slots and
// sixteen bits or more for each row, so that one row in fifteen that is not there
// passes the filter.
func (r *run) directoryBits(st *state, rows int64) (slots, filter int) {
	slots = 1
	if rows > 0 {
		slots = max(bits.Len64(uint64(2*rows-1)), 1)
		if st.Partitions > 1 {
			slots = max(slots, 6)
		}
		slots = min(slots, 28)
	}
	if rows > 0 && st.DirectoryBits >= slots && 4<<st.DirectoryBits <= r.session.options.Memory/4 {
		return st.DirectoryBits, max(st.DirectoryBits, leastFilterBits)
	}
	return slots, min(max(slots+3, leastFilterBits), 31)
}

// table is a hash table that is being filled.
type table struct {
	state              *state
	directory          []uint32
	filter             []byte
	shift, filterShift uint
}

// insert puts the records of a run into the directory and the filter.
func (t *table) insert(heap []byte, records runOf, part uint32) error {
	st := t.state
	partitioned := st.Partitions > 1
	for at := records.first - abi.SharedBase; at < records.end-abi.SharedBase; at += uint32(st.Record.Size) {
		hash := get32(heap, at+abi.RecordHash)
		if partitioned && hash>>abi.PartitionShift != part {
			return misbehaved("compiled code wrote a row of state %q to the wrong partition", st.Name)
		}
		slot := &t.directory[hash>>t.shift]
		put32(heap, at+abi.RecordNext, *slot)
		*slot = at + abi.SharedBase
		bit := hash >> t.filterShift
		t.filter[bit>>3] |= 1 << (bit & 7)
	}
	return nil
}

// allocate gives a block, after making room for it where that is possible.
func (r *run) allocate(w *worker, size int, st *state) (memory.Block, error) {
	return r.allocatePage(w, size, size, st, noPartition)
}
