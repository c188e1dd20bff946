// Package bind gives meaning to the syntax tree of a query. Bind takes a tree of
// package ast and a catalog, and gives a module of the IR with one flow, or the
// diagnostics of all mistakes.
//
// # How a query becomes a flow
//
// Expressions are bound to typed trees (scalar.go) whose columns are the unique
// column names of the flow. Literals are folded on the way; equal expressions have
// equal numbers, which is how an expression of SELECT is recognised in GROUP BY.
// Clause by clause, operators are appended to the flow (flow.go), and trees are
// written into their regions (emit.go).
//
// A query is bound in the order FROM, WHERE, SELECT, GROUP BY, HAVING, ORDER BY
// (query.go, group.go, order.go). Where there are aggregates or groups, expressions
// after WHERE are bound as if there were none and then rewritten over the columns
// of the aggregation.
//
// # How mistakes are found together
//
// A mistake gives the expression bad, about which nothing is complained again.
// After the first mistake no operators are made any more, but binding goes on to
// the end.
//
// # What it decides
//
//   - Names without quotes match in any letter case.
//   - An integer literal is integer, bigint or a decimal, the first that holds it;
//     1.50 is decimal(3,2); a string literal takes the type that its place asks for.
//   - Dates, decimals and integers convert implicitly where nothing is lost; strings
//     never do.
//   - Quotients of integers truncate, and NULL is larger than all values, as in
//     PostgreSQL.
package bind
