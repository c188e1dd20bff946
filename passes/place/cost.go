package place

import (
	"math"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
)

// found is the part of a structure of so many bytes that lies in a cache.
func found(cache, size float64) float64 {
	if size <= 0 {
		return 1
	}
	return -math.Expm1(-cache / size)
}

// each access of a structure takes this long on average.
func access(cachedRate, rate, cache, size float64) float64 {
	part := found(cache, size)
	return part/cachedRate + (1-part)/rate
}

// spread is by what the work of one thread shrinks when all take part. Graham's bound for
// lists of tasks: the work over the threads, and of the longest task, here a morsel,
// what the other threads cannot help with (Bounds on Multiprocessing Timing Anomalies,
// 1969).
func (m *model) spread(rows float64) float64 {
	if rows <= 0 {
		return 1 / m.threads
	}
	return 1/m.threads + min(1, m.cpu.Morsel/rows)*(1-1/m.threads)
}

// onCPU is what a pipeline costs on the CPU, without what finishes its state.
func (m *model) onCPU(i int) (w work) {
	p, source, c := &m.pipelines[i], &m.program.Pipelines[i], m.cpu
	into, definition := &m.states[source.Into], &m.program.States[source.Into]
	w.start = Exactly(c.Start).scenarios()
	w.scan = each(func(n int) float64 {
		return max((p.bytes[n]/c.ScanBytes+p.rows[n]/c.Rows)*m.spread(p.rows[n]), p.bytes[n]/c.MemoryBytes)
	})
	for k, probed := range source.Probes {
		w.probe = w.probe.plus(each(func(n int) float64 {
			return p.probing[k][n] * access(c.CachedProbes, c.Probes, c.Cache, m.states[probed].bytes[n]) * m.spread(p.rows[n])
		}))
	}
	w.update = each(func(n int) float64 {
		one := 1 / c.Inserts
		switch {
		case definition.Direct != nil:
			one = 1 / c.DirectUpdates
		case definition.Kind == ir.AggregateState: // each thread has groups of its own
			one = access(c.CachedUpdates, c.Updates, c.Cache, min(into.bytes[n]*m.threads, m.recordBytes(source.Into, p.filling[n])))
		}
		return p.filling[n] * one * m.spread(p.rows[n])
	})
	return w
}

// onGPU is what a pipeline costs on the GPU, without what it shares with others.
func (m *model) onGPU(i int) (w work) {
	p, source, g := &m.pipelines[i], &m.program.Pipelines[i], m.gpu
	into, kernel := &m.states[source.Into], source.Kernel
	w.start = Exactly(g.Launch + g.Synchronize).scenarios()
	w.scan = each(func(n int) float64 { return max(p.bytes[n]/g.MemoryBytes, p.rows[n]/g.Rows) })
	for k, probed := range source.Probes {
		w.probe = w.probe.plus(each(func(n int) float64 {
			return p.probing[k][n] * access(g.CachedProbes, g.Probes, g.Cache, m.states[probed].bytes[n])
		}))
	}
	w.update = each(func(n int) float64 {
		switch rows := p.filling[n]; {
		case kernel.Slots > 0:
			return rows / g.SharedUpdates
		case kernel.Hashes: // updates of one group wait for each other
			return max(rows*access(g.CachedUpdates, g.Updates, g.Cache, into.bytes[n]), rows/max(1, into.rows[n])/g.SameUpdates)
		default:
			return m.recordBytes(source.Into, rows) / g.MemoryBytes
		}
	})
	if p.lookups > 0 { // the CPU fills them, for each run anew
		w.move = Exactly(g.CopyStart + p.lookups/g.CopyIn).scenarios()
	}
	return w
}

// recordBytes is the size of so many records.
func (m *model) recordBytes(state int, rows float64) float64 {
	return rows * float64(m.program.States[state].Record.Size)
}

// contribution is a cost that depends on where several pipelines run.
type contribution struct {
	kind    PartKind
	number  int // tells contributions of one kind apart
	seconds scenarios
	touches func(pipeline int) bool
}

