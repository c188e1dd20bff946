//go:build linux && (amd64 || arm64)

package cuda

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
)

// counts are what a cache did, and how often the library translated.
type counts struct{ Loaded, Saved, Damaged, Unsaved, Translated int }

func loadOnce(t *testing.T, m *mock, cache CubinCache) counts {
	t.Helper()
	before := m.calls(cuLinkComplete)
	d := m.open(func(o *Options) { o.Cache = cache })
	module, err := d.Load(t.Context(), devicetest.PTX)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := module.Kernel("spin"); err != nil {
		t.Error(err)
	}
	check(t, module.Close(), d.Close())
	return counts{
		int(d.cache.loaded.Load()), int(d.cache.saved.Load()), int(d.cache.damaged.Load()), int(d.cache.unsaved.Load()),
		m.calls(cuLinkComplete) - before,
	}
}

func TestCubinCache(t *testing.T) {
	fresh := counts{Saved: 1, Translated: 1}
	kept := counts{Loaded: 1}
	rebuilt := counts{Saved: 1, Damaged: 1, Translated: 1}
	for _, test := range []struct {
		name   string
		change func(t *testing.T, m *mock, cache *CubinCache, entry string)
		want   counts
	}{
		{"kept", func(*testing.T, *mock, *CubinCache, string) {}, kept},
		{"another driver", func(_ *testing.T, m *mock, _ *CubinCache, _ string) {
			libraries.mu.Lock()
			delete(libraries.loaded, m.path) // as another process finds it
			libraries.mu.Unlock()
			m.set("version", 12050)
		}, fresh},
		{"another build of the driver", func(_ *testing.T, _ *mock, c *CubinCache, _ string) {
			c.Files = updated{c.Files}
		}, fresh},
		{"another device", func(_ *testing.T, m *mock, _ *CubinCache, _ string) { m.set("architecture", 100) }, fresh},
		{"another secret", func(_ *testing.T, _ *mock, c *CubinCache, _ string) { c.Secret = []byte("other") }, rebuilt},
		{"no directory", func(_ *testing.T, _ *mock, c *CubinCache, _ string) { c.Directory = "" }, counts{Translated: 1}},
		{"a bit changed", func(t *testing.T, _ *mock, _ *CubinCache, entry string) {
			change(t, entry, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, rebuilt},
		{"cut short", func(t *testing.T, _ *mock, _ *CubinCache, entry string) {
			change(t, entry, func(b []byte) []byte { return b[:len(b)-1] })
		}, rebuilt},
		{"cut to the header", func(t *testing.T, _ *mock, _ *CubinCache, entry string) {
			change(t, entry, func(b []byte) []byte { return b[:len(cubinMagic)+32] })
		}, rebuilt},
		{"empty", func(t *testing.T, _ *mock, _ *CubinCache, entry string) {
			change(t, entry, func([]byte) []byte { return nil })
		}, rebuilt},
		{"another format", func(t *testing.T, _ *mock, _ *CubinCache, entry string) {
			change(t, entry, func(b []byte) []byte { b[len(cubinMagic)-2] = '2'; return b })
		}, rebuilt},
		{"removed", func(t *testing.T, _ *mock, _ *CubinCache, entry string) { check(t, os.Remove(entry)) }, fresh},
		{"the driver refuses it", func(_ *testing.T, m *mock, _ *CubinCache, _ string) {
			m.fail(cuModuleLoadData, 1, noBinaryForGPU)
		}, counts{Loaded: 1, Saved: 1, Damaged: 1, Translated: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMock(t)
			directory := filepath.Join(t.TempDir(), "cubins")
			cache := CubinCache{Files: system.Real().Files, Directory: directory, Secret: []byte("secret")}
			if diff := cmp.Diff(fresh, loadOnce(t, m, cache)); diff != "" {
				t.Errorf("at first (-want +got):\n%s", diff)
			}
			entries, err := filepath.Glob(filepath.Join(directory, "*"))
			if err != nil || len(entries) != 1 {
				t.Fatalf("the directory holds %v, %v", entries, err)
			}
			changed := cache
			test.change(t, m, &changed, entries[0])
			if diff := cmp.Diff(test.want, loadOnce(t, m, changed)); diff != "" {
				t.Errorf("then (-want +got):\n%s", diff)
			}
			again := kept
			if changed.Directory == "" {
				again = counts{Translated: 1}
			}
			if diff := cmp.Diff(again, loadOnce(t, m, changed)); diff != "" {
				t.Errorf("at last (-want +got):\n%s", diff)
			}
		})
	}
}

// updated is a file system after an update of the driver.
type updated struct{ system.Files }

func (u updated) ReadFile(name string) ([]byte, error) {
	if name == buildFile {
		return []byte("NVRM version: NVIDIA UNIX x86_64 Kernel Module  999.1"), nil
	}
	return u.Files.ReadFile(name)
}

func change(t *testing.T, path string, how func([]byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check(t, os.WriteFile(path, how(content), 0o600))
}

// A directory that cannot be read or written costs time, and nothing else.
func TestCubinCacheWithoutDisk(t *testing.T) {
	m := newMock(t)
	files := system.NewFaults(system.Real().Files, system.Fault{At: 1, Forever: true, Err: syscall.EIO})
	cache := CubinCache{Files: files, Directory: t.TempDir()}
	for range 2 {
		if diff := cmp.Diff(counts{Unsaved: 1, Translated: 1}, loadOnce(t, m, cache)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func FuzzCubinCacheEntry(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte(cubinMagic))
	f.Fuzz(func(t *testing.T, entry []byte) {
		directory := t.TempDir()
		c := cubinCache{config: CubinCache{Files: system.Real().Files, Directory: directory, Secret: []byte("secret")}}
		key := c.key([]byte("ptx"))
		check(t, os.WriteFile(c.path(key), entry, 0o600))
		if cubin := c.load(key); cubin != nil {
			t.Errorf("the entry %q was taken", entry)
		}
		c.save(key, []byte("code"))
		if got := string(c.load(key)); got != "code" {
			t.Errorf("the entry was not replaced: %q", got)
		}
	})
}
