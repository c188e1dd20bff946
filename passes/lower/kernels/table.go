package kernels

import (
	"fmt"
	"math/big"
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
)

// tableSource is the table that a pipeline reads.
type tableSource struct {
	op      *ir.Op
	scan    int
	columns []*column
	row     *ir.Value // number of the current row in the morsel, i32
}

// column is one of its columns.
type column struct {
	index   int
	t       ir.Type
	layout  ir.Layout
	bounds  *bounds
	pointer [4]*ir.Value // addresses from the descriptor, loaded in the prologue
}

// word gives an address from the column's descriptor (abi.ColumnValues and so on).
func (g *generator) word(c *column, offset int64) *ir.Value {
	slot := &c.pointer[offset/4]
	if *slot == nil && g.kernel != nil {
		*slot = g.launchColumn(c, offset)
	} else if *slot == nil {
		*slot = g.early(func(e *emitter) *ir.Value {
			return e.load32(e.const32(abi.MorselColumns), int64(c.index*abi.MorselColumnSize)+offset)
		})
	}
	return *slot
}

// columnBounds is what a column of a layout can hold.
func columnBounds(t ir.Type, layout ir.Layout) *bounds {
	b := typeBounds(t)
	if b != nil && layout.Encoding == ir.Plain && layout.Width > 0 && layout.Width < 16 && t.Kind != ir.Bool {
		base := big.NewInt(layout.Base)
		b = b.intersect(boundsBits(uint(layout.Width) * 8).add(&bounds{base, base}))
	}
	return b
}

// openTable declares the scan of a pipeline.
func (g *generator) openTable(op *ir.Op) {
	table := g.module.Table(string(ir.AttributeAs[ir.Symbol](op, "table")))
	source := &tableSource{op: op, scan: len(g.program.Scans)}
	scan := program.Scan{Table: table.Name, Rows: table.Rows}
	for i, c := range ir.AttributeAs[[]ir.ScanColumn](op, "columns") {
		_, definition := table.Column(c.Source)
		layout := definition.Layout
		if layout == (ir.Layout{}) {
			layout = ir.NaturalLayout(definition.Type)
		}
		scan.Columns = append(scan.Columns, program.ScanColumn{Name: c.Source, Type: definition.Type, Layout: layout})
		source.columns = append(source.columns, &column{index: i, t: definition.Type, layout: layout, bounds: columnBounds(definition.Type, layout)})
	}
	g.program.Scans = append(g.program.Scans, scan)
	g.read(source)
}

// read makes a table the source of the pipeline.
func (g *generator) read(source *tableSource) {
	g.source = source
	for i, c := range source.columns {
		g.lazy[source.op.Results[i]] = func() *scalar { return g.loadColumn(source, c) }
	}
}

// element is the address of a row's element in an array of a column.
func (g *generator) element(c *column, array int64, row *ir.Value, width int) *ir.Value {
	shift := int64(bits.TrailingZeros(uint(width)))
	base := g.word(c, array)
	if base.Type.Kind != ir.GlobalAddress {
		return g.add(base, g.shiftLeft(row, shift))
	}
	distance := g.extendUnsigned(row, i64)
	if shift != 0 {
		distance = g.binary(ir.OpShiftLeft, distance, g.const64(shift))
	}
	return g.add(base, distance)
}

// loadColumn reads a column in the current row.
func (g *generator) loadColumn(source *tableSource, c *column) *scalar {
	defer g.accessing("invariant")()
	e := &g.emitter
	s := &scalar{t: c.t, bounds: c.bounds}
	width := int(c.layout.Width)
	at := func(width int) *ir.Value { return g.element(c, abi.ColumnValues, source.row, width) }
	switch {
	case c.layout.Encoding == ir.Dictionary:
		s.v = e.load(e.add(g.word(c, abi.ColumnDictionary), e.shiftLeft(g.code(c), 3)), 0, 8, false, i64)
	case isText(c.t):
		offsets := at(4)
		begin := e.load32(offsets, 0)
		s.v = e.pack(e.add(g.word(c, abi.ColumnText), begin), e.sub(e.load32(offsets, 4), begin))
	case c.t.IsFloat():
		s.v = e.load(at(width), 0, width, false, ir.Of(c.t.Kind))
	case c.t.Kind == ir.UUID || c.t.Kind == ir.Interval:
		s.v = e.load(at(16), 0, 16, false, i128)
	default:
		s.v = g.unpack(c, e.load(at(width), 0, width, c.t.Kind != ir.Bool, storedType(c)))
	}
	s.null = g.columnNull(c)
	return s
}

// storedType is the kern type in which a plain number of a column is loaded.
func storedType(c *column) ir.Type {
	kt := kernType(c.t, c.bounds)
	switch {
	case c.layout.Width == 8 && kt.Kind == ir.I32:
		return i64
	case c.layout.Width == 16:
		return i128
	default:
		return kt
	}
}

