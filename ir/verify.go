package ir

import (
	"slices"
	"unicode/utf8"

	"github.com/heddle-lang/heddle/internal/diag"
)

// Verify checks that a module keeps the rules of the IR: names are known and
// unique, values are visible where they are used, ops stand at their level and
// have the attributes, regions and types that the op table asks for, blocks end as
// they must. A pass that was given a module that verifies gives one that verifies.
// Any module may be passed; at most 100 problems are reported.
func Verify(m *Module) diag.List { return VerifyIn(m, nil) }

// VerifyIn is Verify for a module that was parsed from a file: problems point at
// the ops there.
func VerifyIn(m *Module, file *diag.File) diag.List {
	v := &verifier{module: m, file: file}
	v.declarations()
	for _, f := range m.Functions {
		v.function(f)
	}
	return v.problems
}

type verifier struct {
	module   *Module
	file     *diag.File
	problems diag.List
	fn       *Function
	visible  map[*Value]bool
	seen     map[*Op]bool   // an op stands in one place only
	columns  map[string]*Op // flow: the op that makes a column
}

// wrong reports a problem of an op, or of the function when op is nil.
func (v *verifier) wrong(code diag.Code, op *Op, format string, args ...any) {
	if len(v.problems) >= maxTextErrors {
		return
	}
	d := diag.New(code, format, args...)
	if v.fn != nil {
		d.Message = "in @" + v.fn.Name + ": " + d.Message
	}
	if op != nil {
		if v.file != nil && op.Span != (diag.Span{}) {
			d.At(v.file, op.Span, "this op")
		} else {
			p := &printer{}
			p.begin()
			p.head(op)
			d.Note("the op is: %s", p.b)
		}
	}
	v.problems.Add(d)
}

func (v *verifier) declarations() {
	taken := map[string]bool{}
	unique := func(what, name string) {
		if taken[what+name] {
			v.wrong(codeDuplicateName, nil, "two %ss are named %q", what, name)
		}
		taken[what+name] = true
	}
	for _, t := range v.module.Tables {
		unique("table", t.Name)
		names := map[string]bool{}
		for _, c := range t.Columns {
			if names[c.Name] {
				v.wrong(codeDuplicateName, nil, "two columns of table %q are named %q", t.Name, c.Name)
			}
			names[c.Name] = true
			if !hasLayout(c.Type) {
				v.wrong(codeMisfit, nil, "column %q of table %q has type %s", c.Name, t.Name, c.Type)
			}
		}
	}
	for i, p := range v.module.Parameters {
		if !hasLayout(p.Type) {
			v.wrong(codeMisfit, nil, "parameter %d has type %s", i, p.Type)
		} else if p.Bound && p.Value.Null && !p.Type.Nullable {
			v.wrong(codeLiteral, nil, "parameter %d is NULL and has type %s", i, p.Type)
		}
	}
	for _, s := range v.module.States {
		unique("state", s.Name)
		v.state(s)
	}
	for _, f := range v.module.Functions {
		unique("function", f.Name)
	}
}

func (v *verifier) state(s *State) {
	row := StructType(s.Fields...)
	for i, f := range s.Fields {
		if !f.Type.IsScalar() {
			v.wrong(codeMisfit, nil, "field %q of state %q has type %s", f.Name, s.Name, f.Type)
		}
		if index, _ := row.Field(f.Name); index != i {
			v.wrong(codeDuplicateName, nil, "two fields of state %q are named %q", s.Name, f.Name)
		}
	}
	if s.Keys < 0 || s.Keys > len(s.Fields) {
		v.wrong(codeStructure, nil, "state %q has %d keys and %d fields", s.Name, s.Keys, len(s.Fields))
	} else if s.Kind == AggregateState && len(s.Aggregates) != len(s.Fields)-s.Keys {
		v.wrong(codeStructure, nil, "state %q has %d aggregates for %d fields", s.Name, len(s.Aggregates), len(s.Fields)-s.Keys)
	}
	for _, key := range s.Order {
		if index, _ := row.Field(key.Column); index < 0 {
			v.wrong(codeUnknownName, nil, "state %q has no field %q to order by", s.Name, key.Column)
		}
	}
}

func (v *verifier) function(f *Function) {
	v.fn, v.visible, v.seen, v.columns = f, map[*Value]bool{}, map[*Op]bool{}, map[string]*Op{}
	defer func() { v.fn = nil }()
	if f.Level < FlowLevel || f.Level > KernLevel || f.Body == nil {
		v.wrong(codeStructure, nil, "the function has no level or no body")
		return
	}
	if f.Threads != 0 && (f.Level != KernLevel || f.Threads < 0 || f.Threads > 1024 || f.Threads%32 != 0 || len(f.Results) > 0) {
		v.wrong(codeStructure, nil, "a kernel is at the kern level, has whole warps of 32 threads, 1024 at most, and no results")
	}
	v.block(f.Body, nil, 0)
	if f.Level == PipeLevel {
		v.pipeline(f)
	}
	end := f.Body.Terminator()
	switch {
	case f.Level == KernLevel:
		if len(f.Results) > 0 && (end == nil || !end.Info().Has(Terminator)) {
			v.wrong(codeStructure, end, "a function with results must not reach its end: it ends in ret, br or trap")
		}
	case end == nil || !end.Info().Has(Terminator) || end.Code == OpYield:
		v.wrong(codeStructure, end, "a function at the %s level must end in a terminator", f.Level)
	case f.Level == FlowLevel && end.Code != OpReturn:
		v.wrong(codeStructure, end, "a flow ends in return, not in %s", end.Code)
	}
}

