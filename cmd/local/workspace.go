package local

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/engine"
	_ "github.com/heddle-lang/heddle/runtime/engine/all" // registers the engines
	"github.com/heddle-lang/heddle/runtime/exec"
	"github.com/heddle-lang/heddle/runtime/store"
)

// Options says with what a Workspace works. The zero value has no tables but those
// that programs name by file, the best engine, and all processors.
type Options struct {
	System *system.System // nil stands for the real one
	Data   string         // the directory of tables; "" for none
	// Types overrides guessed column types, by table and column.
	Types map[string]map[string]ir.Type
	// Engine is the name of an engine; "" stands for the best of this build.
	Engine  string
	Threads int    // workers; 0 stands for the number of processors
	Memory  int64  // budget of a query in bytes; 0 stands for exec.DefaultMemory
	TempDir string // "" stands for the environment's
	// MemoryCacheOnly keeps compiled code in this process alone. Otherwise it is also
	// kept in the directory "code" of the environment's cache.
	MemoryCacheOnly bool
	// Device says whether, and which, GPU may be used.
	Device DeviceOptions
}

// Workspace is a database with what runs queries over it: an engine, a cache of
// compiled code, a session. Engine and session are started when they are first
// needed. It is for one goroutine at a time.
type Workspace struct {
	options  Options
	system   *system.System
	database *store.Database

	starting func() error // starts the engine once
	engine   engine.Engine
	cache    *engine.Cache
	session  *exec.Session
	onDevice bool // the session knows the device
	wide     bool // the session has the library with 128-bit arithmetic
	started  []Phase

	devices    devices
	statements statements
	fresh      []engine.Module // compiled outside of the cache; open until Close
}

// Open opens a workspace. Nothing is read but the listing of the directory.
func Open(ctx context.Context, options Options) (*Workspace, error) {
	w := &Workspace{options: options, system: options.System}
	if w.system == nil {
		w.system = system.Real()
	}
	var err error
	w.database, err = store.OpenDatabase(ctx, w.system, options.Data, store.DatabaseOptions{Types: options.Types})
	if err != nil {
		return nil, err
	}
	w.starting = sync.OnceValue(w.startEngine)
	return w, nil
}

// Database gives the tables.
func (w *Workspace) Database() *store.Database { return w.database }

// Engine starts the engine, if it is not running, and gives it.
func (w *Workspace) Engine() (engine.Engine, error) {
	if err := w.starting(); err != nil {
		return nil, err
	}
	return w.engine, nil
}

func (w *Workspace) startEngine() error {
	name := w.options.Engine
	if name == "" {
		name = engine.Default()
	}
	began := w.system.Clock.Now()
	opened, err := engine.Open(name)
	if err != nil {
		return err
	}
	w.engine = opened
	w.started = append(w.started, Phase{Name: "open " + name, Elapsed: w.system.Clock.Since(began)})
	config := engine.CacheConfig{}
	if !w.options.MemoryCacheOnly {
		config = w.codeCache()
	}
	w.cache = engine.NewCache(opened, config)
	return nil
}

// codeCache says where compiled code is kept. Without a directory for caches, or
// where no secret can be kept, code is compiled in each process: that costs time and
// nothing else, and --timing shows it.
func (w *Workspace) codeCache() engine.CacheConfig {
	dir, err := w.system.Environment.CacheDir()
	if err != nil {
		return engine.CacheConfig{}
	}
	secret, err := cacheSecret(w.system, dir)
	if err != nil {
		return engine.CacheConfig{}
	}
	return engine.CacheConfig{Files: w.system.Files, Directory: filepath.Join(dir, "code"), Secret: secret}
}

// Session starts the session, if there is none, and gives it.
func (w *Workspace) Session(ctx context.Context) (*exec.Session, error) {
	opened, err := w.Engine()
	if err != nil {
		return nil, err
	}
	return w.sessionWith(ctx, opened, WideArithmetic(opened))
}

