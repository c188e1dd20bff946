package diag

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// checkSafe fails when text could steer a terminal, or a source row is wider
// than the page.
func checkSafe(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("the output is not UTF-8: %q", text)
	}
	for _, r := range text {
		if r != '\n' && unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			t.Fatalf("character %U reaches the terminal in %q", r, text)
		}
	}
}

func TestRenderHugeLines(t *testing.T) {
	const size = 10 << 20
	texts := map[string]string{
		"letters":         strings.Repeat("x", size),
		"combining marks": strings.Repeat("\u0301", size/2),
		"invalid bytes":   strings.Repeat("\xff", size),
		"line breaks":     strings.Repeat("\n", size),
		"wide":            strings.Repeat("漢", size/3),
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			file := NewFile("huge.sql", text)
			var list List
			for i := range 200 {
				at := int32(i) * int32(len(text)/200)
				list.Add(New("E0101", "number %d", i).
					At(file, Span{Start: at, End: at + 1}, "here").
					Label(file, Span{Start: at, End: int32(len(text))}, "to the end").
					Fix(file, Span{Start: at, End: at + 1}, "y", "replace it"))
			}
			// Work that grows with the size for every diagnostic would take
			// minutes here, and the test's own time limit would end it.
			got := RenderText(list, Options{Width: 80})
			checkSafe(t, got)
			for _, row := range strings.Split(got, "\n") {
				if ansi.StringWidth(row) > 80 {
					t.Fatalf("a row of %d cells: %q", ansi.StringWidth(row), row)
				}
			}
		})
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestRenderReportsTheWriter(t *testing.T) {
	broken := errors.New("pipe is closed")
	list := List{New("E0101", "x")}
	if err := Render(brokenWriter{broken}, list, Options{}); !errors.Is(err, broken) {
		t.Errorf("Render returned %v", err)
	}
	if err := RenderJSON(brokenWriter{broken}, list); !errors.Is(err, broken) {
		t.Errorf("RenderJSON returned %v", err)
	}
}

func TestColorRepeatsTheText(t *testing.T) {
	for _, c := range renderCases(t) {
		painted := RenderText(c.list, Options{Color: true, Width: c.width})
		if got, want := ansi.Strip(painted), RenderText(c.list, Options{Width: c.width}); got != want {
			t.Errorf("%s: without its colours the text is\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

func TestPosition(t *testing.T) {
	file := NewFile("a.sql", "añ\r\n漢x\xffy\n")
	tests := []struct {
		offset int32
		want   Position
	}{
		{0, Position{1, 1, 0}},
		{1, Position{1, 2, 1}},
		{3, Position{1, 3, 3}},
		{5, Position{2, 1, 5}},
		{8, Position{2, 2, 8}},
		{10, Position{2, 4, 10}},
		{12, Position{3, 1, 12}},
		{99, Position{3, 1, 12}},
		{-1, Position{1, 1, 0}},
	}
	shared := newLines(file)
	for _, test := range tests {
		if got := file.Position(test.offset); got != test.want {
			t.Errorf("Position(%d) = %v, want %v", test.offset, got, test.want)
		}
		if got := shared.position(test.offset); got != test.want {
			t.Errorf("position(%d) after others = %v, want %v", test.offset, got, test.want)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, c := range renderCases(f) {
		for _, d := range c.list {
			for _, label := range d.Labels {
				if label.File != nil {
					f.Add(label.File.Text, d.Message, label.Span.Start, label.Span.End, int32(3), int32(30), 60)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, text, message string, start, end, start2, end2 int32, width int) {
		file := NewFile("fuzz.sql", text)
		d := New("E0101", "%s", message).
			At(file, Span{Start: start, End: end}, "%s", message).
			Label(file, Span{Start: start2, End: end2}, "second").
			Label(file, Span{Start: end2, End: start}, "%s", message).
			Note("%s", message).
			Fix(file, Span{Start: start, End: end}, message, "%s", message).
			Fix(file, Span{Start: start2, End: end2}, "", "delete it")
		got := RenderText(List{d}, Options{Width: width % 300})
		checkSafe(t, got)
		if rows := strings.Count(got, "\n"); rows > maxRows {
			t.Errorf("%d rows:\n%s", rows, got)
		}
		var discard strings.Builder
		if err := RenderJSON(&discard, List{d}); err != nil {
			t.Error(err)
		}
	})
}
