package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/bundle"
	"github.com/heddle-lang/heddle/runtime/device"
)

// measure does all measurements.
func measure(ctx context.Context, m *machine, o *options, progress io.Writer) (*report, error) {
	r := &report{Program: "heddle", Scale: o.scale, Runs: o.runs, Engine: m.engine.Name(), Threads: m.threads}
	var err error
	available, err := m.driver.Available()
	if err != nil {
		return nil, err
	}
	if r.Hardware, err = measureHardware(ctx, m.driver, min(o.copySize, available/4), o.runs); err != nil {
		return nil, err
	}
	if r.Modules, err = loadAll(ctx, m); err != nil {
		return nil, err
	}
	points := map[string][]point{}
	for _, w := range workloads(o.scale, o.sizes) {
		if w.kind == shape {
			continue
		}
		fmt.Fprintf(progress, "gpubench: %s at SF %g\n", w.name, w.scale)
		measured, kernels, rows, err := m.measure(ctx, &w, o.runs, r.Hardware.CopyBytesPerSecond)
		if err != nil {
			return nil, fmt.Errorf("%s at SF %g: %w", w.name, w.scale, err)
		}
		if w.kind != crossover {
			r.Queries = append(r.Queries, *measured)
			r.Kernels = append(r.Kernels, kernels...)
		}
		points[w.name] = append(points[w.name], point{
			Scale: w.scale, Rows: rows, CPU: measured.CPU, Resident: measured.Resident, Cold: measured.Cold,
		})
	}
	kernels, err := m.measureDense(ctx, o.copySize, o.runs, r.Hardware.CopyBytesPerSecond)
	if err != nil {
		return nil, err
	}
	r.Kernels = append(r.Kernels, kernels...)
	for _, name := range []string{"q01", "q06"} {
		slices.SortFunc(points[name], func(a, b point) int { return cmp.Compare(a.Rows, b.Rows) })
		r.Crossovers = append(r.Crossovers, crossingOf(name, points[name]))
	}
	return r, nil
}

// measure runs one workload in all ways. sourceRows is how many rows its largest scan has.
func (m *machine) measure(ctx context.Context, w *workload, runs int, copyRate float64) (out *measured, kernels []kernel, sourceRows int64, err error) {
	b, err := m.read(w)
	if err != nil {
		return nil, nil, 0, err
	}
	out = &measured{Query: w.name, Pipelines: len(b.Manifest.Program.Pipelines)}

	cpu, err := m.series(ctx, w, b, false, runs)
	if err != nil {
		return nil, nil, 0, err
	}
	out.CPU, out.Rows = medianOf(cpu), cpu[0].rows

	resident, err := m.series(ctx, w, b, true, runs)
	if err != nil {
		return nil, nil, 0, err
	}
	out.Resident = medianOf(resident)
	// Repeated pipelines are replays of graphs; the times of their kernels are taken in
	// runs without.
	m.driver.apart.Store(true)
	timed, err := m.series(ctx, w, b, true, runs)
	m.driver.apart.Store(false)
	if err != nil {
		return nil, nil, 0, err
	}
	var fallbacks []string
	if out.OnDevice, fallbacks = resident[0].onDevice(m.driver); len(fallbacks) > 0 {
		return nil, nil, 0, fmt.Errorf("a pipeline did not run on the GPU: %s", fallbacks[0])
	}
	var totals []time.Duration
	for _, r := range timed {
		total := time.Duration(0)
		for _, elapsed := range r.work.kernels {
			total += elapsed
		}
		totals = append(totals, total)
	}
	out.Kernels = milliseconds(median(totals))

	var cold []*ran
	for range runs {
		once, err := m.cold(ctx, w, b)
		if err != nil {
			return nil, nil, 0, err
		}
		cold = append(cold, once)
	}
	out.Cold, out.Copied = medianOf(cold), cold[0].work.copied

	for i := range b.Manifest.Program.Pipelines {
		if resident[0].stats.Pipelines[i].Device == m.driver.Properties().Driver {
			kernels = append(kernels, kernelOf(w, &b.Manifest.Program.Pipelines[i], i, timed, copyRate))
		}
		sourceRows = max(sourceRows, resident[0].stats.Pipelines[i].Rows)
	}
	return out, kernels, sourceRows, m.resources(ctx, b, kernels)
}

// series runs a workload in one session, once for warmth and then as often as told.
func (m *machine) series(ctx context.Context, w *workload, b *bundle.Bundle, onDevice bool, runs int) (all []*ran, err error) {
	session, err := m.session(ctx, onDevice)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	for range runs + 1 {
		once, err := m.run(ctx, session, w, b, onDevice, false)
		if err != nil {
			return nil, err
		}
		all = append(all, once)
	}
	return all[1:], nil
}

// cold runs a workload in a session of its own: nothing is in the device's memory.
func (m *machine) cold(ctx context.Context, w *workload, b *bundle.Bundle) (once *ran, err error) {
	session, err := m.session(ctx, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	return m.run(ctx, session, w, b, true, false)
}

// kernelOf describes the kernel of a pipeline by what it took in several runs.
func kernelOf(w *workload, p *program.Pipeline, number int, runs []*ran, copyRate float64) kernel {
	var times []time.Duration
	for _, r := range runs {
		times = append(times, r.work.kernels[p.Kernel.Function])
	}
	took := median(times)
	stats := &runs[0].stats.Pipelines[number]
	k := kernel{
		Query: w.name, Pipeline: p.Title, Kernel: p.Kernel.Function, Rows: stats.Rows, Bytes: stats.Bytes, Ms: milliseconds(took),
		BytesPerSecond: rate(stats.Bytes, took), RowsPerSecond: rate(stats.Rows, took),
	}
	if copyRate > 0 {
		k.Share = k.BytesPerSecond / copyRate
	}
	return k
}

// resources asks the driver what the kernels take.
func (m *machine) resources(ctx context.Context, b *bundle.Bundle, kernels []kernel) (err error) {
	code, err := m.driver.Load(ctx, b.PTX)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, code.Close()) }()
	for i := range kernels {
		var found device.Kernel
		if found, err = code.Kernel(kernels[i].Kernel); err != nil {
			return err
		}
		r := found.Resources()
		kernels[i].Registers, kernels[i].Local, kernels[i].Shared = r.Registers, r.Local, r.Shared
	}
	return nil
}

func medianOf(runs []*ran) float64 {
	var times []time.Duration
	for _, r := range runs {
		times = append(times, r.elapsed)
	}
	return milliseconds(median(times))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
