package random

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
)

// scope is where scalar code is made: a region with its rows.
type scope struct {
	*generator
	b    *ir.Builder
	rows []*ir.Value
}

// fields lists the columns that a predicate takes.
func (s *scope) fields(takes func(ir.Type) bool) []func() *ir.Value {
	var found []func() *ir.Value
	for _, row := range s.rows {
		for _, f := range row.Type.Fields {
			if takes(f.Type) {
				found = append(found, func() *ir.Value { return s.b.Field(row, f.Name) })
			}
		}
	}
	return found
}

// leaf makes a value of a type, NULL-ness aside: a column, a parameter or a literal.
func (s *scope) leaf(t ir.Type) *ir.Value {
	if found := s.fields(t.Same); len(found) > 0 && !chance(s.source, 25) {
		return pick(s.source, found...)()
	}
	t.Nullable = chance(s.source, 10)
	if chance(s.source, 20) && s.allows(ir.OpParameter) {
		index := len(s.module.Parameters)
		s.module.Parameters = append(s.module.Parameters, ir.Parameter{Type: t, Value: s.datum(t), Bound: true})
		return s.b.Op(ir.OpParameter, nil, ir.Attr("index", int64(index)), ir.Attr("type", t)).Result()
	}
	return s.b.Const(t, s.datum(t))
}

// any makes a value of some type.
func (s *scope) any(depth int) *ir.Value {
	if found := s.fields(func(ir.Type) bool { return true }); len(found) > 0 && (depth <= 0 || chance(s.source, 40)) {
		return pick(s.source, found...)()
	}
	if s.has(ir.Decimal) && chance(s.source, 20) {
		return s.decimal(depth - 1)
	}
	return s.of(s.scalarType(), depth)
}

// of makes a value of a type, NULL-ness aside.
func (s *scope) of(t ir.Type, depth int) *ir.Value {
	t.Nullable = false
	if depth <= 0 {
		return s.leaf(t)
	}
	makers := []func() *ir.Value{func() *ir.Value { return s.leaf(t) }}
	add := func(code ir.Opcode, maker func() *ir.Value) {
		if s.allows(code) {
			makers = append(makers, maker)
		}
	}
	sub := func(kind ir.Kind) *ir.Value { return s.of(ir.Of(kind), depth-1) }
	binary := func(code ir.Opcode, a, b *ir.Value) *ir.Value { return s.b.Binary(code, a, b) }
	add(ir.OpIf, func() *ir.Value { return s.choice(t, depth-1) })
	switch {
	case t.Kind == ir.Bool:
		s.conditions(add, depth-1)
	case t.IsInteger():
		s.integers(add, t, depth-1)
	case t.IsFloat():
		for _, code := range []ir.Opcode{ir.OpAdd, ir.OpSubtract, ir.OpMultiply, ir.OpDivide} {
			add(code, func() *ir.Value { return binary(code, s.of(t, depth-1), s.of(t, depth-1)) })
		}
		add(ir.OpNegate, func() *ir.Value { return s.b.Unary(ir.OpNegate, s.of(t, depth-1)) })
		add(ir.OpAbsolute, func() *ir.Value { return s.b.Unary(ir.OpAbsolute, s.of(t, depth-1)) })
		if s.has(ir.I32) {
			add(ir.OpCast, func() *ir.Value { return s.cast(sub(ir.I32), t) })
		}
	case t.Kind == ir.Decimal:
		add(ir.OpNegate, func() *ir.Value { return s.b.Unary(ir.OpNegate, s.of(t, depth-1)) })
		add(ir.OpAbsolute, func() *ir.Value { return s.b.Unary(ir.OpAbsolute, s.of(t, depth-1)) })
		if s.has(ir.I8) && t.Precision-t.Scale >= 3 {
			add(ir.OpCast, func() *ir.Value { return s.cast(sub(ir.I8), t) })
		}
	case t.Kind == ir.String:
		add(ir.OpConcatenate, func() *ir.Value { return binary(ir.OpConcatenate, sub(ir.String), sub(ir.String)) })
		add(ir.OpUpper, func() *ir.Value { return s.b.Unary(ir.OpUpper, sub(ir.String)) })
		add(ir.OpLower, func() *ir.Value { return s.b.Unary(ir.OpLower, sub(ir.String)) })
		add(ir.OpCast, func() *ir.Value { return s.cast(s.any(depth-1), t) })
		add(ir.OpSubstring, func() *ir.Value {
			start := s.b.Const(ir.Of(ir.I64), ir.IntDatum(int64(pick(s.source, 1, 0, -1, 2, 5))))
			length := s.b.Const(ir.Of(ir.I64), ir.IntDatum(int64(pick(s.source, 2, 0, 1, 100))))
			if s.options.Traps {
				length = sub(ir.I64)
			}
			operands := []*ir.Value{sub(ir.String), start, length}
			return s.b.Op(ir.OpSubstring, operands[:pick(s.source, 3, 2)]).Result()
		})
	case t.Kind == ir.Date:
		add(ir.OpAddDays, func() *ir.Value {
			days := s.b.Const(ir.Of(ir.I32), ir.IntDatum(int64(pick(s.source, 30, -1, 365))))
			return binary(ir.OpAddDays, sub(ir.Date), days)
		})
		if s.has(ir.Timestamp) {
			add(ir.OpCast, func() *ir.Value { return s.cast(sub(ir.Timestamp), t) })
		}
	case t.Kind == ir.Timestamp, t.Kind == ir.TimestampTZ:
		if s.has(ir.Interval) {
			add(ir.OpAddInterval, func() *ir.Value { return binary(ir.OpAddInterval, s.of(t, depth-1), s.leaf(ir.Of(ir.Interval))) })
		}
		if s.has(ir.Date) {
			add(ir.OpCast, func() *ir.Value { return s.cast(s.leaf(ir.Of(ir.Date)), t) })
		}
	case t.Kind == ir.Time && s.has(ir.Timestamp):
		add(ir.OpCast, func() *ir.Value { return s.cast(sub(ir.Timestamp), t) })
	case t.Kind == ir.Interval && s.options.Traps:
		add(ir.OpNegate, func() *ir.Value { return s.b.Unary(ir.OpNegate, s.of(t, depth-1)) })
	}
	if s.options.Traps && s.has(ir.String) && t.Kind != ir.String {
		add(ir.OpCast, func() *ir.Value { return s.cast(s.leaf(ir.Of(ir.String)), t) })
	}
	return pick(s.source, makers...)()
}

