// Package pipelines lowers the flow level to the pipe level: it takes a module with
// one flow function and gives the module with states, one function per pipeline, and
// an entry function that runs them in order and names the result.
//
// It works as HyPer's produce and consume do (Neumann, "Efficiently Compiling
// Efficient Query Plans for Modern Hardware", PVLDB 4(9), 2011): a bag is produced by
// starting a pipeline at its source, and each operator on the way up appends its code
// for one tuple, until an operator that must see all rows (join build, aggregate,
// sort) ends the pipeline in a state. Only columns that are read later are carried.
package pipelines
