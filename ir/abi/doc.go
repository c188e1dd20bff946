// Package abi holds the constants on which the code generator and the runtime
// must agree: the address map of a worker's linear memory and the names by
// which modules are linked, and the compiled form of LIKE patterns. It imports
// nothing of ours.
//
//	0x0000_0000  nothing: an access traps where the engine can guard it
//	0x0001_0000  static data of the runtime library        (per worker)
//	0x0010_0000  stack, morsel descriptors, scratch        (per worker)
//	0x0100_0000  heap: same pages, same addresses          (all workers)
//	0x8000_0000  column windows: files and scratch mapped  (per worker)
//	0xFFFF_0000  end of memory, 65535 pages
//
// A pointer into the heap is valid in every worker. A pointer into any other
// range is valid in the worker that made it, and only there.
package abi
