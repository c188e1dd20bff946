package encode

import "github.com/heddle-lang/heddle/internal/diag"

// The diagnostics of Decode. Each message ends with the byte offset of the fault.
var (
	codeNotWasm = diag.Register(diag.CodeInfo{
		Code:  "E0760",
		Title: "not a WebAssembly module",
		Explanation: `The bytes do not begin with the eight that every WebAssembly 1.0 module begins
with: 00 61 73 6d 01 00 00 00.

    error[E0760]: not a WebAssembly module: it begins with "PK\x03\x04" at byte 0x0

The file is of another kind, is a WebAssembly component rather than a core
module, or is in the text format. Compile it to a core module first.`,
	})
	codeMalformed = diag.Register(diag.CodeInfo{
		Code:  "E0761",
		Title: "malformed WebAssembly module",
		Explanation: `The module breaks the rules of the binary format: it is cut short, its sections
stand in the wrong order, a size does not fit, or blocks are not closed.

    error[E0761]: malformed WebAssembly module: section ends inside a number at byte 0x2f

The file was damaged or was not written by a WebAssembly compiler. Build it
again from its source; for a bundle, run "heddle build" again.`,
	})
	codeUnsupported = diag.Register(diag.CodeInfo{
		Code:  "E0762",
		Title: "WebAssembly feature not supported",
		Explanation: `The module uses an instruction or a type of a WebAssembly extension that Heddle
does not run, such as threads, exceptions, garbage collection or 64-bit memories.

    error[E0762]: instruction 0xfe 0x10 is not supported at byte 0x91

Compile the module without the extension, for example with
"-C target-feature=-atomics" for Rust or "-mno-atomics" for clang.`,
	})
	codeIndex = diag.Register(diag.CodeInfo{
		Code:  "E0763",
		Title: "index out of range in a WebAssembly module",
		Explanation: `The module speaks of a type, function, local, global, table, memory, segment or
label that it does not have.

    error[E0763]: function 12 of 9 at byte 0x1c4

The file was damaged or was written by a faulty tool. Build it again.`,
	})
	codeLimit = diag.Register(diag.CodeInfo{
		Code:  "E0764",
		Title: "WebAssembly module beyond a limit",
		Explanation: `The module is well formed, but larger than Heddle accepts: a function with more
than 50,000 locals, blocks nested deeper than 10,000, a signature with more than
1,000 parameters or results, or a memory above 4 GiB.

    error[E0764]: 70000 locals in one function, the limit is 50000 at byte 0x1c4

Split the function, or lower the optimiser's inlining.`,
	})
)
