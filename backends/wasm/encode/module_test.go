package encode_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// buildEverything uses each part of the builder once.
func buildEverything() *encode.ModuleBuilder {
	m := encode.NewModule()
	m.Name = "everything"
	tick := m.ImportFunc("heddle", "tick", m.Type(nil, nil))
	m.NameFunc(tick, "tick")
	m.NameMemory(m.ImportMemory("heddle", "heap \"shared\"", encode.LimitsBetween(1, 65536)), "heap")
	base := m.ImportGlobal("heddle", "base", encode.GlobalType{Type: encode.I32})
	m.ImportTable("heddle", "routines", encode.TableType{Elem: encode.FuncRef, Limits: encode.LimitsMin(1)})
	m.NameTable(m.Table(encode.TableType{Elem: encode.ExternRef, Limits: encode.LimitsBetween(0, 9)}), "handles")
	second := m.Table(encode.TableType{Elem: encode.FuncRef, Limits: encode.LimitsMin(4)})
	budget := m.Global(encode.GlobalType{Type: encode.I64, Mutable: true}, encode.ConstI64(1<<40))
	m.NameGlobal(budget, "budget")
	m.Global(encode.GlobalType{Type: encode.F64}, encode.ConstF64(0.1))
	m.Global(encode.GlobalType{Type: encode.F32, Mutable: true}, encode.ConstF32(-1e30))
	m.Global(encode.GlobalType{Type: encode.FuncRef}, encode.ConstRefNull(encode.FuncRef))
	m.Global(encode.GlobalType{Type: encode.FuncRef}, encode.ConstRefFunc(tick))
	m.Global(encode.GlobalType{Type: encode.I32}, encode.ConstGlobal(base))
	m.Global(encode.GlobalType{Type: encode.V128}, encode.ConstV128([16]byte{1, 2, 3, 4, 15: 0xf0}))

	f := m.Func(m.Type([]encode.ValType{encode.I32, encode.I64}, []encode.ValType{encode.I64}))
	f.Name = "pipeline 0"
	f.NameLocal(f.Param(1), "rows")
	f.NameLocal(f.Local(encode.I32), "row")
	f.Local(encode.I32)
	f.Local(encode.I32)
	f.NameLocal(f.Local(encode.F64), "total")
	f.Local(encode.V128)
	done := f.Block(encode.BlockEmpty)
	again := f.Loop(encode.BlockEmpty)
	f.GlobalGet(budget)
	f.I64Const(1)
	f.Op(encode.OpI64Sub)
	f.GlobalSet(budget)
	f.GlobalGet(budget)
	f.Op(encode.OpI64Eqz)
	f.If(encode.BlockEmpty)
	f.Call(tick)
	f.Else()
	f.Br(done)
	f.End()
	f.LocalGet(0)
	f.BrTable([]encode.Label{again}, done)
	f.End()
	f.End()
	f.LocalGet(f.Param(1))
	start := m.Func(m.Type(nil, nil))
	start.Name = "pipeline 0" // twice the same name: printed by index
	copied := m.FuncBody(m.Type(nil, nil), start.AppendBody(nil))
	m.NameFunc(copied, "copy")
	m.Start(start.Index())
	m.Export("run", encode.ExternFunc, f.Index())
	m.Export("heap", encode.ExternMemory, 0)
	m.Export("budget", encode.ExternGlobal, budget)
	m.Export("handles", encode.ExternTable, 1)
	m.Elements(0, encode.ConstI32(0), f.Index(), copied)
	m.Elements(second, encode.ConstI32(1), tick)
	m.Data(encode.ConstGlobal(base), []byte("BUILDING\n"))
	m.Custom("heddle.version", []byte("1"))
	return m
}

