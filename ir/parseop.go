package ir

import (
	"strconv"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
)

// op reads one op with its regions and infers its types. When it fails, the values
// that the line names are defined all the same, without a type; ops that use them
// are not checked.
func (p *parser) op(block *Block) {
	start := p.at
	var results []token
	for p.peek().kind == valueToken {
		results = append(results, p.next())
		if !p.accept(",") {
			p.expect("=")
			break
		}
	}
	defined := false
	define := func(values []*Value) {
		defined = true
		for i, t := range results {
			v := &Value{Name: hintOf(t), Index: i}
			if i < len(values) {
				v = values[i]
				v.Name = hintOf(t)
			}
			p.define(t, v)
		}
	}
	defer func() {
		if !defined {
			define(nil)
		}
	}()
	t := p.peek()
	code, known := OpcodeByName(t.text)
	if t.kind != nameToken {
		p.wanted("an op")
	}
	if !known {
		d := diag.New(codeUnknownName, "no op is named %q", t.text).At(p.file, t.span, "here")
		if near, ok := diag.Suggest(t.text, opNames()); ok {
			d.Helpf("did you mean %q?", near)
		}
		p.errors.Add(d)
		panic(bailout{})
	}
	p.at++
	op := &Op{Code: code, Block: block}
	poisoned := false
	for p.onLine() && p.peek().kind == valueToken {
		v := p.use()
		poisoned = poisoned || v.Type.Kind == Invalid
		op.Operands = append(op.Operands, v)
		if !p.accept(",") {
			break
		}
	}
	info := op.Info()
	if info.Operands != Variadic && info.Operands != len(op.Operands) {
		p.fail(codeMisfit, p.spanFrom(start), "%s takes %d operands, not %d", info.Name, info.Operands, len(op.Operands))
	}
	p.attributes(op, poisoned)
	for i := range info.Regions {
		op.Regions = append(op.Regions, p.region(op, i, poisoned))
	}
	op.Span = p.spanFrom(start)
	if p.peek().kind != endToken && p.onLine() && !p.is("}") {
		p.wanted("the end of the line after " + info.Name)
	}
	block.Ops = append(block.Ops, op)
	for _, region := range op.Regions {
		for _, inner := range region.Ops {
			for _, v := range inner.Operands {
				// A terminator that yields what has no type makes this op's type unknown.
				poisoned = poisoned || v.Type.Kind == Invalid
			}
		}
	}
	if poisoned {
		for i := range results {
			op.Results = append(op.Results, &Value{Op: op, Index: i})
		}
		define(op.Results)
		return
	}
	if err := op.InferResults(); err != nil {
		op.Results = nil
		for i := range results {
			op.Results = append(op.Results, &Value{Op: op, Index: i})
		}
		define(op.Results)
		p.report(codeMisfit, op.Span, "this op", "%s", info.misfit(err))
		return
	}
	define(op.Results)
	if len(results) != len(op.Results) {
		p.report(codeMisfit, op.Span, "this op", "%s has %d results, and %d are named", info.Name, len(op.Results), len(results))
	}
}

// misfit is the message of an error of Infer, which may name the op or not.
func (i *OpInfo) misfit(err error) string {
	message := err.Error()
	if strings.Contains(message, i.Name) {
		return message
	}
	return i.Name + ": " + message
}

func opNames() []string {
	names := make([]string, 0, len(opTable))
	for i := range opTable {
		if opTable[i].Name != "" {
			names = append(names, opTable[i].Name)
		}
	}
	return names
}

func (p *parser) use() *Value {
	t := p.peek()
	if t.kind != valueToken {
		p.wanted("a value such as %x")
	}
	for i := len(p.scopes) - 1; i >= 0; i-- {
		if v := p.scopes[i][t.text]; v != nil {
			p.at++
			return v
		}
	}
	p.fail(codeUnknownName, t.span, "%s is not defined here", t.text)
	return nil
}

func (p *parser) region(op *Op, index int, poisoned bool) *Block {
	info := op.Info()
	if len(info.Regions) > 1 {
		p.expect(info.Regions[index].Name)
	}
	block := &Block{Parent: op}
	p.scopes = append(p.scopes, map[string]*Value{})
	defer func() { p.scopes = p.scopes[:len(p.scopes)-1] }()
	if info.Regions[index].Arguments == nil {
		if p.is("(") {
			p.list("(", ")", func() { p.argument(block, nil) })
		}
	} else {
		var types []Type
		if !poisoned {
			types = info.Regions[index].Arguments(op)
		}
		span := p.peek().span
		p.list("(", ")", func() {
			var known Type
			if n := len(block.Arguments); n < len(types) {
				known = types[n]
			}
			p.argument(block, &known)
		})
		if !poisoned && len(block.Arguments) != len(types) {
			p.fail(codeMisfit, span, "region %s of %s takes %d arguments, not %d", info.Regions[index].Name, info.Name, len(types), len(block.Arguments))
		}
	}
	p.body(block)
	return block
}

