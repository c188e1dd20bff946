package ptx

import (
	"fmt"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/heddle-lang/heddle/ir"
)

var predicates = map[string]enum.IPred{
	"eq": enum.IPredEQ, "ne": enum.IPredNE,
	"lt_s": enum.IPredSLT, "le_s": enum.IPredSLE, "gt_s": enum.IPredSGT, "ge_s": enum.IPredSGE,
	"lt_u": enum.IPredULT, "le_u": enum.IPredULE, "gt_u": enum.IPredUGT, "ge_u": enum.IPredUGE,
}

// integerOf gives the integer type of a value.
func integerOf(x value.Value) *types.IntType { return x.Type().(*types.IntType) }

// constantLike is an integer constant of the type of x.
func constantLike(x value.Value, v int64) *constant.Int { return constant.NewInt(integerOf(x), v) }

func selection(k *kernel, _ *ir.Op, a []value.Value) value.Value {
	return k.block.NewSelect(k.bit(a[0]), a[1], a[2])
}

func integer(k *kernel, op *ir.Op, a []value.Value) value.Value {
	switch op.Code {
	case ir.OpIntegerAdd:
		return k.block.NewAdd(a[0], a[1])
	case ir.OpIntegerSub:
		return k.block.NewSub(a[0], a[1])
	case ir.OpIntegerMul:
		return k.block.NewMul(a[0], a[1])
	case ir.OpIntegerAnd:
		return k.block.NewAnd(a[0], a[1])
	case ir.OpIntegerOr:
		return k.block.NewOr(a[0], a[1])
	default:
		return k.block.NewXor(a[0], a[1])
	}
}

// shift counts modulo the width, as LLVM does not.
func shift(k *kernel, op *ir.Op, a []value.Value) value.Value {
	by := k.modulo(a[1])
	switch op.Code {
	case ir.OpShiftLeft:
		return k.block.NewShl(a[0], by)
	case ir.OpShiftRightS:
		return k.block.NewAShr(a[0], by)
	default:
		return k.block.NewLShr(a[0], by)
	}
}

// modulo is a distance modulo the width of its type.
func (k *kernel) modulo(by value.Value) value.Value {
	last := int64(integerOf(by).BitSize - 1)
	if c, ok := by.(*constant.Int); ok {
		return constantLike(by, c.X.Int64()&last)
	}
	return k.block.NewAnd(by, constantLike(by, last))
}

// ofWidth calls an intrinsic that is there for each type of integer.
func (k *kernel) ofWidth(name string, args ...value.Value) value.Value {
	t := integerOf(args[0])
	parameters := make([]types.Type, len(args))
	for i, a := range args {
		parameters[i] = a.Type()
	}
	return k.call(k.intrinsic(fmt.Sprintf("llvm.%s.i%d", name, t.BitSize), false, t, parameters...), args...)
}

// rotation turns 64 bits as two words, which a GPU does with two funnel shifts. LLVM 14
// gets distances wrong that are not below 64, also where they are masked.
func rotation(k *kernel, _ *ir.Op, a []value.Value) value.Value {
	b := k.block
	if integerOf(a[0]).BitSize == 32 {
		return k.ofWidth("fshl", a[0], a[0], k.modulo(a[1]))
	}
	low, high := b.NewTrunc(a[0], types.I32), b.NewTrunc(b.NewLShr(a[0], long(32)), types.I32)
	by := k.truncate(a[1], types.I32)
	swapped := b.NewICmp(enum.IPredNE, b.NewAnd(by, word(32)), word(0))
	first, second := b.NewSelect(swapped, low, high), b.NewSelect(swapped, high, low)
	by = b.NewAnd(by, word(31))
	upper := b.NewShl(b.NewZExt(k.ofWidth("fshl", first, second, by), types.I64), long(32))
	return b.NewOr(upper, b.NewZExt(k.ofWidth("fshl", second, first, by), types.I64))
}

func countBits(k *kernel, op *ir.Op, a []value.Value) value.Value {
	switch op.Code {
	case ir.OpCountLeadingZeros:
		return k.ofWidth("ctlz", a[0], constant.False)
	case ir.OpCountTrailingZeros:
		return k.trailingZeros(a[0])
	default:
		return k.ofWidth("ctpop", a[0])
	}
}

