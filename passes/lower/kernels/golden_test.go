package kernels

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
)

// TestGolden lowers the pipelines of testdata. A file begins with the tables that its
// cases share; -rewrite writes what is found. `heddle opt --pass=kernels` gives the
// same functions. Behind the functions stands what the program says about them.
func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		tables := ""
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "tables":
				tables = d.Input
				return ""
			case "kernels":
			case "gpu":
				kern, p := lower(t, "cir 1\n"+tables+"\n"+d.Input, Options{Kernels: true})
				return describeKernels(kern, p)
			default:
				t.Fatalf("%s: no command %q", d.Pos, d.Cmd)
			}
			kern, p := lower(t, "cir 1\n"+tables+"\n"+d.Input, Options{})
			return kern.String()[len("cir 1\n\n"):] + "\n" + describe(p)
		})
	})
}

// lower lowers the text of a module and verifies what comes in and out.
func lower(t testing.TB, text string, options Options) (*ir.Module, *program.Program) {
	t.Helper()
	file := diag.NewFile("case", text)
	m, list := ir.Parse(file)
	if err := list.Err(); err != nil {
		t.Fatal(diag.RenderText(list, diag.Options{}))
	}
	if problems := ir.Verify(m); problems.HasErrors() {
		t.Fatal(diag.RenderText(problems, diag.Options{}))
	}
	options.File = file
	kern, p, err := Lower(m, options)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if problems := ir.Verify(kern); problems.HasErrors() {
		t.Fatalf("%s\n%s", diag.RenderText(problems, diag.Options{}), kern)
	}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	return kern, p
}

// describe is what a program says about its functions, in short.
func describe(p *program.Program) string {
	var b strings.Builder
	for i, parameter := range p.Parameters {
		fmt.Fprintf(&b, "parameter %d: %s %s, %d bits\n", i, parameter.Type, parameter.Form, parameter.Bits)
	}
	for _, s := range p.States {
		fmt.Fprintf(&b, "state %s: %s, %d partitions, records of %d bytes", s.Name, s.Kind, s.Partitions, s.Record.Size)
		if s.Merge != "" {
			fmt.Fprintf(&b, ", merged by %s", s.Merge)
		}
		if s.Direct != nil {
			fmt.Fprintf(&b, ", %d slots of %d bytes", s.Direct.Slots, s.Direct.SlotSize)
		}
		if s.DirectoryBits > 0 {
			fmt.Fprintf(&b, ", directory of %d bits", s.DirectoryBits)
		}
		if s.Limit >= 0 {
			fmt.Fprintf(&b, ", limit %d", s.Limit)
		}
		b.WriteByte('\n')
	}
	for _, pipeline := range p.Pipelines {
		fmt.Fprintf(&b, "pipeline %s: %s\n", pipeline.Function, pipeline.Title)
	}
	for i, site := range p.Sites {
		fmt.Fprintf(&b, "site %d: %s %s\n", i, site.Code, site.Message)
	}
	return b.String()
}

// describeKernels is the code of the kernels, and what the program says about them.
func describeKernels(kern *ir.Module, p *program.Program) string {
	only := &ir.Module{}
	for _, f := range kern.Functions {
		if f.Threads > 0 {
			only.Functions = append(only.Functions, f)
		}
	}
	var b strings.Builder
	b.WriteString(only.String()[len("cir 1\n\n"):] + "\n")
	for _, pipeline := range p.Pipelines {
		if k := pipeline.Kernel; k != nil {
			fmt.Fprintf(&b, "pipeline %s: %d threads take %d rows each, %d slots, %d bytes shared, hashes %t, keeps text %t\n",
				pipeline.Function, k.Threads, k.RowsPerThread, k.Slots, k.Shared, k.Hashes, k.KeepsText)
		} else {
			fmt.Fprintf(&b, "pipeline %s: no kernel, %s\n", pipeline.Function, pipeline.NoKernel)
		}
	}
	return b.String()
}
