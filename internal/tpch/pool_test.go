package tpch

import (
	"strings"
	"testing"
)

func TestPool(t *testing.T) {
	pool := openPool()
	if len(pool.text) != poolSize {
		t.Fatalf("the pool has %d bytes, want %d", len(pool.text), poolSize)
	}
	const begin = "furiously "
	text := string(pool.text)
	if !strings.Contains(text, begin) || strings.Contains(text, "  ") || strings.ContainsRune(text, 0) {
		t.Error("the pool is not made of words parted by single blanks")
	}
}

// TestSentenceFits: no sentence reaches the end of its room.
func TestSentenceFits(t *testing.T) {
	longest := 0
	grammar := theGrammar()
	for _, phrases := range []phraseTable{grammar.nounPhrases, grammar.verbPhrases} {
		for _, words := range phrases {
			longest = max(longest, len(words)*wordSpace)
		}
	}
	for _, form := range grammar.sentences {
		// A preposition brings its own word and a noun phrase.
		if size := len(form)*(longest+wordSpace) + wordSpace; size > sentenceSpace {
			t.Errorf("a sentence of form %s may take %d bytes, but has room for %d", form, size, sentenceSpace)
		}
	}
}

func BenchmarkSentence(b *testing.B) {
	grammar := theGrammar()
	text := make([]byte, sentenceSpace)
	seed, size, total := uint64(poolSeed), 0, 0
	for b.Loop() {
		size, seed = grammar.sentence(text, seed)
		total += size
	}
	b.ReportMetric(float64(total)/1e6/b.Elapsed().Seconds(), "MB/s")
}
