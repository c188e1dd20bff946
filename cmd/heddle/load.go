package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/heddle/internal/progress"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/native"
)

const loadUsage = `heddle load FILE... --into DIR`

func (a *app) loadCommand() *cobra.Command {
	var f workspaceFlags
	var into, progressMode string
	cmd := &cobra.Command{
		Use: "load FILE...", Short: "Write files as native tables",
		Long: `Writes each file, or directory of files, as a native table of its name: columns at
their narrowest width, with dictionaries, bounds and checksums, which queries map
into memory without a copy. A table appears whole or not at all.`,
		Example: `heddle load data/sf1/*.parquet --into data/sf1.native
heddle load orders.csv --into data --type orders.o_totalprice='decimal(15,2)'`,
		Args: arguments(1, -1, loadUsage),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if into == "" {
				return diag.New(codeArguments, "--into is missing: say where the tables go").Helpf("usage: %s", loadUsage)
			}
			if err := oneOf("progress", progressMode, "auto", "plain", "none"); err != nil {
				return err
			}
			types, err := parseTypes(f.types)
			if err != nil {
				return err
			}
			return a.load(cmd.Context(), arguments, into, types, progressMode)
		},
	}
	cmd.Flags().StringVar(&into, "into", "", "`DIR` of the native tables; made if it is missing")
	cmd.Flags().StringArrayVar(&f.types, "type", nil, "`TABLE.COLUMN=TYPE` instead of the guessed type of a CSV or NDJSON column")
	cmd.Flags().StringVar(&progressMode, "progress", "auto", "`WHEN`: auto, plain or none")
	_ = cmd.MarkFlagDirname("into")
	complete(cmd, "progress", "auto", "plain", "none")
	return cmd
}

// loaded says how far loading has come.
type loaded struct {
	name        atomic.Pointer[string]
	rows, total atomic.Int64
	number      atomic.Int64
}

func (a *app) load(ctx context.Context, paths []string, into string, types map[string]map[string]ir.Type, progressMode string) (err error) {
	names := make([]string, len(paths))
	taken := map[string]string{}
	options := store.DatabaseOptions{Types: map[string]map[string]ir.Type{}}
	for i, path := range paths {
		names[i] = tableName(path)
		if other, again := taken[names[i]]; again {
			return diag.New(codeArguments, "%s and %s would both become the table %q", other, path, names[i]).
				Helpf("put the files of one table into a directory of its name, and load the directory")
		}
		taken[names[i]] = path
		options.Types[path] = types[names[i]] // a file's table is named by its path
	}
	database, err := store.OpenDatabase(ctx, a.system, "", options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	if err := a.system.Files.MkdirAll(into, 0o777); err != nil {
		return diag.New(store.CodeCannotWrite, "cannot make the directory %s: %v", into, err)
	}
	began := a.system.Clock.Now()
	var done loaded
	stop := a.showProgress(progressMode, func() progress.State {
		s := progress.State{Rows: done.rows.Load(), TotalRows: done.total.Load(), Number: int(done.number.Load()), Total: len(paths)}
		if name := done.name.Load(); name != nil {
			s.Stage = *name
		}
		return s
	})
	defer stop()
	var rows int64
	for i, path := range paths {
		done.number.Store(int64(i + 1))
		done.name.Store(&names[i])
		done.rows.Store(0)
		if err := a.loadTable(ctx, database, path, filepath.Join(into, names[i]+native.Extension), &done); err != nil {
			return err
		}
		rows += done.rows.Load()
	}
	stop()
	a.note("%s rows in %s in %s", grouped(rows), countOf(len(paths), "table"), shortDuration(a.system.Clock.Since(began)))
	return nil
}

func (a *app) loadTable(ctx context.Context, database *store.Database, path, target string, done *loaded) error {
	table, err := database.File(path)
	if err != nil {
		return err
	}
	description := table.Description()
	done.total.Store(description.Rows)
	format, err := store.FormatByName("native")
	if err != nil {
		return err
	}
	batches := func(yield func(*store.Batch, error) bool) {
		for batch, err := range store.Read(ctx, table, a.system.Environment.Processors()) {
			if batch != nil {
				done.rows.Add(int64(batch.Rows))
			}
			if !yield(batch, err) {
				return
			}
		}
	}
	return store.WriteFile(ctx, a.system, format, target, store.Fields(description), batches, store.WriteOptions{})
}

// tableName is the name of the table that a file or a directory holds.
func tableName(path string) string {
	base := filepath.Base(strings.TrimRight(path, string(filepath.Separator)))
	if format, stem := store.FormatOfPath(base); format != nil {
		return stem
	}
	return base
}
