package linear

import "github.com/heddle-lang/heddle/internal/diag"

// CodeFileChanged says that a file became shorter than what is mapped of it.
var CodeFileChanged = diag.Register(diag.CodeInfo{
	Code: "E0687", Title: "data file changed while in use",
	Explanation: `A data file has become shorter than it was when the query was planned. Files are
read in place, through the page tables, so the lost part cannot be read.

Example: while a query reads orders.col, another program runs

    truncate -s 0 orders.col

What to do: write a new file beside the old one and rename it over the old name.
Queries that run go on with the old contents.`,
})

// CodeNoMemory says that the operating system refused a mapping.
var CodeNoMemory = diag.Register(diag.CodeInfo{
	Code: "E0688", Title: "no room for a memory map",
	Explanation: `Each worker reserves 4 GiB of addresses, of which it uses little, and maps files
into them. The operating system refused one of these.

Example: ulimit -v 4000000 before starting a query with two workers.

What to do: raise the limit on address space (ulimit -v) or the number of maps
per process (sysctl vm.max_map_count), or use fewer workers.`,
})
