package place

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
)

// builder makes programs by hand.
type builder struct{ p program.Program }

// scan adds a table with so many columns of a width.
func (b *builder) scan(table string, rows int64, columns, width int) int {
	s := program.Scan{Table: table, Rows: rows}
	for i := range columns {
		s.Columns = append(s.Columns, program.ScanColumn{
			Name: table + "_" + string(rune('a'+i)), Type: ir.Of(ir.I64), Layout: ir.Layout{Width: uint8(width)},
		})
	}
	b.p.Scans = append(b.p.Scans, s)
	return len(b.p.Scans) - 1
}

func (b *builder) state(kind ir.StateKind, rows float64, size int) int {
	b.p.States = append(b.p.States, program.State{
		Name: "s", Kind: kind, Record: program.Record{Size: size}, Partitions: 64, MarkOffset: -1, Limit: -1, Estimate: rows,
	})
	return len(b.p.States) - 1
}

func (b *builder) aggregate(groups float64, size int, direct bool) int {
	at := b.state(ir.AggregateState, groups, size)
	if direct {
		b.p.States[at].Direct = &program.Direct{Slots: int(groups), SlotSize: size}
	}
	return at
}

// pipeline adds a pipeline with a kernel.
func (b *builder) pipeline(p program.Pipeline) *program.Pipeline {
	into := &b.p.States[p.Into]
	p.Kernel = &program.Kernel{Function: "k", Threads: 256, RowsPerThread: 4}
	switch {
	case into.Direct != nil:
		p.Kernel.Slots = into.Direct.Slots
	case into.Kind == ir.AggregateState:
		p.Kernel.Hashes = true
	}
	b.p.Pipelines = append(b.p.Pipelines, p)
	b.p.Output.State = p.Into
	return &b.p.Pipelines[len(b.p.Pipelines)-1]
}

func (b *builder) table(scan, into int, probes ...int) *program.Pipeline {
	return b.pipeline(program.Pipeline{Title: "scan " + b.p.Scans[scan].Table, Source: program.TableSource, Scan: scan, Into: into, Probes: probes})
}

func (b *builder) records(state, into int) *program.Pipeline {
	return b.pipeline(program.Pipeline{Title: "read records", Source: program.StateSource, State: state, Into: into})
}

// sum is select sum(...) from a table of so many rows: 20 bytes of each are read.
func sum(rows int64) *program.Program {
	b := &builder{}
	b.table(b.scan("fact", rows, 5, 4), b.aggregate(1, 64, true))
	return &b.p
}

// star joins a large table with a small one.
func star(fact, dimension int64) *program.Program {
	b := &builder{}
	hash := b.state(ir.HashTableState, float64(dimension), 32)
	b.table(b.scan("dimension", dimension, 2, 4), hash)
	b.table(b.scan("fact", fact, 3, 4), b.aggregate(1, 64, true), hash)
	return &b.p
}

// linked gives hash tables a kernel that makes their directory.
func linked(p *program.Program) *program.Program {
	for i := range p.States {
		if p.States[i].Kind == ir.HashTableState {
			p.States[i].Link = "link"
		}
	}
	return p
}

