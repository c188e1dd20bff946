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
			one = m.fields(source.Into) / c.DirectUpdates
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
	// The context, the launch block and the kernel are handed over; then the CPU waits.
	const handed = 3
	w.start = Exactly(handed*g.Launch + g.Synchronize).scenarios()
	w.scan = each(func(n int) float64 { return max(p.bytes[n]/g.MemoryBytes, p.rows[n]/g.Rows) })
	for k, probed := range source.Probes {
		w.probe = w.probe.plus(each(func(n int) float64 {
			return p.probing[k][n] * access(g.CachedProbes, g.Probes, g.Cache, m.states[probed].bytes[n])
		}))
	}
	w.update = each(func(n int) float64 {
		switch rows := p.filling[n]; {
		case kernel.Slots > 0:
			return rows * m.fields(source.Into) / g.SharedUpdates
		case kernel.Hashes: // updates of one group wait for each other
			rows *= m.fields(source.Into)
			return max(rows*access(g.CachedUpdates, g.Updates, g.Cache, into.bytes[n]), rows/max(1, into.rows[n])/g.SameUpdates)
		default:
			return m.recordBytes(source.Into, rows) / g.MemoryBytes
		}
	})
	if p.lookups > 0 { // the CPU fills them, for each run anew
		w.move = Exactly(g.Launch + p.lookups*max(1/g.CopyIn, 1/m.cpu.CopyBytes)).scenarios()
	}
	return w
}

// fields is how many fields the records of a state have, at least one.
func (m *model) fields(state int) float64 {
	return float64(max(1, len(m.program.States[state].Record.Fields)))
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
	m.columnsAndCode(devices, visit)
	for s := range m.states {
		m.finish(s, devices, visit)
	}
}