func (s *scope) cast(x *ir.Value, t ir.Type) *ir.Value {
	return s.b.Cast(x, t.OrNull(x.Type.Nullable))
}

// choice makes an if with one or two results and gives the first.
func (s *scope) choice(t ir.Type, depth int) *ir.Value {
	condition := s.of(ir.Of(ir.Bool), depth)
	two := chance(s.source, 20)
	var regions []*ir.Block
	for range 2 {
		block := ir.NewBlock()
		inner := &scope{s.generator, s.b.In(block), s.rows}
		values := []*ir.Value{inner.of(t, depth)}
		if two {
			values = append(values, inner.leaf(ir.Of(s.options.Kinds[0])))
		}
		inner.b.Yield(values...)
		regions = append(regions, block)
	}
	return s.b.Build(ir.OpIf, []*ir.Value{condition}, regions).Results[0]
}

var comparisons = []ir.Opcode{ir.OpEqual, ir.OpNotEqual, ir.OpLess, ir.OpLessEqual, ir.OpGreater, ir.OpGreaterEqual, ir.OpIsDistinct}

func (s *scope) conditions(add func(ir.Opcode, func() *ir.Value), depth int) {
	condition := func() *ir.Value { return s.of(ir.Of(ir.Bool), depth) }
	for _, code := range comparisons {
		add(code, func() *ir.Value {
			x := s.any(depth)
			return s.b.Binary(code, x, s.of(x.Type, depth))
		})
	}
	for _, code := range []ir.Opcode{ir.OpAnd, ir.OpOr} {
		add(code, func() *ir.Value {
			operands := make([]*ir.Value, pick(s.source, 2, 1, 3))
			for i := range operands {
				operands[i] = condition()
			}
			return s.b.Op(code, operands).Result()
		})
	}
	add(ir.OpNot, func() *ir.Value { return s.b.Unary(ir.OpNot, condition()) })
	add(ir.OpIsNull, func() *ir.Value { return s.b.Unary(ir.OpIsNull, s.any(depth)) })
	add(ir.OpIn, func() *ir.Value {
		x := s.any(depth)
		values := make([]ir.Datum, 1+s.source.IntN(4))
		for i := range values {
			values[i] = s.datum(x.Type.WithNull(chance(s.source, 10)))
		}
		return s.b.Op(ir.OpIn, []*ir.Value{x}, ir.Attr("values", values)).Result()
	})
	if !s.has(ir.String) {
		return
	}
	text := func() *ir.Value { return s.of(ir.Of(ir.String), depth) }
	add(ir.OpStartsWith, func() *ir.Value { return s.b.Binary(ir.OpStartsWith, text(), text()) })
	add(ir.OpLike, func() *ir.Value {
		pattern := s.b.Const(ir.Of(ir.String), ir.TextDatum(pick(s.source, "a%", "%", "", "_", "%e%l_", "%\\%%", "ä_")))
		if s.options.Traps {
			pattern = text()
		}
		var attributes []ir.Attribute
		if chance(s.source, 30) {
			attributes = append(attributes, ir.Attr("escape", pick(s.source, "", "e", "\\")))
			if !s.options.Traps {
				attributes[0].Value = ""
			}
		}
		if chance(s.source, 30) {
			attributes = append(attributes, ir.Attr("insensitive", true))
		}
		return s.b.Op(ir.OpLike, []*ir.Value{text(), pattern}, attributes...).Result()
	})
}

