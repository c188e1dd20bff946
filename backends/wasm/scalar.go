package wasm

import (
	"fmt"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/ir"
)

// Instructions of the two-operand ops, from OpIntegerAdd on.
var (
	words32 = [...]encode.Opcode{
		encode.OpI32Add, encode.OpI32Sub, encode.OpI32Mul, encode.OpI32DivS, encode.OpI32DivU, encode.OpI32RemS, encode.OpI32RemU,
		encode.OpI32And, encode.OpI32Or, encode.OpI32Xor, encode.OpI32Shl, encode.OpI32ShrS, encode.OpI32ShrU, encode.OpI32Rotl,
		encode.OpI32Clz, encode.OpI32Ctz, encode.OpI32Popcnt,
	}
	words64 = [...]encode.Opcode{
		encode.OpI64Add, encode.OpI64Sub, encode.OpI64Mul, encode.OpI64DivS, encode.OpI64DivU, encode.OpI64RemS, encode.OpI64RemU,
		encode.OpI64And, encode.OpI64Or, encode.OpI64Xor, encode.OpI64Shl, encode.OpI64ShrS, encode.OpI64ShrU, encode.OpI64Rotl,
		encode.OpI64Clz, encode.OpI64Ctz, encode.OpI64Popcnt,
	}
	// From OpFloatAdd on.
	floats32 = [...]encode.Opcode{
		encode.OpF32Add, encode.OpF32Sub, encode.OpF32Mul, encode.OpF32Div,
		encode.OpF32Neg, encode.OpF32Abs, encode.OpF32Sqrt, encode.OpF32Nearest,
	}
	floats64 = [...]encode.Opcode{
		encode.OpF64Add, encode.OpF64Sub, encode.OpF64Mul, encode.OpF64Div,
		encode.OpF64Neg, encode.OpF64Abs, encode.OpF64Sqrt, encode.OpF64Nearest,
	}
	// By predicate.
	compares32 = [...]encode.Opcode{
		equal: encode.OpI32Eq, notEqual: encode.OpI32Ne,
		lessS: encode.OpI32LtS, greaterEqualS: encode.OpI32GeS, greaterS: encode.OpI32GtS, lessEqualS: encode.OpI32LeS,
		lessU: encode.OpI32LtU, greaterEqualU: encode.OpI32GeU, greaterU: encode.OpI32GtU, lessEqualU: encode.OpI32LeU,
	}
	compares64 = [...]encode.Opcode{
		equal: encode.OpI64Eq, notEqual: encode.OpI64Ne,
		lessS: encode.OpI64LtS, greaterEqualS: encode.OpI64GeS, greaterS: encode.OpI64GtS, lessEqualS: encode.OpI64LeS,
		lessU: encode.OpI64LtU, greaterEqualU: encode.OpI64GeU, greaterU: encode.OpI64GtU, lessEqualU: encode.OpI64LeU,
	}
	floatCompares32 = [...]encode.Opcode{
		floatEqual: encode.OpF32Eq, floatNotEqual: encode.OpF32Ne, floatLess: encode.OpF32Lt,
		floatGreater: encode.OpF32Gt, floatLessEqual: encode.OpF32Le, floatGreaterEqual: encode.OpF32Ge,
	}
	floatCompares64 = [...]encode.Opcode{
		floatEqual: encode.OpF64Eq, floatNotEqual: encode.OpF64Ne, floatLess: encode.OpF64Lt,
		floatGreater: encode.OpF64Gt, floatLessEqual: encode.OpF64Le, floatGreaterEqual: encode.OpF64Ge,
	}
)

