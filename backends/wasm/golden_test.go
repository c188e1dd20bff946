package wasm_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/backends/wasm"
	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/backends/wasm/encode/encodetest"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

var update = flag.Bool("update", false, "rewrite the expected files")

// TestGolden shows the code of a few kernels, so that a change of its quality is
// seen in review. Kernels with i128 are shown with wide arithmetic too.
func TestGolden(t *testing.T) {
	sources, err := filepath.Glob("testdata/*.cir")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no kernels in testdata: %v", err)
	}
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, list := ir.Parse(diag.NewFile(path, string(text)))
		if list.HasErrors() {
			t.Fatal(list.Err())
		}
		stem := strings.TrimSuffix(path, ".cir")
		compareText(t, m, 0, stem+".wat")
		if strings.Contains(string(text), "i128") || strings.Contains(string(text), "wide") {
			compareText(t, m, encode.FeatureWideArithmetic, stem+".wide.wat")
		}
	}
}

func compareText(t *testing.T, m *ir.Module, features encode.Feature, path string) {
	t.Helper()
	code, err := wasm.Generate(m, wasm.Options{Names: true, Features: features})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	encodetest.Validate(t, code)
	d, err := encode.Decode(code)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var got strings.Builder
	if err := d.WriteText(&got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (rewrite with -update):\n%s", path, diff)
	}
}

// TestDeterministic generates twice and compares, also after another module.
func TestDeterministic(t *testing.T) {
	m, other := moduleOf(filterSum("a", true), filterSum("b", true)), moduleOf(filterSum("c", true))
	var first []byte
	for range 3 {
		code, err := wasm.Generate(m, wasm.Options{Names: true})
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && string(code) != string(first) {
			t.Fatal("the same module gives other bytes")
		}
		first = code
		if _, err := wasm.Generate(other, wasm.Options{}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestConcurrent generates from one module in several goroutines, with broken
// modules in between.
func TestConcurrent(t *testing.T) {
	m := moduleOf(filterSum("a", true), filterSum("b", false))
	broken := newKernel("broken", nil, i32T)
	want, err := wasm.Generate(m, wasm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 50 {
				if _, err := wasm.Generate(moduleOf(broken), wasm.Options{}); err == nil {
					t.Error("a function without ret passes")
				}
				if got, err := wasm.Generate(m, wasm.Options{}); err != nil || string(got) != string(want) {
					t.Errorf("other bytes, or %v", err)
				}
			}
		})
	}
	group.Wait()
}
