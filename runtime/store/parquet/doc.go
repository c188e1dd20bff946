// Package parquet reads and writes Parquet files. It takes files and gives columns in
// the layout that compiled code asks for, and takes batches of rows and gives files.
//
// # Reading
//
// The description comes from the footer alone, but for dictionaries: a text column all
// of whose pages are dictionary indexes becomes a dictionary column of the table when
// the union of its dictionaries is small, and only then are they read. Integers,
// decimals and dates get the narrowest layout that the statistics of all row groups
// allow; a column whose statistics count no NULL is not nullable.
//
// A chunk is a row group, or a part of a large one. Pages are found by walking over
// their headers, and decoded straight to the width of the layout: the dictionary of a
// chunk of integers is narrowed once and then gathered from, that of a chunk of text
// is mapped to the codes of the table.
//
// Read are flat columns of every type that has a counterpart in Heddle, in data pages
// of versions 1 and 2, in the encodings PLAIN, RLE_DICTIONARY, RLE, DELTA_BINARY_PACKED,
// DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY and BYTE_STREAM_SPLIT, uncompressed or
// compressed by Snappy, Zstandard, gzip or LZ4_RAW. Lists, maps and structs are not
// read: such columns are left out of the description, and a scan that names one fails.
//
// # Trust
//
// Statistics may lie. They choose layouts and say what may be skipped; each value is
// checked against the layout and against its type as it is decoded, so that a lying
// file gives an error or wrong rows about itself, never a wrong access. Text is checked
// to be UTF-8. Headers that claim more memory than their page can fill are refused.
//
// # Writing
//
// Columns are encoded in parallel, a row group at a time: dictionary indexes where
// values repeat, else deltas or PLAIN; version 1 data pages of 64k rows with statistics, a column
// index and an offset index.
//
// The format is described at https://github.com/apache/parquet-format.
package parquet
