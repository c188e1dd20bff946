package bind

import (
	"slices"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// expression binds an expression in the scope that b has. The parser bounds its
// depth.
func (b *binder) expression(e ast.Expr) *scalar {
	switch e := e.(type) {
	case *ast.Literal:
		return b.literal(e)
	case *ast.TypedLiteral:
		return b.typed(e)
	case *ast.IntervalLiteral:
		return b.interval(e)
	case *ast.Parameter:
		return b.parameter(e)
	case *ast.ColumnRef:
		return b.reference(e)
	case *ast.Unary:
		return b.unary(e)
	case *ast.Binary:
		return b.binary(e)
	case *ast.Logical:
		return b.logical(e)
	case *ast.IsTest:
		return b.isTest(e)
	case *ast.Between:
		return b.between(e)
	case *ast.InList:
		return b.inList(e)
	case *ast.Like:
		return b.like(e)
	case *ast.Case:
		return b.caseOf(e)
	case *ast.Cast:
		return b.castExpr(e)
	case *ast.Extract:
		return b.extractExpr(e)
	case *ast.Call:
		return b.callExpr(e)
	case *ast.Star:
		b.report(diag.New(codeStar, "* stands inside of an expression").At(b.file, e.Span(), "* is an item of SELECT, or count(*)"))
	case *ast.BadExpr:
		b.silent = true
	default:
		b.notYet(e.Span(), "", "%s", construct(e))
	}
	return b.badAt(e.Span())
}

// construct names what is not there yet.
func construct(e ast.Expr) string {
	switch e.(type) {
	case *ast.InQuery:
		return "IN with a query is"
	case *ast.Subquery:
		return "queries as values are"
	case *ast.Exists:
		return "EXISTS is"
	case *ast.Quantified:
		return "ANY and ALL are"
	case *ast.Row:
		return "rows as values are"
	case *ast.Array, *ast.Index, *ast.Slice:
		return "lists are"
	case *ast.Struct, *ast.Field:
		return "structs are"
	case *ast.Collate:
		return "COLLATE is"
	case *ast.AtTimeZone:
		return "AT TIME ZONE is"
	case *ast.Position:
		return "POSITION is"
	case *ast.Trim:
		return "TRIM is"
	case *ast.NamedArgument:
		return "arguments with a name are"
	default:
		return "this expression is"
	}
}

func (b *binder) logical(e *ast.Logical) *scalar {
	code, what := ir.OpAnd, "an operand of AND"
	if e.Operator == ast.Or {
		code, what = ir.OpOr, "an operand of OR"
	}
	if b.tooMany(len(e.Operands), maxTerms, "a chain of "+what[len("an operand of "):], e.Span()) {
		return b.badAt(e.Span())
	}
	operands := make([]*scalar, len(e.Operands))
	for i, operand := range e.Operands {
		operands[i] = b.condition(b.expression(operand), what)
	}
	return b.op(code, e.Span(), operands...)
}

func (b *binder) not(v *scalar, not bool, span diag.Span) *scalar {
	if !not {
		return v
	}
	return b.op(ir.OpNot, span, v)
}

func (b *binder) isTest(e *ast.IsTest) *scalar {
	v := b.expression(e.Operand)
	span := e.Span()
	switch e.Test {
	case ast.TestNull, ast.TestUnknown:
		if e.Test == ast.TestUnknown {
			v = b.condition(v, "the operand of IS UNKNOWN")
		}
		if v.code == ir.OpParameter {
			v = b.text(v)
		}
		if v.isNull() || v.code == ir.OpConst {
			return b.boolean(v.isNull() != e.Not, span)
		}
		return b.not(b.op(ir.OpIsNull, span, v), e.Not, span)
	default:
		v = b.condition(v, "the operand of IS TRUE")
		distinct := b.op(ir.OpIsDistinct, span, v, b.boolean(e.Test == ast.TestTrue, span))
		return b.not(distinct, !e.Not, span)
	}
}

func (b *binder) between(e *ast.Between) *scalar {
	values := []*scalar{b.expression(e.Operand), b.expression(e.Low), b.expression(e.High)}
	span := e.Span()
	x, low, high := values[0], values[1], values[2]
	if x.bad() || low.bad() || high.bad() {
		return b.badAt(span)
	}
	inside := func(low, high *scalar) *scalar {
		return b.op(ir.OpAnd, span, b.compare(ir.OpGreaterEqual, x, low, span), b.compare(ir.OpLessEqual, x, high, span))
	}
	result := inside(low, high)
	if e.Symmetric && !result.bad() {
		result = b.op(ir.OpOr, span, result, inside(high, low))
	}
	return b.not(result, e.Not, span)
}

// inList binds IN. A list of literals is one op; else it is a chain of comparisons.
func (b *binder) inList(e *ast.InList) *scalar {
	if b.tooMany(len(e.List), maxTerms, "the list of IN", e.Span()) {
		return b.badAt(e.Span())
	}
	values := make([]*scalar, 0, len(e.List)+1)
	values = append(values, b.expression(e.Operand))
	for _, item := range e.List {
		values = append(values, b.expression(item))
	}
	span := e.Span()
	if slices.ContainsFunc(values, (*scalar).bad) {
		return b.badAt(span)
	}
	literals := true
	for i, v := range values[1:] {
		literals = literals && v.code == ir.OpConst
		values[i+1] = b.narrowed(v, values[0].typ)
	}
	if !b.unify(values, "the operands of IN") {
		return b.badAt(span)
	}
	x := values[0]
	literals = literals && x.typ.Kind != ir.Null
	for _, v := range values[1:] {
		literals = literals && v.code == ir.OpConst
	}
	if literals {
		data := make([]ir.Datum, len(values)-1)
		nullable := x.typ.Nullable
		for i, v := range values[1:] {
			data[i] = v.value
			nullable = nullable || v.value.Null
		}
		in := b.finish(&scalar{code: ir.OpIn, typ: ir.Of(ir.Bool).WithNull(nullable), operands: []*scalar{x}, values: data, span: span})
		return b.not(in, e.Not, span)
	}
	equal := make([]*scalar, len(values)-1)
	for i, v := range values[1:] {
		equal[i] = b.op(ir.OpEqual, v.span, x, v)
	}
	if len(equal) == 1 {
		return b.not(equal[0], e.Not, span)
	}
	return b.not(b.op(ir.OpOr, span, equal...), e.Not, span)
}

func (b *binder) like(e *ast.Like) *scalar {
	if e.Kind == ast.SimilarPattern {
		b.notYet(e.Span(), "", "SIMILAR TO is")
		return b.badAt(e.Span())
	}
	operands := []*scalar{b.textOperand(e.Operand, "LIKE"), b.textOperand(e.Pattern, "LIKE")}
	escape := defaultEscape
	if e.Escape != nil {
		v := b.textOperand(e.Escape, "ESCAPE")
		switch {
		case v.bad():
			return v
		case v.code != ir.OpConst || v.value.Null:
			b.notYet(e.Escape.Span(), "", "an ESCAPE that is not a literal is")
			return b.badAt(e.Span())
		case len([]rune(v.value.Text)) > 1:
			b.report(diag.New(codeLiteral, "ESCAPE takes one character").At(b.file, e.Escape.Span(), "%d characters", len([]rune(v.value.Text))))
			return b.badAt(e.Span())
		}
		escape = v.value.Text
	}
	if operands[0].bad() || operands[1].bad() {
		return b.badAt(e.Span())
	}
	t := ir.Of(ir.Bool).WithNull(operands[0].typ.Nullable || operands[1].typ.Nullable)
	v := b.finish(&scalar{code: ir.OpLike, typ: t, operands: operands, name: escape, flag: e.Kind == ast.ILikePattern, span: e.Span()})
	return b.not(v, e.Not, e.Span())
}

func (b *binder) textOperand(e ast.Expr, what string) *scalar {
	v := b.text(b.expression(e))
	if !v.bad() && v.typ.Kind != ir.String {
		b.report(diag.New(codeArgumentType, "%s takes text, not %s", what, typeName(v.typ)).
			At(b.file, e.Span(), "%s", typeName(v.typ)).
			Helpf("convert it: CAST(%s AS text)", b.source(e.Span())))
		return b.badAt(e.Span())
	}
	return v
}

// source is a piece of the text for a message.
func (b *binder) source(span diag.Span) string {
	text := b.file.Text[span.Start:span.End]
	const longest = 40
	if len(text) > longest {
		return "..."
	}
	return text
}

// caseOf binds both forms of CASE, as conditions nested to the right.
func (b *binder) caseOf(e *ast.Case) *scalar {
	var operand *scalar
	if e.Operand != nil {
		operand = b.expression(e.Operand)
	}
	conditions := make([]*scalar, len(e.Whens))
	results := make([]*scalar, len(e.Whens), len(e.Whens)+1)
	for i, when := range e.Whens {
		c := b.expression(when.Condition)
		switch {
		case c.bad() || operand != nil && operand.bad():
			c = b.badAt(c.span)
		case operand != nil:
			c = b.compare(ir.OpEqual, operand, c, when.Condition.Span())
		default:
			c = b.condition(c, "WHEN")
		}
		conditions[i] = c
		results[i] = b.expression(when.Result)
	}
	if e.Else != nil {
		results = append(results, b.expression(e.Else))
	} else {
		results = append(results, b.null(ir.Of(ir.Null), e.Span()))
	}
	if !b.unify(results, "the results of CASE") {
		return b.badAt(e.Span())
	}
	result := results[len(e.Whens)]
	for i := len(e.Whens) - 1; i >= 0; i-- {
		if result.bad() || results[i].bad() || conditions[i].bad() {
			return b.badAt(e.Span())
		}
		result = b.op(ir.OpIf, e.Whens[i].Span(), conditions[i], results[i], result)
	}
	return result
}

// unify converts expressions to their common type, in place.
func (b *binder) unify(values []*scalar, what string) bool {
	b.numbered(values)
	t, ok := commonOf(values)
	if !ok {
		b.noCommonType(values, what)
		return false
	}
	for i, v := range values {
		values[i] = b.coerce(v, t)
	}
	return !slices.ContainsFunc(values, (*scalar).bad)
}

func (b *binder) noCommonType(values []*scalar, what string) {
	var first, other *scalar
	for _, v := range values {
		if v.bad() || v.untyped() {
			continue
		}
		if first == nil {
			first = v
		} else if _, ok := commonType(first.typ, v.typ); !ok {
			other = v
			break
		}
	}
	b.report(b.conversion(diag.New(codeTypes, "%s are %s and %s", what, typeName(first.typ), typeName(other.typ)).
		At(b.file, other.span, "%s", typeName(other.typ)).
		Label(b.file, first.span, "%s", typeName(first.typ)), first, other))
}

func (b *binder) castExpr(e *ast.Cast) *scalar {
	if e.Try {
		b.notYet(e.Span(), "", "TRY_CAST is")
		return b.badAt(e.Span())
	}
	v := b.expression(e.Operand)
	t, length, ok := b.castType(e.Type)
	if !ok || v.bad() {
		return b.badAt(e.Span())
	}
	return b.castTo(v, t, length, e.Type, e.Span())
}

// castTo converts as CAST does; a length cuts text.
func (b *binder) castTo(v *scalar, t ir.Type, length int64, name *ast.TypeName, span diag.Span) *scalar {
	if t.Kind == ir.Decimal && t.Precision == 0 {
		switch {
		case v.typ.Kind == ir.Decimal:
			return v
		case v.typ.IsInteger():
			t = exact(v.typ)
		default:
			b.report(diag.New(codeNumber, "decimal needs its digits here").
				At(b.file, name.Span(), "how many?").Helpf("write decimal(18, 3) for 18 digits, 3 of them after the point"))
			return b.badAt(span)
		}
	}
	switch {
	case v.code == ir.OpParameter && v.literal:
		v = b.typeParameter(v, t)
	case v.literal:
		v = b.typedLiteral(v, t)
	case !v.isNull() && !ir.CanCast(v.typ, t):
		b.report(diag.New(codeArgumentType, "%s does not convert to %s", typeName(v.typ), typeName(t)).
			At(b.file, v.span, "%s", typeName(v.typ)))
		return b.badAt(span)
	}
	v = b.cast(v, t, span)
	if length > 0 && !v.bad() {
		return b.op(ir.OpSubstring, span, v, b.constant(ir.Of(ir.I64), ir.IntDatum(1), span), b.constant(ir.Of(ir.I64), ir.IntDatum(length), span))
	}
	return v
}
