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
// the null-safe ones are keys only where all equalities are. A key is computed for
// rows that no other row meets, where the condition would not be; so an equality that
// may trap is a key only where it stands first, or where there is no other and all
// pairs would have to be tried.
func (l *lowering) splitCondition(region *ir.Block) (keys []keyPair, rest []*ir.Value) {
	all := conjuncts(region.Terminator().Operands[0])
	pairs := make([]*keyPair, len(all))
	plain, total := 0, 0
	safe := make([]bool, len(all))
	for i, conjunct := range all {
		pairs[i] = equality(conjunct, region)
		if pairs[i] == nil {
			continue
		}
		if !pairs[i].nullSafe {
			plain++
		}
		safe[i] = i == 0 || !l.ranges.mayTrap(pairs[i].left) && !l.ranges.mayTrap(pairs[i].right)
		if safe[i] {
			total++
		}
	}
	for i, conjunct := range all {
		p := pairs[i]
		if p != nil && (plain == 0 || !p.nullSafe) && (total == 0 || safe[i]) {
			keys = append(keys, *p)
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

// produceJoin builds a hash table of one side and probes it with the other. The right
// side is built, unless a left join has a much smaller left side: then that is built,
// each match marks it, and its unmarked rows are read in the end.
func (l *lowering) produceJoin(op *ir.Op, need needs, consume consumer) error {
	kind := ir.AttributeAs[ir.JoinKind](op, "kind")
	region := op.Regions[0]
	keys, rest := l.splitCondition(region)
	const left, right = 0, 1
	probed, built := left, right
	if kind == ir.LeftJoin && len(keys) > 0 && l.estimate(op.Operands[left])*swapFactor < l.estimate(op.Operands[right]) {
		kind, probed, built = ir.RightJoin, right, left
		for i := range keys {
			keys[i].left, keys[i].right = keys[i].right, keys[i].left
		}
	}
	probeSide, buildSide := op.Operands[probed], op.Operands[built]

	// What each side must deliver: what is read above, the keys, and for the built
	// side's payload what the rest of the condition reads.
	payloadNeed := needs{}
	if kind != ir.SemiJoin && kind != ir.AntiJoin {
		for _, f := range buildSide.Type.Fields {
			if need[f.Name] {
				payloadNeed[f.Name] = true
			}
		}
	}
	probeNeed := needs{}
	for _, f := range probeSide.Type.Fields {
		if need[f.Name] {
			probeNeed[f.Name] = true
		}
	}
	for _, conjunct := range rest {
		probeNeed = probeNeed.with(fieldsOfArgument(conjunct, region, probed)...)
		payloadNeed = payloadNeed.with(fieldsOfArgument(conjunct, region, built)...)
	}
	buildNeed := payloadNeed.with()
	for _, key := range keys {
		probeNeed = probeNeed.with(fieldsOfArgument(key.left, region, probed)...)
		buildNeed = buildNeed.with(fieldsOfArgument(key.right, region, built)...)
	}

	state, payload := l.hashTable(buildSide, keys, kind, payloadNeed)
	err := l.produce(buildSide, buildNeed, func(t *tuple) error {
		in := newInliner(t.builder, region.Arguments[built:built+1], t.columns)
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
	err = l.produce(probeSide, probeNeed, func(t *tuple) error {
		return consume(l.probe(t, state, kind, keys, rest, region.Arguments[probed], region.Arguments[built]))
	})
	if err != nil || !state.Unmatched {
		return err
	}

	// The built rows that no tuple met, with NULLs for the other side.
	t := l.start(ir.OpSourceUnmatched, op.Span, state.Fields, ir.Attr("state", ir.Symbol(state.Name)))
	for _, f := range probeSide.Type.Fields {
		if need[f.Name] {
			t.columns[f.Name] = t.builder.Const(f.Type.WithNull(true), ir.NullDatum)
		}
	}
	return consume(t)
}

// swapFactor is how many times smaller the left side of a left join must be to be
// built: reading the unmatched rows costs another pass over it.
const swapFactor = 4

// hashTable makes the state of a join: its keys, then the payload that is read. A key
// that is a bare column of the built side need not be stored twice.
func (l *lowering) hashTable(side *ir.Value, keys []keyPair, kind ir.JoinKind, payloadNeed needs) (state *ir.State, payload []ir.Field) {
	state = l.newState(ir.HashTableState, l.estimate(side))
	state.Keys = len(keys)
	state.Unmatched = kind == ir.RightJoin || kind == ir.FullJoin
	stored := map[string]bool{}
	for i, key := range keys {
		t := key.right.Type
		if !keys[0].nullSafe && !state.Unmatched {
			t = t.WithNull(false) // rows with a NULL key are not stored
		}
		name := fmt.Sprintf("%s.key%d", state.Name, i)
		if isField(key.right) && key.right.Type.Equal(t) {
			if column := ir.AttributeAs[string](key.right.Op, "name"); !stored[column] {
				stored[column] = true
				name = column
			}
		}
		state.Fields = append(state.Fields, ir.Field{Name: name, Type: t})
	}
	for _, f := range side.Type.Fields {
		if payloadNeed[f.Name] && !stored[f.Name] {
			payload = append(payload, f)
		}
	}
	state.Fields = append(state.Fields, payload...)
	return state, payload
}

// probe appends the probe of a hash table and gives the tuple of a match. probed and
// built are the row arguments of the join's condition.
func (l *lowering) probe(t *tuple, state *ir.State, kind ir.JoinKind, keys []keyPair, rest []*ir.Value, probed, built *ir.Value) *tuple {
	in := newInliner(t.builder, []*ir.Value{probed}, t.columns)
	var operands []*ir.Value
	for _, key := range keys {
		operands = append(operands, in.value(key.left))
	}
	// What is left of an inner join's condition can as well be tested behind the
	// probe. For the other kinds it decides what is a match: the probe's region sees
	// the state's row as its argument and the tuple's columns from outside.
	var inside []*ir.Value
	if kind != ir.InnerJoin {
		inside = rest
	}
	condition := ir.NewBlock(ir.StructType(state.Fields...))
	cb := t.builder.In(condition)
	within := newInliner(cb, []*ir.Value{probed}, t.columns)
	within.bindRow(built, condition.Arguments[0])
	var parts []*ir.Value
	for _, conjunct := range inside {
		parts = append(parts, within.value(conjunct))
	}
	switch len(parts) {
	case 0:
		cb.Yield(cb.Const(ir.Of(ir.Bool), ir.BoolDatum(true)))
	case 1:
		cb.Yield(parts[0])
	default:
		cb.Yield(cb.Op(ir.OpAnd, parts).Result())
	}
	attributes := []ir.Attribute{ir.Attr("state", ir.Symbol(state.Name)), ir.Attr("kind", kind), ir.Attr("fields", state.Fields)}
	if len(keys) > 0 && keys[0].nullSafe {
		attributes = append(attributes, ir.Attr("null_safe", true))
	}
	op := t.builder.Build(ir.OpProbe, operands, []*ir.Block{condition}, attributes...)
	columns := make(map[string]*ir.Value, len(t.columns)+len(op.Results))
	for name, v := range t.columns {
		columns[name] = v
	}
	for i, result := range op.Results {
		result.Name = state.Fields[i].Name
		columns[result.Name] = result
	}
	if kind == ir.InnerJoin {
		after := newInliner(t.builder, []*ir.Value{probed, built}, columns)
		for _, conjunct := range rest {
			t.builder.Op(ir.OpWhere, []*ir.Value{after.value(conjunct)})
		}
	}
	return &tuple{function: t.function, builder: t.builder, columns: columns}
}
