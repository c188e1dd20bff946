package engine

import (
	"context"
	"errors"

	"github.com/heddle-lang/heddle/runtime/engine/linear"
)

// Engine compiles modules and runs instances of them. All methods are safe for
// concurrent use.
type Engine interface {
	// Name is the name under which the engine was opened.
	Name() string

	// Version names everything on which native code depends: the engine and
	// its release, its configuration, the processor and its features. Equal
	// versions can exchange native code.
	Version() string

	// Has says whether the engine accepts modules that use a feature.
	Has(Feature) bool

	// Compile validates and compiles a module. A module that is refused gives
	// E0686.
	Compile(ctx context.Context, wasm []byte) (Module, error)

	// Load makes a module of what Module.Serialize gave. Native code is not
	// checked: bytes from anywhere else can take over the process.
	// Engines without a native form return ErrNoNativeForm.
	Load(native []byte) (Module, error)

	// NewInstance links modules into a new instance.
	NewInstance(InstanceConfig) (Instance, error)

	// Close frees the engine. Its modules and instances must be closed before.
	Close() error
}

// ErrNoNativeForm is returned where an engine cannot write or read compiled code.
var ErrNoNativeForm = errors.New("this engine has no native form of a module")

// Feature is an extension of WebAssembly by the name of its proposal.
type Feature string

// The features that the emitter asks about. Everything in WebAssembly 2.0 that
// is not listed may be used on every engine. Multiple memories are off on all:
// an instance has one memory, and this package arranges it.
const (
	SIMD           Feature = "simd128"
	RelaxedSIMD    Feature = "relaxed-simd"
	WideArithmetic Feature = "wide-arithmetic"
	TailCall       Feature = "tail-call"
)

// Module is compiled code. It is immutable, safe for concurrent use, and may be
// instantiated any number of times.
type Module interface {
	// Serialize gives the compiled form for Load, or ErrNoNativeForm.
	Serialize() ([]byte, error)

	// Close frees the code once the last instance of it is closed.
	Close() error
}

// InstanceConfig says of what an instance is made.
type InstanceConfig struct {
	// Heap appears at abi.SharedBase. Instances with the same heap share it.
	// Without one, that region is not mapped.
	Heap *linear.Heap

	// Host is what modules may import from abi.HostModule.
	Host []HostFunc

	// Modules are linked in this order. The first defines the memory; no other
	// may have one. Start functions run while linking; that of the first module
	// cannot call the host.
	Modules []Link
}

// Link is a module and the name by which later modules import from it.
type Link struct {
	Name   string
	Module Module
}

// ValueType is the type of a parameter or result.
type ValueType byte

// The value types, numbered as in the binary format.
const (
	I32 ValueType = 0x7f
	I64 ValueType = 0x7e
	F32 ValueType = 0x7d
	F64 ValueType = 0x7c
)

// HostFunc is a function of the host that modules can import.
type HostFunc struct {
	Name    string
	Params  []ValueType
	Results []ValueType // none or one

	// Func runs on the goroutine of the call. Values of 32 bits are in the low
	// half; args is valid during the call. An error ends the guest's call and
	// comes out of Function.Call as it is; so does a panic.
	Func func(instance Instance, args []uint64) (uint64, error)
}

// Instance is one worker's linked modules and its memory. It is for one
// goroutine at a time. Host functions may call back into it.
type Instance interface {
	// Link adds a module to those of the instance, as InstanceConfig.Modules does;
	// the name must be new. The module stays as long as the instance: a worker
	// that has linked hundreds should be replaced.
	Link(Link) error

	// Function finds an exported function of the module linked under a name.
	// It must take and give numbers only, and give at most one. A function
	// that is not there is E0689. What is found lives as long as the instance:
	// look a function up once, not per call.
	Function(module, name string) (Function, error)

	// Memory is the linear memory, abi.MemoryPages long. Only mapped parts may
	// be touched; on wasmtime anything else ends the process.
	Memory() []byte

	// MapFile, MapScratch and Unmap arrange the window region; see
	// linear.Space. Addresses and offsets are multiples of the system's page.
	MapFile(addr uint32, length int, fd uintptr, offset int64) error
	MapScratch(addr uint32, length int) error
	Unmap(addr uint32, length int) error

	// Budget and SetBudget reach the global abi.BudgetExport of the first module.
	// Budget is 0 and SetBudget does nothing where there is none.
	Budget() int32
	SetBudget(int32)

	// Close frees the instance and its memory. Closing twice is harmless.
	Close() error
}

// Function is an exported function. It is for one goroutine at a time.
type Function interface {
	// Call runs the function. Numbers of 32 bits are in the low half; floats
	// are their bits. The result is 0 if the function has none. The error is
	// that of a host function, unchanged; or the diagnostic of a trap, E0680
	// to E0686; or E0687 if a mapped file was truncated during the call.
	Call(args ...uint64) (uint64, error)
}