// attributes reads them in any order, but for the first, which stands without its
// name. Literals can be read only once the types are known.
func (p *parser) attributes(op *Op, poisoned bool) {
	info := op.Info()
	set := make([]any, len(info.Attributes))
	var later []func()
	read := func(i int) {
		span := p.peek().span
		switch kind := info.Attributes[i].Kind; kind {
		case AttrDatum:
			raw := p.literal()
			later = append(later, func() { set[i] = p.convert(raw, op.literalType(), span) })
		case AttrData:
			var raw []token
			p.list("[", "]", func() { raw = append(raw, p.literal()) })
			later = append(later, func() {
				if len(op.Operands) == 0 {
					p.fail(codeMisfit, span, "%s has no operand that gives the type of %q", info.Name, info.Attributes[i].Name)
				}
				data := make([]Datum, len(raw))
				for j, t := range raw {
					// NULL may stand in the list whatever the operand is.
					data[j] = p.convert(t, op.Operands[0].Type.WithNull(true), t.span)
				}
				set[i] = data
			})
		case AttrRows:
			var raw [][]token
			p.list("[", "]", func() {
				var row []token
				p.list("(", ")", func() { row = append(row, p.literal()) })
				raw = append(raw, row)
			})
			later = append(later, func() { set[i] = p.rows(raw, op.rowFields(), span) })
		default:
			set[i] = p.attribute(kind)
		}
	}
	start := p.peek().span
	bare := info.bareAttribute()
	if bare >= 0 {
		read(bare)
	}
	for p.onLine() && p.peek().kind == nameToken {
		found := -1
		for i := range info.Attributes {
			if i != bare && info.Attributes[i].Name == p.peek().text && (!info.ExplicitType || info.Attributes[i].Name != "type") {
				found = i
			}
		}
		if found < 0 {
			break // the name of a region, or an error that the caller finds
		}
		if set[found] != nil {
			p.fail(codeDuplicateName, p.peek().span, "attribute %q stands twice", p.peek().text)
		}
		p.at++
		read(found)
	}
	if info.ExplicitType {
		if !p.accept(":") {
			p.wanted("a colon and the type of the result")
		}
		t := p.parseType()
		for i := range info.Attributes {
			if info.Attributes[i].Name == "type" {
				set[i] = t
			}
		}
	}
	// The literals need the attributes that give their types.
	assign := func() {
		op.Attributes = op.Attributes[:0]
		for i, value := range set {
			if value != nil {
				op.Attributes = append(op.Attributes, Attribute{Name: info.Attributes[i].Name, Value: value})
			}
		}
	}
	assign()
	if len(later) > 0 && !poisoned {
		for _, f := range later {
			f()
		}
		assign()
	}
	for i, value := range set {
		if value == nil && !info.Attributes[i].Optional && (!poisoned || len(later) == 0) {
			p.fail(codeMisfit, start, "%s lacks the attribute %q", info.Name, info.Attributes[i].Name)
		}
	}
}

func (p *parser) attribute(kind AttributeKind) any {
	switch kind {
	case AttrInt:
		return p.integer()
	case AttrBool:
		return p.oneOf("true or false", []string{"false", "true"}) == 1
	case AttrString:
		return p.quoted()
	case AttrSymbol:
		return Symbol(p.symbol())
	case AttrType:
		return p.parseType()
	case AttrNames:
		names := []string{}
		p.list("[", "]", func() { names = append(names, p.name()) })
		return names
	case AttrScanColumns:
		columns := []ScanColumn{}
		p.list("[", "]", func() {
			c := ScanColumn{Name: p.name()}
			c.Source = c.Name
			if p.accept("=") {
				c.Source = p.name()
			}
			columns = append(columns, c)
		})
		return columns
	case AttrFields:
		return p.fields()
	case AttrSortKeys:
		keys := []SortKey{}
		p.list("[", "]", func() { keys = append(keys, p.sortKey()) })
		return keys
	case AttrAggregates:
		aggregates := []Aggregate{}
		p.list("[", "]", func() { aggregates = append(aggregates, p.aggregate()) })
		return aggregates
	case AttrJoinKind:
		return JoinKind(p.oneOf("a kind of join", joinNames[:]))
	case AttrLayouts:
		layouts := []Layout{}
		p.list("[", "]", func() { layouts = append(layouts, p.layout()) })
		return layouts
	default:
		panic("BUG: no text form for attribute kind " + strconv.Itoa(int(kind)))
	}
}

func (p *parser) sortKey() SortKey {
	key := SortKey{Column: p.name()}
	if key.Descending = p.accept("desc"); !key.Descending {
		p.accept("asc")
	}
	if p.accept("nulls") {
		if key.NullsFirst = p.accept("first"); !key.NullsFirst {
			p.expect("last")
		}
	}
	return key
}

func (p *parser) aggregateFunction() AggregateFunction {
	return AggregateFunction(p.oneOf("an aggregate function", aggregateNames[:]))
}

