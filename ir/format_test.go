package ir

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFormatAndParse(t *testing.T) {
	i128 := func(s string) Datum {
		n, _ := new(big.Int).SetString(s, 10)
		v, ok := Int128FromBig(n)
		if !ok {
			t.Fatalf("%s does not fit", s)
		}
		return Int128Datum(v)
	}
	day := func(y int, m time.Month, d int) Datum {
		return IntDatum(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
	}
	for _, test := range []struct {
		t    Type
		d    Datum
		want string
	}{
		{Of(Bool), BoolDatum(true), "true"},
		{Of(I8), IntDatum(-128), "-128"},
		{Of(I128), i128("-170141183460469231731687303715884105728"), "-170141183460469231731687303715884105728"},
		{Of(I128), i128("100000000000000000000000000000000000000"), "100000000000000000000000000000000000000"},
		{DecimalType(15, 2), IntDatum(-5), "-0.05"},
		{DecimalType(15, 2), IntDatum(1234), "12.34"},
		{DecimalType(38, 38), IntDatum(1), "0." + strings.Repeat("0", 37) + "1"},
		{DecimalType(38, 0), i128("99999999999999999999999999999999999999"), "99999999999999999999999999999999999999"},
		{Of(F64), FloatDatum(0.1), "0.1"},
		{Of(F64), FloatDatum(123456789012345), "123456789012345"},
		{Of(F64), FloatDatum(1e15), "1e+15"},
		{Of(F64), FloatDatum(0.0001), "0.0001"},
		{Of(F64), FloatDatum(0.00001), "1e-05"},
		{Of(F64), FloatDatum(math.Copysign(0, -1)), "-0"},
		{Of(F64), FloatDatum(math.Inf(-1)), "-Infinity"},
		{Of(F32), FloatDatum(float64(float32(0.1))), "0.1"},
		{Of(Date), day(1, 1, 1), "0001-01-01"},
		{Of(Date), day(0, 12, 31), "0001-12-31 BC"},
		{Of(Date), day(-43, 3, 15), "0044-03-15 BC"},
		{Of(Date), day(12024, 2, 29), "12024-02-29"},
		{Of(Date), IntDatum(math.MaxInt32), "5881580-07-11"},
		{Of(Date), IntDatum(math.MinInt32), "5877642-06-23 BC"},
		{Of(Time), IntDatum(MicrosecondsPerDay), "24:00:00"},
		{Of(Time), IntDatum(3723000100), "01:02:03.0001"},
		{Of(Timestamp), IntDatum(-1), "1969-12-31 23:59:59.999999"},
		{Of(Timestamp), IntDatum(math.MaxInt64), "294247-01-10 04:00:54.775807"},
		{Of(Timestamp), IntDatum(math.MinInt64), "290309-12-21 19:59:05.224192 BC"},
		{Of(TimestampTZ), IntDatum(0), "1970-01-01 00:00:00+00"},
		{Of(Interval), Datum{}, "00:00:00"},
		{Of(Interval), IntervalDatum(14, -3, 4), "1 year 2 mons -3 days +00:00:00.000004"},
		{Of(Interval), IntervalDatum(math.MinInt32, math.MinInt32, math.MinInt64), "-178956970 years -8 mons -2147483648 days -2562047788:00:54.775808"},
		{Of(Interval), IntervalDatum(0, 0, math.MaxInt64), "2562047788:00:54.775807"},
		{Of(String), TextDatum(" a "), " a "},
		{Of(Bytes), TextDatum("\x00\xff"), `\x00ff`},
		{Of(UUID), Datum{High: -2, Low: 1}, "ffffffff-ffff-fffe-0000-000000000001"},
	} {
		t.Run(test.t.String()+" "+test.want, func(t *testing.T) {
			if got := FormatDatum(test.t, test.d); got != test.want {
				t.Errorf("formats as %q", got)
			}
			if got, err := ParseDatum(test.t, test.want); err != nil || got != test.d {
				t.Errorf("parses as %+v, %v", got, err)
			}
		})
	}
}

func TestParseDatum(t *testing.T) {
	for _, test := range []struct {
		t          Type
		text, want string // "" for an error
	}{
		{Of(Bool), " YES ", "true"},
		{Of(Bool), "2", ""},
		{Of(I8), "+127", "127"},
		{Of(I8), "128", ""},
		{Of(I32), "1.0", ""},
		{Of(I32), "", ""},
		{Of(I32), "-", ""},
		{Of(I64), "00000000000000000000000001", "1"},
		{Of(I64), "9223372036854775808", ""},
		{DecimalType(5, 2), "1e2", "100.00"},
		{DecimalType(5, 2), "999.995", ""},
		{DecimalType(5, 2), "-999.994", "-999.99"},
		{DecimalType(5, 2), ".5", "0.50"},
		{DecimalType(5, 2), "5.", "5.00"},
		{DecimalType(5, 2), ".", ""},
		{DecimalType(5, 2), "1e-9999999999", ""},
		{DecimalType(5, 2), "0.004999999999999999999999999999999999999999999", "0.00"},
		{DecimalType(5, 2), "1e99999", ""},
		{DecimalType(5, 2), "1 2", ""},
		{Of(F64), "1e400", ""},
		{Of(F64), "0x1p3", ""},
		{Of(F64), "-inf", "-Infinity"},
		{Of(F64), "nan", "NaN"},
		{Of(F64), "1_0", ""},
		{Of(Date), "2023-02-29", ""},
		{Of(Date), "0000-01-01", ""},
		{Of(Date), "2023-2-9", "2023-02-09"},
		{Of(Date), "9999999-01-01", ""},
		{Of(Time), "25:00", ""},
		{Of(Time), "24:00:01", ""},
		{Of(Time), "12:30", "12:30:00"},
		{Of(Time), "12:30:00.0000005", "12:30:00.000001"},
		{Of(Timestamp), "2024-01-01T12:00:00", "2024-01-01 12:00:00"},
		{Of(Timestamp), "2024-01-01 12:00:00Z", ""},
		{Of(Timestamp), "2024-01-01", "2024-01-01 00:00:00"},
		{Of(TimestampTZ), "2024-01-01 00:30:00+01:00", "2023-12-31 23:30:00+00"},
		{Of(Timestamp), "294247-01-10 04:00:54.775808", ""},
		{Of(Interval), "3 weeks 2 hours 1.5 seconds", "21 days 02:00:01.5"},
		{Of(Interval), "1.5 days", ""},
		{Of(Interval), "5", ""},
		{Of(Interval), "9999999999 years", ""},
		{Of(UUID), "{00000000-0000-0000-0000-0000000000FF}", "00000000-0000-0000-0000-0000000000ff"},
		{Of(UUID), "0", ""},
		{Of(Bytes), `\xf`, ""},
		{Of(Bytes), "ab", `\x6162`},
	} {
		t.Run(test.t.String()+" "+test.text, func(t *testing.T) {
			d, err := ParseDatum(test.t, test.text)
			if test.want == "" {
				if err == nil {
					t.Errorf("parses as %s", FormatDatum(test.t, d))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := FormatDatum(test.t, d); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestCivilAgainstTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.Int64Range(-200_000_000, 200_000_000).Draw(t, "days")
		want := time.Unix(days*86400, 0).UTC()
		year, month, day := CivilFromDays(days)
		if year != int64(want.Year()) || month != int(want.Month()) || day != want.Day() {
			t.Fatalf("day %d is %d-%d-%d, not %v", days, year, month, day, want)
		}
		if back := DaysFromCivil(year, month, day); back != days {
			t.Fatalf("day %d comes back as %d", days, back)
		}
		if got := Weekday(days); got != int(want.Weekday()) {
			t.Fatalf("day %d is weekday %d, not %v", days, got, want.Weekday())
		}
	})
}

func FuzzParseDatum(f *testing.F) {
	kinds := []Type{Of(Bool), Of(I8), Of(I64), Of(I128), Of(F32), Of(F64), DecimalType(38, 10), DecimalType(4, 2), Of(Date), Of(Time), Of(Timestamp), Of(TimestampTZ), Of(Interval), Of(UUID), Of(Bytes), Of(String)}
	for i, s := range []string{"true", "-128", "1e5", "NaN", "2024-02-29", "12:00:00.5", "2024-01-01 00:00:00+00", "1 year -2 days"} {
		f.Add(uint8(i), s)
	}
	f.Fuzz(func(t *testing.T, which uint8, s string) {
		typ := kinds[int(which)%len(kinds)]
		d, err := ParseDatum(typ, s)
		if err != nil {
			return
		}
		text := FormatDatum(typ, d)
		again, err := ParseDatum(typ, text)
		if err != nil || FormatDatum(typ, again) != text {
			t.Fatalf("%s: %q gives %+v, which formats as %q and comes back as %+v, %v", typ, s, d, text, again, err)
		}
	})
}
