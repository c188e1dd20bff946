package delimited

import "github.com/heddle-lang/heddle/internal/diag"

// The codes of this package.
var (
	CodeBadValue = diag.Register(diag.CodeInfo{
		Code: "E0520", Title: "a field does not suit the type of its column",
		Explanation: `The types of the columns of a text file are guessed from its first rows. A later
field is not of the type that was guessed, or does not fit it.

Example: the first 20,000 rows of "readings.csv" have whole numbers in the column
"value"; row 31,007 has "n/a".

What to do: mend the field, or say what the type is when you name the file, for
example string. If the text stands for NULL, say so instead.`,
	})
	CodeMalformed = diag.Register(diag.CodeInfo{
		Code: "E0521", Title: "a text file is malformed",
		Explanation: `A record has more or fewer fields than the file has columns, a quoted field is not
closed or is followed by more text, a field without quotes has a quote in it, or
text is not UTF-8.

Example: the record

    1,"Smith, John,17

whose quote is never closed.

What to do: mend the record that the message names. A field that holds a delimiter, a
line end or a quote must be quoted, and quotes in it doubled. If the file has another
delimiter, say which.`,
	})
)
