// Package encode writes, reads and prints WebAssembly modules. It knows the
// binary format and nothing of Heddle's languages.
//
// ModuleBuilder takes types, imports, functions, memories, globals, tables and
// data and gives the bytes of a module; the same calls give the same bytes.
// FuncBuilder appends instructions straight to the bytes of a function body, so
// that a body costs a few nanoseconds per instruction. Bodies may be built
// concurrently, one goroutine per FuncBuilder.
//
// Decode takes the bytes of a module that nobody vouches for and gives its
// sections, imports, exports and functions, or a diagnostic with the byte offset
// of the fault. It checks structure (section order, counts, index ranges,
// nesting), not types: the engines do that. Decoded.WriteText gives the text format, which
// assembles to the same instructions.
//
// The instructions stand in opcodes.txt: the WebAssembly 1.0 set with
// sign extension, saturating truncation, multi-value, bulk memory, reference
// types, SIMD, relaxed SIMD and wide arithmetic.
// Sources: WebAssembly Core Specification 2.0, sections 5 and 6; the
// wide-arithmetic and relaxed-simd proposals.
package encode

//go:generate go run ./opgen
