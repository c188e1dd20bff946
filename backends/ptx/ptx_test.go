package ptx_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
)

var update = flag.Bool("update", false, "rewrite the expected files")

// parse reads kern text.
func parse(t testing.TB, name, text string) *ir.Module {
	t.Helper()
	m, list := ir.Parse(diag.NewFile(name, text))
	if list.HasErrors() {
		t.Fatal(list.Err())
	}
	if list := ir.Verify(m); list.HasErrors() {
		t.Fatal(list.Err())
	}
	return m
}

// parseTestdata reads one of the golden kernels.
func parseTestdata(t testing.TB, name string) *ir.Module {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, name, string(text))
}

// compilers are those of all releases of LLVM that are installed, by name; of the newest
// alone in a short run.
func compilers(t testing.TB) map[string]*ptx.Compiler {
	t.Helper()
	sys := system.Real()
	found := map[string]*ptx.Compiler{}
	for _, name := range []string{"llc-22", "llc-21", "llc-20", "llc-19", "llc-18", "llc-17", "llc-16", "llc-15", "llc-14"} {
		if testing.Short() && len(found) > 0 {
			break
		}
		if _, err := sys.Commands.Find(name); err != nil {
			continue
		}
		c, err := ptx.Find(context.Background(), sys, ptx.FindOptions{Program: name})
		if err != nil {
			t.Fatal(err)
		}
		found[name] = c
	}
	if len(found) == 0 {
		t.Skip("no llc is installed")
	}
	return found
}

func lower(t testing.TB, m *ir.Module, library *ir.Module) string {
	t.Helper()
	text, err := ptx.Lower(m, ptx.Options{Library: library})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestGolden shows the LLVM IR of a few kernels, so that a change of its quality is seen
// in review, and that every LLVM makes PTX of it that passes the gates.
func TestGolden(t *testing.T) {
	sources, err := filepath.Glob("testdata/*.cir")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no kernels in testdata: %v", err)
	}
	for _, path := range sources {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := lower(t, parse(t, path, string(text)), nil)
			golden := strings.TrimSuffix(path, ".cir") + ".ll"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (rewrite with -update):\n%s", golden, diff)
			}
			for name, c := range compilers(t) {
				if _, err := c.Compile(context.Background(), got, ptx.DefaultTarget); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// TestOptimize runs opt before llc: the code is another, and its results are not.
func TestOptimize(t *testing.T) {
	c, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{Optimize: true})
	if err != nil {
		t.Skip("no LLVM with opt: ", err)
	}
	plain, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{Program: c.Program()})
	must(t, err)
	m := parseTestdata(t, "fail.cir")
	llvm := lower(t, m, nil)
	fast, err := c.Compile(t.Context(), llvm, ptx.DefaultTarget)
	must(t, err)
	slow, err := plain.Compile(t.Context(), llvm, ptx.DefaultTarget)
	must(t, err)
	if string(fast.PTX) == string(slow.PTX) {
		t.Error("opt changed nothing")
	}
	runFailing(t, c, newMachine(t), m)
}
