// Package wasm turns the kern level of a module into WebAssembly: it takes an
// ir.Module and gives the bytes of one Wasm module with all of its kern
// functions. Ops of other levels are not its business and must be lowered first.
//
// # Modules
//
// A library (Options.Library) defines and exports the memory and the budget and
// imports from the host alone. Any other module imports memory, budget and the
// library functions that it calls from "library", and host functions from
// "heddle", with the types of the calls. i128 travels as two i64, the low half
// first; addr and bool as i32.
//
// # From SSA to a stack machine
//
// Each function is walked three times, each time in linear order (plan.go):
//
//  1. Number values, check types, fold constant additions into the offsets of
//     loads and stores.
//  2. Backwards: drop what nobody uses.
//  3. Decide where each value lives. Constants are made where they are used. A
//     value with one use becomes part of the expression tree of its user, and no
//     local is spent. Trees are emitted at their root, so everything in them is
//     computed later than the IR says; a tree that reads memory, globals or
//     variables stays a tree only if nothing between writes what it reads, and no
//     tree moves into a loop. A get of a variable is the variable's own local as
//     long as no set comes between. All other values get a local.
//
// Then the code is emitted (function.go and one file for each family of ops). A
// value that is stored in a local and read by the very next instruction stays on
// the stack.
//
// # What lowering must keep
//
// An address plus a non-negative constant does not wrap: Wasm adds offsets in 33
// bits, so such an addition may move into the offset of a load or store.
//
// # Metering
//
// A loop with the attribute "metered" takes its turns from the budget,
// MeterPortion at a time, and calls heddle.tick when the budget falls below 0. The
// count is free, the call is not: engines keep less in registers around a loop that
// has a call in it. A filter loop of one nanosecond per row became 0.7 ns slower. So
// loops with few turns, such as those over the rows of a morsel, are better left
// unmetered.
//
// # Width
//
// i128 is a pair of i64. With Options.Features containing wide arithmetic, sums,
// differences and wide products are single instructions; otherwise they are the
// portable sequences of wide.go. Results are the same.
package wasm
