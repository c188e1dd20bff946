package sql

import (
	"strings"

	plex "github.com/alecthomas/participle/v2/lexer"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

// isName reports whether a token names something.
func isName(t *plex.Token) bool {
	return t.Type == lexer.Identifier || t.Type == lexer.QuotedIdentifier
}

// unquote takes the quotes off a token and halves the doubled ones inside.
func unquote(text string, quote byte) string {
	inner := text[1 : len(text)-1]
	if strings.IndexByte(inner, quote) < 0 {
		return inner
	}
	single := string(quote)
	return strings.ReplaceAll(inner, single+single, single)
}

// name reads a name; what completes "expected …".
func (p *parser) name(what string) *ast.Ident {
	t := p.peek()
	switch t.Type {
	case lexer.Identifier:
		p.next()
		return &ast.Ident{Base: ast.At(tokenSpan(t)), Name: t.Value}
	case lexer.QuotedIdentifier:
		p.next()
		return &ast.Ident{Base: ast.At(tokenSpan(t)), Name: unquote(t.Value, '"'), Quoted: true}
	case lexer.Keyword:
		if !endsClause(t) {
			word := p.file.Text[tokenSpan(t).Start:tokenSpan(t).End]
			p.report(t.Pos.Offset, diag.New(codeUnexpected, "expected %s, found the reserved word %s", what, t.Value).
				At(p.file, tokenSpan(t), "reserved").
				Fix(p.file, tokenSpan(t), `"`+word+`"`, "write the name in quotes"))
			break
		}
		p.expected(what)
	default:
		p.expected(what)
	}
	return &ast.Ident{Base: p.from(p.start())}
}

// anyName reads a name where reserved words are names too, such as after a
// point or AS. Words that begin a clause are not: in SELECT a. FROM t the name is
// missing.
func (p *parser) anyName() *ast.Ident {
	t := p.peek()
	if t.Type != lexer.Keyword || endsClause(t) {
		return p.name("a name")
	}
	p.next()
	span := tokenSpan(t)
	return &ast.Ident{Base: ast.At(span), Name: p.file.Text[span.Start:span.End]}
}

// qualifiedName reads a.b.c.
func (p *parser) qualifiedName(what string) []*ast.Ident {
	parts := []*ast.Ident{p.name(what)}
	for p.atOperator(".") {
		p.next()
		parts = append(parts, p.anyName())
	}
	return parts
}

// nameList reads names in parentheses.
func (p *parser) nameList(what string) []*ast.Ident {
	opening, ok := p.open("(", "before "+what)
	if !ok {
		return nil
	}
	var names []*ast.Ident
	for {
		names = append(names, p.name("a name"))
		if !p.acceptOperator(",") || p.atOperator(")") {
			break
		}
	}
	p.close(opening)
	return names
}
