package kernels

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/ir"
)

// drawInteger draws integers near the ends of all widths, and others.
func drawInteger(t *rapid.T, name string) *big.Int {
	v := new(big.Int).Lsh(big.NewInt(1), uint(rapid.IntRange(0, 130).Draw(t, name+" bits")))
	v.Add(v, big.NewInt(rapid.Int64Range(-3, 3).Draw(t, name+" offset")))
	if rapid.Bool().Draw(t, name+" by value") {
		v = big.NewInt(rapid.Int64().Draw(t, name))
	}
	if rapid.Bool().Draw(t, name+" negated") {
		v.Neg(v)
	}
	return v
}

// drawBounds draws an interval and a value in it.
func drawBounds(t *rapid.T, name string) (*bounds, *big.Int) {
	low, high := drawInteger(t, name+" low"), drawInteger(t, name+" high")
	if low.Cmp(high) > 0 {
		low, high = high, low
	}
	span := new(big.Int).Sub(high, low)
	var value *big.Int
	switch rapid.IntRange(0, 3).Draw(t, name+" place") {
	case 0:
		value = new(big.Int).Set(low)
	case 1:
		value = new(big.Int).Set(high)
	default:
		share := big.NewInt(rapid.Int64Range(0, 1<<20).Draw(t, name+" share"))
		value = new(big.Int).Mul(span, share)
		value.Rsh(value, 20).Add(value, low)
	}
	return newBounds(low, high), value
}

func (b *bounds) has(v *big.Int) bool { return newBounds(v, v).within(b) }

// Whatever values are in two intervals, what is computed of them is in the interval
// that is computed of the two; and its ends are reached.
func TestBoundsEncloseResults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, x := drawBounds(t, "b")
		c, y := drawBounds(t, "c")
		for _, test := range []struct {
			name   string
			bounds *bounds
			value  *big.Int
		}{
			{"add", b.add(c), new(big.Int).Add(x, y)},
			{"add of the negated", b.add(c.negate()), new(big.Int).Sub(x, y)},
			{"negate", b.negate(), new(big.Int).Neg(x)},
			{"multiply", b.multiply(c), new(big.Int).Mul(x, y)},
			{"square", b.multiply(b), new(big.Int).Mul(x, x)},
			{"union left", b.union(c), x},
			{"union right", b.union(c), y},
			{"magnitude", newBounds(big.NewInt(0), b.magnitude()), new(big.Int).Abs(x)},
		} {
			if !test.bounds.has(test.value) {
				t.Errorf("%s: %v is outside of [%v, %v]", test.name, test.value, test.bounds.low, test.bounds.high)
			}
		}
		if c.has(x) && !b.intersect(c).has(x) {
			t.Errorf("intersect: %v is in both and not in [%v, %v]", x, b.intersect(c).low, b.intersect(c).high)
		}
		if both := b.intersect(c); both.low.Cmp(both.high) > 0 {
			t.Errorf("intersect: [%v, %v] is empty", both.low, both.high)
		}
		if sum := b.add(c); sum.low.Cmp(new(big.Int).Add(b.low, c.low)) != 0 || sum.high.Cmp(new(big.Int).Add(b.high, c.high)) != 0 {
			t.Errorf("add: [%v, %v] is wider than it must be", sum.low, sum.high)
		}
		if b.within64() != b.within(boundsBits(64)) {
			t.Errorf("within64 of [%v, %v]: %v", b.low, b.high, b.within64())
		}
		if b.within128() && !b.within(boundsBits(128)) {
			t.Errorf("within128 of [%v, %v]", b.low, b.high)
		}
		if n, ok := b.size(1000); ok != (new(big.Int).Sub(b.high, b.low).Cmp(big.NewInt(999)) <= 0) || ok && n != new(big.Int).Sub(b.high, b.low).Int64()+1 {
			t.Errorf("size of [%v, %v]: %d, %v", b.low, b.high, n, ok)
		}
	})
}

// A literal is in the bounds of its class, and in no smaller class.
func TestLiteralBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawInteger(t, "v")
		wide, ok := ir.Int128FromBig(v)
		if !ok {
			return
		}
		bits := literalBits(wide)
		if !boundsBits(uint(bits)).has(v) {
			t.Errorf("%v is not within %d bits", v, bits)
		}
		if bits > 8 && boundsBits(uint(bits/2)).has(v) {
			t.Errorf("%v is within %d bits, not only %d", v, bits/2, bits)
		}
	})
}

// Bounds of types hold the least and greatest value.
func TestTypeBounds(t *testing.T) {
	for _, test := range []struct {
		t         ir.Type
		low, high string
	}{
		{ir.Of(ir.Bool), "0", "1"},
		{ir.Of(ir.I8), "-128", "127"},
		{ir.Of(ir.I32), "-2147483648", "2147483647"},
		{ir.Of(ir.Date), "-2147483648", "2147483647"},
		{ir.Of(ir.I128), "-170141183460469231731687303715884105728", "170141183460469231731687303715884105727"},
		{ir.DecimalType(4, 2), "-9999", "9999"},
		{ir.DecimalType(38, 0), "-99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
	} {
		b := typeBounds(test.t)
		if b.low.String() != test.low || b.high.String() != test.high {
			t.Errorf("%s: [%v, %v], want [%s, %s]", test.t, b.low, b.high, test.low, test.high)
		}
	}
	if b := typeBounds(ir.Of(ir.String)); b != nil {
		t.Errorf("a string has bounds %v", b)
	}
}
