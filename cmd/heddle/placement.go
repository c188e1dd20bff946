package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/exec"
)

// placement plans where the pipelines of a statement run, nil when no GPU comes into
// question.
func (a *app) placement(ctx context.Context, w *local.Workspace, file *diag.File) (*place.Plan, error) {
	compiled, err := one(ctx, w, file, local.CompileOptions{})
	if err != nil || compiled.GPU() == nil {
		return nil, err
	}
	return w.Place(compiled.Program, compiled.Device)
}

// kernelCode makes the PTX of a statement.
func kernelCode(ctx context.Context, f *explainFlags, w *local.Workspace, compiled *local.Compiled) (*local.KernelCode, error) {
	target := ptx.DefaultTarget
	if f.gpu != "" && filepath.Ext(f.gpu) != ".json" { // a profile tells no architecture
		var err error
		if target, err = ptx.ParseTarget(f.gpu); err != nil {
			return nil, err
		}
	}
	any := false
	d := diag.New(exec.CodeNotOnDevice, "no part of the query can run on a GPU")
	for _, p := range compiled.Program.Pipelines {
		any = any || p.Kernel != nil
		if p.NoKernel != "" {
			d.Note("%s: %s", p.Title, p.NoKernel)
		}
	}
	if !any {
		return nil, d
	}
	return w.CompileKernels(ctx, compiled.Module, target)
}

// writePlacement shows what each pipeline costs on each device, where it runs, and below
// that why.
func (a *app) writePlacement(w io.Writer, plan *place.Plan) error {
	rows := [][]string{{"#", "pipeline", "device", "cpu", "gpu"}}
	for i := range plan.Decisions {
		d := &plan.Decisions[i]
		device, gpu := "cpu", "–"
		if d.Device {
			device = "gpu"
		}
		if d.Missing == "" {
			gpu = cost(d.GPU)
		}
		rows = append(rows, []string{fmt.Sprint(i + 1), d.Title, device, cost(d.CPU), gpu})
	}
	var table strings.Builder
	if err := a.writeGrid(&table, rows, 1, 0); err != nil {
		return err
	}
	width := a.terminalWidth()
	var text strings.Builder
	fmt.Fprintf(&text, "\nplacement, by the profile %s:\n", plan.Profile)
	for i, line := range strings.Split(strings.TrimSuffix(table.String(), "\n"), "\n") {
		fmt.Fprintln(&text, line)
		if i == 0 {
			continue
		}
		why := plan.Decisions[i-1].Why
		if width > 0 {
			why = ansi.Wordwrap(why, max(width-6, 20), " ")
		}
		if a.colored(a.stdout) {
			why = "\x1b[2m" + strings.ReplaceAll(why, "\n", "\x1b[0m\n\x1b[2m") + "\x1b[0m"
		}
		fmt.Fprintln(&text, "      "+strings.ReplaceAll(why, "\n", "\n      "))
	}
	if anyDevice(plan) { // what kernels share, such as compiling them, is in the whole alone
		fmt.Fprintf(&text, "in all %s; on the CPU alone %s\n", likely(plan.Total), likely(plan.CPUOnly))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func anyDevice(plan *place.Plan) bool {
	return slices.ContainsFunc(plan.Decisions, func(d place.Decision) bool { return d.Device })
}

func cost(c place.Cost) string {
	return likely(c.Total)
}

func likely(seconds place.Interval) string {
	return shortDuration(time.Duration(seconds.Likely * float64(time.Second)))
}

// placed is a plan's placement in JSON. Times are in milliseconds.
type placed struct {
	Profile   string           `json:"profile"`
	Total     float64          `json:"totalMs"`
	CPUOnly   float64          `json:"cpuOnlyMs"`
	Pipelines []placedPipeline `json:"pipelines"`
}

type placedPipeline struct {
	Title  string             `json:"title"`
	Device string             `json:"device"`
	CPU    map[string]float64 `json:"cpuMs"` // by part; "total" is their sum
	GPU    map[string]float64 `json:"gpuMs,omitempty"`
	Why    string             `json:"why"`
}

func placedOf(plan *place.Plan) *placed {
	parts := func(c place.Cost) map[string]float64 {
		times := map[string]float64{"total": c.Total.Likely * 1e3}
		for _, part := range c.Parts {
			times[string(part.Kind)] = part.Seconds.Likely * 1e3
		}
		return times
	}
	out := &placed{Profile: plan.Profile, Total: plan.Total.Likely * 1e3, CPUOnly: plan.CPUOnly.Likely * 1e3}
	for i := range plan.Decisions {
		d := &plan.Decisions[i]
		p := placedPipeline{Title: d.Title, Device: "cpu", CPU: parts(d.CPU), Why: d.Why}
		if d.Device {
			p.Device = "gpu"
		}
		if d.Missing == "" {
			p.GPU = parts(d.GPU)
		}
		out.Pipelines = append(out.Pipelines, p)
	}
	return out
}
