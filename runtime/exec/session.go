package exec

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/exec/memory"
	"github.com/heddle-lang/heddle/runtime/store"
)

// Options says with what a session works.
type Options struct {
	Engine engine.Engine
	// Library is the WebAssembly of the runtime library.
	Library []byte
	// Threads is the number of workers; 0 stands for the number of processors.
	Threads int
	// Memory is the budget of a query in bytes, for its states; 0 stands for
	// DefaultMemory. Columns that are mapped, dictionaries, and what a worker decodes a
	// batch into come on top. The most is memory.Limit.
	Memory int64
	// TempDir is where temporary files go; "" stands for the system's directory.
	TempDir string
	System  *system.System // nil stands for the real one
	// Device is a GPU on which pipelines can run; nil: there is none. The session does
	// not close it.
	Device device.Driver
	// DeviceMemory is how many bytes of the GPU's memory the session takes at most; 0
	// stands for 90 percent of what is available when it first needs some.
	DeviceMemory int64
	// Cache keeps compiled modules; nil stands for one of the session's own, without a
	// directory.
	Cache *engine.Cache
}

// DefaultMemory is the budget of a query that names none, in bytes.
const DefaultMemory = 1 << 30

// Limits of what a session keeps.
const (
	keptMemory    = 512 << 20 // of the heap, in bytes, when a run has ended
	keptConstants = 256 << 20 // dictionaries in bytes; when there are more, all are dropped
	keptModules   = 100       // linked into the workers; when there are more, workers are made anew
)

// ErrBusy is returned by Run while the result of the last run is open.
var ErrBusy = errors.New("the session is busy: close the result of its last run first")

// Session executes programs, one at a time. It is for one goroutine at a time.
type Session struct {
	options  Options
	system   *system.System
	cache    *engine.Cache
	ownCache bool

	library        engine.Module
	releaseLibrary func()
	libraryDigest  string

	heap      *memory.Heap
	constants uint32 // lowest address of the session's own constants
	// constantsEpoch counts how often the constants were dropped.
	constantsEpoch int
	device         *gpu
	dictionaries   map[dictionaryKey]dictionary
	windows        windows
	workers        []*worker
	modules        map[engine.Module]linkedModule // that workers may have linked
	links          int                            // modules ever linked, for their names
	current        *run                           // not nil while a result is open
	closed         bool
}

type linkedModule struct {
	name    string // under which each worker links it
	release func()
}

// Query is what a session runs.
type Query struct {
	Program *program.Program
	// Wasm is the program's code, compiled through the session's cache; Module, if not
	// nil, is the same compiled by the caller, who keeps it open until the session is
	// closed.
	Wasm   []byte
	Module engine.Module
	// Tables opens the tables that the program names. Run does not close them: the
	// caller does, after the session.
	Tables    func(name string) (store.Table, error)
	Arguments []ir.Datum // of $1, $2, ...
	// Source is the text that was compiled, for the places of errors; nil when unknown.
	Source *diag.File
	// Kernels is the program's code for GPUs; nil: there is none.
	Kernels *Kernels
	// Placement says for each pipeline where it is to run; those that it does not name
	// run on the CPU.
	Placement []Placement
	// RequireDevice makes it an error when a pipeline that was placed on the device
	// cannot run there, instead of running it on the CPU.
	RequireDevice bool
	// Progress, if not nil, is kept up to date while the query runs.
	Progress *Progress
}

// NewSession makes a session.
func NewSession(ctx context.Context, options Options) (*Session, error) {
	s := &Session{options: options, system: options.System, cache: options.Cache, constants: abi.SharedLimit}
	if s.system == nil {
		s.system = system.Real()
	}
	if s.options.Threads <= 0 {
		s.options.Threads = s.system.Environment.Processors()
	}
	s.options.Threads = min(s.options.Threads, maxThreads)
	if s.options.Memory <= 0 {
		s.options.Memory = DefaultMemory
	}
	s.options.Memory = min(s.options.Memory, memory.Limit)
	if s.options.TempDir == "" {
		s.options.TempDir = s.system.Environment.TempDir()
	}
	if s.cache == nil {
		s.cache, s.ownCache = engine.NewCache(options.Engine, engine.CacheConfig{}), true
	}
	s.dictionaries = map[dictionaryKey]dictionary{}
	s.modules = map[engine.Module]linkedModule{}
	digest := sha256.Sum256(options.Library)
	s.libraryDigest = hex.EncodeToString(digest[:])
	var err error
	if s.library, s.releaseLibrary, err = s.cache.Module(ctx, options.Library); err != nil {
		return nil, errors.Join(cancelled(err), s.Close())
	}
	if s.heap, err = memory.New(s.options.Memory); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// maxThreads bounds the workers of a session; each reserves 4 GiB of addresses.
const maxThreads = 256

// Close frees everything the session holds. An open result is closed.
func (s *Session) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	var failed error
	if s.current != nil {
		failed = s.current.close()
	}
	if s.device != nil {
		failed = errors.Join(failed, s.device.close())
		s.device = nil
	}
	failed = errors.Join(failed, s.dropWorkers())
	if s.heap != nil {
		failed = errors.Join(failed, s.heap.Close())
	}
	if s.releaseLibrary != nil {
		s.releaseLibrary()
	}
	if s.ownCache {
		failed = errors.Join(failed, s.cache.Close())
	}
	return failed
}

// Trim gives the memory that an idle session keeps back to the operating system. Columns
// in the memory of a device stay there.
func (s *Session) Trim() error {
	if s.current != nil {
		return ErrBusy
	}
	if err := s.dropWorkers(); err != nil {
		return err
	}
	if s.device != nil {
		if err := s.device.trim(); err != nil {
			return err
		}
	}
	return s.heap.Trim(0)
}

func (s *Session) dropWorkers() error {
	var failed error
	for _, w := range s.workers {
		failed = errors.Join(failed, w.instance.Close())
	}
	s.workers = nil
	for _, module := range s.modules {
		module.release()
	}
	clear(s.modules)
	return failed
}

// worker returns worker number i. Workers are made when they are first needed: a
// short query needs one.
func (s *Session) worker(i int) (*worker, error) {
	for len(s.workers) <= i {
		w, err := s.newWorker(len(s.workers))
		if err != nil {
			return nil, fmt.Errorf("starting a worker: %w", err)
		}
		s.workers = append(s.workers, w)
	}
	return s.workers[i], nil
}

// module compiles the code of a query, or finds it compiled.
func (s *Session) module(ctx context.Context, query *Query) (engine.Module, error) {
	if len(s.modules) > keptModules {
		if err := s.dropWorkers(); err != nil {
			return nil, err
		}
	}
	module, release := query.Module, func() {}
	if module == nil {
		var err error
		if module, release, err = s.cache.Module(ctx, query.Wasm); err != nil {
			return nil, err
		}
	}
	if _, known := s.modules[module]; known {
		release()
		return module, nil
	}
	s.links++
	s.modules[module] = linkedModule{name: fmt.Sprintf("query%d", s.links), release: release}
	return module, nil
}
