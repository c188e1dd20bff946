// Package catalog says what names in a program can mean: tables and files, whose
// schemas a Catalog gives, and the built-in functions.
//
// Functions are rows of a table: a name, what arguments it takes, a sentence for
// help, and how it is written in operations of the IR. A front end brings the
// Builder that makes them; the package knows no syntax.
package catalog
