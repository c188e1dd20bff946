package device

import (
	"context"
	"time"
)

// Address is an address in the memory of a device.
type Address uint64

// Properties describe a device.
type Properties struct {
	// Driver is the name of the kind of driver: "cuda" or "emulator".
	Driver string
	// Name is what the maker calls the device.
	Name string
	// Architecture is the compute capability, ten times the major plus the minor number:
	// 90 for sm_90.
	Architecture int
	// PTX is the highest version of PTX that the driver translates, ten times the major
	// plus the minor number: 87 for 8.7.
	PTX int
	// DriverVersion is the driver's own version, for caches and for people.
	DriverVersion string
	// Multiprocessors is how many blocks of threads the device runs truly at once, at
	// the least.
	Multiprocessors int
	// Memory is the size of the device's memory in bytes.
	Memory int64
	// SharedMemory is the most bytes of shared memory that a block can have.
	SharedMemory int
	// ThreadsPerMultiprocessor is how many threads a multiprocessor holds.
	ThreadsPerMultiprocessor int
	// Integrated says that the device works in the machine's own memory.
	Integrated bool
}

// Driver is an open device. Its methods may be called from several goroutines.
type Driver interface {
	Properties() Properties

	// Load makes the kernels of a PTX module ready to run.
	Load(ctx context.Context, ptx []byte) (Module, error)

	// Allocate gives memory whose address is a multiple of 256. Its contents are
	// undefined.
	Allocate(bytes int64) (Address, error)
	Free(address Address) error

	// Reserve gives a range of addresses without memory, a multiple of Granularity;
	// Commit puts memory under a part of it, whole multiples of Granularity at whole
	// multiples of it; Release gives the range and all memory under it back.
	Reserve(bytes int64) (Address, error)
	Commit(address Address, bytes int64) error
	Release(address Address) error
	Granularity() int64

	// Available is how many bytes of the device's memory are free now.
	Available() (int64, error)

	// AllocateHost gives memory of the machine that the device reads and writes by
	// itself, at the full speed of the bus and while the caller goes on. FreeHost gives
	// it back; the slice must not be used then.
	AllocateHost(bytes int) ([]byte, error)
	FreeHost(memory []byte) error

	NewStream() (Stream, error)
	NewEvent() (Event, error)

	// Close waits for all work and frees everything that the driver gave.
	Close() error
}

// Stream is an order of work. It is for one goroutine at a time.
type Stream interface {
	// CopyIn copies to the device. Memory that AllocateHost gave must stay as it is
	// until the copy is done; other memory may be changed when CopyIn returns.
	CopyIn(to Address, from []byte) error
	// CopyOut copies from the device. The bytes are there when the stream has been
	// synchronised.
	CopyOut(to []byte, from Address) error
	// CopyWithin copies from one place of the device to another; they do not overlap.
	CopyWithin(to, from Address, bytes int64) error
	// Fill sets bytes of the device's memory.
	Fill(address Address, value byte, bytes int64) error
	// Launch runs a kernel. The parameters lie as in the kernel's parameter space: each
	// at a multiple of its size.
	Launch(kernel Kernel, launch Launch, parameters []byte) error
	// Record notes in an event how far the stream is; Wait makes the stream's further
	// work wait for what an event has noted.
	Record(event Event) error
	Wait(event Event) error
	// Capture gives the work that give hands to the stream as a graph, without doing it.
	Capture(give func() error) (Graph, error)
	// Replay does the work of a graph.
	Replay(graph Graph) error
	// Synchronize returns when all work is done, or with the error of the context when
	// that ends first; the work goes on then.
	Synchronize(ctx context.Context) error
	Close() error
}

// Abandoner is a stream that can end kernels before they are done. A GPU cannot.
type Abandoner interface {
	Stream
	// Abandon ends the launches that the stream has been given so far, the one under way
	// among them, as soon as they can be: what they write is undefined from then on, and
	// that is no fault. All other work is done, in its order, and so is what the stream is
	// given later. It may be called from any goroutine, and does not wait.
	Abandon()
}

// Launch is the shape of a launch.
type Launch struct {
	Blocks  int
	Threads int // of a block
	// Shared is how many bytes of dynamic shared memory each block gets.
	Shared int
}

// Event is a place in a stream.
type Event interface {
	// Since is how much time lay between two events, which both must have passed.
	Since(earlier Event) (time.Duration, error)
	Close() error
}

// Graph is work that can be done again and again with one call.
type Graph interface{ Close() error }

// Module is PTX that has been loaded.
type Module interface {
	// Kernel finds a kernel by name.
	Kernel(name string) (Kernel, error)
	Close() error
}

// Kernel is a function that runs on the device.
type Kernel interface {
	Name() string
	// Resources is what a thread or block of the kernel takes.
	Resources() Resources
	// Occupancy is how many blocks of so many threads and bytes of dynamic shared memory
	// a multiprocessor holds at once.
	Occupancy(threads, shared int) (int, error)
}

// Resources of a kernel.
type Resources struct {
	Registers int // of a thread; 0 when unknown
	Local     int // bytes of a thread's own memory, spilled registers among them
	Shared    int // bytes of static shared memory of a block
	Threads   int // the most threads of a block
}
