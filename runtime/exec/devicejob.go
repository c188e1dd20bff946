package exec

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/device"
	devicememory "github.com/heddle-lang/heddle/runtime/device/memory"
)

// deviceJob is a pipeline that runs on the device.
type deviceJob struct {
	run      *run
	gpu      *gpu
	number   int
	pipeline *program.Pipeline
	into     *state
	stats    *PipelineStats

	kernel device.Kernel
	shared int // bytes of dynamic shared memory of a block
	most   int // most blocks of a launch
	source deviceSource
	marked []markedPages
	inputs []deviceInput
	shown  bool // the device has the inputs

	// What follows is of one attempt.
	block     []byte // image of the launch block
	launched  bool   // the device has it
	header    []byte // where the block's header comes back to
	capacity  int64  // records that the region has room for
	region    devicememory.Range
	directory devicememory.Range
	bits      int   // of the directory
	partials  int64 // records of direct aggregates that are on the device, in g.partial
	drained   [][]byte
}

// deviceSource launches a job's kernel over a source.
type deviceSource interface {
	// size is how many rows and bytes there are.
	size() (rows, bytes int64)
	// columns is how many columns of the launch block it describes.
	columns() int
	// only is the launch that takes all rows, where one does.
	only(j *deviceJob) (l launchOver, ok bool)
	// feed launches the kernel over all rows. An attempt that has failed for want of
	// room feeds again.
	feed(j *deviceJob) error
	close() error
}

// launchOver is what a launch reads.
type launchOver struct {
	rows    int64
	columns []deviceColumn
	runs    devicememory.Range // their list, for abi.LaunchRuns
	count   int                // of runs
}

// errNoRoom says that a kernel had no place for a record.
var errNoRoom = errors.New("no room for a record")

func (j *deviceJob) execute() error {
	r, g, k := j.run, j.gpu, j.pipeline.Kernel
	var err error
	if j.kernel, err = g.kernel(r.ctx, r.query.Kernels, k.Function); err != nil {
		return err
	}
	if err := j.shape(); err != nil {
		return err
	}
	if j.source, err = j.open(); err != nil {
		return err
	}
	for _, probed := range j.pipeline.Probes {
		if err := j.showTable(r.states[probed]); err != nil {
			return err
		}
	}
	if err := j.input(r.context.Address, r.contextImage(j.pipeline)); err != nil {
		return err
	}
	rows, bytes := j.source.size()
	j.estimate(rows)
	for {
		r.query.Progress.start(j.number, r.program.Pipelines, rows, bytes)
		err := j.attempt()
		if errors.Is(err, errNoRoom) {
			err = j.grow()
		} else if err == nil {
			break
		}
		if err != nil {
			return err
		}
	}
	rows, bytes = j.source.size()
	j.stats.Rows, j.stats.Bytes, j.stats.Passes = rows, bytes, 1
	if err := j.fetchMarks(); err != nil {
		return err
	}
	return j.land()
}

// shape chooses the shape of launches.
func (j *deviceJob) shape() error {
	k, properties := j.pipeline.Kernel, &j.gpu.properties
	resources := j.kernel.Resources()
	if resources.Threads > 0 && k.Threads > resources.Threads {
		return refused("its kernel has %d threads in a block, and the device can have %d", k.Threads, resources.Threads)
	}
	j.shared = max(k.Shared-resources.Shared, 0)
	blocks, err := j.kernel.Occupancy(k.Threads, j.shared)
	if err != nil {
		return err
	}
	multiprocessors := max(properties.Multiprocessors, 1)
	j.most = max(blocks, 1) * multiprocessors
	if k.Slots > 0 {
		// The CPU merges what each block leaves.
		j.most = min(j.most, max(mostPartials/(k.Slots*j.into.Record.Size), multiprocessors))
	}
	return nil
}

// mostPartials is about how many bytes of partial records a launch may leave.
const mostPartials = 16 << 20

// open opens the pipeline's source.
func (j *deviceJob) open() (deviceSource, error) {
	p := j.pipeline
	switch p.Source {
	case program.TableSource:
		return j.tableSource()
	case program.ValuesSource:
		return deviceValues(p.Rows), nil
	default:
		return j.recordsSource(j.run.states[p.State])
	}
}

// close ends what the pipeline held.
func (j *deviceJob) close() error {
	j.freeRegion()
	if j.source != nil {
		return j.source.close()
	}
	return nil
}

// mostRows is how many rows a launch of so many blocks may have.
func (j *deviceJob) mostRows() int64 {
	perThread := int64(j.most) * int64(j.pipeline.Kernel.Threads) * abi.MorselRows
	return min(perThread, math.MaxInt32) &^ (launchRows - 1)
}

// launchRows is what the number of a launch's first row is a multiple of.
const launchRows = 128

// blocks is how many blocks a launch over so many rows has: a power of two or the most, so
// that a graph serves where the number of rows is another.
func (j *deviceJob) blocks(rows int64) int {
	perBlock := int64(j.pipeline.Kernel.Threads) * int64(j.pipeline.Kernel.RowsPerThread)
	full := max((rows+perBlock-1)/perBlock, 1)
	return int(min(1<<bits.Len64(uint64(full-1)), int64(j.most)))
}

