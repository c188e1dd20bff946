package wazero

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/engine/internal/processor"
	"github.com/heddle-lang/heddle/runtime/engine/internal/shape"
)

// Name is the engine's name in the registry.
const Name = "wazero"

// release is the version of wazero that go.mod requires.
const release = "1.12.0"

func init() {
	engine.Register(Name, 1, func() (engine.Engine, error) { return New(), nil })
}

type wazeroEngine struct {
	runtime wazero.Runtime
	version string

	mu    sync.Mutex
	hosts map[string]api.Module // by the signatures of their functions
}

// New starts an engine.
func New() engine.Engine {
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst).
		WithMemoryLimitPages(abi.MemoryPages).
		WithDebugInfoEnabled(false)
	return &wazeroEngine{
		runtime: wazero.NewRuntimeWithConfig(context.Background(), config),
		version: fmt.Sprintf("wazero-%s/%s-%s/%s", release, runtime.GOOS, runtime.GOARCH, processor.Features()),
		hosts:   map[string]api.Module{},
	}
}

func (e *wazeroEngine) Name() string    { return Name }
func (e *wazeroEngine) Version() string { return e.version }

func (e *wazeroEngine) Has(feature engine.Feature) bool {
	return feature == engine.SIMD || feature == engine.TailCall
}

func (e *wazeroEngine) Compile(ctx context.Context, wasm []byte) (engine.Module, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := shape.Check(wasm); err != nil {
		return nil, engine.Refused(err)
	}
	// Workers help from about a hundred functions on; fewer are compiled by one.
	compiled, err := e.runtime.CompileModule(experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0)), wasm)
	if err != nil {
		return nil, engine.Refused(err)
	}
	m := &module{compiled: compiled}
	for _, function := range compiled.ImportedFunctions() {
		from, name, _ := function.Import()
		m.imports = append(m.imports, importedFunction{from, name, function.ParamTypes(), function.ResultTypes()})
	}
	return m, nil
}

func (e *wazeroEngine) Load([]byte) (engine.Module, error) { return nil, engine.ErrNoNativeForm }

func (e *wazeroEngine) Close() error {
	if err := e.runtime.Close(context.Background()); err != nil {
		return fmt.Errorf("closing wazero: %w", err)
	}
	return nil
}

// hostModule returns the module through which guests call functions with these
// names and signatures. It knows functions by number only; the instance, and so
// the function to run, comes with the context of the call. Hence one module
// serves all instances with the same list.
func (e *wazeroEngine) hostModule(functions []engine.HostFunc) (api.Module, error) {
	var key []byte
	for _, function := range functions {
		key = binary.AppendUvarint(key, uint64(len(function.Name)))
		key = append(key, function.Name...)
		for _, types := range [][]engine.ValueType{function.Params, function.Results} {
			key = binary.AppendUvarint(key, uint64(len(types)))
			for _, t := range types {
				key = append(key, byte(t))
			}
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if made := e.hosts[string(key)]; made != nil {
		return made, nil
	}
	builder := e.runtime.NewHostModuleBuilder(abi.HostModule)
	for i, function := range functions {
		builder = builder.NewFunctionBuilder().
			WithGoFunction(hostFunction(i), valueTypes(function.Params), valueTypes(function.Results)).
			Export(function.Name)
	}
	compiled, err := builder.Compile(context.Background())
	if err != nil {
		return nil, engine.Unlinked("the host's functions: %v", err)
	}
	made, err := e.runtime.InstantiateModule(context.Background(), compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, engine.Unlinked("the host's functions: %v", err)
	}
	e.hosts[string(key)] = made
	return made, nil
}

func valueTypes(types []engine.ValueType) []api.ValueType {
	out := make([]api.ValueType, len(types))
	for i, t := range types {
		out[i] = api.ValueType(t) // both number types as the binary format does
	}
	return out
}

type module struct {
	compiled wazero.CompiledModule
	imports  []importedFunction
}

type importedFunction struct {
	module, name    string
	params, results []api.ValueType
}

func (m *module) Serialize() ([]byte, error) { return nil, engine.ErrNoNativeForm }

func (m *module) Close() error {
	if err := m.compiled.Close(context.Background()); err != nil {
		return fmt.Errorf("closing a module: %w", err)
	}
	return nil
}
