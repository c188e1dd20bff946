// Command bench compares Heddle with DuckDB: it takes a scale factor, makes the TPC-H
// data for it once, runs the same queries on both in turns, and gives medians, ratios and
// their geometric mean, as text and as JSON.
//
//	go run . -sf 1 -queries 1,6 -threads 2
//
// # Method
//
// Both engines are in this process and have the same number of threads and the same rows.
// Two storages are measured: "native", where DuckDB reads its database file and Heddle
// its own tables, and "parquet", where both read the same files, which Heddle's writer
// made. DuckDB's tables have the types of the TPC-H schema and no keys, as its own
// generator makes them. All its settings have their defaults, except for the number of
// threads.
//
// A run is timed from the text of the query to the last row. The clock stops when all
// rows are in the memory of this process: on Heddle's side as Arrow batches, on DuckDB's
// as the values of its driver, which is below database/sql. The results have at most a
// few dozen rows, so the form is no matter. Outside of the time, each result is
// compared with that of the other engine (see compare.go); a difference fails the
// command.
//
// Heddle is measured in three ways:
//
//   - cached: as it comes. A text that was compiled before is known, and so is its
//     machine code.
//   - translated: parsed, bound, optimised and translated to WebAssembly each time; the
//     machine code of that WebAssembly is known.
//   - compiled: everything each time, the machine code too. Only the runtime library,
//     which is the same for all queries, is compiled already.
//
// The ways and DuckDB take turns (A B C D A B C D ...), so that whatever else the machine
// does hits all of them, after runs that are not counted (-warm). Medians are compared;
// the least time of each is given too. The figures of a machine that does other work
// are not worth much: the spread between least time and median tells.
package main
