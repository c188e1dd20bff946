// Package diag holds the one type with which every room of Heddle reports a
// problem to a person: Diagnostic. It takes a code, a message and labelled
// byte spans of a source file, and gives text with the source lines, or JSON.
//
// A function that can find several problems returns (value, List) and goes on
// after the first. The error interface stays for I/O and for callers; a List
// is turned into an error with List.Err, and errors.As finds it again.
package diag