func gpu(t testing.TB, name string) *Profile {
	t.Helper()
	p, err := Builtin(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func allResident(string, string) bool { return true }

func only(table string) func(string, string) bool {
	return func(t, _ string) bool { return t == table }
}

func TestPlace(t *testing.T) {
	h200 := gpu(t, "h200")
	tests := []struct {
		name    string
		program *program.Program
		options Options
		want    string // c or g for each pipeline
		why     string // part of the last pipeline's reason
	}{
		{"a small table stays on the CPU", sum(1000), Options{Resident: allResident}, "c", "most of it compiling kernels"},
		{"a small table stays on the CPU when its code is loaded", sum(10), Options{Resident: allResident, CodeLoaded: true}, "c", ""},
		{"a small table stays on the CPU when its PTX is made", sum(1000), Options{Resident: allResident, CodeMade: true}, "c", "most of it loading code"},
		{"a large resident table goes to the GPU", sum(600e6), Options{Resident: allResident}, "g", "times as long, most of it reading rows"},
		{"a large cold table stays on the CPU for one pass", sum(600e6), Options{CodeLoaded: true}, "c", "most of it copying columns to the GPU"},
		{"a large cold table goes to the GPU when ten runs read it", sum(600e6), Options{Reuse: 10}, "g", ""},
		{"a small dimension is built on the CPU and shipped", star(600e6, 500), Options{Resident: only("fact"), CodeLoaded: true}, "cg", ""},
		{"a large dimension is built where it is probed", linked(star(600e6, 20e6)), Options{Resident: allResident}, "gg", ""},
		{"a table that kernels cannot link is built on the CPU", star(600e6, 20e6), Options{Resident: allResident, CodeLoaded: true}, "cg", ""},
		{"without a GPU all runs on the CPU", sum(600e6), Options{Profile: gpu(t, Default)}, "c", "there is no GPU"},
		{"the CPU alone, on demand", sum(600e6), Options{Resident: allResident, Mode: ModeCPU}, "c", "as asked"},
		{"the GPU, on demand", sum(10), Options{Mode: ModeGPU}, "g", "as asked"},
		{"an emulator needs no GPU", sum(10), Options{Profile: gpu(t, Default), Mode: ModeEmulator}, "g", "as asked"},
		{"a pin to the CPU is stronger than the mode", star(600e6, 500), Options{Mode: ModeGPU, Pins: []Pin{PinCPU}}, "cg", ""},
		{"a pin to the GPU is stronger than the mode", star(600e6, 500), Options{Mode: ModeCPU, Pins: []Pin{NoPin, PinGPU}}, "cg", "as asked"},
		{"a table that does not fit GPU memory pays for the rest in each run", sum(20e9), Options{Reuse: 1e6, CodeLoaded: true}, "c", "copying what does not fit"},
		{"few rows are known to come", sum(600e6), Options{Resident: allResident, Estimates: []*Estimate{{Rows: Exactly(10)}}}, "c", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.options.Profile == nil {
				test.options.Profile = h200
			}
			plan, err := Place(test.program, test.options)
			if err != nil {
				t.Fatal(err)
			}
			got := letters(plan.Devices())
			last := plan.Decisions[len(plan.Decisions)-1]
			if got != test.want || !strings.Contains(last.Why, test.why) {
				t.Errorf("got %s, want %s; because %q, want %q; CPU %+v, GPU %+v", got, test.want, last.Why, test.why, last.CPU, last.GPU)
			}
		})
	}
}

func letters(devices []bool) string {
	var b strings.Builder
	for _, device := range devices {
		if device {
			b.WriteByte('g')
		} else {
			b.WriteByte('c')
		}
	}
	return b.String()
}

// TestMissing: a pipeline without a kernel runs on the CPU, its reason is told, and a pin
// that it cannot honour is an error.
func TestMissing(t *testing.T) {
	withSort := func(reason string) *program.Program {
		b := &builder{}
		buffer := b.state(ir.BufferState, 1e6, 32)
		b.table(b.scan("fact", 600e6, 2, 4), buffer)
		p := b.records(buffer, b.state(ir.SortState, 1e6, 32))
		p.Kernel, p.NoKernel = nil, reason
		return &b.p
	}
	tests := []struct{ name, reason, want string }{
		{"as the lowering says", "concatenation makes text for each row", "concatenation makes text for each row"},
		{"as the description tells", "", "records are sorted on the CPU only"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := withSort(test.reason)
			options := Options{Profile: gpu(t, "h200"), Mode: ModeGPU}
			plan, err := Place(p, options)
			if err != nil {
				t.Fatal(err)
			}
			d := plan.Decisions[1]
			if d.Device || d.Why != test.want || d.Missing != test.want || d.GPU.Parts != nil || d.Asked {
				t.Errorf("got %+v, want it on the CPU because %q", d, test.want)
			}
			options.Pins = []Pin{NoPin, PinGPU}
			_, err = Place(p, options)
			list, ok := diag.FromError(err)
			if !ok || list[0].Code != CodePin || !strings.Contains(list[0].Message, test.want) {
				t.Errorf("the pin gives %v, want E0955 that says %q", err, test.want)
			}
		})
	}
	t.Run("for want of a GPU", func(t *testing.T) {
		_, err := Place(sum(10), Options{Profile: gpu(t, Default), Pins: []Pin{PinGPU}})
		if list, ok := diag.FromError(err); !ok || list[0].Code != CodePin || !strings.Contains(list[0].Message, "there is no GPU") {
			t.Errorf("got %v, want E0955", err)
		}
	})
	t.Run("for want of kernels", func(t *testing.T) {
		p := sum(600e6)
		p.Pipelines[0].Kernel = nil
		plan, err := Place(p, Options{Profile: gpu(t, "h200")})
		if err != nil {
			t.Fatal(err)
		}
		if want := "the program was compiled without code for it"; plan.Decisions[0].Why != want {
			t.Errorf("got %q, want %q", plan.Decisions[0].Why, want)
		}
	})
	t.Run("for records that do not fit", func(t *testing.T) {
		b := &builder{}
		b.table(b.scan("fact", 600e6, 2, 4), b.state(ir.BufferState, 600e6, 32))
		plan, err := Place(&b.p, Options{Profile: gpu(t, "h200"), Resident: allResident})
		if err != nil {
			t.Fatal(err)
		}
		if d := plan.Decisions[0]; d.Device || !strings.Contains(d.Why, "17.9 GiB") {
			t.Errorf("got %+v, want it on the CPU for its 17.9 GiB of records", d)
		}
	})
}

