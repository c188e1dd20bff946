package random

import "github.com/heddle-lang/heddle/ir"

// Reduce makes a module of functions of the kern level smaller, as long as it keeps a
// property, such as that two machines disagree about it: ops are left out, and values
// replaced by operands, constants or what stood before. The module itself is not changed.
func Reduce(module *ir.Module, keeps func(*ir.Module) bool) *ir.Module {
	for {
		smaller := reduceOnce(module, keeps)
		if smaller == nil {
			return module
		}
		module = smaller
	}
}

// reduceOnce tries each way to make a module smaller, each one on top of those that
// kept the property; nil when none does.
func reduceOnce(module *ir.Module, keeps func(*ir.Module) bool) *ir.Module {
	progress := false
	for at := len(allOps(module)) - 1; at >= 0; at-- {
		for way := range 3 {
			candidate := module.Clone()
			ops := allOps(candidate)
			if at >= len(ops) || !shrink(candidate, ops[at], way) || ir.Verify(candidate).HasErrors() || !keeps(candidate) {
				continue
			}
			module, progress = candidate, true
			break
		}
	}
	if !progress {
		return nil
	}
	return module
}

func allOps(module *ir.Module) []*ir.Op {
	var list []*ir.Op
	for _, f := range module.Functions {
		f.Body.Walk(func(op *ir.Op) bool {
			list = append(list, op)
			return true
		})
	}
	return list
}

// shrink makes a module smaller at an op: it takes the op out, with an operand for its
// result where that has the type, or with a constant 0; or puts the ops of its first
// region in its place. It reports whether it could.
func shrink(module *ir.Module, op *ir.Op, way int) bool {
	uses := 0
	for _, f := range module.Functions {
		for _, result := range op.Results {
			uses += len(f.Body.Uses()[result])
		}
	}
	b, at := op.Block, op.Block.IndexOf(op)
	switch {
	case way == 0 && uses == 0:
		op.Remove()
		return true
	case way == 0 && op.Code != ir.OpVariable && len(op.Results) == 1:
		for _, v := range op.Operands {
			if v.Type.Equal(op.Results[0].Type) && (v.Op == nil || v.Op.Code != ir.OpVariable) {
				replace(module, op.Results[0], v)
				op.Remove()
				return true
			}
		}
		return false
	case way == 1 && len(op.Results) == 1 && op.Code != ir.OpConst && op.Code != ir.OpVariable && op.Results[0].Type.Kind != ir.Vector:
		zero := &ir.Block{}
		v := ir.At(zero).Const(op.Results[0].Type, ir.IntDatum(0))
		b.Insert(at, zero.Ops...)
		replace(module, op.Results[0], v)
		op.Remove()
		return true
	case way == 2 && len(op.Regions) > 0 && op.Code != ir.OpLoop:
		inner := op.Regions[0].Ops
		op.Regions[0].Ops = nil
		b.Insert(at, inner...)
		op.Remove()
		return true
	default:
		return false
	}
}

func replace(module *ir.Module, old, replacement *ir.Value) {
	for _, f := range module.Functions {
		f.Body.ReplaceUses(old, replacement)
	}
}
