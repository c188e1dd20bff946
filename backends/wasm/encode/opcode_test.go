//go:build cgo

package encode_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/backends/wasm/encode/encodetest"
)

// fixture is a module with one of everything that instructions refer to.
type fixture struct {
	m                      *encode.ModuleBuilder
	i32ToI32, two, swapped uint32
	callee, global, vector uint32
}

func newFixture() *fixture {
	x := &fixture{m: encode.NewModule()}
	m := x.m
	x.i32ToI32 = m.Type([]encode.ValType{encode.I32}, []encode.ValType{encode.I32})
	x.two = m.Type(nil, []encode.ValType{encode.I32, encode.I64})
	x.swapped = m.Type([]encode.ValType{encode.I32, encode.I64}, []encode.ValType{encode.I64, encode.I32})
	m.Memory(encode.LimitsMin(1))
	m.Table(encode.TableType{Elem: encode.FuncRef, Limits: encode.LimitsBetween(4, 8)})
	m.Table(encode.TableType{Elem: encode.ExternRef, Limits: encode.LimitsMin(2)})
	x.global = m.Global(encode.GlobalType{Type: encode.I64, Mutable: true}, encode.ConstI64(-5))
	x.vector = m.Global(encode.GlobalType{Type: encode.V128}, encode.ConstV128([16]byte{1, 15: 0xff}))
	callee := m.Func(x.i32ToI32)
	callee.Name = "callee"
	callee.LocalGet(callee.Param(0))
	x.callee = callee.Index()
	m.Elements(0, encode.ConstI32(1), x.callee)
	m.PassiveData([]byte("a \"quoted\" \x00\xff"))
	m.Data(encode.ConstI32(16), []byte("active"))
	m.Export("callee", encode.ExternFunc, x.callee)
	m.Export("memory", encode.ExternMemory, 0)
	return x
}

func push(f *encode.FuncBuilder, t encode.ValType, seed int) {
	switch t {
	case encode.I32:
		f.I32Const(int32(seed + 1))
	case encode.I64:
		f.I64Const(int64(seed)<<40 + 7)
	case encode.F32:
		f.F32Const(1.5 + float32(seed))
	case encode.F64:
		f.F64Const(-0.1 * float64(seed+1))
	case encode.V128:
		f.V128Const([16]byte{0: 0x80, 7: byte(seed), 15: 0x7f})
	case encode.FuncRef, encode.ExternRef:
		f.RefNull(t)
	default:
		panic("BUG: unknown type " + t.String())
	}
}

