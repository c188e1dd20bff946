package exec

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
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

// entry is a record to be sorted, by eight bytes of its normalised key as a big-endian
// number: the first ones, and when these are equal, the next.
type entry struct {
	prefix uint64
	record uint32 // offset in the heap
	key    uint32 // offset in the heap
	length uint32 // of the key
}

const entrySize = 24

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
		e := entry{record: at, key: key - abi.SharedBase, length: length}
		e.prefix = e.word(heap, 0)
		list = append(list, e)
	}
	return list, nil
}

// word is eight bytes of the key from an offset on, with zeroes behind its end.
func (e *entry) word(heap []byte, offset uint32) uint64 {
	if offset >= e.length {
		return 0
	}
	if e.length-offset >= 8 {
		return binary.BigEndian.Uint64(heap[e.key+offset:])
	}
	var last [8]byte
	copy(last[:], e.text(heap)[offset:])
	return binary.BigEndian.Uint64(last[:])
}

func (e *entry) text(heap []byte) []byte { return heap[e.key : e.key+e.length] }

// compareEntries orders by the whole key; prefixes must be the first bytes.
func compareEntries(heap []byte, a, b *entry) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	if a.length <= 8 && b.length <= 8 {
		return cmp.Compare(a.length, b.length)
	}
	return bytes.Compare(a.text(heap), b.text(heap))
}

// sortedRun is how many entries are handled between two questions whether the query
// goes on.
const sortedRun = 1 << 15

const (
	// Lists up to this length are sorted by comparing prefixes, longer ones first
	// distributed over buckets.
	comparedList = 2048
	bucketBits   = 11
	// Lists up to this length with equal prefixes are sorted by comparing whole keys,
	// as are all behind this many bytes of key.
	comparedGroup = 24
	distributed   = 256
)

// sortEntries sorts by key: a radix sort from the left that takes at each step the bits
// in which keys differ, and eight more bytes of the keys where prefixes are equal
// (McIlroy, Bostic, McIlroy, "Engineering Radix Sort", Computing Systems 6(1), 1993).
// Afterwards the prefixes are the first bytes of the keys again.
func (r *run) sortEntries(list []entry) ([]entry, error) {
	s := sorter{run: r, heap: r.session.heap.Bytes(), spare: make([]entry, len(list))}
	if err := s.sort(list, 0); err != nil {
		return nil, err
	}
	for i := range list {
		if s.deep {
			list[i].prefix = list[i].word(s.heap, 0)
		}
	}
	return list, nil
}

type sorter struct {
	run   *run
	heap  []byte
	spare []entry
	deep  bool // some prefixes are not the first bytes of their keys
}

// sort orders entries whose keys are equal before an offset and whose prefixes are the
// eight bytes there.
func (s *sorter) sort(list []entry, offset uint32) error {
	for len(list) > comparedList {
		if err := s.run.interrupted(); err != nil {
			return err
		}
		low, high := list[0].prefix, list[0].prefix
		for i := range list {
			low, high = min(low, list[i].prefix), max(high, list[i].prefix)
		}
		if low < high {
			return s.distribute(list, offset, low, high)
		}
		if offset >= distributed || !s.next(list, offset) {
			s.compare(list, offset)
			return nil
		}
		offset += 8
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.prefix, b.prefix) })
	for start := 0; start < len(list); {
		end := start + 1
		for end < len(list) && list[end].prefix == list[start].prefix {
			end++
		}
		if group := list[start:end]; len(group) > 1 {
			if len(group) <= comparedGroup || offset >= distributed || !s.next(group, offset) {
				s.compare(group, offset)
			} else if err := s.sort(group, offset+8); err != nil {
				return err
			}
		}
		start = end
	}
	return nil
}

// distribute puts entries into buckets by the highest bits in which they differ.
func (s *sorter) distribute(list []entry, offset uint32, low, high uint64) error {
	shift := max(bits.Len64(high-low)-bucketBits, 0)
	ends := make([]int, 1<<bucketBits+1)
	for i := range list {
		ends[(list[i].prefix-low)>>shift+1]++
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	spare := s.spare[:len(list)]
	for i := range list {
		bucket := (list[i].prefix - low) >> shift
		spare[ends[bucket]] = list[i]
		ends[bucket]++
	}
	copy(list, spare)
	start := 0
	for _, end := range ends[:1<<bucketBits] {
		if end-start > 1 {
			if err := s.sort(list[start:end], offset); err != nil {
				return err
			}
		}
		start = end
	}
	return nil
}

// next gives entries with equal prefixes the next eight bytes of their keys, and
// reports false when no key has any.
func (s *sorter) next(list []entry, offset uint32) bool {
	longest := uint32(0)
	for i := range list {
		longest = max(longest, list[i].length)
	}
	if longest <= offset+8 {
		return false
	}
	for i := range list {
		list[i].prefix = list[i].word(s.heap, offset+8)
	}
	s.deep = true
	return true
}

// compare sorts entries whose keys are equal before offset+8, but for the zeroes behind
// the end of a key.
func (s *sorter) compare(list []entry, offset uint32) {
	slices.SortFunc(list, func(a, b entry) int {
		skip := min(offset, a.length, b.length)
		return bytes.Compare(a.text(s.heap)[skip:], b.text(s.heap)[skip:])
	})
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
			if compareEntries(heap, &lists[i][0], &lists[least][0]) < 0 {
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