// unpack makes a number of what a plain column stores.
func (g *generator) unpack(c *column, v *ir.Value) *ir.Value {
	if c.layout.Base != 0 {
		base, _ := ir.Int128FromBig(big.NewInt(c.layout.Base))
		v = g.add(v, ir.At(g.block).Const(v.Type, ir.Int128Datum(base)))
	}
	return g.convert(v, kernType(c.t, c.bounds))
}

// code gives the dictionary code of a column in the current row.
func (g *generator) code(c *column) *ir.Value {
	for s := g.scope; s != nil; s = s.outer {
		if v, ok := s.codes[c]; ok {
			return v
		}
	}
	defer g.accessing("invariant")()
	width := int(c.layout.Width)
	v := g.load(g.element(c, abi.ColumnValues, g.source.row, width), 0, width, false, i32)
	g.scope.codes[c] = v
	return v
}

// columnNull gives 1 where a column is NULL in the current row, nil if it never is.
func (g *generator) columnNull(c *column) *ir.Value {
	e, source := &g.emitter, g.source
	for s := g.scope; s != nil; s = s.outer {
		if null, ok := s.nulls[c]; ok {
			return null
		}
	}
	if c.t.Nullable {
		defer g.accessing("invariant")()
		validity := g.element(c, abi.ColumnValidity, e.binary(ir.OpShiftRightU, source.row, e.const32(3)), 1)
		bit := e.binary(ir.OpShiftRightU, e.load(validity, 0, 1, false, i32), e.and(source.row, e.const32(7)))
		return e.binary(ir.OpIntegerXor, e.and(bit, e.const32(1)), e.const32(1))
	}
	return nil
}

// lookupTable is a table of the values of an expression over one dictionary column.
type lookupTable struct {
	column *column
	t      ir.Type
	width  int
	bounds *bounds
	index  int // among the pipeline's tables
}

// isSource reports whether v is a column of the pipeline's source or of a state.
func (g *generator) isSource(v *ir.Value) bool { _, ok := g.lazy[v]; return ok }

// lookup gives v from a lookup table if it is an expression over one dictionary
// column of the source that is worth it; nil otherwise.
func (g *generator) lookup(v *ir.Value) *scalar {
	table := g.lookupFor(v)
	if table == nil {
		return nil
	}
	defer g.accessing("invariant")()
	e := &g.emitter
	at := e.add(g.tableBase(table), e.shiftLeft(g.code(table.column), int64(bits.TrailingZeros(uint(table.width)))))
	s := &scalar{t: v.Type, bounds: table.bounds, null: g.columnNull(table.column)}
	s.v = e.load(at, 0, table.width, v.Type.Kind != ir.Bool, kernType(v.Type, table.bounds))
	return s
}

// lookupFor gives the lookup table of a value, made at first use; nil if it has none.
func (g *generator) lookupFor(v *ir.Value) *lookupTable {
	if g.source == nil || v.Op == nil {
		return nil
	}
	table, known := g.tables[v]
	if !known {
		table = g.newLookup(v)
		g.tables[v] = table
	}
	return table
}

