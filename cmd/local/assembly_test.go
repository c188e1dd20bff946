package local_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/ptxastest"
	"github.com/heddle-lang/heddle/internal/shapes"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
)

// gpuModule is the PTX of a query.
type gpuModule struct {
	name string
	ptx  []byte
}

// gpuModules compiles all queries with kernels for the oldest GPUs that Heddle serves.
func gpuModules(t *testing.T, compiler *ptx.Compiler) []gpuModule {
	t.Helper()
	w := open(t, local.Options{Data: benchmarkData(t, 0.01, "native")})
	var all []gpuModule
	add := func(name, sql string) {
		prepared, err := w.Prepare(t.Context(), diag.NewFile(name+".sql", sql), local.PrepareOptions{
			CompileOptions: local.CompileOptions{Kernels: true, Stop: ir.KernLevel},
		})
		if err != nil {
			t.Errorf("%s: %s", name, rendered(err))
			return
		}
		text, err := ptx.Lower(prepared[0].Module, ptx.Options{Library: library.Source()})
		if err != nil {
			t.Errorf("%s: %s", name, rendered(err))
			return
		}
		code, err := compiler.Compile(t.Context(), text, ptx.DefaultTarget)
		if err != nil {
			t.Errorf("%s: %s", name, rendered(err))
			return
		}
		if !slices.ContainsFunc(prepared[0].Module.Functions, func(f *ir.Function) bool { return f.Threads > 0 }) {
			t.Errorf("%s has no kernel", name)
		}
		all = append(all, gpuModule{name, code.PTX})
	}
	for _, number := range tpch.Queries {
		add(fmt.Sprintf("q%02d", number), tpch.Query(number))
	}
	for _, shape := range shapes.Queries {
		add(shape.Name, shape.SQL)
	}
	return all
}

// TestAssembly assembles the kernels of all queries with NVIDIA's assembler, and
// compares the registers and the memory that they take with the golden table of the
// same LLVM. Tables are of an exact version of both programs: with another one the
// kernels are assembled, and the figures are not compared.
func TestAssembly(t *testing.T) {
	assembler := ptxastest.Find(t)
	for _, release := range []int{22, 19} {
		t.Run(fmt.Sprintf("LLVM %d", release), func(t *testing.T) {
			if testing.Short() && release != 22 {
				t.Skip("one LLVM is enough for a short run")
			}
			compiler, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{Program: fmt.Sprintf("llc-%d", release)})
			if err != nil {
				t.Skipf("llc-%d is missing", release)
			}
			table, err := assembleAll(t, assembler, gpuModules(t, compiler))
			if err != nil {
				t.Fatal(err)
			}
			heading := fmt.Sprintf("ptxas %s, LLVM %s: registers, bytes of stack, bytes spilled, bytes of shared memory\n", assembler.Version, compiler.Version())
			path := filepath.Join("testdata", fmt.Sprintf("resources-llvm%d.txt", release))
			if *update {
				if err := os.WriteFile(path, []byte(heading+table), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			first, want, _ := strings.Cut(string(golden), "\n")
			if first+"\n" != heading {
				t.Skipf("all kernels are assembled; their resources are not compared: the table is of %s, and this is %s", first, heading)
			}
			compareLines(t, want, table)
		})
	}
}

// assembleAll gives a line for each kernel, with its resources on each architecture.
func assembleAll(t *testing.T, assembler *ptxastest.Assembler, modules []gpuModule) (string, error) {
	t.Helper()
	lines := make([][]string, len(modules))
	failed := make([]error, len(modules))
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, module := range modules {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			for _, architecture := range ptxastest.Architectures {
				found, err := assembler.Assemble(t.Context(), module.ptx, architecture)
				if err != nil {
					failed[i] = errors.Join(failed[i], fmt.Errorf("%s: %w", module.name, err))
					continue
				}
				for k, r := range found {
					if k >= len(lines[i]) {
						lines[i] = append(lines[i], fmt.Sprintf("%-16s %-24s", module.name, r.Kernel))
					}
					cells := strings.Join([]string{strconv.Itoa(r.Registers), strconv.Itoa(r.Stack), strconv.Itoa(r.Spilled), strconv.Itoa(r.Shared)}, " ")
					lines[i][k] += fmt.Sprintf("  sm_%d %-16s", architecture, cells)
				}
			}
		})
	}
	group.Wait()
	var b strings.Builder
	for _, line := range slices.Concat(lines...) {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String(), errors.Join(failed...)
}

// compareLines tells which lines of two tables differ.
func compareLines(t *testing.T, want, got string) {
	t.Helper()
	wanted, found := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range found {
		if !slices.Contains(wanted, line) {
			t.Errorf("not in the golden table: %s", line)
		}
	}
	for _, line := range wanted {
		if !slices.Contains(found, line) {
			t.Errorf("in the golden table alone: %s", line)
		}
	}
}
