package native

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

// TestCorruption flips each bit of a small file in turn, and cuts it at each length:
// every read fails or gives the same rows.
func TestCorruption(t *testing.T) {
	t.Parallel()
	path, want := corruptible(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged.htab")
	if err := os.WriteFile(damaged, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(damaged, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, file)
	try := func(what string, at int) (failed bool) {
		got, err := readAll(t, damaged)
		if err != nil {
			if code := codeOf(err); code != "E0503" && code != "E0504" {
				t.Errorf("%s at %d: %v", what, at, err)
			}
			return true
		}
		if diff := storetest.Diff(want, got); diff != "" {
			t.Errorf("%s at %d: other rows:\n%.500s", what, at, diff)
		}
		return false
	}
	put := func(b byte, at int) {
		if _, err := file.WriteAt([]byte{b}, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	interesting := interestingBytes(whole)
	caught := 0
	for _, at := range interesting {
		put(whole[at]^1<<(at%8), at)
		if try("flip", at) {
			caught++
		}
		put(whole[at], at)
	}
	if caught < 300 {
		t.Errorf("only %d flips were caught", caught)
	}
	for _, at := range slices.Backward(interesting) {
		if err := file.Truncate(int64(at)); err != nil {
			t.Fatal(err)
		}
		if !try("cut", at) {
			t.Errorf("a file cut to %d bytes was read", at)
		}
	}
}

// corruptible writes a small file with every kind of part.
func corruptible(tb testing.TB) (path string, rows [][]ir.Datum) {
	fields := []ir.Field{
		{Name: "n", Type: ir.Of(ir.I32).WithNull(true)},
		{Name: "b", Type: ir.Of(ir.Bool)},
		{Name: "d", Type: ir.Of(ir.String)},
		{Name: "s", Type: ir.Of(ir.String).WithNull(true)},
	}
	for i := range 40 {
		row := []ir.Datum{ir.IntDatum(int64(i * 9)), ir.BoolDatum(i%2 == 0), ir.TextDatum([]string{"yes", "no"}[i%2]), ir.TextDatum(fmt.Sprint("ä", i))}
		if i%7 == 0 {
			row[0], row[3] = ir.NullDatum, ir.NullDatum
		}
		rows = append(rows, row)
	}
	path = filepath.Join(tb.TempDir(), "t.htab")
	writeFile(tb, path, fields, rows, geometry{25, textLimit}, store.WriteOptions{})
	return path, rows
}

// interestingBytes leaves out most of the padding.
func interestingBytes(content []byte) (at []int) {
	for i := range content {
		if content[i] != 0 || i > 0 && content[i-1] != 0 || i%4096 == 0 || i > len(content)-trailerLength {
			at = append(at, i)
		}
	}
	return at
}

func readAll(tb testing.TB, path string) ([][]ir.Datum, error) {
	table, err := Open(tb.Context(), system.Real(), path, store.FileOptions{Table: "t"})
	if err != nil {
		return nil, err
	}
	defer mustClose(tb, table)
	for _, column := range table.Description().Columns {
		if column.Layout.Encoding == ir.Dictionary {
			if _, err := table.Dictionary(column.Name); err != nil {
				return nil, err
			}
		}
	}
	return storetest.Read(tb, table, store.Natural(store.Fields(table.Description())), 1<<12)
}

// TestFaults makes each operation of a load fail in turn, once and for good. The file is
// whole or not there, and nothing else stays.
func TestFaults(t *testing.T) {
	t.Parallel()
	fields := []ir.Field{{Name: "n", Type: ir.Of(ir.I32)}, {Name: "s", Type: ir.Of(ir.String)}}
	want := storetest.RandomRows(rand.New(rand.NewPCG(1, 2)), fields, 300)
	small := *format
	small.Write = func(ctx context.Context, sys *system.System, w io.Writer, schema []ir.Field, batches store.Batches, options store.WriteOptions) error {
		return write(ctx, sys, w, schema, batches, options, geometry{100, textLimit})
	}
	for _, fault := range []system.Fault{{}, {Short: true}, {Forever: true}} {
		for at := 1; ; at++ {
			dir, temp := t.TempDir(), t.TempDir()
			sys := *system.Real()
			faults := system.NewFaults(sys.Files, system.Fault{At: at, Err: syscall.ENOSPC, Short: fault.Short, Forever: fault.Forever})
			sys.Files = faults
			path := filepath.Join(dir, "t.htab")
			err := store.WriteFile(t.Context(), &sys, &small, path, fields, storetest.Batches(fields, want, 50),
				store.WriteOptions{TempDir: temp, Memory: 1, Threads: 1})
			if !faults.Fired() {
				if err != nil || at < 20 {
					t.Fatalf("fault %d: %v", at, err)
				}
				break
			}
			if err == nil {
				t.Errorf("fault %d went unnoticed", at)
			}
			if _, ok := diag.FromError(err); !ok || !strings.Contains(err.Error(), syscall.ENOSPC.Error()) {
				t.Errorf("fault %d: %v", at, err)
			}
			if got, err := readAll(t, path); err == nil {
				if diff := storetest.Diff(want, got); diff != "" {
					t.Errorf("fault %d left a file with other rows", at)
				}
			} else if codeOf(err) != "E0501" {
				t.Errorf("fault %d: reading: %v", at, err)
			}
			checkLeft(t, at, err, dir, "t.htab")
			checkLeft(t, at, err, temp, "")
		}
	}
}

// checkLeft looks for files that should not be there. When it was the removal that
// failed, the message names the file.
func checkLeft(t *testing.T, at int, failure error, dir, allowed string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range left {
		if file.Name() != allowed && (failure == nil || !strings.Contains(failure.Error(), file.Name())) {
			t.Errorf("fault %d left %s behind: %v", at, file.Name(), failure)
		}
	}
}

func TestReadFaults(t *testing.T) {
	t.Parallel()
	path, want := corruptible(t)
	for at := 1; ; at++ {
		sys := *system.Real()
		faults := system.NewFaults(sys.Files, system.Fault{At: at, Err: syscall.EIO, Short: at%2 == 0})
		sys.Files = faults
		table, err := Open(t.Context(), &sys, path, store.FileOptions{Table: "t"})
		var got [][]ir.Datum
		if err == nil {
			got, err = storetest.Read(t, table, store.Natural(store.Fields(table.Description())), 1<<16)
			if closeErr := table.Close(); err == nil {
				err = closeErr
			}
		}
		if !faults.Fired() {
			if diff := storetest.Diff(want, got); err != nil || diff != "" {
				t.Fatalf("without a fault: %v\n%s", err, diff)
			}
			return
		}
		if codeOf(err) != "E0501" {
			t.Errorf("fault %d: %v", at, err)
		}
	}
}

// mustClose closes what a test opened, which must succeed.
func mustClose(tb testing.TB, c io.Closer) {
	tb.Helper()
	if err := c.Close(); err != nil {
		tb.Error(err)
	}
}
