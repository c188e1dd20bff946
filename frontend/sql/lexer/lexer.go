package lexer

import (
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"
)

// Definition makes the scanner known to participle. Of a token's position only
// the byte offset is filled: lines are counted when a diagnostic is shown.
type Definition struct{}

// The second interface keeps participle from reading text through a Reader.
var (
	_ lexer.Definition       = Definition{}
	_ lexer.StringDefinition = Definition{}
)

// Symbols names the types of tokens.
func (Definition) Symbols() map[string]lexer.TokenType { return symbols }

// Lex scans all that r gives.
func (d Definition) Lex(filename string, r io.Reader) (lexer.Lexer, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return d.LexString(filename, string(text))
}

// LexString scans text.
func (Definition) LexString(_ string, text string) (lexer.Lexer, error) {
	return &Scanner{text: text}, nil
}

// Scanner gives the tokens of a text one by one.
type Scanner struct {
	text   string
	offset int
}

// NewScanner returns a Scanner of text.
func NewScanner(text string) *Scanner { return &Scanner{text: text} }

// Next returns the next token; after the last one, tokens of type EOF. The error
// is always nil.
func (s *Scanner) Next() (lexer.Token, error) {
	var token lexer.Token
	token.Type, token.Value, token.Pos.Offset = s.Scan()
	return token, nil
}

// Scan is Next without participle's type.
func (s *Scanner) Scan() (kind lexer.TokenType, value string, offset int) {
	if comment := s.skipBlank(); comment >= 0 {
		return UnterminatedComment, s.text[comment:], comment
	}
	start := s.offset
	if start >= len(s.text) {
		return EOF, "", start
	}
	kind, end := scan(s.text, start)
	s.offset = end
	value = s.text[start:end]
	if kind == Identifier {
		if canonical, is := keyword(value); is {
			return Keyword, canonical, start
		}
	}
	return kind, value, start
}

// skipBlank moves over white space and comments. It returns the offset of a
// comment that never ends, else -1.
func (s *Scanner) skipBlank() int {
	text := s.text
	i := s.offset
	for i < len(text) {
		switch c := text[i]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			i++
		case c == 0xEF && len(text)-i >= 3 && text[i:i+3] == "\ufeff":
			i += 3 // byte order mark, as some editors write it
		case c == '-' && i+1 < len(text) && text[i+1] == '-':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case c == '/' && i+1 < len(text) && text[i+1] == '*':
			end := blockCommentEnd(text, i)
			if end < 0 {
				s.offset = len(text)
				return i
			}
			i = end
		default:
			s.offset = i
			return -1
		}
	}
	s.offset = i
	return -1
}

