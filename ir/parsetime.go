package ir

import (
	"math"
	"strings"
)

// parseDate reads "YYYY-MM-DD", with more digits for later years and " BC" for
// years before 1.
func parseDate(s string) (Datum, bool) {
	if len(s) == 10 && s[4] == '-' && s[7] == '-' {
		year, a := twoDigits(s[0:2])
		rest, b := twoDigits(s[2:4])
		month, c := twoDigits(s[5:7])
		day, d := twoDigits(s[8:10])
		year = year*100 + rest
		if a && b && c && d && year >= 1 && validDay(int64(year), month, day) {
			return IntDatum(DaysFromCivil(int64(year), month, day)), true
		}
		return Datum{}, false
	}
	s, before := cutEra(s)
	days, rest, ok := scanDate(s, before)
	if !ok || rest != "" || days != int64(int32(days)) {
		return Datum{}, false
	}
	return IntDatum(days), true
}

func twoDigits(s string) (int, bool) {
	return int(s[0]-'0')*10 + int(s[1]-'0'), isDigit(s[0]) && isDigit(s[1])
}

func validDay(year int64, month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && day <= DaysInMonth(year, month)
}

func cutEra(s string) (rest string, before bool) {
	if len(s) > 3 && strings.EqualFold(s[len(s)-3:], " BC") {
		return trimSpace(s[:len(s)-3]), true
	}
	return s, false
}

// scanNumber reads up to limit digits.
func scanNumber(s string, limit int) (n int64, rest string, ok bool) {
	i := 0
	for i < len(s) && i < limit && isDigit(s[i]) {
		n = n*10 + int64(s[i]-'0')
		i++
	}
	return n, s[i:], i > 0
}

func scanDate(s string, before bool) (days int64, rest string, ok bool) {
	year, rest, ok := scanNumber(s, 7)
	if !ok || len(s)-len(rest) < 4 || rest == "" || rest[0] != '-' {
		return 0, "", false
	}
	month, rest, ok := scanNumber(rest[1:], 2)
	if !ok || rest == "" || rest[0] != '-' {
		return 0, "", false
	}
	day, rest, ok := scanNumber(rest[1:], 2)
	if !ok || year == 0 {
		return 0, "", false
	}
	if before {
		year = 1 - year
	}
	if !validDay(year, int(month), int(day)) {
		return 0, "", false
	}
	return DaysFromCivil(year, int(month), int(day)), rest, true
}

// scanClock reads HH:MM, with optional seconds and fraction.
func scanClock(s string) (microseconds int64, rest string, ok bool) {
	hour, rest, ok := scanNumber(s, 2)
	if !ok || hour > 24 || rest == "" || rest[0] != ':' {
		return 0, "", false
	}
	minute, rest, ok := scanNumber(rest[1:], 2)
	if !ok || minute > 59 {
		return 0, "", false
	}
	microseconds = hour*MicrosecondsPerHour + minute*MicrosecondsPerMinute
	if rest != "" && rest[0] == ':' {
		var second, fraction int64
		second, rest, ok = scanNumber(rest[1:], 2)
		if !ok || second > 59 {
			return 0, "", false
		}
		if fraction, rest, ok = scanFraction(rest); !ok {
			return 0, "", false
		}
		microseconds += second*MicrosecondsPerSecond + fraction
	}
	return microseconds, rest, microseconds <= MicrosecondsPerDay
}

// scanFraction reads ".123456" as microseconds; a seventh digit rounds.
func scanFraction(s string) (microseconds int64, rest string, ok bool) {
	if s == "" || s[0] != '.' {
		return 0, s, true
	}
	i, unit := 1, MicrosecondsPerSecond
	for ; i < len(s) && isDigit(s[i]); i++ {
		digit := int64(s[i] - '0')
		if i == 7 && digit >= 5 {
			microseconds++
		}
		unit /= 10
		microseconds += digit * unit
	}
	return microseconds, s[i:], i > 1
}

func parseTime(s string) (Datum, bool) {
	microseconds, rest, ok := scanClock(s)
	return IntDatum(microseconds), ok && rest == ""
}

// parseTimestamp reads a date and, after a space or "T", a time of day. With a
// zone, "Z" or an offset such as "+02:30" may follow; without one the time is UTC.
func parseTimestamp(s string, zone bool) (Datum, bool) {
	s, before := cutEra(s)
	days, rest, ok := scanDate(s, before)
	if !ok {
		return Datum{}, false
	}
	var ofDay int64
	if rest != "" {
		if c := rest[0]; c != ' ' && c != 'T' && c != 't' {
			return Datum{}, false
		}
		if ofDay, rest, ok = scanClock(trimSpace(rest[1:])); !ok {
			return Datum{}, false
		}
	}
	if zone {
		var offset int64
		if offset, rest, ok = scanOffset(trimSpace(rest)); !ok {
			return Datum{}, false
		}
		ofDay -= offset
	}
	if rest != "" {
		return Datum{}, false
	}
	// The product alone may overflow at the early end of the range, where the
	// time of day brings it back.
	if days < 0 {
		days, ofDay = days+1, ofDay-MicrosecondsPerDay
	}
	if days > math.MaxInt64/MicrosecondsPerDay || days < math.MinInt64/MicrosecondsPerDay {
		return Datum{}, false
	}
	return addChecked(days*MicrosecondsPerDay, ofDay)
}

