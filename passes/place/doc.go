// Package place decides on which device each pipeline of a compiled program runs. It
// takes a program.Program, a Profile of the machine, and what is known of rows and of
// GPU memory; it gives a Plan: for each pipeline the device, what it costs there and on
// the other one, part by part, and why.
//
// # Model
//
// A pipeline costs, on the CPU, the bytes of its source, its rows, the probes of hash
// tables and the updates of its state, each at a rate of the profile, over the number of
// threads; the last morsel counts as Graham's bound has it (1969): it may begin when all
// other threads have just ended. On the GPU it costs the launch, the bytes at the
// bandwidth of the device's memory, and probes and updates at rates for data that lies in
// the L2 cache and data that does not. How much of a table is found in a cache of size
// c is taken as 1 - exp(-c/size), which has no edge.
//
// Some costs belong to several pipelines together: a column is copied to the GPU once
// for all its readers, code is loaded once for all kernels, and a state that one device
// fills and the other reads has to move. Therefore all pipelines are placed at once
// (search.go). Copies of columns and loading of code are divided by the number of runs that
// are expected to profit.
//
// No constant stands in the code: all come from the profile, which is measured (see
// cmd/local), or one of those that are built in (builtin.go). An estimate is an interval;
// the likely value decides.
package place
