package abi

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// Errors of CompilePattern.
var (
	// ErrPatternEnd says that a pattern ends in its escape character.
	ErrPatternEnd = errors.New("the pattern ends in its escape character")
	// ErrEscapeLength says that the escape is longer than one character.
	ErrEscapeLength = errors.New("the escape is longer than one character")
)

// CompilePattern gives the compiled form of a LIKE pattern that will lie at an
// address, which must be a multiple of 8. The escape is one character, or "" for
// none. With insensitive set, ASCII letters match in both cases.
func CompilePattern(pattern, escape string, insensitive bool, address uint32) ([]byte, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return nil, ErrEscapeLength
	}
	p := patternCompiler{insensitive: insensitive, flags: PatternAnchoredStart | PatternAnchoredEnd}
	for rest := pattern; rest != ""; {
		_, size := utf8.DecodeRuneInString(rest)
		character := rest[:size]
		rest = rest[size:]
		switch character {
		case escape:
			if rest == "" {
				return nil, ErrPatternEnd
			}
			_, size := utf8.DecodeRuneInString(rest)
			p.literal(rest[:size])
			rest = rest[size:]
		case "%":
			p.run()
		case "_":
			p.wildcard()
		default:
			p.literal(character)
		}
	}
	return p.assemble(address), nil
}

type patternCompiler struct {
	insensitive bool
	flags       uint32
	segments    []patternSegment
	open        bool // the last segment goes on
}

type patternSegment struct {
	bytes    []byte
	wildcard uint32 // 1 when it has wildcards
}

func (p *patternCompiler) segment() *patternSegment {
	if !p.open {
		p.segments = append(p.segments, patternSegment{})
		p.open = true
		p.flags |= PatternAnchoredEnd
	}
	return &p.segments[len(p.segments)-1]
}

func (p *patternCompiler) run() {
	if len(p.segments) == 0 {
		p.flags &^= PatternAnchoredStart
	}
	p.flags &^= PatternAnchoredEnd
	p.open = false
}

func (p *patternCompiler) wildcard() {
	s := p.segment()
	s.bytes = append(s.bytes, PatternWildcard)
	s.wildcard = 1
}

func (p *patternCompiler) literal(character string) {
	s := p.segment()
	for i := range len(character) {
		c := character[i]
		switch {
		case c == PatternWildcard:
			// UTF-8 has neither this byte nor the one below: no text matches it
			// either way.
			c--
		case p.insensitive && c >= 'A' && c <= 'Z':
			c |= 0x20
		}
		s.bytes = append(s.bytes, c)
	}
}

func (p *patternCompiler) assemble(address uint32) []byte {
	if p.insensitive {
		p.flags |= PatternInsensitive
	}
	text := PatternSegments + PatternSegmentSize*len(p.segments)
	minimum := 0
	for _, s := range p.segments {
		minimum += len(s.bytes)
	}
	b := make([]byte, text, text+minimum)
	put := binary.LittleEndian.PutUint32
	put(b[PatternFlags:], p.flags)
	put(b[PatternSegmentCount:], uint32(len(p.segments)))
	put(b[PatternMinimum:], uint32(minimum))
	for i, s := range p.segments {
		at := PatternSegments + PatternSegmentSize*i
		put(b[at:], address+uint32(len(b)))
		put(b[at+4:], uint32(len(s.bytes))<<1|s.wildcard)
		b = append(b, s.bytes...)
	}
	return b
}
