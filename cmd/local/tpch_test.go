package local_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/tpch"
)

// TestBenchmarkQueries runs the queries of TPC-H from each format on each engine. At
// scale 0.01 the answers must be those of testdata/tpch-sf0.01, and at both scales
// those of the reference corpus where that is present; its own texts of the queries
// are run over native tables.
func TestBenchmarkQueries(t *testing.T) {
	scales := []float64{0.01, 0.1}
	if testing.Short() {
		scales = scales[:1]
	}
	for _, scale := range scales {
		for _, format := range []string{"native", "parquet", "csv"} {
			t.Run(fmt.Sprintf("sf%v/%s", scale, format), func(t *testing.T) {
				dir := benchmarkData(t, scale, format)
				forEachEngine(t, func(t *testing.T, engine string) {
					w := open(t, local.Options{Data: dir, Engine: engine})
					for _, number := range tpch.Queries {
						name := fmt.Sprintf("q%02d", number)
						t.Run(name, func(t *testing.T) {
							found, err := ask(t.Context(), w, tpch.Query(number), "")
							if err != nil {
								t.Fatal(rendered(err))
							}
							if scale == 0.01 {
								compareGolden(t, filepath.Join("testdata", "tpch-sf0.01", name+".csv"), found)
							}
							t.Run("reference", func(t *testing.T) {
								compareReference(t, w, scale, name, format == "native", found)
							})
						})
					}
				})
			})
		}
	}
}

func compareGolden(t *testing.T, path string, found *answer) {
	t.Helper()
	if *update {
		lines := append([]string{strings.Join(found.labels, "|")}, found.lines()...)
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	compareFile(t, path, found)
}

func compareReference(t *testing.T, w *local.Workspace, scale float64, name string, withText bool, found *answer) {
	dir := corpora(t, "tpch")
	path := filepath.Join(dir, "answers", fmt.Sprintf("sf%v", scale), name+".csv")
	compareFile(t, path, found)
	if !withText {
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, "queries", name+".sql"))
	if err != nil {
		t.Skip("the corpus has no text of the query")
	}
	again, err := ask(t.Context(), w, string(text), "")
	if err != nil {
		t.Fatal(rendered(err))
	}
	compareFile(t, path, again)
}

// compareFile compares an answer with a file of it: a heading, then rows with the
// fields parted by "|", where NULL is empty. The order of rows counts.
func compareFile(t *testing.T, path string, found *answer) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if heading := strings.Join(found.labels, "|"); heading != lines[0] {
		t.Errorf("the heading is %s, want %s", heading, lines[0])
	}
	lines = lines[1:]
	for i, line := range lines {
		if i == len(found.rows) {
			break
		}
		if want := strings.Split(line, "|"); !alike(found.rows[i], want) {
			t.Fatalf("row %d is\n%s, want\n%s", i+1, strings.Join(found.rows[i], "|"), line)
		}
	}
	if len(found.rows) != len(lines) {
		t.Errorf("%d rows, want %d", len(found.rows), len(lines))
	}
}

// alike compares numbers to six digits, which the last digits of averages need, and
// all else exactly.
func alike(got, want []string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if got[i] == want[i] {
			continue
		}
		g, err1 := strconv.ParseFloat(got[i], 64)
		w, err2 := strconv.ParseFloat(want[i], 64)
		if err1 != nil || err2 != nil || math.Abs(g-w) > 1e-6*math.Abs(w) {
			return false
		}
	}
	return true
}
