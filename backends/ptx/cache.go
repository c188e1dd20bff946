package ptx

import (
	"bytes"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"github.com/heddle-lang/heddle/internal/system"
)

// cache holds what was compiled, in memory and in a directory. Of several who ask for
// the same, one compiles and the others wait.
type cache struct {
	mu      sync.Mutex
	entries map[cacheKey]*cacheEntry
	recent  *list.List // of *cacheEntry, the last used first
	stats   CacheStats
}

type cacheKey [sha256.Size]byte

type cacheEntry struct {
	key   cacheKey
	ready chan struct{} // closed when ptx or err is set
	ptx   []byte
	err   error
	place *list.Element
}

// CacheStats counts what requests led to.
type CacheStats struct {
	Hits     int // found in memory
	Loaded   int // read from the directory
	Compiled int
	Damaged  int // entries of the directory that were not used, and made again
	Unsaved  int // modules that could not be written to the directory
}

func (c *cache) init() {
	c.entries, c.recent = map[cacheKey]*cacheEntry{}, list.New()
}

// Stats returns the counts since the compiler was found.
func (c *Compiler) Stats() CacheStats {
	c.cache.mu.Lock()
	defer c.cache.mu.Unlock()
	return c.cache.stats
}

// key is the digest of all that the text depends on.
func (c *Compiler) key(llvm string, target Target) cacheKey {
	hash := sha256.New()
	field := func(s string) { fmt.Fprintf(hash, "%d:%s", len(s), s) }
	field(c.version)
	for _, a := range arguments(target) {
		field(a)
	}
	field(fmt.Sprint(c.optimizer != ""))
	field(llvm)
	return cacheKey(hash.Sum(nil))
}

// cached gives the PTX of a module; found reports that llc did not run for it.
func (c *Compiler) cached(ctx context.Context, llvm string, target Target) (ptx []byte, found bool, err error) {
	key := c.key(llvm, target)
	for {
		c.cache.mu.Lock()
		entry, known := c.cache.entries[key]
		if known {
			c.cache.stats.Hits++
			c.cache.recent.MoveToFront(entry.place)
		} else {
			entry = &cacheEntry{key: key, ready: make(chan struct{})}
			entry.place = c.cache.recent.PushFront(entry)
			c.cache.entries[key] = entry
		}
		c.cache.mu.Unlock()
		if !known {
			loaded := false
			entry.ptx, loaded, entry.err = c.build(ctx, key, llvm, target)
			close(entry.ready)
			c.settle(entry)
			return entry.ptx, loaded, entry.err
		}
		select {
		case <-entry.ready:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
		// The one that compiled may have been cancelled; that is no answer for those
		// who waited with it.
		if ctx.Err() == nil && errors.Is(entry.err, context.Canceled) {
			continue
		}
		return entry.ptx, true, entry.err
	}
}

// settle forgets a failure, so that it is tried again, and makes room.
func (c *Compiler) settle(entry *cacheEntry) {
	c.cache.mu.Lock()
	defer c.cache.mu.Unlock()
	drop := func(e *cacheEntry) {
		c.cache.recent.Remove(e.place)
		delete(c.cache.entries, e.key)
	}
	if entry.err != nil {
		drop(entry)
	}
	for c.cache.recent.Len() > c.options.Entries {
		drop(c.cache.recent.Back().Value.(*cacheEntry))
	}
}

func (c *Compiler) count(field *int) {
	c.cache.mu.Lock()
	*field++
	c.cache.mu.Unlock()
}

// build gets a module from the directory or compiles it.
func (c *Compiler) build(ctx context.Context, key cacheKey, llvm string, target Target) (ptx []byte, loaded bool, err error) {
	if ptx := c.load(key, target); ptx != nil {
		c.count(&c.cache.stats.Loaded)
		return ptx, true, nil
	}
	ptx, err = c.make(ctx, llvm, target)
	if err != nil {
		return nil, false, err
	}
	c.count(&c.cache.stats.Compiled)
	if c.options.Directory != "" {
		if err := c.save(key, ptx); err != nil {
			c.count(&c.cache.stats.Unsaved) // the next run compiles again; this one goes on
		}
	}
	return ptx, false, nil
}

// An entry of the directory is entryMagic, then the digest of key and text, then the
// text.
const entryMagic = "heddle ptx 1\n"

func (c *Compiler) path(key cacheKey) string {
	return filepath.Join(c.options.Directory, hex.EncodeToString(key[:])+".ptx")
}

func digest(key cacheKey, ptx []byte) []byte {
	hash := sha256.New()
	hash.Write([]byte(entryMagic))
	hash.Write(key[:])
	hash.Write(ptx)
	return hash.Sum(nil)
}

// load returns nil if the directory has no entry that can be used.
func (c *Compiler) load(key cacheKey, target Target) []byte {
	if c.options.Directory == "" {
		return nil
	}
	entry, err := c.system.Files.ReadFile(c.path(key))
	if err != nil {
		return nil // not there, or not readable: then it is made again and replaced
	}
	const header = len(entryMagic) + sha256.Size
	if len(entry) < header || string(entry[:len(entryMagic)]) != entryMagic ||
		!bytes.Equal(entry[len(entryMagic):header], digest(key, entry[header:])) || CheckPTX(entry[header:], target) != nil {
		c.count(&c.cache.stats.Damaged)
		return nil
	}
	return entry[header:]
}

func (c *Compiler) save(key cacheKey, ptx []byte) error {
	if err := c.system.Files.MkdirAll(c.options.Directory, 0o700); err != nil {
		return err
	}
	return system.WriteAtomic(c.system.Files, c.path(key), func(w io.Writer) error {
		for _, part := range [][]byte{[]byte(entryMagic), digest(key, ptx), ptx} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	})
}
