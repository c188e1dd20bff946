package ir

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// ExtractParts are the parts that the op extract knows.
var ExtractParts = []string{"year", "quarter", "month", "day", "dow", "doy", "hour", "minute", "second", "epoch"}

// meaning checks what single ops ask for beyond the op table. Operands, attributes,
// regions and results have their shapes by now.
func (v *verifier) meaning(op *Op) {
	if op.Info().Level == AnyLevel && v.fn.Level != KernLevel {
		v.scalars(op)
	}
	switch op.Code {
	case OpParameter:
		index := AttributeAs[int64](op, "index")
		if index < 0 || index >= int64(len(v.module.Parameters)) {
			v.wrong(codeUnknownName, op, "there is no parameter %d", index)
		} else if t := v.module.Parameters[index].Type; !t.Equal(op.Results[0].Type) {
			v.wrong(codeMisfit, op, "parameter %d has type %s, not %s", index, t, op.Results[0].Type)
		}
	case OpConst:
		if t := op.Results[0].Type; !t.IsScalar() && !t.IsAddress() {
			v.wrong(codeMisfit, op, "no literal has type %s", t)
		}
	case OpCast:
		if from, to := op.Operands[0].Type, op.Results[0].Type; !CanCast(from, to) {
			v.wrong(codeMisfit, op, "no cast from %s to %s", from, to)
		}
	case OpExtract:
		if part := AttributeAs[string](op, "part"); !slices.Contains(ExtractParts, part) {
			v.wrong(codeUnknownName, op, "no part %q to extract", part)
		}
	case OpLike:
		if escape := AttributeAs[string](op, "escape"); utf8.RuneCountInString(escape) > 1 {
			v.wrong(codeMisfit, op, "the escape %q is not one character", escape)
		}
	case OpScan, OpSourceTable:
		v.scan(op)
	case OpValues:
		v.bag(op)
		for _, f := range op.Results[0].Type.Fields {
			v.column(op, f.Name)
		}
	case OpProject:
		v.project(op)
	case OpJoin, OpFilter, OpSort:
		v.bags(op)
	case OpAggregate:
		v.bags(op)
		v.aggregate(op)
	case OpLimit, OpTopK:
		v.bags(op)
		if count, offset := AttributeAs[int64](op, "count"), AttributeAs[int64](op, "offset"); count < -1 || offset < 0 || count < 0 && op.Code == OpTopK {
			v.wrong(codeMisfit, op, "count %d or offset %d is negative", count, offset)
		}
	case OpUnion:
		v.bags(op)
		for _, name := range AttributeAs[[]string](op, "names") {
			v.column(op, name)
		}
	case OpReturn:
		v.bags(op)
		v.flowReturn(op)
	case OpWhere:
		if t := op.Operands[0].Type; t.Kind != Bool {
			v.wrong(codeMisfit, op, "where takes bool, not %s", t)
		}
	case OpSourceState, OpSourceUnmatched, OpProbe, OpBuild, OpAggregateInto, OpSortInto, OpEmit, OpResult:
		v.stateOp(op)
	case OpRun:
		if f := v.knows(op, "pipeline"); f != nil && (f.Level != PipeLevel || f.Body == nil || f.Body.Terminator() == nil || f.Body.Terminator().Code == OpResult) {
			v.wrong(codeMisfit, op, "%q is not a pipeline", f.Name)
		}
	default:
		if op.Info().Level == KernLevel {
			v.kern(op)
		}
	}
}

// scalars checks that scalar code handles scalars, save that field reads a row.
func (v *verifier) scalars(op *Op) {
	for i, operand := range op.Operands {
		if op.Code == OpField {
			if operand.Block == nil || operand.Type.Kind != Struct || operand.Type.Nullable {
				v.wrong(codeMisfit, op, "field reads %s, which is not the row of a region", operand)
			}
		} else if !operand.Type.IsScalar() {
			v.wrong(codeMisfit, op, "operand %d of %s is %s, not a scalar", i, op.Code, operand.Type)
		}
	}
	for _, result := range op.Results {
		if !result.Type.IsScalar() {
			v.wrong(codeMisfit, op, "%s gives %s, not a scalar", op.Code, result.Type)
		}
	}
}

// column notes that an op makes a column; its name is new in the function.
func (v *verifier) column(op *Op, name string) {
	if earlier := v.columns[name]; earlier != nil {
		v.wrong(codeDuplicateName, op, "two operators of the flow make a column %q: %s and %s", name, earlier.Code, op.Code)
	}
	v.columns[name] = op
}

