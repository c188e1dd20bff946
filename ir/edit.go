package ir

import "slices"

// Append puts ops at the end of the block.
func (b *Block) Append(ops ...*Op) {
	for _, op := range ops {
		op.Block = b
	}
	b.Ops = append(b.Ops, ops...)
}

// Insert puts ops before the op at an index.
func (b *Block) Insert(index int, ops ...*Op) {
	for _, op := range ops {
		op.Block = b
	}
	b.Ops = slices.Insert(b.Ops, index, ops...)
}

// IndexOf finds an op in the block, -1 if it is not there.
func (b *Block) IndexOf(op *Op) int { return slices.Index(b.Ops, op) }

// Remove takes an op out of its block. Nothing may use its results any more.
func (op *Op) Remove() {
	b := op.Block
	index := b.IndexOf(op)
	if index < 0 {
		panic("BUG: an op is not in its block: " + op.Code.String())
	}
	b.Ops = slices.Delete(b.Ops, index, index+1)
	op.Block = nil
}

// Use is one place where a value is used.
type Use struct {
	Op    *Op
	Index int // of the operand
}

// Uses lists, for each value, where it is used, in the order of the text.
type Uses map[*Value][]Use

// Uses finds the uses of all values in the block and the regions inside.
func (b *Block) Uses() Uses {
	uses := Uses{}
	b.Walk(func(op *Op) bool {
		for i, v := range op.Operands {
			uses[v] = append(uses[v], Use{Op: op, Index: i})
		}
		return true
	})
	return uses
}

// ReplaceUses puts one value in the place of another in the block and the regions
// inside, and gives the number of places. Types of results are not inferred anew.
func (b *Block) ReplaceUses(old, replacement *Value) int {
	return b.Substitute(Mapping{old: replacement})
}

// Substitute puts values in the place of others, in the block and the regions
// inside, and gives the number of places.
func (b *Block) Substitute(mapping Mapping) int {
	places := 0
	b.Walk(func(op *Op) bool {
		for i, v := range op.Operands {
			if replacement, ok := mapping[v]; ok {
				op.Operands[i] = replacement
				places++
			}
		}
		return true
	})
	return places
}

// Splice moves the ops of a region into a block, before the op at an index, with
// values for the region's arguments, and gives what its terminator yielded. The
// region is empty afterwards.
func (b *Block) Splice(index int, region *Block, arguments []*Value) []*Value {
	if len(arguments) != len(region.Arguments) {
		panic("BUG: splice with a wrong number of arguments")
	}
	mapping := Mapping{}
	for i, v := range region.Arguments {
		mapping[v] = arguments[i]
	}
	region.Substitute(mapping)
	yield := region.Terminator()
	if yield == nil || yield.Code != OpYield {
		panic("BUG: splice of a region that does not end in yield")
	}
	b.Insert(index, region.Ops[:len(region.Ops)-1]...)
	region.Ops = nil
	return yield.Operands
}

// Inline appends copies of the ops of a region, with values for its arguments, and
// gives what stands for the yielded values.
func (b *Builder) Inline(region *Block, arguments ...*Value) []*Value {
	mapping := Mapping{}
	for i, v := range region.Arguments {
		mapping[v] = arguments[i]
	}
	for _, op := range region.Ops {
		if op.Code != OpYield {
			b.Block.Append(op.Clone(mapping))
			continue
		}
		values := make([]*Value, len(op.Operands))
		for i, v := range op.Operands {
			values[i] = mapping.Of(v)
		}
		return values
	}
	panic("BUG: inlining of a region that does not end in yield")
}

// RemoveDead removes pure ops without uses from the block and the regions inside,
// and gives their number. An op that may trap counts as pure: a trap exists only
// for who needs the value.
func (b *Block) RemoveDead() int {
	count := map[*Value]int{}
	b.Walk(func(op *Op) bool {
		for _, v := range op.Operands {
			count[v]++
		}
		return true
	})
	return b.removeDead(count)
}

func (b *Block) removeDead(count map[*Value]int) int {
	removed := 0
	kept := len(b.Ops) // ops from here on stay; filled from the back
	for i := len(b.Ops) - 1; i >= 0; i-- {
		op := b.Ops[i]
		dead := op.Info().Has(Pure) && len(op.Results) > 0
		for _, v := range op.Results {
			dead = dead && count[v] == 0
		}
		if dead {
			forget := &Block{Ops: []*Op{op}}
			forget.Walk(func(inner *Op) bool {
				for _, v := range inner.Operands {
					count[v]--
				}
				return true
			})
			op.Block = nil
			removed++
			continue
		}
		for _, region := range op.Regions {
			removed += region.removeDead(count)
		}
		kept--
		b.Ops[kept] = op
	}
	b.Ops = slices.Delete(b.Ops, 0, kept)
	return removed
}

// EliminateCommon replaces pure ops that repeat an earlier one by its results, in
// the block and the regions inside, and gives their number. Ops with regions of
// their own are left alone.
func (b *Block) EliminateCommon() int {
	replaced := Mapping{}
	b.eliminateCommon(&commonOps{ids: map[*Value]int{}}, replaced)
	return len(replaced)
}

// commonOps holds the ops that are visible at a place, one map for each block.
type commonOps struct {
	ids    map[*Value]int
	scopes []map[string]*Op
	key    printer
}

func (c *commonOps) id(v *Value) int {
	id, ok := c.ids[v]
	if !ok {
		id = len(c.ids)
		c.ids[v] = id
	}
	return id
}

// keyOf spells an op with its operands numbered.
func (c *commonOps) keyOf(op *Op) string {
	c.key.b = c.key.b[:0]
	c.key.text(op.Code.String())
	info := op.Info()
	ids := make([]int, len(op.Operands))
	for i, v := range op.Operands {
		ids[i] = c.id(v)
	}
	if info.Has(Commutative) {
		slices.Sort(ids)
	}
	c.key.format("%v", ids)
	for i := range info.Attributes {
		if value := op.Attribute(info.Attributes[i].Name); value != nil {
			c.key.text(" " + info.Attributes[i].Name + " ")
			c.key.attribute(op, value)
		}
	}
	return string(c.key.b)
}

func (b *Block) eliminateCommon(c *commonOps, replaced Mapping) {
	c.scopes = append(c.scopes, map[string]*Op{})
	defer func() { c.scopes = c.scopes[:len(c.scopes)-1] }()
	kept := b.Ops[:0]
next:
	for _, op := range b.Ops {
		for i, v := range op.Operands {
			op.Operands[i] = replaced.Of(v)
		}
		if len(op.Regions) == 0 && len(op.Results) > 0 && op.Info().Has(Pure) {
			key := c.keyOf(op)
			for _, scope := range c.scopes {
				if earlier := scope[key]; earlier != nil {
					for i, v := range op.Results {
						replaced[v] = earlier.Results[i]
					}
					op.Block = nil
					continue next
				}
			}
			c.scopes[len(c.scopes)-1][key] = op
		}
		for _, region := range op.Regions {
			region.eliminateCommon(c, replaced)
		}
		kept = append(kept, op)
	}
	clear(b.Ops[len(kept):])
	b.Ops = kept
}
