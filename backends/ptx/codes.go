package ptx

import (
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

var codeCannotRun = diag.Register(diag.CodeInfo{
	Code:  "E0445",
	Title: "a function cannot run on a GPU",
	Explanation: `A kernel, or a function that it calls, does what no thread of a GPU can do: it calls
the host, it works in memory that each worker of the CPU has for itself, or it calls
itself.

    error[E0445]: kernel "pipeline0" calls library.string_concat, which cannot run on a GPU
    note: it stores into memory that is private to a worker of the CPU

Such pipelines run on the CPU; the compiler makes no kernels of them. When a kernel was
written by hand, leave the call out, or let a pipeline of the CPU do it.`,
})

var codeNoCompiler = diag.Register(diag.CodeInfo{
	Code:  "E0446",
	Title: "no LLVM that makes code for GPUs",
	Explanation: `Kernels for NVIDIA GPUs are translated by llc, the code generator of LLVM. None was
found on this machine, or the one that was found has no code generator for nvptx64.

    error[E0446]: llc of LLVM 14 or newer was not found

Install LLVM 22 (any version from 14 serves):

    Debian     apt-get install --no-install-recommends llvm-22, or llvm-19
    Ubuntu     apt-get install --no-install-recommends llvm-19, or llvm-14
    macOS      brew install llvm

or set HEDDLE_LLC to the path of llc. Only the machine that compiles needs LLVM;
queries also run without, on the CPU.`,
})

var codeRefused = diag.Register(diag.CodeInfo{
	Code:  "E0447",
	Title: "LLVM made no usable code for the GPU",
	Explanation: `llc ended with an error, ran past its deadline, or what it wrote is not what a GPU may
be given: a call of a function that does not exist there, another target than the one
that was asked for, or arithmetic that rounds otherwise than the CPU does.

    error[E0447]: llc of LLVM 14.0.6 does not know sm_90

Choose a target that this LLVM knows (code for sm_80 also runs on all newer GPUs), or
install a newer LLVM. Anything else is a bug of the compiler: please report it with the
query and the version of LLVM.`,
})

var codeUnknownTarget = diag.Register(diag.CodeInfo{
	Code:  "E0448",
	Title: "unknown GPU target",
	Explanation: `Code for a GPU is made for an architecture, which is named as NVIDIA does (sm_80), by its
generation (hopper), or by a model (h200).

    error[E0448]: unknown GPU target "h20"
    help: did you mean "h200"?

Code for an architecture also runs on all newer ones, so sm_80 is right unless a kernel
is to be tuned for one.`,
})

var codeIllFormed = diag.Register(diag.CodeInfo{
	Code:  "E0449",
	Title: "kernel is not well formed",
	Explanation: `A kernel breaks the rules of the kern level: an operand has the wrong type, a value is
used where it is not defined, or a function is called that does not exist.

    error[E0449]: function "pipeline0", op iadd: does not go from i32 and f64 to i32

When the code came from a query this is a bug of the compiler, not of the query: please
report it with the query. When the code was written by hand, "heddle opt --verify"
shows the place.`,
})

// fault reports that a function breaks the rules; op may be nil.
func fault(function string, op *ir.Op, format string, args ...any) *diag.Diagnostic {
	place := "function " + ir.QuoteName(function)
	if op != nil {
		place += ", op " + op.Code.String()
	}
	all := append([]any{place}, args...)
	return diag.New(codeIllFormed, "%s: "+format, all...)
}
