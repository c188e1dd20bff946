// Package wazero is the engine in pure Go: it takes wasm bytes and gives
// instances run by wazero's compiler, or, on processors for which that has no
// back end, by its interpreter. Importing it registers the engine "wazero".
//
// What differs from wasmtime, because of wazero 1.12:
//
//   - A fault ends the process, so spaces are open (package engine/linear): only
//     an access to the last 64 KiB is E0680, other illegal addresses read the
//     worker's own zeroes, and a store to a file's window changes this
//     worker's view of it.
//   - A call holds up Go's garbage collector until it calls a host function.
//   - There is no native form. wazero's own cache directory reports a damaged
//     entry as a failure to compile and knows no secret, so it is not used;
//     compiled modules are kept in memory only.
//   - Its decoder trusts counts in the module and allocates for them before it
//     reads; package internal/shape refuses such modules first.
//   - Relaxed SIMD and wide arithmetic are not there.
package wazero
