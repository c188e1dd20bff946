package wasm

import (
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
)

// home is where a value lives.
type home uint8

const (
	homeLocal    home = iota // in a local, or a pair of locals
	homeTree                 // nowhere: computed by its only user, in place
	homeConstant             // nowhere: made by every user
	homeVariable             // in the local of the variable that was read
	homeCell                 // a variable itself
	homeLabel                // a label; local is its nesting level
)

// node is an op under translation. Nodes stand in the order of the text, so a
// lower number is earlier, except for what loops bring back.
type node struct {
	op       *ir.Op
	operands int32 // index of the first operand in function.operands
	results  int32 // number of the first result
	end      int32 // the node behind this one and its regions
	loop     int32 // innermost loop around it, -1 for none
	offset   int32 // of loads and stores, with the constants that were folded
	dead     bool
}

// value is an IR value under translation.
type value struct {
	node   int32  // that defines it, -1 for arguments
	uses   int32  // operands that name it
	local  uint32 // first local once placed
	cell   int32  // the variable of a get
	reads  uint64 // what the tree reads; see effect bits
	depth  uint8  // of the tree
	class  class
	home   home
	placed bool // local is valid
	taken  bool // label: some branch goes there
}

// Effect bits: what a tree reads and what an op writes. Variables share the rest
// of the bits, so an unlucky pair of them costs a local, never correctness.
const (
	effectMemory    = 1 << 0
	effectGlobals   = 1 << 1
	effectBits      = 64
	effectVariables = 2 // first bit of variables
)

func variableBit(cell int32) uint64 {
	return 1 << (effectVariables + uint(cell)%(effectBits-effectVariables))
}

const (
	maxTreeDepth = 100 // bounds the recursion of emission
	maxNesting   = 1000
	maxOffset    = 1<<31 - 1
)

// number gives numbers to the ops and values of a block and the regions inside,
// and checks each op.
func (f *function) number(b *ir.Block, loop int32, depth int) error {
	if depth > maxNesting {
		return fault(f.source.Name, b.Parent, "regions are nested more than %d deep", maxNesting)
	}
	for _, op := range b.Ops {
		index := int32(len(f.nodes))
		info := op.Info()
		if len(op.Regions) != len(info.Regions) || info.Operands != ir.Variadic && len(op.Operands) != info.Operands {
			return fault(f.source.Name, op, "takes %d operands and %d regions, not %d and %d", info.Operands, len(info.Regions), len(op.Operands), len(op.Regions))
		}
		n := node{op: op, operands: int32(len(f.operands)), loop: loop}
		for i, v := range op.Operands {
			id, ok := f.numberOf(v)
			if !ok {
				return fault(f.source.Name, op, "operand %d is not defined before", i)
			}
			f.operands = append(f.operands, id)
			f.values[id].uses++
		}
		if err := f.check(op, f.operands[n.operands:]); err != nil {
			return err
		}
		if accessesMemory(op.Code) {
			n.offset = f.foldOffset(op, n.operands)
		}
		n.results = int32(len(f.values))
		for _, v := range op.Results {
			if err := f.define(op, v, index); err != nil {
				return err
			}
		}
		switch op.Code {
		case ir.OpConst:
			f.values[n.results].home = homeConstant
		case ir.OpVariable:
			f.values[n.results].home = homeCell
		case ir.OpGet:
			f.values[n.results].cell = f.operands[n.operands]
		default: // a tree, a cell or a local, as its uses have it
		}
		f.nodes = append(f.nodes, n)
		inner := loop
		if op.Code == ir.OpLoop {
			inner = index
			f.metered = f.metered || metered(op)
		}
		for _, region := range op.Regions {
			for _, v := range region.Arguments {
				if err := f.define(op, v, -1); err != nil {
					return err
				}
			}
			if err := f.number(region, inner, depth+1); err != nil {
				return err
			}
		}
		f.nodes[index].end = int32(len(f.nodes))
		if info.Has(ir.Terminator) {
			break // nothing behind it ever runs
		}
	}
	return nil
}

func (f *function) define(op *ir.Op, v *ir.Value, index int32) error {
	c := classOf(&v.Type)
	if c == classNone {
		return fault(f.source.Name, op, "a value of type %s", v.Type)
	}
	h := homeLocal
	if c == classLabel {
		h = homeLabel
	}
	f.numbers[v] = f.base + int32(len(f.values))
	f.values = append(f.values, value{node: index, class: c, home: h, cell: -1})
	return nil
}

func accessesMemory(code ir.Opcode) bool {
	return code == ir.OpLoad || code == ir.OpStore || code == ir.OpVectorLoad || code == ir.OpVectorStore
}

