// Package bundle is the format of compiled programs: it takes the parts of a program
// (description, WebAssembly, PTX for GPUs, source) and gives one file of content-addressed sections,
// and reads such a file back after checking every digest.
//
//	offset  size  content
//	0       8     magic "heddle\x00\x01": the last byte is the version of the format
//	8       4     length of the table of contents in bytes, little-endian
//	12      32    SHA-256 of the table of contents
//	44      n     table of contents: JSON, one entry per section: name, length, SHA-256
//	44+n          the sections, one after the other, in the table's order
//
// The sections are manifest (JSON), wasm, ptx (text; only in bundles that can run on a
// GPU), source and flow.
//
// The digest of the table of contents is the identity of the bundle: it covers every
// section. Nothing in a bundle is used before Read has checked all digests and the
// description of the program has passed program.Check; PTX is held against what the
// manifest says of it. Digests find damage and name
// content; they do not say who made the bundle.
package bundle