// TestCosts checks figures of the model against a reckoning by hand.
func TestCosts(t *testing.T) {
	profile := gpu(t, "h200")
	plan, err := Place(sum(600e6), Options{Profile: profile, Reuse: 4})
	if err != nil {
		t.Fatal(err)
	}
	d := &plan.Decisions[0]
	find := func(c *Cost, kind PartKind) float64 {
		for _, part := range c.Parts {
			if part.Kind == kind {
				return part.Seconds.Likely
			}
		}
		return 0
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9+want*1e-6 {
			t.Errorf("%s takes %g, want %g", what, got, want)
		}
	}
	const bytes = 600e6 * 20
	near("transfer", find(&d.GPU, PartTransfer), (bytes/55e9+5*1e-5)/4)
	near("compiling", find(&d.GPU, PartCompile), (1.5e-2+5e-3)/4)
	near("loading", find(&d.GPU, PartLoad), (1e-2+4e-3)/4)
	near("the kernel", find(&d.GPU, PartScan), bytes/4.32e12)
	near("launching", find(&d.GPU, PartStart), 2.2e-5)
	c := profile.CPU
	near("the CPU's scan, which the bandwidth of memory bounds", find(&d.CPU, PartScan), bytes/c.MemoryBytes)
	near("the CPU's additions", find(&d.CPU, PartUpdate), 300e6/c.DirectUpdates*(1.0/16+65536.0/600e6*15/16))
	if got, want := d.GPU.Total.Likely-d.CPU.Total.Likely, totalWith(t, profile, ModeGPU, 4)-totalWith(t, profile, ModeCPU, 4); math.Abs(got-want) > 1e-9 {
		t.Errorf("the costs differ by %g, the plans by %g", got, want)
	}
	if d.GPU.Parts[0].Kind != PartTransfer || d.Loser().Total != d.CPU.Total && d.Loser().Total != d.GPU.Total {
		t.Errorf("the greatest part of %+v is not the first", d.GPU)
	}
	want := []Column{}
	for _, name := range []string{"fact_a", "fact_b", "fact_c", "fact_d", "fact_e"} {
		want = append(want, Column{Table: "fact", Name: name, Bytes: 2.4e9})
	}
	if diff := cmp.Diff(want, plan.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func totalWith(t *testing.T, profile *Profile, mode Mode, reuse float64) float64 {
	t.Helper()
	plan, err := Place(sum(600e6), Options{Profile: profile, Mode: mode, Reuse: reuse})
	if err != nil {
		t.Fatal(err)
	}
	return plan.Total.Likely
}

// TestShared: a column that two pipelines read is copied once, and neither copies it
// alone.
func TestShared(t *testing.T) {
	b := &builder{}
	fact := b.scan("fact", 600e6, 4, 4)
	groups := b.aggregate(1, 64, true)
	b.table(fact, groups)
	b.table(fact, b.aggregate(1, 64, true))
	// One of them alone does not pay for the columns, both together do.
	plan, err := Place(&b.p, Options{Profile: gpu(t, "h200"), CodeLoaded: true, Reuse: 1.5})
	if err != nil {
		t.Fatal(err)
	}
	alone, err := Place(sum(600e6), Options{Profile: gpu(t, "h200"), CodeLoaded: true, Reuse: 1.5})
	if err != nil {
		t.Fatal(err)
	}
	if both, one := letters(plan.Devices()), letters(alone.Devices()); both != "gg" || one != "c" {
		t.Errorf("two readers of a table are placed on %s, one on %s; want gg and c", both, one)
	}
}

// TestCrossover: a row is for the CPU, as many as fit are for the GPU where they are, and
// there is one crossing between. Only among so few rows that threads and blocks have
// nothing to do may it go back: there more rows cost nothing on the CPU, and more partial
// records on the GPU.
func TestCrossover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"h200", "h100", "a100", "l4", "l40s", "rtx4090", "b200"}).Draw(t, "gpu")
		profile, err := Builtin(name)
		if err != nil {
			t.Fatal(err)
		}
		columns, width := rapid.IntRange(1, 8).Draw(t, "columns"), rapid.SampledFrom([]int{1, 2, 4, 8}).Draw(t, "width")
		groups := rapid.IntRange(1, 100).Draw(t, "groups")
		dimension := rapid.Int64Range(0, 100_000).Draw(t, "dimension")
		loaded := rapid.Bool().Draw(t, "loaded")
		was := false
		for rows := int64(1); rows < 1e10 && float64(rows)*float64(columns*width) < profile.GPU.Memory; rows = rows*2 + 1 {
			b := &builder{}
			var probes []int
			if dimension > 0 {
				hash := b.state(ir.HashTableState, float64(dimension), 32)
				b.table(b.scan("dimension", dimension, 2, 4), hash)
				probes = append(probes, hash)
			}
			b.table(b.scan("fact", rows, columns, width), b.aggregate(float64(groups), 32, true), probes...)
			plan, err := Place(&b.p, Options{Profile: profile, Resident: allResident, CodeLoaded: loaded})
			if err != nil {
				t.Fatal(err)
			}
			is := plan.Decisions[len(plan.Decisions)-1].Device
			switch {
			case rows == 1 && is:
				t.Fatal("one row goes to the GPU")
			case was && !is && float64(rows) > profile.CPU.Threads*profile.CPU.Morsel:
				t.Fatalf("%d rows go back to the CPU", rows)
			}
			was = is
		}
		if !was {
			t.Fatal("even as many resident rows as fit stay on the CPU")
		}
	})
}

