// Package notation expands the notation in which the runtime library is written
// into CIR text: files *.kern give files *.cir beside them.
//
// CIR text has one op per line and names every intermediate value, which is right
// for printing and wrong for writing three thousand lines by hand. The notation
// is CIR's kern level with nested expressions, in the syntax of Go, so that gofmt
// and editors know it. It adds nothing that CIR lacks: each operator is one op, each
// if a when, each for a loop; comments are carried over. Only meaning differs
// from Go:
//
//   - The types are i32, u32, i64, u64, i128, f64, addr and bytes16 (a vector of 16
//     bytes). u32 and u64 are i32 and i64 of CIR whose division, right shift,
//     comparison and widening are unsigned. Arithmetic wraps.
//   - Comparisons give i32, and conditions are i32.
//   - A variable that is assigned after its definition becomes a cell, any other
//     a value.
//   - T(x) converts: it widens by x's signedness or drops high bits. f64(x) rounds;
//     trunc32 and trunc64 go back.
//   - load8, load16, load32, load64, load128, loadaddr and load16x8 read memory,
//     store8 to store128, storeaddr and store16x8 write it; a constant offset may
//     follow. Other predeclared functions have the names of their ops: see calls.go.
//   - fail(site) ends the program with the error of a site.
//   - A loop with the label metered counts down the instance's budget.
//   - abi.Name is a constant of package abi.
//
// The directive //cir:export above a function exports it.
package notation
