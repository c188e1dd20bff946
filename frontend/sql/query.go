package sql

import (
	plex "github.com/alecthomas/participle/v2/lexer"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
	"github.com/heddle-lang/heddle/internal/diag"
)

// query reads a query with its WITH, ORDER BY and LIMIT. What follows it is the
// caller's.
func (p *parser) query() *ast.Query {
	start := p.start()
	result := &ast.Query{Body: &ast.BadQuery{Base: p.from(start)}}
	result.Base = p.from(start)
	if !p.enter() {
		return result
	}
	defer p.leave()
	saved := p.mark()
	defer p.measured(saved)
	clauses, err := run(p, p.grammar.query)
	if err != nil {
		p.failed(err)
	}
	return p.assemble(start, result, clauses)
}

// failed reports what the skeleton did not accept.
func (p *parser) failed(error) { p.expected("a query") }

// assemble makes the node of a query. A query in parentheses that has clauses of
// its own stays a node; one without gives way to its body.
func (p *parser) assemble(start int, result *ast.Query, clauses *queryClauses) *ast.Query {
	if with, ok := clauses.With.(*withClause); ok {
		result.Recursive, result.With = with.recursive, with.tables
	}
	if b, ok := clauses.Body.(body); ok {
		result.Body = b.QueryExpr
	}
	if items, ok := clauses.OrderBy.(orderItems); ok {
		result.OrderBy = items
	}
	if l, ok := clauses.Limit.(*limit); ok {
		result.Limit, result.Offset, result.WithTies = l.limit, l.offset, l.withTies
	}
	result.Base = p.from(start)
	if inner, ok := result.Body.(*ast.Query); ok && isBare(result) {
		return inner
	}
	p.queryRead = true
	return result
}

// isBare reports whether a query is nothing but its body.
func isBare(q *ast.Query) bool {
	return len(q.With) == 0 && len(q.OrderBy) == 0 && q.Limit == nil && q.Offset == nil
}

// with reads the common tables after WITH.
func (p *parser) with() *withClause {
	result := &withClause{recursive: p.acceptWord("RECURSIVE")}
	for {
		result.tables = append(result.tables, p.commonTable())
		if !p.acceptOperator(",") || p.atQuery(p.peek()) {
			return result
		}
	}
}

func (p *parser) commonTable() *ast.CommonTable {
	start := p.start()
	result := &ast.CommonTable{Name: p.name("a name for the common table")}
	if p.atOperator("(") && !p.atQuery(p.peekSecond()) {
		result.Columns = p.nameList("the columns")
	}
	p.expectKeyword("AS", "and a query in parentheses")
	switch {
	case p.acceptWords("NOT", "MATERIALIZED"):
		result.Materialized = ast.MaterializedNo
	case p.acceptWord("MATERIALIZED"):
		result.Materialized = ast.MaterializedYes
	}
	result.Query = p.bracketedQuery("before the query of the common table")
	result.Base = p.from(start)
	return result
}

// bracketedQuery reads a query in parentheses.
func (p *parser) bracketedQuery(purpose string) *ast.Query {
	opening, ok := p.open("(", purpose)
	if !ok {
		at := p.from(p.start())
		return &ast.Query{Base: at, Body: &ast.BadQuery{Base: at}}
	}
	query := p.query()
	p.close(opening)
	return query
}

// setOperators gives the binding powers of set operations.
func setOperator(t *plex.Token) (operator ast.SetOperator, power int) {
	if t.Type != lexer.Keyword {
		return 0, 0
	}
	switch t.Value {
	case "UNION":
		return ast.Union, 1
	case "EXCEPT":
		return ast.Except, 1
	case "INTERSECT":
		return ast.Intersect, 2
	default:
		return 0, 0
	}
}

func (p *parser) queryBody() ast.QueryExpr { return p.setOperations(p.queryTerm(), 1) }

// setOperations reads the operators of at least the given power after left.
func (p *parser) setOperations(left ast.QueryExpr, least int) ast.QueryExpr {
	for {
		operator, power := setOperator(p.peek())
		if power == 0 || power < least {
			return left
		}
		p.next()
		node := &ast.SetOperation{Operator: operator, Left: left}
		if p.acceptKeyword("ALL") {
			node.All = true
		} else {
			p.acceptKeyword("DISTINCT")
		}
		node.ByName = p.acceptWords("BY", "NAME")
		node.Right = p.setOperations(p.queryTerm(), power+1)
		node.Base = p.from(int(left.Span().Start))
		left = node
		p.grow()
	}
}

