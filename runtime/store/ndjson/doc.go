// Package ndjson reads and writes files of one JSON object per line (".ndjson",
// ".jsonl"). It takes files and gives columns in the layout that compiled code asks
// for, and takes batches of rows and gives files.
//
// The columns are the keys of the first objects, and of objects further on, in the order
// in which they appear; a key that comes up only later is not read. Types are guessed
// from the same sample: true and false give bool, whole numbers i64, other numbers
// decimal or, where they have exponents, f64; strings that all look like dates or
// timestamps give these, others string. Objects, arrays and mixed values give string,
// which then holds their JSON text. A missing key and null are NULL, and every column
// is nullable. A later value that does not suit its column is an error with its line.
//
// No JSON text has a bare line end in it, so workers parse ranges of bytes that begin
// behind one.
package ndjson
