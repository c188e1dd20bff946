package exec

import (
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	arrowmemory "github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/exec/result"
	"github.com/heddle-lang/heddle/runtime/store"
)

// Result is the rows of a run. It must be closed; until then the session is busy. It
// is for one goroutine at a time.
type Result struct {
	run     *run
	columns []result.Column
	schema  *arrow.Schema
	rows    int64
	stats   Stats

	source  source
	next    int
	pending []uint32 // records of the morsel at hand that are not in a batch yet
	failed  error
	most    int // records of a batch, fewer when their text is long
}

func newResult(r *run) (*Result, error) {
	st := r.states[r.program.Output.State]
	res := &Result{run: r, most: store.ChunkRows}
	for _, column := range r.program.Output.Columns {
		field := st.Record.Fields[column.Field]
		res.columns = append(res.columns, result.Column{Label: column.Label, Type: column.Type, Field: field})
	}
	res.schema = result.Schema(res.columns)
	var err error
	switch st.Kind {
	case ir.SortState:
		res.source, err = r.sortedSource(st)
	case ir.AggregateState:
		groups := r.groupsSource(st, false)
		groups.keep = true
		res.source = groups
	default:
		pages := r.pagesSource(st)
		pages.keep = true
		res.source = pages
	}
	if err != nil {
		return nil, err
	}
	st.busy = true
	res.rows, _ = res.source.size()
	if st.Kind == ir.AggregateState {
		res.rows = -1 // equal groups are still to be merged
	}
	if err := r.session.workers[0].showPins(&r.session.windows); err != nil {
		return nil, err
	}
	res.stats = r.stats
	res.stats.Scans = r.scanStats()
	_, res.stats.PeakMemory = r.session.heap.Used()
	if r.spill != nil {
		res.stats.SpilledBytes = r.spill.written()
	}
	return res, nil
}

// Schema names the columns and their types.
func (res *Result) Schema() *arrow.Schema { return res.schema }

// Columns are the columns with their CIR types.
func (res *Result) Columns() []result.Column { return res.columns }

// Rows is the number of rows, -1 when it is known only after the last batch.
func (res *Result) Rows() int64 { return res.rows }

// Stats says what the run did.
func (res *Result) Stats() Stats { return res.stats }

// Next returns the next batch of at most store.ChunkRows rows, io.EOF behind the
// last. The caller releases it; it stays valid when the result is closed.
func (res *Result) Next() (arrow.RecordBatch, error) {
	if res.failed != nil {
		return nil, res.failed
	}
	batch, err := res.batch()
	if err != nil {
		res.failed = err
	}
	return batch, err
}

func (res *Result) batch() (arrow.RecordBatch, error) {
	r := res.run
	if r.session.current != r {
		return nil, errors.New("the result is closed")
	}
	if err := r.interrupted(); err != nil {
		return nil, err
	}
	if runs, ok := res.source.(*runsSource); ok && len(res.pending) == 0 {
		rows, err := runs.next(r.session.workers[0])
		if err != nil {
			return nil, err
		}
		for i := range rows {
			res.pending = append(res.pending, get32(runs.list(), uint32(4*i)))
		}
		res.next = 1
	}
	// Where pages come from disk, one leaves memory when the next one comes.
	for (len(res.pending) == 0 || r.spill == nil && len(res.pending) < res.most) && res.next < res.source.morsels() {
		err := r.protect(r.session.workers[0], res.gather)
		if err != nil {
			return nil, err
		}
		res.next++
	}
	if len(res.pending) == 0 {
		return nil, io.EOF
	}
	memory := result.Memory{
		Bytes: r.session.workers[0].memory,
		Readable: []result.Range{
			{From: abi.SharedBase, To: abi.SharedLimit},
			{From: abi.WindowBase, To: r.stable},
		},
	}
	for {
		n := min(len(res.pending), res.most)
		batch, err := result.Batch(arrowmemory.DefaultAllocator, res.schema, res.columns, &memory, res.pending[:n])
		if errors.Is(err, result.ErrTooLong) && n > 1 {
			res.most = n / 2
			continue
		}
		if err != nil {
			return nil, resultError(err)
		}
		res.pending = res.pending[n:]
		return batch, nil
	}
}

func resultError(err error) error {
	var address *result.AddressError
	switch {
	case errors.As(err, &address):
		return misbehaved("%v", err)
	case errors.Is(err, result.ErrTooLong), errors.Is(err, result.ErrInterval):
		return diag.New(CodeResult, "the result cannot be given: %v", err)
	default:
		return err
	}
}

// gather adds the record addresses of the next morsel to those pending.
func (res *Result) gather(w *worker) error {
	r := res.run
	st := r.states[r.program.Output.State]
	if len(res.pending) == 0 {
		res.pending = make([]uint32, 0, store.ChunkRows)
	}
	_, err := res.source.read(w, res.next, func(rows int) error {
		values := get32(w.memory, abi.MorselColumns+abi.ColumnValues)
		size := uint32(st.Record.Size)
		for i := range uint32(rows) {
			record := values + i*size
			if st.Kind == ir.SortState {
				record = get32(w.memory, values+4*i)
			}
			if st.Kind == ir.AggregateState && get32(w.memory, record+abi.RecordNext) == abi.RecordDead {
				continue
			}
			res.pending = append(res.pending, record)
		}
		return nil
	})
	return err
}

// Close frees the rows. Batches that were given stay.
func (res *Result) Close() error {
	if res.run.session.current != res.run {
		return nil
	}
	return errors.Join(res.source.close(), res.run.close())
}