// contextual emits, with what it needs around, each instruction whose signature
// is not in the table.
var contextual = map[encode.Opcode]func(x *fixture, f *encode.FuncBuilder){
	encode.OpUnreachable: func(_ *fixture, f *encode.FuncBuilder) { f.Op(encode.OpUnreachable) },
	encode.OpBlock: func(x *fixture, f *encode.FuncBuilder) {
		f.Block(encode.BlockEmpty)
		f.End()
		f.Block(encode.BlockResult(encode.F64))
		f.F64Const(math.Inf(-1))
		f.End()
		f.Drop()
		f.I32Const(1)
		f.I64Const(2)
		f.Block(encode.BlockOfType(x.swapped))
		f.Drop()
		f.Drop()
		f.I64Const(1)
		f.I32Const(1)
		f.End()
		f.Drop()
		f.Drop()
	},
	encode.OpLoop: func(_ *fixture, f *encode.FuncBuilder) {
		again := f.Loop(encode.BlockEmpty)
		f.I32Const(0)
		f.BrIf(again)
		f.End()
	},
	encode.OpIf: func(_ *fixture, f *encode.FuncBuilder) {
		f.I32Const(1)
		f.If(encode.BlockEmpty)
		f.End()
	},
	encode.OpElse: func(_ *fixture, f *encode.FuncBuilder) {
		f.I32Const(1)
		f.If(encode.BlockResult(encode.F32))
		f.F32Const(float32(math.Inf(1)))
		f.Else()
		f.F32Const(math.Float32frombits(0xffc00123))
		f.End()
		f.Drop()
	},
	encode.OpEnd: func(_ *fixture, f *encode.FuncBuilder) {},
	encode.OpBr: func(_ *fixture, f *encode.FuncBuilder) {
		out := f.Block(encode.BlockEmpty)
		f.Block(encode.BlockEmpty)
		f.Br(out)
		f.End()
		f.End()
	},
	encode.OpBrIf: func(_ *fixture, f *encode.FuncBuilder) {
		f.I32Const(0)
		f.BrIf(encode.LabelBody)
	},
	encode.OpBrTable: func(_ *fixture, f *encode.FuncBuilder) {
		a := f.Block(encode.BlockEmpty)
		b := f.Block(encode.BlockEmpty)
		f.I32Const(3)
		f.BrTable([]encode.Label{a, b, a}, encode.LabelBody)
		f.End()
		f.End()
	},
	encode.OpReturn: func(_ *fixture, f *encode.FuncBuilder) { f.Return() },
	encode.OpCall: func(x *fixture, f *encode.FuncBuilder) {
		f.I32Const(1)
		f.Call(x.callee)
		f.Drop()
	},
	encode.OpCallIndirect: func(x *fixture, f *encode.FuncBuilder) {
		f.I32Const(1)
		f.I32Const(1)
		f.CallIndirect(x.i32ToI32, 0)
		f.Drop()
	},
	encode.OpDrop: func(_ *fixture, f *encode.FuncBuilder) { f.I32Const(math.MinInt32); f.Drop() },
	encode.OpSelect: func(_ *fixture, f *encode.FuncBuilder) {
		f.F64Const(math.Float64frombits(0x7ff8000000000000))
		f.F64Const(math.Copysign(0, -1))
		f.I32Const(1)
		f.Op(encode.OpSelect)
		f.Drop()
	},
	encode.OpSelectTyped: func(_ *fixture, f *encode.FuncBuilder) {
		f.RefNull(encode.ExternRef)
		f.RefNull(encode.ExternRef)
		f.I32Const(1)
		f.SelectTyped(encode.ExternRef)
		f.Drop()
	},
	encode.OpLocalGet: func(_ *fixture, f *encode.FuncBuilder) { f.LocalGet(f.Local(encode.I64)); f.Drop() },
	encode.OpLocalSet: func(_ *fixture, f *encode.FuncBuilder) {
		for range 200 { // two bytes of index
			f.Local(encode.V128)
		}
		f.F64Const(5e-324)
		f.LocalSet(f.Local(encode.F64))
	},
	encode.OpLocalTee: func(_ *fixture, f *encode.FuncBuilder) {
		f.I64Const(math.MinInt64)
		f.LocalTee(f.Local(encode.I64))
		f.Drop()
	},
	encode.OpGlobalGet: func(x *fixture, f *encode.FuncBuilder) { f.GlobalGet(x.vector); f.Drop() },
	encode.OpGlobalSet: func(x *fixture, f *encode.FuncBuilder) { f.I64Const(9); f.GlobalSet(x.global) },
	encode.OpTableGet: func(_ *fixture, f *encode.FuncBuilder) {
		f.I32Const(0)
		f.Indexed(encode.OpTableGet, 1)
		f.Drop()
	},
	encode.OpTableSet: func(_ *fixture, f *encode.FuncBuilder) {
		f.I32Const(0)
		f.RefNull(encode.FuncRef)
		f.Indexed(encode.OpTableSet, 0)
	},
	encode.OpRefNull:   func(_ *fixture, f *encode.FuncBuilder) { f.RefNull(encode.FuncRef); f.Drop() },
	encode.OpRefIsNull: func(_ *fixture, f *encode.FuncBuilder) { f.RefNull(encode.FuncRef); f.Op(encode.OpRefIsNull); f.Drop() },
	encode.OpTableGrow: func(_ *fixture, f *encode.FuncBuilder) {
		f.RefNull(encode.ExternRef)
		f.I32Const(1)
		f.Indexed(encode.OpTableGrow, 1)
		f.Drop()
	},
	encode.OpTableFill: func(_ *fixture, f *encode.FuncBuilder) {
		f.I32Const(1)
		f.RefNull(encode.ExternRef)
		f.I32Const(1)
		f.Indexed(encode.OpTableFill, 1)
	},
}

