package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine"
)

func TestCall(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		in := b.instance(t)
		for _, test := range []struct {
			name string
			args []uint64
			want uint64
		}{
			{"add", []uint64{2, 3}, 5},
			{"add", []uint64{math.MaxUint32, 2}, 1},
			{"quadruple", []uint64{7}, 28},
			{"half", []uint64{math.Float64bits(3)}, uint64(math.Float32bits(1.5))},
			{"negative", nil, math.MaxUint32},
			{"nothing", nil, 0},
			{"load", []uint64{abi.StaticBase}, 0x74617473},
		} {
			if got := call(t, in, test.name, test.args...); got != test.want {
				t.Errorf("%s%v = %#x, want %#x", test.name, test.args, got, test.want)
			}
		}
		if _, err := function(t, in, "add").Call(1); err == nil {
			t.Error("a call with too few arguments succeeded")
		}
	})
}

func TestHostCall(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		var got []uint64
		b.onMix = func(args []uint64) (uint64, error) {
			got = append([]uint64(nil), args...)
			return 1 << 63, nil
		}
		want := []uint64{math.MaxUint32, math.MaxUint64, uint64(math.Float32bits(-0.5)), math.Float64bits(math.Pi)}
		if result := call(t, b.instance(t), "mix", want...); result != 1<<63 {
			t.Errorf("result %#x, want %#x", result, uint64(1<<63))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("arguments (-want +got):\n%s", diff)
		}
	})
}

// A host function's error and panic come out as they went in, and the instance
// goes on afterwards; so they do through a call within a call.
func TestHostError(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		in := b.instance(t)
		failure := diag.New("E0699", "as it was")
		b.onTick = func(engine.Instance) error { return failure }
		tick := function(t, in, "tick")
		for range 2 {
			if _, err := tick.Call(); err != error(failure) { //nolint:errorlint // the very same error, not one that wraps it
				t.Fatalf("got %v, want the host's own error", err)
			}
		}

		depth := 0
		b.onTick = func(in engine.Instance) error {
			if depth++; depth < 5 {
				_, err := tick.Call()
				return err
			}
			return fmt.Errorf("wrapped: %w", failure)
		}
		if _, err := tick.Call(); !errors.Is(err, failure) || depth != 5 {
			t.Errorf("got %v at depth %d, want the innermost error from depth 5", err, depth)
		}

		b.onTick = func(engine.Instance) error { panic("BUG: as it was") }
		func() {
			defer func() {
				if got := recover(); got != "BUG: as it was" {
					t.Errorf("recovered %v, want the host's own panic", got)
				}
			}()
			_, err := tick.Call()
			t.Errorf("a panic came out as %v", err)
		}()
		if got := call(t, in, "add", 1, 2); got != 3 {
			t.Errorf("after the panic, 1 + 2 = %d", got)
		}
	})
}

func TestTrap(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		in := b.instance(t)
		for _, test := range []struct {
			name string
			args []uint64
			want diag.Code
		}{
			{"load", []uint64{abi.WindowLimit}, engine.CodeIllegalAccess},
			{"load", []uint64{math.MaxUint32}, engine.CodeIllegalAccess},
			{"unreachable", nil, engine.CodeUnreachable},
			{"divide", []uint64{1, 0}, engine.CodeDivision},
			{"divide", []uint64{1 << 31, math.MaxUint32}, engine.CodeOverflow},
			{"truncate", []uint64{math.Float64bits(1e30)}, engine.CodeOverflow},
			{"truncate", []uint64{math.Float64bits(math.NaN())}, engine.CodeOverflow},
			{"recurse", []uint64{0}, engine.CodeStack},
			{"indirect", []uint64{1}, engine.CodeIndirect},
			{"indirect", []uint64{2}, engine.CodeIndirect},
			{"mismatch", nil, engine.CodeIndirect},
		} {
			_, err := function(t, in, test.name).Call(test.args...)
			var got *diag.Diagnostic
			if !errors.As(err, &got) || got.Code != test.want {
				t.Errorf("%s%v: %v, want %s", test.name, test.args, err, test.want)
			}
		}
		if got := call(t, in, "add", 1, 2); got != 3 {
			t.Errorf("after the traps, 1 + 2 = %d", got)
		}
	})
}

