package ptx

import (
	"github.com/llir/llvm/ir/value"

	"github.com/heddle-lang/heddle/ir"
)

// emitters translate the ops whose only effect is their result, given the operands.
var emitters = map[ir.Opcode]func(k *kernel, op *ir.Op, a []value.Value) value.Value{
	ir.OpSelect:             selection,
	ir.OpIntegerAdd:         integer,
	ir.OpIntegerSub:         integer,
	ir.OpIntegerMul:         integer,
	ir.OpIntegerAnd:         integer,
	ir.OpIntegerOr:          integer,
	ir.OpIntegerXor:         integer,
	ir.OpShiftLeft:          shift,
	ir.OpShiftRightS:        shift,
	ir.OpShiftRightU:        shift,
	ir.OpRotateLeft:         rotation,
	ir.OpCountLeadingZeros:  countBits,
	ir.OpCountTrailingZeros: countBits,
	ir.OpPopulationCount:    countBits,
	ir.OpMultiplyWideS:      multiplyWide,
	ir.OpMultiplyWideU:      multiplyWide,
	ir.OpCompare:            comparison,
	ir.OpExtendS:            extension,
	ir.OpExtendU:            extension,
	ir.OpWrap:               wrap,
	ir.OpHighHalf:           highHalf,
	ir.OpPair:               pair,
	ir.OpFloatAdd:           float,
	ir.OpFloatSub:           float,
	ir.OpFloatMul:           float,
	ir.OpFloatDiv:           float,
	ir.OpFloatNeg:           floatUnary,
	ir.OpFloatAbs:           floatUnary,
	ir.OpFloatSqrt:          floatUnary,
	ir.OpFloatRound:         floatUnary,
	ir.OpFloatCompare:       floatComparison,
	ir.OpIntToFloat:         intToFloat,
	ir.OpFloatToInt:         floatToInt,
	ir.OpFloatConvert:       floatConvert,
	ir.OpReinterpret:        reinterpret,
	ir.OpSplat:              splat,
	ir.OpVectorAdd:          vectorSum,
	ir.OpVectorSub:          vectorSum,
	ir.OpVectorMul:          vectorProduct,
	ir.OpVectorAnd:          vectorBits,
	ir.OpVectorOr:           vectorBits,
	ir.OpVectorXor:          vectorBits,
	ir.OpVectorNot:          vectorNot,
	ir.OpVectorCompare:      vectorComparison,
	ir.OpVectorNarrow:       vectorNarrow,
	ir.OpVectorExtendLow:    vectorExtend,
	ir.OpVectorExtendHigh:   vectorExtend,
	ir.OpVectorBitmask:      vectorBitmask,
	ir.OpVectorAnyTrue:      vectorAnyTrue,
	ir.OpVectorExtractLane:  vectorExtract,
	ir.OpVectorSwizzle:      vectorSwizzle,
	ir.OpGlobalGet:          func(*kernel, *ir.Op, []value.Value) value.Value { return word(0) }, // the budget: nothing is counted
	ir.OpThreadIndex:        specialRegister,
	ir.OpBlockIndex:         specialRegister,
	ir.OpBlockCount:         specialRegister,
	ir.OpShared:             shared,
	ir.OpShuffleDown:        shuffleDown,
	ir.OpBallot:             ballot,
	ir.OpLoad:               load,
	ir.OpVectorLoad:         load,
	ir.OpAtomic:             atomic,
	ir.OpCompareExchange:    compareExchange,
	ir.OpAppend:             appendWord,
}

// effects translate the ops without a result.
var effects = map[ir.Opcode]func(k *kernel, op *ir.Op, a []value.Value){
	ir.OpStore:       store,
	ir.OpVectorStore: store,
	ir.OpMemoryCopy:  memoryCopy,
	ir.OpMemoryFill:  memoryFill,
	ir.OpGlobalSet:   func(*kernel, *ir.Op, []value.Value) {}, // the budget: nothing is counted
	ir.OpBarrier:     barrier,
	ir.OpFence:       fence,
}

// control are the ops that region translates itself; division is there because it may
// trap.
var control = map[ir.Opcode]bool{
	ir.OpConst: true, ir.OpVariable: true, ir.OpGet: true, ir.OpSet: true, ir.OpBlock: true, ir.OpLoop: true,
	ir.OpWhen: true, ir.OpBranch: true, ir.OpBranchIf: true, ir.OpCall: true, ir.OpKernReturn: true, ir.OpTrap: true,
	ir.OpIntegerDivS: true, ir.OpIntegerDivU: true, ir.OpIntegerRemS: true, ir.OpIntegerRemU: true,
}

// Supports reports whether kernels may have an op. All ops of the kern level are
// supported; of calls it depends on the function, see Unavailable.
func Supports(code ir.Opcode) bool {
	return control[code] || emitters[code] != nil || effects[code] != nil
}

// compute translates an op that neither branches nor names variables.
func (k *kernel) compute(op *ir.Op) error {
	operands := make([]value.Value, len(op.Operands))
	for i, v := range op.Operands {
		operands[i] = k.value(v)
	}
	if emit := emitters[op.Code]; emit != nil {
		k.define(op.Results[0], emit(k, op, operands))
		return nil
	}
	if emit := effects[op.Code]; emit != nil {
		emit(k, op, operands)
		return nil
	}
	return k.division(op, operands)
}
