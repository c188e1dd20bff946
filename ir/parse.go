package ir

import (
	"fmt"
	"math"
	"strconv"

	"github.com/heddle-lang/heddle/internal/diag"
)

// Parse reads a module in the text form. It infers the types of all values and
// reports what does not parse or does not fit, several problems of a file at once;
// then the module holds what could be read. Verify checks the rest. Ops carry
// their spans in the file.
func Parse(file *diag.File) (*Module, diag.List) {
	p := &parser{file: file, module: &Module{}}
	if len(file.Text) > math.MaxInt32 {
		p.errors.Add(diag.New(codeSyntax, "a CIR file has at most 2 GiB"))
		return p.module, p.errors
	}
	p.tokens = lex(file.Text)
	p.guard(p.version)
	for p.peek().kind != endToken && !p.givenUp() {
		start := p.at
		p.guard(p.declaration)
		if p.at == start {
			p.at++ // a brace too many
		}
	}
	return p.module, p.errors
}

const (
	maxTextErrors = 100
	maxTextDepth  = 200
)

type parser struct {
	file   *diag.File
	tokens []token
	at     int
	module *Module
	errors diag.List
	depth  int
	scopes []map[string]*Value
}

// bailout is the panic that leaves the current line; guard recovers it.
type bailout struct{}

func (p *parser) givenUp() bool { return len(p.errors) >= maxTextErrors }

func (p *parser) report(code diag.Code, span diag.Span, label, format string, args ...any) {
	p.errors.Add(diag.New(code, format, args...).At(p.file, span, "%s", label))
}

func (p *parser) fail(code diag.Code, span diag.Span, format string, args ...any) {
	p.report(code, span, "here", format, args...)
	panic(bailout{})
}

func (p *parser) wanted(what string) {
	t := p.peek()
	found := strconv.Quote(t.text)
	if t.kind == endToken {
		found = "the end of the file"
	}
	p.fail(codeSyntax, t.span, "expected %s, found %s", what, found)
}

// guard runs a part of the grammar; when it fails, reading goes on with the next
// line, past any braces that open before.
func (p *parser) guard(part func()) {
	start, scopes, depth := p.at, len(p.scopes), p.depth
	defer func() {
		switch r := recover(); r.(type) {
		case nil:
		case bailout:
			p.scopes, p.depth = p.scopes[:scopes], depth
			p.skipLine(start)
		default:
			panic(r)
		}
	}()
	part()
}

func (p *parser) skipLine(start int) {
	if p.at == start && p.peek().kind != endToken && p.peek().text != "}" {
		p.countBrace()
	}
	open := 0
	for i := start; i < p.at; i++ {
		open += brace(p.tokens[i])
	}
	open = max(open, 0)
	for t := p.peek(); t.kind != endToken; t = p.peek() {
		if open == 0 && (t.first || t.text == "}") {
			return
		}
		open = max(open+p.countBrace(), 0)
	}
}

// countBrace takes a token and gives how it changes the depth of braces.
func (p *parser) countBrace() int {
	n := brace(p.peek())
	p.at++
	return n
}

func brace(t token) int {
	switch {
	case t.kind != punctToken:
		return 0
	case t.text == "{":
		return 1
	case t.text == "}":
		return -1
	}
	return 0
}

// Tokens.

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != endToken {
		p.at++
	}
	return t
}

func (p *parser) is(text string) bool {
	t := p.peek()
	return (t.kind == punctToken || t.kind == nameToken) && t.text == text
}

func (p *parser) accept(text string) bool {
	if !p.is(text) {
		return false
	}
	p.at++
	return true
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.wanted(strconv.Quote(text))
	}
}

// onLine reports whether the next token is on the line of the one before.
func (p *parser) onLine() bool { return !p.peek().first }

func (p *parser) spanFrom(start int) diag.Span {
	return p.tokens[start].span.Cover(p.tokens[max(start, p.at-1)].span)
}

func (p *parser) integer() int64 {
	t := p.peek()
	n, err := strconv.ParseInt(t.text, 10, 64)
	if t.kind != numberToken || err != nil {
		p.wanted("a whole number")
	}
	p.at++
	return n
}

func (p *parser) small(what string, low, high int64) int {
	span := p.peek().span
	n := p.integer()
	if n < low || n > high {
		p.fail(codeLiteral, span, "%s is %d, not from %d to %d", what, n, low, high)
	}
	return int(n)
}

