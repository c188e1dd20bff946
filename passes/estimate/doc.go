// Package estimate guesses how many rows an operator of the flow level gives. It
// takes a function and the statistics of the module's tables, and gives numbers
// that choose among plans; no answer may depend on them.
//
// The model is the textbook one (Selinger et al., SIGMOD 1979): conditions are
// independent, values are spread evenly between the least and the greatest, and the
// values of the column with fewer of them are among those of the other. Two things
// are added because TPC-H needs them: bounds on one column from several conjuncts
// are intersected before they are priced, and equalities on several columns of two
// tables count as one composite key, which has at most as many values as the
// smaller table has rows.
package estimate
