// Package encodetest checks and runs modules in tests, on every engine that the
// build has: wazero always, wasmtime where cgo is there. It takes the bytes of a
// module and gives a test failure or the results of a call.
package encodetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
)

// Engine is one of the engines under test.
type Engine struct {
	Name string
	// Features that the engine does not have.
	Lacks encode.Feature
	// Compile reports whether the engine accepts the module.
	Compile func(module []byte) error
	// Call instantiates the module, which must not import anything, and calls an
	// export. Arguments and results are the bits of i32, i64, f32 and f64.
	Call func(module []byte, export string, args ...uint64) ([]uint64, error)
}

// Engines returns the engines of this build.
func Engines() []Engine {
	engines := []Engine{{
		Name:    "wazero",
		Lacks:   encode.FeatureRelaxedSIMD | encode.FeatureWideArithmetic,
		Compile: wazeroCompile,
		Call:    wazeroCall,
	}}
	return append(engines, cgoEngines()...)
}

// Validate fails the test unless every engine that has the features of the module
// accepts it.
func Validate(t testing.TB, module []byte) {
	t.Helper()
	d, err := encode.Decode(module)
	if err != nil {
		t.Errorf("decode: %v", err)
		return
	}
	for _, engine := range Engines() {
		if d.Features&engine.Lacks != 0 {
			continue
		}
		if err := engine.Compile(module); err != nil {
			t.Errorf("%s refuses the module: %v", engine.Name, err)
		}
	}
}

func wazeroCompile(module []byte) error {
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	compiled, err := runtime.CompileModule(ctx, module)
	if err == nil {
		err = compiled.Close(ctx)
	}
	if closing := runtime.Close(ctx); err == nil {
		err = closing
	}
	return err
}

func wazeroCall(module []byte, export string, args ...uint64) ([]uint64, error) {
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	defer func() { _ = runtime.Close(ctx) }() // the call has given its results
	instance, err := runtime.Instantiate(ctx, module)
	if err != nil {
		return nil, err
	}
	function := instance.ExportedFunction(export)
	if function == nil {
		return nil, fmt.Errorf("no exported function %q", export)
	}
	return function.Call(ctx, args...)
}
