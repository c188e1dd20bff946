package kernels

import (
	"math"
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// test is a comparison of a source column with a literal.
type test struct {
	condition *ir.Value
	column    *column
	code      ir.Opcode // as if the column stood left
	literal   *ir.Op    // const or parameter
}

var mirrored = map[ir.Opcode]ir.Opcode{
	ir.OpEqual: ir.OpEqual, ir.OpLess: ir.OpGreater, ir.OpLessEqual: ir.OpGreaterEqual, ir.OpGreater: ir.OpLess, ir.OpGreaterEqual: ir.OpLessEqual,
}

// testOf recognises "column OP literal" in either order.
func (g *generator) testOf(v *ir.Value) *test {
	if v.Op == nil {
		return nil
	}
	if _, ok := mirrored[v.Op.Code]; !ok {
		return nil
	}
	code, left, right := v.Op.Code, v.Op.Operands[0], v.Op.Operands[1]
	if right.Op == g.source.op {
		code, left, right = mirrored[code], right, left
	}
	if left.Op != g.source.op || right.Op == nil {
		return nil
	}
	switch right.Op.Code {
	case ir.OpConst:
		if ir.AttributeAs[ir.Datum](right.Op, "value").Null {
			return nil
		}
	case ir.OpParameter:
		if right.Type.Nullable {
			return nil
		}
	default:
		return nil
	}
	return &test{condition: v, column: g.source.columns[left.Index], code: code, literal: right.Op}
}

// parameterOf gives the index of the parameter that holds a literal.
func (g *generator) parameterOf(literal *ir.Op) int {
	if literal.Code == ir.OpParameter {
		return int(ir.AttributeAs[int64](literal, "index"))
	}
	g.literal(literal)
	return g.literals[literal]
}

// prune tells the runtime which chunks cannot matter.
func (g *generator) prune(conditions []*ir.Value) {
	scan := &g.program.Scans[g.source.scan]
	for _, c := range conditions {
		t := g.testOf(c)
		if t == nil || t.column.t.Kind == ir.Bool {
			continue
		}
		scan.Prune = append(scan.Prune, program.Prune{Column: t.column.index, Op: t.code.String(), Parameter: g.parameterOf(t.literal)})
	}
}

// usesSIMD reports whether a test can run on vectors: plain integers of at most four
// bytes that are never NULL, and a literal of at most 64 bits.
func (t *test) usesSIMD() bool {
	l := t.column.layout
	if t.column.t.Nullable || l.Encoding != ir.Plain || l.Width > 4 || t.column.bounds == nil || t.column.t.Kind == ir.Bool {
		return false
	}
	if l.Base > math.MaxInt64/4 || l.Base < math.MinInt64/4 {
		return false
	}
	return t.literal.Code == ir.OpConst && literalBits(ir.AttributeAs[ir.Datum](t.literal, "value").Int128()) <= 64
}

// prefilter fills the selection vector with the rows that pass the tests that SIMD can
// do, sixteen at a time. It gives the number of rows selected, nil when there is
// nothing to do, and the conditions that are dealt with.
func (g *generator) prefilter(conditions []*ir.Value, rows *ir.Value) (selected *ir.Value, handled map[*ir.Value]bool) {
	byColumn := map[*column][]*test{}
	var columns []*column
	handled = map[*ir.Value]bool{}
	for _, c := range conditions {
		t := g.testOf(c)
		if t == nil || !t.usesSIMD() {
			continue
		}
		if len(byColumn[t.column]) == 0 {
			columns = append(columns, t.column)
		}
		byColumn[t.column] = append(byColumn[t.column], t)
		handled[c] = true
	}
	if len(columns) == 0 {
		return nil, nil
	}
	e := &g.emitter
	limit := rows
	type vectorRange struct{ low, size *ir.Value }
	ranges := make([]vectorRange, len(columns))
	for i, c := range columns {
		low, high := g.storedRange(c, byColumn[c])
		limit = e.selectValue(e.compare("gt_s", low, high), e.const32(0), limit)
		lane := laneType(c)
		ranges[i].low = e.typed(ir.OpSplat, e.convert(low, i32), lane)
		ranges[i].size = e.typed(ir.OpSplat, e.convert(e.sub(high, low), i32), lane)
	}
	count, position := e.variable(e.const32(0)), e.variable(e.const32(0))
	steps := g.steps()
	e.labelled(ir.OpBlock, func(done *ir.Value) {
		e.labelled(ir.OpLoop, func(again *ir.Value) {
			i := e.get(position)
			e.branchIf(done, e.compare("ge_u", i, limit))
			var all *ir.Value
			for k, c := range columns {
				mask := g.columnMask(c, i, ranges[k].low, ranges[k].size)
				if all == nil {
					all = mask
				} else {
					all = e.binary(ir.OpVectorAnd, all, mask)
				}
			}
			left := e.sub(limit, i)
			tail := e.sub(e.binary(ir.OpShiftLeft, e.const32(1), left), e.const32(1))
			tail = e.selectValue(e.compare("lt_u", left, e.const32(16)), tail, e.const32(0xFFFF))
			passed := e.and(e.unary(ir.OpVectorBitmask, all), tail)
			e.when(e.compare("eq", passed, e.const32(0xFFFF)), func() {
				g.selectSixteen(count, i, steps)
			}, func() {
				g.selectEach(count, i, passed)
			})
			e.set(position, e.add(i, e.const32(16)))
			e.branch(again)
		})
	})
	return e.get(count), handled
}

// steps gives the numbers from 0 to 7 and from 8 to 15 in 16-bit lanes, made in memory
// once per morsel.
func (g *generator) steps() [2]*ir.Value {
	p := emitter{block: g.prologue}
	at := p.address(p.const32(abi.SelectionSteps))
	var steps [2]*ir.Value
	for word := range int64(4) {
		lanes := int64(0)
		for lane := int64(3); lane >= 0; lane-- {
			lanes = lanes<<16 | (4*word + lane)
		}
		p.store(at, 8*word, 8, p.const64(lanes))
	}
	for half := range steps {
		steps[half] = p.build(ir.OpVectorLoad, []*ir.Value{at}, nil, ir.Attr("offset", int64(16*half)), ir.Attr("type", rowNumbers)).Result()
	}
	return steps
}

// rowNumbers is the type of eight row numbers.
var rowNumbers = ir.VectorType(ir.I16, 8)

// selectSixteen appends sixteen rows from row i on to the selection vector. Where most
// rows pass, this is all that a filter costs.
func (g *generator) selectSixteen(count, i *ir.Value, steps [2]*ir.Value) {
	e := &g.emitter
	n := e.get(count)
	at := e.address(e.add(e.const32(abi.SelectionBase), e.shiftLeft(n, 1)))
	first := e.typed(ir.OpSplat, i, rowNumbers)
	for half, step := range steps {
		rows := e.binary(ir.OpVectorAdd, first, step)
		e.build(ir.OpVectorStore, []*ir.Value{at, rows}, nil, ir.Attr("offset", int64(16*half)))
	}
	e.set(count, e.add(n, e.const32(16)))
}

// selectEach appends the rows whose bits are set, counted from row i.
func (g *generator) selectEach(count, i, bits *ir.Value) {
	e := &g.emitter
	mask := e.variable(bits)
	e.labelled(ir.OpBlock, func(empty *ir.Value) {
		e.labelled(ir.OpLoop, func(next *ir.Value) {
			m := e.get(mask)
			e.branchIf(empty, e.isZero(m))
			n := e.get(count)
			at := e.add(e.const32(abi.SelectionBase), e.shiftLeft(n, 1))
			e.store(at, 0, 2, e.add(i, e.unary(ir.OpCountTrailingZeros, m)))
			e.set(count, e.add(n, e.const32(1)))
			e.set(mask, e.and(m, e.sub(m, e.const32(1))))
			e.branch(next)
		})
	})
}

func laneType(c *column) ir.Type {
	switch c.layout.Width {
	case 1:
		return ir.VectorType(ir.I8, 16)
	case 2:
		return ir.VectorType(ir.I16, 8)
	default:
		return ir.VectorType(ir.I32, 4)
	}
}

// storedRange intersects the tests of a column to a closed range of stored values (as
// i64, within what a lane holds); it is empty when low > high.
func (g *generator) storedRange(c *column, tests []*test) (low, high *ir.Value) {
	e := &g.emitter
	laneLow, laneHigh := int64(-1)<<(c.layout.Width*8-1), int64(1)<<(c.layout.Width*8-1)-1
	low, high = e.const64(laneLow), e.const64(laneHigh)
	atLeast := func(a, b *ir.Value) *ir.Value { return e.selectValue(e.compare("gt_s", a, b), a, b) }
	atMost := func(a, b *ir.Value) *ir.Value { return e.selectValue(e.compare("lt_s", a, b), a, b) }
	for _, t := range tests {
		value := g.literal(t.literal)
		literal := e.convert(value.v, i64)
		// Where a literal may lie outside of what the lane holds, cut it to just outside,
		// so that nothing below overflows and the outcome stays the same.
		if !value.bounds.within(boundsBits(62)) {
			literal = atMost(atLeast(literal, e.const64(math.MinInt64/2)), e.const64(math.MaxInt64/2))
		}
		if c.layout.Base != 0 {
			literal = e.sub(literal, e.const64(c.layout.Base))
		}
		if c.layout.Base != 0 || !value.bounds.within(boundsInt64(laneLow, laneHigh)) {
			literal = atMost(atLeast(literal, e.const64(laneLow-1)), e.const64(laneHigh+1))
		}
		switch t.code {
		case ir.OpEqual:
			low, high = atLeast(low, literal), atMost(high, literal)
		case ir.OpLess:
			high = atMost(high, e.sub(literal, e.const64(1)))
		case ir.OpLessEqual:
			high = atMost(high, literal)
		case ir.OpGreater:
			low = atLeast(low, e.add(literal, e.const64(1)))
		case ir.OpGreaterEqual:
			low = atLeast(low, literal)
		default:
			panic("BUG: no range for " + t.code.String())
		}
	}
	return low, high
}

// columnMask tests sixteen rows of a column from row i on: a vector of 16 bytes, all
// ones where low <= value <= low + size.
func (g *generator) columnMask(c *column, i, low, size *ir.Value) *ir.Value {
	e := &g.emitter
	width := int(c.layout.Width)
	lane := laneType(c)
	base := e.address(e.add(g.word(c, abi.ColumnValues), e.shiftLeft(i, int64(bits.TrailingZeros(uint(width))))))
	parts := make([]*ir.Value, width)
	for k := range parts {
		v := e.build(ir.OpVectorLoad, []*ir.Value{base}, nil, ir.Attr("offset", int64(16*k)), ir.Attr("type", lane)).Result()
		distance := e.binary(ir.OpVectorSub, v, low)
		parts[k] = e.build(ir.OpVectorCompare, []*ir.Value{distance, size}, nil, ir.Attr("predicate", "le_u")).Result()
	}
	narrow := func(element ir.Kind, lanes int) {
		for k := range len(parts) / 2 {
			t := ir.VectorType(element, lanes)
			parts[k] = e.build(ir.OpVectorNarrow, []*ir.Value{parts[2*k], parts[2*k+1]}, nil, ir.Attr("type", t)).Result()
		}
		parts = parts[:len(parts)/2]
	}
	if width == 4 {
		narrow(ir.I16, 8)
	}
	if width >= 2 {
		narrow(ir.I8, 16)
	}
	return parts[0]
}
