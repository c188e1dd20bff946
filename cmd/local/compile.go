package local

import (
	"context"
	"errors"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/wasm"
	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/bind"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/passes"
	"github.com/heddle-lang/heddle/passes/pass"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/store"
)

// CompileOptions says how to compile.
type CompileOptions struct {
	// Wide says that the engine has the wide-arithmetic proposal.
	Wide bool
	// Portable leaves extensions out that not every engine has, even if this one does.
	Portable bool
	// Names keeps the names of functions and values, for people who read the code.
	Names bool
	// KeepFlow keeps a copy of the module as it was after the logical passes.
	KeepFlow bool
	// Kernels asks for a kernel beside each pipeline that can run on a GPU.
	Kernels bool
	// Parameters are the types of $1, $2 and so on where the caller knows them.
	Parameters []ir.Type
	// Verify checks the module after each pass.
	Verify bool
	// Disable names optional passes to leave out.
	Disable []string
	// Stop ends the way down early: at ir.FlowLevel after the logical passes, at
	// ir.PipeLevel, or at ir.KernLevel. The zero value goes to WebAssembly.
	Stop ir.Level
	// After, if set, is called after each pass.
	After func(p *pass.Pass, m *ir.Module, changed bool)
}

// Compiled is a statement on its way down, as far as it was asked to go.
type Compiled struct {
	File    *diag.File
	Explain bool // the statement was EXPLAIN
	Analyze bool // with ANALYZE
	// Module is the module at the last level, Flow a copy of it at the flow level if that
	// was asked for.
	Module  *ir.Module
	Flow    *ir.Module
	Program *program.Program // from the kern level on
	Wasm    []byte
	// Device is where a hint says that the statement should run, "" without one.
	Device place.Mode
	// Cached says that the statement was compiled before; it then has no phases.
	Cached bool
	Phases []Phase
	// Warnings are diagnostics that did not stop the way.
	Warnings diag.List

	hasKernels bool
}

// Phase is a step and the time that it took.
type Phase struct {
	Name    string
	Elapsed time.Duration
}

// errUnread is the error of a statement about which the parser has complained.
var errUnread = errors.New("the statement could not be read")

// Compile takes a statement down. Errors are diagnostics.
func Compile(ctx context.Context, clock system.Clock, file *diag.File, statement ast.Statement, db *store.Database, options CompileOptions) (compiled *Compiled, err error) {
	c := &Compiled{File: file}
	phase := "binding"
	defer func() {
		if r := recover(); r != nil {
			compiled, err = nil, diag.Internal(phase, r, debug.Stack())
		}
	}()
	began := clock.Now()
	next := func(name, following string) {
		c.Phases = append(c.Phases, Phase{Name: name, Elapsed: clock.Since(began)})
		phase, began = following, clock.Now()
	}
	_, c.Explain, c.Analyze = bind.Explained(statement)
	hints, warnings := sql.Hints(file, statement)
	for _, hint := range hints {
		if hint.Name == "device" {
			c.Device = place.Mode(hint.Argument)
		}
	}
	module, list := bind.Bind(ctx, file, statement, db.Catalog(), bind.Options{Parameters: options.Parameters})
	if err := list.Err(); err != nil {
		return nil, err
	}
	if module == nil {
		return nil, errUnread
	}
	c.Module, c.Warnings = module, append(list, warnings...)
	next("bind", "optimising")

	passContext := pass.NewContext()
	passContext.File, passContext.Library = file, library.Digest(options.Wide)
	if options.Kernels {
		passContext.Kernels, passContext.Unavailable = true, unavailable()
	}
	run := func(groups []passes.Group) error {
		_, err := passes.Run(passContext, module, passes.Options{Verify: options.Verify, Disable: options.Disable, Groups: groups, After: options.After})
		return err
	}
	if err := run(passes.Logical); err != nil {
		return nil, err
	}
	if options.KeepFlow {
		c.Flow = module.Clone()
	}
	next("optimise", "lowering to pipelines")
	if options.Stop == ir.FlowLevel {
		return c, nil
	}
	for _, group := range passes.Lowering {
		if err := run([]passes.Group{group}); err != nil {
			return nil, err
		}
		next(group.Name, "lowering to kernels")
		if options.Stop == ir.PipeLevel && !hasLevel(module, ir.FlowLevel) {
			return c, nil
		}
	}
	c.Program, c.hasKernels = passContext.Program, options.Kernels
	if err := c.Program.CheckSize(); err != nil {
		return nil, err
	}
	phase = "generating WebAssembly"
	if options.Stop == ir.KernLevel {
		return c, nil
	}
	var features encode.Feature
	if options.Wide {
		features |= encode.FeatureWideArithmetic
	}
	c.Wasm, err = wasm.Generate(module, wasm.Options{Features: features, Names: options.Names})
	if err != nil {
		return nil, err
	}
	next("wasm", "")
	return c, nil
}

// unavailable tells which functions of the library kernels cannot call.
var unavailable = sync.OnceValue(func() map[string]string {
	functions := map[string]string{}
	for name, signature := range library.Signatures() {
		if signature.CPU != "" {
			functions[abi.LibraryModule+"."+name] = signature.CPU
		}
	}
	return functions
})

// GPU gives the statement's kernels, nil when none were asked for.
func (c *Compiled) GPU() *GPUCode {
	if c.Program == nil || !c.hasKernels {
		return nil
	}
	return &GPUCode{Kern: c.Module}
}

func hasLevel(m *ir.Module, level ir.Level) bool {
	return slices.ContainsFunc(m.Functions, func(f *ir.Function) bool { return f.Level == level })
}

// WideArithmetic reports whether an engine runs code with 128-bit arithmetic.
func WideArithmetic(e engine.Engine) bool { return e.Has(engine.WideArithmetic) }

// HasFeature reports whether an engine runs code with an extension of WebAssembly, by
// the name that a bundle has for it. What WebAssembly 2.0 holds every engine has.
func HasFeature(e engine.Engine, name string) bool {
	switch feature := engine.Feature(name); feature {
	case engine.RelaxedSIMD, engine.WideArithmetic, engine.TailCall:
		return e.Has(feature)
	default:
		return slices.Contains(encode.Feature(math.MaxUint16).Names(), name)
	}
}
