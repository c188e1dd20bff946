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
package random
