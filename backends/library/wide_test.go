package library_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

func powerOfTen(n int) ir.Int128 {
	v, _ := ir.Int128FromBig(ir.PowerOfTen(n))
	return v
}

// integers draws 128-bit integers of all magnitudes, often at a power of two or ten.
func integers() *rapid.Generator[ir.Int128] {
	return rapid.Custom(func(r *rapid.T) ir.Int128 {
		var v ir.Int128
		switch rapid.IntRange(0, 2).Draw(r, "form") {
		case 0:
			v = ir.Int128{High: rapid.Int64().Draw(r, "high"), Low: rapid.Uint64().Draw(r, "low")}
			// Arithmetic shift, so that all magnitudes are as likely.
			n := v.Big()
			n.Rsh(n, uint(rapid.IntRange(0, 127).Draw(r, "shift")))
			v, _ = ir.Int128FromBig(n)
		case 1:
			n := new(big.Int).Lsh(big.NewInt(1), uint(rapid.IntRange(0, 127).Draw(r, "power of two")))
			n.Add(n, big.NewInt(int64(rapid.IntRange(-2, 2).Draw(r, "distance"))))
			if rapid.Bool().Draw(r, "negative") {
				n.Neg(n)
			}
			var ok bool
			if v, ok = ir.Int128FromBig(n); !ok {
				v = ir.Int128{High: math.MinInt64}
			}
		default:
			n := new(big.Int).Set(ir.PowerOfTen(rapid.IntRange(0, 38).Draw(r, "power of ten")))
			n.Add(n, big.NewInt(int64(rapid.IntRange(-2, 2).Draw(r, "distance"))))
			if rapid.Bool().Draw(r, "negative") {
				n.Neg(n)
			}
			v, _ = ir.Int128FromBig(n)
		}
		return v
	})
}

// decimals draws what has at most 38 digits.
func decimals() *rapid.Generator[ir.Int128] {
	return integers().Filter(func(v ir.Int128) bool { return ir.FitsDecimal(v, 38) })
}

func full(n *big.Int) any {
	if v, ok := ir.Int128FromBig(n); ok {
		return v
	}
	if n.Cmp(least) == 0 {
		return ir.Int128{High: math.MinInt64}
	}
	return fails
}

var least = new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 127))

func checked(n *big.Int) any {
	if v, ok := full(n).(ir.Int128); ok && ir.FitsDecimal(v, 38) {
		return v
	}
	return fails
}

func TestArithmetic128(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		check := func(r rapid.TB, name string, want any, args ...any) {
			t.Helper()
			if got := m.outcome(t, name, args...); got != want {
				r.Errorf("%s%v = %v, want %v", name, args, got, want)
			}
		}
		property := func(r *rapid.T) {
			a, b := integers().Draw(r, "a"), integers().Draw(r, "b")
			x, y := a.Big(), b.Big()
			check(r, "i128_add_full", full(new(big.Int).Add(x, y)), a, b, site)
			check(r, "i128_sub_full", full(new(big.Int).Sub(x, y)), a, b, site)
			check(r, "i128_mul_full", full(new(big.Int).Mul(x, y)), a, b, site)
			check(r, "i128_mul_checked", checked(new(big.Int).Mul(x, y)), a, b, site)
			f, _ := new(big.Float).SetInt(x).Float64()
			check(r, "i128_to_f64", f, a)
			if y.Sign() == 0 {
				check(r, "i128_div", failure{1}, a, b, 1, 2)
				check(r, "i128_rem", fails, a, b, site, 2)
			} else {
				check(r, "i128_div", full(new(big.Int).Quo(x, y)), a, b, 1, site)
				check(r, "i128_rem", full(new(big.Int).Rem(x, y)), a, b, 1, site)
			}
			if ir.FitsDecimal(a, 38) && ir.FitsDecimal(b, 38) {
				check(r, "i128_add_checked", checked(new(big.Int).Add(x, y)), a, b, site)
				check(r, "i128_sub_checked", checked(new(big.Int).Sub(x, y)), a, b, site)
			}
			if bound := new(big.Int).Abs(y); bound.IsInt64() {
				want := any(a)
				if new(big.Int).Abs(x).Cmp(bound) > 0 {
					want = fails
				}
				v, _ := ir.Int128FromBig(bound)
				check(r, "decimal_check", want, a, v, site)
			}
		}
		randomly(t, property)
	})
}

