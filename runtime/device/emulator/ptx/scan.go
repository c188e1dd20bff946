package ptx

import "strings"

// token is a word, a number, a string, or one character of punctuation.
type token struct {
	text string
	line int
	at   int // offset in the source
}

func (t token) end() bool { return t.text == "" }

// scanner splits a text into tokens. Words keep their dots, so that an opcode is one
// token; so is a register with its component ("%tid.x").
type scanner struct {
	text string
	at   int
	line int
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '%' || c == '.'
}

func (s *scanner) fail(message string) {
	panic(&Error{Line: s.line, Message: message})
}

// blank skips white space and comments.
func (s *scanner) blank() {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '\n':
			s.line++
			s.at++
		case c == ' ' || c == '\t' || c == '\r':
			s.at++
		case strings.HasPrefix(s.text[s.at:], "//"):
			if i := strings.IndexByte(s.text[s.at:], '\n'); i >= 0 {
				s.at += i
			} else {
				s.at = len(s.text)
			}
		case strings.HasPrefix(s.text[s.at:], "/*"):
			i := strings.Index(s.text[s.at+2:], "*/")
			if i < 0 {
				s.fail("a comment does not end")
			}
			s.line += strings.Count(s.text[s.at:s.at+2+i], "\n")
			s.at += i + 4
		default:
			return
		}
	}
}

func (s *scanner) next() token {
	s.blank()
	start := s.at
	if start == len(s.text) {
		return token{line: s.line, at: start}
	}
	c := s.text[start]
	switch {
	case wordByte(c):
		for s.at < len(s.text) {
			if wordByte(s.text[s.at]) {
				s.at++
			} else if strings.HasPrefix(s.text[s.at:], "::") {
				s.at += 2
			} else {
				break
			}
		}
	case c == '"':
		s.at++
		for s.at < len(s.text) && s.text[s.at] != '"' && s.text[s.at] != '\n' {
			s.at++
		}
		if s.at == len(s.text) || s.text[s.at] == '\n' {
			s.fail("a string does not end")
		}
		s.at++
	case strings.IndexByte("{}[]()<>,;:=+-|!@", c) >= 0:
		s.at++
	default:
		s.fail("a character that PTX does not have")
	}
	return token{text: s.text[start:s.at], line: s.line, at: start}
}

// skipLine moves behind the end of the line.
func (s *scanner) skipLine() {
	for s.at < len(s.text) && s.text[s.at] != '\n' {
		s.at++
	}
}
