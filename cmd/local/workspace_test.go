package local

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/engine"
	_ "github.com/heddle-lang/heddle/runtime/store/delimited" // registers CSV
)

// machine is a system whose cache is in a directory of the test.
func machine(t *testing.T, cache string) *system.System {
	t.Helper()
	real := system.Real()
	return &system.System{
		Clock: real.Clock, Files: real.Files, Random: system.NewSeededRandom(1),
		Environment: &system.FixedEnvironment{Cache: cache, Temp: t.TempDir(), Threads: 2},
	}
}

// tables is a directory with one table.
func tables(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeTable(t, dir, "a,b\n1,2\n3,4\n5,60\n")
	return dir
}

func writeTable(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "t.csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, options Options) *Workspace {
	t.Helper()
	w, err := Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func prepare(t *testing.T, w *Workspace, text string, options PrepareOptions) []*Compiled {
	t.Helper()
	all, err := w.Prepare(t.Context(), diag.NewFile("q.sql", text), options)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// first runs a statement and gives the first integer of its first row.
func first(t *testing.T, w *Workspace, c *Compiled, options RunOptions) (int64, *Run) {
	t.Helper()
	run, err := w.Run(t.Context(), c.Program, c.Wasm, options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := run.Close(); err != nil {
			t.Error(err)
		}
	}()
	batch, err := run.Next()
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Release()
	value, ok := batch.Column(0).(interface{ Value(int) int64 })
	if !ok {
		t.Fatalf("the column is of type %s", batch.Column(0).DataType())
	}
	if _, err := run.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("more than one batch, or %v", err)
	}
	return value.Value(0), run
}

// TestLiterals changes literals: the code stays, and is not compiled again.
func TestLiterals(t *testing.T) {
	w := open(t, Options{System: machine(t, t.TempDir()), Data: tables(t)})
	const text = "SELECT count(*) FROM t WHERE b < "
	one, two := prepare(t, w, text+"3", PrepareOptions{})[0], prepare(t, w, text+"5", PrepareOptions{})[0]
	if !bytes.Equal(one.Wasm, two.Wasm) {
		t.Error("another literal gives other code")
	}
	if got, _ := first(t, w, one, RunOptions{}); got != 1 {
		t.Errorf("%d rows are below 3, want 1", got)
	}
	got, run := first(t, w, two, RunOptions{})
	if got != 2 {
		t.Errorf("%d rows are below 5, want 2", got)
	}
	if run.Code != CodeInMemory {
		t.Errorf("the code of the second statement was %s", run.Code)
	}
	if _, fresh := first(t, w, two, RunOptions{Fresh: true}); fresh.Code != CodeCompiled {
		t.Errorf("fresh code was %s", fresh.Code)
	}
}

// TestDiskCache finds compiled code in another process's cache, but not code that was
// written with another secret.
func TestDiskCache(t *testing.T) {
	if engine.Default() == "wazero" {
		t.Skip("wazero keeps its own cache, if any")
	}
	cache, data := t.TempDir(), tables(t)
	source := func() CodeSource {
		w := open(t, Options{System: machine(t, cache), Data: data})
		_, run := first(t, w, prepare(t, w, "SELECT count(*) FROM t", PrepareOptions{})[0], RunOptions{})
		return run.Code
	}
	if got := source(); got != CodeCompiled {
		t.Errorf("with an empty cache the code was %s", got)
	}
	if got := source(); got != CodeFromDisk {
		t.Errorf("with a full cache the code was %s", got)
	}
	secret := filepath.Join(cache, "secret")
	info, err := os.Stat(secret)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the secret has mode %o", mode)
	}
	if err := os.WriteFile(secret, bytes.Repeat([]byte{7}, secretSize), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := source(); got != CodeCompiled {
		t.Errorf("with another secret the code was %s", got)
	}
	if err := os.WriteFile(secret, nil, 0o600); err != nil { // broken off
		t.Fatal(err)
	}
	if got := source(); got != CodeCompiled {
		t.Errorf("with a new secret the code was %s", got)
	}
	if left, err := filepath.Glob(filepath.Join(cache, ".secret-*")); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}

// TestNoCache works where nothing can be kept.
func TestNoCache(t *testing.T) {
	for name, environment := range map[string]*system.FixedEnvironment{
		"no directory": {Threads: 1},
		"unwritable":   {Threads: 1, Cache: "/dev/null/cache"},
	} {
		t.Run(name, func(t *testing.T) {
			sys := machine(t, "")
			environment.Temp = t.TempDir()
			sys.Environment = environment
			w := open(t, Options{System: sys, Data: tables(t)})
			if got, _ := first(t, w, prepare(t, w, "SELECT count(*) FROM t", PrepareOptions{})[0], RunOptions{}); got != 3 {
				t.Errorf("%d rows, want 3", got)
			}
		})
	}
}

// TestStatements remembers texts, says so, and forgets the oldest.
func TestStatements(t *testing.T) {
	w := open(t, Options{System: machine(t, t.TempDir()), Data: tables(t)})
	const text = "SELECT count(*) FROM t"
	if c := prepare(t, w, text, PrepareOptions{})[0]; c.Cached || len(c.Phases) == 0 {
		t.Error("the first time is said to be cached, or has no phases")
	}
	if c := prepare(t, w, text, PrepareOptions{})[0]; !c.Cached || len(c.Phases) > 0 {
		t.Error("the second time is not cached, or has phases")
	}
	if c := prepare(t, w, text, PrepareOptions{Again: true})[0]; c.Cached {
		t.Error("Again does not compile again")
	}
	if c := prepare(t, w, text, PrepareOptions{CompileOptions: CompileOptions{Names: true}})[0]; c.Cached {
		t.Error("other options find the same code")
	}
	if c := prepare(t, w, text, PrepareOptions{CompileOptions: CompileOptions{Stop: ir.KernLevel}})[0]; c.Cached || c.Wasm != nil {
		t.Error("a statement that stops on its way is taken from the cache")
	}
	for i := range keptStatements {
		prepare(t, w, text+" WHERE a > "+string(rune('0'+i%10))+" AND b > "+string(rune('0'+i/10)), PrepareOptions{})
	}
	if c := prepare(t, w, text, PrepareOptions{})[0]; c.Cached {
		t.Error("the oldest text is not forgotten")
	}
}

// TestErrors tells the mistakes of all statements, also beside one that cannot be read.
func TestErrors(t *testing.T) {
	w := open(t, Options{System: machine(t, t.TempDir()), Data: tables(t)})
	_, err := w.Prepare(t.Context(), diag.NewFile("q.sql", "SELECT x FROM t; SELEC 1; SELECT 1 FROM u"), PrepareOptions{})
	list, _ := diag.FromError(err)
	var codes []diag.Code
	for _, d := range list {
		codes = append(codes, d.Code)
	}
	if diff := cmp.Diff([]diag.Code{"E0213", "E0102", "E0201"}, codes); diff != "" {
		t.Error(diff)
	}
}

// TestCancelled ends a run whose context has ended, and the workspace goes on.
func TestCancelled(t *testing.T) {
	w := open(t, Options{System: machine(t, t.TempDir()), Data: tables(t)})
	c := prepare(t, w, "SELECT count(*) FROM t", PrepareOptions{})[0]
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	cancel()
	if run, err := w.Run(ctx, c.Program, c.Wasm, RunOptions{}); err == nil {
		t.Error("a cancelled run has a result", run.Close())
	}
	if got, _ := first(t, w, c, RunOptions{}); got != 3 {
		t.Errorf("afterwards there are %d rows, want 3", got)
	}
}

// TestPortable compiles for engines without extensions.
func TestPortable(t *testing.T) {
	w := open(t, Options{System: machine(t, t.TempDir()), Data: tables(t)})
	c := prepare(t, w, "SELECT sum(a * b) FROM t", PrepareOptions{CompileOptions: CompileOptions{Portable: true, KeepFlow: true}})[0]
	packed, err := Bundle(c, "test")
	if err != nil {
		t.Fatal(err)
	}
	wazero, err := engine.Open("wazero")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = wazero.Close() }()
	for _, feature := range packed.Manifest.Features {
		if !HasFeature(wazero, feature) {
			t.Errorf("portable code needs %s", feature)
		}
	}
	if HasFeature(wazero, "wide-arithmetic") || HasFeature(wazero, "no-such-thing") {
		t.Error("wazero is said to have features that it lacks")
	}
}
