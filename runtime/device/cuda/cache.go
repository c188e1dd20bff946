//go:build linux && (amd64 || arm64)

package cuda

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"

	"github.com/heddle-lang/heddle/internal/system"
)

// cubinCache is the directory of translated code. It is safe for concurrent use, also by
// several processes: entries are replaced as a whole.
type cubinCache struct {
	config       CubinCache
	architecture int
	version      int    // of CUDA
	build        []byte // what tells builds of the driver for one version of CUDA apart

	loaded  atomic.Int64
	saved   atomic.Int64
	damaged atomic.Int64 // entries that were not used, and made anew
	unsaved atomic.Int64 // entries that could not be written
}

// buildFile is where the driver's module of the Linux kernel tells its version. Where it
// cannot be read, as on Windows' Linux, the version of CUDA must do.
const buildFile = "/proc/driver/nvidia/version"

func (c *cubinCache) identify() {
	if c.config.Directory == "" {
		return
	}
	if build, err := c.config.Files.ReadFile(buildFile); err == nil {
		c.build = build
	}
}

type cubinKey [sha256.Size]byte

// cubinMagic starts an entry. The digest of key and code with the secret follows, then
// the code.
const cubinMagic = "heddle cubin 1\n"

func (c *cubinCache) key(ptx []byte) cubinKey {
	hash := sha256.New()
	fmt.Fprintf(hash, "sm_%d CUDA %d driver %q\n", c.architecture, c.version, c.build)
	hash.Write(ptx)
	return cubinKey(hash.Sum(nil))
}

func (c *cubinCache) path(key cubinKey) string {
	return filepath.Join(c.config.Directory, hex.EncodeToString(key[:])+".cubin")
}

func (c *cubinCache) digest(key cubinKey, cubin []byte) []byte {
	mac := hmac.New(sha256.New, c.config.Secret)
	mac.Write([]byte(cubinMagic))
	mac.Write(key[:])
	mac.Write(cubin)
	return mac.Sum(nil)
}

// load is nil if the directory has no entry that can be used.
func (c *cubinCache) load(key cubinKey) []byte {
	if c.config.Directory == "" {
		return nil
	}
	entry, err := c.config.Files.ReadFile(c.path(key))
	if err != nil {
		return nil // not there, or not readable: then it is made anew and replaced
	}
	const header = len(cubinMagic) + sha256.Size
	if len(entry) <= header || string(entry[:len(cubinMagic)]) != cubinMagic ||
		!hmac.Equal(entry[len(cubinMagic):header], c.digest(key, entry[header:])) {
		c.damaged.Add(1)
		return nil
	}
	c.loaded.Add(1)
	return entry[header:]
}

// save writes an entry. If that fails the next run translates again; this one goes on.
func (c *cubinCache) save(key cubinKey, cubin []byte) {
	if c.config.Directory == "" {
		return
	}
	if err := c.write(key, cubin); err != nil {
		c.unsaved.Add(1)
		return
	}
	c.saved.Add(1)
}

func (c *cubinCache) write(key cubinKey, cubin []byte) error {
	if err := c.config.Files.MkdirAll(c.config.Directory, 0o700); err != nil {
		return err
	}
	return system.WriteAtomic(c.config.Files, c.path(key), func(w io.Writer) error {
		for _, part := range [][]byte{[]byte(cubinMagic), c.digest(key, cubin), cubin} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	})
}
