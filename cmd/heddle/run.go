package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/heddle/internal/progress"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/bundle"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/exec"
)

const runUsage = `heddle run [FILE | BUNDLE | - | -c SQL] [--data DIR]`

// runFlags are the flags of heddle run.
type runFlags struct {
	workspaceFlags
	outputFlags
	command    string
	parameters []string
	timing     string
	progress   string
	// deviceGiven says that --device was, and goes before what a bundle asks for.
	deviceGiven bool
}

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use: "run [FILE | BUNDLE | -]", Short: "Compile SQL and run it, or run a bundle",
		Long: `Compiles each statement of a program to WebAssembly and runs it, one after the
other. A bundle made by "heddle build" is run without compiling SQL. "-" reads the
program from standard input.

FROM takes the tables of --data by name, and files and patterns in quotes:
FROM 'logs/**/*.parquet'.`,
		Example: `heddle run q1.sql --data data/sf1
heddle run -c "SELECT count(*) FROM 'data/sf1/orders.parquet'"
heddle run q1.sql --data data/sf1 -o q1.parquet
heddle run -c "SELECT o_comment FROM orders WHERE o_orderkey = \$1" -p 7 --data data/sf1`,
		Args: arguments(0, 1, runUsage),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			src, err := a.readSource(f.command, cmd.Flags().Changed("command"), arguments, runUsage)
			if err != nil {
				return err
			}
			f.deviceGiven = cmd.Flags().Changed("device")
			return a.run(cmd.Context(), f, src)
		},
		ValidArgsFunction: completeFiles("sql", "heddle"),
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.command, "command", "c", "", "run this `SQL`")
	f.addData(cmd)
	f.addOutput(cmd)
	f.addEngine(cmd)
	f.addDevice(cmd)
	flags.StringArrayVarP(&f.parameters, "param", "p", nil, "`VALUE` of $1, $2, ... in order; \\N is NULL")
	flags.StringVar(&f.timing, "timing", "", "show on stderr what each phase took; `FORMAT`: text or json")
	flags.Lookup("timing").NoOptDefVal = "text"
	flags.StringVar(&f.progress, "progress", "auto", "`WHEN`: auto, on a terminal; plain, a line every 10 s; or none")
	complete(cmd, "timing", "text", "json")
	complete(cmd, "progress", "auto", "plain", "none")
	return cmd
}

func (a *app) run(ctx context.Context, f *runFlags, src *source) (err error) {
	options, err := f.options(a)
	if err != nil {
		return err
	}
	if err := errors.Join(f.check(a), oneOf("progress", f.progress, "auto", "plain", "none")); err != nil {
		return err
	}
	if f.timing != "" {
		if err := oneOf("timing", f.timing, "text", "json"); err != nil {
			return err
		}
	}
	began := a.system.Clock.Now()
	workspace, err := local.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	if src.bundle != nil {
		return a.runBundle(ctx, f, workspace, src.bundle, began)
	}
	prepare := local.PrepareOptions{}
	// A statement that explains itself needs its plan.
	prepare.KeepFlow = strings.Contains(strings.ToLower(src.file.Text), "explain")
	statements, err := workspace.Prepare(ctx, src.file, prepare)
	if err != nil {
		return err
	}
	if f.output != "" && len(statements) != 1 {
		return diag.New(codeSource, "-o takes the rows of one statement, and the program has %d", len(statements))
	}
	for i, statement := range statements {
		a.report(statement.Warnings)
		if i > 0 && f.format == "table" {
			fmt.Fprintln(a.stdout)
		}
		s := &execution{app: a, flags: f, workspace: workspace, program: statement.Program, wasm: statement.Wasm, gpu: statement.GPU(), hint: statement.Device, source: src.file, compiled: statement, began: began}
		if err := s.run(ctx); err != nil {
			return err
		}
		began = a.system.Clock.Now()
	}
	return nil
}

// runBundle runs a program that was compiled before.
func (a *app) runBundle(ctx context.Context, f *runFlags, w *local.Workspace, b *bundle.Bundle, began time.Time) error {
	opened, err := w.Engine()
	if err != nil {
		return err
	}
	for _, feature := range b.Manifest.Features {
		if !local.HasFeature(opened, feature) {
			return diag.New(bundle.CodeFeature, "%s needs %s, which the engine %s does not have", b.Manifest.Name, feature, opened.Name()).
				Helpf("build it again with --engine %s, or run it with --engine %s", opened.Name(), engine.Default())
		}
	}
	s := &execution{
		app: a, flags: f, workspace: w, program: b.Manifest.Program, wasm: b.Wasm,
		source: diag.NewFile(b.Manifest.Name, b.Source), began: began,
	}
	if b.PTX != nil {
		s.gpu = &local.GPUCode{PTX: b.PTX}
	}
	if !f.deviceGiven {
		s.hint = place.Mode(b.Manifest.Device)
	}
	return s.run(ctx)
}

