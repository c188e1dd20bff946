package sql

import (
	"slices"
	"strings"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

// Hint is advice to the compiler in a comment behind SELECT: /*+ device(gpu) */. It
// changes how a statement runs, never its result.
type Hint struct {
	Name     string // in lower case
	Argument string // in lower case
	Span     diag.Span
}

// hints lists what each hint may be given.
var hints = map[string][]string{
	"device": {"auto", "cpu", "gpu", "emulator"},
}

// Hints reads the hints of a statement: those of the comments that begin with "/*+"
// and follow a SELECT. One that Heddle does not know, that says the opposite of an
// earlier one or stands elsewhere, and text that is no hint, is a warning and is left
// out.
func Hints(file *diag.File, statement ast.Statement) ([]Hint, diag.List) {
	span := statement.Span()
	text := file.Text[span.Start:span.End]
	if !strings.Contains(text, "/*+") {
		return nil, nil
	}
	var found []Hint
	var list diag.List
	scanner := lexer.NewScanner(text)
	after, selects := 0, false // end of the last token, and whether that is SELECT
	for {
		kind, value, offset := scanner.Scan()
		if gap := text[after:offset]; strings.HasPrefix(strings.TrimLeft(gap, " \t\r\n\f\v"), "/*+") {
			start := after + strings.Index(gap, "/*+") + len("/*+")
			end := start + strings.Index(text[start:], "*/")
			start, end = int(span.Start)+start, int(span.Start)+end
			if selects {
				read, problems := readHints(file, start, end)
				found, list = append(found, read...), append(list, problems...)
			} else {
				list.Add(ignored("hints stand behind SELECT; this one is ignored").
					At(file, diag.Span{Start: int32(start), End: int32(end)}, "not behind SELECT"))
			}
		}
		if kind == lexer.EOF || lexer.IsMalformed(kind) {
			return agreeing(file, found, list)
		}
		after, selects = offset+len(value), kind == lexer.Keyword && value == "SELECT"
	}
}

// agreeing leaves out hints that say the opposite of an earlier one.
func agreeing(file *diag.File, found []Hint, list diag.List) ([]Hint, diag.List) {
	var kept []Hint
	for _, h := range found {
		at := slices.IndexFunc(kept, func(earlier Hint) bool { return earlier.Name == h.Name })
		switch {
		case at < 0:
			kept = append(kept, h)
		case kept[at].Argument != h.Argument:
			list.Add(ignored("an earlier hint says %s(%s); this one is ignored", kept[at].Name, kept[at].Argument).
				At(file, h.Span, "says otherwise").Label(file, kept[at].Span, "this one counts"))
		}
	}
	return kept, list
}

// readHints reads "name(argument) name(argument)" between two offsets of a file.
func readHints(file *diag.File, start, end int) (found []Hint, list diag.List) {
	text := strings.ToLower(file.Text[:end])
	at := start
	for {
		at += len(text[at:]) - len(strings.TrimLeft(text[at:], " \t\r\n\f\v,"))
		if at >= end {
			return found, list
		}
		name, rest, opened := strings.Cut(text[at:], "(")
		argument, _, closed := strings.Cut(rest, ")")
		if !opened || !closed {
			span := diag.Span{Start: int32(at), End: int32(end)}
			list.Add(ignored("this is no hint, and is ignored").At(file, span, "expected name(argument)").
				Helpf("write /*+ device(gpu) */, or a comment without the plus sign"))
			return found, list
		}
		length := len(name) + len("()") + len(argument)
		span := diag.Span{Start: int32(at), End: int32(at + length)}
		hint := Hint{Name: strings.TrimSpace(name), Argument: strings.TrimSpace(argument), Span: span}
		if problem := hint.problem(file); problem != nil {
			list.Add(problem)
		} else {
			found = append(found, hint)
		}
		at += length
	}
}

// ignored is the warning about a hint that has no effect.
func ignored(format string, args ...any) *diag.Diagnostic {
	d := diag.New(codeHint, format, args...)
	d.Severity = diag.Warning
	return d
}

// problem says what is wrong with a hint, nil when nothing is.
func (h *Hint) problem(file *diag.File) *diag.Diagnostic {
	allowed, known := hints[h.Name]
	if !known {
		return ignored("there is no hint %q; it is ignored", h.Name).At(file, h.Span, "unknown").
			Helpf("the one hint is device(auto), device(cpu), device(gpu) or device(emulator)")
	}
	if slices.Contains(allowed, h.Argument) {
		return nil
	}
	return ignored("the hint %s does not take %q; it is ignored", h.Name, h.Argument).At(file, h.Span, "unknown argument").
		Helpf("one of: %s", strings.Join(allowed, ", "))
}
