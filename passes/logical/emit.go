package logical

import (
	"hash/maphash"
	"slices"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// emitter writes scalar code into one block. It numbers values: asking twice for
// the same pure op on the same operands gives the same value, so within what one
// emitter wrote, equal expressions are equal pointers. All scalar ops are pure.
type emitter struct {
	block  *ir.Block
	outer  *emitter // of the region around an if's region
	table  table
	fields []*ir.Op // what reads columns, in the outermost emitter
	span   diag.Span
	copied map[*ir.Value]*ir.Value
	ifs    bool // an if was written; counted in the outermost emitter
}

// newEmitter writes into a new block with arguments of the given types.
func newEmitter(arguments ...ir.Type) *emitter {
	return &emitter{block: ir.NewBlock(arguments...)}
}

// inner writes into a region inside the block of em.
func (em *emitter) inner() *emitter {
	em.root().ifs = true
	return &emitter{block: ir.NewBlock(), outer: em, span: em.span}
}

// table finds ops by their number: by looking through them, and past what that is
// good for, by a map.
type table struct {
	keys []uint64
	ops  []*ir.Op
	more map[uint64][]*ir.Op
}

const fewOps = 32

func (t *table) add(key uint64, op *ir.Op) {
	if len(t.ops) < fewOps {
		t.keys, t.ops = append(t.keys, key), append(t.ops, op)
		return
	}
	if t.more == nil {
		t.more = map[uint64][]*ir.Op{}
	}
	t.more[key] = append(t.more[key], op)
}

func (t *table) find(key uint64, matches func(*ir.Op) bool) *ir.Op {
	for i, k := range t.keys {
		if k == key && matches(t.ops[i]) {
			return t.ops[i]
		}
	}
	for _, op := range t.more[key] {
		if matches(op) {
			return op
		}
	}
	return nil
}

// op gives the value of an op without regions, written at most once.
func (em *emitter) op(code ir.Opcode, operands []*ir.Value, attributes ...ir.Attribute) *ir.Value {
	key := number(code, operands, attributes)
	same := func(known *ir.Op) bool {
		return known.Code == code && slices.Equal(known.Operands, operands) && sameAttributes(known.Attributes, attributes)
	}
	for scope := em; scope != nil; scope = scope.outer {
		if known := scope.table.find(key, same); known != nil {
			return known.Result()
		}
	}
	b := ir.Builder{Block: em.block, Span: em.span}
	op := b.Op(code, operands, attributes...)
	em.table.add(key, op)
	return op.Result()
}

// number hashes an op for value numbering.
func number(code ir.Opcode, operands []*ir.Value, attributes []ir.Attribute) uint64 {
	h := hasher{state: hashStart}
	h.int(uint64(code))
	for _, v := range operands {
		h.int(maphash.Comparable(seed, v))
	}
	for i := range attributes {
		h.attribute(attributes[i].Value)
	}
	return h.sum()
}

// sameAttributes compares by content, by a hash other than that which chose the chain.
func sameAttributes(a, b []ir.Attribute) bool {
	return len(a) == len(b) && (len(a) == 0 || attributesHash(a) == attributesHash(b))
}

func attributesHash(attributes []ir.Attribute) uint64 {
	h := hasher{state: hashFactor}
	for i := range attributes {
		h.text(attributes[i].Name)
		h.attribute(attributes[i].Value)
	}
	return h.sum()
}

// constant writes a literal.
func (em *emitter) constant(t ir.Type, value ir.Datum) *ir.Value {
	return em.op(ir.OpConst, nil, ir.Attr("value", value), ir.Attr("type", t.WithNull(value.Null)))
}

func (em *emitter) bool(b bool) *ir.Value { return em.constant(ir.Of(ir.Bool), ir.BoolDatum(b)) }

func (em *emitter) null(t ir.Type) *ir.Value { return em.constant(t, ir.NullDatum) }

// field reads a column from whichever of the block's rows has it.
func (em *emitter) field(name string) *ir.Value {
	root := em.root()
	for i := range root.fields {
		if ir.AttributeAs[string](root.fields[i], "name") == name {
			return root.fields[i].Result()
		}
	}
	for _, row := range root.block.Arguments {
		for i := range row.Type.Fields {
			if row.Type.Fields[i].Name == name {
				b := ir.Builder{Block: root.block, Span: root.span}
				read := b.Field(row, name)
				root.fields = append(root.fields, read.Op)
				return read
			}
		}
	}
	panic("BUG: no row with a column " + name)
}

// and writes the conjunction of predicates; of none it is true.
func (em *emitter) and(predicates []*ir.Value) *ir.Value { return em.connective(ir.OpAnd, predicates) }

// or writes the disjunction of predicates; of none it is false.
func (em *emitter) or(predicates []*ir.Value) *ir.Value { return em.connective(ir.OpOr, predicates) }

func (em *emitter) connective(code ir.Opcode, predicates []*ir.Value) *ir.Value {
	switch len(predicates) {
	case 0:
		return em.bool(code == ir.OpAnd)
	case 1:
		return predicates[0]
	default:
		return em.op(code, predicates)
	}
}

// yield ends the block and gives it without the ops that nothing reads.
//
// What an emitter writes depends on the yielded values alone, whichever pass has it:
// each value stands where it is first needed, even if a part that was dropped since
// had needed it earlier. Else passes would undo each other's placing without end. With
// an if that takes a second copy, because the code of its regions may have found
// values that were written outside and then not needed there.
func (em *emitter) yield(values ...*ir.Value) *ir.Block {
	if em.ifs {
		again := &emitter{block: &ir.Block{}}
		for _, row := range em.block.Arguments {
			again.block.AddArgument(row.Name, row.Type)
		}
		copies := make([]*ir.Value, len(values))
		for i, v := range values {
			copies[i] = again.copy(v, nil)
		}
		ir.At(again.block).Yield(copies...)
		return again.block
	}
	ir.At(em.block).Yield(values...)
	arrange(em.block)
	return em.block
}

// arrange puts the ops of a block without ifs in the order in which copy writes them.
func arrange(block *ir.Block) {
	var few [fewOps]*ir.Op
	ops := few[:0]
	var placed map[*ir.Op]bool
	if len(block.Ops) > fewOps {
		ops = make([]*ir.Op, 0, len(block.Ops))
		placed = make(map[*ir.Op]bool, len(block.Ops))
	}
	ops = arranged(ops, placed, block.Ops[len(block.Ops)-1])
	clear(block.Ops[copy(block.Ops, ops):])
	block.Ops = block.Ops[:len(ops)]
}

// arranged adds an op, behind those that it reads, unless it was placed before: placed
// says so, or the ops themselves when it is nil.
func arranged(ops []*ir.Op, placed map[*ir.Op]bool, op *ir.Op) []*ir.Op {
	for _, v := range op.Operands {
		if v.Op == nil || placed[v.Op] || placed == nil && slices.Contains(ops, v.Op) {
			continue
		}
		ops = arranged(ops, placed, v.Op)
	}
	if placed != nil {
		placed[op] = true
	}
	return append(ops, op)
}

// allRead finds quickly that there is nothing to sweep in a small block without ifs.
func allRead(block *ir.Block) bool {
	n := len(block.Ops) - 1
	if n > fewOps {
		return false
	}
	for i, op := range block.Ops[:n] {
		if len(op.Regions) > 0 || !slices.ContainsFunc(block.Ops[i+1:], func(reader *ir.Op) bool {
			return slices.Contains(reader.Operands, op.Results[0])
		}) {
			return false
		}
	}
	return true
}

// sweep removes ops whose results nothing reads.
func sweep(block *ir.Block) {
	if allRead(block) {
		return
	}
	live := map[*ir.Value]bool{}
	var mark func(b *ir.Block)
	mark = func(b *ir.Block) {
		for i := len(b.Ops) - 1; i >= 0; i-- {
			op := b.Ops[i]
			if i < len(b.Ops)-1 {
				used := false
				for _, v := range op.Results {
					used = used || live[v]
				}
				if !used {
					continue
				}
			}
			for _, v := range op.Operands {
				live[v] = true
			}
			for _, region := range op.Regions {
				mark(region)
			}
		}
	}
	mark(block)
	var drop func(b *ir.Block)
	drop = func(b *ir.Block) {
		kept := b.Ops[:0]
		for i, op := range b.Ops {
			used := i == len(b.Ops)-1
			for _, v := range op.Results {
				used = used || live[v]
			}
			if used {
				for _, region := range op.Regions {
					drop(region)
				}
				kept = append(kept, op)
			}
		}
		b.Ops = kept
	}
	drop(block)
}

// substitution says what a column of the copied code becomes. nil: itself.
type substitution func(em *emitter, column string) *ir.Value

// copy writes the code of a value into the emitter's block. Columns are read from
// the block's rows by name, or replaced by the substitution. Everything that one
// emitter copies with one substitution shares its values.
func (em *emitter) copy(v *ir.Value, replace substitution) *ir.Value {
	for scope := em; scope != nil; scope = scope.outer {
		if done, ok := scope.copied[v]; ok {
			return done
		}
	}
	op := v.Op
	if op == nil {
		panic("BUG: a row is used other than by field")
	}
	var result *ir.Value
	switch {
	case op.Code == ir.OpField && op.Operands[0].Op == nil:
		name := ir.AttributeAs[string](op, "name")
		if replace != nil {
			result = replace(em.root(), name)
		}
		if result == nil {
			result = em.field(name)
		}
		em.root().remember(v, result)
		return result
	case op.Code == ir.OpIf:
		condition := em.copy(op.Operands[0], replace)
		regions := make([]*ir.Block, len(op.Regions))
		for i, region := range op.Regions {
			in := em.inner()
			values := make([]*ir.Value, 0, len(region.Terminator().Operands))
			for _, y := range region.Terminator().Operands {
				values = append(values, in.copy(y, replace))
			}
			ir.At(in.block).Yield(values...)
			regions[i] = in.block
		}
		b := ir.Builder{Block: em.block, Span: op.Span}
		made := b.Build(ir.OpIf, []*ir.Value{condition}, regions, op.Attributes...)
		for i, r := range op.Results {
			em.remember(r, made.Results[i])
		}
		return made.Results[v.Index]
	default:
		if len(op.Regions) > 0 {
			panic("BUG: no copy of " + op.Code.String())
		}
		operands := make([]*ir.Value, len(op.Operands))
		for i, operand := range op.Operands {
			operands[i] = em.copy(operand, replace)
		}
		span := em.span
		em.span = op.Span
		result = em.op(op.Code, operands, op.Attributes...)
		em.span = span
	}
	em.remember(v, result)
	return result
}

func (em *emitter) remember(v, copied *ir.Value) {
	if em.copied == nil {
		em.copied = make(map[*ir.Value]*ir.Value, 16)
	}
	em.copied[v] = copied
}

func (em *emitter) root() *emitter {
	for em.outer != nil {
		em = em.outer
	}
	return em
}
