package logical

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Pushdown moves predicates towards the scans, conjunct by conjunct:
//
//	             above the join            in its condition
//	inner        left, right, condition    left, right
//	left         left                      right
//	right        right                     left
//	full         nowhere                   nowhere
//	semi         left                      left, right
//	anti         left                      right
//
// Through a project the columns are replaced by what they stand for; through an
// aggregate go predicates on the grouping columns only, and none when there are no
// grouping columns, for then a group of no rows has a row too; a union takes them
// into each input; a sort lets them pass, a limit does not.
//
// Counter-example to pushing a left condition of a left join into its left input:
// "customer left join orders on c_nation = 3" keeps customers of all nations.
//
// A conjunct that can trap goes no further than into the condition of an inner join,
// at its end, and only where nothing before it can be NULL. Counter-example: "10 / b >
// 1" above a join that finds no partner for the rows with b = 0.
var Pushdown = &pass.Pass{
	Name: "pushdown", Doc: "move predicates towards the scans", Level: ir.FlowLevel,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		return onFlows(ctx, m, func(op *ir.Op) bool { return op.Code == ir.OpFilter || op.Code == ir.OpJoin }, func(e *editor) {
			end := e.terminator()
			for i, v := range end.Operands {
				end.Operands[i] = e.push(v, nil)
			}
		})
	},
}

// push gives v with only the rows for which all predicates are true. Predicates
// are scalar code that stands anywhere and reads columns of v by name.
func (e *editor) push(v *ir.Value, predicates []*ir.Value) *ir.Value {
	op := v.Op
	if e.shared(v) {
		// All readers see the same rows: predicates of one reader stop here.
		if !e.visited[v] {
			e.visited[v] = true
			e.pushInside(v, nil)
		}
		return e.filter(op, v, predicates)
	}
	return e.pushInside(v, predicates)
}

func (e *editor) pushInside(v *ir.Value, predicates []*ir.Value) *ir.Value {
	op := v.Op
	switch op.Code {
	case ir.OpFilter:
		if e.shared(v) {
			return e.pushSharedFilter(op)
		}
		return e.push(op.Operands[0], append(tests(op), predicates...))
	case ir.OpProject:
		return e.pushProject(op, predicates)
	case ir.OpJoin:
		return e.pushJoin(op, predicates)
	case ir.OpAggregate:
		keys := ir.AttributeAs[[]string](op, "keys")
		below, above := partition(predicates, func(p *ir.Value) bool {
			columns := columnsOf(p, nil)
			return len(keys) > 0 && len(intersect(columns, keys)) == len(columns)
		})
		return e.filter(op, e.with(op, e.push(op.Operands[0], below)), above)
	case ir.OpUnion:
		return e.pushUnion(op, predicates)
	case ir.OpSort:
		below, above := partition(predicates, func(*ir.Value) bool { return true })
		return e.filter(op, e.with(op, e.push(op.Operands[0], below)), above)
	case ir.OpLimit, ir.OpTopK:
		return e.filter(op, e.with(op, e.push(op.Operands[0], nil)), predicates)
	default: // scans and values, and ops that this pass does not know
		for i, input := range op.Operands {
			op.Operands[i] = e.push(input, nil)
		}
		return e.filter(op, e.with(op, op.Operands...), predicates)
	}
}

// pushSharedFilter keeps the filter, whose result several operators read, as a
// value: it tests what could not sink further, and lets everything pass when all
// of it sank.
func (e *editor) pushSharedFilter(op *ir.Op) *ir.Value {
	input := e.push(op.Operands[0], tests(op))
	if rest := input.Op; rest.Code == ir.OpFilter && !e.shared(input) {
		op.Regions[0] = rest.Regions[0]
		return e.with(op, rest.Operands[0])
	}
	op.Regions[0] = predicateBlock(nil, input.Type.Row())
	return e.with(op, input)
}

// tests gives the conjuncts of the condition of a filter or join, without those that
// let everything pass.
func tests(op *ir.Op) []*ir.Value {
	return slices.DeleteFunc(conjuncts(op.Regions[0].Terminator().Operands[0]), isTrue)
}

