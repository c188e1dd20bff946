package logical

import (
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Simplify rewrites scalar code to one shape for each meaning: ands and ors flat
// and without repetition, negations at the leaves, constants on the right, lists
// instead of chains of equalities, and no conversion where the unconverted value
// can be compared.
//
// Where a condition is only tested for being true (in filters, joins, the filters
// of aggregates), NULL counts as false. Counter-example to doing so everywhere:
// "not (x > 1 and NULL)" is true for x = 0, and taking the NULL for false would
// make it true for x = 2 as well.
//
// A rewrite may evaluate less, never more: "or(and(g, 10 / x = 1), and(h, 10 / x =
// 1))" keeps its form, because with the quotient in front it would be computed
// where neither g nor h is true.
var Simplify = &pass.Pass{
	Name: "simplify", Doc: "rewrite conditions and conversions to their simplest form", Level: ir.FlowLevel,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		changed := false
		for _, f := range m.Functions {
			if f.Level == ir.FlowLevel && f.Body.Terminator() != nil {
				e := &editor{ctx: ctx, module: m, function: f}
				changed = e.simplify() || changed
			}
		}
		return changed, nil
	},
}

// simplify rewrites the code that is not known to be in its simplest form.
func (e *editor) simplify() bool {
	changed := false
	for _, op := range e.function.Body.Ops {
		for i, region := range op.Regions {
			if readsColumns(region) {
				continue
			}
			before := e.region(op, region)
			if e.ctx.Settled[before] {
				continue
			}
			rewritten := rewritten(op, region, (*simplifier).value)
			if e.region(op, rewritten) == before {
				e.ctx.Settled[before] = true
				continue
			}
			op.Regions[i] = rewritten
			changed = true
		}
	}
	if changed {
		e.finish()
		delete(e.ctx.Fingerprints, e.function)
	}
	return changed
}

// readsColumns reports whether code does nothing but read different columns, which is
// most code of projects.
func readsColumns(region *ir.Block) bool {
	for i, op := range region.Ops[:len(region.Ops)-1] {
		name, ok := fieldName(op.Results[0])
		if !ok || i > fewOps {
			return false
		}
		for _, other := range region.Ops[:i] {
			if ir.AttributeAs[string](other, "name") == name {
				return false
			}
		}
	}
	return true
}

// regions rewrites the scalar code of every operator value by value.
func (e *editor) regions(rewrite func(s *simplifier, em *emitter, v *ir.Value, condition bool) *ir.Value) {
	for _, op := range e.function.Body.Ops {
		for i, region := range op.Regions {
			op.Regions[i] = rewritten(op, region, rewrite)
		}
	}
}

// rewritten gives the code of a region of an operator, rewritten value by value.
func rewritten(op *ir.Op, region *ir.Block, rewrite func(s *simplifier, em *emitter, v *ir.Value, condition bool) *ir.Value) *ir.Block {
	em := newEmitter()
	for _, row := range region.Arguments {
		em.block.AddArgument(row.Name, row.Type)
	}
	s := &simplifier{done: make(map[simplified]*ir.Value, len(region.Ops))}
	yielded := region.Terminator().Operands
	values := make([]*ir.Value, len(yielded))
	for j, v := range yielded {
		values[j] = rewrite(s, em, v, conditionAt(op, j))
	}
	block := em.yield(values...)
	block.Parent = op
	return block
}

// conditionAt reports whether a value that an operator's region yields is only
// tested for being true.
func conditionAt(op *ir.Op, index int) bool {
	switch op.Code {
	case ir.OpFilter, ir.OpJoin:
		return true
	case ir.OpAggregate:
		filter := false
		for _, a := range ir.AttributeAs[[]ir.Aggregate](op, "aggregates") {
			if a.Argument == index {
				return false
			}
			filter = filter || a.Filter == index
		}
		return filter
	default:
		return false
	}
}

// simplifier rewrites the code of one region.
type simplifier struct {
	done map[simplified]*ir.Value
}

type simplified struct {
	value     *ir.Value
	scope     *emitter
	condition bool
}

// value writes a value in its simplest form. condition: only its truth matters.
func (s *simplifier) value(em *emitter, v *ir.Value, condition bool) *ir.Value {
	key := simplified{v, em, condition}
	if known, ok := s.done[key]; ok {
		return known
	}
	em.span = v.Op.Span
	result := s.rewrite(em, v, condition)
	s.done[key] = result
	return result
}

func (s *simplifier) rewrite(em *emitter, v *ir.Value, condition bool) *ir.Value {
	op := v.Op
	if condition && isNull(v) {
		return em.bool(false)
	}
	switch op.Code {
	case ir.OpField:
		return em.field(ir.AttributeAs[string](op, "name"))
	case ir.OpConst, ir.OpParameter:
		return em.op(op.Code, nil, op.Attributes...)
	case ir.OpAnd, ir.OpOr:
		operands := make([]*ir.Value, len(op.Operands))
		for i, operand := range op.Operands {
			operands[i] = s.value(em, operand, condition)
		}
		return s.connective(em, op.Code, operands, condition)
	case ir.OpNot:
		return s.negate(em, op.Operands[0], condition)
	case ir.OpIf:
		return s.conditional(em, v, condition)
	default: // its operands are simplified, below
	}
	operands := make([]*ir.Value, len(op.Operands))
	for i, operand := range op.Operands {
		operands[i] = s.value(em, operand, false)
	}
	if folded := foldOp(em, op, operands); folded != nil {
		if condition && isNull(folded) {
			return em.bool(false)
		}
		return folded
	}
	switch op.Code {
	case ir.OpEqual, ir.OpNotEqual, ir.OpLess, ir.OpLessEqual, ir.OpGreater, ir.OpGreaterEqual:
		return s.compare(em, op.Code, operands[0], operands[1], condition)
	case ir.OpIsNull:
		return s.isNull(em, operands[0])
	case ir.OpIsDistinct:
		return s.isDistinct(em, operands[0], operands[1], condition)
	case ir.OpIn:
		return s.in(em, operands[0], ir.AttributeAs[[]ir.Datum](op, "values"), condition)
	case ir.OpCast:
		return s.cast(em, op, operands[0])
	case ir.OpLike:
		return s.like(em, op, operands, condition)
	default:
		return em.op(op.Code, operands, op.Attributes...)
	}
}

