package wasm

import (
	"runtime/debug"
	"strings"
	"sync"

	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// Options say for whom the code is.
type Options struct {
	// Library makes the runtime library itself, which owns memory and budget.
	Library bool
	// Features are the extensions of WebAssembly 2.0 that the engine has. Code for
	// an engine without any runs on all.
	Features encode.Feature
	// Names adds the name section, for people who read the code.
	Names bool
}

// Generate translates the kern functions of a module. Equal modules and options
// give equal bytes. Code that breaks the rules of the kern level is a bug of the
// compiler; it gives E0765 with the function and the op.
func Generate(m *ir.Module, options Options) (wasm []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			wasm, err = nil, diag.Internal("generating WebAssembly", r, debug.Stack())
		}
	}()
	g := &generator{
		options:   options,
		out:       encode.NewModule(),
		functions: map[string]*signature{},
		imports:   map[string]*signature{},
	}
	g.out.StripNames = !options.Names
	if err := g.declare(m); err != nil {
		return nil, err
	}
	f := functions.Get().(*function)
	defer f.recycle()
	f.reserve(g.ops)
	for _, source := range m.Functions {
		if !runsOnCPU(source) {
			continue
		}
		if err := f.generate(g, source); err != nil {
			return nil, err
		}
	}
	return g.out.Bytes(), nil
}

// functions keeps the memory of translations for the next ones.
var functions = sync.Pool{New: func() any { return new(function) }}

// generator holds what all functions of a module share.
type generator struct {
	options   Options
	out       *encode.ModuleBuilder
	functions map[string]*signature // defined here, by name
	imports   map[string]*signature // by "module.name"
	order     []string              // keys of imports as they were met
	budget    uint32                // index of the global
	ops       int                   // number of ops, roughly that of values
}

// signature is how a function is called.
type signature struct {
	arguments, results []class
	index              uint32              // in the Wasm module
	body               *encode.FuncBuilder // nil for imports
}

// wide reports whether 128-bit arithmetic has instructions.
func (g *generator) wide() bool { return g.options.Features&encode.FeatureWideArithmetic != 0 }

const tickSymbol = abi.HostModule + "." + abi.TickImport

// runsOnCPU tells functions of the CPU from kernels and from other levels.
func runsOnCPU(f *ir.Function) bool { return f.Level == ir.KernLevel && f.Threads == 0 }

// declare gives every import and every function its index.
func (g *generator) declare(m *ir.Module) error {
	taken := map[string]bool{}
	if g.options.Library {
		taken[abi.MemoryExport], taken[abi.BudgetExport] = true, true
	}
	for _, f := range m.Functions {
		if !runsOnCPU(f) {
			continue
		}
		if taken[f.Name] {
			return fault(f.Name, nil, "the name is taken")
		}
		taken[f.Name] = true
		s := &signature{}
		for _, v := range f.Body.Arguments {
			c := classOf(&v.Type)
			if !c.isData() {
				return fault(f.Name, nil, "a parameter of type %s", v.Type)
			}
			s.arguments = append(s.arguments, c)
		}
		for i := range f.Results {
			c := classOf(&f.Results[i])
			if !c.isData() {
				return fault(f.Name, nil, "a result of type %s", f.Results[i])
			}
			s.results = append(s.results, c)
		}
		g.functions[f.Name] = s
	}
	for _, f := range m.Functions {
		if runsOnCPU(f) {
			if err := g.collectImports(f, f.Body); err != nil {
				return err
			}
		}
	}

	limits := encode.LimitsBetween(abi.MemoryPages, abi.MemoryPages)
	budget := encode.GlobalType{Type: encode.I32, Mutable: true}
	if !g.options.Library {
		g.out.ImportMemory(abi.LibraryModule, abi.MemoryExport, limits)
		g.budget = g.out.ImportGlobal(abi.LibraryModule, abi.BudgetExport, budget)
	}
	for _, key := range g.order {
		module, name, _ := strings.Cut(key, ".")
		s := g.imports[key]
		s.index = g.out.ImportFunc(module, name, g.typeIndex(s))
		g.out.NameFunc(s.index, key)
	}
	if g.options.Library {
		memory := g.out.Memory(limits)
		g.budget = g.out.Global(budget, encode.ConstI32(0))
		g.out.Export(abi.MemoryExport, encode.ExternMemory, memory)
		g.out.Export(abi.BudgetExport, encode.ExternGlobal, g.budget)
	}
	g.out.NameGlobal(g.budget, abi.BudgetExport)
	for _, f := range m.Functions {
		if !runsOnCPU(f) {
			continue
		}
		s := g.functions[f.Name]
		s.body = g.out.Func(g.typeIndex(s))
		s.body.Name = f.Name
		s.index = s.body.Index()
		if f.Export {
			g.out.Export(f.Name, encode.ExternFunc, s.index)
		}
	}
	return nil
}