func TestBudget(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		in := b.instance(t)
		ticks := 0
		b.onTick = func(in engine.Instance) error {
			ticks++
			in.SetBudget(10)
			return nil
		}
		if got := in.Budget(); got != 1000 {
			t.Errorf("the budget begins at %d, want 1000", got)
		}
		in.SetBudget(1)
		spend := function(t, in, "spend")
		for range 13 {
			if _, err := spend.Call(); err != nil {
				t.Fatal(err)
			}
		}
		if got := in.Budget(); ticks != 2 || got != 10 {
			t.Errorf("%d ticks and %d left, want 2 and 10", ticks, got)
		}
	})
}

// An endless loop stops within 10 ms of a cancellation, and holds up the
// garbage collector for no longer. On a busy machine a time says little, so the
// best of several counts; a loop that did not tick would block the first one
// for ever.
func TestCancel(t *testing.T) {
	const within = 10 * time.Millisecond
	forEachEngine(t, func(t *testing.T, b *bench) {
		stopping, collecting := time.Hour, time.Hour
		for range 200 {
			stop, collect := cancelOnce(t, b)
			stopping, collecting = min(stopping, stop), min(collecting, collect)
			if stopping <= within && collecting <= within {
				return
			}
		}
		t.Errorf("the call ended after %v, and garbage collection took %v beside it; want at most %v", stopping, collecting, within)
	})
}

// cancelOnce returns how long a garbage collection took beside an endless loop,
// and how long the loop took to end.
func cancelOnce(t *testing.T, b *bench) (stopping, collecting time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	running := make(chan struct{})
	var once sync.Once
	b.onTick = func(in engine.Instance) error {
		once.Do(func() { close(running) })
		in.SetBudget(100_000)
		return ctx.Err()
	}
	endless := function(t, b.instance(t), "endless")
	stopped := make(chan error, 1)
	go func() {
		_, err := endless.Call()
		stopped <- err
	}()
	<-running
	start := time.Now()
	runtime.GC()
	collecting = time.Since(start)
	start = time.Now()
	cancel()
	err := <-stopped
	stopping = time.Since(start)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the call ended with %v, want the cancellation", err)
	}
	return stopping, collecting
}

func TestRefused(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		whole := module(t, "library")
		for name, wasm := range map[string][]byte{
			"empty": nil, "text": []byte("(module)"), "cut": whole[:len(whole)-3],
		} {
			_, err := b.engine.Compile(t.Context(), wasm)
			if got := codeOf(err); got != engine.CodeRefused {
				t.Errorf("%s: %v, want %s", name, err, engine.CodeRefused)
			}
		}

		small, stranger := b.compile(t, "small"), b.compile(t, "stranger")
		defer mustClose(t, small)
		defer mustClose(t, stranger)
		start := b.compile(t, "start")
		defer mustClose(t, start)
		for _, test := range []struct {
			name    string
			modules []engine.Link
			want    string
		}{
			{"nothing", nil, "at least the module"},
			{"memory size", []engine.Link{{"library", small}}, "exactly 65535"},
			{"no memory", []engine.Link{{"library", b.query}}, "library"},
			{"unknown host function", []engine.Link{{"library", b.library}, {"query", stranger}}, `imports "clock" from "heddle"`},
			{"second memory", []engine.Link{{"library", b.library}, {"query", small}}, "memor"},
			{"early host call", []engine.Link{{"library", start}}, "before there is a memory"},
			{"library under another name", []engine.Link{{"other", b.library}, {"query", b.query}}, "library"},
		} {
			config := b.config()
			config.Modules = test.modules
			_, err := b.engine.NewInstance(config)
			if codeOf(err) != engine.CodeLink || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %s with %q", test.name, err, engine.CodeLink, test.want)
			}
		}

		in := b.instance(t)
		for _, name := range []string{"absent", "pair", "vector", "memory"} {
			if _, err := in.Function("query", name); codeOf(err) != engine.CodeLink {
				t.Errorf("function %q: %v, want %s", name, err, engine.CodeLink)
			}
		}
	})
}

func codeOf(err error) diag.Code {
	var problem *diag.Diagnostic
	if errors.As(err, &problem) {
		return problem.Code
	}
	return ""
}

// Several query modules can be linked to one library instance.
func TestSeveralQueries(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		config := b.config()
		config.Modules = append(config.Modules, engine.Link{Name: "second", Module: b.query})
		in, err := b.engine.NewInstance(config)
		if err != nil {
			t.Fatal(err)
		}
		defer mustClose(t, in)
		second, err := in.Function("second", "load")
		if err != nil {
			t.Fatal(err)
		}
		call(t, in, "store", abi.PrivateBase, 77)
		if got, err := second.Call(abi.PrivateBase); got != 77 || err != nil {
			t.Errorf("the second module reads %d (%v), want 77", got, err)
		}
	})
}

