package emulator

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/emulator/ptx"
)

// Options describe the device that is emulated. What is zero takes its default.
type Options struct {
	// Architecture is ten times the compute capability, and PTX ten times the version of
	// the language that the driver translates: 90 and 90.
	Architecture int
	PTX          int
	// Multiprocessors is what the device says it has: 4.
	Multiprocessors int
	// Memory is in bytes: 4 GiB. It takes as much of the machine's memory as is
	// allocated or committed.
	Memory int64
	// SharedMemory is the most bytes of a block: 227 KiB.
	SharedMemory int
	// Workers is how many goroutines run the blocks of a launch: one for each CPU.
	Workers int
	// InstructionLimit is how many instructions the threads of one launch may execute
	// together, before the device counts as lost: 2^34.
	InstructionLimit uint64
	// Seed is for tests. When it is not 0, lanes of a warp part without need, and which go
	// next is drawn: code that takes lanes to be in step shows. The same seed gives the
	// same order within a block.
	Seed uint64
	// IgnoreRaces turns off the search for races in shared memory. It knows barriers and
	// not locks: code that guards data in shared memory with one needs this.
	IgnoreRaces bool
}

const (
	threadsPerBlock          = 1024
	threadsPerMultiprocessor = 2048
	blocksPerMultiprocessor  = 32
	staticShared             = 48 << 10 // the most of a block, in bytes
)

// Driver is an emulated device. It implements device.Driver.
type Driver struct {
	options Options
	memory  *memory

	executed atomic.Uint64
	failed   atomic.Pointer[error] // by a fault, until Close
	broken   chan struct{}         // closed then: what waits for work of others goes on

	mu      sync.Mutex
	closed  bool
	streams map[*stream]bool
	host    map[*byte]int // memory of AllocateHost, and its size
}

var _ device.Driver = (*Driver)(nil)

// Open gives a device that nobody else uses.
func Open(options Options) (*Driver, error) {
	if options.Architecture < 0 || options.PTX < 0 || options.Multiprocessors < 0 || options.Memory < 0 ||
		options.SharedMemory < 0 || options.Workers < 0 {
		return nil, misuse("the options of the emulator have a negative number")
	}
	preset(&options.Architecture, 90)
	preset(&options.PTX, 90)
	preset(&options.Multiprocessors, 4)
	preset(&options.Memory, 4<<30)
	preset(&options.SharedMemory, 227<<10)
	preset(&options.Workers, runtime.NumCPU())
	preset(&options.InstructionLimit, 1<<34)
	return &Driver{
		options: options, memory: newMemory(options.Memory),
		streams: map[*stream]bool{}, host: map[*byte]int{}, broken: make(chan struct{}),
	}, nil
}

