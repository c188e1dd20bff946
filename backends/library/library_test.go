package library_test

import (
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/ir"
)

// The embedded text is a valid module, and the table describes it.
func TestSource(t *testing.T) {
	module := library.Source()
	if problems := ir.Verify(module); problems.HasErrors() {
		t.Fatal(problems)
	}
	exported := 0
	for _, f := range module.Functions {
		s, ok := library.Signatures()[f.Name]
		if ok != f.Export {
			t.Errorf("%s: exported %v, in the table %v", f.Name, f.Export, ok)
		}
		if !ok {
			continue
		}
		exported++
		if len(s.Parameters) != len(f.Body.Arguments) || len(s.Results) != len(f.Results) {
			t.Fatalf("%s takes %v and gives %v", f.Name, s.Parameters, s.Results)
		}
		for i, p := range s.Parameters {
			if !p.Equal(f.Body.Arguments[i].Type) {
				t.Errorf("%s: parameter %d is %s, in the table %s", f.Name, i, f.Body.Arguments[i].Type, p)
			}
		}
		for i, r := range s.Results {
			if !r.Equal(f.Results[i]) {
				t.Errorf("%s: result %d is %s, in the table %s", f.Name, i, f.Results[i], r)
			}
		}
	}
	if exported != len(library.Signatures()) {
		t.Errorf("%d functions are exported, %d are in the table", exported, len(library.Signatures()))
	}
	if library.Digest(false) == library.Digest(true) || len(library.Digest(false)) != 64 {
		t.Errorf("digests %s and %s", library.Digest(false), library.Digest(true))
	}
}

// TestFunctions finds every function alone as it stands in the whole.
func TestFunctions(t *testing.T) {
	for _, want := range library.Source().Functions {
		got := library.Functions().Function(want.Name)
		if got == nil || got.Export != want.Export || got.Body == nil || len(got.Body.Ops) != len(want.Body.Ops) {
			t.Errorf("%s: found %v", want.Name, got)
		}
	}
	for _, name := range []string{"", "no_such", "like(", "hash"} {
		if got := library.Functions().Function(name); got != nil {
			t.Errorf("%q: found %s", name, got.Name)
		}
	}
}
