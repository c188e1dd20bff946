package exec

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
)

// When the budget is used up, a worker that needs a page moves full pages to the
// temporary file: first those that it has written to the state that its pipeline
// fills, then those of finished states that the pipeline does not use. Pages move as
// they are. What is in them is relative to their address: the text of their records
// and the keys of sorts, which are shifted when a page comes back to another place.
// Chains and directories are made anew.
//
// Compiled code may be in the middle of a row when this happens: it may hold the
// address of a group, or the head of its chain. Both belong to the partition for which
// it asked for a page, so pages of this one partition of an aggregate stay; and the
// directory is emptied, so that no other group in a page that left can be found.

// noPartition says that no partition must stay.
const noPartition = -1

// slackOf is how far a budget may be overdrawn within a morsel; what is too much goes to
// disk behind the morsel.
func slackOf(budget int64) int64 { return max(budget/8, 1<<20) }

func (r *run) hasRoom(size int) bool {
	used, _ := r.session.heap.Used()
	return used+int64(size) <= r.session.heap.Budget()
}

// allocatePage gives a block of wanted bytes, or at least need, moving pages to disk
// where memory is short. part is the partition of the aggregate at work whose pages
// must stay.
func (r *run) allocatePage(w *worker, wanted, need int, st *state, part int) (memory.Block, error) {
	heap := r.session.heap
	if block, err := heap.Allocate(wanted); err == nil {
		return block, nil
	}
	// A worker that holds little would write many small runs or pages while finished
	// states sit in memory.
	own := func() error { return r.relieve(w, part) }
	steps := [2]func() error{own, r.relieveFinished}
	if r.held(w) < heap.Budget()/int64(8*r.session.options.Threads) {
		steps[0], steps[1] = steps[1], steps[0]
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return memory.Block{}, err
		}
		if block, err := heap.Allocate(wanted); err == nil {
			return block, nil
		}
	}
	if block, err := heap.Allocate(need); err == nil {
		return block, nil
	}
	if block, err := heap.Overdraw(need, slackOf(heap.Budget())); err == nil {
		return block, nil
	}
	return memory.Block{}, r.noMemory(need, describe(st))
}

// held is how many bytes the pages that a worker has filled for its pipeline take.
func (r *run) held(w *worker) int64 {
	if w == nil || r.filling == nil {
		return 0
	}
	total := int64(0)
	for _, pages := range r.filling.local[w.number].pages {
		for i := range pages {
			total += int64(pages[i].block.Size)
		}
	}
	return total
}

// relieve moves the full pages that a worker has written for its pipeline to disk.
func (r *run) relieve(w *worker, stays int) error {
	st := r.filling
	if w == nil || st == nil || !st.local[w.number].used {
		return nil
	}
	switch st.Kind {
	case ir.SortState:
		return r.spillRun(w, st)
	case ir.AggregateState:
		if st.Direct != nil {
			return nil
		}
	case ir.BufferState, ir.HashTableState: // their pages are moved, below
	}
	moved := false
	for part, pages := range st.local[w.number].pages {
		if part == stays && st.Kind == ir.AggregateState {
			continue
		}
		n := len(pages)
		if n > 0 && pages[n-1].filled == 0 {
			n-- // being filled
		}
		written, err := r.save(st, pages[:n])
		if err != nil {
			return err
		}
		r.unload(pages[:n])
		moved = moved || written
	}
	if moved && st.Kind == ir.AggregateState {
		r.emptyDirectory(w, st)
	}
	return nil
}

// relieveFinished moves the pages of finished states that the pipeline at work does not
// use to disk.
func (r *run) relieveFinished() error {
	r.relief.Lock()
	defer r.relief.Unlock()
	for _, st := range r.states {
		if st.busy || st.fillers > 0 || st.Kind == ir.SortState {
			continue
		}
		for part := range st.partitions {
			if err := r.evict(st, st.partitions[part].pages); err != nil {
				return err
			}
		}
		r.session.heap.Free(st.directory)
		st.directory, st.resident = memory.Block{}, 0
	}
	return nil
}

// evict moves all of the pages to disk that are in memory.
func (r *run) evict(st *state, pages []page) error {
	if _, err := r.save(st, pages); err != nil {
		return err
	}
	r.unload(pages)
	return nil
}

