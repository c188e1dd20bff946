package library_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/ir"
)

// Casts to text are those of ir.FormatDatum.
func TestFormat(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		check := func(r rapid.TB, kind ir.Type, d ir.Datum, name string, args ...any) {
			m.reset()
			got := m.text(must[int64](t, m, name, append(args, site)...))
			if want := ir.FormatDatum(kind, d); got != want {
				r.Errorf("%s%v = %q, want %q", name, args, got, want)
			}
		}
		property := func(r rapid.TB, v ir.Int128, n int64, day int32, clock int64, scale int) {
			check(r, ir.Of(ir.I64), ir.IntDatum(n), "i64_to_string", n)
			check(r, ir.Of(ir.I128), ir.Int128Datum(v), "i128_to_string", v)
			check(r, ir.DecimalType(38, scale), ir.Int128Datum(v), "decimal_to_string", v, scale)
			check(r, ir.DecimalType(38, scale), ir.IntDatum(n), "decimal_to_string", ir.Int128From(n), scale)
			check(r, ir.Of(ir.Bool), ir.BoolDatum(n&1 != 0), "bool_to_string", n&1 != 0)
			check(r, ir.Of(ir.Date), ir.IntDatum(int64(day)), "date_to_string", day)
			check(r, ir.Of(ir.Timestamp), ir.IntDatum(n), "timestamp_to_string", n)
			check(r, ir.Of(ir.TimestampTZ), ir.IntDatum(n), "timestamptz_to_string", n)
			check(r, ir.Of(ir.Time), ir.IntDatum(clock), "time_to_string", clock)
		}
		for _, n := range []int64{math.MinInt64, -1000000, -100, -99, -10, -9, -1, 0, 1, 9, 10, 99, 100, 101, 999, 1000, math.MaxInt64} {
			for _, scale := range []int{0, 1, 2, 37, 38} {
				property(t, ir.Int128From(n), n, int32(n), 86400000000, scale)
			}
		}
		property(t, ir.Int128{High: math.MinInt64}, 0, math.MinInt32, 0, 38)
		randomly(t, func(r *rapid.T) {
			property(r, integers().Draw(r, "v"), timestamps().Draw(r, "n"), days().Draw(r, "day"), rapid.Int64Range(0, 86400000000).Draw(r, "clock"), rapid.IntRange(0, 38).Draw(r, "scale"))
		})
	})
}

// parsed is what ir.ParseDatum gives, as call does.
func parsed(t ir.Type, s string) any {
	d, err := ir.ParseDatum(t, s)
	switch {
	case err != nil:
		return fails
	case t.Kind == ir.Date || t.Kind == ir.Bool:
		return int32(d.Int())
	case t.Kind == ir.Decimal:
		return d.Int128()
	default:
		return d.Int()
	}
}

func checkParse(t *testing.T, r rapid.TB, m *machine, s string) {
	t.Helper()
	m.reset()
	check := func(want any, name string, args ...any) {
		t.Helper()
		if got := m.outcome(t, name, append(args, site)...); got != want {
			r.Errorf("%s(%q, %v) = %v, want %v", name, s, args[1:], got, want)
		}
	}
	check(parsed(ir.Of(ir.Bool), s), "string_to_bool", s)
	check(parsed(ir.Of(ir.I64), s), "string_to_i64", s, math.MinInt64, math.MaxInt64)
	check(parsed(ir.Of(ir.I8), s), "string_to_i64", s, math.MinInt8, math.MaxInt8)
	check(parsed(ir.Of(ir.Date), s), "string_to_date", s)
	check(parsed(ir.Of(ir.Time), s), "string_to_time", s)
	check(parsed(ir.Of(ir.Timestamp), s), "string_to_timestamp", s)
	check(parsed(ir.Of(ir.TimestampTZ), s), "string_to_timestamptz", s)
	for _, d := range []struct{ precision, scale int }{{38, 0}, {38, 38}, {15, 2}, {3, 1}, {38, 10}} {
		bound, _ := ir.Int128FromBig(new(big.Int).Sub(ir.PowerOfTen(d.precision), big.NewInt(1)))
		check(parsed(ir.DecimalType(d.precision, d.scale), s), "string_to_decimal", s, d.scale, bound)
	}
}