func (p *parser) quoted() string {
	t := p.peek()
	if t.kind != stringToken {
		p.wanted("a quoted string")
	}
	s, err := strconv.Unquote(t.text)
	if err != nil {
		p.fail(codeSyntax, t.span, "%s is not a valid string", t.text)
	}
	p.at++
	return s
}

// name reads a plain or quoted name.
func (p *parser) name() string {
	if t := p.peek(); t.kind == nameToken {
		p.at++
		return t.text
	}
	if p.peek().kind != stringToken {
		p.wanted("a name")
	}
	return p.quoted()
}

func (p *parser) symbol() string {
	if p.peek().kind != symbolToken {
		p.wanted("a symbol such as @name")
	}
	p.at++
	return p.name()
}

func (p *parser) list(open, end string, item func()) {
	p.expect(open)
	for !p.accept(end) {
		item()
		if !p.is(end) {
			p.expect(",")
		}
	}
}

func (p *parser) nested(span diag.Span) {
	if p.depth++; p.depth > maxTextDepth {
		p.fail(codeNesting, span, "more than %d levels of nesting", maxTextDepth)
	}
}

// Declarations.

func (p *parser) version() {
	p.expect("cir")
	span := p.peek().span
	if v := p.integer(); v != TextVersion {
		p.fail(codeVersion, span, "version %d of CIR text, where this program reads %d", v, TextVersion)
	}
}

func (p *parser) declaration() {
	start := p.peek()
	switch {
	case p.accept("table"):
		p.table()
	case p.accept("parameter"):
		p.parameter()
	case p.accept("state"):
		p.state()
	case p.is("export"), p.is("flow"), p.is("pipe"), p.is("kern"):
		p.function()
	default:
		p.wanted("table, parameter, state, flow, pipe or kern")
	}
	if p.peek().kind != endToken && p.onLine() {
		p.wanted("the end of the line after " + start.text)
	}
}

func (p *parser) table() {
	span := p.peek().span
	t := &Table{Name: p.symbol(), Rows: -1}
	if p.module.Table(t.Name) != nil {
		p.report(codeDuplicateName, span, "again here", "two tables are named %q", t.Name)
	}
	if p.accept("at") {
		t.Site = p.quoted()
	}
	if p.accept("rows") {
		t.Rows = int64(p.small("the number of rows", 0, math.MaxInt64))
	}
	p.expect("{")
	p.module.Tables = append(p.module.Tables, t)
	for !p.is("}") && p.peek().kind != endToken && !p.givenUp() {
		p.guard(func() { p.column(t) })
	}
	p.expect("}")
}

func (p *parser) column(t *Table) {
	span := p.peek().span
	c := Column{Name: p.name(), Statistics: Statistics{Nulls: -1}}
	p.expect(":")
	at := p.peek().span
	c.Type = p.parseType()
	if !hasLayout(c.Type) {
		p.fail(codeMisfit, at, "%s cannot be the type of a column", c.Type)
	}
	c.Layout = NaturalLayout(c.Type)
	if p.accept("=") {
		c.Layout = p.layout()
	}
	for p.onLine() && p.peek().kind == nameToken {
		switch {
		case p.accept("distinct"):
			c.Statistics.Distinct = p.integer()
		case p.accept("nulls"):
			c.Statistics.Nulls = p.integer()
		case p.accept("min"):
			d := p.literalOf(c.Type)
			c.Statistics.Min = &d
		case p.accept("max"):
			d := p.literalOf(c.Type)
			c.Statistics.Max = &d
		default:
			p.wanted("distinct, nulls, min or max")
		}
	}
	if !p.accept(",") && p.onLine() && !p.is("}") {
		p.wanted(`the end of the line or ","`)
	}
	if index, _ := t.Column(c.Name); index >= 0 {
		p.report(codeDuplicateName, span, "again here", "two columns of %q are named %q", t.Name, c.Name)
		return
	}
	t.Columns = append(t.Columns, c)
}

func (p *parser) layout() Layout {
	dictionary := p.accept("dict")
	if !dictionary {
		p.expect("plain")
	}
	p.expect("<")
	l := Layout{Width: uint8(p.small("the width", 0, 16))}
	if dictionary {
		p.expect(",")
		l.Encoding, l.Cardinality = Dictionary, p.small("the cardinality", 0, math.MaxInt32)
	} else if p.accept(",") {
		l.Base = p.integer()
	}
	p.expect(">")
	return l
}

