package ir

import "github.com/heddle-lang/heddle/internal/diag"

// Module is a unit of compilation: tables, parameters and functions of any level.
type Module struct {
	Tables     []*Table
	Parameters []Parameter // values given when the program starts; literals become parameters during lowering
	States     []*State    // pipe level
	Functions  []*Function
}

// Table finds a table by name, nil if there is none.
func (m *Module) Table(name string) *Table {
	for _, t := range m.Tables {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Function finds a function by name, nil if there is none.
func (m *Module) Function(name string) *Function {
	for _, f := range m.Functions {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// State finds a state by name, nil if there is none.
func (m *Module) State(name string) *State {
	for _, s := range m.States {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Parameter is a value that a module takes when it starts.
type Parameter struct {
	Type  Type
	Value Datum // the value when the parameter came from a literal
	Bound bool  // Value is set; otherwise the caller must give one
}

// Table is a named table that the module reads: its logical schema, and what is
// known of its data.
type Table struct {
	Name    string
	Site    string // where it lives; "" is this process
	Columns []Column
	Rows    int64 // number of rows, -1 when unknown
}

// Column finds a column by name; the index is -1 if there is none.
func (t *Table) Column(name string) (int, *Column) {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i, &t.Columns[i]
		}
	}
	return -1, nil
}

// Column is a column of a table.
type Column struct {
	Name       string
	Type       Type
	Layout     Layout // the form in which compiled code reads it
	Statistics Statistics
}

// Statistics is what is known of the values of a column. Plans may depend on it,
// answers may not: it can be stale or wrong.
type Statistics struct {
	Distinct int64  // estimated number of distinct values, 0 when unknown
	Nulls    int64  // number of NULLs, -1 when unknown
	Min, Max *Datum // nil when unknown
}

// Level is one of the three levels of the IR.
type Level uint8

// The levels. AnyLevel marks scalar ops that may stand at each.
const (
	AnyLevel Level = iota
	FlowLevel
	PipeLevel
	KernLevel
)

func (l Level) String() string { return [...]string{"any", "flow", "pipe", "kern"}[l] }

// Function is a body of ops at one level.
type Function struct {
	Name    string
	Level   Level
	Body    *Block // its arguments are the function's parameters
	Results []Type
	Export  bool // kern: callable from outside the module
	Threads int  // kern: of each block, for a kernel that runs on a GPU; 0 for functions of the CPU
}

// Block is a straight run of ops with arguments. Every region is one block.
type Block struct {
	Arguments []*Value
	Ops       []*Op
	Parent    *Op // the op whose region this is, nil for a function's body
}

// Terminator returns the last op, nil in an empty block.
func (b *Block) Terminator() *Op {
	if len(b.Ops) == 0 {
		return nil
	}
	return b.Ops[len(b.Ops)-1]
}

// AddArgument appends an argument.
func (b *Block) AddArgument(name string, t Type) *Value {
	v := &Value{Name: name, Type: t, Block: b, Index: len(b.Arguments)}
	b.Arguments = append(b.Arguments, v)
	return v
}

// Value is an SSA value: the result of an op or an argument of a block.
type Value struct {
	Name  string // a hint for the printer, may be empty
	Type  Type
	Op    *Op    // the op that defines it, nil for a block argument
	Block *Block // the block whose argument it is, nil for a result
	Index int    // which result or argument
}

// Op is one operation. Its opcode's row in the op table says what the operands,
// results, attributes and regions mean.
type Op struct {
	Code       Opcode
	Operands   []*Value
	Results    []*Value
	Attributes []Attribute
	Regions    []*Block
	Block      *Block // the block that holds the op
	Span       diag.Span
}

// Result returns the only result.
func (op *Op) Result() *Value {
	if len(op.Results) != 1 {
		panic("BUG: Result of an op with " + op.Code.String())
	}
	return op.Results[0]
}

// Info returns the op's row in the op table.
func (op *Op) Info() *OpInfo { return &opTable[op.Code] }

// Attribute is a named constant of an op.
type Attribute struct {
	Name  string
	Value any // one of the types that AttributeKind lists
}

// Attribute returns the value of an attribute, nil if it is not set.
func (op *Op) Attribute(name string) any {
	for i := range op.Attributes {
		if op.Attributes[i].Name == name {
			return op.Attributes[i].Value
		}
	}
	return nil
}

// SetAttribute sets or replaces an attribute.
func (op *Op) SetAttribute(name string, value any) {
	for i := range op.Attributes {
		if op.Attributes[i].Name == name {
			op.Attributes[i].Value = value
			return
		}
	}
	op.Attributes = append(op.Attributes, Attribute{Name: name, Value: value})
}

// AttributeAs returns an attribute as a T, the zero T when it is not set.
func AttributeAs[T any](op *Op, name string) T {
	v, _ := op.Attribute(name).(T)
	return v
}

// Walk calls visit for each op of the block and of the regions inside, in order,
// an op before its regions. Returning false skips the op's regions.
func (b *Block) Walk(visit func(*Op) bool) {
	for _, op := range b.Ops {
		if visit(op) {
			for _, region := range op.Regions {
				region.Walk(visit)
			}
		}
	}
}

// SortKey orders by one column.
type SortKey struct {
	Column     string
	Descending bool
	NullsFirst bool
}

// ScanColumn is a column of a table read under a name of its own.
type ScanColumn struct {
	Name   string // unique in the function
	Source string // the table's name for it
}

// Aggregate is one aggregate of an aggregation.
type Aggregate struct {
	Name     string // of the column that it makes
	Function AggregateFunction
	Distinct bool
	Argument int // index into what the region yields, -1 for count(*)
	Filter   int // index of a boolean in what the region yields, -1 for none
}

// AggregateFunction names an aggregate.
type AggregateFunction uint8

// The aggregate functions. Average and friends are made of these by the front end.
const (
	Count AggregateFunction = iota // of values that are not NULL, or of rows
	Sum
	Min
	Max
	Any // some value of the group that is not NULL, the first in reading order of one worker
)

var aggregateNames = [...]string{Count: "count", Sum: "sum", Min: "min", Max: "max", Any: "any"}

func (f AggregateFunction) String() string { return aggregateNames[f] }

// ResultType is the type of an aggregate over an argument type. sum widens
// (i8 to i32 give i64, i64 and i128 give i128, decimals 38 digits, floats f64);
// everything but count is NULL over no values.
func (f AggregateFunction) ResultType(argument Type) Type {
	switch f {
	case Count:
		return Of(I64)
	case Sum:
		switch argument.Kind {
		case I8, I16, I32:
			return Of(I64).WithNull(true)
		case I64, I128:
			return Of(I128).WithNull(true)
		case Decimal:
			return DecimalType(MaxDecimalPrecision, int(argument.Scale)).WithNull(true)
		case F32, F64:
			return Of(F64).WithNull(true)
		default:
			return Type{}
		}
	default:
		return argument.WithNull(true)
	}
}

// JoinKind says which rows a join gives.
type JoinKind uint8

// The join kinds. Cross joins are inner joins on true.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	SemiJoin // left rows with a match
	AntiJoin // left rows without one
)

var joinNames = [...]string{InnerJoin: "inner", LeftJoin: "left", RightJoin: "right", FullJoin: "full", SemiJoin: "semi", AntiJoin: "anti"}

func (k JoinKind) String() string { return joinNames[k] }
