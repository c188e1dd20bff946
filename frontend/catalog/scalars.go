package catalog

import "github.com/heddle-lang/heddle/ir"

var (
	integer  = ir.Of(ir.I32)
	bigint   = ir.Of(ir.I64)
	text     = ir.Of(ir.String)
	one      = ir.IntDatum(1)
	zero     = ir.IntDatum(0)
	noLetter = ir.TextDatum("")
)

// op is the lowering of a function that is one op.
func op(code ir.Opcode) func(Builder, []Value) Value {
	return func(b Builder, x []Value) Value { return b.Op(code, x...) }
}

var texts = []Function{
	{Name: "substring", Doc: "The characters from a position on (1 is the first), at most so many.", Overloads: []Overload{
		{Parameters: []Class{Text, Position}, Lower: op(ir.OpSubstring)},
		{Parameters: []Class{Text, Position, Position}, Lower: op(ir.OpSubstring)},
	}},
	{Name: "left", Doc: "The first n characters; for a negative n all but the last -n.", Overloads: []Overload{
		{Parameters: []Class{Text, Position}, Lower: lowerLeft},
	}},
	{Name: "right", Doc: "The last n characters; for a negative n all but the first -n.", Overloads: []Overload{
		{Parameters: []Class{Text, Position}, Lower: lowerRight},
	}},
	{Name: "length", Doc: "The number of characters.", Overloads: []Overload{{Parameters: []Class{Text}, Lower: op(ir.OpLength)}}},
	{Name: "upper", Doc: "ASCII letters in upper case, all else as it is.", Overloads: []Overload{{Parameters: []Class{Text}, Lower: op(ir.OpUpper)}}},
	{Name: "lower", Doc: "ASCII letters in lower case, all else as it is.", Overloads: []Overload{{Parameters: []Class{Text}, Lower: op(ir.OpLower)}}},
	{Name: "starts_with", Doc: "Whether the first string begins with the second.", Overloads: []Overload{
		{Parameters: []Class{Text, Text}, Lower: op(ir.OpStartsWith)},
	}},
	{Name: "concat", Doc: "The arguments as strings, one after the other, without those that are NULL.", Overloads: []Overload{
		{Parameters: []Class{AnyText}, Variadic: true, Lower: lowerConcat},
	}},
}

// lowerLeft: a negative length traps in substring, so it is counted from the end.
func lowerLeft(b Builder, x []Value) Value {
	first := b.Const(bigint, one)
	return b.Op(ir.OpSubstring, x[0], first, fromEnd(b, x[0], x[1]))
}

// fromEnd is n, or for a negative n the length of s plus n, at least 0.
func fromEnd(b Builder, s, n Value) Value {
	none := b.Const(bigint, zero)
	rest := b.Op(ir.OpAdd, b.Op(ir.OpLength, s), n)
	return b.If(b.Op(ir.OpGreaterEqual, n, none), n, b.If(b.Op(ir.OpGreater, rest, none), rest, none))
}

func lowerRight(b Builder, x []Value) Value {
	none := b.Const(bigint, zero)
	first := b.Const(bigint, one)
	skipped := b.Op(ir.OpSubtract, b.Op(ir.OpLength, x[0]), x[1])
	start := b.If(b.Op(ir.OpLess, x[1], none), b.Op(ir.OpNegate, x[1]),
		b.If(b.Op(ir.OpGreater, skipped, none), skipped, none))
	return b.Op(ir.OpSubstring, x[0], b.Op(ir.OpAdd, start, first))
}

func lowerConcat(b Builder, x []Value) Value {
	var result Value
	for _, v := range x {
		if v.Type().Nullable {
			v = b.If(b.Op(ir.OpIsNull, v), b.Const(text, noLetter), v)
		}
		if result == nil {
			result = v
		} else {
			result = b.Op(ir.OpConcatenate, result, v)
		}
	}
	return result
}

