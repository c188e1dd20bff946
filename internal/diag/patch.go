package diag

import (
	"cmp"
	"slices"
	"strings"
)

const (
	maxPatchRows = 10
	// longestEdit bounds the bytes of old and new text that are compared line by
	// line; a longer repair is told by its message alone.
	longestEdit = 1 << 14
	// around is how much of a long line is kept at both sides of an edit. It is
	// more than any window shows.
	around = 1 << 12
)

// fix renders a repair as its message and, below it, a patch.
func (r *renderer) fix(fix Fix, places []filePlaces) []string {
	lead := "help: "
	rows := cut(wrap(lead+oneLine(fix.Message), r.width-len(ellipsis)), maxHeadRows)
	if rest, ok := strings.CutPrefix(rows[0], lead); ok {
		rows[0] = r.paint(cyan, "help") + ": " + rest
	}
	var files []*File
	for _, edit := range fix.Edits {
		if edit.File == nil {
			return rows
		}
		if !slices.Contains(files, edit.File) {
			files = append(files, edit.File)
		}
	}
	var patch []string
	for _, file := range files {
		body, ok := r.patch(file, fix.Edits)
		if !ok {
			return rows
		}
		if len(places) == 0 || places[0].file != file {
			patch = append(patch, strings.Repeat(" ", r.digits+1)+r.paint(secondary, "-->")+" "+printable(shorten(file.Name)))
		}
		patch = append(patch, r.under(""))
		patch = append(patch, body...)
	}
	if len(patch) > maxPatchRows+1 {
		patch = append(patch[:maxPatchRows], r.paint(secondary, ellipsis))
	}
	return append(rows, patch...)
}

// hunk is a run of whole lines that edits change.
type hunk struct {
	firstLine, lastLine int
	edits               []TextEdit
}

// patch shows the lines of one file before and after the edits. It fails when
// edits overlap or are too long to show.
func (r *renderer) patch(file *File, edits []TextEdit) (rows []string, ok bool) {
	l := r.lines.of(file)
	var own []TextEdit
	for _, edit := range edits {
		if edit.File != file {
			continue
		}
		start, end := l.clip(edit.Span)
		edit.Span = Span{Start: int32(start), End: int32(end)}
		own = append(own, edit)
	}
	slices.SortStableFunc(own, func(a, b TextEdit) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	var hunks []*hunk
	for i, edit := range own {
		if i > 0 && edit.Span.Start < own[i-1].Span.End || int(edit.Span.End-edit.Span.Start)+len(edit.NewText) > longestEdit {
			return nil, false
		}
		first, last := l.lineOf(int(edit.Span.Start)), l.lineOf(int(edit.Span.End))
		if n := len(hunks); n > 0 && first <= hunks[n-1].lastLine {
			hunks[n-1].lastLine = last
			hunks[n-1].edits = append(hunks[n-1].edits, edit)
			continue
		}
		hunks = append(hunks, &hunk{firstLine: first, lastLine: last, edits: []TextEdit{edit}})
	}
	for _, h := range hunks {
		body, ok := r.hunk(l, h)
		if !ok {
			return nil, false
		}
		rows = append(rows, body...)
	}
	return rows, true
}

func (r *renderer) hunk(l *lines, h *hunk) (rows []string, ok bool) {
	first, last := h.edits[0].Span, h.edits[len(h.edits)-1].Span
	if int(last.End-first.Start) > longestEdit {
		return nil, false
	}
	from := max(l.starts[h.firstLine], int(first.Start)-around)
	_, to := l.bounds(h.lastLine)
	to = max(min(to, int(last.End)+around), int(last.End))

	before := l.text[from:to]
	var after strings.Builder
	at := from
	for _, edit := range h.edits {
		after.WriteString(l.text[at:edit.Span.Start])
		after.WriteString(edit.NewText)
		at = int(edit.Span.End)
	}
	after.WriteString(l.text[at:to])

	oldLines, newLines := strings.Split(before, "\n"), strings.Split(after.String(), "\n")
	number := h.firstLine + 1
	focus := int(first.Start) - from
	for len(oldLines) > 0 && len(newLines) > 0 && oldLines[0] == newLines[0] {
		oldLines, newLines = oldLines[1:], newLines[1:]
		number++
		focus = 0
	}
	for len(oldLines) > 0 && len(newLines) > 0 && oldLines[len(oldLines)-1] == newLines[len(newLines)-1] {
		oldLines, newLines = oldLines[:len(oldLines)-1], newLines[:len(newLines)-1]
	}
	side := func(lines []string, sign string, tone style) {
		for i, line := range lines {
			line = strings.TrimSuffix(line, "\r")
			at := 0
			if i == 0 {
				at = min(focus, len(line))
			}
			text := newWindow(line, 0, len(line), at, at, r.room()).text
			row := r.number(number+i) + r.paint(tone, sign)
			if text != "" {
				row += " " + r.paint(tone, text)
			}
			rows = append(rows, row)
		}
	}
	side(oldLines, "-", removed)
	side(newLines, "+", green)
	return rows, true
}