func (s *scope) integers(add func(ir.Opcode, func() *ir.Value), t ir.Type, depth int) {
	// operand makes a value whose products fit: of the next narrower type.
	operand := func() *ir.Value {
		if s.options.Traps {
			return s.of(t, depth)
		}
		return s.cast(s.of(ir.Of(t.Kind-1), depth), t)
	}
	if t.Kind > ir.I8 && s.has(t.Kind-1) && s.allows(ir.OpCast) || s.options.Traps {
		for _, code := range []ir.Opcode{ir.OpAdd, ir.OpSubtract, ir.OpMultiply} {
			add(code, func() *ir.Value { return s.b.Binary(code, operand(), operand()) })
		}
		add(ir.OpNegate, func() *ir.Value { return s.b.Unary(ir.OpNegate, operand()) })
		add(ir.OpAbsolute, func() *ir.Value { return s.b.Unary(ir.OpAbsolute, operand()) })
	}
	for _, code := range []ir.Opcode{ir.OpDivide, ir.OpModulo} {
		add(code, func() *ir.Value {
			divisor := s.b.Const(t, ir.IntDatum(int64(pick(s.source, 2, 1, 3, 7, -3))))
			if s.options.Traps {
				divisor = s.of(t, depth)
			}
			return s.b.Binary(code, s.of(t, depth), divisor)
		})
	}
	switch t.Kind {
	case ir.I64:
		if s.has(ir.String) {
			add(ir.OpLength, func() *ir.Value { return s.b.Unary(ir.OpLength, s.of(ir.Of(ir.String), depth)) })
		}
		for _, kind := range []ir.Kind{ir.Date, ir.Timestamp, ir.TimestampTZ} {
			if s.has(kind) {
				add(ir.OpExtract, func() *ir.Value {
					return s.b.Op(ir.OpExtract, []*ir.Value{s.of(ir.Of(kind), depth)}, ir.Attr("part", pick(s.source, ir.ExtractParts...))).Result()
				})
			}
		}
	case ir.I32:
		if s.has(ir.Date) {
			add(ir.OpDaysBetween, func() *ir.Value {
				return s.b.Binary(ir.OpDaysBetween, s.leaf(ir.Of(ir.Date)), s.leaf(ir.Of(ir.Date)))
			})
		}
	default: // no such op gives it
	}
}

// decimal makes decimal arithmetic, whose type follows from the operands.
func (s *scope) decimal(depth int) *ir.Value {
	operand := func() *ir.Value {
		if found := s.fields(func(t ir.Type) bool { return t.Kind == ir.Decimal }); len(found) > 0 && !chance(s.source, 25) {
			return pick(s.source, found...)()
		}
		return s.of(s.typeOf(ir.Decimal), depth)
	}
	x, y := operand(), operand()
	p1, s1, p2, s2 := int(x.Type.Precision), int(x.Type.Scale), int(y.Type.Precision), int(y.Type.Scale)
	var codes []ir.Opcode
	consider := func(fits bool, code ir.Opcode) {
		if s.allows(code) && (fits || s.options.Traps) {
			codes = append(codes, code)
		}
	}
	sum := max(p1-s1, p2-s2) + max(s1, s2) + 1
	consider(sum <= ir.MaxDecimalPrecision, ir.OpAdd)
	consider(sum <= ir.MaxDecimalPrecision, ir.OpSubtract)
	if s1+s2 <= ir.MaxDecimalPrecision {
		consider(p1+p2 <= ir.MaxDecimalPrecision, ir.OpMultiply)
	}
	consider(false, ir.OpDivide)
	consider(false, ir.OpModulo)
	if len(codes) > 0 {
		return s.b.Binary(pick(s.source, codes...), x, y)
	}
	// Divide by a literal that is not zero.
	two := s.b.Const(ir.DecimalType(1, 0), ir.IntDatum(2))
	if p1-s1+max(ir.MinimumDivisionScale, s1) <= ir.MaxDecimalPrecision && s.allows(ir.OpDivide) {
		return s.b.Binary(ir.OpDivide, x, two)
	}
	return x
}

func (g *generator) has(kind ir.Kind) bool { return slices.Contains(g.options.Kinds, kind) }

func (g *generator) allows(code ir.Opcode) bool {
	return g.options.Allow == nil || g.options.Allow(code)
}
