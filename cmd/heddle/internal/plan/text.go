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

// line is a line of the tree before it is laid out.
type line struct {
	branch  string // the lines of the tree
	name    string // operator and subject
	subject string
	detail  bool
	rows    string
}

// mostDetails is how many properties of an operator are shown in text.
const mostDetails = 12

// WriteText writes the tree with estimated rows on the right.
func (n *Node) WriteText(w io.Writer, o TextOptions) error {
	lines := n.lines(nil, "", "")
	rowsWidth, widest := len("rows"), 0
	for _, l := range lines {
		rowsWidth = max(rowsWidth, ansi.StringWidth(l.rows))
		widest = max(widest, ansi.StringWidth(l.branch+l.name+"  "+l.subject))
	}
	room := widest
	if o.Width > 0 {
		room = min(room, o.Width-rowsWidth-3)
	}
	room = max(room, 24)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", strings.Repeat(" ", room+2+rowsWidth-4)+o.paint(dim, "rows"))
	for _, l := range lines {
		b.WriteString(o.paint(dim, l.branch))
		have := ansi.StringWidth(l.branch)
		switch {
		case l.detail:
			text := ansi.Truncate(l.name+"  "+l.subject, max(8, room-have), "…")
			name, rest, _ := strings.Cut(text, "  ")
			b.WriteString(o.paint(blue, name))
			if rest != "" {
				b.WriteString("  " + rest)
			}
			b.WriteByte('\n')
			continue
		case l.subject == "":
			b.WriteString(o.paint(bold, l.name))
			have += ansi.StringWidth(l.name)
		default:
			subject := ansi.Truncate(l.subject, max(8, room-have-ansi.StringWidth(l.name)-1), "…")
			b.WriteString(o.paint(bold, l.name) + " " + o.paint(green, subject))
			have += ansi.StringWidth(l.name) + 1 + ansi.StringWidth(subject)
		}
		if l.rows != "" {
			gap := max(1, room+2+rowsWidth-have-ansi.StringWidth(l.rows))
			dots := strings.Repeat(" ", gap)
			if gap > 4 {
				dots = " " + o.paint(dim, strings.Repeat("·", gap-2)) + " "
			}
			b.WriteString(dots + l.rows)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// lines lays out a node: its own line, its details beneath, then its inputs.
func (n *Node) lines(all []line, first, rest string) []line {
	all = append(all, line{branch: first, name: n.Operator, subject: n.Subject, rows: Count(n.Rows)})
	bar := rest
	if len(n.Inputs) > 0 {
		bar += "│"
	} else {
		bar += " "
	}
	last := ""
	for i, detail := range n.Details {
		if i == mostDetails {
			all = append(all, line{branch: bar + "   ", name: fmt.Sprintf("… %d more", len(n.Details)-i), detail: true})
			break
		}
		name := detail.Name
		if name == last { // several conditions
			name = strings.Repeat(" ", len(name)-3) + "and"
			if len(detail.Name) < 3 {
				name = "and"
			}
		}
		last = detail.Name
		all = append(all, line{branch: bar + "   ", name: name, subject: detail.Value, detail: true})
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
