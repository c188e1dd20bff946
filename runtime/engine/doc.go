// Package engine runs compiled WebAssembly: it takes the bytes that the
// backend made and gives instances, one per worker, that share a heap and see
// files in their memory without a copy. Two engines stand behind the interface:
//
//   - wasmtime (package engine/wasmtime), where cgo is there: the faster code,
//     wide arithmetic, and every illegal access is a trap;
//   - wazero (package engine/wazero), pure Go: cheaper calls, slower code, and
//     an illegal access reads or writes the worker's own zeroes unless it is
//     in the last 64 KiB (see package engine/linear).
//
// A program imports package engine/all for both and opens one by name, or the
// best with Open(Default()).
//
// # Linking
//
// The first module of an instance is the runtime library: it defines the memory, of
// exactly abi.MemoryPages pages. Later modules import from earlier ones and
// from the host, by name, and from nothing else. An import that is not there is
// E0689; nothing is looked up in any wider namespace, so what a module can do
// is what its instance was given.
//
// # Stopping a call
//
// Nothing can stop running code from outside: fuel, epochs and wazero's
// close-on-done make loops two to fifty times slower. Generated loops count
// down abi.BudgetExport and call the host function abi.TickImport, which ends the call by returning
// an error. That error comes out of Function.Call unchanged. On wazero a call also
// holds up Go's garbage collector until the next host function, so foreign
// modules must be given the same checks before they are admitted.
//
// # Trust
//
// Wasm bytes may come from anywhere: they are validated, and confined by the
// engine. Native code may not: Load runs what it is given. Only Cache calls it,
// with entries that carry a keyed digest made by an earlier Cache with the same
// secret (see CacheConfig).
package engine
