package pipelines

import (
	"fmt"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// hashedList is the number of literals from which on IN in a filter is a semi join with
// them instead of comparisons.
const hashedList = 64

// list is a filter by membership in many literals.
type list struct {
	operand *ir.Value
	values  []ir.Datum // none is NULL
	negated bool
}

// longList recognises IN and NOT IN with many literals. A NULL among those of IN
// changes nothing in a filter; NOT IN with one is never true and left alone. Columns
// with dictionaries have lookup tables, which are better still.
func (l *lowering) longList(v *ir.Value) (list, bool) {
	if v.Op == nil {
		return list{}, false
	}
	op, negated := v.Op, false
	if op.Code == ir.OpNot && op.Operands[0].Op != nil {
		op, negated = op.Operands[0].Op, true
	}
	if op.Code != ir.OpIn {
		return list{}, false
	}
	found := list{operand: op.Operands[0], negated: negated}
	for _, d := range ir.AttributeAs[[]ir.Datum](op, "values") {
		if !d.Null {
			found.values = append(found.values, d)
		} else if negated {
			return list{}, false
		}
	}
	if _, name, ok := ir.AsField(found.operand); ok {
		if c := l.ranges.columns[name]; c != nil && c.Layout.Encoding == ir.Dictionary {
			return list{}, false
		}
	}
	return found, len(found.values) >= hashedList
}

// buildList makes the hash table of a list.
func (l *lowering) buildList(list list, span diag.Span) *ir.State {
	state := l.newState(ir.HashTableState, float64(len(list.values)))
	state.Keys = 1
	state.Fields = []ir.Field{{Name: fmt.Sprintf("%s.item", state.Name), Type: list.operand.Type.WithNull(false)}}
	rows := make([][]ir.Datum, len(list.values))
	for i, d := range list.values {
		rows[i] = []ir.Datum{d}
	}
	t := l.start(ir.OpSourceValues, span, state.Fields, ir.Attr("rows", rows))
	l.end(t, ir.OpBuild, state, t.values(state.Fields))
	return state
}

// probeList goes on with tuples whose value is in the list, or is not.
func (l *lowering) probeList(t *tuple, list list, x *ir.Value, state *ir.State) {
	kind := ir.SemiJoin
	if list.negated {
		kind = ir.AntiJoin
		if x.Type.Nullable { // NULL is neither in a list nor not in it
			t.builder.Op(ir.OpWhere, []*ir.Value{t.builder.Unary(ir.OpNot, t.builder.Unary(ir.OpIsNull, x))})
		}
	}
	condition := ir.NewBlock(ir.StructType(state.Fields...))
	cb := t.builder.In(condition)
	cb.Yield(cb.Const(ir.Of(ir.Bool), ir.BoolDatum(true)))
	t.builder.Build(ir.OpProbe, []*ir.Value{x}, []*ir.Block{condition},
		ir.Attr("state", ir.Symbol(state.Name)), ir.Attr("kind", kind), ir.Attr("fields", state.Fields))
}
