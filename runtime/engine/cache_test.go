package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/runtime/engine"
)

func cacheConfig(directory string) engine.CacheConfig {
	return engine.CacheConfig{Files: system.Real().Files, Directory: directory, Secret: []byte("of this machine")}
}

// use gets a module from a cache and runs it.
func use(t *testing.T, b *bench, cache *engine.Cache) {
	t.Helper()
	library, release, err := cache.Module(t.Context(), module(t, "library"))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	config := b.config()
	config.Modules[0].Module = library
	in, err := b.engine.NewInstance(config)
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, in)
	if got := call(t, in, "quadruple", 4); got != 16 {
		t.Errorf("4 * 4 = %d", got)
	}
}

func TestCache(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		directory := filepath.Join(t.TempDir(), "native")
		native := b.engine.Name() == "wasmtime"
		pick := func(withNative, without engine.CacheStats) engine.CacheStats {
			if native {
				return withNative
			}
			return without
		}
		step := func(name string, config engine.CacheConfig, uses int, want engine.CacheStats) {
			t.Helper()
			cache := engine.NewCache(b.engine, config)
			for range uses {
				use(t, b, cache)
			}
			if diff := cmp.Diff(want, cache.Stats()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if err := cache.Close(); err != nil {
				t.Error(err)
			}
		}
		compiled := engine.CacheStats{Compiled: 1}
		step("first run", cacheConfig(directory), 3, engine.CacheStats{Hits: 2, Compiled: 1})
		step("second run", cacheConfig(directory), 1, pick(engine.CacheStats{Loaded: 1}, compiled))
		step("in memory only", engine.CacheConfig{}, 1, compiled)
		if !native {
			return
		}

		stranger := cacheConfig(directory)
		stranger.Secret = []byte("of another machine")
		step("another secret", stranger, 1, engine.CacheStats{Damaged: 1, Compiled: 1})
		step("back again", cacheConfig(directory), 1, engine.CacheStats{Damaged: 1, Compiled: 1})

		entries, err := filepath.Glob(filepath.Join(directory, "*.native"))
		if err != nil || len(entries) != 1 {
			t.Fatalf("the directory has entries %v (%v), want one", entries, err)
		}
		whole, err := os.ReadFile(entries[0])
		if err != nil {
			t.Fatal(err)
		}
		for name, damage := range map[string]func([]byte) []byte{
			"empty":       func([]byte) []byte { return nil },
			"cut":         func(e []byte) []byte { return e[:len(e)/2] },
			"bit flipped": func(e []byte) []byte { e[len(e)-1] ^= 1; return e },
			"other magic": func(e []byte) []byte { e[0] ^= 1; return e },
			"digest only": func(e []byte) []byte { return e[:20] },
		} {
			if err := os.WriteFile(entries[0], damage(append([]byte(nil), whole...)), 0o600); err != nil {
				t.Fatal(err)
			}
			step(name, cacheConfig(directory), 1, engine.CacheStats{Damaged: 1, Compiled: 1})
			step(name+", rebuilt", cacheConfig(directory), 1, engine.CacheStats{Loaded: 1})
		}
	})
}

// A directory that cannot be written costs a compilation, not the query.
func TestCacheUnwritable(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		cache := engine.NewCache(b.engine, cacheConfig(filepath.Join(path, "native")))
		defer mustClose(t, cache)
		use(t, b, cache)
		want := engine.CacheStats{Compiled: 1}
		if b.engine.Name() == "wasmtime" {
			want.Unsaved = 1
		}
		if diff := cmp.Diff(want, cache.Stats()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestCacheEviction(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		cache := engine.NewCache(b.engine, engine.CacheConfig{Entries: 1})
		library, release, err := cache.Module(t.Context(), module(t, "library"))
		if err != nil {
			t.Fatal(err)
		}
		_, releaseQuery, err := cache.Module(t.Context(), module(t, "query"))
		if err != nil {
			t.Fatal(err)
		}
		releaseQuery()
		// The library is evicted but not released, hence not closed.
		config := b.config()
		config.Modules[0].Module = library
		in, err := b.engine.NewInstance(config)
		if err != nil {
			t.Fatal(err)
		}
		defer mustClose(t, in)
		release()
		release() // once too often is harmless
		if err := cache.Close(); err != nil {
			t.Error(err)
		}
		if got := call(t, in, "quadruple", 4); got != 16 {
			t.Errorf("4 * 4 = %d after the module was closed", got)
		}
	})
}

func TestCacheErrors(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		cache := engine.NewCache(b.engine, engine.CacheConfig{})
		defer mustClose(t, cache)
		for range 2 {
			if _, _, err := cache.Module(t.Context(), []byte("no module")); codeOf(err) != engine.CodeRefused {
				t.Errorf("got %v, want %s", err, engine.CodeRefused)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := cache.Module(ctx, module(t, "library")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the cancellation", err)
		}
		use(t, b, cache)
	})
}

func TestCacheConcurrent(t *testing.T) {
	forEachEngine(t, func(t *testing.T, b *bench) {
		cache := engine.NewCache(b.engine, engine.CacheConfig{})
		defer mustClose(t, cache)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				_, release, err := cache.Module(t.Context(), module(t, "query"))
				if err != nil {
					t.Error(err)
					return
				}
				release()
			})
		}
		group.Wait()
		if diff := cmp.Diff(engine.CacheStats{Hits: 7, Compiled: 1}, cache.Stats()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
