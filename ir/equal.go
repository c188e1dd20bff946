package ir

import (
	"bytes"
	"crypto/sha256"
)

// Canonical is the text of a module without the hints of values: two modules have
// the same canonical text exactly when they are equal in structure.
func (m *Module) Canonical() []byte {
	p := &printer{anonymous: true}
	p.module(m)
	return p.b
}

// Hash identifies the structure of a module, for caches: SHA-256 of Canonical.
func (m *Module) Hash() [sha256.Size]byte { return sha256.Sum256(m.Canonical()) }

// Equal reports whether two modules have the same structure; hints of values and
// spans do not count.
func Equal(a, b *Module) bool { return bytes.Equal(a.Canonical(), b.Canonical()) }
