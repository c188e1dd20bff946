package diag

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Options say how Render writes.
type Options struct {
	// Color adds ANSI colours. They repeat what the text says.
	Color bool
	// Width is the number of cells of a line: 100 when 0, and never below 40.
	Width int
}

const (
	defaultWidth  = 100
	narrowest     = 40
	maxRows       = 20 // of one diagnostic
	maxHeadRows   = 3
	maxRemarkRows = stackFrames + 2 // the note with a stack
	maxPlaceRows  = 12
	maxPlaces     = 8 // labels shown of one file
	sourceIndents = 4 // cells of " | " and the space before the line number
)

// Render writes each diagnostic as text, with the source lines that its labels
// name, separated by empty lines. One diagnostic takes at most 20 lines; what
// does not fit is counted in a note. The error is the one of w.
//
// Nothing of a source text or a message reaches w unescaped that could steer a
// terminal.
func Render(w io.Writer, list List, opts Options) error {
	if opts.Width == 0 {
		opts.Width = defaultWidth
	}
	r := &renderer{color: opts.Color, width: max(opts.Width, narrowest), lines: lineCache{}}
	for i, d := range list {
		var page bytes.Buffer
		if i > 0 {
			page.WriteByte('\n')
		}
		for _, row := range r.diagnostic(d) {
			page.WriteString(row)
			page.WriteByte('\n')
		}
		if _, err := w.Write(page.Bytes()); err != nil {
			return fmt.Errorf("write diagnostics: %w", err)
		}
	}
	return nil
}

// RenderText is Render into a string.
func RenderText(list List, opts Options) string {
	var b strings.Builder
	_ = Render(&b, list, opts) // a strings.Builder does not fail
	return b.String()
}

type style string

// The styles are ANSI "select graphic rendition" parameters.
const (
	plain     style = ""
	bold      style = "1"
	red       style = "1;31"
	yellow    style = "1;33"
	green     style = "32"
	removed   style = "31"
	secondary style = "1;34"
	cyan      style = "1;36"
)

type renderer struct {
	color bool
	width int
	lines lineCache

	// of the diagnostic being rendered
	main   style
	digits int // of its largest line number
}

func (r *renderer) paint(s style, text string) string {
	if !r.color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// section is a part of a diagnostic that is shown or counted as hidden.
type section struct {
	rows []string
	rank int // the lower, the sooner it gets a place
	// hides is how many labels the section itself left out.
	hides int
	// text can be cut short when there is no room for all of it.
	text bool
}

func (r *renderer) diagnostic(d *Diagnostic) []string {
	switch d.Severity {
	case Error:
		r.main = red
	case Warning:
		r.main = yellow
	default:
		r.main = cyan
	}
	places, extra := r.places(d)
	r.digits = r.lineDigits(d, places)

	sections := []section{{rows: r.head(d)}}
	for i, p := range places {
		rank := 1
		if i > 0 {
			rank = 5
		}
		rows, hidden := r.place(p, i == 0)
		sections = append(sections, section{rows: rows, rank: rank, hides: hidden})
	}
	for _, note := range slices.Concat(extra, d.Notes) {
		sections = append(sections, section{rows: r.remark("note", note), rank: 4, text: true})
	}
	for _, help := range d.Help {
		sections = append(sections, section{rows: r.remark("help", help), rank: 2, text: true})
	}
	for _, fix := range d.Fixes {
		sections = append(sections, section{rows: r.fix(fix, places), rank: 3})
	}
	return r.fit(sections)
}

// fit gives the sections their places in the order of rank.
func (r *renderer) fit(sections []section) []string {
	byRank := make([]int, len(sections))
	total, hides := 0, 0
	for i, s := range sections {
		byRank[i] = i
		total += len(s.rows)
		hides += s.hides
	}
	slices.SortStableFunc(byRank, func(a, b int) int { return sections[a].rank - sections[b].rank })
	room := maxRows - 1 // for the note that something is hidden
	if total == maxRows && hides == 0 {
		room = maxRows
	}
	shown := make([]bool, len(sections))
	hidden := 0
	for _, i := range byRank {
		if sections[i].text && room > 0 {
			sections[i].rows = cut(sections[i].rows, room)
		}
		if len(sections[i].rows) > room {
			hidden++ // the labels of a hidden place count as one
			continue
		}
		hidden += sections[i].hides
		shown[i] = true
		room -= len(sections[i].rows)
	}
	var rows []string
	for i, s := range sections {
		if shown[i] {
			rows = append(rows, s.rows...)
		}
	}
	if hidden > 0 {
		what := "1 more place or remark is not shown"
		if hidden > 1 {
			what = fmt.Sprintf("%d more places and remarks are not shown", hidden)
		}
		rows = append(rows, r.remark("note", what)...)
	}
	return rows[:min(len(rows), maxRows)]
}

func (r *renderer) head(d *Diagnostic) []string {
	kind := d.Severity.String()
	if d.Code != "" {
		kind += "[" + printable(string(d.Code)) + "]"
	}
	lines := cut(wrap(kind+": "+oneLine(d.Message), r.width-len(ellipsis)), maxHeadRows)
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, kind); i == 0 && ok {
			lines[i] = r.paint(r.main, kind) + r.paint(bold, rest)
		} else {
			lines[i] = r.paint(bold, line)
		}
	}
	return lines
}

