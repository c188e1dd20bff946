package ir

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// TextVersion is the version of the text form that this package prints and reads.
const TextVersion = 1

// String prints the module in the text form, which Parse reads.
func (m *Module) String() string { return string(m.AppendText(nil)) }

// Print writes the text form.
func (m *Module) Print(w io.Writer) error {
	_, err := w.Write(m.AppendText(nil))
	return err
}

// AppendText appends the text form to b.
func (m *Module) AppendText(b []byte) []byte {
	p := &printer{b: b}
	p.module(m)
	return p.b
}

func (p *printer) module(m *Module) {
	p.text("cir " + strconv.Itoa(TextVersion) + "\n")
	for _, t := range m.Tables {
		p.text("\n")
		p.table(t)
	}
	for i, parameter := range m.Parameters {
		if i == 0 {
			p.text("\n")
		}
		p.format("parameter %d : %s", i, parameter.Type)
		if parameter.Bound {
			p.text(" = ")
			p.b = AppendLiteral(p.b, parameter.Type, parameter.Value)
		}
		p.text("\n")
	}
	for i, s := range m.States {
		if i == 0 {
			p.text("\n")
		}
		p.state(s)
	}
	for _, f := range m.Functions {
		p.text("\n")
		p.function(f)
	}
}

// String prints the function alone.
func (f *Function) String() string {
	p := &printer{}
	p.function(f)
	return string(p.b)
}

// String prints the op alone; values from outside of it show their hints.
func (op *Op) String() string {
	p := &printer{}
	p.begin()
	p.op(op)
	return strings.TrimSuffix(string(p.b), "\n")
}

// String prints the value as a use, by its hint.
func (v *Value) String() string {
	p := &printer{}
	p.begin()
	p.use(v)
	return string(p.b)
}

type printer struct {
	b         []byte
	indent    int
	anonymous bool // leave out the hints of values
	// The names of the values of the current function.
	names   map[*Value]string
	taken   map[string]bool
	counter int // of values without a hint
	suffix  map[string]int
}

func (p *printer) text(s string)                   { p.b = append(p.b, s...) }
func (p *printer) format(format string, a ...any)  { p.b = fmt.Appendf(p.b, format, a...) }
func (p *printer) symbol(name string)              { p.text("@" + QuoteName(name)) }
func (p *printer) line()                           { p.text(strings.Repeat("  ", p.indent)) }
func list[T any](p *printer, items []T, f func(T)) { listIn(p, "[", "]", items, f) }

func listIn[T any](p *printer, open, end string, items []T, f func(T)) {
	p.text(open)
	for i, item := range items {
		if i > 0 {
			p.text(", ")
		}
		f(item)
	}
	p.text(end)
}

func (p *printer) table(t *Table) {
	p.text("table ")
	p.symbol(t.Name)
	if t.Site != "" {
		p.text(" at " + strconv.Quote(t.Site))
	}
	if t.Rows >= 0 {
		p.format(" rows %d", t.Rows)
	}
	p.text(" {\n")
	for _, c := range t.Columns {
		p.text("  " + QuoteName(c.Name) + ": " + c.Type.String())
		if !hasLayout(c.Type) || c.Layout != NaturalLayout(c.Type) {
			p.text(" = " + c.Layout.String())
		}
		s := c.Statistics
		if s.Distinct != 0 {
			p.format(" distinct %d", s.Distinct)
		}
		if s.Nulls >= 0 {
			p.format(" nulls %d", s.Nulls)
		}
		if s.Min != nil {
			p.text(" min ")
			p.b = AppendLiteral(p.b, c.Type, *s.Min)
		}
		if s.Max != nil {
			p.text(" max ")
			p.b = AppendLiteral(p.b, c.Type, *s.Max)
		}
		p.text("\n")
	}
	p.text("}\n")
}

// hasLayout reports whether columns of a type can lie in memory.
func hasLayout(t Type) bool { return t.IsScalar() && t.Kind != Null }

func (p *printer) state(s *State) {
	p.text("state ")
	p.symbol(s.Name)
	p.text(" " + s.Kind.String() + " " + StructType(s.Fields...).String())
	if s.Keys != 0 {
		p.format(" keys %d", s.Keys)
	}
	if len(s.Aggregates) > 0 {
		p.text(" aggregates ")
		list(p, s.Aggregates, func(f AggregateFunction) { p.text(f.String()) })
	}
	if len(s.Order) > 0 {
		p.text(" order ")
		list(p, s.Order, p.sortKey)
	}
	if s.Limit >= 0 {
		p.format(" limit %d", s.Limit)
	}
	if s.Offset != 0 {
		p.format(" offset %d", s.Offset)
	}
	if s.Unmatched {
		p.text(" unmatched")
	}
	if s.Estimate != 0 {
		p.text(" estimate ")
		p.b = AppendLiteral(p.b, Of(F64), FloatDatum(s.Estimate))
	}
	p.text("\n")
}

