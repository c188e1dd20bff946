package sql

import (
	"math"
	"strconv"
	"strings"

	plex "github.com/alecthomas/participle/v2/lexer"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

// prefix reads an operand with the operators before it.
func (p *parser) prefix() ast.Expr {
	start := p.start()
	switch t := p.peek(); t.Type {
	case lexer.Identifier:
		return p.word(start)
	case lexer.QuotedIdentifier:
		return p.reference(start)
	case lexer.Keyword:
		return p.keyword(start)
	case lexer.Operator:
		return p.prefixOperator(start)
	case lexer.Argument:
		return p.parameter()
	case lexer.Integer, lexer.Decimal, lexer.Float, lexer.String, lexer.Escape, lexer.Bytes, lexer.Dollar:
		return p.literal()
	default:
		p.expected("an expression")
		if lexer.IsMalformed(t.Type) {
			p.next()
		}
		return &ast.BadExpr{Base: p.from(start)}
	}
}

func (p *parser) prefixOperator(start int) ast.Expr {
	t := p.peek()
	switch t.Value {
	case "(":
		return p.brackets(start)
	case "-":
		return p.unary(start, ast.Negate, powerSign)
	case "+":
		return p.unary(start, ast.Plus, powerSign)
	case "~":
		return p.unary(start, ast.BitNot, powerOther)
	case "[":
		return p.array(start)
	case "{":
		return p.structLiteral(start)
	}
	p.expected("an expression")
	return &ast.BadExpr{Base: p.from(start)}
}

func (p *parser) unary(start int, operator ast.UnaryOperator, power int) ast.Expr {
	p.next()
	node := &ast.Unary{Operator: operator, Operand: p.operators(power)}
	node.Base = p.from(start)
	return node
}

// keyword reads an operand that begins with a reserved word.
func (p *parser) keyword(start int) ast.Expr {
	t := p.peek()
	literal := func(kind ast.LiteralKind, text string) ast.Expr {
		p.next()
		return &ast.Literal{Base: p.from(start), Kind: kind, Text: text}
	}
	switch t.Value {
	case "NULL":
		return literal(ast.NullLiteral, "")
	case "TRUE", "FALSE":
		return literal(ast.BooleanLiteral, t.Value)
	case "NOT":
		return p.unary(start, ast.Not, powerNot)
	case "CASE":
		return p.caseExpr(start)
	case "CAST":
		return p.cast(start, false)
	case "ARRAY":
		p.next()
		if p.atOperator("[") {
			return p.array(start)
		}
		if p.atOperator("(") {
			p.notYet(t, "ARRAY of a query")
			p.bracketedQuery("after ARRAY")
			return &ast.BadExpr{Base: p.from(start)}
		}
		p.expected(`"[" after ARRAY`)
		return &ast.BadExpr{Base: p.from(start)}
	case "LEFT", "RIGHT":
		if p.atCall() {
			name := p.anyName()
			return p.callArguments(start, []*ast.Ident{name})
		}
	}
	if endsClause(t) || p.infixPower(t) != powerNone || structural[t.Value] {
		p.expected("an expression")
		return &ast.BadExpr{Base: p.from(start)}
	}
	p.name("an expression") // reports the reserved word
	p.next()
	return &ast.BadExpr{Base: p.from(start)}
}

// structural are the reserved words that belong to what stands around an
// expression; where one stands in place of an expression, the expression is
// missing and the word is none of its.
var structural = map[string]bool{
	"AS": true, "ASC": true, "DESC": true, "WHEN": true, "THEN": true, "ELSE": true, "END": true, "ON": true,
	"USING": true, "JOIN": true, "INNER": true, "LEFT": true, "RIGHT": true, "FULL": true, "CROSS": true, "NATURAL": true, "FOR": true, "IN": true,
	"AND": true, "OR": true, "WITH": true, "DISTINCT": true, "ALL": true,
}

// constantWords are functions that are called without parentheses.
var constantWords = map[string]bool{
	"current_date": true, "current_time": true, "current_timestamp": true, "localtime": true,
	"localtimestamp": true, "current_user": true, "session_user": true, "current_schema": true, "current_catalog": true,
}

// word reads an operand that begins with a word that is not reserved: a column, a
// call, a typed literal or one of the forms with words between their arguments.
func (p *parser) word(start int) ast.Expr {
	t, second := p.peek(), p.peekSecond()
	switch {
	case isOperator(second, "("):
		if form := p.specialForm(start); form != nil {
			return form
		}
	case isWord(t, "INTERVAL") && (second.Type == lexer.String || second.Type == lexer.Integer || second.Type == lexer.Escape):
		return p.interval(start)
	case second.Type == lexer.String || second.Type == lexer.Escape:
		return p.typedLiteral(start)
	case isWord(t, "DOUBLE") && isWord(second, "PRECISION") && p.peekAfter(2).Type == lexer.String:
		return p.typedLiteral(start)
	case (isWord(t, "TIMESTAMP") || isWord(t, "TIME")) && (isKeyword(second, "WITH") || isWord(second, "WITHOUT")) && isWord(p.peekAfter(2), "TIME"):
		return p.typedLiteral(start)
	case isWord(t, "MAP") && isOperator(second, "{"):
		return p.mapLiteral(start)
	case len(t.Value) >= len("localtime") && !isOperator(second, ".") && constantWords[strings.ToLower(t.Value)]:
		p.next()
		return &ast.Call{Base: p.from(start), Name: []*ast.Ident{{Base: ast.At(tokenSpan(t)), Name: t.Value}}}
	}
	return p.reference(start)
}

// reference reads a column, t.*, or a call.
func (p *parser) reference(start int) ast.Expr {
	parts := []*ast.Ident{p.name("an expression")}
	for p.atOperator(".") {
		if isOperator(p.peekSecond(), "*") {
			p.next()
			p.next()
			return p.star(start, parts)
		}
		p.next()
		parts = append(parts, p.anyName())
	}
	if p.atOperator("(") {
		return p.callArguments(start, parts)
	}
	return &ast.ColumnRef{Base: p.from(start), Parts: parts}
}

// brackets reads a query, a row or an expression in parentheses.
func (p *parser) brackets(start int) ast.Expr {
	if p.opensQuery() {
		node := &ast.Subquery{Query: p.bracketedQuery("before a query")}
		node.Base = p.from(start)
		return node
	}
	opening, _ := p.open("(", "")
	items := p.exprList(")")
	if query := p.continuedQuery(items); query != nil {
		p.close(opening)
		return &ast.Subquery{Base: p.from(start), Query: query}
	}
	trailing := isOperator(p.previous(), ",")
	p.close(opening)
	if len(items) == 1 && !trailing {
		return items[0]
	}
	return &ast.Row{Base: p.from(start), Items: items}
}

func (p *parser) array(start int) ast.Expr {
	opening, _ := p.open("[", "")
	node := &ast.Array{}
	if !p.atOperator("]") {
		node.Items = p.exprList("]")
	}
	p.close(opening)
	node.Base = p.from(start)
	return node
}

// structLiteral reads {'a': 1, b: 2}.
func (p *parser) structLiteral(start int) ast.Expr {
	opening, _ := p.open("{", "")
	node := &ast.Struct{}
	for !p.atOperator("}") {
		var name *ast.Ident
		if t := p.peek(); t.Type == lexer.String {
			p.next()
			name = &ast.Ident{Base: ast.At(tokenSpan(t)), Name: unquote(t.Value, '\''), Quoted: true}
		} else {
			name = p.name("the name of a field")
		}
		if !p.acceptOperator(":") {
			p.expected(`":" after the name of a field`)
			break
		}
		node.Names = append(node.Names, name)
		node.Values = append(node.Values, p.expr())
		if !p.acceptOperator(",") {
			break
		}
	}
	p.close(opening)
	node.Base = p.from(start)
	return node
}

// mapLiteral reads MAP {k: v, …} as the call map([k, …], [v, …]).
func (p *parser) mapLiteral(start int) ast.Expr {
	name := p.name("MAP")
	listStart := p.start()
	opening, _ := p.open("{", "")
	keys, values := &ast.Array{}, &ast.Array{}
	for !p.atOperator("}") {
		keys.Items = append(keys.Items, p.expr())
		if !p.acceptOperator(":") {
			p.expected(`":" after a key`)
			values.Items = append(values.Items, &ast.BadExpr{Base: p.from(p.start())})
			break
		}
		values.Items = append(values.Items, p.expr())
		if !p.acceptOperator(",") {
			break
		}
	}
	p.close(opening)
	keys.Base, values.Base = p.from(listStart), p.from(listStart)
	return &ast.Call{Base: p.from(start), Name: []*ast.Ident{name}, Arguments: []ast.Expr{keys, values}}
}

func (p *parser) caseExpr(start int) ast.Expr {
	opening := *p.next()
	node := &ast.Case{}
	if !p.atKeyword("WHEN") {
		node.Operand = p.expr()
	}
	if !p.atKeyword("WHEN") {
		p.expected("WHEN after CASE")
	}
	for p.atKeyword("WHEN") {
		whenStart := p.start()
		p.next()
		when := &ast.When{Condition: p.expr()}
		if p.expectKeyword("THEN", "after the condition") {
			when.Result = p.expr()
		} else {
			when.Result = &ast.BadExpr{Base: p.from(p.start())}
		}
		when.Base = p.from(whenStart)
		node.Whens = append(node.Whens, when)
	}
	if p.acceptKeyword("ELSE") {
		node.Else = p.expr()
	}
	p.endCase(&opening)
	node.Base = p.from(start)
	return node
}

// endCase reads END. What stands before it is skipped; when there is none, the
// CASE is reported as never closed.
func (p *parser) endCase(opening *plex.Token) {
	if p.acceptKeyword("END") {
		return
	}
	found := p.tokens.MakeCheckpoint()
	t := p.peek()
	p.skip(func(t *plex.Token) bool { return isKeyword(t, "END") || isOperator(t, ",") || endsClause(t) })
	if p.atKeyword("END") {
		end := p.tokens.MakeCheckpoint()
		p.tokens.LoadCheckpoint(found)
		p.expected("WHEN, ELSE or END")
		p.tokens.LoadCheckpoint(end)
		p.next()
		return
	}
	p.report(t.Pos.Offset, diag.New(codeUnclosed, "CASE has no END").
		At(p.file, tokenSpan(opening), "opened here").
		Label(p.file, tokenSpan(t), "expected END before this"))
}

func (p *parser) parameter() ast.Expr {
	t := p.next()
	node := &ast.Parameter{Base: ast.At(tokenSpan(t))}
	if t.Value == "?" {
		p.parameters++
		node.Index = p.parameters
		return node
	}
	text := t.Value[1:]
	if text[0] < '0' || text[0] > '9' {
		node.Name = text
		return node
	}
	index, err := strconv.Atoi(text)
	if err != nil || index < 1 || index > math.MaxUint16 {
		p.report(t.Pos.Offset, diag.New(codeNumber, "parameters are numbered from $1 to $%d, found %s", math.MaxUint16, quote(t.Value)).
			At(p.file, tokenSpan(t), "no such parameter"))
		return &ast.BadExpr{Base: node.Base}
	}
	node.Index = index
	return node
}
