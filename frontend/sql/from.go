package sql

import (
	"strings"

	plex "github.com/alecthomas/participle/v2/lexer"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

func (p *parser) fromItems() []ast.TableExpr {
	p.queryRead = false
	var items []ast.TableExpr
	for {
		saved := p.mark()
		items = append(items, p.joins())
		p.measured(saved)
		p.endItem("a comma, JOIN or the next clause")
		if !p.acceptOperator(",") || p.atListEnd() {
			return items
		}
	}
}

// joins reads a table and the joins after it, which bind to the left.
func (p *parser) joins() ast.TableExpr {
	left := p.table()
	for {
		node, ok := p.joinHead()
		if !ok {
			return left
		}
		node.Left = left
		node.Right = p.table()
		if node.Kind != ast.CrossJoin && !node.Natural {
			// a JOIN b JOIN c ON … ON …: the first ON belongs to b and c
			for p.atJoin() && !p.atKeyword("ON") {
				if !p.nestedJoin(node) {
					break
				}
			}
			p.joinCondition(node)
		}
		node.Base = p.from(int(left.Span().Start))
		left = node
		p.grow()
	}
}

func (p *parser) atJoin() bool {
	t := p.peek()
	if t.Type != lexer.Keyword {
		return false
	}
	switch t.Value {
	case "JOIN", "INNER", "LEFT", "RIGHT", "FULL":
		return true
	}
	return false
}

// nestedJoin reads a join that stands before the ON of the join around it.
func (p *parser) nestedJoin(outer *ast.Join) bool {
	if !p.enter() {
		return false
	}
	defer p.leave()
	node, ok := p.joinHead()
	if !ok {
		return false
	}
	node.Left = outer.Right
	node.Right = p.table()
	for p.atJoin() {
		if !p.nestedJoin(node) {
			break
		}
	}
	p.joinCondition(node)
	node.Base = p.from(int(node.Left.Span().Start))
	outer.Right = node
	p.grow()
	return true
}

// joinHead reads the words of a join up to JOIN.
func (p *parser) joinHead() (*ast.Join, bool) {
	t := p.peek()
	if t.Type == lexer.Identifier {
		if p.joinWord() {
			p.notYet(t, strings.ToUpper(t.Value)+" JOIN")
			p.next()
			return p.joinHead()
		}
		return nil, false
	}
	if t.Type != lexer.Keyword {
		return nil, false
	}
	node := &ast.Join{}
	if t.Value == "NATURAL" {
		p.next()
		node.Natural = true
	}
	switch t = p.peek(); {
	case isKeyword(t, "JOIN"):
		p.next()
		return node, true
	case isKeyword(t, "INNER"):
	case isKeyword(t, "LEFT"):
		node.Kind = ast.LeftJoin
	case isKeyword(t, "RIGHT"):
		node.Kind = ast.RightJoin
	case isKeyword(t, "FULL"):
		node.Kind = ast.FullJoin
	case isKeyword(t, "CROSS") && !node.Natural:
		node.Kind = ast.CrossJoin
	default:
		if node.Natural {
			p.expected("JOIN after NATURAL")
			return node, true
		}
		return nil, false
	}
	p.next()
	switch node.Kind {
	case ast.LeftJoin, ast.RightJoin, ast.FullJoin:
		p.acceptKeyword("OUTER")
		if t := p.peek(); p.joinWord() {
			p.notYet(t, strings.ToUpper(t.Value)+" JOIN")
			p.next()
		}
	case ast.InnerJoin, ast.CrossJoin: // never OUTER
	}
	p.expectKeyword("JOIN", "")
	return node, true
}

func (p *parser) joinCondition(node *ast.Join) {
	switch {
	case p.acceptKeyword("ON"):
		node.On = p.expr()
	case p.acceptKeyword("USING"):
		node.Using = p.nameList("the columns to join by")
	default:
		t := p.peek()
		if d := p.misspelt(t); d != nil {
			p.report(t.Pos.Offset, d)
		} else {
			p.report(t.Pos.Offset, diag.New(codeUnexpected, "expected ON or USING, found %s", p.describe(t)).
				At(p.file, tokenSpan(t), "expected the condition of the join").
				Helpf("a join of all rows with all rows is written CROSS JOIN"))
		}
		node.On = &ast.BadExpr{Base: p.from(p.start())}
	}
}

// table reads one table without joins, or joins in parentheses.
func (p *parser) table() ast.TableExpr {
	start := p.start()
	lateral := p.acceptKeyword("LATERAL")
	t := p.peek()
	switch {
	case isOperator(t, "("):
		return p.bracketedTable(start, lateral)
	case t.Type == lexer.String && !lateral:
		p.next()
		table := &ast.FileTable{Path: unquote(t.Value, '\'')}
		table.Alias = p.tableAlias()
		table.Base = p.from(start)
		return table
	case isWord(t, "VALUES") && isOperator(p.peekSecond(), "("):
		p.next()
		values := p.values(start)
		table := &ast.DerivedTable{Query: &ast.Query{Base: values.Base, Body: values}}
		table.Alias = p.tableAlias()
		table.Base = p.from(start)
		return table
	case isName(t), isKeyword(t, "LEFT") && isOperator(p.peekSecond(), "("):
		return p.namedTable(start, lateral)
	default:
		p.expected("a table")
		return &ast.BadTable{Base: p.from(start)}
	}
}

func (p *parser) namedTable(start int, lateral bool) ast.TableExpr {
	name := p.qualifiedName("a table name")
	if p.atOperator("(") {
		table := &ast.TableFunction{Lateral: lateral, Call: p.callArguments(start, name)}
		table.WithOrdinality = p.acceptWords("WITH", "ORDINALITY")
		table.Alias = p.tableAlias()
		table.Base = p.from(start)
		return table
	}
	if lateral {
		p.expected("a query in parentheses or a table function after LATERAL")
	}
	table := &ast.TableName{Parts: name}
	table.Alias = p.tableAlias()
	p.sample()
	table.Base = p.from(start)
	return table
}

// sample reports a sample of a table, which stands behind the alias.
func (p *parser) sample() {
	t := p.peek()
	if !isWord(t, "TABLESAMPLE") && (!isKeyword(t, "USING") || !isWord(p.peekSecond(), "SAMPLE")) {
		return
	}
	p.notYet(t, "a sample of a table")
	p.skip(func(t *plex.Token) bool { return isOperator(t, ",") || endsClause(t) })
}

// bracketedTable reads a derived table, or joins in parentheses. Which of them it
// is shows only behind all opening parentheses: ((SELECT 1) a JOIN b ON …).
func (p *parser) bracketedTable(start int, lateral bool) ast.TableExpr {
	if !p.enter() {
		return &ast.BadTable{Base: p.from(start)}
	}
	defer p.leave()
	if p.opensQuery() {
		table := &ast.DerivedTable{Lateral: lateral, Query: p.bracketedQuery("before a query")}
		table.Alias = p.tableAlias()
		p.sample()
		table.Base = p.from(start)
		return table
	}
	opening, _ := p.open("(", "before a table")
	saved := p.mark()
	table := p.joins()
	p.measured(saved)
	// ((SELECT 1) UNION SELECT 2) began like joins and is a query.
	if derived, ok := table.(*ast.DerivedTable); ok && derived.Alias == nil && p.continuesQuery() {
		query := p.continueQuery(derived.Query)
		p.close(opening)
		table := &ast.DerivedTable{Lateral: lateral, Query: query, Alias: p.tableAlias()}
		table.Base = p.from(start)
		return table
	}
	p.close(opening)
	if t := p.peek(); isName(t) || isKeyword(t, "AS") {
		switch table := table.(type) {
		case *ast.DerivedTable: // ((SELECT 1)) AS t
			if table.Alias == nil {
				table.Alias = p.tableAlias()
				table.Base = p.from(start)
				return table
			}
		case *ast.TableName: // (t) AS u
			if table.Alias == nil {
				table.Alias = p.tableAlias()
				table.Base = p.from(start)
				return table
			}
		}
		if p.joinWord() {
			return table
		}
		p.notYet(t, "an alias for a join in parentheses")
		p.tableAlias()
	}
	return table
}

// joinWord reports whether the next word begins a join rather than an alias.
func (p *parser) joinWord() bool {
	if !p.atWord("ASOF") && !p.atWord("SEMI") && !p.atWord("ANTI") && !p.atWord("POSITIONAL") {
		return false
	}
	second := p.peekSecond()
	return isKeyword(second, "JOIN") || isKeyword(second, "LEFT")
}

// opensQuery reports whether the parenthesis here opens a query.
func (p *parser) opensQuery() bool {
	return p.atQuery(p.peekSecond()) && !isOperator(p.peekAfter(2), ".")
}

// continuesQuery reports whether what was read as a query in parentheses is the
// beginning of a longer one.
func (p *parser) continuesQuery() bool {
	t := p.peek()
	if _, power := setOperator(t); power > 0 {
		return true
	}
	return isKeyword(t, "ORDER") || isKeyword(t, "LIMIT") || isKeyword(t, "OFFSET") || isKeyword(t, "FETCH")
}

// continueQuery reads what follows a query in parentheses that turned out to be
// the first operand of a set operation, or to have its own ORDER BY.
func (p *parser) continueQuery(first *ast.Query) *ast.Query {
	start := int(first.Span().Start)
	left := ast.QueryExpr(first)
	if isBare(first) {
		left = first.Body
	}
	result := &ast.Query{Body: p.setOperations(left, 1)}
	if p.acceptWords("ORDER", "BY") {
		result.OrderBy = p.orderItems(true)
	}
	if p.atKeyword("LIMIT") || p.atKeyword("OFFSET") || p.atKeyword("FETCH") {
		l := p.rowLimit()
		result.Limit, result.Offset, result.WithTies = l.limit, l.offset, l.withTies
	}
	result.Base = p.from(start)
	if inner, ok := result.Body.(*ast.Query); ok && isBare(result) {
		return inner
	}
	return result
}

// tableAlias reads [AS] name [(columns)].
func (p *parser) tableAlias() *ast.Alias {
	start := p.start()
	explicit := p.acceptKeyword("AS")
	if !explicit && (!isName(p.peek()) || p.joinWord() || p.atWord("TABLESAMPLE")) {
		return nil
	}
	if !explicit && p.peek().Type == lexer.Identifier {
		p.implicitName = p.start()
	}
	result := &ast.Alias{Name: p.name("an alias after AS")}
	if p.atOperator("(") {
		result.Columns = p.nameList("the columns")
	}
	result.Base = p.from(start)
	return result
}
