package exec

import (
	"errors"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/device"
	devicememory "github.com/heddle-lang/heddle/runtime/device/memory"
)

// onDevice is what a run has on the device.
type onDevice struct {
	off       *diag.Diagnostic // why nothing more of the run goes there
	constants bool             // the run's constants are in the mirror
	number    int64            // of the run among those of the session; 0 until it is asked for
	ranges    []devicememory.Range
	columns   []*devicememory.Column
}

// lostState is the error of records that were on the device alone and cannot be
// fetched: the query must be run again.
type lostState struct{ cause *diag.Diagnostic }

func (l *lostState) Error() string { return l.cause.Error() }
func (l *lostState) Unwrap() error { return l.cause }

// refused is the reason why a pipeline does not run on the device.
func refused(format string, args ...any) *diag.Diagnostic {
	return diag.New(CodeNotOnDevice, "a pipeline that was to run on the GPU runs on the CPU: "+format, args...)
}

// deviceProblem is the diagnostic of an error after which a pipeline can run on the
// CPU; nil for others, which are the query's own.
func deviceProblem(err error) *diag.Diagnostic {
	var problem *diag.Diagnostic
	if !errors.As(err, &problem) {
		return nil
	}
	switch problem.Code {
	case device.CodeMissing, device.CodeMemory, device.CodeFault, device.CodeLost, device.CodeCode, device.CodeDriver, CodeNotOnDevice:
		return problem
	}
	return nil
}

// isFull reports whether an error says that the device has too little memory.
func isFull(err error) bool {
	problem := deviceProblem(err)
	return problem != nil && problem.Code == device.CodeMemory
}

// note keeps what an error says of the device's future.
func (r *run) note(problem *diag.Diagnostic) {
	switch problem.Code {
	case device.CodeFault, device.CodeLost:
		if g := r.session.device; g != nil && g.broken == nil {
			g.broken = problem
		}
	case device.CodeCode, device.CodeMissing:
		if r.onDevice.off == nil {
			r.onDevice.off = problem
		}
	}
}

// runPlaced runs a pipeline on the device, if it was placed there and that is
// possible. done is false when the CPU must run it; it has changed nothing then.
func (r *run) runPlaced(number int, st *state, stats *PipelineStats) (done bool, err error) {
	stats.Device = cpuName
	if number >= len(r.query.Placement) {
		return false, nil
	}
	placement := &r.query.Placement[number]
	stats.Why = placement.Why
	if !placement.Device {
		return false, nil
	}
	err = r.runOnDevice(number, st, stats)
	if err == nil {
		stats.Device = r.session.device.properties.Driver
		return true, nil
	}
	if ended := r.interrupted(); ended != nil {
		return false, ended
	}
	problem := deviceProblem(err)
	var lost *lostState
	if problem == nil || errors.As(err, &lost) {
		return false, err
	}
	r.note(problem)
	if r.query.RequireDevice {
		return false, problem
	}
	stats.Fallback = problem
	return false, nil
}

// cpuName is what statistics call the place of pipelines that do not run on a device.
const cpuName = "cpu"

// runOnDevice runs a pipeline on the device, from its source to its state.
func (r *run) runOnDevice(number int, st *state, stats *PipelineStats) error {
	if off := r.onDevice.off; off != nil {
		return off
	}
	p := &r.program.Pipelines[number]
	switch {
	case p.Kernel == nil && p.NoKernel != "":
		return refused("%s", p.NoKernel)
	case p.Kernel == nil || r.query.Kernels == nil:
		return refused("it was compiled without kernels")
	case st.Kind == ir.SortState:
		return refused("it fills a sort")
	}
	g, err := r.session.gpu()
	if err != nil {
		return err
	}
	if g.broken != nil {
		return g.broken
	}
	if err := g.settle(); err != nil {
		return err
	}
	if err := r.showConstants(g, stats); err != nil {
		return err
	}
	if err := r.lookups(p); err != nil {
		return err
	}
	if err := r.showTables(g, p, stats); err != nil {
		return err
	}
	j := &deviceJob{run: r, gpu: g, number: number, pipeline: p, into: st, stats: stats}
	err = j.execute()
	if err != nil {
		g.abandon() // closing may wait for what is under way
	}
	closed := j.close()
	if err == nil && deviceProblem(closed) != nil {
		// The state has its records, so this is no failure of the pipeline. But what the
		// device still holds is not known any more.
		g.broken = deviceProblem(closed)
		closed = nil
	}
	if err = errors.Join(err, closed); err != nil {
		g.unsettled = true
	}
	return single(err)
}

// showTables copies a pipeline's lookup tables to the mirror.
func (r *run) showTables(g *gpu, p *program.Pipeline, stats *PipelineStats) error {
	heap := r.session.heap
	for i := range p.Tables {
		table := &p.Tables[i]
		address := get32(heap.At(r.context), uint32(table.Offset))
		size := max(r.scans[p.Scan].columns[table.Column].dictionary.entries, 1) * table.Width
		content, err := heap.View(address, size)
		if err != nil {
			return err
		}
		if err := g.copyIn(address, content, stats); err != nil {
			return err
		}
	}
	return nil
}

// allocate gives a range of the mirror's upper half until the run ends.
func (r *run) allocateOnDevice(g *gpu, size int64) (devicememory.Range, error) {
	got, err := g.memory.Allocate(size)
	if err == nil {
		r.onDevice.ranges = append(r.onDevice.ranges, got)
	}
	return got, err
}

// freeOnDevice gives a range back before the run ends.
func (r *run) freeOnDevice(g *gpu, given devicememory.Range) {
	for i, other := range r.onDevice.ranges {
		if other == given {
			r.onDevice.ranges = append(r.onDevice.ranges[:i], r.onDevice.ranges[i+1:]...)
			g.memory.Free(given)
			return
		}
	}
}

// closeDevice gives back what the run has on the device.
func (r *run) closeDevice() {
	g := r.session.device
	if g == nil {
		return
	}
	for _, given := range r.onDevice.ranges {
		g.memory.Free(given)
	}
	for _, column := range r.onDevice.columns {
		g.memory.Release(column)
	}
	r.onDevice.ranges, r.onDevice.columns = nil, nil
}

// fillersOf counts the pipelines that fill a state, those that have ended included.
func (r *run) fillersOf(st *state) int {
	n := 0
	for i := range r.program.Pipelines {
		if r.program.Pipelines[i].Into == st.number {
			n++
		}
	}
	return n
}

// contextImage is the context for a kernel: as the workers have it, with the headers of
// tables that lie on the device.
func (r *run) contextImage(p *program.Pipeline) []byte {
	image := append([]byte(nil), r.session.heap.At(r.context)[:max(r.program.ContextSize, abi.ContextParameters)]...)
	for _, used := range r.uses(p) {
		if used.device != nil && used.Kind == ir.HashTableState {
			copy(image[used.SharedOffset:], used.device.header[:])
		}
	}
	return image
}
