package system

import (
	"io/fs"
	"sync"
)

// Operation names a call of Files or File that Faults counts.
type Operation string

// The operations that can fail. Fd and Name cannot, and Close of a file always
// closes it, even when it reports the fault.
const (
	OpOpen      Operation = "open"
	OpCreate    Operation = "create" // also CreateTemp, and OpenFile with MakeNew
	OpRename    Operation = "rename"
	OpRemove    Operation = "remove"
	OpRemoveAll Operation = "removeall"
	OpMkdir     Operation = "mkdir" // MkdirAll and MkdirTemp
	OpStat      Operation = "stat"  // of a path and of a file
	OpReadDir   Operation = "readdir"
	OpReadFile  Operation = "readfile"
	OpGlob      Operation = "glob"
	OpWalkDir   Operation = "walkdir"
	OpSyncDir   Operation = "syncdir"
	OpRead      Operation = "read" // Read and ReadAt
	OpWrite     Operation = "write"
	OpSeek      Operation = "seek"
	OpSync      Operation = "sync"
	OpTruncate  Operation = "truncate"
	OpClose     Operation = "close"
)

// Fault says which operation fails and how.
type Fault struct {
	// At is the number of the operation that fails, from 1. 0 never fails: such
	// a run counts the operations.
	At int
	// Forever makes every later operation fail too, as a dead or full disk does.
	Forever bool
	// Err is the cause inside the *fs.PathError, such as syscall.EIO.
	Err error
	// Short lets a failing read or write transfer half of its bytes first.
	Short bool
	// Only, when set, picks the operations that are counted and can fail.
	Only func(op Operation, path string) bool
}

// Faults is a Files whose n-th operation fails. It is safe for concurrent use.
type Faults struct {
	files Files
	fault Fault

	mu    sync.Mutex
	count int
	fired bool
}

// NewFaults wraps files with one fault.
func NewFaults(files Files, fault Fault) *Faults { return &Faults{files: files, fault: fault} }

// Count is the number of operations so far.
func (f *Faults) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// Fired reports whether the fault has struck. A loop over At has tried every
// operation when a run ends without it.
func (f *Faults) Fired() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fired
}

func (f *Faults) strike(op Operation, path string) error {
	if f.fault.Only != nil && !f.fault.Only(op, path) {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.fault.At == 0 || f.count < f.fault.At || f.count > f.fault.At && !f.fault.Forever {
		return nil
	}
	f.fired = true
	return &fs.PathError{Op: string(op), Path: path, Err: f.fault.Err}
}

func (f *Faults) wrap(op Operation, name string, open func() (File, error)) (File, error) {
	if err := f.strike(op, name); err != nil {
		return nil, err
	}
	file, err := open()
	if err != nil {
		return nil, err
	}
	return &faultyFile{File: file, faults: f}, nil
}

// Open counts as OpOpen.
func (f *Faults) Open(name string) (File, error) {
	return f.wrap(OpOpen, name, func() (File, error) { return f.files.Open(name) })
}

// Create counts as OpCreate.
func (f *Faults) Create(name string) (File, error) {
	return f.wrap(OpCreate, name, func() (File, error) { return f.files.Create(name) })
}

// OpenFile counts as OpCreate when flag has MakeNew, else as OpOpen.
func (f *Faults) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	op := OpOpen
	if flag&MakeNew != 0 {
		op = OpCreate
	}
	return f.wrap(op, name, func() (File, error) { return f.files.OpenFile(name, flag, perm) })
}

// CreateTemp counts as OpCreate of the directory.
func (f *Faults) CreateTemp(dir, pattern string) (File, error) {
	return f.wrap(OpCreate, dir, func() (File, error) { return f.files.CreateTemp(dir, pattern) })
}

// Rename counts as OpRename of the old path.
func (f *Faults) Rename(oldPath, newPath string) error {
	if err := f.strike(OpRename, oldPath); err != nil {
		return err
	}
	return f.files.Rename(oldPath, newPath)
}

// Remove counts as OpRemove.
func (f *Faults) Remove(name string) error {
	if err := f.strike(OpRemove, name); err != nil {
		return err
	}
	return f.files.Remove(name)
}

