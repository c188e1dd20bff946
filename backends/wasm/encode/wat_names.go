package encode

import (
	"strings"
)

// identifiers returns the identifier of each index, "" where the name is missing,
// too long, or not the first of its kind: text names must be unique.
func identifiers(names map[uint32]string, count int) []string {
	out := make([]string, count)
	if len(names) == 0 {
		return out
	}
	taken := make(map[string]bool, len(names))
	for i := range out {
		name := names[uint32(i)]
		if name == "" || len(name) > maxIdentifier || taken[name] {
			continue
		}
		taken[name] = true
		out[i] = string(appendIdentifier(nil, name))
	}
	return out
}

// appendIdentifier writes a name as $name, or as $"name" when it has characters
// that stand for themselves only in a string.
func appendIdentifier(b []byte, name string) []byte {
	b = append(b, '$')
	for i := range len(name) {
		if !isIdentifierByte(name[i]) {
			return appendString(b, name)
		}
	}
	return append(b, name...)
}

func isIdentifierByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' ||
		strings.IndexByte("!#$%&'*+-./:<=>?@\\^_`|~", c) >= 0
}

// appendString writes a string of the text format, in which every byte can be
// given by two hexadecimal digits.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ' && c < 0x7f:
			b = append(b, c)
		default:
			b = append(b, '\\', hex[c>>4], hex[c&15])
		}
	}
	return append(b, '"')
}
