package logical

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/estimate"
	"github.com/heddle-lang/heddle/passes/pass"
)

// JoinOrder finds a cheap order for each block of inner joins: the largest trees of
// inner joins with nothing between. The inputs of a block, its relations, are all
// else: scans with their filters, aggregates, and also outer, semi and anti joins,
// which keep their place. Their own inputs are blocks of their own.
//
// The search is DPhyp (Moerkotte and Neumann, "Dynamic Programming Strikes Back",
// SIGMOD 2008): bushy trees without cross products, over a hypergraph, because a
// predicate such as a.x + b.y = c.z joins two relations to a third. When the graph
// has more connected subgraphs than the search has budget for, or more than 64
// relations, greedy operator ordering (Fegaras, DEXA 1998) takes over.
//
// Of equal columns a = b = c any two can be joined, so equalities are kept as
// classes, and each join tests a class once.
//
// A join builds a hash table from its right input and streams the left one past
// it, so the smaller input is put on the right.
//
// A predicate that can trap is tested last, at the top of the block and in the order
// of the source: every row that gets there is made of rows for which the source
// tested it as well.
//
// Another order of joins gives another order of columns. Only a union sees that,
// which matches the columns of its inputs by position: such an input gets a project
// with the columns as they were.
var JoinOrder = &pass.Pass{
	Name: "join-order", Doc: "order inner joins by estimated cost", Level: ir.FlowLevel,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		return onFlows(ctx, m, isInnerJoin, func(e *editor) {
			o := &orderer{editor: e, estimator: estimate.New(m, e.function), done: map[*ir.Value]*ir.Value{}}
			o.noteUnions()
			end := e.terminator()
			for i, v := range end.Operands {
				end.Operands[i] = o.order(v)
			}
		})
	},
}

type orderer struct {
	editor    *editor
	estimator *estimate.Estimator
	done      map[*ir.Value]*ir.Value
	unions    map[*ir.Op][][]string // the columns of each input, as the source has them
}

// noteUnions remembers the order of columns that unions rely on.
func (o *orderer) noteUnions() {
	for _, op := range o.editor.function.Body.Ops {
		if op.Code != ir.OpUnion {
			continue
		}
		inputs := make([][]string, len(op.Operands))
		for i, v := range op.Operands {
			for _, f := range v.Type.Fields {
				inputs[i] = append(inputs[i], f.Name)
			}
		}
		if o.unions == nil {
			o.unions = map[*ir.Op][][]string{}
		}
		o.unions[op] = inputs
	}
}

// inOrder gives a bag with its columns in an order.
func (o *orderer) inOrder(union *ir.Op, v *ir.Value, columns []string) *ir.Value {
	for i, f := range v.Type.Fields {
		if f.Name != columns[i] {
			return o.editor.selection(union, v, columns)
		}
	}
	return v
}

// order gives the plan of v with all blocks below it ordered.
func (o *orderer) order(v *ir.Value) *ir.Value {
	if ordered, ok := o.done[v]; ok {
		return ordered
	}
	op := v.Op
	var result *ir.Value
	if isInnerJoin(op) {
		b := &block{orderer: o, top: op}
		b.collect(v, true)
		result = b.plan()
	} else {
		for i, input := range op.Operands {
			op.Operands[i] = o.order(input)
			if columns, ok := o.unions[op]; ok {
				op.Operands[i] = o.inOrder(op, op.Operands[i], columns[i])
			}
		}
		infer(op)
		result = v
	}
	o.done[v] = result
	return result
}

func isInnerJoin(op *ir.Op) bool {
	return op.Code == ir.OpJoin && ir.AttributeAs[ir.JoinKind](op, "kind") == ir.InnerJoin
}

// block is one tree of inner joins, taken apart.
type block struct {
	*orderer
	top        *ir.Op
	relations  []relation
	predicates []*predicate
	trapping   []*ir.Value
	classes    [][]member
	graph      *graph
}

// relation is an input of a block.
type relation struct {
	value   *ir.Value
	rows    float64
	filters []*ir.Value // equalities of two columns of the relation
}

// predicate is a conjunct over several relations that is not part of a class.
type predicate struct {
	value       *ir.Value
	reads       relationSet
	selectivity float64
	// halves are the relations of the two sides of an equality of expressions, by
	// which a hash join can work; empty for other predicates.
	halves [2]relationSet
}

// member is a column of an equality class.
type member struct {
	column   string
	relation int
}

// restrict adds a filter to a relation.
func (b *block) restrict(index int, p *ir.Value) {
	r := &b.relations[index]
	r.filters = append(r.filters, p)
	r.rows *= b.estimator.Selectivity([]*ir.Value{p})
}

// collect takes a tree of inner joins apart, bottom up and left to right.
func (b *block) collect(v *ir.Value, root bool) {
	if !isInnerJoin(v.Op) || !root && b.editor.shared(v) {
		ordered := b.order(v)
		b.relations = append(b.relations, relation{value: ordered, rows: b.estimator.Rows(v)})
		return
	}
	b.collect(v.Op.Operands[0], false)
	b.collect(v.Op.Operands[1], false)
	for _, p := range conjuncts(v.Op.Regions[0].Terminator().Operands[0]) {
		switch {
		case isTrue(p):
		case canTrap(p):
			b.trapping = append(b.trapping, p)
		default:
			b.predicates = append(b.predicates, &predicate{value: p})
		}
	}
}

