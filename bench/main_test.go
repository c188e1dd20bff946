package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/tpch"
)

// TestAgreement runs all queries on both engines from both storages over little data: the
// results must agree, and the output must be what scripts read.
func TestAgreement(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "report.json")
	args := []string{"-sf", "0.01", "-runs", "1", "-warm", "1", "-data", filepath.Join(dir, "data"), "-json", file, "-phases"}
	var stdout, stderr strings.Builder
	if err := run(context.Background(), args, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout.String(), stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	for i, pattern := range []string{
		`^geomean heddle/duckdb = \d+\.\d\d over 12 queries \(native, code cached\)$`,
		`^geomean heddle/duckdb = \d+\.\d\d over 12 queries \(native, compiled each time\)$`,
	} {
		if line := lines[len(lines)-2+i]; !regexp.MustCompile(pattern).MatchString(line) {
			t.Errorf("line %d from the end is %q", 2-i, line)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report Report
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Queries) != 2*len(tpch.Queries) || len(report.Means) != 2*len(allWays) || report.Failures != 0 {
		t.Errorf("%d queries, %d means, %d failures", len(report.Queries), len(report.Means), report.Failures)
	}
	for _, q := range report.Queries {
		if q.Rows == 0 || q.DuckDB.Median <= 0 || len(q.Heddle) != len(allWays) {
			t.Errorf("%s Q%d: %+v", q.Storage, q.Query, q)
		}
	}
}

func TestFlags(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string // of the error
	}{
		{"unknown query", []string{"-queries", "1,2"}, `-queries: "2" is none of [1 3 5 6 7 8 9 10 12 13 14 19]`},
		{"not a number", []string{"-queries", "x"}, `-queries: "x" is none of [1 3 5 6 7 8 9 10 12 13 14 19]`},
		{"unknown storage", []string{"-storages", "csv"}, `-storages: "csv" is none of parquet, native`},
		{"unknown way", []string{"-ways", "cached,fast"}, `-ways: "fast" is none of cached, translated, compiled`},
		{"no threads", []string{"-threads", "0"}, "-threads, -runs, -warm and -memory must be at least 1"},
		{"an argument", []string{"now"}, `unexpected argument "now"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseFlags(test.args, os.Stderr)
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	c, err := parseFlags([]string{"-sf", "0.1", "-queries", "6, 1", "-storages", "native,parquet"}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{6, 1}, c.queries); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{parquetStorage, nativeStorage}, c.storages); diff != "" {
		t.Error(diff)
	}
	if want := filepath.Join("..", "data", "tpch-sf0.1"); c.data != want {
		t.Errorf("data is %s, want %s", c.data, want)
	}
}
