package delimited

import (
	"bytes"
	"strings"

	"github.com/heddle-lang/heddle/ir"
)

// sampleRows is how many of the first rows types are guessed from.
const sampleRows = 20_000

// sniffDialect completes a dialect: the delimiter with which most records have the same
// number of fields, more than one.
func sniffDialect(d dialect, data []byte, complete bool) dialect {
	if d.delimiter == 0 {
		best, bestScore := byte(','), 0
		for _, candidate := range []byte{',', ';', '\t', '|'} {
			s := scanner{dialect: dialect{delimiter: candidate, quotes: d.quotes}, data: data}
			if score := consistency(&s, complete); score > bestScore {
				best, bestScore = candidate, score
			}
		}
		d.delimiter = best
	}
	if !d.quotes {
		d.trailing = endsEachLine(data, d.delimiter, complete)
	}
	return d
}

// consistency scores a delimiter: 0 unless all of the first records have as many
// fields, else how many.
func consistency(s *scanner, complete bool) int {
	var fields []sample
	width := 0
	for range 50 {
		if s.at >= len(s.data) {
			break
		}
		fields = s.record(fields)
		if s.flaw != "" || s.at >= len(s.data) && !complete {
			if s.flaw == flawUnclosed && !complete || s.flaw == "" {
				break // cut off by the end of the sample
			}
			return 0
		}
		if len(fields) == 1 && len(fields[0].text) == 0 {
			continue // an empty line
		}
		if width != 0 && len(fields) != width {
			return 0
		}
		width = len(fields)
	}
	if width < 2 {
		return 0
	}
	return width
}

func endsEachLine(data []byte, delimiter byte, complete bool) bool {
	lines := 0
	for len(data) > 0 && lines < 100 {
		line, rest, found := bytes.Cut(data, []byte{'\n'})
		if !found && !complete {
			break
		}
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(line) == 0 || line[len(line)-1] != delimiter {
			return false
		}
		lines++
		data = rest
	}
	return lines > 0
}

// guess collects what the values of a column look like.
type guess struct {
	values    int
	notBool   bool
	notExact  bool // neither integer nor decimal
	notNumber bool
	notDate   bool
	notTime   bool // no timestamp
	digits    int  // most before the point
	fraction  int  // most behind it
}

func (g *guess) add(text []byte) {
	g.values++
	switch strings.ToLower(string(text[:min(len(text), 6)])) {
	case "true", "false":
	default:
		g.notBool = true
	}
	if !g.notNumber {
		g.addNumber(text)
	}
	if !g.notDate {
		_, ok := parseDate(text)
		g.notDate = !ok
	}
	if !g.notTime {
		g.notTime = len(text) < 10 || text[4] != '-' && text[0] != '-'
		if !g.notTime {
			_, err := ir.ParseDatumBytes(ir.Of(ir.Timestamp), text)
			g.notTime = err != nil
		}
	}
}

func (g *guess) addNumber(text []byte) {
	digits, fraction, ok := shape(text)
	if ok {
		g.digits, g.fraction = max(g.digits, digits), max(g.fraction, fraction)
		return
	}
	g.notExact = true
	// No words: "nan" and "infinity" are more often names than numbers.
	if len(text) == 0 || bytes.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789+-.eE", r) }) {
		g.notNumber = true
		return
	}
	if leadingZero(text) {
		g.notNumber = true
		return
	}
	_, err := ir.ParseDatumBytes(ir.Of(ir.F64), text)
	g.notNumber = err != nil
}

// shape counts the digits of a plain number. Numbers such as "007" are not: they are
// names, and would not print as they were.
func shape(text []byte) (digits, fraction int, ok bool) {
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	i := 0
	for i < len(text) && text[i]-'0' < 10 {
		i++
	}
	digits = i
	if digits == 0 || digits > 1 && text[0] == '0' {
		return 0, 0, false
	}
	if i < len(text) && text[i] == '.' {
		i++
		for i < len(text) && text[i]-'0' < 10 {
			i++
			fraction++
		}
		if fraction == 0 {
			return 0, 0, false
		}
	}
	return digits, fraction, i == len(text)
}

func leadingZero(text []byte) bool {
	text = bytes.TrimLeft(text, "+-")
	return len(text) > 1 && text[0] == '0' && text[1]-'0' < 10
}

// typ is the narrowest type that held the whole sample, with room for larger values.
func (g *guess) typ() ir.Type {
	t := ir.Of(ir.String)
	switch {
	case g.values == 0:
	case !g.notBool:
		t = ir.Of(ir.Bool)
	case !g.notExact && !g.notNumber && g.fraction == 0 && g.digits <= 18:
		t = ir.Of(ir.I64)
	case !g.notExact && !g.notNumber && g.digits+g.fraction <= 16:
		t = ir.DecimalType(18, g.fraction)
	case !g.notExact && !g.notNumber && g.digits+g.fraction <= ir.MaxDecimalPrecision:
		t = ir.DecimalType(ir.MaxDecimalPrecision, g.fraction)
	case !g.notNumber:
		t = ir.Of(ir.F64)
	case !g.notDate:
		t = ir.Of(ir.Date)
	case !g.notTime:
		t = ir.Of(ir.Timestamp)
	}
	return t.WithNull(true)
}

// looksLikeHeader reports whether a first record can be names: all there, all
// different, and none a value of another type than string.
func looksLikeHeader(fields []sample) bool {
	seen := map[string]bool{}
	for _, field := range fields {
		var g guess
		if len(field.text) == 0 || seen[string(field.text)] {
			return false
		}
		seen[string(field.text)] = true
		if g.add(field.text); g.typ().Kind != ir.String {
			return false
		}
	}
	return len(fields) > 0
}
