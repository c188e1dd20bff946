package interp_test

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/ir/random"
)

// TestPureOps compares each pure op at each type, for all combinations of extreme values,
// with a meaning that is written down here a second time: integers of any size by
// math/big, floats by the arithmetic of Go.
func TestPureOps(t *testing.T) {
	seen := map[ir.Opcode]bool{}
	for _, shape := range random.Shapes() {
		seen[shape.Code] = true
		for _, operands := range shape.Combinations() {
			want, traps := meaning(&shape, operands)
			got, err := shape.Compute(operands...)
			if traps != (err != nil) {
				t.Fatalf("%s of %x: error %v, want one: %v", &shape, operands, err, traps)
			}
			if err == nil && !interp.SameBits(shape.Result, got, want) {
				t.Errorf("%s of %x is %x, want %x", &shape, operands, got, want)
				break
			}
		}
	}
	for code, info := range ir.OpTable() {
		if info.Level == ir.KernLevel && info.Has(ir.Pure) && !info.Has(ir.OnDevice) && !seen[ir.Opcode(code)] {
			t.Errorf("%s is tested nowhere", info.Name)
		}
	}
}

// lanesOf splits bytes in the order of memory into numbers of so many bytes.
func lanesOf(b interp.Bits, size int) []*big.Int {
	var lanes []*big.Int
	for at := 0; at < 16; at += size {
		lane := new(big.Int)
		for i := size - 1; i >= 0; i-- {
			half := b.Low
			if at+i >= 8 {
				half = b.High
			}
			lane.Lsh(lane, 8)
			lane.Or(lane, big.NewInt(int64(byte(half>>(8*((at+i)%8))))))
		}
		lanes = append(lanes, lane)
	}
	return lanes
}

// joined is the reverse of lanesOf; lanes wrap.
func joined(lanes []*big.Int, size int) interp.Bits {
	all := new(big.Int)
	for i := len(lanes) - 1; i >= 0; i-- {
		all.Lsh(all, uint(8*size))
		all.Or(all, unsigned(lanes[i], 8*size))
	}
	return interp.Bits{Low: new(big.Int).And(all, big.NewInt(0).SetUint64(math.MaxUint64)).Uint64(), High: new(big.Int).Rsh(all, 64).Uint64()}
}

func power(n int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(n)) }

// unsigned and signed give the number from 0, or around 0, that is the same modulo two to
// the width.
func unsigned(v *big.Int, width int) *big.Int { return new(big.Int).Mod(v, power(width)) }

func signed(v *big.Int, width int) *big.Int {
	v = unsigned(v, width)
	if v.Bit(width-1) == 1 {
		v.Sub(v, power(width))
	}
	return v
}

// elementOf gives the type of lanes and their size in bytes; a scalar is one lane.
func elementOf(t ir.Type) (ir.Type, int) {
	if t.Kind == ir.Vector {
		return ir.Of(t.Element), 16 / int(t.Lanes)
	}
	return t, interp.SizeOf(t)
}