// trailingZeros turns the bits round: PTX counts from the top only, and what LLVM makes of
// cttz has a branch.
func (k *kernel) trailingZeros(x value.Value) value.Value {
	return k.ofWidth("ctlz", k.ofWidth("bitreverse", x), constant.False)
}

// division guards what PTX leaves undefined and the kern level traps on.
func (k *kernel) division(op *ir.Op, a []value.Value) error {
	divisor := a[1]
	known, isKnown := divisor.(*constant.Int)
	isKnown = isKnown && known.X.Sign() != 0 && known.X.Int64() != -1
	if !isKnown {
		traps := value.Value(k.block.NewICmp(enum.IPredEQ, divisor, constantLike(divisor, 0)))
		if op.Code == ir.OpIntegerDivS {
			width := integerOf(divisor).BitSize
			least := k.block.NewICmp(enum.IPredEQ, a[0], constantLike(divisor, -1<<(width-1)))
			minus := k.block.NewICmp(enum.IPredEQ, divisor, constantLike(divisor, -1))
			traps = k.block.NewOr(traps, k.block.NewAnd(least, minus))
		}
		if err := k.trapIf(traps); err != nil {
			return err
		}
		if op.Code == ir.OpIntegerRemS { // the least number has the remainder 0, as any has by 1
			minus := k.block.NewICmp(enum.IPredEQ, divisor, constantLike(divisor, -1))
			divisor = k.block.NewSelect(minus, constantLike(divisor, 1), divisor)
		}
	}
	var result value.Value
	switch op.Code {
	case ir.OpIntegerDivU:
		result = k.block.NewUDiv(a[0], divisor)
	case ir.OpIntegerRemU:
		result = k.block.NewURem(a[0], divisor)
	case ir.OpIntegerDivS:
		result = k.block.NewSDiv(a[0], divisor)
	default:
		result = k.block.NewSRem(a[0], divisor)
	}
	k.define(op.Results[0], result)
	return nil
}

func multiplyWide(k *kernel, op *ir.Op, a []value.Value) value.Value {
	if op.Code == ir.OpMultiplyWideS {
		return k.block.NewMul(k.block.NewSExt(a[0], types.I128), k.block.NewSExt(a[1], types.I128))
	}
	return k.block.NewMul(k.block.NewZExt(a[0], types.I128), k.block.NewZExt(a[1], types.I128))
}

func comparison(k *kernel, op *ir.Op, a []value.Value) value.Value {
	predicate := predicates[ir.AttributeAs[string](op, "predicate")]
	// What was a truth value is negated, or taken as it is, without leaving i1.
	if truth := truthOf(a[0]); truth != nil && isZero(a[1]) {
		switch predicate {
		case enum.IPredEQ:
			return k.truth(k.block.NewXor(truth, constant.True))
		case enum.IPredNE:
			return a[0]
		default: // compared as a number
		}
	}
	return k.truth(k.block.NewICmp(predicate, a[0], a[1]))
}

func extension(k *kernel, op *ir.Op, a []value.Value) value.Value {
	t := classOf(op.Results[0].Type).llvm()
	if op.Code == ir.OpExtendS {
		return k.block.NewSExt(a[0], t)
	}
	return k.block.NewZExt(a[0], t)
}

func wrap(k *kernel, op *ir.Op, a []value.Value) value.Value {
	return k.truncate(a[0], classOf(op.Results[0].Type).integer())
}

// truncate gives the low bits of an integer.
func (k *kernel) truncate(x value.Value, t *types.IntType) value.Value {
	if integerOf(x).BitSize == t.BitSize {
		return x
	}
	return k.block.NewTrunc(x, t)
}

func highHalf(k *kernel, _ *ir.Op, a []value.Value) value.Value { return k.high(a[0]) }

func pair(k *kernel, _ *ir.Op, a []value.Value) value.Value { return k.pair(a[0], a[1]) }

// low and high are the halves of 128 bits, pair is the reverse.
func (k *kernel) low(x value.Value) value.Value { return k.block.NewTrunc(x, types.I64) }

func (k *kernel) high(x value.Value) value.Value {
	return k.block.NewTrunc(k.block.NewLShr(x, constantLike(x, 64)), types.I64)
}

func (k *kernel) pair(low, high value.Value) value.Value {
	upper := k.block.NewShl(k.block.NewZExt(high, types.I128), constant.NewInt(types.I128, 64))
	return k.block.NewOr(k.block.NewZExt(low, types.I128), upper)
}
