package engine_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine"
)

func eachEngine(b *testing.B, run func(b *testing.B, bench *bench)) {
	b.Helper()
	for _, name := range engine.Names() {
		b.Run(name, func(b *testing.B) { run(b, newBench(b, name)) })
	}
}

func BenchmarkCall(b *testing.B) {
	eachEngine(b, func(b *testing.B, bench *bench) {
		add := function(b, bench.instance(b), "add")
		b.ReportAllocs()
		for b.Loop() {
			if _, err := add.Call(1, 2); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHostCall reports the time of one call from wasm to the host.
func BenchmarkHostCall(b *testing.B) {
	eachEngine(b, func(b *testing.B, bench *bench) {
		const batch = 1000
		ticks := function(b, bench.instance(b), "ticks")
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ticks.Call(batch); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/hostcall")
	})
}

func BenchmarkHostError(b *testing.B) {
	eachEngine(b, func(b *testing.B, bench *bench) {
		bench.onTick = func(engine.Instance) error { return errTick }
		tick := function(b, bench.instance(b), "tick")
		for b.Loop() {
			if _, err := tick.Call(); !errors.Is(err, errTick) {
				b.Fatal(err)
			}
		}
	})
}

var errTick = engine.ErrNoNativeForm // any error will do

// BenchmarkInstance makes, touches and closes an instance.
func BenchmarkInstance(b *testing.B) {
	eachEngine(b, func(b *testing.B, bench *bench) {
		b.ReportAllocs()
		for b.Loop() {
			in, err := bench.engine.NewInstance(bench.config())
			if err != nil {
				b.Fatal(err)
			}
			in.Memory()[abi.PrivateBase] = 1
			if err := in.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFunction(b *testing.B) {
	eachEngine(b, func(b *testing.B, bench *bench) {
		var in engine.Instance
		count := 0
		for b.Loop() {
			if count%1000 == 0 { // functions are freed with their instance
				in = bench.instance(b)
			}
			count++
			if _, err := in.Function("query", "add"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMapScratch(b *testing.B) {
	eachEngine(b, func(b *testing.B, bench *bench) {
		in := bench.instance(b)
		for b.Loop() {
			if err := in.MapScratch(abi.WindowBase, 1<<20); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkMapFile maps 16 MiB of a file, reads it all and unmaps it.
func BenchmarkMapFile(b *testing.B) {
	const length = 16 << 20
	path := filepath.Join(b.TempDir(), "column")
	if err := os.WriteFile(path, make([]byte, length), 0o666); err != nil {
		b.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer mustClose(b, file)
	eachEngine(b, func(b *testing.B, bench *bench) {
		in := bench.instance(b)
		sum := function(b, in, "sum")
		b.SetBytes(length)
		for b.Loop() {
			if err := in.MapFile(abi.WindowBase, length, file.Fd(), 0); err != nil {
				b.Fatal(err)
			}
			if _, err := sum.Call(abi.WindowBase, length/4); err != nil {
				b.Fatal(err)
			}
			if err := in.Unmap(abi.WindowBase, length); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkBudget(b *testing.B) {
	eachEngine(b, func(b *testing.B, bench *bench) {
		in := bench.instance(b)
		for b.Loop() {
			in.SetBudget(1)
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	eachEngine(b, func(b *testing.B, bench *bench) {
		// A custom section makes each module another one: wazero remembers
		// what it compiled.
		wasm := append(module(b, "query"), 0, 5, 0, 0, 0, 0, 0)
		b.SetBytes(int64(len(wasm)))
		for b.Loop() {
			stamp := wasm[len(wasm)-4:]
			binary.LittleEndian.PutUint32(stamp, binary.LittleEndian.Uint32(stamp)+1)
			compiled, err := bench.engine.Compile(b.Context(), wasm)
			if err != nil {
				b.Fatal(err)
			}
			mustClose(b, compiled)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	eachEngine(b, func(b *testing.B, bench *bench) {
		native, err := bench.query.Serialize()
		if errors.Is(err, engine.ErrNoNativeForm) {
			b.Skip("this engine has no native form")
		}
		for b.Loop() {
			loaded, err := bench.engine.Load(native)
			if err != nil {
				b.Fatal(err)
			}
			mustClose(b, loaded)
		}
	})
}
