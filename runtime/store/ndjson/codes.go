package ndjson

import "github.com/heddle-lang/heddle/internal/diag"

// The codes of this package.
var (
	CodeBadValue = diag.Register(diag.CodeInfo{
		Code: "E0525", Title: "a JSON value does not suit the type of its column",
		Explanation: `The types of the columns of an NDJSON file are guessed from a sample of its objects.
A later value is of another type.

Example: the first objects have {"id": 1}, a later one {"id": "A7"}.

What to do: mend the value, or say what the type of the column is, for example string.`,
	})
	CodeMalformed = diag.Register(diag.CodeInfo{
		Code: "E0526", Title: "a line is no JSON object",
		Explanation: `Each line of an NDJSON file must be one JSON object in UTF-8, with each key once.

Example: a file that holds one array of objects over many lines.

What to do: mend the line that the message names. An array of objects becomes NDJSON
when each object is written on a line of its own, without the commas between them.`,
	})
)