// conditional simplifies an if.
func (s *simplifier) conditional(em *emitter, v *ir.Value, condition bool) *ir.Value {
	op := v.Op
	test := s.value(em, op.Operands[0], true) // NULL chooses the same branch as false
	condition = condition && len(op.Results) == 1
	if isTrue(test) {
		return s.value(em, op.Regions[0].Terminator().Operands[v.Index], condition)
	}
	if isFalse(test) {
		return s.value(em, op.Regions[1].Terminator().Operands[v.Index], condition)
	}
	regions := make([]*ir.Block, 2)
	for i, region := range op.Regions {
		in := em.inner()
		values := make([]*ir.Value, len(region.Terminator().Operands))
		for j, y := range region.Terminator().Operands {
			values[j] = s.value(in, y, condition)
		}
		ir.At(in.block).Yield(values...)
		regions[i] = in.block
	}
	if len(op.Results) == 1 {
		then, otherwise := regions[0].Terminator().Operands[0], regions[1].Terminator().Operands[0]
		// A yielded value of this or an outer scope is the same value in both.
		if then == otherwise {
			return then
		}
		if x, ok := literal(then); ok {
			if y, ok := literal(otherwise); ok && sameDatum(x, y) {
				return em.constant(v.Type, x)
			}
		}
		if (condition || !test.Type.Nullable) && isTrue(then) && isFalse(otherwise) {
			return test
		}
	}
	b := ir.Builder{Block: em.block, Span: op.Span}
	made := b.Build(ir.OpIf, []*ir.Value{test}, regions)
	for i, r := range op.Results {
		s.done[simplified{r, em, condition}] = made.Results[i]
	}
	return made.Results[v.Index]
}

// isNull simplifies a test for NULL of a simplified value.
func (s *simplifier) isNull(em *emitter, x *ir.Value) *ir.Value {
	if !x.Type.Nullable {
		return em.bool(false)
	}
	if d, ok := literal(x); ok {
		return em.bool(d.Null)
	}
	// What is NULL exactly when its one nullable operand is.
	if x.Op.Info().Has(ir.NullStrict) || x.Op.Code == ir.OpCast {
		var nullable []*ir.Value
		for _, operand := range x.Op.Operands {
			if operand.Type.Nullable {
				nullable = append(nullable, operand)
			}
		}
		if len(nullable) == 0 {
			return em.bool(false) // a cast that only makes its type nullable
		}
		if len(nullable) == 1 {
			return s.isNull(em, nullable[0])
		}
	}
	return em.op(ir.OpIsNull, []*ir.Value{x})
}

func (s *simplifier) isDistinct(em *emitter, x, y *ir.Value, condition bool) *ir.Value {
	switch {
	case x == y:
		return em.bool(false)
	case isNull(x):
		return s.not(em, s.isNull(em, y), condition)
	case isNull(y):
		return s.not(em, s.isNull(em, x), condition)
	case !x.Type.Nullable && !y.Type.Nullable:
		return s.compare(em, ir.OpNotEqual, x, y, condition)
	default:
		return em.op(ir.OpIsDistinct, []*ir.Value{x, y})
	}
}

// in simplifies membership of a simplified value in a list.
func (s *simplifier) in(em *emitter, x *ir.Value, values []ir.Datum, condition bool) *ir.Value {
	var kept []ir.Datum
	seen := make(map[ir.Datum]bool, len(values))
	for _, d := range values {
		// A NULL in the list makes a miss NULL, which a condition takes for false.
		if condition && d.Null {
			continue
		}
		if !seen[d] {
			seen[d] = true
			kept = append(kept, d)
		}
	}
	switch {
	case len(kept) == 0 && (condition || !x.Type.Nullable):
		return em.bool(false)
	case len(kept) == 1 && !kept[0].Null:
		return s.compare(em, ir.OpEqual, x, em.constant(x.Type, kept[0]), condition)
	}
	if narrow, list, ok := narrowList(x, kept); ok {
		return s.in(em, narrow, list, condition)
	}
	return em.op(ir.OpIn, []*ir.Value{x}, ir.Attr("values", kept))
}

// decided writes a test of x whose answer is known where x is not NULL.
func (s *simplifier) decided(em *emitter, x *ir.Value, answer, condition bool, otherwise func() *ir.Value) *ir.Value {
	switch {
	case !x.Type.Nullable || condition && !answer:
		return em.bool(answer)
	case condition:
		return s.not(em, s.isNull(em, x), condition)
	default:
		return otherwise()
	}
}
