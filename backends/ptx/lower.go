package ptx

import (
	"fmt"
	"runtime/debug"
	"strings"

	llvm "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/metadata"
	"github.com/llir/llvm/ir/types"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// Functions finds functions by name, nil where there is none. An *ir.Module does.
type Functions interface {
	Function(name string) *ir.Function
}

// Options say what a module's code may refer to.
type Options struct {
	// Library has the functions that kernels call as "library.name", and those that these
	// call. It may be nil when they call none. It is only read.
	Library Functions
}

// Lower translates the kernels of a module, its kern functions with Threads, into one
// module of LLVM IR in text form. Functions that they call become part of them. Equal
// modules give equal text. A kernel that does what a GPU cannot do is refused with
// E0445, one that breaks the rules of the kern level with E0449.
func Lower(m *ir.Module, options Options) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			text, err = "", diag.Internal("generating LLVM IR", r, debug.Stack())
		}
	}()
	l := &lowering{
		module:       llvm.NewModule(),
		source:       m,
		library:      options.Library,
		declarations: map[string]*llvm.Func{},
		private:      newPrivacy(options.Library),
	}
	l.module.TargetTriple = "nvptx64-nvidia-cuda"
	// Without it LLVM before 17 takes i64 and i128 to be aligned to 4 bytes.
	l.module.DataLayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
	for _, f := range m.Functions {
		if f.Level != ir.KernLevel || f.Threads == 0 {
			continue
		}
		if err := l.kernel(f); err != nil {
			return "", err
		}
	}
	if len(l.kernels) > 0 {
		l.module.NamedMetadataDefs["nvvm.annotations"] = &metadata.NamedDef{Name: "nvvm.annotations", Nodes: l.kernels}
	}
	return l.module.String(), nil
}

// EntryName is the name of a kernel in PTX: the function's, with each byte that is no
// letter, digit or underscore written as "$" and two hexadecimal digits. A digit at the
// beginning is written so too. Different functions have different names.
func EntryName(function string) string {
	var b strings.Builder
	for i := 0; i < len(function); i++ {
		c := function[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if letter || i > 0 && c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "$%02x", c)
		}
	}
	return b.String()
}

// lowering holds what the kernels of a module share.
type lowering struct {
	module       *llvm.Module
	source       *ir.Module
	library      Functions
	declarations map[string]*llvm.Func // intrinsics
	kernels      []metadata.Node       // annotations, one for each kernel
	invariant    *metadata.Tuple
	private      *privacy
}

// kernel translates one kernel.
func (l *lowering) kernel(f *ir.Function) error {
	if len(f.Results) != 0 {
		return fault(f.Name, nil, "a kernel gives no results")
	}
	mirror := llvm.NewParam("mirror", pointerTo(types.I8, globalSpace))
	parameters := []*llvm.Param{mirror}
	for i, a := range f.Body.Arguments {
		c := classOf(a.Type)
		if !c.isShort() && !c.isFloat() {
			return fault(f.Name, nil, "parameter %d has type %s, which kernels do not take", i, a.Type)
		}
		parameters = append(parameters, llvm.NewParam(fmt.Sprintf("p%d", i), c.llvm()))
	}
	name := EntryName(f.Name)
	if name == "" {
		return fault(f.Name, nil, "a kernel needs a name")
	}
	for _, other := range l.module.Funcs {
		if other.Name() == name {
			return fault(f.Name, nil, "the name is taken")
		}
	}
	function := l.module.NewFunc(name, types.Void, parameters...)
	function.CallingConv = enum.CallingConvPTXKernel
	function.FuncAttrs = append(function.FuncAttrs, enum.FuncAttrNoUnwind)
	l.kernels = append(l.kernels, l.node(function,
		&metadata.String{Value: "maxntidx"}, constant.NewInt(types.I32, int64(f.Threads))))

	k := &kernel{lowering: l, source: f, function: function, mirror: mirror}
	k.block = function.NewBlock("")
	if a := f.Body.Arguments; len(a) > 1 && a[1].Type.Kind == ir.GlobalAddress {
		k.launch = parameters[2]
	}
	k.frame = newFrame(f, nil)
	for i, a := range f.Body.Arguments {
		k.frame.values[a] = parameters[i+1]
	}
	k.frame.results = &join{frame: k.frame, block: llvm.NewBlock("")}
	return k.body()
}

// node adds a metadata node.
func (l *lowering) node(fields ...metadata.Field) *metadata.Tuple {
	t := &metadata.Tuple{MetadataID: -1, Fields: fields}
	l.module.MetadataDefs = append(l.module.MetadataDefs, t)
	return t
}

// invariantLoad marks a load of memory that nobody writes while the kernel runs.
func (l *lowering) invariantLoad() *metadata.Attachment {
	if l.invariant == nil {
		l.invariant = l.node()
	}
	return &metadata.Attachment{Name: "invariant.load", Node: l.invariant}
}

// intrinsic declares a function of LLVM. A convergent one is neither duplicated nor
// moved to where other threads of the warp come.
func (l *lowering) intrinsic(name string, convergent bool, result types.Type, parameters ...types.Type) *llvm.Func {
	if f := l.declarations[name]; f != nil {
		return f
	}
	list := make([]*llvm.Param, len(parameters))
	for i, t := range parameters {
		list[i] = llvm.NewParam("", t)
	}
	f := l.module.NewFunc(name, result, list...)
	if convergent {
		f.FuncAttrs = append(f.FuncAttrs, enum.FuncAttrConvergent, enum.FuncAttrNoUnwind)
	}
	l.declarations[name] = f
	return f
}

// callee finds a function by the name that calls have; host is set for functions of the
// host, which have no code.
func (l *lowering) callee(inLibrary bool, symbol string) (f *ir.Function, fromLibrary, host bool) {
	module, name, qualified := strings.Cut(symbol, ".")
	if inLibrary {
		if f := l.library.Function(strings.TrimPrefix(symbol, abi.LibraryModule+".")); f != nil {
			return f, true, false
		}
	} else if f := l.source.Function(symbol); f != nil {
		return f, false, false
	}
	switch {
	case qualified && module == abi.HostModule:
		return nil, false, true
	case qualified && module == abi.LibraryModule && l.library != nil:
		return l.library.Function(name), true, false
	default:
		return nil, false, false
	}
}
