package ir

import "fmt"

// StateKind says what a state is.
type StateKind uint8

// The kinds of states.
const (
	BufferState    StateKind = iota // rows in no order: results, inputs of several readers
	HashTableState                  // rows found by key: the build side of a join
	AggregateState                  // groups with partial aggregates, merged by key
	SortState                       // rows read in order, perhaps only the first of them
)

var stateNames = [...]string{BufferState: "buffer", HashTableState: "hash_table", AggregateState: "aggregate", SortState: "sort"}

func (k StateKind) String() string { return stateNames[k] }

// State is what pipelines build and later ones read. Its rows are written by
// several workers without coordination and merged by a function that is
// associative and commutative (the aggregates; concatenation for the others).
type State struct {
	Name   string
	Kind   StateKind
	Fields []Field // of its rows, as a reader sees them
	Keys   int     // HashTableState, AggregateState: the first Keys fields are the key
	// Aggregates combine the fields after the keys, one each (AggregateState).
	Aggregates []AggregateFunction
	Order      []SortKey // SortState
	Limit      int64     // SortState, BufferState: rows that are read, -1 for all
	Offset     int64     // SortState, BufferState: rows that are left out first
	// Unmatched is set when rows that no probe met are read afterwards (right and
	// full joins), so each row carries a mark (HashTableState).
	Unmatched bool
	Estimate  float64 // rows that are expected, 0 when unknown
}

// Pipe ops. A pipeline is a function at the pipe level: a source, a straight run of
// tuple ops, and one end. Values between them are the columns of the current tuple.
// What follows where or probe runs once for each tuple that comes through.
const (
	OpSourceTable Opcode = 150 + iota
	OpSourceState
	OpSourceUnmatched
	OpSourceValues
	OpWhere
	OpProbe
	OpBuild
	OpAggregateInto
	OpSortInto
	OpEmit
	OpRun
	OpResult
)

func init() {
	stateAttribute := AttributeInfo{Name: "state", Kind: AttrSymbol, Doc: "the state"}
	fields := AttributeInfo{Name: "fields", Kind: AttrFields, Doc: "names and types of the results"}
	define(OpSourceTable, OpInfo{
		Name: "source_table", Level: PipeLevel, Signature: "-> T...",
		Attributes: []AttributeInfo{
			{Name: "table", Kind: AttrSymbol, Doc: "the table"},
			{Name: "columns", Kind: AttrScanColumns, Doc: "columns to read"},
			fields,
		},
		Doc: "Each row of a table.", Infer: inferFields,
	})
	define(OpSourceState, OpInfo{
		Name: "source_state", Level: PipeLevel, Signature: "-> T...", Attributes: []AttributeInfo{stateAttribute, fields},
		Doc: "Each row of a state that is complete.", Infer: inferFields,
	})
	define(OpSourceUnmatched, OpInfo{
		Name: "source_unmatched", Level: PipeLevel, Signature: "-> T...", Attributes: []AttributeInfo{stateAttribute, fields},
		Doc: "Each row of a hash table that no probe met.", Infer: inferFields,
	})
	define(OpSourceValues, OpInfo{
		Name: "source_values", Level: PipeLevel, Signature: "-> T...",
		Attributes: []AttributeInfo{{Name: "rows", Kind: AttrRows, Doc: "literals, row by row"}, fields},
		Doc:        "Each of some literal rows.", Infer: inferFields,
	})
	define(OpWhere, OpInfo{
		Name: "where", Level: PipeLevel, Operands: 1, Signature: "bool", Doc: "Stops the tuple unless the condition is true.",
	})
	define(OpProbe, OpInfo{
		Name: "probe", Level: PipeLevel, Operands: Variadic, Signature: "key... -> T...",
		Attributes: []AttributeInfo{
			stateAttribute,
			{Name: "kind", Kind: AttrJoinKind, Doc: "inner, left, semi or anti, seen from the tuple; right and full mark the rows they meet"},
			{Name: "null_safe", Kind: AttrBool, Optional: true, Doc: "NULL keys meet NULL keys"},
			fields,
		},
		Regions: []RegionInfo{{Name: "condition", Doc: "the row of the state to bool: whether a row with an equal key is a match", Arguments: func(op *Op) []Type {
			return []Type{StructType(AttributeAs[[]Field](op, "fields")...)}
		}}},
		Doc: "Goes on once for each match in a hash table: inner and right joins with its fields, left and full joins also once with NULLs when there is none; semi goes on once when there is a match, anti when there is none, without fields.", Infer: inferProbe,
	})
	for code, op := range map[Opcode]struct{ name, doc string }{
		OpBuild:         {"build", "Adds a row to a hash table; rows with a NULL in the key of a table that is never read unmatched are dropped."},
		OpAggregateInto: {"aggregate_into", "Updates the group of the keys. Operands: the keys; then for each aggregate its argument, or for count a bool that says whether to count."},
		OpSortInto:      {"sort_into", "Adds a row to a sort."},
		OpEmit:          {"emit", "Adds a row to a buffer."},
	} {
		define(code, OpInfo{Name: op.name, Level: PipeLevel, Operands: Variadic, Signature: "T...", Attributes: []AttributeInfo{stateAttribute}, Traits: Terminator, Doc: op.doc})
	}
}

func init() {
	define(OpRun, OpInfo{
		Name: "run", Level: PipeLevel, Attributes: []AttributeInfo{{Name: "pipeline", Kind: AttrSymbol, Doc: "the function"}},
		Doc: "Runs a pipeline to its end, on all workers. The entry function of a module at the pipe level is a list of these and a result.",
	})
	define(OpResult, OpInfo{
		Name: "result", Level: PipeLevel, Traits: Terminator,
		Attributes: []AttributeInfo{
			{Name: "state", Kind: AttrSymbol, Doc: "the state that holds the result"},
			{Name: "columns", Kind: AttrNames, Doc: "fields of its rows, in order; one may stand twice"},
			{Name: "labels", Kind: AttrNames, Doc: "what people call them"},
		},
		Doc: "The result of the program.",
	})
}

func inferFields(op *Op) ([]Type, error) {
	fields := AttributeAs[[]Field](op, "fields")
	types := make([]Type, len(fields))
	for i, f := range fields {
		types[i] = f.Type
	}
	return types, nil
}

func inferProbe(op *Op) ([]Type, error) {
	yield := op.Regions[0].Terminator()
	if yield == nil || yield.Code != OpYield || len(yield.Operands) != 1 || yield.Operands[0].Type.Kind != Bool {
		return nil, fmt.Errorf("the region of probe must yield one bool")
	}
	types, err := inferFields(op)
	if err != nil {
		return nil, err
	}
	switch kind := AttributeAs[JoinKind](op, "kind"); kind {
	case SemiJoin, AntiJoin:
		return nil, nil
	case LeftJoin, FullJoin:
		for i := range types {
			types[i].Nullable = true
		}
	case InnerJoin, RightJoin: // hand on what the table holds
	}
	return types, nil
}
