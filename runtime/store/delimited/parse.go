package delimited

import (
	"github.com/heddle-lang/heddle/ir"
)

// parseInteger reads a sign and up to 18 digits; ok is false for all else, which may
// still be a number.
func parseInteger(text []byte) (n int64, ok bool) {
	negative := false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		text = text[1:]
	}
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for _, c := range text {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	if negative {
		n = -n
	}
	return n, true
}

// parseDecimal reads a plain number with at most scale digits behind the point and 18
// in all, as an integer times 10^-scale.
func parseDecimal(text []byte, scale int) (n int64, ok bool) {
	negative := false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		text = text[1:]
	}
	if len(text) == 0 || len(text)+scale > 18 {
		return 0, false
	}
	i := 0
	for ; i < len(text); i++ {
		d := text[i] - '0'
		if d > 9 {
			break
		}
		n = n*10 + int64(d)
	}
	digits := i
	if i < len(text) {
		if text[i] != '.' {
			return 0, false
		}
		fraction := text[i+1:]
		digits += len(fraction)
		if len(fraction) > scale {
			return 0, false
		}
		for _, c := range fraction {
			d := c - '0'
			if d > 9 {
				return 0, false
			}
			n = n*10 + int64(d)
		}
		scale -= len(fraction)
	}
	if digits == 0 {
		return 0, false
	}
	for range scale {
		n *= 10
	}
	if negative {
		n = -n
	}
	return n, true
}

// parseDate reads YYYY-MM-DD.
func parseDate(text []byte) (days int64, ok bool) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	var digits [10]int
	for i, c := range text {
		d := c - '0'
		if d > 9 && i != 4 && i != 7 {
			return 0, false
		}
		digits[i] = int(d)
	}
	year := digits[0]*1000 + digits[1]*100 + digits[2]*10 + digits[3]
	month, day := digits[5]*10+digits[6], digits[8]*10+digits[9]
	if year == 0 || month < 1 || month > 12 || day < 1 || day > 28 && day > ir.DaysInMonth(int64(year), month) {
		return 0, false
	}
	return ir.DaysFromCivil(int64(year), month, day), true
}

// keepsFraction reports whether a number, in a form without exponent, has nothing but
// zeros beyond scale: ir.ParseDatum would round.
func keepsFraction(text []byte, scale int) bool {
	for i, c := range text {
		if c == 'e' || c == 'E' {
			return false
		}
		if c != '.' {
			continue
		}
		for _, d := range text[min(len(text), i+1+scale):] {
			if d != '0' {
				return false
			}
		}
		return true
	}
	return true
}
