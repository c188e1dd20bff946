package ptx_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// FuzzLower lowers whatever parses: what is wrong with it is an error with a code of this
// package, never a panic.
func FuzzLower(f *testing.F) {
	sources, _ := filepath.Glob("testdata/*.cir")
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, list := ir.Parse(diag.NewFile("fuzz.cir", text))
		if list.HasErrors() {
			return
		}
		_, err := ptx.Lower(m, ptx.Options{Library: library.Source()})
		var d *diag.Diagnostic
		if err != nil && (!errors.As(err, &d) || d.Code != "E0445" && d.Code != "E0449") {
			t.Fatal(err)
		}
	})
}

// FuzzCheckPTX reads any text.
func FuzzCheckPTX(f *testing.F) {
	f.Add([]byte(goodPTX))
	f.Add([]byte("@%p1 call x;\n.extern .func y"))
	f.Fuzz(func(t *testing.T, text []byte) {
		err := ptx.CheckPTX(text, ptx.DefaultTarget)
		var d *diag.Diagnostic
		if err != nil && (!errors.As(err, &d) || d.Code != "E0447") {
			t.Fatal(err)
		}
	})
}
