package store

import (
	"errors"
	"io"
	"io/fs"
	"strconv"

	"github.com/heddle-lang/heddle/internal/diag"
)

// The codes of this package and of the formats below it.
var (
	CodeUnreadable = diag.Register(diag.CodeInfo{
		Code: "E0501", Title: "a data file cannot be read",
		Explanation: `The operating system refused to open or to read a file: it is not there, the user
may not read it, or the device failed.

Example: heddle run -c "SELECT count(*) FROM 'orders.parquet'" in a directory
without a file of that name.

What to do: the message ends with the system's own reason. Check the path, which is
relative to the current directory, and the file's permissions.`,
	})
	CodeUnknownTable = diag.Register(diag.CodeInfo{
		Code: "E0502", Title: "no such table",
		Explanation: `The data directory holds no table of that name. A table is a file such as
"orders.parquet" or a directory "orders" with files of one format.

Example: SELECT * FROM order

where the directory holds "orders.parquet".

What to do: correct the name, or give the directory that holds the table with --data.`,
	})
	CodeDamaged = diag.Register(diag.CodeInfo{
		Code: "E0503", Title: "a data file is damaged",
		Explanation: `A file contradicts itself: a checksum does not match, it is shorter than it says, or
a part points outside the file. Nothing was computed from it.

Example: a copy of lineitem.htab that broke off half-way.

What to do: write or copy the file again from its source. If it happens repeatedly with
fresh copies, check the disk.`,
	})
	CodeNotThisFormat = diag.Register(diag.CodeInfo{
		Code: "E0504", Title: "a file is not what its name says",
		Explanation: `The ending of a file's name says its format, but the contents are of another format,
of a version that this program does not know, or use a part of the format that it
does not read.

Example: a CSV file that was saved as "orders.parquet".

What to do: rename the file to the ending of its real format; for a version that is too
new, use a newer heddle.`,
	})
	CodeUnknownFormat = diag.Register(diag.CodeInfo{
		Code: "E0505", Title: "unknown data format",
		Explanation: `The format cannot be told from the file's name, or a format was asked for that does
not exist or cannot be written.

Example: SELECT * FROM 'orders.xlsx'

What to do: use one of the formats that the message lists.`,
	})
	CodeAmbiguousTable = diag.Register(diag.CodeInfo{
		Code: "E0506", Title: "a table exists twice",
		Explanation: `The data directory holds the table in two forms, and an answer could come from
either.

Example: "orders.parquet" and "orders.csv" in one directory.

What to do: name the file itself, FROM 'data/orders.parquet', or move one of them away.`,
	})
	CodeNoFiles = diag.Register(diag.CodeInfo{
		Code: "E0507", Title: "no files match",
		Explanation: `A pattern or a directory holds no file whose format is known.

Example: SELECT * FROM 'data/2025-*.parquet' when all names begin with 2024.

What to do: check the pattern; it is relative to the current directory. "*" matches
within a name and "**" any number of directories.`,
	})
	CodeColumnChanged = diag.Register(diag.CodeInfo{
		Code: "E0510", Title: "a column is missing or has changed its type",
		Explanation: `A compiled program expects a column that the table does not have, or has with
another type.

Example: a bundle that was built when o_totalprice was decimal<15,2> runs on files where it is
f64.

What to do: build the program again against the present files.`,
	})
	CodeValueTooLong = diag.Register(diag.CodeInfo{
		Code: "E0511", Title: "a value is too long",
		Explanation: `A single text value is longer than the memory into which columns are read, or than
a file of the format can hold.

Example: a CSV field of 300 MB because a closing quote is missing.

What to do: find the value; shorten it or repair the quotes.`,
	})
	CodeFilesDisagree = diag.Register(diag.CodeInfo{
		Code: "E0512", Title: "the files of a table disagree",
		Explanation: `A table made of many files must have the same columns with the same types in each,
and the same "key=value" directories on each path.

Example: 2024.parquet has the column "price" as decimal<15,2>, 2025.parquet as string.

What to do: write the file that the message names again, or choose files with a narrower
pattern.`,
	})
	CodeDoesNotFit = diag.Register(diag.CodeInfo{
		Code: "E0513", Title: "a value does not fit the layout that the program was compiled for",
		Explanation: `Programs are compiled for the narrowest form of each column that the data had at
that time: 8, 16 or 32 bits, or codes into a dictionary. The data has changed since.

Example: a bundle was built when l_quantity was at most 50; now a row has 1000.

What to do: build the program again.`,
	})
	CodeCannotWrite = diag.Register(diag.CodeInfo{
		Code: "E0514", Title: "a data file cannot be written",
		Explanation: `Writing failed; the file that was there before, if any, is unchanged.

Example: the disk is full.

What to do: the message ends with the system's own reason.`,
	})
)

// Unreadable reports that reading a file failed.
func Unreadable(path string, cause error) *diag.Diagnostic {
	if errors.Is(cause, io.EOF) || errors.Is(cause, io.ErrUnexpectedEOF) {
		return Damaged(path, "it ends too early")
	}
	var pathError *fs.PathError
	if errors.As(cause, &pathError) {
		cause = pathError.Err
	}
	return diag.New(CodeUnreadable, "cannot read %q: %v", path, cause)
}

// Damaged reports that a file contradicts itself, and how.
func Damaged(path, format string, args ...any) *diag.Diagnostic {
	d := diag.New(CodeDamaged, format, args...)
	d.Message = "file " + strconv.Quote(path) + " is damaged: " + d.Message
	return d.Helpf("write or copy the file again from its source")
}

// NotThisFormat reports that a file has another format than its name says.
func NotThisFormat(path, format string, args ...any) *diag.Diagnostic {
	d := diag.New(CodeNotThisFormat, format, args...)
	d.Message = "cannot read " + strconv.Quote(path) + ": " + d.Message
	return d
}
