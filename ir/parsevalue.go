package ir

import (
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unsafe"

	"github.com/heddle-lang/heddle/internal/diag"
)

// ParseDatum reads the text of a value: what a cast from string does, and how CSV
// files and text parameters are read. It accepts what FormatDatum writes and the
// usual variants of PostgreSQL; but for strings and bytes, white space around the
// value does not count. Decimals round half away from zero to their scale, and
// fractions of a second to microseconds. The result is never NULL.
//
// The error is a *diag.Diagnostic with CodeConversion.
func ParseDatum(t Type, s string) (Datum, error) {
	if t.Kind == String {
		return TextDatum(s), nil
	}
	if t.Kind == Bytes {
		if !strings.HasPrefix(s, `\x`) {
			return TextDatum(s), nil
		}
		raw, err := hex.DecodeString(s[2:])
		if err != nil {
			return Datum{}, notA(t, s)
		}
		return TextDatum(string(raw)), nil
	}
	text := trimSpace(s)
	var d Datum
	var ok bool
	switch t.Kind {
	case Bool:
		d, ok = parseBool(text)
	case I8, I16, I32, I64:
		d, ok = parseInteger(text)
		ok = ok && FitsInteger(t.Kind, d.Int128())
	case I128:
		d, ok = parseInteger(text)
	case F32:
		d, ok = parseFloat(text, 32)
	case F64:
		d, ok = parseFloat(text, 64)
	case Decimal:
		d, ok = parseDecimal(text, int(t.Precision), int(t.Scale))
	case Date:
		d, ok = parseDate(text)
	case Time:
		d, ok = parseTime(text)
	case Timestamp:
		d, ok = parseTimestamp(text, false)
	case TimestampTZ:
		d, ok = parseTimestamp(text, true)
	case Interval:
		d, ok = parseInterval(text)
	case UUID:
		d, ok = parseUUID(text)
	default: // has no literals: ok stays false
	}
	if !ok {
		return Datum{}, notA(t, s)
	}
	return d, nil
}

// ParseDatumBytes is ParseDatum without a copy of the text where the value does not
// hold it.
func ParseDatumBytes(t Type, text []byte) (Datum, error) {
	if t.Kind == String || t.Kind == Bytes || len(text) == 0 {
		return ParseDatum(t, string(text))
	}
	return ParseDatum(t, unsafe.String(&text[0], len(text)))
}

func notA(t Type, s string) *diag.Diagnostic {
	const longest = 60
	if len(s) > longest {
		s = s[:longest] + "..."
	}
	return diag.New(CodeConversion, "%q is not a value of type %s", s, t.WithNull(false))
}

func trimSpace(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func parseBool(s string) (Datum, bool) {
	switch strings.ToLower(s) {
	case "true", "t", "yes", "y", "on", "1":
		return BoolDatum(true), true
	case "false", "f", "no", "n", "off", "0":
		return BoolDatum(false), true
	}
	return Datum{}, false
}

// FitsInteger reports whether a value is in the range of an integer kind.
func FitsInteger(kind Kind, v Int128) bool {
	n, ok := v.Int64()
	switch kind {
	case I8:
		return ok && n == int64(int8(n))
	case I16:
		return ok && n == int64(int16(n))
	case I32:
		return ok && n == int64(int32(n))
	case I64:
		return ok
	default:
		return true
	}
}

func parseInteger(s string) (Datum, bool) {
	negative, digits := cutSign(s)
	if digits == "" {
		return Datum{}, false
	}
	if len(digits) <= 18 {
		var n int64
		for i := range len(digits) {
			if !isDigit(digits[i]) {
				return Datum{}, false
			}
			n = n*10 + int64(digits[i]-'0')
		}
		if negative {
			n = -n
		}
		return IntDatum(n), true
	}
	return bigDatum(negative, digits, 0)
}

func cutSign(s string) (negative bool, rest string) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[0] == '-', s[1:]
	}
	return false, s
}

// longestNumber bounds the digits and the exponent of a number that is read
// exactly. 39 digits matter; far more may be zeros.
const longestNumber = 10_000

// bigDatum reads digits and multiplies by 10^shift, rounding half away from zero.
func bigDatum(negative bool, digits string, shift int) (Datum, bool) {
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return Datum{}, false
		}
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return Datum{}, true
	}
	if len(digits)+shift < 0 {
		return Datum{}, true // less than a tenth of a unit
	}
	if len(digits) > longestNumber || len(digits)+shift > 40 {
		return Datum{}, false
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return Datum{}, false
	}
	if shift >= 0 {
		n.Mul(n, PowerOfTen(shift))
	} else {
		n = DivideHalfAway(n, PowerOfTen(-shift))
	}
	if negative {
		n.Neg(n)
	}
	v, ok := Int128FromBig(n)
	return Int128Datum(v), ok
}

