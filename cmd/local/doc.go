// Package local wires the rooms of Heddle together in one process: it takes SQL text
// and a database, compiles the text down to a program and its WebAssembly, and runs
// programs. The command line and the benchmarks are made of it. It holds no logic of
// its own beyond the order of the steps.
package local
