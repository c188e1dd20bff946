package logical

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
)

// columnsOf adds the columns that a value reads to a sorted list.
func columnsOf(v *ir.Value, into []string) []string {
	w := walk{leave: func(op *ir.Op) bool {
		if op.Code == ir.OpField {
			into = insert(into, ir.AttributeAs[string](op, "name"))
		}
		return false
	}}
	w.visit(v)
	return into
}

// walk visits the ops behind a value until one makes leave true. In small code an op
// may be visited again; where that goes on, visited ops are remembered, because a
// value can be reached in as many ways as there are sums of ones.
type walk struct {
	leave func(*ir.Op) bool
	steps int
	seen  map[*ir.Op]bool
}

func (w *walk) visit(v *ir.Value) bool {
	op := v.Op
	if op == nil {
		return false
	}
	const few = 64
	if w.steps++; w.steps > few {
		if w.seen == nil {
			w.seen = map[*ir.Op]bool{}
		}
		if w.seen[op] {
			return false
		}
		w.seen[op] = true
	}
	if w.leave(op) {
		return true
	}
	for _, operand := range op.Operands {
		if w.visit(operand) {
			return true
		}
	}
	for _, region := range op.Regions {
		for _, y := range region.Terminator().Operands {
			if w.visit(y) {
				return true
			}
		}
	}
	return false
}

// insert adds a name to a sorted list without repetition.
func insert(sorted []string, name string) []string {
	at, found := slices.BinarySearch(sorted, name)
	if found {
		return sorted
	}
	if sorted == nil {
		sorted = make([]string, 0, 4)
	}
	return slices.Insert(sorted, at, name)
}

// blockColumns adds the columns that a region reads.
func blockColumns(block *ir.Block, into []string) []string {
	for _, v := range block.Terminator().Operands {
		into = columnsOf(v, into)
	}
	return into
}

// hasAll reports whether a bag has all the columns.
func hasAll(t ir.Type, columns []string) bool {
	for _, c := range columns {
		if index, _ := t.Field(c); index < 0 {
			return false
		}
	}
	return true
}

// fieldName gives the column that a value is, if it is nothing but one.
func fieldName(v *ir.Value) (string, bool) {
	if v.Op == nil || v.Op.Code != ir.OpField {
		return "", false
	}
	return ir.AttributeAs[string](v.Op, "name"), true
}

// literal gives the value of a constant.
func literal(v *ir.Value) (ir.Datum, bool) {
	if v.Op == nil || v.Op.Code != ir.OpConst {
		return ir.Datum{}, false
	}
	return ir.AttributeAs[ir.Datum](v.Op, "value"), true
}

func isTrue(v *ir.Value) bool  { return isBool(v, true) }
func isFalse(v *ir.Value) bool { return isBool(v, false) }
func isNull(v *ir.Value) bool  { d, ok := literal(v); return ok && d.Null }

func isBool(v *ir.Value, want bool) bool {
	d, ok := literal(v)
	return ok && v.Type.Kind == ir.Bool && !d.Null && d.Bool() == want
}

// conjuncts splits a predicate at its top-level ands, left to right.
func conjuncts(v *ir.Value) []*ir.Value { return operandsOf(ir.OpAnd, v, nil) }

// operandsOf adds the operands of nested connectives of one kind.
func operandsOf(code ir.Opcode, v *ir.Value, into []*ir.Value) []*ir.Value {
	if v.Op == nil || v.Op.Code != code {
		return append(into, v)
	}
	into = slices.Grow(into, len(v.Op.Operands))
	for _, operand := range v.Op.Operands {
		into = operandsOf(code, operand, into)
	}
	return into
}

// disjuncts splits a predicate at its top-level ors.
func disjuncts(v *ir.Value) []*ir.Value { return operandsOf(ir.OpOr, v, nil) }

// canTrap reports whether computing a value may end the program, for some rows
// that its type allows.
func canTrap(v *ir.Value) bool {
	w := walk{leave: opTraps}
	return w.visit(v)
}