func TestWriteText(t *testing.T) {
	d, err := encode.Decode(buildEverything().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := d.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/everything.wat"
	if *update {
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	text.Reset()
	if err := d.WriteFunctionText(&text, &d.Functions[1]); err != nil {
		t.Fatal(err)
	}
	if got, want := text.String(), "(func (;2;) (type 0))\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, fmt.Errorf("disk full") }

func TestWriteTextReportsWriterError(t *testing.T) {
	d, err := encode.Decode(buildEverything().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.WriteText(brokenWriter{}); err == nil {
		t.Error("no error from a writer that fails")
	}
}

func TestDecodeStructure(t *testing.T) {
	module := buildEverything().Bytes()
	d, err := encode.Decode(module)
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	for _, s := range d.Sections {
		sections = append(sections, s.Name)
	}
	want := []string{
		"type", "import", "function", "table", "global", "export", "start",
		"element", "code", "data", "name", "heddle.version",
	}
	if diff := cmp.Diff(want, sections); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
	if d.Names.Module != "everything" || d.Names.Functions[1] != "pipeline 0" || d.Names.Locals[1][2] != "row" {
		t.Errorf("names %+v", d.Names)
	}
	if len(d.Functions) != 3 || d.Functions[0].Index != 1 || d.Functions[1].Size != 2 {
		t.Errorf("functions %+v", d.Functions)
	}
	if got := d.Features.Names(); !cmp.Equal(got, []string{"reference-types", "simd"}) {
		t.Errorf("features %v", got)
	}
}

func TestBytesAreDeterministic(t *testing.T) {
	first := buildEverything()
	want := first.Bytes()
	if !bytes.Equal(first.Bytes(), want) {
		t.Error("Bytes differs from itself when called again")
	}
	if !bytes.Equal(buildEverything().Bytes(), want) {
		t.Error("the same calls gave other bytes")
	}
	first.StripNames = true
	stripped, err := encode.Decode(first.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if stripped.Names.Functions != nil {
		t.Error("names are there although stripped")
	}
}

func TestBuilderRefusesMisuse(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(m *encode.ModuleBuilder, f *encode.FuncBuilder)
	}{
		{"import after definition", func(m *encode.ModuleBuilder, _ *encode.FuncBuilder) { m.ImportFunc("a", "b", 0) }},
		{"end without block", func(_ *encode.ModuleBuilder, f *encode.FuncBuilder) { f.End() }},
		{"open block", func(m *encode.ModuleBuilder, f *encode.FuncBuilder) { f.Block(encode.BlockEmpty); m.Bytes() }},
		{"label of a closed block", func(_ *encode.ModuleBuilder, f *encode.FuncBuilder) {
			l := f.Block(encode.BlockEmpty)
			f.End()
			f.Br(l)
		}},
		{"parameter", func(_ *encode.ModuleBuilder, f *encode.FuncBuilder) { f.Param(0) }},
		{"not constant", func(m *encode.ModuleBuilder, _ *encode.FuncBuilder) {
			m.Data(encode.ConstExpr{Op: encode.OpI32Add}, nil)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			m := encode.NewModule()
			row.do(m, m.Func(m.Type(nil, nil)))
		})
	}
}

// benchmarkBody appends n instructions in the mix of a generated loop body.
func benchmarkBody(f *encode.FuncBuilder, n int) {
	for i := 0; i < n; i += 10 {
		f.LocalGet(0)
		f.MemNatural(encode.OpI32Load, uint32(i))
		f.I32Const(int32(i))
		f.Op(encode.OpI32Add)
		f.LocalTee(3)
		f.Op(encode.OpI32x4Splat)
		f.LocalGet(150)
		f.Op(encode.OpI32x4Add)
		f.LocalSet(150)
		f.Op(encode.OpNop)
	}
}

func BenchmarkEncode10k(b *testing.B) {
	b.ReportAllocs()
	var size int
	for b.Loop() {
		m := encode.NewModule()
		m.Memory(encode.LimitsMin(1))
		f := m.Func(m.Type([]encode.ValType{encode.I32}, nil))
		for range 3 {
			f.Local(encode.I32)
		}
		for range 150 {
			f.Local(encode.V128)
		}
		benchmarkBody(f, 10_000)
		size = len(m.Bytes())
	}
	b.SetBytes(int64(size))
}

func BenchmarkDecode10k(b *testing.B) {
	m := encode.NewModule()
	m.Memory(encode.LimitsMin(1))
	f := m.Func(m.Type([]encode.ValType{encode.I32}, nil))
	for range 153 {
		f.Local(encode.V128)
	}
	benchmarkBody(f, 10_000)
	module := m.Bytes()
	b.SetBytes(int64(len(module)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encode.Decode(module); err != nil {
			b.Fatal(err)
		}
	}
}
