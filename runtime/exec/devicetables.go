package exec

import (
	"encoding/binary"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/device"
	devicememory "github.com/heddle-lang/heddle/runtime/device/memory"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
)

// deviceRun is consecutive records in the mirror.
type deviceRun struct {
	first uint32
	count int64
}

// deviceRuns are the records of a state as the source of a kernel.
type deviceRuns struct {
	runs  []deviceRun
	rows  int64
	width int
	list  devicememory.Range // for abi.LaunchRuns
}

func (s *deviceRuns) size() (rows, bytes int64) { return s.rows, s.rows * int64(s.width) }
func (s *deviceRuns) columns() int              { return 0 }
func (s *deviceRuns) close() error              { return nil }

// feed launches the kernel over all records at once: the list of runs tells where they
// lie.
func (s *deviceRuns) feed(j *deviceJob) error { return j.launch(s.whole()) }

func (s *deviceRuns) only(*deviceJob) (launchOver, bool) { return s.whole(), true }

func (s *deviceRuns) whole() launchOver {
	return launchOver{rows: s.rows, runs: s.list, count: len(s.runs)}
}

// recordsSource makes the records of a state a source. Those of workers are copied to
// the mirror first.
func (j *deviceJob) recordsSource(st *state) (deviceSource, error) {
	r := j.run
	if st.Kind == ir.SortState {
		return nil, refused("it reads the sorted rows of %q", st.Name)
	}
	source := &deviceRuns{width: st.Record.Size}
	if records := st.device; records != nil {
		offset, count := int64(0), records.count
		if st.Kind == ir.BufferState {
			offset = min(st.Offset, count)
			count -= offset
			if st.Limit >= 0 {
				count = min(count, st.Limit)
			}
		}
		source.add(records.place.Address+uint32(offset*int64(st.Record.Size)), count)
	} else {
		if _, err := j.mirror(st); err != nil {
			return nil, err
		}
		pages := r.pagesSource(st)
		for _, part := range pages.list {
			source.add(part.page.first()+uint32(part.skip)*uint32(st.Record.Size), part.count)
		}
	}
	if source.rows > int64(j.mostRows()) {
		return nil, refused("it reads %d rows of %q, more than a launch takes", source.rows, st.Name)
	}
	return source, source.show(r, j)
}

func (s *deviceRuns) add(first uint32, count int64) {
	if count > 0 {
		s.runs = append(s.runs, deviceRun{first, count})
		s.rows += count
	}
}

// show makes the list of runs an input.
func (s *deviceRuns) show(r *run, j *deviceJob) error {
	if len(s.runs) == 0 {
		return nil
	}
	content := make([]byte, 0, 8*len(s.runs))
	row := int64(0)
	for _, run := range s.runs {
		content = binary.LittleEndian.AppendUint32(content, uint32(row))
		content = binary.LittleEndian.AppendUint32(content, run.first)
		row += run.count
	}
	var err error
	if s.list, err = r.allocateOnDevice(j.gpu, int64(len(content))); err != nil {
		return err
	}
	return j.input(s.list.Address, content)
}

// mirror copies a finished state of the host to the mirror: its pages, at their
// addresses. Text in windows gets an address of the mirror's own. It lists the pages
// that have records.
func (j *deviceJob) mirror(st *state) ([]*page, error) {
	r, g := j.run, j.gpu
	if st.Kind == ir.AggregateState {
		if err := r.mergeAll(st); err != nil {
			return nil, err
		}
	}
	texts := windowTexts{run: r, st: st}
	for part := range st.partitions {
		for i := range st.partitions[part].pages {
			p := &st.partitions[part].pages[i]
			if !p.inMemory() {
				return nil, refused("not all of %q is in memory", st.Name)
			}
			if err := texts.collect(p); err != nil {
				return nil, err
			}
		}
	}
	if err := texts.show(j); err != nil {
		return nil, err
	}
	var pages []*page
	for part := range st.partitions {
		for i := range st.partitions[part].pages {
			if err := r.interrupted(); err != nil {
				return nil, err
			}
			p := &st.partitions[part].pages[i]
			if p.records(st.Record.Size) == 0 {
				continue
			}
			if err := g.copyIn(p.block.Address, texts.image(p), j.stats); err != nil {
				return nil, err
			}
			pages = append(pages, p)
		}
	}
	return pages, nil
}

