package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/heddle/internal/progress"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
)

const genUsage = `heddle gen tpch --sf NUMBER --out DIR [--format parquet|csv|tbl|native]`

func (a *app) genCommand() *cobra.Command {
	var scale, out, format, progressMode string
	var tables []string
	cmd := &cobra.Command{
		Use: "gen tpch", Short: "Make the data of the TPC-H benchmark",
		Long: `Makes the eight tables of TPC-H at a scale factor, with the reference distributions. At
1 the data has about 1 GB as text. "tbl" is the text of the reference data, byte for
byte.`,
		Example: `heddle gen tpch --sf 1 --out data/sf1
heddle gen tpch --sf 0.1 --out data/sf01 --format csv`,
		ValidArgs: []string{"tpch"},
		Args:      arguments(1, 1, genUsage),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if arguments[0] != "tpch" {
				return diag.New(codeArguments, "no data set is called %q", arguments[0]).Helpf("the data set is tpch: %s", genUsage)
			}
			if out == "" {
				return diag.New(codeArguments, "--out is missing: say where the tables go").Helpf("usage: %s", genUsage)
			}
			if err := oneOf("format", format, "parquet", "csv", "tbl", "native"); err != nil {
				return err
			}
			sf, err := strconv.ParseFloat(scale, 64)
			if err != nil {
				return diag.New(codeFlagValue, "--sf takes a number such as 0.1, not %q", scale)
			}
			return a.generate(cmd.Context(), sf, out, format, tables, progressMode)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&scale, "sf", "1", "scale factor `NUMBER`, 0.001 to 10000")
	flags.StringVarP(&out, "out", "o", "", "`DIR` of the tables; made if it is missing")
	flags.StringVarP(&format, "format", "f", "parquet", "`FORMAT` of the files: parquet, csv, tbl or native")
	flags.StringSliceVar(&tables, "table", nil, "make only these tables; `NAME`, or several with commas between")
	flags.StringVar(&progressMode, "progress", "auto", "`WHEN`: auto, plain or none")
	_ = cmd.MarkFlagDirname("out")
	complete(cmd, "format", "parquet", "csv", "tbl", "native")
	complete(cmd, "progress", "auto", "plain", "none")
	return cmd
}

// generated says how far the generator has come.
type generated struct {
	table       atomic.Pointer[tpch.Table]
	rows, total atomic.Int64
}

func (g *generated) state() progress.State {
	s := progress.State{Rows: g.rows.Load(), TotalRows: g.total.Load()}
	if table := g.table.Load(); table != nil {
		s.Stage = table.Name
	}
	return s
}

func (a *app) generate(ctx context.Context, sf float64, dir, format string, names []string, progressMode string) error {
	if err := oneOf("progress", progressMode, "auto", "plain", "none"); err != nil {
		return err
	}
	tables := tpch.Tables
	if len(names) > 0 {
		tables = nil
		for _, name := range names {
			table, ok := tpch.Lookup(name)
			if !ok {
				return diag.New(codeFlagValue, "TPC-H has no table %q", name)
			}
			tables = append(tables, table)
		}
	}
	began := a.system.Clock.Now()
	var done generated
	var total int64
	for _, table := range tables {
		rows, err := tpch.Rows(table, sf)
		if err != nil {
			return diag.New(codeScale, "scale factor %g is out of range", sf).Helpf("scale factors go from 0.001 to 10000")
		}
		total += rows
	}
	done.total.Store(total)
	if err := a.system.Files.MkdirAll(dir, 0o777); err != nil {
		return diag.New(store.CodeCannotWrite, "cannot make the directory %s: %v", dir, err)
	}
	stop := a.showProgress(progressMode, done.state)
	defer stop()
	for _, table := range tables {
		done.table.Store(table)
		if err := a.generateTable(ctx, table, sf, dir, format, &done); err != nil {
			return err
		}
	}
	stop()
	a.note("%s rows in %s in %s", grouped(total), countOf(len(tables), "table"), shortDuration(a.system.Clock.Since(began)))
	return nil
}

