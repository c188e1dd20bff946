// Package logical holds the passes over the flow level: they take functions as a
// front end wrote them and give functions that mean the same and cost less.
// Package passes orders them.
//
// One pass is one file. Passes share these helpers: editor (graph.go) rebuilds a
// function around changed operators and tells by a hash of its content (hash.go)
// whether it changed; emitter (emit.go) writes scalar code with value numbering;
// scalar.go answers questions about scalar code: which columns it reads, whether it
// can trap, where a NULL makes it NULL. Simplify's rules for and, or and not are in
// connective.go, for comparisons in compare.go, for patterns in like.go. JoinOrder's
// search is in joingraph.go (what a join costs), dphyp.go and greedy.go.
//
// Most runs of a pass change nothing, so that is what must be cheap: a pass looks for
// an op that concerns it before it does anything, the hash of a flow is kept from one
// pass to the next, and scalar code that Simplify once left as it was is known again
// by its hash.
//
// Scalar code is evaluated on demand, so an op traps only where its value is needed,
// and NULL guards nothing: "NULL and 1 / 0 = 1" traps, where a filter on the NULL
// below would have dropped the row. That is why predicates that can trap stand in
// filters of their own above predicates that can be NULL.
//
// What every pass keeps:
//
//   - the rows of the result, as a multiset, and their order where the source
//     fixes one;
//   - traps: an optimised program traps only where the source would. It may trap
//     less, since code whose value nobody needs is dropped;
//   - names: a column keeps its name, as package ir asks.
//
// NULL-ness in types may become tighter, never looser. Statistics choose among
// plans that are all right; no rewrite is justified by a statistic.
package logical
