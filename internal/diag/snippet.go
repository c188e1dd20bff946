package diag

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// lanes is how many labels over several lines are drawn at the left of a
// snippet; further ones are shown on their first line alone.
const lanes = 2

// maxHangingRows is how many rows a message below its label takes.
const maxHangingRows = 4

// mark is a label with its place on the lines of a snippet.
type mark struct {
	Label
	start, end         int // byte offsets
	firstLine, endLine int // from 0
	lane               int // from 0; -1 for a mark on one line
	// slash says that only spaces stand before the label, so that its lane can
	// begin beside the line instead of below it.
	slash bool
	open  bool // the lane is drawn on the next row
}

func (m *mark) sign() byte {
	if m.Primary {
		return '^'
	}
	return '-'
}

func (r *renderer) tone(m *mark) style {
	if m.Primary {
		return r.main
	}
	return secondary
}

// snippet draws the lines on which the labels begin and end, with the labels
// below them.
func (r *renderer) snippet(file *File, labels []Label) []string {
	l := r.lines.of(file)
	marks, used := r.lay(l, labels)
	var shown []int
	for _, m := range marks {
		shown = append(shown, m.firstLine, m.endLine)
	}
	slices.Sort(shown)
	shown = slices.Compact(shown)

	var rows []string
	for i, line := range shown {
		if i > 0 {
			switch gap := line - shown[i-1]; {
			case gap == 2: // one line is as short as its ellipsis
				rows = append(rows, r.sourceLine(l, line-1, marks, used)...)
			case gap > 2:
				rows = append(rows, r.paint(secondary, ellipsis))
			}
		}
		rows = append(rows, r.sourceLine(l, line, marks, used)...)
	}
	return rows
}

// lay places the labels and returns how many lanes they use.
func (r *renderer) lay(l *lines, labels []Label) ([]*mark, int) {
	used := 0
	marks := make([]*mark, len(labels))
	for i, label := range labels {
		m := &mark{Label: label, lane: -1}
		m.start, m.end = l.clip(label.Span)
		m.firstLine, m.endLine = l.lineOf(m.start), l.lineOf(m.end)
		if m.endLine > m.firstLine && m.end == l.starts[m.endLine] {
			// The line break belongs to the range, the next line does not.
			m.endLine--
			_, m.end = l.bounds(m.endLine)
			m.end = max(m.end, m.start)
		}
		if m.endLine > m.firstLine && used == lanes {
			m.endLine = m.firstLine
			_, m.end = l.bounds(m.firstLine)
		}
		if m.endLine > m.firstLine {
			m.lane = used
			used++
			lead := l.text[l.starts[m.firstLine]:m.start]
			m.slash = len(lead) < r.width && strings.Trim(lead, " \t") == ""
		}
		marks[i] = m
	}
	return marks, used
}

// sourceLine is one line of the text and the rows that belong below it.
func (r *renderer) sourceLine(l *lines, line int, all []*mark, used int) []string {
	start, end := l.bounds(line)
	var here, starting, ending []*mark
	for _, m := range all {
		switch {
		case m.lane < 0 && m.firstLine == line:
			here = append(here, m)
		case m.lane >= 0 && m.firstLine == line && !m.slash:
			starting = append(starting, m)
		case m.lane >= 0 && m.endLine == line:
			ending = append(ending, m)
		}
	}
	margin := 2 * used
	focusStart, focusEnd := focus(slices.Concat(here, starting, ending), line, start)
	win := newWindow(l.text, start, end, min(focusStart, end), min(focusEnd, end), r.room()-margin)

	c := r.openLanes(all)
	for _, m := range all {
		if m.lane >= 0 && m.firstLine == line && m.slash {
			c.set(2*m.lane, '/', r.tone(m))
			m.open = true
		}
	}
	row := r.number(line+1) + r.paint(secondary, "|")
	if source := strings.TrimRight(c.draw(r, margin)+win.text, " "); source != "" {
		row += " " + source
	}
	rows := []string{row}
	if len(here) > 0 {
		rows = append(rows, r.below(here, all, win, margin)...)
	}
	for _, m := range starting {
		c := r.openLanes(all)
		at := margin + win.cell(m.start)
		c.line(2*m.lane+1, at, r.tone(m))
		c.set(at, m.sign(), r.tone(m))
		rows = append(rows, r.under(c.draw(r, 0)))
		m.open = true
	}
	for _, m := range ending {
		c := r.openLanes(all)
		at := margin + max(win.cell(m.end)-1, 0)
		c.line(2*m.lane+1, at, r.tone(m))
		c.set(at, m.sign(), r.tone(m))
		m.open = false
		row, fits := r.beside(c, m)
		rows = append(rows, r.under(row))
		if !fits {
			rows = append(rows, r.hanging(r.openLanes(all), m, at)...)
		}
	}
	return rows
}

