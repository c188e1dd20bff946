package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"
)

// Report is all figures of a run of the command, as -json writes them.
type Report struct {
	ScaleFactor float64       `json:"scale_factor"`
	Threads     int           `json:"threads"`
	Runs        int           `json:"runs"`
	Processors  int           `json:"processors"`
	Platform    string        `json:"platform"`
	DuckDB      string        `json:"duckdb"` // version
	Engine      string        `json:"engine"` // that runs Heddle's WebAssembly
	Queries     []QueryReport `json:"queries"`
	Means       []Mean        `json:"geometric_means"`
	Failures    int           `json:"failures"`
}

// QueryReport is the figures of a query on a storage. A query that failed has none.
type QueryReport struct {
	Storage string      `json:"storage"`
	Query   int         `json:"query"`
	Rows    int         `json:"rows"`
	DuckDB  Times       `json:"duckdb"`
	Heddle  []WayReport `json:"heddle"`
	Failure string      `json:"failure,omitempty"`
}

// WayReport is the figures of one way to run a query on Heddle.
type WayReport struct {
	Way string `json:"way"`
	Times
	Ratio    float64 `json:"ratio"`     // of the medians, to DuckDB
	CPURatio float64 `json:"cpu_ratio"` // of the medians of processor time; 0 where it is unknown
	Phases   []Phase `json:"phases"`
}

func newWayReport(way string, runs []*heddleRun, duck Times) WayReport {
	times := timesOf(timings(runs))
	w := WayReport{Way: way, Times: times, Ratio: times.Median / duck.Median, Phases: phasesOf(runs)}
	if duck.CPU > 0 {
		w.CPURatio = times.CPU / duck.CPU
	}
	return w
}

// Times are in milliseconds.
type Times struct {
	Least  float64   `json:"least_ms"`
	Median float64   `json:"median_ms"`
	CPU    float64   `json:"cpu_ms"` // median of the time of all processors together
	All    []float64 `json:"all_ms"` // in the order of the runs
}

// Mean is the geometric means of the ratios of one way on one storage.
type Mean struct {
	Storage string  `json:"storage"`
	Way     string  `json:"way"`
	Queries int     `json:"queries"`
	Ratio   float64 `json:"ratio"`
	CPU     float64 `json:"cpu_ratio"` // of processor time; 0 where it is unknown
}

// timesOf summarises what runs took, of which there is at least one.
func timesOf(runs []timing) Times {
	t := Times{All: make([]float64, len(runs))}
	cpu := make([]float64, len(runs))
	for i, run := range runs {
		t.All[i], cpu[i] = milliseconds(run.elapsed), milliseconds(run.cpu)
	}
	t.Least, t.Median, t.CPU = slices.Min(t.All), median(t.All), median(cpu)
	return t
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// median gives the middle of at least one number, the mean of both if there are two.
func median(numbers []float64) float64 {
	sorted := slices.Sorted(slices.Values(numbers))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// geometricMean gives the mean of positive numbers, NaN if there are none.
func geometricMean(ratios []float64) float64 {
	var sum float64
	for _, ratio := range ratios {
		sum += math.Log(ratio)
	}
	return math.Exp(sum / float64(len(ratios)))
}

// mean gives the mean of one way on one storage over the queries that did not fail.
func (r *Report) mean(storage, way string) Mean {
	var ratios, cpu []float64
	for _, q := range r.Queries {
		for _, w := range q.Heddle {
			if q.Storage == storage && w.Way == way {
				ratios, cpu = append(ratios, w.Ratio), append(cpu, w.CPURatio)
			}
		}
	}
	return Mean{Storage: storage, Way: way, Queries: len(ratios), Ratio: geometricMean(ratios), CPU: geometricMean(cpu)}
}

// summarise computes the means of what was measured, in the order of the last lines: the
// native ones last, and those with code cached and compiled each time at the very end.
func (r *Report) summarise() {
	for _, storage := range []string{parquetStorage, nativeStorage} {
		for _, way := range []string{translatedWay, cachedWay, compiledWay} {
			if mean := r.mean(storage, way); mean.Queries > 0 {
				r.Means = append(r.Means, mean)
			}
		}
	}
}

// wayTitles are what the last lines call the ways.
var wayTitles = map[string]string{
	cachedWay:     "code cached",
	translatedWay: "machine code cached, translated each time",
	compiledWay:   "compiled each time",
}

func (r *Report) writeMeans(w io.Writer) {
	fmt.Fprintln(w)
	for _, mean := range r.Means {
		if mean.CPU > 0 {
			fmt.Fprintf(w, "geomean of processor time heddle/duckdb = %.2f (%s, %s)\n", mean.CPU, mean.Storage, wayTitles[mean.Way])
		}
	}
	for _, mean := range r.Means {
		fmt.Fprintf(w, "geomean heddle/duckdb = %.2f over %d queries (%s, %s)\n", mean.Ratio, mean.Queries, mean.Storage, wayTitles[mean.Way])
	}
}

func (r *Report) writeJSON(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// writeHeading starts the table of a storage.
func (r *Report) writeHeading(w io.Writer, storage string, ways []string) {
	fmt.Fprintf(w, "\nTPC-H scale factor %g, %s, %d threads, median of %d runs (the least of them) in ms,\n",
		r.ScaleFactor, storage, r.Threads, r.Runs)
	fmt.Fprintf(w, "c: median of processor time in ms, /: ratio to DuckDB by the clock and by processor time\n\n%-5s %4s  %-27s", "query", "rows", "DuckDB "+r.DuckDB)
	for _, way := range ways {
		fmt.Fprintf(w, "  %-39s", "Heddle "+way)
	}
	fmt.Fprintln(w)
}

// write prints the line of a query.
func (q *QueryReport) write(w io.Writer) {
	if q.Failure != "" {
		first, _, _ := strings.Cut(q.Failure, "\n")
		fmt.Fprintf(w, "Q%-4d failed: %s\n", q.Query, first)
		return
	}
	fmt.Fprintf(w, "Q%-4d %4d  %7.2f (%7.2f) c%7.2f", q.Query, q.Rows, q.DuckDB.Median, q.DuckDB.Least, q.DuckDB.CPU)
	for _, way := range q.Heddle {
		fmt.Fprintf(w, "  %7.2f (%7.2f) c%7.2f /%5.2f %5.2f", way.Median, way.Least, way.CPU, way.Ratio, way.CPURatio)
	}
	fmt.Fprintln(w)
}
