package ir

import "fmt"

// Scalar ops: the code of expressions, at the flow level inside regions and at
// the pipe level between tuple ops. They have SQL's meaning: NULL is in the type,
// arithmetic is exact and traps on overflow (E0601) and division by zero (E0602);
// floats follow IEEE 754 and do not trap. A trap belongs to a value: it is there
// only for who needs the value.
const (
	OpConst Opcode = 1 + iota
	OpParameter
	OpField
	OpAdd
	OpSubtract
	OpMultiply
	OpDivide
	OpModulo
	OpNegate
	OpAbsolute
	OpEqual
	OpNotEqual
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
	OpIsDistinct
	OpIsNull
	OpAnd
	OpOr
	OpNot
	OpIf
	OpIn
	OpCast
	OpLike
	OpSubstring
	OpConcatenate
	OpLength
	OpUpper
	OpLower
	OpStartsWith
	OpExtract
	OpAddInterval
	OpAddDays
	OpDaysBetween
	OpYield
)

func init() {
	define(OpConst, OpInfo{
		Name: "const", Signature: "-> T", Traits: Pure, ExplicitType: true,
		Attributes: []AttributeInfo{{Name: "value", Kind: AttrDatum, Doc: "the literal"}, {Name: "type", Kind: AttrType, Doc: "its type"}},
		Doc:        "A literal. NULL needs a nullable type.", Infer: inferExplicit,
	})
	define(OpParameter, OpInfo{
		Name: "parameter", Signature: "-> T", Traits: Pure, ExplicitType: true,
		Attributes: []AttributeInfo{{Name: "index", Kind: AttrInt, Doc: "which parameter of the module, from 0"}, {Name: "type", Kind: AttrType, Doc: "its type"}},
		Doc:        "A value given when the program starts.", Infer: inferExplicit,
	})
	define(OpField, OpInfo{
		Name: "field", Operands: 1, Signature: "struct -> T", Traits: Pure,
		Attributes: []AttributeInfo{{Name: "name", Kind: AttrString, Doc: "the column"}},
		Doc:        "A column of a row.", Infer: inferField,
	})
	for code, op := range map[Opcode]struct {
		name, doc string
		traits    Traits
	}{
		OpAdd:      {"add", "Sum. Decimals keep the larger scale.", Commutative},
		OpSubtract: {"sub", "Difference. Decimals keep the larger scale.", 0},
		OpMultiply: {"mul", "Product. Decimals add their scales.", Commutative},
		OpDivide:   {"div", "Quotient: integers truncate towards zero, floats follow IEEE 754, decimals give decimal<38,s> with s = max(12, both scales), rounded half away from zero.", 0},
		OpModulo:   {"mod", "Remainder with the sign of the dividend.", 0},
	} {
		define(code, OpInfo{
			Name: op.name, Operands: 2, Signature: "T, T -> T (numbers)", Traits: Pure | MayTrap | NullStrict | op.traits,
			Doc: op.doc, Infer: inferArithmetic(code),
		})
	}
	define(OpNegate, OpInfo{Name: "neg", Operands: 1, Signature: "T -> T (numbers, interval)", Traits: Pure | MayTrap | NullStrict, Doc: "Negation.", Infer: inferSame(Type.isSigned)})
	define(OpAbsolute, OpInfo{Name: "abs", Operands: 1, Signature: "T -> T (numbers)", Traits: Pure | MayTrap | NullStrict, Doc: "Absolute value.", Infer: inferSame(Type.IsNumeric)})
	for code, op := range map[Opcode]struct{ name, doc string }{
		OpEqual: {"eq", "Equal."}, OpNotEqual: {"ne", "Not equal."},
		OpLess: {"lt", "Less. Strings compare by bytes, floats put NaN last, false is less than true."}, OpLessEqual: {"le", "Less or equal."},
		OpGreater: {"gt", "Greater."}, OpGreaterEqual: {"ge", "Greater or equal."},
	} {
		traits := Pure | NullStrict
		if code == OpEqual || code == OpNotEqual {
			traits |= Commutative
		}
		define(code, OpInfo{Name: op.name, Operands: 2, Signature: "T, T -> bool", Traits: traits, Doc: op.doc, Infer: inferComparison})
	}
	define(OpIsDistinct, OpInfo{Name: "is_distinct", Operands: 2, Signature: "T, T -> bool", Traits: Pure | Commutative, Doc: "Not equal, where NULL equals NULL; never NULL itself.", Infer: func(op *Op) ([]Type, error) {
		if _, err := inferComparison(op); err != nil {
			return nil, err
		}
		return []Type{Of(Bool)}, nil
	}})
	define(OpIsNull, OpInfo{Name: "is_null", Operands: 1, Signature: "T -> bool", Traits: Pure, Doc: "Whether the value is NULL.", Infer: func(*Op) ([]Type, error) { return []Type{Of(Bool)}, nil }})
	define(OpAnd, OpInfo{Name: "and", Operands: Variadic, Signature: "bool... -> bool", Traits: Pure, Doc: "Three-valued conjunction, left to right: what stands right of a false is not evaluated for its traps.", Infer: inferLogical})
	define(OpOr, OpInfo{Name: "or", Operands: Variadic, Signature: "bool... -> bool", Traits: Pure, Doc: "Three-valued disjunction, left to right: what stands right of a true is not evaluated for its traps.", Infer: inferLogical})
	define(OpNot, OpInfo{Name: "not", Operands: 1, Signature: "bool -> bool", Traits: Pure | NullStrict, Doc: "Three-valued negation.", Infer: inferLogical})
	define(OpIf, OpInfo{
		Name: "if", Operands: 1, Signature: "bool -> T", Traits: Pure,
		Regions: []RegionInfo{{Name: "then", Doc: "yields the result when the condition is true"}, {Name: "else", Doc: "yields it when the condition is false or NULL"}},
		Doc:     "One of two values; only the chosen region is evaluated.", Infer: inferIf,
	})
	define(OpIn, OpInfo{
		Name: "in", Operands: 1, Signature: "T -> bool", Traits: Pure,
		Attributes: []AttributeInfo{{Name: "values", Kind: AttrData, Doc: "literals of the operand's type; a NULL among them makes a miss NULL"}},
		Doc:        "Membership in a list of literals.",
		Infer: func(op *Op) ([]Type, error) {
			nullable := op.Operands[0].Type.Nullable
			for _, d := range AttributeAs[[]Datum](op, "values") {
				nullable = nullable || d.Null
			}
			return []Type{Of(Bool).WithNull(nullable)}, nil
		},
	})
	define(OpCast, OpInfo{
		Name: "cast", Operands: 1, Signature: "T -> U", Traits: Pure | MayTrap, ExplicitType: true,
		Attributes: []AttributeInfo{{Name: "type", Kind: AttrType, Doc: "the target type; nullable exactly when the operand is, or to make a value nullable"}},
		Doc:        "Conversion; traps (E0603) where the value does not fit. Decimals round half away from zero, also from the exact value of a float; floats to integers half to even; to floats the nearest one.",
		Infer: func(op *Op) ([]Type, error) {
			target := AttributeAs[Type](op, "type")
			if op.Operands[0].Type.Nullable && !target.Nullable {
				return nil, fmt.Errorf("a cast cannot drop NULL: %s to %s", op.Operands[0].Type, target)
			}
			return []Type{target}, nil
		},
	})
	define(OpLike, OpInfo{
		Name: "like", Operands: 2, Signature: "string, string -> bool", Traits: Pure | NullStrict | MayTrap,
		Attributes: []AttributeInfo{
			{Name: "escape", Kind: AttrString, Optional: true, Doc: "the escape character, a backslash when not set, none when empty"},
			{Name: "insensitive", Kind: AttrBool, Optional: true, Doc: "ASCII letters match in both cases (ILIKE)"},
		},
		Doc: "SQL LIKE: % is any run of characters, _ any one character. Traps on a pattern that ends in the escape character.", Infer: inferText(Of(Bool), 2),
	})
	define(OpSubstring, OpInfo{
		Name: "substring", Operands: Variadic, Signature: "string, i64[, i64] -> string", Traits: Pure | NullStrict | MayTrap,
		Doc: "Characters from a position (1 is the first; before it counts towards the length) on, at most a length; a negative length traps.",
		Infer: func(op *Op) ([]Type, error) {
			if n := len(op.Operands); n != 2 && n != 3 {
				return nil, fmt.Errorf("substring takes 2 or 3 operands, not %d", n)
			}
			if op.Operands[0].Type.Kind != String || op.Operands[1].Type.Kind != I64 || op.Operands[len(op.Operands)-1].Type.Kind != I64 {
				return nil, fmt.Errorf("substring takes string, i64 and i64")
			}
			return []Type{Of(String).WithNull(anyNullable(op))}, nil
		},
	})
	define(OpConcatenate, OpInfo{Name: "concat", Operands: 2, Signature: "string, string -> string", Traits: Pure | NullStrict, Doc: "One string after the other.", Infer: inferText(Of(String), 2)})
	define(OpLength, OpInfo{Name: "length", Operands: 1, Signature: "string -> i64", Traits: Pure | NullStrict, Doc: "Number of characters.", Infer: inferText(Of(I64), 1)})
	define(OpUpper, OpInfo{Name: "upper", Operands: 1, Signature: "string -> string", Traits: Pure | NullStrict, Doc: "ASCII letters in upper case; other characters as they are.", Infer: inferText(Of(String), 1)})
	define(OpLower, OpInfo{Name: "lower", Operands: 1, Signature: "string -> string", Traits: Pure | NullStrict, Doc: "ASCII letters in lower case; other characters as they are.", Infer: inferText(Of(String), 1)})
	define(OpStartsWith, OpInfo{Name: "starts_with", Operands: 2, Signature: "string, string -> bool", Traits: Pure | NullStrict, Doc: "Whether the first string begins with the second.", Infer: inferText(Of(Bool), 2)})
	define(OpExtract, OpInfo{
		Name: "extract", Operands: 1, Signature: "date|timestamp -> i64", Traits: Pure | NullStrict,
		Attributes: []AttributeInfo{{Name: "part", Kind: AttrString, Doc: "year, quarter, month, day, dow (0 is Sunday), doy, hour, minute, second (whole), epoch (whole seconds)"}},
		Doc:        "A part of a date or timestamp.",
		Infer: func(op *Op) ([]Type, error) {
			if k := op.Operands[0].Type.Kind; k != Date && k != Timestamp && k != TimestampTZ {
				return nil, fmt.Errorf("extract takes a date or a timestamp, not %s", op.Operands[0].Type)
			}
			return []Type{Of(I64).WithNull(anyNullable(op))}, nil
		},
	})
	define(OpAddInterval, OpInfo{
		Name: "add_interval", Operands: 2, Signature: "date|timestamp, interval -> timestamp", Traits: Pure | NullStrict | MayTrap,
		Doc: "Moves by months (the day is cut to the month's last), then days, then microseconds. A date counts as its midnight.",
		Infer: func(op *Op) ([]Type, error) {
			t := op.Operands[0].Type
			if op.Operands[1].Type.Kind != Interval || t.Kind != Date && t.Kind != Timestamp && t.Kind != TimestampTZ {
				return nil, fmt.Errorf("add_interval takes a date or timestamp and an interval, not %s and %s", t, op.Operands[1].Type)
			}
			if t.Kind == Date {
				t.Kind = Timestamp
			}
			return []Type{t.WithNull(anyNullable(op))}, nil
		},
	})
	define(OpAddDays, OpInfo{
		Name: "add_days", Operands: 2, Signature: "date, i32 -> date", Traits: Pure | NullStrict | MayTrap, Doc: "The date so many days later (earlier when negative).",
		Infer: func(op *Op) ([]Type, error) {
			if op.Operands[0].Type.Kind != Date || op.Operands[1].Type.Kind != I32 {
				return nil, fmt.Errorf("add_days takes a date and an i32")
			}
			return []Type{Of(Date).WithNull(anyNullable(op))}, nil
		},
	})
	define(OpDaysBetween, OpInfo{
		Name: "days_between", Operands: 2, Signature: "date, date -> i32", Traits: Pure | NullStrict | MayTrap, Doc: "Days from the second date to the first.",
		Infer: func(op *Op) ([]Type, error) {
			if op.Operands[0].Type.Kind != Date || op.Operands[1].Type.Kind != Date {
				return nil, fmt.Errorf("days_between takes two dates")
			}
			return []Type{Of(I32).WithNull(anyNullable(op))}, nil
		},
	})
	define(OpYield, OpInfo{Name: "yield", Operands: Variadic, Signature: "T...", Traits: Terminator, Doc: "Gives the values of a region."})
}

