package ir

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// errors.cir is wrong in the ways that the parser reports, malformed.cir in those
// that the verifier does.
func TestDiagnosticsAsShown(t *testing.T) {
	for _, test := range []struct {
		name  string
		codes []diag.Code
	}{
		{"errors", []diag.Code{codeSyntax, codeVersion, codeUnknownName, codeDuplicateName, codeLiteral, codeMisfit}},
		{"malformed", []diag.Code{codeUnknownName, codeDuplicateName, codeMisfit, codeStructure}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + test.name + ".cir")
			if err != nil {
				t.Fatal(err)
			}
			file := diag.NewFile(test.name+".cir", string(text))
			m, list := Parse(file)
			if !list.HasErrors() {
				list = VerifyIn(m, file)
			}
			list.Sort()
			got := diag.RenderText(list, diag.Options{})
			golden := "testdata/" + test.name + ".txt"
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
				t.Errorf("go test ./ir -update rewrites it (-file +got):\n%s", diff)
			}
			seen := map[diag.Code]bool{}
			for _, d := range list {
				seen[d.Code] = true
			}
			for _, code := range test.codes {
				if !seen[code] {
					t.Errorf("%s.cir does not cause %s", test.name, code)
				}
			}
		})
	}
}