func (p *parser) aggregate() Aggregate {
	a := Aggregate{Name: p.name(), Argument: -1, Filter: -1}
	p.expect("=")
	a.Function = p.aggregateFunction()
	p.expect("(")
	a.Distinct = p.accept("distinct")
	if !p.accept("*") {
		a.Argument = p.small("the index", 0, 1<<20)
	}
	p.expect(")")
	if p.accept("filter") {
		a.Filter = p.small("the index", 0, 1<<20)
	}
	return a
}

// Types.

func (p *parser) parseType() Type {
	t := p.peek()
	p.nested(t.span)
	defer func() { p.depth-- }()
	var result Type
	switch {
	case t.kind == punctToken && t.text == "{":
		result = StructType(p.fields()...)
	case t.kind != nameToken:
		p.wanted("a type")
	default:
		kind, known := KindByName(t.text)
		if !known || kind == Struct {
			p.wanted("a type")
		}
		p.at++
		result = p.typeArguments(kind)
	}
	result.Nullable = p.accept("?")
	return result
}

func (p *parser) typeArguments(kind Kind) Type {
	switch kind {
	case Decimal:
		p.expect("<")
		precision := p.small("the precision", 1, MaxDecimalPrecision)
		p.expect(",")
		scale := p.small("the scale", 0, int64(precision))
		p.expect(">")
		return DecimalType(precision, scale)
	case Bag:
		p.expect("<")
		fields := p.fields()
		p.expect(">")
		return BagType(fields...)
	case Vector:
		p.expect("<")
		element, known := KindByName(p.peek().text)
		if !known || p.peek().kind != nameToken || element >= Struct {
			p.wanted("a scalar type")
		}
		p.at++
		p.expect(",")
		lanes := p.small("the number of lanes", 1, 64)
		p.expect(">")
		return VectorType(element, lanes)
	default:
		return Of(kind)
	}
}

func (p *parser) fields() []Field {
	fields := []Field{}
	p.list("{", "}", func() {
		name := p.name()
		p.expect(":")
		fields = append(fields, Field{Name: name, Type: p.parseType()})
	})
	return fields
}

// Literals.

func (p *parser) literal() token {
	switch t := p.peek(); t.kind {
	case numberToken, stringToken, nameToken:
		p.at++
		return t
	default: // is no literal
	}
	p.wanted("a literal")
	return token{}
}

func (p *parser) literalOf(t Type) Datum {
	raw := p.literal()
	return p.convert(raw, t, raw.span)
}

// convert reads a literal of a type.
func (p *parser) convert(raw token, t Type, span diag.Span) Datum {
	misfit := func() Datum {
		p.fail(codeLiteral, span, "%s is not a literal of type %s", raw.text, t)
		return Datum{}
	}
	if raw.kind == nameToken && raw.text == "null" {
		if !t.Nullable && t.Kind != Null {
			return misfit()
		}
		return NullDatum
	}
	text := raw.text
	switch {
	case t.Kind == Bool:
		if raw.kind != nameToken || text != "true" && text != "false" {
			return misfit()
		}
	case t.IsFloat():
		if raw.kind != numberToken && text != "nan" && text != "inf" {
			return misfit()
		}
	case t.IsNumeric():
		if raw.kind != numberToken || t.Kind == Decimal && !exactDecimal(text, int(t.Scale)) {
			return misfit()
		}
	case t.IsAddress():
		bits := 32
		if t.Kind == GlobalAddress {
			bits = 64
		}
		n, err := strconv.ParseUint(text, 10, bits)
		if raw.kind != numberToken || err != nil {
			return misfit()
		}
		return IntDatum(int64(n))
	case t.IsScalar() && t.Kind != Null:
		unquoted, err := strconv.Unquote(text)
		if raw.kind != stringToken || err != nil {
			return misfit()
		}
		if t.Kind == String || t.Kind == Bytes {
			return TextDatum(unquoted)
		}
		text = unquoted
	default:
		return misfit()
	}
	d, err := ParseDatum(t, text)
	if err != nil {
		return misfit()
	}
	return d
}

// exactDecimal reports that a numeral has no exponent and no more digits after the
// point than a scale has, so that reading it does not round.
func exactDecimal(text string, scale int) bool {
	for i := range len(text) {
		if text[i]|0x20 == 'e' {
			return false
		}
		if text[i] == '.' {
			return len(text)-i-1 <= scale
		}
	}
	return true
}

func (p *parser) rows(raw [][]token, fields []Field, span diag.Span) [][]Datum {
	rows := make([][]Datum, len(raw))
	for i, row := range raw {
		if len(row) != len(fields) {
			p.fail(codeMisfit, span, "row %d has %d values for %d columns", i+1, len(row), len(fields))
		}
		rows[i] = make([]Datum, len(row))
		for j, t := range row {
			rows[i][j] = p.convert(t, fields[j].Type, t.span)
		}
	}
	return rows
}
