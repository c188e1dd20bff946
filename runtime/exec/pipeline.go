package exec

import (
	"errors"
	"sync/atomic"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/engine"
)

// source gives a pipeline its morsels.
type source interface {
	// morsels is how many there are.
	morsels() int
	// size is how many rows and bytes they have in all; rows is -1 when unknown.
	size() (rows, bytes int64)
	// read prepares morsel i in the worker's memory and calls call with its number of
	// rows, more than once when it comes in batches. It returns the bytes it read.
	read(w *worker, i int, call func(rows int) error) (bytes int64, err error)
	close() error
}

// counter hands out the numbers below n.
type counter struct {
	next atomic.Int64
	n    int64
}

func newCounter(n int) *counter { return &counter{n: int64(n)} }

func (c *counter) take() (int, bool) {
	i := c.next.Add(1) - 1
	return int(i), i < c.n
}

// end makes the counter give no more numbers.
func (c *counter) end() { c.next.Store(c.n) }

// rowsPerWorker is how many rows are worth another worker.
const rowsPerWorker = 8192

// runPipeline executes a pipeline and finishes the state that it fills if no later one
// does.
func (r *run) runPipeline(number int) error {
	p := &r.program.Pipelines[number]
	st := r.states[p.Into]
	started := r.now()
	stats := PipelineStats{Title: p.Title}
	if err := r.begin(1); err != nil {
		return err
	}
	r.pipeline = p
	for _, used := range r.uses(p) {
		used.busy = true
	}
	fetched := r.fetched
	done, err := r.runPlaced(number, st, &stats)
	if err == nil && !done {
		err = r.runPasses(p, st, number, &stats)
	}
	if err != nil {
		return err
	}
	stats.CopiedOut += r.fetched - fetched
	stats.Run = r.since(started)
	for _, used := range r.uses(p) {
		used.busy = used == st
	}
	for _, probed := range p.Probes {
		r.read(r.states[probed])
	}
	if p.Source == program.StateSource || p.Source == program.UnmatchedSource {
		r.read(r.states[p.State])
	}
	st.fillers--
	if st.fillers == 0 {
		r.filling = nil
		if err := r.finish(st); err != nil {
			return err
		}
	}
	st.busy = false
	stats.Finish = r.since(started) - stats.Run
	r.stats.Pipelines = append(r.stats.Pipelines, stats)
	return nil
}

// runPasses runs a pipeline on the workers, over its source as often as its tables
// need.
func (r *run) runPasses(p *program.Pipeline, st *state, number int, stats *PipelineStats) error {
	for _, used := range r.uses(p) {
		if err := r.fetch(used); err != nil {
			return err
		}
	}
	passes, err := r.passes(p)
	if err != nil {
		return err
	}
	for passes.next() {
		if err := passes.load(); err != nil {
			return err
		}
		if err := r.runPass(p, st, number, stats); err != nil {
			return err
		}
		stats.Passes++
	}
	return nil
}

// uses lists the states that a pipeline works with.
func (r *run) uses(p *program.Pipeline) []*state {
	used := []*state{r.states[p.Into]}
	for _, probed := range p.Probes {
		used = append(used, r.states[probed])
	}
	if p.Source == program.StateSource || p.Source == program.UnmatchedSource {
		used = append(used, r.states[p.State])
	}
	return used
}

// read notes that a reader of a state has ended.
func (r *run) read(st *state) {
	st.readers--
	if st.readers == 0 {
		r.release(st)
	}
}

// source opens what a pipeline reads.
func (r *run) source(p *program.Pipeline) (source, error) {
	switch p.Source {
	case program.TableSource:
		return r.tableSource(r.scans[p.Scan]), nil
	case program.ValuesSource:
		return valuesSource(p.Rows), nil
	case program.UnmatchedSource:
		return r.unmatchedSource(r.states[p.State]), nil
	default:
		st := r.states[p.State]
		switch st.Kind {
		case ir.SortState:
			return r.sortedSource(st)
		case ir.AggregateState:
			return r.groupsSource(st, st.readers == 1 && len(p.Probes) == 0), nil
		default:
			return r.pagesSource(st), nil
		}
	}
}

