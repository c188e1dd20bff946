package wasm_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
)

// bits128 is the value of any kern type: integers in two's complement (i32 and i64
// zero-extended), floats as their bits, vectors in the order of memory.
type bits128 struct{ low, high uint64 }

// opCase is an op at certain types, with its meaning in Go.
type opCase struct {
	name       string
	code       ir.Opcode
	attributes []ir.Attribute
	operands   []ir.Type
	result     ir.Type
	meaning    func(a []bits128) bits128
	trapsOn    func(a []bits128) bool // nil: never
}

func (c *opCase) build(k *kernel, operands []*ir.Value) *ir.Value {
	return k.one(c.code, operands, c.attributes...)
}

func word(v uint64) bits128 { return bits128{low: v} }

func truth(b bool) bits128 {
	if b {
		return bits128{low: 1}
	}
	return bits128{}
}

// signed reads an integer of some bits with its sign.
func signed(v uint64, width int) int64 { return int64(v<<(64-width)) >> (64 - width) }

func masked(v uint64, width int) uint64 { return v << (64 - width) >> (64 - width) }

func toBig(v bits128) *big.Int { return ir.Int128{High: int64(v.high), Low: v.low}.Big() }

var two128 = new(big.Int).Lsh(big.NewInt(1), 128)

func fromBig(b *big.Int) bits128 {
	b = new(big.Int).Mod(b, two128)
	var high big.Int
	high.Rsh(b, 64)
	return bits128{low: new(big.Int).And(b, new(big.Int).SetUint64(math.MaxUint64)).Uint64(), high: high.Uint64()}
}

func attributeType(t ir.Type) []ir.Attribute { return []ir.Attribute{ir.Attr("type", t)} }

// compareOrder gives the meaning of a predicate for three-way comparisons.
func compareOrder(predicate string, signedOrder, unsignedOrder int) bool {
	order := signedOrder
	if len(predicate) == 4 && predicate[3] == 'u' {
		order = unsignedOrder
	}
	switch predicate[:2] {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "lt":
		return order < 0
	case "le":
		return order <= 0
	case "gt":
		return order > 0
	default:
		return order >= 0
	}
}

