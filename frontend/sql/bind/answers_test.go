package bind_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/bind"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir/interp"
)

// corpora finds the corpus of TPC-H, or skips.
func corpora(t *testing.T) string {
	t.Helper()
	root := os.Getenv("HEDDLE_CORPORA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "corpora")
	}
	dir := filepath.Join(root, "tpch")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the TPC-H corpus is missing; HEDDLE_CORPORA names the folder of corpora")
	}
	return dir
}

// generated has the rows of a table at scale factor 0.01.
func generated(t *testing.T, name string) *interp.Table {
	t.Helper()
	table, ok := tpch.Lookup(name)
	if !ok {
		t.Fatalf("no table %s", name)
	}
	batches, err := tpch.Generate(table, 0.01, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for batch := range batches {
		if err := tpch.WriteTBL(&text, batch); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := tpchCatalog().Table(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return readRows(t, schema, strings.Split(text.String(), "\n"), "|")
}

// TestAnswers compares the queries over one table with the reference answers. The
// interpreter joins by nested loops, so queries with joins are left to the backends.
func TestAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: reads all of lineitem")
	}
	t.Parallel()
	dir := corpora(t)
	data := map[string]*interp.Table{"lineitem": generated(t, "lineitem")}
	for _, number := range []int{1, 6} {
		t.Run(fmt.Sprintf("q%02d", number), func(t *testing.T) {
			t.Parallel()
			module, list := bindText(t, tpch.Query(number), tpchCatalog())
			if list.HasErrors() {
				t.Fatal(diag.RenderText(list, diag.Options{}))
			}
			result, err := interp.Run(t.Context(), module, bind.Query, data, nil)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "answers", "sf0.01", fmt.Sprintf("q%02d.csv", number)))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
			got := strings.Split(strings.TrimRight(show(result, nil), "\n"), "\n")
			if len(got) != len(want) {
				t.Fatalf("%d lines, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
			}
			for i := 1; i < len(got); i++ {
				sameLine(t, strings.Split(got[i], " | "), strings.Split(want[i], "|"))
			}
		})
	}
}

// sameLine compares numbers to six digits and all else exactly.
func sameLine(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range got {
		g, err1 := strconv.ParseFloat(got[i], 64)
		w, err2 := strconv.ParseFloat(want[i], 64)
		if err1 == nil && err2 == nil && math.Abs(g-w) <= 1e-6*math.Abs(w) {
			continue
		}
		if got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

// TestLaterQueries binds the ten queries that need more than there is: each names
// what is missing, and nothing else is wrong with it.
func TestLaterQueries(t *testing.T) {
	t.Parallel()
	dir := corpora(t)
	for number := 1; number <= 22; number++ {
		t.Run(fmt.Sprintf("q%02d", number), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join(dir, "queries", fmt.Sprintf("q%02d.sql", number)))
			if err != nil {
				t.Fatal(err)
			}
			file := diag.NewFile("query.sql", string(text))
			parsed, list := sql.Parse(file)
			if list.HasErrors() {
				t.Fatal(diag.RenderText(list, diag.Options{}))
			}
			module, list := bind.Bind(t.Context(), file, parsed.Statements[0], tpchCatalog(), bind.Options{})
			if tpch.Query(number) != "" {
				if module == nil {
					t.Fatal(diag.RenderText(list, diag.Options{}))
				}
				return
			}
			if len(list) == 0 {
				t.Fatal("there is nothing missing any more: list the query among those that bind")
			}
			for _, d := range list {
				if d.Code != "E0403" {
					t.Error(diag.RenderText(diag.List{d}, diag.Options{}))
				}
			}
		})
	}
}

// BenchmarkBind binds each query of TPC-H, parsing left out.
func BenchmarkBind(b *testing.B) {
	tables := tpchCatalog()
	for _, number := range tpch.Queries {
		file := diag.NewFile("query.sql", tpch.Query(number))
		parsed, _ := sql.Parse(file)
		b.Run(fmt.Sprintf("q%02d", number), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if module, _ := bind.Bind(b.Context(), file, parsed.Statements[0], tables, bind.Options{}); module == nil {
					b.Fatal("does not bind")
				}
			}
		})
	}
}
