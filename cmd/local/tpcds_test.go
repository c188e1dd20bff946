package local_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
)

// leastDecisions is how many of TPC-DS's queries ran when this was last changed.
const leastDecisions = 48

// TestDecisionQueries runs the queries of TPC-DS, where the corpus is present, and
// compares those that can be compiled with the reference answers. The others must say
// what is missing.
func TestDecisionQueries(t *testing.T) {
	dir := corpora(t, "tpcds")
	paths, err := filepath.Glob(filepath.Join(dir, "queries", "*.sql"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no queries: %v", err)
	}
	forEachEngine(t, func(t *testing.T, engine string) {
		decisionQueries(t, dir, paths, local.Options{Engine: engine})
	})
	t.Run("little memory", func(t *testing.T) {
		decisionQueries(t, dir, paths, local.Options{Threads: 4, Memory: 2 << 20})
	})
	t.Run("one thread", func(t *testing.T) {
		decisionQueries(t, dir, paths, local.Options{Threads: 1})
	})
}

func decisionQueries(t *testing.T, dir string, paths []string, options local.Options) {
	options.Data = filepath.Join(dir, "data-sf0.01")
	w := open(t, options)
	right := 0
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".sql")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			answers, err := os.ReadFile(filepath.Join(dir, "answers", "sf0.01", name+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			found, err := ask(t.Context(), w, string(text), "NULL")
			if list, ok := diag.FromError(err); ok && notYet(list) {
				return
			}
			if err != nil {
				t.Fatal(rendered(err))
			}
			lines := strings.Split(strings.TrimSuffix(string(answers), "\n"), "\n")[1:]
			if diff := differentRows(found.rows, lines); diff != "" {
				t.Fatal(diff)
			}
			right++
		})
	}
	t.Logf("%d of %d queries", right, len(paths))
	if right < leastDecisions {
		t.Errorf("only %d queries ran, there were %d", right, leastDecisions)
	}
}

// notYet reports whether all that is wrong is that something is not there yet.
func notYet(list diag.List) bool {
	return !slices.ContainsFunc(list, func(d *diag.Diagnostic) bool { return !strings.HasPrefix(string(d.Code), "E04") })
}

// differentRows compares rows with the lines of an answer. Rows that are equal by the
// query's order may stand in any order.
func differentRows(rows [][]string, lines []string) string {
	if len(rows) != len(lines) {
		return fmt.Sprintf("%d rows, want %d", len(rows), len(lines))
	}
	var want [][]string
	for _, line := range lines {
		fields := strings.Split(line, "|")
		for i := range fields {
			if fields[i] == "" {
				fields[i] = "NULL"
			}
		}
		want = append(want, fields)
	}
	got := slices.Clone(rows)
	for i := range got {
		got[i] = slices.Clone(got[i])
		for c := range got[i] {
			if got[i][c] == "" {
				got[i][c] = "NULL" // the answers do not tell them apart
			}
		}
	}
	same := func() bool { return slices.EqualFunc(got, want, alike) }
	if same() {
		return ""
	}
	slices.SortFunc(got, slices.Compare)
	slices.SortFunc(want, slices.Compare)
	if same() {
		return ""
	}
	for i := range got {
		if !alike(got[i], want[i]) {
			return fmt.Sprintf("row %d of %d, sorted, is\n%s, want\n%s", i+1, len(got), strings.Join(got[i], "|"), strings.Join(want[i], "|"))
		}
	}
	return ""
}
