// Package ast is the syntax tree of SQL. Package sql makes it from text; the
// binder reads it. It knows nothing of catalogs and types, and nothing of the
// library that the parser is written with.
//
// Statement, QueryExpr, TableExpr and Expr are sealed: nodes.go lists all their
// variants in one block. Every node knows the range of bytes it was read from.
//
// The height of a tree is bounded by the parser (a few thousand levels), so a
// recursive walk is safe whatever the text was. Chains of AND and OR, which
// programs write by the thousand, are one node with many operands.
//
// Walk and Inspect visit a tree; Format prints it as SQL that parses to the same
// tree again.
package ast
