package ptx

import (
	"slices"

	llvm "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/value"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// Control flow is structured, so SSA form needs no search for where phis stand: a loop
// has one for each variable that its body sets, and a place where control meets has one
// for each variable that differs between the ways there.

// join is a place where control from several blocks meets.
type join struct {
	frame     *frame
	block     *llvm.Block
	variables int // of the frame, when the construct began
	edges     []edge
}

// edge is one way to a join, with what variables and results are on it.
type edge struct {
	from      *llvm.Block
	variables []value.Value
	results   []value.Value
}

// target is what a label stands for.
type target struct {
	*join // of a block
	// Of a loop: its first block, and the phis of the variables that it sets, nil for
	// the others.
	head *llvm.Block
	phis []*llvm.InstPhi
}

func (k *kernel) newJoin() *join {
	return &join{frame: k.frame, block: llvm.NewBlock(""), variables: len(k.frame.current)}
}

// jump ends the block with a way to a join, which may belong to a caller.
func (k *kernel) jump(j *join, results []value.Value) {
	k.block.NewBr(j.block)
	k.addEdge(j, results)
	k.block = nil
}

func (k *kernel) addEdge(j *join, results []value.Value) {
	j.edges = append(j.edges, edge{k.block, slices.Clone(j.frame.current[:j.variables]), results})
}

// enter goes on at a join, if any way leads there.
func (k *kernel) enter(j *join) (reachable bool) {
	k.block = nil
	if len(j.edges) == 0 {
		return false
	}
	j.block.Parent = k.function
	k.function.Blocks = append(k.function.Blocks, j.block)
	k.block = j.block
	j.frame.current = j.frame.current[:j.variables]
	for i := range j.frame.current {
		j.frame.current[i] = k.meet(j.edges, func(e edge) value.Value { return e.variables[i] })
	}
	return true
}

// meet is what a value is behind all edges.
func (k *kernel) meet(edges []edge, of func(edge) value.Value) value.Value {
	first := of(edges[0])
	if !slices.ContainsFunc(edges, func(e edge) bool { return of(e) != first }) {
		return first
	}
	incoming := make([]*llvm.Incoming, len(edges))
	for i, e := range edges {
		incoming[i] = llvm.NewIncoming(of(e), e.from)
	}
	return k.block.NewPhi(incoming...)
}

// region translates the ops of a region until control cannot come further.
func (k *kernel) region(b *ir.Block) error {
	k.depth++
	defer func() { k.depth-- }()
	if k.depth > maxDepth {
		return fault(k.frame.function.Name, b.Parent, "regions and calls are nested more than %d deep", maxDepth)
	}
	for _, op := range b.Ops {
		if k.block == nil {
			return nil
		}
		k.ops++
		if k.ops > maxOps {
			return diag.New(codeCannotRun, "kernel %s has more than %d ops with the functions that it calls", ir.QuoteName(k.source.Name), maxOps)
		}
		if err := k.op(op); err != nil {
			return err
		}
	}
	return nil
}

// op translates one op.
func (k *kernel) op(op *ir.Op) error {
	if err := k.check(op); err != nil {
		return err
	}
	switch op.Code {
	case ir.OpConst:
		k.define(op.Results[0], literal(classOf(op.Results[0].Type), ir.AttributeAs[ir.Datum](op, "value")))
	case ir.OpVariable:
		k.frame.cells[op.Results[0]] = len(k.frame.current)
		k.frame.current = append(k.frame.current, k.value(op.Operands[0]))
	case ir.OpGet:
		k.define(op.Results[0], k.frame.current[k.frame.cells[op.Operands[0]]])
	case ir.OpSet:
		k.frame.current[k.frame.cells[op.Operands[0]]] = k.value(op.Operands[1])
	case ir.OpBlock:
		return k.construct(op)
	case ir.OpLoop:
		return k.loop(op)
	case ir.OpWhen:
		return k.when(op)
	case ir.OpBranch:
		k.branch(k.frame.labels[op.Operands[0]])
	case ir.OpBranchIf:
		k.branchIf(op)
	case ir.OpCall:
		return k.inline(op)
	case ir.OpKernReturn:
		results := make([]value.Value, len(op.Operands))
		for i, v := range op.Operands {
			results[i] = k.value(v)
		}
		k.jump(k.frame.results, results)
	case ir.OpTrap:
		k.trap()
	default:
		return k.compute(op)
	}
	return nil
}

// construct translates a block.
func (k *kernel) construct(op *ir.Op) error {
	j := k.newJoin()
	k.frame.labels[op.Regions[0].Arguments[0]] = &target{join: j}
	outer := k.recovery
	if ir.AttributeAs[bool](op, "recovers") {
		k.recovery = j
	}
	err := k.region(op.Regions[0])
	k.recovery = outer
	if err != nil {
		return err
	}
	if k.block != nil {
		k.jump(j, nil)
	}
	k.enter(j)
	return nil
}

// loop translates a loop. Its turns are not counted: the host bounds a launch by the
// rows that it gives.
func (k *kernel) loop(op *ir.Op) error {
	before := k.block
	t := &target{phis: make([]*llvm.InstPhi, len(k.frame.current))}
	t.head = k.function.NewBlock("")
	before.NewBr(t.head)
	k.block = t.head
	op.Regions[0].Walk(func(inner *ir.Op) bool {
		if inner.Code == ir.OpSet {
			cell, known := k.frame.cells[inner.Operands[0]]
			if known && cell < len(t.phis) && t.phis[cell] == nil {
				t.phis[cell] = t.head.NewPhi(llvm.NewIncoming(k.frame.current[cell], before))
			}
		}
		return true
	})
	for i, phi := range t.phis {
		if phi != nil {
			k.frame.current[i] = phi
		}
	}
	k.frame.labels[op.Regions[0].Arguments[0]] = t
	return k.region(op.Regions[0])
}

// again adds the values of variables on a way back to the head of a loop.
func (k *kernel) again(t *target) {
	for i, phi := range t.phis {
		if phi != nil {
			phi.Incs = append(phi.Incs, llvm.NewIncoming(k.frame.current[i], k.block))
		}
	}
}

func (k *kernel) branch(t *target) {
	if t.join != nil {
		k.jump(t.join, nil)
		return
	}
	k.again(t)
	k.block.NewBr(t.head)
	k.block = nil
}

func (k *kernel) branchIf(op *ir.Op) {
	t := k.frame.labels[op.Operands[0]]
	condition, from := k.bit(k.value(op.Operands[1])), k.block
	if t.join != nil {
		k.addEdge(t.join, nil)
		from.NewCondBr(condition, t.block, k.newBlock())
		return
	}
	k.again(t)
	from.NewCondBr(condition, t.head, k.newBlock())
}

func (k *kernel) when(op *ir.Op) error {
	then, otherwise := op.Regions[0], op.Regions[1]
	if len(then.Ops) == 0 && len(otherwise.Ops) == 0 {
		return nil
	}
	condition, j := k.bit(k.value(op.Operands[0])), k.newJoin()
	from, before := k.block, slices.Clone(k.frame.current)
	starts := [2]*llvm.Block{j.block, j.block}
	for i, region := range []*ir.Block{then, otherwise} {
		if len(region.Ops) == 0 {
			k.block = from
			copy(k.frame.current, before)
			k.addEdge(j, nil)
			continue
		}
		k.frame.current = append(k.frame.current[:0], before...)
		starts[i] = k.newBlock()
		if err := k.region(region); err != nil {
			return err
		}
		if k.block != nil {
			k.jump(j, nil)
		}
	}
	from.NewCondBr(condition, starts[0], starts[1])
	k.enter(j)
	return nil
}

// trap leaves the innermost block that recovers, or ends the thread.
func (k *kernel) trap() {
	if k.recovery != nil {
		k.jump(k.recovery, nil)
		return
	}
	k.block.NewRet(nil)
	k.block = nil
}

// trapIf traps where a condition holds.
func (k *kernel) trapIf(condition value.Value) error {
	if k.launch == nil {
		return diag.New(codeCannotRun, "kernel %s can fail and takes no launch block as its second parameter", ir.QuoteName(k.source.Name))
	}
	from := k.block
	failing := k.newBlock()
	k.failAt(word(SiteUnknown))
	k.trap()
	from.NewCondBr(condition, failing, k.newBlock())
	return nil
}

// inline makes a called function a part of the kernel: there are no calls in PTX that
// need no stack.
func (k *kernel) inline(op *ir.Op) error {
	symbol := string(ir.AttributeAs[ir.Symbol](op, "function"))
	callee, library, host := k.callee(k.frame.library, symbol)
	if host {
		return k.callHost(op, symbol)
	}
	if callee == nil || callee.Level != ir.KernLevel {
		return fault(k.frame.function.Name, op, "there is no function %q", symbol)
	}
	if callee.Threads > 0 {
		return fault(k.frame.function.Name, op, "%q is a kernel, which only the host calls", symbol)
	}
	if err := k.checkCall(op, callee); err != nil {
		return err
	}
	if library {
		if why := k.private.why(callee); why != "" {
			return diag.New(codeCannotRun, "kernel %s calls %s.%s, which cannot run on a GPU", ir.QuoteName(k.source.Name), abi.LibraryModule, callee.Name).Note("%s", why)
		}
	}
	for f := k.frame; f != nil; f = f.caller {
		if f.function == callee {
			return diag.New(codeCannotRun, "kernel %s calls %s, which calls itself", ir.QuoteName(k.source.Name), ir.QuoteName(callee.Name))
		}
	}

	caller := k.frame
	k.frame = newFrame(callee, caller)
	k.frame.library = library
	for i, a := range callee.Body.Arguments {
		k.frame.values[a] = caller.values[op.Operands[i]]
	}
	results := k.newJoin()
	k.frame.results = results
	if err := k.region(callee.Body); err != nil {
		return err
	}
	if k.block != nil {
		if len(callee.Results) > 0 {
			return fault(callee.Name, nil, "its end can be reached without ret")
		}
		k.jump(results, nil)
	}
	reachable := k.enter(results)
	k.frame = caller
	if !reachable {
		return nil
	}
	for i, v := range op.Results {
		k.define(v, k.meet(results.edges, func(e edge) value.Value { return e.results[i] }))
	}
	return nil
}

// callHost translates what the host does for the CPU. There is nothing to count on a
// GPU, and a failure is left for the host to find.
func (k *kernel) callHost(op *ir.Op, symbol string) error {
	switch symbol {
	case abi.HostModule + "." + abi.TickImport:
		return nil
	case abi.HostModule + "." + abi.FailImport:
		if len(op.Operands) != 1 || classOf(op.Operands[0].Type) != classWord {
			return fault(k.frame.function.Name, op, "%s takes the number of a site", symbol)
		}
		if k.launch == nil {
			return diag.New(codeCannotRun, "kernel %s can fail and takes no launch block as its second parameter", ir.QuoteName(k.source.Name))
		}
		k.failAt(k.value(op.Operands[0]))
		return nil
	default:
		return diag.New(codeCannotRun, "kernel %s calls %s, which cannot run on a GPU", ir.QuoteName(k.source.Name), symbol).
			Note("the host is not there while a kernel runs")
	}
}