// runPass runs a pipeline over its source once.
func (r *run) runPass(p *program.Pipeline, st *state, number int, stats *PipelineStats) (err error) {
	src, err := r.source(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.close()); err = single(err) }()
	if err := r.lookups(p); err != nil {
		return err
	}
	morsels := src.morsels()
	rows, bytes := src.size()
	workers := max(min(r.session.options.Threads, morsels), 1)
	if rows >= 0 {
		workers = max(min(workers, int(min(rows/rowsPerWorker, maxThreads))), 1)
	}
	if r.keepsOrder(p, st) {
		workers = 1
	}
	if err := r.begin(workers); err != nil {
		return err
	}
	progress := r.query.Progress
	progress.start(number, r.program.Pipelines, rows, bytes)
	r.filling = st
	queue := newCounter(morsels)
	counts := make([]workerCounts, workers)
	err = r.parallel(workers, func(w *worker) error {
		if err := r.open(w, st); err != nil {
			return err
		}
		function, err := w.function(p.Function)
		if err != nil {
			return err
		}
		return r.work(w, st, src, queue, function, &counts[w.number])
	})
	if err != nil {
		return err
	}
	stats.add(counts)
	return nil
}

// workerCounts is what a worker has done for a pipeline.
type workerCounts struct {
	morsels     int
	rows, bytes int64
	_           [40]byte // a cache line each
}

// work pulls morsels until there are none.
func (r *run) work(w *worker, st *state, src source, queue *counter, function engine.Function, counts *workerCounts) error {
	context := uint64(r.context.Address)
	progress := r.query.Progress
	call := func(rows int) error {
		put32(w.memory, abi.MorselBase, uint32(rows))
		if _, err := function.Call(context); err != nil {
			return err
		}
		counts.rows += int64(rows)
		progress.add(int64(rows), 0)
		return r.afterMorsel(w, st, queue)
	}
	for i, ok := queue.take(); ok; i, ok = queue.take() {
		if err := r.interrupted(); err != nil {
			return err
		}
		bytes, err := src.read(w, i, call)
		if errors.Is(err, errEnough) {
			queue.end()
			return nil
		}
		if err != nil {
			return err
		}
		counts.morsels++
		counts.bytes += bytes
		progress.add(0, bytes)
	}
	return nil
}

// afterMorsel does what a state needs between morsels.
func (r *run) afterMorsel(w *worker, st *state, queue *counter) error {
	if r.session.heap.Over() {
		if err := r.relieve(w, noPartition); err != nil {
			return err
		}
	}
	switch {
	case st.Direct != nil && st.Direct.Flush != "":
		return w.call(st.Direct.Flush)
	case st.Kind == ir.SortState && st.Limit >= 0:
		return r.keepBest(w, st)
	case st.Kind == ir.BufferState && st.Limit >= 0:
		if r.enough(w, st) {
			queue.end()
		}
	}
	return nil
}

// enough reports whether a limited buffer has all the rows it needs.
func (r *run) enough(w *worker, st *state) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	st.local[w.number].count = r.written(w, st)
	total := int64(0)
	for i := range st.local {
		total += st.local[i].count
	}
	return total >= wantedRows(st)
}

// wantedRows is how many rows a limited state needs, without overflow.
func wantedRows(st *state) int64 {
	if sum := st.Limit + st.Offset; sum >= 0 {
		return sum
	}
	return 1<<63 - 1
}

// keepsOrder reports whether rows must arrive in the order of the source: from a sort
// in a buffer.
func (r *run) keepsOrder(p *program.Pipeline, into *state) bool {
	if into.Kind != ir.BufferState {
		return false
	}
	switch p.Source {
	case program.StateSource:
		return r.states[p.State].Kind == ir.SortState
	case program.ValuesSource:
		return true
	default:
		return false
	}
}

// lookups fills the pipeline's tables over dictionaries.
func (r *run) lookups(p *program.Pipeline) error {
	for i := range p.Tables {
		table := &p.Tables[i]
		d := r.scans[p.Scan].columns[table.Column].dictionary
		at := r.context.Address - abi.SharedBase + uint32(table.Offset)
		heap := r.session.heap
		if get32(heap.Bytes(), at) != 0 {
			continue // filled by an earlier pass
		}
		w := r.session.workers[0]
		size := max(d.entries, 1) * table.Width
		block, err := heap.AllocateBeyond(size)
		if err != nil {
			return r.noMemory(size, "hold a table over a dictionary")
		}
		clear(heap.At(block)[:size])
		if err := w.call(table.Function, uint64(d.address), uint64(d.entries), uint64(block.Address)); err != nil {
			return err
		}
		put32(heap.Bytes(), at, block.Address)
	}
	return nil
}

// valuesSource is one morsel of rows that the code holds.
type valuesSource int

func (v valuesSource) morsels() int              { return 1 }
func (v valuesSource) size() (rows, bytes int64) { return int64(v), 0 }
func (v valuesSource) close() error              { return nil }
func (v valuesSource) read(_ *worker, _ int, call func(rows int) error) (int64, error) {
	return 0, call(int(v))
}

// single unwraps a join of one error.
func single(err error) error {
	if list, ok := err.(interface{ Unwrap() []error }); ok && len(list.Unwrap()) == 1 {
		return list.Unwrap()[0]
	}
	return err
}
