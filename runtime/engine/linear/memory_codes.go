package linear

import "github.com/heddle-lang/heddle/internal/diag"

// CodeNoMemory says that the operating system refused a mapping.
var CodeNoMemory = diag.Register(diag.CodeInfo{
	Code: "E0688", Title: "no room for a memory map",
	Explanation: `Each worker reserves 4 GiB of addresses, of which it uses little, and maps files
into them. The operating system refused one of these.

Example: ulimit -v 4000000 before starting a query with two workers.

What to do: raise the limit on address space (ulimit -v) or the number of maps
per process (sysctl vm.max_map_count), or use fewer workers.`,
})
