package logical

import (
	"slices"

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

// onFlows runs an edit over each flow function that has an op which concerns it, and
// reports whether any changed.
func onFlows(ctx *pass.Context, m *ir.Module, concerns func(*ir.Op) bool, edit func(*editor)) (bool, error) {
	changed := false
	for _, f := range m.Functions {
		if f.Level != ir.FlowLevel || f.Body.Terminator() == nil || !slices.ContainsFunc(f.Body.Ops, concerns) {
			continue
		}
		ops := len(f.Body.Ops)
		e := &editor{ctx: ctx, module: m, function: f, uses: make(map[*ir.Value]int, ops), visited: make(map[*ir.Value]bool, ops)}
		for _, op := range f.Body.Ops {
			for _, v := range op.Operands {
				e.uses[v]++
			}
		}
		before, known := ctx.Fingerprints[f]
		if !known {
			before = e.fingerprint()
		}
		edit(e)
		e.finish()
		after := e.fingerprint()
		ctx.Fingerprints[f] = after
		changed = changed || after != before
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
	ops := make([]*ir.Op, 0, len(body.Ops)+8)
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

// infer computes the type of a flow op anew, and those of the code in its regions
// where its rows have another type than before.
func infer(op *ir.Op) {
	info := op.Info()
	for i, region := range op.Regions {
		region.Parent = op
		arguments := info.Regions[i].Arguments
		if arguments == nil {
			continue
		}
		same := true
		for j, t := range arguments(op) {
			if !region.Arguments[j].Type.Equal(t) {
				region.Arguments[j].Type = t
				same = false
			}
		}
		if !same {
			inferBlock(region)
		}
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
