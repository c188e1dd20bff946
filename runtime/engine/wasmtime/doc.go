// Package wasmtime is the engine for programs built with cgo: it takes wasm
// bytes and gives instances run by wasmtime's Cranelift code. Importing it
// registers the engine "wasmtime".
//
// Engines, stores, modules and instances go through wasmtime-go. Calls do not:
// its Func.Call allocates types and values and takes 2 µs, and its host
// functions lose the Go error. The file call.go speaks to wasmtime's C interface
// for these two, with raw values and no allocation.
//
// Faults in linear memory are traps: the space is guarded (package
// engine/linear), the memory is 4 GiB of reserved addresses, and so generated code
// has no bounds checks at all.
//
// Without cgo the package is empty.
package wasmtime
