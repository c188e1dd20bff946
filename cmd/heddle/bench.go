package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/tpch"
)

const benchUsage = `heddle bench tpch --data DIR [--queries 1,6] [--runs 5]`

type benchFlags struct {
	workspaceFlags
	queries []int
	runs    int
	format  string
}

func (a *app) benchCommand() *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use: "bench tpch", Short: "Time the queries of TPC-H",
		Long: `Runs each query several times in one process, from the SQL text to the last row, and
shows medians:

  compiled each time  text to WebAssembly to machine code, and nothing is remembered
  code cached         text to WebAssembly; its machine code is found in the cache
  statement cached    the text is known, and only executed`,
		Example: `heddle bench tpch --data data/sf1.native
heddle bench tpch --data data/sf1.native --queries 1,6 --runs 11 --format json`,
		ValidArgs: []string{"tpch"},
		Args:      arguments(1, 1, benchUsage),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			switch {
			case arguments[0] != "tpch":
				return diag.New(codeArguments, "no benchmark is called %q", arguments[0]).Helpf("usage: %s", benchUsage)
			case f.data == "":
				return diag.New(codeArguments, "--data is missing: the directory of the tables").Helpf("usage: %s", benchUsage)
			case f.runs < 1:
				return diag.New(codeFlagValue, "--runs takes a number from 1, not %d", f.runs)
			}
			if err := oneOf("format", f.format, "text", "json"); err != nil {
				return err
			}
			for _, query := range f.queries {
				if !slices.Contains(tpch.Queries, query) {
					return diag.New(codeFlagValue, "--queries: there is no query %d", query).Helpf("queries are %v", tpch.Queries)
				}
			}
			return a.bench(cmd.Context(), f)
		},
	}
	f.addData(cmd)
	flags := cmd.Flags()
	flags.IntSliceVar(&f.queries, "queries", tpch.Queries, "`NUMBERS` of the queries, with commas between")
	flags.IntVar(&f.runs, "runs", 5, "how often `N` each query runs for its median")
	flags.StringVarP(&f.format, "format", "f", "text", "`FORMAT`: text or json")
	f.addEngine(cmd)
	complete(cmd, "format", "text", "json")
	return cmd
}

// benched is what was measured of a query. Times are in milliseconds.
type benched struct {
	Query     int     `json:"query"`
	Rows      int64   `json:"rows"`
	Compiled  float64 `json:"compiledEachTimeMs"`
	Code      float64 `json:"codeCachedMs"`
	Statement float64 `json:"statementCachedMs"`
	ToWasm    float64 `json:"sqlToWasmMs"`
}

// benchReport is the JSON form of a benchmark. The means are geometric.
type benchReport struct {
	Data    string    `json:"data"`
	Engine  string    `json:"engine"`
	Threads int       `json:"threads"`
	Runs    int       `json:"runs"`
	Queries []benched `json:"queries"`
	Mean    benched   `json:"geometricMean"`
}

func (a *app) bench(ctx context.Context, f *benchFlags) (err error) {
	options, err := f.options(a)
	if err != nil {
		return err
	}
	options.MemoryCacheOnly = true // the disk would hide what compiling costs
	workspace, err := local.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	engine, err := workspace.Engine()
	if err != nil {
		return err
	}
	report := benchReport{Data: f.data, Engine: engine.Name(), Threads: f.threads, Runs: f.runs}
	if report.Threads == 0 {
		report.Threads = a.system.Environment.Processors()
	}
	for _, number := range f.queries {
		measured, err := a.benchQuery(ctx, workspace, number, f.runs)
		if err != nil {
			return err
		}
		report.Queries = append(report.Queries, *measured)
	}
	report.Mean = meanOf(report.Queries)
	if f.format == "json" {
		return a.writeJSON(a.stdout, report)
	}
	rows := [][]string{{"query", "rows", "SQL to Wasm", "compiled each time", "code cached", "statement cached"}}
	line := func(name, count string, b *benched) {
		text := func(ms float64) string { return fmt.Sprintf("%.2f ms", ms) }
		rows = append(rows, []string{name, count, text(b.ToWasm), text(b.Compiled), text(b.Code), text(b.Statement)})
	}
	for i := range report.Queries {
		b := &report.Queries[i]
		line(fmt.Sprintf("Q%d", b.Query), grouped(b.Rows), b)
	}
	line("geometric mean", "", &report.Mean)
	if err := a.writeGrid(a.stdout, rows, 0, 0); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "\nmedians of %d, %s, %s, %s\n", f.runs, report.Engine, countOf(report.Threads, "thread"), f.data)
	return err
}

func (a *app) benchQuery(ctx context.Context, w *local.Workspace, number, runs int) (*benched, error) {
	file := diag.NewFile(fmt.Sprintf("q%d.sql", number), tpch.Query(number))
	out := &benched{Query: number}
	var toWasm []float64
	once := func(again, fresh bool) (float64, error) {
		began := a.system.Clock.Now()
		statements, err := w.Prepare(ctx, file, local.PrepareOptions{Again: again})
		if err != nil {
			return 0, err
		}
		if again {
			toWasm = append(toWasm, milliseconds(a.system.Clock.Since(began)))
		}
		run, err := w.Run(ctx, statements[0].Program, statements[0].Wasm, local.RunOptions{Source: file, Fresh: fresh})
		if err != nil {
			return 0, err
		}
		out.Rows, err = drain(run)
		elapsed := a.system.Clock.Since(began)
		return float64(elapsed) / float64(time.Millisecond), errors.Join(err, run.Close())
	}
	for _, mode := range []struct {
		again, fresh bool
		into         *float64
	}{{true, false, &out.Code}, {true, true, &out.Compiled}, {false, false, &out.Statement}} {
		if _, err := once(mode.again, mode.fresh); err != nil { // warm
			return nil, err
		}
		var times []float64
		for range runs {
			elapsed, err := once(mode.again, mode.fresh)
			if err != nil {
				return nil, err
			}
			times = append(times, elapsed)
		}
		*mode.into = median(times)
	}
	out.ToWasm = median(toWasm)
	return out, nil
}

// drain reads all rows.
func drain(run *local.Run) (rows int64, err error) {
	for {
		batch, err := run.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows += batch.NumRows()
		batch.Release()
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func meanOf(all []benched) benched {
	geometric := func(of func(*benched) float64) float64 {
		sum := 0.0
		for i := range all {
			sum += math.Log(max(of(&all[i]), 1e-6))
		}
		return math.Exp(sum / float64(max(1, len(all))))
	}
	return benched{
		Compiled:  geometric(func(b *benched) float64 { return b.Compiled }),
		Code:      geometric(func(b *benched) float64 { return b.Code }),
		Statement: geometric(func(b *benched) float64 { return b.Statement }),
		ToWasm:    geometric(func(b *benched) float64 { return b.ToWasm }),
	}
}
