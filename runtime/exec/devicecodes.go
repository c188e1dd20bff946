package exec

import "github.com/heddle-lang/heddle/internal/diag"

// CodeNotOnDevice is the code of a pipeline that was placed on a GPU and cannot run there.
var CodeNotOnDevice = diag.Register(diag.CodeInfo{
	Code: "E0660", Title: "a part of the query cannot run on the GPU",
	Explanation: `A part of a query was to run on the GPU, and something about the query or its data does not
allow that: a hash table that did not fit memory and is partly on disk, rows in the order of a sort,
text made for a row. That part runs on the CPU, with the same result. Where the GPU was required, the
query ends with this error instead.

Example:

    error[E0660]: a pipeline that was to run on the GPU runs on the CPU: the hash table "orders" is
    not in memory as a whole

What to do: nothing, if the time is good enough. Else give the query more memory (--memory).`,
})