// deviceColumn is a column as a launch sees it, from its first row on.
type deviceColumn struct {
	values, validity device.Address
	text, dictionary uint32
}

// begin prepares an attempt: memory for what the kernel writes, and the launch block.
func (j *deviceJob) begin() error {
	g, k, size := j.gpu, j.pipeline.Kernel, int64(j.into.Record.Size)
	j.partials, j.drained = 0, nil
	if err := j.launchBlock(j.source.columns()); err != nil {
		return err
	}
	if k.Slots > 0 {
		least := int64(j.most) * int64(k.Slots) * size
		if int64(g.partial.Size) < least {
			if err := g.graphs.forget(g.driver, (*graphKey).leavesPartials); err != nil {
				return err
			}
			g.memory.Free(g.partial)
			g.partial = devicememory.Range{}
			partial, err := g.memory.Allocate(least)
			if err != nil {
				return err
			}
			g.partial = partial
		}
		return nil
	}
	if err := j.allocateRegion(); err != nil {
		return err
	}
	put32(j.block, abi.LaunchCursor, j.region.Address)
	put32(j.block, abi.LaunchLimit, j.region.Address+uint32(j.capacity*size))
	if k.Hashes {
		put32(j.block, abi.LaunchDirectory, j.directory.Address)
		put32(j.block, abi.LaunchShift, uint32(32-j.bits))
	}
	return nil
}

// launchBlock makes a launch block for a source with so many columns.
func (j *deviceJob) launchBlock(columns int) error {
	g := j.gpu
	need := int64(abi.LaunchSize + columns*abi.LaunchColumnSize)
	if g.block.Size < need {
		if err := g.wait(j.run.ctx, g.compute); err != nil { // work may still read it
			return err
		}
		if err := g.graphs.forget(g.driver, anyGraph); err != nil {
			return err
		}
		if err := g.memory.FreeBlock(g.block); err != nil {
			return err
		}
		g.block = devicememory.Block{}
		block, err := g.memory.Block(need)
		if err != nil {
			return err
		}
		g.block = block
	}
	j.block = append(j.block[:0], make([]byte, need)...)
	put32(j.block, abi.LaunchError, abi.LaunchNoError)
	j.launched = false
	return nil
}

// attempt runs the kernel over the source once.
func (j *deviceJob) attempt() error {
	r, g := j.run, j.gpu
	if err := j.begin(); err != nil {
		return err
	}
	replayed, err := j.replay()
	if err == nil && !replayed {
		err = j.feed()
	}
	if err != nil {
		return err
	}
	j.shown = true
	if err := g.wait(r.ctx, g.compute); err != nil {
		return err
	}
	header := j.block[:abi.LaunchSize]
	copy(header, j.header)
	j.stats.CopiedOut += abi.LaunchSize
	took, err := g.ended.Since(g.started)
	if err != nil {
		return err
	}
	j.stats.Kernel += took
	if site := get32(header, abi.LaunchError); site != abi.LaunchNoError {
		if j.limited() {
			return refused("a row failed that may lie behind the limit") // the CPU stops before it
		}
		return r.fail(site)
	}
	if get32(header, abi.LaunchOverflow) != 0 && !j.enough() {
		return errNoRoom
	}
	return nil
}

// feed gives the commands of an attempt one by one.
func (j *deviceJob) feed() error {
	g := j.gpu
	if err := j.showInputs(); err != nil {
		return err
	}
	if j.pipeline.Kernel.Hashes {
		if err := g.compute.Fill(g.memory.Address(j.directory.Address), 0, 4<<j.bits); err != nil {
			return err
		}
	}
	if err := g.compute.Record(g.started); err != nil {
		return err
	}
	if err := j.source.feed(j); err != nil {
		return err
	}
	if err := g.compute.Record(g.ended); err != nil {
		return err
	}
	if err := j.copyPartials(); err != nil {
		return err
	}
	j.header = j.block[:abi.LaunchSize]
	return g.compute.CopyOut(j.header, g.block.Address)
}

// input notes bytes that the kernel reads, which must stay as they are, and puts memory
// under their place in the mirror.
func (j *deviceJob) input(address uint32, content []byte) error {
	j.inputs = append(j.inputs, deviceInput{address, content})
	if len(j.inputs) > mostInputs {
		panic("BUG: a pipeline has more inputs than a context and a list of runs")
	}
	return j.gpu.memory.Commit(address, int64(len(content)))
}

// showInputs copies the inputs, if the device does not have them.
func (j *deviceJob) showInputs() error {
	if j.shown {
		return nil
	}
	for _, input := range j.inputs {
		if err := j.gpu.compute.CopyIn(j.gpu.memory.Address(input.address), input.content); err != nil {
			return err
		}
	}
	j.countInputs()
	return nil
}

func (j *deviceJob) countInputs() {
	for _, input := range j.inputs {
		j.stats.CopiedIn += int64(len(input.content))
	}
}

