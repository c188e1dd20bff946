//go:build cgo

package wasmtime

import (
	"context"
	"fmt"
	"runtime"

	wt "github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/engine/internal/processor"
)

// Name is the engine's name in the registry.
const Name = "wasmtime"

// release is the version of wasmtime that go.mod requires.
const release = "44.0.0"

// configuration changes whenever New configures code generation otherwise.
const configuration = "1"

func init() {
	engine.Register(Name, 2, func() (engine.Engine, error) { return New(), nil })
}

type wasmtimeEngine struct {
	engine  *wt.Engine
	version string
}

// New starts an engine.
func New() engine.Engine {
	config := wt.NewConfig()
	config.SetStrategy(wt.StrategyCranelift)
	config.SetCraneliftOptLevel(wt.OptLevelSpeed)
	config.SetParallelCompilation(true)
	config.SetWasmSIMD(true)
	config.SetWasmRelaxedSIMD(true)
	config.SetWasmWideArithmetic(true)
	config.SetWasmMultiValue(true)
	config.SetWasmBulkMemory(true)
	config.SetWasmTailCall(true)
	config.SetWasmMultiMemory(false)
	// Fuel and epochs stay off: generated code counts its own budget. The
	// reservation of 4 GiB with guards is wasmtime's default on 64 bits. Unwind
	// tables are for native debuggers only, and registering them is slow.
	config.SetNativeUnwindInfo(false)
	return &wasmtimeEngine{
		engine:  wt.NewEngineWithConfig(config),
		version: fmt.Sprintf("wasmtime-%s/%s/%s-%s/%s", release, configuration, runtime.GOOS, runtime.GOARCH, processor.Features()),
	}
}

func (e *wasmtimeEngine) Name() string    { return Name }
func (e *wasmtimeEngine) Version() string { return e.version }

func (e *wasmtimeEngine) Has(feature engine.Feature) bool {
	switch feature {
	case engine.SIMD, engine.RelaxedSIMD, engine.WideArithmetic, engine.TailCall:
		return true
	default:
		return false
	}
}

func (e *wasmtimeEngine) Compile(ctx context.Context, wasm []byte) (engine.Module, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(wasm) == 0 {
		return nil, engine.Refused(fmt.Errorf("it is empty"))
	}
	compiled, err := wt.NewModule(e.engine, wasm)
	if err != nil {
		return nil, engine.Refused(err)
	}
	return newModule(compiled), nil
}

func (e *wasmtimeEngine) Load(native []byte) (engine.Module, error) {
	if len(native) == 0 {
		return nil, engine.Refused(fmt.Errorf("its native form is empty"))
	}
	compiled, err := wt.NewModuleDeserialize(e.engine, native)
	if err != nil {
		return nil, engine.Refused(err)
	}
	return newModule(compiled), nil
}

func (e *wasmtimeEngine) Close() error {
	e.engine.Close()
	return nil
}

// module is compiled code with its imports, which wasmtime-go makes anew each
// time they are asked for.
type module struct {
	compiled *wt.Module
	imports  []importName
}

type importName struct{ module, name string }

func newModule(compiled *wt.Module) *module {
	m := &module{compiled: compiled}
	for _, imported := range compiled.Imports() {
		var name string
		if given := imported.Name(); given != nil {
			name = *given
		}
		m.imports = append(m.imports, importName{imported.Module(), name})
	}
	return m
}

func (m *module) Serialize() ([]byte, error) {
	native, err := m.compiled.Serialize()
	if err != nil {
		return nil, fmt.Errorf("serializing a module: %w", err)
	}
	return native, nil
}

func (m *module) Close() error {
	m.compiled.Close()
	return nil
}
