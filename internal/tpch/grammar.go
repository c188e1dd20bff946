package tpch

import (
	"strings"
	"sync"
)

// wordSpace is the room of a word in its table. Copying the whole room, always,
// costs two or three moves and no branch on the length.
const wordSpace = 23

// sentenceSpace is more than the longest sentence of the grammar, plus the
// room that copying whole words may overwrite behind it.
const sentenceSpace = 512

// A word is one outcome of a draw with what follows it (a blank, a comma and a
// blank, " the ").
type word struct {
	text [wordSpace]byte
	size uint8
}

// wordTable has one entry per equally likely draw: a value with weight 40 stands
// in it 40 times.
type wordTable []word

// phraseTable gives the tables to draw from in turn, per equally likely draw of
// the phrase's form.
type phraseTable [][]wordTable

// A grammar makes the sentences of the text pool.
type grammar struct {
	sentences    []string // the form, such as "NVT", per equally likely draw
	nounPhrases  phraseTable
	verbPhrases  phraseTable
	prepositions wordTable
	terminators  wordTable
}

// theGrammar is built on first use from the embedded lists.
var theGrammar = sync.OnceValue(func() *grammar {
	nouns := newWordTable("nouns", " ")
	verbs := newWordTable("verbs", " ")
	adverbs := newWordTable("adverbs", " ")
	sentences := lookupDistribution("sentences")
	g := &grammar{
		nounPhrases: newPhraseTable("nounphrases", map[string]wordTable{
			"N":  nouns,
			"J":  newWordTable("adjectives", " "),
			"J,": newWordTable("adjectives", ", "),
			"D":  adverbs,
		}),
		verbPhrases: newPhraseTable("verbphrases", map[string]wordTable{
			"V": verbs,
			"X": newWordTable("auxiliaries", " "),
			"D": adverbs,
		}),
		prepositions: newWordTable("prepositions", " the "),
		terminators:  newWordTable("terminators", " "),
	}
	for i, form := range sentences.values {
		for range sentences.numbers[i] {
			g.sentences = append(g.sentences, strings.ReplaceAll(form, " ", ""))
		}
	}
	return g
})

func newWordTable(name, suffix string) wordTable {
	list := lookupDistribution(name)
	var table wordTable
	for i, value := range list.values {
		var entry word
		if len(value)+len(suffix) > wordSpace {
			panic("BUG: word too long for its table: " + value)
		}
		entry.size = uint8(copy(entry.text[:], value+suffix))
		for range list.numbers[i] {
			table = append(table, entry)
		}
	}
	return table
}

func newPhraseTable(name string, tables map[string]wordTable) phraseTable {
	list := lookupDistribution(name)
	var table phraseTable
	for i, form := range list.values {
		var words []wordTable
		for symbol := range strings.FieldsSeq(form) {
			words = append(words, tables[symbol])
		}
		for range list.numbers[i] {
			table = append(table, words)
		}
	}
	return table
}

// draw advances seed and gives a number below count. Unlike stream.between it
// needs no floating point: for counts below 2²⁰ the rounding of the official
// formula cannot reach the next integer, so seed·count/(2³¹-1), rounded down,
// is the same. The division by 2³¹-1 is two shifts, exact below 2⁶¹.
func draw(seed uint64, count int) (uint64, uint64) {
	seed = reduce(seed * multiplier)
	product := seed * uint64(count)
	return seed, (product + product>>31 + 1) >> 31
}

// sentence writes one sentence to text, which has room for sentenceSpace bytes,
// and gives its length with the blank behind it, and the seed after it.
func (g *grammar) sentence(text []byte, seed uint64) (int, uint64) {
	var choice uint64
	at := 0
	seed, choice = draw(seed, len(g.sentences))
	for _, symbol := range []byte(g.sentences[choice]) {
		switch symbol {
		case 'N':
			at, seed = g.nounPhrases.write(text, at, seed)
		case 'V':
			at, seed = g.verbPhrases.write(text, at, seed)
		case 'P':
			at, seed = g.prepositions.write(text, at, seed)
			at, seed = g.nounPhrases.write(text, at, seed)
		case 'T':
			at, seed = g.terminators.write(text, at-1, seed) // over the blank
		default:
			panic("BUG: unknown symbol in the form of a sentence: " + string(symbol))
		}
	}
	return at, seed
}

func (p phraseTable) write(text []byte, at int, seed uint64) (int, uint64) {
	seed, choice := draw(seed, len(p))
	for _, words := range p[choice] {
		at, seed = words.write(text, at, seed)
	}
	return at, seed
}

func (w wordTable) write(text []byte, at int, seed uint64) (int, uint64) {
	seed, choice := draw(seed, len(w))
	entry := &w[choice]
	*(*[wordSpace]byte)(text[at : at+wordSpace]) = entry.text
	return at + int(entry.size), seed
}
