package bind

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

func itoa(n int) string { return strconv.Itoa(n) }

// literal binds a constant that tells its own kind.
func (b *binder) literal(e *ast.Literal) *scalar {
	switch e.Kind {
	case ast.NullLiteral:
		return b.null(ir.Of(ir.Null), e.Span())
	case ast.BooleanLiteral:
		return b.boolean(e.Text == "TRUE", e.Span())
	case ast.IntegerLiteral, ast.DecimalLiteral:
		return b.number(e.Text, false, e.Span())
	case ast.FloatLiteral:
		d, err := ir.ParseDatum(ir.Of(ir.F64), e.Text)
		if err != nil {
			b.report(diag.New(codeNumber, "the number is too large").At(b.file, e.Span(), "larger than double precision holds"))
			return b.badAt(e.Span())
		}
		return b.constant(ir.Of(ir.F64), d, e.Span())
	case ast.BytesLiteral:
		return b.constant(ir.Of(ir.Bytes), ir.TextDatum(e.Text), e.Span())
	default:
		return b.finish(&scalar{code: ir.OpConst, typ: ir.Of(ir.String), value: ir.TextDatum(e.Text), literal: true, span: e.Span()})
	}
}

// maxNumber is the longest number that can be exact: 38 digits, a point, and zeros
// before.
const maxNumber = 1000

// number binds an exact number: integer, bigint or hugeint where digits alone are
// written and fit, else decimal.
func (b *binder) number(text string, negative bool, span diag.Span) *scalar {
	sign := ""
	if negative {
		sign = "-"
	}
	whole, fraction, point := strings.Cut(text, ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if len(whole)+len(fraction) > maxNumber {
		whole, fraction = "1"+strings.Repeat("0", maxNumber), ""
	}
	if !point {
		n, _ := new(big.Int).SetString(sign+whole, 10)
		if v, ok := ir.Int128FromBig(n); ok {
			for _, kind := range []ir.Kind{ir.I32, ir.I64, ir.I128} {
				if ir.FitsInteger(kind, v) {
					return b.constant(ir.Of(kind), ir.Int128Datum(v), span)
				}
			}
		}
	}
	digits := len(whole) + len(fraction)
	if whole == "0" && fraction != "" {
		digits = len(fraction)
	}
	if digits > ir.MaxDecimalPrecision {
		b.report(diag.New(codeNumber, "the number has %d digits", digits).
			At(b.file, span, "exact numbers have at most %d", ir.MaxDecimalPrecision).
			Helpf("write an exponent for a number that need not be exact: 1.5e0"))
		return b.badAt(span)
	}
	t := ir.DecimalType(max(digits, 1), len(fraction))
	n, _ := new(big.Int).SetString(sign+whole+fraction, 10)
	v, _ := ir.Int128FromBig(n)
	return b.constant(t, ir.Int128Datum(v), span)
}

// typed binds type 'text'.
func (b *binder) typed(e *ast.TypedLiteral) *scalar {
	t, length, ok := b.castType(e.Type)
	if !ok {
		return b.badAt(e.Span())
	}
	v := b.finish(&scalar{code: ir.OpConst, typ: ir.Of(ir.String), value: ir.TextDatum(e.Text), literal: true, span: e.Span()})
	return b.castTo(v, t, length, e.Type, e.Span())
}

// interval binds INTERVAL value fields. Of text, fields say what a bare number
// counts.
func (b *binder) interval(e *ast.IntervalLiteral) *scalar {
	if e.To != "" || e.Precision >= 0 {
		b.notYet(e.Span(), "write the units into the string: INTERVAL '1 day 02:03:04'", "intervals with TO or a precision are")
		return b.badAt(e.Span())
	}
	literal, ok := e.Value.(*ast.Literal)
	if !ok {
		return b.computedInterval(e)
	}
	if literal.Kind != ast.StringLiteral && literal.Kind != ast.IntegerLiteral {
		b.report(diag.New(codeLiteral, "an interval is a string or an integer").At(b.file, literal.Span(), "not an interval"))
		return b.badAt(e.Span())
	}
	text := strings.TrimSpace(literal.Text)
	unit, factor := e.From, ""
	switch unit {
	case "":
		if literal.Kind == ast.IntegerLiteral {
			b.report(diag.New(codeLiteral, "the interval has no unit").At(b.file, e.Span(), "of what?").Helpf("write INTERVAL %s DAY", literal.Text))
			return b.badAt(e.Span())
		}
	case "QUARTER":
		unit, factor = "MONTH", "3"
	}
	if unit != "" && isNumber(text) {
		if factor != "" {
			n, ok := new(big.Int).SetString(text, 10)
			if !ok {
				b.notYet(e.Span(), "", "fractions of a quarter are")
				return b.badAt(e.Span())
			}
			text = n.Mul(n, big.NewInt(3)).String()
		}
		text += " " + strings.ToLower(unit)
	}
	d, err := ir.ParseDatum(ir.Of(ir.Interval), text)
	if err != nil {
		b.report(diag.New(codeLiteral, "%s is not an interval", quoted(text)).At(b.file, e.Span(), "malformed, or too long").
			Note("%s", exampleOf(ir.Of(ir.Interval))))
		return b.badAt(e.Span())
	}
	return b.constant(ir.Of(ir.Interval), d, e.Span())
}

func isNumber(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	return digits != "" && strings.Trim(digits, "0123456789.") == ""
}

// computedInterval binds INTERVAL (expression) unit when the expression is a
// constant.
func (b *binder) computedInterval(e *ast.IntervalLiteral) *scalar {
	v := b.expression(e.Value)
	switch {
	case v.bad():
		return v
	case v.code == ir.OpConst && !v.value.Null && (v.typ.IsInteger() || v.typ.Kind == ir.String):
		literal := &ast.Literal{Base: ast.At(e.Value.Span()), Kind: ast.StringLiteral, Text: ir.FormatDatum(v.typ, v.value)}
		constant := *e
		constant.Value = literal
		if v.typ.IsInteger() && e.From == "" {
			literal.Kind = ast.IntegerLiteral
		}
		return b.interval(&constant)
	default:
		b.notYet(e.Span(), "", "intervals of computed length are")
		return b.badAt(e.Span())
	}
}
