// Package interp is the reference interpreter of the flow level of CIR. It takes a
// module that verifies, tables and parameters, and gives the rows of a flow. What
// it returns is right by definition; every backend is tested against it. So it is
// slow and obvious: one datum at a time, exact numbers as big integers, joins as
// nested loops over the rows that may meet.
//
// Traps belong to values: scalar code is evaluated on demand, from what a region
// yields, so an op traps only where its value is needed. The regions of if that are
// not chosen, and what stands right of a false in and or of a true in or, are not
// evaluated. Strict ops need all their operands, also when one is NULL.
//
// Exact arithmetic (integers, decimals, dates) ends in a typed error when a result
// does not fit; floats follow IEEE 754 and never trap, but for casts that do not
// fit their target.
//
// Rows come in a fixed order: scans, filters, projections and unions keep the order
// of their input, joins give the pairs by left and then right row and at the end
// right rows without a partner, groups stand in the order of their first rows, and
// sorts are stable. Backends need not agree on any order but that of sort keys.
package interp
