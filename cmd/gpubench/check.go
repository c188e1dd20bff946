package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/heddle-lang/heddle/runtime/bundle"
	"github.com/heddle-lang/heddle/runtime/device"
)

// errDiffers is the error of a check that has found something.
var errDiffers = errors.New("the GPU did not do what the CPU does")

// check loads all modules, and runs each workload of the scale factor on the CPU, and on
// the device twice: with columns that are copied, and with those that are there. What the
// kernels for dense matrices give is compared with the interpreter.
func check(ctx context.Context, m *machine, o *options, out io.Writer) (err error) {
	modules, err := loadAll(ctx, m)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d modules loaded\n", len(modules))
	cpu, err := m.session(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cpu.Close()) }()
	gpu, err := m.session(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, gpu.Close()) }()
	differs := false
	for _, w := range workloads(o.scale, nil) {
		b, err := m.read(&w)
		if err != nil {
			return err
		}
		want, err := m.run(ctx, cpu, &w, b, false, true)
		if err != nil {
			return fmt.Errorf("%s on the CPU: %w", w.name, err)
		}
		verdict := "ok  "
		var onDevice int
		var fallbacks []string
		for range 2 {
			got, err := m.run(ctx, gpu, &w, b, true, true)
			if err != nil {
				return fmt.Errorf("%s on the GPU: %w", w.name, err)
			}
			onDevice, fallbacks = got.onDevice(m.driver)
			if onDevice == 0 || len(fallbacks) > 0 || !slices.Equal(want.lines, got.lines) {
				verdict, differs = "FAIL", true
			}
			if at := firstDifference(want.lines, got.lines); at != "" {
				fmt.Fprintf(out, "%s: %s\n", w.name, at)
			}
		}
		fmt.Fprintf(out, "%s  %-14s %6d rows, %d of %d pipelines on the %s\n", verdict, w.name, want.rows, onDevice, len(b.Manifest.Program.Pipelines),
			m.driver.Properties().Driver)
		for _, why := range fallbacks {
			fmt.Fprintf(out, "      %s\n", why)
		}
	}
	if same, err := m.checkDense(ctx, out); err != nil {
		return err
	} else if differs || !same {
		return errDiffers
	}
	return nil
}

func firstDifference(want, got []string) string {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			return fmt.Sprintf("%d rows, want %d", len(got), len(want))
		case i >= len(got):
			return fmt.Sprintf("%d rows, want %d", len(got), len(want))
		case want[i] != got[i]:
			return fmt.Sprintf("row %s, want %s", got[i], want[i])
		}
	}
	return ""
}

// loadAll gives the PTX of each bundle to the driver and asks for all of its kernels.
func loadAll(ctx context.Context, m *machine) ([]module, error) {
	paths, err := filepath.Glob(filepath.Join(m.bundles, "*", "*"+bundle.Extension))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("there are no bundles below %s", m.bundles)
	}
	all := make([]module, 0, len(paths))
	for _, path := range paths {
		loaded, err := load(ctx, m.driver, path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		loaded.Bundle, err = filepath.Rel(m.bundles, path)
		if err != nil {
			return nil, err
		}
		all = append(all, loaded)
	}
	return all, nil
}

func load(ctx context.Context, driver device.Driver, path string) (loaded module, err error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return loaded, err
	}
	b, err := bundle.Read(path, content)
	if err != nil {
		return loaded, err
	}
	if b.Manifest.GPU == nil {
		return loaded, errors.New("it has no code for GPUs")
	}
	began := time.Now()
	code, err := driver.Load(ctx, b.PTX)
	if err != nil {
		return loaded, err
	}
	defer func() { err = errors.Join(err, code.Close()) }()
	loaded = module{Kernels: len(b.Manifest.GPU.Kernels), Bytes: len(b.PTX), LoadMs: milliseconds(time.Since(began))}
	for _, name := range b.Manifest.GPU.Kernels {
		found, err := code.Kernel(name)
		if err != nil {
			return loaded, err
		}
		resources := found.Resources()
		loaded.MaxRegisters = max(loaded.MaxRegisters, resources.Registers)
		loaded.MaxLocal = max(loaded.MaxLocal, resources.Local)
	}
	return loaded, nil
}
