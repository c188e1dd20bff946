package diag

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

const (
	tabCells = 4
	ellipsis = "..."
	// longestCluster bounds the bytes that may share one character cell, so that
	// a text of nothing but combining marks costs no more than another.
	longestCluster = 64
	// bytesPerCell bounds the bytes that are looked at for one cell of a window.
	bytesPerCell = 16
	// longestMessage and longestWord bound what is shown of a message that
	// quotes a name of megabytes; the JSON form has all of it.
	longestMessage = 8 << 10 // bytes
	longestWord    = 256     // cells
)

// glyph is what one piece of a source text looks like on a terminal.
type glyph struct {
	text  string // safe to print
	bytes int    // consumed from the source, at least 1
	cells int
}

// nextGlyph reads the first glyph of s, which must not be empty. Whatever could
// steer a terminal, or make a line look like another program than the compiler
// reads, is shown as an escape: control characters, marks of direction, line
// separators, bytes that are not UTF-8.
func nextGlyph(s string) glyph {
	c := s[0]
	if c >= 0x20 && c < 0x7f && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return glyph{text: s[:1], bytes: 1, cells: 1}
	}
	if c == '\t' {
		return glyph{text: strings.Repeat(" ", tabCells), bytes: 1, cells: tabCells}
	}
	r, size := utf8.DecodeRuneInString(s)
	if escaped := escapeRune(r, s[:size]); escaped != "" {
		return glyph{text: escaped, bytes: size, cells: len(escaped)}
	}
	limit := min(len(s), longestCluster)
	for limit < len(s) && limit > size && !utf8.RuneStart(s[limit]) {
		limit--
	}
	cluster, cells := ansi.FirstGraphemeCluster(s[:limit], ansi.GraphemeWidth)
	for i := size; i < len(cluster); {
		r, n := utf8.DecodeRuneInString(cluster[i:])
		if escapeRune(r, cluster[i:i+n]) != "" {
			cluster, cells = cluster[:i], ansi.StringWidth(cluster[:i])
			break
		}
		i += n
	}
	return glyph{text: cluster, bytes: len(cluster), cells: cells}
}

// escapeRune is the visible form of a character that must not reach a terminal,
// and empty for the others.
func escapeRune(r rune, encoded string) string {
	switch {
	case r == utf8.RuneError && len(encoded) == 1:
		return fmt.Sprintf(`\x%02x`, encoded[0])
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		return fmt.Sprintf(`\x%02x`, r)
	case r >= 0x200b && r <= 0x200f && r != 0x200d, // zero width, direction; the joiner builds emoji
		r >= 0x2028 && r <= 0x202e, // line separators, embeddings
		r >= 0x2060 && r <= 0x206f, // isolates and invisible operators
		r == 0x061c, r == 0xfeff:
		return fmt.Sprintf(`\u{%x}`, r)
	}
	return ""
}

// printable makes a message safe to print. Messages quote names of the source.
func printable(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= 0x20 && s[i] < 0x7f
	}
	if clean {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		g := nextGlyph(s)
		b.WriteString(g.text)
		s = s[g.bytes:]
	}
	return b.String()
}

// shorten cuts a text that is much too long for a page.
func shorten(s string) string {
	if len(s) <= longestMessage {
		return s
	}
	at := longestMessage
	for at > longestMessage-utf8.UTFMax && !utf8.RuneStart(s[at]) {
		at--
	}
	return s[:at] + ellipsis
}

// wrap breaks a message into lines of at most width cells, at spaces. A word
// that is longer stays whole, so that a path can be copied, unless no path is
// as long. Newlines of the message are kept. The result has at least one line.
func wrap(message string, width int) []string {
	message = shorten(message)
	var out []string
	for _, paragraph := range strings.Split(message, "\n") {
		paragraph = printable(paragraph)
		if ansi.StringWidth(paragraph) <= width {
			out = append(out, paragraph)
			continue
		}
		line, lineCells := "", 0
		for _, word := range strings.Fields(paragraph) {
			word = ansi.Truncate(word, longestWord, ellipsis)
			cells := ansi.StringWidth(word)
			if line != "" && lineCells+1+cells > width {
				out = append(out, line)
				line, lineCells = "", 0
			}
			if line != "" {
				line, lineCells = line+" ", lineCells+1
			}
			line, lineCells = line+word, lineCells+cells
		}
		out = append(out, line)
	}
	return out
}

