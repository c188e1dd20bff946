package system

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// temporaryNames is how many names WriteAtomic tries before it gives up; more
// than one is needed only when 64 random bits collide.
const temporaryNames = 8

// WriteAtomic makes path hold what write writes, or leaves it as it was. The
// text goes to a hidden temporary file beside path, which is synced, renamed
// over path, and made durable by a sync of the directory. On any error, also
// one that write returns, the temporary file is deleted and the error names it.
//
// An error from the last step, the sync of the directory, leaves the new file
// in place: it is complete, but may be gone after a power cut. The new file has
// the mode 0666 less the umask, whatever the mode of the old one; a path that is
// a symbolic link is replaced, not followed. The writer is not buffered.
func WriteAtomic(files Files, path string, write func(w io.Writer) error) (err error) {
	dir, base := filepath.Split(path)
	if base == "" {
		return &fs.PathError{Op: "write", Path: path, Err: errors.New("the path names a directory")}
	}
	if dir == "" {
		dir = "."
	}
	file, err := createBeside(files, dir, base)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	renamed, closed := false, false
	defer func() {
		if !closed {
			_ = file.Close() // a panic or an earlier error is the news
		}
		if !renamed {
			if removeErr := files.Remove(file.Name()); removeErr != nil {
				err = errors.Join(err, fmt.Errorf("a temporary file stays behind: %w", removeErr))
			}
		}
	}()
	if err := write(file); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	closed = true
	if err := file.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := files.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	renamed = true
	if err := files.SyncDir(dir); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func createBeside(files Files, dir, base string) (File, error) {
	var file File
	var err error
	for range temporaryNames {
		var suffix [8]byte
		realRandom{}.Fill(suffix[:])
		name := filepath.Join(dir, fmt.Sprintf(".%s.%x.tmp", base, suffix))
		file, err = files.OpenFile(name, WriteOnly|MakeNew|Exclusive, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
	return nil, err
}