var conditionals = []Function{
	{Name: "coalesce", Doc: "The first argument that is not NULL.", Overloads: []Overload{{Parameters: []Class{Common}, Variadic: true, Lower: lowerCoalesce}}},
	{Name: "nullif", Doc: "NULL when both arguments are equal, else the first.", Overloads: []Overload{
		{Parameters: []Class{Common, Common}, Lower: func(b Builder, x []Value) Value {
			return b.If(b.Op(ir.OpEqual, x[0], x[1]), b.Null(x[0].Type()), x[0])
		}},
	}},
	{Name: "greatest", Doc: "The largest argument that is not NULL.", Overloads: []Overload{{Parameters: []Class{Common}, Variadic: true, Lower: extreme(ir.OpGreaterEqual)}}},
	{Name: "least", Doc: "The smallest argument that is not NULL.", Overloads: []Overload{{Parameters: []Class{Common}, Variadic: true, Lower: extreme(ir.OpLessEqual)}}},
	{Name: "if", Doc: "The second argument where the first is true, else the third.", Overloads: []Overload{
		{Parameters: []Class{Boolean, Common, Common}, Lower: func(b Builder, x []Value) Value { return b.If(x[0], x[1], x[2]) }},
	}},
}

func lowerCoalesce(b Builder, x []Value) Value {
	last := len(x) - 1
	for i, v := range x { // nothing after a value that is never NULL is reached
		if !v.Type().Nullable {
			last = i
			break
		}
	}
	result := x[last]
	for i := last - 1; i >= 0; i-- {
		result = b.If(b.Op(ir.OpIsNull, x[i]), result, x[i])
	}
	return result
}

// extreme keeps the better of two. Where the first is NULL the comparison is NULL,
// which chooses the second.
func extreme(better ir.Opcode) func(Builder, []Value) Value {
	return func(b Builder, x []Value) Value {
		best := x[0]
		for _, v := range x[1:] {
			keep := b.Op(better, best, v)
			if v.Type().Nullable {
				keep = b.Op(ir.OpOr, b.Op(ir.OpIsNull, v), keep)
			}
			best = b.If(keep, best, v)
		}
		return best
	}
}

var numbers = []Function{
	{Name: "abs", Doc: "The absolute value.", Overloads: []Overload{{Parameters: []Class{Number}, Lower: op(ir.OpAbsolute)}}},
	{Name: "mod", Doc: "The remainder of a division, with the sign of the dividend.", Overloads: []Overload{
		{Parameters: []Class{Common, Common}, Lower: op(ir.OpModulo)},
	}},
	{Name: "sign", Doc: "-1, 0 or 1, as the argument is negative, zero or positive.", Overloads: []Overload{{Parameters: []Class{Number}, Lower: lowerSign}}},
}

func lowerSign(b Builder, x []Value) Value {
	none := b.Cast(b.Const(integer, zero), x[0].Type())
	sign := func(n int64) Value { return b.Const(integer, ir.IntDatum(n)) }
	// Of the comparisons with NULL none holds, so NULL is asked for last.
	rest := sign(0)
	if x[0].Type().Nullable {
		rest = b.If(b.Op(ir.OpIsNull, x[0]), b.Null(integer), rest)
	}
	return b.If(b.Op(ir.OpGreater, x[0], none), sign(1), b.If(b.Op(ir.OpLess, x[0], none), sign(-1), rest))
}

var moments = func() []Function {
	list := []Function{{Name: "date_part", Doc: "A part of a date or timestamp, by its name.", Overloads: []Overload{
		{Parameters: []Class{Part, Moment}}, // the front end lowers it: the part is a literal
	}}}
	for _, part := range ir.ExtractParts {
		list = append(list, Function{Name: part, Doc: "The " + part + " of a date or timestamp.", Overloads: []Overload{
			{Parameters: []Class{Moment}, Lower: func(b Builder, x []Value) Value { return b.Extract(part, x[0]) }},
		}})
	}
	return list
}()