func inferExplicit(op *Op) ([]Type, error) {
	return []Type{AttributeAs[Type](op, "type")}, nil
}

func inferField(op *Op) ([]Type, error) {
	name := AttributeAs[string](op, "name")
	index, t := op.Operands[0].Type.Field(name)
	if index < 0 {
		return nil, fmt.Errorf("no field %q in %s", name, op.Operands[0].Type)
	}
	return []Type{t}, nil
}

func anyNullable(op *Op) bool {
	for _, v := range op.Operands {
		if v.Type.Nullable {
			return true
		}
	}
	return false
}

func (t Type) isSigned() bool { return t.IsNumeric() || t.Kind == Interval }

func inferSame(accepts func(Type) bool) func(*Op) ([]Type, error) {
	return func(op *Op) ([]Type, error) {
		if !accepts(op.Operands[0].Type) {
			return nil, fmt.Errorf("%s does not take %s", op.Code, op.Operands[0].Type)
		}
		return []Type{op.Operands[0].Type}, nil
	}
}

func inferArithmetic(code Opcode) func(*Op) ([]Type, error) {
	return func(op *Op) ([]Type, error) {
		result, err := ArithmeticType(code, op.Operands[0].Type, op.Operands[1].Type)
		return []Type{result}, err
	}
}

