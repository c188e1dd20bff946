package system

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Flags of Files.OpenFile, so that callers need not import os.
const (
	ReadOnly  = os.O_RDONLY
	WriteOnly = os.O_WRONLY
	ReadWrite = os.O_RDWR
	Append    = os.O_APPEND
	MakeNew   = os.O_CREATE // create the file when it is missing
	Exclusive = os.O_EXCL   // with MakeNew: fail with fs.ErrExist when it is there
	Truncate  = os.O_TRUNC
)

// File is an open file or directory. *os.File is one. ReadAt and WriteAt may be
// called concurrently; the other methods may not.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.WriterAt
	io.Seeker
	io.Closer
	// Name is the path with which the file was opened.
	Name() string
	Stat() (fs.FileInfo, error)
	// Sync returns when the contents are on stable storage. A new file's name
	// is there only after Files.SyncDir of its directory.
	Sync() error
	Truncate(size int64) error
	// Fd is valid until Close; it is for mapping the file, not for writing
	// past this interface.
	Fd() uintptr
}

// Files is the file system. Paths are the operating system's; errors are
// *fs.PathError or *os.LinkError, and errors.Is finds fs.ErrNotExist and its
// like. All methods are safe for concurrent use.
type Files interface {
	Open(name string) (File, error)
	// Create truncates an existing file.
	Create(name string) (File, error)
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// CreateTemp makes a new file of mode 0600 in dir, its name from pattern as
	// in os.CreateTemp. An empty dir is an error: say where a file goes.
	CreateTemp(dir, pattern string) (File, error)
	Rename(oldPath, newPath string) error
	// Remove deletes a file or an empty directory.
	Remove(name string) error
	// RemoveAll deletes a tree; a missing one is no error.
	RemoveAll(path string) error
	MkdirAll(path string, perm fs.FileMode) error
	// MkdirTemp makes a new directory of mode 0700 in dir.
	MkdirTemp(dir, pattern string) (string, error)
	Stat(name string) (fs.FileInfo, error)
	// ReadDir is sorted by name.
	ReadDir(name string) ([]fs.DirEntry, error)
	ReadFile(name string) ([]byte, error)
	// Glob is sorted; no match is no error.
	Glob(pattern string) ([]string, error)
	// WalkDir visits in the order of names and does not follow links.
	WalkDir(root string, visit fs.WalkDirFunc) error
	// SyncDir returns when the names in the directory are on stable storage.
	SyncDir(name string) error
}

var errNoDirectory = errors.New("no directory given for a temporary name")

type realFiles struct{}

// opened keeps a nil *os.File from becoming a File that is not nil.
func opened(file *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (realFiles) Open(name string) (File, error)   { return opened(os.Open(name)) }
func (realFiles) Create(name string) (File, error) { return opened(os.Create(name)) }
func (realFiles) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	return opened(os.OpenFile(name, flag, perm))
}

func (realFiles) CreateTemp(dir, pattern string) (File, error) {
	if dir == "" {
		return nil, &fs.PathError{Op: "createtemp", Path: pattern, Err: errNoDirectory}
	}
	return opened(os.CreateTemp(dir, pattern))
}

func (realFiles) Rename(oldPath, newPath string) error         { return os.Rename(oldPath, newPath) }
func (realFiles) Remove(name string) error                     { return os.Remove(name) }
func (realFiles) RemoveAll(path string) error                  { return os.RemoveAll(path) }
func (realFiles) MkdirAll(path string, perm fs.FileMode) error { return os.MkdirAll(path, perm) }

func (realFiles) MkdirTemp(dir, pattern string) (string, error) {
	if dir == "" {
		return "", &fs.PathError{Op: "mkdirtemp", Path: pattern, Err: errNoDirectory}
	}
	return os.MkdirTemp(dir, pattern)
}

func (realFiles) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }
func (realFiles) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (realFiles) ReadFile(name string) ([]byte, error)       { return os.ReadFile(name) }
func (realFiles) Glob(pattern string) ([]string, error)      { return filepath.Glob(pattern) }
func (realFiles) WalkDir(root string, visit fs.WalkDirFunc) error {
	return filepath.WalkDir(root, visit)
}

func (realFiles) SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil // directories cannot be synced there; renames are journaled
	}
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	err = dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // a file system without the notion has nothing to flush
	}
	return errors.Join(err, dir.Close())
}
