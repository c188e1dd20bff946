package library_test

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/ir"
)

// tied reports whether two texts of one length are as near to a float. Of those the
// library takes the one with an even digit, as IEEE 754 has it; strconv does not always
// do so for binary32, as in 0.000244140625.
func tied(a, b string, f float64) bool {
	distance := func(s string) *big.Rat {
		n, ok := new(big.Rat).SetString(s)
		if !ok {
			return nil
		}
		n.Sub(n, new(big.Rat).SetFloat64(f))
		return n.Abs(n)
	}
	x, y := distance(a), distance(b)
	return len(a) == len(b) && x != nil && y != nil && x.Cmp(y) == 0
}

func TestFormatFloats(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		check := func(r rapid.TB, f float64) {
			m.reset()
			if got, want := m.text(must[int64](t, m, "f64_to_string", f, site)), ir.FormatDatum(ir.Of(ir.F64), ir.FloatDatum(f)); got != want {
				r.Errorf("f64_to_string(%v) = %q, want %q", f, got, want)
			}
			f = float64(float32(f))
			if got, want := m.text(must[int64](t, m, "f32_to_string", f, site)), ir.FormatDatum(ir.Of(ir.F32), ir.FloatDatum(f)); got != want && !tied(got, want, f) {
				r.Errorf("f32_to_string(%v) = %q, want %q", f, got, want)
			}
		}
		for exponent := range 2046 {
			power := math.Float64frombits(uint64(exponent) << 52)
			for _, f := range []float64{power, math.Nextafter(power, 0), math.Nextafter(power, math.Inf(1))} {
				check(t, f)
			}
		}
		for exponent := -324; exponent <= 308; exponent++ {
			f, _ := strconv.ParseFloat("1e"+strconv.Itoa(exponent), 64)
			check(t, f)
			check(t, -9.5*f)
		}
		check(t, math.SmallestNonzeroFloat32)
		check(t, math.MaxFloat32)
		randomly(t, func(r *rapid.T) {
			check(r, floats().Draw(r, "f"))
			check(r, float64(math.Float32frombits(rapid.Uint32().Draw(r, "f32"))))
		})
	})
}

func TestParseFloats(t *testing.T) {
	outcome := func(v any) any {
		if f, ok := v.(float64); ok {
			if math.IsNaN(f) {
				return "NaN"
			}
			return math.Float64bits(f)
		}
		return v
	}
	forEach(t, func(t *testing.T, m *machine) {
		check := func(r rapid.TB, s string) {
			m.reset()
			for name, kind := range map[string]ir.Kind{"string_to_f64": ir.F64, "string_to_f32": ir.F32} {
				if kind == ir.F32 && len(s) > 800 {
					continue // strconv itself is wrong: ParseFloat of 900 ones and "e-800" to 32 bits gives 0.1
				}
				want := any(fails)
				if d, err := ir.ParseDatum(ir.Of(kind), s); err == nil {
					want = d.Float
				}
				if got := m.outcome(t, name, s, site); outcome(got) != outcome(want) {
					r.Errorf("%s(%q) = %v, want %v", name, s, got, want)
				}
			}
		}
		half := new(strings.Builder) // halfway between 1 and the float above, in full
		half.WriteString("1.00000000000000011102230246251565404236316680908203125")
		for _, s := range append([]string{
			"nan", "NaN", "-nan", "inf", "-Infinity", "+INF", "infinit", "in", "1e308", "1.8e308", "1.7976931348623157e308", "1.7976931348623159e308", "-1e400", "1e-400", "5e-324", "2e-324", "3e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2.2250738585072011e-308", "2.2250738585072014e-308",
			"9007199254740993", "9007199254740992.999999999999999999", "9007199254740993.0000000000000000000000000000001", "3.4028235677973366e38", "3.4028235677973365e38", "1e-45", "7e-46", "7.1e-46", "1.1754943e-38", "16777217", "16777217.0000001", "0.1", "1e22", "1e23", "8.5e22", "123456789012345678901234567890", "1e100000000000", "0e100000000000", "1e-100000000000", "-0", "-0.0e5", "0x10", "1_0", "1e5.5", "..1", "1e--5",
			half.String(), half.String() + "0000000000000000000000000001", strings.TrimSuffix(half.String(), "5") + "4999999",
			half.String() + strings.Repeat("0", 900), half.String() + strings.Repeat("0", 900) + "1", strings.Repeat("9", 309), strings.Repeat("9", 308), "0." + strings.Repeat("0", 400) + "1", "0." + strings.Repeat("0", 330) + strings.Repeat("7", 800) + "e10", strings.Repeat("1", 1200) + "e-1000",
		}, parseSeeds...) {
			check(t, s)
		}
		// Whole numbers halfway between two floats, and next to that.
		for shift := uint(0); shift < 960; shift += 7 {
			for _, odd := range []int64{1<<53 + 1, 1<<53 + 3, 1<<24 + 1} {
				n := new(big.Int).Lsh(big.NewInt(odd), shift)
				for _, distance := range []int64{-1, 0, 1} {
					check(t, new(big.Int).Add(n, big.NewInt(distance)).String())
				}
			}
		}
		randomly(t, func(r *rapid.T) {
			check(r, rapid.StringMatching(`[-+]?[0-9]{0,25}(\.[0-9]{0,25})?([eE][-+]?[0-9]{1,3})?`).Draw(r, "s"))
			f := floats().Draw(r, "f")
			check(r, strconv.FormatFloat(f, 'g', rapid.IntRange(-1, 60).Draw(r, "digits"), 64))
			if !math.IsNaN(f) && !math.IsInf(f, 0) {
				// In full, which may have a thousand digits.
				check(r, strconv.FormatFloat(f, 'f', -1, 64))
				check(r, strconv.FormatFloat(f, 'e', 800, 64))
			}
		})
	})
}
