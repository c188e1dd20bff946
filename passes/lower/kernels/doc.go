// Package kernels lowers the pipe level to the kern level: it takes a module of states
// and pipelines and gives the module with one kern function for each pipeline (and for
// merging, collecting and lookup tables), beside a program.Program that tells the
// runtime how to run them.
//
// A pipeline becomes one loop over the rows of a morsel, data-centric: a tuple's
// values stay in registers from its source to its end (Neumann, PVLDB 4(9), 2011).
// Three things depart from the plain form:
//
//   - Conditions on narrow columns at the start of a pipeline are evaluated sixteen
//     rows at a time with SIMD and give a selection vector; the loop then runs over
//     the rows that passed, so columns read later are touched only where needed.
//   - Expressions over one dictionary-coded column are evaluated once per entry of
//     the dictionary, into a lookup table by code.
//   - Integers and decimals carry bounds, from the width of columns and of literals
//     upwards. What fits 64 bits is computed in 64 bits, and overflow is checked only
//     where the bounds do not rule it out.
//
// Literals become parameters: code depends on how many bits a literal needs, not on
// its value, so a changed literal finds its compiled code again.
package kernels
