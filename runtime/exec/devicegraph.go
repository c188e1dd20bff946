package exec

import (
	"errors"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/device"
	devicememory "github.com/heddle-lang/heddle/runtime/device/memory"
)

// A pipeline that launches its kernel once gives the device the same commands whenever it
// runs: copies of the context, of the list of runs and of the launch block, a fill of the
// directory, the launch, and copies of what the kernel leaves. From the second run on they
// are one graph. It copies from and to memory of the host that the device reads by itself:
// what a run writes there is what its replay reads. So parameters and literals, addresses
// of columns and of the region, and the number of rows may all change; a graph depends on
// nothing but its key.

// graphKey is what the commands of a graph hold.
type graphKey struct {
	kernel     device.Kernel
	launch     device.Launch
	parameters [abi.KernelParameterSize]byte
	block      device.Address
	blockSize  int
	inputs     [mostInputs]devicememory.Range
	directory  devicememory.Range
	partials   devicememory.Range
}

// deviceInput is bytes that a kernel reads, and where in the mirror. There is memory.
type deviceInput struct {
	address uint32
	content []byte
}

// mostInputs is how many inputs a job has at most: a list of runs, and the context.
const mostInputs = 2

// jobGraph is the graph of a key, and the memory that it copies from and to.
type jobGraph struct {
	graph  device.Graph // nil until it is captured
	memory []byte       // of the host; what follows are parts of it
	inputs [mostInputs][]byte
	block  []byte // its header comes back into it
	// partials are what the replay has brought, until the next one.
	partials []byte

	used int64 // by deviceGraphs.clock
	run  int64 // the number of the run that asked for it first
}

// deviceGraphs are the graphs of a session. No replay is going on when one is closed: a
// job waits for its own, and where it could not, gpu.settle does before the next job.
type deviceGraphs struct {
	all   map[graphKey]*jobGraph
	clock int64
	bytes int64 // of the host's memory
	runs  int64 // that have used the device
	// off says that the device has failed to capture or to replay.
	off bool
}

const (
	// keptGraphs bounds the keys that a session knows.
	keptGraphs = 128
	// keptGraphBytes bounds the host's memory of its graphs.
	keptGraphBytes = 64 << 20
	// imageAlignment is what the place of an image in a graph's memory is a multiple of.
	imageAlignment = 64
)

// replay does an attempt with the graph of its commands. replayed is false when there is
// none: when the source launches more than once, or the commands are new.
func (j *deviceJob) replay() (replayed bool, err error) {
	r, g := j.run, j.gpu
	only, ok := j.source.only(j)
	if !ok || g.graphs.off {
		return false, nil
	}
	if err := r.interrupted(); err != nil {
		return false, err
	}
	key := j.graphKey(only)
	graph, err := g.graphs.find(g.driver, key, r.numberOn(g))
	if graph == nil || err != nil {
		return false, err
	}
	if graph.graph == nil {
		if captured, err := j.capture(key, graph); !captured || err != nil {
			return false, err
		}
	}
	j.describe(only)
	for i, input := range j.inputs {
		copy(graph.inputs[i], input.content)
	}
	copy(graph.block, j.block)
	if err := g.compute.Record(g.started); err != nil {
		return false, err
	}
	if err := g.compute.Replay(graph.graph); err != nil {
		g.graphs.off = true
		return false, err
	}
	if err := g.compute.Record(g.ended); err != nil {
		return false, err
	}
	j.header = graph.block[:abi.LaunchSize]
	if j.partials > 0 {
		j.partials = 0
		j.drained = append(j.drained, graph.partials)
		j.stats.CopiedOut += int64(len(graph.partials))
	}
	j.countInputs()
	j.stats.Launches++
	j.stats.Replayed = true
	r.query.Progress.add(only.rows, 0)
	return true, nil
}

// graphKey is the key of an attempt's commands.
func (j *deviceJob) graphKey(only launchOver) graphKey {
	k, g := j.pipeline.Kernel, j.gpu
	key := graphKey{kernel: j.kernel, launch: j.launchOf(only.rows), block: g.block.Address, blockSize: len(j.block)}
	copy(key.parameters[:], j.run.kernelParameters(g))
	for i, input := range j.inputs {
		key.inputs[i] = devicememory.Range{Address: input.address, Size: uint32(len(input.content))}
	}
	if k.Hashes {
		key.directory = devicememory.Range{Address: j.directory.Address, Size: 4 << j.bits}
	}
	if k.Slots > 0 {
		key.partials = devicememory.Range{Address: g.partial.Address, Size: uint32(key.launch.Blocks * k.Slots * j.into.Record.Size)}
	}
	return key
}

// capture makes the graph of a key. Where the device cannot, captured is false, and the
// session goes on without graphs.
func (j *deviceJob) capture(key graphKey, graph *jobGraph) (captured bool, err error) {
	g := j.gpu
	if key.imageBytes() > keptGraphBytes {
		return false, nil
	}
	if err := g.graphs.makeRoom(g.driver, key.imageBytes()); err != nil {
		return false, err
	}
	err = graph.capture(g, key)
	if err == nil {
		g.graphs.bytes += int64(len(graph.memory))
		return true, nil
	}
	if problem := deviceProblem(err); problem == nil || problem.Code == device.CodeFault || problem.Code == device.CodeLost {
		return false, errors.Join(err, graph.close(g.driver))
	}
	g.graphs.off = true
	return false, errors.Join(graph.close(g.driver), g.graphs.forget(g.driver, anyGraph))
}