// compute pushes the result of an op with one result.
func (f *function) compute(index int32) {
	n := &f.nodes[index]
	operands := f.operandsOf(n)
	result := f.values[n.results].class
	code := n.op.Code
	switch code {
	case ir.OpGet:
		f.pushLocal(f.localOf(operands[0]), result)
	case ir.OpGlobalGet:
		f.settle()
		f.body.GlobalGet(f.budget)
	case ir.OpSelect:
		f.selection(operands, result)
	case ir.OpLoad:
		f.load(n, result)
	case ir.OpVectorLoad:
		f.push(operands[0])
		f.memory(encode.OpV128Load, n.offset)
	case ir.OpIntegerAdd, ir.OpIntegerSub, ir.OpIntegerMul, ir.OpIntegerDivS, ir.OpIntegerDivU, ir.OpIntegerRemS, ir.OpIntegerRemU,
		ir.OpIntegerAnd, ir.OpIntegerOr, ir.OpIntegerXor, ir.OpShiftLeft, ir.OpShiftRightS, ir.OpShiftRightU, ir.OpRotateLeft,
		ir.OpCountLeadingZeros, ir.OpCountTrailingZeros, ir.OpPopulationCount:
		if result == classI128 {
			f.computeWide(code, operands)
			return
		}
		f.pushAll(operands)
		if result == classI32 {
			f.op(words32[code-ir.OpIntegerAdd])
		} else {
			f.op(words64[code-ir.OpIntegerAdd])
		}
	case ir.OpMultiplyWideS, ir.OpMultiplyWideU:
		f.multiplyWide(code == ir.OpMultiplyWideS, operands)
	case ir.OpCompare:
		p, _ := predicateOf(n.op)
		f.compare(p, operands)
	case ir.OpExtendS, ir.OpExtendU:
		f.extend(code == ir.OpExtendS, operands[0], result)
	case ir.OpWrap:
		f.wrap(operands[0], result)
	case ir.OpHighHalf:
		_, high := f.split(operands[0])
		f.pushLeaf(high)
	case ir.OpPair:
		f.pushAll(operands)
	case ir.OpFloatAdd, ir.OpFloatSub, ir.OpFloatMul, ir.OpFloatDiv, ir.OpFloatNeg, ir.OpFloatAbs, ir.OpFloatSqrt, ir.OpFloatRound:
		f.pushAll(operands)
		if result == classF32 {
			f.op(floats32[code-ir.OpFloatAdd])
		} else {
			f.op(floats64[code-ir.OpFloatAdd])
		}
	case ir.OpFloatCompare:
		p, _ := floatPredicateOf(n.op)
		f.floatCompare(p, operands)
	case ir.OpIntToFloat, ir.OpFloatToInt, ir.OpFloatConvert, ir.OpReinterpret:
		f.push(operands[0])
		f.convert(code, f.values[operands[0]].class, result)
	default:
		f.computeVector(n, operands)
	}
}

func (f *function) pushAll(operands []int32) {
	for _, id := range operands {
		f.push(id)
	}
}

// compare pushes 1 or 0.
func (f *function) compare(p predicate, operands []int32) {
	c := f.values[operands[0]].class
	if c == classI128 {
		f.compareWide(p, operands)
		return
	}
	f.push(operands[0])
	if p == equal && f.isZero(operands[1]) {
		if c == classI32 {
			f.op(encode.OpI32Eqz)
		} else {
			f.op(encode.OpI64Eqz)
		}
		return
	}
	f.push(operands[1])
	if c == classI32 {
		f.op(compares32[p])
	} else {
		f.op(compares64[p])
	}
}

func (f *function) floatCompare(p floatPredicate, operands []int32) {
	f.pushAll(operands)
	if f.values[operands[0]].class == classF32 {
		f.op(floatCompares32[p])
	} else {
		f.op(floatCompares64[p])
	}
}

func (f *function) selection(operands []int32, result class) {
	if result == classI128 {
		f.selectWide(operands)
		return
	}
	if !f.wide() && !result.isWord() {
		f.selectBits(operands, result)
		return
	}
	f.push(operands[1])
	f.push(operands[2])
	f.condition(operands[0], false)
	f.op(encode.OpSelect)
}

