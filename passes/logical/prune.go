package logical

import (
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Prune drops the columns that nothing reads: from scans, values, projects,
// aggregates and unions. What flows between two operators afterwards is what the
// upper one, or one above it, reads; an operator that must have a column for its
// own test, such as a filter, still hands it on.
//
// Keys of an aggregate stay, read or not. Counter-example: "select count(*) from
// (select distinct a, b from t)" reads neither a nor b.
//
// A scan may end with no columns, for count(*): it is then as many empty rows.
var Prune = &pass.Pass{
	Name: "prune", Doc: "drop columns that nothing reads", Level: ir.FlowLevel,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		return onFlows(ctx, m, func(*ir.Op) bool { return true }, (*editor).prune)
	},
}

func (e *editor) prune() {
	ops := e.function.Body.Ops
	// From the last op to the first, so that all readers of a bag have spoken
	// before it is changed.
	needed := map[*ir.Value][]string{}
	unions := false
	need := func(v *ir.Value, columns []string) {
		for _, c := range columns {
			if index, _ := v.Type.Field(c); index >= 0 {
				needed[v] = insert(needed[v], c)
			}
		}
	}
	for i := len(ops) - 1; i >= 0; i-- {
		op := ops[i]
		var wanted []string
		if len(op.Results) == 1 {
			wanted = needed[op.Result()]
		}
		for _, region := range op.Regions {
			sweep(region) // what nothing needs reads nothing
		}
		switch op.Code {
		case ir.OpReturn:
			need(op.Operands[0], ir.AttributeAs[[]string](op, "columns"))
		case ir.OpScan:
			e.pruneScan(op, wanted)
		case ir.OpValues:
			pruneValues(op, wanted)
		case ir.OpFilter:
			need(op.Operands[0], blockColumns(op.Regions[0], wanted))
		case ir.OpProject:
			pruneProject(op, wanted)
			need(op.Operands[0], blockColumns(op.Regions[0], nil))
		case ir.OpJoin:
			wanted = blockColumns(op.Regions[0], wanted)
			need(op.Operands[0], wanted)
			need(op.Operands[1], wanted)
		case ir.OpAggregate:
			pruneAggregate(op, wanted)
			need(op.Operands[0], ir.AttributeAs[[]string](op, "keys"))
			need(op.Operands[0], blockColumns(op.Regions[0], nil))
		case ir.OpSort, ir.OpTopK, ir.OpLimit:
			need(op.Operands[0], wanted)
			for _, key := range ir.AttributeAs[[]ir.SortKey](op, "keys") {
				need(op.Operands[0], []string{key.Column})
			}
		case ir.OpUnion:
			unions = true
			e.pruneUnion(op, wanted, need)
		default: // an op that this pass does not know reads everything
			for _, v := range op.Operands {
				for _, f := range v.Type.Fields {
					need(v, []string{f.Name})
				}
			}
		}
	}
	if unions {
		e.dropExactSelections()
	}
}

func (e *editor) pruneScan(op *ir.Op, wanted []string) {
	columns := ir.AttributeAs[[]ir.ScanColumn](op, "columns")
	kept := slices.DeleteFunc(slices.Clone(columns), func(c ir.ScanColumn) bool { return !slices.Contains(wanted, c.Name) })
	if len(kept) == len(columns) {
		return
	}
	op.SetAttribute("columns", kept)
	op.SetAttribute("type", keepFields(op.Result().Type, wanted))
}

func keepFields(t ir.Type, wanted []string) ir.Type {
	fields := slices.DeleteFunc(slices.Clone(t.Fields), func(f ir.Field) bool { return !slices.Contains(wanted, f.Name) })
	return ir.BagType(fields...)
}

