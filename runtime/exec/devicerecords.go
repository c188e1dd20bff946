package exec

import (
	"cmp"
	"errors"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	devicememory "github.com/heddle-lang/heddle/runtime/device/memory"
)

// deviceRecords are records of a state that kernels have written: consecutive, in the
// upper half of the mirror.
type deviceRecords struct {
	place devicememory.Range
	count int64 // dead ones included
	// header is the state's header for kernels, once directory and filter are there.
	header    [abi.StateHeaderSize]byte
	directory devicememory.Range
	linked    bool
}

// fetchedAtOnce is how many bytes of records are copied from the device at once.
const fetchedAtOnce = 32 << 20

// fillingOf calls do while the state is the one that is filled.
func (r *run) fillingOf(st *state, do func() error) error {
	earlier := r.filling
	r.filling = st
	err := do()
	r.filling = earlier
	return err
}

// fetch brings a state whose records are on the device to the host, and finishes it. An
// error of the device then says that the records are lost.
func (r *run) fetch(st *state) error {
	records := st.device
	if records == nil {
		return nil
	}
	busy := st.busy
	st.busy = true
	err := r.fetchRecords(st, records, false)
	if err == nil {
		st.device = nil
		err = r.finish(st)
	}
	st.busy = busy
	if ended := r.interrupted(); ended != nil {
		return ended
	}
	if problem := deviceProblem(err); problem != nil {
		r.note(problem)
		return &lostState{problem}
	}
	return err
}

// fetchOutput brings the result to the host.
func (r *run) fetchOutput() error {
	before := r.fetched
	if err := r.fetch(r.states[r.program.Output.State]); err != nil {
		return err
	}
	for i := range r.stats.Pipelines {
		if r.program.Pipelines[i].Into == r.program.Output.State {
			r.stats.Pipelines[i].CopiedOut += r.fetched - before
			before = r.fetched
		}
	}
	return nil
}

// fetchRecords appends records that are on the device to the pages of workers, as if they
// had written them, and frees them on the device. several says that others fill the state
// too.
func (r *run) fetchRecords(st *state, records *deviceRecords, several bool) error {
	g, size := r.session.device, int64(st.Record.Size)
	workers := int(min(max(records.count/rowsPerWorker, 1), int64(r.session.options.Threads)))
	if st.Kind == ir.BufferState && st.Limit >= 0 {
		workers = 1
	}
	if err := r.begin(workers); err != nil {
		return err
	}
	// No two records are of the same group, whichever workers get them.
	st.unique = !several
	return r.fillingOf(st, func() error {
		err := r.parallel(workers, func(w *worker) error {
			if err := r.open(w, st); err != nil {
				return err
			}
			mine := &st.local[w.number]
			mine.emptied = mine.emptied || several
			return nil
		})
		if err != nil {
			return err
		}
		step := max(fetchedAtOnce/size, 1)
		content := make([]byte, min(step, records.count)*size)
		for from := int64(0); from < records.count; from += step {
			part := content[:min(step, records.count-from)*size]
			if err := g.compute.CopyOut(part, g.memory.Address(records.place.Address+uint32(from*size))); err != nil {
				return err
			}
			if err := g.wait(r.ctx, g.compute); err != nil {
				return err
			}
			r.fetched += int64(len(part))
			texts, err := r.fetchTexts(g, st, part)
			if err != nil {
				return err
			}
			share := (int64(len(part))/size + int64(workers) - 1) / int64(workers) * size
			err = r.parallel(workers, func(w *worker) error {
				begin := min(int64(w.number)*share, int64(len(part)))
				return r.appendRecords(w, st, part[begin:min(begin+share, int64(len(part)))], texts)
			})
			if errors.Is(err, errEnough) {
				break
			}
			if err != nil {
				return err
			}
		}
		r.freeRecords(records)
		return nil
	})
}

// freeRecords frees what records take on the device.
func (r *run) freeRecords(records *deviceRecords) {
	g := r.session.device
	r.freeOnDevice(g, records.place)
	r.freeOnDevice(g, records.directory)
}

// fetchedText is a piece of the device's own text: bytes from an address on.
type fetchedText struct {
	address uint32
	bytes   []byte
}

// fetchedTexts are pieces in ascending order.
type fetchedTexts []fetchedText

// at gives text of the device's upper half that has been fetched.
func (texts fetchedTexts) at(address, length uint32) []byte {
	i, found := slices.BinarySearchFunc(texts, address, func(t fetchedText, address uint32) int { return cmp.Compare(t.address, address) })
	if !found {
		i--
	}
	from := address - texts[i].address
	return texts[i].bytes[from : from+length]
}

// joinedTexts is how far apart texts are, in bytes, that are fetched with one copy: a copy
// costs about as much as so many bytes.
const joinedTexts = 16 << 10

