// Package native reads and writes Heddle's own tables, one file each with the ending
// ".htab". It takes batches of rows and gives files whose columns lie exactly as
// compiled code reads them, so that they are mapped into its memory without a copy.
//
// # The file
//
//	header     16 KiB: magic, version
//	segment 0  for each column: values | text | validity
//	segment 1  ...
//	dictionaries, a bitmap of ones
//	footer     schema, layouts, statistics, places and checksums of all parts, zones
//	trailer    place and checksum of the footer, version, magic
//
// Rows come in segments of at most 2^20. A column has one layout in the whole table,
// the narrowest that holds all its values: integers of 1, 2, 4, 8 or 16 bytes with a
// frame-of-reference base; codes into a table-wide dictionary in ascending order of
// the entries; or 32-bit offsets into text. A column that holds a NULL has a validity
// bitmap in each segment, one that holds none has no bitmap and a type that is not
// nullable, whatever the source declared: a table never changes once it is written.
//
// Every part begins at a multiple of 16 KiB, the largest page size of the platforms
// that we map on, and at least 16 zero bytes follow a part before the next begins, so
// that code may load whole vectors at the end of text.
//
// For each run of store.ChunkRows rows in a segment the footer has a zone: bounds of
// the values, and how many are NULL. Text in bounds is cut to 16 bytes or so.
//
// # Trust
//
// Nothing that a file says is believed before it is checked. Open checks the footer's
// checksum and that every part lies between header and footer with just the length
// that rows and layout ask for. The checksum of a part is compared once per open table,
// when the part is first wanted, and in the same pass codes are compared with the
// cardinality, offsets with the text, text with the rules of UTF-8, and booleans with
// 0 and 1. Compiled code may therefore index by codes and offsets without a check. What
// a hostile file can do is to lie about its own data in zones and statistics, and so
// give wrong rows about itself. A file must not be changed in place while it is open;
// replace it by renaming, as the writer does.
package native
