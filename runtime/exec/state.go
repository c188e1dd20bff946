package exec

import (
	"errors"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
)

// state is what pipelines build, with its pages.
type state struct {
	*program.State
	number  int
	fillers int // pipelines that still fill it
	readers int // pipelines that still read or probe it; the result counts as one

	// local holds, by worker, the pages that the worker filled; the last page of each
	// partition may be open: its end then stands in the writer.
	local []localState
	// partitions holds the pages when the state is finished.
	partitions []partition

	directory memory.Block   // hash tables
	resident  uint64         // hash tables: partitions in the directory
	busy      bool           // the pipeline at work reads, probes or fills it
	sorted    sorted         // sorts
	device    *deviceRecords // not nil while the records are on the device alone
	unique    bool           // aggregates: a device wrote each group once, whichever workers have it
}

// localState is a worker's part of a state.
type localState struct {
	used      bool
	pages     [][]page // by partition
	directory memory.Block
	slots     memory.Block
	runs      []sortedPages // sorts: what has moved to disk
	emptied   bool          // the directory has been emptied: groups may stand twice
	count     int64         // limited buffers: rows written, as of the last morsel
}

// page is a run of records in memory, on disk, or both.
type page struct {
	block  memory.Block // zero when the page is on disk only
	filled uint32       // bytes up to the end of the last record, header included; 0: being filled
	// saved is where the page lay in memory when it was written to the temporary file,
	// to which its strings on disk are relative; its size is that of the page with text
	// that came from elsewhere. The zero block says that there is no copy on disk.
	saved savedPage
}

// savedPage is a page in the temporary file.
type savedPage struct {
	address, size uint32
	file          int64
}

func (p *page) first() uint32  { return p.block.Address + abi.PageHeader }
func (p *page) end() uint32    { return p.block.Address + p.filled }
func (p *page) inMemory() bool { return p.block.Size != 0 }
func (p *page) onDisk() bool   { return p.saved.size != 0 }

func (p *page) records(size int) int64 {
	if p.filled == 0 {
		return 0
	}
	return int64(p.filled-abi.PageHeader) / int64(size)
}

// partition is one part of a finished state.
type partition struct {
	pages  []page
	merged bool // aggregates: groups are unique, dead records are marked
}

