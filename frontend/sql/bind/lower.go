package bind

import (
	"github.com/heddle-lang/heddle/frontend/catalog"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// lowering is the catalog.Builder of one call.
type lowering struct {
	binder   *binder
	span     diag.Span
	distinct bool
	filter   *scalar // nil: none
	grouped  bool
	failed   bool
}

// lower writes a call. An aggregate that does not take its argument is reported
// once.
func (b *binder) lower(l *lowering, overload *catalog.Overload, arguments []*scalar) *scalar {
	values := make([]catalog.Value, len(arguments))
	for i, v := range arguments {
		values[i] = v
	}
	result := overload.Lower(l, values).(*scalar)
	if l.failed {
		return b.badAt(l.span)
	}
	// A result that is an argument as it was keeps that argument's place.
	if len(result.operands) > 0 {
		placed := *result
		placed.span = l.span
		return &placed
	}
	return result
}

func (l *lowering) Const(t ir.Type, value ir.Datum) catalog.Value {
	return l.binder.constant(t, value, l.span)
}

func (l *lowering) Null(t ir.Type) catalog.Value { return l.binder.null(t, l.span) }

func (l *lowering) Op(code ir.Opcode, operands ...catalog.Value) catalog.Value {
	values := make([]*scalar, len(operands))
	for i, v := range operands {
		values[i] = v.(*scalar)
	}
	return l.binder.op(code, l.span, values...)
}

func (l *lowering) Extract(part string, operand catalog.Value) catalog.Value {
	return l.binder.extract(part, operand.(*scalar), l.span)
}

func (l *lowering) If(condition, then, otherwise catalog.Value) catalog.Value {
	return l.binder.op(ir.OpIf, l.span, condition.(*scalar), then.(*scalar), otherwise.(*scalar))
}

func (l *lowering) Cast(v catalog.Value, t ir.Type) catalog.Value {
	return l.binder.cast(v.(*scalar), t, l.span)
}

func (l *lowering) Aggregate(function ir.AggregateFunction, argument catalog.Value) catalog.Value {
	b := l.binder
	s := &scalar{code: opAggregate, function: function, flag: l.distinct && function != ir.Any, operands: []*scalar{nil, l.filter}, span: l.span}
	var t ir.Type
	if argument != nil {
		v := argument.(*scalar)
		t = v.typ
		s.operands[0] = v
		// Every row counts where a column has no NULLs.
		if function == ir.Count && v.code == ir.OpField && !t.Nullable && !l.distinct {
			s.operands[0] = nil
		}
		if function == ir.Min || function == ir.Max {
			s.flag = false // duplicates do not matter
		}
	}
	s.typ = function.ResultType(t)
	return b.finish(s)
}

func (l *lowering) Grouped() bool  { return l.grouped }
func (l *lowering) Filtered() bool { return l.filter != nil }
func (l *lowering) Distinct() bool { return l.distinct }