// execution is one statement on its way from the program to the rows.
type execution struct {
	*app
	flags     *runFlags
	workspace *local.Workspace
	program   *program.Program
	wasm      []byte
	gpu       *local.GPUCode // nil: there is none
	hint      place.Mode
	source    *diag.File
	compiled  *local.Compiled // nil for a bundle
	began     time.Time
}

func (s *execution) run(ctx context.Context) (err error) {
	explains := s.compiled != nil && s.compiled.Explain
	if explains && !s.compiled.Analyze {
		return s.explainText(s.compiled.Flow, nil)
	}
	values, err := bindArguments(s.program, s.flags.parameters)
	if err != nil {
		return err
	}
	run, err := s.execute(ctx, values)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	s.report(run.Notices)
	executed := s.system.Clock.Now()
	var rows int64
	if explains {
		stats := run.Stats()
		if err = s.explainText(s.compiled.Flow, &stats); err == nil && run.Plan != nil {
			err = s.writePlacement(s.stdout, run.Plan)
		}
	} else {
		rows, err = s.write(ctx, &s.flags.outputFlags, run)
	}
	if err != nil {
		return err
	}
	ended := s.system.Clock.Now()
	if !explains {
		s.footer(rows, ended.Sub(s.began), devicesOf(run))
	}
	if s.flags.timing != "" {
		return s.showTiming(run, executed.Sub(s.began), ended.Sub(executed))
	}
	return nil
}

// execute runs the program with a display of its progress.
func (s *execution) execute(ctx context.Context, values []ir.Datum) (*local.Run, error) {
	var shown exec.Progress
	stop := s.showProgress(s.flags.progress, func() progress.State {
		now := shown.Now()
		return progress.State{Stage: now.Title, Number: now.Pipeline + 1, Total: now.Pipelines, Rows: now.Rows, TotalRows: now.TotalRows}
	})
	defer stop()
	return s.workspace.Run(ctx, s.program, s.wasm, local.RunOptions{Arguments: values, Source: s.source, Progress: &shown, GPU: s.gpu, Hint: s.hint})
}

// showProgress starts a display as --progress says.
func (a *app) showProgress(mode string, state func() progress.State) (stop func()) {
	options := progress.Options{Clock: a.system.Clock}
	if mode == "auto" && a.system.Environment.Getenv("TERM") != "dumb" {
		options.Width, _, _ = a.system.Environment.TerminalSize(a.stderr.Fd())
	}
	if mode == "none" || mode == "auto" && options.Width == 0 {
		return func() {}
	}
	return progress.Start(a.stderr, state, options)
}

// devicesOf says how many pipelines of a run did not run on the CPU, "" when all did.
func devicesOf(run *local.Run) string {
	stats := run.Stats()
	device, count := "", 0
	for _, p := range stats.Pipelines {
		if p.Device != "cpu" {
			device = p.Device
			count++
		}
	}
	if count == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of %s on %s", count, countOf(len(stats.Pipelines), "pipeline"), deviceTitle(device))
}

// deviceTitle is the name of a driver as people know it.
func deviceTitle(driver string) string {
	switch driver {
	case "cuda":
		return "the GPU"
	case "cpu":
		return "the CPU"
	default:
		return "the " + driver
	}
}

// footer says on stderr how many rows there were.
func (s *execution) footer(rows int64, elapsed time.Duration, devices string) {
	noun := "rows"
	if rows == 1 {
		noun = "row"
	}
	switch {
	case s.flags.output != "":
		s.note("%s %s in %s%s, written to %s", grouped(rows), noun, shortDuration(elapsed), devices, s.flags.output)
	case s.flags.format == "table" || s.flags.format == "none":
		s.note("%s %s in %s%s", grouped(rows), noun, shortDuration(elapsed), devices)
	}
}

// grouped writes a number with its thousands apart.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// shortDuration writes a time with three digits.
func shortDuration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}
