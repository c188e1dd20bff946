// Package library holds the runtime library: the functions that generated code
// calls for strings, patterns, dates, decimals, casts, joins and sorts. It takes
// nothing and gives CIR and its WebAssembly.
//
//	strings.kern -> strings.cir \
//	like.kern    -> like.cir     -> library.wasm, library_wide.wasm, signatures.gen.go
//	...                         /
//
// The functions are written in the notation of package notation, expanded to CIR
// text and compiled by backends/wasm when the project is developed; programs embed
// the results and compile nothing. `go generate` does both steps; a test fails when
// a file is stale.
//
// # Conventions
//
// A string is packed in an i64 (package abi). Results of casts and concatenations lie
// in the scratch area, which is full at some point: then, as for all other errors,
// heddle.fail is called with the site that the caller gave, and does not return.
// Loops whose length the data decides count down the budget. The static region of memory
// is workspace: histograms while sorting, long numbers while floats are read or
// written; nothing there outlives a call.
//
// Absent are casts between text and intervals, bytes and UUIDs.
//
// If an expansion that does not compile has been written, delete signatures.gen.go
// before generating again.
package library

//go:generate go test -run ^TestGenerated$ -update .
