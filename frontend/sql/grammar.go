package sql

import (
	"github.com/alecthomas/participle/v2"
	plex "github.com/alecthomas/participle/v2/lexer"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/frontend/sql/lexer"
)

// The skeleton of a query: which clauses there are and in which order. Participle
// reads it; what stands inside a clause is read by productions in Go, which make
// nodes of package ast. A production in Go never fails: it reports what is wrong,
// skips it, and goes on, so the skeleton sees every clause of a broken query.
//
// The structs need not be exported, but their fields must be: participle sets
// them by reflection.

type queryClauses struct {
	With    withList  `parser:"( 'WITH' @@ )?"`
	Body    queryBody `parser:"@@"`
	OrderBy orderList `parser:"( 'ORDER' 'BY' @@ )?"`
	Limit   rowLimit  `parser:"@@?"`
}

type selectClauses struct {
	Distinct distinctClause `parser:"'SELECT' @@?"`
	Items    selectList     `parser:"@@"`
	From     fromList       `parser:"( 'FROM' @@ )?"`
	Rest     filterClauses  `parser:"@@"`
}

type fromFirstClauses struct {
	From     fromList       `parser:"'FROM' @@"`
	Distinct distinctClause `parser:"( 'SELECT' @@?"`
	Items    selectList     `parser:"  @@ )?"`
	Rest     filterClauses  `parser:"@@"`
}

// filterClauses is read as a struct only when one of its clauses is there.
type filterClauses struct {
	Where   ast.Expr   `parser:"( 'WHERE' @@ )?"`
	GroupBy groupList  `parser:"( 'GROUP' 'BY' @@ )?"`
	Having  ast.Expr   `parser:"( 'HAVING' @@ )?"`
	Windows windowList `parser:"( 'WINDOW' @@ )?"`
	Qualify ast.Expr   `parser:"( 'QUALIFY' @@ )?"`
}

// Participle wants an interface type for what a production in Go gives. Each of
// these has one implementation, and their names are the names in the printed
// grammar.
type (
	withList       interface{ isWithList() }
	queryBody      interface{ isQueryBody() }
	orderList      interface{ isOrderList() }
	rowLimit       interface{ isRowLimit() }
	distinctClause interface{ isDistinctClause() }
	selectList     interface{ isSelectList() }
	fromList       interface{ isFromList() }
	groupList      interface{ isGroupList() }
	windowList     interface{ isWindowList() }
)

type withClause struct {
	recursive bool
	tables    []*ast.CommonTable
}

type (
	body        struct{ ast.QueryExpr }
	orderItems  []*ast.OrderItem
	selectItems []*ast.SelectItem
	fromItems   []ast.TableExpr
	groupBy     struct{ *ast.GroupBy }
	windows     []*ast.NamedWindow
)

type limit struct {
	limit, offset ast.Expr
	withTies      bool
}

type distinct struct {
	distinct bool
	on       []ast.Expr
}

func (*withClause) isWithList()     {}
func (body) isQueryBody()           {}
func (orderItems) isOrderList()     {}
func (*limit) isRowLimit()          {}
func (*distinct) isDistinctClause() {}
func (selectItems) isSelectList()   {}
func (fromItems) isFromList()       {}
func (groupBy) isGroupList()        {}
func (windows) isWindowList()       {}

// grammar is the participle parsers of the skeleton, bound to one parser.
type grammar struct {
	query     *participle.Parser[queryClauses]
	selection *participle.Parser[selectClauses]
	fromFirst *participle.Parser[fromFirstClauses]
}

func newGrammar(p *parser) *grammar {
	options := []participle.Option{
		participle.Lexer(lexer.Definition{}),
		participle.CaseInsensitive("Identifier"), // BY is no reserved word
		// One token decides everywhere; more would cost time that grows
		// exponentially with nesting.
		participle.UseLookahead(1),
		production(p, func() withList { return p.with() }),
		production(p, func() queryBody { return body{p.queryBody()} }),
		production(p, func() orderList { return orderItems(p.orderItems(true)) }),
		optional(p, func() rowLimit { return p.rowLimit() }, func() bool {
			return p.atKeyword("LIMIT") || p.atKeyword("OFFSET") || p.atKeyword("FETCH")
		}),
		optional(p, func() distinctClause { return p.distinct() }, func() bool {
			return p.atKeyword("DISTINCT") || p.atKeyword("ALL")
		}),
		production(p, func() selectList { return selectItems(p.selectItems()) }),
		production(p, func() fromList { return fromItems(p.fromItems()) }),
		production(p, func() groupList { return groupBy{p.groupBy()} }),
		production(p, func() windowList { return windows(p.windows()) }),
		production(p, func() ast.Expr { return p.clauseExpr() }),
	}
	return &grammar{
		query:     participle.MustBuild[queryClauses](options...),
		selection: participle.MustBuild[selectClauses](options...),
		fromFirst: participle.MustBuild[fromFirstClauses](options...),
	}
}

// production makes a production in Go known to participle.
func production[T any](p *parser, parse func() T) participle.Option {
	return participle.ParseTypeWith(func(tokens *plex.PeekingLexer) (T, error) {
		outer := p.tokens
		p.tokens = tokens
		result := parse()
		p.tokens = outer
		return result, nil
	})
}

// optional is production for what may be absent.
func optional[T any](p *parser, parse func() T, present func() bool) participle.Option {
	return participle.ParseTypeWith(func(tokens *plex.PeekingLexer) (T, error) {
		outer := p.tokens
		p.tokens = tokens
		defer func() { p.tokens = outer }()
		if !present() {
			var none T
			return none, participle.NextMatch
		}
		return parse(), nil
	})
}
