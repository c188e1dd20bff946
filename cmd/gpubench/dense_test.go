package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/system"
)

// TestDense checks and measures the kernels for dense matrices, and checks code that is
// wrong in one place.
func TestDense(t *testing.T) {
	if _, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{}); err != nil {
		t.Skip("no LLVM that makes PTX")
	}
	o := &options{bundles: t.TempDir(), device: "emulator", threads: 1}
	m, err := newMachine(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.close(); err != nil {
			t.Error(err)
		}
	}()
	check := func() (bool, string, error) {
		var out bytes.Buffer
		same, err := m.checkDense(t.Context(), &out)
		return same, out.String(), err
	}
	if _, _, err := check(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the file the error is %v", err)
	}
	if err := buildDense(t.Context(), o, ptx.DefaultTarget); err != nil {
		t.Fatal(explained(err))
	}
	if same, out, err := check(); err != nil || !same || strings.Count(out, "ok  ") != 4 {
		t.Errorf("checked: %t, %v\n%s", same, err, out)
	}
	kernels, err := m.measureDense(t.Context(), 1<<20, 2, 1e9)
	if err != nil || len(kernels) != 2 {
		t.Fatalf("measured: %+v, %v", kernels, err)
	}
	for _, k := range kernels {
		if k.Rows <= 0 || k.Bytes <= 0 || k.Ms <= 0 || k.Share <= 0 || k.RowsPerSecond <= 0 {
			t.Errorf("measured: %+v", k)
		}
	}
	if k := kernels[0]; k.Rows != 64 || k.Bytes != 1<<20+4*denseColumns {
		t.Errorf("the matrix has %d rows, %d bytes are read", k.Rows, k.Bytes)
	}

	path := filepath.Join(o.bundles, denseFile)
	code, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(code, []byte("add.rn.f32"))
	copy(code[at:], "sub")
	if err := os.WriteFile(path, code, 0o666); err != nil {
		t.Fatal(err)
	}
	if same, out, err := check(); err != nil || same || !strings.Contains(out, "FAIL  perceptron") || strings.Count(out, "ok  ") != 3 {
		t.Errorf("checked with wrong code: %t, %v\n%s", same, err, out)
	}
}
