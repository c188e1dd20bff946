// Package store reads and writes tables. It takes directories and files (native
// tables, Parquet, CSV, NDJSON, Arrow IPC) and gives columns in the memory layout
// that compiled code asks for: mapped from the file where it lies in that layout
// already, decoded otherwise.
//
//	Database   the tables of a directory, and files that programs name
//	   |       Table, File: opened at the first use
//	Table      description, dictionaries; one file, or a union of files
//	   |       Scan(columns in layouts)
//	Scan       segments to map, chunks of rows with zones to skip them by
//	   |       Reader: one for each worker
//	Reader     fills batches of memory that the caller owns
//
// The packages below this one each read and write a format and register it here with
// RegisterFormat; a program imports those that it wants. WriteFile writes a table of
// any format in one step that succeeds or leaves no trace, and Read turns a table into
// the stream of batches that WriteFile takes.
//
// A union is the files of a directory or a pattern, one after another. Layouts are
// widened until they hold the values of all files, dictionaries are merged, and
// "key=value" directories on the path of a file become columns, as Hive has them.
//
// Data files are untrusted: whatever they say is checked before it is believed, and
// what is wrong with them is a typed diagnostic (E05xx) that names the file.
package store
