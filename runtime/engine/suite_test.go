package engine_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/heddle-lang/heddle/runtime/engine"
	_ "github.com/heddle-lang/heddle/runtime/engine/all"
	"github.com/heddle-lang/heddle/runtime/engine/linear"
)

// forEachEngine runs a test on every engine of this build.
func forEachEngine(t *testing.T, test func(t *testing.T, bench *bench)) {
	t.Helper()
	for _, name := range engine.Names() {
		t.Run(name, func(t *testing.T) { test(t, newBench(t, name)) })
	}
}

// bench is an engine with the test modules compiled and a heap.
type bench struct {
	engine         engine.Engine
	library, query engine.Module
	heap           *linear.Heap
	host           []engine.HostFunc
	onTick         func(engine.Instance) error
	onMix          func([]uint64) (uint64, error)
}

func newBench(t testing.TB, name string) *bench {
	t.Helper()
	opened, err := engine.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{engine: opened}
	b.library, b.query = b.compile(t, "library"), b.compile(t, "query")
	if b.heap, err = linear.NewHeap(64 << 20); err != nil {
		t.Fatal(err)
	}
	b.onTick = func(engine.Instance) error { return nil }
	b.onMix = func([]uint64) (uint64, error) { return 0, nil }
	b.host = []engine.HostFunc{
		{Name: "tick", Func: func(in engine.Instance, _ []uint64) (uint64, error) { return 0, b.onTick(in) }},
		{
			Name:    "mix",
			Params:  []engine.ValueType{engine.I32, engine.I64, engine.F32, engine.F64},
			Results: []engine.ValueType{engine.I64},
			Func:    func(_ engine.Instance, args []uint64) (uint64, error) { return b.onMix(args) },
		},
	}
	t.Cleanup(func() {
		mustClose(t, b.library)
		mustClose(t, b.query)
		if err := b.heap.Close(); err != nil {
			t.Error(err)
		}
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func module(t testing.TB, name string) []byte {
	t.Helper()
	wasm, err := os.ReadFile(filepath.Join("testdata", name+".wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

func (b *bench) compile(t testing.TB, name string) engine.Module {
	t.Helper()
	compiled, err := b.engine.Compile(t.Context(), module(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func (b *bench) config() engine.InstanceConfig {
	return engine.InstanceConfig{
		Heap: b.heap,
		Host: b.host,
		Modules: []engine.Link{
			{Name: "library", Module: b.library},
			{Name: "query", Module: b.query},
		},
	}
}

func (b *bench) instance(t testing.TB) engine.Instance {
	t.Helper()
	in, err := b.engine.NewInstance(b.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

func function(t testing.TB, in engine.Instance, name string) engine.Function {
	t.Helper()
	f, err := in.Function("query", name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// call calls a function of the query module that must succeed.
func call(t testing.TB, in engine.Instance, name string, args ...uint64) uint64 {
	t.Helper()
	result, err := function(t, in, name).Call(args...)
	if err != nil {
		t.Fatalf("%s%v: %v", name, args, err)
	}
	return result
}

// mustClose closes what a test opened, which must succeed.
func mustClose(tb testing.TB, c io.Closer) {
	tb.Helper()
	if err := c.Close(); err != nil {
		tb.Error(err)
	}
}