// emit appends one instruction of the table with operands, and drops its results.
func emit(t *testing.T, x *fixture, f *encode.FuncBuilder, info encode.Info) {
	t.Helper()
	if info.Contextual {
		build, ok := contextual[info.Op]
		if !ok {
			t.Fatalf("no example for %s", info.Name)
		}
		build(x, f)
		return
	}
	for i, p := range info.Params {
		push(f, p, i)
	}
	switch info.Immediates {
	case [2]encode.Immediate{}:
		f.Op(info.Op)
	case [2]encode.Immediate{encode.ImmMemArg}:
		f.MemNatural(info.Op, 300)
		for range info.Results {
			f.Drop()
		}
		for i, p := range info.Params {
			push(f, p, i)
		}
		f.Mem(info.Op, 0, 0)
	case [2]encode.Immediate{encode.ImmMemArg, encode.ImmLane}:
		f.MemLane(info.Op, info.Align, 1<<31, info.Lanes-1)
	case [2]encode.Immediate{encode.ImmLane}:
		f.Lane(info.Op, info.Lanes-1)
	case [2]encode.Immediate{encode.ImmShuffle}:
		f.Shuffle([16]byte{0, 31, 1, 30, 15: 16})
	case [2]encode.Immediate{encode.ImmI32}, [2]encode.Immediate{encode.ImmI64}, [2]encode.Immediate{encode.ImmF32},
		[2]encode.Immediate{encode.ImmF64}, [2]encode.Immediate{encode.ImmV128}:
		push(f, info.Results[0], 3)
	case [2]encode.Immediate{encode.ImmMemory}, [2]encode.Immediate{encode.ImmData}, [2]encode.Immediate{encode.ImmElem},
		[2]encode.Immediate{encode.ImmFunc}, [2]encode.Immediate{encode.ImmTable}:
		f.Indexed(info.Op, 0)
	default: // two indices
		f.Indexed2(info.Op, 0, 0)
	}
	for range info.Results {
		f.Drop()
	}
}

// TestInstructions builds a function per instruction and compares our encoding
// and names with those of the engines and of wasmtime's assembler.
func TestInstructions(t *testing.T) {
	x := newFixture()
	void := x.m.Type(nil, nil)
	for i, info := range encode.Instructions() {
		f := x.m.Func(void)
		f.Name = fmt.Sprintf("%d %s", i, info.Name)
		emit(t, x, f, info)
		if info.Op == encode.OpLocalSet {
			f.NameLocal(200, "réserve")
		}
	}
	module := x.m.Bytes()
	d, err := encode.Decode(module)
	if err != nil {
		t.Fatal(err)
	}
	for i, info := range encode.Instructions() {
		found := false
		for ins := range d.Functions[i+1].Instructions() {
			found = found || ins.Op == info.Op
		}
		if !found {
			t.Errorf("%s: the decoder does not see it", info.Name)
		}
	}
	if want := encode.FeatureMultiValue<<1 - 1; d.Features != want {
		t.Errorf("features %v, want %v", d.Features.Names(), want.Names())
	}
	encodetest.Validate(t, module)
	roundTrip(t, module)

	// wazero has neither relaxed SIMD nor wide arithmetic: once more without.
	x = newFixture()
	void = x.m.Type(nil, nil)
	for _, info := range encode.Instructions() {
		if info.Feature != encode.FeatureRelaxedSIMD && info.Feature != encode.FeatureWideArithmetic {
			emit(t, x, x.m.Func(void), info)
		}
	}
	encodetest.Validate(t, x.m.Bytes())
}

// roundTrip prints a module, assembles the text with wasmtime and compares all but
// what the extra options ignore.
func roundTrip(t *testing.T, module []byte, extra ...cmp.Option) {
	t.Helper()
	before, err := encode.Decode(module)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := before.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	after, err := encode.Decode(encodetest.Assemble(t, text.String()))
	if err != nil {
		t.Fatal(err)
	}
	options := cmp.Options{
		cmpopts.IgnoreUnexported(encode.Decoded{}, encode.ElementSegment{}, encode.Function{}),
		cmpopts.IgnoreFields(encode.Decoded{}, "Size", "Sections", "Customs", "Functions"),
		cmpopts.EquateEmpty(),
		cmp.Options(extra),
	}
	if diff := cmp.Diff(before, after, options); diff != "" {
		t.Errorf("the text says something else (-module +text):\n%s", diff)
	}
	for i := range before.Functions {
		f, g := &before.Functions[i], &after.Functions[i]
		a, b := collect(f), collect(g)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("function %d (-module +text):\n%s", f.Index, diff)
		}
		if diff := cmp.Diff(f.Locals, g.Locals); diff != "" {
			t.Errorf("locals of function %d (-module +text):\n%s", f.Index, diff)
		}
	}
}

func collect(f *encode.Function) []encode.Instruction {
	var all []encode.Instruction
	for ins := range f.Instructions() {
		ins := *ins
		ins.At = 0
		ins.Labels = append([]uint32(nil), ins.Labels...)
		all = append(all, ins)
	}
	return all
}