// queryTerm reads one operand of a set operation.
func (p *parser) queryTerm() ast.QueryExpr {
	start := p.start()
	t := p.peek()
	switch {
	case isKeyword(t, "SELECT"):
		clauses, err := run(p, p.grammar.selection)
		if err != nil {
			p.failed(err)
		}
		p.queryRead = true
		return p.selection(start, clauses.Distinct, clauses.Items, clauses.From, &clauses.Rest)
	case isKeyword(t, "FROM"):
		clauses, err := run(p, p.grammar.fromFirst)
		if err != nil {
			p.failed(err)
		}
		if clauses.Items == nil {
			at := ast.At(diag.Span{Start: int32(start), End: int32(start)})
			clauses.Items = selectItems{{Base: at, Expr: &ast.Star{Base: at}}}
		}
		p.queryRead = true
		return p.selection(start, clauses.Distinct, clauses.Items, clauses.From, &clauses.Rest)
	case isWord(t, "VALUES"):
		p.next()
		return p.values(start)
	case isKeyword(t, "TABLE"):
		p.next()
		table := &ast.TableName{Parts: p.qualifiedName("a table name")}
		table.Base = p.from(start)
		star := &ast.SelectItem{Base: table.Base, Expr: &ast.Star{Base: table.Base}}
		return &ast.Select{Base: table.Base, Items: []*ast.SelectItem{star}, From: []ast.TableExpr{table}}
	case isOperator(t, "("):
		opening := *p.next()
		query := p.query()
		p.close(opening)
		if isBare(query) {
			return query.Body
		}
		return query
	default:
		p.expected("a query")
		return &ast.BadQuery{Base: p.from(start)}
	}
}

func (p *parser) selection(start int, d distinctClause, items selectList, from fromList, rest *filterClauses) *ast.Select {
	result := &ast.Select{Base: p.from(start), Where: rest.Where, Having: rest.Having, Qualify: rest.Qualify}
	if d, ok := d.(*distinct); ok {
		result.Distinct, result.DistinctOn = d.distinct, d.on
	}
	if items, ok := items.(selectItems); ok {
		result.Items = items
	}
	if from, ok := from.(fromItems); ok {
		result.From = from
	}
	if g, ok := rest.GroupBy.(groupBy); ok {
		result.GroupBy = g.GroupBy
	}
	if w, ok := rest.Windows.(windows); ok {
		result.Windows = w
	}
	return result
}

func (p *parser) values(start int) *ast.Values {
	result := &ast.Values{}
	for {
		if !p.atOperator("(") {
			p.expected(`"(" before a row of values`)
			break
		}
		rowStart := p.start()
		opening := *p.next()
		row := &ast.Row{Items: p.exprList(")")}
		p.close(opening)
		row.Base = p.from(rowStart)
		result.Rows = append(result.Rows, row)
		if !p.acceptOperator(",") || p.atListEnd() {
			break
		}
	}
	result.Base = p.from(start)
	return result
}

func (p *parser) distinct() *distinct {
	if p.acceptKeyword("ALL") {
		return &distinct{}
	}
	p.next()
	result := &distinct{distinct: true}
	if p.acceptKeyword("ON") {
		if opening, ok := p.open("(", "after DISTINCT ON"); ok {
			result.on = p.exprList(")")
			p.close(opening)
		}
	}
	return result
}

// atListEnd reports whether a list ends here, so that a comma before it was one
// too many, which is allowed.
func (p *parser) atListEnd() bool { return endsClause(p.peek()) }

// endsClause reports whether a clause cannot go on with this token.
func endsClause(t *plex.Token) bool {
	switch t.Type {
	case lexer.EOF:
		return true
	case lexer.Operator:
		return t.Value == ")" || t.Value == "]" || t.Value == "}"
	case lexer.Keyword:
		switch t.Value {
		case "FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "QUALIFY", "ORDER", "LIMIT", "OFFSET", "FETCH", "UNION", "EXCEPT", "INTERSECT", "SELECT":
			return true
		}
	}
	return false
}

