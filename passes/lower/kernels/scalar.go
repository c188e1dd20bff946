package kernels

import (
	"fmt"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// scalar is an SQL value in kern code.
type scalar struct {
	t      ir.Type
	v      *ir.Value // i32 (bool, i8 to i32, date), i64, i128, f32, f64; i64 for text
	null   *ir.Value // i32: 1 where the value is NULL (v is then any value); nil: never NULL
	bounds *bounds   // of integers, decimals and temporal values; nil for others
}

// kernType is the kern type that holds values of an SQL type within bounds.
func kernType(t ir.Type, b *bounds) ir.Type {
	switch t.Kind {
	case ir.Bool, ir.I8, ir.I16, ir.I32, ir.Date, ir.Null:
		return i32
	case ir.I64, ir.Time, ir.Timestamp, ir.TimestampTZ, ir.String, ir.Bytes:
		return i64
	case ir.F32:
		return f32
	case ir.F64:
		return f64
	case ir.UUID, ir.Interval:
		return i128
	case ir.I128, ir.Decimal:
		if b.within64() {
			return i64
		}
		return i128
	default:
		panic("BUG: no kern type for " + t.String())
	}
}

func (s *scalar) kernType() ir.Type { return kernType(s.t, s.bounds) }

// unsupported is the diagnostic of what the kern level cannot do yet.
type unsupportedError struct{ d *diag.Diagnostic }

// unsupported stops lowering with a diagnostic; Lower recovers it.
func (g *generator) unsupported(op *ir.Op, format string, args ...any) {
	d := diag.New(codeUnsupported, format, args...)
	if g.options.File != nil {
		d.At(g.options.File, op.Span, "here")
	}
	panic(unsupportedError{d})
}

// scope is the set of values that are computed where the emitter stands. Values that
// are computed inside a region are forgotten at its end.
type scope struct {
	values map[*ir.Value]*scalar
	codes  map[*column]*ir.Value
	nulls  map[*column]*ir.Value
	outer  *scope
}

func (g *generator) pushScope() {
	g.scope = &scope{values: map[*ir.Value]*scalar{}, codes: map[*column]*ir.Value{}, nulls: map[*column]*ir.Value{}, outer: g.scope}
}

func (g *generator) popScope() { g.scope = g.scope.outer }

// bind records the scalar of a pipe value.
func (g *generator) bind(v *ir.Value, s *scalar) { g.scope.values[v] = s }

// scoped runs body in a scope of its own: for the regions of when, block and loop
// from which control comes back.
func (g *generator) scoped(body func()) {
	g.pushScope()
	body()
	g.popScope()
}

// value gives the scalar of a pipe value, computing it here if it has not been yet.
func (g *generator) value(v *ir.Value) *scalar {
	for s := g.scope; s != nil; s = s.outer {
		if known, ok := s.values[v]; ok {
			return known
		}
	}
	if source, ok := g.lazy[v]; ok {
		s := source()
		g.bind(v, s)
		return s
	}
	if v.Op == nil {
		panic("BUG: an unbound argument of type " + v.Type.String())
	}
	if s := g.lookup(v); s != nil {
		g.bind(v, s)
		return s
	}
	s := g.operation(v.Op)
	g.bind(v, s)
	return s
}

// condition gives 1 where a bool is true, 0 where it is false or NULL.
func (g *generator) condition(s *scalar) *ir.Value {
	if s.null == nil {
		return s.v
	}
	return g.and(s.v, g.not(s.null))
}

// anyNull is the or of the NULL flags of some scalars, nil when none can be NULL.
func (g *generator) anyNull(values ...*scalar) *ir.Value {
	var null *ir.Value
	for _, s := range values {
		switch {
		case s.null == nil || s.null == null:
		case null == nil:
			null = s.null
		default:
			null = g.or(null, s.null)
		}
	}
	return null
}

// guarded computes a scalar that may trap only where null is 0 (nil: everywhere). The
// kern form of the result is known when it has been computed, so that is done in a
// block of its own first.
func (g *generator) guarded(null *ir.Value, compute func() *scalar) *scalar {
	if null == nil {
		return compute()
	}
	region := ir.NewBlock()
	var s *scalar
	g.inside(region, func() { g.scoped(func() { s = compute() }) })
	cell := g.variable(g.zero(s.v.Type))
	g.inside(region, func() { g.set(cell, s.v) })
	g.build(ir.OpWhen, []*ir.Value{g.not(null)}, []*ir.Block{region, ir.NewBlock()})
	return &scalar{t: s.t, v: g.get(cell), null: null, bounds: s.bounds}
}

// failIf ends the program at a site when a condition is not 0.
func (g *generator) failIf(condition *ir.Value, site *ir.Value) {
	g.when(condition, func() { g.fail(site) }, nil)
}

func (g *generator) fail(site *ir.Value) {
	g.call(host("fail"), ir.Type{}, site)
	g.build(ir.OpTrap, nil, nil)
}

// site registers a place of failure and gives its number.
func (g *generator) site(op *ir.Op, code diag.Code, format string, args ...any) *ir.Value {
	return g.const32(g.addSite(op, code, fmt.Sprintf(format, args...)))
}

func (g *generator) operation(op *ir.Op) *scalar {
	result := op.Results[0].Type
	switch op.Code {
	case ir.OpConst:
		return g.literal(op)
	case ir.OpParameter:
		return g.argument(op)
	case ir.OpField:
		row, ok := g.rows[op.Operands[0]]
		if !ok {
			panic("BUG: field of a row that is not bound")
		}
		return g.loadField(row.address, fieldOf(row.state, ir.AttributeAs[string](op, "name")))
	case ir.OpAdd, ir.OpSubtract, ir.OpMultiply, ir.OpDivide, ir.OpModulo:
		return g.arithmetic(op)
	case ir.OpNegate, ir.OpAbsolute:
		return g.sign(op)
	case ir.OpEqual, ir.OpNotEqual, ir.OpLess, ir.OpLessEqual, ir.OpGreater, ir.OpGreaterEqual:
		a, b := g.value(op.Operands[0]), g.value(op.Operands[1])
		return &scalar{t: result, v: g.comparison(op.Code, a, b), null: g.anyNull(a, b), bounds: typeBounds(result)}
	case ir.OpIsDistinct:
		a, b := g.value(op.Operands[0]), g.value(op.Operands[1])
		differs := g.comparison(ir.OpNotEqual, a, b)
		return &scalar{t: result, v: g.distinct(a, b, differs), bounds: typeBounds(result)}
	case ir.OpIsNull:
		s := g.value(op.Operands[0])
		null := s.null
		if null == nil {
			null = g.const32(0)
		}
		return &scalar{t: result, v: null, bounds: typeBounds(result)}
	case ir.OpAnd, ir.OpOr:
		return g.logical(op)
	case ir.OpNot:
		s := g.value(op.Operands[0])
		return &scalar{t: result, v: g.not(s.v), null: s.null, bounds: typeBounds(result)}
	case ir.OpIf:
		return g.choice(op)
	case ir.OpIn:
		return g.membership(op)
	case ir.OpCast:
		return g.cast(op)
	case ir.OpLike, ir.OpSubstring, ir.OpConcatenate, ir.OpLength, ir.OpUpper, ir.OpLower, ir.OpStartsWith:
		return g.text(op)
	case ir.OpExtract, ir.OpAddInterval, ir.OpAddDays, ir.OpDaysBetween:
		return g.temporal(op)
	default:
		panic("BUG: no kern code for " + op.Code.String())
	}
}

// distinct is "is distinct from" given whether the values differ.
func (g *generator) distinct(a, b *scalar, differs *ir.Value) *ir.Value {
	switch {
	case a.null == nil && b.null == nil:
		return differs
	case a.null == nil:
		return g.or(b.null, differs)
	case b.null == nil:
		return g.or(a.null, differs)
	}
	// NULL-ness differs, or neither is NULL and the values differ.
	xor := g.binary(ir.OpIntegerXor, a.null, b.null)
	return g.or(xor, g.and(differs, g.not(g.or(a.null, b.null))))
}

var predicates = map[ir.Opcode]string{
	ir.OpEqual: "eq", ir.OpNotEqual: "ne", ir.OpLess: "lt", ir.OpLessEqual: "le", ir.OpGreater: "gt", ir.OpGreaterEqual: "ge",
}

func signedPredicate(code ir.Opcode) string {
	p := predicates[code]
	if code != ir.OpEqual && code != ir.OpNotEqual {
		p += "_s"
	}
	return p
}

// comparison compares two values that are not NULL.
func (g *generator) comparison(code ir.Opcode, a, b *scalar) *ir.Value {
	e := &g.emitter
	switch a.t.Kind {
	case ir.F32, ir.F64:
		return g.compareFloats(code, a.v, b.v)
	case ir.String, ir.Bytes:
		switch code {
		case ir.OpEqual:
			return e.call(g.library("string_equal"), i32, a.v, b.v)
		case ir.OpNotEqual:
			return e.not(e.call(g.library("string_equal"), i32, a.v, b.v))
		default:
			// by order
		}
		return e.compare(signedPredicate(code), e.call(library("string_compare"), i32, a.v, b.v), e.const32(0))
	case ir.UUID:
		if code != ir.OpEqual && code != ir.OpNotEqual {
			flip := e.const128(ir.Int128{High: -1 << 63})
			return e.compare(signedPredicate(code), e.binary(ir.OpIntegerXor, a.v, flip), e.binary(ir.OpIntegerXor, b.v, flip))
		}
		return e.compare(signedPredicate(code), a.v, b.v)
	case ir.Interval:
		return e.compare(signedPredicate(code), g.intervalLength(a), g.intervalLength(b))
	case ir.Null:
		return e.const32(0)
	default:
		// numbers and moments
	}
	wide := a.v.Type
	if rank(b.v.Type) > rank(wide) {
		wide = b.v.Type
	}
	if narrow := boundsBits(32); g.kernel != nil && a.bounds != nil && b.bounds != nil && a.bounds.within(narrow) && b.bounds.within(narrow) {
		wide = i32 // a GPU has registers of 32 bits
	}
	return e.compare(signedPredicate(code), e.convert(a.v, wide), e.convert(b.v, wide))
}

// intervalParts gives months and days (i32) and microseconds (i64).
func (g *generator) intervalParts(s *scalar) (months, days, microseconds *ir.Value) {
	microseconds, high := g.typed(ir.OpWrap, s.v, i64), g.unary(ir.OpHighHalf, s.v)
	months = g.convert(g.binary(ir.OpShiftRightS, high, g.const64(32)), i32)
	return months, g.convert(high, i32), microseconds
}

// intervalLength is what intervals compare by: their microseconds as i128, with months
// of 30 days and days of 24 hours.
func (g *generator) intervalLength(s *scalar) *ir.Value {
	months, days, microseconds := g.intervalParts(s)
	days = g.add(g.convert(days, i64), g.binary(ir.OpIntegerMul, g.convert(months, i64), g.const64(30)))
	wide := g.binary(ir.OpMultiplyWideS, days, g.const64(microsecondsPerDay))
	return g.add(wide, g.convert(microseconds, i128))
}

// compareFloats orders floats totally: NaN equals itself and is above all others.
func (g *generator) compareFloats(code ir.Opcode, a, b *ir.Value) *ir.Value {
	e := &g.emitter
	nan := func(x *ir.Value) *ir.Value { return e.compareFloat("ne", x, x) }
	switch code {
	case ir.OpEqual:
		return e.or(e.compareFloat("eq", a, b), e.and(nan(a), nan(b)))
	case ir.OpNotEqual:
		return e.not(g.compareFloats(ir.OpEqual, a, b))
	case ir.OpLess:
		return e.or(e.compareFloat("lt", a, b), e.and(nan(b), e.not(nan(a))))
	case ir.OpLessEqual:
		return e.or(e.compareFloat("le", a, b), nan(b))
	case ir.OpGreater:
		return g.compareFloats(ir.OpLess, b, a)
	default:
		return g.compareFloats(ir.OpLessEqual, b, a)
	}
}

// logical is a three-valued and or or. Operands that may trap or are dear are
// evaluated only where the ones before do not decide.
func (g *generator) logical(op *ir.Op) *scalar {
	e := &g.emitter
	result := op.Results[0].Type
	conjunction := op.Code == ir.OpAnd
	if len(op.Operands) == 0 {
		v := int64(0)
		if conjunction {
			v = 1
		}
		return &scalar{t: result, v: e.const32(v), bounds: typeBounds(result)}
	}
	// decided tells that some operand so far is false (and) or true (or); unknown
	// that one is NULL.
	decided := func(s *scalar) *ir.Value {
		v := s.v
		if conjunction {
			v = e.not(v)
		}
		if s.null != nil {
			v = e.and(v, e.not(s.null))
		}
		return v
	}
	var any, unknown *ir.Value
	for i, operand := range op.Operands {
		if i > 0 && g.dear(operand) {
			anyCell := e.variable(any)
			unknownCell := e.variable(orZero(e, unknown))
			e.when(e.not(any), func() {
				g.scoped(func() {
					s := g.value(operand)
					e.set(anyCell, decided(s))
					if s.null != nil {
						e.set(unknownCell, e.or(e.get(unknownCell), s.null))
					}
				})
			}, nil)
			any = e.get(anyCell)
			if unknown != nil || operand.Type.Nullable {
				unknown = e.get(unknownCell)
			}
			continue
		}
		s := g.value(operand)
		d := decided(s)
		if any == nil {
			any = d
		} else {
			any = e.or(any, d)
		}
		if s.null != nil {
			if unknown == nil {
				unknown = s.null
			} else {
				unknown = e.or(unknown, s.null)
			}
		}
	}
	s := &scalar{t: result, v: any, bounds: typeBounds(result)}
	if conjunction {
		s.v = e.not(any)
	}
	if unknown != nil {
		s.null = e.and(unknown, e.not(any))
	}
	return s
}

func orZero(e *emitter, v *ir.Value) *ir.Value {
	if v == nil {
		return e.const32(0)
	}
	return v
}

// dear reports whether evaluating v needlessly is wrong or slow: it may trap, or calls
// the library, and has not been computed yet.
func (g *generator) dear(v *ir.Value) bool {
	for s := g.scope; s != nil; s = s.outer {
		if _, known := s.values[v]; known {
			return false
		}
	}
	if v.Op == nil || g.isSource(v) {
		return isText(v.Type)
	}
	if g.lookupFor(v) != nil {
		return false
	}
	info := v.Op.Info()
	if info.Has(ir.MayTrap) {
		return true
	}
	switch v.Op.Code {
	case ir.OpConst, ir.OpParameter:
		return false
	case ir.OpLike, ir.OpStartsWith, ir.OpSubstring, ir.OpConcatenate, ir.OpUpper, ir.OpLower, ir.OpLength, ir.OpIn, ir.OpIf:
		return true
	default:
		// as its operands
	}
	for _, operand := range v.Op.Operands {
		if isText(operand.Type) || g.dear(operand) {
			return true
		}
	}
	return false
}

// choice is CASE: one of two regions, evaluated only when chosen, unless both are
// cheap enough to evaluate and select.
func (g *generator) choice(op *ir.Op) *scalar {
	e := &g.emitter
	result := op.Results[0].Type
	then, otherwise := op.Regions[0].Terminator().Operands[0], op.Regions[1].Terminator().Operands[0]
	condition := g.condition(g.value(op.Operands[0]))
	if !g.dear(then) && !g.dear(otherwise) {
		a, b := g.value(then), g.value(otherwise)
		return g.selectScalar(result, condition, a, b)
	}
	// Find the kern type of the result: emit the regions into blocks of their own
	// first, then put them in place.
	regions := [2]*ir.Block{ir.NewBlock(), ir.NewBlock()}
	var branches [2]*scalar
	for i, v := range []*ir.Value{then, otherwise} {
		e.inside(regions[i], func() { g.scoped(func() { branches[i] = g.value(v) }) })
	}
	s := &scalar{t: result}
	if branches[0].bounds != nil && branches[1].bounds != nil {
		s.bounds = branches[0].bounds.union(branches[1].bounds)
	}
	kt := kernType(result, s.bounds)
	value := e.variable(e.zero(kt))
	var null *ir.Value
	if result.Nullable {
		null = e.variable(e.const32(0))
	}
	for i := range regions {
		e.inside(regions[i], func() {
			v := branches[i].v
			if s.bounds != nil {
				v = e.convert(v, kt)
			}
			e.set(value, v)
			if null != nil {
				e.set(null, orZero(e, branches[i].null))
			}
		})
	}
	e.build(ir.OpWhen, []*ir.Value{condition}, regions[:])
	s.v = e.get(value)
	if null != nil {
		s.null = e.get(null)
	}
	return s
}

func (g *generator) selectScalar(t ir.Type, condition *ir.Value, a, b *scalar) *scalar {
	e := &g.emitter
	s := &scalar{t: t}
	av, bv := a.v, b.v
	if a.bounds != nil && b.bounds != nil {
		s.bounds = a.bounds.union(b.bounds)
		kt := kernType(t, s.bounds)
		av, bv = e.convert(av, kt), e.convert(bv, kt)
	}
	s.v = e.selectValue(condition, av, bv)
	if a.null != nil || b.null != nil {
		s.null = e.selectValue(condition, orZero(e, a.null), orZero(e, b.null))
	}
	return s
}

// longList is the number of literals from which on IN is a loop over a table of them
// instead of a chain of comparisons.
const longList = 16

// membership is IN with a list of literals.
func (g *generator) membership(op *ir.Op) *scalar {
	e := &g.emitter
	x := g.value(op.Operands[0])
	t := op.Operands[0].Type.WithNull(false)
	var list []ir.Datum
	hasNull := false
	for _, d := range ir.AttributeAs[[]ir.Datum](op, "values") {
		if d.Null {
			hasNull = true
		} else {
			list = append(list, d)
		}
	}
	found := e.variable(e.const32(0))
	e.labelled(ir.OpBlock, func(done *ir.Value) {
		g.scoped(func() {
			if len(list) > longList && t.Kind != ir.Bool {
				g.anyOf(op, list, t, func(item *scalar) {
					hit := g.comparison(ir.OpEqual, x, item)
					e.set(found, hit)
					e.branchIf(done, hit)
				})
				return
			}
			for i, d := range list {
				hit := g.comparison(ir.OpEqual, x, g.item(op, i, t, d))
				if isText(t) {
					e.set(found, hit)
					e.branchIf(done, hit)
					continue
				}
				e.set(found, e.or(e.get(found), hit))
			}
		})
	})
	s := &scalar{t: op.Results[0].Type, v: e.get(found), null: x.null, bounds: boundsInt64(0, 1)}
	if hasNull {
		miss := e.not(s.v)
		if s.null != nil {
			miss = e.or(miss, s.null)
		}
		s.null = miss
	}
	return s
}

// item is a literal of an IN.
func (g *generator) item(op *ir.Op, i int, t ir.Type, d ir.Datum) *scalar {
	if t.Kind == ir.Bool {
		return g.datum(t, d)
	}
	known := i < len(g.lists[op])
	index := 0
	if known {
		index = g.lists[op][i]
	}
	s := g.datumScalar(t, d, &index, known)
	if !known {
		g.lists[op] = append(g.lists[op], index)
	}
	return s
}

// anyOf runs body for each of some literals, which lie side by side among the
// parameters.
func (g *generator) anyOf(op *ir.Op, list []ir.Datum, t ir.Type, body func(item *scalar)) {
	if g.lists[op] == nil {
		for _, d := range list {
			g.lists[op] = append(g.lists[op], g.addParameter(program.Parameter{Type: t, Form: program.ValueForm}, d))
		}
	}
	first := g.lists[op][0]
	b := typeBounds(t)
	kt := kernType(t, b)
	g.countedLoop(g.const32(int64(len(list))), func(i *ir.Value) {
		address := g.add(g.context, g.shiftLeft(i, 4))
		offset := int64(abi.ContextParameters + first*abi.ParameterSize)
		body(&scalar{t: t, bounds: b, v: g.load(address, offset, kernWidth(kt), true, kt)})
	})
}

// kernWidth is the size of a value of a kern type in bytes.
func kernWidth(kt ir.Type) int {
	return map[ir.Kind]int{ir.I32: 4, ir.I64: 8, ir.I128: 16, ir.F32: 4, ir.F64: 8}[kt.Kind]
}