// shared gives every cost that pipelines share. Its order and number depend on the
// devices.
func (m *model) shared(devices []bool, visit func(contribution)) {
	if slices.Contains(devices, true) {
		kernels := func(i int) bool { return m.missing[i] == "" }
		reuse := max(1, m.options.Reuse)
		if !m.options.CodeLoaded {
			visit(contribution{PartLoad, 0, Exactly((m.gpu.Load + m.gpu.KernelLoad*m.kernels) / reuse).scenarios(), kernels})
		}
		needed := 0.0
		for c := range m.columns {
			col := &m.columns[c]
			if !used(devices, col.users) {
				continue
			}
			needed += col.bytes
			if !col.resident {
				seconds := (m.gpu.CopyStart + col.bytes/m.gpu.CopyIn) / reuse
				visit(contribution{PartTransfer, c, Exactly(seconds).scenarios(), among(col.users)})
			}
		}
		// What does not fit has to be copied in every run.
		if over := needed - m.gpu.Memory; over > 0 {
			visit(contribution{PartOverflow, 0, Exactly(over / m.gpu.CopyIn).scenarios(), kernels})
		}
	}
	for s := range m.states {
		m.finish(s, devices, visit)
	}
}

func used(devices []bool, pipelines []int) bool {
	return slices.ContainsFunc(pipelines, func(i int) bool { return devices[i] })
}

func among(pipelines []int) func(int) bool {
	return func(i int) bool { return slices.Contains(pipelines, i) }
}

// Numbers of what a state can contribute.
const (
	moveIn = iota
	moveOut
	moveMarks
	finishCPU
	finishGPU
	contributionsOfState
)

// finish gives the costs of completing a state and of bringing its records to its
// readers.
func (m *model) finish(at int, devices []bool, visit func(contribution)) {
	s, definition, g, c := &m.states[at], &m.program.States[at], m.gpu, m.cpu
	give := func(kind PartKind, number int, seconds scenarios) {
		visit(contribution{kind, at*contributionsOfState + number, seconds, among(s.touches)})
	}
	cpuReads, gpuReads := s.output, false
	for _, r := range s.readers {
		cpuReads, gpuReads = cpuReads || !devices[r], gpuReads || devices[r]
	}
	// The part of the records that the device's kernels have written.
	onDevice := 0.0
	for _, f := range s.fillers {
		if devices[f] {
			onDevice += m.pipelines[f].share
		}
	}
	onDevice = min(1, onDevice)
	sizes, rows := s.bytes, s.rows
	workers := min(m.threads, float64(max(1, definition.Partitions))) // each takes a partition
	toCPU := func(part float64, sizes, rows scenarios) scenarios {
		return each(func(n int) float64 {
			return g.CopyStart + part*(sizes[n]/g.CopyOut+rows[n]/c.Inserts/m.threads)
		})
	}
	switch definition.Kind {
	case ir.AggregateState:
		// A kernel that hashes leaves each group once. Everything else is merged by the CPU.
		merged := onDevice < 1 || len(s.fillers) > 1
		for _, f := range s.fillers {
			if kernel := m.program.Pipelines[f].Kernel; devices[f] && kernel.Slots > 0 {
				merged = true
				rows = each(func(int) float64 { return float64(kernel.Slots) * g.Multiprocessors * g.Blocks })
				sizes = each(func(n int) float64 { return m.recordBytes(at, rows[n]) })
			}
		}
		if !merged {
			if cpuReads {
				give(PartMove, moveOut, toCPU(1, sizes, rows))
			}
			return
		}
		if onDevice > 0 {
			give(PartMove, moveOut, toCPU(onDevice, sizes, rows))
		}
		give(PartFinish, finishCPU, each(func(n int) float64 {
			groups := m.partials(s, devices, n)
			return groups * access(c.CachedUpdates, c.Updates, c.Cache, m.recordBytes(at, groups)) / workers
		}))
		onDevice = 0 // the merged groups are with the CPU
	case ir.SortState:
		give(PartFinish, finishCPU, each(func(n int) float64 {
			return rows[n] * math.Log2(rows[n]+1) / c.Comparisons * m.spread(rows[n])
		}))
		if onDevice > 0 {
			give(PartMove, moveOut, toCPU(onDevice, sizes, rows))
		}
		onDevice = 0
	case ir.HashTableState:
		if cpuReads {
			give(PartFinish, finishCPU, each(func(n int) float64 { return rows[n] / c.Links / workers }))
		}
		if gpuReads {
			give(PartFinish, finishGPU, each(func(n int) float64 {
				return g.Launch + rows[n]*access(g.CachedUpdates, g.Updates, g.Cache, sizes[n])
			}))
		}
		m.marks(s, definition, devices, sizes, give)
	case ir.BufferState:
	}
	if cpuReads && onDevice > 0 {
		give(PartMove, moveOut, toCPU(onDevice, sizes, rows))
	}
	if gpuReads && onDevice < 1 {
		give(PartMove, moveIn, each(func(n int) float64 { return g.CopyStart + (1-onDevice)*s.bytes[n]/g.CopyIn }))
	}
}

