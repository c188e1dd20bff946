package engine

import (
	"container/list"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"github.com/heddle-lang/heddle/internal/system"
)

// CacheConfig says where compiled code is kept.
type CacheConfig struct {
	// Files and Directory hold compiled code between runs. With an empty
	// Directory it is kept in memory only. The directory is made when the
	// first entry is written.
	Files     system.Files
	Directory string

	// Secret keys the digest of each entry. Loading native code is running it,
	// so an entry is loaded only if whoever wrote it knew the secret. Keep it
	// where those who can write the directory cannot read it. An empty secret
	// still finds damage, but then the directory must be writable by no one
	// whom one would not let run programs.
	Secret []byte

	// Entries is how many modules are kept in memory; 0 stands for 64.
	Entries int
}

// Cache compiles each module once. The key is the digest of the module's bytes
// and the engine's version. It is safe for concurrent use; when several ask for
// the same module, one compiles and the others wait.
type Cache struct {
	engine Engine
	config CacheConfig

	mu      sync.Mutex
	entries map[cacheKey]*cacheEntry
	recent  list.List // of *cacheEntry, the last used first
	stats   CacheStats
}

type cacheKey [sha256.Size]byte

type cacheEntry struct {
	key    cacheKey
	ready  chan struct{} // closed when module or err is set
	module Module
	err    error
	users  int
	place  *list.Element // nil: evicted, to be closed by its last user
}

// CacheStats counts what requests led to.
type CacheStats struct {
	Hits     int // found in memory
	Loaded   int // read from the directory
	Compiled int
	Damaged  int // entries of the directory that were not used, and rebuilt
	Unsaved  int // compiled modules that could not be written to the directory
}

// NewCache makes a cache for an engine, which must outlive it.
func NewCache(engine Engine, config CacheConfig) *Cache {
	if config.Entries == 0 {
		config.Entries = 64
	}
	return &Cache{engine: engine, config: config, entries: map[cacheKey]*cacheEntry{}}
}

// Module gives the compiled form of wasm. The caller calls release once when no
// more instances are to be made of it; instances that exist are not affected.
func (c *Cache) Module(ctx context.Context, wasm []byte) (module Module, release func(), err error) {
	key := c.key(wasm)
	c.mu.Lock()
	entry, found := c.entries[key]
	if found {
		c.stats.Hits++
		c.recent.MoveToFront(entry.place)
	} else {
		entry = &cacheEntry{key: key, ready: make(chan struct{})}
		entry.place = c.recent.PushFront(entry)
		c.entries[key] = entry
	}
	entry.users++
	c.mu.Unlock()

	if !found {
		entry.module, entry.err = c.build(ctx, key, wasm)
		close(entry.ready)
		c.settle(entry)
	}
	release = sync.OnceFunc(func() { c.release(entry) })
	select {
	case <-entry.ready:
	case <-ctx.Done():
		release()
		return nil, nil, ctx.Err()
	}
	if entry.err != nil {
		release()
		// The one that compiled may have been cancelled; that is no answer
		// for those who waited with it.
		if found && ctx.Err() == nil && (errors.Is(entry.err, context.Canceled) || errors.Is(entry.err, context.DeadlineExceeded)) {
			return c.Module(ctx, wasm)
		}
		return nil, nil, entry.err
	}
	return entry.module, release, nil
}

// Stats returns the counts since the cache was made.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Close forgets all modules. Those in use are closed when they are released.
func (c *Cache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var failed error
	for c.recent.Len() > 0 {
		failed = errors.Join(failed, c.evict(c.recent.Back().Value.(*cacheEntry)))
	}
	return failed
}

func (c *Cache) key(wasm []byte) cacheKey {
	hash := sha256.New()
	version := c.engine.Version()
	fmt.Fprintf(hash, "%d:%s", len(version), version)
	hash.Write(wasm)
	return cacheKey(hash.Sum(nil))
}

// settle forgets a failure, so that it is tried again, and makes room.
func (c *Cache) settle(entry *cacheEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if entry.err != nil && entry.place != nil {
		c.drop(entry)
	}
	for place := c.recent.Back(); place != nil && c.recent.Len() > c.config.Entries; {
		oldest := place.Value.(*cacheEntry)
		place = place.Prev()
		if oldest != entry {
			// An error of closing concerns nobody who is here now.
			_ = c.evict(oldest)
		}
	}
}

func (c *Cache) drop(entry *cacheEntry) {
	c.recent.Remove(entry.place)
	entry.place = nil
	delete(c.entries, entry.key)
}

func (c *Cache) evict(entry *cacheEntry) error {
	c.drop(entry)
	if entry.users == 0 && entry.module != nil {
		return entry.module.Close()
	}
	return nil
}

func (c *Cache) release(entry *cacheEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry.users--
	if entry.users == 0 && entry.place == nil && entry.module != nil {
		_ = entry.module.Close() // frees memory; there is nobody to tell
	}
}

func (c *Cache) count(field *int) {
	c.mu.Lock()
	*field++
	c.mu.Unlock()
}

// build gets a module from the directory or compiles it.
func (c *Cache) build(ctx context.Context, key cacheKey, wasm []byte) (Module, error) {
	if module := c.load(key); module != nil {
		c.count(&c.stats.Loaded)
		return module, nil
	}
	module, err := c.engine.Compile(ctx, wasm)
	if err != nil {
		return nil, err
	}
	c.count(&c.stats.Compiled)
	if c.config.Directory != "" {
		switch err := c.save(key, module); {
		case errors.Is(err, ErrNoNativeForm):
		case err != nil:
			c.count(&c.stats.Unsaved) // the next run compiles again; this one goes on
		}
	}
	return module, nil
}

// An entry of the directory is entryMagic, then the digest of key and code with
// the secret, then the code.
const entryMagic = "heddle native 1\n"

func (c *Cache) path(key cacheKey) string {
	return filepath.Join(c.config.Directory, hex.EncodeToString(key[:])+".native")
}

func (c *Cache) digest(key cacheKey, native []byte) []byte {
	mac := hmac.New(sha256.New, c.config.Secret)
	mac.Write([]byte(entryMagic))
	mac.Write(key[:])
	mac.Write(native)
	return mac.Sum(nil)
}

// load returns nil if the directory has no entry that can be used.
func (c *Cache) load(key cacheKey) Module {
	if c.config.Directory == "" {
		return nil
	}
	entry, err := c.config.Files.ReadFile(c.path(key))
	if err != nil {
		return nil // not there, or not readable: then it is rebuilt and replaced
	}
	const header = len(entryMagic) + sha256.Size
	if len(entry) < header || string(entry[:len(entryMagic)]) != entryMagic ||
		!hmac.Equal(entry[len(entryMagic):header], c.digest(key, entry[header:])) {
		c.count(&c.stats.Damaged)
		return nil
	}
	module, err := c.engine.Load(entry[header:])
	if err != nil {
		c.count(&c.stats.Damaged)
		return nil
	}
	return module
}

func (c *Cache) save(key cacheKey, module Module) error {
	native, err := module.Serialize()
	if err != nil {
		return err
	}
	if err := c.config.Files.MkdirAll(c.config.Directory, 0o700); err != nil {
		return err
	}
	return system.WriteAtomic(c.config.Files, c.path(key), func(w io.Writer) error {
		for _, part := range [][]byte{[]byte(entryMagic), c.digest(key, native), native} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	})
}
