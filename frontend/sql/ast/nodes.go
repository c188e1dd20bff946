package ast

import "github.com/heddle-lang/heddle/internal/diag"

// Node is any part of the tree.
type Node interface {
	// Span is the range of bytes that the node was read from.
	Span() diag.Span
	children(visit func(Node))
}

// Statement is one of the statements of a file.
type Statement interface {
	Node
	statement()
}

// QueryExpr is what gives rows: the body of a Query.
type QueryExpr interface {
	Node
	queryExpr()
}

// TableExpr is an item of FROM.
type TableExpr interface {
	Node
	tableExpr()
}

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

func (*QueryStatement) statement() {}
func (*Explain) statement()        {}
func (*BadStatement) statement()   {}

func (*Select) queryExpr()       {}
func (*SetOperation) queryExpr() {}
func (*Values) queryExpr()       {}
func (*Query) queryExpr()        {}
func (*BadQuery) queryExpr()     {}

func (*TableName) tableExpr()     {}
func (*FileTable) tableExpr()     {}
func (*TableFunction) tableExpr() {}
func (*DerivedTable) tableExpr()  {}
func (*Join) tableExpr()          {}
func (*BadTable) tableExpr()      {}

func (*Literal) expr()         {}
func (*TypedLiteral) expr()    {}
func (*IntervalLiteral) expr() {}
func (*Parameter) expr()       {}
func (*ColumnRef) expr()       {}
func (*Star) expr()            {}
func (*Unary) expr()           {}
func (*Binary) expr()          {}
func (*Logical) expr()         {}
func (*IsTest) expr()          {}
func (*Between) expr()         {}
func (*InList) expr()          {}
func (*InQuery) expr()         {}
func (*Like) expr()            {}
func (*Case) expr()            {}
func (*Cast) expr()            {}
func (*Extract) expr()         {}
func (*Position) expr()        {}
func (*Trim) expr()            {}
func (*Call) expr()            {}
func (*NamedArgument) expr()   {}
func (*Subquery) expr()        {}
func (*Exists) expr()          {}
func (*Quantified) expr()      {}
func (*Row) expr()             {}
func (*Array) expr()           {}
func (*Struct) expr()          {}
func (*Index) expr()           {}
func (*Slice) expr()           {}
func (*Field) expr()           {}
func (*Collate) expr()         {}
func (*AtTimeZone) expr()      {}
func (*BadExpr) expr()         {}

// Base holds the span of a node.
type Base struct{ Place diag.Span }

// Span returns the range of bytes that the node was read from.
func (b *Base) Span() diag.Span { return b.Place }

// At makes the Base of a node that was read from span.
func At(span diag.Span) Base { return Base{Place: span} }

// File is all statements of a text, in order.
type File struct {
	Base
	Statements []Statement
}

// Ident is a name as it was written, without its quotes. A name in quotes means
// exactly its letters; any other is compared without regard to letter case.
type Ident struct {
	Base
	Name   string
	Quoted bool
}

// QueryStatement is a query at the top of a file.
type QueryStatement struct {
	Base
	Query *Query
}

// Explain is EXPLAIN [ANALYZE] statement.
type Explain struct {
	Base
	Analyze   bool
	Statement Statement
}

// BadStatement stands for text that the parser could not read, or for a
// statement that Heddle does not know yet; a diagnostic says so.
type BadStatement struct{ Base }

// Query is a body with what stands before and after it. In a tree the body of a
// Query is never a Query with no clauses of its own: parentheses leave no trace.
type Query struct {
	Base
	Recursive bool
	With      []*CommonTable
	Body      QueryExpr
	OrderBy   []*OrderItem
	Limit     Expr // nil: none; LIMIT ALL is none too
	Offset    Expr // nil: none
	WithTies  bool // FETCH FIRST n ROWS WITH TIES
}

// CommonTable is name (columns) AS [NOT] MATERIALIZED (query).
type CommonTable struct {
	Base
	Name         *Ident
	Columns      []*Ident
	Materialized Materialized
	Query        *Query
}

// Materialized is the wish whether a common table is computed once.
type Materialized uint8

// The wishes.
const (
	MaterializedDefault Materialized = iota
	MaterializedYes
	MaterializedNo
)

// Select is SELECT with its clauses. FROM t without SELECT is SELECT * FROM t.
type Select struct {
	Base
	Distinct   bool   // DISTINCT or DISTINCT ON
	DistinctOn []Expr // empty unless DISTINCT ON
	Items      []*SelectItem
	From       []TableExpr // separated by commas
	Where      Expr        // nil: none
	GroupBy    *GroupBy    // nil: none
	Having     Expr        // nil: none
	Windows    []*NamedWindow
	Qualify    Expr // nil: none
}