// opTraps sharpens the trait MayTrap with what the operands' types and literals say.
// Counter-example to going by the trait alone: l_extendedprice * (1 - l_discount)
// over decimal<15,2> has 31 digits at most, so it cannot overflow, and a filter on
// it may sink below a join.
func opTraps(op *ir.Op) bool {
	if !op.Info().Has(ir.MayTrap) {
		return false
	}
	if op.Code != ir.OpCast && op.Result().Type.IsFloat() {
		return false // IEEE 754 has a result for everything
	}
	switch op.Code {
	case ir.OpAdd, ir.OpSubtract, ir.OpMultiply:
		a, b := op.Operands[0].Type, op.Operands[1].Type
		switch {
		case a.Kind != ir.Decimal:
			return true
		case op.Code == ir.OpMultiply:
			return int(a.Precision)+int(b.Precision) > ir.MaxDecimalPrecision
		default:
			whole := max(int(a.Precision)-int(a.Scale), int(b.Precision)-int(b.Scale))
			return whole+max(int(a.Scale), int(b.Scale))+1 > ir.MaxDecimalPrecision
		}
	case ir.OpNegate, ir.OpAbsolute:
		t := op.Operands[0].Type
		return t.Kind != ir.Decimal
	case ir.OpDivide, ir.OpModulo:
		divisor, ok := literal(op.Operands[1])
		if !ok || divisor.Null || !op.Result().Type.IsInteger() {
			return !ok || !divisor.Null
		}
		return divisor.Int128() == ir.Int128{} || divisor.Int128() == ir.Int128From(-1)
	case ir.OpCast:
		return !widening(op.Operands[0].Type, op.Result().Type)
	case ir.OpLike:
		pattern, ok := literal(op.Operands[1])
		if !ok {
			return true
		}
		_, wellFormed := parseLike(pattern.Text, escapeOf(op))
		return !pattern.Null && !wellFormed
	case ir.OpSubstring:
		if len(op.Operands) == 2 {
			return false
		}
		length, ok := literal(op.Operands[2])
		return !ok || !length.Null && length.Int() < 0
	default:
		return true
	}
}

// integerDigits is how many decimal digits hold any value of an integer type.
func integerDigits(k ir.Kind) int {
	switch k {
	case ir.I8:
		return 3
	case ir.I16:
		return 5
	case ir.I32:
		return 10
	case ir.I64:
		return 19
	default:
		return 39
	}
}

// widening reports that a cast keeps every value exactly, so it cannot trap, is
// one to one, and keeps order.
func widening(from, to ir.Type) bool {
	switch {
	case from.Same(to), from.Kind == ir.Null:
		return true
	case from.IsInteger() && to.IsInteger():
		return from.Kind <= to.Kind
	case from.IsInteger() && to.Kind == ir.Decimal:
		return int(to.Precision)-int(to.Scale) >= integerDigits(from.Kind)
	case from.Kind == ir.Decimal && to.Kind == ir.Decimal:
		return to.Scale >= from.Scale && to.Precision-to.Scale >= from.Precision-from.Scale
	case from.Kind == ir.F32 && to.Kind == ir.F64:
		return true
	case from.IsInteger() && to.Kind == ir.F64:
		return from.Kind <= ir.I32
	case from.IsInteger() && to.Kind == ir.F32:
		return from.Kind <= ir.I16
	default:
		return false
	}
}

// strict adds the columns of which a NULL makes the value NULL.
func strict(v *ir.Value, into []string) []string {
	op := v.Op
	if op == nil {
		return into
	}
	switch {
	case op.Code == ir.OpField:
		return insert(into, ir.AttributeAs[string](op, "name"))
	case op.Info().Has(ir.NullStrict), op.Code == ir.OpCast:
		for _, operand := range op.Operands {
			into = strict(operand, into)
		}
	case op.Code == ir.OpIn:
		// NULL IN () is false, and its negation true.
		if len(ir.AttributeAs[[]ir.Datum](op, "values")) > 0 {
			into = strict(op.Operands[0], into)
		}
	}
	return into
}