// sessionWith gives a session with one of the two libraries. One that has the other, or
// does not know a device that was opened since, is replaced.
func (w *Workspace) sessionWith(ctx context.Context, opened engine.Engine, wide bool) (*exec.Session, error) {
	if w.session != nil && w.wide == wide && (w.devices.driver == nil || w.onDevice) {
		return w.session, nil
	}
	if w.session != nil {
		if err := w.session.Close(); err != nil {
			return nil, err
		}
		w.session = nil
	}
	var err error
	began, before := w.system.Clock.Now(), w.cache.Stats()
	w.session, err = exec.NewSession(ctx, exec.Options{
		Engine: opened, Library: library.Wasm(wide), Threads: w.options.Threads,
		Memory: w.options.Memory, TempDir: w.options.TempDir, System: w.system, Cache: w.cache,
		Device: w.devices.driver, DeviceMemory: w.options.Device.Memory,
	})
	if err != nil {
		return nil, err
	}
	w.onDevice, w.wide = w.devices.driver != nil, wide
	source := codeSource(before, w.cache.Stats())
	w.started = append(w.started, Phase{Name: "library (" + string(source) + ")", Elapsed: w.system.Clock.Since(began)})
	return w.session, nil
}

// Started gives what starting engine and session took, once each.
func (w *Workspace) Started() []Phase { return w.started }

// PrepareOptions says how to compile a text.
type PrepareOptions struct {
	CompileOptions
	// Again compiles even a text that was prepared before.
	Again bool
}

// Prepare compiles all statements of a text for the workspace's engine. The errors
// of all statements come together, as one diag.ListError. A text that was prepared
// before with the same options, over tables that have not changed, is not compiled
// again, unless options say so: its statements then have Cached set and no phases.
func (w *Workspace) Prepare(ctx context.Context, file *diag.File, options PrepareOptions) ([]*Compiled, error) {
	cacheable := options.After == nil && options.Stop == ir.AnyLevel
	if options.Stop == ir.AnyLevel {
		opened, err := w.Engine()
		if err != nil {
			return nil, err
		}
		options.Wide = options.Wide || WideArithmetic(opened) && !options.Portable
	}
	options.Kernels = options.Kernels || w.wantsKernels(w.mode("")) || strings.Contains(file.Text, "/*+")
	key := options.key(file)
	if cacheable && !options.Again {
		if found := w.statements.find(key, w.database); found != nil {
			return found, nil
		}
	}
	began := w.system.Clock.Now()
	tree, list := sql.Parse(file)
	parse := Phase{Name: "parse", Elapsed: w.system.Clock.Since(began)}
	if sql.GivenUp(list) {
		return nil, list.Err()
	}
	// What was read well is bound even when something else was not, so that all
	// mistakes are told together; binding passes over what could not be read.
	var all []*Compiled
	for _, statement := range tree.Statements {
		compiled, err := Compile(ctx, w.system.Clock, file, statement, w.database, options.CompileOptions)
		if errors.Is(err, errUnread) {
			continue
		}
		if err != nil {
			found, ok := diag.FromError(err)
			if !ok {
				return nil, err
			}
			list = append(list, found...)
			continue
		}
		compiled.Phases = append([]Phase{parse}, compiled.Phases...)
		parse.Elapsed = 0
		list = append(list, compiled.Warnings...)
		all = append(all, compiled)
	}
	list.Sort()
	if err := list.Err(); err != nil {
		return nil, err
	}
	if cacheable {
		w.statements.add(key, all, w.database)
	}
	return all, nil
}

// CodeSource says where the machine code of a module came from.
type CodeSource string

// The sources of code.
const (
	CodeCompiled CodeSource = "compiled"
	CodeFromDisk CodeSource = "cached on disk"
	CodeInMemory CodeSource = "cached in memory"
)

func codeSource(before, after engine.CacheStats) CodeSource {
	switch {
	case after.Compiled > before.Compiled:
		return CodeCompiled
	case after.Loaded > before.Loaded:
		return CodeFromDisk
	default:
		return CodeInMemory
	}
}

