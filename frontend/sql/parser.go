package sql

import (
	"strconv"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2"
	plex "github.com/alecthomas/participle/v2/lexer"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

const (
	// maxNesting bounds the recursion of the parser over nested text.
	maxNesting = 1000
	// maxHeight bounds the height of a tree, hence the recursion of all who walk
	// it. It is above maxNesting because a chain such as a + b + c … grows to the
	// left without nesting in the text.
	maxHeight = 5000
	// maxTokens bounds the memory of a statement: participle needs 64 bytes for
	// each token.
	maxTokens = 3_000_000
	// maxStatements bounds the time: compiling a statement costs some hundred
	// microseconds however short it is.
	maxStatements = 10_000
)

// parser is the state of parsing one file. The productions in Go and the grammar
// of participle call each other: the grammar is built around the methods of one
// parser, so a parser serves one file at a time.
type parser struct {
	grammar *grammar
	file    *diag.File
	list    diag.List

	// tokens is the current statement. Participle moves copies of its lexer
	// along; tokens is the copy in use.
	tokens *plex.PeekingLexer

	depth  int // nesting of productions at this point of the text
	height int // bound of the height of the trees read since the last mark

	unclosed     map[int]bool // offsets of opening brackets of this statement that nothing closes
	parameters   int          // question marks read
	lastError    int          // offset of the token last complained about, -1 for none
	abandoned    bool         // the rest of the statement is skipped without complaint
	implicitName int          // offset of the last alias without AS, -1 for none
	queryRead    bool         // the tokens just read end a query
}

// parsers keeps parsers with their grammars: building one takes reflection, some
// hundred microseconds.
var parsers = sync.Pool{New: func() any {
	p := &parser{}
	p.grammar = newGrammar(p)
	return p
}}

func (p *parser) peek() *plex.Token { return p.tokens.Peek() }

// peekSecond is the token after the next one.
func (p *parser) peekSecond() *plex.Token { return p.peekAfter(1) }

func (p *parser) peekAfter(n int) *plex.Token {
	at := p.tokens.RawCursor()
	for range n {
		if p.tokens.Range(at, at+1)[0].EOF() {
			break
		}
		at++
	}
	return &p.tokens.Range(at, at+1)[0]
}

func (p *parser) next() *plex.Token { return p.tokens.Next() }

func (p *parser) start() int { return p.tokens.Peek().Pos.Offset }

// previous is the token read last; nil at the start of the statement.
func (p *parser) previous() *plex.Token {
	at := p.tokens.RawCursor()
	if at == 0 {
		return nil
	}
	return &p.tokens.Range(at-1, at)[0]
}

func tokenSpan(t *plex.Token) diag.Span {
	return diag.Span{Start: int32(t.Pos.Offset), End: int32(t.Pos.Offset + len(t.Value))}
}

// from makes the Base of a node that began at start and ends with the token read
// last.
func (p *parser) from(start int) ast.Base {
	end := start
	if t := p.previous(); t != nil {
		end = max(end, t.Pos.Offset+len(t.Value))
	}
	return ast.At(diag.Span{Start: int32(start), End: int32(end)})
}

func isKeyword(t *plex.Token, word string) bool {
	return t.Type == lexer.Keyword && t.Value == word
}

func isOperator(t *plex.Token, operator string) bool {
	return t.Type == lexer.Operator && t.Value == operator
}

// isWord is for words that are not reserved.
func isWord(t *plex.Token, word string) bool {
	return t.Type == lexer.Identifier && len(t.Value) == len(word) && strings.EqualFold(t.Value, word)
}

func (p *parser) atKeyword(word string) bool      { return isKeyword(p.peek(), word) }
func (p *parser) atOperator(operator string) bool { return isOperator(p.peek(), operator) }
func (p *parser) atWord(word string) bool         { return isWord(p.peek(), word) }

func (p *parser) acceptKeyword(word string) bool {
	if p.atKeyword(word) {
		p.next()
		return true
	}
	return false
}

func (p *parser) acceptOperator(operator string) bool {
	if p.atOperator(operator) {
		p.next()
		return true
	}
	return false
}

func (p *parser) acceptWord(word string) bool {
	if p.atWord(word) {
		p.next()
		return true
	}
	return false
}

// acceptWords reads two words, reserved or not, or none.
func (p *parser) acceptWords(first, second string) bool {
	is := func(t *plex.Token, word string) bool { return isKeyword(t, word) || isWord(t, word) }
	if is(p.peek(), first) && is(p.peekSecond(), second) {
		p.next()
		p.next()
		return true
	}
	return false
}

// expectKeyword reads a word that must stand here; purpose completes "expected
// FROM …" and may be empty.
func (p *parser) expectKeyword(word, purpose string) bool {
	if p.acceptKeyword(word) {
		return true
	}
	p.expected(strings.TrimSpace(word + " " + purpose))
	return false
}

func (p *parser) expectWord(word, purpose string) {
	if !p.acceptWord(word) && !p.acceptKeyword(word) {
		p.expected(strings.TrimSpace(word + " " + purpose))
	}
}

// open reads an opening bracket; missing gives a diagnostic.
func (p *parser) open(bracket, purpose string) (opening plex.Token, ok bool) {
	if !p.atOperator(bracket) {
		p.expected(quote(bracket) + " " + purpose)
		return plex.Token{}, false
	}
	return *p.next(), true
}

var closing = map[string]string{"(": ")", "[": "]", "{": "}"}

// close reads the bracket that closes opening. Whatever else stands before it is
// reported and skipped, so that a mistake inside brackets stays inside.
func (p *parser) close(opening plex.Token) {
	bracket := closing[opening.Value]
	if p.acceptOperator(bracket) || p.abandoned {
		return
	}
	if p.unclosed[opening.Pos.Offset] {
		// The opening place is where a person looks, and the one mistake; what
		// follows is read as if the bracket were closed here.
		d := diag.New(codeUnclosed, "%s is never closed", quote(opening.Value)).
			At(p.file, tokenSpan(&opening), "opened here")
		if t := p.peek(); !t.EOF() {
			d.Label(p.file, tokenSpan(t), "expected %s before this", quote(bracket))
		}
		p.report(p.start(), d)
		return
	}
	p.expected("a comma or " + quote(bracket))
	p.skip(func(t *plex.Token) bool { return false })
	p.acceptOperator(bracket)
}

// skip moves on to a token outside of brackets for which stop holds, to the
// bracket that closes the surrounding ones, or to the end of the statement.
func (p *parser) skip(stop func(*plex.Token) bool) {
	depth := 0
	for {
		t := p.peek()
		if t.EOF() {
			return
		}
		if depth == 0 && stop(t) {
			return
		}
		if t.Type == lexer.Operator {
			switch t.Value {
			case "(", "[", "{":
				if !p.unclosed[t.Pos.Offset] {
					depth++
				}
			case ")", "]", "}":
				if depth == 0 {
					return
				}
				depth--
			}
		}
		p.next()
	}
}

// abandon skips the rest of the statement without further complaint.
func (p *parser) abandon() {
	p.abandoned = true
	for !p.peek().EOF() {
		p.next()
	}
}

// report adds a diagnostic about the token at offset, unless the token was
// complained about already: one mistake is reported once.
func (p *parser) report(offset int, d *diag.Diagnostic) {
	if p.abandoned || offset == p.lastError {
		return
	}
	p.lastError = offset
	p.list.Add(d)
}

// expected reports that the next token is not what must stand here.
func (p *parser) expected(what string) {
	t := p.peek()
	if lexer.IsMalformed(t.Type) {
		p.lastError = t.Pos.Offset // reported when it was scanned
		return
	}
	if d := p.misspelt(t); d != nil {
		p.report(t.Pos.Offset, d)
		return
	}
	if d := p.misplaced(t); d != nil {
		p.report(t.Pos.Offset, d)
		return
	}
	p.report(t.Pos.Offset, diag.New(codeUnexpected, "expected %s, found %s", what, p.describe(t)).
		At(p.file, tokenSpan(t), "not expected here"))
}

// describe names a token in a message.
func (p *parser) describe(t *plex.Token) string {
	if t.EOF() {
		return "the end of the statement"
	}
	const longest = 40
	if text := t.Value; len(text) > longest {
		return quote(strings.ToValidUTF8(text[:longest], "") + "…")
	}
	return quote(t.Value)
}

// quote is for pieces of SQL in messages.
func quote(s string) string {
	if strings.ContainsAny(s, "\n\t\r") || !strings.ContainsRune(s, '"') {
		return strconv.Quote(s)
	}
	return s
}

// enter counts a level of nesting. It gives false, and abandons the statement,
// when the text nests too deep; else the caller calls leave.
func (p *parser) enter() bool {
	if p.depth < maxNesting {
		p.depth++
		return true
	}
	t := p.peek()
	if !p.abandoned {
		p.report(t.Pos.Offset, diag.New(codeTooDeep, "the statement nests deeper than %d levels", maxNesting).
			At(p.file, tokenSpan(t), "level %d begins here", maxNesting+1).
			Helpf("move inner queries into common tables (WITH name AS (...)), or store inner results in tables"))
	}
	p.abandon()
	return false
}

func (p *parser) leave() { p.depth-- }

// grow notes that a node was put on top of the trees read since the mark.
func (p *parser) grow() {
	p.height++
	if p.height <= maxHeight {
		return
	}
	t := p.peek()
	p.report(t.Pos.Offset, diag.New(codeTooDeep, "more than %d operations are chained", maxHeight).
		At(p.file, tokenSpan(t), "the chain is too long here").
		Helpf("split the chain, or put the values into a table and aggregate them"))
	p.abandon()
}

// mark starts to measure the height of a new tree; measured ends it.
func (p *parser) mark() int {
	saved := p.height
	p.height = 0
	return saved
}

func (p *parser) measured(saved int) {
	p.grow()
	p.height = max(p.height, saved)
}

// run parses with one of participle's grammars from the current token on.
func run[G any](p *parser, grammar *participle.Parser[G]) (*G, error) {
	tokens := p.tokens
	result, err := grammar.ParseFromLexer(tokens, participle.AllowTrailing(true))
	p.tokens = tokens
	return result, err
}