// block checks a block: the body of a function when parent is nil, else a region.
func (v *verifier) block(b *Block, parent *Op, depth int) {
	if depth > maxTextDepth {
		v.wrong(codeNesting, parent, "more than %d levels of nesting", maxTextDepth)
		return
	}
	if b.Parent != parent {
		v.wrong(codeStructure, parent, "a region does not know its op")
	}
	var defined []*Value
	define := func(value *Value) {
		v.visible[value] = true
		defined = append(defined, value)
	}
	for i, argument := range b.Arguments {
		if argument.Block != b || argument.Index != i || argument.Op != nil {
			v.wrong(codeStructure, parent, "argument %d of a block does not know its place", i)
		}
		define(argument)
	}
	for i, op := range b.Ops {
		if int(op.Code) >= len(opTable) || opTable[op.Code].Name == "" {
			v.wrong(codeUnknownName, nil, "opcode %d is not in the op table", op.Code)
			continue
		}
		if v.seen[op] || op.Block != b {
			v.wrong(codeStructure, op, "the op does not know its block, or stands in two")
			continue
		}
		v.seen[op] = true
		if op.Info().Has(Terminator) && i != len(b.Ops)-1 {
			v.wrong(codeStructure, op, "%s stands before the end of its block", op.Code)
		}
		v.op(op, parent, depth)
		for j, result := range op.Results {
			if result.Op != op || result.Index != j || result.Block != nil {
				v.wrong(codeStructure, op, "result %d does not know its op", j)
			}
			define(result)
		}
	}
	for _, value := range defined {
		delete(v.visible, value)
	}
}

func (v *verifier) op(op, parent *Op, depth int) {
	info := op.Info()
	v.level(op, parent)
	ok := true
	if info.Operands != Variadic && len(op.Operands) != info.Operands {
		v.wrong(codeMisfit, op, "%s takes %d operands, not %d", info.Name, info.Operands, len(op.Operands))
		ok = false
	}
	for i, operand := range op.Operands {
		switch {
		case operand == nil:
			v.wrong(codeStructure, op, "operand %d is absent", i)
			ok = false
		case !v.visible[operand]:
			v.wrong(codeUnknownName, op, "operand %d, %s, is not visible here", i, operand)
			ok = false
		case operand.Type.Kind == Invalid:
			ok = false // reported where it is defined
		}
	}
	ok = v.attributes(op) && ok
	if len(op.Regions) != len(info.Regions) {
		v.wrong(codeStructure, op, "%s has %d regions, not %d", info.Name, len(info.Regions), len(op.Regions))
		ok = false
	}
	for i, region := range op.Regions {
		if region == nil || i >= len(info.Regions) {
			v.wrong(codeStructure, op, "region %d is absent or too many", i)
			return
		}
		if ok {
			ok = v.region(op, &info.Regions[i], region)
		}
		v.block(region, op, depth+1)
	}
	if !ok {
		return
	}
	v.literals(op)
	var types []Type
	if info.Infer != nil {
		var err error
		if types, err = info.Infer(op); err != nil {
			v.wrong(codeMisfit, op, "%s", info.misfit(err))
			return
		}
	}
	if len(types) != len(op.Results) {
		v.wrong(codeMisfit, op, "%s has %d results, not %d", info.Name, len(types), len(op.Results))
		return
	}
	for i, t := range types {
		if !t.Equal(op.Results[i].Type) {
			v.wrong(codeMisfit, op, "result %d of %s has type %s, not %s", i, info.Name, t, op.Results[i].Type)
		}
	}
	v.meaning(op)
}

// level checks that an op may stand here. Scalar code of flow and pipe ops stands
// in their regions; at the pipe and kern level it stands between the ops too.
func (v *verifier) level(op, parent *Op) {
	info := op.Info()
	inScalar := parent != nil && parent.Info().Level != KernLevel
	switch {
	case inScalar && info.Level != AnyLevel:
		v.wrong(codeStructure, op, "%s stands in scalar code", info.Name)
	case parent == nil && info.Level == AnyLevel && v.fn.Level == FlowLevel:
		v.wrong(codeStructure, op, "scalar code of a flow stands in the regions of its operators")
	case info.Level != AnyLevel && info.Level != v.fn.Level:
		v.wrong(codeStructure, op, "%s belongs to the %s level, the function to the %s level", info.Name, info.Level, v.fn.Level)
	case op.Code == OpYield && !inScalar:
		v.wrong(codeStructure, op, "yield stands outside of a region that gives values")
	}
}

