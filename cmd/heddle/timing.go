package main

import (
	"fmt"
	"time"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/runtime/exec"
)

// measured is what a run did, in JSON. Times are in milliseconds.
type measured struct {
	Execute      float64            `json:"executeMs"`
	PeakMemory   int64              `json:"peakMemoryBytes"`
	SpilledBytes int64              `json:"spilledBytes"`
	Pipelines    []measuredPipeline `json:"pipelines"`
	Scans        []measuredScan     `json:"scans"`
}

type measuredPipeline struct {
	Title   string  `json:"title"`
	Run     float64 `json:"runMs"`
	Finish  float64 `json:"finishMs"`
	Rows    int64   `json:"rows"`
	Bytes   int64   `json:"bytes"`
	Passes  int     `json:"passes"`
	Morsels []int   `json:"morselsByWorker"`
	// Of a pipeline that ran on a device: when it was placed elsewhere, why it ran on the CPU.
	Device   string  `json:"device"`
	Kernel   float64 `json:"kernelMs,omitempty"`
	Transfer float64 `json:"transferMs,omitempty"`
	CopyIn   int64   `json:"bytesToDevice,omitempty"`
	CopyOut  int64   `json:"bytesFromDevice,omitempty"`
	Launches int     `json:"launches,omitempty"`
	Modelled bool    `json:"kernelMsModelled,omitempty"` // no clock has measured kernelMs
	Replayed bool    `json:"replayed,omitempty"`         // as one graph
	Fallback string  `json:"fallback,omitempty"`
}

type measuredScan struct {
	Table   string `json:"table"`
	Columns int    `json:"columns"`
	Chunks  int    `json:"chunks"`
	Skipped int    `json:"skippedChunks"`
	Mapped  bool   `json:"mapped"` // without a copy
	Access  string `json:"access"`
}