// imageBytes is how much memory of the host a graph needs.
func (k *graphKey) imageBytes() int64 {
	bytes := imageSize(int64(k.blockSize)) + imageSize(int64(k.partials.Size))
	for _, input := range k.inputs {
		bytes += imageSize(int64(input.Size))
	}
	return bytes
}

func imageSize(bytes int64) int64 { return (bytes + imageAlignment - 1) &^ (imageAlignment - 1) }

func (graph *jobGraph) capture(g *gpu, key graphKey) (err error) {
	if graph.memory, err = g.driver.AllocateHost(int(key.imageBytes())); err != nil {
		return err
	}
	rest := graph.memory
	image := func(bytes int64) []byte {
		part := rest[:bytes:bytes]
		rest = rest[imageSize(bytes):]
		return part
	}
	for i, input := range key.inputs {
		graph.inputs[i] = image(int64(input.Size))
	}
	graph.block, graph.partials = image(int64(key.blockSize)), image(int64(key.partials.Size))
	graph.graph, err = g.compute.Capture(func() error { return graph.give(g, key) })
	return err
}

// give gives the commands to the stream. All memory of the host is the graph's.
func (graph *jobGraph) give(g *gpu, key graphKey) error {
	for i, input := range key.inputs {
		if input.Size == 0 {
			continue
		}
		if err := g.compute.CopyIn(g.memory.Address(input.Address), graph.inputs[i]); err != nil {
			return err
		}
	}
	if key.directory.Size > 0 {
		if err := g.compute.Fill(g.memory.Address(key.directory.Address), 0, int64(key.directory.Size)); err != nil {
			return err
		}
	}
	if err := g.compute.CopyIn(key.block, graph.block); err != nil {
		return err
	}
	if err := g.compute.Launch(key.kernel, key.launch, key.parameters[:]); err != nil {
		return err
	}
	if key.partials.Size > 0 {
		if err := g.compute.CopyOut(graph.partials, g.memory.Address(key.partials.Address)); err != nil {
			return err
		}
	}
	return g.compute.CopyOut(graph.block[:abi.LaunchSize], key.block)
}

func (graph *jobGraph) close(driver device.Driver) error {
	var failed error
	if graph.graph != nil {
		failed = graph.graph.Close()
	}
	if graph.memory != nil {
		failed = errors.Join(failed, driver.FreeHost(graph.memory))
	}
	*graph = jobGraph{}
	return failed
}

// find gives the graph of a key, captured or to be captured now; nil in the first run
// that has the key, since a query that runs once must not pay for it.
func (all *deviceGraphs) find(driver device.Driver, key graphKey, run int64) (*jobGraph, error) {
	all.clock++
	if graph := all.all[key]; graph != nil {
		graph.used = all.clock
		if graph.run == run && graph.graph == nil {
			return nil, nil
		}
		return graph, nil
	}
	if len(all.all) >= keptGraphs {
		if err := all.drop(driver, all.oldest(func(*jobGraph) bool { return true })); err != nil {
			return nil, err
		}
	}
	if all.all == nil {
		all.all = map[graphKey]*jobGraph{}
	}
	all.all[key] = &jobGraph{used: all.clock, run: run}
	return nil, nil
}

// makeRoom drops graphs, those used least recently first, until there is so much of
// keptGraphBytes, which is enough, that another may have bytes.
func (all *deviceGraphs) makeRoom(driver device.Driver, bytes int64) error {
	for all.bytes+bytes > keptGraphBytes {
		if err := all.drop(driver, all.oldest(func(graph *jobGraph) bool { return graph.memory != nil })); err != nil {
			return err
		}
	}
	return nil
}

// oldest is the key of the graph that was used least recently, of those that count.
func (all *deviceGraphs) oldest(counts func(graph *jobGraph) bool) (key graphKey) {
	var oldest *jobGraph
	for other, graph := range all.all {
		if counts(graph) && (oldest == nil || graph.used < oldest.used) {
			key, oldest = other, graph
		}
	}
	if oldest == nil {
		panic("BUG: there is no graph that could be dropped")
	}
	return key
}

func (all *deviceGraphs) drop(driver device.Driver, key graphKey) error {
	graph := all.all[key]
	delete(all.all, key)
	all.bytes -= int64(len(graph.memory))
	return graph.close(driver)
}

// forget drops the graphs of some keys: what they hold is about to go.
func (all *deviceGraphs) forget(driver device.Driver, goes func(key *graphKey) bool) error {
	var failed error
	for key := range all.all {
		if goes(&key) {
			failed = errors.Join(failed, all.drop(driver, key))
		}
	}
	return failed
}

func anyGraph(*graphKey) bool { return true }

func (k *graphKey) leavesPartials() bool { return k.partials.Size > 0 }

// numberOn numbers the runs that use the session's device.
func (r *run) numberOn(g *gpu) int64 {
	if r.onDevice.number == 0 {
		g.graphs.runs++
		r.onDevice.number = g.graphs.runs
	}
	return r.onDevice.number
}
