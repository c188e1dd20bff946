package ir

// Typed views of ops, so that passes need not spell attribute names. Each takes an
// op of its opcode; another is a broken invariant.

func (op *Op) must(code Opcode) {
	if op.Code != code {
		panic("BUG: " + op.Code.String() + " taken for " + code.String())
	}
}

// Scan is a view of OpScan.
type Scan struct {
	Table   string
	Columns []ScanColumn
	Type    Type
}

// AsScan views a scan.
func AsScan(op *Op) Scan {
	op.must(OpScan)
	return Scan{string(AttributeAs[Symbol](op, "table")), AttributeAs[[]ScanColumn](op, "columns"), AttributeAs[Type](op, "type")}
}

// Values is a view of OpValues.
type Values struct {
	Rows [][]Datum
	Type Type
}

// AsValues views literal rows.
func AsValues(op *Op) Values {
	op.must(OpValues)
	return Values{AttributeAs[[][]Datum](op, "rows"), AttributeAs[Type](op, "type")}
}

// Filter is a view of OpFilter.
type Filter struct {
	Input  *Value
	Region *Block
	Row    *Value // the region's argument
	Yield  *Value // the condition
}

// AsFilter views a filter.
func AsFilter(op *Op) Filter {
	op.must(OpFilter)
	region := op.Regions[0]
	return Filter{op.Operands[0], region, region.Arguments[0], region.Terminator().Operands[0]}
}

// Project is a view of OpProject.
type Project struct {
	Input  *Value
	Names  []string
	Region *Block
	Row    *Value
	Yields []*Value // one for each name
}

// AsProject views a projection.
func AsProject(op *Op) Project {
	op.must(OpProject)
	region := op.Regions[0]
	return Project{op.Operands[0], AttributeAs[[]string](op, "names"), region, region.Arguments[0], region.Terminator().Operands}
}

// Join is a view of OpJoin.
type Join struct {
	Left, Right       *Value
	Kind              JoinKind
	Region            *Block
	LeftRow, RightRow *Value
	Yield             *Value // the condition
}

// AsJoin views a join.
func AsJoin(op *Op) Join {
	op.must(OpJoin)
	region := op.Regions[0]
	return Join{op.Operands[0], op.Operands[1], AttributeAs[JoinKind](op, "kind"), region, region.Arguments[0], region.Arguments[1], region.Terminator().Operands[0]}
}

// Aggregation is a view of OpAggregate.
type Aggregation struct {
	Input      *Value
	Keys       []string
	Aggregates []Aggregate
	Region     *Block
	Row        *Value
	Yields     []*Value // what Argument and Filter of the aggregates index
}

// AsAggregate views an aggregation.
func AsAggregate(op *Op) Aggregation {
	op.must(OpAggregate)
	region := op.Regions[0]
	return Aggregation{op.Operands[0], AttributeAs[[]string](op, "keys"), AttributeAs[[]Aggregate](op, "aggregates"), region, region.Arguments[0], region.Terminator().Operands}
}

// Sort is a view of OpSort.
type Sort struct {
	Input *Value
	Keys  []SortKey
}

// AsSort views a sort.
func AsSort(op *Op) Sort {
	op.must(OpSort)
	return Sort{op.Operands[0], AttributeAs[[]SortKey](op, "keys")}
}

// Limit is a view of OpLimit.
type Limit struct {
	Input  *Value
	Count  int64 // -1 for all
	Offset int64
}

// AsLimit views a limit.
func AsLimit(op *Op) Limit {
	op.must(OpLimit)
	return Limit{op.Operands[0], AttributeAs[int64](op, "count"), AttributeAs[int64](op, "offset")}
}

// TopK is a view of OpTopK.
type TopK struct {
	Input         *Value
	Keys          []SortKey
	Count, Offset int64
}

// AsTopK views a sort with a limit.
func AsTopK(op *Op) TopK {
	op.must(OpTopK)
	return TopK{op.Operands[0], AttributeAs[[]SortKey](op, "keys"), AttributeAs[int64](op, "count"), AttributeAs[int64](op, "offset")}
}

// Union is a view of OpUnion.
type Union struct {
	Inputs []*Value
	Names  []string
}

// AsUnion views a union.
func AsUnion(op *Op) Union {
	op.must(OpUnion)
	return Union{op.Operands, AttributeAs[[]string](op, "names")}
}

// Return is a view of OpReturn.
type Return struct {
	Input           *Value
	Columns, Labels []string
}

// AsReturn views the end of a flow.
func AsReturn(op *Op) Return {
	op.must(OpReturn)
	return Return{op.Operands[0], AttributeAs[[]string](op, "columns"), AttributeAs[[]string](op, "labels")}
}

// AsConst gives the type and the value of a literal; ok is false for any other
// value.
func AsConst(v *Value) (t Type, d Datum, ok bool) {
	if v.Op == nil || v.Op.Code != OpConst {
		return Type{}, Datum{}, false
	}
	return v.Type, AttributeAs[Datum](v.Op, "value"), true
}

// AsField gives the row and the name of a column reference; ok is false for any
// other value.
func AsField(v *Value) (row *Value, name string, ok bool) {
	if v.Op == nil || v.Op.Code != OpField {
		return nil, "", false
	}
	return v.Op.Operands[0], AttributeAs[string](v.Op, "name"), true
}

// AsParameter gives the index of a parameter; ok is false for any other value.
func AsParameter(v *Value) (index int, ok bool) {
	if v.Op == nil || v.Op.Code != OpParameter {
		return 0, false
	}
	return int(AttributeAs[int64](v.Op, "index")), true
}

// StateOf gives the name of the state that a pipe op reads or writes.
func StateOf(op *Op) string { return string(AttributeAs[Symbol](op, "state")) }

// Probe is a view of OpProbe.
type Probe struct {
	Keys      []*Value
	State     string
	Kind      JoinKind
	NullSafe  bool
	Fields    []Field
	Condition *Block
}

// AsProbe views a probe.
func AsProbe(op *Op) Probe {
	op.must(OpProbe)
	return Probe{op.Operands, StateOf(op), AttributeAs[JoinKind](op, "kind"), AttributeAs[bool](op, "null_safe"), AttributeAs[[]Field](op, "fields"), op.Regions[0]}
}
