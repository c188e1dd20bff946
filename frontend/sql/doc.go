// Package sql is the SQL front end. Parse takes a text and gives its syntax tree
// (package ast) with the diagnostics of all its mistakes.
//
// The dialect is PostgreSQL's with the friendly parts of DuckDB: FROM first,
// GROUP BY ALL, * EXCLUDE, trailing commas, files by name.
//
// # How the parser is made
//
// The text is cut into statements at semicolons (parse.go) by a scanner of our own
// (package lexer). The clauses of a query and their order are a grammar of the
// participle library (grammar.go), from which docs/grammar.ebnf is printed. What
// stands inside a clause is read by recursive descent (query.go, from.go,
// window.go), expressions by precedence climbing (expr.go, primary.go, call.go,
// literal.go, typename.go).
//
// # How it recovers
//
// A production never fails. Where something is missing it reports that once and
// goes on as if it were there; where something is too much it skips to the next
// comma or clause. A mistake inside brackets stays inside, because their partner
// is known before parsing begins. A token is complained about at most once.
package sql
