package exec

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/device"
	devicememory "github.com/heddle-lang/heddle/runtime/device/memory"
	"github.com/heddle-lang/heddle/runtime/store"
)

// Kernels is the code of a program for GPUs.
type Kernels struct {
	// PTX is one module with all kernels of the program.
	PTX []byte
}

// Placement says where a pipeline is to run.
type Placement struct {
	Device bool
	Why    string // for people
}

// gpu is what a session has on a device. It is made when the first pipeline is to run
// there.
type gpu struct {
	driver     device.Driver
	properties device.Properties
	memory     *devicememory.Memory
	// compute is the order of kernels and of copies that they wait for.
	compute device.Stream
	// started and ended stand around copies or kernels, to measure them.
	started, ended device.Event
	lanes          []*lane // idle ones

	// tooLong are columns whose text does not fit the mirror, so that they are not read
	// again to find that out.
	tooLong map[devicememory.Key]*diag.Diagnostic

	modules map[[sha256.Size]byte]*gpuModule
	block   devicememory.Block // for the launch block; kept, and replaced by a larger one
	partial devicememory.Range // for partial records; likewise
	// constants is the lowest address of the session's constants that the mirror has;
	// epoch is the one that it counts for.
	constants uint32
	epoch     int
	static    bool // the library's data are in the mirror
	graphs    deviceGraphs

	// unsettled says that work may go on that nobody has waited for.
	unsettled bool
	// broken is why the device is not used again. hangs says that work goes on there,
	// for which whoever gives memory back would have to wait.
	broken   *diag.Diagnostic
	hangs    bool
	patience time.Duration // settleLimit, save in tests
}

type gpuModule struct {
	module  device.Module
	kernels map[string]device.Kernel
}

// keptDeviceModules bounds the modules that a session keeps loaded.
const keptDeviceModules = 64

// defaultDeviceShare is how much of the device's free memory a session takes at most
// that was told no other figure, in percent.
const defaultDeviceShare = 90

// gpu opens the session's part of the device.
func (s *Session) gpu() (*gpu, error) {
	if s.device != nil {
		return s.device, nil
	}
	if s.options.Device == nil {
		return nil, diag.New(device.CodeMissing, "there is no GPU that can be used: none was opened")
	}
	driver := s.options.Device
	budget := s.options.DeviceMemory
	if budget <= 0 {
		available, err := driver.Available()
		if err != nil {
			return nil, err
		}
		budget = available / 100 * defaultDeviceShare
	}
	g := &gpu{driver: driver, properties: driver.Properties(), patience: settleLimit, modules: map[[sha256.Size]byte]*gpuModule{}, tooLong: map[devicememory.Key]*diag.Diagnostic{}}
	if err := g.open(budget); err != nil {
		return nil, errors.Join(err, g.close())
	}
	s.device = g
	return g, nil
}

func (g *gpu) open(budget int64) (err error) {
	if g.memory, err = devicememory.New(g.driver, budget); err != nil {
		return err
	}
	if g.compute, err = g.driver.NewStream(); err != nil {
		return err
	}
	if g.started, err = g.driver.NewEvent(); err != nil {
		return err
	}
	g.ended, err = g.driver.NewEvent()
	return err
}

// close gives everything back. After a fault or a loss, the driver's errors say
// nothing new.
func (g *gpu) close() error {
	var failed error
	note := func(err error) {
		if problem := deviceProblem(err); problem != nil && (problem.Code == device.CodeFault || problem.Code == device.CodeLost) {
			g.broken = problem
		}
		if g.broken == nil {
			failed = errors.Join(failed, err)
		}
	}
	note(g.settle())
	if g.hangs {
		return failed // what it has goes when the driver is closed
	}
	for _, l := range g.lanes {
		note(l.close(g.driver))
	}
	note(g.closeModules())
	for _, event := range []device.Event{g.started, g.ended} {
		if event != nil {
			note(event.Close())
		}
	}
	if g.memory != nil {
		note(g.memory.FreeBlock(g.block))
		note(g.memory.Close())
	}
	if g.compute != nil {
		note(g.compute.Close())
	}
	return failed
}

// trim gives back the machine's memory that the device reads.
func (g *gpu) trim() error {
	if g.broken != nil {
		return nil
	}
	failed := g.settle()
	if failed == nil {
		failed = g.graphs.forget(g.driver, anyGraph)
	}
	for _, l := range g.lanes {
		failed = errors.Join(failed, l.close(g.driver))
	}
	g.lanes = nil
	return failed
}

func (g *gpu) closeModules() error {
	failed := g.graphs.forget(g.driver, anyGraph)
	for _, m := range g.modules {
		failed = errors.Join(failed, m.module.Close())
	}
	clear(g.modules)
	return failed
}

// settleLimit is how long work that nobody wants any more may go on before the device
// counts as lost.
const settleLimit = 30 * time.Second