func preset[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Properties describe the device of the options.
func (d *Driver) Properties() device.Properties {
	o := &d.options
	return device.Properties{
		Driver: "emulator", Name: fmt.Sprintf("emulated GPU, sm_%d", o.Architecture), Architecture: o.Architecture,
		PTX: o.PTX, DriverVersion: fmt.Sprintf("emulator %d.%d", o.PTX/10, o.PTX%10),
		Multiprocessors: o.Multiprocessors, Memory: o.Memory, SharedMemory: o.SharedMemory,
		ThreadsPerMultiprocessor: threadsPerMultiprocessor, Integrated: true,
	}
}

// Instructions is how many instructions threads have executed in all launches that have
// ended.
func (d *Driver) Instructions() uint64 { return d.executed.Load() }

// usable returns the fault that the device has had, or an error after Close.
func (d *Driver) usable() error {
	if failed := d.failed.Load(); failed != nil {
		return *failed
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return misuse("the device has been closed")
	}
	return nil
}

// fail keeps the first fault.
func (d *Driver) fail(err error) {
	if d.failed.CompareAndSwap(nil, &err) {
		close(d.broken)
	}
}

// Load parses and translates PTX.
func (d *Driver) Load(ctx context.Context, text []byte) (device.Module, error) {
	if err := d.usable(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	parsed, err := ptx.Parse(string(text))
	if err != nil {
		return nil, refused(err)
	}
	if err := d.supports(parsed); err != nil {
		return nil, err
	}
	m, err := d.newModule(parsed)
	if err != nil {
		return nil, refused(err)
	}
	return m, nil
}

// refused makes the error of the parser, or of the compiler, one of the driver.
func refused(err error) error {
	var in *ptx.Error
	if errors.As(err, &in) {
		return diag.New(device.CodeCode, "the driver of the GPU cannot use the code: line %d of the PTX: %s", in.Line, in.Message)
	}
	return err
}

// supports checks what a module says it is for, as a driver does.
func (d *Driver) supports(m *ptx.Module) error {
	const cannot = "the driver of the GPU cannot use the code: "
	o := &d.options
	if m.Version > o.PTX {
		return diag.New(device.CodeCode, cannot+"it is PTX %d.%d, and the driver knows PTX up to %d.%d",
			m.Version/10, m.Version%10, o.PTX/10, o.PTX%10)
	}
	specific := m.Target[len(m.Target)-1] == 'a'
	family := m.Target[len(m.Target)-1] == 'f'
	if m.Architecture > o.Architecture || specific && m.Architecture != o.Architecture ||
		family && m.Architecture/10 != o.Architecture/10 {
		return diag.New(device.CodeCode, cannot+"it is for %s, and the device is sm_%d", m.Target, o.Architecture)
	}
	return nil
}

// Allocate gives memory whose contents are a pattern.
func (d *Driver) Allocate(bytes int64) (device.Address, error) {
	if err := d.usable(); err != nil {
		return 0, err
	}
	return d.memory.allocate(bytes)
}

// Free waits for all work first, as the CUDA driver does.
func (d *Driver) Free(address device.Address) error { return d.giveBack(address, false) }

// Release waits for all work first.
func (d *Driver) Release(address device.Address) error { return d.giveBack(address, true) }

func (d *Driver) giveBack(address device.Address, reserved bool) error {
	d.drain()
	if err := d.usable(); err != nil {
		return err
	}
	return d.memory.release(address, reserved)
}

// drain waits until no stream has work.
func (d *Driver) drain() {
	d.mu.Lock()
	var all []*stream
	for s := range d.streams {
		all = append(all, s)
	}
	d.mu.Unlock()
	for _, s := range all {
		<-s.idle()
	}
}

// Reserve gives addresses.
func (d *Driver) Reserve(bytes int64) (device.Address, error) {
	if err := d.usable(); err != nil {
		return 0, err
	}
	return d.memory.reserve(bytes)
}

// Commit puts memory under addresses.
func (d *Driver) Commit(address device.Address, bytes int64) error {
	if err := d.usable(); err != nil {
		return err
	}
	return d.memory.commit(address, bytes)
}

// Granularity of reservations is 2 MiB.
func (d *Driver) Granularity() int64 { return granularity }

// Available is what is left of the memory in the options.
func (d *Driver) Available() (int64, error) {
	if err := d.usable(); err != nil {
		return 0, err
	}
	return d.memory.available(), nil
}

// AllocateHost gives memory that streams read and write when they come to it, and not
// when they are told.
func (d *Driver) AllocateHost(bytes int) ([]byte, error) {
	if err := d.usable(); err != nil {
		return nil, err
	}
	if bytes <= 0 {
		return nil, misuse("an allocation of %d bytes", bytes)
	}
	memory := make([]byte, bytes)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.host[unsafe.SliceData(memory)] = bytes
	return memory, nil
}

// FreeHost takes memory of AllocateHost back, which must be the whole slice.
func (d *Driver) FreeHost(memory []byte) error {
	d.drain()
	if err := d.usable(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	at := unsafe.SliceData(memory)
	if size, ok := d.host[at]; !ok || size != len(memory) {
		return misuse("memory of the machine is given back, which was not given, or has been given back")
	}
	delete(d.host, at)
	return nil
}

// isHost reports whether a slice lies in memory of AllocateHost.
func (d *Driver) isHost(part []byte) bool {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(part)))
	d.mu.Lock()
	defer d.mu.Unlock()
	for base, size := range d.host {
		if first := uintptr(unsafe.Pointer(base)); at >= first && at-first < uintptr(size) {
			return true
		}
	}
	return false
}

// Close waits for all work. A kernel that never ends is stopped by the limit of
// instructions.
func (d *Driver) Close() error {
	d.drain()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	clear(d.streams)
	clear(d.host)
	d.memory = newMemory(d.options.Memory)
	return nil
}
