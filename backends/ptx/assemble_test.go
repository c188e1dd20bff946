package ptx_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/ptxastest"
	"github.com/heddle-lang/heddle/ir"
)

// TestAssemble gives the PTX of each LLVM for all functions of the library, and for the
// golden kernels, to NVIDIA's assembler: no thread needs a
// stack, and nothing is spilled.
func TestAssemble(t *testing.T) {
	assembler := ptxastest.Find(t)
	unavailable := ptx.Unavailable(library.Source())
	m := &ir.Module{}
	for _, f := range library.Source().Functions {
		if !f.Export || unavailable[f.Name] != "" {
			continue
		}
		k := newKernel("call_"+f.Name, 256)
		callOf(k, f, k.blockSlot(inputs, argumentSize), k.blockSlot(outputs, resultSize))
		m.Functions = append(m.Functions, k.function)
	}
	modules := map[string]*ir.Module{"library": m}
	sources, err := filepath.Glob("testdata/*.cir")
	must(t, err)
	for _, path := range sources {
		text, err := os.ReadFile(path)
		must(t, err)
		modules[path] = parse(t, path, string(text))
	}
	for name, c := range compilers(t) {
		for path, m := range modules {
			code, err := c.Compile(t.Context(), lower(t, m, library.Source()), ptx.DefaultTarget)
			must(t, err)
			resources, err := assembler.Assemble(t.Context(), code.PTX, 90)
			if err != nil {
				t.Errorf("%s, %s: %v", name, path, err)
			}
			for _, r := range resources {
				if r.Stack > 0 || r.Spilled > 0 {
					t.Errorf("%s, %s: %+v", name, path, r)
				}
			}
		}
	}
}
