package place

import (
	"cmp"
	"math"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
)

// scenarios are the low, the likely and the high estimate; every quantity is an array of
// three.
type scenarios [3]float64

const likely = 1

func (s scenarios) interval() Interval {
	return Interval{Low: min(s[0], s[1]), Likely: s[1], High: max(s[1], s[2])}
}

func (i Interval) scenarios() scenarios { return scenarios{i.Low, i.Likely, i.High} }

// each computes a quantity in every scenario.
func each(compute func(n int) float64) (s scenarios) {
	for n := range s {
		s[n] = compute(n)
	}
	return s
}

// model holds the quantities of a program and what its pipelines cost on each device.
type model struct {
	program *program.Program
	options *Options
	cpu     *CPU
	gpu     *GPU // nil: none
	assume  *Assumptions
	threads float64

	pipelines []pipeline
	states    []state
	columns   []column
	missing   []string // by pipeline: what keeps it from the GPU
	kernels   float64  // of the program
}

// pipeline is what is believed of a pipeline.
type pipeline struct {
	rows    scenarios // of the source
	bytes   scenarios // of the source, as kernels and workers read it
	probing []scenarios
	filling scenarios
	share   float64 // of the state's rows that come from it
	columns []int
	lookups float64    // bytes of lookup tables
	records float64    // bytes of records and text that it needs on a GPU
	own     [2]work    // on the CPU, on the GPU
	times   [2]float64 // the likely time of each
}

// work is what a pipeline costs by itself on a device.
type work struct{ start, scan, probe, update, move scenarios }

// state is what is believed of a state.
type state struct {
	rows    scenarios
	bytes   scenarios // of its records, with their text
	fillers []int
	readers []int // sources and probes
	probers []int
	touches []int // fillers and readers, each once
	output  bool
	kept    []float64 // what it costs, by the set of pipelines in touches that run on the GPU
}

// column is a column of a table, however many scans read it.
type column struct {
	table, name string
	bytes       float64
	resident    bool
	users       []int // pipelines
}

// emulated is the built-in profile by which an emulator is planned for that has none of
// its own: an emulator shows what a GPU would do.
const emulated = "h200"

func newModel(p *program.Program, options *Options) *model {
	m := &model{
		program: p, options: options, cpu: &options.Profile.CPU, gpu: options.Profile.GPU,
		assume: &options.Profile.Assumptions, threads: options.Profile.CPU.Threads,
	}
	if options.Threads > 0 {
		m.threads = float64(options.Threads)
	}
	if m.gpu == nil && options.Mode == ModeEmulator {
		m.gpu = read(emulated).GPU
	}
	m.missing = missing(p, m.gpu != nil)
	m.readStates()
	m.readPipelines()
	for i := range m.pipelines {
		m.pipelines[i].own[0] = m.onCPU(i)
		if m.missing[i] == "" {
			m.pipelines[i].own[1] = m.onGPU(i)
		}
		for side := range m.pipelines[i].own {
			m.pipelines[i].times[side] = m.pipelines[i].own[side].time()[likely]
		}
		if p.Pipelines[i].Kernel != nil {
			m.kernels++
		}
	}
	return m
}

// around is an estimate as a program has it, which may be wrong by the profile's factor.
func (m *model) around(value float64) scenarios {
	if value <= 0 || math.IsNaN(value) {
		value = m.assume.Rows
	}
	value = min(value, mostFigure)
	return scenarios{value / m.assume.Factor, value, value * m.assume.Factor}
}

// readStates collects who fills and who reads each state.
func (m *model) readStates() {
	m.states = make([]state, len(m.program.States))
	add := func(list *[]int, pipeline int) {
		if !slices.Contains(*list, pipeline) {
			*list = append(*list, pipeline)
		}
	}
	for i := range m.program.Pipelines {
		p := &m.program.Pipelines[i]
		into := &m.states[p.Into]
		add(&into.fillers, i)
		add(&into.touches, i)
		if p.Source == program.StateSource || p.Source == program.UnmatchedSource {
			add(&m.states[p.State].readers, i)
			add(&m.states[p.State].touches, i)
		}
		for _, probed := range p.Probes {
			add(&m.states[probed].readers, i)
			add(&m.states[probed].probers, i)
			add(&m.states[probed].touches, i)
		}
	}
	for i := range m.states {
		s, definition := &m.states[i], &m.program.States[i]
		s.output = m.program.Output.State == i
		s.rows = m.around(definition.Estimate)
		if definition.Limit >= 0 && definition.Kind != ir.HashTableState {
			limit := float64(definition.Limit) + float64(definition.Offset)
			s.rows = each(func(n int) float64 { return min(s.rows[n], limit) })
		}
		if definition.Direct != nil {
			slots := max(1, float64(definition.Direct.Slots))
			s.rows = each(func(n int) float64 { return min(s.rows[n], slots) })
		}
		size := float64(definition.Record.Size)
		for _, field := range definition.Record.Fields {
			if field.Type.Kind == ir.String || field.Type.Kind == ir.Bytes {
				size += m.assume.TextBytes
			}
		}
		s.bytes = each(func(n int) float64 { return s.rows[n] * size })
	}
}