// fetchTexts copies the text of records that lies in the device's upper half.
func (r *run) fetchTexts(g *gpu, st *state, content []byte) (fetchedTexts, error) {
	var wanted []uint64 // address in the high half, length in the low one
	for _, offset := range textOffsets(st) {
		for at := 0; at < len(content); at += st.Record.Size {
			address, length := r.textOf(st, content, uint32(at), offset)
			if length == 0 || address < abi.WindowBase {
				continue
			}
			if !g.memory.Holds(address, int64(length)) {
				return nil, misbehaved("a kernel gave a row of %q text at %#x, where there is none", st.Name, address)
			}
			wanted = append(wanted, uint64(address)<<32|uint64(length))
		}
	}
	slices.Sort(wanted)
	bounds := func(text uint64) (from, end uint32) { return uint32(text >> 32), uint32(text>>32) + uint32(text) }
	var texts fetchedTexts
	for i := 0; i < len(wanted); {
		from, end := bounds(wanted[i])
		for i++; i < len(wanted); i++ {
			nextFrom, nextEnd := bounds(wanted[i])
			if nextEnd <= end {
				continue
			}
			if int64(nextFrom) > int64(end)+joinedTexts || !g.memory.Holds(from, int64(nextEnd-from)) {
				break
			}
			end = nextEnd
		}
		piece := fetchedText{from, make([]byte, end-from)}
		if err := g.compute.CopyOut(piece.bytes, g.memory.Address(from)); err != nil {
			return nil, err
		}
		r.fetched += int64(len(piece.bytes))
		texts = append(texts, piece)
	}
	if len(texts) == 0 {
		return nil, nil
	}
	return texts, g.wait(r.ctx, g.compute)
}

// textOf is address and length of the text of a field, length 0 when it is NULL.
func (r *run) textOf(st *state, content []byte, record, offset uint32) (address, length uint32) {
	address, length = get32(content, record+offset), get32(content, record+offset+4)
	if length != 0 && r.isNullAt(st, content, record, offset) {
		return 0, 0
	}
	return address, length
}

// appendRecords adds records to the pages of a worker as compiled code does: each to its
// partition, with text that would not stay where it is. Dead groups are left out.
func (r *run) appendRecords(w *worker, st *state, content []byte, texts fetchedTexts) error {
	heap := r.session.heap
	all, constants := heap.Bytes(), heap.Constants()
	size := uint32(st.Record.Size)
	offsets := textOffsets(st)
	moved := make([][]byte, len(offsets)) // text of the record at hand, nil where it stays
	grouped := isGrouped(st)
	for at := uint32(0); at < uint32(len(content)); at += size {
		part := uint32(0)
		if grouped {
			if st.Kind == ir.AggregateState && get32(content, at+abi.RecordNext) == abi.RecordDead {
				continue
			}
			if st.Partitions > 1 {
				part = get32(content, at+abi.RecordHash) >> abi.PartitionShift
			}
		}
		length := int64(0)
		for i, offset := range offsets {
			address, n := r.textOf(st, content, at, offset)
			switch {
			case n == 0 || address < abi.WindowBase && address >= constants:
				moved[i] = nil
				continue
			case address >= abi.WindowBase:
				moved[i] = texts.at(address, n)
			default:
				text, err := heap.View(address, int(n))
				if err != nil {
					return misbehaved("a kernel gave a row of %q text at %#x, outside of the heap", st.Name, address)
				}
				moved[i] = text
			}
			length += int64(n)
		}
		if length > abi.SharedLimit {
			return misbehaved("a kernel gave a row of %q %d bytes of text", st.Name, length)
		}
		record, text, err := r.place(w, st, part, uint32(length))
		if err != nil {
			return err
		}
		record -= abi.SharedBase
		copy(all[record:record+size], content[at:])
		if grouped {
			put32(all, record+abi.RecordNext, 0)
		}
		for i, offset := range offsets {
			if moved[i] != nil {
				copy(all[text-abi.SharedBase:], moved[i])
				put32(all, record+offset, text)
				text += uint32(len(moved[i]))
			}
		}
	}
	if heap.Over() {
		return r.relieve(w, noPartition)
	}
	return nil
}

// place gives a record of a worker's state its place, and its text.
func (r *run) place(w *worker, st *state, part, length uint32) (record, text uint32, err error) {
	writer := local(st) + part*abi.WriterSize
	size := uint32(st.Record.Size)
	record = get32(w.memory, writer+abi.WriterCursor)
	if int64(record)+int64(size)+int64(length) > int64(get32(w.memory, writer+abi.WriterEnd)) {
		if record, err = r.page(w, uint32(st.number), part, size+length); err != nil {
			return 0, 0, err
		}
	}
	text = get32(w.memory, writer+abi.WriterEnd) - length
	put32(w.memory, writer+abi.WriterCursor, record+size)
	put32(w.memory, writer+abi.WriterEnd, text)
	return record, text, nil
}