// partials is how many records of groups the CPU merges: each of its threads has some of
// its own.
func (m *model) partials(s *state, devices []bool, n int) float64 {
	total := 0.0
	for _, f := range s.fillers {
		p, kernel := &m.pipelines[f], m.program.Pipelines[f].Kernel
		switch {
		case devices[f] && kernel.Slots > 0:
			total += float64(kernel.Slots) * m.gpu.Multiprocessors * m.gpu.Blocks
		case devices[f]:
			total += min(p.filling[n], s.rows[n])
		default:
			threads := min(m.threads, max(1, p.rows[n]/m.cpu.Morsel))
			total += min(p.filling[n], s.rows[n]*threads)
		}
	}
	return total
}

// marks moves the marks of a hash table's records, which probes set, to who reads them.
func (m *model) marks(s *state, definition *program.State, devices []bool, sizes scenarios, give func(PartKind, int, scenarios)) {
	if definition.MarkOffset < 0 {
		return
	}
	for _, r := range s.readers {
		if m.program.Pipelines[r].Source != program.UnmatchedSource {
			continue
		}
		for _, p := range s.probers {
			if devices[p] != devices[r] {
				give(PartMove, moveMarks, each(func(n int) float64 { return m.gpu.CopyStart + sizes[n]/min(m.gpu.CopyIn, m.gpu.CopyOut) }))
				return
			}
		}
	}
}

// parts of a pipeline's own work.
func (w *work) parts() map[PartKind]scenarios {
	return map[PartKind]scenarios{PartStart: w.start, PartScan: w.scan, PartProbe: w.probe, PartUpdate: w.update, PartMove: w.move}
}

// time is the likely time of a pipeline's own work.
func (w *work) time() scenarios {
	return w.start.plus(w.scan).plus(w.probe).plus(w.update).plus(w.move)
}

// total is what a plan costs.
func (m *model) total(devices []bool) Interval {
	var sum scenarios
	for i, device := range devices {
		sum = sum.plus(m.pipelines[i].own[side(device)].time())
	}
	m.shared(devices, func(c contribution) { sum = sum.plus(c.seconds) })
	return sum.interval()
}

func side(device bool) int {
	if device {
		return 1
	}
	return 0
}

// costs are those of one pipeline on both devices while the others stay where they are.
// What would be paid in either case is left out of both.
func (m *model) costs(devices []bool, i int) (cpu, gpu Cost) {
	type key struct {
		kind   PartKind
		number int
	}
	var all [2]map[key]scenarios
	there := devices[i]
	for _, device := range []bool{false, true} {
		found := map[key]scenarios{}
		all[side(device)] = found
		if device && m.missing[i] != "" {
			continue
		}
		devices[i] = device
		m.shared(devices, func(c contribution) {
			if c.touches(i) {
				found[key{c.kind, c.number}] = c.seconds
			}
		})
	}
	devices[i] = there
	parts := func(own, other int) Cost {
		sums := m.pipelines[i].own[own].parts()
		for k, seconds := range all[own] {
			less := all[other][k]
			sums[k.kind] = sums[k.kind].plus(each(func(n int) float64 { return max(0, seconds[n]-less[n]) }))
		}
		return cost(sums)
	}
	cpu = parts(0, 1)
	if m.missing[i] == "" {
		gpu = parts(1, 0)
	}
	return cpu, gpu
}

// columnsOf are the columns that the kernels of a plan read.
func (m *model) columnsOf(devices []bool) []Column {
	var all []Column
	for c := range m.columns {
		if col := &m.columns[c]; used(devices, col.users) {
			all = append(all, Column{Table: col.table, Name: col.name, Bytes: col.bytes, Resident: col.resident})
		}
	}
	return all
}
