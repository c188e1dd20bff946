package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/shapes"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/store"
)

// TestEmulator does on the emulator all that is done where a GPU is: it builds the
// bundles, checks them, and measures.
func TestEmulator(t *testing.T) {
	if _, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{}); err != nil {
		t.Skip("no LLVM that makes PTX")
	}
	dir := t.TempDir()
	data, bundles, figures := filepath.Join(dir, "data"), filepath.Join(dir, "bundles"), filepath.Join(dir, "figures.json")
	makeTables(t, data, 0.01, tpch.Tables)
	lineitem, _ := tpch.Lookup("lineitem")
	makeTables(t, data, 0.001, []*tpch.Table{lineitem})
	flags := []string{"-data", data, "-bundles", bundles, "-sf", "0.01", "-sizes", "0.001", "-device", "emulator", "-runs", "1", "-copy", "1048576"}
	do := func(name string, more ...string) string {
		var out bytes.Buffer
		if err := command(t.Context(), append(append([]string{name}, flags...), more...), &out, io.Discard); err != nil {
			t.Fatalf("gpubench %s: %s\n%s", name, explained(err), out.String())
		}
		return out.String()
	}

	do("build", "-gpu", "a100")
	checked := do("check")
	if got := strings.Count(checked, "ok  "); got != len(tpch.Queries)+len(probes)+len(shapes.Queries)+4 {
		t.Errorf("%d queries and kernels are checked:\n%s", got, checked)
	}

	text := do("run", "-json", figures)
	for _, want := range []string{"no GPU was measured", "Kernels, columns resident", "q06 over tables of other sizes"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	var r report
	content, err := os.ReadFile(figures)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &r); err != nil {
		t.Fatal(err)
	}
	if h := r.Hardware; h.Driver != "emulator" || h.CopyBytesPerSecond <= 0 || h.InBytesPerSecond <= 0 || h.OutBytesPerSecond <= 0 || h.LaunchMicroseconds <= 0 {
		t.Errorf("the hardware: %+v", h)
	}
	if len(r.Modules) != len(tpch.Queries)+len(probes)+len(shapes.Queries)+2 {
		t.Errorf("%d modules are loaded", len(r.Modules))
	}
	if len(r.Queries) != len(tpch.Queries)+len(probes) {
		t.Errorf("%d queries are measured", len(r.Queries))
	}
	for _, q := range r.Queries {
		if q.OnDevice == 0 || q.CPU <= 0 || q.Resident <= 0 || q.Cold <= 0 || q.Kernels <= 0 || q.Copied <= 0 {
			t.Errorf("query: %+v", q)
		}
	}
	if len(r.Kernels) < len(r.Queries) {
		t.Errorf("%d kernels are measured", len(r.Kernels))
	}
	for _, k := range r.Kernels {
		if k.Rows <= 0 || k.Bytes <= 0 || k.BytesPerSecond <= 0 || k.Share <= 0 || k.RowsPerSecond <= 0 {
			t.Errorf("kernel: %+v", k)
		}
	}
	if k := r.Kernels[len(r.Kernels)-2:]; k[0].Kernel != "matrix_vector" || k[1].Kernel != "perceptron" {
		t.Errorf("the last kernels are %+v", k)
	}
	if len(r.Crossovers) != 2 {
		t.Fatalf("%d queries are measured at several sizes", len(r.Crossovers))
	}
	for _, c := range r.Crossovers {
		if len(c.Points) != 2 || c.Points[0].Rows >= c.Points[1].Rows {
			t.Errorf("%s at several sizes: %+v", c.Query, c.Points)
		}
	}
}

// TestMistakes gives command lines that cannot be done.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		name, line, want string
	}{
		{"nothing", "", "usage"},
		{"another command", "measure", "usage"},
		{"another device", "check -device tpu", "cuda or emulator"},
		{"no bundles", "check -device emulator -bundles " + dir, "no bundles"},
		{"no such tables", "build -data " + dir, "sf10"},
		{"another GPU", "build -gpu riva128", "riva128"},
		{"sizes", "run -sizes 1,x", "scale factors"},
		{"no runs", "run -runs 0", "usage"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := command(t.Context(), strings.Fields(test.line), io.Discard, io.Discard)
			if err == nil || !strings.Contains(explained(err), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestFirstDifference(t *testing.T) {
	for _, test := range []struct {
		name, want, got, found string
	}{
		{"none", "a b", "a b", ""},
		{"a row", "a b", "a c", "row c, want b"},
		{"too few", "a b", "a", "1 rows, want 2"},
		{"too many", "a", "a b", "2 rows, want 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if found := firstDifference(strings.Fields(test.want), strings.Fields(test.got)); found != test.found {
				t.Errorf("%q, want %q", found, test.found)
			}
		})
	}
}

func explained(err error) string {
	if list, ok := diag.FromError(err); ok {
		return diag.RenderText(list, diag.Options{})
	}
	return err.Error()
}

// makeTables writes native tables of a scale factor.
func makeTables(t *testing.T, data string, scale float64, tables []*tpch.Table) {
	t.Helper()
	format, err := store.FormatByName("native")
	if err != nil {
		t.Fatal(err)
	}
	dir := directory(data, scale)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		batches, err := tpch.Generate(table, scale, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		converted := func(yield func(*store.Batch, error) bool) {
			for batch := range batches {
				if !yield(local.BenchmarkBatch(batch), nil) {
					return
				}
			}
		}
		types := map[tpch.Kind]ir.Type{
			tpch.Integer: ir.Of(ir.I32), tpch.BigInt: ir.Of(ir.I64), tpch.Decimal: ir.DecimalType(15, 2), tpch.Date: ir.Of(ir.Date),
			tpch.Varchar: ir.Of(ir.String), tpch.Char: ir.Of(ir.String),
		}
		fields := make([]ir.Field, len(table.Columns))
		for i, column := range table.Columns {
			fields[i] = ir.Field{Name: column.Name, Type: types[column.Kind].WithNull(!column.NotNull)}
		}
		path := filepath.Join(dir, table.Name+format.Extensions[0])
		if err := store.WriteFile(context.Background(), system.Real(), format, path, fields, converted, store.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// brokenEvent has no time.
type brokenEvent struct{ err error }

func (e brokenEvent) Since(device.Event) (time.Duration, error) { return 0, e.err }
func (e brokenEvent) Close() error                              { return e.err }

// TestClockedErrors takes from a driver whose events fail.
func TestClockedErrors(t *testing.T) {
	broken := errors.New("no time")
	d := &clockedDriver{streams: []*clockedStream{{launches: []clockedLaunch{{kernel: "k", started: brokenEvent{broken}, ended: brokenEvent{broken}}}, copied: 7}}}
	w, err := d.take()
	if !errors.Is(err, broken) || w.copied != 7 {
		t.Errorf("took %+v, %v", w, err)
	}
	if w, err := d.take(); err != nil || w.copied != 0 || len(w.kernels) != 0 {
		t.Errorf("took %+v, %v again", w, err)
	}
}
