package engine

import "github.com/heddle-lang/heddle/internal/diag"

// The codes of diagnostics that engines give.
var (
	CodeIllegalAccess = diag.Register(diag.CodeInfo{
		Code: "E0680", Title: "illegal memory access",
		Explanation: `Compiled code read or wrote an address at which nothing is mapped, or wrote to a
column that is mapped read only. The access was stopped and the query failed.

Example:

    error[E0680]: compiled code touched memory that it was not given

Generated code does not do this; either a user-defined function has a wrong
address or Heddle has a bug.

What to do: without user-defined functions in the query, report it. With them,
check their pointer arithmetic.`,
	})
	CodeOverflow = diag.Register(diag.CodeInfo{
		Code: "E0681", Title: "integer overflow in compiled code",
		Explanation: `An integer division or a conversion gave a number that its type cannot hold.

Example: in a user-defined function, the least 32-bit integer divided by -1, or
a conversion of 1e30 to a 32-bit integer.

What to do: use a wider type, or test the operands first.`,
	})
	CodeDivision = diag.Register(diag.CodeInfo{
		Code: "E0682", Title: "division by zero in compiled code",
		Explanation: `An integer was divided by zero.

Example: a user-defined function that computes a / b where b is 0.

What to do: filter out the rows with a zero divisor, or use nullif(b, 0).`,
	})
	CodeUnreachable = diag.Register(diag.CodeInfo{
		Code: "E0683", Title: "compiled code reached an unreachable place",
		Explanation: `Compiled code executed an instruction that marks a place as unreachable. Compilers
of other languages put it behind failed assertions and panics.

Example: a user-defined function written in Rust whose assert! failed.

What to do: look into the user-defined functions of the query. If there are
none, report it.`,
	})
	CodeStack = diag.Register(diag.CodeInfo{
		Code: "E0684", Title: "stack overflow in compiled code",
		Explanation: `Calls were nested too deeply.

Example: a user-defined function that calls itself without end.

What to do: turn the recursion into a loop, or bound its depth.`,
	})
	CodeIndirect = diag.Register(diag.CodeInfo{
		Code: "E0685", Title: "bad call through a function table",
		Explanation: `Compiled code called a function through a table at an index that is outside the
table, empty, or of another type than the call expects.

Example: a user-defined function that calls through a null function pointer.

What to do: look into the user-defined functions of the query. If there are
none, report it.`,
	})
	CodeRefused = diag.Register(diag.CodeInfo{
		Code: "E0686", Title: "module refused by the engine",
		Explanation: `A WebAssembly module is not valid, or uses an extension that this engine lacks.

Example: running a module that uses relaxed SIMD with --engine=wazero.

What to do: compile the query again for this engine. If the module was damaged
on its way, fetch it again.`,
	})
	CodeLink = diag.Register(diag.CodeInfo{
		Code: "E0689", Title: "modules do not fit together",
		Explanation: `A module imports something that it was not given, or with another type; or it does
not export what the host needs; or its memory has the wrong size.

Example:

    error[E0689]: module "query" imports "clock" from "heddle", which it is not given

What to do: compile the query with the same release of Heddle that runs it.`,
	})
	CodeNoEngine = diag.Register(diag.CodeInfo{
		Code: "E0690", Title: "no such engine",
		Explanation: `The engine that was asked for is not part of this program.

Example:

    heddle run --engine=wasmtime query.sql

with a program that was built with CGO_ENABLED=0.

What to do: use one of the engines that the message lists, or build with cgo.`,
	})
)
