// Command gen writes docs/cir.md, the reference of the text form and of every op,
// from the op table and the examples in testdata/ops.cir:
//
//	go generate ./ir
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen testdata/ops.cir ../docs/cir.md")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(examples, output string) error {
	text, err := os.ReadFile(examples)
	if err != nil {
		return err
	}
	page, err := reference(string(text))
	if err != nil {
		return err
	}
	return os.WriteFile(output, []byte(page), 0o644)
}

// reference makes the page. The first op of each kind in the text is its example.
func reference(text string) (string, error) {
	m, list := ir.Parse(diag.NewFile("ops.cir", text))
	if err := list.Err(); err != nil {
		return "", err
	}
	examples := map[ir.Opcode]string{}
	for _, f := range m.Functions {
		f.Body.Walk(func(op *ir.Op) bool {
			if examples[op.Code] == "" {
				examples[op.Code] = dedent(text[op.Span.Start:op.Span.End])
			}
			return true
		})
	}
	var b strings.Builder
	b.WriteString(introduction)
	for _, level := range []struct {
		level       ir.Level
		title, text string
	}{
		{ir.AnyLevel, "Scalar ops", "The code of expressions: in the regions of flow ops, and between pipe ops."},
		{ir.FlowLevel, "Flow ops", "Operators over collections."},
		{ir.PipeLevel, "Pipe ops", "Pipelines over states."},
		{ir.KernLevel, "Kern ops", "What a machine does."},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", level.title, level.text)
		for code, info := range ir.OpTable() {
			if info.Name != "" && info.Level == level.level {
				entry(&b, &info, examples[ir.Opcode(code)])
			}
		}
	}
	return b.String(), nil
}

// dedent takes the margin of the last line from the others.
func dedent(text string) string {
	lines := strings.Split(text, "\n")
	last := lines[len(lines)-1]
	margin := last[:len(last)-len(strings.TrimLeft(last, " "))]
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], margin)
	}
	return strings.Join(lines, "\n")
}

func entry(b *strings.Builder, info *ir.OpInfo, example string) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", info.Name, info.Doc)
	if info.Signature != "" {
		fmt.Fprintf(b, "\n- Signature: `%s`\n", info.Signature)
	} else {
		b.WriteString("\n- Signature: takes and gives no values\n")
	}
	for _, a := range info.Attributes {
		optional := ""
		if a.Optional {
			optional = ", optional"
		}
		fmt.Fprintf(b, "- Attribute `%s` (%s%s): %s\n", a.Name, a.Kind, optional, a.Doc)
	}
	for _, r := range info.Regions {
		fmt.Fprintf(b, "- Region `%s`: %s\n", r.Name, r.Doc)
	}
	if info.Traits != 0 {
		fmt.Fprintf(b, "- Traits: %s\n", info.Traits)
	}
	if example != "" {
		fmt.Fprintf(b, "\n```\n%s\n```\n", example)
	}
}
