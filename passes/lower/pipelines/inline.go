package pipelines

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
)

// inliner copies scalar code out of a region into a pipeline. Columns of the region's
// row arguments become values of the current tuple. Each value is copied once.
type inliner struct {
	builder *ir.Builder
	columns map[*ir.Value]map[string]*ir.Value // of each row argument
	rows    map[*ir.Value]*ir.Value            // row arguments that become other rows
	done    map[*ir.Value]*ir.Value
}

func newInliner(b *ir.Builder, arguments []*ir.Value, columns map[string]*ir.Value) *inliner {
	in := &inliner{builder: b, columns: map[*ir.Value]map[string]*ir.Value{}, rows: map[*ir.Value]*ir.Value{}, done: map[*ir.Value]*ir.Value{}}
	for _, argument := range arguments {
		in.columns[argument] = columns
	}
	return in
}

func (in *inliner) bindRow(argument, row *ir.Value) { in.rows[argument] = row }

// value copies v and what it depends on.
func (in *inliner) value(v *ir.Value) *ir.Value {
	if copied, ok := in.done[v]; ok {
		return copied
	}
	if v.Op == nil {
		panic("BUG: a row is used as a value")
	}
	copied := in.copy(v)
	in.done[v] = copied
	return copied
}

// copy copies the op that gives v, with what it depends on.
func (in *inliner) copy(v *ir.Value) *ir.Value {
	op := v.Op
	if op.Code == ir.OpField {
		row := op.Operands[0]
		name := ir.AttributeAs[string](op, "name")
		if columns, ok := in.columns[row]; ok {
			column := columns[name]
			if column == nil {
				panic("BUG: column " + name + " is not carried to where it is read")
			}
			return column
		}
		if target, ok := in.rows[row]; ok {
			return in.builder.Field(target, name)
		}
		panic("BUG: field of an unknown row")
	}
	operands := make([]*ir.Value, len(op.Operands))
	for i, operand := range op.Operands {
		operands[i] = in.value(operand)
	}
	regions := make([]*ir.Block, len(op.Regions))
	for i, region := range op.Regions {
		// A nested region (if) has no arguments: its values may refer outwards. What
		// it computes is copied inside it, so that it runs only when chosen.
		block := ir.NewBlock()
		nested := &inliner{builder: in.builder.In(block), columns: in.columns, rows: in.rows, done: make(map[*ir.Value]*ir.Value, len(in.done))}
		for from, to := range in.done {
			nested.done[from] = to
		}
		var yielded []*ir.Value
		for _, v := range region.Terminator().Operands {
			yielded = append(yielded, nested.value(v))
		}
		nested.builder.Yield(yielded...)
		regions[i] = block
	}
	saved := in.builder.Span
	in.builder.Span = op.Span
	copied := in.builder.Build(op.Code, operands, regions, op.Attributes...)
	in.builder.Span = saved
	for i, result := range op.Results {
		in.done[result] = copied.Results[i]
	}
	return copied.Results[v.Index]
}

// conjuncts splits a conjunction into its parts, left to right.
func conjuncts(v *ir.Value) []*ir.Value {
	if v.Op != nil && v.Op.Code == ir.OpAnd {
		var parts []*ir.Value
		for _, operand := range v.Op.Operands {
			parts = append(parts, conjuncts(operand)...)
		}
		return parts
	}
	if v.Op != nil && v.Op.Code == ir.OpConst && !v.Type.Nullable && ir.AttributeAs[ir.Datum](v.Op, "value").Bool() {
		return nil
	}
	return []*ir.Value{v}
}

func isField(v *ir.Value) bool { return v.Op != nil && v.Op.Code == ir.OpField }

// visit calls f once for each op that v is computed by, regions included.
func visit(v *ir.Value, f func(*ir.Op)) {
	seen := map[*ir.Op]bool{}
	var walk func(*ir.Value)
	walk = func(v *ir.Value) {
		if v.Op == nil || seen[v.Op] {
			return
		}
		seen[v.Op] = true
		f(v.Op)
		for _, operand := range v.Op.Operands {
			walk(operand)
		}
		for _, region := range v.Op.Regions {
			for _, y := range region.Terminator().Operands {
				walk(y)
			}
		}
	}
	walk(v)
}