// focus is the range of a line that must be in view: where the most important
// of its marks stands.
func focus(marks []*mark, line, start int) (from, to int) {
	if len(marks) == 0 {
		return start, start
	}
	switch m := marks[0]; {
	case m.lane < 0:
		return m.start, m.end
	case m.firstLine == line:
		return m.start, m.start
	default:
		return m.end, m.end
	}
}

// openLanes draws the labels over several lines that are passing.
func (r *renderer) openLanes(all []*mark) *canvas {
	c := &canvas{}
	for _, m := range all {
		if m.open {
			c.set(2*m.lane, '|', r.tone(m))
		}
	}
	return c
}

// placed is a mark on one line in cells of the window.
type placed struct {
	*mark
	first, after int
}

// below draws the marks of one line: all signs in one row, the message of the
// last beside them, and the others hanging from their first cell.
func (r *renderer) below(here, all []*mark, win *window, margin int) []string {
	marks := make([]placed, len(here))
	for i, m := range here {
		first, after := win.marks(m.start, m.end)
		marks[i] = placed{mark: m, first: margin + first, after: margin + after}
	}
	signs := r.openLanes(all)
	for _, primary := range []bool{false, true} { // primary signs lie on top
		for _, p := range marks {
			for at := p.first; at < p.after && p.Primary == primary; at++ {
				signs.set(at, p.sign(), r.tone(p.mark))
			}
		}
	}
	slices.SortStableFunc(marks, func(a, b placed) int { return b.first - a.first })

	waiting := slices.DeleteFunc(slices.Clone(marks), func(p placed) bool { return p.Message == "" })
	row := signs.draw(r, 0)
	last := marks[0]
	overlapped := slices.ContainsFunc(marks[1:], func(p placed) bool { return p.after > last.first })
	if last.Message != "" && !overlapped {
		if with, fits := r.beside(signs, last.mark); fits {
			row, waiting = with, waiting[1:]
		}
	}
	rows := []string{r.under(row)}
	if len(waiting) > 0 && len(marks) > 1 {
		c := r.openLanes(all)
		for _, p := range waiting {
			c.set(p.first, '|', r.tone(p.mark))
		}
		rows = append(rows, r.under(c.draw(r, 0)))
	}
	for i, p := range waiting {
		c := r.openLanes(all)
		for _, other := range waiting[i+1:] {
			if other.first < p.first {
				c.set(other.first, '|', r.tone(other.mark))
			}
		}
		rows = append(rows, r.hanging(c, p.mark, p.first)...)
	}
	return rows
}

// beside is a row of signs with a label's message after them, if it fits.
func (r *renderer) beside(signs *canvas, m *mark) (row string, fits bool) {
	row = signs.draw(r, 0)
	if m.Message == "" {
		return row, true
	}
	message := printable(shorten(oneLine(m.Message)))
	if len(signs.signs)+1+ansi.StringWidth(message) > r.room() {
		return row, false
	}
	return row + " " + r.paint(r.tone(m), message), true
}

// hanging is a label's message below its signs, beginning at a column, or left
// of it when the message needs the room. Each row begins with what c holds.
func (r *renderer) hanging(c *canvas, m *mark, column int) []string {
	const readable = 40
	message := shorten(oneLine(m.Message))
	need := min(ansi.StringWidth(message), readable)
	at := max(min(column, r.room()-need), 0)
	c.truncate(at)
	var rows []string
	for _, line := range cut(wrap(message, max(r.room()-at-len(ellipsis), readable/2)), maxHangingRows) {
		rows = append(rows, r.under(c.draw(r, at)+r.paint(r.tone(m), line)))
	}
	return rows
}

func oneLine(message string) string { return strings.ReplaceAll(message, "\n", " ") }

// canvas is a row of signs, each one cell wide.
type canvas struct {
	signs  []byte
	styles []style
}

func (c *canvas) set(at int, sign byte, s style) {
	for len(c.signs) <= at {
		c.signs = append(c.signs, ' ')
		c.styles = append(c.styles, plain)
	}
	c.signs[at], c.styles[at] = sign, s
}

func (c *canvas) truncate(at int) {
	c.signs = c.signs[:min(len(c.signs), at)]
	c.styles = c.styles[:len(c.signs)]
}

// line draws from one column to before another, under whatever is there.
func (c *canvas) line(from, to int, s style) {
	for at := from; at < to; at++ {
		if at >= len(c.signs) || c.signs[at] == ' ' {
			c.set(at, '_', s)
		}
	}
}

// draw gives the row, padded with spaces to a width.
func (c *canvas) draw(r *renderer, width int) string {
	var b strings.Builder
	for from := 0; from < len(c.signs); {
		to := from + 1
		for to < len(c.signs) && c.styles[to] == c.styles[from] {
			to++
		}
		b.WriteString(r.paint(c.styles[from], string(c.signs[from:to])))
		from = to
	}
	for at := len(c.signs); at < width; at++ {
		b.WriteByte(' ')
	}
	return b.String()
}
