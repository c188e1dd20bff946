package pipelines

import (
	"math/big"

	"github.com/heddle-lang/heddle/ir"
)

// ranges proves that simple arithmetic over columns cannot trap, from the widths in
// which the columns are stored. Those bind the values, unlike statistics.
type ranges struct {
	columns map[string]*ir.Column // by the name under which a scan gives them
}

func newRanges(m *ir.Module, body *ir.Block) *ranges {
	r := &ranges{columns: map[string]*ir.Column{}}
	for _, op := range body.Ops {
		if op.Code != ir.OpScan {
			continue
		}
		scan := ir.AsScan(op)
		table := m.Table(string(scan.Table))
		for _, c := range scan.Columns {
			if _, column := table.Column(c.Source); column != nil {
				r.columns[c.Name] = column
			}
		}
	}
	return r
}

// mayTrap reports whether computing v can fail.
func (r *ranges) mayTrap(v *ir.Value) bool {
	found := false
	visit(v, func(op *ir.Op) {
		if op.Info().Has(ir.MayTrap) && !found {
			low, _ := r.of(op.Results[0])
			found = low == nil
		}
	})
	return found
}

// of gives the least and the greatest value that an integer expression can have, nil
// when they are not known or do not fit its type.
func (r *ranges) of(v *ir.Value) (low, high *big.Int) {
	if v.Op == nil || !v.Type.IsInteger() {
		return nil, nil
	}
	operand := func(i int) (low, high *big.Int) { return r.of(v.Op.Operands[i]) }
	switch v.Op.Code {
	case ir.OpConst:
		d := ir.AttributeAs[ir.Datum](v.Op, "value")
		if d.Null {
			return nil, nil
		}
		low = d.Int128().Big()
		return low, low
	case ir.OpField:
		return r.column(ir.AttributeAs[string](v.Op, "name"))
	case ir.OpCast:
		low, high = operand(0)
	case ir.OpNegate:
		if a, b := operand(0); a != nil {
			low, high = new(big.Int).Neg(b), new(big.Int).Neg(a)
		}
	case ir.OpAdd, ir.OpSubtract, ir.OpMultiply:
		a, b := operand(0)
		c, d := operand(1)
		if a == nil || c == nil {
			return nil, nil
		}
		combine := map[ir.Opcode]func(z, x, y *big.Int) *big.Int{ir.OpAdd: (*big.Int).Add, ir.OpSubtract: (*big.Int).Sub, ir.OpMultiply: (*big.Int).Mul}[v.Op.Code]
		for _, pair := range [][2]*big.Int{{a, c}, {a, d}, {b, c}, {b, d}} {
			x := combine(new(big.Int), pair[0], pair[1])
			if low == nil || x.Cmp(low) < 0 {
				low = x
			}
			if high == nil || x.Cmp(high) > 0 {
				high = x
			}
		}
	default:
		// not proven
	}
	bits := map[ir.Kind]int{ir.I8: 7, ir.I16: 15, ir.I32: 31, ir.I64: 63, ir.I128: 127}[v.Type.Kind]
	if low == nil || low.BitLen() > bits || high.BitLen() > bits {
		return nil, nil
	}
	return low, high
}

func (r *ranges) column(name string) (low, high *big.Int) {
	c := r.columns[name]
	if c == nil || !c.Type.IsInteger() || c.Layout.Encoding != ir.Plain || c.Layout.Width == 0 || c.Layout.Width > 8 {
		return nil, nil
	}
	base := big.NewInt(c.Layout.Base)
	half := new(big.Int).Lsh(big.NewInt(1), uint(c.Layout.Width)*8-1)
	low = new(big.Int).Sub(base, half)
	high = new(big.Int).Add(base, half)
	return low, high.Sub(high, big.NewInt(1))
}
