package bind

import (
	"slices"
	"strings"

	"github.com/heddle-lang/heddle/frontend/catalog"
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// callContext is the aggregate whose arguments are bound.
type callContext struct {
	name string
	span diag.Span
}

// callExpr binds a call of a function or an aggregate.
func (b *binder) callExpr(e *ast.Call) *scalar {
	if e.Over != nil {
		b.notYet(e.Over.Span(), "", "window functions are")
		return b.badAt(e.Span())
	}
	name := fold(e.Name[len(e.Name)-1])
	f := catalog.Lookup(name)
	if f == nil {
		b.noFunction(e, name)
		for _, argument := range e.Arguments {
			b.expression(argument) // for its mistakes
		}
		return b.badAt(e.Span())
	}
	if f.Aggregate {
		return b.aggregateCall(e, f)
	}
	if e.Distinct || e.Filter != nil || len(e.OrderBy) > 0 || len(e.WithinGroup) > 0 || e.Star {
		b.report(diag.New(codeAggregate, "%s is not an aggregate", name).
			At(b.file, e.Span(), "DISTINCT, *, FILTER and ORDER BY belong to aggregates"))
		return b.badAt(e.Span())
	}
	if name == "date_part" || name == "datepart" {
		return b.datePart(e)
	}
	arguments, overload := b.arguments(e, f)
	if overload == nil {
		return b.badAt(e.Span())
	}
	return b.lower(&lowering{binder: b, span: e.Span()}, overload, arguments)
}

func (b *binder) noFunction(e *ast.Call, name string) {
	place := e.Name[len(e.Name)-1].Span()
	if catalog.NotYet(name) {
		b.notYet(place, "", "the function %s is", name)
		return
	}
	d := diag.New(codeFunction, "no function is named %q", name)
	if near, ok := diag.Suggest(name, catalog.Names()); ok {
		d.At(b.file, place, "did you mean %s?", near).Fix(b.file, place, near, "write %s", near)
	} else {
		d.At(b.file, place, "no such function")
	}
	b.report(d)
}

func (b *binder) aggregateCall(e *ast.Call, f *catalog.Function) *scalar {
	span := e.Span()
	switch {
	case b.call != nil:
		b.report(diag.New(codeAggregate, "%s stands inside of the aggregate %s", f.Name, b.call.name).
			At(b.file, span, "inside").Label(b.file, b.call.span, "around it").
			Helpf("aggregate in a query in FROM first, then again outside"))
		return b.badAt(span)
	case b.scope == nil || b.scope.place != "":
		place := "this place"
		if b.scope != nil {
			place = b.scope.place
		}
		d := diag.New(codeAggregate, "%s has an aggregate", place).At(b.file, span, "rows are not grouped yet")
		if place == "WHERE" {
			d.Helpf("conditions on groups stand in HAVING, after GROUP BY")
		}
		b.report(d)
		return b.badAt(span)
	case len(e.OrderBy) > 0 || len(e.WithinGroup) > 0:
		b.notYet(span, "", "ORDER BY in aggregates is")
		return b.badAt(span)
	}
	b.call = &callContext{name: f.Name, span: span}
	arguments, overload := b.arguments(e, f)
	var filter *scalar
	if e.Filter != nil {
		filter = b.condition(b.expression(e.Filter), "FILTER")
	}
	b.call = nil
	if overload == nil || filter != nil && filter.bad() {
		return b.badAt(span)
	}
	if e.Distinct && len(arguments) == 0 {
		b.report(diag.New(codeArguments, "%s(DISTINCT *) counts nothing", f.Name).At(b.file, span, "which columns?"))
		return b.badAt(span)
	}
	return b.lower(&lowering{binder: b, span: span, distinct: e.Distinct, filter: filter, grouped: b.groupedNow()}, overload, arguments)
}

// groupedNow reports whether GROUP BY with keys makes groups, none of which is
// empty. It is asked while a SELECT is bound.
func (b *binder) groupedNow() bool { return b.scope.grouped }

// arguments binds the arguments of a call and finds the overload that takes them;
// nil after a mistake.
func (b *binder) arguments(e *ast.Call, f *catalog.Function) ([]*scalar, *catalog.Overload) {
	arguments := make([]*scalar, len(e.Arguments))
	for i, argument := range e.Arguments {
		arguments[i] = b.expression(argument)
	}
	var overload *catalog.Overload
	for i := range f.Overloads {
		if o := &f.Overloads[i]; o.Takes(len(arguments)) && e.Star == (f.Star && len(o.Parameters) == 0) {
			overload = o
		}
	}
	if overload == nil {
		d := diag.New(codeArguments, "%s does not take %d arguments", f.Name, len(arguments))
		if e.Star {
			d = diag.New(codeArguments, "%s does not take *", f.Name)
		} else if len(arguments) == 1 {
			d = diag.New(codeArguments, "%s does not take 1 argument", f.Name)
		}
		b.report(d.At(b.file, e.Span(), "called here").Helpf("write %s", strings.Join(f.Signatures(), " or ")))
		return nil, nil
	}
	if slices.ContainsFunc(arguments, (*scalar).bad) {
		return nil, nil
	}
	var common []int
	for i := range arguments {
		class := overload.Class(i)
		if class == catalog.Common {
			common = append(common, i)
		} else if arguments[i] = b.argument(arguments[i], class, f.Name); arguments[i].bad() {
			return nil, nil
		}
	}
	if !b.commonArguments(arguments, common, f.Name) {
		return nil, nil
	}
	return arguments, overload
}

// commonArguments converts some of the arguments to their common type.
func (b *binder) commonArguments(arguments []*scalar, common []int, name string) bool {
	if len(common) == 0 {
		return true
	}
	values := make([]*scalar, len(common))
	for i, at := range common {
		values[i] = arguments[at]
	}
	if !b.unify(values, "the arguments of "+name) {
		return false
	}
	for i, at := range common {
		arguments[at] = b.text(values[i])
		if name == "mod" && !arguments[at].typ.IsNumeric() {
			b.misfitArgument(arguments[at], catalog.Number, name)
			return false
		}
	}
	return true
}

func (b *binder) misfitArgument(v *scalar, class catalog.Class, name string) *scalar {
	d := diag.New(codeArgumentType, "%s takes %s, not %s", name, class, typeName(v.typ)).At(b.file, v.span, "%s", typeName(v.typ))
	if class == catalog.Text {
		d.Helpf("convert it: CAST(%s AS text)", b.source(v.span))
	}
	b.report(d)
	return b.badAt(v.span)
}

// argument converts an argument to what a parameter takes.
func (b *binder) argument(v *scalar, class catalog.Class, name string) *scalar {
	untyped := func(t ir.Type) {
		if v.untyped() {
			v = b.coerce(v, t)
		}
	}
	fits := true
	switch class {
	case catalog.Any:
		untyped(ir.Of(ir.String))
	case catalog.AnyText:
		untyped(ir.Of(ir.String))
		if v.bad() {
			return v
		}
		if fits = ir.CanCast(v.typ, ir.Of(ir.String)); fits {
			return b.cast(v, ir.Of(ir.String), v.span)
		}
	case catalog.Text:
		untyped(ir.Of(ir.String))
		fits = v.typ.Kind == ir.String
	case catalog.Position:
		untyped(ir.Of(ir.I64))
		if fits = v.typ.IsInteger(); fits {
			return b.cast(v, ir.Of(ir.I64), v.span)
		}
	case catalog.Number:
		untyped(ir.Of(ir.F64))
		fits = v.typ.IsNumeric()
	case catalog.Integer:
		untyped(ir.Of(ir.I64))
		fits = v.typ.IsInteger()
	case catalog.Boolean:
		untyped(ir.Of(ir.Bool))
		fits = v.typ.Kind == ir.Bool
	case catalog.Moment:
		untyped(ir.Of(ir.Timestamp))
		fits = v.typ.Kind == ir.Date || v.typ.Kind == ir.Timestamp || v.typ.Kind == ir.TimestampTZ
	case catalog.Common, catalog.Part: // fit as they are
	}
	if v.bad() {
		return v
	}
	if !fits {
		return b.misfitArgument(v, class, name)
	}
	return v
}

func (b *binder) extractExpr(e *ast.Extract) *scalar {
	return b.part(strings.ToLower(e.Field.Name), e.Field.Span(), b.expression(e.Operand), e.Span())
}

func (b *binder) datePart(e *ast.Call) *scalar {
	if len(e.Arguments) != 2 {
		b.report(diag.New(codeArguments, "date_part takes 2 arguments").At(b.file, e.Span(), "called here").Helpf("write date_part('year', x)"))
		return b.badAt(e.Span())
	}
	part, v := b.expression(e.Arguments[0]), b.expression(e.Arguments[1])
	if part.bad() || v.bad() {
		return b.badAt(e.Span())
	}
	if part.code != ir.OpConst || !part.literal {
		b.report(diag.New(codeArgumentType, "the part of a date is a literal").At(b.file, part.span, "not a string literal").Helpf("write date_part('year', x)"))
		return b.badAt(e.Span())
	}
	return b.part(strings.ToLower(strings.TrimSpace(part.value.Text)), part.span, v, e.Span())
}

// laterParts are parts of dates that are not there yet.
var laterParts = []string{"century", "decade", "isodow", "isoyear", "julian", "microsecond", "microseconds", "millennium", "millisecond", "milliseconds", "timezone", "timezone_hour", "timezone_minute", "week"}

// part takes a part of a date or timestamp.
func (b *binder) part(part string, place diag.Span, v *scalar, span diag.Span) *scalar {
	if v.bad() {
		return v
	}
	if !slices.Contains(ir.ExtractParts, part) && slices.Contains(ir.ExtractParts, strings.TrimSuffix(part, "s")) {
		part = strings.TrimSuffix(part, "s")
	}
	switch {
	case slices.Contains(laterParts, part):
		b.notYet(place, "", "the part %s is", part)
		return b.badAt(span)
	case !slices.Contains(ir.ExtractParts, part):
		d := diag.New(codeFunction, "a date has no part %q", part)
		if near, ok := diag.Suggest(part, ir.ExtractParts); ok {
			d.At(b.file, place, "did you mean %s?", near)
		} else {
			d.At(b.file, place, "no such part")
		}
		b.report(d.Note("the parts are %s", strings.Join(ir.ExtractParts, ", ")))
		return b.badAt(span)
	case v.typ.Kind == ir.Interval || v.typ.Kind == ir.Time:
		b.notYet(span, "", "parts of %s are", typeName(v.typ))
		return b.badAt(span)
	}
	if v = b.argument(v, catalog.Moment, "extract"); v.bad() {
		return v
	}
	return b.extract(part, v, span)
}
