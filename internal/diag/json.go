package diag

import (
	"encoding/json"
	"fmt"
	"io"
)

// The names of the JSON form are stable: tools read it.
type jsonDiagnostic struct {
	Severity string      `json:"severity"` // error, warning, note
	Code     string      `json:"code"`
	Message  string      `json:"message"`
	Labels   []jsonLabel `json:"labels"`
	Notes    []string    `json:"notes"`
	Help     []string    `json:"help"`
	Fixes    []jsonFix   `json:"fixes"`
}

type jsonLabel struct {
	jsonRange
	Message string `json:"message"`
	Primary bool   `json:"primary"`
}

// jsonRange has no start and no end when only the file is known.
type jsonRange struct {
	File  string        `json:"file"`
	Start *jsonPosition `json:"start,omitempty"`
	End   *jsonPosition `json:"end,omitempty"` // after the last character
}

type jsonPosition struct {
	Line   int `json:"line"`   // from 1
	Column int `json:"column"` // from 1, in characters
	Offset int `json:"offset"` // from 0, in bytes
}

type jsonFix struct {
	Message string     `json:"message"`
	Edits   []jsonEdit `json:"edits"`
}

type jsonEdit struct {
	jsonRange
	NewText string `json:"newText"`
}

// RenderJSON writes the list as one JSON array with an object per diagnostic,
// each on a line of its own, in the order of the list. Lines and columns count
// from 1, byte offsets from 0. The error is the one of w.
func RenderJSON(w io.Writer, list List) error {
	cache := lineCache{}
	text := []byte("[")
	for i, d := range list {
		if i > 0 {
			text = append(text, ',')
		}
		object, err := json.Marshal(toJSON(cache, d))
		if err != nil {
			return fmt.Errorf("encode diagnostics: %w", err)
		}
		text = append(append(text, '\n'), object...)
	}
	if len(list) > 0 {
		text = append(text, '\n')
	}
	if _, err := w.Write(append(text, "]\n"...)); err != nil {
		return fmt.Errorf("write diagnostics: %w", err)
	}
	return nil
}

func toJSON(cache lineCache, d *Diagnostic) jsonDiagnostic {
	// Empty lists are written as [], never as null.
	out := jsonDiagnostic{
		Severity: d.Severity.String(),
		Code:     string(d.Code),
		Message:  d.Message,
		Labels:   make([]jsonLabel, 0, len(d.Labels)),
		Notes:    append([]string{}, d.Notes...),
		Help:     append([]string{}, d.Help...),
		Fixes:    make([]jsonFix, 0, len(d.Fixes)),
	}
	for _, l := range d.Labels {
		span := toRange(cache, l.File, l.Span, l.Span != Span{})
		out.Labels = append(out.Labels, jsonLabel{jsonRange: span, Message: l.Message, Primary: l.Primary})
	}
	for _, f := range d.Fixes {
		fix := jsonFix{Message: f.Message, Edits: make([]jsonEdit, 0, len(f.Edits))}
		for _, e := range f.Edits {
			// An edit at the very beginning is an insertion there, not "no place".
			fix.Edits = append(fix.Edits, jsonEdit{jsonRange: toRange(cache, e.File, e.Span, true), NewText: e.NewText})
		}
		out.Fixes = append(out.Fixes, fix)
	}
	return out
}

func toRange(cache lineCache, file *File, span Span, placed bool) jsonRange {
	if file == nil {
		return jsonRange{}
	}
	if !placed {
		return jsonRange{File: file.Name}
	}
	l := cache.of(file)
	from, to := l.clip(span)
	start, end := jsonPosition(l.position(int32(from))), jsonPosition(l.position(int32(to)))
	return jsonRange{File: file.Name, Start: &start, End: &end}
}
