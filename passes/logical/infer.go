package logical

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Infer adds predicates that follow from others, where they let an input shrink
// before it is joined:
//
//   - through an equality: a = b and a in (1, 2) give b in (1, 2);
//   - from a disjunction over both sides of a join: (a = 1 and b = 2) or (a = 2 and
//     b = 1) gives a in (1, 2) for one side and b in (2, 1) for the other. The
//     disjunction itself stays. TPC-H Q7 and Q19 live from it.
//
// Which sides of a join may receive one is the table at Pushdown. Counter-example
// to treating an equality of a left join like that of an inner one: in "t left
// join s on a = b", b = 1 for all rows of s says nothing about a.
//
// Only comparisons, lists and prefixes travel through equalities, and none over
// floats: 0.0 and -0.0 are equal, but not everything computed from them is.
var Infer = &pass.Pass{
	Name: "infer", Doc: "add predicates that equalities and disjunctions imply", Level: ir.FlowLevel,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		if ctx.DerivingRuns >= mostDerivingRuns {
			return false, nil
		}
		changed, err := onFlows(ctx, m, func(op *ir.Op) bool { return op.Code == ir.OpJoin }, func(e *editor) {
			in := &inference{editor: e, known: map[*ir.Value][]fact{}}
			for _, op := range e.function.Body.Ops {
				if len(op.Results) == 1 {
					in.known[op.Result()] = in.facts(op)
				}
			}
		})
		if changed {
			ctx.DerivingRuns++
		}
		return changed, err
	},
}

// mostDerivingRuns bounds how far a predicate travels against the order of the
// joins, one join in each round. A chain of a hundred tables is compiled either
// way; past this many joins the predicate stays behind, which costs no more than it
// did in the source.
const mostDerivingRuns = 16

// fact is a predicate that holds for all rows of a bag.
type fact struct {
	predicate *ir.Value
	columns   []string
	hash      uint64
}

type inference struct {
	editor *editor
	known  map[*ir.Value][]fact
}

// mostFacts bounds what is remembered of one bag, and so the work of this pass.
const mostFacts = 64

// facts gives what holds for the rows of an op's result, and adds to its inputs
// what its condition implies for them.
func (in *inference) facts(op *ir.Op) []fact {
	var out []fact
	add := func(facts ...fact) {
		for _, f := range facts {
			if len(out) < mostFacts && !holds(out, f.hash) {
				out = append(out, f)
			}
		}
	}
	input := func(i int) []fact { return in.known[op.Operands[i]] }
	switch op.Code {
	case ir.OpFilter:
		add(input(0)...)
		for _, p := range conjuncts(op.Regions[0].Terminator().Operands[0]) {
			add(in.fact(p))
		}
	case ir.OpSort, ir.OpLimit, ir.OpTopK:
		add(input(0)...)
	case ir.OpAggregate, ir.OpProject:
		// Facts about columns that are handed on under their names.
		for _, f := range input(0) {
			if op.Code == ir.OpAggregate && hasAll(op.Result().Type, f.columns) || op.Code == ir.OpProject && keepsAll(op, f.columns) {
				add(f)
			}
		}
	case ir.OpJoin:
		in.join(op)
		kind := ir.AttributeAs[ir.JoinKind](op, "kind")
		if kind != ir.RightJoin && kind != ir.FullJoin {
			add(in.known[op.Operands[0]]...)
		}
		if kind == ir.InnerJoin || kind == ir.RightJoin {
			add(in.known[op.Operands[1]]...)
		}
	default: // no facts
	}
	return out
}

// keepsAll reports whether a project hands the columns on under their own names.
func keepsAll(project *ir.Op, columns []string) bool {
	names := ir.AttributeAs[[]string](project, "names")
	for _, c := range columns {
		i := slices.Index(names, c)
		if i < 0 {
			return false
		}
		if name, ok := fieldName(project.Regions[0].Terminator().Operands[i]); !ok || name != c {
			return false
		}
	}
	return true
}

func holds(facts []fact, hash uint64) bool {
	return slices.ContainsFunc(facts, func(f fact) bool { return f.hash == hash })
}

// fact describes a predicate by its content.
func (in *inference) fact(p *ir.Value) fact {
	return fact{predicate: p, columns: columnsOf(p, nil), hash: in.hash(p)}
}

// hash is equal for equal expressions, wherever they stand.
func (in *inference) hash(v *ir.Value) uint64 {
	h := newHasher()
	h.expression(v)
	return h.sum()
}

// expression hashes a value as a tree, so that the order of the ops in its block
// does not matter. Types count by the columns alone: NULL-ness may become tighter
// between two looks.
func (h *hasher) expression(v *ir.Value) {
	op := v.Op
	h.int(uint64(op.Code) | uint64(len(op.Operands))<<32)
	if op.Code == ir.OpField {
		h.text(ir.AttributeAs[string](op, "name"))
		return
	}
	for i := range op.Attributes {
		if t, ok := op.Attributes[i].Value.(ir.Type); ok {
			h.typ(t.WithNull(false))
			continue
		}
		h.attribute(op.Attributes[i].Value)
	}
	for _, operand := range op.Operands {
		h.expression(operand)
	}
	for _, region := range op.Regions {
		for _, y := range region.Terminator().Operands {
			h.expression(y)
		}
	}
}

