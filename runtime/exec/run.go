package exec

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
)

// run is one execution of a program.
type run struct {
	session *Session
	query   *Query
	program *program.Program
	module  engine.Module

	ctx  context.Context // ends when the caller's does or the run has failed
	stop context.CancelCauseFunc

	context  memory.Block
	stable   uint32 // end of the mapped columns that are stable; begins at the constants
	scans    []*scan
	states   []*state
	begun    int // workers that have begun
	filling  *state
	pipeline *program.Pipeline

	onDevice onDevice
	fetched  int64 // bytes of states that came from the device

	mu     sync.Mutex // guards spill, and the counts of limited buffers
	spill  *spillFile
	relief sync.Mutex // held by the worker that moves pages of finished states
	stats  Stats
}

// Run executes a program to its end and returns the result, whose rows stay in the
// session's memory until it is closed. Errors of the query are diagnostics; a query
// that ctx ends is E0610. Where rows were lost with a device, it is executed again
// without it.
func (s *Session) Run(ctx context.Context, query Query) (*Result, error) {
	result, err := s.execute(ctx, query, nil)
	var lost *lostState
	if !errors.As(err, &lost) {
		return result, err
	}
	if query.RequireDevice {
		return nil, lost.cause
	}
	return s.execute(ctx, query, lost.cause)
}

// execute is one attempt of Run; off is why it may not use the device.
func (s *Session) execute(ctx context.Context, query Query, off *diag.Diagnostic) (result *Result, err error) {
	switch {
	case s.closed:
		return nil, errors.New("the session is closed")
	case s.current != nil:
		return nil, ErrBusy
	}
	if err := query.Program.Check(); err != nil {
		return nil, err
	}
	if library := query.Program.Library; library != "" && library != s.libraryDigest {
		return nil, diag.New(CodeStale, "the program was compiled for another release of the runtime library").
			Helpf("compile the query again with this release")
	}
	r := &run{session: s, query: &query, program: query.Program, onDevice: onDevice{off: off}}
	var stop context.CancelCauseFunc
	r.ctx, stop = context.WithCancelCause(ctx)
	r.stop = stop
	s.current = r
	defer func() {
		if recovered := recover(); recovered != nil {
			err = diag.Internal("executing a query", recovered, debug.Stack())
		}
		if err == nil {
			return
		}
		result = nil
		err = cancelled(err)
		// A call that was cut short may leave a module's globals as they were then.
		err = single(errors.Join(err, r.close(), s.dropWorkers()))
	}()
	if err := r.execute(); err != nil {
		return nil, err
	}
	return newResult(r)
}

// execute runs the program.
func (r *run) execute() error {
	started := r.now()
	if err := r.interrupted(); err != nil {
		return err
	}
	var err error
	if r.module, err = r.session.module(r.ctx, r.query); err != nil {
		if ended := r.interrupted(); ended != nil {
			return ended // an engine may call this a module that it cannot compile
		}
		return err
	}
	r.stats.Compile = r.since(started)
	if err := r.prepare(); err != nil {
		return err
	}
	r.stats.Prepare = r.since(started) - r.stats.Compile
	for i := range r.program.Pipelines {
		if err := r.runPipeline(i); err != nil {
			return err
		}
	}
	if err := r.fetchOutput(); err != nil {
		return err
	}
	r.stats.Execute = r.since(started) - r.stats.Compile - r.stats.Prepare
	return nil
}

// prepare sets up everything that the first pipeline needs: constants, then blocks.
func (r *run) prepare() error {
	s := r.session
	if abi.SharedLimit-int64(s.constants) > keptConstants {
		s.constants = abi.SharedLimit
		s.constantsEpoch++
		clear(s.dictionaries)
	}
	s.heap.Reset(s.constants)
	if err := r.openScans(); err != nil {
		return err
	}
	s.constants = s.heap.Constants()
	values, err := r.parameters()
	if err != nil {
		return err
	}
	base := s.heap.Constants()
	s.heap.Begin()
	r.stable = s.windows.pinnedEnd()

	if r.context, err = s.heap.AllocateBeyond(max(r.program.ContextSize, abi.ContextParameters)); err != nil {
		return r.noMemory(r.program.ContextSize, "hold the program's parameters")
	}
	block := s.heap.At(r.context)
	clear(block)
	put32(block, abi.ContextStableBase, base)
	put32(block, abi.ContextStableLimit, r.stable)
	copy(block[abi.ContextParameters:], values)
	return r.makeStates()
}

