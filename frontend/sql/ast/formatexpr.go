package ast

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// The binding powers, as in the parser: an operand is put in parentheses unless
// it binds tighter than what stands around it.
const (
	powerNone = iota
	powerOr
	powerAnd
	powerNot
	powerIs
	powerComparison
	powerRange
	powerOther
	powerAdd
	powerMultiply
	powerPower
	powerAtTimeZone
	powerCollate
	powerSign
	powerCast
	powerField
	powerPrimary
)

// operators is the text of each BinaryOperator, in the order of the constants.
var operators = [...]string{
	"=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM", "+", "-", "*", "/", "%", "^", "//",
	"||", "&", "|", "#", "<<", ">>", "~", "~*", "!~", "!~*", "->", "->>", "@>", "<@", "^@", "&&",
}

// String returns the operator as it is written.
func (o BinaryOperator) String() string { return operators[o] }

func (o BinaryOperator) power() int {
	switch o {
	case IsDistinctFrom, IsNotDistinctFrom:
		return powerIs
	case Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual:
		return powerComparison
	case Add, Subtract:
		return powerAdd
	case Multiply, Divide, Modulo, IntegerDivide:
		return powerMultiply
	case Power:
		return powerPower
	default:
		return powerOther
	}
}

// String returns the operator as it is written.
func (o UnaryOperator) String() string { return [...]string{"-", "+", "NOT", "~"}[o] }

// String returns the operator as it is written.
func (o LogicalOperator) String() string { return [...]string{"AND", "OR"}[o] }

// String returns the operator as it is written.
func (o SetOperator) String() string { return [...]string{"UNION", "EXCEPT", "INTERSECT"}[o] }

// String returns the words of the join.
func (k JoinKind) String() string {
	return [...]string{"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"}[k]
}

// powerOf is how tight the outermost operator of an expression binds.
func powerOf(expr Expr) int {
	switch e := expr.(type) {
	case *Logical:
		if e.Operator == Or {
			return powerOr
		}
		return powerAnd
	case *Unary:
		switch e.Operator {
		case Not:
			return powerNot
		case BitNot:
			return powerOther
		default:
			return powerSign
		}
	case *Binary:
		return e.Operator.power()
	case *IsTest:
		return powerIs
	case *Quantified:
		return powerComparison
	case *Between, *InList, *InQuery, *Like:
		return powerRange
	case *AtTimeZone:
		return powerAtTimeZone
	case *Collate:
		return powerCollate
	case *Cast:
		return powerPrimary
	case *Index, *Slice:
		return powerCast
	case *Field:
		return powerField
	default:
		return powerPrimary
	}
}

// expr prints an expression as an operand of what binds with the given power.
func (p *printer) expr(expr Expr, power int) {
	if powerOf(expr) <= power {
		p.write("(")
		p.bare(expr)
		p.write(")")
		return
	}
	p.bare(expr)
}

// left prints a left operand: there an operator of equal power needs no
// parentheses. Prefix operators are kept in parentheses, for they would swallow
// what follows them.
func (p *printer) left(expr Expr, power int) {
	if unary, ok := expr.(*Unary); ok && unary.Operator != Negate && unary.Operator != Plus {
		p.expr(expr, powerPrimary-1)
		return
	}
	p.expr(expr, power-1)
}