// rejects gives the columns of which a NULL makes the predicate other than true.
func rejects(v *ir.Value) []string {
	op := v.Op
	if op == nil {
		return nil
	}
	switch op.Code {
	case ir.OpAnd:
		var out []string
		for _, operand := range op.Operands {
			for _, c := range rejects(operand) {
				out = insert(out, c)
			}
		}
		return out
	case ir.OpOr:
		var out []string
		for i, operand := range op.Operands {
			columns := rejects(operand)
			if i == 0 {
				out = columns
				continue
			}
			out = slices.DeleteFunc(out, func(c string) bool { return !slices.Contains(columns, c) })
		}
		return out
	case ir.OpNot:
		if inner := op.Operands[0].Op; inner != nil && inner.Code == ir.OpIsNull {
			return strict(inner.Operands[0], nil)
		}
		return strict(op.Operands[0], nil)
	default:
		return strict(v, nil)
	}
}

// predicateBlock writes a region that yields the conjunction of predicates over
// rows of the given types.
func predicateBlock(predicates []*ir.Value, rows ...ir.Type) *ir.Block {
	em := newEmitter(rows...)
	copies := make([]*ir.Value, 0, len(predicates))
	var seen map[*ir.Value]bool
	if len(predicates) > fewOps {
		seen = make(map[*ir.Value]bool, len(predicates))
	}
	for _, p := range predicates {
		for _, c := range conjuncts(em.copy(p, nil)) {
			if isTrue(c) || seen[c] || seen == nil && slices.Contains(copies, c) {
				continue
			}
			copies = append(copies, c)
			if seen != nil {
				seen[c] = true
			}
		}
	}
	return em.yield(em.and(copies))
}

// filter makes a filter over a bag, or gives the bag when there is nothing to test.
// Predicates that can trap come last, each in a filter above those that guard it
// unless these are never NULL. Counter-example to one filter for all: "x > 1 and
// 10 / y > 1" computes the quotient where x is NULL, because NULL and false is
// false; a filter on "x > 1" below drops that row first.
func (e *editor) filter(like *ir.Op, input *ir.Value, predicates []*ir.Value) *ir.Value {
	var safe, trapping []*ir.Value
	nullable := false
	for _, p := range predicates {
		for _, c := range conjuncts(p) {
			if canTrap(c) {
				trapping = append(trapping, c)
			} else {
				safe = append(safe, c)
				nullable = nullable || c.Type.Nullable
			}
		}
	}
	level := safe
	for _, p := range trapping {
		if nullable {
			input = e.oneFilter(like, input, level)
			level, nullable = nil, false
		}
		level = append(level, p)
		nullable = nullable || p.Type.Nullable
	}
	return e.oneFilter(like, input, level)
}

func (e *editor) oneFilter(like *ir.Op, input *ir.Value, predicates []*ir.Value) *ir.Value {
	if len(predicates) == 0 {
		return input
	}
	if block := whole(predicates); block != nil {
		sweep(block) // what nothing needs may read columns that the input lacks
		b := e.build(like, ir.OpFilter, []*ir.Value{input}, []*ir.Block{block})
		infer(b.Op)
		return b
	}
	block := predicateBlock(predicates, input.Type.Row())
	if isTrue(block.Terminator().Operands[0]) {
		return input
	}
	return e.build(like, ir.OpFilter, []*ir.Value{input}, []*ir.Block{block})
}

// whole gives the region that tests just these predicates, when it is that of a filter
// which passes are about to replace: they leave it as it is.
func whole(predicates []*ir.Value) *ir.Block {
	block := predicates[0].Op.Block
	if block.Parent == nil || block.Parent.Code != ir.OpFilter || slices.ContainsFunc(predicates, isTrue) {
		return nil
	}
	if !slices.Equal(conjuncts(block.Terminator().Operands[0]), predicates) {
		return nil
	}
	return block
}

// mayMerge reports whether a filter may be made one with the filter below it, for
// the reason given at filter.
func mayMerge(upper, lower *ir.Op) bool {
	return !lower.Regions[0].Terminator().Operands[0].Type.Nullable || !canTrap(upper.Regions[0].Terminator().Operands[0])
}