// blockCommentEnd finds the end of the comment at i, -1 when there is none.
// Comments nest, as the SQL standard has it.
func blockCommentEnd(text string, i int) int {
	depth := 0
	for i+1 < len(text) {
		switch {
		case text[i] == '/' && text[i+1] == '*':
			depth++
			i += 2
		case text[i] == '*' && text[i+1] == '/':
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return -1
}

func isLetter(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= utf8.RuneSelf
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '$' }

// scan finds the type and the end of the token at i.
func scan(text string, i int) (lexer.TokenType, int) {
	c := text[i]
	var next byte
	if i+1 < len(text) {
		next = text[i+1]
	}
	switch {
	case isLetter(c):
		if next == '\'' {
			switch c {
			case 'e', 'E':
				return scanString(text, i+2, Escape)
			case 'x', 'X':
				return scanString(text, i+2, Bytes)
			}
		}
		return scanWord(text, i)
	case isDigit(c) || c == '.' && isDigit(next):
		return scanNumber(text, i)
	case c == '\'':
		return scanString(text, i+1, String)
	case c == '"':
		for j := i + 1; j < len(text); j++ {
			if text[j] != '"' {
				continue
			}
			if j+1 < len(text) && text[j+1] == '"' {
				j++
				continue
			}
			return QuotedIdentifier, j + 1
		}
		return UnterminatedIdentifier, len(text)
	case c == '?':
		return Argument, i + 1
	case c == '$':
		return scanDollar(text, i)
	}
	if n := operatorLength(text[i:]); n > 0 {
		return Operator, i + n
	}
	_, size := utf8.DecodeRuneInString(text[i:])
	return StrayCharacter, i + size
}

// scanWord reads a name or a keyword. Beyond ASCII only letters, digits and marks
// belong to a word, so that typographic quotes and the like are told apart.
func scanWord(text string, i int) (lexer.TokenType, int) {
	start := i
	for i < len(text) {
		if c := text[i]; c < utf8.RuneSelf {
			if !isWordByte(c) {
				break
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.In(r, unicode.Letter, unicode.Digit, unicode.Mark) {
			if i == start {
				return StrayCharacter, i + size
			}
			break
		}
		i += size
	}
	return Identifier, i
}

// scanString finds the end of a string whose first quote ends before i.
func scanString(text string, i int, kind lexer.TokenType) (lexer.TokenType, int) {
	for ; i < len(text); i++ {
		switch {
		case text[i] == '\\' && kind == Escape:
			i++
		case text[i] != '\'':
		case i+1 < len(text) && text[i+1] == '\'':
			i++
		default:
			return kind, i + 1
		}
	}
	return UnterminatedString, len(text)
}

// scanDollar reads $1, $name, $$text$$ and $tag$text$tag$.
func scanDollar(text string, i int) (lexer.TokenType, int) {
	j := i + 1
	for j < len(text) && (isLetter(text[j]) || isDigit(text[j])) {
		j++
	}
	if j < len(text) && text[j] == '$' && (j == i+1 || !isDigit(text[i+1])) {
		quote := text[i : j+1]
		for k := j + 1; k+len(quote) <= len(text); k++ {
			if text[k] == '$' && text[k:k+len(quote)] == quote {
				return Dollar, k + len(quote)
			}
		}
		return UnterminatedDollar, len(text)
	}
	if j == i+1 {
		return StrayCharacter, j
	}
	return Argument, j
}

func scanNumber(text string, i int) (lexer.TokenType, int) {
	digits := func() {
		for i < len(text) && (isDigit(text[i]) || text[i] == '_' && i+1 < len(text) && isDigit(text[i+1])) {
			i++
		}
	}
	kind := Integer
	digits()
	if i < len(text) && text[i] == '.' {
		kind = Decimal
		i++
		digits()
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		j := i + 1
		if j < len(text) && (text[j] == '+' || text[j] == '-') {
			j++
		}
		if j < len(text) && isDigit(text[j]) {
			kind = Float
			i = j
			digits()
		}
	}
	if i < len(text) && isWordByte(text[i]) {
		for i < len(text) && isWordByte(text[i]) {
			i++
		}
		return MalformedNumber, i
	}
	return kind, i
}

// operatorLength is the length of the operator or mark at the start of text, 0
// when there is none. The longest one wins.
func operatorLength(text string) int {
	if len(text) >= 3 {
		switch text[:3] {
		case "->>", "!~*", "~~*", "!~~":
			if text[:3] == "!~~" && len(text) >= 4 && text[3] == '*' {
				return 4
			}
			return 3
		}
	}
	if len(text) >= 2 {
		switch text[:2] {
		case "::", "||", "<>", "!=", "<=", ">=", "==", "<<", ">>", "->", "=>", ":=", "**", "//", "!~", "~~", "~*", "@>", "<@", "^@", "&&":
			return 2
		}
	}
	switch text[0] {
	case '+', '-', '*', '/', '%', '^', '=', '<', '>', '&', '|', '#', '~', '(', ')', '[', ']', '{', '}', ',', ';', '.', ':', '@':
		return 1
	}
	return 0
}
