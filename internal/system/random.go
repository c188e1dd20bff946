package system

import (
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
	"sync"
)

// Random gives unpredictable bytes: names of temporary files, identifiers,
// nonces. It is safe for concurrent use.
type Random interface {
	// Fill overwrites all of p. It cannot fail: a machine without entropy ends
	// the process, as crypto/rand does.
	Fill(p []byte)
}

type realRandom struct{}

func (realRandom) Fill(p []byte) { _, _ = rand.Read(p) } // documented never to return an error

// SeededRandom repeats the same bytes for the same seed; for tests alone.
type SeededRandom struct {
	mu     sync.Mutex
	source *mathrand.ChaCha8
}

// NewSeededRandom returns the sequence of bytes that belongs to seed.
func NewSeededRandom(seed uint64) *SeededRandom {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return &SeededRandom{source: mathrand.NewChaCha8(key)}
}

// Fill overwrites p with the next bytes of the sequence.
func (r *SeededRandom) Fill(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.source.Read(p) // documented never to return an error
}
