package ir

import "slices"

// Mapping says which value stands for which in a copy.
type Mapping map[*Value]*Value

// Of gives what stands for a value: itself when the mapping does not hold it.
func (m Mapping) Of(v *Value) *Value {
	if mapped, ok := m[v]; ok {
		return mapped
	}
	return v
}

// Clone copies a module, so that changes of ops, blocks, functions and tables of
// the copy leave the original alone. Values of attributes are shared: they are
// replaced, never changed in place.
func (m *Module) Clone() *Module {
	c := &Module{Parameters: slices.Clone(m.Parameters)}
	for _, t := range m.Tables {
		table := *t
		table.Columns = slices.Clone(t.Columns)
		c.Tables = append(c.Tables, &table)
	}
	for _, s := range m.States {
		state := *s
		state.Fields, state.Aggregates, state.Order = slices.Clone(s.Fields), slices.Clone(s.Aggregates), slices.Clone(s.Order)
		c.States = append(c.States, &state)
	}
	for _, f := range m.Functions {
		c.Functions = append(c.Functions, f.Clone())
	}
	return c
}

// Clone copies a function.
func (f *Function) Clone() *Function {
	c := *f
	c.Results = slices.Clone(f.Results)
	c.Body = f.Body.Clone(Mapping{})
	return &c
}

// Clone copies a block and adds its arguments and the results of its ops to the
// mapping. Operands from outside are mapped too, where the mapping holds them. The
// copy has no parent.
func (b *Block) Clone(mapping Mapping) *Block {
	c := &Block{Ops: make([]*Op, 0, len(b.Ops))}
	for _, v := range b.Arguments {
		mapping[v] = c.AddArgument(v.Name, v.Type)
	}
	for _, op := range b.Ops {
		c.Append(op.Clone(mapping))
	}
	return c
}

// Clone copies an op with its regions and adds its results to the mapping. The copy
// stands in no block.
func (op *Op) Clone(mapping Mapping) *Op {
	c := &Op{Code: op.Code, Attributes: slices.Clone(op.Attributes), Span: op.Span}
	if len(op.Operands) > 0 {
		c.Operands = make([]*Value, len(op.Operands))
		for i, v := range op.Operands {
			c.Operands[i] = mapping.Of(v)
		}
	}
	for _, region := range op.Regions {
		copied := region.Clone(mapping)
		copied.Parent = c
		c.Regions = append(c.Regions, copied)
	}
	for i, v := range op.Results {
		result := &Value{Name: v.Name, Type: v.Type, Op: c, Index: i}
		c.Results = append(c.Results, result)
		mapping[v] = result
	}
	return c
}
