package tpch

import "sync"

const (
	poolSize = 10 << 20 // bytes of the text pool; the last sentence is cut
	poolSeed = 933588178
)

// A textPool is the text that comments are cut from. It does not change once
// made and may be read from several goroutines.
type textPool struct{ text []byte }

// openPool gives the pool that all generators share. Making it takes some ten
// milliseconds, in the first generator of the process.
var openPool = sync.OnceValue(func() *textPool {
	grammar := theGrammar()
	text := make([]byte, poolSize+sentenceSpace)
	seed, at, size := uint64(poolSeed), 0, 0
	for at < poolSize {
		size, seed = grammar.sentence(text[at:], seed)
		at += size
	}
	return &textPool{text: text[:poolSize]}
})

// comment draws the place and length of a comment from a stream and appends it.
// The length is from 0.4 to 1.6 times the average.
func (p *textPool) comment(to []byte, from *stream, average int64) []byte {
	shortest, longest := average*4/10, average*16/10
	offset := from.between(0, poolSize-longest)
	size := from.between(shortest, longest)
	return append(to, p.text[offset:offset+size]...)
}