// endItem checks that an item of a list is over: at a comma or the end of the
// clause. Anything else is reported and skipped.
func (p *parser) endItem(what string) {
	if p.atOperator(",") || endsClause(p.peek()) {
		return
	}
	p.expected(what)
	p.skip(func(t *plex.Token) bool { return isOperator(t, ",") || endsClause(t) })
}

// clauseExpr reads the condition of WHERE, HAVING or QUALIFY.
func (p *parser) clauseExpr() ast.Expr {
	result := p.expr()
	if !endsClause(p.peek()) {
		p.expected("an operator or the next clause")
		p.skip(endsClause)
	}
	return result
}

func (p *parser) selectItems() []*ast.SelectItem {
	p.queryRead = false
	var items []*ast.SelectItem
	for {
		items = append(items, p.selectItem())
		p.endItem("a comma or FROM")
		if !p.acceptOperator(",") || p.atListEnd() {
			return items
		}
	}
}

func (p *parser) selectItem() *ast.SelectItem {
	start := p.start()
	item := &ast.SelectItem{}
	if p.atOperator("*") {
		p.next()
		item.Expr = p.star(start, nil)
	} else if first, second := p.peek(), p.peekSecond(); isName(first) && isOperator(second, ":") {
		// alias: expression, DuckDB's prefix alias
		item.Alias = p.name("an alias")
		p.next()
		item.Expr = p.expr()
		item.Base = p.from(start)
		return item
	} else {
		item.Expr = p.expr()
	}
	item.Alias = p.optionalAlias()
	item.Base = p.from(start)
	return item
}

// optionalAlias reads [AS] name. After AS any word is a name.
func (p *parser) optionalAlias() *ast.Ident {
	if p.acceptKeyword("AS") {
		if t := p.peek(); t.Type == lexer.Keyword && !endsClause(t) {
			return p.anyName()
		}
		if t := p.peek(); t.Type == lexer.String {
			p.next()
			return &ast.Ident{Base: ast.At(tokenSpan(t)), Name: unquote(t.Value, '\''), Quoted: true}
		}
		return p.name("an alias after AS")
	}
	if isName(p.peek()) {
		if p.peek().Type == lexer.Identifier {
			p.implicitName = p.start()
		}
		return p.name("an alias")
	}
	return nil
}

// star reads what may follow * in a list of SELECT.
func (p *parser) star(start int, qualifier []*ast.Ident) ast.Expr {
	result := &ast.Star{Qualifier: qualifier}
	if p.atWord("EXCLUDE") || p.atKeyword("EXCEPT") && isOperator(p.peekSecond(), "(") && isName(p.peekAfter(2)) {
		p.next()
		if p.atOperator("(") {
			result.Exclude = p.nameList("the columns to exclude")
		} else {
			result.Exclude = []*ast.Ident{p.name("a column to exclude")}
		}
	}
	if p.atWord("REPLACE") && isOperator(p.peekSecond(), "(") {
		p.next()
		opening, _ := p.open("(", "after REPLACE")
		for {
			item := p.selectItem()
			if item.Alias == nil {
				p.expected("AS and the column to replace")
			}
			result.Replace = append(result.Replace, item)
			if !p.acceptOperator(",") {
				break
			}
		}
		p.close(opening)
	}
	result.Base = p.from(start)
	return result
}

func (p *parser) groupBy() *ast.GroupBy {
	start := p.start()
	result := &ast.GroupBy{}
	if p.atKeyword("ALL") {
		p.next()
		result.All = true
	} else {
		result.Items = p.groupItems()
	}
	p.endItem("the next clause")
	result.Base = p.from(start)
	return result
}

func (p *parser) groupItems() []*ast.GroupItem {
	var items []*ast.GroupItem
	for {
		items = append(items, p.groupItem())
		p.endItem("a comma or the next clause")
		if !p.acceptOperator(",") || p.atListEnd() {
			return items
		}
	}
}