// fieldsOfArgument lists the columns of one row argument that v reads.
func fieldsOfArgument(v *ir.Value, region *ir.Block, argument int) []string {
	var names []string
	visit(v, func(op *ir.Op) {
		if op.Code == ir.OpField && op.Operands[0] == region.Arguments[argument] {
			names = append(names, ir.AttributeAs[string](op, "name"))
		}
	})
	return names
}

func fieldsOf(v *ir.Value, region *ir.Block) []string { return fieldsOfArgument(v, region, 0) }

// fieldsRead lists the columns that what a region yields reads of an argument.
func fieldsRead(region *ir.Block, argument int) []string {
	var names []string
	for _, v := range region.Terminator().Operands {
		names = append(names, fieldsOfArgument(v, region, argument)...)
	}
	return names
}

// sides tells which rows v reads: bit 0 for the first argument, bit 1 for the second.
func sides(v *ir.Value, region *ir.Block) int {
	mask := 0
	visit(v, func(op *ir.Op) {
		if op.Code == ir.OpField {
			for i, argument := range region.Arguments {
				if op.Operands[0] == argument {
					mask |= 1 << i
				}
			}
		}
	})
	return mask
}

// sinkProjections moves projections that stand above an ordering operator below it,
// so that the order is the last thing that happens and needs no second buffer. Columns
// to order by are passed through; names are unique, so nothing is captured. What may
// trap stays above a limit: it would see rows that the limit leaves out.
func sinkProjections(bag *ir.Value) *ir.Value {
	project := bag.Op
	if project.Code != ir.OpProject {
		return bag
	}
	input := sinkProjections(project.Operands[0])
	if !ordered(input) {
		if input == project.Operands[0] {
			return bag
		}
		b := &ir.Builder{Block: &ir.Block{}, Span: project.Span}
		return b.Build(ir.OpProject, []*ir.Value{input}, []*ir.Block{copyRegion(project.Regions[0], input.Type, nil)}, project.Attributes...).Result()
	}
	order := input.Op
	if order.Code != ir.OpSort && mayTrap(project.Regions[0]) {
		return bag
	}
	names := append([]string(nil), ir.AttributeAs[[]string](project, "names")...)
	below := order.Operands[0]
	var extra []string
	for _, key := range ir.AttributeAs[[]ir.SortKey](order, "keys") {
		if !slices.Contains(names, key.Column) && !slices.Contains(extra, key.Column) {
			extra = append(extra, key.Column)
		}
	}
	b := &ir.Builder{Block: &ir.Block{}, Span: project.Span}
	region := copyRegion(project.Regions[0], below.Type, extra)
	lowered := b.Build(ir.OpProject, []*ir.Value{below}, []*ir.Block{region}, ir.Attr("names", append(names, extra...))).Result()
	b.Span = order.Span
	if ordered(below) {
		lowered = sinkProjections(lowered)
	}
	return b.Op(order.Code, []*ir.Value{lowered}, order.Attributes...).Result()
}

func mayTrap(region *ir.Block) bool {
	found := false
	region.Walk(func(op *ir.Op) bool {
		found = found || op.Info().Has(ir.MayTrap)
		return true
	})
	return found
}

// copyRegion copies a projection's region for another input with the same columns,
// yielding some of the input's columns in addition.
func copyRegion(region *ir.Block, input ir.Type, extra []string) *ir.Block {
	block := ir.NewBlock(input.Row())
	b := ir.At(block)
	in := newInliner(b, nil, nil)
	in.bindRow(region.Arguments[0], block.Arguments[0])
	var values []*ir.Value
	for _, v := range region.Terminator().Operands {
		values = append(values, in.value(v))
	}
	for _, name := range extra {
		values = append(values, b.Field(block.Arguments[0], name))
	}
	b.Yield(values...)
	return block
}