// join adds implied predicates to the inputs of a join.
func (in *inference) join(op *ir.Op) {
	may := fromCondition[ir.AttributeAs[ir.JoinKind](op, "kind")]
	condition := conjuncts(op.Regions[0].Terminator().Operands[0])
	for _, p := range condition {
		left, right, ok := columnEquality(op, p)
		if !ok {
			continue
		}
		if may.right {
			in.transfer(op, 0, left, 1, right)
		}
		if may.left {
			in.transfer(op, 1, right, 0, left)
		}
	}
	for _, p := range condition {
		if p.Op.Code != ir.OpOr {
			continue
		}
		if may.left {
			in.part(op, 0, p)
		}
		if may.right {
			in.part(op, 1, p)
		}
	}
}

// columnEquality recognises left column = right column, not of floats.
func columnEquality(join *ir.Op, p *ir.Value) (left, right string, ok bool) {
	if p.Op.Code != ir.OpEqual || p.Op.Operands[0].Type.IsFloat() {
		return "", "", false
	}
	a, isField1 := fieldName(p.Op.Operands[0])
	b, isField2 := fieldName(p.Op.Operands[1])
	if !isField1 || !isField2 {
		return "", "", false
	}
	has := func(side int, name string) bool {
		index, _ := join.Operands[side].Type.Field(name)
		return index >= 0
	}
	switch {
	case has(0, a) && has(1, b):
		return a, b, true
	case has(0, b) && has(1, a):
		return b, a, true
	default:
		return "", "", false
	}
}

// transfer adds to one input, for its column, what holds for the equal column of
// the other.
func (in *inference) transfer(op *ir.Op, from int, source string, to int, target string) {
	for _, f := range in.known[op.Operands[from]] {
		if len(f.columns) != 1 || f.columns[0] != source || !travels(f.predicate) {
			continue
		}
		em := newEmitter(op.Operands[to].Type.Row())
		s := &simplifier{done: map[simplified]*ir.Value{}}
		implied := em.copy(f.predicate, func(em *emitter, _ string) *ir.Value { return em.field(target) })
		in.narrow(op, to, s.value(em, implied, true))
	}
}

// travels reports whether equal values of the column give equal truth.
func travels(p *ir.Value) bool {
	op := p.Op
	switch op.Code {
	case ir.OpEqual, ir.OpNotEqual, ir.OpLess, ir.OpLessEqual, ir.OpGreater, ir.OpGreaterEqual, ir.OpStartsWith:
		_, constant := literal(op.Operands[1])
		_, column := fieldName(op.Operands[0])
		return constant && column
	case ir.OpIn:
		_, column := fieldName(op.Operands[0])
		return column
	case ir.OpLike:
		_, column := fieldName(op.Operands[0])
		return column && !canTrap(p)
	case ir.OpNot, ir.OpAnd, ir.OpOr:
		return !slices.ContainsFunc(op.Operands, func(v *ir.Value) bool { return !travels(v) })
	default:
		return false
	}
}

// part adds to one input what a disjunction over both says about it alone.
func (in *inference) part(op *ir.Op, side int, p *ir.Value) {
	row := op.Operands[side].Type
	em := newEmitter(row.Row())
	var parts []*ir.Value
	for _, d := range disjuncts(p) {
		var own []*ir.Value
		for _, c := range conjuncts(d) {
			if columns := columnsOf(c, nil); len(columns) > 0 && hasAll(row, columns) && !canTrap(c) {
				own = append(own, em.copy(c, nil))
			}
		}
		if len(own) == 0 {
			return // this disjunct lets any row of the side pass
		}
		parts = append(parts, em.and(own))
	}
	s := &simplifier{done: map[simplified]*ir.Value{}}
	in.narrow(op, side, s.value(em, em.or(parts), true))
}

// narrow puts a filter over an input, unless what it tests holds already or was
// added before.
func (in *inference) narrow(op *ir.Op, side int, implied *ir.Value) {
	input := op.Operands[side]
	var fresh []*ir.Value
	facts := slices.Clone(in.known[input])
	for _, p := range conjuncts(implied) {
		f := in.fact(p)
		if isTrue(p) || holds(facts, f.hash) {
			continue
		}
		h := newHasher()
		h.int(f.hash)
		h.text(in.editor.function.Name)
		if key := h.sum(); !in.editor.ctx.Derived[key] {
			in.editor.ctx.Derived[key] = true
			fresh = append(fresh, p)
			facts = append(facts, f)
		}
	}
	if len(fresh) == 0 {
		return
	}
	filtered := in.editor.filter(op, input, fresh)
	op.Operands[side] = filtered
	in.known[filtered] = facts
}
