// Package interp is the reference interpreter of CIR. It takes a module that verifies,
// tables and parameters, and gives the rows of a flow or of its pipelines (Run and
// RunPipes); at the kern level it takes memory and runs functions and kernels
// (Machine). What it returns is right by definition; every backend is tested against
// it. So it is slow and obvious: one datum at a time, exact numbers as big integers,
// joins as nested loops over the rows that may meet.
//
// # Flows and pipelines
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
//
// # Functions and kernels
//
// A Machine knows which accesses to memory are allowed, and what an op says of them: an
// access that has no memory or is not aligned as its op promises, a barrier that not all
// threads reach, and the like are a Fault that names the op, never a result. A trap of a
// pure op belongs to its value here too: it is a fault when an effect or a decision needs
// the value. Shared memory that nobody has written to has no value in the same sense.
//
// The threads of a kernel run one at a time. Each runs until it must wait for others,
// in the order of their numbers or in the reverse order: a kernel whose outcome
// depends on it has a race.
package interp
