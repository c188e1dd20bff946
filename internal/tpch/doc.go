// Package tpch makes the data of the TPC-H benchmark: it takes a table, a
// scale factor and a part of the table, and gives batches of typed columns,
// equal byte for byte in their text form to the reference data. It also holds the schemas and the text of the queries that Heddle
// measures. It is a leaf: it imports no other package of Heddle, reads no
// file, clock or random source.
//
//	table, ok := tpch.Lookup("lineitem")
//	batches, err := tpch.Generate(table, 1, part, parts)
//	for batch := range batches { ... }
//
// # Algorithm
//
// Every column (or hidden decision) has a random stream of its own, a linear
// congruential generator with multiplier 16807 and modulus 2³¹-1. A row may use
// a fixed number of draws of each stream; the next row begins that many draws
// later no matter how many were used. A stream therefore jumps to any row with
// one modular power, and any range of rows can be made alone: parts of a table
// are independent, and their concatenation is the same for any number of parts.
// See stream.go.
//
// Comments are substrings of one text, the text pool, made once per process
// from a small grammar (grammar.go, pool.go).
//
// # Which generator
//
// The reference data, whose sums are in testdata/md5.txt, is the variant that
// DuckDB's tpch extension has made for years and that its published answers
// belong to. Keys, names, dates, prices and all other columns that the queries
// compute with follow the TPC's own generator. Two things differ from what that
// one writes: the text pool has 10 MiB where the TPC's has 300 MiB, so that the
// comments are others, and the draws for addresses do not overflow 32 bits, so
// that the addresses are others. The answer of query 13, which searches
// comments, differs accordingly.
//
// # Limits
//
// Scale factors run from 0.001 to 10,000: the official generator has no smaller
// step, and from 30,000 on it uses 64 bit streams, which are not made here.
// Row counts are the base count times the scale factor, rounded.
//
// Sources: TPC Benchmark H, Standard Specification, clauses 1.4 (schema), 2.4
// (queries) and 4.2 (population); the seeds and the number of draws per row are
// those of the official generator.
package tpch
