package exec

import (
	"math/bits"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
)

// packer copies records with their text into a page: records from its low end, text
// from its high end.
type packer struct {
	run   *run
	st    *state
	texts []uint32 // offsets of packed strings in a record
	image []byte
	base  uint32 // address of the page
	low   int    // where the next record goes
	high  int    // where text begins
}

func (r *run) packer(st *state) *packer { return &packer{run: r, st: st, texts: textOffsets(st)} }

// begin starts a page.
func (p *packer) begin(image []byte, base uint32) {
	p.image, p.base, p.low, p.high = image, base, abi.PageHeader, len(image)
}

// need is how many bytes a record takes, given its offset in the heap. The text of
// constants and of mapped columns stays where it is.
func (p *packer) need(record uint32) (int, error) {
	need := p.st.Record.Size
	for _, offset := range p.texts {
		text, err := p.text(record, offset)
		if err != nil {
			return 0, err
		}
		need += len(text)
	}
	return need, nil
}

// text is the text of a field that must be copied, nil when it is stable.
func (p *packer) text(record, offset uint32) ([]byte, error) {
	heap := p.run.session.heap
	all := heap.Bytes()
	address, length := get32(all, record+offset), get32(all, record+offset+4)
	if length == 0 || address >= heap.Constants() || p.run.isNullAt(p.st, all, record, offset) {
		return nil, nil
	}
	text, err := heap.View(address, int(length))
	if err != nil {
		return nil, misbehaved("compiled code gave a row of %q text at %#x, outside of the heap", p.st.Name, address)
	}
	return text, nil
}

// add copies a record, if there is room, and returns its offset in the page.
func (p *packer) add(record uint32) (at int, ok bool, err error) {
	need, err := p.need(record)
	if err != nil || p.low+need > p.high {
		return 0, false, err
	}
	all := p.run.session.heap.Bytes()
	at = p.low
	copy(p.image[at:], all[record:record+uint32(p.st.Record.Size)])
	p.low += p.st.Record.Size
	for _, offset := range p.texts {
		text, err := p.text(record, offset)
		if err != nil {
			return 0, false, err
		}
		if text != nil {
			p.high -= len(text)
			copy(p.image[p.high:], text)
			put32(p.image, uint32(at)+offset, p.base+uint32(p.high))
		}
	}
	return at, true, nil
}

// pageFor is the size of a page that has room for need bytes.
func pageFor(need, usual int) int {
	size := max(need+abi.PageHeader, usual, firstPage)
	return 1 << bits.Len(uint(size-1))
}

// mostBest is the largest limit for which a sort drops rows as it goes.
const mostBest = 1 << 17

// keepBest drops the rows that a worker has written to a limited sort and that cannot
// be in the result, when they are many, and sets the threshold that compiled code
// compares new rows with.
func (r *run) keepBest(w *worker, st *state) error {
	wanted := wantedRows(st)
	if wanted > mostBest || r.written(w, st) <= max(4096, 2*wanted) {
		return nil
	}
	if err := r.closePages(w, st); err != nil {
		return err
	}
	mine := &st.local[w.number]
	list, err := r.heldEntries(st, mine.pages[0])
	if err != nil {
		return err
	}
	if list, err = r.sortEntries(list); err != nil {
		return err
	}
	list = list[:wanted]
	pages, worst, err := r.compact(st, list)
	if err != nil {
		return err
	}
	r.freePages(mine.pages[0])
	mine.pages[0] = pages
	if wanted > 0 {
		put64(w.memory, localHeader(st)+abi.LocalThreshold, worst)
	}
	return nil
}

// heldEntries lists the records of pages.
func (r *run) heldEntries(st *state, pages []page) ([]entry, error) {
	rows := int64(0)
	for i := range pages {
		rows += pages[i].records(st.Record.Size)
	}
	list := make([]entry, 0, rows)
	for i := range pages {
		if pages[i].filled == 0 {
			continue
		}
		var err error
		if list, err = r.entries(list, st, runOf{pages[i].first(), pages[i].end()}); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// compact copies records to new pages, in order, and returns the packed key of the
// last. The pages are few; they may exceed the budget until those they replace are
// freed.
func (r *run) compact(st *state, list []entry) (pages []page, last uint64, err error) {
	heap := r.session.heap
	p := r.packer(st)
	var block memory.Block
	for i := 0; i < len(list); {
		at, ok := 0, false
		if block.Size != 0 {
			if at, ok, err = p.add(list[i].record); err != nil {
				return nil, 0, err
			}
		}
		if ok {
			last = get64(p.image, uint32(at))
			i++
			continue
		}
		if block.Size != 0 {
			pages = append(pages, page{block: block, filled: uint32(p.low)})
		}
		need, err := p.need(list[i].record)
		if err != nil {
			return nil, 0, err
		}
		if block, err = heap.AllocateBeyond(pageFor(need, mostPartitionedPage)); err != nil {
			return nil, 0, r.noMemory(need, describe(st))
		}
		p.begin(heap.At(block), block.Address)
	}
	if block.Size != 0 {
		pages = append(pages, page{block: block, filled: uint32(p.low)})
	}
	return pages, last, nil
}