func (g *generator) typeIndex(s *signature) uint32 {
	return g.out.Type(flatten(s.arguments), flatten(s.results))
}

// collectImports finds the calls that leave the module.
func (g *generator) collectImports(f *ir.Function, b *ir.Block) error {
	g.ops += len(b.Ops)
	for _, op := range b.Ops {
		switch {
		case op.Code == ir.OpCall:
			if err := g.collectCall(f, op); err != nil {
				return err
			}
		case op.Code == ir.OpLoop && ir.AttributeAs[bool](op, "metered"):
			if err := g.external(f, op, tickSymbol, nil, nil); err != nil {
				return err
			}
		}
		for _, region := range op.Regions {
			if err := g.collectImports(f, region); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *generator) collectCall(f *ir.Function, op *ir.Op) error {
	symbol := string(ir.AttributeAs[ir.Symbol](op, "function"))
	if g.functions[g.localName(symbol)] != nil {
		return nil
	}
	module, _, qualified := strings.Cut(symbol, ".")
	switch {
	case !qualified || module != abi.LibraryModule && module != abi.HostModule:
		return fault(f.Name, op, "there is no function %q", symbol)
	case module == abi.LibraryModule && g.options.Library:
		return fault(f.Name, op, "the library has no function %q", symbol)
	}
	arguments := make([]class, len(op.Operands))
	for i, v := range op.Operands {
		arguments[i] = classOf(&v.Type)
	}
	results := make([]class, len(op.Results))
	for i, v := range op.Results {
		results[i] = classOf(&v.Type)
	}
	err := g.external(f, op, symbol, arguments, results)
	return err
}

// localName drops "library." inside the library itself, so that code which calls
// library functions may move into the library.
func (g *generator) localName(symbol string) string {
	if g.options.Library {
		return strings.TrimPrefix(symbol, abi.LibraryModule+".")
	}
	return symbol
}

// external finds or adds an import. All calls of one function must agree on its
// types.
func (g *generator) external(f *ir.Function, op *ir.Op, symbol string, arguments, results []class) error {
	s := g.imports[symbol]
	if s == nil {
		for _, c := range append(append([]class(nil), arguments...), results...) {
			if !c.isData() {
				return fault(f.Name, op, "a call of %q with an operand or result that is no number", symbol)
			}
		}
		s = &signature{arguments: arguments, results: results}
		g.imports[symbol] = s
		g.order = append(g.order, symbol)
		return nil
	}
	if !sameClasses(s.arguments, arguments) || !sameClasses(s.results, results) {
		return fault(f.Name, op, "calls %q as %s to %s, elsewhere it is %s to %s", symbol, arguments, results, s.arguments, s.results)
	}
	return nil
}

// callee finds the function that a checked call means.
func (g *generator) callee(op *ir.Op) *signature {
	symbol := string(ir.AttributeAs[ir.Symbol](op, "function"))
	if s := g.functions[g.localName(symbol)]; s != nil {
		return s
	}
	return g.imports[symbol]
}
