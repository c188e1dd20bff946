// Package delimited reads and writes text files of fields between delimiters: ".csv"
// and ".tsv" (RFC 4180: fields may be quoted, and then hold delimiters, line ends and
// doubled quotes) and ".tbl" (fields between "|", never quoted, no header). It takes
// files and gives columns in the layout that compiled code asks for, and takes batches
// of rows and gives files.
//
// # What the reader guesses
//
// The delimiter (comma, semicolon, tab, bar), whether the first line is a header, and
// the type of each column: bool, i64, decimal, f64, date, timestamp or string, from the
// first rows and, where the file has no quotes, from rows further on. Decimals are
// exact: their scale is the longest fraction in the sample. Any guess can be overruled
// by store.FileOptions. A later value that does not suit its column's type is an error
// that says where it stands; nothing is rounded or dropped.
//
// A field that is empty and not quoted is NULL, or one that is equal to
// TextOptions.Null where that is given. Every column is nullable.
//
// # Chunks
//
// Workers parse ranges of bytes. A newline within quotes ends no record, so before the
// first scan one fast parallel pass counts the quotes of each range: by their parity a
// range knows whether it begins within quotes, and thus its first record. For that to
// be sound, a quote may stand only where RFC 4180 has it; elsewhere it is an error.
package delimited
