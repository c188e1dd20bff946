package wasm

import (
	"fmt"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/ir"
)

// Instructions by lane.
var (
	splats   = [...]encode.Opcode{encode.OpI8x16Splat, encode.OpI16x8Splat, encode.OpI32x4Splat, encode.OpI64x2Splat, encode.OpF32x4Splat, encode.OpF64x2Splat}
	adds     = [...]encode.Opcode{encode.OpI8x16Add, encode.OpI16x8Add, encode.OpI32x4Add, encode.OpI64x2Add, encode.OpF32x4Add, encode.OpF64x2Add}
	subs     = [...]encode.Opcode{encode.OpI8x16Sub, encode.OpI16x8Sub, encode.OpI32x4Sub, encode.OpI64x2Sub, encode.OpF32x4Sub, encode.OpF64x2Sub}
	muls     = [...]encode.Opcode{lane16: encode.OpI16x8Mul, lane32: encode.OpI32x4Mul, lane64: encode.OpI64x2Mul, laneF32: encode.OpF32x4Mul, laneF64: encode.OpF64x2Mul}
	bitmasks = [...]encode.Opcode{encode.OpI8x16Bitmask, encode.OpI16x8Bitmask, encode.OpI32x4Bitmask, encode.OpI64x2Bitmask, encode.OpI32x4Bitmask, encode.OpI64x2Bitmask}
	extracts = [...]encode.Opcode{encode.OpI8x16ExtractLaneS, encode.OpI16x8ExtractLaneS, encode.OpI32x4ExtractLane, encode.OpI64x2ExtractLane, encode.OpF32x4ExtractLane, encode.OpF64x2ExtractLane}
	// By the lane of the result.
	extendsLow  = [...]encode.Opcode{lane16: encode.OpI16x8ExtendLowI8x16S, lane32: encode.OpI32x4ExtendLowI16x8S, lane64: encode.OpI64x2ExtendLowI32x4S}
	extendsHigh = [...]encode.Opcode{lane16: encode.OpI16x8ExtendHighI8x16S, lane32: encode.OpI32x4ExtendHighI16x8S, lane64: encode.OpI64x2ExtendHighI32x4S}

	vectorCompares = [...][10]encode.Opcode{
		lane8: {
			equal: encode.OpI8x16Eq, notEqual: encode.OpI8x16Ne,
			lessS: encode.OpI8x16LtS, greaterEqualS: encode.OpI8x16GeS, greaterS: encode.OpI8x16GtS, lessEqualS: encode.OpI8x16LeS,
			lessU: encode.OpI8x16LtU, greaterEqualU: encode.OpI8x16GeU, greaterU: encode.OpI8x16GtU, lessEqualU: encode.OpI8x16LeU,
		},
		lane16: {
			equal: encode.OpI16x8Eq, notEqual: encode.OpI16x8Ne,
			lessS: encode.OpI16x8LtS, greaterEqualS: encode.OpI16x8GeS, greaterS: encode.OpI16x8GtS, lessEqualS: encode.OpI16x8LeS,
			lessU: encode.OpI16x8LtU, greaterEqualU: encode.OpI16x8GeU, greaterU: encode.OpI16x8GtU, lessEqualU: encode.OpI16x8LeU,
		},
		lane32: {
			equal: encode.OpI32x4Eq, notEqual: encode.OpI32x4Ne,
			lessS: encode.OpI32x4LtS, greaterEqualS: encode.OpI32x4GeS, greaterS: encode.OpI32x4GtS, lessEqualS: encode.OpI32x4LeS,
			lessU: encode.OpI32x4LtU, greaterEqualU: encode.OpI32x4GeU, greaterU: encode.OpI32x4GtU, lessEqualU: encode.OpI32x4LeU,
		},
		lane64: {
			equal: encode.OpI64x2Eq, notEqual: encode.OpI64x2Ne,
			lessS: encode.OpI64x2LtS, greaterEqualS: encode.OpI64x2GeS, greaterS: encode.OpI64x2GtS, lessEqualS: encode.OpI64x2LeS,
		},
	}
	vectorFloatCompares = [...][6]encode.Opcode{
		laneF32: {
			floatEqual: encode.OpF32x4Eq, floatNotEqual: encode.OpF32x4Ne, floatLess: encode.OpF32x4Lt,
			floatGreater: encode.OpF32x4Gt, floatLessEqual: encode.OpF32x4Le, floatGreaterEqual: encode.OpF32x4Ge,
		},
		laneF64: {
			floatEqual: encode.OpF64x2Eq, floatNotEqual: encode.OpF64x2Ne, floatLess: encode.OpF64x2Lt,
			floatGreater: encode.OpF64x2Gt, floatLessEqual: encode.OpF64x2Le, floatGreaterEqual: encode.OpF64x2Ge,
		},
	}
)

func (f *function) computeVector(n *node, operands []int32) {
	f.pushAll(operands)
	op := n.op
	shape := laneOf(&op.Operands[0].Type)
	var instruction encode.Opcode
	switch op.Code {
	case ir.OpSplat:
		instruction = splats[laneOf(&op.Results[0].Type)]
	case ir.OpVectorAdd:
		instruction = adds[shape]
	case ir.OpVectorSub:
		instruction = subs[shape]
	case ir.OpVectorMul:
		instruction = muls[shape]
	case ir.OpVectorAnd:
		instruction = encode.OpV128And
	case ir.OpVectorOr:
		instruction = encode.OpV128Or
	case ir.OpVectorXor:
		instruction = encode.OpV128Xor
	case ir.OpVectorNot:
		instruction = encode.OpV128Not
	case ir.OpVectorSwizzle:
		instruction = encode.OpI8x16Swizzle
	case ir.OpVectorCompare:
		if shape.isFloat() {
			p, _ := floatPredicateOf(op)
			instruction = vectorFloatCompares[shape][p]
		} else {
			p, _ := predicateOf(op)
			instruction = vectorCompares[shape][p]
		}
	case ir.OpVectorNarrow:
		instruction = encode.OpI8x16NarrowI16x8S
		if shape == lane32 {
			instruction = encode.OpI16x8NarrowI32x4S
		}
	case ir.OpVectorExtendLow:
		instruction = extendsLow[laneOf(&op.Results[0].Type)]
	case ir.OpVectorExtendHigh:
		instruction = extendsHigh[laneOf(&op.Results[0].Type)]
	case ir.OpVectorBitmask:
		instruction = bitmasks[shape]
	case ir.OpVectorAnyTrue:
		instruction = encode.OpV128AnyTrue
	case ir.OpVectorExtractLane:
		f.settle()
		f.body.Lane(extracts[shape], uint8(ir.AttributeAs[int64](op, "lane")))
		return
	default:
		panic(fmt.Sprintf("BUG: %s passed the check and has no translation", op.Code))
	}
	f.op(instruction)
}