// mergeAll merges all partitions of an aggregate.
func (r *run) mergeAll(st *state) error {
	workers := min(r.session.options.Threads, len(st.partitions))
	most := int64(0) // of what merging a partition takes besides, in bytes
	for part := range st.partitions {
		records := int64(0)
		for i := range st.partitions[part].pages {
			if !st.partitions[part].pages[i].inMemory() {
				return refused("not all of %q is in memory", st.Name)
			}
			records += st.partitions[part].pages[i].records(st.Record.Size)
		}
		most = max(most, 16*records+int64(16*len(st.partitions[part].pages))+2*memory.MinBlock)
	}
	if !r.hasRoom(workers * int(most)) {
		return refused("there is no memory to merge the groups of %q", st.Name)
	}
	if err := r.begin(workers); err != nil {
		return err
	}
	queue := newCounter(len(st.partitions))
	return r.parallel(workers, func(w *worker) error {
		for i, ok := queue.take(); ok; i, ok = queue.take() {
			if err := r.interrupted(); err != nil {
				return err
			}
			if err := r.merge(w, st, &st.partitions[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// windowTexts are texts of a state's records that lie in the windows of workers. The
// mirror has something else there, so they move: one behind the other, in the order in
// which collect and then image come to them.
type windowTexts struct {
	run     *run
	st      *state
	content []byte
	next    uint32 // address in the mirror of the text that image comes to next
	changed []byte // image of a page at hand
}

// collect notes the texts of a page's records.
func (t *windowTexts) collect(p *page) error {
	heap, linear := t.run.session.heap, t.run.session.workers[0].memory
	content := heap.At(p.block)
	for _, offset := range textOffsets(t.st) {
		for at := uint32(abi.PageHeader); at < p.filled; at += uint32(t.st.Record.Size) {
			address, length := t.run.textOf(t.st, content, at, offset)
			if length == 0 || address < abi.WindowBase {
				continue
			}
			if int64(address)+int64(length) > int64(t.run.stable) {
				return misbehaved("compiled code gave a row of %q text at %#x, which is not stable", t.st.Name, address)
			}
			t.content = append(t.content, linear[address:address+length]...)
			if len(t.content) > mostRegion {
				return devicememory.Full(int64(len(t.content)), 0, mostRegion)
			}
		}
	}
	return nil
}

// show copies the texts to the mirror.
func (t *windowTexts) show(j *deviceJob) error {
	if len(t.content) == 0 {
		return nil
	}
	place, err := j.run.allocateOnDevice(j.gpu, int64(len(t.content)))
	if err != nil {
		return err
	}
	t.next = place.Address
	return j.gpu.copyIn(place.Address, t.content, j.stats)
}

// image is a page as the mirror gets it; pages come in the order of collect.
func (t *windowTexts) image(p *page) []byte {
	content := t.run.session.heap.At(p.block)
	if len(t.content) == 0 {
		return content
	}
	t.changed = append(t.changed[:0], content...)
	for _, offset := range textOffsets(t.st) {
		for at := uint32(abi.PageHeader); at < p.filled; at += uint32(t.st.Record.Size) {
			address, length := t.run.textOf(t.st, content, at, offset)
			if length != 0 && address >= abi.WindowBase {
				put32(t.changed, at+offset, t.next)
				t.next += length
			}
		}
	}
	return t.changed
}

// showTable makes a hash table ready to be probed by kernels.
func (j *deviceJob) showTable(st *state) error {
	r, g := j.run, j.gpu
	if st.device != nil && st.Link == "" {
		if err := r.fetch(st); err != nil {
			return err
		}
	}
	if st.device != nil {
		return j.link(st)
	}
	if st.resident != ^uint64(0) || st.directory.Size == 0 {
		return refused("the hash table %q is not in memory as a whole", st.Name)
	}
	pages, err := j.mirror(st)
	if err != nil {
		return err
	}
	if st.MarkOffset >= 0 {
		j.marked = append(j.marked, markedPages{st, pages})
	}
	return g.copyIn(st.directory.Address, r.session.heap.At(st.directory), j.stats)
}

// linkThreads is how many threads a block has that links records.
const linkThreads = 256

// link gives a hash table that lies on the device its directory and filter.
func (j *deviceJob) link(st *state) error {
	r, g, records := j.run, j.gpu, st.device
	if records.linked {
		return nil
	}
	slots, filterBits := r.directoryBits(st, records.count)
	var err error
	bytes := int64(4)<<slots + 1<<filterBits/8
	if records.directory, err = r.allocateOnDevice(g, bytes); err != nil {
		return err
	}
	put := func(offset int, value uint32) { put32(records.header[:], uint32(offset), value) }
	put(abi.StateDirectory, records.directory.Address)
	put(abi.StateShift, uint32(32-slots))
	put(abi.StateFilter, records.directory.Address+4<<slots)
	put(abi.StateFilterShift, uint32(32-filterBits))
	put(abi.StateResidentLo, 1<<32-1)
	put(abi.StateResidentHi, 1<<32-1)
	if err := g.compute.Fill(g.memory.Address(records.directory.Address), 0, bytes); err != nil {
		return err
	}
	// The kernel finds the header in the context.
	header := r.context.Address + uint32(st.SharedOffset)
	if err := g.copyIn(header, records.header[:], j.stats); err != nil {
		return err
	}
	kernel, err := g.kernel(r.ctx, r.query.Kernels, st.Link)
	if err != nil {
		return err
	}
	threads := linkThreads
	if most := kernel.Resources().Threads; most > 0 {
		threads = min(threads, most)
	}
	linking := &deviceJob{
		run: r, gpu: g, into: st, stats: j.stats, kernel: kernel, most: max(g.properties.Multiprocessors, 1) * max(g.properties.ThreadsPerMultiprocessor/threads, 1),
		pipeline: &program.Pipeline{Kernel: &program.Kernel{Threads: threads, RowsPerThread: 1}},
	}
	source := &deviceRuns{width: st.Record.Size}
	source.add(records.place.Address, records.count)
	if err := source.show(r, linking); err != nil {
		return err
	}
	if err := linking.attemptLink(source); err != nil {
		return err
	}
	records.linked = true
	return nil
}

// attemptLink launches the kernel that links records.
func (j *deviceJob) attemptLink(source *deviceRuns) error {
	if len(source.runs) == 0 {
		return nil
	}
	if err := j.launchBlock(0); err != nil {
		return err
	}
	if err := j.showInputs(); err != nil {
		return err
	}
	return source.feed(j)
}

// markedPages are pages of the host whose copies in the mirror get marks from a probe.
type markedPages struct {
	st    *state
	pages []*page
}

// fetchMarks brings the marks that kernels have set to the host.
func (j *deviceJob) fetchMarks() error {
	r, g := j.run, j.gpu
	heap := r.session.heap.Bytes()
	for _, marked := range j.marked {
		st := marked.st
		size, mark := uint32(st.Record.Size), uint32(st.MarkOffset)
		for from := 0; from < len(marked.pages); {
			// Several pages for one wait.
			var copies [][]byte
			bytes, first := 0, from
			for ; from < len(marked.pages) && bytes < fetchedAtOnce; from++ {
				p := marked.pages[from]
				content := make([]byte, p.filled)
				if err := g.compute.CopyOut(content, g.memory.Address(p.block.Address)); err != nil {
					return err
				}
				bytes += len(content)
				copies = append(copies, content)
			}
			if err := g.wait(r.ctx, g.compute); err != nil {
				return err
			}
			j.stats.CopiedOut += int64(bytes)
			for i, content := range copies {
				page := marked.pages[first+i]
				at := page.block.Address - abi.SharedBase
				for record := uint32(abi.PageHeader); record < page.filled; record += size {
					heap[at+record+mark] |= content[record+mark]
				}
			}
		}
	}
	return nil
}

// launchColumnOf is a whole column for a launch that begins at its row first.
func launchColumnOf(c *devicememory.Column, width, first int64, dictionary uint32) deviceColumn {
	column := deviceColumn{values: c.Values + device.Address(first*width), text: c.Text.Address, dictionary: dictionary}
	if c.Validity != 0 {
		column.validity = c.Validity + device.Address(first/8)
	}
	return column
}