// settle waits for work that a query left behind when it was cancelled.
func (g *gpu) settle() error {
	if !g.unsettled || g.broken != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), g.patience)
	defer cancel()
	streams := []device.Stream{g.compute}
	for _, l := range g.lanes {
		streams = append(streams, l.stream)
	}
	for _, stream := range streams {
		if err := stream.Synchronize(ctx); err != nil {
			if ctx.Err() != nil {
				g.hangs = true
				g.broken = diag.New(device.CodeLost, "the GPU was lost: it has not ended its work %v after nobody wanted it any more", g.patience)
				return g.broken
			}
			return err
		}
	}
	g.unsettled = false
	return nil
}

// abandon ends the kernels of a pipeline that has failed or was cancelled, where the
// driver can do that: nobody reads what they write. Copies are done still, as what is
// resident and what all queries use may come by them.
func (g *gpu) abandon() {
	if stream, ok := g.compute.(device.Abandoner); ok {
		stream.Abandon()
	}
}

// wait synchronises a stream. Where the query ends first, the work goes on, and is
// waited for before the memory serves again.
func (g *gpu) wait(ctx context.Context, stream device.Stream) error {
	err := stream.Synchronize(ctx)
	if err != nil && ctx.Err() != nil {
		g.unsettled = true
	}
	return err
}

// kernel finds a kernel of a query's module, and loads the module first.
func (g *gpu) kernel(ctx context.Context, code *Kernels, name string) (device.Kernel, error) {
	key := sha256.Sum256(code.PTX)
	m := g.modules[key]
	if m == nil {
		if len(g.modules) >= keptDeviceModules {
			if err := g.closeModules(); err != nil {
				return nil, err
			}
		}
		module, err := g.driver.Load(ctx, code.PTX)
		if err != nil {
			return nil, err
		}
		m = &gpuModule{module: module, kernels: map[string]device.Kernel{}}
		g.modules[key] = m
	}
	if kernel := m.kernels[name]; kernel != nil {
		return kernel, nil
	}
	kernel, err := m.module.Kernel(name)
	if err != nil {
		return nil, err
	}
	m.kernels[name] = kernel
	return kernel, nil
}

// copyIn copies to an address of the mirror, in the order of kernels.
func (g *gpu) copyIn(address uint32, content []byte, stats *PipelineStats) error {
	if len(content) == 0 {
		return nil
	}
	if err := g.memory.Commit(address, int64(len(content))); err != nil {
		return err
	}
	stats.CopiedIn += int64(len(content))
	return g.compute.CopyIn(g.memory.Address(address), content)
}

// showConstants brings what is the same for all pipelines of a run to the mirror: the
// library's data, dictionaries, text of parameters and patterns.
func (r *run) showConstants(g *gpu, stats *PipelineStats) error {
	s := r.session
	if !g.static {
		if err := g.copyIn(abi.StaticBase, s.workers[0].memory[abi.StaticBase:abi.StaticLimit], stats); err != nil {
			return err
		}
		g.static = true
	}
	if g.constants == 0 || g.epoch != s.constantsEpoch {
		g.constants, g.epoch = abi.SharedLimit, s.constantsEpoch
	}
	heap := s.heap.Bytes()
	part := func(from, to uint32) []byte { return heap[from-abi.SharedBase : to-abi.SharedBase] }
	if s.constants < g.constants {
		if err := g.copyIn(s.constants, part(s.constants, g.constants), stats); err != nil {
			return err
		}
		g.constants = s.constants
	}
	if r.onDevice.constants {
		return nil
	}
	own := s.heap.Constants()
	if err := g.copyIn(own, part(own, s.constants), stats); err != nil {
		return err
	}
	r.onDevice.constants = true
	return nil
}

// columnKey names a column of a table for the device's memory.
func columnKey(table store.Table, column *program.ScanColumn) devicememory.Key {
	return devicememory.Key{
		Table: table.Description().Name, Fingerprint: table.Fingerprint(), Column: column.Name,
		Encoding: column.Layout.Encoding, Width: column.Layout.Width, Base: column.Layout.Base, Nullable: column.Type.Nullable,
	}
}

// Resident is how many bytes of a table's column are in the device's memory in a
// layout; 0 says that it is not there.
func (s *Session) Resident(table store.Table, column string, t ir.Type, layout ir.Layout) int64 {
	if s.device == nil || s.device.broken != nil {
		return 0
	}
	return s.device.memory.Resident(columnKey(table, &program.ScanColumn{Name: column, Type: t, Layout: layout}))
}

// DeviceUsage says what a session has of a device.
type DeviceUsage struct {
	Driver       string // "" when none has been used
	Budget, Used int64  // bytes of the device's memory
	Broken       *diag.Diagnostic
}

// DeviceUsage says what the session has of its device now.
func (s *Session) DeviceUsage() DeviceUsage {
	g := s.device
	if g == nil {
		return DeviceUsage{}
	}
	return DeviceUsage{Driver: g.properties.Driver, Budget: g.memory.Budget(), Used: g.memory.Used(), Broken: g.broken}
}
