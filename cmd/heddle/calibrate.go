package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/cuda"
)

const calibrateUsage = `heddle calibrate [--quick] [--device auto|cpu|gpu] [--output FILE] [--format text|json]`

type calibrateFlags struct {
	output, format, device, progress, tempDir string
	threads                                   int
	quick                                     bool
}

func (a *app) calibrateCommand() *cobra.Command {
	f := &calibrateFlags{}
	cmd := &cobra.Command{
		Use: "calibrate", Short: "Measure this machine, and its GPU, for choosing between them",
		Long: `Measures how fast this machine filters, builds and probes hash tables, groups, sorts and
copies, with queries over data that it makes and deletes, and how fast its GPU does, if
there is one. The profile that comes of it decides which parts of a query run on the
GPU. Without it built-in figures of a server are used.

The figures are the best of several runs. Still, measure while the machine has little
else to do.`,
		Example: `heddle calibrate
heddle calibrate --quick --format json
heddle calibrate --output server.json`,
		Args: arguments(0, 0, calibrateUsage),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(
				oneOf("format", f.format, "text", "json"),
				oneOf("device", f.device, "auto", "cpu", "gpu"),
				oneOf("progress", f.progress, "auto", "plain", "none"),
			); err != nil {
				return err
			}
			if f.threads < 0 {
				return diag.New(codeFlagValue, "--threads takes a number from 0, not %d", f.threads)
			}
			return a.calibrate(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.quick, "quick", false, "measure less: about 2 seconds instead of 10")
	flags.StringVar(&f.device, "device", "auto", "measure also the GPU: `WHEN` auto (if there is one), cpu (never) or gpu (or fail)")
	flags.StringVarP(&f.output, "output", "o", "", "write the profile to `FILE` (default: the cache's profile.json, which queries use)")
	flags.StringVarP(&f.format, "format", "f", "text", "`FORMAT` of what is shown: text or json")
	flags.IntVar(&f.threads, "threads", 0, "number of workers `N` that queries will have; 0: all processors")
	flags.StringVar(&f.tempDir, "temp-dir", "", "`DIR` for the data (default $HEDDLE_TEMP_DIR or the system's)")
	flags.StringVar(&f.progress, "progress", "auto", "`WHEN`: auto, plain or none")
	_ = cmd.MarkFlagDirname("temp-dir")
	_ = cmd.MarkFlagFilename("output", "json")
	complete(cmd, "device", "auto", "cpu", "gpu")
	complete(cmd, "format", "text", "json")
	complete(cmd, "progress", "auto", "plain", "none")
	return cmd
}

func (a *app) calibrate(ctx context.Context, f *calibrateFlags) (err error) {
	path := f.output
	if path == "" {
		if path, err = local.ProfilePath(a.system); err != nil {
			return diag.New(place.CodeProfile, "there is no place for the profile: %v", err).Helpf("name a file: --output profile.json")
		}
	}
	if err := a.system.Files.MkdirAll(filepath.Dir(path), 0o777); err != nil { // better said before than after
		return diag.New(place.CodeProfile, "the profile cannot be written to %s: %v", path, err)
	}
	driver, without, err := a.openForCalibration(ctx, f.device)
	if err != nil {
		return err
	}
	if driver != nil {
		defer func() { err = errors.Join(err, driver.Close()) }()
	}
	tell, clear := a.calibrationProgress(f.progress)
	began := a.system.Clock.Now()
	profile, err := local.Calibrate(ctx, local.CalibrateOptions{
		System: a.system, Threads: f.threads, TempDir: f.tempDir, Quick: f.quick, Device: driver, Progress: tell,
	})
	clear()
	if err != nil {
		return err
	}
	if without != "" {
		profile.Notes = append(profile.Notes, without)
	}
	if err := profile.Save(a.system.Files, path); err != nil {
		return err
	}
	if f.format == "json" {
		err = a.writeJSON(a.stdout, profile)
	} else {
		err = a.showProfile(profile)
	}
	a.note("measured in %s, written to %s", shortDuration(a.system.Clock.Since(began)), path)
	return err
}

// openForCalibration opens the GPU. Where none has to be there, it says why it was not
// measured instead of failing.
func (a *app) openForCalibration(ctx context.Context, mode string) (driver device.Driver, without string, err error) {
	if mode == "cpu" {
		return nil, "The GPU was not measured: --device cpu.", nil
	}
	driver, err = cuda.Open(ctx, cuda.Options{})
	if err == nil {
		return driver, "", nil
	}
	list, known := diag.FromError(err)
	if mode == "gpu" || !known {
		return nil, "", err
	}
	return nil, "No GPU was measured: " + list[0].Message + ".", nil
}

// calibrationProgress shows what is measured: in one line of a terminal, or in a line
// each.
func (a *app) calibrationProgress(mode string) (tell func(step string, number, total int), clear func()) {
	width, _, terminal := a.system.Environment.TerminalSize(a.stderr.Fd())
	terminal = terminal && mode == "auto" && a.system.Environment.Getenv("TERM") != "dumb"
	switch {
	case terminal:
		tell = func(step string, number, total int) {
			fmt.Fprint(a.stderr, "\r\x1b[K"+ansi.Truncate(fmt.Sprintf("%d/%d  %s", number, total, step), width-1, "…"))
		}
		return tell, func() { fmt.Fprint(a.stderr, "\r\x1b[K") }
	case mode == "plain":
		return func(step string, number, total int) { a.note("%d/%d  %s", number, total, step) }, func() {}
	default:
		return nil, func() {}
	}
}

// showProfile shows the figures of a profile beside the built-in ones.
func (a *app) showProfile(p *place.Profile) error {
	builtin, err := place.Builtin(place.Default)
	if err != nil {
		return err
	}
	if p.GPU != nil {
		h200, err := place.Builtin("h200")
		if err != nil {
			return err
		}
		builtin = builtin.WithGPU(h200)
	}
	theirs := builtin.Figures()
	rows := [][]string{{"CPU", p.CPU.Name, builtin.CPU.Name}}
	gpu := false
	for i, figure := range p.Figures() {
		switch {
		case strings.HasPrefix(figure.Name, "gpu."):
			if !gpu {
				rows = append(rows, []string{"GPU", p.GPU.Name, builtin.GPU.Name})
			}
			gpu = true
		case !strings.HasPrefix(figure.Name, "cpu."):
			continue // assumptions are not measured
		}
		rows = append(rows, []string{figure.Title, figureText(figure), figureText(theirs[i])})
	}
	if err := a.writeGrid(a.stdout, rows, 0, 0); err != nil {
		return err
	}
	for _, note := range p.Notes {
		if _, err := fmt.Fprintf(a.stdout, "\n%s", note); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(a.stdout)
	return err
}

// figureText writes a figure for people.
func figureText(f place.Figure) string {
	scaled := func(value float64, unit string) string {
		for _, prefix := range []string{"", "k", "M", "G", "T"} {
			if value < 999.5 || prefix == "T" {
				return fmt.Sprintf("%.3g %s%s", value, prefix, unit)
			}
			value /= 1000
		}
		panic("BUG: the last prefix takes everything")
	}
	switch f.Unit {
	case place.Bytes:
		return scaled(f.Value, "B")
	case place.BytesPerSecond:
		return scaled(f.Value, "B/s")
	case place.PerSecond:
		return scaled(f.Value, "/s")
	case place.Seconds:
		if f.Value < 1e-3 {
			return fmt.Sprintf("%.3g µs", f.Value*1e6)
		}
		return fmt.Sprintf("%.3g ms", f.Value*1e3)
	default:
		return fmt.Sprintf("%g", f.Value)
	}
}