var parseSeeds = []string{
	"", " ", "0", "-0", "+7", " 42\t", "--1", "+", "-", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"92233720368547758070", "00000000000000000000000000000000000000000001", "1_000", "127", "128", "-128", "-129", "0x10", "12x",
	"1.5", "1.", ".5", ".", "-.5", "1.25", "1.245", "1.255", "-1.255", "99.95", "99.94", "1e2", "1E2", "1e-2", "1e", "1e+", "1e+3", "1e-400", "0e9999", "0e10001", "1e39", "1e38", "1e37", "1..2",
	"99999999999999999999999999999999999999", "99999999999999999999999999999999999999.4", "99999999999999999999999999999999999999.5", "100000000000000000000000000000000000000", "0." + strings.Repeat("0", 40) + "1", strings.Repeat("9", 60) + "e-30",
	"true", "T", "yes", "Y", "on", "1", "FALSE", "f", "No", "n", "off", "tru", "truex", "o",
	"1994-01-01", "1994-1-1", "1994-02-29", "1996-02-29", "0000-01-01", "0001-01-01", "0001-01-01 BC", "4713-11-24 bc", "12345-06-07", "1994-13-01", "1994-00-01", "1994-01-32", "1994-01-00", "199-01-01", "1994-01-01x", "5881580-07-11", "5881580-07-12", "1994/01/01", " BC", "1994-01-01  BC",
	"1994-01-01 12:34", "1994-01-01T12:34:56", "1994-01-01 12:34:56.789", "1994-01-01 12:34:56.1234567", "1994-01-01 12:34:56.12345649", "1994-01-01 24:00", "1994-01-01 24:00:01", "1994-01-01 25:00", "1994-01-01 12:60", "1994-01-01 12:34:60", "1994-01-01 12:34:56.", "1994-01-01 ", "1994-01-01t", "1994-01-01 12:34:56 BC",
	"1994-01-01 12:34:56Z", "1994-01-01 12:34:56+02", "1994-01-01 12:34:56-0230", "1994-01-01 12:34:56 +02:30:15", "1994-01-01 12:34:56+24", "1994-01-01 12:34:56+2x", "1994-01-01+02", "294247-01-10 04:00:54.775807", "294247-01-10 04:00:54.775808", "290309-12-21 19:59:05.224192 BC", "290309-12-21 19:59:05.224191 BC",
	"12:34", "12:34:56.7", "1:2:3", "24:00:00", "12", ":12",
}

// Casts from text are those of ir.ParseDatum.
func TestParse(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		for _, s := range parseSeeds {
			checkParse(t, t, m, s)
			checkParse(t, t, m, "  "+s+"\n")
		}
		randomly(t, func(r *rapid.T) {
			s := rapid.OneOf(
				rapid.StringMatching(`[-+]?[0-9]{0,25}(\.[0-9]{0,25})?([eE][-+]?[0-9]{1,3})?`),
				rapid.StringMatching(`[0-9]{3,7}-[01]?[0-9]-[0-3]?[0-9]([ Tt][ ]?[0-2]?[0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{0,9})?)?( ?[-+Z]([0-9]{1,2}(:?[0-9]{2})?)?)?)?( BC| bc)?`),
				rapid.Map(rapid.SampledFrom(parseSeeds), func(s string) string { return s }),
				rapid.Custom(func(r *rapid.T) string {
					b := []byte(rapid.SampledFrom(parseSeeds).Draw(r, "seed") + " ")
					b[rapid.IntRange(0, len(b)-1).Draw(r, "at")] = rapid.SampledFrom([]byte("0159-+.:eEZ TBC\t")).Draw(r, "byte")
					return string(b)
				}),
			).Draw(r, "s")
			checkParse(t, r, m, s)
		})
	})
}
