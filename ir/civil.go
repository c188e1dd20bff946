package ir

// Civil-day arithmetic in the proleptic Gregorian calendar. Years are
// astronomical: year 0 is 1 BC. The algorithms are those of Howard Hinnant,
// "chrono-Compatible Low-Level Date Algorithms": a year begins on 1 March, so
// that the leap day is the last, and 400 years (146097 days) are one era.

// Microseconds in larger units.
const (
	MicrosecondsPerSecond int64 = 1_000_000
	MicrosecondsPerMinute       = 60 * MicrosecondsPerSecond
	MicrosecondsPerHour         = 60 * MicrosecondsPerMinute
	MicrosecondsPerDay          = 24 * MicrosecondsPerHour
)

// daysToEpoch counts the days from 0000-03-01 to 1970-01-01.
const daysToEpoch = 719468

const daysPerEra = 146097

// DaysFromCivil counts the days from 1970-01-01 to a date. The month is 1 to 12;
// the day may lie outside of the month and counts on.
func DaysFromCivil(year int64, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := floorDivide(year, 400)
	yearOfEra := year - era*400
	shifted := int64(month+9) % 12 // March is 0
	dayOfYear := (153*shifted+2)/5 + int64(day) - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*daysPerEra + dayOfEra - daysToEpoch
}

// CivilFromDays gives the date that lies so many days after 1970-01-01.
func CivilFromDays(days int64) (year int64, month, day int) {
	days += daysToEpoch
	era := floorDivide(days, daysPerEra)
	dayOfEra := days - era*daysPerEra
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	day = int(dayOfYear - (153*shifted+2)/5 + 1)
	month = int(shifted+2)%12 + 1
	year = yearOfEra + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

// DaysInMonth is the number of days of a month.
func DaysInMonth(year int64, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// Weekday is the day of the week of a date: 0 is Sunday.
func Weekday(days int64) int {
	return int(floorModulo(days+4, 7)) // 1970-01-01 was a Thursday
}

// SplitTimestamp splits microseconds since the epoch into whole days since the
// epoch and microseconds since that day's midnight.
func SplitTimestamp(microseconds int64) (days, ofDay int64) {
	days = floorDivide(microseconds, MicrosecondsPerDay)
	return days, microseconds - days*MicrosecondsPerDay
}

// AddMonths moves a date by months; a day that the month does not have becomes
// its last.
func AddMonths(days int64, months int64) int64 {
	year, month, day := CivilFromDays(days)
	index := year*12 + int64(month-1) + months
	year = floorDivide(index, 12)
	month = int(index-year*12) + 1
	return DaysFromCivil(year, month, min(day, DaysInMonth(year, month)))
}

// floorDivide rounds towards negative infinity; the divisor is positive.
func floorDivide(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorModulo(a, b int64) int64 { return a - floorDivide(a, b)*b }
