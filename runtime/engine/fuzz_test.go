package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/heddle-lang/heddle/runtime/engine"
)

// FuzzCompile: damaged modules are refused or compiled, never worse. They are
// not run, for a start function may be endless.
func FuzzCompile(f *testing.F) {
	for _, name := range []string{"library", "query", "wide", "small", "stranger", "start"} {
		f.Add(module(f, name))
	}
	var engines []engine.Engine
	for _, name := range engine.Names() {
		opened, err := engine.Open(name)
		if err != nil {
			f.Fatal(err)
		}
		engines = append(engines, opened)
	}
	f.Fuzz(func(t *testing.T, wasm []byte) {
		for _, e := range engines {
			compiled, err := e.Compile(t.Context(), wasm)
			if err != nil {
				if codeOf(err) != engine.CodeRefused {
					t.Errorf("%s: %v, want %s", e.Name(), err, engine.CodeRefused)
				}
				continue
			}
			if err := compiled.Close(); err != nil {
				t.Errorf("%s: %v", e.Name(), err)
			}
		}
	})
}

// FuzzCacheEntry: only the very entry that was written is ever loaded.
func FuzzCacheEntry(f *testing.F) {
	opened, err := engine.Open(engine.Default())
	if err != nil {
		f.Fatal(err)
	}
	config := cacheConfig(f.TempDir())
	build := func(t testing.TB) engine.CacheStats {
		cache := engine.NewCache(opened, config)
		defer mustClose(t, cache)
		_, release, err := cache.Module(t.Context(), module(t, "small"))
		if err != nil {
			t.Fatal(err)
		}
		release()
		return cache.Stats()
	}
	build(f)
	entries, err := filepath.Glob(filepath.Join(config.Directory, "*.native"))
	if err != nil {
		f.Fatal(err)
	}
	if len(entries) == 0 {
		f.Skip("the default engine of this build has no native form")
	}
	whole, err := os.ReadFile(entries[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, byte(1), 0)
	f.Add(len(whole)-1, byte(128), 0)
	f.Add(40, byte(0), 7)
	f.Fuzz(func(t *testing.T, at int, flip byte, cut int) {
		if at < 0 || at >= len(whole) || cut < 0 || cut > len(whole) {
			return
		}
		entry := append([]byte(nil), whole...)
		entry[at] ^= flip
		if err := os.WriteFile(entries[0], entry[:len(entry)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		want := engine.CacheStats{Damaged: 1, Compiled: 1}
		if flip == 0 && cut == 0 {
			want = engine.CacheStats{Loaded: 1}
		}
		if got := build(t); got != want {
			t.Errorf("byte %d ^ %#x, %d cut: %+v, want %+v", at, flip, cut, got, want)
		}
	})
}
