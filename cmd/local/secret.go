package local

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/heddle-lang/heddle/internal/system"
)

// secretSize is how many random bytes key the digests of cached code.
const secretSize = 32

// cacheSecret gives the secret that lies in a file of mode 0600 beside the cache, and
// makes it at the first call. When two processes make it at once, the later one wins,
// and what the other wrote to the cache is rebuilt.
func cacheSecret(sys *system.System, dir string) ([]byte, error) {
	path := filepath.Join(dir, "secret")
	secret, err := sys.Files.ReadFile(path)
	if err == nil && len(secret) == secretSize {
		return secret, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := sys.Files.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	secret = make([]byte, secretSize)
	sys.Random.Fill(secret)
	if err := writeSecret(sys, dir, path, secret); err != nil {
		return nil, err
	}
	return secret, nil
}

func writeSecret(sys *system.System, dir, path string, secret []byte) (err error) {
	f, err := sys.Files.CreateTemp(dir, ".secret-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, sys.Files.Remove(f.Name()))
		}
	}()
	_, err = f.Write(secret)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return sys.Files.Rename(f.Name(), path)
}
