// Package ir is the Cloud IR (CIR): one typed intermediate representation with
// three levels and one text form.
//
//   - flow: relational and dataflow operators over typed collections, with
//     regions for their scalar code. It says what.
//   - pipe: pipelines between breakers over explicit states. It says how.
//   - kern: structured SSA over scalars, vectors and memory. It says with which
//     instructions.
//
// In memory a module is made of generic operations (Op): an opcode, operands,
// results, attributes and regions, all described by one op table (ops.go and its
// siblings). Builder, printer, parser, verifier and the reference page of the
// docs come from that table.
//
// Vocabulary: a Value is defined once, by an op or as an argument of a block. A
// Region is one Block (control flow is structured, so no region needs two). A
// row is a struct-typed value; a bag is a bounded collection of rows. Column
// names are unique within a function, across all of its operators: a column
// keeps its name from the operator that makes it to the last that reads it, so
// passes may move scalar code up and down without renaming.
//
// The package knows no SQL and no Wasm; it imports only internal leaves.
package ir

//go:generate go run ./gen testdata/ops.cir ../docs/cir.md