func pruneValues(op *ir.Op, wanted []string) {
	fields := op.Result().Type.Fields
	rows := ir.AttributeAs[[][]ir.Datum](op, "rows")
	kept := keepFields(op.Result().Type, wanted)
	if len(kept.Fields) == len(fields) {
		return
	}
	pruned := make([][]ir.Datum, len(rows))
	for i, row := range rows {
		for j, d := range row {
			if slices.Contains(wanted, fields[j].Name) {
				pruned[i] = append(pruned[i], d)
			}
		}
	}
	op.SetAttribute("rows", pruned)
	op.SetAttribute("type", kept)
}

func pruneProject(op *ir.Op, wanted []string) {
	names := ir.AttributeAs[[]string](op, "names")
	yielded := op.Regions[0].Terminator()
	var keptNames []string
	var kept []*ir.Value
	for i, name := range names {
		if slices.Contains(wanted, name) {
			keptNames, kept = append(keptNames, name), append(kept, yielded.Operands[i])
		}
	}
	if len(kept) == len(names) {
		return
	}
	op.SetAttribute("names", keptNames)
	yielded.Operands = kept
	sweep(op.Regions[0])
}

// pruneAggregate drops aggregates and what only they read. An aggregate without
// keys gives its one row by having aggregates, so the first stays.
func pruneAggregate(op *ir.Op, wanted []string) {
	aggregates := ir.AttributeAs[[]ir.Aggregate](op, "aggregates")
	kept := slices.DeleteFunc(slices.Clone(aggregates), func(a ir.Aggregate) bool { return !slices.Contains(wanted, a.Name) })
	if len(kept) == 0 && len(aggregates) > 0 && len(ir.AttributeAs[[]string](op, "keys")) == 0 {
		kept = append(kept, aggregates[0])
	}
	yielded := op.Regions[0].Terminator()
	var values []*ir.Value
	place := func(index int) int {
		if index < 0 {
			return index
		}
		v := yielded.Operands[index]
		if at := slices.Index(values, v); at >= 0 {
			return at
		}
		values = append(values, v)
		return len(values) - 1
	}
	for i := range kept {
		kept[i].Argument = place(kept[i].Argument)
		kept[i].Filter = place(kept[i].Filter)
	}
	op.SetAttribute("aggregates", kept)
	yielded.Operands = values
	sweep(op.Regions[0])
}

// pruneUnion drops columns by position.
func (e *editor) pruneUnion(op *ir.Op, wanted []string, need func(*ir.Value, []string)) {
	names := ir.AttributeAs[[]string](op, "names")
	var kept []string
	for i, name := range names {
		if !slices.Contains(wanted, name) {
			continue
		}
		kept = append(kept, name)
		for _, input := range op.Operands {
			need(input, []string{input.Type.Fields[i].Name})
		}
	}
	if len(kept) == len(names) {
		return
	}
	// Each input is cut to the kept columns, in order. A project that turns out to
	// pass everything on is removed by dropExactSelections.
	for j, input := range op.Operands {
		var columns []string
		for i, f := range input.Type.Fields {
			if slices.Contains(kept, names[i]) {
				columns = append(columns, f.Name)
			}
		}
		op.Operands[j] = e.selection(op, input, columns)
	}
	op.SetAttribute("names", kept)
}

// selection makes a project that passes on some columns.
func (e *editor) selection(like *ir.Op, input *ir.Value, columns []string) *ir.Value {
	em := newEmitter(input.Type.Row())
	values := make([]*ir.Value, len(columns))
	for i, c := range columns {
		values[i] = em.field(c)
	}
	return e.build(like, ir.OpProject, []*ir.Value{input}, []*ir.Block{em.yield(values...)}, ir.Attr("names", columns))
}

// dropExactSelections removes selections under unions that, now that what is below
// them is pruned, select everything.
func (e *editor) dropExactSelections() {
	e.finish()
	for _, op := range e.function.Body.Ops {
		if op.Code != ir.OpUnion {
			continue
		}
		for i, input := range op.Operands {
			if input.Op.Code == ir.OpProject && e.passesOn(input.Op, false) {
				op.Operands[i] = input.Op.Operands[0]
			}
		}
	}
}
