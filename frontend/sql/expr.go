package sql

import (
	plex "github.com/alecthomas/participle/v2/lexer"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

// Expressions are read by precedence climbing (Pratt, "Top down operator
// precedence", POPL 1973). The binding powers are PostgreSQL's.
const (
	powerNone = iota
	powerOr
	powerAnd
	powerNot
	powerIs
	powerComparison
	powerRange // BETWEEN, IN, LIKE
	powerOther // ||, ->, and all operators without a line of their own
	powerAdd
	powerMultiply
	powerPower
	powerAtTimeZone
	powerCollate
	powerSign
	powerCast // :: and [ ]
	powerField
)

// expr reads an expression. When there is none it reports that and gives a
// BadExpr without reading a token, so the caller goes on at the same place.
func (p *parser) expr() ast.Expr { return p.operators(powerNone) }

// operators reads an expression whose operators bind tighter than least.
func (p *parser) operators(least int) ast.Expr {
	if !p.enter() {
		return &ast.BadExpr{Base: p.from(p.start())}
	}
	saved := p.mark()
	left := p.prefix()
	chained := false
	for {
		power := p.infixPower(p.peek())
		if power <= least {
			break
		}
		if power == powerComparison && chained {
			p.comparisonsChain()
		}
		left = p.infix(left, power)
		chained = power == powerComparison
		p.grow()
	}
	p.measured(saved)
	p.leave()
	return left
}

// infixPower is how tight the operator at t binds, powerNone when t is none.
func (p *parser) infixPower(t *plex.Token) int {
	switch t.Type {
	case lexer.Keyword:
		switch t.Value {
		case "OR":
			return powerOr
		case "AND":
			return powerAnd
		case "IS", "ISNULL", "NOTNULL":
			return powerIs
		case "BETWEEN", "IN", "LIKE", "ILIKE", "SIMILAR":
			return powerRange
		case "NOT":
			switch second := p.peekSecond(); {
			case isKeyword(second, "BETWEEN"), isKeyword(second, "IN"), isKeyword(second, "LIKE"),
				isKeyword(second, "ILIKE"), isKeyword(second, "SIMILAR"):
				return powerRange
			case isKeyword(second, "NULL"): // a NOT NULL, as SQLite has it
				return powerIs
			}
		case "COLLATE":
			return powerCollate
		}
	case lexer.Operator:
		_, power := binaryOperator(t.Value)
		if power != powerNone {
			return power
		}
		switch t.Value {
		case "::", "[":
			return powerCast
		case ".":
			return powerField
		case "!~~", "~~", "~~*", "!~~*":
			return powerOther
		}
	case lexer.Identifier:
		if isWord(t, "AT") && isWord(p.peekSecond(), "TIME") && isWord(p.peekAfter(2), "ZONE") {
			return powerAtTimeZone
		}
	default: // continues no expression
	}
	return powerNone
}

func binaryOperator(text string) (ast.BinaryOperator, int) {
	switch text {
	case "=", "==":
		return ast.Equal, powerComparison
	case "<>", "!=":
		return ast.NotEqual, powerComparison
	case "<":
		return ast.Less, powerComparison
	case "<=":
		return ast.LessEqual, powerComparison
	case ">":
		return ast.Greater, powerComparison
	case ">=":
		return ast.GreaterEqual, powerComparison
	case "+":
		return ast.Add, powerAdd
	case "-":
		return ast.Subtract, powerAdd
	case "*":
		return ast.Multiply, powerMultiply
	case "/":
		return ast.Divide, powerMultiply
	case "%":
		return ast.Modulo, powerMultiply
	case "//":
		return ast.IntegerDivide, powerMultiply
	case "^", "**":
		return ast.Power, powerPower
	case "||":
		return ast.Concat, powerOther
	case "&":
		return ast.BitAnd, powerOther
	case "|":
		return ast.BitOr, powerOther
	case "#":
		return ast.BitXor, powerOther
	case "<<":
		return ast.ShiftLeft, powerOther
	case ">>":
		return ast.ShiftRight, powerOther
	case "~":
		return ast.RegexpMatch, powerOther
	case "~*":
		return ast.RegexpMatchFold, powerOther
	case "!~":
		return ast.NotRegexpMatch, powerOther
	case "!~*":
		return ast.NotRegexpMatchFold, powerOther
	case "->":
		return ast.Arrow, powerOther
	case "->>":
		return ast.ArrowText, powerOther
	case "@>":
		return ast.Contains, powerOther
	case "<@":
		return ast.ContainedBy, powerOther
	case "^@":
		return ast.StartsWith, powerOther
	case "&&":
		return ast.Overlaps, powerOther
	default:
		return 0, powerNone
	}
}

func (p *parser) comparisonsChain() {
	t := p.peek()
	p.report(t.Pos.Offset, diag.New(codeChained, "comparisons do not chain").
		At(p.file, tokenSpan(t), "the left side is a comparison already").
		Helpf("write a < b AND b < c, or put the inner comparison in parentheses"))
}

// infix reads the operator after left, which has the given power, and its right
// side.
func (p *parser) infix(left ast.Expr, power int) ast.Expr {
	start := int(left.Span().Start)
	t := p.peek()
	if t.Type == lexer.Operator {
		switch t.Value {
		case "::":
			p.next()
			node := &ast.Cast{Operand: left, Type: p.typeName()}
			node.Base = p.from(start)
			return node
		case "[":
			return p.subscript(left)
		case ".":
			p.next()
			node := &ast.Field{Operand: left, Name: p.anyName()}
			node.Base = p.from(start)
			return node
		case "~~", "!~~", "~~*", "!~~*":
			p.next()
			node := &ast.Like{Operand: left, Not: t.Value[0] == '!'}
			if t.Value[len(t.Value)-1] == '*' {
				node.Kind = ast.ILikePattern
			}
			node.Pattern = p.operators(power)
			node.Base = p.from(start)
			return node
		}
		p.next()
		operator, _ := binaryOperator(t.Value)
		return p.binary(left, operator, tokenSpan(t), power)
	}
	switch power {
	case powerOr:
		return p.logical(left, "OR", ast.Or, power)
	case powerAnd:
		return p.logical(left, "AND", ast.And, power)
	case powerIs:
		return p.isTest(left, power)
	case powerRange:
		return p.rangeTest(left)
	case powerAtTimeZone:
		p.next()
		p.next()
		p.next()
		node := &ast.AtTimeZone{Operand: left, Zone: p.operators(power)}
		node.Base = p.from(start)
		return node
	case powerCollate:
		p.next()
		node := &ast.Collate{Operand: left, Name: p.qualifiedName("a collation")}
		node.Base = p.from(start)
		return node
	default:
		panic("BUG: no such infix operator: " + t.GoString())
	}
}

func (p *parser) binary(left ast.Expr, operator ast.BinaryOperator, place diag.Span, power int) ast.Expr {
	start := int(left.Span().Start)
	if operator.IsComparison() {
		if t := p.peek(); (isKeyword(t, "ANY") || isKeyword(t, "ALL") || isKeyword(t, "SOME")) && isOperator(p.peekSecond(), "(") {
			return p.quantified(left, operator)
		}
	}
	node := &ast.Binary{Operator: operator, OperatorPlace: place, Left: left, Right: p.operators(power)}
	node.Base = p.from(start)
	return node
}

func (p *parser) quantified(left ast.Expr, operator ast.BinaryOperator) ast.Expr {
	node := &ast.Quantified{Operand: left, Operator: operator, All: p.atKeyword("ALL")}
	p.next()
	if p.opensQuery() {
		node.Query = p.bracketedQuery("after ANY")
	} else if opening, ok := p.open("(", "after ANY"); ok {
		node.Array = p.expr()
		if query := p.continuedQuery([]ast.Expr{node.Array}); query != nil {
			node.Query, node.Array = query, nil
		}
		p.close(opening)
	}
	node.Base = p.from(int(left.Span().Start))
	return node
}

// logical reads a whole chain of one operator into one node, so that a chain of
// a hundred thousand conditions makes a flat tree.
func (p *parser) logical(left ast.Expr, word string, operator ast.LogicalOperator, power int) ast.Expr {
	node := &ast.Logical{Operator: operator, Operands: []ast.Expr{left}}
	for p.acceptKeyword(word) {
		node.Operands = append(node.Operands, p.operators(power))
	}
	node.Base = p.from(int(left.Span().Start))
	return node
}

func (p *parser) isTest(left ast.Expr, power int) ast.Expr {
	start := int(left.Span().Start)
	t := p.next()
	node := &ast.IsTest{Operand: left}
	switch t.Value {
	case "ISNULL":
	case "NOTNULL":
		node.Not = true
	case "NOT":
		p.next()
		node.Not = true
	default:
		node.Not = p.acceptKeyword("NOT")
		switch {
		case p.acceptKeyword("NULL"):
		case p.acceptKeyword("TRUE"):
			node.Test = ast.TestTrue
		case p.acceptKeyword("FALSE"):
			node.Test = ast.TestFalse
		case p.acceptWord("UNKNOWN"):
			node.Test = ast.TestUnknown
		case p.atKeyword("DISTINCT"):
			p.next()
			p.expectKeyword("FROM", "after IS DISTINCT")
			operator := ast.IsDistinctFrom
			if node.Not {
				operator = ast.IsNotDistinctFrom
			}
			place := diag.Span{Start: int32(t.Pos.Offset), End: p.from(start).Place.End}
			return p.binary(left, operator, place, power)
		default:
			p.expected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM after IS")
		}
	}
	node.Base = p.from(start)
	return node
}

// rangeTest reads [NOT] BETWEEN, IN, LIKE, ILIKE or SIMILAR TO.
func (p *parser) rangeTest(left ast.Expr) ast.Expr {
	start := int(left.Span().Start)
	not := p.acceptKeyword("NOT")
	switch t := p.next(); t.Value {
	case "BETWEEN":
		node := &ast.Between{Operand: left, Not: not, Symmetric: p.acceptKeyword("SYMMETRIC")}
		p.acceptKeyword("ASYMMETRIC")
		node.Low = p.operators(powerRange)
		if p.expectKeyword("AND", "and the upper bound") {
			node.High = p.operators(powerRange)
		} else {
			node.High = &ast.BadExpr{Base: p.from(p.start())}
		}
		node.Base = p.from(start)
		return node
	case "IN":
		return p.in(left, not)
	default:
		node := &ast.Like{Operand: left, Not: not}
		switch t.Value {
		case "ILIKE":
			node.Kind = ast.ILikePattern
		case "SIMILAR":
			node.Kind = ast.SimilarPattern
			p.expectKeyword("TO", "after SIMILAR")
		}
		node.Pattern = p.operators(powerRange)
		if p.acceptWord("ESCAPE") {
			node.Escape = p.operators(powerRange)
		}
		node.Base = p.from(start)
		return node
	}
}

func (p *parser) in(left ast.Expr, not bool) ast.Expr {
	start := int(left.Span().Start)
	if p.atOperator("(") && p.opensQuery() {
		node := &ast.InQuery{Operand: left, Not: not, Query: p.bracketedQuery("after IN")}
		node.Base = p.from(start)
		return node
	}
	node := &ast.InList{Operand: left, Not: not}
	opening, ok := p.open("(", "after IN")
	if !ok {
		node.List = []ast.Expr{&ast.BadExpr{Base: p.from(p.start())}}
		node.Base = p.from(start)
		return node
	}
	node.List = p.exprList(")")
	// IN ((SELECT 1) UNION (SELECT 2)) began like a list.
	if query := p.continuedQuery(node.List); query != nil {
		p.close(opening)
		node := &ast.InQuery{Operand: left, Not: not, Query: query}
		node.Base = p.from(start)
		return node
	}
	p.close(opening)
	node.Base = p.from(start)
	return node
}

// continuedQuery finishes a query whose first operand, in parentheses, was read
// as an expression. It gives nil when there is no such thing here.
func (p *parser) continuedQuery(read []ast.Expr) *ast.Query {
	if len(read) != 1 || !p.continuesQuery() {
		return nil
	}
	first, ok := read[0].(*ast.Subquery)
	if !ok {
		return nil
	}
	return p.continueQuery(first.Query)
}

// exprList reads expressions separated by commas, with a comma behind the last
// one allowed. The closing bracket is the caller's.
func (p *parser) exprList(bracket string) []ast.Expr {
	var list []ast.Expr
	for {
		list = append(list, p.expr())
		if !p.acceptOperator(",") || p.atOperator(bracket) {
			return list
		}
	}
}

// subscript reads [i], [low:high], with either bound absent.
func (p *parser) subscript(left ast.Expr) ast.Expr {
	start := int(left.Span().Start)
	opening, _ := p.open("[", "")
	var low ast.Expr
	if !p.atOperator(":") {
		low = p.expr()
	}
	if !p.acceptOperator(":") {
		p.close(opening)
		node := &ast.Index{Operand: left, Subscript: low}
		node.Base = p.from(start)
		return node
	}
	node := &ast.Slice{Operand: left, Low: low}
	if !p.atOperator("]") {
		node.High = p.expr()
	}
	p.close(opening)
	node.Base = p.from(start)
	return node
}
