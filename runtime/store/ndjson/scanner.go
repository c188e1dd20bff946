package ndjson

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// kind is what a JSON value is.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindNested // an object or an array
)

var (
	errSyntax = errors.New("it is no JSON object")
	errDepth  = errors.New("it is nested too deeply")
	errUTF8   = errors.New("it is not UTF-8")
	errEscape = errors.New("a string has an escape that JSON does not know")
)

// maxDepth bounds the nesting of objects and arrays.
const maxDepth = 512

// value is a value within a line: its JSON text.
type value struct {
	kind kind
	raw  []byte
}

// scanner reads the members of one object.
type scanner struct {
	data []byte
	at   int
	key  []byte // the latest, decoded
	keys []byte // memory of decoded keys
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) take(c byte) bool {
	s.space()
	if s.at < len(s.data) && s.data[s.at] == c {
		s.at++
		return true
	}
	return false
}

// object calls visit for each member; s.key holds its key until the next.
func (s *scanner) object(line []byte, visit func(v value) error) error {
	s.data, s.at = line, 0
	if !s.take('{') {
		return errSyntax
	}
	if !s.take('}') {
		for {
			s.space()
			raw, err := s.text()
			if err != nil {
				return err
			}
			if bytes.IndexByte(raw, '\\') < 0 {
				s.key = raw[1 : len(raw)-1]
			} else {
				if s.keys, err = unquote(s.keys[:0], raw); err != nil {
					return err
				}
				s.key = s.keys
			}
			if !s.take(':') {
				return errSyntax
			}
			v, err := s.value(0)
			if err != nil {
				return err
			}
			if err := visit(v); err != nil {
				return err
			}
			if s.take(',') {
				continue
			}
			if s.take('}') {
				break
			}
			return errSyntax
		}
	}
	if s.space(); s.at != len(s.data) {
		return errSyntax
	}
	return nil
}

func (s *scanner) value(depth int) (v value, err error) {
	if depth > maxDepth {
		return v, errDepth
	}
	s.space()
	if s.at >= len(s.data) {
		return v, errSyntax
	}
	start := s.at
	switch s.data[s.at] {
	case '"':
		raw, err := s.text()
		return value{kindString, raw}, err
	case '{', '[':
		err = s.nested(depth)
		v.kind = kindNested
	case 't':
		v.kind, err = kindBool, s.word("true")
	case 'f':
		v.kind, err = kindBool, s.word("false")
	case 'n':
		v.kind, err = kindNull, s.word("null")
	default:
		v.kind, err = kindNumber, s.number()
	}
	v.raw = s.data[start:s.at]
	return v, err
}

func (s *scanner) word(word string) error {
	if !bytes.HasPrefix(s.data[s.at:], []byte(word)) {
		return errSyntax
	}
	s.at += len(word)
	return nil
}

// number reads a number as JSON writes it.
func (s *scanner) number() error {
	digits := func() (n int) {
		for s.at < len(s.data) && s.data[s.at]-'0' < 10 {
			s.at++
			n++
		}
		return n
	}
	if s.at < len(s.data) && s.data[s.at] == '-' {
		s.at++
	}
	zero := s.at < len(s.data) && s.data[s.at] == '0'
	if n := digits(); n == 0 || zero && n > 1 {
		return errSyntax
	}
	if s.at < len(s.data) && s.data[s.at] == '.' {
		if s.at++; digits() == 0 {
			return errSyntax
		}
	}
	if s.at < len(s.data) && s.data[s.at]|0x20 == 'e' {
		s.at++
		if s.at < len(s.data) && (s.data[s.at] == '+' || s.data[s.at] == '-') {
			s.at++
		}
		if digits() == 0 {
			return errSyntax
		}
	}
	return nil
}

// text reads a string and returns it with its quotes, undecoded.
func (s *scanner) text() ([]byte, error) {
	start := s.at
	if s.at >= len(s.data) || s.data[s.at] != '"' {
		return nil, errSyntax
	}
	for at := s.at + 1; at < len(s.data); at++ {
		switch c := s.data[at]; {
		case c == '\\':
			if at++; !isEscape(s.data[at:]) {
				return nil, errEscape
			}
		case c == '"':
			s.at = at + 1
			return s.data[start:s.at], nil
		case c < ' ':
			return nil, errSyntax
		}
	}
	return nil, errSyntax
}

// isEscape reports whether text begins with what may follow a backslash.
func isEscape(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	if text[0] == 'u' {
		_, ok := unicodeEscape(text)
		return ok
	}
	return bytes.IndexByte([]byte(`"\/bfnrt`), text[0]) >= 0
}

// nested passes over an object or an array and checks its form.
func (s *scanner) nested(depth int) error {
	object := s.data[s.at] == '{'
	closing := byte(']')
	if object {
		closing = '}'
	}
	s.at++
	if s.take(closing) {
		return nil
	}
	for {
		if object {
			s.space()
			if _, err := s.text(); err != nil {
				return err
			}
			if !s.take(':') {
				return errSyntax
			}
		}
		if _, err := s.value(depth + 1); err != nil {
			return err
		}
		switch {
		case s.take(','):
		case s.take(closing):
			return nil
		default:
			return errSyntax
		}
	}
}

// unquote appends the text of a string, given with its quotes.
func unquote(to, raw []byte) ([]byte, error) {
	raw = raw[1 : len(raw)-1]
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(to, raw...), nil
		}
		to = append(to, raw[:i]...)
		raw = raw[i+1:] // at least one byte follows, or the string would not have ended
		plain := map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
		if c, ok := plain[raw[0]]; ok {
			to, raw = append(to, c), raw[1:]
			continue
		}
		r, ok := unicodeEscape(raw)
		if !ok {
			return to, errEscape
		}
		raw = raw[5:]
		if utf16.IsSurrogate(r) {
			low, ok := rune(0), false
			if len(raw) > 0 && raw[0] == '\\' {
				low, ok = unicodeEscape(raw[1:])
			}
			if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
				return to, errEscape
			}
			raw = raw[6:]
		}
		to = utf8.AppendRune(to, r)
	}
}

// unicodeEscape reads "uXXXX".
func unicodeEscape(raw []byte) (rune, bool) {
	if len(raw) < 5 || raw[0] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(raw[1:5]), 16, 16)
	return rune(n), err == nil
}
