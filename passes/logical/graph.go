package logical

import (
	"hash/maphash"
	"math"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// editor edits one flow function as a graph: passes repoint operands and make
// operators with no thought of order, and finish puts the body in order again,
// leaves out what nothing reads, and infers all types anew.
type editor struct {
	ctx      *pass.Context
	module   *ir.Module
	function *ir.Function
	uses     map[*ir.Value]int // readers of bags
	visited  map[*ir.Value]bool
}

// onFlows runs an edit over each flow function and reports whether any changed.
func onFlows(ctx *pass.Context, m *ir.Module, edit func(*editor)) (bool, error) {
	changed := false
	for _, f := range m.Functions {
		if f.Level != ir.FlowLevel || f.Body.Terminator() == nil {
			continue
		}
		e := &editor{ctx: ctx, module: m, function: f, uses: map[*ir.Value]int{}, visited: map[*ir.Value]bool{}}
		for _, op := range f.Body.Ops {
			for _, v := range op.Operands {
				e.uses[v]++
			}
		}
		before := e.fingerprint()
		edit(e)
		e.finish()
		changed = changed || e.fingerprint() != before
	}
	return changed, nil
}

// terminator is the op that every other op of the function serves.
func (e *editor) terminator() *ir.Op { return e.function.Body.Terminator() }

// shared reports whether more than one operator reads a bag. What is shared is
// not changed for the sake of one reader.
func (e *editor) shared(v *ir.Value) bool { return e.uses[v] > 1 }

// finish orders the body.
func (e *editor) finish() {
	body := e.function.Body
	var ops []*ir.Op
	seen := make(map[*ir.Op]bool, len(body.Ops))
	var place func(op *ir.Op)
	place = func(op *ir.Op) {
		if seen[op] {
			return
		}
		seen[op] = true
		for _, v := range op.Operands {
			if v.Op != nil {
				place(v.Op)
			}
		}
		op.Block = body
		infer(op)
		ops = append(ops, op)
	}
	end := e.terminator()
	place(end)
	body.Ops = ops
	if end.Code == ir.OpReturn {
		e.function.Results = resultsLike(e.function.Results, end)
	}
}

// resultsLike keeps the declared results in step with NULL-ness that became tighter.
func resultsLike(results []ir.Type, end *ir.Op) []ir.Type {
	if len(results) != 1 || len(end.Operands) != 1 {
		return results
	}
	declared := results[0]
	fields := make([]ir.Field, len(declared.Fields))
	columns := ir.AttributeAs[[]string](end, "columns")
	for i, field := range declared.Fields {
		fields[i] = field
		if i < len(columns) && len(columns) == len(declared.Fields) {
			if index, t := end.Operands[0].Type.Field(columns[i]); index >= 0 {
				fields[i].Type = t
			}
		}
	}
	declared.Fields = fields
	return []ir.Type{declared}
}

// infer computes the types of a flow op and of the code in its regions anew.
func infer(op *ir.Op) {
	info := op.Info()
	for i, region := range op.Regions {
		region.Parent = op
		if arguments := info.Regions[i].Arguments; arguments != nil {
			for j, t := range arguments(op) {
				region.Arguments[j].Type = t
			}
		}
		inferBlock(region)
	}
	if err := op.InferResults(); err != nil {
		panic("BUG: " + op.Code.String() + ": " + err.Error())
	}
}

func inferBlock(block *ir.Block) {
	for _, op := range block.Ops {
		for _, region := range op.Regions {
			inferBlock(region)
		}
		if op.Info().Infer == nil {
			continue
		}
		if err := op.InferResults(); err != nil {
			panic("BUG: " + op.Code.String() + ": " + err.Error())
		}
	}
}

// build makes a flow op. It stands in no block until finish.
func (e *editor) build(like *ir.Op, code ir.Opcode, operands []*ir.Value, regions []*ir.Block, attributes ...ir.Attribute) *ir.Value {
	b := &ir.Builder{Block: &ir.Block{}}
	if like != nil {
		b.Span = like.Span
	}
	return b.Build(code, operands, regions, attributes...).Result()
}

// with gives a copy of op that reads other inputs. Types are inferred anew.
func (e *editor) with(op *ir.Op, operands ...*ir.Value) *ir.Value {
	same := true
	for i, v := range operands {
		same = same && op.Operands[i] == v
	}
	if !same {
		op.Operands = operands
	}
	infer(op)
	return op.Result()
}

// fingerprint hashes the function's content: two equal fingerprints mean the same
// text, but for the names that the printer gives to values.
func (e *editor) fingerprint() uint64 {
	h := newHasher(e.ctx.Seed)
	h.block(e.function.Body)
	return h.sum()
}

// hasher hashes code. Values count by where they are defined, so that the hash
// does not depend on addresses.
type hasher struct {
	maphash.Hash
	numbers map[*ir.Value]uint64
}

func newHasher(seed maphash.Seed) *hasher {
	h := &hasher{numbers: map[*ir.Value]uint64{}}
	h.SetSeed(seed)
	return h
}

func (h *hasher) sum() uint64 { return h.Sum64() }

func (h *hasher) int(n uint64) { maphash.WriteComparable(&h.Hash, n) }

func (h *hasher) text(s string) {
	h.int(uint64(len(s)))
	h.WriteString(s)
}

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
		maphash.WriteComparable(&h.Hash, v)
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
			maphash.WriteComparable(&h.Hash, c)
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
			maphash.WriteComparable(&h.Hash, k)
		}
	case []ir.Aggregate:
		h.int(uint64(len(v)))
		for _, a := range v {
			maphash.WriteComparable(&h.Hash, a)
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

func (h *hasher) typ(t ir.Type) {
	maphash.WriteComparable(&h.Hash, [6]uint8{uint8(t.Kind), boolByte(t.Nullable), t.Precision, t.Scale, t.Lanes, uint8(t.Element)})
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
