package plan

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/heddle-lang/heddle/ir"
)

// Pipeline is a run of operators over the tuples of one source, up to the state that
// it fills.
type Pipeline struct {
	Number int    `json:"number"` // from 1, in the order in which they run
	Name   string `json:"name"`
	Steps  []Step `json:"steps"`

	reads []string // states
	fills string
}

// Step is an operator of a pipeline.
type Step struct {
	Operator string   `json:"operator"`
	Subject  string   `json:"subject,omitempty"`
	Details  []Detail `json:"details,omitempty"`
}

// Pipelines reads the pipelines of a module in the order in which they run.
func Pipelines(m *ir.Module) []*Pipeline {
	var order []string
	for _, f := range m.Functions {
		if f.Level != ir.PipeLevel {
			continue
		}
		for _, op := range f.Body.Ops {
			if op.Code == ir.OpRun {
				order = append(order, string(ir.AttributeAs[ir.Symbol](op, "pipeline")))
			}
		}
	}
	var all []*Pipeline
	for i, name := range order {
		if f := m.Function(name); f != nil {
			p := &Pipeline{Number: i + 1, Name: name}
			p.read(m, f)
			all = append(all, p)
		}
	}
	return all
}

func (p *Pipeline) read(m *ir.Module, f *ir.Function) {
	w := &writer{module: m, names: map[*ir.Value]string{}}
	for _, op := range f.Body.Ops {
		s := Step{}
		detail := func(name, value string) {
			if value != "" {
				s.Details = append(s.Details, Detail{name, value})
			}
		}
		switch op.Code {
		case ir.OpSourceTable:
			s.Operator, s.Subject = "scan", string(ir.AttributeAs[ir.Symbol](op, "table"))
			var columns []string
			for i, column := range ir.AttributeAs[[]ir.ScanColumn](op, "columns") {
				w.name(op, i, column.Name)
				columns = append(columns, column.Source)
			}
			detail("columns", strings.Join(columns, ", "))
		case ir.OpSourceState, ir.OpSourceUnmatched:
			s.Operator, s.Subject = "read", ir.StateOf(op)
			if op.Code == ir.OpSourceUnmatched {
				s.Operator = "read unmatched"
			}
			p.reads = append(p.reads, s.Subject)
			w.nameFields(op)
		case ir.OpSourceValues:
			s.Operator = "values"
			w.nameFields(op)
		case ir.OpWhere:
			s.Operator = "where"
			var parts []string
			for _, conjunct := range conjuncts(op.Operands[0]) {
				parts = append(parts, w.within(conjunct, strengthAnd, 0))
			}
			s.Subject = strings.Join(parts, " and ")
		case ir.OpProbe:
			probe := ir.AsProbe(op)
			s.Operator, s.Subject = "probe", probe.State
			p.reads = append(p.reads, probe.State)
			detail("join", probe.Kind.String())
			detail("key", w.values(probe.Keys))
			for _, conjunct := range conjuncts(probe.Condition.Terminator().Operands[0]) {
				detail("on", w.expression(conjunct))
			}
			w.nameFields(op)
		case ir.OpBuild, ir.OpAggregateInto, ir.OpSortInto, ir.OpEmit:
			s.Operator = map[ir.Opcode]string{
				ir.OpBuild: "build", ir.OpAggregateInto: "aggregate into", ir.OpSortInto: "sort into", ir.OpEmit: "collect",
			}[op.Code]
			p.fills = ir.StateOf(op)
			s.Subject = p.fills
			detail("row", w.values(op.Operands))
		default:
			continue // scalar code is shown where it is used
		}
		p.Steps = append(p.Steps, s)
	}
}

// name remembers what a result of an op is called.
func (w *writer) name(op *ir.Op, i int, name string) {
	if i < len(op.Results) {
		w.names[op.Results[i]] = name
	}
}

func (w *writer) nameFields(op *ir.Op) {
	for i, field := range ir.AttributeAs[[]ir.Field](op, "fields") {
		w.name(op, i, field.Name)
	}
}

func (w *writer) values(all []*ir.Value) string {
	parts := make([]string, len(all))
	for i, v := range all {
		parts[i] = w.expression(v)
	}
	return strings.Join(parts, ", ")
}

// WritePipelinesText writes pipelines one below the other.
func WritePipelinesText(w io.Writer, pipelines []*Pipeline, o TextOptions) error {
	var b strings.Builder
	width := o.Width
	if width == 0 {
		width = 1 << 20
	}
	for i, p := range pipelines {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n", o.paint(bold, fmt.Sprintf("pipeline %d", p.Number)))
		for j, s := range p.Steps {
			mark := "├─ "
			bar := "│  "
			if j == len(p.Steps)-1 {
				mark, bar = "└▶ ", "   "
			}
			subject := ansi.Truncate(s.Subject, max(8, width-4-len(s.Operator)), "…")
			fmt.Fprintf(&b, "%s%s %s\n", o.paint(dim, mark), o.paint(bold, s.Operator), o.paint(green, subject))
			for _, detail := range s.Details {
				value := ansi.Truncate(detail.Value, max(8, width-6-len(detail.Name)), "…")
				fmt.Fprintf(&b, "%s %s  %s\n", o.paint(dim, bar), o.paint(blue, detail.Name), value)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WritePipelinesDOT writes pipelines as a graph: boxes for pipelines, ellipses for the
// states between them.
func WritePipelinesDOT(w io.Writer, pipelines []*Pipeline) error {
	var b strings.Builder
	b.WriteString("digraph pipelines {\n  rankdir=BT;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n")
	states := map[string]bool{}
	state := func(name string) string {
		id := dotQuote([]string{"state " + name})
		if !states[name] {
			states[name] = true
			fmt.Fprintf(&b, "  %s [shape=ellipse, label=%s];\n", id, dotQuote([]string{name}))
		}
		return id
	}
	for _, p := range pipelines {
		lines := []string{fmt.Sprintf("pipeline %d", p.Number)}
		for _, s := range p.Steps {
			lines = append(lines, strings.TrimSpace(s.Operator+" "+s.Subject))
		}
		fmt.Fprintf(&b, "  p%d [label=%s];\n", p.Number, dotQuote(lines))
		for _, name := range p.reads {
			fmt.Fprintf(&b, "  %s -> p%d;\n", state(name), p.Number)
		}
		if p.fills != "" {
			fmt.Fprintf(&b, "  p%d -> %s;\n", p.Number, state(p.fills))
		}
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}
