package exec

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
	"github.com/heddle-lang/heddle/runtime/store"
)

// sorted is a finished sort: record addresses in order, or sorted runs on disk.
type sorted struct {
	block memory.Block
	count int // offset and limit applied
	runs  []sortedPages
}

// entry is a record to be sorted: the first eight bytes of its normalised key as a
// big-endian number decide nearly always.
type entry struct {
	prefix uint64
	record uint32 // offset in the heap
	length uint32 // of the key
}

const entrySize = 16

// sort orders the records of all workers: each worker's by itself, then all merged.
func (r *run) sort(st *state) error {
	heap := r.session.heap
	var lists [][]entry
	total, spilled := 0, false
	for i := range st.local {
		mine := &st.local[i]
		rows := int64(0)
		for _, pages := range mine.pages {
			for k := range pages {
				rows += pages[k].records(st.Record.Size)
			}
		}
		spilled = spilled || len(mine.runs) > 0
		if rows > 0 {
			lists = append(lists, make([]entry, 0, rows))
			total += int(rows)
		}
	}
	// Sorting needs each list twice.
	need := int64(total) * entrySize * 2
	if spilled || heap.Reserve(need) != nil {
		return r.sortRuns(st)
	}
	defer heap.Unreserve(need)
	k := 0
	for i := range st.local {
		mine := &st.local[i]
		for part, pages := range mine.pages {
			for _, p := range pages {
				if p.records(st.Record.Size) == 0 {
					heap.Free(p.block)
					continue
				}
				var err error
				if lists[k], err = r.entries(lists[k], st, runOf{p.first(), p.end()}); err != nil {
					return err
				}
				st.partitions[part].pages = append(st.partitions[part].pages, p)
			}
		}
		if k < len(lists) && len(lists[k]) > 0 {
			k++
		}
		*mine = localState{}
	}
	err := r.each(len(lists), func(i int) error {
		var err error
		lists[i], err = r.sortEntries(lists[i])
		return err
	})
	if err != nil {
		return err
	}
	first, count := st.window(total)
	if st.sorted.block, err = r.allocate(nil, max(4*count, 4), st); err != nil {
		return err
	}
	st.sorted.count = count
	out := store.View[uint32](heap.At(st.sorted.block), count)
	return r.mergeLists(lists, first, out)
}

// window is which rows of a sort with total rows are read: count rows behind the first.
func (st *state) window(total int) (first, count int) {
	first = int(min(st.Offset, int64(total)))
	count = total - first
	if st.Limit >= 0 {
		count = int(min(int64(count), st.Limit))
	}
	return first, count
}

// entries appends the records of a page, after checking that their keys lie in the
// heap.
func (r *run) entries(list []entry, st *state, records runOf) ([]entry, error) {
	heap := r.session.heap.Bytes()
	for at := records.first - abi.SharedBase; at < records.end-abi.SharedBase; at += uint32(st.Record.Size) {
		key, length := get32(heap, at), get32(heap, at+4)
		if key < abi.SharedBase || int64(key)+int64(length) > abi.SharedLimit {
			return nil, misbehaved("compiled code gave a row of %q a key at %#x, outside of the heap", st.Name, key)
		}
		list = append(list, entry{prefix: prefix(heap[key-abi.SharedBase:][:length]), record: at, length: length})
	}
	return list, nil
}

// prefix is the first eight bytes of a key, with zeroes behind a shorter one.
func prefix(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var first [8]byte
	copy(first[:], key)
	return binary.BigEndian.Uint64(first[:])
}

// compareEntries orders by the whole key.
func compareEntries(heap []byte, a, b entry) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	if a.length <= 8 && b.length <= 8 {
		return cmp.Compare(a.length, b.length)
	}
	return bytes.Compare(keyOf(heap, a), keyOf(heap, b))
}

func keyOf(heap []byte, e entry) []byte {
	return heap[get32(heap, e.record)-abi.SharedBase:][:e.length]
}

