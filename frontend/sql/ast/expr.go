package ast

import "github.com/heddle-lang/heddle/internal/diag"

// LiteralKind says what a Literal is.
type LiteralKind uint8

// The kinds of literals.
const (
	NullLiteral    LiteralKind = iota
	BooleanLiteral             // Text is "TRUE" or "FALSE"
	IntegerLiteral             // Text has digits only, as many as were written
	DecimalLiteral             // Text has digits and one point
	FloatLiteral               // Text has an exponent
	StringLiteral              // Text is the string without quotes, escapes resolved
	BytesLiteral               // Text is the bytes
)

// Literal is a constant that tells its own kind.
type Literal struct {
	Base
	Kind LiteralKind
	Text string
}

// TypedLiteral is type 'text': DATE '1995-01-01'.
type TypedLiteral struct {
	Base
	Type *TypeName
	Text string
}

// IntervalLiteral is INTERVAL value [fields]. Value is a StringLiteral, an
// IntegerLiteral (INTERVAL 3 DAY), or any expression when it stood in
// parentheses.
type IntervalLiteral struct {
	Base
	Value     Expr
	From, To  string // upper case, "" when absent: "DAY", or "DAY" and "SECOND"
	Precision int    // digits of the leading field or of the seconds, -1 when absent
}

// Parameter is $1, $name or ?. A question mark gets the next number.
type Parameter struct {
	Base
	Index int    // from 1, 0 when it has a name
	Name  string // "" when it has a number
}

// ColumnRef is a column, qualified or not: a, t.a, s.t.a; with more parts also a
// field of a struct.
type ColumnRef struct {
	Base
	Parts []*Ident
}

// Star is * or t.*, an item of SELECT.
type Star struct {
	Base
	Qualifier []*Ident // empty: all tables
	Exclude   []*Ident
	Replace   []*SelectItem // * REPLACE (e AS a)
}

// UnaryOperator is a prefix operator.
type UnaryOperator uint8

// The prefix operators.
const (
	Negate UnaryOperator = iota
	Plus
	Not
	BitNot
)

// Unary is a prefix operator with its operand.
type Unary struct {
	Base
	Operator UnaryOperator
	Operand  Expr
}

// BinaryOperator is an infix operator.
type BinaryOperator uint8

// The infix operators.
const (
	Equal BinaryOperator = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	IsDistinctFrom
	IsNotDistinctFrom
	Add
	Subtract
	Multiply
	Divide
	Modulo
	Power
	IntegerDivide // //
	Concat        // ||
	BitAnd
	BitOr
	BitXor // #
	ShiftLeft
	ShiftRight
	RegexpMatch        // ~
	RegexpMatchFold    // ~*
	NotRegexpMatch     // !~
	NotRegexpMatchFold // !~*
	Arrow              // ->
	ArrowText          // ->>
	Contains           // @>
	ContainedBy        // <@
	StartsWith         // ^@
	Overlaps           // &&
)

// IsComparison reports whether the operator compares: from Equal to
// IsNotDistinctFrom.
func (o BinaryOperator) IsComparison() bool { return o <= IsNotDistinctFrom }

// Binary is an infix operator with its operands. Place is the whole;
// OperatorPlace the operator alone.
type Binary struct {
	Base
	Operator      BinaryOperator
	Left, Right   Expr
	OperatorPlace diag.Span
}

// LogicalOperator is AND or OR.
type LogicalOperator uint8

// The logical operators.
const (
	And LogicalOperator = iota
	Or
)

// Logical is a chain of AND or of OR with two or more operands. An operand is a
// Logical with the same operator only where parentheses said so.
type Logical struct {
	Base
	Operator LogicalOperator
	Operands []Expr
}

// Test is what IS asks.
type Test uint8

// The tests.
const (
	TestNull Test = iota
	TestTrue
	TestFalse
	TestUnknown
)

// IsTest is operand IS [NOT] NULL|TRUE|FALSE|UNKNOWN.
type IsTest struct {
	Base
	Operand Expr
	Not     bool
	Test    Test
}

// Between is operand [NOT] BETWEEN [SYMMETRIC] low AND high.
type Between struct {
	Base
	Operand, Low, High Expr
	Not, Symmetric     bool
}

// InList is operand [NOT] IN (list).
type InList struct {
	Base
	Operand Expr
	Not     bool
	List    []Expr
}

// InQuery is operand [NOT] IN (query).
type InQuery struct {
	Base
	Operand Expr
	Not     bool
	Query   *Query
}

// LikeKind says how a pattern is meant.
type LikeKind uint8

