package wasm

import (
	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/ir"
)

// split makes both halves of an i128 pushable any number of times. Code may be
// emitted, so everything pushed later stands behind it.
func (f *function) split(id int32) (low, high leaf) {
	v := &f.values[id]
	switch v.home {
	case homeConstant:
		d := f.datum(id)
		return leaf{class: classI64, value: int64(d.Low)}, leaf{class: classI64, value: d.High}
	case homeVariable:
		return pairAt(f.localOf(v.cell))
	case homeLocal:
		return pairAt(f.localOf(id))
	case homeTree, homeCell, homeLabel: // is computed below
	}
	n := &f.nodes[v.node]
	operands := f.operandsOf(n)
	switch n.op.Code {
	case ir.OpPair:
		low = f.leafOf(operands[0])
		return low, f.leafOf(operands[1])
	case ir.OpExtendS, ir.OpExtendU:
		return f.splitExtended(n.op.Code == ir.OpExtendS, operands[0])
	default: // computed as a pair, below
	}
	f.compute(v.node)
	high = f.keep(classI64)
	return f.keep(classI64), high
}

func pairAt(local uint32) (low, high leaf) {
	return leaf{kind: leafLocal, class: classI64, local: local}, leaf{kind: leafLocal, class: classI64, local: local + 1}
}

// splitExtended gives the halves of a word widened to i128.
func (f *function) splitExtended(signed bool, id int32) (low, high leaf) {
	if f.values[id].class == classI64 {
		low = f.leafOf(id)
	} else {
		f.extend(signed, id, classI64)
		low = f.keep(classI64)
	}
	if !signed {
		return low, leaf{class: classI64}
	}
	return low, low.sign()
}

// computeWide pushes sum, difference or bitwise combination of two i128.
func (f *function) computeWide(code ir.Opcode, operands []int32) {
	if f.wide() && code <= ir.OpIntegerSub {
		f.pushAll(operands)
		if code == ir.OpIntegerAdd {
			f.op(encode.OpI64Add128)
		} else {
			f.op(encode.OpI64Sub128)
		}
		return
	}
	aLow, aHigh := f.split(operands[0])
	bLow, bHigh := f.split(operands[1])
	switch code {
	case ir.OpIntegerAdd:
		f.addPortable(aLow, aHigh, bLow, bHigh)
	case ir.OpIntegerSub:
		f.pushPair(encode.OpI64Sub, aLow, bLow)
		if bHigh.isZero() {
			f.pushLeaf(aHigh)
		} else {
			f.pushPair(encode.OpI64Sub, aHigh, bHigh)
		}
		f.pushPair(encode.OpI64LtU, aLow, bLow) // borrow
		f.op(encode.OpI64ExtendI32U)
		f.op(encode.OpI64Sub)
	default:
		instruction := words64[code-ir.OpIntegerAdd]
		f.pushPair(instruction, aLow, bLow)
		f.pushPair(instruction, aHigh, bHigh)
	}
}

func (f *function) pushPair(instruction encode.Opcode, a, b leaf) {
	f.pushLeaf(a)
	f.pushLeaf(b)
	f.op(instruction)
}

// addPortable adds halves. The low sum wrapped when it is below an addend, and
// that is the carry.
func (f *function) addPortable(aLow, aHigh, bLow, bHigh leaf) {
	f.pushPair(encode.OpI64Add, aLow, bLow)
	low := f.keep(classI64)
	f.pushLeaf(low)
	switch {
	case bHigh.isZero():
		f.pushLeaf(aHigh)
	case aHigh.isZero():
		f.pushLeaf(bHigh)
	default:
		f.pushPair(encode.OpI64Add, aHigh, bHigh)
	}
	f.pushPair(encode.OpI64LtU, low, bLow)
	f.op(encode.OpI64ExtendI32U)
	f.op(encode.OpI64Add)
}

