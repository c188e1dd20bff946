package diag

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Position is a place in a file as people and editors count it.
type Position struct {
	Line   int // from 1
	Column int // from 1, in characters; a byte that is not UTF-8 counts as one
	Offset int // from 0, in bytes
}

// Position finds the line and column of a byte offset, which is moved into the
// file when it lies outside. It reads the text up to the offset.
func (f *File) Position(offset int32) Position { return newLines(f).position(offset) }

// lines answers where offsets of one file stand. It is built once per file and
// rendering, because a file may yield many diagnostics.
type lines struct {
	text   string
	starts []int // offset of the first byte of each line
	// The last answer: on one line of many megabytes with many diagnostics,
	// counting goes on from there.
	last Position
}

func newLines(file *File) *lines {
	l := &lines{text: file.Text, starts: []int{0}, last: Position{Line: 1, Column: 1}}
	for at := 0; ; {
		next := strings.IndexByte(l.text[at:], '\n')
		if next < 0 {
			return l
		}
		at += next + 1
		l.starts = append(l.starts, at)
	}
}

// lineOf is the number, from 0, of the line that holds offset.
func (l *lines) lineOf(offset int) int {
	return sort.SearchInts(l.starts, offset+1) - 1
}

// bounds are the offsets of a line's first byte and of its end, before the line
// break ("\n" or "\r\n").
func (l *lines) bounds(line int) (start, end int) {
	start = l.starts[line]
	if line+1 == len(l.starts) {
		return start, len(l.text)
	}
	end = l.starts[line+1] - 1
	if end > start && l.text[end-1] == '\r' {
		end--
	}
	return start, end
}

// clip moves a span into the text and turns a reversed one around.
func (l *lines) clip(span Span) (start, end int) {
	start = min(max(int(span.Start), 0), len(l.text))
	end = min(max(int(span.End), 0), len(l.text))
	if start > end {
		start, end = end, start
	}
	return start, end
}

func (l *lines) position(offset int32) Position {
	at := min(max(int(offset), 0), len(l.text))
	line := l.lineOf(at)
	from, column := l.starts[line], 1
	if l.last.Line == line+1 && l.last.Offset <= at {
		from, column = l.last.Offset, l.last.Column
	}
	l.last = Position{Line: line + 1, Column: column + utf8.RuneCountInString(l.text[from:at]), Offset: at}
	return l.last
}

// lineCache keeps the lines of each file for one rendering.
type lineCache map[*File]*lines

func (c lineCache) of(file *File) *lines {
	if l, ok := c[file]; ok {
		return l
	}
	l := newLines(file)
	c[file] = l
	return l
}
