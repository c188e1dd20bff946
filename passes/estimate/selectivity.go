package estimate

import (
	"math"
	"math/big"

	"github.com/heddle-lang/heddle/ir"
)

// bounds collects what several conjuncts ask of one column.
type bounds struct {
	column    *Column
	low, high float64
	guesses   int // bounds that statistics cannot place
}

// Selectivity estimates which fraction of rows fulfils all predicates.
func (e *Estimator) Selectivity(predicates []*ir.Value) float64 {
	fraction := 1.0
	var ranges []*bounds
	for _, p := range predicates {
		name, code, value, t, ok := columnBound(p)
		if !ok {
			fraction *= e.predicate(p)
			continue
		}
		c := e.Column(name)
		var b *bounds
		for _, known := range ranges {
			if known.column == c {
				b = known
			}
		}
		if b == nil {
			b = &bounds{column: c, low: c.Min, high: c.Max}
			ranges = append(ranges, b)
		}
		n, placed := Number(t, value)
		switch {
		case !c.Bounded || !placed:
			b.guesses++
		case code == ir.OpLess || code == ir.OpLessEqual:
			b.high = min(b.high, n)
		default:
			b.low = max(b.low, n)
		}
	}
	for _, b := range ranges {
		fraction *= b.fraction()
	}
	return max(fraction, leastSelectivity)
}

func (b *bounds) fraction() float64 {
	c := b.column
	fraction := 1 - c.Nulls
	switch b.guesses {
	case 0:
	case 1:
		fraction *= rangeGuess
	default: // between two bounds
		fraction *= rangeGuess * rangeGuess * 2
	}
	if !c.Bounded {
		return fraction
	}
	width := c.Max - c.Min
	switch {
	case b.high < b.low:
		return 1 / max(c.Rows, 1)
	case width <= 0:
		return fraction
	default:
		// A range of one point still has the rows of one value.
		return fraction * min(1, max((b.high-b.low)/width, 1/c.Distinct))
	}
}

// columnBound recognises column < literal and its kind.
func columnBound(p *ir.Value) (name string, code ir.Opcode, value ir.Datum, t ir.Type, ok bool) {
	op := p.Op
	switch op.Code {
	case ir.OpLess, ir.OpLessEqual, ir.OpGreater, ir.OpGreaterEqual:
	default:
		return "", 0, ir.Datum{}, ir.Type{}, false
	}
	x, y := op.Operands[0].Op, op.Operands[1].Op
	if x == nil || y == nil || x.Code != ir.OpField || y.Code != ir.OpConst {
		return "", 0, ir.Datum{}, ir.Type{}, false
	}
	return ir.AttributeAs[string](x, "name"), op.Code, ir.AttributeAs[ir.Datum](y, "value"), op.Operands[1].Type, true
}

// predicate prices one predicate that is not a bound on a column.
func (e *Estimator) predicate(p *ir.Value) float64 {
	op := p.Op
	if op == nil {
		return predicateGuess
	}
	switch op.Code {
	case ir.OpConst:
		if d := ir.AttributeAs[ir.Datum](op, "value"); d.Null || !d.Bool() {
			return 0
		}
		return 1
	case ir.OpAnd:
		return e.Selectivity(conjuncts(p))
	case ir.OpOr:
		none := 1.0
		for _, d := range op.Operands {
			none *= 1 - e.Selectivity(conjuncts(d))
		}
		return 1 - none
	case ir.OpNot:
		return 1 - min(1, e.Selectivity(op.Operands[:1]))
	case ir.OpEqual:
		return e.equality(op)
	case ir.OpNotEqual:
		return 1 - e.equality(op)
	case ir.OpIn:
		list := float64(len(ir.AttributeAs[[]ir.Datum](op, "values")))
		if d, ok := e.distinct(op.Operands[0]); ok {
			return min(1, list/d)
		}
		return min(0.5, list*equalityGuess)
	case ir.OpLike:
		return likeGuess
	case ir.OpStartsWith:
		return prefixGuess
	case ir.OpIsNull:
		if name, ok := fieldName(op.Operands[0]); ok {
			return e.Column(name).Nulls
		}
		return nullGuess
	case ir.OpLess, ir.OpLessEqual, ir.OpGreater, ir.OpGreaterEqual:
		return rangeGuess
	default:
		return predicateGuess
	}
}

func (e *Estimator) equality(op *ir.Op) float64 {
	left, ok1 := e.distinct(op.Operands[0])
	right, ok2 := e.distinct(op.Operands[1])
	switch {
	case ok1 && ok2:
		return 1 / max(left, right)
	case ok1:
		return 1 / left
	case ok2:
		return 1 / right
	default:
		return equalityGuess
	}
}

// distinct is how many values an expression takes, where that is known.
func (e *Estimator) distinct(v *ir.Value) (float64, bool) {
	op := v.Op
	if op == nil {
		return 0, false
	}
	switch op.Code {
	case ir.OpField:
		c := e.Column(ir.AttributeAs[string](op, "name"))
		return c.Distinct, c.Known || c.Distinct < c.Rows
	case ir.OpCast:
		return e.distinct(op.Operands[0])
	case ir.OpExtract:
		if name, ok := fieldName(op.Operands[0]); ok {
			c := e.Column(name)
			if n := partValues(op, c); !math.IsInf(n, 1) {
				return min(n, c.Distinct), true
			}
		}
	default: // nothing is known
	}
	return 0, false
}

// Number places a value on a line, so that fractions of ranges can be taken: the
// number itself, days or microseconds for dates and times, and for text its first
// bytes as a fraction.
func Number(t ir.Type, d ir.Datum) (float64, bool) {
	if d.Null {
		return 0, false
	}
	switch {
	case t.IsFloat():
		return d.Float, !math.IsNaN(d.Float)
	case t.IsInteger(), t.IsTemporal(), t.Kind == ir.Decimal:
		v := d.Int128()
		var f float64
		if n, ok := v.Int64(); ok {
			f = float64(n)
		} else {
			f, _ = new(big.Float).SetInt(v.Big()).Float64()
		}
		return f / math.Pow10(int(t.Scale)), true
	case t.Kind == ir.Bool:
		return float64(d.Low), true
	case t.Kind == ir.String || t.Kind == ir.Bytes:
		f, weight := 0.0, 1.0
		for i := 0; i < len(d.Text) && i < 6; i++ {
			weight /= 256
			f += float64(d.Text[i]) * weight
		}
		return f, true
	default:
		return 0, false
	}
}

func fieldName(v *ir.Value) (string, bool) {
	if v.Op == nil || v.Op.Code != ir.OpField {
		return "", false
	}
	return ir.AttributeAs[string](v.Op, "name"), true
}

func conjuncts(v *ir.Value) []*ir.Value {
	if v.Op != nil && v.Op.Code == ir.OpAnd {
		var out []*ir.Value
		for _, operand := range v.Op.Operands {
			out = append(out, conjuncts(operand)...)
		}
		return out
	}
	return []*ir.Value{v}
}

// fields lists the columns that a value is computed from. Values are shared, so that
// there may be far more ways to a column than values: each is visited once.
func fields(v *ir.Value) []string {
	var names []string
	visited := map[*ir.Value]bool{}
	var visit func(v *ir.Value)
	visit = func(v *ir.Value) {
		if v.Op == nil || visited[v] {
			return
		}
		visited[v] = true
		if name, ok := fieldName(v); ok {
			names = append(names, name)
			return
		}
		for _, operand := range v.Op.Operands {
			visit(operand)
		}
	}
	visit(v)
	return names
}