// relationOf finds the relation that has a column.
func (b *block) relationOf(column string) int {
	for i := range b.relations {
		if index, _ := b.relations[i].value.Type.Field(column); index >= 0 {
			return i
		}
	}
	panic("BUG: a join condition reads column " + column + " that no input has")
}

func (b *block) reads(v *ir.Value) relationSet {
	s := make(relationSet, words(len(b.relations)))
	for _, c := range columnsOf(v, nil) {
		s.add(b.relationOf(c))
	}
	return s
}

// classify sorts predicates into filters of one relation, equality classes, and the
// rest.
func (b *block) classify() {
	rest := b.predicates[:0]
	for _, p := range b.predicates {
		p.reads = b.reads(p.value)
		if p.reads.count() < 2 {
			b.restrict(p.reads.first(), p.value)
			continue
		}
		x, y, ok := estimate.ColumnEquality(p.value)
		if ok && !p.value.Op.Operands[0].Type.IsFloat() {
			b.equate(member{x, b.relationOf(x)}, member{y, b.relationOf(y)})
			continue
		}
		p.selectivity = b.estimator.Residual(p.value, func(column string) int { return b.relationOf(column) })
		if p.value.Op.Code == ir.OpEqual {
			l, r := b.reads(p.value.Op.Operands[0]), b.reads(p.value.Op.Operands[1])
			if !l.empty() && !r.empty() && !l.overlaps(r) {
				p.halves = [2]relationSet{l, r}
			}
		}
		rest = append(rest, p)
	}
	b.predicates = rest
	// Two columns of one relation in a class are equal within the relation.
	for _, class := range b.classes {
		for i, m := range class {
			for _, n := range class[:i] {
				if n.relation == m.relation {
					em := newEmitter(b.relations[m.relation].value.Type.Row())
					b.restrict(m.relation, em.op(ir.OpEqual, []*ir.Value{em.field(n.column), em.field(m.column)}))
					break
				}
			}
		}
	}
}

// equate puts two columns into one class, joining their classes.
func (b *block) equate(x, y member) {
	find := func(m member) int {
		return slices.IndexFunc(b.classes, func(class []member) bool { return slices.Contains(class, m) })
	}
	i, j := find(x), find(y)
	switch {
	case i < 0 && j < 0:
		b.classes = append(b.classes, []member{x, y})
	case j < 0:
		b.classes[i] = append(b.classes[i], y)
	case i < 0:
		b.classes[j] = append(b.classes[j], x)
	case i != j:
		b.classes[min(i, j)] = append(b.classes[min(i, j)], b.classes[max(i, j)]...)
		b.classes = slices.Delete(b.classes, max(i, j), max(i, j)+1)
	}
}

// plan orders the block and gives its result.
func (b *block) plan() *ir.Value {
	b.classify()
	b.graph = newGraph(b)
	result, _ := b.emit((&search{graph: b.graph, count: len(b.relations)}).best())
	return b.testTrapping(result)
}

// testTrapping adds the predicates that can trap. In the condition of the topmost
// join, where a join on an expression is still a join, when nothing there can be
// NULL, or when it is the only join, whose source had them in this condition, too;
// else in a filter above.
func (b *block) testTrapping(result *ir.Value) *ir.Value {
	root := result.Op
	if root.Code != ir.OpJoin || len(b.trapping) == 0 {
		return b.editor.filter(b.top, result, b.trapping)
	}
	predicates := conjuncts(root.Regions[0].Terminator().Operands[0])
	nullable := slices.ContainsFunc(predicates, func(p *ir.Value) bool { return p.Type.Nullable })
	inside := 0
	for ; inside < len(b.trapping); inside++ {
		if nullable && len(b.relations) > 2 {
			break
		}
		predicates = append(predicates, b.trapping[inside])
		nullable = nullable || b.trapping[inside].Type.Nullable
	}
	root.Regions[0] = predicateBlock(predicates, root.Operands[0].Type.Row(), root.Operands[1].Type.Row())
	return b.editor.filter(b.top, b.editor.with(root, root.Operands...), b.trapping[inside:])
}

// emit makes the operators of a tree, and tells the relations in it.
func (b *block) emit(t *tree) (*ir.Value, relationSet) {
	if t.left == nil {
		r := &b.relations[t.relation]
		s := make(relationSet, words(len(b.relations)))
		s.add(t.relation)
		return b.editor.filter(b.top, r.value, r.filters), s
	}
	left, inLeft := b.emit(t.left)
	right, inRight := b.emit(t.right)
	condition := predicateBlock(b.conditions(inLeft, inRight), left.Type.Row(), right.Type.Row())
	joined := b.editor.build(b.top, ir.OpJoin, []*ir.Value{left, right}, []*ir.Block{condition}, ir.Attr("kind", ir.InnerJoin))
	return joined, inLeft.or(inRight)
}

// conditions gives what a join of two sets of relations tests: each class with
// columns on both sides once, and each predicate that both sides together can
// answer and neither alone.
func (b *block) conditions(left, right relationSet) []*ir.Value {
	var out []*ir.Value
	for _, key := range b.graph.cut(left, right) {
		for i, x := range key.leftColumns {
			y := key.rightColumns[i]
			em := newEmitter(b.relations[x.relation].value.Type.Row(), b.relations[y.relation].value.Type.Row())
			out = append(out, em.op(ir.OpEqual, []*ir.Value{em.field(x.name), em.field(y.name)}))
		}
	}
	both := left.or(right)
	for _, p := range b.predicates {
		if p.reads.in(both) && !p.reads.in(left) && !p.reads.in(right) {
			out = append(out, p.value)
		}
	}
	return out
}