// meaning gives the result of an op, or that it traps.
func meaning(s *random.Shape, operands []interp.Bits) (result interp.Bits, traps bool) {
	from, size := elementOf(s.Operands[0])
	to, toSize := elementOf(s.Result)
	attribute := func(name string) any {
		for _, a := range s.Attributes {
			if a.Name == name {
				return a.Value
			}
		}
		return nil
	}
	predicate, _ := attribute("predicate").(string)
	var x, y []*big.Int
	x = lanesOf(operands[0], size)
	if len(operands) > 1 {
		_, second := elementOf(s.Operands[1])
		y = lanesOf(operands[1], second)
	}
	if s.Operands[0].Kind != ir.Vector {
		x = x[:1]
	}
	scalar := func(v *big.Int) (interp.Bits, bool) { return joined([]*big.Int{v}, toSize), false }
	number := func(v int) (interp.Bits, bool) { return scalar(big.NewInt(int64(v))) }
	switch s.Code {
	case ir.OpSelect:
		if x[0].Sign() == 0 {
			return operands[2], false
		}
		return operands[1], false
	case ir.OpSplat:
		return joined(slices.Repeat(x, 16/toSize), toSize), false
	case ir.OpVectorSwizzle:
		for i := range y {
			y[i] = append(slices.Clone(lanesOf(operands[0], 1)), slices.Repeat([]*big.Int{{}}, 240)...)[y[i].Int64()]
		}
		return joined(y, 1), false
	case ir.OpVectorBitmask:
		mask := new(big.Int)
		for i, lane := range x {
			mask.SetBit(mask, i, lane.Bit(8*size-1))
		}
		return scalar(mask)
	case ir.OpVectorAnyTrue:
		return number(map[bool]int{true: 1}[slices.ContainsFunc(x, func(v *big.Int) bool { return v.Sign() != 0 })])
	case ir.OpVectorExtractLane:
		return scalar(signed(x[attribute("lane").(int64)], 8*size))
	case ir.OpVectorExtendLow, ir.OpVectorExtendHigh:
		half := x[:len(x)/2]
		if s.Code == ir.OpVectorExtendHigh {
			half = x[len(x)/2:]
		}
		for i := range half {
			half[i] = signed(half[i], 8*size)
		}
		return joined(half, toSize), false
	case ir.OpVectorNarrow:
		all := slices.Concat(x, y)
		most := new(big.Int).Sub(power(8*toSize-1), big.NewInt(1))
		least := new(big.Int).Neg(power(8*toSize - 1))
		for i, v := range all {
			if all[i] = signed(v, 8*size); all[i].Cmp(most) > 0 {
				all[i] = most
			} else if all[i].Cmp(least) < 0 {
				all[i] = least
			}
		}
		return joined(all, toSize), false
	case ir.OpMultiplyWideS:
		return scalar(new(big.Int).Mul(signed(x[0], 64), signed(y[0], 64)))
	case ir.OpMultiplyWideU:
		return scalar(new(big.Int).Mul(x[0], y[0]))
	case ir.OpPair:
		return scalar(new(big.Int).Add(x[0], new(big.Int).Mul(y[0], power(64))))
	case ir.OpHighHalf:
		return scalar(new(big.Int).Div(x[0], power(64)))
	case ir.OpExtendS:
		return scalar(signed(x[0], 8*size))
	case ir.OpExtendU, ir.OpWrap, ir.OpReinterpret:
		return scalar(x[0])
	case ir.OpIntToFloat:
		exact := new(big.Float).SetInt(signed(x[0], 8*size))
		if to.Kind == ir.F32 {
			v, _ := exact.Float32()
			return interp.Word(uint64(math.Float32bits(v))), false
		}
		v, _ := exact.Float64()
		return interp.FromFloat64(to, v), false
	case ir.OpFloatToInt:
		return scalar(nearest(operands[0].Float64(from), 8*toSize))
	case ir.OpFloatConvert:
		return interp.FromFloat64(to, operands[0].Float64(from)), false
	default: // goes by lanes
	}
	if s.Code == ir.OpCompare || s.Code == ir.OpFloatCompare {
		return number(map[bool]int{true: 1}[compared(predicate, from, size, x[0], y[0])])
	}
	for i := range x {
		var lane *big.Int
		switch {
		case s.Code == ir.OpVectorCompare:
			lane = new(big.Int)
			if compared(predicate, from, size, x[i], y[i]) {
				lane = big.NewInt(-1)
			}
		case from.IsFloat():
			lane = floatLane(s.Code, from, x[i], y, i)
		default:
			if lane = integerLane(s.Code, 8*size, x[i], y, i); lane == nil {
				return interp.Bits{}, true
			}
		}
		x[i] = lane
	}
	return joined(x, size), false
}

// nearest drops the fraction of a float and keeps within a width.
func nearest(v float64, width int) *big.Int {
	if math.IsNaN(v) {
		return new(big.Int)
	}
	most := new(big.Int).Sub(power(width-1), big.NewInt(1))
	least := new(big.Int).Neg(power(width - 1))
	if math.IsInf(v, 1) {
		return most
	}
	if math.IsInf(v, -1) {
		return least
	}
	whole, _ := big.NewFloat(v).Int(nil)
	if whole.Cmp(most) > 0 {
		return most
	}
	if whole.Cmp(least) < 0 {
		return least
	}
	return whole
}

func asFloat(t ir.Type, v *big.Int) float64 { return interp.Word(v.Uint64()).Float64(t) }

func compared(predicate string, t ir.Type, size int, a, b *big.Int) bool {
	order := 0
	if t.IsFloat() {
		x, y := asFloat(t, a), asFloat(t, b)
		if math.IsNaN(x) || math.IsNaN(y) {
			return predicate == "ne"
		}
		order = big.NewFloat(x).Cmp(big.NewFloat(y))
	} else {
		if !strings.HasSuffix(predicate, "_u") {
			a, b = signed(a, 8*size), signed(b, 8*size)
		}
		order = a.Cmp(b)
	}
	return slices.Contains(map[string][]int{"eq": {0}, "ne": {-1, 1}, "lt": {-1}, "le": {-1, 0}, "gt": {1}, "ge": {0, 1}}[predicate[:2]], order)
}