// SelectItem is expression [AS alias]. The expression may be a Star.
type SelectItem struct {
	Base
	Expr  Expr
	Alias *Ident // nil: none
}

// SetOperator combines the rows of two queries.
type SetOperator uint8

// The set operators.
const (
	Union SetOperator = iota
	Except
	Intersect
)

// SetOperation is left UNION|EXCEPT|INTERSECT [ALL] [BY NAME] right.
type SetOperation struct {
	Base
	Operator    SetOperator
	All         bool
	ByName      bool
	Left, Right QueryExpr
}

// Values is VALUES (…), (…). TABLE t is read as SELECT * FROM t.
type Values struct {
	Base
	Rows []*Row
}

// BadQuery stands for a query that the parser could not read.
type BadQuery struct{ Base }

// GroupBy is GROUP BY with its items, or GROUP BY ALL.
type GroupBy struct {
	Base
	All   bool
	Items []*GroupItem
}

// GroupKind says what a GroupItem is.
type GroupKind uint8

// The kinds of group items.
const (
	GroupExpression GroupKind = iota // Expr: an expression, an ordinal, or a Row, which may be empty
	GroupRollup                      // ROLLUP (Items)
	GroupCube                        // CUBE (Items)
	GroupSets                        // GROUPING SETS (Items)
)

// GroupItem is an item of GROUP BY.
type GroupItem struct {
	Base
	Kind  GroupKind
	Expr  Expr         // of GroupExpression
	Items []*GroupItem // of the others
}

// NullsOrder says where NULL sorts.
type NullsOrder uint8

// The places of NULL. By default NULL is larger than all values.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// OrderItem is an item of ORDER BY.
type OrderItem struct {
	Base
	All        bool // ORDER BY ALL: every column from left to right; Expr is nil
	Expr       Expr
	Descending bool
	Nulls      NullsOrder
}

// NamedWindow is name AS (specification) of the WINDOW clause.
type NamedWindow struct {
	Base
	Name   *Ident
	Window *Window
}

// Window is what follows OVER.
type Window struct {
	Base
	Name        *Ident // the window it refines, nil when none
	Bare        bool   // OVER name, without parentheses
	PartitionBy []Expr
	OrderBy     []*OrderItem
	Frame       *Frame // nil: the default
}

// FrameUnit is what a frame counts.
type FrameUnit uint8

// The frame units.
const (
	FrameRows FrameUnit = iota
	FrameRange
	FrameGroups
)

// FrameExclusion is what EXCLUDE takes out of a frame.
type FrameExclusion uint8

// The exclusions.
const (
	ExcludeNothing FrameExclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// BoundKind says where a frame begins or ends.
type BoundKind uint8

// The bounds.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Frame is ROWS|RANGE|GROUPS BETWEEN start AND end EXCLUDE exclusion. A frame
// written with its start alone ends at the current row.
type Frame struct {
	Base
	Unit       FrameUnit
	Start, End FrameBound
	Exclude    FrameExclusion
}

// FrameBound is one end of a frame. Offset is set for Preceding and Following.
type FrameBound struct {
	Kind   BoundKind
	Offset Expr
}

// Alias is [AS] name [(columns)] of a TableExpr.
type Alias struct {
	Base
	Name    *Ident
	Columns []*Ident
}

// TableName is a table, view or common table.
type TableName struct {
	Base
	Parts []*Ident // database, schema, table; at least the last
	Alias *Alias   // nil: none
}

// FileTable is a file or a pattern of files by name: 'dir/*.parquet'.
type FileTable struct {
	Base
	Path  string
	Alias *Alias // nil: none
}

// TableFunction is a call in FROM.
type TableFunction struct {
	Base
	Lateral        bool
	Call           *Call
	WithOrdinality bool
	Alias          *Alias // nil: none
}

// DerivedTable is a query in FROM.
type DerivedTable struct {
	Base
	Lateral bool
	Query   *Query
	Alias   *Alias // nil: none
}

// JoinKind says which rows without a partner stay.
type JoinKind uint8

// The kinds of joins.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
)

// Join is left JOIN right. At most one of Natural, On and Using is set; none of
// them for a CrossJoin.
type Join struct {
	Base
	Kind        JoinKind
	Natural     bool
	Left, Right TableExpr
	On          Expr
	Using       []*Ident
}

// BadTable stands for an item of FROM that the parser could not read.
type BadTable struct{ Base }
