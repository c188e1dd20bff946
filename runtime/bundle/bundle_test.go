package bundle

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
)

func sample() *Bundle {
	p := &program.Program{
		Scans: []program.Scan{
			{Table: "t", Columns: []program.ScanColumn{{Name: "a", Type: ir.DecimalType(15, 2).WithNull(true), Layout: ir.Layout{Width: 4}}}, Rows: 3},
			{Table: "t", Columns: []program.ScanColumn{{Name: "b", Type: ir.Of(ir.String), Layout: ir.Layout{Encoding: ir.Dictionary, Width: 1, Cardinality: 3}}}, Rows: 3},
		},
		States: []program.State{{
			Name: "s0", Kind: ir.BufferState, Partitions: 1, MarkOffset: -1, Limit: -1, SharedOffset: 64,
			Record: program.Record{Size: 16, Fields: []program.RecordField{{Name: "a", Type: ir.DecimalType(15, 2).WithNull(true), Offset: 0, Width: 8, NullOffset: 8}}},
		}},
		Pipelines:   []program.Pipeline{{Function: "p0", Source: program.TableSource, Into: 0, Title: "scan t"}},
		Output:      program.Output{Columns: []program.OutputColumn{{Label: "a", Type: ir.DecimalType(15, 2).WithNull(true)}}},
		ContextSize: 128, LocalSize: 48,
	}
	return &Bundle{
		Manifest: Manifest{Name: "q.sql", Compiler: "test", Features: []string{"simd128"}, Capabilities: Capabilities(p), Program: p},
		Wasm:     []byte("\x00asm\x01\x00\x00\x00"), Source: "SELECT a FROM t", Flow: "cir 1\n",
	}
}

func written(t testing.TB, b *Bundle) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRoundTrip(t *testing.T) {
	want := sample()
	data := written(t, want)
	got, err := Read("q.heddle", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reading gives something else (-written +read):\n%s", diff)
	}
	if !bytes.Equal(data, written(t, sample())) {
		t.Error("equal bundles have different bytes")
	}
	if diff := cmp.Diff([]Capability{{Table: "t", Columns: []string{"a", "b"}}}, got.Manifest.Capabilities); diff != "" {
		t.Errorf("capabilities (-want +got):\n%s", diff)
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	data := written(t, sample())
	for at := range data {
		for bit := range 8 {
			damaged := bytes.Clone(data)
			damaged[at] ^= 1 << bit
			_, err := Read("q.heddle", damaged)
			if _, typed := diag.FromError(err); !typed {
				t.Fatalf("byte %d, bit %d flipped: error %v", at, bit, err)
			}
		}
	}
}

func TestEveryTruncationIsFound(t *testing.T) {
	data := written(t, sample())
	for n := range data {
		_, err := Read("q.heddle", data[:n])
		if _, typed := diag.FromError(err); !typed {
			t.Fatalf("cut to %d bytes: error %v", n, err)
		}
	}
	if _, err := Read("q.heddle", append(data, 0)); err == nil {
		t.Error("a byte behind the end is accepted")
	}
}

func TestDescriptionIsChecked(t *testing.T) {
	b := sample()
	b.Manifest.Program.Pipelines[0].Into = 7
	if _, err := Read("q.heddle", written(t, b)); err == nil {
		t.Error("a pipeline that fills a state that is not there is accepted")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(written(f, sample()))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Read("q.heddle", data)
		if err == nil {
			if _, err := Read("again", written(t, b)); err != nil {
				t.Errorf("a bundle that was read cannot be written and read again: %v", err)
			}
			return
		}
		if _, typed := diag.FromError(err); !typed {
			t.Errorf("untyped error %v", err)
		}
	})
}