// selectBits selects floats as integers, and vectors by a mask. Select of either gives
// wrong values with wazero 1.12 on amd64, when registers are short
// (https://github.com/wazero/wazero/issues/2534); engines with wide arithmetic are others.
func (f *function) selectBits(operands []int32, result class) {
	asInteger, back := encode.OpI64ReinterpretF64, encode.OpF64ReinterpretI64
	if result == classF32 {
		asInteger, back = encode.OpI32ReinterpretF32, encode.OpF32ReinterpretI32
	}
	for _, id := range operands[1:] {
		f.push(id)
		if result.isFloat() {
			f.op(asInteger)
		}
	}
	f.condition(operands[0], false)
	if result.isFloat() {
		f.op(encode.OpSelect)
		f.op(back)
		return
	}
	f.op(encode.OpI32Eqz)
	f.i32(1)
	f.op(encode.OpI32Sub)
	f.op(encode.OpI32x4Splat)
	f.op(encode.OpV128Bitselect)
}

// extend widens a word. A load that is only widened widens by itself.
func (f *function) extend(signed bool, id int32, result class) {
	from := f.values[id].class
	if result == classI128 {
		low, high := f.splitExtended(signed, id)
		f.pushLeaf(low)
		f.pushLeaf(high)
		return
	}
	if code, offset, address, ok := f.wideningLoad(signed, id); ok {
		f.push(address)
		f.memory(code, offset)
		return
	}
	f.push(id)
	f.extendWord(signed, from)
}

// extendWord widens the i32 on the stack; an i64 stays as it is.
func (f *function) extendWord(signed bool, from class) {
	switch {
	case from != classI32:
	case signed:
		f.op(encode.OpI64ExtendI32S)
	default:
		f.op(encode.OpI64ExtendI32U)
	}
}

func (f *function) wrap(id int32, result class) {
	switch from := f.values[id].class; {
	case from == classI128:
		low, _ := f.split(id)
		f.pushLeaf(low)
		if result == classI32 {
			f.op(encode.OpI32WrapI64)
		}
	case from == classI64 && result == classI32:
		f.push(id)
		f.op(encode.OpI32WrapI64)
	default: // between i32 and addr
		f.push(id)
	}
}

// convert changes the number on the stack.
func (f *function) convert(code ir.Opcode, from, to class) {
	if from == to {
		return
	}
	type pair struct{ from, to class }
	var instruction encode.Opcode
	switch code {
	case ir.OpIntToFloat:
		switch (pair{from, to}) {
		case pair{classI32, classF32}:
			instruction = encode.OpF32ConvertI32S
		case pair{classI32, classF64}:
			instruction = encode.OpF64ConvertI32S
		case pair{classI64, classF32}:
			instruction = encode.OpF32ConvertI64S
		case pair{classI64, classF64}:
			instruction = encode.OpF64ConvertI64S
		}
	case ir.OpFloatToInt:
		switch (pair{from, to}) {
		case pair{classF32, classI32}:
			instruction = encode.OpI32TruncSatF32S
		case pair{classF64, classI32}:
			instruction = encode.OpI32TruncSatF64S
		case pair{classF32, classI64}:
			instruction = encode.OpI64TruncSatF32S
		case pair{classF64, classI64}:
			instruction = encode.OpI64TruncSatF64S
		}
	case ir.OpFloatConvert:
		instruction = encode.OpF64PromoteF32
		if from == classF64 {
			instruction = encode.OpF32DemoteF64
		}
	case ir.OpReinterpret:
		switch (pair{from, to}) {
		case pair{classI32, classF32}:
			instruction = encode.OpF32ReinterpretI32
		case pair{classF32, classI32}:
			instruction = encode.OpI32ReinterpretF32
		case pair{classI64, classF64}:
			instruction = encode.OpF64ReinterpretI64
		case pair{classF64, classI64}:
			instruction = encode.OpI64ReinterpretF64
		}
	default: // no instruction, refused below
	}
	if instruction == 0 {
		panic(fmt.Sprintf("BUG: %s from %s to %s", code, from, to))
	}
	f.op(instruction)
}
