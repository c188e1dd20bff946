package wasm

import (
	"fmt"
	"math/bits"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/ir"
)

// Loads by the base-2 logarithm of the width, zero-extending and sign-extending.
var (
	loads32  = [2][3]encode.Opcode{{encode.OpI32Load8U, encode.OpI32Load16U, encode.OpI32Load}, {encode.OpI32Load8S, encode.OpI32Load16S, encode.OpI32Load}}
	loads64  = [2][4]encode.Opcode{{encode.OpI64Load8U, encode.OpI64Load16U, encode.OpI64Load32U, encode.OpI64Load}, {encode.OpI64Load8S, encode.OpI64Load16S, encode.OpI64Load32S, encode.OpI64Load}}
	stores32 = [3]encode.Opcode{encode.OpI32Store8, encode.OpI32Store16, encode.OpI32Store}
	stores64 = [4]encode.Opcode{encode.OpI64Store8, encode.OpI64Store16, encode.OpI64Store32, encode.OpI64Store}
)

// access gives the width of a load or store as a base-2 logarithm and whether it
// extends the sign (1) or not (0).
func access(op *ir.Op) (logarithm, signed int) {
	if ir.AttributeAs[bool](op, "signed") {
		signed = 1
	}
	return bits.TrailingZeros64(uint64(ir.AttributeAs[int64](op, "width"))), signed
}

func (f *function) load(n *node, result class) {
	address := f.operands[n.operands]
	width, signed := access(n.op)
	if result == classI128 {
		f.loadWide(address, n.offset, width, signed)
		return
	}
	f.push(address)
	switch result {
	case classI32:
		f.memory(loads32[signed][width], n.offset)
	case classI64:
		f.memory(loads64[signed][width], n.offset)
	case classF32:
		f.memory(encode.OpF32Load, n.offset)
	case classF64:
		f.memory(encode.OpF64Load, n.offset)
	case classNone, classI128, classVector, classLabel:
		panic(fmt.Sprintf("BUG: load of %s", result))
	}
}

// loadWide reads an i128 as two words, or one word and its sign.
func (f *function) loadWide(address, offset int32, width, signed int) {
	if width == 4 {
		at := f.leafOf(address)
		f.pushLeaf(at)
		f.memory(encode.OpI64Load, offset)
		f.pushLeaf(at)
		f.settle()
		f.body.Mem(encode.OpI64Load, 0, uint32(offset)+8)
		return
	}
	f.push(address)
	f.memory(loads64[signed][width], offset)
	if signed == 0 {
		f.i64(0)
		return
	}
	low := f.keep(classI64)
	f.pushLeaf(low)
	f.pushLeaf(low.sign())
}

// wideningLoad recognises an i32 load in the tree of a value that is extended to
// i64, where one instruction does both.
func (f *function) wideningLoad(signed bool, id int32) (code encode.Opcode, offset, address int32, ok bool) {
	v := &f.values[id]
	if v.home != homeTree || f.nodes[v.node].op.Code != ir.OpLoad || v.class != classI32 {
		return 0, 0, 0, false
	}
	n := &f.nodes[v.node]
	width, sign := access(n.op)
	switch {
	case width == 2: // all 32 bits: the extension alone counts
		sign = 0
		if signed {
			sign = 1
		}
	case sign == 1 && !signed: // the sign stops at bit 31
		return 0, 0, 0, false
	}
	return loads64[sign][width], n.offset, f.operands[n.operands], true
}

func (f *function) storeMemory(n *node) {
	operands := f.operandsOf(n)
	width, _ := access(n.op)
	c := f.values[operands[1]].class
	if c == classI128 {
		f.storeWide(operands, n.offset, width)
		return
	}
	f.push(operands[0])
	f.push(operands[1])
	switch c {
	case classI32:
		f.memory(stores32[width], n.offset)
	case classI64:
		f.memory(stores64[width], n.offset)
	case classF32:
		f.memory(encode.OpF32Store, n.offset)
	case classF64:
		f.memory(encode.OpF64Store, n.offset)
	case classNone, classI128, classVector, classLabel:
		panic(fmt.Sprintf("BUG: store of %s", c))
	}
}

// storeWide writes an i128 of two words, or the low bytes of one.
func (f *function) storeWide(operands []int32, offset int32, width int) {
	low, high := f.split(operands[1])
	if width < 4 {
		f.push(operands[0])
		f.pushLeaf(low)
		f.memory(stores64[width], offset)
		return
	}
	at := f.leafOf(operands[0])
	f.pushLeaf(at)
	f.pushLeaf(low)
	f.memory(encode.OpI64Store, offset)
	f.pushLeaf(at)
	f.pushLeaf(high)
	f.settle()
	f.body.Mem(encode.OpI64Store, 0, uint32(offset)+8)
}
