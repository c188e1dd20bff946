// Package arrow reads and writes Arrow IPC: files (".arrow", ".feather") and streams
// (".arrows"). It takes files and gives columns in the layout that compiled code asks
// for, and takes batches of rows and gives files.
//
// A record batch of a file is a chunk; a stream is one chunk, because only reading it
// tells where its batches begin. Batches are read one at a time, not mapped: a file
// that shrinks while it is read must be an error, not a fault of the process.
//
// Read are booleans, integers, floats, decimals up to 128 bits, dates, times,
// timestamps, month-day-nano intervals, text and bytes in all their forms, UUIDs, and
// dictionaries of text. Other columns are left out of the description, and a scan that
// names one fails.
//
// Files are not trusted. The decoder of the format may panic on buffers that are too
// short, which becomes a diagnostic; offsets, dictionary indexes, UTF-8 and ranges are
// checked here.
package arrow