// columnsAndCode gives the costs of what a GPU needs before its first kernel.
func (m *model) columnsAndCode(devices []bool, visit func(contribution)) {
	if !slices.Contains(devices, true) {
		return
	}
	kernels := func(i int) bool { return m.missing[i] == "" }
	reuse := max(1, m.options.Reuse)
	if !m.options.CodeLoaded && !m.options.CodeMade {
		visit(contribution{PartCompile, 0, Exactly((m.gpu.Compile + m.gpu.KernelCompile*m.kernels) / reuse).scenarios(), kernels})
	}
	if !m.options.CodeLoaded {
		visit(contribution{PartLoad, 0, Exactly((m.gpu.Load + m.gpu.KernelLoad*m.kernels) / reuse).scenarios(), kernels})
	}
	// Threads put columns into memory that the device reads.
	bytesPerSecond := min(m.gpu.CopyIn, m.cpu.CopyBytes*m.threads)
	needed := 0.0
	for c := range m.columns {
		col := &m.columns[c]
		if !used(devices, col.users) {
			continue
		}
		needed += col.bytes
		if !col.resident {
			seconds := (m.gpu.CopyStart + col.bytes/bytesPerSecond) / reuse
			visit(contribution{PartTransfer, c, Exactly(seconds).scenarios(), among(col.users)})
		}
	}
	// What does not fit has to be copied in every run.
	if over := needed - m.gpu.Memory; over > 0 {
		visit(contribution{PartOverflow, 0, Exactly(over / bytesPerSecond).scenarios(), kernels})
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

// directoryBytes is what a record of a hash table takes in its directory: up to two slots
// of 32 bits.
const directoryBytes = 8

// finish gives the costs of completing a state and of bringing its records to its
// readers. Records that one kernel alone has written stay on the device as long as
// kernels read them; all others are with the CPU, which completes the state.
func (m *model) finish(at int, devices []bool, visit func(contribution)) {
	s, definition, g, c := &m.states[at], &m.program.States[at], m.gpu, m.cpu
	give := func(kind PartKind, number int, seconds scenarios) {
		visit(contribution{kind, at*contributionsOfState + number, seconds, among(s.touches)})
	}
	cpuReads, gpuReaders := s.output, 0.0
	for _, r := range s.readers {
		if devices[r] {
			gpuReaders++
		} else {
			cpuReads = true
		}
	}
	workers := min(m.threads, float64(max(1, definition.Partitions))) // each takes a partition
	links := each(func(n int) float64 { return s.rows[n] / c.Links / workers })

	written, slots := 0.0, false // by kernels: a part of the records
	for _, f := range s.fillers {
		if devices[f] {
			written += m.pipelines[f].share
			slots = slots || m.program.Pipelines[f].Kernel.Slots > 0
		}
	}
	hashes := definition.Kind == ir.HashTableState
	stays := written > 0 && len(s.fillers) == 1 && !slots && definition.Kind != ir.SortState &&
		(!hashes || gpuReaders == 0 || definition.Link != "")
	if stays {
		if hashes && gpuReaders > 0 {
			give(PartFinish, finishGPU, each(func(n int) float64 {
				return g.Launch + s.rows[n]*access(g.CachedUpdates, g.Updates, g.Cache, s.bytes[n])
			}))
		}
		if cpuReads {
			give(PartMove, moveOut, m.fetch(s.bytes, s.rows))
			if hashes {
				give(PartFinish, finishCPU, links)
			}
		}
		return
	}
	if written > 0 {
		rows := each(func(n int) float64 { return m.partials(s, devices, n, true) })
		bytes := each(func(n int) float64 { return m.recordBytes(at, rows[n]) })
		give(PartMove, moveOut, m.fetch(bytes, rows))
	}
	size := s.bytes
	switch definition.Kind {
	case ir.AggregateState:
		give(PartFinish, finishCPU, each(func(n int) float64 {
			groups := m.partials(s, devices, n, false)
			return groups * access(c.CachedUpdates, c.Updates, c.Cache, m.recordBytes(at, groups)) / workers
		}))
	case ir.SortState:
		give(PartFinish, finishCPU, each(func(n int) float64 {
			return s.rows[n] * math.Log2(s.rows[n]+1) / c.Comparisons * m.spread(s.rows[n])
		}))
	case ir.HashTableState:
		give(PartFinish, finishCPU, links)
		size = each(func(n int) float64 { return s.bytes[n] + s.rows[n]*directoryBytes })
		m.marks(s, definition, devices, give)
	case ir.BufferState:
	}
	if gpuReaders > 0 {
		// Each reader gets the pages anew, which are of every thread and partition.
		give(PartMove, moveIn, each(func(n int) float64 {
			pages := min(s.rows[n], float64(max(1, definition.Partitions))*m.threads)
			return gpuReaders * (g.CopyStart + pages*g.Launch + size[n]*max(1/g.CopyIn, 1/c.CopyBytes))
		}))
	}
}

// fetch is what bringing records to the CPU takes: over the bus, through the memory that
// the device writes, and one by one into pages, by one thread.
func (m *model) fetch(bytes, rows scenarios) scenarios {
	return each(func(n int) float64 {
		return m.gpu.CopyStart + bytes[n]*max(1/m.gpu.CopyOut, 1/m.cpu.CopyBytes) + rows[n]/m.cpu.Inserts
	})
}

// partials is how many records the fillers of a state have left in all, or the kernels
// among them: each thread of the CPU and each block of a kernel has groups of its own.
func (m *model) partials(s *state, devices []bool, n int, kernelsOnly bool) float64 {
	total := 0.0
	for _, f := range s.fillers {
		p, kernel := &m.pipelines[f], m.program.Pipelines[f].Kernel
		switch {
		case devices[f] && kernel.Slots > 0:
			total += float64(kernel.Slots) * m.blocks(f, p.rows[n])
		case devices[f]:
			total += min(p.filling[n], s.rows[n])
		case !kernelsOnly:
			threads := min(m.threads, max(1, p.rows[n]/m.cpu.Morsel))
			total += min(p.filling[n], s.rows[n]*threads)
		}
	}
	return total
}

// blocks is how many blocks a launch has: enough for its rows, as many as the device
// holds, and no more than leave partial records within bounds.
func (m *model) blocks(pipeline int, rows float64) float64 {
	p, g := &m.program.Pipelines[pipeline], m.gpu
	k := p.Kernel
	most := g.Multiprocessors * g.Blocks
	if k.Slots > 0 {
		most = min(most, max(g.Partials/m.recordBytes(p.Into, float64(k.Slots)), g.Multiprocessors))
	}
	return max(1, min(rows/float64(max(1, k.Threads*k.RowsPerThread)), most))
}

// marks brings the marks that kernels set in the records of a hash table of the CPU back,
// for each kernel that probes it.
func (m *model) marks(s *state, definition *program.State, devices []bool, give func(PartKind, int, scenarios)) {
	if definition.MarkOffset < 0 {
		return
	}
	probing := 0.0
	for _, p := range s.probers {
		if devices[p] {
			probing++
		}
	}
	if probing > 0 {
		give(PartMove, moveMarks, each(func(n int) float64 {
			return probing * (m.gpu.CopyStart + s.bytes[n]*max(1/m.gpu.CopyOut, 1/m.cpu.CopyBytes))
		}))
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
