package parquet

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

// TestReadFaults makes each operation on the file fail in turn.
func TestReadFaults(t *testing.T) {
	fields, rows := holdable(rand.New(rand.NewPCG(8, 9)), 100)
	path := filepath.Join(t.TempDir(), "t.parquet")
	if err := os.WriteFile(path, encodeRows(t, fields, rows, 60, store.WriteOptions{}), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(files system.Files) error {
		sys := *system.Real()
		sys.Files = files
		table, err := Open(context.Background(), &sys, path, store.FileOptions{})
		if err != nil {
			return err
		}
		_, err = storetest.Read(t, table, offered(table), 1<<16)
		return errors.Join(err, table.Close())
	}
	for at := 1; ; at += 3 {
		faults := system.NewFaults(system.Real().Files, system.Fault{At: at, Err: syscall.EIO, Short: at%2 == 0})
		err := read(faults)
		if !faults.Fired() {
			if err != nil {
				t.Errorf("without a fault: %v", err)
			}
			break
		}
		var d *diag.Diagnostic
		if !errors.As(err, &d) || d.Code != store.CodeUnreadable {
			t.Errorf("operation %d fails: got %v, want %s", at, err, store.CodeUnreadable)
		}
	}
}

// TestWriteFaults fills the disk at each write: nothing may be left behind.
func TestWriteFaults(t *testing.T) {
	fields, rows := holdable(rand.New(rand.NewPCG(8, 9)), 300)
	format, err := store.FormatByName("parquet")
	if err != nil {
		t.Fatal(err)
	}
	for at := 1; ; at += 7 {
		dir := t.TempDir()
		faults := system.NewFaults(system.Real().Files, system.Fault{
			At: at, Err: syscall.ENOSPC, Forever: true, Short: true,
			Only: func(op system.Operation, _ string) bool { return op == system.OpWrite },
		})
		sys := *system.Real()
		sys.Files = faults
		err := store.WriteFile(t.Context(), &sys, format, filepath.Join(dir, "t.parquet"), fields, storetest.Batches(fields, rows, 50), store.WriteOptions{})
		if !faults.Fired() {
			if err != nil {
				t.Errorf("without a fault: %v", err)
			}
			break
		}
		var d *diag.Diagnostic
		if !errors.As(err, &d) || d.Code != store.CodeCannotWrite {
			t.Errorf("write %d fails: got %v, want %s", at, err, store.CodeCannotWrite)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("write %d fails: %d files are left, %v", at, len(left), err)
		}
	}
}
