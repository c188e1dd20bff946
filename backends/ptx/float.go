package ptx

import (
	"math"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/heddle-lang/heddle/ir"
)

// Floats are computed as IEEE-754 says and as the CPU does, to the bit: no operation
// has fast-math flags, llc is told to fuse nothing, and CheckPTX refuses code that
// rounds otherwise.

var floatPredicates = map[string]enum.FPred{
	"eq": enum.FPredOEQ, "ne": enum.FPredUNE,
	"lt": enum.FPredOLT, "le": enum.FPredOLE, "gt": enum.FPredOGT, "ge": enum.FPredOGE,
}

func float(k *kernel, op *ir.Op, a []value.Value) value.Value {
	switch op.Code {
	case ir.OpFloatAdd:
		return k.block.NewFAdd(a[0], a[1])
	case ir.OpFloatSub:
		return k.block.NewFSub(a[0], a[1])
	case ir.OpFloatMul:
		return k.block.NewFMul(a[0], a[1])
	default:
		return k.block.NewFDiv(a[0], a[1])
	}
}

// floatUnary takes the sign away or turns it in integers: PTX does not say what neg and
// abs make of a NaN.
func floatUnary(k *kernel, op *ir.Op, a []value.Value) value.Value {
	t := a[0].Type()
	name := map[bool]string{true: ".f32", false: ".f64"}[t.Equal(types.Float)]
	switch op.Code {
	case ir.OpFloatSqrt:
		return k.call(k.intrinsic("llvm.sqrt"+name, false, t, t), a[0])
	case ir.OpFloatRound: // in the only rounding mode that there is, to even
		return k.call(k.intrinsic("llvm.nearbyint"+name, false, t, t), a[0])
	default: // changes the sign alone
	}
	c := classOf(op.Results[0].Type)
	bits := k.block.NewBitCast(a[0], c.integer())
	sign := constant.NewInt(c.integer(), -1<<(c.integer().BitSize-1))
	if op.Code == ir.OpFloatNeg {
		return k.block.NewBitCast(k.block.NewXor(bits, sign), t)
	}
	rest := constant.NewInt(c.integer(), int64(uint64(math.MaxUint64)>>(65-c.integer().BitSize)))
	return k.block.NewBitCast(k.block.NewAnd(bits, rest), t)
}

func floatComparison(k *kernel, op *ir.Op, a []value.Value) value.Value {
	return k.truth(k.block.NewFCmp(floatPredicates[ir.AttributeAs[string](op, "predicate")], a[0], a[1]))
}

func intToFloat(k *kernel, op *ir.Op, a []value.Value) value.Value {
	return k.block.NewSIToFP(a[0], classOf(op.Results[0].Type).llvm())
}

// floatToInt saturates. The bounds are powers of two, so that floats of both widths
// have them exactly; a NaN is within neither, and is converted as 0.
func floatToInt(k *kernel, op *ir.Op, a []value.Value) value.Value {
	from, to := classOf(op.Operands[0].Type), classOf(op.Results[0].Type).integer()
	bound := math.Ldexp(1, int(to.BitSize-1))
	atLeast := k.block.NewFCmp(enum.FPredOGE, a[0], number(from, -bound))
	below := k.block.NewFCmp(enum.FPredOLT, a[0], number(from, bound))
	inside := k.block.NewSelect(k.block.NewAnd(atLeast, below), a[0], number(from, 0))
	least := constant.NewInt(to, -1<<(to.BitSize-1))
	most := constant.NewInt(to, int64(uint64(math.MaxUint64)>>(65-to.BitSize)))
	result := k.block.NewFPToSI(inside, to)
	tooLow := k.block.NewFCmp(enum.FPredOLT, a[0], number(from, -bound))
	tooHigh := k.block.NewFCmp(enum.FPredOGE, a[0], number(from, bound))
	return k.block.NewSelect(tooHigh, most, k.block.NewSelect(tooLow, least, result))
}

func floatConvert(k *kernel, op *ir.Op, a []value.Value) value.Value {
	switch from, to := classOf(op.Operands[0].Type), classOf(op.Results[0].Type); {
	case from == to:
		return a[0]
	case to == classDouble:
		return k.block.NewFPExt(a[0], types.Double)
	default:
		return k.block.NewFPTrunc(a[0], types.Float)
	}
}

func reinterpret(k *kernel, op *ir.Op, a []value.Value) value.Value {
	t := classOf(op.Results[0].Type).llvm()
	if a[0].Type().Equal(t) {
		return a[0]
	}
	return k.block.NewBitCast(a[0], t)
}
