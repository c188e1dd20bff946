package local_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/exec"
	"github.com/heddle-lang/heddle/runtime/store"
	_ "github.com/heddle-lang/heddle/runtime/store/arrow"
	_ "github.com/heddle-lang/heddle/runtime/store/delimited"
	_ "github.com/heddle-lang/heddle/runtime/store/native"
	_ "github.com/heddle-lang/heddle/runtime/store/ndjson"
	_ "github.com/heddle-lang/heddle/runtime/store/parquet"
)

var update = flag.Bool("update", false, "rewrite golden files")

// shared is a directory for the data that several tests read.
var shared string

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if shared, err = os.MkdirTemp("", "heddle-acceptance-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := os.RemoveAll(shared); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
		os.Exit(code)
	}))
}

// corpora finds the folder of test corpora, or skips.
func corpora(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("HEDDLE_CORPORA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpora")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the corpus %s is missing; HEDDLE_CORPORA names the folder of corpora", name)
	}
	return dir
}

// forEachEngine runs a test on every engine of this build.
func forEachEngine(t *testing.T, test func(t *testing.T, engine string)) {
	t.Helper()
	for _, name := range engine.Names() {
		t.Run(name, func(t *testing.T) { test(t, name) })
	}
}

// open opens a workspace whose temporary directory must be empty at the end. Code is
// cached in memory alone.
func open(t testing.TB, options local.Options) *local.Workspace {
	t.Helper()
	options.MemoryCacheOnly = true
	if options.TempDir == "" {
		options.TempDir = t.TempDir()
	}
	if options.Threads == 0 {
		options.Threads = 2
	}
	w, err := local.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		requireEmpty(t, options.TempDir)
	})
	return w
}

// requireEmpty complains about what a query left behind.
func requireEmpty(t testing.TB, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
}

// answer is the result of a query: a heading and rows, as text.
type answer struct {
	labels []string
	rows   [][]string
	stats  exec.Stats
	// notices are what people are told although there is an answer.
	notices []*diag.Diagnostic
}

// lines gives the rows, one text each.
func (a *answer) lines() []string {
	lines := make([]string, len(a.rows))
	for i, row := range a.rows {
		lines[i] = strings.Join(row, "|")
	}
	return lines
}

// ask compiles a statement and runs it. NULL is shown as the given text.
func ask(ctx context.Context, w *local.Workspace, text, null string) (*answer, error) {
	compiled, err := w.Prepare(ctx, diag.NewFile("query.sql", text), local.PrepareOptions{})
	if err != nil {
		return nil, err
	}
	if len(compiled) != 1 {
		return nil, fmt.Errorf("%d statements", len(compiled))
	}
	return execute(ctx, w, compiled[0], null)
}

func execute(ctx context.Context, w *local.Workspace, c *local.Compiled, null string) (found *answer, err error) {
	run, err := w.Run(ctx, c.Program, c.Wasm, local.RunOptions{Source: c.File, GPU: c.GPU(), Hint: c.Device})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	found = &answer{stats: run.Stats(), notices: run.Notices}
	columns := run.Columns()
	for _, column := range columns {
		found.labels = append(found.labels, column.Label)
	}
	for {
		batch, err := run.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for i := range int(batch.NumRows()) {
			row := make([]string, len(columns))
			for c := range columns {
				row[c] = null
				if d := datumOf(batch.Column(c), i); !d.Null {
					row[c] = ir.FormatDatum(columns[c].Type, d)
				}
			}
			found.rows = append(found.rows, row)
		}
		batch.Release()
	}
	return found, nil
}

// mustAsk is ask for queries that must not fail.
func mustAsk(t testing.TB, w *local.Workspace, text string) *answer {
	t.Helper()
	found, err := ask(t.Context(), w, text, "NULL")
	if err != nil {
		t.Fatalf("%s\n%s", text, rendered(err))
	}
	return found
}

// rendered shows an error as a person sees it.
func rendered(err error) string {
	if list, ok := diag.FromError(err); ok {
		return diag.RenderText(list, diag.Options{})
	}
	return fmt.Sprintf("an error without a code: %v", err)
}

// benchmarkData gives a directory with the tables of TPC-H, which is made once.
func benchmarkData(t testing.TB, scale float64, format string) string {
	t.Helper()
	key := fmt.Sprintf("sf%v-%s", scale, format)
	made, _ := benchmarkDirs.LoadOrStore(key, sync.OnceValues(func() (string, error) {
		dir := filepath.Join(shared, key)
		return dir, generate(dir, scale, format)
	}))
	dir, err := made.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var benchmarkDirs sync.Map // of func() (string, error)

func generate(dir string, scale float64, formatName string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	format, err := store.FormatByName(formatName)
	if err != nil {
		return err
	}
	for _, table := range tpch.Tables {
		batches, err := tpch.Generate(table, scale, 0, 1)
		if err != nil {
			return err
		}
		converted := func(yield func(*store.Batch, error) bool) {
			for batch := range batches {
				if !yield(local.BenchmarkBatch(batch), nil) {
					return
				}
			}
		}
		path := filepath.Join(dir, table.Name+format.Extensions[0])
		if err := store.WriteFile(context.Background(), system.Real(), format, path, benchmarkSchema(table), converted, store.WriteOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func benchmarkSchema(table *tpch.Table) []ir.Field {
	types := map[tpch.Kind]ir.Type{
		tpch.Integer: ir.Of(ir.I32), tpch.BigInt: ir.Of(ir.I64), tpch.Decimal: ir.DecimalType(15, 2), tpch.Date: ir.Of(ir.Date),
		tpch.Varchar: ir.Of(ir.String), tpch.Char: ir.Of(ir.String),
	}
	fields := make([]ir.Field, len(table.Columns))
	for i, column := range table.Columns {
		fields[i] = ir.Field{Name: column.Name, Type: types[column.Kind].WithNull(!column.NotNull)}
	}
	return fields
}
