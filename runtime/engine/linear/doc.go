// Package linear arranges the linear memory of WebAssembly instances with the
// operating system's page tables. It takes address ranges in the sense of
// ir/abi and gives two things:
//
//   - Heap, one memory file whose pages appear at the same addresses in every
//     worker, which is how workers share tables without the threads proposal;
//   - Space, the memory of one worker, into which the heap, files (without a
//     copy) and scratch memory are mapped.
//
// # Guarded and open spaces
//
// wasmtime turns a fault in linear memory into a trap, so its spaces are
// guarded: what is not mapped is inaccessible and files are read only. wazero
// has no fault handler; a fault in its code ends the process. Its spaces are
// therefore open: every byte can be read and written, unmapped ranges are
// private zeroes, and files are mapped copy-on-write, so that a stray store
// changes one worker's view and never the file.
//
// # Files that shrink
//
// A file that is truncated while it is mapped makes the kernel send SIGBUS on
// the next touch of a lost page. Go and wasmtime both let that kill the process.
// With cgo on Linux, this package handles SIGBUS inside its spaces: it puts a
// page of zeroes under the faulting address, marks the space, and lets the
// program go on; the engine asks Damaged after each call and fails it with
// E0687. Without cgo no handler can be installed and a truncated file ends the
// process: stores must replace files, never shorten them in place. On both,
// MapFile refuses a range that the file does not have at that time.
package linear
