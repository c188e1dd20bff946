package kernels

import "github.com/heddle-lang/heddle/internal/diag"

var (
	codeUnsupported = diag.Register(diag.CodeInfo{
		Code: "E0440", Title: "no machine code for this operation yet",
		Explanation: `The program is valid, but this version of Heddle cannot compile one of its operations
to WebAssembly.

Example:

    SELECT CAST(x AS UUID) FROM (VALUES ('5f9ec1b2-0c3b-4bd0-9a52-5d34b8b1c9a0')) t(x)

Why: converting text to this type is not there yet.

What to do: compare the text itself, use another type, or leave the operation out.`,
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
