// Package progress shows on stderr how far something has come: it takes a function that
// tells the state, and rewrites one line of a terminal, or adds lines to a log. What
// takes less than half a second shows nothing.
package progress
