package kernels

import (
	"math/bits"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// tileRows is how many consecutive rows a thread of a scan takes at once: four values
// of four bytes are one access of 16 bytes, and those of a warp follow each other.
const tileRows = 4

// tileColumn is a column of which a thread has loaded tileRows elements.
type tileColumn struct {
	column   *column
	elements []*ir.Value // plain text: offsets, one more
	validity *ir.Value   // the byte with the bits of the rows, nil where all are valid
}

// tiles runs the pipeline over the rows of a table, tileRows at once (Shanbhag, Madden,
// Yu, "A Study of the Fundamental Performance Characteristics of GPUs and CPUs for
// Database Analytics", SIGMOD 2020): the columns of the leading conditions are loaded
// with wide accesses and give a flag for each row; the others are loaded where a flag is
// set, and the rest of the pipeline runs once for each of those rows.
func (g *generator) tiles(ops []*ir.Op) {
	e := &g.emitter
	g.kernel.RowsPerThread = tileRows
	var conditions []*ir.Value
	leading := 0
	for _, op := range ops {
		if op.Code == ir.OpWhere {
			conditions = append(conditions, op.Operands[0])
		} else if op.Info().Level == ir.PipeLevel || op.Info().Has(ir.Terminator) {
			break
		}
		leading++
	}
	rest := ops[leading:]
	// Conditions that are cheap and never trap need no branches.
	dear := slices.ContainsFunc(conditions, g.dear)
	rows := g.launchWord(abi.LaunchRows)
	first := g.columnsOf(conditions)
	second := g.columnsOf(operandsOf(rest))
	g.gridLoop(tileRows, func(start *ir.Value) {
		tested := g.loadTile(first, start)
		flags := make([]*ir.Value, tileRows)
		for j := range flags {
			row := e.addConst(start, int64(j))
			inside := e.compare("lt_u", row, rows)
			if len(conditions) == 0 {
				flags[j] = inside
				continue
			}
			if !dear {
				g.bindTile(tested, start, j, func() {
					flags[j] = inside
					for _, c := range conditions {
						flags[j] = e.and(flags[j], g.condition(g.value(c)))
					}
				})
				continue
			}
			flag := e.variable(e.const32(0))
			g.tileItem(tested, start, j, func() {
				e.branchIf(g.next, e.not(inside))
				for _, c := range conditions {
					e.branchIf(g.next, e.not(g.condition(g.value(c))))
				}
				e.set(flag, e.const32(1))
			})
			flags[j] = e.get(flag)
		}
		any := flags[0]
		for _, flag := range flags[1:] {
			any = e.or(any, flag)
		}
		e.when(any, func() {
			loaded := append(tested, g.loadTile(without(second, first), start)...)
			for j, flag := range flags {
				g.tileItem(loaded, start, j, func() {
					e.branchIf(g.next, e.not(flag))
					g.chain(rest)
				})
			}
		}, nil)
	})
}

// tileItem emits the code of one row of a tile, as one tuple.
func (g *generator) tileItem(tile []*tileColumn, start *ir.Value, j int, body func()) {
	g.tuple(func() { g.bindTile(tile, start, j, body) })
}

// bindTile runs body with one row of a tile as the current row.
func (g *generator) bindTile(tile []*tileColumn, start *ir.Value, j int, body func()) {
	g.scoped(func() {
		g.source.row = g.addConst(start, int64(j))
		saved := map[*ir.Value]func() *scalar{}
		for _, t := range tile {
			v := g.source.op.Results[t.column.index]
			saved[v] = g.lazy[v]
			g.bindElement(t, v, start, j)
		}
		body()
		for v, lazy := range saved {
			g.lazy[v] = lazy
		}
	})
}

// bindElement makes a column's element j in a tile what the current row has.
func (g *generator) bindElement(t *tileColumn, v, start *ir.Value, j int) {
	e, c := &g.emitter, t.column
	if t.validity != nil {
		bit := e.addConst(e.and(start, e.const32(7)), int64(j))
		valid := e.and(e.binary(ir.OpShiftRightU, t.validity, bit), e.const32(1))
		g.scope.nulls[c] = e.binary(ir.OpIntegerXor, valid, e.const32(1))
	}
	if c.layout.Encoding == ir.Dictionary {
		g.scope.codes[c] = t.elements[j]
		return // the text is read where it is used
	}
	g.lazy[v] = func() *scalar {
		s := &scalar{t: c.t, bounds: c.bounds, null: g.columnNull(c)}
		switch {
		case isText(c.t):
			begin := t.elements[j]
			s.v = g.pack(g.add(g.word(c, abi.ColumnText), begin), g.sub(t.elements[j+1], begin))
		case c.bounds == nil:
			s.v = t.elements[j]
		default:
			s.v = g.unpack(c, t.elements[j])
		}
		return s
	}
}

// loadTile loads elements of some columns for the rows of a tile.
func (g *generator) loadTile(columns []*column, start *ir.Value) []*tileColumn {
	defer g.accessing("invariant")()
	e := &g.emitter
	var tile []*tileColumn
	for _, c := range columns {
		t := &tileColumn{column: c}
		width, count, signed := int(c.layout.Width), tileRows, c.t.Kind != ir.Bool
		var kt ir.Type
		switch {
		case c.layout.Encoding == ir.Dictionary:
			kt, signed = i32, false
		case isText(c.t):
			kt, width, count, signed = i32, 4, tileRows+1, false
		case c.t.IsFloat():
			kt = ir.Of(c.t.Kind)
		case c.t.Kind == ir.UUID || c.t.Kind == ir.Interval:
			kt, width = i128, 16
		default:
			kt = storedType(c)
		}
		base := g.element(c, abi.ColumnValues, start, width)
		for j := range count {
			// The tile begins at a multiple of its size; what follows is aligned as its
			// distance is.
			offset := j * width
			align := tileRows * width
			if offset > 0 {
				align = 1 << bits.TrailingZeros(uint(offset|align))
			}
			t.elements = append(t.elements, e.loadAligned(base, int64(offset), width, signed, kt, min(align, 16)))
		}
		if c.t.Nullable {
			octet := e.binary(ir.OpShiftRightU, start, e.const32(3))
			t.validity = e.load(g.element(c, abi.ColumnValidity, octet, 1), 0, 1, false, i32)
		}
		tile = append(tile, t)
	}
	return tile
}

// columnsOf lists the columns of the source that values depend on, in their order.
func (g *generator) columnsOf(values []*ir.Value) []*column {
	used := map[int]bool{}
	visited := map[*ir.Op]bool{}
	var walk func(v *ir.Value)
	walk = func(v *ir.Value) {
		if v.Op == nil || visited[v.Op] && v.Op != g.source.op {
			return
		}
		if v.Op == g.source.op {
			used[v.Index] = true
			return
		}
		visited[v.Op] = true
		for _, operand := range v.Op.Operands {
			walk(operand)
		}
		for _, region := range v.Op.Regions {
			for _, y := range region.Terminator().Operands {
				walk(y)
			}
		}
	}
	for _, v := range values {
		walk(v)
	}
	var columns []*column
	for i, c := range g.source.columns {
		if used[i] {
			columns = append(columns, c)
		}
	}
	return columns
}

// operandsOf are the values that the tuple ops among ops take.
func operandsOf(ops []*ir.Op) []*ir.Value {
	var values []*ir.Value
	for _, op := range ops {
		if op.Info().Level == ir.PipeLevel {
			values = append(values, op.Operands...)
		}
	}
	return values
}

// without are the columns that are not among others.
func without(columns, others []*column) []*column {
	var left []*column
	for _, c := range columns {
		if !slices.Contains(others, c) {
			left = append(left, c)
		}
	}
	return left
}