// readPipelines collects rows and bytes of each pipeline.
func (m *model) readPipelines() {
	m.pipelines = make([]pipeline, len(m.program.Pipelines))
	index := map[[2]string]int{}
	for i := range m.pipelines {
		p, source := &m.pipelines[i], &m.program.Pipelines[i]
		var estimate *Estimate
		if i < len(m.options.Estimates) {
			estimate = m.options.Estimates[i]
		}
		m.readRows(p, source, estimate)
		switch source.Source {
		case program.TableSource:
			m.readColumns(i, &m.program.Scans[source.Scan], index)
		case program.StateSource, program.UnmatchedSource:
			size := float64(m.program.States[source.State].Record.Size)
			p.bytes = each(func(n int) float64 { return p.rows[n] * size })
		case program.ValuesSource:
		}
		for _, lookup := range source.Tables {
			if source.Source == program.TableSource {
				p.lookups += float64(m.program.Scans[source.Scan].Columns[lookup.Column].Layout.Cardinality * lookup.Width)
			}
		}
	}
	for i := range m.states {
		all := 0.0
		for _, f := range m.states[i].fillers {
			all += m.pipelines[f].rows[likely]
		}
		for _, f := range m.states[i].fillers {
			m.pipelines[f].share = 1 / float64(len(m.states[i].fillers))
			if all > 0 {
				m.pipelines[f].share = m.pipelines[f].rows[likely] / all
			}
		}
	}
	for i := range m.pipelines {
		p, into := &m.pipelines[i], &m.states[m.program.Pipelines[i].Into]
		p.records += into.bytes[likely] * p.share
		var estimate *Estimate
		if i < len(m.options.Estimates) {
			estimate = m.options.Estimates[i]
		}
		m.readFlow(p, &m.program.Pipelines[i], into, estimate)
	}
}

// readRows sets the rows of a pipeline's source.
func (m *model) readRows(p *pipeline, source *program.Pipeline, estimate *Estimate) {
	switch {
	case estimate != nil:
		p.rows = estimate.Rows.scenarios()
	case source.Source == program.ValuesSource:
		p.rows = Exactly(float64(source.Rows)).scenarios()
	case source.Source == program.TableSource && m.program.Scans[source.Scan].Rows >= 0:
		p.rows = Exactly(float64(m.program.Scans[source.Scan].Rows)).scenarios()
	case source.Source == program.TableSource:
		p.rows = m.around(source.Estimate)
	default:
		p.rows = m.states[source.State].rows
	}
}

// readColumns sets the bytes of a scan and notes the columns that it reads.
func (m *model) readColumns(i int, scan *program.Scan, index map[[2]string]int) {
	p := &m.pipelines[i]
	for _, c := range scan.Columns {
		width := float64(c.Layout.Width)
		text := 0.0
		if c.Layout.Width == 0 { // offsets of 32 bits, and text
			width, text = 4, m.assume.TextBytes
		}
		if c.Type.Nullable {
			width += 1.0 / 8
		}
		size := p.rows[likely] * (width + text)
		if m.options.ColumnBytes != nil {
			if known, ok := m.options.ColumnBytes(scan.Table, c.Name); ok && known >= 0 {
				if rows := p.rows[likely]; rows > 0 && text > 0 {
					text = max(0, float64(known)/rows-width)
				}
				size = float64(known)
			}
		}
		p.bytes = each(func(n int) float64 { return p.bytes[n] + p.rows[n]*(width+text) })
		p.records += p.rows[likely] * text
		key := [2]string{scan.Table, c.Name}
		at, known := index[key]
		if !known {
			at = len(m.columns)
			index[key] = at
			resident := m.options.Resident != nil && m.options.Resident(scan.Table, c.Name)
			m.columns = append(m.columns, column{table: scan.Table, name: c.Name, resident: resident})
		}
		col := &m.columns[at]
		col.bytes = max(col.bytes, size)
		if !slices.Contains(col.users, i) {
			col.users = append(col.users, i)
		}
		p.columns = append(p.columns, at)
	}
}

// readFlow sets how many rows come to the probes and to the state. What a program tells
// is how many records states have; for the rest a fraction of the source is assumed to
// pass the conditions, and any may.
func (m *model) readFlow(p *pipeline, source *program.Pipeline, into *state, estimate *Estimate) {
	passing := scenarios{0, m.assume.Passing, 1}
	guess := each(func(n int) float64 { return p.rows[n] * passing[n] })
	if kind := m.program.States[source.Into].Kind; kind == ir.AggregateState {
		p.filling = each(func(n int) float64 { return max(guess[n], min(p.rows[n], into.rows[n]*p.share)) })
	} else {
		p.filling = each(func(n int) float64 { return into.rows[n] * p.share })
	}
	p.probing = make([]scenarios, len(source.Probes))
	for k := range p.probing {
		p.probing[k] = guess
	}
	if estimate == nil {
		return
	}
	for k := range min(len(p.probing), len(estimate.Probing)) {
		p.probing[k] = estimate.Probing[k].scenarios()
	}
	if estimate.Filling != nil {
		p.filling = estimate.Filling.scenarios()
	}
}

// tooLarge reports that a pipeline's records cannot lie in GPU memory.
func (m *model) tooLarge(i int) bool {
	return m.gpu != nil && m.pipelines[i].records > min(m.gpu.Records, m.gpu.Memory)
}

// cost sums contributions.
func cost(parts map[PartKind]scenarios) Cost {
	var c Cost
	var total scenarios
	for kind, seconds := range parts {
		if seconds == (scenarios{}) {
			continue
		}
		c.Parts = append(c.Parts, Part{kind, seconds.interval()})
		total = total.plus(seconds)
	}
	c.Total = total.interval()
	slices.SortFunc(c.Parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Seconds.Likely, a.Seconds.Likely), cmp.Compare(a.Kind, b.Kind))
	})
	return c
}

func (s scenarios) plus(other scenarios) scenarios {
	for n := range s {
		s[n] += other[n]
	}
	return s
}
