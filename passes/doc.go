// Package passes holds the one ordered list of passes (list.go), the constraints
// on that order (order.go), and the driver that runs them (run.go).
//
// It takes a module as the front end made it and gives it back optimised and
// lowered. The passes themselves live in passes/logical and passes/lower.
package passes
