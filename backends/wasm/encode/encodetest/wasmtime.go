//go:build cgo

package encodetest

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

// sharedEngine is one wasmtime engine with every feature that the encoder can ask
// for. Compiling in parallel does not pay for modules as small as those of tests.
var sharedEngine = sync.OnceValue(func() *wasmtime.Engine {
	config := wasmtime.NewConfig()
	config.SetWasmWideArithmetic(true)
	config.SetWasmRelaxedSIMD(true)
	config.SetParallelCompilation(false)
	return wasmtime.NewEngineWithConfig(config)
})

func cgoEngines() []Engine {
	return []Engine{{Name: "wasmtime", Compile: wasmtimeCompile, Call: wasmtimeCall}}
}

// Assemble turns text into a module with wasmtime's assembler, an implementation
// of the text format independent of ours.
func Assemble(t testing.TB, text string) []byte {
	t.Helper()
	module, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatalf("assemble: %v\n%s", err, text)
	}
	return module
}

func wasmtimeCompile(module []byte) error {
	compiled, err := wasmtime.NewModule(sharedEngine(), module)
	if err == nil {
		compiled.Close()
	}
	return err
}

func wasmtimeCall(module []byte, export string, args ...uint64) ([]uint64, error) {
	compiled, err := wasmtime.NewModule(sharedEngine(), module)
	if err != nil {
		return nil, err
	}
	defer compiled.Close()
	store := wasmtime.NewStore(sharedEngine())
	defer store.Close()
	instance, err := wasmtime.NewInstance(store, compiled, nil)
	if err != nil {
		return nil, err
	}
	function := instance.GetFunc(store, export)
	if function == nil {
		return nil, fmt.Errorf("no exported function %q", export)
	}
	params := function.Type(store).Params()
	if len(params) != len(args) {
		return nil, fmt.Errorf("%q takes %d arguments, not %d", export, len(params), len(args))
	}
	values := make([]any, len(args))
	for i, p := range params {
		switch p.Kind() {
		case wasmtime.KindI32:
			values[i] = int32(args[i])
		case wasmtime.KindI64:
			values[i] = int64(args[i])
		case wasmtime.KindF32:
			values[i] = math.Float32frombits(uint32(args[i]))
		case wasmtime.KindF64:
			values[i] = math.Float64frombits(args[i])
		default:
			return nil, fmt.Errorf("argument %d of %q is a %s", i, export, p)
		}
	}
	result, err := function.Call(store, values...)
	if err != nil {
		return nil, err
	}
	return wasmtimeResults(result)
}

func wasmtimeResults(result any) ([]uint64, error) {
	switch v := result.(type) {
	case nil:
		return nil, nil
	case int32:
		return []uint64{uint64(uint32(v))}, nil
	case int64:
		return []uint64{uint64(v)}, nil
	case float32:
		return []uint64{uint64(math.Float32bits(v))}, nil
	case float64:
		return []uint64{math.Float64bits(v)}, nil
	case []wasmtime.Val:
		var all []uint64
		for _, value := range v {
			bits, err := wasmtimeResults(value.Get())
			if err != nil {
				return nil, err
			}
			all = append(all, bits...)
		}
		return all, nil
	default:
		return nil, fmt.Errorf("result of type %T", result)
	}
}
