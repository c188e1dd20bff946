package catalog

import "github.com/heddle-lang/heddle/ir"

// aggregate is the lowering of an aggregate that the IR has.
func aggregate(function ir.AggregateFunction) func(Builder, []Value) Value {
	return func(b Builder, x []Value) Value { return b.Aggregate(function, x[0]) }
}

var aggregates = []Function{
	{Name: "count", Aggregate: true, Star: true, Doc: "The number of rows, or of values that are not NULL.", Overloads: []Overload{
		{Lower: func(b Builder, _ []Value) Value { return b.Aggregate(ir.Count, nil) }},
		{Parameters: []Class{Any}, Lower: aggregate(ir.Count)},
	}},
	{Name: "sum", Aggregate: true, Doc: "The sum of the values, exact for integers and decimals.", Overloads: []Overload{
		{Parameters: []Class{Number}, Lower: aggregate(ir.Sum)},
	}},
	{Name: "avg", Aggregate: true, Doc: "The mean of the values: a decimal for integers and decimals.", Overloads: []Overload{
		{Parameters: []Class{Number}, Lower: lowerAverage},
	}},
	{Name: "min", Aggregate: true, Doc: "The smallest value.", Overloads: []Overload{{Parameters: []Class{Any}, Lower: aggregate(ir.Min)}}},
	{Name: "max", Aggregate: true, Doc: "The largest value.", Overloads: []Overload{{Parameters: []Class{Any}, Lower: aggregate(ir.Max)}}},
	{Name: "bool_and", Aggregate: true, Doc: "Whether all values are true.", Overloads: []Overload{{Parameters: []Class{Boolean}, Lower: aggregate(ir.Min)}}},
	{Name: "bool_or", Aggregate: true, Doc: "Whether any value is true.", Overloads: []Overload{{Parameters: []Class{Boolean}, Lower: aggregate(ir.Max)}}},
	{Name: "any_value", Aggregate: true, Doc: "Some value of the group.", Overloads: []Overload{{Parameters: []Class{Any}, Lower: aggregate(ir.Any)}}},
}

// lowerAverage divides a sum by a count. A group without values has the count 0,
// and the average NULL.
func lowerAverage(b Builder, x []Value) Value {
	t := x[0].Type()
	sum := b.Aggregate(ir.Sum, x[0])
	counted := x[0]
	if !t.Nullable && !b.Distinct() {
		counted = nil // every row counts
	}
	count := b.Aggregate(ir.Count, counted)
	var quotient Value
	if t.IsFloat() {
		quotient = b.Op(ir.OpDivide, sum, b.Cast(count, ir.Of(ir.F64)))
	} else {
		digits := ir.DecimalType(19, 0) // of any count
		quotient = b.Op(ir.OpDivide, b.Cast(sum, ir.DecimalType(ir.MaxDecimalPrecision, int(t.Scale))), b.Cast(count, digits))
	}
	if b.Grouped() && !t.Nullable && !b.Filtered() {
		return quotient
	}
	return b.If(b.Op(ir.OpEqual, count, b.Const(bigint, zero)), b.Null(quotient.Type()), quotient)
}
