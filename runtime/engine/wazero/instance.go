package wazero

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/engine/internal/hostcall"
	"github.com/heddle-lang/heddle/runtime/engine/linear"
)

var errClosed = errors.New("the instance is closed")

type instance struct {
	engine  *wazeroEngine
	context context.Context // carries the instance to its host functions
	linking context.Context // carries memory and imports to new modules
	space   *linear.Space
	names   []string // of modules, as linked
	linked  []api.Module
	budget  api.MutableGlobal // nil: none
	host    []engine.HostFunc
	pending hostcall.Pending
	closed  bool
}

// instanceKey is the key of the instance in its context.
type instanceKey struct{}

func (e *wazeroEngine) NewInstance(config engine.InstanceConfig) (engine.Instance, error) {
	hostcall.CheckHost(config.Host)
	space, err := linear.Reserve(config.Heap)
	if err != nil {
		return nil, err
	}
	in := &instance{engine: e, space: space, host: config.Host}
	in.context = context.WithValue(context.Background(), instanceKey{}, in)
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
	host, err := in.engine.hostModule(config.Host)
	if err != nil {
		return err
	}
	// Every import of every module is answered here: wazero's own namespace is
	// only asked for what the resolver does not know, and it is empty.
	ctx := experimental.WithImportResolver(in.context, func(name string) api.Module {
		if name == abi.HostModule {
			return host
		}
		for i := range in.names {
			if in.names[i] == name {
				return in.linked[i]
			}
		}
		return nil
	})
	in.linking = experimental.WithMemoryAllocator(ctx, &allocator{space: in.space})
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
	first := len(in.names) == 0
	if first {
		memory := m.compiled.ExportedMemories()[abi.MemoryExport]
		if memory == nil {
			return engine.Unlinked("module %q does not export a memory named %q", link.Name, abi.MemoryExport)
		}
		if most, bounded := memory.Max(); memory.Min() != abi.MemoryPages || !bounded || most != abi.MemoryPages {
			return engine.Unlinked("the memory of module %q has %d pages; it must have exactly %d", link.Name, memory.Min(), abi.MemoryPages)
		}
	}
	if err := in.checkImports(m, link.Name); err != nil {
		return err
	}
	linked, err := in.engine.instantiate(in.linking, m)
	if reason := in.pending.Take(); reason != nil {
		return reason // a start function called a host function that failed
	}
	if err != nil {
		if kind, is := trapKind(err); is {
			return engine.Trap(kind, err.Error())
		}
		return engine.Unlinked("module %q does not fit: %v", link.Name, err)
	}
	in.names, in.linked = append(in.names, link.Name), append(in.linked, linked)
	if first {
		in.budget, _ = linked.ExportedGlobal(abi.BudgetExport).(api.MutableGlobal)
		in.pending.Ready = true
	}
	return nil
}

// checkImports names a missing function as the other engine does. Other kinds
// of import are left to wazero.
func (in *instance) checkImports(m *module, name string) error {
	for _, wanted := range m.imports {
		if !in.gives(wanted) {
			return engine.Unlinked("module %q imports %q from %q, which it is not given", name, wanted.name, wanted.module)
		}
	}
	return nil
}

func (in *instance) gives(wanted importedFunction) bool {
	if wanted.module == abi.HostModule {
		for i := range in.host {
			if in.host[i].Name == wanted.name {
				return true
			}
		}
		return false
	}
	for i := range in.names {
		if in.names[i] == wanted.module && in.linked[i].ExportedFunctionDefinitions()[wanted.name] != nil {
			return true
		}
	}
	return false
}

// instantiate makes a module instance without a name, which no other instance
// can see.
func (e *wazeroEngine) instantiate(ctx context.Context, m *module) (linked api.Module, err error) {
	defer func() {
		switch reason := recover(); reason {
		case nil:
		case errSecondMemory:
			linked, err = nil, errSecondMemory
		default:
			panic(reason)
		}
	}()
	return e.runtime.InstantiateModule(ctx, m.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
}

var errSecondMemory = errors.New("it defines a memory of its own")

// allocator gives the instance's space to wazero as the memory that the first
// module defines.
type allocator struct {
	space *linear.Space
	given bool
}

func (a *allocator) Allocate(_, _ uint64) experimental.LinearMemory {
	if a.given {
		panic(errSecondMemory) // there is no other way to refuse
	}
	a.given = true
	return a
}

func (a *allocator) Reallocate(size uint64) []byte {
	if size > abi.MemoryPages*abi.PageSize {
		return nil // the memory cannot grow
	}
	return a.space.Bytes()[:size]
}

// Free does nothing: Instance.Close frees the space.
func (*allocator) Free() {}

func (in *instance) Function(moduleName, name string) (engine.Function, error) {
	if in.closed {
		return nil, errClosed
	}
	for i := range in.names {
		if in.names[i] != moduleName {
			continue
		}
		callee := in.linked[i].ExportedFunction(name)
		if callee == nil {
			continue
		}
		definition := callee.Definition()
		params, err := numbers(definition.ParamTypes(), moduleName, name)
		if err != nil {
			return nil, err
		}
		results, err := numbers(definition.ResultTypes(), moduleName, name)
		if err != nil {
			return nil, err
		}
		if len(results) > 1 {
			return nil, engine.Unlinked("function %q of module %q has %d results; the host takes at most one", name, moduleName, len(results))
		}
		return &function{
			instance: in, module: in.linked[i], name: name, callee: callee,
			params: params, results: results,
			stack: make([]uint64, max(len(params), len(results))),
		}, nil
	}
	return nil, engine.Unlinked("module %q does not export a function named %q", moduleName, name)
}

func numbers(types []api.ValueType, moduleName, name string) ([]engine.ValueType, error) {
	out := make([]engine.ValueType, len(types))
	for i, t := range types {
		switch t {
		case api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeF32, api.ValueTypeF64:
			out[i] = engine.ValueType(t)
		default:
			return nil, engine.Unlinked("function %q of module %q takes or gives a value that is not a number: %s", name, moduleName, api.ValueTypeName(t))
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
	return api.DecodeI32(in.budget.Get())
}

func (in *instance) SetBudget(steps int32) {
	if in.budget != nil {
		in.budget.Set(api.EncodeI32(steps))
	}
}

func (in *instance) Close() error {
	if in.closed {
		return nil
	}
	in.closed = true
	var failed error
	for i := len(in.linked) - 1; i >= 0; i-- {
		failed = errors.Join(failed, in.linked[i].Close(context.Background()))
	}
	in.space.Close()
	if failed != nil {
		return fmt.Errorf("closing an instance: %w", failed)
	}
	return nil
}
