package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/cmd/heddle/internal/plan"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/exec"
)

const explainUsage = `heddle explain [FILE | - | -c SQL] [--data DIR] [--level flow|pipe|kern|wasm|ptx]`

type explainFlags struct {
	workspaceFlags
	command, level, format string
	parameters             []string
	analyze                bool
}

func (a *app) explainCommand() *cobra.Command {
	f := &explainFlags{}
	cmd := &cobra.Command{
		Use: "explain [FILE | -]", Short: "Show the plan of a query at any level",
		Long: `Shows how a query will be executed:

  flow   the operators after optimisation, with estimated numbers of rows
  pipe   the pipelines between states such as hash tables
  kern   the loops and instructions that they become, as CIR text
  wasm   the WebAssembly, as text
  ptx    the code for GPUs, of the pipelines that can run there

Where a GPU is there, or one is named to plan for, the levels flow and pipe are followed by
what each pipeline would cost on the CPU and on the GPU, and why it is placed where it is.

With --analyze the query runs, and what each pipeline did is shown below its plan.`,
		Example: `heddle explain q1.sql --data data/sf1
heddle explain q1.sql --data data/sf1 --analyze
heddle explain q1.sql --data data/sf1 --format dot | dot -Tsvg > q1.svg
heddle explain -c "SELECT 1" --level wasm`,
		Args: arguments(0, 1, explainUsage),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			src, err := a.readSource(f.command, cmd.Flags().Changed("command"), arguments, explainUsage)
			if err != nil {
				return err
			}
			file, err := src.text("heddle explain")
			if err != nil {
				return err
			}
			return a.explain(cmd.Context(), f, file)
		},
		ValidArgsFunction: completeFiles("sql"),
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.command, "command", "c", "", "explain this `SQL`")
	f.addData(cmd)
	flags.StringVarP(&f.level, "level", "l", "flow", "`LEVEL` of the plan: flow, pipe, kern, wasm or ptx")
	flags.StringVarP(&f.format, "format", "f", "text", "`FORMAT`: text, json, or dot (flow and pipe)")
	flags.BoolVar(&f.analyze, "analyze", false, "run the query and show what it did")
	flags.StringArrayVarP(&f.parameters, "param", "p", nil, "`VALUE` of $1, $2, ... in order")
	f.addEngine(cmd)
	f.addDevice(cmd)
	f.addPlannedGPU(cmd)
	complete(cmd, "level", "flow", "pipe", "kern", "wasm", "ptx")
	complete(cmd, "format", "text", "json", "dot")
	return cmd
}

var levels = map[string]ir.Level{"flow": ir.FlowLevel, "pipe": ir.PipeLevel, "kern": ir.KernLevel, "wasm": ir.AnyLevel, "ptx": ir.KernLevel}

func (a *app) explain(ctx context.Context, f *explainFlags, file *diag.File) (err error) {
	if err := errors.Join(
		oneOf("level", f.level, "flow", "pipe", "kern", "wasm", "ptx"),
		oneOf("format", f.format, "text", "json", "dot"),
	); err != nil {
		return err
	}
	if f.format == "dot" && f.level != "flow" && f.level != "pipe" {
		return diag.New(codeFlagValue, "--format dot draws the levels flow and pipe, not %s", f.level)
	}
	options, err := f.options(a)
	if err != nil {
		return err
	}
	workspace, err := local.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	compile := local.CompileOptions{Stop: levels[f.level], Names: true, Kernels: f.level == "ptx"}
	compiled, err := one(ctx, workspace, file, compile)
	if err != nil {
		return err
	}
	a.report(compiled.Warnings)
	var stats *exec.Stats
	var placed *place.Plan
	if f.analyze || compiled.Analyze {
		if stats, placed, err = a.analyze(ctx, f, workspace, file); err != nil {
			return err
		}
	} else if f.level == "flow" || f.level == "pipe" {
		if placed, err = a.placement(ctx, workspace, file); err != nil {
			return err
		}
		if notice := workspace.ProfileNotice(); notice != nil {
			a.report(diag.List{notice})
		}
	}
	var code *local.KernelCode
	if f.level == "ptx" {
		if code, err = kernelCode(ctx, f, workspace, compiled); err != nil {
			return err
		}
	}
	switch {
	case f.format == "json":
		return a.explainJSON(f, compiled, stats, placed, code)
	case f.format == "dot" && f.level == "flow":
		return plan.Flow(compiled.Module).WriteDOT(a.stdout)
	case f.format == "dot":
		return plan.WritePipelinesDOT(a.stdout, plan.Pipelines(compiled.Module))
	case f.level == "flow":
		if err := a.explainText(compiled.Module, stats); err != nil || placed == nil {
			return err
		}
		return a.writePlacement(a.stdout, placed)
	case f.level == "ptx":
		_, err = a.stdout.Write(code.PTX)
	case f.level == "pipe":
		err = plan.WritePipelinesText(a.stdout, plan.Pipelines(compiled.Module), a.textOptions())
	case f.level == "kern":
		err = compiled.Module.Print(a.stdout)
	default:
		err = writeWAT(a.stdout, compiled.Wasm)
	}
	if err == nil && stats != nil {
		fmt.Fprintln(a.stdout)
		err = a.writeStats(a.stdout, stats)
	}
	if err == nil && placed != nil {
		err = a.writePlacement(a.stdout, placed)
	}
	return err
}

