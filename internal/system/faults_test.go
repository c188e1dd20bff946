package system

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// TestFaultsReachEveryOperation runs each operation once with a fault for it.
func TestFaultsReachEveryOperation(t *testing.T) {
	onFile := func(use func(f File) error) func(Files, string) error {
		return func(files Files, dir string) error {
			file, err := files.OpenFile(filepath.Join(dir, "file"), ReadWrite, 0)
			if err != nil {
				return err
			}
			return errors.Join(use(file), file.Close())
		}
	}
	buffer := make([]byte, 4)
	tests := []struct {
		name string
		op   Operation
		run  func(files Files, dir string) error
	}{
		{"open", OpOpen, func(f Files, dir string) error { _, err := f.Open(dir); return err }},
		{"open a file", OpOpen, onFile(func(File) error { return nil })},
		{"create", OpCreate, func(f Files, dir string) error { _, err := f.Create(dir + "/new"); return err }},
		{"make new", OpCreate, func(f Files, dir string) error {
			_, err := f.OpenFile(dir+"/new", WriteOnly|MakeNew, 0o600)
			return err
		}},
		{"temporary file", OpCreate, func(f Files, dir string) error { _, err := f.CreateTemp(dir, "x*"); return err }},
		{"rename", OpRename, func(f Files, dir string) error { return f.Rename(dir+"/file", dir+"/other") }},
		{"remove", OpRemove, func(f Files, dir string) error { return f.Remove(dir + "/file") }},
		{"remove all", OpRemoveAll, func(f Files, dir string) error { return f.RemoveAll(dir) }},
		{"make directories", OpMkdir, func(f Files, dir string) error { return f.MkdirAll(dir+"/a/b", 0o755) }},
		{"temporary directory", OpMkdir, func(f Files, dir string) error { _, err := f.MkdirTemp(dir, "x*"); return err }},
		{"stat", OpStat, func(f Files, dir string) error { _, err := f.Stat(dir); return err }},
		{"read directory", OpReadDir, func(f Files, dir string) error { _, err := f.ReadDir(dir); return err }},
		{"read file", OpReadFile, func(f Files, dir string) error { _, err := f.ReadFile(dir + "/file"); return err }},
		{"glob", OpGlob, func(f Files, dir string) error { _, err := f.Glob(dir + "/*"); return err }},
		{"walk", OpWalkDir, func(f Files, dir string) error {
			return f.WalkDir(dir, func(_ string, _ fs.DirEntry, err error) error { return err })
		}},
		{"sync directory", OpSyncDir, func(f Files, dir string) error { return f.SyncDir(dir) }},
		{"read", OpRead, onFile(func(f File) error { _, err := f.Read(buffer); return err })},
		{"read at", OpRead, onFile(func(f File) error { _, err := f.ReadAt(buffer, 1); return err })},
		{"write", OpWrite, onFile(func(f File) error { _, err := f.Write(buffer); return err })},
		{"write at", OpWrite, onFile(func(f File) error { _, err := f.WriteAt(buffer, 1); return err })},
		{"seek", OpSeek, onFile(func(f File) error { _, err := f.Seek(1, io.SeekStart); return err })},
		{"stat of a file", OpStat, onFile(func(f File) error { _, err := f.Stat(); return err })},
		{"sync", OpSync, onFile(func(f File) error { return f.Sync() })},
		{"truncate", OpTruncate, onFile(func(f File) error { return f.Truncate(2) })},
		{"close", OpClose, onFile(func(File) error { return nil })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			only := func(op Operation, _ string) bool { return op == test.op }
			for _, at := range []int{0, 1, 2} {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o600); err != nil {
					t.Fatal(err)
				}
				files := NewFaults(Real().Files, Fault{At: at, Err: syscall.EIO, Only: only})
				err := test.run(files, dir)
				if fails := at == 1; errors.Is(err, syscall.EIO) != fails || files.Fired() != fails || err != nil && !fails {
					t.Errorf("fault at %d: %v, fired %v", at, err, files.Fired())
				}
				if files.Count() != 1 {
					t.Errorf("%d operations were counted", files.Count())
				}
			}
		})
	}
}

func TestShortTransfers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("12345678"), 0o600); err != nil {
		t.Fatal(err)
	}
	short := func(op Operation) *Faults {
		return NewFaults(Real().Files, Fault{
			At: 1, Err: syscall.ENOSPC, Short: true,
			Only: func(o Operation, _ string) bool { return o == op },
		})
	}
	file, err := short(OpRead).Open(path)
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 8)
	if n, err := file.ReadAt(buffer, 2); n != 4 || !errors.Is(err, syscall.ENOSPC) || string(buffer[:n]) != "3456" {
		t.Errorf("ReadAt = %d, %v, %q", n, err, buffer)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if content, err := short(OpReadFile).ReadFile(path); string(content) != "1234" || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("ReadFile = %q, %v", content, err)
	}
	file, err = short(OpWrite).Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := file.Write([]byte("abcdef")); n != 3 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Write = %d, %v", n, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if content, _ := os.ReadFile(path); string(content) != "abc" {
		t.Errorf("written: %q", content)
	}
}

// TestMissingFilesAreNil guards against a nil *os.File inside a File.
func TestMissingFilesAreNil(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no", "such")
	for name, files := range map[string]Files{"real": Real().Files, "faults": NewFaults(Real().Files, Fault{})} {
		t.Run(name, func(t *testing.T) {
			if file, err := files.Open(missing); file != nil || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Open = %v, %v", file, err)
			}
			if file, err := files.Create(missing); file != nil || err == nil {
				t.Errorf("Create = %v, %v", file, err)
			}
			if file, err := files.CreateTemp("", "x"); file != nil || err == nil {
				t.Errorf("CreateTemp without a directory = %v, %v", file, err)
			}
			if dir, err := files.MkdirTemp("", "x"); dir != "" || err == nil {
				t.Errorf("MkdirTemp without a directory = %q, %v", dir, err)
			}
			if err := files.SyncDir(missing); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("SyncDir = %v", err)
			}
			if err := files.RemoveAll(missing); err != nil {
				t.Errorf("RemoveAll = %v", err)
			}
		})
	}
}