// ArithmeticType gives the result type of add, sub, mul, div and mod. Integers and
// floats must have one type; decimals may differ in precision and scale.
func ArithmeticType(code Opcode, left, right Type) (Type, error) {
	nullable := left.Nullable || right.Nullable
	if !left.IsNumeric() || left.Kind != right.Kind {
		return Type{}, fmt.Errorf("%s does not take %s and %s", code, left, right)
	}
	if left.Kind != Decimal {
		return left.WithNull(nullable), nil
	}
	p1, s1, p2, s2 := int(left.Precision), int(left.Scale), int(right.Precision), int(right.Scale)
	scale := max(s1, s2)
	var precision int
	switch code {
	case OpAdd, OpSubtract:
		precision = max(p1-s1, p2-s2) + scale + 1
	case OpMultiply:
		precision, scale = p1+p2, s1+s2
		if scale > MaxDecimalPrecision {
			return Type{}, fmt.Errorf("the product of %s and %s has more than 38 digits after the point", left, right)
		}
	case OpDivide:
		precision, scale = MaxDecimalPrecision, max(scale, MinimumDivisionScale)
	case OpModulo:
		precision = min(p1-s1, p2-s2) + scale
	default:
		panic("BUG: no arithmetic: " + code.String())
	}
	return DecimalType(max(1, min(precision, MaxDecimalPrecision)), scale).WithNull(nullable), nil
}