// enough reports whether the region holds all that a limited buffer needs.
func (j *deviceJob) enough() bool { return j.limited() && j.capacity >= wantedRows(j.into) }

func (j *deviceJob) limited() bool { return j.into.Kind == ir.BufferState && j.into.Limit >= 0 }

// launch hands one launch to the device.
func (j *deviceJob) launch(l launchOver) error {
	r, g := j.run, j.gpu
	if err := r.interrupted(); err != nil {
		return err
	}
	shape := j.launchOf(l.rows)
	if records := int64(shape.Blocks) * int64(j.pipeline.Kernel.Slots); records > 0 && (j.partials+records)*int64(j.into.Record.Size) > int64(g.partial.Size) {
		if err := errors.Join(j.copyPartials(), g.wait(r.ctx, g.compute)); err != nil {
			return err
		}
	}
	j.describe(l)
	if err := j.showBlock(); err != nil {
		return err
	}
	if err := g.compute.Launch(j.kernel, shape, r.kernelParameters(g)); err != nil {
		return err
	}
	j.stats.Launches++
	r.query.Progress.add(l.rows, 0)
	return nil
}

// launchOf is the shape of a launch over so many rows.
func (j *deviceJob) launchOf(rows int64) device.Launch {
	return device.Launch{Blocks: j.blocks(rows), Threads: j.pipeline.Kernel.Threads, Shared: j.shared}
}

// describe writes a launch to the image of the launch block. What blocks leave gets its
// place.
func (j *deviceJob) describe(l launchOver) {
	g, k := j.gpu, j.pipeline.Kernel
	if k.Slots > 0 {
		put32(j.block, abi.LaunchPartials, g.partial.Address+uint32(j.partials*int64(j.into.Record.Size)))
		j.partials += int64(j.blocks(l.rows)) * int64(k.Slots)
	}
	put32(j.block, abi.LaunchRows, uint32(l.rows))
	put32(j.block, abi.LaunchRuns, l.runs.Address)
	put32(j.block, abi.LaunchRunCount, uint32(l.count))
	described := j.block[abi.LaunchSize:]
	for i := range l.columns {
		c, at := &l.columns[i], uint32(i*abi.LaunchColumnSize)
		put64(described, at+abi.LaunchValues, uint64(c.values))
		put64(described, at+abi.LaunchValidity, uint64(c.validity))
		put32(described, at+abi.LaunchText, c.text)
		put32(described, at+abi.LaunchDictionary, c.dictionary)
	}
}

// kernelParameters are the parameters of every kernel.
func (r *run) kernelParameters(g *gpu) []byte {
	parameters := make([]byte, abi.KernelParameterSize)
	binary.LittleEndian.PutUint64(parameters[abi.KernelMirror:], uint64(g.memory.Mirror()))
	binary.LittleEndian.PutUint32(parameters[abi.KernelContext:], r.context.Address)
	binary.LittleEndian.PutUint64(parameters[abi.KernelLaunch:], uint64(g.block.Address))
	return parameters
}

// showBlock copies the launch block to the device: all of it at first, then what differs from
// launch to launch, and not what kernels write.
func (j *deviceJob) showBlock() error {
	g := j.gpu
	if !j.launched {
		j.launched = true
		return g.compute.CopyIn(g.block.Address, j.block)
	}
	for _, part := range [][2]int{{abi.LaunchRows, abi.LaunchRows + 4}, {abi.LaunchPartials, abi.LaunchPartials + 4}, {abi.LaunchSize, len(j.block)}} {
		if from, to := part[0], part[1]; from < to {
			if err := g.compute.CopyIn(g.block.Address+device.Address(from), j.block[from:to]); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyPartials copies the partial records of direct aggregates that have been launched.
// They are there when the stream has been waited for.
func (j *deviceJob) copyPartials() error {
	g := j.gpu
	if j.partials == 0 {
		return nil
	}
	content := make([]byte, j.partials*int64(j.into.Record.Size))
	j.partials = 0
	j.stats.CopiedOut += int64(len(content))
	j.drained = append(j.drained, content)
	return g.compute.CopyOut(content, g.memory.Address(g.partial.Address))
}

// deviceValues is a source of rows that the code holds.
type deviceValues int

func (v deviceValues) size() (rows, bytes int64) { return int64(v), 0 }
func (v deviceValues) columns() int              { return 0 }
func (v deviceValues) close() error              { return nil }
func (v deviceValues) only(*deviceJob) (launchOver, bool) {
	return launchOver{rows: int64(v)}, true
}

func (v deviceValues) feed(j *deviceJob) error { return j.launch(launchOver{rows: int64(v)}) }

// textual reports whether records of a state hold text.
func textual(st *state) bool { return len(textOffsets(st)) > 0 }

// usesHostText reports whether a pipeline reads records with text that workers wrote.
func (j *deviceJob) usesHostText() bool {
	return slices.ContainsFunc(j.run.uses(j.pipeline)[1:], func(st *state) bool { return st.device == nil && textual(st) })
}