// close gives back what the run holds.
func (r *run) close() error {
	if r.session.current != r {
		return nil
	}
	r.session.current = nil
	r.stop(context.Canceled)
	var failed error
	for _, scan := range r.scans {
		failed = errors.Join(failed, scan.close())
	}
	if r.spill != nil {
		failed = errors.Join(failed, r.spill.close())
	}
	r.closeDevice()
	r.session.heap.Reset(r.session.constants)
	return errors.Join(failed, r.session.heap.Trim(keptMemory))
}

// begin makes the first n workers ready for the run.
func (r *run) begin(n int) error {
	for ; r.begun < n; r.begun++ {
		w, err := r.session.worker(r.begun)
		if err != nil {
			return err
		}
		if err := w.begin(r); err != nil {
			return err
		}
	}
	return nil
}

// parallel runs task on the first n workers at once, which must have begun. The first
// error ends the run: the other workers stop at their next question.
func (r *run) parallel(n int, task func(w *worker) error) error {
	workers := r.session.workers[:n]
	if n == 1 {
		return r.protect(workers[0], task)
	}
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(func() {
			if err := r.protect(w, task); err != nil {
				r.stop(err)
			}
		})
	}
	group.Wait()
	return r.interrupted()
}

// protect turns a panic of a task into an error, so that it ends the query and not
// the process.
func (r *run) protect(w *worker, task func(w *worker) error) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = diag.Internal("executing a query", recovered, debug.Stack())
		}
	}()
	return task(w)
}

// each runs task for 0 to n-1 on up to the session's number of goroutines. It is for
// work in Go that needs no instance.
func (r *run) each(n int, task func(i int) error) error {
	goroutines := min(n, r.session.options.Threads)
	if goroutines <= 1 {
		for i := range n {
			if err := r.interrupted(); err != nil {
				return err
			}
			if err := task(i); err != nil {
				return err
			}
		}
		return nil
	}
	counter := newCounter(n)
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			err := r.protect(nil, func(*worker) error {
				for i, ok := counter.take(); ok && r.ctx.Err() == nil; i, ok = counter.take() {
					if err := task(i); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				r.stop(err)
			}
		})
	}
	group.Wait()
	return r.interrupted()
}

func (r *run) now() time.Time                        { return r.session.system.Clock.Now() }
func (r *run) since(started time.Time) time.Duration { return r.session.system.Clock.Since(started) }

// noMemory is the error of a block that cannot be had.
func (r *run) noMemory(size int, purpose string) error {
	return diag.New(CodeMemory, "out of memory: %s more are needed to %s, and the budget is %s",
		bytesText(int64(size)), purpose, bytesText(r.session.heap.Budget())).
		Helpf("give the query more memory (--memory) or fewer workers (--threads)")
}

// bytesText writes a size for people.
func bytesText(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB"}
	unit := 0
	for n >= 1<<10 && n%(1<<10) == 0 && unit+1 < len(units) || n >= 10<<10 && unit+1 < len(units) {
		n >>= 10
		unit++
	}
	return fmt.Sprintf("%d %s", n, units[unit])
}

// describe names a state for people.
func describe(st *state) string {
	switch st.Kind {
	case ir.HashTableState:
		return fmt.Sprintf("build the hash table %q", st.Name)
	case ir.AggregateState:
		return fmt.Sprintf("hold the groups of %q", st.Name)
	case ir.SortState:
		return fmt.Sprintf("sort the rows of %q", st.Name)
	default:
		return fmt.Sprintf("hold the rows of %q", st.Name)
	}
}