// save writes pages that are in memory to disk, over the copies that they have there,
// which may be out of date. They stay in memory: text of one may lie in another.
func (r *run) save(st *state, pages []page) (written bool, err error) {
	var image []byte
	for i := range pages {
		p := &pages[i]
		if !p.inMemory() {
			continue
		}
		file, err := r.temporary()
		if err != nil {
			return written, err
		}
		if image, err = r.image(st, p, image[:0]); err != nil {
			return written, err
		}
		if p.onDisk() {
			file.drop(p.saved)
			p.saved = savedPage{}
		}
		place, err := file.write(image)
		if err != nil {
			return written, err
		}
		p.saved = savedPage{address: p.block.Address, size: uint32(len(image)), file: place}
		written = true
	}
	return written, nil
}

// image is a copy of a page into which text from elsewhere is moved: an aggregate may
// replace the text of a group by text in a page that it filled later.
func (r *run) image(st *state, p *page, image []byte) ([]byte, error) {
	heap := r.session.heap
	image = append(image, heap.At(p.block)...)
	texts := textOffsets(st)
	if len(texts) == 0 {
		return image, nil
	}
	constants := heap.Constants()
	for at := abi.PageHeader; at < int(p.filled); at += st.Record.Size {
		for _, offset := range texts {
			where := uint32(at) + offset
			address, length := get32(image, where), get32(image, where+4)
			inside := address >= p.block.Address && int64(address)+int64(length) <= int64(p.block.Address)+int64(p.block.Size)
			if inside || address >= constants || length == 0 || r.isNullAt(st, image, uint32(at), offset) {
				continue
			}
			text, err := heap.View(address, int(length))
			if err != nil {
				return nil, misbehaved("compiled code gave a row of %q text at %#x, outside of the heap", st.Name, address)
			}
			put32(image, where, p.block.Address+uint32(len(image)))
			image = append(image, text...)
		}
	}
	return image, nil
}

// isNullAt reports whether the text field at an offset is NULL in a record.
func (r *run) isNullAt(st *state, image []byte, record, offset uint32) bool {
	for i := range st.Record.Fields {
		if field := &st.Record.Fields[i]; uint32(field.Offset) == offset && field.NullOffset >= 0 {
			return image[record+uint32(field.NullOffset)] != 0
		}
	}
	return false
}

// textOffsets lists where packed strings lie in a state's records.
func textOffsets(st *state) []uint32 {
	var offsets []uint32
	if st.Kind == ir.SortState {
		offsets = append(offsets, 0) // the key
	}
	for _, field := range st.Record.Fields {
		if kind := field.Type.Kind; (kind == ir.String || kind == ir.Bytes) && !slices.Contains(offsets, uint32(field.Offset)) {
			offsets = append(offsets, uint32(field.Offset))
		}
	}
	return offsets
}

// unload frees the memory of pages that are on disk as they are in memory.
func (r *run) unload(pages []page) {
	for i := range pages {
		r.forget(&pages[i])
	}
}

// forget frees the memory of a page that has not changed since it was saved.
func (r *run) forget(p *page) {
	if p.onDisk() {
		r.session.heap.Free(p.block)
		p.block = memory.Block{}
	}
}

// freePages frees pages for good.
func (r *run) freePages(pages []page) {
	for i := range pages {
		r.session.heap.Free(pages[i].block)
		if pages[i].onDisk() {
			r.spill.drop(pages[i].saved)
		}
		pages[i] = page{}
	}
}

// load brings a page back to memory. The copy on disk stays.
func (r *run) load(w *worker, st *state, p *page) error {
	if p.inMemory() {
		return nil
	}
	size := int(p.saved.size)
	block, err := r.allocate(w, size, st)
	if err != nil {
		return err
	}
	content := r.session.heap.At(block)[:size]
	if err := r.spill.read(content, p.saved.file); err != nil {
		r.session.heap.Free(block)
		return err
	}
	from, shift := p.saved.address, block.Address-p.saved.address
	for _, offset := range textOffsets(st) {
		for at := abi.PageHeader + offset; at < p.filled; at += uint32(st.Record.Size) {
			if address := get32(content, at); address-from < p.saved.size {
				put32(content, at, address+shift)
			}
		}
	}
	p.block = block
	return nil
}

// loadPartition brings all pages of a partition to memory.
func (r *run) loadPartition(w *worker, st *state, part *partition) error {
	for i := range part.pages {
		if err := r.load(w, st, &part.pages[i]); err != nil {
			return err
		}
	}
	return nil
}

// withPage calls use with a page in memory. One that comes from disk for it, which use
// must not change, leaves memory again.
func (r *run) withPage(w *worker, st *state, p *page, use func(*page) error) error {
	if p.inMemory() {
		return use(p)
	}
	if err := r.load(w, st, p); err != nil {
		return err
	}
	defer r.forget(p)
	return use(p)
}
