package interp

import (
	"math"

	"github.com/heddle-lang/heddle/ir"
)

// shapeOf gives the type and the number of bits of the lanes of a vector of 128 bits;
// the width is 0 for all else.
func shapeOf(t ir.Type) (element ir.Type, width int) {
	if t.Kind != ir.Vector {
		return ir.Type{}, 0
	}
	element = ir.Of(t.Element)
	switch t.Element {
	case ir.I8:
		width = 8
	case ir.I16:
		width = 16
	case ir.I32, ir.F32:
		width = 32
	case ir.I64, ir.F64:
		width = 64
	default: // no lanes have this type
	}
	if width == 0 || int(t.Lanes)*width != 128 {
		return element, 0
	}
	return element, width
}

// computeVector computes an op that takes or gives a vector.
func computeVector(op *ir.Op, from, to ir.Type, operands []Bits) (Bits, error) {
	element, width := shapeOf(from)
	toElement, toWidth := shapeOf(to)
	if op.Code == ir.OpSplat && toWidth > 0 && widthOf(from) >= min(toWidth, 32) {
		lanes := make([]uint64, 128/toWidth)
		for i := range lanes {
			lanes[i] = operands[0].Low
		}
		return join(lanes, toWidth), nil
	}
	if width == 0 {
		return Bits{}, errMisfit
	}
	a := operands[0].lanes(width)
	switch op.Code {
	case ir.OpVectorNot:
		return Bits{^operands[0].Low, ^operands[0].High}, nil
	case ir.OpVectorBitmask:
		mask := uint64(0)
		for i, lane := range a {
			mask |= lane >> (width - 1) << i
		}
		return Word(mask), nil
	case ir.OpVectorAnyTrue:
		return truth(operands[0] != Bits{}), nil
	case ir.OpVectorExtractLane:
		index := ir.AttributeAs[int64](op, "lane")
		if index < 0 || index >= int64(len(a)) || widthOf(to) == 0 || widthOf(to) > 64 {
			return Bits{}, errMisfit
		}
		if element.IsFloat() {
			return Word(a[index]), nil
		}
		return FromInt64(to, signed(a[index], width)), nil
	case ir.OpVectorExtendLow, ir.OpVectorExtendHigh:
		if toWidth != 2*width || element.IsFloat() || toElement.IsFloat() {
			return Bits{}, errMisfit
		}
		half := a[:len(a)/2]
		if op.Code == ir.OpVectorExtendHigh {
			half = a[len(a)/2:]
		}
		for i := range half {
			half[i] = uint64(signed(half[i], width))
		}
		return join(half, toWidth), nil
	default: // has two operands
	}
	if len(operands) != 2 {
		return Bits{}, errMisfit
	}
	b := operands[1].lanes(width)
	switch op.Code {
	case ir.OpVectorNarrow:
		if width != 2*toWidth || element.IsFloat() || toElement.IsFloat() {
			return Bits{}, errMisfit
		}
		limit := int64(1) << (toWidth - 1)
		list := append(a, b...)
		for i := range list {
			list[i] = uint64(min(max(signed(list[i], width), -limit), limit-1))
		}
		return join(list, toWidth), nil
	case ir.OpVectorSwizzle:
		from, by := operands[0].lanes(8), operands[1].lanes(8)
		for i := range by {
			if by[i] > 15 {
				by[i] = 0
			} else {
				by[i] = from[by[i]]
			}
		}
		return join(by, 8), nil
	case ir.OpVectorCompare:
		for i := range a {
			holds, err := compareLanes(predicateOf(op), element, width, Word(a[i]), Word(b[i]))
			if err != nil {
				return Bits{}, err
			}
			a[i] = 0
			if holds {
				a[i] = math.MaxUint64
			}
		}
		return join(a, width), nil
	default: // goes by lanes
	}
	scalar, ok := byLanes[op.Code]
	if !ok {
		return Bits{}, errMisfit
	}
	for i := range a {
		var lane Bits
		var err error
		if element.IsFloat() && scalar.float != 0 {
			lane, err = computeFloat(scalar.float, element, []Bits{Word(a[i]), Word(b[i])})
		} else {
			lane, err = computeWord(scalar.integer, width, a[i], b[i])
		}
		if err != nil {
			return Bits{}, err
		}
		a[i] = lane.Low
	}
	return join(a, width), nil
}

func compareLanes(predicate string, element ir.Type, width int, a, b Bits) (bool, error) {
	if element.IsFloat() {
		return compareFloats(predicate, a.Float64(element), b.Float64(element))
	}
	return compareIntegers(predicate, width, a, b)
}

// byLanes has the scalar ops that ops of vectors apply to each lane; bitwise ones know no
// floats.
var byLanes = map[ir.Opcode]struct{ integer, float ir.Opcode }{
	ir.OpVectorAdd: {ir.OpIntegerAdd, ir.OpFloatAdd},
	ir.OpVectorSub: {ir.OpIntegerSub, ir.OpFloatSub},
	ir.OpVectorMul: {ir.OpIntegerMul, ir.OpFloatMul},
	ir.OpVectorAnd: {ir.OpIntegerAnd, 0},
	ir.OpVectorOr:  {ir.OpIntegerOr, 0},
	ir.OpVectorXor: {ir.OpIntegerXor, 0},
}
