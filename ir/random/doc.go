// Package random makes random programs to test with: it takes a source of choices
// and gives a well-typed flow module with tables of data. The interpreter, the
// compiler with each of its passes on and off, and every engine must agree on what
// such a program gives.
//
// Unless options say otherwise, a program does not trap, and its rows are one
// definite bag, whatever the order in which an engine visits them: rows are left
// out only after a sort that leaves no choice, floats are not summed, and values
// that are equal but not the same (-0 and 0, a month and 30 days) are not grouped
// by.
//
// GenerateKern makes functions and kernels of the kern level with memory to work on, and
// Shapes lists all pure ops that they can hold. What they leave in memory is definite
// too: no NaN shows its bits, accesses are within bounds and aligned as they say, and
// threads of a kernel use memory of their own, or work together such that no order of
// threads shows. Reduce makes those small that two machines disagree about.
package random