func (p *printer) bare(expr Expr) {
	switch e := expr.(type) {
	case *Literal:
		p.literal(e)
	case *TypedLiteral:
		p.typeName(e.Type)
		p.write(" ")
		p.text(e.Text)
	case *IntervalLiteral:
		p.interval(e)
	case *Parameter:
		p.write("$", e.Name)
		if e.Name == "" {
			p.write(strconv.Itoa(e.Index))
		}
	case *ColumnRef:
		p.dotted(e.Parts)
	case *Star:
		p.star(e)
	case *Unary:
		p.unary(e)
	case *Binary:
		p.binary(e)
	case *Logical:
		p.logical(e)
	case *IsTest:
		p.left(e.Operand, powerIs)
		p.write(" IS ", not(e.Not), [...]string{"NULL", "TRUE", "FALSE", "UNKNOWN"}[e.Test])
	case *Between:
		p.left(e.Operand, powerRange)
		p.write(" ", not(e.Not), "BETWEEN ")
		if e.Symmetric {
			p.write("SYMMETRIC ")
		}
		p.expr(e.Low, powerRange)
		p.write(" AND ")
		p.expr(e.High, powerRange)
	case *InList:
		p.left(e.Operand, powerRange)
		p.write(" ", not(e.Not), "IN (")
		p.exprs(e.List)
		if len(e.List) == 1 {
			if _, subquery := e.List[0].(*Subquery); subquery {
				p.write(",") // without the comma it would be IN (query)
			}
		}
		p.write(")")
	case *InQuery:
		p.left(e.Operand, powerRange)
		p.write(" ", not(e.Not), "IN ")
		p.bracketed(e.Query)
	case *Like:
		p.left(e.Operand, powerRange)
		p.write(" ", not(e.Not), [...]string{"LIKE ", "ILIKE ", "SIMILAR TO "}[e.Kind])
		p.expr(e.Pattern, powerRange)
		if e.Escape != nil {
			p.write(" ESCAPE ")
			p.expr(e.Escape, powerRange)
		}
	case *Case:
		p.caseExpr(e)
	case *Cast:
		if e.Try {
			p.write("TRY_")
		}
		p.write("CAST(")
		p.expr(e.Operand, powerNone)
		p.write(" AS ")
		p.typeName(e.Type)
		p.write(")")
	case *Extract:
		p.write("EXTRACT(")
		p.ident(e.Field)
		p.write(" FROM ")
		p.expr(e.Operand, powerNone)
		p.write(")")
	case *Position:
		p.write("POSITION(")
		p.expr(e.Needle, powerRange)
		p.write(" IN ")
		p.expr(e.Haystack, powerNone)
		p.write(")")
	case *Trim:
		p.write("TRIM(", [...]string{"BOTH ", "LEADING ", "TRAILING "}[e.Side])
		if e.Characters != nil {
			p.expr(e.Characters, powerNone)
			p.write(" ")
		}
		p.write("FROM ")
		p.expr(e.Operand, powerNone)
		p.write(")")
	case *Call:
		p.call(e)
	case *NamedArgument:
		p.ident(e.Name)
		p.write(" => ")
		p.expr(e.Value, powerNone)
	case *Subquery:
		p.bracketed(e.Query)
	case *Exists:
		p.write("EXISTS ")
		p.bracketed(e.Query)
	case *Quantified:
		p.left(e.Operand, powerComparison+1)
		p.write(" ", e.Operator.String(), [...]string{" ANY ", " ALL "}[index(e.All)])
		if e.Query != nil {
			p.bracketed(e.Query)
		} else {
			p.write("(")
			p.expr(e.Array, powerNone)
			p.write(")")
		}
	case *Row:
		if len(e.Items) == 1 {
			p.write("(")
			p.exprs(e.Items)
			p.write(",)")
			return
		}
		p.row(e)
	case *Array:
		p.write("ARRAY[")
		p.exprs(e.Items)
		p.write("]")
	case *Struct:
		p.write("{")
		for i, name := range e.Names {
			if i > 0 {
				p.write(", ")
			}
			p.ident(name)
			p.write(": ")
			p.expr(e.Values[i], powerNone)
		}
		p.write("}")
	case *Index:
		p.left(e.Operand, powerCast)
		p.write("[")
		p.expr(e.Subscript, powerNone)
		p.write("]")
	case *Slice:
		p.left(e.Operand, powerCast)
		p.write("[")
		p.clause("", e.Low)
		p.write(" : ")
		p.clause("", e.High)
		p.write("]")
	case *Field:
		p.fieldOf(e)
	case *Collate:
		p.left(e.Operand, powerCollate)
		p.write(" COLLATE ")
		p.dotted(e.Name)
	case *AtTimeZone:
		p.left(e.Operand, powerAtTimeZone)
		p.write(" AT TIME ZONE ")
		p.expr(e.Zone, powerAtTimeZone)
	case *BadExpr:
		p.write("<bad expression>")
	default:
		panic(fmt.Sprintf("BUG: no format for %T", e))
	}
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

func not(is bool) string {
	if is {
		return "NOT "
	}
	return ""
}

func (p *printer) bracketed(q *Query) {
	p.write("(")
	p.query(q)
	p.write(")")
}

func (p *printer) text(text string) {
	p.write("'", strings.ReplaceAll(text, "'", "''"), "'")
}

func (p *printer) literal(l *Literal) {
	switch l.Kind {
	case NullLiteral:
		p.write("NULL")
	case StringLiteral:
		p.text(l.Text)
	case BytesLiteral:
		p.write("X'", hex.EncodeToString([]byte(l.Text)), "'")
	default:
		p.write(l.Text)
	}
}

func (p *printer) interval(i *IntervalLiteral) {
	p.write("INTERVAL ")
	if literal, ok := i.Value.(*Literal); ok && (literal.Kind == StringLiteral || literal.Kind == IntegerLiteral) {
		p.literal(literal)
	} else {
		p.write("(")
		p.expr(i.Value, powerNone)
		p.write(")")
	}
	if i.From != "" {
		p.write(" ", i.From)
	}
	if i.To != "" {
		p.write(" TO ", i.To)
	}
	if i.Precision >= 0 {
		p.write(" (", strconv.Itoa(i.Precision), ")")
	}
}

func (p *printer) star(s *Star) {
	if len(s.Qualifier) > 0 {
		p.dotted(s.Qualifier)
		p.write(".")
	}
	p.write("*")
	if len(s.Exclude) > 0 {
		p.write(" EXCLUDE (")
		p.idents(s.Exclude)
		p.write(")")
	}
	if len(s.Replace) > 0 {
		p.write(" REPLACE (")
		list(p, s.Replace, p.selectItem)
		p.write(")")
	}
}

func (p *printer) unary(u *Unary) {
	switch u.Operator {
	case Not:
		p.write("NOT ")
		p.expr(u.Operand, powerNot-1) // NOT NOT a
	case BitNot:
		p.write("~")
		p.expr(u.Operand, powerOther)
	default:
		p.write(u.Operator.String())
		p.expr(u.Operand, powerSign) // -(-a): two signs in a row begin a comment
	}
}

func (p *printer) binary(b *Binary) {
	power := b.Operator.power()
	if power == powerComparison {
		p.left(b.Left, power+1) // comparisons do not chain
	} else {
		p.left(b.Left, power)
	}
	p.write(" ", b.Operator.String(), " ")
	p.expr(b.Right, power)
}

func (p *printer) logical(l *Logical) {
	power := powerAnd
	if l.Operator == Or {
		power = powerOr
	}
	for i, operand := range l.Operands {
		if i > 0 {
			p.write(" ", l.Operator.String(), " ")
		}
		p.expr(operand, power)
	}
}

func (p *printer) caseExpr(c *Case) {
	p.write("CASE")
	p.clause(" ", c.Operand)
	for _, when := range c.Whens {
		p.write(" ")
		p.when(when)
	}
	p.clause(" ELSE ", c.Else)
	p.write(" END")
}

func (p *printer) when(w *When) {
	p.write("WHEN ")
	p.expr(w.Condition, powerNone)
	p.write(" THEN ")
	p.expr(w.Result, powerNone)
}

func (p *printer) fieldOf(f *Field) {
	switch f.Operand.(type) {
	case *Field, *Call, *Index:
		p.bare(f.Operand)
	default:
		// (a).b is a field of the column a, a.b may be a column of the table a; and
		// 1.b is no number.
		p.write("(")
		p.bare(f.Operand)
		p.write(")")
	}
	p.field(f.Name)
}

func (p *printer) call(c *Call) {
	p.callName(c.Name)
	p.write("(")
	if c.Distinct {
		p.write("DISTINCT ")
	}
	if c.Star {
		p.write("*")
	}
	p.exprs(c.Arguments)
	if len(c.OrderBy) > 0 {
		if len(c.Arguments) > 0 {
			p.write(" ")
		}
		p.write("ORDER BY ")
		p.orderItems(c.OrderBy)
	}
	p.write(")")
	if len(c.WithinGroup) > 0 {
		p.write(" WITHIN GROUP (ORDER BY ")
		p.orderItems(c.WithinGroup)
		p.write(")")
	}
	if c.Filter != nil {
		p.write(" FILTER (WHERE ")
		p.expr(c.Filter, powerNone)
		p.write(")")
	}
	p.write([...]string{"", " RESPECT NULLS", " IGNORE NULLS"}[c.Nulls])
	if c.Over != nil {
		p.write(" OVER ")
		p.window(c.Over)
	}
}

// callName prints the name of a function; LEFT and RIGHT are reserved words that
// name one.
func (p *printer) callName(name []*Ident) {
	if len(name) == 1 && !name[0].Quoted && (strings.EqualFold(name[0].Name, "left") || strings.EqualFold(name[0].Name, "right")) {
		p.write(name[0].Name)
		return
	}
	p.dotted(name)
}