func addChecked(a, b int64) (Datum, bool) {
	sum := a + b
	return IntDatum(sum), (a < 0) != (b < 0) || (sum < 0) == (a < 0)
}

func scanOffset(s string) (microseconds int64, rest string, ok bool) {
	if s == "" {
		return 0, "", true
	}
	if s == "Z" || s == "z" {
		return 0, "", true
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, "", false
	}
	sign := int64(1)
	if s[0] == '-' {
		sign = -1
	}
	rest = s[1:]
	for _, unit := range []int64{MicrosecondsPerHour, MicrosecondsPerMinute, MicrosecondsPerSecond} {
		if unit != MicrosecondsPerHour {
			if rest == "" {
				break
			}
			rest = strings.TrimPrefix(rest, ":")
		}
		var n int64
		if n, rest, ok = scanNumber(rest, 2); !ok || n > 59 {
			return 0, "", false
		}
		microseconds += n * unit
	}
	return sign * microseconds, rest, microseconds < MicrosecondsPerDay
}

// intervalUnits gives months, days and microseconds of each unit.
var intervalUnits = map[string][3]int64{
	"year": {12, 0, 0}, "yr": {12, 0, 0}, "y": {12, 0, 0},
	"month": {1, 0, 0}, "mon": {1, 0, 0},
	"week": {0, 7, 0}, "w": {0, 7, 0},
	"day": {0, 1, 0}, "d": {0, 1, 0},
	"hour": {0, 0, MicrosecondsPerHour}, "hr": {0, 0, MicrosecondsPerHour}, "h": {0, 0, MicrosecondsPerHour},
	"minute": {0, 0, MicrosecondsPerMinute}, "min": {0, 0, MicrosecondsPerMinute}, "m": {0, 0, MicrosecondsPerMinute},
	"second": {0, 0, MicrosecondsPerSecond}, "sec": {0, 0, MicrosecondsPerSecond}, "s": {0, 0, MicrosecondsPerSecond},
	"millisecond": {0, 0, 1000}, "microsecond": {0, 0, 1},
}

// parseInterval reads a sequence of "N unit" and at most one clock, each with its
// own sign. Only seconds may have a fraction.
func parseInterval(s string) (Datum, bool) {
	var months, days, microseconds int64
	parts := strings.Fields(s)
	if len(parts) == 0 {
		return Datum{}, false
	}
	for i := 0; i < len(parts); i++ {
		part := parts[i]
		negative, magnitude := cutSign(part)
		if strings.IndexByte(part, ':') >= 0 {
			clock, ok := parseLongClock(magnitude, negative)
			if !ok {
				return Datum{}, false
			}
			sum, ok := addChecked(microseconds, clock)
			if !ok {
				return Datum{}, false
			}
			microseconds = sum.Int()
			continue
		}
		n, rest, ok := scanNumber(magnitude, 18)
		if !ok {
			return Datum{}, false
		}
		fraction, rest, ok := scanFraction(rest)
		if !ok {
			return Datum{}, false
		}
		name := rest // "3days" or "3 days"
		if name == "" {
			if i++; i == len(parts) {
				return Datum{}, false
			}
			name = parts[i]
		}
		name = strings.ToLower(name)
		unit, known := intervalUnits[name]
		if !known {
			unit, known = intervalUnits[strings.TrimSuffix(name, "s")]
		}
		if !known || fraction != 0 && unit[2] != MicrosecondsPerSecond {
			return Datum{}, false
		}
		if negative {
			n, fraction = -n, -fraction
		}
		for j, total := range []*int64{&months, &days, &microseconds} {
			step := n * unit[j]
			if unit[j] != 0 && step/unit[j] != n {
				return Datum{}, false
			}
			sum, ok := addChecked(*total, step)
			if !ok {
				return Datum{}, false
			}
			*total = sum.Int()
		}
		sum, ok := addChecked(microseconds, fraction)
		if !ok {
			return Datum{}, false
		}
		microseconds = sum.Int()
	}
	if months != int64(int32(months)) || days != int64(int32(days)) {
		return Datum{}, false
	}
	return IntervalDatum(int32(months), int32(days), microseconds), true
}

// parseLongClock reads H:MM:SS with any number of hours.
func parseLongClock(s string, negative bool) (int64, bool) {
	hours, rest, ok := scanNumber(s, 10)
	if !ok || rest == "" || rest[0] != ':' || hours > math.MaxInt64/MicrosecondsPerHour {
		return 0, false
	}
	minutes, rest, ok := scanNumber(rest[1:], 2)
	if !ok || minutes > 59 {
		return 0, false
	}
	var seconds, fraction int64
	if rest != "" && rest[0] == ':' {
		if seconds, rest, ok = scanNumber(rest[1:], 2); !ok || seconds > 59 {
			return 0, false
		}
		if fraction, rest, ok = scanFraction(rest); !ok {
			return 0, false
		}
	}
	total := uint64(hours*MicrosecondsPerHour) + uint64(minutes*MicrosecondsPerMinute+seconds*MicrosecondsPerSecond+fraction)
	if negative {
		return -int64(total), rest == "" && total <= 1<<63
	}
	return int64(total), rest == "" && total < 1<<63
}
