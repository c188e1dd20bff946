package plan

import (
	"fmt"
	"io"
	"strings"
)

// WriteDOT writes the tree as a graph for Graphviz; rows flow upwards.
func (n *Node) WriteDOT(w io.Writer) error {
	var b strings.Builder
	b.WriteString("digraph plan {\n  rankdir=BT;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n")
	next := 0
	n.dot(&b, &next)
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (n *Node) dot(b *strings.Builder, next *int) int {
	id := *next
	*next++
	label := []string{strings.TrimSpace(n.Operator + " " + n.Subject)}
	for i, detail := range n.Details {
		if i == mostDetails {
			label = append(label, fmt.Sprintf("… %d more", len(n.Details)-i))
			break
		}
		label = append(label, detail.Name+" "+detail.Value)
	}
	fmt.Fprintf(b, "  n%d [label=%s];\n", id, dotQuote(label))
	for _, input := range n.Inputs {
		from := input.dot(b, next)
		fmt.Fprintf(b, "  n%d -> n%d [label=%s];\n", from, id, dotQuote([]string{Count(input.Rows)}))
	}
	return id
}

// dotQuote writes lines as a quoted string of DOT.
func dotQuote(lines []string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	for i := range lines {
		lines[i] = escape.Replace(lines[i])
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}
