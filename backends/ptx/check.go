package ptx

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// maxOffset is the largest constant that loads and stores add to an address.
const maxOffset = 1<<31 - 1

// maxShared is the most static shared memory that all GPUs give a block, in bytes.
const maxShared = 48 << 10

// check tests an op against the rules of the kern level; what it lets pass can be
// translated.
func (k *kernel) check(op *ir.Op) error {
	if !Supports(op.Code) {
		return k.fault(op, "is no op of the kern level")
	}
	info := op.Info()
	if len(op.Regions) != len(info.Regions) || info.Operands != ir.Variadic && len(op.Operands) != info.Operands {
		return k.fault(op, "takes %d operands and %d regions, not %d and %d", info.Operands, len(info.Regions), len(op.Operands), len(op.Regions))
	}
	if wants := info.Infer != nil && op.Code != ir.OpCall; wants && len(op.Results) != 1 || info.Infer == nil && len(op.Results) != 0 {
		return k.fault(op, "has %d results", len(op.Results))
	}
	for i, v := range op.Operands {
		known := k.frame.values[v] != nil
		switch {
		case i == 0 && (op.Code == ir.OpGet || op.Code == ir.OpSet):
			var cell int
			cell, known = k.frame.cells[v]
			known = known && cell < len(k.frame.current)
		case i == 0 && (op.Code == ir.OpBranch || op.Code == ir.OpBranchIf):
			known = k.frame.labels[v] != nil
		}
		if !known {
			return k.fault(op, "operand %d is not defined before, or no value", i)
		}
	}
	for _, v := range op.Results {
		if !classOf(v.Type).isData() {
			return k.fault(op, "a value of type %s", v.Type)
		}
	}
	if !k.fits(op) {
		types := make([]string, len(op.Operands))
		for i, v := range op.Operands {
			types[i] = v.Type.String()
		}
		result := "nothing"
		if len(op.Results) > 0 {
			result = op.Results[0].Type.String()
		}
		return k.fault(op, "does not go from %s to %s with its attributes", types, result)
	}
	return nil
}

func (k *kernel) fault(op *ir.Op, format string, args ...any) error {
	return fault(k.frame.function.Name, op, format, args...)
}

