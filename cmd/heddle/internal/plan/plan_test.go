package plan

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// read parses a module of testdata.
func read(t *testing.T, name string) *ir.Module {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	module, list := ir.Parse(diag.NewFile(name, string(text)))
	if err := list.Err(); err != nil {
		t.Fatal(diag.RenderText(list, diag.Options{}))
	}
	return module
}

func TestGolden(t *testing.T) {
	flow := func(o TextOptions) func(*strings.Builder, *ir.Module) error {
		return func(b *strings.Builder, m *ir.Module) error { return Flow(m).WriteText(b, o) }
	}
	pipes := func(o TextOptions) func(*strings.Builder, *ir.Module) error {
		return func(b *strings.Builder, m *ir.Module) error { return WritePipelinesText(b, Pipelines(m), o) }
	}
	for _, test := range []struct {
		name, module string
		width        int
		write        func(*strings.Builder, *ir.Module) error
	}{
		{"flow", "flow.cir", 0, flow(TextOptions{})},
		{"flow-120", "flow.cir", 120, flow(TextOptions{Width: 120})},
		{"flow-80", "flow.cir", 80, flow(TextOptions{Width: 80})},
		{"flow-50-color", "flow.cir", 50, flow(TextOptions{Width: 50, Color: true})},
		{"flow-dot", "flow.cir", 0, func(b *strings.Builder, m *ir.Module) error { return Flow(m).WriteDOT(b) }},
		{"expressions", "expressions.cir", 0, flow(TextOptions{})},
		{"pipe", "pipe.cir", 0, pipes(TextOptions{})},
		{"pipe-60", "pipe.cir", 60, pipes(TextOptions{Width: 60})},
		{"pipe-dot", "pipe.cir", 0, func(b *strings.Builder, m *ir.Module) error { return WritePipelinesDOT(b, Pipelines(m)) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := test.write(&b, read(t, test.module)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", test.name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Error(diff)
			}
			for line := range strings.Lines(b.String()) {
				if have := ansi.StringWidth(strings.TrimRight(line, "\n")); test.width > 0 && have > test.width {
					t.Errorf("a line has %d cells of %d: %s", have, test.width, line)
				}
			}
		})
	}
}

// TestOtherLevels finds no plan where there is none.
func TestOtherLevels(t *testing.T) {
	if node := Flow(read(t, "pipe.cir")); node != nil {
		t.Errorf("a module at the pipe level has the flow %v", node)
	}
	if pipelines := Pipelines(read(t, "flow.cir")); len(pipelines) > 0 {
		t.Errorf("a module at the flow level has the pipelines %v", pipelines)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 0.7: "1", 9999: "9999", 10_000: "10 k", 601_234: "601 k", 6_001_215: "6 M", 2.5e9: "2.5 G"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%g) = %q, want %q", n, got, want)
		}
	}
}
