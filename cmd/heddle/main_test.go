package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/runtime/device/cuda"
	"github.com/heddle-lang/heddle/runtime/engine"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(cleaned{m}, map[string]func(){"heddle": main})
}

// cleaned deletes what the tests share when they have run.
type cleaned struct{ m *testing.M }

func (c cleaned) Run() int {
	code := c.m.Run()
	if s, err := shareOnce(); err == nil {
		_ = os.RemoveAll(s.dir) // a temporary directory
	}
	return code
}

// shared is made once for all tests: TPC-H at SF 0.01 as Parquet and as native
// tables, and a cache of compiled code.
type shared struct{ dir, parquet, native, cache string }

var shareOnce = sync.OnceValues(func() (*shared, error) {
	dir, err := os.MkdirTemp("", "heddle-test-")
	if err != nil {
		return nil, err
	}
	s := &shared{dir: dir, parquet: filepath.Join(dir, "parquet"), native: filepath.Join(dir, "native"), cache: filepath.Join(dir, "cache")}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = null.Close() }() // the null device keeps nothing
	a := &app{system: system.Real(), stdin: os.Stdin, stdout: null, stderr: null, color: "never"}
	for format, dir := range map[string]string{"parquet": s.parquet, "native": s.native} {
		if err := a.generate(context.Background(), 0.01, dir, format, nil, "none"); err != nil {
			return nil, err
		}
	}
	return s, nil
})

func share(t *testing.T) *shared {
	t.Helper()
	s, err := shareOnce()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestScripts runs the stories in testdata/script.
func TestScripts(t *testing.T) {
	s := share(t)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PARQUET", s.parquet)
			env.Setenv("NATIVE", s.native)
			env.Setenv("HEDDLE_CACHE_DIR", s.cache)
			env.Setenv("HEDDLE_TEMP_DIR", env.WorkDir)
			return nil
		},
		Condition: func(name string) (bool, error) { // [wasmtime]: this build has the engine; [gpu]: the machine has one
			if name == "gpu" {
				_, err := cuda.Devices(cuda.Options{})
				return err == nil, nil
			}
			return slices.Contains(engine.Names(), name), nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "plain": plain},
	})
}