// bags checks that operands and results are bags.
func (v *verifier) bags(op *Op) {
	for i, operand := range op.Operands {
		if operand.Type.Kind != Bag {
			v.wrong(codeMisfit, op, "operand %d of %s is %s, not a bag", i, op.Code, operand.Type)
		}
	}
	if len(op.Results) > 0 {
		v.bag(op)
	}
}

func (v *verifier) bag(op *Op) {
	t := op.Results[0].Type
	if t.Kind != Bag || t.Nullable {
		v.wrong(codeMisfit, op, "%s gives a bag, not %s", op.Code, t)
	}
	for _, f := range t.Fields {
		if !f.Type.IsScalar() {
			v.wrong(codeMisfit, op, "column %q of %s has type %s", f.Name, op.Code, f.Type)
		}
	}
}

func (v *verifier) scan(op *Op) {
	name := string(AttributeAs[Symbol](op, "table"))
	table := v.module.Table(name)
	if table == nil {
		v.wrong(codeUnknownName, op, "no table is named %q", name)
		return
	}
	var fields []Field
	if op.Code == OpScan {
		v.bag(op)
		fields = op.Results[0].Type.Fields
	} else {
		fields = AttributeAs[[]Field](op, "fields")
	}
	columns := AttributeAs[[]ScanColumn](op, "columns")
	if len(columns) != len(fields) {
		v.wrong(codeMisfit, op, "%d columns are read and the type has %d", len(columns), len(fields))
		return
	}
	for i, c := range columns {
		_, column := table.Column(c.Source)
		switch {
		case column == nil:
			v.wrong(codeUnknownName, op, "table %q has no column %q", name, c.Source)
		case !column.Type.Equal(fields[i].Type):
			v.wrong(codeMisfit, op, "column %q has type %s, not %s", c.Source, column.Type, fields[i].Type)
		case c.Name != fields[i].Name:
			v.wrong(codeMisfit, op, "column %q is named %q in the type", c.Name, fields[i].Name)
		}
		if op.Code == OpScan {
			v.column(op, c.Name)
		}
	}
}

func (v *verifier) project(op *Op) {
	v.bags(op)
	region := op.Regions[0]
	through := map[string]bool{}
	for i, name := range AttributeAs[[]string](op, "names") {
		row, source, ok := AsField(region.Terminator().Operands[i])
		if ok && row == region.Arguments[0] && source == name && !through[name] {
			through[name] = true // passed through: the same column
			continue
		}
		v.column(op, name)
	}
}

func (v *verifier) aggregate(op *Op) {
	keys := AttributeAs[[]string](op, "keys")
	for i, key := range keys {
		if slices.Contains(keys[:i], key) {
			v.wrong(codeDuplicateName, op, "key %q stands twice", key)
		}
	}
	for _, a := range AttributeAs[[]Aggregate](op, "aggregates") {
		if a.Argument < -1 || a.Filter < -1 || a.Distinct && a.Argument < 0 || int(a.Function) >= len(aggregateNames) {
			v.wrong(codeMisfit, op, "aggregate %q is malformed", a.Name)
		}
		v.column(op, a.Name)
	}
}

func (v *verifier) flowReturn(op *Op) {
	columns, labels := AttributeAs[[]string](op, "columns"), AttributeAs[[]string](op, "labels")
	if len(columns) != len(labels) {
		v.wrong(codeMisfit, op, "return has %d columns and %d labels", len(columns), len(labels))
	}
	if len(v.fn.Results) != 1 || v.fn.Results[0].Kind != Bag || len(v.fn.Results[0].Fields) != len(columns) {
		v.wrong(codeMisfit, op, "the result of the flow must be one bag of %d columns", len(columns))
		return
	}
	for i, name := range columns {
		index, t := op.Operands[0].Type.Field(name)
		if index < 0 {
			v.wrong(codeUnknownName, op, "no column %q to return", name)
		} else if want := v.fn.Results[0].Fields[i].Type; !t.Equal(want) {
			v.wrong(codeMisfit, op, "column %q has type %s, and the flow gives %s", name, t, want)
		}
	}
}

