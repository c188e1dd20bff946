package pipelines

import (
	"fmt"

	"github.com/heddle-lang/heddle/ir"
)

// keyPair is an equality between an expression of the left row and one of the right.
type keyPair struct {
	left, right *ir.Value
	nullSafe    bool
}

// splitCondition separates the conjuncts of a join's condition that a hash table can
// answer from the rest. Null-safe and plain equalities do not mix in one table, so
// the null-safe ones are keys only where all equalities are.
func splitCondition(region *ir.Block) (keys []keyPair, rest []*ir.Value) {
	all := conjuncts(region.Terminator().Operands[0])
	pairs := make([]*keyPair, len(all))
	plain := 0
	for i, conjunct := range all {
		pairs[i] = equality(conjunct, region)
		if pairs[i] != nil && !pairs[i].nullSafe {
			plain++
		}
	}
	for i, conjunct := range all {
		if pairs[i] != nil && (plain == 0 || !pairs[i].nullSafe) {
			keys = append(keys, *pairs[i])
			continue
		}
		rest = append(rest, conjunct)
	}
	return keys, rest
}

// equality recognises "left = right" and "not (left is distinct from right)".
func equality(v *ir.Value, region *ir.Block) *keyPair {
	if v.Op == nil {
		return nil
	}
	op, nullSafe := v.Op, false
	if op.Code == ir.OpNot && op.Operands[0].Op != nil && op.Operands[0].Op.Code == ir.OpIsDistinct {
		op, nullSafe = op.Operands[0].Op, true
	}
	if op.Code != ir.OpEqual && !nullSafe {
		return nil
	}
	a, b := op.Operands[0], op.Operands[1]
	switch sa, sb := sides(a, region), sides(b, region); {
	case sa == 1 && sb == 2:
		return &keyPair{a, b, nullSafe}
	case sa == 2 && sb == 1:
		return &keyPair{b, a, nullSafe}
	}
	return nil
}

func (l *lowering) produceJoin(op *ir.Op, need needs, consume consumer) error {
	kind := ir.AttributeAs[ir.JoinKind](op, "kind")
	region := op.Regions[0]
	keys, rest := splitCondition(region)
	left, right := op.Operands[0], op.Operands[1]

	// What each side must deliver: what is read above, the keys, and for the right
	// side's payload what the rest of the condition reads.
	payloadNeed := needs{}
	if kind != ir.SemiJoin && kind != ir.AntiJoin {
		for _, f := range right.Type.Fields {
			if need[f.Name] {
				payloadNeed[f.Name] = true
			}
		}
	}
	leftNeed := needs{}
	for _, f := range left.Type.Fields {
		if need[f.Name] {
			leftNeed[f.Name] = true
		}
	}
	for _, conjunct := range rest {
		leftNeed = leftNeed.with(fieldsOfArgument(conjunct, region, 0)...)
		payloadNeed = payloadNeed.with(fieldsOfArgument(conjunct, region, 1)...)
	}
	rightNeed := payloadNeed.with()
	for _, key := range keys {
		leftNeed = leftNeed.with(fieldsOfArgument(key.left, region, 0)...)
		rightNeed = rightNeed.with(fieldsOfArgument(key.right, region, 1)...)
	}

	nullSafe := len(keys) > 0 && keys[0].nullSafe
	state := l.newState(ir.HashTableState, l.estimate(right))
	state.Keys = len(keys)
	state.Unmatched = kind == ir.RightJoin || kind == ir.FullJoin
	// A key that is a bare column of the right row need not be stored twice.
	keyColumn := map[string]int{}
	for i, key := range keys {
		t := key.right.Type
		if !nullSafe && !state.Unmatched {
			t = t.WithNull(false) // rows with a NULL key are not stored
		}
		name := fmt.Sprintf("%s.key%d", state.Name, i)
		if isField(key.right) && key.right.Type.Equal(t) {
			column := ir.AttributeAs[string](key.right.Op, "name")
			if _, taken := keyColumn[column]; !taken {
				keyColumn[column] = i
				name = column
			}
		}
		state.Fields = append(state.Fields, ir.Field{Name: name, Type: t})
	}
	var payload []ir.Field
	for _, f := range right.Type.Fields {
		if _, stored := keyColumn[f.Name]; payloadNeed[f.Name] && !stored {
			payload = append(payload, f)
		}
	}
	state.Fields = append(state.Fields, payload...)

	err := l.produce(right, rightNeed, func(t *tuple) error {
		in := newInliner(t.builder, region.Arguments[1:2], t.columns)
		var operands []*ir.Value
		for _, key := range keys {
			operands = append(operands, in.value(key.right))
		}
		l.end(t, ir.OpBuild, state, append(operands, t.values(payload)...))
		return nil
	})
	if err != nil {
		return err
	}

	probeKind := kind
	where := rest
	if kind == ir.InnerJoin {
		rest = nil
	} else {
		where = nil
	}
	err = l.produce(left, leftNeed, func(t *tuple) error {
		in := newInliner(t.builder, region.Arguments[:1], t.columns)
		var operands []*ir.Value
		for _, key := range keys {
			operands = append(operands, in.value(key.left))
		}
		// The condition's region sees the state's row as its argument and the
		// tuple's columns from outside.
		condition := ir.NewBlock(ir.StructType(state.Fields...))
		cb := t.builder.In(condition)
		inside := newInliner(cb, region.Arguments[:1], t.columns)
		inside.bindRow(region.Arguments[1], condition.Arguments[0])
		holds := cb.Const(ir.Of(ir.Bool), ir.BoolDatum(true))
		if len(rest) > 0 {
			var parts []*ir.Value
			for _, conjunct := range rest {
				parts = append(parts, inside.value(conjunct))
			}
			holds = parts[0]
			if len(parts) > 1 {
				holds = cb.Op(ir.OpAnd, parts).Result()
			}
		}
		cb.Yield(holds)
		attributes := []ir.Attribute{ir.Attr("state", ir.Symbol(state.Name)), ir.Attr("kind", probeKind), ir.Attr("fields", state.Fields)}
		if nullSafe {
			attributes = append(attributes, ir.Attr("null_safe", true))
		}
		probe := t.builder.Build(ir.OpProbe, operands, []*ir.Block{condition}, attributes...)
		columns := make(map[string]*ir.Value, len(t.columns)+len(probe.Results))
		for name, v := range t.columns {
			columns[name] = v
		}
		for i, result := range probe.Results {
			result.Name = state.Fields[i].Name
			columns[result.Name] = result
		}
		next := &tuple{function: t.function, builder: t.builder, columns: columns}
		if len(where) > 0 {
			after := newInliner(t.builder, region.Arguments[:1], columns)
			after.bindColumns(region.Arguments[1], columns)
			for _, conjunct := range where {
				t.builder.Op(ir.OpWhere, []*ir.Value{after.value(conjunct)})
			}
		}
		return consume(next)
	})
	if err != nil || !state.Unmatched {
		return err
	}

	// Right and full joins: the rows that no tuple met, with NULLs on the left.
	t := l.start(ir.OpSourceUnmatched, op.Span, state.Fields, ir.Attr("state", ir.Symbol(state.Name)))
	for _, f := range left.Type.Fields {
		if need[f.Name] {
			t.columns[f.Name] = t.builder.Const(f.Type.WithNull(true), ir.NullDatum)
		}
	}
	return consume(t)
}