// RunOptions says how to run a program.
type RunOptions struct {
	Arguments []ir.Datum // of $1, $2, ...
	// Source is the text that was compiled, for the places of errors; nil if unknown.
	Source   *diag.File
	Progress *exec.Progress
	// GPU is the program's code for GPUs; nil: there is none.
	GPU *GPUCode
	// Hint is where the statement says that it should run, "" when it says nothing.
	Hint place.Mode
	// Fresh compiles the code to machine code even if a cache has it, and does not
	// keep it; for measurements.
	Fresh bool
}

// Run is a program that has run, with its rows. It must be closed before the next one.
type Run struct {
	*exec.Result
	Code    CodeSource
	Compile time.Duration // compiling or loading the code
	// Plan says where pipelines were to run, nil when that was no question; Kernels is
	// their code, nil when it was not made now.
	Plan    *place.Plan
	Kernels *KernelCode
	// Notices are what people should know although there is a result.
	Notices []*diag.Diagnostic
}

// Run runs a program over the tables of the workspace.
func (w *Workspace) Run(ctx context.Context, p *program.Program, wasm []byte, options RunOptions) (*Run, error) {
	arranged, err := w.arrange(ctx, p, options.GPU, options.Hint)
	if err != nil {
		return nil, err
	}
	opened, err := w.Engine()
	if err != nil {
		return nil, err
	}
	// A program that was built for every engine calls the library that runs on all.
	wide := WideArithmetic(opened) && p.Library != library.Digest(false)
	session, err := w.sessionWith(ctx, opened, wide)
	if err != nil {
		return nil, err
	}
	query := exec.Query{
		Program: p, Wasm: wasm, Tables: w.database.Resolve, Arguments: options.Arguments,
		Source: options.Source, Progress: options.Progress,
		Kernels: arranged.kernels, RequireDevice: w.options.Device.Require,
	}
	if arranged.kernels != nil {
		for _, d := range arranged.plan.Decisions {
			query.Placement = append(query.Placement, exec.Placement{Device: d.Device, Why: d.Why})
		}
	}
	run := &Run{Plan: arranged.plan, Kernels: arranged.code, Notices: arranged.notices}
	if notice := w.ProfileNotice(); notice != nil {
		run.Notices = append(run.Notices, notice)
	}
	before := w.cache.Stats()
	if options.Fresh {
		began := w.system.Clock.Now()
		module, err := w.engine.Compile(ctx, wasm)
		if err != nil {
			return nil, err
		}
		w.fresh = append(w.fresh, module)
		query.Module, run.Compile = module, w.system.Clock.Since(began)
	}
	if run.Result, err = session.Run(ctx, query); err != nil {
		return nil, err
	}
	if options.Fresh {
		run.Code = CodeCompiled
	} else {
		run.Code, run.Compile = codeSource(before, w.cache.Stats()), run.Stats().Compile
	}
	run.Notices = append(run.Notices, fallbacks(run.Stats().Pipelines)...)
	return run, nil
}

// Close stops everything and closes the tables. Results must be closed before.
func (w *Workspace) Close() error {
	var failed error
	if w.session != nil {
		failed = w.session.Close()
	}
	failed = errors.Join(failed, w.devices.close())
	for _, module := range w.fresh {
		failed = errors.Join(failed, module.Close())
	}
	if w.cache != nil {
		failed = errors.Join(failed, w.cache.Close())
	}
	if w.engine != nil {
		failed = errors.Join(failed, w.engine.Close())
	}
	return errors.Join(failed, w.database.Close())
}

// key names what the outcome of compiling depends on, besides the tables.
func (o *PrepareOptions) key(file *diag.File) string {
	var b strings.Builder
	for _, set := range []bool{o.Wide, o.Names, o.Verify, o.KeepFlow, o.Kernels} {
		if set {
			b.WriteByte('1')
		} else {
			b.WriteByte('0')
		}
	}
	for _, name := range o.Disable {
		b.WriteString(name)
		b.WriteByte(',')
	}
	b.WriteByte(0)
	b.WriteString(file.Name)
	b.WriteByte(0)
	b.WriteString(file.Text)
	return b.String()
}
