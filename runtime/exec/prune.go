package exec

import (
	"cmp"
	"math"
	"strings"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/store"
)

// prune lists the chunks that may hold rows which meet all conditions.
func (sc *scan) prune(r *run) {
	for i := range sc.source.Chunks() {
		chunk := &sc.source.Chunks()[i]
		keep := chunk.Rows != 0
		for c := 0; keep && c < len(sc.Prune); c++ {
			condition := &sc.Prune[c]
			if condition.Column < len(chunk.Zones) {
				t := sc.Scan.Columns[condition.Column].Type
				keep = mayHold(&chunk.Zones[condition.Column], t, condition, r.value(condition.Parameter))
			}
		}
		if keep {
			sc.chunks = append(sc.chunks, i)
		} else {
			sc.pruned++
		}
	}
}

// mayHold reports whether a column within such bounds can have a value that meets
// "column OP value". NULLs meet nothing.
func mayHold(zone *store.Zone, t ir.Type, condition *program.Prune, value ir.Datum) bool {
	if zone.AllNull || value.Null {
		return false
	}
	below := func(bound *ir.Datum) (order int, known bool) { // value compared with bound
		if bound == nil || bound.Null {
			return 0, false
		}
		return compare(t, value, *bound)
	}
	if low, known := below(zone.Min); known {
		switch condition.Op {
		case "eq", "le":
			if low < 0 {
				return false
			}
		case "lt":
			if low <= 0 {
				return false
			}
		}
	}
	if t.IsFloat() && condition.Op != "eq" {
		return true // NaN is above all numbers, and bounds need not mention it
	}
	if high, known := below(zone.Max); known {
		switch condition.Op {
		case "eq", "ge":
			if high > 0 {
				return false
			}
		case "gt":
			if high >= 0 {
				return false
			}
		}
	}
	return true
}

// compare orders two values of a type as generated code does; known is false for types
// and values whose order is not settled here.
func compare(t ir.Type, a, b ir.Datum) (order int, known bool) {
	switch {
	case store.IsInteger(t):
		return a.Int128().Cmp(b.Int128()), true
	case t.Kind == ir.Bool:
		return cmp.Compare(a.Low, b.Low), true
	case t.IsFloat():
		if math.IsNaN(a.Float) || math.IsNaN(b.Float) {
			return 0, false
		}
		return cmp.Compare(a.Float, b.Float), true
	case store.IsText(t):
		return strings.Compare(a.Text, b.Text), true
	case t.Kind == ir.UUID:
		if a.High != b.High {
			return cmp.Compare(uint64(a.High), uint64(b.High)), true
		}
		return cmp.Compare(a.Low, b.Low), true
	default:
		return 0, false
	}
}
