// Package exec executes compiled programs: it takes a program.Program with its
// WebAssembly and tables, and gives the rows of the result as Arrow record batches.
//
// # Sessions, runs, workers
//
// A Session holds what is dear to make: the heap, one instance of the runtime library
// per worker, compiled modules linked into them, dictionaries, and columns mapped at
// fixed addresses. It runs one program at a time; the memory of a run belongs to its
// Result until that is closed.
//
// A run executes the program's pipelines one after the other. A pipeline reads a
// source cut into morsels, at most store.ChunkRows rows each, which the workers pull
// from a counter (Leis et al., "Morsel-Driven Parallelism", SIGMOD 2014). It adds rows
// to one state. When the last pipeline that fills a state has ended, the state is
// finished:
//
//	buffer      nothing
//	hash table  a directory is filled with the addresses of the records, each
//	            partition by one worker
//	aggregate   groups of equal keys are still spread over the workers; a reader
//	            merges one partition at a time just before it reads it
//	sort        each worker's records are sorted, then merged into an array of
//	            addresses
//
// # Memory
//
// Package abi describes how records, pages and headers lie in memory; the heap is
// handed out by package memory. When the budget of a run is used up, pages that are
// full move to a temporary file (see spill.go): aggregates and hash tables by
// partition, sorts as sorted runs. A probe of a hash table that is not in memory as a
// whole runs over its source in several passes, each with some of the partitions.
//
// # Devices
//
// A pipeline that has a kernel can run on a GPU, behind device.Driver, if the query's
// Placement says so (device.go and its neighbours). Columns go to the device's memory as
// a whole, and stay there for later queries; those that do not fit pass through in
// parts. What a kernel writes are records as a worker's, which stay on the device as
// long as kernels read them. When the host needs them, they are appended to the
// workers' pages; when a kernel needs what workers have written, its pages are copied
// to the same addresses of the mirror (package runtime/device/memory).
//
// Until its last launch has ended, a pipeline changes nothing that the host sees. So one
// that the device cannot finish runs on the CPU, and the statistics say why. When records
// are lost with a device, the whole query runs again without it.
//
// # Trust
//
// Programs may come from anywhere. The engine confines their code; this package
// checks the program's description (program.Check) and every address and number
// that the code hands over before it uses it. Kernels are confined to the memory that
// the process has on the device, and what they leave is checked in the same way.
package exec