// RemoveAll counts as OpRemoveAll; a fault removes nothing.
func (f *Faults) RemoveAll(path string) error {
	if err := f.strike(OpRemoveAll, path); err != nil {
		return err
	}
	return f.files.RemoveAll(path)
}

// MkdirAll counts as OpMkdir.
func (f *Faults) MkdirAll(path string, perm fs.FileMode) error {
	if err := f.strike(OpMkdir, path); err != nil {
		return err
	}
	return f.files.MkdirAll(path, perm)
}

// MkdirTemp counts as OpMkdir of the directory.
func (f *Faults) MkdirTemp(dir, pattern string) (string, error) {
	if err := f.strike(OpMkdir, dir); err != nil {
		return "", err
	}
	return f.files.MkdirTemp(dir, pattern)
}

// Stat counts as OpStat.
func (f *Faults) Stat(name string) (fs.FileInfo, error) {
	if err := f.strike(OpStat, name); err != nil {
		return nil, err
	}
	return f.files.Stat(name)
}

// ReadDir counts as OpReadDir.
func (f *Faults) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.strike(OpReadDir, name); err != nil {
		return nil, err
	}
	return f.files.ReadDir(name)
}

// ReadFile counts as OpReadFile; Short gives the first half of the file.
func (f *Faults) ReadFile(name string) ([]byte, error) {
	err := f.strike(OpReadFile, name)
	if err == nil {
		return f.files.ReadFile(name)
	}
	if !f.fault.Short {
		return nil, err
	}
	content, readErr := f.files.ReadFile(name)
	if readErr != nil {
		return nil, readErr
	}
	return content[:len(content)/2], err
}

// Glob counts as OpGlob.
func (f *Faults) Glob(pattern string) ([]string, error) {
	if err := f.strike(OpGlob, pattern); err != nil {
		return nil, err
	}
	return f.files.Glob(pattern)
}

// WalkDir counts as OpWalkDir once, however many entries there are.
func (f *Faults) WalkDir(root string, visit fs.WalkDirFunc) error {
	if err := f.strike(OpWalkDir, root); err != nil {
		return err
	}
	return f.files.WalkDir(root, visit)
}

// SyncDir counts as OpSyncDir.
func (f *Faults) SyncDir(name string) error {
	if err := f.strike(OpSyncDir, name); err != nil {
		return err
	}
	return f.files.SyncDir(name)
}

// faultyFile passes Name and Fd through.
type faultyFile struct {
	File
	faults *Faults
}

// transfer runs a read or a write, or half of it when a short fault strikes.
func (f *faultyFile) transfer(op Operation, p []byte, move func(p []byte) (int, error)) (int, error) {
	err := f.faults.strike(op, f.Name())
	if err == nil {
		return move(p)
	}
	if !f.faults.fault.Short {
		return 0, err
	}
	n, moveErr := move(p[:len(p)/2])
	if moveErr != nil {
		return n, moveErr
	}
	return n, err
}

func (f *faultyFile) Read(p []byte) (int, error) { return f.transfer(OpRead, p, f.File.Read) }

func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	return f.transfer(OpRead, p, func(p []byte) (int, error) { return f.File.ReadAt(p, off) })
}

func (f *faultyFile) Write(p []byte) (int, error) { return f.transfer(OpWrite, p, f.File.Write) }

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	return f.transfer(OpWrite, p, func(p []byte) (int, error) { return f.File.WriteAt(p, off) })
}

func (f *faultyFile) Seek(offset int64, whence int) (int64, error) {
	if err := f.faults.strike(OpSeek, f.Name()); err != nil {
		return 0, err
	}
	return f.File.Seek(offset, whence)
}

func (f *faultyFile) Stat() (fs.FileInfo, error) {
	if err := f.faults.strike(OpStat, f.Name()); err != nil {
		return nil, err
	}
	return f.File.Stat()
}

func (f *faultyFile) Sync() error {
	if err := f.faults.strike(OpSync, f.Name()); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.faults.strike(OpTruncate, f.Name()); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *faultyFile) Close() error {
	err := f.faults.strike(OpClose, f.Name())
	if closeErr := f.File.Close(); err == nil {
		err = closeErr
	}
	return err
}