// drawProgram makes a random program of pipelines over tables and earlier states.
func drawProgram(t *rapid.T, most int) *program.Program {
	b := &builder{}
	rows := rapid.SampledFrom([]int64{10, 10_000, 1e6, 50e6, 1e9})
	var complete, hashes []int
	var scans []int
	for range rapid.IntRange(1, 3).Draw(t, "tables") {
		scans = append(scans, b.scan(string(rune('a'+len(scans))), rows.Draw(t, "rows"), rapid.IntRange(1, 4).Draw(t, "columns"), 4))
	}
	for range rapid.IntRange(1, most).Draw(t, "pipelines") {
		var into int
		size, estimate := rapid.SampledFrom([]int{16, 64}).Draw(t, "size"), float64(rows.Draw(t, "estimate"))
		kind := rapid.SampledFrom([]ir.StateKind{ir.BufferState, ir.HashTableState, ir.AggregateState, ir.SortState}).Draw(t, "kind")
		if kind == ir.AggregateState {
			if direct := rapid.Bool().Draw(t, "direct"); direct {
				into = b.aggregate(float64(rapid.IntRange(1, 1000).Draw(t, "slots")), size, true)
			} else {
				into = b.aggregate(estimate, size, false)
			}
		} else {
			into = b.state(kind, estimate, size)
		}
		var probes []int
		if len(hashes) > 0 && rapid.Bool().Draw(t, "probes") {
			probes = append(probes, rapid.SampledFrom(hashes).Draw(t, "probed"))
		}
		var p *program.Pipeline
		if len(complete) > 0 && rapid.Bool().Draw(t, "reads") {
			p = b.records(rapid.SampledFrom(complete).Draw(t, "read"), into)
			p.Probes = probes
		} else {
			p = b.table(rapid.SampledFrom(scans).Draw(t, "scan"), into, probes...)
		}
		if rapid.IntRange(0, 5).Draw(t, "kernel") == 0 {
			p.Kernel, p.NoKernel = nil, "so it was drawn"
		}
		if kind == ir.HashTableState {
			hashes = append(hashes, into)
			b.p.States[into].MarkOffset = rapid.SampledFrom([]int{-1, 8}).Draw(t, "mark")
		} else {
			complete = append(complete, into)
		}
	}
	return &b.p
}