// integerLane computes with integers; nil is a trap.
func integerLane(code ir.Opcode, width int, a *big.Int, list []*big.Int, i int) *big.Int {
	result := new(big.Int)
	var b *big.Int
	shift := uint(0)
	if list != nil {
		b = list[i]
		shift = uint(new(big.Int).Mod(b, big.NewInt(int64(width))).Uint64())
	}
	switch code {
	case ir.OpIntegerAdd, ir.OpVectorAdd:
		return result.Add(a, b)
	case ir.OpIntegerSub, ir.OpVectorSub:
		return result.Sub(a, b)
	case ir.OpIntegerMul, ir.OpVectorMul:
		return result.Mul(a, b)
	case ir.OpIntegerAnd, ir.OpVectorAnd:
		return result.And(a, b)
	case ir.OpIntegerOr, ir.OpVectorOr:
		return result.Or(a, b)
	case ir.OpIntegerXor, ir.OpVectorXor:
		return result.Xor(a, b)
	case ir.OpVectorNot:
		return result.Not(a)
	case ir.OpShiftLeft:
		return result.Lsh(a, shift)
	case ir.OpShiftRightU:
		return result.Rsh(a, shift)
	case ir.OpShiftRightS:
		return result.Rsh(signed(a, width), shift)
	case ir.OpRotateLeft:
		return result.Or(new(big.Int).Lsh(a, shift), new(big.Int).Rsh(a, uint(width)-shift))
	case ir.OpIntegerDivU, ir.OpIntegerRemU:
		if b.Sign() == 0 {
			return nil
		}
		quotient, remainder := new(big.Int).QuoRem(a, b, new(big.Int))
		if code == ir.OpIntegerDivU {
			return quotient
		}
		return remainder
	case ir.OpIntegerDivS, ir.OpIntegerRemS:
		if b.Sign() == 0 {
			return nil
		}
		quotient, remainder := new(big.Int).QuoRem(signed(a, width), signed(b, width), new(big.Int))
		if code == ir.OpIntegerRemS {
			return remainder
		}
		if quotient.Cmp(power(width-1)) == 0 {
			return nil
		}
		return quotient
	case ir.OpCountLeadingZeros:
		return result.SetInt64(int64(width - a.BitLen()))
	case ir.OpCountTrailingZeros:
		if a.Sign() == 0 {
			return result.SetInt64(int64(width))
		}
		return result.SetInt64(int64(a.TrailingZeroBits()))
	case ir.OpPopulationCount:
		return result.SetInt64(int64(strings.Count(a.Text(2), "1")))
	default:
		panic("BUG: no meaning of " + code.String())
	}
}

// floatLane computes with floats; those of f32 by the arithmetic of f32.
func floatLane(code ir.Opcode, t ir.Type, a *big.Int, list []*big.Int, i int) *big.Int {
	x, y := asFloat(t, a), 0.0
	if list != nil {
		y = asFloat(t, list[i])
	}
	single := t.Kind == ir.F32
	var v float64
	switch code {
	case ir.OpFloatAdd, ir.OpVectorAdd:
		if v = x + y; single {
			v = float64(float32(x) + float32(y))
		}
	case ir.OpFloatSub, ir.OpVectorSub:
		if v = x - y; single {
			v = float64(float32(x) - float32(y))
		}
	case ir.OpFloatMul, ir.OpVectorMul:
		if v = x * y; single {
			v = float64(float32(x) * float32(y))
		}
	case ir.OpFloatDiv:
		if v = x / y; single {
			v = float64(float32(x) / float32(y))
		}
	case ir.OpFloatNeg:
		v = math.Copysign(x, -math.Copysign(1, x))
	case ir.OpFloatAbs:
		v = math.Copysign(x, 1)
	case ir.OpFloatSqrt:
		v = root(x)
	case ir.OpFloatRound:
		v = math.Copysign(x-math.Remainder(x, 1), x)
		if math.IsInf(x, 0) || x == 0 {
			v = x
		}
	default:
		panic("BUG: no meaning of " + code.String())
	}
	return new(big.Int).SetUint64(interp.FromFloat64(t, v).Low)
}

// root is the square root, by that of big floats.
func root(x float64) float64 {
	if math.IsNaN(x) || x < 0 {
		return math.NaN()
	}
	if x == 0 || math.IsInf(x, 1) {
		return x
	}
	v, _ := new(big.Float).Sqrt(new(big.Float).SetPrec(200).SetFloat64(x)).Float64()
	return v
}