func order[T int64 | uint64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// opCases lists every pure op at every type that it takes.
func opCases() []opCase {
	var list []opCase
	add := func(code ir.Opcode, operands []ir.Type, result ir.Type, meaning func(a []bits128) bits128, attributes ...ir.Attribute) *opCase {
		name := fmt.Sprint(code, operands, result)
		for _, a := range attributes {
			name += fmt.Sprint(" ", a.Value)
		}
		list = append(list, opCase{name: name, code: code, operands: operands, result: result, meaning: meaning, attributes: attributes})
		return &list[len(list)-1]
	}
	addIntegers(add)
	addWide(add)
	addConversions(add)
	addFloats(add)
	addVectors(add)
	return list
}

type adder func(code ir.Opcode, operands []ir.Type, result ir.Type, meaning func(a []bits128) bits128, attributes ...ir.Attribute) *opCase

var integerPredicates = []string{"eq", "ne", "lt_s", "le_s", "gt_s", "ge_s", "lt_u", "le_u", "gt_u", "ge_u"}

func addIntegers(add adder) {
	for _, t := range []ir.Type{i32T, i64T} {
		width := 64
		if t.Kind == ir.I32 {
			width = 32
		}
		s := func(v bits128) int64 { return signed(v.low, width) }
		for code, meaning := range map[ir.Opcode]func(a, b uint64) uint64{
			ir.OpIntegerAdd:  func(a, b uint64) uint64 { return a + b },
			ir.OpIntegerSub:  func(a, b uint64) uint64 { return a - b },
			ir.OpIntegerMul:  func(a, b uint64) uint64 { return a * b },
			ir.OpIntegerAnd:  func(a, b uint64) uint64 { return a & b },
			ir.OpIntegerOr:   func(a, b uint64) uint64 { return a | b },
			ir.OpIntegerXor:  func(a, b uint64) uint64 { return a ^ b },
			ir.OpShiftLeft:   func(a, b uint64) uint64 { return a << (b % uint64(width)) },
			ir.OpShiftRightU: func(a, b uint64) uint64 { return a >> (b % uint64(width)) },
			ir.OpShiftRightS: func(a, b uint64) uint64 { return uint64(signed(a, width) >> (b % uint64(width))) },
			ir.OpRotateLeft: func(a, b uint64) uint64 {
				if width == 32 {
					return uint64(bits.RotateLeft32(uint32(a), int(b%32)))
				}
				return bits.RotateLeft64(a, int(b%64))
			},
		} {
			add(code, []ir.Type{t, t}, t, func(a []bits128) bits128 { return word(masked(meaning(a[0].low, a[1].low), width)) })
		}
		for code, meaning := range map[ir.Opcode]func(a []bits128) uint64{
			ir.OpIntegerDivS: func(a []bits128) uint64 { return uint64(s(a[0]) / s(a[1])) },
			ir.OpIntegerDivU: func(a []bits128) uint64 { return a[0].low / a[1].low },
			ir.OpIntegerRemS: func(a []bits128) uint64 { return uint64(s(a[0]) % s(a[1])) },
			ir.OpIntegerRemU: func(a []bits128) uint64 { return a[0].low % a[1].low },
		} {
			c := add(code, []ir.Type{t, t}, t, func(a []bits128) bits128 { return word(masked(meaning(a), width)) })
			c.trapsOn = func(a []bits128) bool {
				overflow := code == ir.OpIntegerDivS && s(a[0]) == -1<<(width-1) && s(a[1]) == -1
				return a[1].low == 0 || overflow
			}
		}
		for code, meaning := range map[ir.Opcode]func(a uint64) int{
			ir.OpCountLeadingZeros:  func(a uint64) int { return bits.LeadingZeros64(a) - 64 + width },
			ir.OpCountTrailingZeros: func(a uint64) int { return min(bits.TrailingZeros64(a), width) },
			ir.OpPopulationCount:    bits.OnesCount64,
		} {
			add(code, []ir.Type{t}, t, func(a []bits128) bits128 { return word(uint64(meaning(a[0].low))) })
		}
		for _, p := range integerPredicates {
			add(ir.OpCompare, []ir.Type{t, t}, i32T, func(a []bits128) bits128 {
				return truth(compareOrder(p, order(s(a[0]), s(a[1])), order(a[0].low, a[1].low)))
			}, ir.Attr("predicate", p))
		}
	}
	for _, t := range []ir.Type{i32T, i64T, i128T, f32T, f64T, ir.VectorType(ir.I16, 8)} {
		add(ir.OpSelect, []ir.Type{i32T, t, t}, t, func(a []bits128) bits128 {
			if a[0].low != 0 {
				return a[1]
			}
			return a[2]
		})
	}
}

func addWide(add adder) {
	pairwise := []ir.Type{i128T, i128T}
	add(ir.OpIntegerAdd, pairwise, i128T, func(a []bits128) bits128 { return fromBig(new(big.Int).Add(toBig(a[0]), toBig(a[1]))) })
	add(ir.OpIntegerSub, pairwise, i128T, func(a []bits128) bits128 { return fromBig(new(big.Int).Sub(toBig(a[0]), toBig(a[1]))) })
	add(ir.OpIntegerAnd, pairwise, i128T, func(a []bits128) bits128 { return bits128{a[0].low & a[1].low, a[0].high & a[1].high} })
	add(ir.OpIntegerOr, pairwise, i128T, func(a []bits128) bits128 { return bits128{a[0].low | a[1].low, a[0].high | a[1].high} })
	add(ir.OpIntegerXor, pairwise, i128T, func(a []bits128) bits128 { return bits128{a[0].low ^ a[1].low, a[0].high ^ a[1].high} })
	add(ir.OpMultiplyWideS, []ir.Type{i64T, i64T}, i128T, func(a []bits128) bits128 {
		return fromBig(new(big.Int).Mul(big.NewInt(int64(a[0].low)), big.NewInt(int64(a[1].low))))
	})
	add(ir.OpMultiplyWideU, []ir.Type{i64T, i64T}, i128T, func(a []bits128) bits128 {
		high, low := bits.Mul64(a[0].low, a[1].low)
		return bits128{low, high}
	})
	add(ir.OpPair, []ir.Type{i64T, i64T}, i128T, func(a []bits128) bits128 { return bits128{a[0].low, a[1].low} })
	add(ir.OpHighHalf, []ir.Type{i128T}, i64T, func(a []bits128) bits128 { return word(a[0].high) })
	for _, p := range integerPredicates[:6] {
		add(ir.OpCompare, pairwise, i32T, func(a []bits128) bits128 {
			return truth(compareOrder(p, toBig(a[0]).Cmp(toBig(a[1])), 0))
		}, ir.Attr("predicate", p))
	}
}

func addConversions(add adder) {
	extend := func(from, to ir.Type, width int) {
		add(ir.OpExtendS, []ir.Type{from}, to, func(a []bits128) bits128 {
			v := signed(a[0].low, width)
			if to.Kind == ir.I64 {
				return word(uint64(v))
			}
			return bits128{uint64(v), uint64(v >> 63)}
		}, attributeType(to)...)
		add(ir.OpExtendU, []ir.Type{from}, to, func(a []bits128) bits128 { return a[0] }, attributeType(to)...)
	}
	extend(i32T, i64T, 32)
	extend(i32T, i128T, 32)
	extend(i64T, i128T, 64)
	for _, c := range []struct {
		from, to ir.Type
		width    int
	}{{i128T, i64T, 64}, {i128T, i32T, 32}, {i64T, i32T, 32}, {i64T, addrT, 32}, {addrT, i32T, 32}, {i32T, addrT, 32}} {
		add(ir.OpWrap, []ir.Type{c.from}, c.to, func(a []bits128) bits128 { return word(masked(a[0].low, c.width)) }, attributeType(c.to)...)
	}
	asFloat := func(v float64, t ir.Type) bits128 {
		if t.Kind == ir.F32 {
			return word(uint64(math.Float32bits(float32(v))))
		}
		return word(math.Float64bits(v))
	}
	for _, f := range []ir.Type{f32T, f64T} {
		add(ir.OpIntToFloat, []ir.Type{i32T}, f, func(a []bits128) bits128 { return asFloat(float64(int32(a[0].low)), f) }, attributeType(f)...)
		add(ir.OpIntToFloat, []ir.Type{i64T}, f, func(a []bits128) bits128 {
			if f.Kind == ir.F32 { // not by way of f64, which would round twice
				return word(uint64(math.Float32bits(float32(int64(a[0].low)))))
			}
			return asFloat(float64(int64(a[0].low)), f)
		}, attributeType(f)...)
		for _, i := range []ir.Type{i32T, i64T} {
			add(ir.OpFloatToInt, []ir.Type{f}, i, func(a []bits128) bits128 {
				v, lowest, highest := number(a[0], f), int64(math.MinInt64), int64(math.MaxInt64)
				if i.Kind == ir.I32 {
					lowest, highest = math.MinInt32, math.MaxInt32
				}
				width := 64
				if i.Kind == ir.I32 {
					width = 32
				}
				switch {
				case v != v:
					return word(0)
				case v <= float64(lowest):
					return word(masked(uint64(lowest), width))
				case v >= float64(highest):
					return word(masked(uint64(highest), width))
				default:
					return word(masked(uint64(int64(v)), width))
				}
			}, attributeType(i)...)
		}
	}
	add(ir.OpFloatConvert, []ir.Type{f32T}, f64T, func(a []bits128) bits128 { return asFloat(number(a[0], f32T), f64T) }, attributeType(f64T)...)
	add(ir.OpFloatConvert, []ir.Type{f64T}, f32T, func(a []bits128) bits128 { return asFloat(number(a[0], f64T), f32T) }, attributeType(f32T)...)
	for _, pair := range [][2]ir.Type{{i32T, f32T}, {i64T, f64T}, {f32T, i32T}, {f64T, i64T}} {
		add(ir.OpReinterpret, []ir.Type{pair[0]}, pair[1], func(a []bits128) bits128 { return a[0] }, attributeType(pair[1])...)
	}
}

// number reads a float.
func number(v bits128, t ir.Type) float64 {
	if t.Kind == ir.F32 {
		return float64(math.Float32frombits(uint32(v.low)))
	}
	return math.Float64frombits(v.low)
}

var floatPredicates = []string{"eq", "ne", "lt", "le", "gt", "ge"}

func floatHolds(p string, a, b float64) bool {
	if a != a || b != b {
		return p == "ne"
	}
	return compareOrder(p, order(a, b), 0)
}

func addFloats(add adder) {
	for _, t := range []ir.Type{f32T, f64T} {
		// For f32 the f64 result rounded once more is right for these operations.
		result := func(v float64) bits128 {
			if t.Kind == ir.F32 {
				return word(uint64(math.Float32bits(float32(v))))
			}
			return word(math.Float64bits(v))
		}
		for code, meaning := range map[ir.Opcode]func(a, b float64) float64{
			ir.OpFloatAdd: func(a, b float64) float64 { return a + b },
			ir.OpFloatSub: func(a, b float64) float64 { return a - b },
			ir.OpFloatMul: func(a, b float64) float64 { return a * b },
			ir.OpFloatDiv: func(a, b float64) float64 { return a / b },
		} {
			add(code, []ir.Type{t, t}, t, func(a []bits128) bits128 { return result(meaning(number(a[0], t), number(a[1], t))) })
		}
		for code, meaning := range map[ir.Opcode]func(a float64) float64{
			ir.OpFloatNeg:   func(a float64) float64 { return -a },
			ir.OpFloatAbs:   math.Abs,
			ir.OpFloatSqrt:  math.Sqrt,
			ir.OpFloatRound: math.RoundToEven,
		} {
			add(code, []ir.Type{t}, t, func(a []bits128) bits128 { return result(meaning(number(a[0], t))) })
		}
		for _, p := range floatPredicates {
			add(ir.OpFloatCompare, []ir.Type{t, t}, i32T, func(a []bits128) bits128 {
				return truth(floatHolds(p, number(a[0], t), number(a[1], t)))
			}, ir.Attr("predicate", p))
		}
	}
}

// lanesOf takes a vector apart into lanes of so many bits, and joined is the
// reverse.
func lanesOf(v bits128, width int) []uint64 {
	lanes := make([]uint64, 128/width)
	for i := range lanes {
		half := v.low
		if i*width >= 64 {
			half = v.high
		}
		lanes[i] = masked(half>>(i*width%64), width)
	}
	return lanes
}

func joined(lanes []uint64, width int) (v bits128) {
	for i, lane := range lanes {
		lane = masked(lane, width) << (i * width % 64)
		if i*width >= 64 {
			v.high |= lane
		} else {
			v.low |= lane
		}
	}
	return v
}

func addVectors(add adder) {
	for _, shape := range []struct {
		t, scalar, wider ir.Type
		width            int
	}{
		{ir.VectorType(ir.I8, 16), i32T, ir.VectorType(ir.I16, 8), 8},
		{ir.VectorType(ir.I16, 8), i32T, ir.VectorType(ir.I32, 4), 16},
		{ir.VectorType(ir.I32, 4), i32T, ir.VectorType(ir.I64, 2), 32},
		{ir.VectorType(ir.I64, 2), i64T, ir.Type{}, 64},
	} {
		t, width := shape.t, shape.width
		byLanes := func(code ir.Opcode, meaning func(a, b uint64) uint64, attributes ...ir.Attribute) {
			add(code, []ir.Type{t, t}, t, func(a []bits128) bits128 {
				x, y := lanesOf(a[0], width), lanesOf(a[1], width)
				for i := range x {
					x[i] = meaning(x[i], y[i])
				}
				return joined(x, width)
			}, attributes...)
		}
		byLanes(ir.OpVectorAdd, func(a, b uint64) uint64 { return a + b })
		byLanes(ir.OpVectorSub, func(a, b uint64) uint64 { return a - b })
		if width > 8 {
			byLanes(ir.OpVectorMul, func(a, b uint64) uint64 { return a * b })
		}
		byLanes(ir.OpVectorAnd, func(a, b uint64) uint64 { return a & b })
		byLanes(ir.OpVectorOr, func(a, b uint64) uint64 { return a | b })
		byLanes(ir.OpVectorXor, func(a, b uint64) uint64 { return a ^ b })
		predicates := integerPredicates
		if width == 64 {
			predicates = predicates[:6]
		}
		for _, p := range predicates {
			byLanes(ir.OpVectorCompare, func(a, b uint64) uint64 {
				if compareOrder(p, order(signed(a, width), signed(b, width)), order(a, b)) {
					return math.MaxUint64
				}
				return 0
			}, ir.Attr("predicate", p))
		}
		add(ir.OpVectorNot, []ir.Type{t}, t, func(a []bits128) bits128 { return bits128{^a[0].low, ^a[0].high} })
		add(ir.OpSplat, []ir.Type{shape.scalar}, t, func(a []bits128) bits128 {
			lanes := make([]uint64, 128/width)
			for i := range lanes {
				lanes[i] = a[0].low
			}
			return joined(lanes, width)
		}, attributeType(t)...)
		add(ir.OpVectorBitmask, []ir.Type{t}, i32T, func(a []bits128) (mask bits128) {
			for i, lane := range lanesOf(a[0], width) {
				mask.low |= lane >> (width - 1) << i
			}
			return mask
		})
		add(ir.OpVectorAnyTrue, []ir.Type{t}, i32T, func(a []bits128) bits128 { return truth(a[0] != bits128{}) })
		for _, lane := range []int64{0, int64(128/width) - 1} {
			add(ir.OpVectorExtractLane, []ir.Type{t}, shape.scalar, func(a []bits128) bits128 {
				v := uint64(signed(lanesOf(a[0], width)[lane], width))
				if shape.scalar.Kind == ir.I32 {
					v = masked(v, 32)
				}
				return word(v)
			}, ir.Attr("lane", lane), ir.Attr("type", shape.scalar))
		}
		if shape.wider.Kind == ir.Vector {
			for code, from := range map[ir.Opcode]int{ir.OpVectorExtendLow: 0, ir.OpVectorExtendHigh: 64 / width} {
				add(code, []ir.Type{t}, shape.wider, func(a []bits128) bits128 {
					lanes := lanesOf(a[0], width)[from:][:64/width]
					for i := range lanes {
						lanes[i] = uint64(signed(lanes[i], width))
					}
					return joined(lanes, 2*width)
				}, attributeType(shape.wider)...)
			}
		}
		if width == 8 || width == 16 {
			wide := shape.wider
			add(ir.OpVectorNarrow, []ir.Type{wide, wide}, t, func(a []bits128) bits128 {
				lanes := append(lanesOf(a[0], 2*width), lanesOf(a[1], 2*width)...)
				for i := range lanes {
					limit := int64(1) << (width - 1)
					lanes[i] = uint64(min(max(signed(lanes[i], 2*width), -limit), limit-1))
				}
				return joined(lanes, width)
			}, attributeType(t)...)
		}
	}
	bytes16 := ir.VectorType(ir.I8, 16)
	add(ir.OpVectorSwizzle, []ir.Type{bytes16, bytes16}, bytes16, func(a []bits128) bits128 {
		from, by := lanesOf(a[0], 8), lanesOf(a[1], 8)
		for i := range by {
			if by[i] > 15 {
				by[i] = 0
			} else {
				by[i] = from[by[i]]
			}
		}
		return joined(by, 8)
	})
	for _, t := range []ir.Type{ir.VectorType(ir.F32, 4), ir.VectorType(ir.F64, 2)} {
		scalar, width := ir.Of(t.Element), 128/int(t.Lanes)
		for code, meaning := range map[ir.Opcode]func(a, b float64) float64{
			ir.OpVectorAdd: func(a, b float64) float64 { return a + b },
			ir.OpVectorSub: func(a, b float64) float64 { return a - b },
			ir.OpVectorMul: func(a, b float64) float64 { return a * b },
		} {
			add(code, []ir.Type{t, t}, t, func(a []bits128) bits128 {
				x, y := lanesOf(a[0], width), lanesOf(a[1], width)
				for i := range x {
					v := meaning(number(word(x[i]), scalar), number(word(y[i]), scalar))
					if width == 32 {
						x[i] = uint64(math.Float32bits(float32(v)))
					} else {
						x[i] = math.Float64bits(v)
					}
				}
				return joined(x, width)
			})
		}
		for _, p := range floatPredicates {
			add(ir.OpVectorCompare, []ir.Type{t, t}, t, func(a []bits128) bits128 {
				x, y := lanesOf(a[0], width), lanesOf(a[1], width)
				for i := range x {
					if floatHolds(p, number(word(x[i]), scalar), number(word(y[i]), scalar)) {
						x[i] = math.MaxUint64
					} else {
						x[i] = 0
					}
				}
				return joined(x, width)
			}, ir.Attr("predicate", p))
		}
		add(ir.OpSplat, []ir.Type{scalar}, t, func(a []bits128) bits128 {
			lanes := make([]uint64, t.Lanes)
			for i := range lanes {
				lanes[i] = a[0].low
			}
			return joined(lanes, width)
		}, attributeType(t)...)
		add(ir.OpVectorExtractLane, []ir.Type{t}, scalar, func(a []bits128) bits128 {
			return word(lanesOf(a[0], width)[1])
		}, ir.Attr("lane", int64(1)), ir.Attr("type", scalar))
	}
}

// sameBits compares results; all NaNs of a float type are the same.
func sameBits(a, b bits128, t ir.Type) bool {
	if a == b {
		return true
	}
	lane := t
	width := 128
	switch t.Kind {
	case ir.Vector:
		lane = ir.Of(t.Element)
		width = 128 / int(t.Lanes)
	case ir.F32:
		width = 32
	case ir.F64:
		width = 64
	default: // an integer of up to 128 bits
	}
	if !lane.IsFloat() {
		return false
	}
	x, y := lanesOf(a, width), lanesOf(b, width)
	for i := range x {
		nan := math.IsNaN(number(word(x[i]), lane)) && math.IsNaN(number(word(y[i]), lane))
		if x[i] != y[i] && !nan {
			return false
		}
	}
	return true
}

// sizeOf is the number of bytes of a value in memory.
func sizeOf(t ir.Type) int64 {
	switch t.Kind {
	case ir.I128, ir.Vector:
		return 16
	case ir.I64, ir.F64:
		return 8
	default:
		return 4
	}
}

// interesting gives values of a type near its limits.
func interesting(t ir.Type) []bits128 {
	switch t.Kind {
	case ir.F32, ir.F64:
		var list []bits128
		for _, v := range []float64{0, math.Copysign(0, -1), 1, -1.5, 2.5, 1e10, -3e30, 0.1, math.Inf(1), math.Inf(-1), math.NaN(), 2147483648, -9223372036854775808, 1e-45} {
			if t.Kind == ir.F32 {
				list = append(list, word(uint64(math.Float32bits(float32(v)))))
			} else {
				list = append(list, word(math.Float64bits(v)))
			}
		}
		return list
	case ir.I32, ir.Address:
		var list []bits128
		for _, v := range []uint64{0, 1, 2, 7, 31, 33, 0x7fffffff, 0x80000000, 0xffffffff, 0xdeadbeef} {
			list = append(list, word(v))
		}
		return list
	case ir.I64:
		var list []bits128
		for _, v := range []uint64{0, 1, 3, 63, 65, 0xffffffff, 1 << 32, 1<<63 - 1, 1 << 63, math.MaxUint64, 0x0123456789abcdef} {
			list = append(list, word(v))
		}
		return list
	default:
		ones := uint64(math.MaxUint64)
		return []bits128{
			{},
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
		}
	}
}

func putBits(memory []byte, v bits128) {
	binary.LittleEndian.PutUint64(memory, v.low)
	binary.LittleEndian.PutUint64(memory[8:], v.high)
}

func getBits(memory []byte, t ir.Type) bits128 {
	v := bits128{binary.LittleEndian.Uint64(memory), binary.LittleEndian.Uint64(memory[8:])}
	switch sizeOf(t) {
	case 4:
		return word(masked(v.low, 32))
	case 8:
		return word(v.low)
	}
	return v
}
