package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// report is all that was measured. Its JSON is what gpu-compare.py writes too, as far as
// that measures the same.
type report struct {
	Program  string   `json:"program"`
	Scale    float64  `json:"scale"`
	Runs     int      `json:"runs"`
	Engine   string   `json:"engine"`
	Threads  int      `json:"threads"`
	Hardware hardware `json:"hardware"`

	Modules    []module   `json:"modules"`
	Kernels    []kernel   `json:"kernels"`
	Queries    []measured `json:"queries"`
	Crossovers []crossing `json:"crossovers"`
}

// module is the PTX of a bundle that the driver has loaded.
type module struct {
	Bundle       string  `json:"bundle"`
	Kernels      int     `json:"kernels"`
	Bytes        int     `json:"bytes"`
	LoadMs       float64 `json:"loadMs"`
	MaxRegisters int     `json:"maxRegisters"`
	MaxLocal     int     `json:"maxLocalBytes"`
}

// kernel is a pipeline that was measured while its columns were in the GPU's memory.
type kernel struct {
	Query    string  `json:"query"`
	Pipeline string  `json:"pipeline"`
	Kernel   string  `json:"kernel"`
	Rows     int64   `json:"rows"`
	Bytes    int64   `json:"bytes"` // of all columns that it reads
	Ms       float64 `json:"ms"`    // median over the runs
	// Share is how its bandwidth compares with that of copies: 1 is as fast.
	BytesPerSecond float64 `json:"bytesPerSecond"`
	Share          float64 `json:"shareOfCopy"`
	RowsPerSecond  float64 `json:"rowsPerSecond"`
	Registers      int     `json:"registers"`
	Local          int     `json:"localBytes"`
	Shared         int     `json:"sharedBytes"`
}

// measured is a query from the call to the last row, in medians of milliseconds.
type measured struct {
	Query     string  `json:"query"`
	Rows      int64   `json:"rows"` // of the result
	Pipelines int     `json:"pipelines"`
	OnDevice  int     `json:"pipelinesOnDevice"`
	CPU       float64 `json:"cpuMs"`
	Resident  float64 `json:"residentMs"`
	Cold      float64 `json:"coldMs"`
	// Kernels is the time of the kernels in it, Copied the bytes that a cold run copies
	// to the device.
	Kernels float64 `json:"kernelsMs"`
	Copied  int64   `json:"coldCopiedBytes"`
}

func (r *report) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	return encoder.Encode(r)
}

// writeText writes tables for people.
func (r *report) writeText(w io.Writer) error {
	var b strings.Builder
	h := &r.Hardware
	fmt.Fprintf(&b, "%s (%s %s), sm_%d, PTX %d.%d, %d multiprocessors, %s\n", h.Name, h.Driver, h.DriverVersion, h.Architecture,
		h.PTX/10, h.PTX%10, h.Multiprocessors, size(h.MemoryBytes))
	fmt.Fprintf(&b, "copies within the card %s, in %s, out %s; a launch takes %.1f µs\n", gigabytes(h.CopyBytesPerSecond),
		gigabytes(h.InBytesPerSecond), gigabytes(h.OutBytesPerSecond), h.LaunchMicroseconds)
	fmt.Fprintf(&b, "CPU: %s, %d threads; TPC-H at SF %g; medians of %d runs\n", r.Engine, r.Threads, r.Scale, r.Runs)

	if h.Driver != "cuda" {
		b.WriteString("\nThis is the emulator: no GPU was measured, its times are those of a model.\n")
	}
	kernels := 0
	for i := range r.Modules {
		kernels += r.Modules[i].Kernels
	}
	fmt.Fprintf(&b, "\nThe driver has loaded %d modules with %d kernels.\n", len(r.Modules), kernels)

	grid := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...any) {
		for _, cell := range cells {
			fmt.Fprintf(grid, "%v\t", cell)
		}
		fmt.Fprintln(grid)
	}
	title := func(text string, columns ...any) error {
		if err := grid.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n%s\n\n", text)
		row(columns...)
		return nil
	}

	if err := title("Kernels, columns resident", "query", "kernel", "rows", "bytes", "ms", "GB/s", "of copy", "rows/s", "regs", "local", "shared", "pipeline"); err != nil {
		return err
	}
	for i := range r.Kernels {
		k := &r.Kernels[i]
		row(k.Query, k.Kernel, k.Rows, size(k.Bytes), fmt.Sprintf("%.3f", k.Ms), fmt.Sprintf("%.1f", k.BytesPerSecond/1e9),
			fmt.Sprintf("%.0f%%", 100*k.Share), fmt.Sprintf("%.3g", k.RowsPerSecond), k.Registers, k.Local, k.Shared, k.Pipeline)
	}
	if err := title("Queries, from the call to the last row", "query", "rows", "on GPU", "CPU ms", "resident ms", "cold ms", "kernels ms", "copied"); err != nil {
		return err
	}
	for i := range r.Queries {
		q := &r.Queries[i]
		row(q.Query, q.Rows, fmt.Sprintf("%d of %d", q.OnDevice, q.Pipelines), fmt.Sprintf("%.2f", q.CPU), fmt.Sprintf("%.2f", q.Resident),
			fmt.Sprintf("%.2f", q.Cold), fmt.Sprintf("%.3f", q.Kernels), size(q.Copied))
	}
	for i := range r.Crossovers {
		c := &r.Crossovers[i]
		heading := fmt.Sprintf("%s over tables of other sizes: the GPU is faster from %s rows on when they are resident, from %s on when not",
			c.Query, count(c.Resident), count(c.Cold))
		if err := title(heading, "SF", "rows", "CPU ms", "resident ms", "cold ms"); err != nil {
			return err
		}
		for j := range c.Points {
			p := &c.Points[j]
			row(p.Scale, p.Rows, fmt.Sprintf("%.3f", p.CPU), fmt.Sprintf("%.3f", p.Resident), fmt.Sprintf("%.3f", p.Cold))
		}
	}
	if err := grid.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func gigabytes(perSecond float64) string { return fmt.Sprintf("%.1f GB/s", perSecond/1e9) }

func size(bytes int64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	default:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
}

func count(rows *float64) string {
	if rows == nil {
		return "no number of"
	}
	return fmt.Sprintf("%.3g", *rows)
}
