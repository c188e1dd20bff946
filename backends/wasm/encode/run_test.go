//go:build cgo

package encode_test

import (
	"math/bits"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/backends/wasm/encode/encodetest"
)

var i32, i64 = []encode.ValType{encode.I32}, []encode.ValType{encode.I64}

// buildFib exports "fib", doubly recursive.
func buildFib() *encode.ModuleBuilder {
	m := encode.NewModule()
	f := m.Func(m.Type(i32, i32))
	f.Name = "fib"
	n := f.Param(0)
	f.NameLocal(n, "n")
	f.LocalGet(n)
	f.I32Const(2)
	f.Op(encode.OpI32LtU)
	f.If(encode.BlockResult(encode.I32))
	f.LocalGet(n)
	f.Else()
	for _, less := range []int32{1, 2} {
		f.LocalGet(n)
		f.I32Const(less)
		f.Op(encode.OpI32Sub)
		f.Call(f.Index())
	}
	f.Op(encode.OpI32Add)
	f.End()
	m.Export("fib", encode.ExternFunc, f.Index())
	return m
}

// buildSum exports "sum": fill n int32 with 0, 1, 2, … by a scalar loop, then sum
// them four lanes at a time. n is a multiple of 4.
func buildSum() *encode.ModuleBuilder {
	m := encode.NewModule()
	m.Memory(encode.LimitsBetween(1, 4))
	f := m.Func(m.Type(i32, i64))
	n, i, sum := f.Param(0), f.Local(encode.I32), f.Local(encode.V128)

	step := func(by int32, body func()) {
		f.I32Const(0)
		f.LocalSet(i)
		done := f.Block(encode.BlockEmpty)
		again := f.Loop(encode.BlockEmpty)
		f.LocalGet(i)
		f.LocalGet(n)
		f.Op(encode.OpI32GeU)
		f.BrIf(done)
		body()
		f.LocalGet(i)
		f.I32Const(by)
		f.Op(encode.OpI32Add)
		f.LocalSet(i)
		f.Br(again)
		f.End()
		f.End()
	}
	address := func() {
		f.LocalGet(i)
		f.I32Const(2)
		f.Op(encode.OpI32Shl)
	}
	step(1, func() {
		address()
		f.LocalGet(i)
		f.MemNatural(encode.OpI32Store, 1024)
	})
	step(4, func() {
		f.LocalGet(sum)
		address()
		f.MemNatural(encode.OpV128Load, 1024)
		f.Op(encode.OpI64x2ExtendLowI32x4U)
		f.Op(encode.OpI64x2Add)
		address()
		f.Mem(encode.OpV128Load, 2, 1024)
		f.Op(encode.OpI64x2ExtendHighI32x4U)
		f.Op(encode.OpI64x2Add)
		f.LocalSet(sum)
	})
	f.LocalGet(sum)
	f.Lane(encode.OpI64x2ExtractLane, 0)
	f.LocalGet(sum)
	f.Lane(encode.OpI64x2ExtractLane, 1)
	f.Op(encode.OpI64Add)
	m.Export("sum", encode.ExternFunc, f.Index())
	return m
}

// buildWide exports "add": a 128-bit sum, and "mul": a full 64 by 64 bit product;
// low half first.
func buildWide() *encode.ModuleBuilder {
	m := encode.NewModule()
	two := []encode.ValType{encode.I64, encode.I64}
	four := []encode.ValType{encode.I64, encode.I64, encode.I64, encode.I64}
	add := m.Func(m.Type(four, two))
	for i := range 4 {
		add.LocalGet(add.Param(i))
	}
	add.Op(encode.OpI64Add128)
	m.Export("add", encode.ExternFunc, add.Index())
	mul := m.Func(m.Type(two, two))
	mul.LocalGet(0)
	mul.LocalGet(1)
	mul.Op(encode.OpI64MulWideU)
	m.Export("mul", encode.ExternFunc, mul.Index())
	return m
}

