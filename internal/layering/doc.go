// Package layering holds no code, only tests over the source of all the others:
// which package may import which, as docs/architecture.md lays down, and that
// nothing but internal/system touches the machine. The tests parse every file,
// whatever its platform and build tags, so what is checked does not depend on
// where they run.
package layering