// sortedRun is how many entries are sorted at a time, before they are merged: some
// milliseconds of work, and few enough to stay in the cache.
const sortedRun = 1 << 15

// sortEntries sorts stably by key; it stops between runs when the query ends.
func (r *run) sortEntries(list []entry) ([]entry, error) {
	heap := r.session.heap.Bytes()
	compare := func(a, b entry) int { return compareEntries(heap, a, b) }
	for start := 0; start < len(list); start += sortedRun {
		if err := r.interrupted(); err != nil {
			return nil, err
		}
		slices.SortStableFunc(list[start:min(start+sortedRun, len(list))], compare)
	}
	if len(list) <= sortedRun {
		return list, nil
	}
	spare := make([]entry, len(list))
	for width := sortedRun; width < len(list); width *= 2 {
		for start := 0; start < len(list); start += 2 * width {
			middle, end := min(start+width, len(list)), min(start+2*width, len(list))
			if err := r.mergeTwo(heap, spare[start:start:end], list[start:middle], list[middle:end]); err != nil {
				return nil, err
			}
		}
		list, spare = spare, list
	}
	return list, nil
}

// mergeTwo merges two sorted lists into out, which has room for both.
func (r *run) mergeTwo(heap []byte, out, a, b []entry) error {
	for step := 0; len(a) > 0 && len(b) > 0; step++ {
		if step%sortedRun == 0 {
			if err := r.interrupted(); err != nil {
				return err
			}
		}
		if compareEntries(heap, b[0], a[0]) < 0 {
			out, b = append(out, b[0]), b[1:]
		} else {
			out, a = append(out, a[0]), a[1:]
		}
	}
	_ = append(append(out, a...), b...)
	return nil
}

// mergeLists writes the record addresses of sorted lists in order, without the first
// skip, until out is full.
func (r *run) mergeLists(lists [][]entry, skip int, out []uint32) error {
	heap := r.session.heap.Bytes()
	lists = slices.Clone(lists)
	for at := -skip; at < len(out); at++ {
		if at%sortedRun == 0 {
			if err := r.interrupted(); err != nil {
				return err
			}
		}
		// There are as many lists as workers: a scan finds the least as well as a heap.
		least := 0
		for i := 1; i < len(lists); i++ {
			if compareEntries(heap, lists[i][0], lists[least][0]) < 0 {
				least = i
			}
		}
		if at >= 0 {
			out[at] = lists[least][0].record + abi.SharedBase
		}
		if lists[least] = lists[least][1:]; len(lists[least]) == 0 {
			lists = slices.Delete(lists, least, least+1)
		}
	}
	return nil
}

// sortedSource reads a sort: up to a chunk's worth of addresses is a morsel.
type sortedSource struct {
	run *run
	st  *state
}

func (r *run) sortedSource(st *state) (source, error) {
	if st.sorted.runs != nil {
		return r.runsSource(st)
	}
	return &sortedSource{r, st}, nil
}

func (s *sortedSource) morsels() int {
	return (s.st.sorted.count + store.ChunkRows - 1) / store.ChunkRows
}

func (s *sortedSource) size() (rows, bytes int64) {
	rows = int64(s.st.sorted.count)
	return rows, rows * int64(s.st.Record.Size)
}

func (s *sortedSource) close() error { return nil }

func (s *sortedSource) read(w *worker, i int, call func(rows int) error) (int64, error) {
	first := i * store.ChunkRows
	rows := min(s.st.sorted.count-first, store.ChunkRows)
	w.describeColumn(0, s.st.sorted.block.Address+uint32(4*first), 0, 0, 0)
	return int64(rows * s.st.Record.Size), call(rows)
}

func (r *run) releaseSorted(st *state) {
	r.session.heap.Free(st.sorted.block)
	for _, pages := range st.sorted.runs {
		r.freePages(pages)
	}
	st.sorted = sorted{}
}
