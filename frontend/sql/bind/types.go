package bind

import (
	"fmt"
	"strings"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// integerDigits is the number of decimal digits of the integer kinds. Not all
// integers of 128 bits fit a decimal; a cast that does not fit traps.
var integerDigits = map[ir.Kind]int{ir.I8: 3, ir.I16: 5, ir.I32: 10, ir.I64: 19, ir.I128: ir.MaxDecimalPrecision}

// commonType is the type to which values of two types convert implicitly. NULL-ness
// is the caller's affair.
func commonType(a, b ir.Type) (t ir.Type, ok bool) {
	switch {
	case a.Same(b):
		return a, true
	case a.Kind == ir.Null:
		return b, true
	case b.Kind == ir.Null:
		return a, true
	case a.IsNumeric() && b.IsNumeric():
		return commonNumber(a, b), true
	case a.Kind > b.Kind:
		a, b = b, a
	}
	// Now a's kind is the smaller: date, timestamp, timestamptz.
	if (a.Kind == ir.Date || a.Kind == ir.Timestamp) && (b.Kind == ir.Timestamp || b.Kind == ir.TimestampTZ) {
		return b, true
	}
	return ir.Type{}, false
}

func commonNumber(a, b ir.Type) ir.Type {
	switch {
	case a.IsFloat() || b.IsFloat():
		if a.Kind == ir.F32 && b.Kind == ir.F32 {
			return a
		}
		return ir.Of(ir.F64)
	case a.IsInteger() && b.IsInteger():
		return ir.Of(max(a.Kind, b.Kind))
	}
	a, b = exact(a), exact(b)
	scale := int(max(a.Scale, b.Scale))
	whole := int(max(a.Precision-a.Scale, b.Precision-b.Scale))
	return ir.DecimalType(min(whole+scale, ir.MaxDecimalPrecision), scale)
}

// exact is an integer type as a decimal.
func exact(t ir.Type) ir.Type {
	if t.Kind == ir.Decimal {
		return t.WithNull(false)
	}
	return ir.DecimalType(integerDigits[t.Kind], 0)
}

// tight is the type that counts when v meets a decimal: an integer literal has only
// the digits that it needs.
func tight(v *scalar) ir.Type {
	if v.code == ir.OpConst && v.typ.IsInteger() && !v.value.Null {
		digits := strings.TrimPrefix(ir.FormatDatum(v.typ, v.value), "-")
		return ir.DecimalType(min(len(digits), ir.MaxDecimalPrecision), 0)
	}
	return v.typ
}

// commonOf is the common type of expressions; ok is false when there is none. The
// type is Null when all are bare NULLs, and String when all are strings.
func commonOf(values []*scalar) (t ir.Type, ok bool) {
	t = ir.Of(ir.Null)
	decimal := false
	for _, v := range values {
		decimal = decimal || v.typ.Kind == ir.Decimal
	}
	strings := false
	for _, v := range values {
		switch {
		case v.bad():
			continue
		case v.untyped():
			strings = strings || v.typ.Kind == ir.String
			continue
		}
		vt := v.typ.WithNull(false)
		if decimal {
			vt = tight(v)
		}
		if t, ok = commonType(t, vt); !ok {
			return ir.Type{}, false
		}
	}
	if t.Kind == ir.Null && strings {
		t = ir.Of(ir.String)
	}
	return t.WithNull(false), true
}

// coerce converts to a type that commonOf gave.
func (b *binder) coerce(v *scalar, t ir.Type) *scalar {
	switch {
	case v.bad() || t.Kind == ir.Null:
		return v
	case v.code == ir.OpParameter && v.literal:
		typed := b.typeParameter(v, t)
		if _, ok := commonType(typed.typ, t); !ok {
			b.report(diag.New(codeTypes, "the parameter is %s and %s", typeName(typed.typ), typeName(t)).
				At(b.file, v.span, "%s by its first use", typeName(typed.typ)).
				Helpf("write the type where it is used: $%d::%s", v.value.Int()+1, typeName(typed.typ)))
			return b.badAt(v.span)
		}
		return b.cast(typed, t, v.span)
	case v.literal && t.Kind == ir.Decimal:
		// What numbered leaves over would be rounded.
		b.report(diag.New(codeLiteral, "%s is not an exact number", quoted(v.value.Text)).
			At(b.file, v.span, "%s is wanted here", typeName(t)).
			Note("an exact number has digits and at most one point: '12.50'"))
		return b.badAt(v.span)
	case v.literal:
		return b.typedLiteral(v, t)
	default:
		return b.cast(v, t, v.span)
	}
}

// numbered gives string literals that meet a decimal their own digits: '1.555' is
// not rounded to those of a column.
func (b *binder) numbered(values []*scalar) {
	for _, v := range values {
		if v.typ.Kind != ir.Decimal {
			continue
		}
		for i, literal := range values {
			if literal.code != ir.OpConst || !literal.literal {
				continue
			}
			text := strings.TrimSpace(literal.value.Text)
			digits, negative := strings.CutPrefix(text, "-")
			if !negative {
				digits = strings.TrimPrefix(digits, "+")
			}
			if strings.Trim(digits, "0123456789.") == "" && strings.Count(digits, ".") <= 1 && strings.Trim(digits, ".") != "" {
				values[i] = b.number(digits, negative, literal.span)
			}
		}
		return
	}
}

// typedLiteral reads a string literal as a value of a type.
func (b *binder) typedLiteral(v *scalar, t ir.Type) *scalar {
	d, err := ir.ParseDatum(t, v.value.Text)
	if err != nil {
		b.report(diag.New(codeLiteral, "%s is not %s", quoted(v.value.Text), article(typeName(t))).
			At(b.file, v.span, "%s is wanted here", typeName(t)).
			Note("%s", exampleOf(t)))
		return b.badAt(v.span)
	}
	return b.constant(t.WithNull(false), d, v.span)
}

func article(noun string) string {
	if strings.IndexByte("aeiou", noun[0]) >= 0 && noun != "uuid" {
		return "an " + noun
	}
	return "a " + noun
}

// conversion adds the cast that makes two expressions fit: of what is not text to
// text, which always works, else of the second to the type of the first.
func (b *binder) conversion(d *diag.Diagnostic, first, second *scalar) *diag.Diagnostic {
	from, to := second, first.typ
	if second.typ.Kind == ir.String {
		from, to = first, second.typ
	}
	if to.Kind == ir.Null || !ir.CanCast(from.typ, to) {
		return d
	}
	return d.Helpf("convert one of them: CAST(%s AS %s)", b.source(from.span), typeName(to))
}

func quoted(s string) string {
	const longest = 40
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest]) + "…"
	}
	return "'" + s + "'"
}