// PowerOfTen returns 10^n, n not negative. The result must not be changed.
func PowerOfTen(n int) *big.Int {
	if n < len(powersOfTen) {
		return powersOfTen[n]
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

var powersOfTen = func() (powers [78]*big.Int) {
	powers[0] = big.NewInt(1)
	for i := 1; i < len(powers); i++ {
		powers[i] = new(big.Int).Mul(powers[i-1], big.NewInt(10))
	}
	return powers
}()

// DivideHalfAway returns a/b, rounded to the nearest integer, half away from zero.
func DivideHalfAway(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	r.Lsh(r, 1)
	if r.CmpAbs(b) >= 0 {
		step := int64(1)
		if (a.Sign() < 0) != (b.Sign() < 0) {
			step = -1
		}
		q.Add(q, big.NewInt(step))
	}
	return q
}

// FitsDecimal reports whether an unscaled value has at most so many digits.
func FitsDecimal(v Int128, precision int) bool {
	limit := decimalLimits[precision]
	if v.High < 0 {
		// No power of ten in range has a low half of zero, so the negation borrows.
		return v.Cmp(Int128{High: -limit.High - 1, Low: -limit.Low}) > 0
	}
	return v.Cmp(limit) < 0
}

// decimalLimits holds 10^p.
var decimalLimits = func() (limits [MaxDecimalPrecision + 1]Int128) {
	for p := range limits {
		limits[p], _ = Int128FromBig(powersOfTen[p])
	}
	return limits
}()

func parseDecimal(s string, precision, scale int) (Datum, bool) {
	negative, rest := cutSign(s)
	var n int64
	digits, fraction, exponent := 0, -1, -1
scan:
	for i := range len(rest) {
		switch c := rest[i]; {
		case isDigit(c):
			if digits < 18 {
				n = n*10 + int64(c-'0')
			}
			digits++
			if fraction >= 0 {
				fraction++
			}
		case c == '.' && fraction < 0:
			fraction = 0
		case c|0x20 == 'e':
			exponent = i
			break scan
		default:
			return Datum{}, false
		}
	}
	if digits == 0 {
		return Datum{}, false
	}
	fraction = max(fraction, 0)
	var d Datum
	if digits <= 18 && fraction <= scale && digits-fraction+scale <= 18 && exponent < 0 {
		for range scale - fraction {
			n *= 10
		}
		if negative {
			n = -n
		}
		d = IntDatum(n)
	} else {
		mantissa, power := rest, 0
		if exponent >= 0 {
			var err error
			if power, err = strconv.Atoi(rest[exponent+1:]); err != nil || power < -longestNumber || power > longestNumber {
				return Datum{}, false
			}
			mantissa = rest[:exponent]
		}
		var ok bool
		if d, ok = bigDatum(negative, strings.Replace(mantissa, ".", "", 1), scale-fraction+power); !ok {
			return Datum{}, false
		}
	}
	return d, FitsDecimal(d.Int128(), precision)
}

func parseFloat(s string, size int) (Datum, bool) {
	negative, rest := cutSign(s)
	switch strings.ToLower(rest) {
	case "nan":
		return FloatDatum(math.NaN()), true
	case "inf", "infinity":
		if negative {
			return FloatDatum(math.Inf(-1)), true
		}
		return FloatDatum(math.Inf(1)), true
	}
	// strconv also reads hexadecimal, underscores and names.
	for i := range len(rest) {
		if c := rest[i]; !isDigit(c) && c != '.' && c|0x20 != 'e' && c != '-' && c != '+' {
			return Datum{}, false
		}
	}
	f, err := strconv.ParseFloat(s, size)
	return FloatDatum(f), err == nil
}

func parseUUID(s string) (Datum, bool) {
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) != 36 && len(s) != 32 {
		return Datum{}, false
	}
	var high, low uint64
	for i := range len(s) {
		c := s[i]
		var digit byte
		switch {
		case len(s) == 36 && (i == 8 || i == 13 || i == 18 || i == 23):
			if c != '-' {
				return Datum{}, false
			}
			continue
		case isDigit(c):
			digit = c - '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			digit = c | 0x20 - 'a' + 10
		default:
			return Datum{}, false
		}
		high = high<<4 | low>>60
		low = low<<4 | uint64(digit)
	}
	return Datum{High: int64(high), Low: low}, true
}
