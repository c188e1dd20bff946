package shape_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/heddle-lang/heddle/runtime/engine/internal/shape"
)

func modules(tb testing.TB) map[string][]byte {
	tb.Helper()
	paths, err := filepath.Glob("../../testdata/*.wasm")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no modules: %v", err)
	}
	found := map[string][]byte{}
	for _, path := range paths {
		wasm, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		found[filepath.Base(path)] = wasm
	}
	return found
}

func TestValid(t *testing.T) {
	for name, wasm := range modules(t) {
		if err := shape.Check(wasm); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for length := range len(wasm) {
			// A cut between sections leaves a sound structure.
			if err := shape.Check(wasm[:length]); err == nil && length < 8 {
				t.Errorf("%s cut to %d bytes passed", name, length)
			}
		}
	}
}

func TestGreedy(t *testing.T) {
	const header = "\x00asm\x01\x00\x00\x00"
	const many = "\xff\xff\xff\xff\x0f"
	for name, sections := range map[string]string{
		"section length":  "\x01" + many,
		"types":           "\x01\x05" + many,
		"parameters":      "\x01\x07\x01\x60" + many,
		"imports":         "\x02\x05" + many,
		"import name":     "\x02\x06\x01" + many,
		"functions":       "\x03\x05" + many,
		"export name":     "\x07\x06\x01" + many,
		"element":         "\x09\x0a\x01\x00\x41\x00\x0b" + many,
		"locals":          "\x0a\x0a\x01\x08\x01" + many + "\x7f\x0b",
		"data":            "\x0b\x0a\x01\x00\x41\x00\x0b" + many,
		"function names":  "\x00\x0c\x04name\x01\x05" + many,
		"left over":       "\x08\x02\x00\x00",
		"unknown section": "\x7f\x00",
	} {
		if err := shape.Check([]byte(header + sections)); err == nil {
			t.Errorf("%s: passed", name)
		}
	}
	if err := shape.Check([]byte(header)); err != nil {
		t.Errorf("an empty module: %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	for _, wasm := range modules(f) {
		f.Add(wasm)
	}
	f.Fuzz(func(t *testing.T, wasm []byte) {
		_ = shape.Check(wasm) // must end, without a panic
	})
}