// partition splits predicates into those that may sink and those that stay. What
// can trap stays.
func partition(predicates []*ir.Value, may func(*ir.Value) bool) (sink, stay []*ir.Value) {
	for _, p := range predicates {
		if !canTrap(p) && may(p) {
			sink = append(sink, p)
		} else {
			stay = append(stay, p)
		}
	}
	return sink, stay
}

func (e *editor) pushProject(op *ir.Op, predicates []*ir.Value) *ir.Value {
	// The replaced predicates need a place to stand until they are written anew.
	em := newEmitter(op.Operands[0].Type.Row())
	replace := definitions(op)
	var below, above []*ir.Value
	for _, p := range predicates {
		if replaced := em.copy(p, replace); canTrap(replaced) {
			above = append(above, p)
		} else {
			below = append(below, replaced)
		}
	}
	return e.filter(op, e.with(op, e.push(op.Operands[0], below)), above)
}

func (e *editor) pushUnion(op *ir.Op, predicates []*ir.Value) *ir.Value {
	names := ir.AttributeAs[[]string](op, "names")
	below, above := partition(predicates, func(*ir.Value) bool { return true })
	inputs := make([]*ir.Value, len(op.Operands))
	for i, input := range op.Operands {
		em := newEmitter(input.Type.Row())
		replace := func(em *emitter, column string) *ir.Value {
			return em.field(input.Type.Fields[slices.Index(names, column)].Name)
		}
		replaced := make([]*ir.Value, len(below))
		for j, p := range below {
			replaced[j] = em.copy(p, replace)
		}
		inputs[i] = e.push(input, replaced)
	}
	return e.filter(op, e.with(op, inputs...), above)
}

// sides says which inputs of a join a predicate may sink into.
type sides struct{ left, right bool }

// fromAbove and fromCondition are the two columns of the table at Pushdown.
var (
	fromAbove = map[ir.JoinKind]sides{
		ir.InnerJoin: {true, true}, ir.LeftJoin: {left: true}, ir.RightJoin: {right: true},
		ir.SemiJoin: {left: true}, ir.AntiJoin: {left: true},
	}
	fromCondition = map[ir.JoinKind]sides{
		ir.InnerJoin: {true, true}, ir.LeftJoin: {right: true}, ir.RightJoin: {left: true},
		ir.SemiJoin: {true, true}, ir.AntiJoin: {right: true},
	}
)

func (e *editor) pushJoin(op *ir.Op, predicates []*ir.Value) *ir.Value {
	kind := ir.AttributeAs[ir.JoinKind](op, "kind")
	left, right := op.Operands[0].Type, op.Operands[1].Type
	var toLeft, toRight, above, on []*ir.Value
	place := func(p *ir.Value, may sides, stay *[]*ir.Value) {
		columns := columnsOf(p, nil)
		switch {
		case canTrap(p):
			*stay = append(*stay, p)
		case may.left && hasAll(left, columns):
			toLeft = append(toLeft, p)
		case may.right && hasAll(right, columns):
			toRight = append(toRight, p)
		default:
			*stay = append(*stay, p)
		}
	}
	for _, p := range tests(op) {
		place(p, fromCondition[kind], &on)
	}
	for _, p := range predicates {
		if kind == ir.InnerJoin && !canTrap(p) {
			place(p, fromAbove[kind], &on)
		} else {
			place(p, fromAbove[kind], &above)
		}
	}
	op.Operands[0] = e.push(op.Operands[0], toLeft)
	op.Operands[1] = e.push(op.Operands[1], toRight)
	// What can trap comes last, so that the other conjuncts guard it.
	slices.SortStableFunc(on, func(a, b *ir.Value) int { return int(boolByte(canTrap(a))) - int(boolByte(canTrap(b))) })
	if kind == ir.InnerJoin {
		// Over pairs for which the condition is never NULL, a filter above and the
		// condition test the same ones; in the condition it can be what joins them.
		nullable := slices.ContainsFunc(on, func(p *ir.Value) bool { return p.Type.Nullable })
		for len(above) > 0 && !nullable {
			on, nullable = append(on, above[0]), above[0].Type.Nullable
			above = above[1:]
		}
	}
	if !slices.Equal(on, tests(op)) {
		op.Regions[0] = predicateBlock(on, op.Operands[0].Type.Row(), op.Operands[1].Type.Row())
	}
	return e.filter(op, e.with(op, op.Operands...), above)
}
