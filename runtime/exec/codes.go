package exec

import "github.com/heddle-lang/heddle/internal/diag"

// The codes of diagnostics that execution gives. What a program itself reports,
// such as an overflow, has the code that its compiler chose.
var (
	CodeArgument = diag.Register(diag.CodeInfo{
		Code: "E0605", Title: "argument missing or out of range",
		Explanation: `A program with parameters ($1, $2, ...) got too few arguments, or one that its
parameter cannot hold.

Example:

    error[E0605]: argument $1 is missing: the program takes 2

A program is compiled for a range of values of each parameter, which its error
message names.

What to do: give one argument for each parameter; for values outside of the range,
compile the program with a wider type, as in $1::bigint.`,
	})
	CodeMemory = diag.Register(diag.CodeInfo{
		Code: "E0606", Title: "query needs more memory than its budget",
		Explanation: `A part of the query that cannot be written to disk does not fit the memory that the
query may use.

Example:

    error[E0606]: out of memory: 64 KiB more are needed to build the hash table of
    "orders", and the budget is 1 MiB

Joins, aggregates and sorts write what does not fit to temporary files, but each
worker needs some memory for what it is working on: one group or row, the pages it
is filling, and the directory of a part of a table.

What to do: give the query more memory (--memory), or fewer workers (--threads).`,
	})
	CodeSpill = diag.Register(diag.CodeInfo{
		Code: "E0607", Title: "temporary file cannot be used",
		Explanation: `The query did not fit its memory, and a temporary file could not be made, written or
read.

Example:

    error[E0607]: the temporary file of the query in /tmp cannot be written: no space
    left on device

What to do: free space on the disk or choose another directory for temporary files
($HEDDLE_TEMP_DIR), or give the query more memory (--memory).`,
	})
	CodeMisbehaved = diag.Register(diag.CodeInfo{
		Code: "E0608", Title: "compiled program broke its contract with the runtime",
		Explanation: `Compiled code gave the runtime an address, a number or a request that makes no sense.
The query was stopped before harm was done.

Example:

    error[E0608]: compiled code asked for a page of state 7, and there are 3

Programs that Heddle compiles do not do this: the bundle was changed, or made by an
incompatible release, or Heddle has a bug.

What to do: compile the query again with this release. If it happens again, report it.`,
	})
	CodeStale = diag.Register(diag.CodeInfo{
		Code: "E0609", Title: "program was compiled for something else",
		Explanation: `A compiled program relies on its runtime library and on some facts about tables, such
as how many entries a dictionary has at most. One of them has changed since.

Example:

    error[E0609]: the dictionary of column "l_shipmode" has 9 entries, and the program
    was compiled for at most 7

What to do: compile the query again.`,
	})
	CodeCancelled = diag.Register(diag.CodeInfo{
		Code: "E0610", Title: "query was cancelled",
		Explanation: `The query was stopped before its end: by Ctrl-C, by a signal, by a time limit, or
because whoever asked for the result went away.

Example:

    error[E0610]: the query was cancelled

Its memory and temporary files have been freed. Nothing is wrong with the query.`,
	})
	CodeResult = diag.Register(diag.CodeInfo{
		Code: "E0611", Title: "value cannot be part of a result",
		Explanation: `A value was computed that the form of results cannot hold.

Example: an interval of more than 292 years of microseconds, since Arrow counts the
time of day of an interval in nanoseconds; or a single text of more than 2 GiB.

What to do: convert the value to another type in the query, such as text.`,
	})
)
