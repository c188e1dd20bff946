package sql

import (
	"strings"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

// specialForm reads the calls that have words of their own between arguments. It
// gives nil for an ordinary call.
func (p *parser) specialForm(start int) ast.Expr {
	word := p.peek().Value
	if len(word) > len("SUBSTRING") {
		return nil
	}
	switch strings.ToUpper(word) {
	case "EXISTS":
		p.next()
		node := &ast.Exists{Query: p.bracketedQuery("after EXISTS")}
		node.Base = p.from(start)
		return node
	case "EXTRACT":
		return p.extract(start)
	case "SUBSTRING":
		return p.substring(start)
	case "POSITION":
		return p.position(start)
	case "TRIM":
		return p.trim(start)
	case "OVERLAY":
		return p.overlay(start)
	case "TRY_CAST":
		return p.cast(start, true)
	case "INTERVAL":
		return p.interval(start)
	case "ROW":
		p.next()
		opening, _ := p.open("(", "")
		node := &ast.Row{}
		if !p.atOperator(")") {
			node.Items = p.exprList(")")
		}
		p.close(opening)
		if len(node.Items) < 2 { // (a) would not be a row when written down again
			node.Base = p.from(start)
			return &ast.Call{Base: node.Base, Name: []*ast.Ident{{Base: ast.At(diag.Span{Start: int32(start), End: int32(start + 3)}), Name: "row"}}, Arguments: node.Items}
		}
		node.Base = p.from(start)
		return node
	}
	return nil
}

func (p *parser) cast(start int, try bool) ast.Expr {
	p.next()
	opening, ok := p.open("(", "after CAST")
	if !ok {
		return &ast.BadExpr{Base: p.from(start)}
	}
	node := &ast.Cast{Try: try, Operand: p.expr()}
	if p.expectKeyword("AS", "and a type") {
		node.Type = p.typeName()
	} else {
		node.Type = &ast.TypeName{Base: p.from(p.start())}
	}
	p.close(opening)
	node.Base = p.from(start)
	return node
}

func (p *parser) extract(start int) ast.Expr {
	p.next()
	opening, _ := p.open("(", "after EXTRACT")
	node := &ast.Extract{}
	if t := p.peek(); t.Type == lexer.String {
		p.next()
		node.Field = &ast.Ident{Base: ast.At(tokenSpan(t)), Name: unquote(t.Value, '\'')}
	} else {
		node.Field = p.name("a field such as YEAR")
	}
	if p.expectKeyword("FROM", "and a date or time") {
		node.Operand = p.expr()
	} else {
		node.Operand = &ast.BadExpr{Base: p.from(p.start())}
	}
	p.close(opening)
	node.Base = p.from(start)
	return node
}

// substring reads substring(x FROM a FOR b), either part absent, and substring(x,
// a, b).
func (p *parser) substring(start int) ast.Expr {
	name := p.name("SUBSTRING")
	if isOperator(p.peekSecond(), ")") {
		return p.callArguments(start, []*ast.Ident{name})
	}
	opening, _ := p.open("(", "")
	node := &ast.Call{Name: []*ast.Ident{name}, Arguments: p.exprList(")")}
	if len(node.Arguments) == 1 {
		var from, length ast.Expr
		for {
			if from == nil && p.acceptKeyword("FROM") {
				from = p.expr()
			} else if length == nil && p.acceptKeyword("FOR") {
				length = p.expr()
			} else {
				break
			}
		}
		if from == nil && length != nil {
			from = &ast.Literal{Base: p.from(p.start()), Kind: ast.IntegerLiteral, Text: "1"}
		}
		if from != nil {
			node.Arguments = append(node.Arguments, from)
		}
		if length != nil {
			node.Arguments = append(node.Arguments, length)
		}
	}
	p.close(opening)
	node.Base = p.from(start)
	return node
}

func (p *parser) position(start int) ast.Expr {
	name := p.name("POSITION")
	if isOperator(p.peekSecond(), ")") {
		return p.callArguments(start, []*ast.Ident{name})
	}
	opening, _ := p.open("(", "")
	needle := p.operators(powerRange)
	if !p.acceptKeyword("IN") {
		node := &ast.Call{Name: []*ast.Ident{name}, Arguments: []ast.Expr{needle}}
		for p.acceptOperator(",") {
			node.Arguments = append(node.Arguments, p.expr())
		}
		p.close(opening)
		node.Base = p.from(start)
		return node
	}
	node := &ast.Position{Needle: needle, Haystack: p.expr()}
	p.close(opening)
	node.Base = p.from(start)
	return node
}

// trim reads TRIM([side] [characters] FROM x) and the calls trim(x) and trim(x,
// characters).
func (p *parser) trim(start int) ast.Expr {
	name := p.name("TRIM")
	if isOperator(p.peekSecond(), ")") {
		return p.callArguments(start, []*ast.Ident{name})
	}
	opening, _ := p.open("(", "")
	node := &ast.Trim{}
	special := true
	switch {
	case p.acceptKeyword("LEADING"):
		node.Side = ast.TrimLeading
	case p.acceptKeyword("TRAILING"):
		node.Side = ast.TrimTrailing
	case p.acceptKeyword("BOTH"):
	default:
		special = false
	}
	if !p.atKeyword("FROM") {
		list := p.exprList(")")
		node.Operand = list[0]
		if len(list) > 1 || !special && !p.atKeyword("FROM") {
			p.close(opening)
			return &ast.Call{Base: p.from(start), Name: []*ast.Ident{name}, Arguments: list}
		}
	}
	if p.acceptKeyword("FROM") {
		node.Characters = node.Operand
		node.Operand = p.expr()
	}
	p.close(opening)
	node.Base = p.from(start)
	return node
}

func (p *parser) overlay(start int) ast.Expr {
	name := p.name("OVERLAY")
	if isOperator(p.peekSecond(), ")") {
		return p.callArguments(start, []*ast.Ident{name})
	}
	opening, _ := p.open("(", "")
	node := &ast.Call{Name: []*ast.Ident{name}, Arguments: p.exprList(")")}
	if p.acceptWord("PLACING") {
		node.Arguments = append(node.Arguments, p.expr())
		if p.expectKeyword("FROM", "and a position") {
			node.Arguments = append(node.Arguments, p.expr())
		}
		if p.acceptKeyword("FOR") {
			node.Arguments = append(node.Arguments, p.expr())
		}
	}
	p.close(opening)
	node.Base = p.from(start)
	return node
}

// callArguments reads the parentheses of a call and what may follow them.
func (p *parser) callArguments(start int, name []*ast.Ident) *ast.Call {
	node := &ast.Call{Name: name}
	opening, _ := p.open("(", "")
	switch {
	case p.atOperator("*") && isOperator(p.peekSecond(), ")"):
		p.next()
		node.Star = true
	case p.acceptKeyword("DISTINCT"):
		node.Distinct = true
	default:
		p.acceptKeyword("ALL")
	}
	if !p.atOperator(")") && !node.Star {
		if !p.atKeyword("ORDER") {
			p.arguments(node)
		}
		if p.acceptWords("ORDER", "BY") {
			node.OrderBy = p.orderItems(false)
		}
		p.nullTreatment(node)
	}
	p.close(opening)
	p.callSuffix(node)
	node.Base = p.from(start)
	return node
}

func (p *parser) arguments(node *ast.Call) {
	for {
		start := p.start()
		if second := p.peekSecond(); isName(p.peek()) && (isOperator(second, "=>") || isOperator(second, ":=")) {
			argument := &ast.NamedArgument{Name: p.name("the name of an argument")}
			p.next()
			argument.Value = p.expr()
			argument.Base = p.from(start)
			node.Arguments = append(node.Arguments, argument)
		} else if p.acceptOperator("*") { // COLUMNS(* EXCLUDE (a))
			node.Arguments = append(node.Arguments, p.star(start, nil))
		} else {
			node.Arguments = append(node.Arguments, p.expr())
		}
		if !p.acceptOperator(",") || p.atOperator(")") {
			return
		}
	}
}

func (p *parser) nullTreatment(node *ast.Call) {
	switch {
	case p.acceptWords("IGNORE", "NULLS"):
		node.Nulls = ast.IgnoreNulls
	case p.acceptWords("RESPECT", "NULLS"):
		node.Nulls = ast.RespectNulls
	}
}

// callSuffix reads WITHIN GROUP, FILTER, IGNORE NULLS and OVER.
func (p *parser) callSuffix(node *ast.Call) {
	if p.peek().Type != lexer.Identifier {
		return // the usual case, decided at once
	}
	if p.acceptWords("WITHIN", "GROUP") {
		if opening, ok := p.open("(", "after WITHIN GROUP"); ok {
			p.expectKeyword("ORDER", "")
			p.expectWord("BY", "after ORDER")
			node.WithinGroup = p.orderItems(false)
			p.close(opening)
		}
	}
	if p.atWord("FILTER") && isOperator(p.peekSecond(), "(") {
		p.next()
		opening, _ := p.open("(", "")
		p.acceptKeyword("WHERE")
		node.Filter = p.expr()
		p.close(opening)
	}
	p.nullTreatment(node)
	if p.atWord("OVER") && (isOperator(p.peekSecond(), "(") || isName(p.peekSecond())) {
		p.next()
		node.Over = p.window()
	}
}