// analyze runs a query, reads all of its rows, and says what it did, and where it was to
// run, if that was a question.
func (a *app) analyze(ctx context.Context, f *explainFlags, w *local.Workspace, file *diag.File) (*exec.Stats, *place.Plan, error) {
	compiled, err := one(ctx, w, file, local.CompileOptions{})
	if err != nil {
		return nil, nil, err
	}
	values, err := bindArguments(compiled.Program, f.parameters)
	if err != nil {
		return nil, nil, err
	}
	run, err := w.Run(ctx, compiled.Program, compiled.Wasm, local.RunOptions{Arguments: values, Source: file, GPU: compiled.GPU(), Hint: compiled.Device})
	if err != nil {
		return nil, nil, err
	}
	a.report(run.Notices)
	stats := run.Stats()
	return &stats, run.Plan, run.Close()
}

func (a *app) textOptions() plan.TextOptions {
	return plan.TextOptions{Color: a.colored(a.stdout), Width: a.terminalWidth()}
}

// explainText shows the operators of a plan, and what its pipelines did if it ran.
func (a *app) explainText(flow *ir.Module, stats *exec.Stats) error {
	tree := plan.Flow(flow)
	if tree == nil {
		return diag.New(codeSource, "the program has no flow to show")
	}
	if err := tree.WriteText(a.stdout, a.textOptions()); err != nil {
		return err
	}
	if stats == nil {
		return nil
	}
	fmt.Fprintln(a.stdout)
	return a.writeStats(a.stdout, stats)
}

// writeStats shows what each pipeline and each scan did.
func (a *app) writeStats(w io.Writer, stats *exec.Stats) error {
	rows := [][]string{{"#", "pipeline", "rows", "time", "rows/s", "passes", "device"}}
	for i, p := range stats.Pipelines {
		elapsed := p.Run + p.Finish
		rows = append(rows, []string{
			fmt.Sprint(i + 1), p.Title, grouped(p.Rows), shortDuration(elapsed), rate(p.Rows, elapsed), fmt.Sprint(max(1, p.Passes)), p.Device,
		})
	}
	if err := a.writeGrid(w, rows, 1, 0); err != nil {
		return err
	}
	if len(stats.Scans) > 0 {
		rows = [][]string{{"scan", "columns", "chunks", "skipped", "read"}}
		for _, s := range stats.Scans {
			rows = append(rows, []string{s.Table, fmt.Sprint(s.Columns), grouped(int64(s.Chunks)), grouped(int64(s.Pruned)), access(s.Access)})
		}
		fmt.Fprintln(w)
		if err := a.writeGrid(w, rows, 0, 4); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\nexecuted in %s, memory %s, spilled %s\n",
		shortDuration(stats.Execute), sizeText(stats.PeakMemory), sizeText(stats.SpilledBytes))
	return err
}

// access says how columns came to the code.
func access(how string) string {
	switch how {
	case "pinned", "windows":
		return "mapped, no copy (" + how + ")"
	default:
		return how
	}
}

func rate(rows int64, elapsed time.Duration) string {
	if elapsed <= 0 || rows <= 0 {
		return ""
	}
	return plan.Count(float64(rows) / elapsed.Seconds())
}

func sizeText(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	default:
		return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
	}
}

// writeGrid writes rows of text under a heading, in columns; those before and including
// left, and the column also, are aligned on the left. The column left gives way when a
// terminal is too narrow.
func (a *app) writeGrid(w io.Writer, rows [][]string, left, also int) error {
	color := a.colored(a.stdout)
	if w == io.Writer(a.stderr) {
		color = a.colored(a.stderr)
	}
	widths := make([]int, len(rows[0]))
	total := 1
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], ansi.StringWidth(row[i]))
		}
		total += widths[i] + 2
	}
	if width := a.terminalWidth(); width > 0 && total > width {
		widths[left] = max(12, widths[left]-(total-width))
	}
	for n, row := range rows {
		line := " "
		for i, text := range row {
			text = ansi.Truncate(text, widths[i], "…")
			fill := fmt.Sprintf("%*s", widths[i]-ansi.StringWidth(text), "")
			switch {
			case i == len(row)-1 && also == i:
				line += text
			case i <= left || also > 0 && i == also:
				line += text + fill + "  "
			default:
				line += fill + text + "  "
			}
		}
		for line[len(line)-1] == ' ' {
			line = line[:len(line)-1]
		}
		if n == 0 && color {
			line = "\x1b[2m" + line + "\x1b[0m"
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// writeWAT writes a module in the text format of WebAssembly.
func writeWAT(w io.Writer, wasm []byte) error {
	decoded, err := encode.Decode(wasm)
	if err != nil {
		return err
	}
	return decoded.WriteText(w)
}

// explained is the JSON form of a plan.
type explained struct {
	Level     string           `json:"level"`
	Plan      *plan.Node       `json:"plan,omitempty"`
	Pipelines []*plan.Pipeline `json:"pipelines,omitempty"`
	Text      string           `json:"text,omitempty"` // CIR or WAT
	Measured  *measured        `json:"measured,omitempty"`
	Placement *placed          `json:"placement,omitempty"`
}

func (a *app) explainJSON(f *explainFlags, compiled *local.Compiled, stats *exec.Stats, where *place.Plan, code *local.KernelCode) error {
	out := explained{Level: f.level}
	switch f.level {
	case "flow":
		out.Plan = plan.Flow(compiled.Module)
	case "pipe":
		out.Pipelines = plan.Pipelines(compiled.Module)
	case "kern":
		out.Text = compiled.Module.String()
	case "ptx":
		out.Text = string(code.PTX)
	default:
		var text strings.Builder
		if err := writeWAT(&text, compiled.Wasm); err != nil {
			return err
		}
		out.Text = text.String()
	}
	if stats != nil {
		out.Measured = measuredOf(stats)
	}
	if where != nil {
		out.Placement = placedOf(where)
	}
	return a.writeJSON(a.stdout, out)
}

// writeJSON writes a value for programs, indented for people.
func (a *app) writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