// foldOffset moves constants that are added to the address into the offset of a
// load or store: the access then names what was added to. Additions that nobody
// else needs die in drop.
func (f *function) foldOffset(op *ir.Op, operand int32) int32 {
	offset := ir.AttributeAs[int64](op, "offset")
	for {
		id := f.operands[operand]
		def := f.values[id].node
		if def < 0 || f.nodes[def].op.Code != ir.OpIntegerAdd {
			break
		}
		sum := &f.nodes[def]
		base, constant := f.operands[sum.operands], f.operands[sum.operands+1]
		baseType := sum.op.Operands[0].Type.Kind
		if f.values[base].home == homeConstant {
			base, constant = constant, base
			baseType = sum.op.Operands[1].Type.Kind
		}
		if f.values[constant].home != homeConstant || baseType != ir.Address {
			break
		}
		more := int64(int32(f.datum(constant).Low))
		if more < 0 || offset+more > maxOffset {
			break
		}
		offset += more
		f.values[id].uses--
		f.values[base].uses++
		f.operands[operand] = base
	}
	return int32(offset)
}

// datum is the value of a constant.
func (f *function) datum(id int32) ir.Datum {
	return ir.AttributeAs[ir.Datum](f.nodes[f.values[id].node].op, "value")
}

// facts about opcodes that planning needs.
type facts uint8

const (
	factRemovable facts = 1 << iota // may be dropped when nobody uses the results
	factTree                        // may be computed at its use
	factReadsMemory
	factReadsGlobals
	factWritesMemory
	factWritesGlobals
)

var opFacts = func() (table [ir.OpGlobalSet + 1]facts) {
	for code := range table {
		info := ir.OpTable()[code]
		if info.Has(ir.Pure) {
			table[code] = factRemovable | factTree
		}
		if info.Has(ir.MayTrap) { // stays between the effects it stood between
			table[code] |= factReadsMemory | factReadsGlobals
		}
	}
	table[ir.OpConst] = factRemovable
	table[ir.OpVariable] = factRemovable
	table[ir.OpGet] = factRemovable | factTree
	table[ir.OpLoad] = factRemovable | factTree | factReadsMemory
	table[ir.OpVectorLoad] = factRemovable | factTree | factReadsMemory
	table[ir.OpGlobalGet] = factRemovable | factTree | factReadsGlobals
	table[ir.OpGlobalSet] = factWritesGlobals
	table[ir.OpStore] = factWritesMemory
	table[ir.OpVectorStore] = factWritesMemory
	table[ir.OpMemoryCopy] = factWritesMemory
	table[ir.OpMemoryFill] = factWritesMemory
	table[ir.OpCall] = factWritesMemory | factWritesGlobals
	return table
}()

// drop marks, from the end, what nobody uses.
func (f *function) drop() {
	for i := len(f.nodes) - 1; i >= 0; i-- {
		n := &f.nodes[i]
		if opFacts[n.op.Code]&factRemovable == 0 {
			continue
		}
		used := false
		for r := range n.op.Results {
			used = used || f.values[int(n.results)+r].uses > 0
		}
		if used {
			continue
		}
		n.dead = true
		for _, id := range f.operandsOf(n) {
			f.values[id].uses--
		}
	}
}

func (f *function) operandsOf(n *node) []int32 {
	return f.operands[n.operands : int(n.operands)+len(n.op.Operands)]
}

// place decides the home of every value.
func (f *function) place() {
	var written [effectBits]int32 // the last node that wrote what a bit stands for
	for i := range written {
		written[i] = -1
	}
	for i := range f.nodes {
		n := &f.nodes[i]
		if n.dead {
			continue
		}
		code := n.op.Code
		known := opFacts[code]
		reads, depth := uint64(0), uint8(0)
		for _, id := range f.operandsOf(n) {
			v := &f.values[id]
			if v.home != homeTree && v.home != homeVariable {
				continue
			}
			if f.nodes[v.node].loop != n.loop || overwritten(v.reads, v.node, &written) {
				v.home = homeLocal // at its own place
				continue
			}
			reads |= v.reads
			depth = max(depth, v.depth)
		}
		if known&factTree != 0 {
			if known&factReadsMemory != 0 {
				reads |= effectMemory
			}
			if known&factReadsGlobals != 0 {
				reads |= effectGlobals
			}
			v := &f.values[n.results]
			v.reads, v.depth = reads, depth+1
			switch {
			case code == ir.OpGet:
				v.home, v.reads = homeVariable, variableBit(v.cell)
			case v.uses == 1 && v.depth < maxTreeDepth:
				v.home = homeTree
			}
			continue
		}
		writes := uint64(0)
		if known&factWritesMemory != 0 {
			writes |= effectMemory
		}
		if known&factWritesGlobals != 0 {
			writes |= effectGlobals
		}
		switch {
		case code == ir.OpSet:
			writes = variableBit(f.operands[n.operands])
		case code == ir.OpVariable:
			writes = variableBit(n.results)
		case code == ir.OpLoop && metered(n.op): // ticks
			writes = effectMemory | effectGlobals
		}
		for ; writes != 0; writes &= writes - 1 {
			written[bits.TrailingZeros64(writes)] = int32(i)
		}
	}
}

// overwritten reports whether something in reads was written after node since.
func overwritten(reads uint64, since int32, written *[effectBits]int32) bool {
	for ; reads != 0; reads &= reads - 1 {
		if written[bits.TrailingZeros64(reads)] > since {
			return true
		}
	}
	return false
}

// metered reports whether a loop lets the host in.
func metered(op *ir.Op) bool { return ir.AttributeAs[bool](op, "metered") }