// The kinds of patterns.
const (
	LikePattern LikeKind = iota
	ILikePattern
	SimilarPattern
)

// Like is operand [NOT] LIKE|ILIKE|SIMILAR TO pattern [ESCAPE escape].
type Like struct {
	Base
	Operand, Pattern Expr
	Kind             LikeKind
	Not              bool
	Escape           Expr // nil: the default, a backslash
}

// Case is CASE [operand] WHEN … THEN … [ELSE …] END.
type Case struct {
	Base
	Operand Expr // nil: each When is a condition
	Whens   []*When
	Else    Expr // nil: NULL
}

// When is WHEN condition THEN result.
type When struct {
	Base
	Condition, Result Expr
}

// Cast is CAST(operand AS type), operand::type, or TRY_CAST.
type Cast struct {
	Base
	Operand Expr
	Type    *TypeName
	Try     bool // NULL where the value does not fit
}

// TypeName is a type as it was written: decimal(15,2), text[].
type TypeName struct {
	Base
	Name       string       // lower case unless quoted: "double precision", "timestamp with time zone"
	Modifiers  []int64      // of decimal(15,2), varchar(25), timestamp(3)
	Arguments  []*TypeField // of struct(a int, b text), map(text, int), list(int)
	Dimensions int          // text[][] has 2
}

// TypeField is an argument of a type, with a name when it is a field.
type TypeField struct {
	Base
	Name *Ident // nil: none
	Type *TypeName
}

// Extract is EXTRACT(field FROM operand).
type Extract struct {
	Base
	Field   *Ident
	Operand Expr
}

// Position is POSITION(needle IN haystack).
type Position struct {
	Base
	Needle, Haystack Expr
}

// TrimSide says which end TRIM cuts.
type TrimSide uint8

// The sides.
const (
	TrimBoth TrimSide = iota
	TrimLeading
	TrimTrailing
)

// Trim is TRIM([side] [characters] FROM operand).
type Trim struct {
	Base
	Side       TrimSide
	Characters Expr // nil: blanks
	Operand    Expr
}

// NullTreatment is RESPECT NULLS or IGNORE NULLS of a window function.
type NullTreatment uint8

// The treatments.
const (
	NullsUnspecified NullTreatment = iota
	RespectNulls
	IgnoreNulls
)

// Call is a call of a function, an aggregate or a window function. SUBSTRING(x
// FROM a FOR b) is substring(x, a, b) and OVERLAY(x PLACING y FROM a FOR b) is
// overlay(x, y, a, b).
type Call struct {
	Base
	Name        []*Ident
	Star        bool // count(*)
	Distinct    bool
	Arguments   []Expr
	OrderBy     []*OrderItem // string_agg(x, ',' ORDER BY y)
	WithinGroup []*OrderItem // percentile_cont(0.5) WITHIN GROUP (ORDER BY y)
	Filter      Expr         // nil: none
	Nulls       NullTreatment
	Over        *Window // nil: not a window function
}

// NamedArgument is name => value in a call.
type NamedArgument struct {
	Base
	Name  *Ident
	Value Expr
}

// Subquery is a query as a value.
type Subquery struct {
	Base
	Query *Query
}

// Exists is EXISTS (query).
type Exists struct {
	Base
	Query *Query
}

// Quantified is operand op ANY|ALL (query or array). Exactly one of Query and
// Array is set. SOME is ANY.
type Quantified struct {
	Base
	Operand  Expr
	Operator BinaryOperator
	All      bool
	Query    *Query
	Array    Expr
}

// Row is (a, b) or ROW(a, b).
type Row struct {
	Base
	Items []Expr
}

// Array is ARRAY[a, b] or [a, b].
type Array struct {
	Base
	Items []Expr
}

// Struct is {'a': 1, 'b': 2}. Names and Values have the same length.
type Struct struct {
	Base
	Names  []*Ident
	Values []Expr
}

// Index is operand[subscript].
type Index struct {
	Base
	Operand, Subscript Expr
}

// Slice is operand[low:high].
type Slice struct {
	Base
	Operand   Expr
	Low, High Expr // nil: open
}

// Field is (operand).name.
type Field struct {
	Base
	Operand Expr
	Name    *Ident
}

// Collate is operand COLLATE name.
type Collate struct {
	Base
	Operand Expr
	Name    []*Ident
}

// AtTimeZone is operand AT TIME ZONE zone.
type AtTimeZone struct {
	Base
	Operand, Zone Expr
}

// BadExpr stands for an expression that the parser could not read.
type BadExpr struct{ Base }
