//go:build cgo

package wasmtime

import (
	"errors"
	"fmt"
	"runtime/cgo"
	"slices"

	wt "github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/engine/internal/hostcall"
	"github.com/heddle-lang/heddle/runtime/engine/linear"
)

var errClosed = errors.New("the instance is closed")

type instance struct {
	store     *wt.Store
	space     *linear.Space
	names     []string // of modules, as linked
	linked    []*wt.Instance
	budget    *wt.Global // nil: none
	host      []engine.HostFunc
	hosted    []*wt.Func // the same, in the store
	heap      *linear.Heap
	handle    cgo.Handle // host functions find the instance by it
	pending   hostcall.Pending
	words     []uint64    // arguments of running host functions
	functions []*function // to be freed
	closed    bool
}

func (e *wasmtimeEngine) NewInstance(config engine.InstanceConfig) (engine.Instance, error) {
	hostcall.CheckHost(config.Host)
	if len(config.Host) >= 1<<hostBits {
		panic("BUG: too many host functions")
	}
	in := &instance{store: wt.NewStore(e.engine), host: config.Host, heap: config.Heap}
	const unlimited = -1
	in.store.Limiter(unlimited, unlimited, unlimited, unlimited, 1) // one memory
	in.handle = cgo.NewHandle(in)
	if err := in.link(config); err != nil {
		_ = in.Close() // why it did not link says more
		return nil, err
	}
	return in, nil
}

func (in *instance) link(config engine.InstanceConfig) error {
	if len(config.Modules) == 0 {
		return engine.Unlinked("an instance needs at least the module that defines its memory")
	}
	in.hosted = hostFunctions(in)
	for _, link := range config.Modules {
		if err := in.Link(link); err != nil {
			return err
		}
	}
	return nil
}

func (in *instance) Link(link engine.Link) error {
	if in.closed {
		return errClosed
	}
	if slices.Contains(in.names, link.Name) {
		return engine.Unlinked("two modules are named %q", link.Name)
	}
	m, ok := link.Module.(*module)
	if !ok {
		return engine.Unlinked("module %q was compiled by another engine", link.Name)
	}
	imports := make([]wt.AsExtern, len(m.imports))
	for k, wanted := range m.imports {
		found := in.lookUp(wanted, in.hosted)
		if found == nil {
			return engine.Unlinked("module %q imports %q from %q, which it is not given", link.Name, wanted.name, wanted.module)
		}
		imports[k] = found
	}
	linked, err := wt.NewInstance(in.store, m.compiled, imports)
	if reason := in.pending.Take(); reason != nil {
		return reason // a start function called a host function that failed
	}
	if err != nil {
		if trap := new(wt.Trap); errors.As(err, &trap) {
			return startTrap(trap)
		}
		return engine.Unlinked("module %q does not fit: %v", link.Name, err)
	}
	in.names, in.linked = append(in.names, link.Name), append(in.linked, linked)
	if len(in.names) == 1 {
		if err := in.adoptMemory(linked, link.Name, in.heap); err != nil {
			return err
		}
		in.pending.Ready = true
	}
	return nil
}

func startTrap(trap *wt.Trap) error {
	defer trap.Close()
	kind := engine.TrapOther
	if code := trap.Code(); code != nil {
		kind = trapKind(int(*code))
	}
	return engine.Trap(kind, trap.Message())
}

// lookUp returns an untyped nil if nothing has that name.
func (in *instance) lookUp(wanted importName, host []*wt.Func) wt.AsExtern {
	if wanted.module == abi.HostModule {
		for i := range in.host {
			if in.host[i].Name == wanted.name {
				return host[i]
			}
		}
		return nil
	}
	for i := range in.names {
		if in.names[i] != wanted.module {
			continue
		}
		if export := in.linked[i].GetExport(in.store, wanted.name); export != nil {
			return export
		}
	}
	return nil
}

func (in *instance) adoptMemory(first *wt.Instance, name string, heap *linear.Heap) error {
	var memory *wt.Memory
	if export := first.GetExport(in.store, abi.MemoryExport); export != nil {
		memory = export.Memory()
	}
	if memory == nil {
		return engine.Unlinked("module %q does not export a memory named %q", name, abi.MemoryExport)
	}
	bounded, most := memory.Type(in.store).Maximum()
	if size := memory.Size(in.store); size != abi.MemoryPages || !bounded || most != abi.MemoryPages {
		return engine.Unlinked("the memory of module %q has %d pages; it must have exactly %d", name, size, abi.MemoryPages)
	}
	space, err := linear.Guard(memory.Data(in.store), heap)
	if err != nil {
		return err
	}
	in.space = space
	if export := first.GetExport(in.store, abi.BudgetExport); export != nil {
		in.budget = export.Global()
	}
	return nil
}

func (in *instance) Function(moduleName, name string) (engine.Function, error) {
	if in.closed {
		return nil, errClosed
	}
	for i := range in.names {
		if in.names[i] != moduleName {
			continue
		}
		callee := in.linked[i].GetFunc(in.store, name)
		if callee == nil {
			continue
		}
		signature := callee.Type(in.store)
		params, err := numbers(signature.Params(), moduleName, name)
		if err != nil {
			return nil, err
		}
		results, err := numbers(signature.Results(), moduleName, name)
		if err != nil {
			return nil, err
		}
		if len(results) > 1 {
			return nil, engine.Unlinked("function %q of module %q has %d results; the host takes at most one", name, moduleName, len(results))
		}
		f := newFunction(in, callee, params, results)
		in.functions = append(in.functions, f)
		return f, nil
	}
	return nil, engine.Unlinked("module %q does not export a function named %q", moduleName, name)
}

func numbers(types []*wt.ValType, moduleName, name string) ([]engine.ValueType, error) {
	out := make([]engine.ValueType, len(types))
	for i, t := range types {
		kind := t.Kind()
		switch kind {
		case wt.KindI32, wt.KindI64, wt.KindF32, wt.KindF64:
			out[i] = engine.I32 - engine.ValueType(kind)
		default:
			return nil, engine.Unlinked("function %q of module %q takes or gives a value that is not a number: %v", name, moduleName, kind)
		}
	}
	return out, nil
}

func (in *instance) Memory() []byte { return in.space.Bytes() }

func (in *instance) MapFile(addr uint32, length int, fd uintptr, offset int64) error {
	return in.space.MapFile(addr, length, fd, offset)
}

func (in *instance) MapScratch(addr uint32, length int) error {
	return in.space.MapScratch(addr, length)
}
func (in *instance) Unmap(addr uint32, length int) error { return in.space.Unmap(addr, length) }

func (in *instance) Budget() int32 {
	if in.budget == nil {
		return 0
	}
	return in.budget.Get(in.store).I32()
}

func (in *instance) SetBudget(steps int32) {
	if in.budget == nil {
		return
	}
	if err := in.budget.Set(in.store, wt.ValI32(steps)); err != nil {
		panic(fmt.Sprintf("BUG: the budget is not a mutable i32: %v", err))
	}
}

func (in *instance) Close() error {
	if in.closed {
		return nil
	}
	in.closed = true
	for _, f := range in.functions {
		f.free()
	}
	if in.space != nil {
		in.space.Close()
	}
	in.store.Close() // unmaps the memory
	in.handle.Delete()
	return nil
}