func (a *app) generateTable(ctx context.Context, table *tpch.Table, sf float64, dir, format string, done *generated) error {
	parts := newParts(table, sf, a.system.Environment.Processors())
	defer parts.stop()
	if format == "tbl" {
		path := filepath.Join(dir, table.Name+".tbl")
		err := system.WriteAtomic(a.system.Files, path, func(w io.Writer) error {
			return parts.each(ctx, true, func(p *part) error {
				done.rows.Add(int64(p.batch.Rows))
				_, err := w.Write(p.text.Bytes())
				return err
			})
		})
		if _, ok := diag.FromError(err); err != nil && !ok && ctx.Err() == nil {
			return diag.New(store.CodeCannotWrite, "cannot write %s: %v", path, err)
		}
		return err
	}
	to, err := store.FormatByName(format)
	if err != nil {
		return err
	}
	schema := tpchSchema(table)
	batches := func(yield func(*store.Batch, error) bool) {
		ended := errors.New("no more batches are wanted")
		err := parts.each(ctx, false, func(p *part) error {
			done.rows.Add(int64(p.batch.Rows))
			if !yield(local.BenchmarkBatch(&p.batch), nil) {
				return ended
			}
			return nil
		})
		if err != nil && !errors.Is(err, ended) {
			yield(nil, err)
		}
	}
	return store.WriteFile(ctx, a.system, to, filepath.Join(dir, table.Name+to.Extensions[0]), schema, batches, store.WriteOptions{})
}

// tpchSchema gives the columns with the types of the benchmark's definition.
func tpchSchema(table *tpch.Table) []ir.Field {
	fields := make([]ir.Field, len(table.Columns))
	for i, column := range table.Columns {
		t := ir.Of(ir.String)
		switch column.Kind {
		case tpch.Integer:
			t = ir.Of(ir.I32)
		case tpch.BigInt:
			t = ir.Of(ir.I64)
		case tpch.Decimal:
			t = ir.DecimalType(15, 2)
		case tpch.Date:
			t = ir.Of(ir.Date)
		case tpch.Varchar, tpch.Char: // a string
		}
		fields[i] = ir.Field{Name: column.Name, Type: t.WithNull(!column.NotNull)}
	}
	return fields
}

// parts makes a table part by part on several goroutines, and gives the parts in
// order.
type parts struct {
	table   *tpch.Table
	sf      float64
	count   int
	threads int
	cancel  context.CancelFunc
	workers sync.WaitGroup
}

// part is a piece of a table.
type part struct {
	batch tpch.Batch
	text  bytes.Buffer // TBL, if that was asked for
	err   error
}

// partRows is about how many rows a part has.
const partRows = 50_000

func newParts(table *tpch.Table, sf float64, threads int) *parts {
	rows, err := tpch.Rows(table, sf)
	if err != nil {
		rows = 0 // making the generator gives the error
	}
	return &parts{table: table, sf: sf, count: int(rows/partRows) + 1, threads: threads, cancel: func() {}}
}

// stop ends the goroutines.
func (p *parts) stop() {
	p.cancel()
	p.workers.Wait()
}

// each gives the parts in order to use, which has a part until it returns.
func (p *parts) each(ctx context.Context, text bool, use func(*part) error) error {
	ctx, p.cancel = context.WithCancel(ctx)
	free := make(chan *part, p.threads+2)
	for range p.threads + 2 {
		free <- &part{}
	}
	ready := make([]chan *part, p.count)
	for i := range ready {
		ready[i] = make(chan *part, 1)
	}
	var next atomic.Int64
	for range p.threads {
		p.workers.Go(func() {
			for {
				var piece *part
				select { // a worker takes memory before its number: the lowest number never waits
				case piece = <-free:
				case <-ctx.Done():
					return
				}
				i := int(next.Add(1)) - 1
				if i >= p.count {
					return
				}
				p.fill(piece, i, text)
				ready[i] <- piece
			}
		})
	}
	for _, channel := range ready {
		select {
		case piece := <-channel:
			if piece.err != nil {
				return piece.err
			}
			if err := use(piece); err != nil {
				return err
			}
			free <- piece
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (p *parts) fill(piece *part, i int, text bool) {
	generator, err := tpch.NewGenerator(p.table, p.sf, i, p.count)
	if err != nil {
		piece.err = err
		return
	}
	piece.batch.Rows = 0
	if !generator.Next(&piece.batch) {
		piece.batch.Rows = 0
	}
	var rest tpch.Batch
	if generator.Next(&rest) {
		panic("BUG: a part of " + p.table.Name + " has more rows than a batch")
	}
	piece.text.Reset()
	if text {
		piece.err = tpch.WriteTBL(&piece.text, &piece.batch)
	}
}
