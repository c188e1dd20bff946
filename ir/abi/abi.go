package abi

// PageSize is the size of a page of linear memory, in bytes.
const PageSize = 0x10000

// MemoryPages is both the minimum and the maximum size of the memory, in
// pages. One page short of 4 GiB, so that its size in bytes fits an i32 and an
// engine which compares addresses with the size can do so in 32 bits.
const MemoryPages = 0xFFFF

// The address map, in bytes. Each region is half open: [Base, Limit).
const (
	// NullLimit ends the range below which no address is valid.
	NullLimit = 0x10000

	// StaticBase begins the static data of the runtime library.
	StaticBase  = NullLimit
	StaticLimit = 0x100000

	// PrivateBase begins the region that differs from worker to worker: the
	// stack, morsel descriptors, scratch space and small tables.
	PrivateBase  = StaticLimit
	PrivateLimit = SharedBase

	// SharedBase begins the heap: the same pages at the same addresses in
	// every worker of a query.
	SharedBase  = 0x1000000
	SharedLimit = WindowBase

	// WindowBase begins the column windows, where the runtime maps files
	// (read only) and private scratch memory. Whatever is not mapped there
	// must not be touched.
	WindowBase  = 0x80000000
	WindowLimit = MemoryPages * PageSize
)

// The names by which modules are linked.
const (
	// LibraryModule is the module name under which the runtime library is
	// imported. It defines and exports MemoryExport and BudgetExport.
	LibraryModule = "library"

	// HostModule is the module name of the functions that the host gives.
	HostModule = "heddle"

	// MemoryExport is the linear memory, MemoryPages long.
	MemoryExport = "memory"

	// BudgetExport is a mutable i32 global that loops and function entries
	// count down; when it falls below zero, they call TickImport.
	BudgetExport = "budget"

	// TickImport is the host function that refills the budget or, when the
	// query has been cancelled, ends the call.
	TickImport = "tick"
)
