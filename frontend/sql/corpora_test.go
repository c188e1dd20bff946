package sql_test

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// TestShareOfOtherCorpora tells in the log how much of other engines' tests
// parses. None of it need parse in full: their dialects differ.
func TestShareOfOtherCorpora(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: parses tens of thousands of queries")
	}
	for _, name := range []string{"sqlite", "duckdb", "datafusion"} {
		root := corpora(t, "slt", name)
		parsed, total := 0, 0
		reasons := map[string]int{}
		examples := map[string]string{}
		err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || total > 20_000 {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, query := range sltQueries(string(text)) {
				total++
				tree, list := sql.Parse(diag.NewFile(path, query))
				if len(list) == 0 {
					parsed++
					if total%200 == 0 {
						checkRoundTrip(t, tree)
					}
					continue
				}
				reasons[list[0].Message]++
				examples[list[0].Message] = query
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d of %d queries parse (%.1f%%)", name, parsed, total, 100*float64(parsed)/float64(max(total, 1)))
		messages := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return cmp.Or(reasons[b]-reasons[a], strings.Compare(a, b)) })
		for _, message := range messages[:min(len(messages), 5)] {
			t.Logf("%6d %s\n%.200s", reasons[message], message, examples[message])
		}
	}
}

// sltQueries finds the SELECTs of a sqllogictest file that are expected to work.
func sltQueries(text string) []string {
	var found []string
	for record := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		lines := strings.Split(record, "\n")
		for i, line := range lines {
			if !strings.HasPrefix(line, "query ") || strings.HasPrefix(line, "query error") {
				continue
			}
			body, _, _ := strings.Cut(strings.Join(lines[i+1:], "\n")+"\n", "\n----")
			first, _, _ := strings.Cut(strings.TrimSpace(body), " ")
			if word := strings.ToUpper(strings.TrimSpace(first)); (word == "SELECT" || word == "WITH" || word == "FROM") && !strings.Contains(body, "${") {
				found = append(found, body)
			}
			break
		}
	}
	return found
}
