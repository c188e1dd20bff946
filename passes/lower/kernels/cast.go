package kernels

import (
	"math"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// microsecondsPerDay converts between dates and timestamps.
const microsecondsPerDay = 24 * 60 * 60 * 1000000

func (g *generator) cast(op *ir.Op) *scalar {
	s := g.value(op.Operands[0])
	t := op.Results[0].Type
	if s.t.Same(t) {
		return &scalar{t: t, v: s.v, null: s.null, bounds: s.bounds}
	}
	if s.t.Kind == ir.Null {
		return g.null(t)
	}
	// What may fail must not run on what lies under a NULL.
	r := g.guarded(s.null, func() *scalar {
		return g.convertScalar(op, &scalar{t: s.t.WithNull(false), v: s.v, bounds: s.bounds}, t)
	})
	return &scalar{t: t, v: r.v, null: s.null, bounds: r.bounds}
}

// convertScalar converts a value that is not NULL.
func (g *generator) convertScalar(op *ir.Op, s *scalar, t ir.Type) *scalar {
	site := func() *ir.Value {
		return g.site(op, ir.CodeConversion, "a value of %s does not fit %s", s.t.WithNull(false), t.WithNull(false))
	}
	from, to := s.t, t
	switch {
	case from.Kind == ir.String:
		return g.fromText(op, s, t)
	case to.Kind == ir.String:
		return g.toText(op, s)
	case to.Kind == ir.Bool && from.IsInteger():
		return &scalar{t: t, v: g.compare("ne", s.v, g.zero(s.v.Type)), bounds: typeBounds(t)}
	case from.Kind == ir.Bool && (to.IsInteger() || to.Kind == ir.Decimal), from.IsInteger() && to.IsInteger():
		n := g.number(s)
		if to.Kind == ir.Decimal {
			n = g.scaleUp(n, int(to.Scale), g.const32(0))
		}
		return g.check(n, t, g.checkSite(n.b, t, site))
	case from.IsInteger() && to.Kind == ir.Decimal:
		overflow := site()
		return g.check(g.scaleUp(g.number(s), int(to.Scale), overflow), t, overflow)
	case from.Kind == ir.Decimal && (to.Kind == ir.Decimal || to.IsInteger()):
		n := g.number(s)
		if to.Scale > from.Scale {
			n = g.scaleUp(n, int(to.Scale-from.Scale), site())
		} else {
			n = g.scaleDown(n, int(from.Scale-to.Scale))
		}
		return g.check(n, t, g.checkSite(n.b, t, site))
	case from.IsFloat() && to.IsFloat():
		v := s.v
		if from.Kind != to.Kind {
			v = g.typed(ir.OpFloatConvert, v, ir.Of(to.Kind))
			if to.Kind == ir.F32 {
				// A finite value must stay finite.
				inf := func(x *ir.Value) *ir.Value {
					return g.compareFloat("eq", g.unary(ir.OpFloatAbs, x), g.constFloat(x.Type, math.Inf(1)))
				}
				g.failIf(g.and(inf(v), g.not(inf(s.v))), site())
			}
		}
		return &scalar{t: t, v: v}
	case to.IsFloat() && (from.IsInteger() || from.Kind == ir.Decimal || from.Kind == ir.Bool):
		return &scalar{t: t, v: g.toFloat(s, to)}
	case from.IsFloat() && (to.IsInteger() || to.Kind == ir.Decimal):
		return g.fromFloat(s, t, site())
	case from.Kind == ir.Date && (to.Kind == ir.Timestamp || to.Kind == ir.TimestampTZ):
		return &scalar{
			t: t, v: g.binary(ir.OpIntegerMul, g.convert(s.v, i64), g.const64(microsecondsPerDay)),
			bounds: s.bounds.multiply(boundsInt64(microsecondsPerDay, microsecondsPerDay)).intersect(typeBounds(t)),
		}
	case to.Kind == ir.Date && (from.Kind == ir.Timestamp || from.Kind == ir.TimestampTZ):
		days, _ := g.splitTimestamp(s)
		return &scalar{t: t, v: days, bounds: typeBounds(t)}
	case (from.Kind == ir.Timestamp || from.Kind == ir.TimestampTZ) && (to.Kind == ir.Timestamp || to.Kind == ir.TimestampTZ):
		return &scalar{t: t, v: s.v, bounds: s.bounds}
	case to.Kind == ir.Time && (from.Kind == ir.Timestamp || from.Kind == ir.TimestampTZ):
		_, within := g.splitTimestamp(s)
		return &scalar{t: t, v: within, bounds: boundsInt64(0, microsecondsPerDay)}
	}
	g.unsupported(op, "a cast from %s to %s is not supported yet", from.WithNull(false), to.WithNull(false))
	return nil
}

func (g *generator) checkSite(b *bounds, t ir.Type, site func() *ir.Value) *ir.Value {
	if fits(b, t) {
		return g.const32(0)
	}
	return site()
}

// toFloat gives the nearest float of an integer or decimal.
func (g *generator) toFloat(s *scalar, t ir.Type) *ir.Value {
	scale := 0
	if s.t.Kind == ir.Decimal {
		scale = int(s.t.Scale)
	}
	var v *ir.Value
	exact := boundsInt64(-1<<53, 1<<53)
	switch {
	case s.bounds.within64() && (scale == 0 || s.bounds.within(exact) && scale <= 22):
		// Both the integer and the power of ten are exact, so one rounding remains.
		v = g.typed(ir.OpIntToFloat, g.convert(s.v, i64), f64)
		if scale > 0 {
			v = g.binary(ir.OpFloatDiv, v, g.constFloat(f64, math.Pow10(scale)))
		}
	case scale == 0:
		v = g.call(library("i128_to_f64"), f64, g.convert(s.v, i128))
	default:
		v = g.call(library("decimal_to_f64"), f64, g.convert(s.v, i128), g.constFloat(f64, math.Pow10(scale)))
	}
	if t.Kind == ir.F32 {
		v = g.typed(ir.OpFloatConvert, v, f32)
	}
	return v
}

func (g *generator) fromFloat(s *scalar, t ir.Type, site *ir.Value) *scalar {
	x := g.double(s)
	if t.Kind == ir.Decimal {
		limit, _ := ir.Int128FromBig(typeBounds(t).high)
		v := g.call(library("f64_to_decimal"), i128, x, g.constFloat(f64, math.Pow10(int(t.Scale))), g.const128(limit), site)
		return g.check(g.fit(number{v, typeBounds(t)}), t, site)
	}
	return g.check(g.fit(number{g.call(library("f64_to_i128"), i128, x, site), boundsBits(128)}), t, site)
}

// splitTimestamp gives the day (i32) and the microseconds within it (i64).
func (g *generator) splitTimestamp(s *scalar) (days, within *ir.Value) {
	day := g.const64(microsecondsPerDay)
	remainder := g.binary(ir.OpIntegerRemS, s.v, day)
	negative := g.compare("lt_s", remainder, g.const64(0))
	within = g.selectValue(negative, g.add(remainder, day), remainder)
	quotient := g.binary(ir.OpIntegerDivS, s.v, day) // towards zero: one too many below zero
	return g.convert(g.sub(quotient, g.extendUnsigned(negative, i64)), i32), within
}

func (g *generator) fromText(op *ir.Op, s *scalar, t ir.Type) *scalar {
	site := g.site(op, ir.CodeConversion, "a string is no %s", t.WithNull(false))
	switch t.Kind {
	case ir.I8, ir.I16, ir.I32, ir.I64:
		b := typeBounds(t)
		v := g.call(library("string_to_i64"), i64, s.v, g.const64(b.low.Int64()), g.const64(b.high.Int64()), site)
		return &scalar{t: t, v: g.convert(v, kernType(t, b)), bounds: b}
	case ir.Decimal:
		b := typeBounds(t)
		limit, _ := ir.Int128FromBig(b.high)
		v := g.call(library("string_to_decimal"), i128, s.v, g.const32(int64(t.Scale)), g.const128(limit), site)
		n := g.fit(number{v, b})
		return &scalar{t: t, v: n.v, bounds: n.b}
	case ir.F64:
		return &scalar{t: t, v: g.call(library("string_to_f64"), f64, s.v, site)}
	case ir.F32:
		return &scalar{t: t, v: g.typed(ir.OpFloatConvert, g.call(library("string_to_f32"), f64, s.v, site), f32)}
	case ir.Date:
		return &scalar{t: t, v: g.call(library("string_to_date"), i32, s.v, site), bounds: typeBounds(t)}
	case ir.Bool:
		return &scalar{t: t, v: g.call(library("string_to_bool"), i32, s.v, site), bounds: typeBounds(t)}
	case ir.Timestamp:
		return &scalar{t: t, v: g.call(library("string_to_timestamp"), i64, s.v, site), bounds: typeBounds(t)}
	case ir.TimestampTZ:
		return &scalar{t: t, v: g.call(library("string_to_timestamptz"), i64, s.v, site), bounds: typeBounds(t)}
	case ir.Time:
		return &scalar{t: t, v: g.call(library("string_to_time"), i64, s.v, site), bounds: typeBounds(t)}
	default:
		// not there yet
	}
	g.unsupported(op, "a cast from string to %s is not supported yet", t.WithNull(false))
	return nil
}

func (g *generator) toText(op *ir.Op, s *scalar) *scalar {
	site := g.site(op, codeScratch, "the text that one row makes does not fit the scratch area")
	g.makesText("a cast to text")
	r := &scalar{t: ir.Of(ir.String)}
	switch t := s.t; {
	case t.Kind == ir.Bool:
		r.v = g.call(library("bool_to_string"), i64, s.v, site)
	case t.IsInteger() && s.v.Type.Kind != ir.I128:
		r.v = g.call(library("i64_to_string"), i64, g.convert(s.v, i64), site)
	case t.IsInteger():
		r.v = g.call(library("i128_to_string"), i64, s.v, site)
	case t.Kind == ir.Decimal:
		r.v = g.call(library("decimal_to_string"), i64, g.convert(s.v, i128), g.const32(int64(t.Scale)), site)
	case t.Kind == ir.F64:
		r.v = g.call(library("f64_to_string"), i64, s.v, site)
	case t.Kind == ir.F32:
		r.v = g.call(library("f32_to_string"), i64, g.double(s), site)
	case t.Kind == ir.Date:
		r.v = g.call(library("date_to_string"), i64, s.v, site)
	case t.Kind == ir.Timestamp:
		r.v = g.call(library("timestamp_to_string"), i64, s.v, site)
	case t.Kind == ir.TimestampTZ:
		r.v = g.call(library("timestamptz_to_string"), i64, s.v, site)
	case t.Kind == ir.Time:
		r.v = g.call(library("time_to_string"), i64, s.v, site)
	default:
		g.unsupported(op, "a cast from %s to string is not supported yet", t.WithNull(false))
	}
	return r
}

// text lowers the string operations.
func (g *generator) text(op *ir.Op) *scalar {
	result := op.Results[0].Type
	var operands []*scalar
	for i, v := range op.Operands {
		if op.Code == ir.OpLike && i == 1 && isConst(v) {
			continue // becomes a compiled pattern
		}
		operands = append(operands, g.value(v))
	}
	null := g.anyNull(operands...)
	if op.Code == ir.OpLike && isConst(op.Operands[1]) && ir.AttributeAs[ir.Datum](op.Operands[1].Op, "value").Null {
		return g.null(result)
	}
	s := &scalar{t: result, null: null, bounds: typeBounds(result)}
	values := make([]*ir.Value, len(operands))
	for i, operand := range operands {
		values[i] = operand.v
		if operand.bounds != nil {
			values[i] = g.convert(operand.v, i64)
		}
	}
	scratch := func() *ir.Value {
		g.makesText(op.Code.String())
		return g.site(op, codeScratch, "the text that one row makes does not fit the scratch area")
	}
	callNamed := func(name string, t ir.Type, arguments ...*ir.Value) *ir.Value {
		return g.guarded(null, func() *scalar { return &scalar{t: result, v: g.call(name, t, arguments...)} }).v
	}
	call := func(name string, t ir.Type, arguments ...*ir.Value) *ir.Value {
		return callNamed(library(name), t, arguments...)
	}
	switch op.Code {
	case ir.OpLike:
		escape := likeEscape(op)
		insensitive := ir.AttributeAs[bool](op, "insensitive")
		if isConst(op.Operands[1]) {
			literal := ir.AttributeAs[ir.Datum](op.Operands[1].Op, "value")
			if _, err := abi.CompilePattern(literal.Text, escape, insensitive, 0); err != nil {
				// It fails when a row is tested, as a pattern from a column would.
				site := g.site(op, ir.CodeBadArgument, "%s", err)
				s.v = g.guarded(null, func() *scalar {
					g.failIf(g.const32(1), site)
					return &scalar{t: result, v: g.const32(0)}
				}).v
				return s
			}
			s.v = callNamed(g.library("like"), i32, values[0], g.pattern(op, literal, escape, insensitive))
			return s
		}
		code, flag := int64(-1), int64(0)
		for _, r := range escape {
			code = int64(r)
		}
		if insensitive {
			flag = 1
		}
		site := g.site(op, ir.CodeBadArgument, "a LIKE pattern ends in its escape character")
		s.v = call("like_dynamic", i32, values[0], values[1], g.const32(code), g.const32(flag), site)
	case ir.OpSubstring:
		if len(values) == 2 {
			s.v = call("string_substring_from", i64, values[0], values[1])
			return s
		}
		site := g.site(op, ir.CodeBadArgument, "substring with a negative length")
		s.v = call("string_substring", i64, values[0], values[1], values[2], site)
	case ir.OpConcatenate:
		s.v = call("string_concat", i64, values[0], values[1], scratch())
	case ir.OpLength:
		s.v = call("string_length", i64, values[0])
		s.bounds = boundsInt64(0, math.MaxUint32)
	case ir.OpUpper:
		s.v = call("string_upper", i64, values[0], scratch())
	case ir.OpLower:
		s.v = call("string_lower", i64, values[0], scratch())
	case ir.OpStartsWith:
		s.v = callNamed(g.library("string_starts_with"), i32, values[0], values[1])
	default:
		panic("BUG: no text operation: " + op.Code.String())
	}
	return s
}

// temporal lowers the operations on dates and timestamps.
func (g *generator) temporal(op *ir.Op) *scalar {
	result := op.Results[0].Type
	a := g.value(op.Operands[0])
	switch op.Code {
	case ir.OpExtract:
		return g.extract(op, a)
	case ir.OpAddInterval:
		return g.addInterval(op, a)
	default:
		// the others follow
	}
	b := g.value(op.Operands[1])
	null := g.anyNull(a, b)
	site := g.site(op, ir.CodeOverflow, "a result does not fit %s", result.WithNull(false))
	code := ir.OpAdd
	if op.Code == ir.OpDaysBetween {
		code = ir.OpSubtract
	}
	s := g.guarded(null, func() *scalar {
		return g.check(g.sum(code, g.number(a), g.number(b), result, site), result, site)
	})
	return &scalar{t: result, v: s.v, null: null, bounds: s.bounds}
}

// extract gives a part of a date or timestamp. Bounds of years follow from those of
// days, so that few years make few groups.
func (g *generator) extract(op *ir.Op, a *scalar) *scalar {
	part := ir.AttributeAs[string](op, "part")
	s := &scalar{t: op.Results[0].Type, null: a.null}
	days, within := a.v, (*ir.Value)(nil)
	dayBounds := a.bounds
	if a.t.Kind != ir.Date {
		days, within = g.splitTimestamp(a)
		dayBounds = boundsBits(32)
	}
	call := func(name string, low, high int64) *scalar {
		s.v = g.convert(g.call(library(name), i32, days), i64)
		s.bounds = boundsInt64(low, high)
		return s
	}
	clock := func(divisor, modulus int64) *scalar {
		if within == nil {
			s.v = g.const64(0)
		} else {
			s.v = g.binary(ir.OpIntegerRemS, g.binary(ir.OpIntegerDivS, within, g.const64(divisor)), g.const64(modulus))
		}
		s.bounds = boundsInt64(0, modulus-1)
		return s
	}
	switch part {
	case "year":
		low, _, _ := ir.CivilFromDays(dayBounds.low.Int64())
		high, _, _ := ir.CivilFromDays(dayBounds.high.Int64())
		return call("date_year", int64(low), int64(high))
	case "month":
		return call("date_month", 1, 12)
	case "day":
		return call("date_day", 1, 31)
	case "doy":
		return call("date_day_of_year", 1, 366)
	case "quarter":
		m := g.call(library("date_month"), i32, days)
		s.v = g.convert(g.binary(ir.OpIntegerDivS, g.addConst(m, 2), g.const32(3)), i64)
		s.bounds = boundsInt64(1, 4)
		return s
	case "dow":
		// 1970-01-01 was a Thursday, day 4.
		r := g.binary(ir.OpIntegerRemS, g.add(g.convert(days, i64), g.const64(4)), g.const64(7))
		s.v = g.selectValue(g.compare("lt_s", r, g.const64(0)), g.add(r, g.const64(7)), r)
		s.bounds = boundsInt64(0, 6)
		return s
	case "hour":
		return clock(3600*1000000, 24)
	case "minute":
		return clock(60*1000000, 60)
	case "second":
		return clock(1000000, 60)
	case "epoch":
		s.v = g.binary(ir.OpIntegerMul, g.convert(days, i64), g.const64(86400))
		if within != nil {
			s.v = g.add(s.v, g.binary(ir.OpIntegerDivS, within, g.const64(1000000)))
		}
		s.bounds = boundsBits(64)
		return s
	}
	g.unsupported(op, "extract of %q is not supported yet", part)
	return nil
}

// addInterval moves by months, then days, then microseconds.
func (g *generator) addInterval(op *ir.Op, a *scalar) *scalar {
	b := g.value(op.Operands[1])
	null := g.anyNull(a, b)
	site := g.site(op, ir.CodeOverflow, "a timestamp is out of range")
	result := op.Results[0].Type
	s := g.guarded(null, func() *scalar {
		months, days, microseconds := g.intervalParts(b)
		at := a.v
		if a.t.Kind == ir.Date {
			midnight := g.binary(ir.OpMultiplyWideS, g.convert(a.v, i64), g.const64(microsecondsPerDay))
			at = g.check(number{midnight, a.bounds.multiply(boundsInt64(microsecondsPerDay, microsecondsPerDay))}, ir.Of(ir.Timestamp), site).v
		}
		return &scalar{t: result, v: g.call(library("timestamp_add_interval"), i64, at, months, days, microseconds, site)}
	})
	return &scalar{t: result, v: s.v, null: null, bounds: boundsBits(64)}
}

func isConst(v *ir.Value) bool { return v.Op != nil && v.Op.Code == ir.OpConst }
