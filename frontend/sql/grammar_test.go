package sql

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateGrammar = flag.Bool("update-grammar", false, "rewrite docs/grammar.ebnf")

// TestGrammarIsCurrent: docs/grammar.ebnf is what the parser reads.
func TestGrammarIsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "grammar.ebnf")
	want := Grammar()
	if *updateGrammar {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/grammar.ebnf is not current; run go test ./frontend/sql -run Grammar -update-grammar (-want +got):\n%s", diff)
	}
}
