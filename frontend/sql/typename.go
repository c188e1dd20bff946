package sql

import (
	"strings"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
)

// typeName reads a type.
func (p *parser) typeName() *ast.TypeName {
	start := p.start()
	node := &ast.TypeName{}
	if !p.enter() {
		node.Base = p.from(start)
		return node
	}
	saved := p.mark()
	ident := p.name("a type")
	node.Name = ident.Name
	if !ident.Quoted {
		node.Name = strings.ToLower(ident.Name)
	}
	for p.atOperator(".") { // pg_catalog.int4
		p.next()
		node.Name = strings.ToLower(p.anyName().Name)
	}
	switch node.Name {
	case "double":
		if p.acceptWord("PRECISION") {
			node.Name = "double precision"
		}
	case "character", "char", "bit", "nchar":
		if p.acceptWord("VARYING") {
			node.Name += " varying"
		}
		p.typeArguments(node)
	case "timestamp", "time":
		p.typeArguments(node)
		switch {
		case p.atKeyword("WITH") && p.acceptWords("WITH", "TIME"):
			p.expectWord("ZONE", "")
			node.Name += " with time zone"
		case p.acceptWords("WITHOUT", "TIME"):
			p.expectWord("ZONE", "")
			node.Name += " without time zone"
		}
	default:
		p.typeArguments(node)
	}
	p.dimensions(node)
	node.Base = p.from(start)
	p.measured(saved)
	p.leave()
	return node
}

// typeArguments reads (15, 2), or (a int, b text), or (int).
func (p *parser) typeArguments(node *ast.TypeName) {
	if !p.atOperator("(") {
		return
	}
	opening, _ := p.open("(", "")
	for {
		if p.peek().Type == lexer.Integer {
			node.Modifiers = append(node.Modifiers, p.integer("a type's parameter"))
		} else {
			start := p.start()
			field := &ast.TypeField{}
			if isName(p.peekSecond()) && !isWord(p.peekSecond(), "PRECISION") && !isWord(p.peekSecond(), "VARYING") && !isWord(p.peekSecond(), "WITHOUT") {
				field.Name = p.name("the name of a field")
			}
			field.Type = p.typeName()
			field.Base = p.from(start)
			node.Arguments = append(node.Arguments, field)
		}
		if !p.acceptOperator(",") {
			break
		}
	}
	p.close(opening)
}

// dimensions reads [] or [3] or ARRAY, any number of times.
func (p *parser) dimensions(node *ast.TypeName) {
	for {
		switch {
		case p.atOperator("["):
			opening, _ := p.open("[", "")
			if p.peek().Type == lexer.Integer {
				p.next() // PostgreSQL takes a size and pays no heed to it
			}
			p.close(opening)
		case p.atKeyword("ARRAY"):
			p.next()
		default:
			return
		}
		node.Dimensions++
	}
}
