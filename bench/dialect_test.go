package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readQueries gives the queries of a file, one a line, and whether each is ordered.
func readQueries(t *testing.T, path string) (queries []string, ordered []bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		query, comment, _ := strings.Cut(line, ";")
		if query = strings.TrimSpace(query); query != "" && !strings.HasPrefix(query, "--") {
			queries, ordered = append(queries, query), append(ordered, strings.Contains(comment, "ordered"))
		}
	}
	return queries, ordered
}

// TestDialect compares the answers of both engines to many small queries.
func TestDialect(t *testing.T) {
	ctx := context.Background()
	prepared := config{scale: 0.01, threads: 2, memory: 1 << 30, data: filepath.Join(t.TempDir(), "data")}
	data, err := prepareData(ctx, &prepared, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	queries, ordered := readQueries(t, filepath.Join("testdata", "queries.sql"))
	tests := []struct {
		name, storage, engine string
		memory                int64
	}{
		{"native", nativeStorage, "", 1 << 30},
		{"parquet", parquetStorage, "", 1 << 30},
		{"wazero", nativeStorage, "wazero", 1 << 30},
		{"spilling", nativeStorage, "", 2 << 20},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := prepared
			c.engine, c.memory = test.engine, test.memory
			duck, err := openDuckData(ctx, data, test.storage, c.threads)
			if err != nil {
				t.Fatal(err)
			}
			heddle, err := openHeddle(ctx, &c, data, test.storage)
			if err != nil {
				t.Fatal(err)
			}
			for i, query := range queries {
				compareAnswers(ctx, t, duck, heddle, query, ordered[i])
			}
			if err := heddle.close(); err != nil {
				t.Error(err)
			}
			if err := duck.close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func compareAnswers(ctx context.Context, t *testing.T, duck *duckSide, heddle *heddleSide, query string, ordered bool) {
	t.Helper()
	rows, _, err := duck.run(ctx, query)
	if err != nil {
		t.Errorf("%s\nDuckDB: %v", query, err)
		return
	}
	want, err := duckCells(rows)
	if err != nil {
		t.Errorf("%s\n%v", query, err)
		return
	}
	run, err := heddle.run(ctx, query, cachedWay)
	if err != nil {
		t.Errorf("%s\n%s", query, renderError(err))
		return
	}
	defer run.release()
	got, err := heddleCells(run.batches)
	if err != nil {
		t.Errorf("%s\n%v", query, err)
		return
	}
	var keys []int
	if ordered && len(want) > 0 {
		for i := range want[0] {
			keys = append(keys, i)
		}
	}
	if d := difference(want, got, keys); d != "" {
		t.Errorf("%s\n%s", query, d)
	}
}
