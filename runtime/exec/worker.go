package exec

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/engine"
)

// steps is how far compiled code counts down before it asks whether to go on. A step
// is a loop iteration or a function's entry, so this is some milliseconds.
const steps = 1 << 20

// worker is one instance of the library with the code of queries linked to it.
type worker struct {
	number    int
	instance  engine.Instance
	memory    []byte // the whole linear memory
	functions map[functionKey]engine.Function
	linked    map[engine.Module]bool
	view      view // what its windows show
	run       *run // what it works for
}

type functionKey struct {
	module engine.Module
	name   string
}

func (s *Session) newWorker(number int) (*worker, error) {
	w := &worker{number: number, functions: map[functionKey]engine.Function{}, linked: map[engine.Module]bool{}}
	instance, err := s.options.Engine.NewInstance(engine.InstanceConfig{
		Heap:    s.heap.Shared(),
		Host:    w.hostFunctions(),
		Modules: []engine.Link{{Name: abi.LibraryModule, Module: s.library}},
	})
	if err != nil {
		return nil, err
	}
	w.instance, w.memory = instance, instance.Memory()
	return w, nil
}

func (w *worker) hostFunctions() []engine.HostFunc {
	i32 := engine.I32
	return []engine.HostFunc{
		{Name: abi.TickImport, Func: func(engine.Instance, []uint64) (uint64, error) {
			w.instance.SetBudget(steps)
			return 0, w.run.interrupted()
		}},
		{
			Name: abi.PageImport, Params: []engine.ValueType{i32, i32, i32}, Results: []engine.ValueType{i32},
			Func: func(_ engine.Instance, args []uint64) (uint64, error) {
				cursor, err := w.run.page(w, uint32(args[0]), uint32(args[1]), uint32(args[2]))
				return uint64(cursor), err
			},
		},
		{Name: abi.FullImport, Params: []engine.ValueType{i32}, Func: func(_ engine.Instance, args []uint64) (uint64, error) {
			return 0, w.run.full(w, uint32(args[0]))
		}},
		{Name: abi.FailImport, Params: []engine.ValueType{i32}, Func: func(_ engine.Instance, args []uint64) (uint64, error) {
			return 0, w.run.fail(uint32(args[0]))
		}},
	}
}

// begin prepares the worker for a run: it links the code and clears its part of the
// states.
func (w *worker) begin(r *run) error {
	w.run = r
	if !w.linked[r.module] {
		link := engine.Link{Name: r.session.modules[r.module].name, Module: r.module}
		if err := w.instance.Link(link); err != nil {
			return err
		}
		w.linked[r.module] = true
	}
	clear(w.memory[abi.LocalBase : abi.LocalBase+r.program.LocalSize])
	put32(w.memory, abi.ScratchCursor, abi.ScratchBase)
	w.instance.SetBudget(steps)
	// A record may hold the address of pinned text, so a worker that reads records
	// needs the pins even if it never reads the table.
	return w.showPins(&r.session.windows)
}

// function finds an exported function of the query.
func (w *worker) function(name string) (engine.Function, error) {
	key := functionKey{w.run.module, name}
	if function := w.functions[key]; function != nil {
		return function, nil
	}
	function, err := w.instance.Function(w.run.session.modules[w.run.module].name, name)
	if err != nil {
		return nil, err
	}
	w.functions[key] = function
	return function, nil
}

// call calls an exported function of the query with the context as first argument.
func (w *worker) call(name string, args ...uint64) error {
	function, err := w.function(name)
	if err != nil {
		return err
	}
	_, err = function.Call(append([]uint64{uint64(w.run.context.Address)}, args...)...)
	return err
}

// local is the address of the worker's part of a state.
func local(st *state) uint32 { return uint32(abi.LocalBase + st.LocalOffset) }

// localHeader is the address of what stands behind the writers.
func localHeader(st *state) uint32 { return local(st) + uint32(st.Partitions*abi.WriterSize) }

// fail is the host function by which a program reports an error.
func (r *run) fail(site uint32) error {
	if int64(site) >= int64(len(r.program.Sites)) {
		return misbehaved("compiled code failed at place %d of %d", site, len(r.program.Sites))
	}
	return r.siteError(&r.program.Sites[site])
}

func (r *run) siteError(site *program.Site) error {
	problem := diag.New(site.Code, "%s", site.Message)
	source := r.query.Source
	if source != nil && site.Span != (diag.Span{}) && site.Span.Start >= 0 && site.Span.Start <= site.Span.End && int(site.Span.End) <= len(source.Text) {
		problem.At(source, site.Span, "")
	}
	return problem
}

// interrupted returns the error of a run that must not go on: its own first one, or
// that of its context.
func (r *run) interrupted() error {
	if r.ctx.Err() == nil {
		return nil
	}
	return cancelled(context.Cause(r.ctx))
}

// cancelled turns the error of a context into a diagnostic; others stay as they are.
func cancelled(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return diag.New(CodeCancelled, "the query was cancelled: its time limit is over")
	case errors.Is(err, context.Canceled):
		return diag.New(CodeCancelled, "the query was cancelled")
	default:
		return err
	}
}

func misbehaved(format string, args ...any) *diag.Diagnostic {
	return diag.New(CodeMisbehaved, format, args...).Helpf("compile the query again with this release")
}

func get32(memory []byte, address uint32) uint32 {
	return binary.LittleEndian.Uint32(memory[address:])
}

func put32(memory []byte, address, value uint32) {
	binary.LittleEndian.PutUint32(memory[address:], value)
}

func get64(memory []byte, address uint32) uint64 {
	return binary.LittleEndian.Uint64(memory[address:])
}

func put64(memory []byte, address uint32, value uint64) {
	binary.LittleEndian.PutUint64(memory[address:], value)
}