// window is the visible part of a source line, and where its bytes stand in it.
type window struct {
	text  string
	cells int
	// from and to are the offsets of the first byte shown and after the last.
	from, to int
	// offsets are those at which glyphs begin; columns the cells where they do.
	offsets, columns []int
}

// newWindow shows text[start:end], a line, within width cells. When it does not
// fit, the part around focus is shown, and "..." where something is cut.
func newWindow(text string, start, end, focusStart, focusEnd, width int) *window {
	if end-start <= width*bytesPerCell {
		if w := fill(text, start, end, width, "", ""); w.to == end {
			return w
		}
	}
	room := max(width-2*len(ellipsis), 8)
	from := lookBack(text, start, focusStart, context(focusEnd-focusStart, room))
	prefix := ellipsis
	if from <= start {
		from, prefix = start, ""
		room = width - len(ellipsis)
	}
	w := fill(text, from, end, room, prefix, ellipsis)
	if w.to == end && prefix != "" {
		// The end of the line is in sight: use the whole width.
		from = max(lookBack(text, start, end, width-len(prefix)), start)
		if from > focusStart {
			return w
		}
		if tail := fill(text, from, end, width-len(prefix), prefix, ""); tail.to == end {
			return tail
		}
	}
	return w
}

// context is how many cells before the focus are shown: a third of the room, or
// more when the focus is short.
func context(focusBytes, room int) int {
	if focusBytes >= room {
		return room / 4
	}
	return max(room/4, (room-focusBytes)/2)
}

// lookBack steps back from offset by about cells, to the start of a character.
func lookBack(text string, start, offset, cells int) int {
	at := offset
	for n := 0; n < cells && at > start; {
		_, size := utf8.DecodeLastRuneInString(text[start:at])
		at -= size
		if offset-at > cells*bytesPerCell {
			break
		}
		n += nextGlyph(text[at:offset]).cells
	}
	return at
}

// fill lays out glyphs from an offset on until the cells are used up; suffix is
// written when the line goes on.
func fill(text string, from, end, width int, prefix, suffix string) *window {
	var b strings.Builder
	b.WriteString(prefix)
	w := &window{from: from, cells: len(prefix)}
	limit := len(prefix) + width
	at := from
	for at < end && at-from <= width*bytesPerCell {
		g := nextGlyph(text[at:end])
		if w.cells+g.cells > limit {
			break
		}
		w.offsets = append(w.offsets, at)
		w.columns = append(w.columns, w.cells)
		b.WriteString(g.text)
		w.cells += g.cells
		at += g.bytes
	}
	w.to = at
	w.offsets = append(w.offsets, at)
	w.columns = append(w.columns, w.cells)
	if at < end {
		b.WriteString(suffix)
		w.cells += len(suffix)
	}
	w.text = strings.TrimRight(b.String(), " ")
	return w
}

// cell is the column at which the glyph that holds offset begins. An offset
// outside the window stands where the ellipsis begins.
func (w *window) cell(offset int) int {
	if offset < w.from {
		return 0
	}
	return w.columns[w.glyph(offset)]
}

func (w *window) glyph(offset int) int { return max(sort.SearchInts(w.offsets, offset+1)-1, 0) }

// marks are the columns that a range covers, at least one of them.
func (w *window) marks(start, end int) (first, after int) {
	first = w.cell(start)
	if end <= start {
		return first, first + 1
	}
	last := w.glyph(end)
	after = w.columns[last]
	if w.offsets[last] < end && last+1 < len(w.columns) {
		after = w.columns[last+1] // the range ends inside a glyph
	}
	return first, max(after, first+1)
}
