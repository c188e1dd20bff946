package ir

import "fmt"

// Kern ops: what a machine does. Types here are i32 (also for bool and everything
// narrower), i64, i128, f32, f64, addr (a 32-bit byte address), label, and vectors of
// 128 bits. Integer arithmetic wraps. Control flow is structured: a label is the
// argument of the region of a block (br leaves it) or of a loop (br repeats it); a
// region that reaches its end leaves the construct.
//
// Mutable cells are variables: they have no address and alias nothing, so lowering
// need not thread loop-carried values, Wasm keeps them in locals, and LLVM turns
// them into SSA.
const (
	OpVariable Opcode = 200 + iota
	OpGet
	OpSet
	OpBlock
	OpLoop
	OpWhen
	OpBranch
	OpBranchIf
	OpCall
	OpKernReturn
	OpTrap
	OpSelect
	OpLoad
	OpStore
	OpMemoryCopy
	OpMemoryFill
	OpIntegerAdd
	OpIntegerSub
	OpIntegerMul
	OpIntegerDivS
	OpIntegerDivU
	OpIntegerRemS
	OpIntegerRemU
	OpIntegerAnd
	OpIntegerOr
	OpIntegerXor
	OpShiftLeft
	OpShiftRightS
	OpShiftRightU
	OpRotateLeft
	OpCountLeadingZeros
	OpCountTrailingZeros
	OpPopulationCount
	OpMultiplyWideS
	OpMultiplyWideU
	OpCompare
	OpExtendS
	OpExtendU
	OpWrap
	OpHighHalf
	OpPair
	OpFloatAdd
	OpFloatSub
	OpFloatMul
	OpFloatDiv
	OpFloatNeg
	OpFloatAbs
	OpFloatSqrt
	OpFloatRound
	OpFloatCompare
	OpIntToFloat
	OpFloatToInt
	OpFloatConvert
	OpReinterpret
	OpSplat
	OpVectorLoad
	OpVectorStore
	OpVectorAdd
	OpVectorSub
	OpVectorMul
	OpVectorAnd
	OpVectorOr
	OpVectorXor
	OpVectorNot
	OpVectorCompare
	OpVectorNarrow
	OpVectorExtendLow
	OpVectorExtendHigh
	OpVectorBitmask
	OpVectorAnyTrue
	OpVectorExtractLane
	OpVectorSwizzle
	OpGlobalGet
	OpGlobalSet
)