func (p *parser) parameter() {
	span := p.peek().span
	if index := p.integer(); index != int64(len(p.module.Parameters)) {
		p.report(codeSyntax, span, "here", "parameters are numbered in order: this is %d, not %d", len(p.module.Parameters), index)
	}
	p.expect(":")
	parameter := Parameter{Type: p.parseType()}
	if p.accept("=") {
		parameter.Value, parameter.Bound = p.literalOf(parameter.Type), true
	}
	p.module.Parameters = append(p.module.Parameters, parameter)
}

func (p *parser) state() {
	span := p.peek().span
	s := &State{Name: p.symbol(), Limit: -1}
	if p.module.State(s.Name) != nil {
		p.report(codeDuplicateName, span, "again here", "two states are named %q", s.Name)
	}
	s.Kind = StateKind(p.oneOf("a kind of state", stateNames[:]))
	s.Fields = p.fields()
	for p.onLine() && p.peek().kind == nameToken {
		switch {
		case p.accept("keys"):
			s.Keys = p.small("the number of keys", 0, int64(len(s.Fields)))
		case p.accept("aggregates"):
			p.list("[", "]", func() { s.Aggregates = append(s.Aggregates, p.aggregateFunction()) })
		case p.accept("order"):
			p.list("[", "]", func() { s.Order = append(s.Order, p.sortKey()) })
		case p.accept("limit"):
			s.Limit = p.integer()
		case p.accept("offset"):
			s.Offset = p.integer()
		case p.accept("unmatched"):
			s.Unmatched = true
		case p.accept("estimate"):
			s.Estimate = p.literalOf(Of(F64)).Float
		default:
			p.wanted("keys, aggregates, order, limit, offset, unmatched or estimate")
		}
	}
	p.module.States = append(p.module.States, s)
}

// oneOf reads one of some words and gives its index.
func (p *parser) oneOf(what string, words []string) int {
	t := p.peek()
	for i, word := range words {
		if t.kind == nameToken && t.text == word {
			p.at++
			return i
		}
	}
	d := diag.New(codeSyntax, "expected %s, found %q", what, t.text).At(p.file, t.span, "here")
	p.errors.Add(d.Helpf("one of: %s", fmt.Sprint(words)))
	panic(bailout{})
}

func (p *parser) function() {
	f := &Function{Export: p.accept("export"), Body: &Block{}}
	f.Level = FlowLevel + Level(p.oneOf("a level", []string{"flow", "pipe", "kern"}))
	span := p.peek().span
	f.Name = p.symbol()
	if p.module.Function(f.Name) != nil {
		p.report(codeDuplicateName, span, "again here", "two functions are named %q", f.Name)
	}
	p.scopes = append(p.scopes, map[string]*Value{})
	defer func() { p.scopes = p.scopes[:len(p.scopes)-1] }()
	if p.is("(") {
		p.list("(", ")", func() { p.argument(f.Body, nil) })
	}
	if p.accept("->") {
		if p.is("(") {
			p.list("(", ")", func() { f.Results = append(f.Results, p.parseType()) })
		} else {
			f.Results = []Type{p.parseType()}
		}
	}
	if p.accept("threads") {
		f.Threads = p.small("threads", 1, 1024)
	}
	p.module.Functions = append(p.module.Functions, f)
	p.body(f.Body)
}

// argument reads "%name: type", or "%name" where the type is known.
func (p *parser) argument(block *Block, known *Type) {
	t := p.peek()
	if t.kind != valueToken {
		p.wanted("an argument such as %x")
	}
	p.at++
	v := block.AddArgument(hintOf(t), Type{})
	if known != nil {
		v.Type = *known
	} else {
		p.expect(":")
		v.Type = p.parseType()
	}
	p.define(t, v)
}

// hintOf is the hint of a value in text; mere numbers are none.
func hintOf(t token) string {
	if isDigit(t.text[1]) {
		return ""
	}
	return t.text[1:]
}

func (p *parser) define(t token, v *Value) {
	for _, scope := range p.scopes {
		if scope[t.text] != nil {
			p.report(codeDuplicateName, t.span, "again here", "%s is defined twice", t.text)
			return
		}
	}
	p.scopes[len(p.scopes)-1][t.text] = v
}

func (p *parser) body(block *Block) {
	p.expect("{")
	p.nested(p.peek().span)
	for !p.is("}") && p.peek().kind != endToken && !p.givenUp() {
		p.guard(func() { p.op(block) })
	}
	p.depth--
	p.expect("}")
}
