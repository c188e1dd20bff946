package parquet

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

// corpus finds a directory of the test corpora.
func corpus(tb testing.TB, name string) string {
	tb.Helper()
	dir := os.Getenv("HEDDLE_CORPORA")
	if dir == "" {
		dir = "../../../../shared/corpora"
	}
	dir = filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("the test corpora are not here: %v", err)
	}
	return dir
}

func openFile(tb testing.TB, path string) store.Table {
	tb.Helper()
	table, err := Open(context.Background(), system.Real(), path, store.FileOptions{Table: "t"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := table.Close(); err != nil {
			tb.Error(err)
		}
	})
	return table
}

// offered is the request for all columns in the layouts that a table offers.
func offered(table store.Table) []store.ColumnRequest {
	var columns []store.ColumnRequest
	for _, c := range table.Description().Columns {
		columns = append(columns, store.ColumnRequest{Name: c.Name, Type: c.Type, Layout: c.Layout})
	}
	return columns
}

// generated gives the rows of a TPC-H table as values.
func generated(tb testing.TB, name string, scale float64) [][]ir.Datum {
	tb.Helper()
	table, ok := tpch.Lookup(name)
	if !ok {
		tb.Fatalf("no table %q", name)
	}
	batches, err := tpch.Generate(table, scale, 0, 1)
	if err != nil {
		tb.Fatal(err)
	}
	var rows [][]ir.Datum
	for batch := range batches {
		for row := range batch.Rows {
			values := make([]ir.Datum, len(batch.Columns))
			for i := range batch.Columns {
				switch c := &batch.Columns[i]; c.Kind {
				case tpch.Integer, tpch.Date:
					values[i] = ir.IntDatum(int64(c.Int32[row]))
				case tpch.BigInt, tpch.Decimal:
					values[i] = ir.IntDatum(c.Int64[row])
				default:
					values[i] = ir.TextDatum(string(c.Text(row)))
				}
			}
			rows = append(rows, values)
		}
	}
	return rows
}

func TestTPCH(t *testing.T) {
	dir := corpus(t, "tpch/data-sf0.01")
	for _, definition := range tpch.Tables {
		t.Run(definition.Name, func(t *testing.T) {
			t.Parallel()
			want := generated(t, definition.Name, 0.01)
			table := openFile(t, filepath.Join(dir, definition.Name+".parquet"))
			for _, c := range table.Description().Columns {
				t.Logf("%-20s %-16s %-14s distinct %d nulls %d", c.Name, c.Type, c.Layout, c.Statistics.Distinct, c.Statistics.Nulls)
			}
			if diff := storetest.Diff(want, storetest.Rows(t, table)); diff != "" {
				t.Errorf("natural layouts: %s", diff)
			}
			got, err := storetest.Read(t, table, offered(table), 1<<16)
			if err != nil {
				t.Fatal(err)
			}
			if diff := storetest.Diff(want, got); diff != "" {
				t.Errorf("offered layouts: %s", diff)
			}
		})
	}
}
