package plan

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// TextOptions says how to write text.
type TextOptions struct {
	Color bool
	Width int // of a line; 0 stands for no bound
}

// The colours; they repeat what the text says.
const (
	bold  = "1"
	dim   = "2"
	green = "32"
	blue  = "34"
)

func (o TextOptions) paint(code, text string) string {
	if !o.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// The layout of the tree.
const (
	mostDetails = 12 // properties of an operator that are shown
	mostLines   = 4  // lines of a property, on a terminal
	unbounded   = 78 // where numbers stand when there is no terminal
	gutter      = 2  // cells before the numbers
)

// line is a line of the tree before it is laid out.
type line struct {
	branch        string // the lines of the tree
	name, subject string // an operator, or a property with its value
	detail        bool
	nameWidth     int    // of a property: the widest name of its operator
	rest          string // of a property: what stands before its further lines
	rows          string
}

// WriteText writes the tree with estimated rows on the right.
func (n *Node) WriteText(w io.Writer, o TextOptions) error {
	const title = "estimated rows"
	lines := n.lines(nil, "", "")
	right := 0
	for _, l := range lines {
		if !l.detail {
			right = max(right, ansi.StringWidth(l.branch+l.name+" "+l.subject)+4+len(l.rows))
		}
	}
	bound := unbounded
	if o.Width > 0 {
		bound = o.Width - 1
	}
	right = max(40, min(right+gutter, bound))
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", right-len(title)) + o.paint(dim, title) + "\n")
	for _, l := range lines {
		if l.detail {
			o.writeDetail(&b, l)
		} else {
			o.writeOperator(&b, l, right)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (o TextOptions) writeOperator(b *strings.Builder, l line, right int) {
	b.WriteString(o.paint(dim, l.branch) + o.paint(bold, l.name))
	have := ansi.StringWidth(l.branch + l.name)
	if l.subject != "" {
		subject := l.subject
		if o.Width > 0 {
			subject = ansi.Truncate(subject, max(8, right-have-1-gutter-len(l.rows)), "…")
		}
		b.WriteString(" " + o.paint(green, subject))
		have += 1 + ansi.StringWidth(subject)
	}
	gap := max(gutter, right-have-len(l.rows))
	leader := strings.Repeat(" ", gap)
	if gap > 3 {
		leader = " " + o.paint(dim, strings.Repeat("·", gap-2)) + " "
	}
	b.WriteString(leader + l.rows + "\n")
}

func (o TextOptions) writeDetail(b *strings.Builder, l line) {
	fill := strings.Repeat(" ", max(0, l.nameWidth-ansi.StringWidth(l.name)))
	indent := ansi.StringWidth(l.branch) + l.nameWidth + 2
	parts := []string{l.subject}
	if room := o.Width - 1 - indent; o.Width > 0 && room >= 16 {
		parts = wrap(l.subject, room)
		if len(parts) > mostLines {
			parts = parts[:mostLines]
			parts[mostLines-1] = ansi.Truncate(parts[mostLines-1], room-1, "") + "…"
		}
	}
	for i, part := range parts {
		if i == 0 {
			b.WriteString(o.paint(dim, l.branch) + o.paint(blue, l.name) + fill + "  " + part + "\n")
		} else {
			b.WriteString(o.paint(dim, l.rest) + strings.Repeat(" ", max(0, indent-ansi.StringWidth(l.rest))) + strings.TrimLeft(part, " ") + "\n")
		}
	}
}

// wrap breaks a text at its spaces, and words that are too long anywhere.
func wrap(text string, width int) []string {
	var lines []string
	line, first := "", true
	for _, word := range strings.Split(text, " ") {
		switch {
		case first:
			line = word
		case ansi.StringWidth(line)+1+ansi.StringWidth(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
		first = false
		for ansi.StringWidth(line) > width {
			lines, line = append(lines, ansi.Truncate(line, width, "")), ansi.TruncateLeft(line, width, "")
		}
	}
	return append(lines, line)
}

// lines lays out a node: its own line, its details beneath, then its inputs.
func (n *Node) lines(all []line, first, rest string) []line {
	all = append(all, line{branch: first, name: n.Operator, subject: n.Subject, rows: Count(n.Rows)})
	bar := rest
	if len(n.Inputs) > 0 {
		bar += "│"
	}
	branch := bar + strings.Repeat(" ", ansi.StringWidth(rest)+3-ansi.StringWidth(bar))
	details := n.Details[:min(len(n.Details), mostDetails)]
	width := 0
	for _, detail := range details {
		width = max(width, ansi.StringWidth(detail.Name))
	}
	for i, detail := range details {
		name := detail.Name
		if i > 0 && name == details[i-1].Name { // several conditions
			name = "and"
		}
		all = append(all, line{branch: branch, name: name, subject: detail.Value, detail: true, nameWidth: max(width, 3), rest: bar})
	}
	if hidden := len(n.Details) - len(details); hidden > 0 {
		all = append(all, line{branch: branch, name: fmt.Sprintf("… %d more", hidden), detail: true, rest: bar})
	}
	for i, input := range n.Inputs {
		if i == len(n.Inputs)-1 {
			all = input.lines(all, rest+"└─ ", rest+"   ")
		} else {
			all = input.lines(all, rest+"├─ ", rest+"│  ")
		}
	}
	return all
}

// Count writes an estimated number of rows.
func Count(n float64) string {
	switch {
	case n < 0.5:
		return "0"
	case n < 9_999.5:
		return fmt.Sprintf("%.0f", n)
	}
	for _, unit := range []struct {
		factor float64
		name   string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if n >= 0.9995*unit.factor {
			return fmt.Sprintf("%.3g %s", n/unit.factor, unit.name)
		}
	}
	return fmt.Sprintf("%.0f", n)
}
