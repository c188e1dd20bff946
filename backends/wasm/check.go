package wasm

import (
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// check tests an op against the rules of the kern level; what it lets pass can be
// emitted. The number of operands and regions is known to be right.
func (f *function) check(op *ir.Op, operands []int32) error {
	if op.Code != ir.OpConst && op.Info().Level != ir.KernLevel {
		return f.fault(op, "is no op of the kern level")
	}
	for i, id := range operands {
		v := &f.values[id]
		mayCell := i == 0 && (op.Code == ir.OpGet || op.Code == ir.OpSet)
		mayLabel := i == 0 && (op.Code == ir.OpBranch || op.Code == ir.OpBranchIf)
		if mayCell != (v.home == homeCell) || mayLabel != (v.home == homeLabel) {
			return f.fault(op, "operand %d is a value where a variable or label is needed, or the reverse", i)
		}
	}
	kind := func(i int) class { return f.values[operands[i]].class }
	result := func() class { return classOf(&op.Results[0].Type) }
	if wantsResult := op.Info().Infer != nil && op.Code != ir.OpCall; wantsResult && len(op.Results) != 1 || op.Info().Infer == nil && len(op.Results) != 0 {
		return f.fault(op, "has %d results", len(op.Results))
	}
	switch op.Code {
	case ir.OpConst:
		if d, ok := op.Attribute("value").(ir.Datum); !ok || d.Null || result() == classVector || !result().isData() {
			return f.fault(op, "a constant of type %s", op.Results[0].Type)
		}
	case ir.OpVariable, ir.OpGet:
		return f.want(op, kind(0) == result() && kind(0).isData(), operands)
	case ir.OpSet:
		return f.want(op, kind(0) == kind(1), operands)
	case ir.OpBlock, ir.OpLoop:
		if a := op.Regions[0].Arguments; len(a) != 1 || a[0].Type.Kind != ir.Label {
			return f.fault(op, "its region takes one label")
		}
	case ir.OpWhen:
		return f.want(op, kind(0) == classI32, operands)
	case ir.OpBranchIf:
		return f.want(op, kind(1) == classI32, operands)
	case ir.OpCall:
		return f.checkCall(op, operands)
	case ir.OpKernReturn:
		if len(operands) != len(f.signature.results) {
			return f.fault(op, "gives %d results of %d", len(operands), len(f.signature.results))
		}
		for i, c := range f.signature.results {
			if kind(i) != c {
				return f.fault(op, "result %d is %s, not %s", i, kind(i), c)
			}
		}
	case ir.OpSelect:
		return f.want(op, kind(0) == classI32 && kind(1) == kind(2) && kind(1) == result(), operands)
	case ir.OpLoad, ir.OpVectorLoad:
		return f.checkAccess(op, kind(0), result(), op.Code == ir.OpVectorLoad)
	case ir.OpStore, ir.OpVectorStore:
		return f.checkAccess(op, kind(0), kind(1), op.Code == ir.OpVectorStore)
	case ir.OpMemoryCopy, ir.OpMemoryFill:
		return f.want(op, kind(0) == classI32 && kind(1) == classI32 && kind(2) == classI32, operands)
	case ir.OpIntegerAdd, ir.OpIntegerSub, ir.OpIntegerAnd, ir.OpIntegerOr, ir.OpIntegerXor:
		return f.want(op, kind(0) == kind(1) && kind(0) == result() && (kind(0).isWord() || kind(0) == classI128), operands)
	case ir.OpIntegerMul, ir.OpIntegerDivS, ir.OpIntegerDivU, ir.OpIntegerRemS, ir.OpIntegerRemU,
		ir.OpShiftLeft, ir.OpShiftRightS, ir.OpShiftRightU, ir.OpRotateLeft:
		return f.want(op, kind(0) == kind(1) && kind(0) == result() && kind(0).isWord(), operands)
	case ir.OpCountLeadingZeros, ir.OpCountTrailingZeros, ir.OpPopulationCount:
		return f.want(op, kind(0) == result() && kind(0).isWord(), operands)
	case ir.OpMultiplyWideS, ir.OpMultiplyWideU, ir.OpPair:
		return f.want(op, kind(0) == classI64 && kind(1) == classI64 && result() == classI128, operands)
	case ir.OpHighHalf:
		return f.want(op, kind(0) == classI128 && result() == classI64, operands)
	case ir.OpCompare:
		p, ok := predicateOf(op)
		fits := kind(0) == kind(1) && (kind(0).isWord() || kind(0) == classI128 && p < lessU)
		return f.want(op, ok && fits && result() == classI32, operands)
	case ir.OpFloatCompare:
		_, ok := floatPredicateOf(op)
		return f.want(op, ok && kind(0) == kind(1) && kind(0).isFloat() && result() == classI32, operands)
	case ir.OpExtendS, ir.OpExtendU:
		return f.want(op, kind(0).isWord() && result() > kind(0) && result() <= classI128, operands)
	case ir.OpWrap:
		narrows := result() < kind(0) && result().isWord() && kind(0) <= classI128
		return f.want(op, narrows || kind(0) == classI32 && result() == classI32, operands)
	case ir.OpFloatAdd, ir.OpFloatSub, ir.OpFloatMul, ir.OpFloatDiv:
		return f.want(op, kind(0) == kind(1) && kind(0) == result() && kind(0).isFloat(), operands)
	case ir.OpFloatNeg, ir.OpFloatAbs, ir.OpFloatSqrt, ir.OpFloatRound:
		return f.want(op, kind(0) == result() && kind(0).isFloat(), operands)
	case ir.OpIntToFloat:
		return f.want(op, kind(0).isWord() && result().isFloat(), operands)
	case ir.OpFloatToInt:
		return f.want(op, kind(0).isFloat() && result().isWord(), operands)
	case ir.OpFloatConvert:
		return f.want(op, kind(0).isFloat() && result().isFloat(), operands)
	case ir.OpReinterpret:
		scalar := func(c class) bool { return c.isWord() || c.isFloat() }
		return f.want(op, scalar(kind(0)) && scalar(result()) && kind(0).bytes() == result().bytes(), operands)
	case ir.OpGlobalGet, ir.OpGlobalSet:
		if g := ir.AttributeAs[ir.Symbol](op, "global"); g != abi.LibraryModule+"."+abi.BudgetExport {
			return f.fault(op, "there is no global %q", g)
		}
		if op.Code == ir.OpGlobalSet {
			return f.want(op, kind(0) == classI32, operands)
		}
	case ir.OpBranch, ir.OpTrap:
	default:
		return f.checkVector(op, operands)
	}
	return nil
}

func (f *function) checkVector(op *ir.Op, operands []int32) error {
	shape := func(i int) lane { return laneOf(&op.Operands[i].Type) }
	kind := func(i int) class { return f.values[operands[i]].class }
	result := laneOf(&op.Results[0].Type)
	switch op.Code {
	case ir.OpSplat:
		return f.want(op, result != laneNone && kind(0) == result.scalar(), operands)
	case ir.OpVectorAdd, ir.OpVectorSub:
		return f.want(op, shape(0) != laneNone && shape(0) == shape(1) && shape(0) == result, operands)
	case ir.OpVectorMul:
		return f.want(op, shape(0) != laneNone && shape(0) != lane8 && shape(0) == shape(1) && shape(0) == result, operands)
	case ir.OpVectorAnd, ir.OpVectorOr, ir.OpVectorXor, ir.OpVectorSwizzle:
		return f.want(op, kind(0) == classVector && kind(1) == classVector && result != laneNone, operands)
	case ir.OpVectorNot:
		return f.want(op, kind(0) == classVector && result != laneNone, operands)
	case ir.OpVectorCompare:
		fits := shape(0) != laneNone && shape(0) == shape(1) && result != laneNone
		if shape(0).isFloat() {
			_, ok := floatPredicateOf(op)
			return f.want(op, fits && ok, operands)
		}
		p, ok := predicateOf(op)
		return f.want(op, fits && ok && (shape(0) != lane64 || p < lessU), operands)
	case ir.OpVectorNarrow:
		narrows := shape(0) == lane32 && result == lane16 || shape(0) == lane16 && result == lane8
		return f.want(op, narrows && shape(0) == shape(1), operands)
	case ir.OpVectorExtendLow, ir.OpVectorExtendHigh:
		return f.want(op, shape(0) <= lane32 && result == shape(0)+1, operands)
	case ir.OpVectorBitmask, ir.OpVectorAnyTrue:
		return f.want(op, shape(0) != laneNone && classOf(&op.Results[0].Type) == classI32, operands)
	case ir.OpVectorExtractLane:
		n, ok := op.Attribute("lane").(int64)
		fits := shape(0) != laneNone && ok && n >= 0 && n < shape(0).count()
		return f.want(op, fits && classOf(&op.Results[0].Type) == shape(0).scalar(), operands)
	default:
		return f.fault(op, "has no translation")
	}
}

// checkAccess tests a load or store of a value of class c.
func (f *function) checkAccess(op *ir.Op, address, c class, vector bool) error {
	if address != classI32 {
		return f.fault(op, "the address is %s", address)
	}
	if offset := ir.AttributeAs[int64](op, "offset"); offset < 0 || offset > maxOffset {
		return f.fault(op, "an offset of %d bytes", offset)
	}
	if vector != (c == classVector) || !c.isData() {
		return f.fault(op, "a value of class %s", c)
	}
	if vector {
		return nil
	}
	width, fits := ir.AttributeAs[int64](op, "width"), false
	switch width {
	case 1, 2, 4, 8, 16:
		fits = width == c.bytes() || width < c.bytes() && !c.isFloat()
	}
	if !fits {
		return f.fault(op, "%d bytes for a value of class %s", width, c)
	}
	return nil
}

func (f *function) checkCall(op *ir.Op, operands []int32) error {
	s := f.callee(op)
	if len(s.arguments) != len(operands) || len(s.results) != len(op.Results) {
		return f.fault(op, "takes %d operands and gives %d results, not %d and %d", len(s.arguments), len(s.results), len(operands), len(op.Results))
	}
	for i, c := range s.arguments {
		if got := f.values[operands[i]].class; got != c {
			return f.fault(op, "operand %d is %s, not %s", i, got, c)
		}
	}
	for i, c := range s.results {
		if got := classOf(&op.Results[i].Type); got != c {
			return f.fault(op, "result %d is %s, not %s", i, got, c)
		}
	}
	return nil
}

// want turns a failed test into an error that shows the operands.
func (f *function) want(op *ir.Op, holds bool, operands []int32) error {
	if holds {
		return nil
	}
	types := make([]string, 0, len(operands)+1)
	for _, v := range op.Operands {
		types = append(types, v.Type.String())
	}
	result := "nothing"
	if len(op.Results) > 0 {
		result = op.Results[0].Type.String()
	}
	if p := ir.AttributeAs[string](op, "predicate"); p != "" {
		return f.fault(op, "no %q from %s to %s", p, types, result)
	}
	return f.fault(op, "does not go from %s to %s", types, result)
}

func (f *function) fault(op *ir.Op, format string, args ...any) error {
	return fault(f.source.Name, op, format, args...)
}

// predicate is an integer comparison.
type predicate uint8

const (
	equal predicate = iota
	notEqual
	lessS
	greaterEqualS
	greaterS
	lessEqualS
	lessU // from here on unsigned
	greaterEqualU
	greaterU
	lessEqualU
)

// not is the opposite predicate: they stand in pairs.
func (p predicate) not() predicate { return p ^ 1 }

func predicateOf(op *ir.Op) (predicate, bool) {
	switch ir.AttributeAs[string](op, "predicate") {
	case "eq":
		return equal, true
	case "ne":
		return notEqual, true
	case "lt_s":
		return lessS, true
	case "ge_s":
		return greaterEqualS, true
	case "gt_s":
		return greaterS, true
	case "le_s":
		return lessEqualS, true
	case "lt_u":
		return lessU, true
	case "ge_u":
		return greaterEqualU, true
	case "gt_u":
		return greaterU, true
	case "le_u":
		return lessEqualU, true
	}
	return 0, false
}

// floatPredicate is a float comparison. Only eq and ne are each other's
// opposite: the others are all false on NaN.
type floatPredicate uint8

const (
	floatEqual floatPredicate = iota
	floatNotEqual
	floatLess
	floatGreater
	floatLessEqual
	floatGreaterEqual
)

func floatPredicateOf(op *ir.Op) (floatPredicate, bool) {
	switch ir.AttributeAs[string](op, "predicate") {
	case "eq":
		return floatEqual, true
	case "ne":
		return floatNotEqual, true
	case "lt":
		return floatLess, true
	case "gt":
		return floatGreater, true
	case "le":
		return floatLessEqual, true
	case "ge":
		return floatGreaterEqual, true
	}
	return 0, false
}
