package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTimes(t *testing.T) {
	run := func(elapsed, cpu int) timing {
		return timing{elapsed: time.Duration(elapsed) * time.Millisecond, cpu: time.Duration(cpu) * time.Millisecond}
	}
	tests := []struct {
		name string
		runs []timing
		want Times
	}{
		{"one", []timing{run(3, 5)}, Times{Least: 3, Median: 3, CPU: 5, All: []float64{3}}},
		{"odd", []timing{run(9, 1), run(1, 9), run(2, 2)}, Times{Least: 1, Median: 2, CPU: 2, All: []float64{9, 1, 2}}},
		{"even", []timing{run(9, 4), run(1, 4), run(2, 4), run(5, 4)}, Times{Least: 1, Median: 3.5, CPU: 4, All: []float64{9, 1, 2, 5}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, timesOf(test.runs)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestGeometricMean(t *testing.T) {
	if got := geometricMean([]float64{0.5, 2, 8}); math.Abs(got-2) > 1e-12 {
		t.Errorf("got %v, want 2", got)
	}
	if got := geometricMean(nil); !math.IsNaN(got) {
		t.Errorf("of nothing: got %v, want NaN", got)
	}
}

// TestLastLines pins the lines that scripts read, and their order.
func TestLastLines(t *testing.T) {
	duck := Times{Median: 10, CPU: 20}
	run := func(elapsed float64, cpu int) []*heddleRun {
		return []*heddleRun{{timing: timing{elapsed: time.Duration(elapsed * 1e6), cpu: time.Duration(cpu) * time.Millisecond}}}
	}
	query := func(storage string, number int, cached, compiled float64) QueryReport {
		return QueryReport{Storage: storage, Query: number, DuckDB: duck, Heddle: []WayReport{
			newWayReport(cachedWay, run(cached, 5), duck),
			newWayReport(translatedWay, run(cached, 10), duck),
			newWayReport(compiledWay, run(compiled, 20), duck),
		}}
	}
	report := &Report{Queries: []QueryReport{
		query(nativeStorage, 1, 2.5, 5), query(nativeStorage, 6, 10, 20),
		query(parquetStorage, 1, 10, 11),
		{Storage: parquetStorage, Query: 6, Failure: "it failed"},
	}}
	if got := report.Queries[0].Heddle[0].CPURatio; got != 0.25 {
		t.Errorf("ratio of processor time: got %v, want 0.25", got)
	}
	report.summarise()
	var out strings.Builder
	report.writeMeans(&out)
	want := `
geomean of processor time heddle/duckdb = 0.50 (parquet, machine code cached, translated each time)
geomean of processor time heddle/duckdb = 0.25 (parquet, code cached)
geomean of processor time heddle/duckdb = 1.00 (parquet, compiled each time)
geomean of processor time heddle/duckdb = 0.50 (native, machine code cached, translated each time)
geomean of processor time heddle/duckdb = 0.25 (native, code cached)
geomean of processor time heddle/duckdb = 1.00 (native, compiled each time)
geomean heddle/duckdb = 1.00 over 1 queries (parquet, machine code cached, translated each time)
geomean heddle/duckdb = 1.00 over 1 queries (parquet, code cached)
geomean heddle/duckdb = 1.10 over 1 queries (parquet, compiled each time)
geomean heddle/duckdb = 0.50 over 2 queries (native, machine code cached, translated each time)
geomean heddle/duckdb = 0.50 over 2 queries (native, code cached)
geomean heddle/duckdb = 1.00 over 2 queries (native, compiled each time)
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
