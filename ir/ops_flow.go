package ir

import "fmt"

// Flow ops: operators over collections.
const (
	OpScan Opcode = 100 + iota
	OpValues
	OpFilter
	OpProject
	OpJoin
	OpAggregate
	OpSort
	OpLimit
	OpTopK
	OpUnion
	OpReturn
)

func rowOfOperand(index int) func(*Op) []Type {
	return func(op *Op) []Type { return []Type{op.Operands[index].Type.Row()} }
}

func init() {
	define(OpScan, OpInfo{
		Name: "scan", Level: FlowLevel, Signature: "-> bag", Traits: Pure | Monotone | Partitionable, ExplicitType: true,
		Attributes: []AttributeInfo{
			{Name: "table", Kind: AttrSymbol, Doc: "the table"},
			{Name: "columns", Kind: AttrScanColumns, Doc: "the columns that are read, each under a name of its own"},
			{Name: "type", Kind: AttrType, Doc: "bag of these columns"},
		},
		Doc: "The rows of a table.", Infer: inferExplicit,
	})
	define(OpValues, OpInfo{
		Name: "values", Level: FlowLevel, Signature: "-> bag", Traits: Pure | Monotone, ExplicitType: true,
		Attributes: []AttributeInfo{
			{Name: "rows", Kind: AttrRows, Doc: "literals, row by row"},
			{Name: "type", Kind: AttrType, Doc: "bag of the columns; may have none (one row without columns is the input of SELECT without FROM)"},
		},
		Doc: "Rows written in the program.", Infer: inferExplicit,
	})
	define(OpFilter, OpInfo{
		Name: "filter", Level: FlowLevel, Operands: 1, Signature: "bag -> bag", Traits: Pure | Monotone | Partitionable,
		Regions: []RegionInfo{{Name: "condition", Doc: "row to bool; rows for which it is true stay", Arguments: rowOfOperand(0)}},
		Doc:     "The rows for which a condition is true.",
		Infer: func(op *Op) ([]Type, error) {
			yield := op.Regions[0].Terminator()
			if yield == nil || yield.Code != OpYield || len(yield.Operands) != 1 || yield.Operands[0].Type.Kind != Bool {
				return nil, fmt.Errorf("the region of filter must yield one bool")
			}
			return []Type{op.Operands[0].Type}, nil
		},
	})
	define(OpProject, OpInfo{
		Name: "project", Level: FlowLevel, Operands: 1, Signature: "bag -> bag", Traits: Pure | Monotone | Partitionable,
		Attributes: []AttributeInfo{{Name: "names", Kind: AttrNames, Doc: "names of the columns that it makes, one for each value that the region yields"}},
		Regions:    []RegionInfo{{Name: "values", Doc: "row to the new row's values", Arguments: rowOfOperand(0)}},
		Doc:        "A new row for each row. A column that is passed through as it is keeps its name.",
		Infer: func(op *Op) ([]Type, error) {
			names := AttributeAs[[]string](op, "names")
			yield := op.Regions[0].Terminator()
			if yield == nil || yield.Code != OpYield || len(yield.Operands) != len(names) {
				return nil, fmt.Errorf("the region of project must yield a value for each of its %d names", len(names))
			}
			fields := make([]Field, len(names))
			for i, name := range names {
				fields[i] = Field{Name: name, Type: yield.Operands[i].Type}
			}
			return []Type{BagType(fields...)}, nil
		},
	})
	define(OpJoin, OpInfo{
		Name: "join", Level: FlowLevel, Operands: 2, Signature: "bag, bag -> bag", Traits: Pure,
		Attributes: []AttributeInfo{{Name: "kind", Kind: AttrJoinKind, Doc: "inner, left, right, full, semi or anti"}},
		Regions: []RegionInfo{{Name: "condition", Doc: "left row, right row to bool", Arguments: func(op *Op) []Type {
			return []Type{op.Operands[0].Type.Row(), op.Operands[1].Type.Row()}
		}}},
		Doc: "Pairs of rows for which a condition is true; left, right and full joins also give rows without a partner, NULL on the other side; semi and anti joins give left rows with and without one.", Infer: inferJoin,
	})
	define(OpAggregate, OpInfo{
		Name: "aggregate", Level: FlowLevel, Operands: 1, Signature: "bag -> bag", Traits: Pure,
		Attributes: []AttributeInfo{
			{Name: "keys", Kind: AttrNames, Doc: "columns of the input to group by; NULL equals NULL; none makes one group, even of no rows"},
			{Name: "aggregates", Kind: AttrAggregates, Doc: "what to compute for each group"},
		},
		Regions: []RegionInfo{{Name: "arguments", Doc: "row to the arguments of the aggregates", Arguments: rowOfOperand(0)}},
		Doc:     "One row for each group: the keys, then the aggregates. Without aggregates it is DISTINCT.", Infer: inferAggregate,
	})
	define(OpSort, OpInfo{
		Name: "sort", Level: FlowLevel, Operands: 1, Signature: "bag -> bag", Traits: Pure,
		Attributes: []AttributeInfo{{Name: "keys", Kind: AttrSortKeys, Doc: "columns, most significant first"}},
		Doc:        "The same rows in order; equal rows in any order.", Infer: inferKeepBag,
	})
	define(OpLimit, OpInfo{
		Name: "limit", Level: FlowLevel, Operands: 1, Signature: "bag -> bag", Traits: Pure,
		Attributes: []AttributeInfo{{Name: "count", Kind: AttrInt, Doc: "at most so many rows, -1 for all"}, {Name: "offset", Kind: AttrInt, Doc: "after leaving out so many"}},
		Doc:        "Some of the rows; the first ones where the input is ordered.", Infer: inferKeepBag,
	})
	define(OpTopK, OpInfo{
		Name: "topk", Level: FlowLevel, Operands: 1, Signature: "bag -> bag", Traits: Pure,
		Attributes: []AttributeInfo{
			{Name: "keys", Kind: AttrSortKeys, Doc: "columns, most significant first"},
			{Name: "count", Kind: AttrInt, Doc: "at most so many rows"},
			{Name: "offset", Kind: AttrInt, Doc: "after leaving out so many"},
		},
		Doc: "A sort and a limit in one, in memory for count + offset rows.", Infer: inferKeepBag,
	})
	define(OpUnion, OpInfo{
		Name: "union", Level: FlowLevel, Operands: Variadic, Signature: "bag... -> bag", Traits: Pure | Monotone | Partitionable,
		Attributes: []AttributeInfo{{Name: "names", Kind: AttrNames, Doc: "names of the result's columns, by position"}},
		Doc:        "All rows of all inputs (UNION ALL). Column types must be the same but for NULL-ness.", Infer: inferUnion,
	})
	define(OpReturn, OpInfo{
		Name: "return", Level: FlowLevel, Operands: 1, Signature: "bag", Traits: Terminator,
		Attributes: []AttributeInfo{
			{Name: "columns", Kind: AttrNames, Doc: "columns of the result, in order; one may stand twice"},
			{Name: "labels", Kind: AttrNames, Doc: "what people call them; need not be unique"},
		},
		Doc: "The result of the flow.",
	})
}

