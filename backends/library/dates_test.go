package library_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/ir"
)

// days draws dates of all eras and many around month ends.
func days() *rapid.Generator[int32] {
	return rapid.OneOf(rapid.Int32(), rapid.Int32Range(-800000, 100000), rapid.SampledFrom([]int32{math.MinInt32, math.MinInt32 + 1, -719529, -719528, -1, 0, 1, 58, 59, 789, 790, math.MaxInt32}))
}

func TestDateParts(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		check := func(r rapid.TB, d int32) {
			year, month, day := ir.CivilFromDays(int64(d))
			for _, part := range []struct {
				name string
				want int64
			}{
				{"date_year", year},
				{"date_month", int64(month)},
				{"date_day", int64(day)},
				{"date_day_of_year", int64(d) - ir.DaysFromCivil(year, 1, 1) + 1},
				{"date_day_of_week", int64(ir.Weekday(int64(d)))},
			} {
				if got := must[int32](t, m, part.name, d); int64(got) != part.want {
					r.Errorf("%s(%d) = %d, want %d", part.name, d, got, part.want)
				}
			}
		}
		for year := int64(1895); year < 2005; year++ {
			for _, day := range []int64{ir.DaysFromCivil(year, 1, 1), ir.DaysFromCivil(year, 2, 28), ir.DaysFromCivil(year, 3, 1), ir.DaysFromCivil(year, 12, 31)} {
				check(t, int32(day-1))
				check(t, int32(day))
			}
		}
		randomly(t, func(r *rapid.T) { check(r, days().Draw(r, "d")) })
	})
}

func TestAddMonths(t *testing.T) {
	first, last := ir.DaysFromCivil(-4712, 1, 1), ir.DaysFromCivil(294276, 12, 31)
	forEach(t, func(t *testing.T, m *machine) {
		check := func(r rapid.TB, d, months int32) {
			want := any(fails)
			if day := ir.AddMonths(int64(d), int64(months)); day >= first && day <= last {
				want = int32(day)
			}
			if got := m.outcome(t, "date_add_months", d, months, site); got != want {
				r.Errorf("%d + %d months = %v, want %v", d, months, got, want)
			}
		}
		for _, edge := range []int64{first - 1, first, last, last + 1} {
			check(t, int32(edge), 0)
		}
		for _, months := range []int32{math.MinInt32, -13, -12, -1, 0, 1, 12, 13, math.MaxInt32} {
			for _, d := range []int32{math.MinInt32, 0, 30, 789, math.MaxInt32} {
				check(t, d, months)
			}
		}
		randomly(t, func(r *rapid.T) {
			check(r, days().Draw(r, "d"), rapid.OneOf(rapid.Int32(), rapid.Int32Range(-500, 500)).Draw(r, "months"))
		})
	})
}

func TestTimestamps(t *testing.T) {
	forEach(t, func(t *testing.T, m *machine) {
		randomly(t, func(r *rapid.T) {
			us := timestamps().Draw(r, "us")
			day, ofDay := ir.SplitTimestamp(us)
			if got := must[int32](t, m, "timestamp_days", us); int64(got) != day {
				r.Errorf("timestamp_days(%d) = %d, want %d", us, got, day)
			}
			months, days, microseconds := rapid.Int32().Draw(r, "months"), rapid.Int32().Draw(r, "days"), rapid.Int64().Draw(r, "microseconds")
			if rapid.Bool().Draw(r, "small") {
				months, days = months%1000, days%10000
			}
			n := new(big.Int).Mul(big.NewInt(ir.AddMonths(day, int64(months))+int64(days)), big.NewInt(ir.MicrosecondsPerDay))
			n.Add(n, big.NewInt(ofDay)).Add(n, big.NewInt(microseconds))
			want := any(fails)
			if n.IsInt64() {
				want = n.Int64()
			}
			if got := m.outcome(t, "timestamp_add_interval", us, months, days, microseconds, site); got != want {
				r.Errorf("%d + %d months %d days %d = %v, want %v", us, months, days, microseconds, got, want)
			}
		})
	})
}

func timestamps() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1e17, 1e17), rapid.SampledFrom([]int64{math.MinInt64, -1, 0, 1, math.MaxInt64, -86400000000, 86399999999}))
}
