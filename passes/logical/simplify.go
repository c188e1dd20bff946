package logical

import (
	"slices"

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

// connective joins predicates that are simplified already.
func (s *simplifier) connective(em *emitter, code ir.Opcode, operands []*ir.Value, condition bool) *ir.Value {
	// For and, true changes nothing and false decides; for or the other way round.
	neutral, decides, dual := isTrue, isFalse, ir.OpOr
	if code == ir.OpOr {
		neutral, decides, dual = isFalse, isTrue, ir.OpAnd
	}
	flat := make([]*ir.Value, 0, len(operands))
	var many map[*ir.Value]bool // conditions of thousands of terms exist
	seen := func(v *ir.Value) bool {
		if many != nil {
			return many[v]
		}
		return slices.Contains(flat, v)
	}
	add := func(v *ir.Value) {
		if seen(v) || neutral(v) {
			return
		}
		flat = append(flat, v)
		if many != nil {
			many[v] = true
		} else if len(flat) == fewOps {
			many = make(map[*ir.Value]bool, 2*fewOps)
			for _, known := range flat {
				many[known] = true
			}
		}
	}
	for _, v := range operands {
		if v.Op.Code == code {
			for _, inner := range v.Op.Operands {
				add(inner)
			}
			continue
		}
		add(v)
	}
	for _, v := range flat {
		if decides(v) {
			return em.bool(code == ir.OpOr)
		}
	}
	// Absorption: x and (x or y) is x, also for NULL. Not where something can trap,
	// which the absorbed disjunction may guard.
	traps := func() bool { return slices.ContainsFunc(flat, canTrap) }
	absorbed := func(v *ir.Value) bool {
		return v.Op.Code == dual && slices.ContainsFunc(v.Op.Operands, seen)
	}
	if slices.ContainsFunc(flat, absorbed) && !traps() {
		flat = slices.DeleteFunc(flat, absorbed)
	}
	if code == ir.OpOr {
		flat = s.lists(em, flat, condition)
		if common := s.factor(em, flat, condition); common != nil {
			return common
		}
	} else if condition && slices.ContainsFunc(flat, isNotNullTest) && !traps() {
		flat = dropImpliedNotNull(flat)
	}
	return em.connective(code, flat)
}

// isNotNullTest recognises "x is not NULL".
func isNotNullTest(v *ir.Value) bool {
	return v.Op.Code == ir.OpNot && v.Op.Operands[0].Op.Code == ir.OpIsNull
}

// dropImpliedNotNull removes "x is not NULL" where another conjunct is true only
// for x that are not NULL.
func dropImpliedNotNull(flat []*ir.Value) []*ir.Value {
	return slices.DeleteFunc(slices.Clone(flat), func(v *ir.Value) bool {
		if !isNotNullTest(v) {
			return false
		}
		column, ok := fieldName(v.Op.Operands[0].Op.Operands[0])
		return ok && slices.ContainsFunc(flat, func(other *ir.Value) bool {
			return other != v && slices.Contains(rejects(other), column)
		})
	})
}

// lists merges disjuncts that test one value against literals: x = 1 or x in (2, 3).
func (s *simplifier) lists(em *emitter, flat []*ir.Value, condition bool) []*ir.Value {
	tested := func(v *ir.Value) (x *ir.Value, values []ir.Datum) {
		switch v.Op.Code {
		case ir.OpEqual:
			if d, ok := literal(v.Op.Operands[1]); ok && !d.Null {
				return v.Op.Operands[0], []ir.Datum{d}
			}
		case ir.OpIn:
			return v.Op.Operands[0], ir.AttributeAs[[]ir.Datum](v.Op, "values")
		}
		return nil, nil
	}
	comparisons := 0
	for _, v := range flat {
		if v.Op.Code == ir.OpEqual || v.Op.Code == ir.OpIn {
			comparisons++
		}
	}
	if comparisons < 2 {
		return flat
	}
	var out []*ir.Value
	type list struct {
		at, count int // where in out, of how many disjuncts
		values    []ir.Datum
	}
	lists := map[*ir.Value]*list{}
	var several []*ir.Value
	for _, v := range flat {
		x, values := tested(v)
		if x == nil {
			out = append(out, v)
			continue
		}
		l := lists[x]
		if l == nil {
			l = &list{at: len(out)}
			lists[x] = l
			out = append(out, v)
		}
		l.values = append(l.values, values...)
		if l.count++; l.count == 2 {
			several = append(several, x)
		}
	}
	for _, x := range several {
		out[lists[x].at] = s.in(em, x, lists[x].values, condition)
	}
	return out
}

// factor takes conjuncts that stand in every disjunct out of an or: (p and a) or
// (p and b) is p and (a or b), also for NULL. That frees the join predicate of
// TPC-H Q19. nil: there is none.
func (s *simplifier) factor(em *emitter, flat []*ir.Value, condition bool) *ir.Value {
	if len(flat) < 2 {
		return nil
	}
	common := conjuncts(flat[0])
	for _, d := range flat[1:] {
		if len(common) == 0 {
			return nil
		}
		others := conjuncts(d)
		common = slices.DeleteFunc(common, func(p *ir.Value) bool { return !slices.Contains(others, p) })
	}
	common = slices.DeleteFunc(common, canTrap)
	if len(common) == 0 {
		return nil
	}
	rest := make([]*ir.Value, len(flat))
	for i, d := range flat {
		rest[i] = em.and(slices.DeleteFunc(conjuncts(d), func(p *ir.Value) bool { return slices.Contains(common, p) }))
	}
	return s.connective(em, ir.OpAnd, append(common, s.connective(em, ir.OpOr, rest, condition)), condition)
}

// negate writes the negation of a value that is not simplified yet.
func (s *simplifier) negate(em *emitter, v *ir.Value, condition bool) *ir.Value {
	op := v.Op
	switch op.Code {
	case ir.OpNot:
		return s.value(em, op.Operands[0], condition)
	case ir.OpAnd, ir.OpOr:
		operands := make([]*ir.Value, len(op.Operands))
		for i, operand := range op.Operands {
			operands[i] = s.negate(em, operand, condition)
		}
		dual := ir.OpOr
		if op.Code == ir.OpOr {
			dual = ir.OpAnd
		}
		return s.connective(em, dual, operands, condition)
	}
	return s.not(em, s.value(em, v, false), condition)
}

// not writes the negation of a simplified value.
func (s *simplifier) not(em *emitter, x *ir.Value, condition bool) *ir.Value {
	if d, ok := literal(x); ok {
		if !d.Null {
			return em.bool(!d.Bool())
		}
		if condition {
			return em.bool(false)
		}
		return em.null(ir.Of(ir.Bool))
	}
	switch x.Op.Code {
	case ir.OpNot:
		return x.Op.Operands[0]
	case ir.OpAnd, ir.OpOr:
		return s.negate(em, x, condition)
	}
	if inverse, ok := inverses[x.Op.Code]; ok {
		return s.compare(em, inverse, x.Op.Operands[0], x.Op.Operands[1], condition)
	}
	return em.op(ir.OpNot, []*ir.Value{x})
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

// like simplifies patterns that are an equality, a prefix, or anything at all.
func (s *simplifier) like(em *emitter, op *ir.Op, operands []*ir.Value, condition bool) *ir.Value {
	pattern, ok := literal(operands[1])
	if !ok || pattern.Null || ir.AttributeAs[bool](op, "insensitive") {
		return em.op(op.Code, operands, op.Attributes...)
	}
	parsed, wellFormed := parseLike(pattern.Text, escapeOf(op))
	// Written only where it is used: a constant that is left over here would be found
	// again by code inside of an if, and stay outside of it.
	text := func() *ir.Value { return em.constant(ir.Of(ir.String), ir.TextDatum(parsed.prefix)) }
	switch {
	case !wellFormed:
		return em.op(op.Code, operands, op.Attributes...)
	case parsed.rest == "":
		return s.compare(em, ir.OpEqual, operands[0], text(), condition)
	case parsed.rest != "%":
		return em.op(op.Code, operands, op.Attributes...)
	case parsed.prefix != "":
		return em.op(ir.OpStartsWith, []*ir.Value{operands[0], text()})
	default:
		return s.decided(em, operands[0], true, condition, func() *ir.Value { return em.op(op.Code, operands, op.Attributes...) })
	}
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
