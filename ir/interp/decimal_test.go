package interp

import (
	"errors"
	"math/big"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// Decimal arithmetic agrees with a library that has nothing in common with it.
func TestDecimalsAgainstLibrary(t *testing.T) {
	decimal := rapid.Custom(func(t *rapid.T) ir.Type {
		precision := rapid.IntRange(1, ir.MaxDecimalPrecision).Draw(t, "precision")
		return ir.DecimalType(precision, rapid.IntRange(0, precision).Draw(t, "scale"))
	})
	unscaled := func(t *rapid.T, typ ir.Type) ir.Datum {
		digits := rapid.StringMatching(`-?[0-9]{1,38}`).Draw(t, "digits")
		n, _ := new(big.Int).SetString(digits, 10)
		n.Rem(n, ir.PowerOfTen(int(typ.Precision)))
		v, ok := ir.Int128FromBig(n)
		if !ok {
			t.Fatalf("%s does not fit", n)
		}
		return ir.Int128Datum(v)
	}
	exactly := apd.BaseContext.WithPrecision(200)
	rapid.Check(t, func(t *rapid.T) {
		left, right := decimal.Draw(t, "left"), decimal.Draw(t, "right")
		a, b := unscaled(t, left), unscaled(t, right)
		code := rapid.SampledFrom([]ir.Opcode{ir.OpAdd, ir.OpSubtract, ir.OpMultiply, ir.OpDivide, ir.OpModulo}).Draw(t, "op")
		if code == ir.OpMultiply && left.Scale+right.Scale > ir.MaxDecimalPrecision {
			return
		}
		build := ir.At(ir.NewBlock())
		op := build.Binary(code, build.Const(left, a), build.Const(right, b)).Op
		got, err := EvaluateOp(op, []ir.Datum{a, b})

		x, _, _ := apd.NewFromString(ir.FormatDatum(left, a))
		y, _, _ := apd.NewFromString(ir.FormatDatum(right, b))
		z := new(apd.Decimal)
		result := op.Results[0].Type
		var d *diag.Diagnostic
		errors.As(err, &d)
		if y.IsZero() && (code == ir.OpDivide || code == ir.OpModulo) {
			if d == nil || d.Code != ir.CodeDivisionByZero {
				t.Fatalf("%s %s %s is %v, %v", x, code, y, got, err)
			}
			return
		}
		operation := map[ir.Opcode]func(d, x, y *apd.Decimal) (apd.Condition, error){
			ir.OpAdd: exactly.Add, ir.OpSubtract: exactly.Sub, ir.OpMultiply: exactly.Mul, ir.OpDivide: exactly.Quo, ir.OpModulo: exactly.Rem,
		}[code]
		if _, err := operation(z, x, y); err != nil {
			t.Fatal(err)
		}
		rounding := *exactly
		rounding.Rounding = apd.RoundHalfUp // away from zero, in its words
		if _, err := rounding.Quantize(z, z, -int32(result.Scale)); err != nil {
			t.Fatal(err)
		}
		if z.NumDigits() > int64(result.Precision) {
			if d == nil || d.Code != ir.CodeOverflow {
				t.Fatalf("%s %s %s should overflow %s and is %v, %v", x, code, y, result, got, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s %s %s: %v", x, code, y, err)
		}
		text := ir.FormatDatum(result, got)
		w, _, _ := apd.NewFromString(text)
		if w.Cmp(z) != 0 {
			t.Fatalf("%s %s %s is %s, not %s", x, code, y, text, z)
		}
	})
}