func init() {
	label := func(*Op) []Type { return []Type{Of(Label)} }
	kern := func(code Opcode, info OpInfo) {
		info.Level = KernLevel
		define(code, info)
	}
	typeAttribute := AttributeInfo{Name: "type", Kind: AttrType, Doc: "the type of the result"}
	align := AttributeInfo{Name: "align", Kind: AttrInt, Optional: true, Doc: "a number of bytes, a power of two, that is known to divide the address with its offset; 1 without"}
	offset := AttributeInfo{Name: "offset", Kind: AttrInt, Optional: true, Doc: "bytes added to the address, not negative"}

	kern(OpVariable, OpInfo{Name: "variable", Operands: 1, Signature: "T -> cell", Doc: "A mutable cell with a first value. Only get and set may use the result.", Infer: inferFirst})
	kern(OpGet, OpInfo{Name: "get", Operands: 1, Signature: "cell -> T", Doc: "What the cell holds now.", Infer: inferFirst})
	kern(OpSet, OpInfo{Name: "set", Operands: 2, Signature: "cell, T", Doc: "Puts a value into the cell."})
	kern(OpBlock, OpInfo{Name: "block", Attributes: []AttributeInfo{{Name: "recovers", Kind: AttrBool, Optional: true, Doc: "in a kernel: a trap inside leaves the block, so that the thread goes on behind it"}}, Regions: []RegionInfo{{Name: "body", Doc: "br to its label leaves it", Arguments: label}}, Doc: "A region that can be left early."})
	kern(OpLoop, OpInfo{Name: "loop", Attributes: []AttributeInfo{{Name: "metered", Kind: AttrBool, Optional: true, Doc: "its turns are taken from library.budget, many at once; below 0 heddle.tick is called"}}, Regions: []RegionInfo{{Name: "body", Doc: "br to its label starts it again", Arguments: label}}, Doc: "A region that can be repeated; at its end it is left."})
	kern(OpWhen, OpInfo{Name: "when", Operands: 1, Signature: "i32", Regions: []RegionInfo{{Name: "then", Doc: "run when the condition is not 0"}, {Name: "else", Doc: "run when it is 0"}}, Doc: "Runs one of two regions (either may be empty)."})
	kern(OpBranch, OpInfo{Name: "br", Operands: 1, Signature: "label", Traits: Terminator, Doc: "Leaves the block or repeats the loop of the label."})
	kern(OpBranchIf, OpInfo{Name: "br_if", Operands: 2, Signature: "label, i32", Doc: "br when the condition is not 0."})
	kern(OpCall, OpInfo{
		Name: "call", Operands: Variadic, Signature: "T... -> U...",
		Attributes: []AttributeInfo{{Name: "function", Kind: AttrSymbol, Doc: "a function of this module, of the library (\"library.name\") or of the host (\"heddle.name\")"}, {Name: "results", Kind: AttrFields, Doc: "its results"}},
		Doc:        "Calls a function.", Infer: func(op *Op) ([]Type, error) {
			fields := AttributeAs[[]Field](op, "results")
			types := make([]Type, len(fields))
			for i, f := range fields {
				types[i] = f.Type
			}
			return types, nil
		},
	})
	kern(OpKernReturn, OpInfo{Name: "ret", Operands: Variadic, Signature: "T...", Traits: Terminator, Doc: "Leaves the function with its results."})
	kern(OpTrap, OpInfo{Name: "trap", Traits: Terminator, Doc: "Ends the program; on the CPU control never comes here unless an invariant is broken. In a kernel it leaves the innermost block that recovers, or ends the thread."})
	kern(OpSelect, OpInfo{Name: "select", Operands: 3, Signature: "i32, T, T -> T", Traits: Pure, Doc: "The second operand when the condition is not 0, else the third; both are evaluated.", Infer: func(op *Op) ([]Type, error) {
		if !op.Operands[1].Type.Equal(op.Operands[2].Type) {
			return nil, fmt.Errorf("select between %s and %s", op.Operands[1].Type, op.Operands[2].Type)
		}
		return []Type{op.Operands[1].Type}, nil
	}})
	kern(OpLoad, OpInfo{
		Name: "load", Operands: 1, Signature: "addr -> T", ExplicitType: true,
		Attributes: []AttributeInfo{{Name: "width", Kind: AttrInt, Doc: "bytes in memory: 1, 2, 4, 8 or 16, at most the type's"}, {Name: "signed", Kind: AttrBool, Optional: true, Doc: "extend with the sign"}, offset, align, {Name: "access", Kind: AttrString, Optional: true, Doc: "on a GPU, what others do to the bytes meanwhile: \"invariant\", nothing, or \"volatile\", anything"}, typeAttribute},
		Doc:        "Reads little-endian memory and widens; any alignment.", Infer: inferExplicit,
	})
	kern(OpStore, OpInfo{
		Name: "store", Operands: 2, Signature: "addr, T",
		Attributes: []AttributeInfo{{Name: "width", Kind: AttrInt, Doc: "bytes to write, the low ones of the value"}, offset, align},
		Doc:        "Writes little-endian memory; any alignment.",
	})
	kern(OpMemoryCopy, OpInfo{Name: "memory_copy", Operands: 3, Signature: "to addr, from addr, i32", Doc: "Copies so many bytes; the ranges may overlap."})
	kern(OpMemoryFill, OpInfo{Name: "memory_fill", Operands: 3, Signature: "addr, i32 byte, i32", Doc: "Fills so many bytes."})
	for code, op := range map[Opcode]struct {
		name, doc string
		traits    Traits
	}{
		OpIntegerAdd: {"iadd", "Sum, wrapping. Addresses and i32 mix.", Commutative}, OpIntegerSub: {"isub", "Difference, wrapping.", 0}, OpIntegerMul: {"imul", "Product, wrapping; not for i128.", Commutative},
		OpIntegerDivS: {"idiv_s", "Signed quotient, truncated; i32 and i64. Traps on 0 and on overflow.", MayTrap}, OpIntegerDivU: {"idiv_u", "Unsigned quotient; i32 and i64. Traps on 0.", MayTrap},
		OpIntegerRemS: {"irem_s", "Signed remainder; i32 and i64. Traps on 0.", MayTrap}, OpIntegerRemU: {"irem_u", "Unsigned remainder; i32 and i64. Traps on 0.", MayTrap},
		OpIntegerAnd: {"iand", "Bitwise and.", Commutative}, OpIntegerOr: {"ior", "Bitwise or.", Commutative}, OpIntegerXor: {"ixor", "Bitwise exclusive or.", Commutative},
		OpShiftLeft: {"ishl", "Shift left by the second operand, modulo the width; i32 and i64.", 0}, OpShiftRightS: {"ishr_s", "Shift right, keeping the sign; i32 and i64.", 0}, OpShiftRightU: {"ishr_u", "Shift right, filling with 0; i32 and i64.", 0},
		OpRotateLeft: {"irotl", "Rotation left; i32 and i64.", 0},
		OpFloatAdd:   {"fadd", "Sum.", Commutative}, OpFloatSub: {"fsub", "Difference.", 0}, OpFloatMul: {"fmul", "Product.", Commutative}, OpFloatDiv: {"fdiv", "Quotient.", 0},
	} {
		kern(code, OpInfo{Name: op.name, Operands: 2, Signature: "T, T -> T", Traits: Pure | op.traits, Doc: op.doc, Infer: inferFirst})
	}
	for code, op := range map[Opcode]struct{ name, doc string }{
		OpCountLeadingZeros: {"clz", "Number of leading zero bits; i32 and i64."}, OpCountTrailingZeros: {"ctz", "Number of trailing zero bits; i32 and i64."}, OpPopulationCount: {"popcnt", "Number of one bits; i32 and i64."},
		OpFloatNeg: {"fneg", "Negation."}, OpFloatAbs: {"fabs", "Absolute value."}, OpFloatSqrt: {"fsqrt", "Square root."}, OpFloatRound: {"fround", "Nearest whole number, ties to even."},
	} {
		kern(code, OpInfo{Name: op.name, Operands: 1, Signature: "T -> T", Traits: Pure, Doc: op.doc, Infer: inferFirst})
	}
	kern(OpMultiplyWideS, OpInfo{Name: "imul_wide_s", Operands: 2, Signature: "i64, i64 -> i128", Traits: Pure | Commutative, Doc: "Full signed product.", Infer: inferFixed(Of(I128))})
	kern(OpMultiplyWideU, OpInfo{Name: "imul_wide_u", Operands: 2, Signature: "i64, i64 -> i128", Traits: Pure | Commutative, Doc: "Full unsigned product.", Infer: inferFixed(Of(I128))})
	predicate := AttributeInfo{Name: "predicate", Kind: AttrString, Doc: "eq, ne, lt_s, le_s, gt_s, ge_s, lt_u, le_u, gt_u, ge_u; for floats eq, ne, lt, le, gt, ge (false on NaN but ne)"}
	kern(OpCompare, OpInfo{Name: "icmp", Operands: 2, Signature: "T, T -> i32", Traits: Pure, Attributes: []AttributeInfo{predicate}, Doc: "Compares integers or addresses: 1 or 0. i128 takes the signed predicates, eq and ne.", Infer: inferFixed(Of(I32))})
	kern(OpFloatCompare, OpInfo{Name: "fcmp", Operands: 2, Signature: "T, T -> i32", Traits: Pure, Attributes: []AttributeInfo{predicate}, Doc: "Compares floats as IEEE-754 does: 1 or 0.", Infer: inferFixed(Of(I32))})
	for code, op := range map[Opcode]struct{ name, doc string }{
		OpExtendS: {"extend_s", "Widens an integer with its sign: i32 to i64, either to i128."}, OpExtendU: {"extend_u", "Widens an integer or address with zeros."},
		OpWrap:         {"wrap", "The low bits of an integer: i128 to i64, either to i32 or addr; i32 and addr to each other."},
		OpIntToFloat:   {"int_to_float", "Nearest float of a signed i32 or i64."},
		OpFloatToInt:   {"float_to_int", "Truncates to a signed i32 or i64; out of range gives the nearest, NaN gives 0."},
		OpFloatConvert: {"float_convert", "f32 to f64 and back."}, OpReinterpret: {"reinterpret", "The same bits as i32, i64, f32 or f64."},
	} {
		kern(code, OpInfo{Name: op.name, Operands: 1, Signature: "T -> U", Traits: Pure, ExplicitType: true, Attributes: []AttributeInfo{typeAttribute}, Doc: op.doc, Infer: inferExplicit})
	}
	kern(OpHighHalf, OpInfo{Name: "high", Operands: 1, Signature: "i128 -> i64", Traits: Pure, Doc: "The high 64 bits (wrap gives the low ones).", Infer: inferFixed(Of(I64))})
	kern(OpPair, OpInfo{Name: "pair", Operands: 2, Signature: "low i64, high i64 -> i128", Traits: Pure, Doc: "A 128-bit integer of its halves.", Infer: inferFixed(Of(I128))})

	kern(OpSplat, OpInfo{Name: "splat", Operands: 1, Signature: "T -> vec", Traits: Pure, ExplicitType: true, Attributes: []AttributeInfo{typeAttribute}, Doc: "All lanes the low bits of one scalar.", Infer: inferExplicit})
	kern(OpVectorLoad, OpInfo{Name: "vload", Operands: 1, Signature: "addr -> vec", ExplicitType: true, Attributes: []AttributeInfo{offset, typeAttribute}, Doc: "Reads 16 bytes.", Infer: inferExplicit})
	kern(OpVectorStore, OpInfo{Name: "vstore", Operands: 2, Signature: "addr, vec", Attributes: []AttributeInfo{offset}, Doc: "Writes 16 bytes."})
	for code, op := range map[Opcode]struct{ name, doc string }{
		OpVectorAdd: {"vadd", "Sum by lanes, wrapping."}, OpVectorSub: {"vsub", "Difference by lanes, wrapping."}, OpVectorMul: {"vmul", "Product by lanes, wrapping; not for 8-bit lanes."},
		OpVectorAnd: {"vand", "Bitwise and."}, OpVectorOr: {"vor", "Bitwise or."}, OpVectorXor: {"vxor", "Bitwise exclusive or."},
		OpVectorSwizzle: {"vswizzle", "Bytes of the first chosen by the second; 0 where the index is above 15."},
	} {
		kern(code, OpInfo{Name: op.name, Operands: 2, Signature: "vec, vec -> vec", Traits: Pure, Doc: op.doc, Infer: inferFirst})
	}
	kern(OpVectorNot, OpInfo{Name: "vnot", Operands: 1, Signature: "vec -> vec", Traits: Pure, Doc: "Bitwise complement.", Infer: inferFirst})
	kern(OpVectorCompare, OpInfo{Name: "vcmp", Operands: 2, Signature: "vec, vec -> vec", Traits: Pure, Attributes: []AttributeInfo{predicate}, Doc: "By lanes: all ones where it holds, else 0. 64-bit lanes take the signed predicates, eq and ne.", Infer: inferFirst})
	kern(OpVectorNarrow, OpInfo{Name: "vnarrow", Operands: 2, Signature: "vec, vec -> vec", Traits: Pure, ExplicitType: true, Attributes: []AttributeInfo{typeAttribute}, Doc: "Lanes of half the width from both, saturated as signed: i32 to i16, i16 to i8. Masks stay masks.", Infer: inferExplicit})
	for code, op := range map[Opcode]struct{ name, doc string }{
		OpVectorExtendLow:  {"vextend_low", "The low lanes at twice the width, with their sign."},
		OpVectorExtendHigh: {"vextend_high", "The high lanes at twice the width, with their sign."},
	} {
		kern(code, OpInfo{Name: op.name, Operands: 1, Signature: "vec -> vec", Traits: Pure, ExplicitType: true, Attributes: []AttributeInfo{typeAttribute}, Doc: op.doc, Infer: inferExplicit})
	}
	kern(OpVectorBitmask, OpInfo{Name: "vbitmask", Operands: 1, Signature: "vec -> i32", Traits: Pure, Doc: "The top bit of each lane, lane 0 lowest.", Infer: inferFixed(Of(I32))})
	kern(OpVectorAnyTrue, OpInfo{Name: "vany_true", Operands: 1, Signature: "vec -> i32", Traits: Pure, Doc: "1 when any bit is set.", Infer: inferFixed(Of(I32))})
	kern(OpVectorExtractLane, OpInfo{Name: "vextract", Operands: 1, Signature: "vec -> T", Traits: Pure, ExplicitType: true, Attributes: []AttributeInfo{{Name: "lane", Kind: AttrInt, Doc: "from 0"}, typeAttribute}, Doc: "One lane, with its sign.", Infer: inferExplicit})
	kern(OpGlobalGet, OpInfo{Name: "global_get", Signature: "-> i32", Attributes: []AttributeInfo{{Name: "global", Kind: AttrSymbol, Doc: "library.budget is the only one"}}, Doc: "A global of the instance.", Infer: inferFixed(Of(I32))})
	kern(OpGlobalSet, OpInfo{Name: "global_set", Operands: 1, Signature: "i32", Attributes: []AttributeInfo{{Name: "global", Kind: AttrSymbol, Doc: "library.budget is the only one"}}, Doc: "Sets a global of the instance."})
}

func inferFirst(op *Op) ([]Type, error) { return []Type{op.Operands[0].Type}, nil }

func inferFixed(t Type) func(*Op) ([]Type, error) {
	return func(*Op) ([]Type, error) { return []Type{t}, nil }
}
