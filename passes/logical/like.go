package logical

import (
	"strings"

	"github.com/heddle-lang/heddle/ir"
)

// likePattern is a LIKE pattern taken apart: the text before the first wildcard,
// and what follows.
type likePattern struct {
	prefix string // characters that stand for themselves, escapes removed
	rest   string // from the first wildcard on, as written
}

// escapeOf is the escape character of a like, 0 for none.
func escapeOf(op *ir.Op) rune {
	value := op.Attribute("escape")
	if value == nil {
		return '\\'
	}
	for _, r := range value.(string) {
		return r
	}
	return 0
}

// parseLike takes a pattern apart. wellFormed is false when it ends in the escape
// character, on which like traps.
func parseLike(pattern string, escape rune) (p likePattern, wellFormed bool) {
	var prefix strings.Builder
	inPrefix, escaped := true, false
	for i, r := range pattern {
		switch {
		case escaped:
			escaped = false
			if inPrefix {
				prefix.WriteRune(r)
			}
		case escape != 0 && r == escape:
			escaped = true
		case inPrefix && (r == '%' || r == '_'):
			inPrefix = false
			p.rest = pattern[i:]
		case inPrefix:
			prefix.WriteRune(r)
		}
	}
	p.prefix = prefix.String()
	return p, !escaped
}