// cut ends a text that is too long with an ellipsis.
func cut(lines []string, limit int) []string {
	if len(lines) <= limit {
		return lines
	}
	lines = slices.Clone(lines[:limit])
	lines[limit-1] += ellipsis
	return lines
}

// remark is a note or a help, its further lines indented below the first.
func (r *renderer) remark(kind, message string) []string {
	lead := r.blank() + "= " + kind + ": "
	lines := cut(wrap(message, max(r.width-len(lead)-len(ellipsis), narrowest/2)), maxRemarkRows)
	for i, line := range lines {
		if i > 0 {
			lines[i] = strings.TrimRight(strings.Repeat(" ", len(lead))+line, " ")
			continue
		}
		lines[i] = r.blank() + r.paint(secondary, "=") + " " + r.paint(bold, kind) + ": " + line
	}
	return lines
}

// blank is as wide as a line number with its surroundings, before the bar.
func (r *renderer) blank() string { return strings.Repeat(" ", r.digits+2) }

// number is what stands before the bar of a source line.
func (r *renderer) number(line int) string {
	return r.paint(secondary, fmt.Sprintf(" %*d ", r.digits, line))
}

// under is a row without a line number.
func (r *renderer) under(text string) string {
	bar := r.blank() + r.paint(secondary, "|")
	if text == "" {
		return bar
	}
	return bar + " " + text
}

// room is the number of cells right of the bar.
func (r *renderer) room() int { return r.width - r.digits - sourceIndents }

// filePlaces are the labels of one file.
type filePlaces struct {
	file   *File
	labels []Label // the most important first
}

// places groups the labels by file, the file of the first primary label first.
// Labels without a place come back as remarks.
func (r *renderer) places(d *Diagnostic) (places []filePlaces, extra []string) {
	labels := slices.Clone(d.Labels)
	slices.SortStableFunc(labels, func(a, b Label) int { return rank(a) - rank(b) })
	for _, label := range labels {
		if label.File == nil {
			if label.Message != "" {
				extra = append(extra, label.Message)
			}
			continue
		}
		at := slices.IndexFunc(places, func(p filePlaces) bool { return p.file == label.File })
		if at < 0 {
			at = len(places)
			places = append(places, filePlaces{file: label.File})
		}
		if label.Span == (Span{}) {
			if label.Message != "" {
				extra = append(extra, label.Message)
			}
			continue
		}
		places[at].labels = append(places[at].labels, label)
	}
	return places, extra
}

func rank(l Label) int {
	if l.Primary {
		return 0
	}
	return 1
}

// lineDigits is the width of the largest line number that may be printed.
func (r *renderer) lineDigits(d *Diagnostic, places []filePlaces) int {
	largest := 1
	see := func(file *File, span Span) {
		l := r.lines.of(file)
		_, end := l.clip(span)
		largest = max(largest, l.lineOf(end)+1)
	}
	for _, p := range places {
		for _, label := range p.labels[:min(len(p.labels), maxPlaces)] {
			see(p.file, label.Span)
		}
	}
	for _, fix := range d.Fixes {
		for _, edit := range fix.Edits {
			if edit.File != nil {
				// The new text may have more lines than the one it replaces.
				see(edit.File, edit.Span)
				largest = max(largest, r.lines.of(edit.File).lineOf(max(int(edit.Span.Start), 0))+1+strings.Count(edit.NewText, "\n"))
			}
		}
	}
	return len(strconv.Itoa(largest))
}

// place renders the labels of one file and says how many it had to leave out.
func (r *renderer) place(p filePlaces, first bool) (rows []string, hidden int) {
	arrow := "-->"
	if !first {
		arrow = ":::"
	}
	name := printable(shorten(p.file.Name))
	if len(p.labels) > 0 {
		l := r.lines.of(p.file)
		start, _ := l.clip(p.labels[0].Span)
		at := l.position(int32(start))
		name = fmt.Sprintf("%s:%d:%d", name, at.Line, at.Column)
	}
	locus := strings.Repeat(" ", r.digits+1) + r.paint(secondary, arrow) + " " + name
	if len(p.labels) == 0 {
		return []string{locus}, 0
	}
	for count := min(len(p.labels), maxPlaces); ; count-- {
		rows = append([]string{locus, r.under("")}, r.snippet(p.file, p.labels[:count])...)
		if len(rows) <= maxPlaceRows || count == 1 {
			return rows[:min(len(rows), maxPlaceRows)], len(p.labels) - count
		}
	}
}
