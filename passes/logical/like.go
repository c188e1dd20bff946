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

// like simplifies patterns that are an equality, a prefix, or anything at all.
func (s *simplifier) like(em *emitter, op *ir.Op, operands []*ir.Value, condition bool) *ir.Value {
	pattern, ok := literal(operands[1])
	if !ok || pattern.Null || ir.AttributeAs[bool](op, "insensitive") {
		return em.op(op.Code, operands, op.Attributes...)
	}
	parsed, wellFormed := parseLike(pattern.Text, escapeOf(op))
	// Written only where it is used: a constant that is left over here would be found
	// again by code inside of an if, and stay outside of it.
	text := func() *ir.Value { return em.constant(ir.Of(ir.String), ir.TextDatum(parsed.prefix)) }
	switch {
	case !wellFormed:
		return em.op(op.Code, operands, op.Attributes...)
	case parsed.rest == "":
		return s.compare(em, ir.OpEqual, operands[0], text(), condition)
	case parsed.rest != "%":
		return em.op(op.Code, operands, op.Attributes...)
	case parsed.prefix != "":
		return em.op(ir.OpStartsWith, []*ir.Value{operands[0], text()})
	default:
		return s.decided(em, operands[0], true, condition, func() *ir.Value { return em.op(op.Code, operands, op.Attributes...) })
	}
}
