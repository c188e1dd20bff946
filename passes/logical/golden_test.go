package logical_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes"
	"github.com/heddle-lang/heddle/passes/estimate"
	"github.com/heddle-lang/heddle/passes/pass"
)

// runGolden runs a file of cases:
//
//	tables               declarations that the following cases share
//	opt passes=(a,b)     the flows after these passes, or "unchanged"
//	plan passes=(a,b)    the tree of operators with estimated rows; without passes,
//	                     after the whole list
//
// An argument "expect-unchanged" makes a case fail that changes, whatever the
// golden text says.
func runGolden(t *testing.T, path string) {
	t.Helper()
	tables := ""
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		if d.Cmd == "tables" {
			tables = d.Input
			return ""
		}
		m := parse(t, "cir 1\n"+tables+"\n"+d.Input)
		var only []string
		for _, arg := range d.CmdArgs {
			if arg.Key == "passes" {
				only = arg.Vals
			}
		}
		report, err := passes.Run(pass.NewContext(), m, passes.Options{Verify: true, Only: only, Groups: passes.Logical})
		if err != nil {
			t.Fatalf("%s: %v\n%s", d.Pos, err, m)
		}
		after, changed := flows(m), false
		for _, timing := range report.Timings {
			changed = changed || timing.Changes > 0
		}
		if d.HasArg("expect-unchanged") && changed {
			t.Errorf("%s: changed, although it must not:\n%s", d.Pos, after)
		}
		switch {
		case d.Cmd == "plan":
			return planTree(m)
		case d.Cmd != "opt":
			t.Fatalf("%s: no command %q", d.Pos, d.Cmd)
		case !changed:
			return "unchanged\n"
		}
		return after
	})
}

func parse(t testing.TB, text string) *ir.Module {
	t.Helper()
	m, list := ir.Parse(diag.NewFile("case", text))
	if err := list.Err(); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if err := ir.Verify(m).Err(); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return m
}

func flows(m *ir.Module) string {
	var b strings.Builder
	for _, f := range m.Functions {
		b.WriteString(strings.TrimRight(f.String(), "\n") + "\n")
	}
	return b.String()
}

// planTree prints operators one below the other, inputs indented, with what they
// test in short and the estimated number of rows.
func planTree(m *ir.Module) string {
	var b strings.Builder
	f := m.Functions[0]
	e := estimate.New(m, f)
	var visit func(v *ir.Value, depth int)
	visit = func(v *ir.Value, depth int) {
		op := v.Op
		fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", depth), op.Code)
		switch op.Code {
		case ir.OpScan:
			fmt.Fprintf(&b, " %s", ir.AttributeAs[ir.Symbol](op, "table"))
			for _, c := range ir.AttributeAs[[]ir.ScanColumn](op, "columns") {
				fmt.Fprintf(&b, " %s", c.Name)
			}
		case ir.OpJoin:
			fmt.Fprintf(&b, " %s on %s", ir.AttributeAs[ir.JoinKind](op, "kind"), expression(op.Regions[0].Terminator().Operands[0]))
		case ir.OpFilter:
			fmt.Fprintf(&b, " %s", expression(op.Regions[0].Terminator().Operands[0]))
		case ir.OpAggregate:
			fmt.Fprintf(&b, " by %s", strings.Join(ir.AttributeAs[[]string](op, "keys"), ", "))
		case ir.OpProject:
			fmt.Fprintf(&b, " %s", strings.Join(ir.AttributeAs[[]string](op, "names"), ", "))
		default: // shown by its name
		}
		fmt.Fprintf(&b, " -- %.0f rows\n", e.Rows(v))
		for _, input := range op.Operands {
			visit(input, depth+1)
		}
	}
	visit(f.Body.Terminator().Operands[0], 0)
	return b.String()
}

func expression(v *ir.Value) string {
	op := v.Op
	switch op.Code {
	case ir.OpField:
		return ir.AttributeAs[string](op, "name")
	case ir.OpConst:
		return string(ir.AppendLiteral(nil, v.Type, ir.AttributeAs[ir.Datum](op, "value")))
	case ir.OpIn:
		var values []string
		for _, d := range ir.AttributeAs[[]ir.Datum](op, "values") {
			values = append(values, string(ir.AppendLiteral(nil, op.Operands[0].Type, d)))
		}
		return fmt.Sprintf("in(%s, [%s])", expression(op.Operands[0]), strings.Join(values, ", "))
	default: // shown as a call, below
	}
	var operands []string
	for _, x := range op.Operands {
		operands = append(operands, expression(x))
	}
	return fmt.Sprintf("%s(%s)", op.Code, strings.Join(operands, ", "))
}