// fits tests types and attributes. Operands and results are known to be there.
func (k *kernel) fits(op *ir.Op) bool {
	kind := func(i int) class { return classOf(op.Operands[i].Type) }
	result := func() class { return classOf(op.Results[0].Type) }
	same := func() bool { return kind(0) == kind(1) && kind(0) == result() }
	switch op.Code {
	case ir.OpConst:
		d, ok := op.Attribute("value").(ir.Datum)
		return ok && !d.Null && result() != classVector
	case ir.OpVariable, ir.OpGet:
		return kind(0) == result()
	case ir.OpSet:
		return kind(0) == kind(1)
	case ir.OpBlock, ir.OpLoop:
		a := op.Regions[0].Arguments
		return len(a) == 1 && a[0].Type.Kind == ir.Label
	case ir.OpWhen:
		return kind(0) == classWord
	case ir.OpBranchIf:
		return kind(1) == classWord
	case ir.OpKernReturn:
		return slices.EqualFunc(op.Operands, k.frame.function.Results, func(v *ir.Value, t ir.Type) bool { return classOf(v.Type) == classOf(t) })
	case ir.OpSelect:
		return kind(0) == classWord && kind(1) == kind(2) && kind(1) == result()
	case ir.OpLoad:
		return fitsAccess(op, result()) && op.Operands[0].Type.IsAddress() && fitsWidth(op, result())
	case ir.OpStore:
		return fitsAccess(op, kind(1)) && op.Operands[0].Type.IsAddress() && fitsWidth(op, kind(1))
	case ir.OpVectorLoad:
		return fitsAccess(op, result()) && op.Operands[0].Type.IsAddress() && result() == classVector
	case ir.OpVectorStore:
		return fitsAccess(op, kind(1)) && op.Operands[0].Type.IsAddress() && kind(1) == classVector
	case ir.OpMemoryCopy:
		return op.Operands[0].Type.IsAddress() && op.Operands[1].Type.IsAddress() && kind(2) == classWord
	case ir.OpMemoryFill:
		return op.Operands[0].Type.IsAddress() && kind(1) == classWord && kind(2) == classWord
	case ir.OpIntegerAdd, ir.OpIntegerSub, ir.OpIntegerAnd, ir.OpIntegerOr, ir.OpIntegerXor:
		return same() && kind(0).isInteger()
	case ir.OpIntegerMul, ir.OpIntegerDivS, ir.OpIntegerDivU, ir.OpIntegerRemS, ir.OpIntegerRemU,
		ir.OpShiftLeft, ir.OpShiftRightS, ir.OpShiftRightU, ir.OpRotateLeft:
		return same() && kind(0).isShort()
	case ir.OpCountLeadingZeros, ir.OpCountTrailingZeros, ir.OpPopulationCount:
		return kind(0) == result() && kind(0).isShort()
	case ir.OpMultiplyWideS, ir.OpMultiplyWideU, ir.OpPair:
		return kind(0) == classLong && kind(1) == classLong && result() == classWide
	case ir.OpHighHalf:
		return kind(0) == classWide && result() == classLong
	case ir.OpCompare:
		_, ok := predicates[ir.AttributeAs[string](op, "predicate")]
		return ok && kind(0) == kind(1) && kind(0).isInteger() && result() == classWord
	case ir.OpFloatCompare:
		_, ok := floatPredicates[ir.AttributeAs[string](op, "predicate")]
		return ok && kind(0) == kind(1) && kind(0).isFloat() && result() == classWord
	case ir.OpExtendS, ir.OpExtendU:
		return kind(0).isShort() && result() > kind(0) && result().isInteger()
	case ir.OpWrap:
		return kind(0).isInteger() && result().isShort() && (result() < kind(0) || kind(0) == classWord && result() == classWord)
	case ir.OpFloatAdd, ir.OpFloatSub, ir.OpFloatMul, ir.OpFloatDiv:
		return same() && kind(0).isFloat()
	case ir.OpFloatNeg, ir.OpFloatAbs, ir.OpFloatSqrt, ir.OpFloatRound:
		return kind(0) == result() && kind(0).isFloat()
	case ir.OpIntToFloat:
		return kind(0).isShort() && result().isFloat()
	case ir.OpFloatToInt:
		return kind(0).isFloat() && result().isShort()
	case ir.OpFloatConvert:
		return kind(0).isFloat() && result().isFloat()
	case ir.OpReinterpret:
		scalar := func(c class) bool { return c.isShort() || c.isFloat() }
		return scalar(kind(0)) && scalar(result()) && kind(0).bytes() == result().bytes()
	case ir.OpGlobalGet, ir.OpGlobalSet:
		budget := ir.AttributeAs[ir.Symbol](op, "global") == abi.LibraryModule+"."+abi.BudgetExport
		return budget && (op.Code == ir.OpGlobalGet || kind(0) == classWord)
	case ir.OpShared, ir.OpShuffleDown, ir.OpBallot, ir.OpAtomic, ir.OpCompareExchange, ir.OpAppend:
		return fitsDevice(op)
	default:
		return fitsVector(op)
	}
}

// fitsAccess tests what all loads and stores have.
func fitsAccess(op *ir.Op, c class) bool {
	offset := ir.AttributeAs[int64](op, "offset")
	align := alignOf(op)
	switch ir.AttributeAs[string](op, "access") {
	case "", "invariant", "volatile":
	default:
		return false
	}
	return offset >= 0 && offset <= maxOffset && align > 0 && align <= 1<<20 && align&(align-1) == 0 && c.isData()
}

// fitsWidth tests the width of a scalar in memory.
func fitsWidth(op *ir.Op, c class) bool {
	width := ir.AttributeAs[int64](op, "width")
	switch width {
	case 1, 2, 4, 8, 16:
		return c != classVector && (width == c.bytes() || width < c.bytes() && !c.isFloat())
	}
	return false
}

