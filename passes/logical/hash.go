package logical

import (
	"hash/maphash"
	"math"
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
)

// fingerprint hashes the function's content: two equal fingerprints mean the same
// text, but for the names that the printer gives to values.
func (e *editor) fingerprint() uint64 {
	h := hasher{state: hashStart, numbers: e.ctx.Numbers}
	clear(h.numbers)
	h.block(e.function.Body)
	return h.sum()
}

// region hashes the code of an operator's region with all that Simplify looks at.
func (e *editor) region(op *ir.Op, region *ir.Block) uint64 {
	h := hasher{state: hashStart, numbers: e.ctx.Numbers, columns: true}
	clear(h.numbers)
	h.block(region)
	for i := range region.Terminator().Operands {
		h.int(uint64(boolByte(conditionAt(op, i))))
	}
	return h.sum()
}

// hasher hashes code to 64 bits, by multiplying and folding as wyhash does. Values
// count by where they are defined, so that the hash does not depend on addresses.
type hasher struct {
	state   uint64
	numbers map[*ir.Value]uint64
	columns bool // the types of columns count, too
}

// seed is for hashes that stay in this process.
var seed = maphash.MakeSeed()

const (
	hashStart  = 0x9e3779b97f4a7c15
	hashFactor = 0xe7037ed1a0b428db
)

func newHasher() *hasher { return &hasher{state: hashStart} }

func (h *hasher) sum() uint64 { return h.state }

func (h *hasher) int(n uint64) {
	high, low := bits.Mul64(h.state^n, hashFactor)
	h.state = high ^ low ^ n + hashStart
}

func (h *hasher) text(s string) { h.int(maphash.String(seed, s)) }

func (h *hasher) define(v *ir.Value) {
	h.numbers[v] = uint64(len(h.numbers) + 1)
}

func (h *hasher) block(b *ir.Block) {
	for _, v := range b.Arguments {
		h.define(v)
	}
	for _, op := range b.Ops {
		h.op(op)
	}
}

func (h *hasher) op(op *ir.Op) {
	h.int(uint64(op.Code) | uint64(len(op.Operands))<<32)
	for _, v := range op.Operands {
		h.int(h.numbers[v])
	}
	for i := range op.Attributes {
		h.attribute(op.Attributes[i].Value)
	}
	if h.columns && op.Code == ir.OpField {
		h.typ(op.Results[0].Type)
	}
	for _, region := range op.Regions {
		h.block(region)
	}
	for _, v := range op.Results {
		h.define(v)
	}
}

func (h *hasher) attribute(value any) {
	switch v := value.(type) {
	case int64:
		h.int(uint64(v))
	case bool:
		h.int(uint64(boolByte(v)))
	case string:
		h.text(v)
	case ir.Symbol:
		h.text(string(v))
	case ir.Type:
		h.typ(v)
	case ir.Datum:
		h.datum(v)
	case []ir.Datum:
		h.int(uint64(len(v)))
		for _, d := range v {
			h.datum(d)
		}
	case [][]ir.Datum:
		h.int(uint64(len(v)))
		for _, row := range v {
			h.attribute(row)
		}
	case []string:
		h.int(uint64(len(v)))
		for _, s := range v {
			h.text(s)
		}
	case []ir.ScanColumn:
		h.int(uint64(len(v)))
		for _, c := range v {
			h.text(c.Name)
			h.text(c.Source)
		}
	case []ir.Field:
		h.int(uint64(len(v)))
		for _, f := range v {
			h.text(f.Name)
			h.typ(f.Type)
		}
	case []ir.SortKey:
		h.int(uint64(len(v)))
		for _, k := range v {
			h.text(k.Column)
			h.int(uint64(boolByte(k.Descending)) | uint64(boolByte(k.NullsFirst))<<1)
		}
	case []ir.Aggregate:
		h.int(uint64(len(v)))
		for _, a := range v {
			h.text(a.Name)
			h.int(uint64(a.Function) | uint64(boolByte(a.Distinct))<<8)
			h.int(uint64(a.Argument))
			h.int(uint64(a.Filter))
		}
	case ir.JoinKind:
		h.int(uint64(v))
	default:
		panic("BUG: a flow op has an attribute that no pass knows")
	}
}

// datum hashes floats by their bits: two NaNs are the same literal.
func (h *hasher) datum(d ir.Datum) {
	h.int(uint64(boolByte(d.Null)))
	h.int(uint64(d.High))
	h.int(d.Low)
	h.int(math.Float64bits(d.Float))
	h.text(d.Text)
}

// sameDatum tells -0 from 0, and finds a NaN equal to itself.
func sameDatum(a, b ir.Datum) bool {
	sameFloat := math.Float64bits(a.Float) == math.Float64bits(b.Float)
	a.Float, b.Float = 0, 0
	return sameFloat && a == b
}

func (h *hasher) typ(t ir.Type) {
	h.int(uint64(t.Kind) | uint64(boolByte(t.Nullable))<<8 | uint64(t.Precision)<<16 | uint64(t.Scale)<<24 |
		uint64(t.Lanes)<<32 | uint64(t.Element)<<40 | uint64(len(t.Fields))<<48)
	for _, f := range t.Fields {
		h.text(f.Name)
		h.typ(f.Type)
	}
}

func boolByte(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