func (p *parser) groupItem() *ast.GroupItem {
	start := p.start()
	item := &ast.GroupItem{}
	opens := isOperator(p.peekSecond(), "(")
	switch {
	case p.atWord("ROLLUP") && opens:
		item.Kind = ast.GroupRollup
		p.next()
	case p.atWord("CUBE") && opens:
		item.Kind = ast.GroupCube
		p.next()
	case p.atWord("GROUPING") && isWord(p.peekSecond(), "SETS"):
		item.Kind = ast.GroupSets
		p.next()
		p.next()
	case p.atOperator("(") && isOperator(p.peekSecond(), ")"):
		p.next()
		p.next()
		item.Expr = &ast.Row{Base: p.from(start)}
		item.Base = p.from(start)
		return item
	default:
		item.Expr = p.expr()
		item.Base = ast.At(item.Expr.Span())
		return item
	}
	if !p.enter() {
		return item
	}
	saved := p.mark()
	if opening, ok := p.open("(", "before the grouping sets"); ok {
		item.Items = p.groupItems()
		p.close(opening)
	}
	p.measured(saved)
	p.leave()
	item.Base = p.from(start)
	return item
}

// orderItems reads the items after ORDER BY. Those of a query end at the next
// clause; those inside a call or a window end where the caller says.
func (p *parser) orderItems(ofQuery bool) []*ast.OrderItem {
	var items []*ast.OrderItem
	for {
		items = append(items, p.orderItem())
		if ofQuery {
			p.endItem("a comma, ASC, DESC or the next clause")
		}
		if !p.acceptOperator(",") || p.atListEnd() {
			return items
		}
	}
}

func (p *parser) orderItem() *ast.OrderItem {
	start := p.start()
	item := &ast.OrderItem{}
	if p.acceptKeyword("ALL") {
		item.All = true
	} else {
		item.Expr = p.expr()
	}
	if p.acceptKeyword("DESC") {
		item.Descending = true
	} else {
		p.acceptKeyword("ASC")
	}
	if p.atWord("NULLS") {
		p.next()
		switch {
		case p.acceptWord("FIRST"):
			item.Nulls = ast.NullsFirst
		case p.acceptWord("LAST"):
			item.Nulls = ast.NullsLast
		default:
			p.expected("FIRST or LAST after NULLS")
		}
	}
	item.Base = p.from(start)
	return item
}

// rowLimit reads LIMIT, OFFSET and FETCH FIRST in any order, each at most once.
func (p *parser) rowLimit() *limit {
	result := &limit{}
	limited, skipped := false, false
	for {
		switch {
		case !limited && p.acceptKeyword("LIMIT"):
			limited = true
			if !p.acceptKeyword("ALL") {
				result.limit = p.expr()
			}
			if p.atWord("PERCENT") {
				p.notYet(p.peek(), "LIMIT with a percentage")
				p.next()
			}
		case !skipped && p.acceptKeyword("OFFSET"):
			skipped = true
			result.offset = p.expr()
			if !p.acceptWord("ROWS") {
				p.acceptWord("ROW")
			}
		case !limited && p.acceptKeyword("FETCH"):
			limited = true
			p.fetch(result)
		default:
			return result
		}
	}
}

// fetch reads what follows FETCH: FIRST|NEXT [count] ROW|ROWS ONLY|WITH TIES.
func (p *parser) fetch(result *limit) {
	if !p.acceptWord("FIRST") && !p.acceptWord("NEXT") {
		p.expected("FIRST after FETCH")
	}
	if p.atWord("ROW") || p.atWord("ROWS") {
		at := p.from(p.start())
		result.limit = &ast.Literal{Base: at, Kind: ast.IntegerLiteral, Text: "1"}
	} else {
		result.limit = p.expr()
	}
	if !p.acceptWord("ROWS") && !p.acceptWord("ROW") {
		p.expected("ROWS")
	}
	switch {
	case p.acceptKeyword("ONLY"):
	case p.acceptWords("WITH", "TIES"):
		result.withTies = true
	default:
		p.expected("ONLY or WITH TIES")
	}
}

// notYet reports a construct that the parser knows and Heddle does not yet.
func (p *parser) notYet(t *plex.Token, construct string) {
	p.report(t.Pos.Offset, diag.New(codeConstructNotYet, "%s is not there yet", construct).
		At(p.file, tokenSpan(t), "not there yet"))
}