// makeStates allocates what states need before the first morsel.
func (r *run) makeStates() error {
	r.states = make([]*state, len(r.program.States))
	for i := range r.program.States {
		r.states[i] = &state{State: &r.program.States[i], number: i, local: make([]localState, r.session.options.Threads)}
	}
	for i := range r.program.Pipelines {
		p := &r.program.Pipelines[i]
		r.states[p.Into].fillers++
		if p.Source == program.StateSource || p.Source == program.UnmatchedSource {
			r.states[p.State].readers++
		}
		for _, probed := range p.Probes {
			r.states[probed].readers++
		}
	}
	r.states[r.program.Output.State].readers++
	// A state that nothing fills is empty.
	for _, st := range r.states {
		if st.fillers == 0 {
			if err := r.finish(st); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstDirectoryBits is the size of an aggregate's local directory at the start.
const (
	firstDirectoryBits = 10
	// calmDirectoryBits is the size beyond which a directory grows only when the
	// expected number of groups fits the largest one: more groups than that would
	// only make every look-up a cache miss.
	calmDirectoryBits = 14
	mostDirectoryBits = 18
)

// open prepares a worker for filling a state.
func (r *run) open(w *worker, st *state) error {
	mine := &st.local[w.number]
	if mine.used {
		return nil
	}
	mine.used = true
	mine.pages = make([][]page, st.Partitions)
	if st.Kind != ir.AggregateState {
		return nil
	}
	header := localHeader(st)
	if direct := st.Direct; direct != nil {
		block, err := r.allocate(w, direct.Slots*direct.SlotSize, st)
		if err != nil {
			return err
		}
		clear(r.session.heap.At(block))
		mine.slots = block
		put32(w.memory, header+abi.LocalSlots, block.Address)
		return nil
	}
	return r.resizeDirectory(w, st, firstDirectoryBits)
}

// resizeDirectory gives an aggregate's writer a directory of 2^bits slots and links
// the records of the old one into it.
func (r *run) resizeDirectory(w *worker, st *state, bits int) error {
	mine := &st.local[w.number]
	block, err := r.allocate(w, 4<<bits, st)
	if err != nil {
		return err
	}
	heap := r.session.heap
	slots := heap.At(block)[:4<<bits]
	clear(slots)
	if old := mine.directory; old.Size != 0 {
		if err := r.relink(heap.At(old), slots, uint(32-bits)); err != nil {
			return err
		}
		heap.Free(old)
	}
	mine.directory = block
	header := localHeader(st)
	put32(w.memory, header+abi.LocalDirectory, block.Address)
	put32(w.memory, header+abi.LocalShift, uint32(32-bits))
	put32(w.memory, header+abi.LocalLimitWord, 3<<bits/4)
	return nil
}

// relink moves the chains of one directory to another.
func (r *run) relink(from, to []byte, shift uint) error {
	heap := r.session.heap.Bytes()
	for at := 0; at < len(from); at += 4 {
		record := get32(from, uint32(at))
		for length := 0; record != 0; length++ {
			offset, err := r.recordOffset(record, abi.RecordHeader)
			if err != nil {
				return err
			}
			if length > len(from) {
				return misbehaved("a chain of groups has no end")
			}
			next := get32(heap, offset+abi.RecordNext)
			slot := get32(heap, offset+abi.RecordHash) >> shift * 4
			put32(heap, offset+abi.RecordNext, get32(to, slot))
			put32(to, slot, record)
			record = next
		}
	}
	return nil
}

// recordOffset checks the address of a record that compiled code gave, and returns its
// offset in the heap.
func (r *run) recordOffset(address uint32, size int) (uint32, error) {
	if address < abi.SharedBase || int64(address)+int64(size) > abi.SharedLimit {
		return 0, misbehaved("compiled code made a record at address %#x, outside of the heap", address)
	}
	return address - abi.SharedBase, nil
}

// full is the host function for an aggregate's local directory that has as many groups
// as it may.
func (r *run) full(w *worker, number uint32) error {
	st := r.filling
	if st == nil || uint32(st.number) != number || st.Kind != ir.AggregateState || st.Direct != nil {
		return misbehaved("compiled code asked for a larger directory of state %d, which it does not fill", number)
	}
	header := localHeader(st)
	bits := 32 - int(get32(w.memory, header+abi.LocalShift))
	mine := &st.local[w.number]
	if bits < firstDirectoryBits || bits > mostDirectoryBits || mine.directory.Size < 4<<bits {
		return misbehaved("compiled code changed the directory of state %q", st.Name)
	}
	grow := bits < calmDirectoryBits || bits < mostDirectoryBits && st.Estimate <= 1<<mostDirectoryBits
	if grow && r.hasRoom(16<<bits) {
		return r.resizeDirectory(w, st, bits+2-bits&1)
	}
	r.emptyDirectory(w, st)
	return nil
}

// emptyDirectory forgets where the groups of an aggregate's writer are. Equal groups
// that come later are new records, which merging combines.
func (r *run) emptyDirectory(w *worker, st *state) {
	mine := &st.local[w.number]
	if mine.directory.Size == 0 {
		return
	}
	mine.emptied = true
	clear(r.session.heap.At(mine.directory))
	put32(w.memory, localHeader(st)+abi.LocalCount, 0)
}

// The sizes of pages: small at first, since there may be many partitions with few
// rows, then larger.
const (
	firstPage           = memory.MinBlock
	mostPartitionedPage = 64 << 10
	mostPage            = 256 << 10
)

// mostPage is the size to which a state's pages grow: where memory is short, open
// pages must leave most of it to others.
func (r *run) mostPage(st *state) int {
	most := mostPage
	if st.Partitions > 1 {
		most = mostPartitionedPage
	}
	share := r.session.heap.Budget() / int64(8*r.session.options.Threads*st.Partitions)
	for int64(most) > max(share, firstPage) {
		most /= 2
	}
	return most
}

// errEnough ends a call of compiled code: a limited buffer has all the rows it needs,
// and the rest of the morsel, which a join may make any number of rows of, does not
// matter.
var errEnough = errors.New("there are enough rows")

// page is the host function that gives a writer a new page with at least need free
// bytes. It returns the writer's cursor.
func (r *run) page(w *worker, number, part, need uint32) (uint32, error) {
	st := r.filling
	if st == nil || uint32(st.number) != number || int64(part) >= int64(st.Partitions) {
		return 0, misbehaved("compiled code asked for a page of partition %d of state %d, which it does not fill", part, number)
	}
	if int64(need) > 1<<30 || int(need) < st.Record.Size {
		return 0, misbehaved("compiled code asked for a page with %d bytes of room", need)
	}
	if err := r.closePage(w, st, int(part)); err != nil {
		return 0, err
	}
	if st.Kind == ir.BufferState && st.Limit >= 0 && r.enough(w, st) {
		return 0, errEnough
	}
	wanted := max(min(firstPage<<min(2*len(st.local[w.number].pages[part]), 16), r.mostPage(st)), int(need)+abi.PageHeader)
	block, err := r.allocatePage(w, wanted, int(need)+abi.PageHeader, st, int(part))
	if err != nil {
		return 0, err
	}
	// The list may be shorter now: pages may have gone to disk.
	mine := &st.local[w.number]
	mine.pages[part] = append(mine.pages[part], page{block: block})
	writer := local(st) + part*abi.WriterSize
	cursor := block.Address + abi.PageHeader
	put32(w.memory, writer+abi.WriterCursor, cursor)
	put32(w.memory, writer+abi.WriterEnd, block.Address+block.Size)
	put32(w.memory, writer+abi.WriterPage, block.Address)
	return cursor, nil
}

// closePage notes how far a writer's page is filled and takes the page away from it.
func (r *run) closePage(w *worker, st *state, part int) error {
	pages := st.local[w.number].pages[part]
	writer := local(st) + uint32(part*abi.WriterSize)
	address := get32(w.memory, writer+abi.WriterPage)
	if address == 0 {
		return nil
	}
	if len(pages) == 0 || pages[len(pages)-1].block.Address != address || !pages[len(pages)-1].inMemory() {
		return misbehaved("compiled code changed the page of a writer of state %q", st.Name)
	}
	p := &pages[len(pages)-1]
	cursor, text := get32(w.memory, writer+abi.WriterCursor), get32(w.memory, writer+abi.WriterEnd)
	if cursor < p.first() || cursor > text || int64(text) > int64(p.block.Address)+int64(p.block.Size) ||
		(cursor-p.first())%uint32(st.Record.Size) != 0 {
		return misbehaved("compiled code left a page of state %q filled from %#x to %#x", st.Name, cursor, text)
	}
	p.filled = cursor - p.block.Address
	clear(w.memory[writer : writer+abi.WriterSize])
	return nil
}

// closePages closes all writers of a worker.
func (r *run) closePages(w *worker, st *state) error {
	for part := range st.local[w.number].pages {
		if err := r.closePage(w, st, part); err != nil {
			return err
		}
	}
	return nil
}

// written counts the records that a worker has written to a state, those of open pages
// included.
func (r *run) written(w *worker, st *state) int64 {
	total := int64(0)
	for part, pages := range st.local[w.number].pages {
		for i := range pages {
			if p := &pages[i]; p.filled != 0 {
				total += p.records(st.Record.Size)
			} else if cursor := get32(w.memory, local(st)+uint32(part*abi.WriterSize)+abi.WriterCursor); cursor > p.first() {
				total += int64(cursor-p.first()) / int64(st.Record.Size)
			}
		}
	}
	return total
}

// finish completes a state when the last pipeline that fills it has ended.
func (r *run) finish(st *state) error {
	st.partitions = make([]partition, st.Partitions)
	if st.device != nil {
		return nil // until the host needs the records
	}
	writers, emptied := 0, false
	for i := range st.local {
		mine := &st.local[i]
		if !mine.used {
			continue
		}
		w := r.session.workers[i]
		if st.Direct != nil {
			if err := r.collect(w, st); err != nil {
				return err
			}
		}
		if err := r.closePages(w, st); err != nil {
			return err
		}
		writers++
		emptied = emptied || mine.emptied
		if st.Kind == ir.SortState {
			continue
		}
		for part, pages := range mine.pages {
			st.partitions[part].pages = append(st.partitions[part].pages, pages...)
		}
		r.session.heap.Free(mine.directory)
		r.session.heap.Free(mine.slots)
		*mine = localState{}
	}
	switch st.Kind {
	case ir.HashTableState:
		return r.finishTable(st)
	case ir.AggregateState:
		// What one worker or a device collected has no group twice, unless it lost sight of
		// some.
		if (writers == 1 || st.unique) && !emptied && st.Direct == nil && !st.Repeats {
			for i := range st.partitions {
				st.partitions[i].merged = true
			}
		}
		return nil
	case ir.SortState:
		return r.sort(st)
	default:
		return nil
	}
}

// collect turns the slots of a direct aggregate into records.
func (r *run) collect(w *worker, st *state) error {
	earlier := r.filling
	r.filling = st
	err := w.call(st.Direct.Collect)
	r.filling = earlier
	return err
}

// release frees a state whose last reader has ended.
func (r *run) release(st *state) {
	heap := r.session.heap
	for i := range st.partitions {
		r.freePages(st.partitions[i].pages)
		st.partitions[i].pages = nil
	}
	heap.Free(st.directory)
	st.directory = memory.Block{}
	r.releaseSorted(st)
	if st.device != nil {
		r.freeRecords(st.device)
		st.device = nil
	}
}
