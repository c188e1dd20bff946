package system

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// directory is the names and contents of dir.
func directory(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		contents[entry.Name()] = string(content)
	}
	return contents
}

func writeParts(w io.Writer) error {
	for _, part := range []string{"new ", "con", "tent"} {
		if _, err := io.WriteString(w, part); err != nil {
			return err
		}
	}
	return nil
}

// TestWriteAtomicUnderFaults moves one fault through every operation until a run
// meets none.
func TestWriteAtomicUnderFaults(t *testing.T) {
	const name = "table.heddle"
	// A disk that refuses everything refuses deletions too, so a leftover cannot
	// be avoided there; a full disk, or one that fails writes, still deletes.
	deletes := func(op Operation, _ string) bool { return op != OpRemove }
	modes := []struct {
		name  string
		fault Fault
	}{
		{"once EIO", Fault{Err: syscall.EIO}},
		{"once short write", Fault{Err: syscall.ENOSPC, Short: true}},
		{"for ever ENOSPC", Fault{Err: syscall.ENOSPC, Forever: true, Only: deletes}},
		{"for ever short", Fault{Err: syscall.EIO, Forever: true, Short: true, Only: deletes}},
	}
	for _, mode := range modes {
		for _, old := range []string{"", "old content"} {
			t.Run(fmt.Sprintf("%s over %q", mode.name, old), func(t *testing.T) {
				for at := 1; ; at++ {
					dir := t.TempDir()
					path := filepath.Join(dir, name)
					before := map[string]string{}
					if old != "" {
						before[name] = old
						if err := os.WriteFile(path, []byte(old), 0o644); err != nil {
							t.Fatal(err)
						}
					}
					fault := mode.fault
					fault.At = at
					files := NewFaults(Real().Files, fault)
					err := WriteAtomic(files, path, writeParts)
					after := directory(t, dir)
					complete := cmp.Equal(after, map[string]string{name: "new content"})
					switch {
					case !files.Fired():
						if err != nil || !complete {
							t.Errorf("without a fault: %v, %v", err, after)
						}
						if at < 9 { // create, three writes, sync, close, rename, sync of the directory
							t.Errorf("only %d operations", at-1)
						}
						return
					case !errors.Is(err, fault.Err):
						t.Errorf("operation %d: the error is %v", at, err)
					case !complete && !cmp.Equal(after, before):
						t.Errorf("operation %d leaves %v", at, after)
					}
				}
			})
		}
	}
}

func TestWriteAtomicReportsTheWriter(t *testing.T) {
	dir := t.TempDir()
	failure := errors.New("no more rows")
	err := WriteAtomic(Real().Files, filepath.Join(dir, "out"), func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		return failure
	})
	if !errors.Is(err, failure) {
		t.Errorf("the error is %v", err)
	}
	if left := directory(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWriteAtomicCleansUpAfterAPanic(t *testing.T) {
	dir := t.TempDir()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = WriteAtomic(Real().Files, filepath.Join(dir, "out"), func(io.Writer) error { panic("BUG: in the writer") })
	}()
	if left := directory(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWriteAtomicNamesALeftover(t *testing.T) {
	dir := t.TempDir()
	stuck := NewFaults(Real().Files, Fault{
		At: 1, Forever: true, Err: syscall.EIO,
		Only: func(op Operation, _ string) bool { return op == OpSync || op == OpRemove },
	})
	err := WriteAtomic(stuck, filepath.Join(dir, "out"), writeParts)
	left := directory(t, dir)
	if len(left) != 1 {
		t.Fatalf("left behind: %v", left)
	}
	for name := range left {
		if err == nil || !errors.Is(err, syscall.EIO) || !contains(err.Error(), name) {
			t.Errorf("the error %v does not name %s", err, name)
		}
	}
}

func TestWriteAtomicRefusesADirectory(t *testing.T) {
	if err := WriteAtomic(Real().Files, t.TempDir()+"/", writeParts); err == nil {
		t.Error("a path that ends in a slash was accepted")
	}
}
