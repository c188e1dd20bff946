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

// CodeStray says that compiled code had the engine touch protected memory.
var CodeStray = diag.Register(diag.CodeInfo{
	Code: "E0691", Title: "compiled code left its memory",
	Explanation: `Compiled code may touch its own memory, that of the query, and the columns that it
reads. It asked the engine to copy something else. The query was stopped; nothing
outside of the query's memory was touched.

Example:

    error[E0691]: compiled code copied from or to memory that it does not own

Programs that Heddle compiles do not do this: the bundle was changed, or made by an
incompatible release, or Heddle has a bug.

What to do: compile the query again with this release. If it happens again, report it.`,
})

// fault says what has struck a space: bits.
type fault uint32

const (
	lostPage    fault = 1 // a page of a mapped file is gone
	strayAccess fault = 2 // an access that is not allowed
)