// TestNeverWorse: no plan is worse than that of one device, no pipeline can be moved
// alone with a gain, and costs are finite and ordered.
func TestNeverWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgram(t, 2*exhaustive)
		profile, err := Builtin(rapid.SampledFrom(Names()).Draw(t, "profile"))
		if err != nil {
			t.Fatal(err)
		}
		mask := rapid.Uint8().Draw(t, "resident")
		options := Options{
			Profile: profile, Reuse: rapid.Float64Range(1, 20).Draw(t, "reuse"), CodeLoaded: rapid.Bool().Draw(t, "loaded"),
			Resident: func(table, _ string) bool { return mask>>(table[0]-'a')&1 == 1 },
		}
		plan, err := Place(p, options)
		if err != nil {
			t.Fatal(err)
		}
		const slack = 1 + 1e-9
		if plan.Total.Likely > plan.CPUOnly.Likely*slack {
			t.Fatalf("the plan takes %g, the CPU alone %g", plan.Total.Likely, plan.CPUOnly.Likely)
		}
		if fits := !strings.Contains(reasons(plan), "of GPU memory are for those"); fits && plan.Total.Likely > plan.GPUMost.Likely*slack {
			t.Fatalf("the plan takes %g, as much GPU as possible %g", plan.Total.Likely, plan.GPUMost.Likely)
		}
		for i, d := range plan.Decisions {
			if d.Device && p.Pipelines[i].Kernel == nil {
				t.Fatalf("pipeline %d has no kernel and runs on the GPU", i)
			}
			for _, c := range []Cost{d.CPU, d.GPU} {
				if c.Total.Low > c.Total.Likely || c.Total.Likely > c.Total.High || c.Total.Low < 0 || math.IsInf(c.Total.High, 0) {
					t.Fatalf("pipeline %d costs %+v", i, c.Total)
				}
			}
			if d.Missing == "" && d.Chosen().Total.Likely > d.Loser().Total.Likely*slack+1e-12 {
				t.Fatalf("pipeline %d would cost %g on the other device, and costs %g", i, d.Loser().Total.Likely, d.Chosen().Total.Likely)
			}
			if d.Why == "" {
				t.Fatalf("pipeline %d has no reason", i)
			}
		}
	})
}

func reasons(plan *Plan) string {
	var b strings.Builder
	for _, d := range plan.Decisions {
		b.WriteString(d.Why + "\n")
	}
	return b.String()
}

// TestImprove: the search by steps is not far from trying all plans.
func TestImprove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgram(t, exhaustive)
		profile, err := Builtin("h200")
		if err != nil {
			t.Fatal(err)
		}
		m := newModel(p, &Options{Profile: profile, CodeLoaded: true, Reuse: 3})
		var open []int
		most := make([]bool, len(p.Pipelines))
		for i := range p.Pipelines {
			if m.missing[i] == "" {
				open, most[i] = append(open, i), true
			}
		}
		none := make([]bool, len(p.Pipelines))
		best := m.total(m.all(none, open)).Likely
		steps := min(m.total(m.improve(none, open)).Likely, m.total(m.improve(most, open)).Likely)
		if steps < best*(1-1e-9) || steps > best*1.5 {
			t.Fatalf("by steps %g, the best is %g", steps, best)
		}
	})
}

func TestCapabilities(t *testing.T) {
	tests := []struct {
		backend Backend
		op      string
		want    bool
	}{
		{Wasm, "vload", true},
		{PTX, "vload", false},
		{Wasm, "atomic", false},
		{PTX, "atomic", true},
		{PTX, "load", true},
		{Wasm, "load", true},
		{Wasm, "join", false}, // of another level
		{PTX, "nothing of that name", false},
		{Backend("metal"), "load", false},
	}
	for _, test := range tests {
		if got := Offers(test.backend, test.op); got != test.want {
			t.Errorf("%s offers %q: %v, want %v", test.backend, test.op, got, test.want)
		}
	}
	for _, name := range workersOnly {
		if _, known := ir.OpcodeByName(name); !known {
			t.Errorf("no op is called %q", name)
		}
	}
	p := star(10, 10)
	var needs []string
	for _, c := range Needs(p, 1) {
		needs = append(needs, c.Name)
	}
	if diff := cmp.Diff([]string{"scan", "probe", "aggregate"}, needs); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
}

// BenchmarkPlace places a program of so many pipelines, a chain of joins.
func BenchmarkPlace(bench *testing.B) {
	for _, pipelines := range []int{3, 10, 11, 40} {
		bench.Run(fmt.Sprint(pipelines), func(bench *testing.B) {
			b := &builder{}
			var probes []int
			for i := range pipelines {
				hash := b.state(ir.HashTableState, 1e6, 32)
				b.table(b.scan(fmt.Sprint("t", i), 10e6, 3, 4), hash, probes...)
				probes = []int{hash}
			}
			options := Options{Profile: gpu(bench, "h200"), Resident: func(table, _ string) bool { return table < "t2" }}
			for bench.Loop() {
				if _, err := Place(&b.p, options); err != nil {
					bench.Fatal(err)
				}
			}
		})
	}
}
