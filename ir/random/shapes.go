package random

import (
	"fmt"
	"math"
	"sync"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// Shape is a pure op of the kern level at certain types.
type Shape struct {
	Code       ir.Opcode
	Operands   []ir.Type
	Result     ir.Type
	Attributes []ir.Attribute
}

// String names the shape.
func (s *Shape) String() string {
	text := fmt.Sprint(s.Code, s.Operands, s.Result)
	for _, a := range s.Attributes {
		text += fmt.Sprint(" ", a.Value)
	}
	return text
}

// Build appends the op.
func (s *Shape) Build(b *ir.Builder, operands ...*ir.Value) *ir.Value {
	return b.Op(s.Code, operands, s.Attributes...).Result()
}

// Compute is what the interpreter takes for the meaning of the op.
func (s *Shape) Compute(operands ...interp.Bits) (interp.Bits, error) {
	op := &ir.Op{Code: s.Code, Attributes: s.Attributes, Results: []*ir.Value{{Type: s.Result}}}
	for _, t := range s.Operands {
		op.Operands = append(op.Operands, &ir.Value{Type: t})
	}
	return interp.Compute(op, operands)
}

// Types of the kern level.
var (
	i32     = ir.Of(ir.I32)
	i64     = ir.Of(ir.I64)
	i128    = ir.Of(ir.I128)
	f32     = ir.Of(ir.F32)
	f64     = ir.Of(ir.F64)
	address = ir.Of(ir.Address)
	label   = ir.Of(ir.Label)
	global  = ir.Of(ir.GlobalAddress)
)

var (
	integerPredicates = []string{"eq", "ne", "lt_s", "le_s", "gt_s", "ge_s", "lt_u", "le_u", "gt_u", "ge_u"}
	signedPredicates  = integerPredicates[:6]
	floatPredicates   = []string{"eq", "ne", "lt", "le", "gt", "ge"}
)

// Shapes lists every pure op of the kern level, but const and those of kernels, at every
// type that it takes in functions of the CPU. The list must not be changed.
func Shapes() []Shape { return shapes() }

var shapes = sync.OnceValue(func() []Shape {
	l := &shapeList{}
	l.words()
	l.wide()
	l.conversions()
	l.floats()
	l.vectors()
	return l.list
})

type shapeList struct{ list []Shape }

func (l *shapeList) add(code ir.Opcode, result ir.Type, operands []ir.Type, attributes ...ir.Attribute) {
	l.list = append(l.list, Shape{Code: code, Operands: operands, Result: result, Attributes: attributes})
}

// same adds ops whose operands and result have one type.
func (l *shapeList) same(t ir.Type, operands int, codes ...ir.Opcode) {
	for _, code := range codes {
		l.add(code, t, []ir.Type{t, t}[:operands])
	}
}

func (l *shapeList) compare(code ir.Opcode, operand, result ir.Type, predicates []string) {
	for _, p := range predicates {
		l.add(code, result, []ir.Type{operand, operand}, ir.Attr("predicate", p))
	}
}

// typed adds an op that names the type of its result.
func (l *shapeList) typed(code ir.Opcode, result ir.Type, operands ...ir.Type) {
	l.add(code, result, operands, ir.Attr("type", result))
}

func (l *shapeList) words() {
	for _, t := range []ir.Type{i32, i64} {
		l.same(t, 2, ir.OpIntegerAdd, ir.OpIntegerSub, ir.OpIntegerMul, ir.OpIntegerAnd, ir.OpIntegerOr, ir.OpIntegerXor,
			ir.OpShiftLeft, ir.OpShiftRightU, ir.OpShiftRightS, ir.OpRotateLeft,
			ir.OpIntegerDivS, ir.OpIntegerDivU, ir.OpIntegerRemS, ir.OpIntegerRemU)
		l.same(t, 1, ir.OpCountLeadingZeros, ir.OpCountTrailingZeros, ir.OpPopulationCount)
		l.compare(ir.OpCompare, t, i32, integerPredicates)
	}
	for _, t := range []ir.Type{i32, i64, i128, f32, f64, ir.VectorType(ir.I16, 8)} {
		l.add(ir.OpSelect, t, []ir.Type{i32, t, t})
	}
}

func (l *shapeList) wide() {
	l.same(i128, 2, ir.OpIntegerAdd, ir.OpIntegerSub, ir.OpIntegerAnd, ir.OpIntegerOr, ir.OpIntegerXor)
	for _, code := range []ir.Opcode{ir.OpMultiplyWideS, ir.OpMultiplyWideU, ir.OpPair} {
		l.add(code, i128, []ir.Type{i64, i64})
	}
	l.add(ir.OpHighHalf, i64, []ir.Type{i128})
	l.compare(ir.OpCompare, i128, i32, signedPredicates)
}

func (l *shapeList) conversions() {
	for _, pair := range [][2]ir.Type{{i32, i64}, {i32, i128}, {i64, i128}} {
		l.typed(ir.OpExtendS, pair[1], pair[0])
		l.typed(ir.OpExtendU, pair[1], pair[0])
	}
	for _, pair := range [][2]ir.Type{{i128, i64}, {i128, i32}, {i64, i32}, {i64, address}, {address, i32}, {i32, address}} {
		l.typed(ir.OpWrap, pair[1], pair[0])
	}
	for _, f := range []ir.Type{f32, f64} {
		for _, i := range []ir.Type{i32, i64} {
			l.typed(ir.OpIntToFloat, f, i)
			l.typed(ir.OpFloatToInt, i, f)
		}
	}
	l.typed(ir.OpFloatConvert, f64, f32)
	l.typed(ir.OpFloatConvert, f32, f64)
	for _, pair := range [][2]ir.Type{{i32, f32}, {i64, f64}, {f32, i32}, {f64, i64}} {
		l.typed(ir.OpReinterpret, pair[1], pair[0])
	}
}

func (l *shapeList) floats() {
	for _, t := range []ir.Type{f32, f64} {
		l.same(t, 2, ir.OpFloatAdd, ir.OpFloatSub, ir.OpFloatMul, ir.OpFloatDiv)
		l.same(t, 1, ir.OpFloatNeg, ir.OpFloatAbs, ir.OpFloatSqrt, ir.OpFloatRound)
		l.compare(ir.OpFloatCompare, t, i32, floatPredicates)
	}
}

func (l *shapeList) vectors() {
	shapes := []struct {
		element   ir.Kind
		lanes     int
		scalar    ir.Type
		signedOps []string
	}{{ir.I8, 16, i32, integerPredicates}, {ir.I16, 8, i32, integerPredicates}, {ir.I32, 4, i32, integerPredicates}, {ir.I64, 2, i64, signedPredicates}}
	for i, shape := range shapes {
		t := ir.VectorType(shape.element, shape.lanes)
		l.same(t, 2, ir.OpVectorAdd, ir.OpVectorSub, ir.OpVectorAnd, ir.OpVectorOr, ir.OpVectorXor)
		if shape.element != ir.I8 {
			l.same(t, 2, ir.OpVectorMul)
		}
		l.compare(ir.OpVectorCompare, t, t, shape.signedOps)
		l.same(t, 1, ir.OpVectorNot)
		l.typed(ir.OpSplat, t, shape.scalar)
		l.add(ir.OpVectorBitmask, i32, []ir.Type{t})
		l.add(ir.OpVectorAnyTrue, i32, []ir.Type{t})
		for _, lane := range []int64{0, int64(shape.lanes) - 1} {
			l.add(ir.OpVectorExtractLane, shape.scalar, []ir.Type{t}, ir.Attr("lane", lane), ir.Attr("type", shape.scalar))
		}
		if i+1 < len(shapes) {
			wider := ir.VectorType(shapes[i+1].element, shapes[i+1].lanes)
			l.typed(ir.OpVectorExtendLow, wider, t)
			l.typed(ir.OpVectorExtendHigh, wider, t)
			if i < 2 {
				l.typed(ir.OpVectorNarrow, t, wider, wider)
			}
		}
	}
	l.same(ir.VectorType(ir.I8, 16), 2, ir.OpVectorSwizzle)
	for _, t := range []ir.Type{ir.VectorType(ir.F32, 4), ir.VectorType(ir.F64, 2)} {
		l.same(t, 2, ir.OpVectorAdd, ir.OpVectorSub, ir.OpVectorMul)
		l.compare(ir.OpVectorCompare, t, t, floatPredicates)
		l.typed(ir.OpSplat, t, ir.Of(t.Element))
		l.add(ir.OpVectorExtractLane, ir.Of(t.Element), []ir.Type{t}, ir.Attr("lane", int64(1)), ir.Attr("type", ir.Of(t.Element)))
	}
}

// Extremes gives values of a type of the kern level near its limits.
func Extremes(t ir.Type) []interp.Bits {
	var list []interp.Bits
	words := func(values ...uint64) []interp.Bits {
		for _, v := range values {
			list = append(list, interp.Word(v))
		}
		return list
	}
	switch t.Kind {
	case ir.F32, ir.F64:
		for _, v := range []float64{0, math.Copysign(0, -1), 1, -1.5, 2.5, 1e10, -3e30, 0.1, math.Inf(1), math.Inf(-1), math.NaN(), 2147483648, -9223372036854775808, 1e-45} {
			list = append(list, interp.FromFloat64(t, v))
		}
		return list
	case ir.I32, ir.Address:
		return words(0, 1, 2, 7, 31, 33, 0x7fffffff, 0x80000000, 0xffffffff, 0xdeadbeef)
	case ir.I64, ir.GlobalAddress:
		return words(0, 1, 3, 63, 65, 0xffffffff, 1<<32, 1<<63-1, 1<<63, math.MaxUint64, 0x0123456789abcdef)
	default:
		ones := uint64(math.MaxUint64)
		for _, v := range [][2]uint64{
			{0, 0},
			{1, 0},
			{ones, 0},
			{0, 1},
			{ones, ones},
			{0, 1 << 63},
			{ones, ones >> 1},
			{1 << 63, 0},
			{0, ones},
			{0x0102030405060708, 0x090a0b0c0d0e0f00},
			{0x80ff7f0180ff7f01, 0xdeadbeef8000ffff},
			{0x1f000a100b0e0f01, 0x0f0f000003070809},
		} {
			list = append(list, interp.Bits{Low: v[0], High: v[1]})
		}
		return list
	}
}

// Combinations gives operands for a shape: all pairs of extremes; of three operands the
// third takes the values of the second in another order.
func (s *Shape) Combinations() [][]interp.Bits {
	var all [][]interp.Bits
	for _, a := range Extremes(s.Operands[0]) {
		if len(s.Operands) == 1 {
			all = append(all, []interp.Bits{a})
			continue
		}
		second := Extremes(s.Operands[1])
		for i, b := range second {
			operands := []interp.Bits{a, b}
			if len(s.Operands) == 3 {
				operands = append(operands, second[(i+1)%len(second)])
			}
			all = append(all, operands)
		}
	}
	return all
}
