package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/tpch"
)

// The storages that are measured; see doc.go.
const (
	nativeStorage  = "native"
	parquetStorage = "parquet"
)

// measureStorage measures all queries on one storage and prints a line for each as soon as
// it is done. A query that fails is a line too, and a failure in the report; an error is
// what keeps the command from going on.
func measureStorage(ctx context.Context, c *config, d *dataset, storage string, report *Report, stdout, stderr io.Writer) (err error) {
	duck, err := openDuckData(ctx, d, storage, c.threads)
	if err != nil {
		return fmt.Errorf("open DuckDB: %w", err)
	}
	defer func() { err = errors.Join(err, duck.close()) }()
	if report.DuckDB, err = duck.version(ctx); err != nil {
		return err
	}
	heddle, err := openHeddle(ctx, c, d, storage)
	if err != nil {
		return fmt.Errorf("open Heddle: %w", err)
	}
	defer func() { err = errors.Join(err, heddle.close()) }()
	engine, err := heddle.workspace.Engine()
	if err != nil {
		return err
	}
	report.Engine = engine.Name()
	report.writeHeading(stdout, storage, c.ways)
	for _, number := range c.queries {
		q := &queryRuns{number: number, ways: c.ways, duck: duck, heddle: heddle}
		measured := QueryReport{Storage: storage, Query: number}
		if err := q.measure(ctx, c.warm, c.runs); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			report.Failures++
			measured.Failure = err.Error()
			fmt.Fprintf(stderr, "Q%d: %s\n", number, renderError(err))
		} else {
			measured.Rows, measured.DuckDB = q.rows, timesOf(q.duckTimes)
			for _, way := range c.ways {
				measured.Heddle = append(measured.Heddle, newWayReport(way, q.runs[way], measured.DuckDB))
			}
		}
		report.Queries = append(report.Queries, measured)
		measured.write(stdout)
		if c.phases && measured.Failure == "" {
			for _, way := range c.ways[:min(1, len(c.ways))] { // execution is the same in all
				writeRun(stdout, medianRun(q.runs[way]))
			}
		}
	}
	if c.phases {
		report.writePhases(stdout, storage, c.ways)
	}
	return nil
}

// timing is what a run took: time on the clock, and of all processors together.
type timing struct{ elapsed, cpu time.Duration }

// watch measures both.
type watch struct {
	began time.Time
	cpu   time.Duration
}

func startWatch() watch { return watch{cpu: cpuTime(), began: time.Now()} }

func (w watch) stop() timing { return timing{elapsed: time.Since(w.began), cpu: cpuTime() - w.cpu} }

// queryRuns runs one query on one storage.
type queryRuns struct {
	number int
	ways   []string
	duck   *duckSide
	heddle *heddleSide

	rows      int
	duckTimes []timing
	runs      map[string][]*heddleRun // without their rows
}

// measure does the runs that do not count and those that do, in turns. Each result is
// compared. When an engine fails, the error says which.
func (q *queryRuns) measure(ctx context.Context, warm, counted int) error {
	text := tpch.Query(q.number)
	q.runs = map[string][]*heddleRun{}
	for i := range warm + counted {
		// The interrupt of the context is not passed to DuckDB's driver: it starts a
		// goroutine for it that would be part of the time.
		rows, duckTime, err := q.duck.run(context.WithoutCancel(ctx), text)
		if err != nil {
			return fmt.Errorf("DuckDB failed: %w", err)
		}
		want, err := duckCells(rows)
		if err != nil {
			return err
		}
		q.rows = len(rows)
		if i >= warm {
			q.duckTimes = append(q.duckTimes, duckTime)
		}
		for _, way := range q.ways {
			run, err := q.heddle.run(ctx, text, way)
			if err != nil {
				return fmt.Errorf("Heddle (%s) failed: %w", way, err)
			}
			got, err := heddleCells(run.batches)
			run.release()
			run.batches = nil
			if err != nil {
				return err
			}
			if d := difference(want, got, orderKeys[q.number]); d != "" {
				return fmt.Errorf("the results differ (Heddle %s): %s", way, d)
			}
			if i >= warm {
				q.runs[way] = append(q.runs[way], run)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func timings(runs []*heddleRun) []timing {
	times := make([]timing, len(runs))
	for i, run := range runs {
		times[i] = run.timing
	}
	return times
}

// medianRun gives the run that took the median time.
func medianRun(runs []*heddleRun) *heddleRun {
	sorted := slices.Clone(runs)
	slices.SortFunc(sorted, func(a, b *heddleRun) int { return int(a.elapsed - b.elapsed) })
	return sorted[(len(sorted)-1)/2]
}

// renderError shows diagnostics as the heddle command does, and other errors as they are.
func renderError(err error) string {
	if list, ok := diag.FromError(err); ok {
		return err.Error() + "\n" + diag.RenderText(list, diag.Options{})
	}
	return err.Error()
}
