package interp

import (
	"math"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// like matches a whole string against a pattern.
func like(op *ir.Op, text, pattern string) (ir.Datum, error) {
	escape, escaped := '\\', true
	if set, ok := op.Attribute("escape").(string); ok {
		escaped = set != ""
		for _, c := range set {
			escape = c
		}
	}
	fold := func(s string) []rune { return []rune(s) }
	if ir.AttributeAs[bool](op, "insensitive") {
		fold = func(s string) []rune { return []rune(lowerASCII(s)) }
	}
	var parts []patternPart
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch c := runes[i]; {
		case escaped && c == escape:
			if i++; i == len(runes) {
				return ir.Datum{}, diag.New(ir.CodeBadArgument, "the LIKE pattern %q ends in its escape character", pattern)
			}
			parts = append(parts, patternPart{letter: fold(string(runes[i]))[0]})
		case c == '%':
			parts = append(parts, patternPart{run: true})
		case c == '_':
			parts = append(parts, patternPart{any: true})
		default:
			parts = append(parts, patternPart{letter: fold(string(c))[0]})
		}
	}
	return ir.BoolDatum(matches(fold(text), parts)), nil
}

// patternPart is a run of characters, any one character, or a letter.
type patternPart struct {
	run, any bool
	letter   rune
}

// matches computes, for growing beginnings of the pattern, which beginnings of the
// text they match.
func matches(text []rune, pattern []patternPart) bool {
	matched := make([]bool, len(text)+1)
	matched[0] = true
	for _, part := range pattern {
		next := make([]bool, len(text)+1)
		for i := range next {
			switch {
			case part.run:
				next[i] = matched[i] || i > 0 && next[i-1]
			case i > 0:
				next[i] = matched[i-1] && (part.any || part.letter == text[i-1])
			}
		}
		matched = next
	}
	return matched[len(text)]
}

func lowerASCII(s string) string { return mapASCII(s, 'A', 'Z') }
func upperASCII(s string) string { return mapASCII(s, 'a', 'z') }

// mapASCII changes the case of letters in a range.
func mapASCII(s string, low, high byte) string {
	b := []byte(s)
	for i, c := range b {
		if c >= low && c <= high {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

// substring takes characters from a position on. Positions before the first count
// towards the length.
func substring(text string, start int64, length *int64) (ir.Datum, error) {
	end := int64(math.MaxInt64)
	if length != nil {
		if *length < 0 {
			return ir.Datum{}, diag.New(ir.CodeBadArgument, "the length of a substring is %d, which is negative", *length)
		}
		if start <= 0 || *length <= math.MaxInt64-start {
			end = start + *length
		}
	}
	runes := []rune(text)
	from := max(start, 1)
	until := min(end, int64(len(runes))+1)
	if from >= until {
		return ir.TextDatum(""), nil
	}
	return ir.TextDatum(string(runes[from-1 : until-1])), nil
}