// Instances of one engine come and go on many goroutines, beside the garbage
// collector, with errors and traps among their calls.
func TestHammer(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		b.onTick = func(engine.Instance) error { return errTick }
		var group sync.WaitGroup
		for worker := range 8 {
			group.Go(func() {
				for round := range 20 {
					in, err := b.engine.NewInstance(b.config())
					if err != nil {
						t.Error(err)
						return
					}
					call := func(name string, args ...uint64) (uint64, error) {
						f, err := in.Function("query", name)
						if err != nil {
							return 0, err
						}
						return f.Call(args...)
					}
					addr := uint64(abi.SharedBase + worker*4096)
					if _, err := call("store", addr, uint64(round)); err != nil {
						t.Error(err)
					}
					if _, err := call("tick"); !errors.Is(err, errTick) {
						t.Errorf("tick: %v", err)
					}
					if _, err := call("divide", 1, 0); codeOf(err) != engine.CodeDivision {
						t.Errorf("divide: %v", err)
					}
					if got, err := call("load", addr); got != uint64(round) || err != nil {
						t.Errorf("load: %d, %v; want %d", got, err, round)
					}
					if round%5 == 0 {
						runtime.GC()
					}
					if err := in.Close(); err != nil {
						t.Error(err)
					}
					if _, err := call("add", 1, 2); err == nil {
						t.Error("a closed instance answered")
					}
				}
			})
		}
		group.Wait()
	})
}

func TestFeatures(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		wide, err := b.engine.Compile(t.Context(), module(t, "wide"))
		if has := b.engine.Has(engine.WideArithmetic); has != (err == nil) {
			t.Fatalf("wide arithmetic: Has says %v, the compiler says %v", has, err)
		}
		if err != nil {
			return
		}
		defer mustClose(t, wide)
		in, err := b.engine.NewInstance(engine.InstanceConfig{Modules: []engine.Link{{"wide", wide}}})
		if err != nil {
			t.Fatal(err)
		}
		defer mustClose(t, in)
		high, err := in.Function("wide", "high")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := high.Call(1<<63, 6); got != 3 || err != nil {
			t.Errorf("the high half of 6 * 2^63 is %d (%v), want 3", got, err)
		}
	})
}

func TestOpen(t *testing.T) {
	if got := engine.Default(); got != engine.Names()[0] {
		t.Errorf("the default is %q, want %q", got, engine.Names()[0])
	}
	if _, err := engine.Open("steam"); codeOf(err) != engine.CodeNoEngine {
		t.Errorf("got %v, want %s", err, engine.CodeNoEngine)
	}
}

// The versions in cache keys are those that the program is built with.
func TestVersion(t *testing.T) {
	required, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{"wasmtime": "github.com/bytecodealliance/wasmtime-go/v44 v", "wazero": "github.com/tetratelabs/wazero v"}
	forEachEngine(t, func(t *testing.T, b *bench) {
		_, after, found := strings.Cut(string(required), paths[b.engine.Name()])
		release, _, _ := strings.Cut(after, "\n")
		if want := b.engine.Name() + "-" + release + "/"; !found || !strings.HasPrefix(b.engine.Version(), want) {
			t.Errorf("version %q does not begin with %q", b.engine.Version(), want)
		}
	})
}

// A module may be linked into an instance that has run code already, and calls what
// is there; names are unique.
func TestLinkLater(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		config := b.config()
		config.Modules = config.Modules[:1]
		in, err := b.engine.NewInstance(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"first", "second"} {
			if err := in.Link(engine.Link{Name: name, Module: b.query}); err != nil {
				t.Fatal(err)
			}
			quadruple, err := in.Function(name, "quadruple")
			if err != nil {
				t.Fatal(err)
			}
			if result, err := quadruple.Call(5); err != nil || result != 20 {
				t.Errorf("%s: quadruple(5) is %d, %v", name, result, err)
			}
		}
		if err := in.Link(engine.Link{Name: "first", Module: b.query}); codeOf(err) != engine.CodeLink {
			t.Errorf("a name for the second time: %v", err)
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		if err := in.Link(engine.Link{Name: "third", Module: b.query}); err == nil {
			t.Error("a closed instance was linked")
		}
	})
}
