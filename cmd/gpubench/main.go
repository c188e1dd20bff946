package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/cuda"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
	_ "github.com/heddle-lang/heddle/runtime/engine/all"   // registers the engines
	_ "github.com/heddle-lang/heddle/runtime/store/native" // reads the tables
)

// options are those of the command line.
type options struct {
	data, bundles string
	device        string
	scale         float64
	sizes         []float64
	runs, threads int
	copySize      int64
	json          string
	architecture  string
}

const usage = "usage: gpubench build|check|run [FLAGS]"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		if list, ok := diag.FromError(err); ok {
			fmt.Fprint(os.Stderr, diag.RenderText(list, diag.Options{}))
		} else {
			fmt.Fprintln(os.Stderr, "gpubench:", err)
		}
		os.Exit(1)
	}
}

// command does one command line.
func command(ctx context.Context, arguments []string, out, progress io.Writer) error {
	if len(arguments) == 0 {
		return errors.New(usage)
	}
	o, err := parse(arguments[1:], progress)
	if err != nil {
		return err
	}
	switch arguments[0] {
	case "build":
		return build(ctx, o, progress)
	case "check", "run":
	default:
		return errors.New(usage)
	}
	m, err := newMachine(o)
	if err != nil {
		return err
	}
	if arguments[0] == "check" {
		return errors.Join(check(ctx, m, o, out), m.close())
	}
	r, err := measure(ctx, m, o, progress)
	if err = errors.Join(err, m.close()); err != nil {
		return err
	}
	if o.json != "" {
		if err := writeJSON(o.json, r); err != nil {
			return err
		}
	}
	return r.writeText(out)
}

func writeJSON(path string, r *report) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return r.writeJSON(file)
}

func parse(arguments []string, output io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("gpubench", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&o.data, "data", "data/gpu", "`DIR` with a directory of native tables for each scale factor")
	flags.StringVar(&o.bundles, "bundles", "bin/gpu/bundles", "`DIR` with a directory of bundles for each scale factor")
	flags.StringVar(&o.device, "device", "cuda", "`KIND` of device: cuda or emulator")
	flags.Float64Var(&o.scale, "sf", 10, "scale factor `NUMBER` of the queries")
	sizes := flags.String("sizes", "0.001,0.003,0.01,0.03,0.1,0.3,1", "other scale factors `NUMBERS`, to find where the GPU begins to be faster; commas between")
	flags.IntVar(&o.runs, "runs", 5, "how often `N` each is measured")
	flags.IntVar(&o.threads, "threads", 0, "workers `N` on the CPU; 0 stands for all processors")
	flags.Int64Var(&o.copySize, "copy", 4<<30, "how many `BYTES` are copied to measure the card's bandwidth")
	flags.StringVar(&o.json, "json", "", "write all figures to `FILE` too")
	flags.StringVar(&o.architecture, "gpu", "", "`NAME` of the oldest GPU that bundles are built for; the lowest that serves without")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 || o.runs < 1 || o.copySize < 1<<16 {
		return nil, errors.New(usage)
	}
	for _, text := range strings.FieldsFunc(*sizes, func(r rune) bool { return r == ',' }) {
		size, err := strconv.ParseFloat(text, 64)
		if err != nil || size <= 0 {
			return nil, fmt.Errorf("-sizes takes scale factors, not %q", text)
		}
		o.sizes = append(o.sizes, size)
	}
	return o, nil
}

// openDevice opens a device by the name of its kind.
func openDevice(kind string) (device.Driver, error) {
	switch kind {
	case "cuda":
		return cuda.Open(context.Background(), cuda.Options{})
	case "emulator":
		return emulator.Open(emulator.Options{})
	default:
		return nil, fmt.Errorf("-device takes cuda or emulator, not %q", kind)
	}
}
