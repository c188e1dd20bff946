package kernels

import (
	"math/big"

	"github.com/heddle-lang/heddle/ir"
)

// bounds is a closed interval of integers (decimals: unscaled) that holds a value for
// sure. nil means the type has no such bounds.
type bounds struct{ low, high *big.Int }

func newBounds(low, high *big.Int) *bounds { return &bounds{low, high} }

func boundsInt64(low, high int64) *bounds { return &bounds{big.NewInt(low), big.NewInt(high)} }

// boundsBits is what a signed integer of so many bits can hold.
func boundsBits(bits uint) *bounds {
	high := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &bounds{new(big.Int).Neg(high), new(big.Int).Sub(high, big.NewInt(1))}
}

var powers = func() (p [77]*big.Int) {
	p[0] = big.NewInt(1)
	for i := 1; i < len(p); i++ {
		p[i] = new(big.Int).Mul(p[i-1], big.NewInt(10))
	}
	return p
}()

// power10 gives 10^n for n up to 76.
func power10(n int) *big.Int { return powers[n] }

func power10Int128(n int) ir.Int128 {
	v, ok := ir.Int128FromBig(power10(n))
	if !ok {
		panic("BUG: a power of ten beyond 128 bits")
	}
	return v
}

// typeBounds is what the type itself promises.
func typeBounds(t ir.Type) *bounds {
	switch t.Kind {
	case ir.Bool:
		return boundsInt64(0, 1)
	case ir.I8:
		return boundsBits(8)
	case ir.I16:
		return boundsBits(16)
	case ir.I32, ir.Date:
		return boundsBits(32)
	case ir.I64, ir.Time, ir.Timestamp, ir.TimestampTZ:
		return boundsBits(64)
	case ir.I128:
		return boundsBits(128)
	case ir.Decimal:
		high := new(big.Int).Sub(power10(int(t.Precision)), big.NewInt(1))
		return &bounds{new(big.Int).Neg(high), high}
	default:
		return nil
	}
}

func (b *bounds) within(c *bounds) bool {
	return b.low.Cmp(c.low) >= 0 && b.high.Cmp(c.high) <= 0
}

// intersect narrows b by c; the result is never empty (c wins nothing where they are
// disjoint: then a check has failed before).
func (b *bounds) intersect(c *bounds) *bounds {
	low, high := b.low, b.high
	if c.low.Cmp(low) > 0 {
		low = c.low
	}
	if c.high.Cmp(high) < 0 {
		high = c.high
	}
	if low.Cmp(high) > 0 {
		return c
	}
	return &bounds{low, high}
}

func (b *bounds) union(c *bounds) *bounds {
	low, high := b.low, b.high
	if c.low.Cmp(low) < 0 {
		low = c.low
	}
	if c.high.Cmp(high) > 0 {
		high = c.high
	}
	return &bounds{low, high}
}

func (b *bounds) add(c *bounds) *bounds {
	return &bounds{new(big.Int).Add(b.low, c.low), new(big.Int).Add(b.high, c.high)}
}

func (b *bounds) negate() *bounds {
	return &bounds{new(big.Int).Neg(b.high), new(big.Int).Neg(b.low)}
}

func (b *bounds) multiply(c *bounds) *bounds {
	var result *bounds
	for _, x := range []*big.Int{b.low, b.high} {
		for _, y := range []*big.Int{c.low, c.high} {
			p := new(big.Int).Mul(x, y)
			if result == nil {
				result = &bounds{p, p}
				continue
			}
			result = result.union(&bounds{p, p})
		}
	}
	return result
}

// magnitude is the largest absolute value.
func (b *bounds) magnitude() *big.Int {
	low, high := new(big.Int).Abs(b.low), new(big.Int).Abs(b.high)
	if low.Cmp(high) > 0 {
		return low
	}
	return high
}

// within64 reports whether all values fit 64 bits.
func (b *bounds) within64() bool { return b.low.IsInt64() && b.high.IsInt64() }

// within128 reports whether all values fit 128 bits.
func (b *bounds) within128() bool { return b.low.BitLen() < 128 && b.high.BitLen() < 128 }

// size is the number of values, and whether it is at most limit.
func (b *bounds) size(limit int64) (int64, bool) {
	n := new(big.Int).Sub(b.high, b.low)
	n.Add(n, big.NewInt(1))
	if !n.IsInt64() || n.Int64() > limit {
		return 0, false
	}
	return n.Int64(), true
}

// literalBits is the class of a literal: 8, 16, 32, 64 or 128 bits hold it. Code
// depends on the class alone.
func literalBits(v ir.Int128) int {
	b := v.Big()
	for _, bits := range []int{8, 16, 32, 64} {
		if (&bounds{b, b}).within(boundsBits(uint(bits))) {
			return bits
		}
	}
	return 128
}
