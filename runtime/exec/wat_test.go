//go:build cgo

package exec

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	wt "github.com/bytecodealliance/wasmtime-go/v44"
)

var update = flag.Bool("update", false, "assemble testdata/*.wat again")

// TestAssembled keeps the binary modules in step with their text. They are files so
// that tests without cgo, and so without an assembler, can read them.
func TestAssembled(t *testing.T) {
	texts, err := filepath.Glob("testdata/*.wat")
	if err != nil || len(texts) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, path := range texts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := wt.Wat2Wasm(string(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		binary := strings.TrimSuffix(path, ".wat") + ".wasm"
		if *update {
			if err := os.WriteFile(binary, want, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s assembles to; run this test with -update", binary, path)
		}
	}
}