// compareWide pushes 1 or 0. The high halves decide unless they are equal; then
// the low halves do, unsigned.
func (f *function) compareWide(p predicate, operands []int32) {
	aLow, aHigh := f.split(operands[0])
	bLow, bHigh := f.split(operands[1])
	if p <= notEqual {
		if bLow.isZero() && bHigh.isZero() {
			f.pushPair(encode.OpI64Or, aLow, aHigh)
		} else {
			f.pushPair(encode.OpI64Xor, aLow, bLow)
			f.pushPair(encode.OpI64Xor, aHigh, bHigh)
			f.op(encode.OpI64Or)
		}
		f.op(encode.OpI64Eqz)
		if p == notEqual {
			f.op(encode.OpI32Eqz)
		}
		return
	}
	if bLow.isZero() && (p == lessS || p == greaterEqualS) { // no low half is below 0
		f.pushPair(compares64[p], aHigh, bHigh)
		return
	}
	// The unsigned predicate of the low halves stands so far behind the signed one.
	f.pushPair(compares64[p-lessS+lessU], aLow, bLow)
	f.pushPair(compares64[p], aHigh, bHigh) // counts where they differ, so strict or not is the same
	f.pushPair(encode.OpI64Eq, aHigh, bHigh)
	f.op(encode.OpSelect)
}

func (f *function) selectWide(operands []int32) {
	aLow, aHigh := f.split(operands[1])
	bLow, bHigh := f.split(operands[2])
	chooses := f.leafOf(operands[0])
	f.pushLeaf(aLow)
	f.pushLeaf(bLow)
	f.pushLeaf(chooses)
	f.op(encode.OpSelect)
	f.pushLeaf(aHigh)
	f.pushLeaf(bHigh)
	f.pushLeaf(chooses)
	f.op(encode.OpSelect)
}

// multiplyWide pushes the full product of two i64. The portable form multiplies
// halves of 32 bits (Warren, Hacker's Delight, 8-2):
//
//	t = aLow*bLow;  m = aHigh*bLow + t>>32;  w = aLow*bHigh + m&mask
//	high = aHigh*bHigh + m>>32 + w>>32
//
// No sum wraps. For the signed product the same holds with arithmetic shifts of
// the high halves.
func (f *function) multiplyWide(signed bool, operands []int32) {
	if f.wide() {
		f.pushAll(operands)
		if signed {
			f.op(encode.OpI64MulWideS)
		} else {
			f.op(encode.OpI64MulWideU)
		}
		return
	}
	shift := encode.OpI64ShrU
	if signed {
		shift = encode.OpI64ShrS
	}
	a, b := f.leafOf(operands[0]), f.leafOf(operands[1])
	mask := leaf{class: classI64, value: 1<<32 - 1}
	half := leaf{class: classI64, value: 32}
	f.pushPair(encode.OpI64And, a, mask)
	aLow := f.keep(classI64)
	f.pushPair(shift, a, half)
	aHigh := f.keep(classI64)
	f.pushPair(encode.OpI64And, b, mask)
	bLow := f.keep(classI64)
	f.pushPair(shift, b, half)
	bHigh := f.keep(classI64)

	f.pushPair(encode.OpI64Mul, aHigh, bLow)
	f.pushPair(encode.OpI64Mul, aLow, bLow)
	f.pushLeaf(half)
	f.op(encode.OpI64ShrU)
	f.op(encode.OpI64Add)
	middle := f.keep(classI64)

	f.pushPair(encode.OpI64Mul, a, b)
	f.pushPair(encode.OpI64Mul, aHigh, bHigh)
	f.pushPair(shift, middle, half)
	f.op(encode.OpI64Add)
	f.pushPair(encode.OpI64Mul, aLow, bHigh)
	f.pushPair(encode.OpI64And, middle, mask)
	f.op(encode.OpI64Add)
	f.pushLeaf(half)
	f.op(shift)
	f.op(encode.OpI64Add)
}
