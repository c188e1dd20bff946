// Package store reads and writes tables. It takes directories and files (native
// tables, Parquet, CSV, NDJSON, Arrow IPC) and gives columns in the memory layout
// that compiled code asks for: mapped from the file where it lies in that layout
// already, decoded otherwise.
//
// Data files are untrusted: whatever they say is checked before it is believed, and
// what is wrong with them is a typed diagnostic (E05xx) that names the file.
package store