func (v *verifier) stateOp(op *Op) {
	s := v.module.State(StateOf(op))
	if s == nil {
		v.wrong(codeUnknownName, op, "no state is named %q", StateOf(op))
		return
	}
	kind := func(allowed ...StateKind) {
		if !slices.Contains(allowed, s.Kind) {
			v.wrong(codeMisfit, op, "%s does not take a state of kind %s", op.Code, s.Kind)
		}
	}
	switch op.Code {
	case OpProbe, OpSourceUnmatched:
		kind(HashTableState)
		if op.Code == OpProbe && len(op.Operands) != s.Keys {
			v.wrong(codeMisfit, op, "probe has %d keys, and state %q %d", len(op.Operands), s.Name, s.Keys)
		}
	case OpBuild:
		kind(HashTableState)
	case OpAggregateInto:
		kind(AggregateState)
	case OpSortInto:
		kind(SortState)
	case OpEmit:
		kind(BufferState)
	case OpResult:
		columns, labels := AttributeAs[[]string](op, "columns"), AttributeAs[[]string](op, "labels")
		if len(columns) != len(labels) {
			v.wrong(codeMisfit, op, "result has %d columns and %d labels", len(columns), len(labels))
		}
		for _, name := range columns {
			if index, _ := StructType(s.Fields...).Field(name); index < 0 {
				v.wrong(codeUnknownName, op, "state %q has no field %q", s.Name, name)
			}
		}
		return
	default: // goes with states of any kind
	}
	for _, f := range AttributeAs[[]Field](op, "fields") {
		if index, t := StructType(s.Fields...).Field(f.Name); index < 0 {
			v.wrong(codeUnknownName, op, "state %q has no field %q", s.Name, f.Name)
		} else if !t.Same(f.Type) {
			v.wrong(codeMisfit, op, "field %q of state %q has type %s, not %s", f.Name, s.Name, t, f.Type)
		}
	}
	if op.Info().Has(Terminator) && len(op.Operands) != len(s.Fields) {
		v.wrong(codeMisfit, op, "%s has %d values for the %d fields of state %q", op.Code, len(op.Operands), len(s.Fields), s.Name)
	}
}

// pipeline checks the order of ops of a function at the pipe level: the entry is a
// list of runs and a result, others have one source before all other pipe ops.
func (v *verifier) pipeline(f *Function) {
	entry := f.Body.Terminator() != nil && f.Body.Terminator().Code == OpResult
	sources := 0
	for _, op := range f.Body.Ops {
		if int(op.Code) >= len(opTable) || op.Info().Level != PipeLevel {
			continue
		}
		switch op.Code {
		case OpRun, OpResult:
			if !entry {
				v.wrong(codeStructure, op, "%s stands in a pipeline", op.Code)
			}
			continue
		case OpSourceTable, OpSourceState, OpSourceUnmatched, OpSourceValues:
			sources++
			if sources > 1 {
				v.wrong(codeStructure, op, "the pipeline has two sources")
			}
		default:
			if sources == 0 && !entry {
				v.wrong(codeStructure, op, "%s stands before the source of the pipeline", op.Code)
				sources++
			}
		}
		if entry {
			v.wrong(codeStructure, op, "%s stands in an entry, which runs pipelines and names the result", op.Code)
		}
	}
}

// knows checks that a symbol names a function of the module.
func (v *verifier) knows(op *Op, attribute string) *Function {
	name := string(AttributeAs[Symbol](op, attribute))
	f := v.module.Function(name)
	if f == nil {
		v.wrong(codeUnknownName, op, "no function is named %q", name)
	}
	return f
}

