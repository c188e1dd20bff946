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

// comments make the comments of a table, which are its last column. They note
// where in the pool the texts stand and copy them in one go per batch: the places
// are random, and only a tight loop has the processor wait for several at once.
type comments struct {
	pool              *textPool
	draws             *stream
	shortest, longest int64
	noted             []span
}

// A span is a piece of the pool.
type span struct{ begin, end int32 }

// newComments gives the comments of a column; their lengths are from 0.4 to
// 1.6 times the average. The stream has two draws per comment.
func newComments(draws *stream, average int64) comments {
	return comments{pool: openPool(), draws: draws, shortest: average * 4 / 10, longest: average * 16 / 10}
}

// next draws the place and length of the next comment.
func (c *comments) next() span {
	begin := c.draws.between(0, poolSize-c.longest)
	return span{int32(begin), int32(begin + c.draws.between(c.shortest, c.longest))}
}

// note draws the next comment for finish.
func (c *comments) note() { c.noted = append(c.noted, c.next()) }

// finish appends the noted comments to the last column.
func (c *comments) finish(batch *Batch) {
	column := &batch.Columns[len(batch.Columns)-1]
	for _, span := range c.noted {
		column.Bytes = append(column.Bytes, c.pool.text[span.begin:span.end]...)
		column.endText()
	}
	c.noted = c.noted[:0]
}