func inferKeepBag(op *Op) ([]Type, error) {
	for _, key := range AttributeAs[[]SortKey](op, "keys") {
		if index, _ := op.Operands[0].Type.Field(key.Column); index < 0 {
			return nil, fmt.Errorf("no column %q to order by in %s", key.Column, op.Operands[0].Type)
		}
	}
	return []Type{op.Operands[0].Type}, nil
}

func inferJoin(op *Op) ([]Type, error) {
	yield := op.Regions[0].Terminator()
	if yield == nil || yield.Code != OpYield || len(yield.Operands) != 1 || yield.Operands[0].Type.Kind != Bool {
		return nil, fmt.Errorf("the region of join must yield one bool")
	}
	kind := AttributeAs[JoinKind](op, "kind")
	left, right := op.Operands[0].Type.Fields, op.Operands[1].Type.Fields
	if kind == SemiJoin || kind == AntiJoin {
		return []Type{op.Operands[0].Type}, nil
	}
	fields := make([]Field, 0, len(left)+len(right))
	for _, f := range left {
		fields = append(fields, Field{f.Name, f.Type.OrNull(kind == RightJoin || kind == FullJoin)})
	}
	for _, f := range right {
		if index, _ := op.Operands[0].Type.Field(f.Name); index >= 0 {
			return nil, fmt.Errorf("both sides of join have a column %q", f.Name)
		}
		fields = append(fields, Field{f.Name, f.Type.OrNull(kind == LeftJoin || kind == FullJoin)})
	}
	return []Type{BagType(fields...)}, nil
}

func inferAggregate(op *Op) ([]Type, error) {
	yield := op.Regions[0].Terminator()
	if yield == nil || yield.Code != OpYield {
		return nil, fmt.Errorf("the region of aggregate must yield the arguments")
	}
	keys := AttributeAs[[]string](op, "keys")
	var fields []Field
	for _, key := range keys {
		index, t := op.Operands[0].Type.Field(key)
		if index < 0 {
			return nil, fmt.Errorf("no column %q to group by in %s", key, op.Operands[0].Type)
		}
		fields = append(fields, Field{key, t})
	}
	for _, a := range AttributeAs[[]Aggregate](op, "aggregates") {
		var argument Type
		if a.Argument >= len(yield.Operands) || a.Filter >= len(yield.Operands) {
			return nil, fmt.Errorf("aggregate %q uses a value that the region does not yield", a.Name)
		}
		if a.Argument >= 0 {
			argument = yield.Operands[a.Argument].Type
		} else if a.Function != Count {
			return nil, fmt.Errorf("aggregate %q needs an argument", a.Name)
		}
		if a.Filter >= 0 && yield.Operands[a.Filter].Type.Kind != Bool {
			return nil, fmt.Errorf("the filter of aggregate %q is %s, not bool", a.Name, yield.Operands[a.Filter].Type)
		}
		result := a.Function.ResultType(argument)
		if result.Kind == Invalid {
			return nil, fmt.Errorf("%s does not take %s", a.Function, argument)
		}
		// With keys every group has a row, so only the argument's NULLs matter.
		if a.Function != Count && len(keys) > 0 && a.Filter < 0 {
			result.Nullable = argument.Nullable
		}
		fields = append(fields, Field{a.Name, result})
	}
	return []Type{BagType(fields...)}, nil
}

func inferUnion(op *Op) ([]Type, error) {
	names := AttributeAs[[]string](op, "names")
	if len(op.Operands) == 0 {
		return nil, fmt.Errorf("union of nothing")
	}
	fields := make([]Field, len(names))
	for i, input := range op.Operands {
		if len(input.Type.Fields) != len(names) {
			return nil, fmt.Errorf("union of %d columns with %d", len(names), len(input.Type.Fields))
		}
		for c, f := range input.Type.Fields {
			if i == 0 {
				fields[c] = Field{names[c], f.Type}
				continue
			}
			if !fields[c].Type.Same(f.Type) {
				return nil, fmt.Errorf("union of %s with %s in column %q", fields[c].Type, f.Type, names[c])
			}
			fields[c].Type.Nullable = fields[c].Type.Nullable || f.Type.Nullable
		}
	}
	return []Type{BagType(fields...)}, nil
}