func (v *verifier) kern(op *Op) {
	want := func(index int, ok bool, what string) {
		if !ok {
			v.wrong(codeMisfit, op, "operand %d of %s is %s, not %s", index, op.Code, op.Operands[index].Type, what)
		}
	}
	kindAt := func(index int, kind Kind) {
		want(index, op.Operands[index].Type.Kind == kind, kind.String())
	}
	switch op.Code {
	case OpGet, OpSet:
		cell := op.Operands[0]
		want(0, cell.Op != nil && cell.Op.Code == OpVariable, "a variable")
		if op.Code == OpSet {
			want(1, op.Operands[1].Type.Equal(cell.Type), cell.Type.String())
		}
	case OpBranch:
		kindAt(0, Label)
	case OpBranchIf:
		kindAt(0, Label)
		kindAt(1, I32)
	case OpWhen, OpSelect:
		kindAt(0, I32)
	case OpKernReturn:
		v.types(op, op.Operands, v.fn.Results, "the function gives")
	case OpCall:
		name := string(AttributeAs[Symbol](op, "function"))
		if strings.HasPrefix(name, "library.") || strings.HasPrefix(name, "heddle.") {
			return // checked when the module is linked
		}
		f := v.knows(op, "function")
		if f == nil || f.Body == nil {
			return
		}
		arguments := make([]Type, len(f.Body.Arguments))
		for i, a := range f.Body.Arguments {
			arguments[i] = a.Type
		}
		v.types(op, op.Operands, arguments, "the function takes")
		v.types(op, op.Results, f.Results, "the function gives")
	case OpLoad, OpStore, OpVectorLoad, OpVectorStore:
		v.address(op, want)
	case OpAtomic, OpCompareExchange, OpAppend:
		v.address(op, want)
		v.atomic(op)
	default:
		if op.Info().Signature == "T, T -> T" || op.Info().Signature == "T, T -> i32" {
			a, b := op.Operands[0].Type, op.Operands[1].Type
			want(1, a.Equal(b) || isWord(a) && isWord(b) || isWide(a) && isWide(b), fmt.Sprintf("%s like operand 0", a))
		}
	}
	if op.Info().Has(OnDevice) && v.fn.Threads == 0 {
		v.wrong(codeStructure, op, "%s stands in a function of the CPU", op.Code)
	}
}

// isWord reports i32 and the addresses that mix with it in integer arithmetic.
func isWord(t Type) bool { return t.Kind == I32 || t.Kind == Address || t.Kind == SharedAddress }

// isWide reports i64 and the addresses that mix with it.
func isWide(t Type) bool { return t.Kind == I64 || t.Kind == GlobalAddress }

// address checks the first operand of an op that touches memory.
func (v *verifier) address(op *Op, want func(index int, ok bool, what string)) {
	t := op.Operands[0].Type
	want(0, t.IsAddress(), "an address")
	if t.Kind != Address && v.fn.Threads == 0 {
		v.wrong(codeStructure, op, "%s of %s stands in a function of the CPU", op.Code, t)
	}
}

// AtomicOperations are the operations of the op atomic.
var AtomicOperations = []string{"add", "and", "or", "exchange", "min_s", "max_s", "min_u", "max_u"}

// atomic checks the width and the operands of an atomic op.
func (v *verifier) atomic(op *Op) {
	kind := I32
	if op.Code != OpAppend {
		switch width := AttributeAs[int64](op, "width"); width {
		case 4:
		case 8:
			kind = I64
		default:
			v.wrong(codeMisfit, op, "%s of %d bytes", op.Code, width)
			return
		}
	}
	if op.Code == OpAtomic {
		if operation := AttributeAs[string](op, "operation"); !slices.Contains(AtomicOperations, operation) {
			v.wrong(codeUnknownName, op, "there is no atomic operation %q", operation)
		}
	}
	for _, operand := range op.Operands[1:] {
		if operand.Type.Kind != kind {
			v.wrong(codeMisfit, op, "%s takes %s, not %s", op.Code, kind, operand.Type)
		}
	}
}

func (v *verifier) types(op *Op, values []*Value, want []Type, whose string) {
	if len(values) != len(want) {
		v.wrong(codeMisfit, op, "%s has %d values, and %s %d", op.Code, len(values), whose, len(want))
		return
	}
	for i, t := range want {
		if !values[i].Type.Equal(t) {
			v.wrong(codeMisfit, op, "value %d of %s is %s, and %s %s", i, op.Code, values[i].Type, whose, t)
		}
	}
}

// CanCast reports whether the op cast converts between two types, NULL-ness aside:
// every type to itself and to and from string; numbers and bool to each other (bool
// only with integers); dates and timestamps to each other, timestamps to time, time
// to interval; null to all.
func CanCast(from, to Type) bool {
	switch {
	case !from.IsScalar() || !to.IsScalar() || to.Kind == Null && from.Kind != Null:
		return false
	case from.Kind == Null, from.Kind == to.Kind, from.Kind == String, to.Kind == String:
		return true
	case from.IsNumeric() && to.IsNumeric():
		return true
	case from.Kind == Bool:
		return to.IsInteger()
	case to.Kind == Bool:
		return from.IsInteger()
	}
	day := func(t Type) bool { return t.Kind == Date || t.Kind == Timestamp || t.Kind == TimestampTZ }
	switch {
	case day(from) && day(to):
		return true
	case to.Kind == Time:
		return from.Kind == Timestamp || from.Kind == TimestampTZ
	case from.Kind == Time:
		return to.Kind == Interval
	default:
		return false
	}
}