func TestArithmetic64(t *testing.T) {
	edges := []int64{math.MinInt64, math.MinInt64 + 1, -3037000500, -2, -1, 0, 1, 2, 3037000499, 3037000500, math.MaxInt64 - 1, math.MaxInt64}
	forEach(t, func(t *testing.T, m *machine) {
		check := func(name string, n *big.Int, a, b int64) {
			want := any(fails)
			if n.IsInt64() {
				want = n.Int64()
			}
			if got := m.outcome(t, name, a, b, site); got != want {
				t.Errorf("%s(%d, %d) = %v, want %v", name, a, b, got, want)
			}
		}
		for _, a := range edges {
			for _, b := range edges {
				x, y := big.NewInt(a), big.NewInt(b)
				check("i64_add_checked", new(big.Int).Add(x, y), a, b)
				check("i64_sub_checked", new(big.Int).Sub(x, y), a, b)
				check("i64_mul_checked", new(big.Int).Mul(x, y), a, b)
			}
		}
	})
}

func TestDecimalScale(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		randomly(t, func(r *rapid.T) {
			a, power := decimals().Draw(r, "a"), rapid.IntRange(0, 38).Draw(r, "power")
			if got, want := m.outcome(t, "decimal_scale_up", a, powerOfTen(power), site), checked(new(big.Int).Mul(a.Big(), ir.PowerOfTen(power))); got != want {
				r.Errorf("%v up by %d: %v, want %v", a.Big(), power, got, want)
			}
			want := checked(ir.DivideHalfAway(a.Big(), ir.PowerOfTen(power)))
			if got := m.outcome(t, "decimal_scale_down", a, powerOfTen(power)); got != want {
				r.Errorf("%v down by %d: %v, want %v", a.Big(), power, got, want)
			}
			if n, ok := a.Int64(); ok && power <= 18 {
				want, _ := want.(ir.Int128).Int64()
				if got := must[int64](t, m, "decimal64_scale_down", n, powerOfTen(power).Big().Int64()); got != want {
					r.Errorf("%v down by %d: %v, want %v", n, power, got, want)
				}
			}
		})
	})
}

func TestDecimalDivision(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		randomly(t, func(r *rapid.T) {
			a, b, power := decimals().Draw(r, "a"), decimals().Draw(r, "b"), rapid.IntRange(0, 38).Draw(r, "power")
			want := any(failure{1})
			if b != (ir.Int128{}) {
				want = checked(ir.DivideHalfAway(new(big.Int).Mul(a.Big(), ir.PowerOfTen(power)), b.Big()))
			}
			if got := m.outcome(t, "decimal_div", a, b, powerOfTen(power), 1, site); got != want {
				r.Errorf("%v * 10^%d / %v = %v, want %v", a.Big(), power, b.Big(), got, want)
			}
		})
	})
}

// Remainders just below the divisor make the estimates of long division too large by
// the most.
func TestDecimalDivisionEstimates(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		randomly(t, func(r *rapid.T) {
			b := new(big.Int).Lsh(big.NewInt(rapid.Int64Range(1<<62, math.MaxInt64).Draw(r, "high")), 64)
			b.Or(b, new(big.Int).SetUint64(rapid.Uint64().Draw(r, "low")))
			b.Rsh(b, uint(rapid.IntRange(1, 62).Draw(r, "shift")))
			a := new(big.Int).Lsh(big.NewInt(1), uint(rapid.IntRange(0, 126-b.BitLen()).Draw(r, "multiple")))
			a.Mul(a, b)
			a.Sub(a, big.NewInt(rapid.Int64Range(1, 1<<30).Draw(r, "distance")))
			x, _ := ir.Int128FromBig(a)
			y, _ := ir.Int128FromBig(b)
			for _, shift := range []uint{64, 70, 100} {
				multiplier := new(big.Int).Lsh(big.NewInt(1), shift)
				want := checked(ir.DivideHalfAway(new(big.Int).Mul(a, multiplier), b))
				z, _ := ir.Int128FromBig(multiplier)
				if got := m.outcome(t, "decimal_div", x, y, z, 1, site); got != want {
					r.Errorf("%v * 2^%d / %v = %v, want %v", a, shift, b, got, want)
				}
			}
		})
	})
}