func (p *printer) function(f *Function) {
	p.begin()
	if f.Export {
		p.text("export ")
	}
	p.text(f.Level.String() + " ")
	p.symbol(f.Name)
	listIn(p, "(", ")", f.Body.Arguments, p.typed)
	switch len(f.Results) {
	case 0:
	case 1:
		p.text(" -> " + f.Results[0].String())
	default:
		p.text(" -> ")
		listIn(p, "(", ")", f.Results, func(t Type) { p.text(t.String()) })
	}
	if f.Threads > 0 {
		p.text(" threads " + strconv.Itoa(f.Threads))
	}
	p.text(" {\n")
	p.block(f.Body)
	p.text("}\n")
}

// begin forgets the names of another function.
func (p *printer) begin() {
	p.names, p.taken, p.suffix, p.counter = map[*Value]string{}, map[string]bool{}, map[string]int{}, 0
}

func (p *printer) typed(v *Value) {
	p.define(v)
	p.text(": " + v.Type.String())
}

// define names a value and prints the name.
func (p *printer) define(v *Value) {
	name := plainHint(v.Name)
	if name == "" || p.anonymous {
		name = strconv.Itoa(p.counter)
		p.counter++
	} else if p.taken[name] {
		for base := name; p.taken[name]; {
			p.suffix[base]++
			name = base + strconv.Itoa(p.suffix[base])
		}
	}
	p.taken[name] = true
	p.names[v] = name
	p.text("%" + name)
}

