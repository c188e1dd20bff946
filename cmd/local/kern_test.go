package local_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/wasm"
	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/random"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/engine/linear"
)

// kernBatch is how many random functions stand in one module.
const kernBatch = 50

// randomRange gives the first seed and the number of programs that the environment asks
// for (see TestRandomPrograms), or a number of them from 1 on.
func randomRange(standard uint64) (first, count uint64) {
	first, count = 1, standard
	if testing.Short() {
		count = standard / 4
	}
	if text := os.Getenv("HEDDLE_RANDOM_PROGRAMS"); text != "" {
		count, _ = strconv.ParseUint(text, 10, 64)
	}
	if text := os.Getenv("HEDDLE_RANDOM_SEED"); text != "" {
		first, _ = strconv.ParseUint(text, 10, 64)
	}
	return first, count
}

// TestRandomFunctions compares the reference interpreter with both engines on random
// functions of the kern level: arithmetic of all widths, memory, control flow, and calls
// of the runtime library.
func TestRandomFunctions(t *testing.T) {
	first, count := randomRange(400)
	for _, name := range engine.Names() {
		t.Run(name, func(t *testing.T) {
			e, err := engine.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer closeAll(t, e)
			ends := map[string]int{}
			for seed := first; seed < first+count && !t.Failed(); seed += kernBatch {
				checkFunctions(t, e, seed, min(kernBatch, first+count-seed), ends)
			}
			t.Logf("%d calls return, %d fail, %d trap, %d functions may trap or not", ends["return"], ends["fail"], ends["trap"], ends["uncertain"])
			if ends["return"] == 0 && count >= kernBatch {
				t.Error("nothing was compared")
			}
		})
	}
}

// checkFunctions compares a module of functions.
func checkFunctions(t *testing.T, e engine.Engine, first, count uint64, ends map[string]int) {
	t.Helper()
	module := &ir.Module{}
	var functions []*random.Kern
	for seed := first; seed < first+count; seed++ {
		functions = append(functions, random.GenerateKern(random.FromSeed(seed), module, fmt.Sprint("f", seed), functionOptions(seed)))
	}
	machine, err := newWasmMachine(t, e, module)
	if err != nil {
		t.Fatalf("%v\n%s", err, module)
	}
	defer closeAll(t, machine.open...)
	for i, k := range functions {
		got, difference := machine.compare(t, k)
		if difference != "" {
			alone := random.GenerateKern(random.FromSeed(first+uint64(i)), &ir.Module{}, "f", functionOptions(first+uint64(i)))
			reportKern(t, first+uint64(i), difference, alone, func() string {
				machine, err := newWasmMachine(t, e, alone.Module)
				if err != nil {
					return "" // not the same difference
				}
				defer closeAll(t, machine.open...)
				_, difference := machine.compare(t, alone)
				return difference
			})
			return
		}
		if got == nil {
			ends["uncertain"]++
			continue
		}
		for _, end := range got.Ends {
			switch end {
			case "":
				ends["return"]++
			case random.Trapped:
				ends["trap"]++
			default:
				ends["fail"]++
			}
		}
	}
}

func functionOptions(seed uint64) random.KernOptions {
	return random.KernOptions{Vectors: seed%3 == 1, Traps: seed%4 == 3}
}

// reportKern reports a function or kernel, alone in its module, of which two machines make
// different things. With HEDDLE_RANDOM_REDUCE set it is made as small as it can be while
// compare, which looks at the module again, still finds a difference.
func reportKern(t *testing.T, seed uint64, difference string, k *random.Kern, compare func() string) {
	t.Helper()
	if os.Getenv("HEDDLE_RANDOM_REDUCE") != "" {
		kind, _, _ := strings.Cut(difference, " at ") // another difference is another mistake
		original := k.Module
		k.Module = random.Reduce(original, func(smaller *ir.Module) bool {
			k.Module = smaller
			found := compare()
			if found == "" || !strings.HasPrefix(found, kind) {
				return false
			}
			difference = found
			return true
		})
	}
	t.Errorf("seed %d: interpreter and %s: %s\n%s\nrun it again with HEDDLE_RANDOM_SEED=%d HEDDLE_RANDOM_PROGRAMS=1, and HEDDLE_RANDOM_REDUCE=1 to see what matters", seed, t.Name(), difference, k.Module, seed)
}

// wasmMachine runs functions of the kern level with the library.
type wasmMachine struct {
	instance engine.Instance
	open     []io.Closer
}

type failedAt uint32

func (f failedAt) Error() string { return random.Failed(uint32(f)) }

func newWasmMachine(t *testing.T, e engine.Engine, module *ir.Module) (*wasmMachine, error) {
	t.Helper()
	wide := e.Has(engine.WideArithmetic)
	var features encode.Feature
	if wide {
		features = encode.FeatureWideArithmetic
	}
	code, err := wasm.Generate(module, wasm.Options{Features: features})
	if err != nil {
		return nil, err
	}
	compiled, err := e.Compile(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	lib, err := e.Compile(t.Context(), library.Wasm(wide))
	if err != nil {
		t.Fatal(err)
	}
	heap, err := linear.NewHeap(16 << 20)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := e.NewInstance(engine.InstanceConfig{
		Heap: heap,
		Host: []engine.HostFunc{
			{Name: abi.TickImport, Func: func(in engine.Instance, _ []uint64) (uint64, error) {
				in.SetBudget(1 << 20)
				return 0, nil
			}},
			{Name: abi.FailImport, Params: []engine.ValueType{engine.I32}, Func: func(_ engine.Instance, arguments []uint64) (uint64, error) {
				return 0, failedAt(arguments[0])
			}},
		},
		Modules: []engine.Link{{Name: abi.LibraryModule, Module: lib}, {Name: "query", Module: compiled}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &wasmMachine{instance, []io.Closer{instance, compiled, lib, heap}}, nil
}

func closeAll(t *testing.T, list ...io.Closer) {
	t.Helper()
	for _, c := range list {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// interpreterFails begins what is wrong with a function that the interpreter refuses.
const interpreterFails = "the interpreter fails: "

// compare tells how the interpreter and the engine differ about a function. There is no
// outcome when they may, because a trap may come or not.
func (m *wasmMachine) compare(t *testing.T, k *random.Kern) (got *random.Outcome, difference string) {
	t.Helper()
	want, uncertain, err := k.Run(library.Source(), 0, false)
	if uncertain {
		return nil, ""
	}
	if err != nil {
		return nil, interpreterFails + err.Error()
	}
	got = m.run(t, k)
	return got, k.Difference(want, got)
}

// run calls a function once for each slice of its memory.
func (m *wasmMachine) run(t *testing.T, k *random.Kern) *random.Outcome {
	t.Helper()
	outcome := k.Start()
	memory := m.instance.Memory()[random.KernLinear:][:len(k.Linear)]
	copy(memory, k.Linear)
	f, err := m.instance.Function("query", k.Function)
	if err != nil {
		t.Fatal(err)
	}
	for _, slice := range k.Slices {
		m.instance.SetBudget(1 << 20)
		binary.LittleEndian.PutUint32(m.instance.Memory()[abi.ScratchCursor:], abi.ScratchBase)
		end := ""
		var at failedAt
		if _, err := f.Call(uint64(slice)); errors.As(err, &at) {
			end = random.Failed(uint32(at))
		} else if err != nil {
			end = random.Trapped
		}
		outcome.Ends = append(outcome.Ends, end)
	}
	copy(outcome.Linear, memory)
	return outcome
}
