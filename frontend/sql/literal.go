package sql

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	plex "github.com/alecthomas/participle/v2/lexer"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

func (p *parser) literal() ast.Expr {
	t := p.next()
	node := &ast.Literal{Base: ast.At(tokenSpan(t))}
	switch t.Type {
	case lexer.Integer:
		node.Kind, node.Text = ast.IntegerLiteral, number(t.Value)
	case lexer.Decimal:
		node.Kind, node.Text = ast.DecimalLiteral, number(t.Value)
	case lexer.Float:
		node.Kind, node.Text = ast.FloatLiteral, number(t.Value)
	case lexer.Bytes:
		node.Kind = ast.BytesLiteral
		bytes, err := hex.DecodeString(unquote(t.Value[1:], '\''))
		if err != nil {
			p.report(t.Pos.Offset, diag.New(codeLiteral, "%s is not made of pairs of hexadecimal digits", p.describe(t)).
				At(p.file, tokenSpan(t), "expected digits 0 to 9 and a to f, two for each byte"))
		}
		node.Text = string(bytes)
	default:
		node.Kind = ast.StringLiteral
		node.Text = p.text(t)
	}
	return node
}

func number(text string) string {
	if strings.IndexByte(text, '_') < 0 {
		return text
	}
	return strings.ReplaceAll(text, "_", "")
}

// text is the content of a token of one of the string types.
func (p *parser) text(t *plex.Token) string {
	switch t.Type {
	case lexer.String:
		return unquote(t.Value, '\'')
	case lexer.Dollar:
		n := strings.IndexByte(t.Value[1:], '$') + 2
		return t.Value[n : len(t.Value)-n]
	case lexer.Escape:
		text, place, ok := unescape(unquote(t.Value[1:], '\''))
		if !ok {
			p.report(t.Pos.Offset, diag.New(codeLiteral, "the escape %s in the string has no meaning", quote(place)).
				At(p.file, tokenSpan(t), "in this string").
				Helpf(`a backslash itself is written \\ in E'...', and as it is in '...'`))
		}
		return text
	default:
		panic("BUG: not a string: " + t.GoString())
	}
}

// unescape resolves the backslashes of E'…' as PostgreSQL does. When an escape is
// malformed it is returned as place.
func unescape(s string) (text, place string, ok bool) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, "", true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		digits, base, longest := i+1, 16, 0
		switch c := s[i]; c {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'x':
			longest = 2
		case 'u':
			longest = 4
		case 'U':
			longest = 8
		case '0', '1', '2', '3', '4', '5', '6', '7':
			digits, base, longest = i, 8, 3
		default:
			b.WriteByte(c)
		}
		if longest == 0 {
			continue
		}
		end := digits
		for end < len(s) && end < digits+longest && isDigitOf(s[end], base) {
			end++
		}
		value, err := strconv.ParseUint(s[digits:end], base, 32)
		exact := s[i] != 'u' && s[i] != 'U' || end == digits+longest
		if err != nil || !exact || value == 0 || value > utf8.MaxRune || !utf8.ValidRune(rune(value)) {
			return b.String(), s[i-1 : max(end, i+1)], false
		}
		b.WriteRune(rune(value))
		i = end - 1
	}
	return b.String(), "", true
}

func isDigitOf(c byte, base int) bool {
	if base == 8 {
		return c >= '0' && c <= '7'
	}
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// typedLiteral reads type 'text'.
func (p *parser) typedLiteral(start int) ast.Expr {
	node := &ast.TypedLiteral{Type: p.typeName()}
	if t := p.peek(); t.Type == lexer.String || t.Type == lexer.Escape {
		p.next()
		node.Text = p.text(t)
	} else {
		p.expected("a string after the type")
	}
	node.Base = p.from(start)
	return node
}

// interval reads INTERVAL value [fields].
func (p *parser) interval(start int) ast.Expr {
	p.next()
	node := &ast.IntervalLiteral{Precision: -1}
	if p.atOperator("(") {
		opening, _ := p.open("(", "")
		node.Value = p.expr()
		p.close(opening)
	} else {
		node.Value = p.literal()
	}
	node.From = p.intervalField()
	if node.From != "" {
		p.precision(node)
		if p.atKeyword("TO") {
			p.next()
			if node.To = p.intervalField(); node.To == "" {
				p.expected("a field such as SECOND after TO")
			}
			p.precision(node)
		}
	}
	node.Base = p.from(start)
	return node
}

func (p *parser) precision(node *ast.IntervalLiteral) {
	if !p.atOperator("(") {
		return
	}
	opening, _ := p.open("(", "")
	node.Precision = int(min(p.integer("the number of digits"), math.MaxInt16))
	p.close(opening)
}

// integer reads an integer that is part of a type or of an interval.
func (p *parser) integer(what string) int64 {
	t := p.peek()
	if t.Type != lexer.Integer {
		p.expected(what)
		return 0
	}
	p.next()
	value, err := strconv.ParseInt(number(t.Value), 10, 32)
	if err != nil {
		p.report(t.Pos.Offset, diag.New(codeNumber, "%s is too large for %s", p.describe(t), what).At(p.file, tokenSpan(t), "too large"))
	}
	return value
}

var intervalFields = map[string]bool{
	"YEAR": true, "QUARTER": true, "MONTH": true, "WEEK": true, "DAY": true, "HOUR": true, "MINUTE": true,
	"SECOND": true, "MILLISECOND": true, "MICROSECOND": true, "DECADE": true, "CENTURY": true, "MILLENNIUM": true,
}

// intervalField reads a field of an interval, in singular or plural; "" when
// there is none.
func (p *parser) intervalField() string {
	t := p.peek()
	const longest = len("MICROSECONDS")
	if t.Type != lexer.Identifier || len(t.Value) > longest {
		return ""
	}
	word := strings.ToUpper(t.Value)
	switch word {
	case "CENTURIES":
		word = "CENTURY"
	case "MILLENNIA":
		word = "MILLENNIUM"
	default:
		word = strings.TrimSuffix(word, "S")
	}
	if !intervalFields[word] {
		return ""
	}
	p.next()
	return word
}