// MinimumDivisionScale is the least number of digits after the point that a
// decimal quotient has.
const MinimumDivisionScale = 12

func inferComparison(op *Op) ([]Type, error) {
	left, right := op.Operands[0].Type, op.Operands[1].Type
	if !left.Same(right) || !left.IsScalar() {
		return nil, fmt.Errorf("%s does not take %s and %s", op.Code, left, right)
	}
	return []Type{Of(Bool).WithNull(left.Nullable || right.Nullable)}, nil
}

func inferLogical(op *Op) ([]Type, error) {
	for _, v := range op.Operands {
		if v.Type.Kind != Bool {
			return nil, fmt.Errorf("%s takes bool, not %s", op.Code, v.Type)
		}
	}
	return []Type{Of(Bool).WithNull(anyNullable(op))}, nil
}

func inferText(result Type, operands int) func(*Op) ([]Type, error) {
	return func(op *Op) ([]Type, error) {
		for _, v := range op.Operands[:operands] {
			if v.Type.Kind != String {
				return nil, fmt.Errorf("%s takes string, not %s", op.Code, v.Type)
			}
		}
		return []Type{result.WithNull(anyNullable(op))}, nil
	}
}

func inferIf(op *Op) ([]Type, error) {
	if op.Operands[0].Type.Kind != Bool {
		return nil, fmt.Errorf("if takes bool, not %s", op.Operands[0].Type)
	}
	then, otherwise := op.Regions[0].Terminator(), op.Regions[1].Terminator()
	if then == nil || otherwise == nil || then.Code != OpYield || otherwise.Code != OpYield || len(then.Operands) != len(otherwise.Operands) {
		return nil, fmt.Errorf("the regions of if must yield the same number of values")
	}
	types := make([]Type, len(then.Operands))
	for i := range types {
		a, b := then.Operands[i].Type, otherwise.Operands[i].Type
		if !a.Same(b) {
			return nil, fmt.Errorf("the regions of if yield %s and %s", a, b)
		}
		types[i] = a.OrNull(b.Nullable)
	}
	return types, nil
}
