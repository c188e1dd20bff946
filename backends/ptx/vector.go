package ptx

import (
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/heddle-lang/heddle/ir"
)

// A GPU has no vector registers: a vector of 128 bits is an i128 here, that is two
// registers of 64 bits. What the library's string functions use most, sums, comparisons
// and masks of short lanes, works on all lanes of a half at once (Warren, Hacker's
// Delight, 2-18); the rest goes lane by lane.

// spread is a half with a pattern in each of its lanes.
func spread(pattern uint64, width int) *constant.Int {
	x := uint64(0)
	for at := 0; at < 64; at += width {
		x |= pattern << at
	}
	return long(int64(x))
}

func topBits(width int) *constant.Int { return spread(1<<(width-1), width) }

func lowBits(width int) *constant.Int { return spread(1<<(width-1)-1, width) }

func vectorBits(k *kernel, op *ir.Op, a []value.Value) value.Value {
	switch op.Code {
	case ir.OpVectorAnd:
		return k.block.NewAnd(a[0], a[1])
	case ir.OpVectorOr:
		return k.block.NewOr(a[0], a[1])
	default:
		return k.block.NewXor(a[0], a[1])
	}
}

func vectorNot(k *kernel, _ *ir.Op, a []value.Value) value.Value {
	return k.block.NewXor(a[0], constantLike(a[0], -1))
}

// halves does the same to both halves of two vectors.
func (k *kernel) halves(x, y value.Value, do func(x, y value.Value) value.Value) value.Value {
	low := do(k.low(x), k.low(y))
	return k.pair(low, do(k.high(x), k.high(y)))
}

// lanes takes a vector apart, into floats or into integers of the lanes' width.
func (k *kernel) lanes(x value.Value, l lane) []value.Value {
	list := make([]value.Value, 0, l.count())
	t := types.NewInt(uint64(l.width))
	for _, half := range []value.Value{k.low(x), k.high(x)} {
		for at := 0; at < 64; at += l.width {
			part := half
			if at > 0 {
				part = k.block.NewLShr(half, long(int64(at)))
			}
			part = k.truncate(part, t)
			if l.float {
				part = k.block.NewBitCast(part, l.scalar().llvm())
			}
			list = append(list, part)
		}
	}
	return list
}

// joined is the reverse of lanes.
func (k *kernel) joined(list []value.Value, l lane) value.Value {
	halves := [2]value.Value{}
	perHalf := 64 / l.width
	for i, x := range list {
		if l.float {
			x = k.block.NewBitCast(x, types.NewInt(uint64(l.width)))
		}
		if l.width < 64 {
			x = k.block.NewZExt(x, types.I64)
		}
		if at := i % perHalf; at > 0 {
			x = k.block.NewOr(halves[i/perHalf], k.block.NewShl(x, long(int64(at*l.width))))
		}
		halves[i/perHalf] = x
	}
	return k.pair(halves[0], halves[1])
}

func splat(k *kernel, op *ir.Op, a []value.Value) value.Value {
	l, x := laneOf(op.Results[0].Type), a[0]
	if l.float {
		x = k.block.NewBitCast(x, l.scalar().integer())
	}
	if l.width < 64 {
		one := k.block.NewZExt(k.truncate(x, types.NewInt(uint64(l.width))), types.I64)
		x = k.block.NewMul(one, spread(1, l.width))
	}
	return k.pair(x, x)
}

// vectorSum adds or subtracts without carries between lanes: the top bits are taken out
// and put back.
func vectorSum(k *kernel, op *ir.Op, a []value.Value) value.Value {
	l := laneOf(op.Results[0].Type)
	subtract := op.Code == ir.OpVectorSub
	if l.float {
		return k.byLanes(a[0], a[1], l, func(x, y value.Value) value.Value {
			if subtract {
				return k.block.NewFSub(x, y)
			}
			return k.block.NewFAdd(x, y)
		})
	}
	return k.halves(a[0], a[1], func(x, y value.Value) value.Value {
		switch {
		case subtract:
			return k.difference(x, y, l.width)
		case l.width == 64:
			return k.block.NewAdd(x, y)
		default:
			sum := k.block.NewAdd(k.block.NewAnd(x, lowBits(l.width)), k.block.NewAnd(y, lowBits(l.width)))
			return k.block.NewXor(sum, k.block.NewAnd(k.block.NewXor(x, y), topBits(l.width)))
		}
	})
}

