package sql

import "strings"

// Grammar returns the grammar of SQL in EBNF. The clauses are printed from the
// grammar that parses them; the lines below them describe the productions
// written in Go.
func Grammar() string {
	p := parsers.Get().(*parser)
	defer parsers.Put(p)
	var b strings.Builder
	b.WriteString("(* SQL as Heddle reads it. Generated: go test ./frontend/sql -run Grammar -update-grammar *)\n\n")
	b.WriteString("Statements = Statement? ( \";\" Statement? )* .\n")
	b.WriteString("Statement = QueryClauses | \"EXPLAIN\" \"ANALYZE\"? Statement .\n\n")
	seen := map[string]bool{}
	for _, grammar := range []string{p.grammar.query.String(), p.grammar.selection.String(), p.grammar.fromFirst.String()} {
		for line := range strings.Lines(grammar) {
			line = strings.TrimSpace(line)
			if !seen[line] { // FilterClauses belongs to two
				seen[line] = true
				b.WriteString(line + "\n")
			}
		}
	}
	b.WriteString(productions)
	return b.String()
}

const productions = `
QueryBody = QueryTerm ( ( "UNION" | "EXCEPT" | "INTERSECT" ) ( "ALL" | "DISTINCT" )? ( "BY" "NAME" )? QueryTerm )* .
QueryTerm = SelectClauses | FromFirstClauses | Values | "TABLE" Name | "(" QueryClauses ")" .
Values = "VALUES" "(" ExprList ")" ( "," "(" ExprList ")" )* .
WithList = "RECURSIVE"? CommonTable ( "," CommonTable )* .
CommonTable = <identifier> NameList? "AS" ( "NOT"? "MATERIALIZED" )? "(" QueryClauses ")" .
DistinctClause = "ALL" | "DISTINCT" ( "ON" "(" ExprList ")" )? .
SelectList = SelectItem ( "," SelectItem )* ","? .
SelectItem = ( Star | Expr ) ( "AS"? <identifier> )? | <identifier> ":" Expr .
Star = ( Name "." )? "*" ( "EXCLUDE" ( <identifier> | NameList ) )? ( "REPLACE" "(" Expr "AS" <identifier> ( "," Expr "AS" <identifier> )* ")" )? .
FromList = Joins ( "," Joins )* ","? .
Joins = Table ( JoinKind Table ( "ON" Expr | "USING" NameList )? )* .
JoinKind = "CROSS" "JOIN" | "NATURAL"? ( "INNER" | ( "LEFT" | "RIGHT" | "FULL" ) "OUTER"? )? "JOIN" .
Table = ( Name | <string> | "LATERAL"? Call ( "WITH" "ORDINALITY" )? | "LATERAL"? "(" QueryClauses ")" ) Alias? | "(" Joins ")" .
Alias = "AS"? <identifier> NameList? .
GroupList = "ALL" | GroupItem ( "," GroupItem )* .
GroupItem = Expr | "(" ")" | ( "ROLLUP" | "CUBE" | "GROUPING" "SETS" ) "(" GroupItem ( "," GroupItem )* ")" .
OrderList = OrderItem ( "," OrderItem )* .
OrderItem = ( "ALL" | Expr ) ( "ASC" | "DESC" )? ( "NULLS" ( "FIRST" | "LAST" ) )? .
RowLimit = ( "LIMIT" ( "ALL" | Expr ) | "OFFSET" Expr ( "ROW" | "ROWS" )? | "FETCH" ( "FIRST" | "NEXT" ) Expr? ( "ROW" | "ROWS" ) ( "ONLY" | "WITH" "TIES" ) )+ .
WindowList = <identifier> "AS" Window ( "," <identifier> "AS" Window )* .
Window = <identifier> | "(" <identifier>? ( "PARTITION" "BY" ExprList )? ( "ORDER" "BY" OrderList )? Frame? ")" .
Frame = ( "ROWS" | "RANGE" | "GROUPS" ) ( Bound | "BETWEEN" Bound "AND" Bound ) ( "EXCLUDE" ( "CURRENT" "ROW" | "GROUP" | "TIES" | "NO" "OTHERS" ) )? .
Bound = "UNBOUNDED" ( "PRECEDING" | "FOLLOWING" ) | "CURRENT" "ROW" | Expr ( "PRECEDING" | "FOLLOWING" ) .

(* Expressions, loosest first. *)
Expr = And ( "OR" And )* .
And = Not ( "AND" Not )* .
Not = "NOT" Not | Is .
Is = Comparison ( "IS" "NOT"? ( "NULL" | "TRUE" | "FALSE" | "UNKNOWN" | "DISTINCT" "FROM" Comparison ) | "ISNULL" | "NOTNULL" )* .
Comparison = Range ( ( "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" ) ( Range | ( "ANY" | "SOME" | "ALL" ) "(" ( QueryClauses | Expr ) ")" ) )? .
Range = Other ( "NOT"? ( "BETWEEN" "SYMMETRIC"? Other "AND" Other | "IN" "(" ( ExprList | QueryClauses ) ")" | ( "LIKE" | "ILIKE" | "SIMILAR" "TO" ) Other ( "ESCAPE" Other )? ) )* .
Other = Sum ( ( "||" | "->" | "->>" | "&" | "|" | "#" | "<<" | ">>" | "~" | "~*" | "!~" | "!~*" | "@>" | "<@" | "^@" | "&&" ) Sum )* .
Sum = Product ( ( "+" | "-" ) Product )* .
Product = Power ( ( "*" | "/" | "%" | "//" ) Power )* .
Power = Zone ( ( "^" | "**" ) Zone )* .
Zone = Collation ( "AT" "TIME" "ZONE" Collation )* .
Collation = Sign ( "COLLATE" Name )* .
Sign = ( "-" | "+" )* Postfix .
Postfix = Primary ( "::" Type | "[" ( Expr | Expr? ":" Expr? ) "]" | "." <identifier> )* .
Primary = Literal | Parameter | Name | Call | Case | Special | "(" Expr ")" | "(" QueryClauses ")" | "(" ExprList ")" | "ARRAY"? "[" ExprList? "]" | "{" Field ( "," Field )* "}" | "MAP" "{" Expr ":" Expr ( "," Expr ":" Expr )* "}" .
Literal = <integer> | <decimal> | <float> | <string> | <bytes> | "TRUE" | "FALSE" | "NULL" | Type <string> | "INTERVAL" ( <string> | <integer> | "(" Expr ")" ) ( <identifier> ( "TO" <identifier> )? )? .
Parameter = "$" <integer> | "$" <identifier> | "?" .
Case = "CASE" Expr? ( "WHEN" Expr "THEN" Expr )+ ( "ELSE" Expr )? "END" .
Special = ( "CAST" | "TRY_CAST" ) "(" Expr "AS" Type ")" | "EXTRACT" "(" <identifier> "FROM" Expr ")" | "EXISTS" "(" QueryClauses ")" | "POSITION" "(" Expr "IN" Expr ")" | "SUBSTRING" "(" Expr ( "FROM" Expr )? ( "FOR" Expr )? ")" | "TRIM" "(" ( "LEADING" | "TRAILING" | "BOTH" )? Expr? "FROM" Expr ")" | "OVERLAY" "(" Expr "PLACING" Expr "FROM" Expr ( "FOR" Expr )? ")" .
Call = Name "(" ( "*" | ( "DISTINCT" | "ALL" )? Argument ( "," Argument )* )? ( "ORDER" "BY" OrderList )? ")" ( "WITHIN" "GROUP" "(" "ORDER" "BY" OrderList ")" )? ( "FILTER" "(" "WHERE" Expr ")" )? ( ( "IGNORE" | "RESPECT" ) "NULLS" )? ( "OVER" Window )? .
Argument = Expr | <identifier> ( "=>" | ":=" ) Expr .
Field = ( <string> | <identifier> ) ":" Expr .
Type = Name ( "(" TypeArgument ( "," TypeArgument )* ")" )? ( ( "WITH" | "WITHOUT" ) "TIME" "ZONE" )? ( "[" <integer>? "]" | "ARRAY" )* .
TypeArgument = <integer> | <identifier>? Type .
ExprList = Expr ( "," Expr )* ","? .
NameList = "(" <identifier> ( "," <identifier> )* ")" .
Name = <identifier> ( "." <identifier> )* .
`