// plainHint makes a name of letters, digits and "_" that begins with no digit.
func plainHint(hint string) string {
	plain := true
	for i := range len(hint) {
		plain = plain && isNameByte(hint[i]) && (i > 0 || !isDigit(hint[i]))
	}
	if plain {
		return hint
	}
	var b strings.Builder
	for i := range len(hint) {
		if c := hint[i]; isNameByte(c) {
			if b.Len() == 0 && isDigit(c) {
				b.WriteByte('_')
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c == '.' || isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func (p *printer) use(v *Value) {
	if v == nil {
		p.text("%!absent")
		return
	}
	if name, ok := p.names[v]; ok {
		p.text("%" + name)
		return
	}
	// Not defined above: the text does not parse, but shows what is wrong.
	if hint := plainHint(v.Name); hint != "" {
		p.text("%" + hint)
		return
	}
	p.text("%!unnamed")
}

func (p *printer) block(b *Block) {
	p.indent++
	for _, op := range b.Ops {
		p.line()
		p.op(op)
	}
	p.indent--
}

func (p *printer) op(op *Op) {
	info := p.head(op)
	for i, region := range op.Regions {
		p.text(" ")
		p.region(info, i, region)
	}
	p.text("\n")
}

// head prints what stands before the regions.
func (p *printer) head(op *Op) *OpInfo {
	info := &OpInfo{Name: "!" + strconv.Itoa(int(op.Code))} // no op: the verifier finds it
	if int(op.Code) < len(opTable) {
		info = op.Info()
	}
	// The regions stand before the results in time, but values are numbered in the
	// order of the text, so that printing what was parsed gives the same names.
	for i, v := range op.Results {
		if i > 0 {
			p.text(", ")
		}
		p.define(v)
	}
	if len(op.Results) > 0 {
		p.text(" = ")
	}
	p.text(info.Name)
	for i, v := range op.Operands {
		if i > 0 {
			p.text(",")
		}
		p.text(" ")
		p.use(v)
	}
	bare := info.bareAttribute()
	for i := range info.Attributes {
		attribute := &info.Attributes[i]
		value := op.Attribute(attribute.Name)
		if value == nil || info.ExplicitType && attribute.Name == "type" {
			continue
		}
		p.text(" ")
		if i != bare {
			p.text(attribute.Name + " ")
		}
		p.attribute(op, value)
	}
	if info.ExplicitType {
		if t, ok := op.Attribute("type").(Type); ok {
			p.text(" : " + t.String())
		}
	}
	return info
}

// bareAttribute is the index of the attribute that is written without its name:
// the first one, if it is not optional.
func (i *OpInfo) bareAttribute() int {
	for at := range i.Attributes {
		if i.ExplicitType && i.Attributes[at].Name == "type" {
			continue
		}
		if i.Attributes[at].Optional {
			break
		}
		return at
	}
	return -1
}

func (p *printer) region(info *OpInfo, index int, region *Block) {
	if region == nil {
		p.text("!absent")
		return
	}
	known := false
	if index < len(info.Regions) {
		known = info.Regions[index].Arguments != nil
		if len(info.Regions) > 1 {
			p.text(info.Regions[index].Name + " ")
		}
	}
	switch {
	case known:
		listIn(p, "(", ") ", region.Arguments, p.define)
	case len(region.Arguments) > 0:
		listIn(p, "(", ") ", region.Arguments, p.typed)
	}
	p.text("{\n")
	p.block(region)
	p.line()
	p.text("}")
}

func (p *printer) sortKey(k SortKey) {
	p.text(QuoteName(k.Column))
	if k.Descending {
		p.text(" desc")
	}
	if k.NullsFirst {
		p.text(" nulls first")
	}
}

func (p *printer) aggregate(a Aggregate) {
	p.text(QuoteName(a.Name) + " = " + a.Function.String() + "(")
	if a.Distinct {
		p.text("distinct ")
	}
	if a.Argument < 0 {
		p.text("*")
	} else {
		p.text(strconv.Itoa(a.Argument))
	}
	p.text(")")
	if a.Filter >= 0 {
		p.format(" filter %d", a.Filter)
	}
}

func (p *printer) name(name string) { p.text(QuoteName(name)) }

// attribute prints a value by its Go type. A value that does not have the type
// that the op table wants is printed all the same; the verifier finds it.
func (p *printer) attribute(op *Op, value any) {
	switch v := value.(type) {
	case int64:
		p.b = strconv.AppendInt(p.b, v, 10)
	case bool:
		p.b = strconv.AppendBool(p.b, v)
	case string:
		p.b = strconv.AppendQuote(p.b, v)
	case Symbol:
		p.symbol(string(v))
	case Type:
		p.text(v.String())
	case Datum:
		p.b = AppendLiteral(p.b, op.literalType(), v)
	case []Datum:
		t := Type{}
		if len(op.Operands) > 0 {
			t = op.Operands[0].Type
		}
		list(p, v, func(d Datum) { p.b = AppendLiteral(p.b, t, d) })
	case [][]Datum:
		fields := op.rowFields()
		list(p, v, func(row []Datum) {
			i := 0
			listIn(p, "(", ")", row, func(d Datum) {
				var t Type
				if i < len(fields) {
					t = fields[i].Type
				}
				i++
				p.b = AppendLiteral(p.b, t, d)
			})
		})
	case []string:
		list(p, v, p.name)
	case []ScanColumn:
		list(p, v, func(c ScanColumn) {
			p.name(c.Name)
			if c.Source != c.Name {
				p.text(" = ")
				p.name(c.Source)
			}
		})
	case []Field:
		p.text(StructType(v...).String())
	case []SortKey:
		list(p, v, p.sortKey)
	case []Aggregate:
		list(p, v, p.aggregate)
	case JoinKind:
		p.text(v.String())
	case []Layout:
		list(p, v, func(l Layout) { p.text(l.String()) })
	default:
		p.format("!%T", value)
	}
}

// literalType is the type of an AttrDatum: the op's attribute "type".
func (op *Op) literalType() Type { return AttributeAs[Type](op, "type") }

// rowFields are the columns of an AttrRows: of the attribute "type" or "fields".
func (op *Op) rowFields() []Field {
	if fields, ok := op.Attribute("fields").([]Field); ok {
		return fields
	}
	return op.literalType().Fields
}

// AppendLiteral appends a literal of the text form: null, true, numbers, and all
// others as quoted strings (strings and bytes as they are, the rest as
// FormatDatum has it).
func AppendLiteral(b []byte, t Type, d Datum) []byte {
	if d.Null {
		return append(b, "null"...)
	}
	switch {
	case t.IsFloat():
		switch {
		case math.IsNaN(d.Float):
			return append(b, "nan"...)
		case math.IsInf(d.Float, 1):
			return append(b, "inf"...)
		case math.IsInf(d.Float, -1):
			return append(b, "-inf"...)
		}
		return AppendDatum(b, t, d)
	case t.Kind == Bool, t.IsInteger(), t.Kind == Decimal:
		return AppendDatum(b, t, d)
	case t.Kind == GlobalAddress:
		return strconv.AppendUint(b, d.Low, 10)
	case t.IsAddress():
		return strconv.AppendUint(b, uint64(uint32(d.Low)), 10)
	case t.Kind == String, t.Kind == Bytes:
		return strconv.AppendQuote(b, d.Text)
	case t.Kind > Decimal && t.Kind < Null:
		return strconv.AppendQuote(b, FormatDatum(t, d))
	default:
		// No literal has this type: the verifier finds it.
		return append(b, "!literal"...)
	}
}