// newLookup decides whether a value is given by a lookup table and, if so, emits the
// function that fills it.
func (g *generator) newLookup(v *ir.Value) *lookupTable {
	switch v.Type.Kind {
	case ir.Bool, ir.I8, ir.I16, ir.I32, ir.I64, ir.Date:
	default:
		return nil
	}
	var on *column
	worth, ok := false, true
	visited := map[*ir.Op]bool{}
	var walk func(v *ir.Value)
	walk = func(v *ir.Value) {
		if !ok {
			return
		}
		if v.Op == g.source.op {
			c := g.source.columns[v.Index]
			if c.layout.Encoding != ir.Dictionary || on != nil && on != c {
				ok = false
			}
			on = c
			return
		}
		if v.Op == nil || g.isSource(v) {
			ok = false
			return
		}
		if visited[v.Op] {
			return
		}
		visited[v.Op] = true
		info := v.Op.Info()
		if info.Level != ir.AnyLevel || info.Has(ir.MayTrap) && !neverTraps(v.Op) {
			ok = false // an entry of the dictionary need not stand in any row that matters
			return
		}
		if v.Op.Code != ir.OpConst {
			worth = true
		}
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
	if !ok || on == nil || !worth {
		return nil
	}
	if on.t.Nullable && !g.nullStrict(v) {
		return nil
	}
	g.lookups++
	name := fmt.Sprintf("lookup_%d", g.lookups)
	table := &lookupTable{column: on, t: v.Type, width: fieldWidth(v.Type), bounds: typeBounds(v.Type)}
	if !g.emitLookup(name, v, on, table) {
		return nil
	}
	p := &g.program.Pipelines[g.index]
	p.Tables = append(p.Tables, program.Lookup{Function: name, Column: on.index, Width: table.width})
	table.index = len(p.Tables) - 1
	return table
}

// tableBase is the address of a lookup table, loaded in the prologue.
func (g *generator) tableBase(table *lookupTable) *ir.Value {
	if g.bases[table] == nil {
		g.bases[table] = g.early(func(e *emitter) *ir.Value {
			base := e.load32(g.context, 0)
			g.patches = append(g.patches, patch{op: base.Op, state: -1, index: [2]int{g.index, table.index}})
			return base
		})
	}
	return g.bases[table]
}

// neverTraps recognises text operations whose literals rule out that they trap: LIKE with
// a proper pattern, and substrings without a negative length.
func neverTraps(op *ir.Op) bool {
	last := op.Operands[len(op.Operands)-1]
	switch op.Code {
	case ir.OpSubstring:
		return len(op.Operands) == 2 || isConst(last) && ir.AttributeAs[ir.Datum](last.Op, "value").Int() >= 0
	case ir.OpLike:
		if !isConst(last) {
			return false
		}
		_, err := abi.CompilePattern(ir.AttributeAs[ir.Datum](last.Op, "value").Text, likeEscape(op), false, 0)
		return err == nil
	default:
		return false
	}
}

// likeEscape is the escape character of a LIKE, "" for none.
func likeEscape(op *ir.Op) string {
	if escape, ok := op.Attribute("escape").(string); ok {
		return escape
	}
	return "\\"
}

// nullStrict reports whether v is NULL exactly where its one column is.
func (g *generator) nullStrict(v *ir.Value) bool {
	if v.Op == g.source.op {
		return true
	}
	if v.Op.Code == ir.OpConst {
		return !ir.AttributeAs[ir.Datum](v.Op, "value").Null
	}
	if !v.Op.Info().Has(ir.NullStrict) && v.Op.Code != ir.OpIn {
		return false
	}
	if v.Op.Code == ir.OpIn {
		for _, d := range ir.AttributeAs[[]ir.Datum](v.Op, "values") {
			if d.Null {
				return false
			}
		}
	}
	for _, operand := range v.Op.Operands {
		if !g.nullStrict(operand) {
			return false
		}
	}
	return true
}

// emitLookup writes (context, dictionary, count, out): for each entry of the
// dictionary the value of the expression. It refuses values that can be NULL.
func (g *generator) emitLookup(name string, v *ir.Value, on *column, table *lookupTable) bool {
	f := g.begin(name, "dictionary", "count", "out")
	f.literals = g.literals // the same literal is the same parameter everywhere
	dictionary, count, out := f.function.Body.Arguments[1], f.function.Body.Arguments[2], f.function.Body.Arguments[3]
	source := g.source.op.Results[on.index]
	ok := true
	f.countedLoop(count, func(i *ir.Value) {
		entry := &scalar{t: on.t.WithNull(false), v: f.load(f.add(dictionary, f.shiftLeft(i, 3)), 0, 8, false, i64)}
		f.lazy[source] = func() *scalar { return entry }
		s := f.value(v)
		if s.null != nil {
			ok = false
			return
		}
		kt := kernType(v.Type, table.bounds)
		f.store(f.add(out, f.shiftLeft(i, int64(bits.TrailingZeros(uint(table.width))))), 0, table.width, f.convert(s.v, kt))
	})
	if ok {
		f.finish()
	}
	return ok
}

// countedLoop runs body for each number from 0 to count - 1. What it computes is
// forgotten afterwards; scratch text is reset for each turn when the body makes any.
func (g *generator) countedLoop(count *ir.Value, body func(i *ir.Value)) {
	counter := g.variable(g.const32(0))
	g.labelled(ir.OpBlock, func(done *ir.Value) {
		g.labelled(ir.OpLoop, func(again *ir.Value) {
			i := g.get(counter)
			g.branchIf(done, g.compare("ge_u", i, count))
			g.tuple(func() { g.scoped(func() { body(i) }) })
			g.set(counter, g.add(i, g.const32(1)))
			g.branch(again)
		})
	})
}

// tuple runs body as the code of one tuple in a block that g.next leaves, with the
// scratch area empty at its start if the body uses it.
func (g *generator) tuple(body func()) {
	region := ir.NewBlock(ir.Of(ir.Label))
	saved, used := g.scratch, false
	g.scratch = false
	outer := g.next
	g.inside(region, func() {
		g.next = region.Arguments[0]
		body()
		used = g.scratch
	})
	g.next = outer
	if used {
		g.store(g.const32(abi.ScratchCursor), 0, 4, g.const32(abi.ScratchBase))
	}
	g.scratch = saved || used
	if g.kernel != nil {
		g.build(ir.OpBlock, nil, []*ir.Block{region}, ir.Attr("recovers", true))
		return
	}
	g.build(ir.OpBlock, nil, []*ir.Block{region})
}
