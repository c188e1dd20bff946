package bind

import (
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

func (b *binder) unary(e *ast.Unary) *scalar {
	if literal, ok := e.Operand.(*ast.Literal); ok && e.Operator == ast.Negate &&
		(literal.Kind == ast.IntegerLiteral || literal.Kind == ast.DecimalLiteral) {
		return b.number(literal.Text, true, e.Span()) // -2147483648 is an integer, though 2147483648 is none
	}
	v := b.expression(e.Operand)
	if v.bad() {
		return v
	}
	switch e.Operator {
	case ast.Not:
		return b.op(ir.OpNot, e.Span(), b.condition(v, "the operand of NOT"))
	case ast.BitNot:
		b.notYet(e.Span(), "", "~ is")
		return b.badAt(e.Span())
	case ast.Negate, ast.Plus: // need a number, below
	}
	if v.untyped() {
		v = b.coerce(v, ir.Of(ir.F64)) // as PostgreSQL resolves - of an unknown
	}
	switch {
	case v.bad():
		return v
	case e.Operator == ast.Plus && v.typ.IsNumeric():
		return v
	case e.Operator == ast.Negate && (v.typ.IsNumeric() || v.typ.Kind == ir.Interval):
		return b.op(ir.OpNegate, e.Span(), v)
	}
	b.report(diag.New(codeArgumentType, "a sign stands before a number, not %s", typeName(v.typ)).
		At(b.file, e.Operand.Span(), "%s", typeName(v.typ)))
	return b.badAt(e.Span())
}

var comparisons = map[ast.BinaryOperator]ir.Opcode{
	ast.Equal: ir.OpEqual, ast.NotEqual: ir.OpNotEqual, ast.Less: ir.OpLess, ast.LessEqual: ir.OpLessEqual,
	ast.Greater: ir.OpGreater, ast.GreaterEqual: ir.OpGreaterEqual, ast.IsDistinctFrom: ir.OpIsDistinct, ast.IsNotDistinctFrom: ir.OpIsDistinct,
}

var arithmetic = map[ast.BinaryOperator]ir.Opcode{
	ast.Add: ir.OpAdd, ast.Subtract: ir.OpSubtract, ast.Multiply: ir.OpMultiply, ast.Divide: ir.OpDivide, ast.Modulo: ir.OpModulo,
	ast.IntegerDivide: ir.OpDivide,
}

func (b *binder) binary(e *ast.Binary) *scalar {
	if left, ok := e.Left.(*ast.Row); ok && e.Operator.IsComparison() {
		b.notYet(left.Span(), "compare column by column, with AND", "comparisons of rows are")
		return b.badAt(e.Span())
	}
	left, right := b.expression(e.Left), b.expression(e.Right)
	if left.bad() || right.bad() {
		return b.badAt(e.Span())
	}
	if code, ok := comparisons[e.Operator]; ok {
		return b.not(b.compare(code, left, right, e.Span()), e.Operator == ast.IsNotDistinctFrom, e.Span())
	}
	if code, ok := arithmetic[e.Operator]; ok {
		return b.arithmetic(e, code, left, right)
	}
	switch e.Operator {
	case ast.Concat:
		return b.concat(e, left, right)
	case ast.StartsWith:
		left, right = b.text(left), b.text(right)
		if left.typ.Kind != ir.String || right.typ.Kind != ir.String {
			return b.misfit(e, left, right, "text")
		}
		return b.op(ir.OpStartsWith, e.Span(), left, right)
	default: // refused below
	}
	b.notYet(e.OperatorPlace, "", "the operator %s is", b.source(e.OperatorPlace))
	return b.badAt(e.Span())
}

// misfit reports an operator with operands that it does not take.
func (b *binder) misfit(e *ast.Binary, left, right *scalar, to string) *scalar {
	operator := b.source(e.OperatorPlace)
	d := diag.New(codeTypes, "%s does not take %s and %s", operator, typeName(left.typ), typeName(right.typ)).
		At(b.file, e.OperatorPlace, "no such operator").
		Label(b.file, left.span, "%s", typeName(left.typ)).
		Label(b.file, right.span, "%s", typeName(right.typ))
	culprit := right
	if right.typ.IsNumeric() || right.typ.IsTemporal() {
		culprit = left
	}
	if to != "" && culprit.typ.Kind == ir.String || to == "text" {
		d.Helpf("convert it: CAST(%s AS %s)", b.source(culprit.span), to)
	}
	b.report(d)
	return b.badAt(e.Span())
}

// narrowed converts an integer literal to a smaller integer type that holds it, and
// a timestamp literal at midnight to a date: a comparison means the same, and a
// column need not be converted.
func (b *binder) narrowed(v *scalar, t ir.Type) *scalar {
	if v.code != ir.OpConst || v.value.Null {
		return v
	}
	switch {
	case v.typ.IsInteger() && t.IsInteger() && t.Kind < v.typ.Kind && ir.FitsInteger(t.Kind, v.value.Int128()):
		return b.constant(ir.Of(t.Kind), v.value, v.span)
	case v.typ.Kind == ir.Timestamp && t.Kind == ir.Date:
		days, ofDay := ir.SplitTimestamp(v.value.Int())
		if ofDay == 0 && days == int64(int32(days)) {
			return b.constant(ir.Of(ir.Date), ir.IntDatum(days), v.span)
		}
	}
	return v
}

// compare binds a comparison: both sides are converted to their common type.
func (b *binder) compare(code ir.Opcode, left, right *scalar, span diag.Span) *scalar {
	if left.bad() || right.bad() {
		return b.badAt(span)
	}
	if left.code != ir.OpConst {
		right = b.narrowed(right, left.typ)
	}
	if right.code != ir.OpConst {
		left = b.narrowed(left, right.typ)
	}
	values := []*scalar{left, right}
	b.numbered(values)
	left, right = values[0], values[1]
	t, ok := commonOf(values)
	if !ok {
		b.report(b.conversion(diag.New(codeTypes, "%s and %s do not compare", typeName(left.typ), typeName(right.typ)).
			At(b.file, right.span, "%s", typeName(right.typ)).
			Label(b.file, left.span, "%s", typeName(left.typ)), left, right))
		return b.badAt(span)
	}
	left, right = b.coerce(left, t), b.coerce(right, t)
	if left.bad() || right.bad() {
		return b.badAt(span)
	}
	return b.op(code, span, left, right)
}

// concat binds ||, which converts one side to text when the other is text.
func (b *binder) concat(e *ast.Binary, left, right *scalar) *scalar {
	if left.untyped() {
		left = b.text(left)
	}
	if right.untyped() {
		right = b.text(right)
	}
	text := ir.Of(ir.String)
	switch {
	case left.bad() || right.bad():
		return b.badAt(e.Span())
	case left.typ.Kind == ir.String && right.typ.Kind != ir.Bytes:
		right = b.cast(right, text, right.span)
	case right.typ.Kind == ir.String && left.typ.Kind != ir.Bytes:
		left = b.cast(left, text, left.span)
	default:
		return b.misfit(e, left, right, "text")
	}
	return b.op(ir.OpConcatenate, e.Span(), left, right)
}

// arithmetic binds + - * / // %.
func (b *binder) arithmetic(e *ast.Binary, code ir.Opcode, left, right *scalar) *scalar {
	values := []*scalar{left, right}
	b.numbered(values)
	left, right = b.resolved(values[0], values[1]), b.resolved(values[1], values[0])
	if left.bad() || right.bad() {
		return b.badAt(e.Span())
	}
	if !left.typ.IsNumeric() || !right.typ.IsNumeric() {
		return b.temporal(e, left, right)
	}
	if e.Operator == ast.IntegerDivide && (!left.typ.IsInteger() || !right.typ.IsInteger()) {
		b.notYet(e.OperatorPlace, "", "// of numbers that are not integers is")
		return b.badAt(e.Span())
	}
	switch {
	case left.typ.IsFloat() || right.typ.IsFloat():
		t := commonNumber(left.typ, right.typ)
		left, right = b.coerce(left, t), b.coerce(right, t)
	case left.typ.IsInteger() && right.typ.IsInteger():
		t := commonNumber(left.typ, right.typ)
		left, right = b.coerce(left, t), b.coerce(right, t)
	default: // decimals may differ in their digits
		left, right = b.coerce(left, exact(tight(left))), b.coerce(right, exact(tight(right)))
	}
	if left.bad() || right.bad() {
		return b.badAt(e.Span())
	}
	if _, err := ir.ArithmeticType(code, left.typ, right.typ); err != nil {
		b.report(diag.New(codeNumber, "the product of %s and %s has more than %d digits after the point", typeName(left.typ), typeName(right.typ), ir.MaxDecimalPrecision).
			At(b.file, e.OperatorPlace, "too many digits").
			Label(b.file, left.span, "%s", typeName(left.typ)).Label(b.file, right.span, "%s", typeName(right.typ)).
			Helpf("round one of them first: CAST(%s AS decimal(18, 6))", b.source(left.span)))
		return b.badAt(e.Span())
	}
	return b.op(code, e.Span(), left, right)
}

// resolved gives an operand without a type that of the other.
func (b *binder) resolved(v, other *scalar) *scalar {
	switch {
	case !v.untyped():
		return v
	case other.untyped() && v.code == ir.OpConst && v.literal:
		return b.text(v)
	case other.untyped():
		return b.coerce(v, ir.Of(ir.I32))
	case other.typ.IsTemporal() && v.code == ir.OpParameter:
		return b.coerce(v, ir.Of(ir.Interval))
	default:
		return b.coerce(v, other.typ)
	}
}

// temporal binds arithmetic of dates, timestamps and intervals.
func (b *binder) temporal(e *ast.Binary, left, right *scalar) *scalar {
	span := e.Span()
	day := func(v *scalar) bool { return v.typ.Kind == ir.Date }
	moment := func(v *scalar) bool { return day(v) || v.typ.Kind == ir.Timestamp || v.typ.Kind == ir.TimestampTZ }
	interval := func(v *scalar) bool { return v.typ.Kind == ir.Interval }
	if e.Operator == ast.Add && !moment(left) && moment(right) {
		left, right = right, left
	}
	sum, difference := e.Operator == ast.Add, e.Operator == ast.Subtract
	switch {
	case (sum || difference) && moment(left) && interval(right):
		if difference {
			right = b.op(ir.OpNegate, right.span, right)
		}
		return b.op(ir.OpAddInterval, span, left, right)
	case (sum || difference) && day(left) && right.typ.IsInteger():
		days := b.cast(right, ir.Of(ir.I32), right.span)
		if difference {
			days = b.op(ir.OpNegate, right.span, days)
		}
		return b.op(ir.OpAddDays, span, left, days)
	case difference && day(left) && day(right):
		return b.op(ir.OpDaysBetween, span, left, right)
	case difference && moment(left) && moment(right):
		b.notYet(e.OperatorPlace, "days between dates are there: CAST(... AS date) - CAST(... AS date)", "differences of timestamps are")
		return b.badAt(span)
	case interval(left) || interval(right):
		b.notYet(e.OperatorPlace, "", "%s of %s and %s is", b.source(e.OperatorPlace), typeName(left.typ), typeName(right.typ))
		return b.badAt(span)
	}
	to := "double precision"
	if left.typ.IsNumeric() {
		to = typeName(left.typ)
	} else if right.typ.IsNumeric() {
		to = typeName(right.typ)
	}
	return b.misfit(e, left, right, to)
}