// buildDispatch exports "apply": calls entry op of a table of three functions,
// built by as many goroutines, on the data of a passive segment.
func buildDispatch() *encode.ModuleBuilder {
	m := encode.NewModule()
	binary := m.Type([]encode.ValType{encode.I32, encode.I32}, i32)
	apply := m.Type(i32, i32)
	table := m.Table(encode.TableType{Elem: encode.FuncRef, Limits: encode.LimitsBetween(3, 3)})
	m.Memory(encode.LimitsMin(1))
	var functions []*encode.FuncBuilder
	var indices []uint32
	for range 3 {
		f := m.Func(binary)
		functions, indices = append(functions, f), append(indices, f.Index())
	}
	var group sync.WaitGroup
	for i, op := range []encode.Opcode{encode.OpI32Add, encode.OpI32Sub, encode.OpI32Mul} {
		group.Go(func() {
			f := functions[i]
			f.LocalGet(0)
			f.LocalGet(1)
			f.Op(op)
		})
	}
	group.Wait()
	m.Elements(table, encode.ConstI32(0), indices...)
	segment := m.PassiveData([]byte{0, 7, 0, 0, 0, 5, 0, 0, 0})
	f := m.Func(apply)
	f.I32Const(64)
	f.I32Const(1)
	f.I32Const(8)
	f.Indexed2(encode.OpMemoryInit, segment, 0)
	f.I32Const(128)
	f.I32Const(64)
	f.I32Const(8)
	f.MemoryCopy()
	f.I32Const(0)
	f.MemNatural(encode.OpI32Load, 128)
	f.I32Const(0)
	f.MemNatural(encode.OpI32Load, 132)
	f.LocalGet(f.Param(0))
	f.CallIndirect(binary, table)
	m.Export("apply", encode.ExternFunc, f.Index())
	return m
}

func TestRun(t *testing.T) {
	high, low := bits.Mul64(0xdeadbeefcafebabe, 0x123456789abcdef1)
	for _, row := range []struct {
		name   string
		module *encode.ModuleBuilder
		export string
		args   []uint64
		want   []uint64
	}{
		{"fib", buildFib(), "fib", []uint64{20}, []uint64{6765}},
		{"scalar and vector loops", buildSum(), "sum", []uint64{4000}, []uint64{4000 * 3999 / 2}},
		{"128-bit sum carries", buildWide(), "add", []uint64{1<<64 - 1, 1, 2, 3}, []uint64{1, 5}},
		{"64 by 64 bit product", buildWide(), "mul", []uint64{0xdeadbeefcafebabe, 0x123456789abcdef1}, []uint64{low, high}},
		{"first of the table", buildDispatch(), "apply", []uint64{0}, []uint64{12}},
		{"second of the table", buildDispatch(), "apply", []uint64{1}, []uint64{2}},
		{"third of the table", buildDispatch(), "apply", []uint64{2}, []uint64{35}},
	} {
		t.Run(row.name, func(t *testing.T) {
			module := row.module.Bytes()
			encodetest.Validate(t, module)
			roundTrip(t, module)
			d, err := encode.Decode(module)
			if err != nil {
				t.Fatal(err)
			}
			for _, engine := range encodetest.Engines() {
				if d.Features&engine.Lacks != 0 {
					continue
				}
				got, err := engine.Call(module, row.export, row.args...)
				if err != nil {
					t.Errorf("%s: %v", engine.Name, err)
					continue
				}
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", engine.Name, diff)
				}
			}
		})
	}
}

func TestEverythingRoundTrips(t *testing.T) {
	module := buildEverything().Bytes()
	encodetest.Validate(t, module)
	// The text cannot give two functions the same name.
	roundTrip(t, module, cmpopts.IgnoreFields(encode.Names{}, "Functions"))
}

// TestForeignText reads forms that the builder does not write: element segments
// of expressions, declarative and passive ones, names beyond ASCII, odd floats.
func TestForeignText(t *testing.T) {
	for _, row := range []struct{ name, text string }{
		{"element expressions", `(module (table 4 funcref) (func $f)
			(elem (i32.const 0) funcref (ref.func $f) (ref.null func))
			(elem funcref (ref.func $f)) (elem func $f) (elem declare func $f)
			(func (table.init 0 1 (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop 2) (drop (ref.func $f))))`},
		{"externref elements", `(module (table 2 externref) (elem (table 0) (i32.const 0) externref (ref.null extern)))`},
		{"block signatures", `(module (func (param i32) (result i32 i32)
			local.get 0 (block (param i32) (result i32 i32) i32.const 7) ))`},
		{"NaNs", `(module (func f32.const nan drop f32.const -nan:0x12 drop f64.const nan:0x1 drop f64.const -inf drop f64.const 0x1p-1074 drop))`},
		{"local runs", `(module (func (local i32 i32 i64 i32)))`},
		{"unicode names", `(module $"größe" (memory $"m \22" 0) (func $"zähle →" (param $"a b" i32)))`},
		{"data with memory.init", `(module (memory 1) (data "a\00b") (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop 0)))`},
	} {
		t.Run(row.name, func(t *testing.T) {
			module := encodetest.Assemble(t, row.text)
			roundTrip(t, module)
			encodetest.Validate(t, module)
		})
	}
}
