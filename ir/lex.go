package ir

import (
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
)

type tokenKind uint8

const (
	endToken    tokenKind = iota
	nameToken             // letters, digits, "_", "$", "."
	stringToken           // "text" as Go quotes it
	numberToken           // -12.5e3, inf, -inf
	valueToken            // %name
	symbolToken           // @
	punctToken            // one byte, or "->"
	badToken              // a byte that begins no token
)

type token struct {
	kind  tokenKind
	first bool // nothing but white space stands before it on its line
	span  diag.Span
	text  string // as in the file
}

// lex splits a text into tokens; the last one is endToken. It reports nothing: a
// byte that begins no token becomes a badToken.
func lex(text string) []token {
	tokens := make([]token, 0, len(text)/5+1)
	first := true
	for at := 0; at < len(text); {
		c := text[at]
		if c == '\n' {
			first = true
		}
		if isSpace(c) {
			at++
			continue
		}
		if c == ';' || c == '#' {
			if next := strings.IndexByte(text[at:], '\n'); next >= 0 {
				at += next
				continue
			}
			break
		}
		kind, end := scanToken(text, at)
		tokens = append(tokens, token{kind: kind, first: first, span: diag.Span{Start: int32(at), End: int32(end)}, text: text[at:end]})
		first = false
		at = end
	}
	return append(tokens, token{kind: endToken, first: true, span: diag.Span{Start: int32(len(text)), End: int32(len(text))}})
}

// scanToken finds the kind and the end of the token that begins at a byte.
func scanToken(text string, at int) (tokenKind, int) {
	c := text[at]
	switch {
	case isDigit(c):
		return numberToken, scanNumeral(text, at)
	case isNameByte(c) && c != '.':
		return nameToken, scanName(text, at)
	case c == '%':
		if end := scanName(text, at+1); end > at+1 {
			return valueToken, end
		}
		return badToken, at + 1
	case c == '@':
		return symbolToken, at + 1
	case c == '"':
		for end := at + 1; end < len(text) && text[end] != '\n'; end++ {
			switch text[end] {
			case '\\':
				end++
			case '"':
				return stringToken, end + 1
			}
		}
		return badToken, at + 1
	case c == '-':
		rest := text[at+1:]
		switch {
		case strings.HasPrefix(rest, ">"):
			return punctToken, at + 2
		case strings.HasPrefix(rest, "inf"):
			return numberToken, at + 4
		case rest != "" && isDigit(rest[0]):
			return numberToken, scanNumeral(text, at+1)
		}
		return badToken, at + 1
	case strings.IndexByte("(){}[]<>,:=?*", c) >= 0:
		return punctToken, at + 1
	default:
		return badToken, at + 1
	}
}

func scanName(text string, at int) int {
	for at < len(text) && isNameByte(text[at]) {
		at++
	}
	return at
}

// scanNumeral reads digits with an optional fraction and exponent.
func scanNumeral(text string, at int) int {
	digits := func() {
		for at < len(text) && isDigit(text[at]) {
			at++
		}
	}
	digits()
	if at+1 < len(text) && text[at] == '.' && isDigit(text[at+1]) {
		at++
		digits()
	}
	if at < len(text) && text[at]|0x20 == 'e' {
		sign := at + 1
		if sign < len(text) && (text[sign] == '+' || text[sign] == '-') {
			sign++
		}
		if sign < len(text) && isDigit(text[sign]) {
			at = sign
			digits()
		}
	}
	return at
}
