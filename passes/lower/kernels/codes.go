package kernels

import "github.com/heddle-lang/heddle/internal/diag"

var (
	codeUnsupported = diag.Register(diag.CodeInfo{
		Code: "E0440", Title: "no machine code for this operation yet",
		Explanation: `The program is valid, but this version of Heddle cannot compile one of its operations
to WebAssembly.

Example:

    SELECT CAST(x AS DOUBLE PRECISION) FROM (VALUES ('1.5')) t(x)

Why: converting text to floating-point numbers exactly is not there yet.

What to do: use another type (CAST(x AS DECIMAL(18,6))), or leave the operation out.`,
	})
	codeScratch = diag.Register(diag.CodeInfo{
		Code: "E0650", Title: "one row makes too much text",
		Explanation: `The text that expressions make for a single row (by ||, upper, casts to text and the
like) does not fit the scratch area of a worker, which has 14 MiB.

Example:

    SELECT body || body || body FROM documents     -- body has 10 MB in some row

What to do: make less text per row, for example by cutting it with substring first.`,
	})
)