// region checks the arguments of a region and how it ends.
func (v *verifier) region(op *Op, info *RegionInfo, region *Block) bool {
	var types []Type
	if info.Arguments != nil {
		types = info.Arguments(op)
	}
	if len(types) != len(region.Arguments) {
		v.wrong(codeStructure, op, "region %s of %s has %d arguments, not %d", info.Name, op.Code, len(types), len(region.Arguments))
		return false
	}
	for i, t := range types {
		if !t.Equal(region.Arguments[i].Type) {
			v.wrong(codeMisfit, op, "argument %d of region %s has type %s, not %s", i, info.Name, t, region.Arguments[i].Type)
			return false
		}
	}
	if op.Info().Level == KernLevel {
		return true
	}
	if end := region.Terminator(); end == nil || end.Code != OpYield {
		v.wrong(codeStructure, op, "region %s of %s does not end in yield", info.Name, op.Code)
		return false
	}
	return true
}

func (v *verifier) attributes(op *Op) bool {
	info, ok := op.Info(), true
	for i, attribute := range op.Attributes {
		known := slices.IndexFunc(info.Attributes, func(a AttributeInfo) bool { return a.Name == attribute.Name })
		if known < 0 {
			v.wrong(codeStructure, op, "%s has no attribute %q", info.Name, attribute.Name)
			ok = false
			continue
		}
		if slices.IndexFunc(op.Attributes[:i], func(a Attribute) bool { return a.Name == attribute.Name }) >= 0 {
			v.wrong(codeStructure, op, "attribute %q stands twice", attribute.Name)
			ok = false
		}
		if !attributeFits(info.Attributes[known].Kind, attribute.Value) {
			v.wrong(codeStructure, op, "attribute %q holds a value of the wrong kind, a %T", attribute.Name, attribute.Value)
			ok = false
		}
	}
	for _, a := range info.Attributes {
		if !a.Optional && op.Attribute(a.Name) == nil {
			v.wrong(codeStructure, op, "%s lacks the attribute %q", info.Name, a.Name)
			ok = false
		}
	}
	return ok
}

func attributeFits(kind AttributeKind, value any) bool {
	var ok bool
	switch kind {
	case AttrInt:
		_, ok = value.(int64)
	case AttrBool:
		_, ok = value.(bool)
	case AttrString:
		_, ok = value.(string)
	case AttrSymbol:
		_, ok = value.(Symbol)
	case AttrType:
		_, ok = value.(Type)
	case AttrDatum:
		_, ok = value.(Datum)
	case AttrData:
		_, ok = value.([]Datum)
	case AttrRows:
		_, ok = value.([][]Datum)
	case AttrNames:
		_, ok = value.([]string)
	case AttrScanColumns:
		_, ok = value.([]ScanColumn)
	case AttrFields:
		_, ok = value.([]Field)
	case AttrSortKeys:
		_, ok = value.([]SortKey)
	case AttrAggregates:
		_, ok = value.([]Aggregate)
	case AttrJoinKind:
		var join JoinKind
		join, ok = value.(JoinKind)
		ok = ok && int(join) < len(joinNames)
	case AttrLayouts:
		_, ok = value.([]Layout)
	}
	return ok
}

// literals checks that constants fit their types.
func (v *verifier) literals(op *Op) {
	for _, attribute := range op.Attributes {
		switch value := attribute.Value.(type) {
		case Datum:
			v.literal(op, op.literalType(), value)
		case []Datum:
			for _, d := range value {
				v.literal(op, op.Operands[0].Type.WithNull(true), d)
			}
		case [][]Datum:
			fields := op.rowFields()
			for _, row := range value {
				if len(row) != len(fields) {
					v.wrong(codeMisfit, op, "a row has %d values for %d columns", len(row), len(fields))
					return
				}
				for i, d := range row {
					v.literal(op, fields[i].Type, d)
				}
			}
		}
	}
}

func (v *verifier) literal(op *Op, t Type, d Datum) {
	fits := true
	switch {
	case d.Null:
		fits = t.Nullable || t.Kind == Null
	case t.Kind == Bool:
		fits = d.Low <= 1
	case t.IsInteger():
		fits = FitsInteger(t.Kind, d.Int128())
	case t.Kind == Decimal:
		fits = FitsDecimal(d.Int128(), int(t.Precision))
	case t.Kind == F32:
		fits = d.Float != d.Float || float64(float32(d.Float)) == d.Float
	case t.Kind == String:
		fits = utf8.ValidString(d.Text)
	case t.Kind == Date:
		fits = d.IsInt64() && d.Int() == int64(int32(d.Int()))
	case t.Kind == Time:
		fits = d.IsInt64() && d.Int() >= 0 && d.Int() <= MicrosecondsPerDay
	case t.Kind == Timestamp, t.Kind == TimestampTZ:
		fits = d.IsInt64()
	case t.Kind == F64, t.Kind == Bytes, t.Kind == UUID, t.Kind == Interval, t.IsAddress():
	default:
		fits = false
	}
	if !fits {
		v.wrong(codeLiteral, op, "a literal of %s is not a value of type %s", op.Code, t)
	}
}
