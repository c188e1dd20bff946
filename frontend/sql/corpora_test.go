package sql_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/internal/diag"
)

// corpora finds the folder of test corpora, or skips.
func corpora(t testing.TB, parts ...string) string {
	t.Helper()
	root := os.Getenv("HEDDLE_CORPORA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpora")
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no corpus at %s; set HEDDLE_CORPORA", path)
	}
	return path
}

// queries reads the .sql files of a folder.
func queries(t testing.TB, folder string) []*diag.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no queries in %s: %v", folder, err)
	}
	var files []*diag.File
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, diag.NewFile(filepath.Base(path), string(text)))
	}
	return files
}

// TestBenchmarksParse: every query of TPC-H and TPC-DS must parse, and print to
// text that parses to the same tree.
func TestBenchmarksParse(t *testing.T) {
	for _, name := range []string{"tpch", "tpcds"} {
		t.Run(name, func(t *testing.T) {
			for _, file := range queries(t, corpora(t, name, "queries")) {
				tree, list := sql.Parse(file)
				if len(list) > 0 || len(tree.Statements) == 0 {
					t.Errorf("%s: %d statements, %s", file.Name, len(tree.Statements), compact(list))
					continue
				}
				checkRoundTrip(t, tree)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, file := range queries(b, corpora(b, "tpch", "queries")) {
		b.Run(file.Name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file.Text)))
			for b.Loop() {
				if _, list := sql.Parse(file); len(list) > 0 {
					b.Fatal(list[0])
				}
			}
		})
	}
}