func exampleOf(t ir.Type) string {
	switch t.Kind {
	case ir.Bool:
		return "a boolean is written 'true' or 'false'"
	case ir.Date:
		return "a date is written '1994-12-31'"
	case ir.Time:
		return "a time is written '23:59:59'"
	case ir.Timestamp:
		return "a timestamp is written '1994-12-31 23:59:59'"
	case ir.TimestampTZ:
		return "a timestamp with time zone is written '1994-12-31 23:59:59+01'"
	case ir.Interval:
		return "an interval is written '1 year 2 months 3 days 04:05:06'"
	default:
		return "to compare as text, convert the other side: CAST(... AS text)"
	}
}

// condition converts to bool.
func (b *binder) condition(v *scalar, what string) *scalar {
	if v.bad() {
		return v
	}
	if v.untyped() {
		return b.coerce(v, ir.Of(ir.Bool))
	}
	if v.typ.Kind != ir.Bool {
		b.report(diag.New(codeArgumentType, "%s is a boolean, not %s", what, typeName(v.typ)).
			At(b.file, v.span, "%s", typeName(v.typ)).
			Helpf("write a comparison, such as = or IS NOT NULL"))
		return b.badAt(v.span)
	}
	return v
}

// text converts what has no type to text.
func (b *binder) text(v *scalar) *scalar {
	if v.untyped() {
		return b.coerce(v, ir.Of(ir.String))
	}
	return v
}

// typeName is a type as SQL writes it.
func typeName(t ir.Type) string {
	switch t.Kind {
	case ir.Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case ir.Null:
		return "NULL"
	default: // the name of the kind, below
	}
	for _, name := range typeNames {
		if name.kind == t.Kind {
			return name.name
		}
	}
	return t.String()
}