func fitsDevice(op *ir.Op) bool {
	kind := func(i int) class { return classOf(op.Operands[i].Type) }
	switch op.Code {
	case ir.OpShared:
		bytes := ir.AttributeAs[int64](op, "bytes")
		return bytes > 0 && bytes <= maxShared
	case ir.OpShuffleDown:
		distance := ir.AttributeAs[int64](op, "distance")
		return distance >= 1 && distance <= 31 && kind(0) == classOf(op.Results[0].Type)
	case ir.OpBallot:
		return kind(0) == classWord
	default: // what is atomic
		want := classWord
		if op.Code != ir.OpAppend {
			switch ir.AttributeAs[int64](op, "width") {
			case 4:
			case 8:
				want = classLong
			default:
				return false
			}
		}
		if _, known := atomicOperations[ir.AttributeAs[string](op, "operation")]; op.Code == ir.OpAtomic && !known {
			return false
		}
		for _, v := range op.Operands[1:] {
			if classOf(v.Type) != want {
				return false
			}
		}
		return op.Operands[0].Type.IsAddress() && classOf(op.Results[0].Type) == want && fitsAccess(op, want)
	}
}

func fitsVector(op *ir.Op) bool {
	shape := func(i int) lane { return laneOf(op.Operands[i].Type) }
	kind := func(i int) class { return classOf(op.Operands[i].Type) }
	vector := func(i int) bool { return kind(i) == classVector }
	var result lane
	if len(op.Results) > 0 {
		result = laneOf(op.Results[0].Type)
	}
	isVector := result != lane{}
	switch op.Code {
	case ir.OpSplat:
		return isVector && kind(0) == result.scalar()
	case ir.OpVectorAdd, ir.OpVectorSub:
		return isVector && shape(0) == shape(1) && shape(0) == result
	case ir.OpVectorMul:
		return isVector && result.width != 8 && shape(0) == shape(1) && shape(0) == result
	case ir.OpVectorAnd, ir.OpVectorOr, ir.OpVectorXor, ir.OpVectorSwizzle:
		return isVector && vector(0) && vector(1)
	case ir.OpVectorNot:
		return isVector && vector(0)
	case ir.OpVectorCompare:
		_, integer := predicates[ir.AttributeAs[string](op, "predicate")]
		_, float := floatPredicates[ir.AttributeAs[string](op, "predicate")]
		return isVector && vector(0) && shape(0) == shape(1) && (integer && !shape(0).float || float && shape(0).float)
	case ir.OpVectorNarrow:
		return isVector && vector(0) && shape(0) == shape(1) && !result.float && !shape(0).float && shape(0).width == 2*result.width && result.width <= 16
	case ir.OpVectorExtendLow, ir.OpVectorExtendHigh:
		return isVector && vector(0) && !result.float && !shape(0).float && 2*shape(0).width == result.width
	case ir.OpVectorBitmask, ir.OpVectorAnyTrue:
		return vector(0) && classOf(op.Results[0].Type) == classWord
	case ir.OpVectorExtractLane:
		n, ok := op.Attribute("lane").(int64)
		return vector(0) && ok && n >= 0 && n < int64(shape(0).count()) && classOf(op.Results[0].Type) == shape(0).scalar()
	default: // nothing to test: ops without operands
		return true
	}
}

// checkCall compares a call with the function that it means.
func (k *kernel) checkCall(op *ir.Op, callee *ir.Function) error {
	like := func(v *ir.Value, t ir.Type) bool { return classOf(v.Type) == classOf(t) }
	arguments := slices.EqualFunc(op.Operands, callee.Body.Arguments, func(v, a *ir.Value) bool { return like(v, a.Type) })
	if !arguments || !slices.EqualFunc(op.Results, callee.Results, like) {
		return k.fault(op, "operands and results are not those of %q", callee.Name)
	}
	return nil
}
