package diag

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Severity says how bad a diagnostic is.
type Severity uint8

// The severities, from bad to harmless.
const (
	Error Severity = iota
	Warning
	Note
)

func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	case Note:
		return "note"
	default:
		panic(fmt.Sprintf("BUG: unknown severity %d", uint8(s)))
	}
}

// Code is a stable identifier such as "E0213". `heddle help CODE` explains it.
// The registry of all codes is in codes.go.
type Code string

// Span is a half-open range of bytes in a File. The zero Span means "no place".
type Span struct {
	Start, End int32
}

// Cover returns the smallest span that holds both.
func (s Span) Cover(other Span) Span {
	if s == (Span{}) {
		return other
	}
	if other == (Span{}) {
		return s
	}
	return Span{Start: min(s.Start, other.Start), End: max(s.End, other.End)}
}

// File is a source text with a name. Lines are found only when a diagnostic is
// rendered. A File is immutable and safe for concurrent use.
type File struct {
	Name string
	Text string
}

// NewFile returns a file; the name is shown to people, "<command line>" for -c.
func NewFile(name, text string) *File { return &File{Name: name, Text: text} }

// Label points at a range of a file. The primary label is the place of the
// problem; the others say where related things stand.
type Label struct {
	File    *File
	Span    Span
	Message string
	Primary bool
}

// TextEdit replaces a range of a file.
type TextEdit struct {
	File    *File
	Span    Span
	NewText string
}

// Fix is a repair that a tool may offer; applying all edits removes the problem.
type Fix struct {
	Message string
	Edits   []TextEdit
}

// Diagnostic is one problem, with its place and remedy.
type Diagnostic struct {
	Code     Code
	Severity Severity
	Message  string // lower case, no full stop, names the thing in quotes
	Labels   []Label
	Notes    []string // facts, shown as "= note:"
	Help     []string // what to do, shown as "= help:"
	Fixes    []Fix
}

// New returns an error diagnostic without a place.
func New(code Code, format string, args ...any) *Diagnostic {
	return &Diagnostic{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At adds the primary label.
func (d *Diagnostic) At(file *File, span Span, format string, args ...any) *Diagnostic {
	d.Labels = append(d.Labels, Label{File: file, Span: span, Message: fmt.Sprintf(format, args...), Primary: true})
	return d
}

// Label adds a secondary label.
func (d *Diagnostic) Label(file *File, span Span, format string, args ...any) *Diagnostic {
	d.Labels = append(d.Labels, Label{File: file, Span: span, Message: fmt.Sprintf(format, args...)})
	return d
}

// Note adds a fact.
func (d *Diagnostic) Note(format string, args ...any) *Diagnostic {
	d.Notes = append(d.Notes, fmt.Sprintf(format, args...))
	return d
}

// Helpf adds a remedy.
func (d *Diagnostic) Helpf(format string, args ...any) *Diagnostic {
	d.Help = append(d.Help, fmt.Sprintf(format, args...))
	return d
}

// Fix adds a repair that replaces one range.
func (d *Diagnostic) Fix(file *File, span Span, newText, format string, args ...any) *Diagnostic {
	d.Fixes = append(d.Fixes, Fix{Message: fmt.Sprintf(format, args...), Edits: []TextEdit{{File: file, Span: span, NewText: newText}}})
	return d
}

// Error makes a single diagnostic an error, so that runtime failures keep their
// code and remedy on the way up: `var d *diag.Diagnostic; errors.As(err, &d)`.
func (d *Diagnostic) Error() string {
	return fmt.Sprintf("%s[%s]: %s", d.Severity, d.Code, d.Message)
}

// List is a sequence of diagnostics in the order in which they were found.
type List []*Diagnostic

// Add appends d.
func (l *List) Add(d *Diagnostic) *Diagnostic {
	*l = append(*l, d)
	return d
}

// HasErrors reports whether any diagnostic is an error.
func (l List) HasErrors() bool {
	for _, d := range l {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Sort orders by primary place, stably.
func (l List) Sort() {
	place := func(d *Diagnostic) int32 {
		for _, label := range d.Labels {
			if label.Primary {
				return label.Span.Start
			}
		}
		return -1
	}
	sort.SliceStable(l, func(i, j int) bool { return place(l[i]) < place(l[j]) })
}

// Err returns the list as an error when it has errors, else nil.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return &ListError{List: l}
}

// ListError carries a List through the error interface.
type ListError struct{ List List }

func (e *ListError) Error() string {
	messages := make([]string, len(e.List))
	for i, d := range e.List {
		messages[i] = d.Error()
	}
	return strings.Join(messages, "; ")
}

// FromError finds the diagnostics inside err, however deeply wrapped. The
// second result is false when err carries none.
func FromError(err error) (List, bool) {
	var list *ListError
	if errors.As(err, &list) {
		return list.List, true
	}
	var single *Diagnostic
	if errors.As(err, &single) {
		return List{single}, true
	}
	return nil, false
}