// difference subtracts the lanes of halves.
func (k *kernel) difference(x, y value.Value, width int) value.Value {
	if width == 64 {
		return k.block.NewSub(x, y)
	}
	d := k.block.NewSub(k.block.NewOr(x, topBits(width)), k.block.NewAnd(y, lowBits(width)))
	equal := k.block.NewXor(k.block.NewXor(x, y), long(-1))
	return k.block.NewXor(d, k.block.NewAnd(equal, topBits(width)))
}

// byLanes does the same to the lanes of two vectors, one pair after the other.
func (k *kernel) byLanes(x, y value.Value, l lane, do func(x, y value.Value) value.Value) value.Value {
	first, second := k.lanes(x, l), k.lanes(y, l)
	for i := range first {
		first[i] = do(first[i], second[i])
	}
	return k.joined(first, l)
}

func vectorProduct(k *kernel, op *ir.Op, a []value.Value) value.Value {
	l := laneOf(op.Results[0].Type)
	return k.byLanes(a[0], a[1], l, func(x, y value.Value) value.Value {
		if l.float {
			return k.block.NewFMul(x, y)
		}
		return k.block.NewMul(x, y)
	})
}

// vectorComparison gives lanes of ones or zeros.
func vectorComparison(k *kernel, op *ir.Op, a []value.Value) value.Value {
	l, name := laneOf(op.Operands[0].Type), ir.AttributeAs[string](op, "predicate")
	switch {
	case l.float:
		first, second := k.lanes(a[0], l), k.lanes(a[1], l)
		for i := range first {
			holds := k.block.NewFCmp(floatPredicates[name], first[i], second[i])
			first[i] = k.block.NewSExt(holds, types.NewInt(uint64(l.width)))
		}
		return k.joined(first, lane{width: l.width})
	case l.width == 64:
		return k.halves(a[0], a[1], func(x, y value.Value) value.Value {
			return k.block.NewSExt(k.block.NewICmp(predicates[name], x, y), types.I64)
		})
	default:
		return k.halves(a[0], a[1], func(x, y value.Value) value.Value { return k.compareLanes(predicates[name], x, y, l.width) })
	}
}

// compareLanes compares the lanes of halves that are shorter than 64 bits.
func (k *kernel) compareLanes(predicate enum.IPred, x, y value.Value, width int) value.Value {
	b, top := k.block, topBits(width)
	not := func(x value.Value) value.Value { return b.NewXor(x, long(-1)) }
	var holds value.Value // in the top bit of each lane
	switch predicate {
	case enum.IPredEQ, enum.IPredNE:
		z := b.NewXor(x, y)
		holds = b.NewOr(b.NewAdd(b.NewAnd(z, lowBits(width)), lowBits(width)), z) // where lanes differ
		if predicate == enum.IPredEQ {
			holds = not(holds)
		}
	default:
		switch predicate {
		case enum.IPredSLT, enum.IPredSLE, enum.IPredSGT, enum.IPredSGE: // as unsigned, with the sign turned
			x, y = b.NewXor(x, top), b.NewXor(y, top)
		default: // is unsigned
		}
		switch predicate {
		case enum.IPredSGT, enum.IPredUGT, enum.IPredSLE, enum.IPredULE:
			x, y = y, x
		default: // asks whether x is less
		}
		// The borrow of x - y: where x is less.
		differ := b.NewXor(x, y)
		borrow := b.NewAnd(not(x), y)
		holds = b.NewOr(borrow, b.NewAnd(not(differ), k.difference(x, y, width)))
		switch predicate {
		case enum.IPredSLE, enum.IPredULE, enum.IPredSGE, enum.IPredUGE:
			holds = not(holds)
		default: // is strict
		}
	}
	holds = b.NewAnd(holds, top)
	return b.NewSub(b.NewShl(holds, long(1)), b.NewLShr(holds, long(int64(width-1))))
}