func measuredOf(stats *exec.Stats) *measured {
	m := &measured{
		Execute: milliseconds(stats.Execute), PeakMemory: stats.PeakMemory, SpilledBytes: stats.SpilledBytes,
		Pipelines: []measuredPipeline{}, Scans: []measuredScan{},
	}
	for _, p := range stats.Pipelines {
		pipeline := measuredPipeline{
			Title: p.Title, Run: milliseconds(p.Run), Finish: milliseconds(p.Finish),
			Rows: p.Rows, Bytes: p.Bytes, Passes: p.Passes, Morsels: p.Morsels,
			Device: p.Device, Kernel: milliseconds(p.Kernel), Transfer: milliseconds(p.Transfer),
			CopyIn: p.CopiedIn, CopyOut: p.CopiedOut, Launches: p.Launches, Replayed: p.Replayed,
			Modelled: p.Device == "emulator",
		}
		if p.Fallback != nil {
			pipeline.Fallback = p.Fallback.Message
		}
		m.Pipelines = append(m.Pipelines, pipeline)
	}
	for _, s := range stats.Scans {
		m.Scans = append(m.Scans, measuredScan{
			Table: s.Table, Columns: s.Columns, Chunks: s.Chunks, Skipped: s.Pruned,
			Mapped: s.Access == "pinned" || s.Access == "windows", Access: s.Access,
		})
	}
	return m
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

// phases is what --timing=json writes. Times are in milliseconds.
type phases struct {
	Start     []phase   `json:"start"`   // engine and library, once per process
	Compile   []phase   `json:"compile"` // SQL text to WebAssembly; empty for a bundle
	ToWasm    float64   `json:"sqlToWasmMs"`
	Statement string    `json:"statement"` // compiled, cached in memory, or bundle
	WasmBytes int       `json:"wasmBytes"`
	Code      string    `json:"code"`          // where the machine code came from
	CodeMs    float64   `json:"codeMs"`        // compiling or loading it
	PTX       *ptxPhase `json:"ptx,omitempty"` // code for the GPU, where it was needed
	Prepare   float64   `json:"prepareMs"`
	Measured  *measured `json:"run"`
	Result    float64   `json:"resultMs"` // reading and writing the rows
	Total     float64   `json:"totalMs"`
}

// ptxPhase is what making the code of kernels took.
type ptxPhase struct {
	Lowering float64 `json:"loweringMs"` // kernels to LLVM IR
	Elapsed  float64 `json:"llcMs"`
	Compiler string  `json:"compiler"`
	Cached   bool    `json:"cached"` // llc has not run
	Bytes    int     `json:"bytes"`
}

type phase struct {
	Name    string  `json:"name"`
	Elapsed float64 `json:"ms"`
}

// showTiming says on stderr where the time went. elapsed is from the start of the
// statement to the end of its execution, result what its rows took after it.
func (s *execution) showTiming(run *local.Run, elapsed, result time.Duration) error {
	stats := run.Stats()
	p := phases{
		Start: []phase{}, Compile: []phase{}, Statement: "bundle", WasmBytes: len(s.wasm), Code: string(run.Code),
		CodeMs: milliseconds(run.Compile), Prepare: milliseconds(stats.Prepare), Measured: measuredOf(&stats),
		Result: milliseconds(result), Total: milliseconds(elapsed + result),
	}
	if code := run.Kernels; code != nil {
		p.PTX = &ptxPhase{
			Lowering: milliseconds(code.Lowering), Elapsed: milliseconds(code.Elapsed), Compiler: code.Compiler,
			Cached: code.Cached, Bytes: len(code.PTX),
		}
	}
	for _, started := range s.workspace.Started() {
		p.Start = append(p.Start, phase{started.Name, milliseconds(started.Elapsed)})
	}
	if s.compiled != nil {
		p.Statement = "compiled"
		if s.compiled.Cached {
			p.Statement = "cached in memory"
		}
		for _, compiled := range s.compiled.Phases {
			p.Compile = append(p.Compile, phase{compiled.Name, milliseconds(compiled.Elapsed)})
			p.ToWasm += milliseconds(compiled.Elapsed)
		}
	}
	if s.flags.timing == "json" {
		return s.writeJSON(s.stderr, p)
	}
	rows := [][]string{{"phase", "time", ""}}
	add := func(name string, ms float64, remark string) {
		rows = append(rows, []string{name, fmt.Sprintf("%.2f ms", ms), remark})
	}
	for _, c := range p.Compile {
		add(c.Name, c.Elapsed, "")
	}
	if len(p.Compile) > 0 {
		add("= SQL to Wasm", p.ToWasm, sizeText(int64(p.WasmBytes)))
	} else {
		add("SQL to Wasm", 0, p.Statement)
	}
	for _, started := range p.Start {
		add(started.Name, started.Elapsed, "once per process")
	}
	add("machine code", p.CodeMs, p.Code)
	if p.PTX != nil {
		remark := sizeText(int64(p.PTX.Bytes)) + ", " + p.PTX.Compiler
		if p.PTX.Cached {
			remark += ", found in the cache"
		}
		add("kernels to LLVM IR", p.PTX.Lowering, "")
		add("LLVM IR to PTX", p.PTX.Elapsed, remark)
	}
	add("prepare", p.Prepare, "")
	for i, pipeline := range p.Measured.Pipelines {
		remark := grouped(pipeline.Rows) + " rows"
		if pipeline.Passes > 1 {
			remark += fmt.Sprintf(", %d passes", pipeline.Passes)
		}
		switch {
		case pipeline.Modelled:
			remark += fmt.Sprintf(", on %s: a modelled GPU's kernel takes %.3f ms; transfer %.2f ms", deviceTitle(pipeline.Device), pipeline.Kernel, pipeline.Transfer)
		case pipeline.Device != "cpu":
			remark += fmt.Sprintf(", on %s: kernel %.3f ms, transfer %.2f ms", deviceTitle(pipeline.Device), pipeline.Kernel, pipeline.Transfer)
		}
		if pipeline.Replayed {
			remark += ", replayed"
		}
		add(fmt.Sprintf("pipeline %d: %s", i+1, pipeline.Title), pipeline.Run+pipeline.Finish, remark)
	}
	add("result", p.Result, "")
	add("= total", p.Total, "")
	if err := s.writeGrid(s.stderr, rows, 0, 2); err != nil {
		return err
	}
	for _, scan := range stats.Scans {
		s.note(" %s: %s %s, %d of %d chunks skipped", scan.Table, countOf(scan.Columns, "column"), access(scan.Access), scan.Pruned, scan.Chunks)
	}
	if stats.SpilledBytes > 0 {
		s.note(" spilled %s to disk", sizeText(stats.SpilledBytes))
	}
	return nil
}
