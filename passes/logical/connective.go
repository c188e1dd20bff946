package logical

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
)

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
		default: // no comparison with constants
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
	default: // is negated as a whole
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
	default: // perhaps a comparison, below
	}
	if inverse, ok := inverses[x.Op.Code]; ok {
		return s.compare(em, inverse, x.Op.Operands[0], x.Op.Operands[1], condition)
	}
	return em.op(ir.OpNot, []*ir.Value{x})
}
