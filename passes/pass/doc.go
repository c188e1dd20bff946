// Package pass holds the types that the pass list and the passes share: what a
// pass is and what it is given. It is a leaf under passes, so that the packages
// that implement passes and the package that orders them do not need each other.
package pass