// typeNames are the names of types without arguments; the first of a kind is the one
// that is shown.
var typeNames = []struct {
	name string
	kind ir.Kind
}{
	{"boolean", ir.Bool},
	{"bool", ir.Bool},
	{"logical", ir.Bool},
	{"tinyint", ir.I8},
	{"int1", ir.I8},
	{"smallint", ir.I16},
	{"int2", ir.I16},
	{"short", ir.I16},
	{"integer", ir.I32},
	{"int", ir.I32},
	{"int4", ir.I32},
	{"signed", ir.I32},
	{"bigint", ir.I64},
	{"int8", ir.I64},
	{"long", ir.I64},
	{"hugeint", ir.I128},
	{"int128", ir.I128},
	{"real", ir.F32},
	{"float4", ir.F32},
	{"double precision", ir.F64},
	{"double", ir.F64},
	{"float8", ir.F64},
	{"float", ir.F64},
	{"date", ir.Date},
	{"time", ir.Time},
	{"time without time zone", ir.Time},
	{"timestamp", ir.Timestamp},
	{"timestamp without time zone", ir.Timestamp},
	{"datetime", ir.Timestamp},
	{"timestamp with time zone", ir.TimestampTZ},
	{"timestamptz", ir.TimestampTZ},
	{"interval", ir.Interval},
	{"text", ir.String},
	{"varchar", ir.String},
	{"character varying", ir.String},
	{"string", ir.String},
	{"bytea", ir.Bytes},
	{"blob", ir.Bytes},
	{"bytes", ir.Bytes},
	{"uuid", ir.UUID},
	{"decimal", ir.Decimal},
	{"numeric", ir.Decimal},
	{"dec", ir.Decimal},
}

// laterTypes are types of the dialect that are not there yet.
var laterTypes = []string{
	"char", "character", "nchar", "bpchar", "json", "jsonb", "list", "struct", "map", "array", "bit", "bit varying",
	"time with time zone", "timetz", "money", "inet", "xml", "point", "name", "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint",
}

// castType finds the type that a name means, and the most characters of a varchar.
// A decimal without digits is given with precision 0.
func (b *binder) castType(n *ast.TypeName) (t ir.Type, length int64, ok bool) {
	for _, later := range laterTypes {
		if n.Name == later || n.Dimensions > 0 || len(n.Arguments) > 0 {
			b.notYet(n.Span(), "", "the type %s is", ast.Format(n))
			return ir.Type{}, 0, false
		}
	}
	kind := ir.Invalid
	for _, name := range typeNames {
		if name.name == n.Name {
			kind = name.kind
		}
	}
	switch {
	case kind == ir.Invalid:
		b.unknownType(n)
		return ir.Type{}, 0, false
	case kind == ir.Decimal:
		return b.decimalType(n)
	case len(n.Modifiers) == 0:
		return ir.Of(kind), 0, true
	case kind == ir.String && len(n.Modifiers) == 1 && n.Modifiers[0] > 0:
		return ir.Of(kind), n.Modifiers[0], true
	case n.Name == "float" && len(n.Modifiers) == 1 && n.Modifiers[0] >= 1 && n.Modifiers[0] <= 53:
		if n.Modifiers[0] <= 24 {
			return ir.Of(ir.F32), 0, true
		}
		return ir.Of(ir.F64), 0, true
	case (kind == ir.Timestamp || kind == ir.TimestampTZ || kind == ir.Time) && len(n.Modifiers) == 1 && n.Modifiers[0] == 6:
		return ir.Of(kind), 0, true
	}
	b.notYet(n.Span(), "", "the type %s is", ast.Format(n))
	return ir.Type{}, 0, false
}

func (b *binder) decimalType(n *ast.TypeName) (t ir.Type, length int64, ok bool) {
	if len(n.Modifiers) == 0 {
		return ir.Type{Kind: ir.Decimal}, 0, true
	}
	precision, scale := n.Modifiers[0], int64(0)
	if len(n.Modifiers) > 1 {
		scale = n.Modifiers[1]
	}
	if len(n.Modifiers) > 2 || precision < 1 || precision > ir.MaxDecimalPrecision || scale < 0 || scale > precision {
		b.report(diag.New(codeNumber, "there is no type %s", ast.Format(n)).
			At(b.file, n.Span(), "precision is 1 to 38, scale 0 to the precision"))
		return ir.Type{}, 0, false
	}
	return ir.DecimalType(int(precision), int(scale)), 0, true
}

func (b *binder) unknownType(n *ast.TypeName) {
	candidates := make([]string, len(typeNames))
	for i, name := range typeNames {
		candidates[i] = name.name
	}
	d := diag.New(codeUnknownType, "no type is named %q", n.Name)
	if near, found := diag.Suggest(n.Name, candidates); found {
		d.At(b.file, n.Span(), "did you mean %s?", near).Fix(b.file, n.Span(), near, "write %s", near)
	} else {
		d.At(b.file, n.Span(), "not a type")
	}
	b.report(d)
}
