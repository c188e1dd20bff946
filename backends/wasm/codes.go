package wasm

import (
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

var codeIllTyped = diag.Register(diag.CodeInfo{
	Code:  "E0765",
	Title: "machine-level code is not well formed",
	Explanation: `The kern level of the program, the last before WebAssembly, breaks the rules of its
ops: an operand has the wrong type, a value is used before it is defined, a function
is called that does not exist, or a function with results can end without giving any.

    error[E0765]: function "pipeline0", op iadd: operands are i32 and f64

When the code came from a query this is a bug of the compiler, not of the query: please
report it with the query. When the code was written by hand, "heddle opt --verify"
shows the place.`,
})

var codeTooLarge = diag.Register(diag.CodeInfo{
	Code:  "E0766",
	Title: "function too large for WebAssembly",
	Explanation: `A pipeline of the query became a function with more intermediate values than
WebAssembly engines accept in one function.

    error[E0766]: function pipeline0 needs 61207 locals, engines take 50000

Split the query: store a part of its columns in a table first, or compute fewer
expressions in one select.`,
})

// fault reports that a function breaks the rules; op may be nil.
func fault(function string, op *ir.Op, format string, args ...any) *diag.Diagnostic {
	place := "function " + ir.QuoteName(function)
	if op != nil {
		place += ", op " + op.Code.String()
	}
	all := append([]any{place}, args...)
	return diag.New(codeIllTyped, "%s: "+format, all...)
}