// floats draws floats of all magnitudes and many near decimals.
func floats() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Map(rapid.Uint64(), math.Float64frombits),
		rapid.Float64(),
		rapid.Custom(func(r *rapid.T) float64 {
			return float64(rapid.Int64Range(-1e9, 1e9).Draw(r, "n")) / math.Pow10(rapid.IntRange(0, 12).Draw(r, "scale"))
		}),
		rapid.Custom(func(r *rapid.T) float64 {
			return math.Ldexp(float64(rapid.Int64().Draw(r, "n")), rapid.IntRange(-250, 80).Draw(r, "exponent"))
		}),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 0.5, 1.5, 2.5, -0.5, 1 << 53, 1 << 63, -1 << 63, 1 << 126, 1 << 127, -1 << 127, 1e38, 9.9e37}),
	)
}

// The casts between floats and exact numbers are those of the interpreter.
func TestFloatCasts(t *testing.T) {
	cast := func(from, to ir.Type, d ir.Datum) any {
		result, err := interp.Cast(from, to, d)
		switch {
		case err != nil:
			return fails
		case to.IsFloat():
			return result.Float
		default:
			return result.Int128()
		}
	}
	forEach(t, func(t *testing.T, m *machine) {
		randomly(t, func(r *rapid.T) {
			f := floats().Draw(r, "f")
			scale := rapid.IntRange(0, 38).Draw(r, "scale")
			precision := rapid.IntRange(max(scale, 1), 38).Draw(r, "precision")
			decimal := ir.DecimalType(precision, scale)
			power, _ := new(big.Float).SetInt(ir.PowerOfTen(scale)).Float64()
			if got, want := m.outcome(t, "f64_to_i128", f, site), cast(ir.Of(ir.F64), ir.Of(ir.I128), ir.FloatDatum(f)); got != want && f != -1<<127 {
				r.Errorf("f64_to_i128(%v) = %v, want %v", f, got, want)
			}
			bound, _ := ir.Int128FromBig(new(big.Int).Sub(ir.PowerOfTen(precision), big.NewInt(1)))
			if got, want := m.outcome(t, "f64_to_decimal", f, power, bound, site), cast(ir.Of(ir.F64), decimal, ir.FloatDatum(f)); got != want {
				r.Errorf("f64_to_decimal(%v, %v) = %v, want %v", f, decimal, got, want)
			}
			v := decimals().Draw(r, "v")
			wide := ir.DecimalType(38, scale)
			if got, want := m.outcome(t, "decimal_to_f64", v, power), cast(wide, ir.Of(ir.F64), ir.Int128Datum(v)); got != want {
				r.Errorf("decimal_to_f64(%v, %v) = %v, want %v", v.Big(), wide, got, want)
			}
		})
	})
}

func TestFloatRemainder(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		check := func(r rapid.TB, a, b float64) {
			got, want := must[float64](t, m, "f64_rem", a, b), math.Mod(a, b)
			if math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
				r.Errorf("f64_rem(%v, %v) = %v, want %v", a, b, got, want)
			}
		}
		edges := []float64{0, math.Copysign(0, -1), 1, -1, 3, 5.3, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, math.SmallestNonzeroFloat64, 3 * math.SmallestNonzeroFloat64, 2.2250738585072014e-308}
		for _, a := range edges {
			for _, b := range edges {
				check(t, a, b)
			}
		}
		randomly(t, func(r *rapid.T) {
			a := floats().Draw(r, "a")
			check(r, a, floats().Draw(r, "b"))
			check(r, a, math.Ldexp(a, rapid.IntRange(-80, 10).Draw(r, "exponent"))*1.3)
		})
	})
}
