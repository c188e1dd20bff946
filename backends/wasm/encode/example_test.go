package encode_test

import (
	"os"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
)

// Sum the int64 values between two addresses.
func Example() {
	m := encode.NewModule()
	m.ImportMemory("heddle", "heap", encode.LimitsMin(1))
	f := m.Func(m.Type([]encode.ValType{encode.I32, encode.I32}, []encode.ValType{encode.I64}))
	f.Name = "sum"
	at, end, total := f.Param(0), f.Param(1), f.Local(encode.I64)

	done := f.Block(encode.BlockEmpty)
	again := f.Loop(encode.BlockEmpty)
	f.LocalGet(at)
	f.LocalGet(end)
	f.Op(encode.OpI32GeU)
	f.BrIf(done)
	f.LocalGet(total)
	f.LocalGet(at)
	f.MemNatural(encode.OpI64Load, 0)
	f.Op(encode.OpI64Add)
	f.LocalSet(total)
	f.LocalGet(at)
	f.I32Const(8)
	f.Op(encode.OpI32Add)
	f.LocalSet(at)
	f.Br(again)
	f.End()
	f.End()
	f.LocalGet(total)
	m.Export("sum", encode.ExternFunc, f.Index())

	d, err := encode.Decode(m.Bytes())
	if err != nil {
		panic(err)
	}
	if err := d.WriteFunctionText(os.Stdout, &d.Functions[0]); err != nil {
		panic(err)
	}
	// Output:
	// (func $sum (;0;) (type 0) (param i32 i32) (result i64)
	//   (local i64)
	//   block (;@1;)
	//     loop (;@2;)
	//       local.get 0
	//       local.get 1
	//       i32.ge_u
	//       br_if 1 (;@1;)
	//       local.get 2
	//       local.get 0
	//       i64.load
	//       i64.add
	//       local.set 2
	//       local.get 0
	//       i32.const 8
	//       i32.add
	//       local.set 0
	//       br 0 (;@2;)
	//     end
	//   end
	//   local.get 2)
}