// vectorNarrow halves the width of lanes, saturated as signed.
func vectorNarrow(k *kernel, op *ir.Op, a []value.Value) value.Value {
	from, to := laneOf(op.Operands[0].Type), laneOf(op.Results[0].Type)
	list := append(k.lanes(a[0], from), k.lanes(a[1], from)...)
	least, most := int64(-1)<<(to.width-1), int64(1)<<(to.width-1)-1
	for i, x := range list {
		x = k.block.NewSelect(k.block.NewICmp(enum.IPredSLT, x, constantLike(x, least)), constantLike(x, least), x)
		x = k.block.NewSelect(k.block.NewICmp(enum.IPredSGT, x, constantLike(x, most)), constantLike(x, most), x)
		list[i] = k.block.NewTrunc(x, types.NewInt(uint64(to.width)))
	}
	return k.joined(list, to)
}

func vectorExtend(k *kernel, op *ir.Op, a []value.Value) value.Value {
	from, to := laneOf(op.Operands[0].Type), laneOf(op.Results[0].Type)
	list := k.lanes(a[0], from)[:to.count()]
	if op.Code == ir.OpVectorExtendHigh {
		list = k.lanes(a[0], from)[to.count():]
	}
	for i, x := range list {
		list[i] = k.block.NewSExt(x, types.NewInt(uint64(to.width)))
	}
	return k.joined(list, to)
}

// vectorBitmask moves the top bits of a half's lanes together by one multiplication:
// each goes to its own place, and none meets another.
func vectorBitmask(k *kernel, op *ir.Op, a []value.Value) value.Value {
	l := laneOf(op.Operands[0].Type)
	perHalf := 64 / l.width
	multiplier := uint64(0)
	for i := range perHalf { // from bit i*width + width-1 to bit 64-perHalf+i
		multiplier |= 1 << (64 - perHalf + i - (i*l.width + l.width - 1))
	}
	gather := func(half value.Value) value.Value {
		product := k.block.NewMul(k.block.NewAnd(half, topBits(l.width)), long(int64(multiplier)))
		return k.truncate(k.block.NewLShr(product, long(int64(64-perHalf))), types.I32)
	}
	return k.block.NewOr(gather(k.low(a[0])), k.block.NewShl(gather(k.high(a[0])), word(int64(perHalf))))
}

func vectorAnyTrue(k *kernel, _ *ir.Op, a []value.Value) value.Value {
	return k.truth(k.block.NewICmp(enum.IPredNE, a[0], constantLike(a[0], 0)))
}

func vectorExtract(k *kernel, op *ir.Op, a []value.Value) value.Value {
	l := laneOf(op.Operands[0].Type)
	x := k.lanes(a[0], l)[ir.AttributeAs[int64](op, "lane")]
	if l.width < 32 {
		return k.block.NewSExt(x, types.I32)
	}
	return x
}

// vectorSwizzle chooses byte by byte: the half by bit 3 of the index, the byte by the
// others.
func vectorSwizzle(k *kernel, _ *ir.Op, a []value.Value) value.Value {
	bytes := lane{width: 8}
	low, high := k.low(a[0]), k.high(a[0])
	list := k.lanes(a[1], bytes)
	for i, x := range list {
		index := k.block.NewZExt(x, types.I64)
		upper := k.block.NewICmp(enum.IPredUGT, index, long(7))
		by := k.block.NewShl(k.block.NewAnd(index, long(7)), long(3))
		chosen := k.block.NewTrunc(k.block.NewLShr(k.block.NewSelect(upper, high, low), by), types.I8)
		none := k.block.NewICmp(enum.IPredUGT, index, long(15))
		list[i] = k.block.NewSelect(none, constant.NewInt(types.I8, 0), chosen)
	}
	return k.joined(list, bytes)
}
