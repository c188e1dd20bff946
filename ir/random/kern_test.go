package random_test

import (
	"os"
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/ir/random"
)

// TestKern makes functions and kernels that verify, are the same module when printed and
// parsed, and run; what kernels give does not depend on the order of threads.
func TestKern(t *testing.T) {
	seen := map[ir.Opcode]bool{}
	for _, test := range []struct {
		name    string
		options random.KernOptions
	}{
		{"plain", random.KernOptions{}},
		{"vectors", random.KernOptions{Vectors: true}},
		{"traps", random.KernOptions{Traps: true}},
		{"kernels", random.KernOptions{Threads: 32}},
		{"together", random.KernOptions{Threads: 96, Together: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			failed, calls, programs := 0, 0, 150
			if test.options.Threads > 0 {
				programs = 40
			}
			for seed := range uint64(programs) {
				module := &ir.Module{}
				k := random.GenerateKern(random.FromSeed(seed), module, "f", test.options)
				if problems := ir.Verify(module); problems.HasErrors() {
					t.Fatalf("seed %d does not verify: %s\n%s", seed, diag.RenderText(problems, diag.Options{}), module)
				}
				again, problems := ir.Parse(diag.NewFile("again.cir", module.String()))
				if problems.HasErrors() || !ir.Equal(module, again) {
					t.Fatalf("seed %d is another module when parsed: %v\n%s", seed, problems, module)
				}
				for _, f := range module.Functions {
					f.Body.Walk(func(op *ir.Op) bool {
						seen[op.Code] = true
						return true
					})
				}
				outcome, _, err := k.Run(library.Source(), 1<<40, false)
				if err != nil {
					t.Fatalf("seed %d: %v\n%s", seed, err, module)
				}
				for _, end := range outcome.Ends {
					calls++
					if end != "" {
						failed++
					}
				}
				if test.options.Threads == 0 {
					continue
				}
				reverse, _, err := k.Run(library.Source(), 1<<40, true)
				if err != nil {
					t.Fatalf("seed %d in reverse: %v\n%s", seed, err, module)
				}
				if difference := k.Difference(outcome, reverse); difference != "" {
					t.Fatalf("seed %d depends on the order of threads: %s\n%s", seed, difference, module)
				}
			}
			if test.options.Threads == 0 {
				t.Logf("%d of %d calls fail or trap", failed, calls)
			}
			if failed > calls/2 {
				t.Errorf("%d of %d calls fail or trap", failed, calls)
			}
		})
	}
	for code, info := range ir.OpTable() {
		global := ir.Opcode(code) == ir.OpGlobalGet || ir.Opcode(code) == ir.OpGlobalSet
		if info.Level == ir.KernLevel && !seen[ir.Opcode(code)] && !global {
			t.Errorf("no program has the op %s", info.Name)
		}
	}
}

// FuzzKern makes functions and kernels of any bytes.
func FuzzKern(f *testing.F) {
	f.Add([]byte{}, false, false)
	f.Add([]byte("any bytes are a function"), true, true)
	f.Fuzz(func(t *testing.T, data []byte, kernel, together bool) {
		options := random.KernOptions{Vectors: true, Together: together}
		if kernel {
			options.Threads = 32
		}
		module := &ir.Module{}
		k := random.GenerateKern(random.FromBytes(data), module, "f", options)
		if problems := ir.Verify(module); problems.HasErrors() {
			t.Fatalf("does not verify: %s\n%s", diag.RenderText(problems, diag.Options{}), module)
		}
		if _, _, err := k.Run(library.Source(), 1<<40, false); err != nil {
			t.Fatalf("%v\n%s", err, module)
		}
	})
}

// FuzzMachine runs whatever text verifies, in which anything may be an error and nothing a
// panic.
func FuzzMachine(f *testing.F) {
	for seed := range uint64(20) {
		module := &ir.Module{}
		options := random.KernOptions{Statements: 8, Calls: 1, Vectors: true, Traps: true}
		if seed%2 == 1 {
			options.Threads, options.Together = 32, seed%4 == 1
		}
		random.GenerateKern(random.FromSeed(seed), module, "f", options)
		f.Add(module.String())
	}
	ops, err := os.ReadFile("../testdata/ops.cir")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(ops))
	f.Fuzz(func(_ *testing.T, text string) {
		module, problems := ir.Parse(diag.NewFile("fuzz.cir", text))
		if problems.HasErrors() || ir.Verify(module).HasErrors() {
			return
		}
		for _, function := range module.Functions {
			if function.Level != ir.KernLevel {
				continue
			}
			m := interp.NewMachine(module, library.Source())
			m.Steps = 20_000
			m.Linear.Map(random.KernLinear, make([]byte, 4096))
			m.Global.Map(1<<40, make([]byte, 4096))
			arguments := make([]interp.Bits, len(function.Body.Arguments))
			for i := range arguments {
				arguments[i] = interp.Word(random.KernLinear)
			}
			// Any error will do.
			_, _ = m.Call(function.Name, arguments...)
			_ = m.Launch(function.Name, interp.Grid{Blocks: 1}, random.KernLinear, 1<<40)
		}
	})
}

// TestReduce makes a function small that keeps a multiplication of a loaded value.
func TestReduce(t *testing.T) {
	multiplies := func(m *ir.Module) bool {
		for _, f := range m.Functions {
			found := false
			f.Body.Walk(func(op *ir.Op) bool {
				of := op.Operands
				found = found || op.Code == ir.OpIntegerMul && of[0].Op != nil && of[0].Op.Code == ir.OpLoad
				return true
			})
			if found {
				return true
			}
		}
		return false
	}
	for seed := uint64(1); ; seed++ {
		module := &ir.Module{}
		random.GenerateKern(random.FromSeed(seed), module, "f", random.KernOptions{})
		if !multiplies(module) {
			continue
		}
		before := module.String()
		small := random.Reduce(module, multiplies)
		ops := 0
		for _, f := range small.Functions {
			f.Body.Walk(func(*ir.Op) bool { ops++; return true })
		}
		if !multiplies(small) || ir.Verify(small).HasErrors() || ops > 5 {
			t.Errorf("seed %d is reduced to %d ops:\n%s", seed, ops, small)
		}
		if module.String() != before {
			t.Error("the module has changed")
		}
		return
	}
}
