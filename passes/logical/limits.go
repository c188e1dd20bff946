package logical

import (
	"math"
	"slices"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Limits makes a top-k of a limit over a sort, moves limits below projects and
// into unions, joins two limits into one, and removes sorts whose order nobody
// sees: those under an aggregate, a join, a union or another sort.
//
// The limit of a union stays above it as well; each input needs at most count +
// offset rows. Counter-example to moving the offset down: the rows left out may
// all come from one input.
var Limits = &pass.Pass{
	Name: "limits", Doc: "make top-k of sort and limit, move limits down, drop unseen sorts", Level: ir.FlowLevel,
	Run: func(ctx *pass.Context, m *ir.Module) (bool, error) {
		return onFlows(ctx, m, func(op *ir.Op) bool { return op.Code == ir.OpLimit || op.Code == ir.OpSort }, (*editor).limits)
	},
}

// mostTopRows is the largest count + offset that a top-k is made for: it keeps
// that many rows in memory in every worker, where a sort may spill.
const mostTopRows = 1 << 16

func (e *editor) limits() {
	for _, op := range e.function.Body.Ops {
		for i, v := range op.Operands {
			if sortUnseen(op) && v.Op.Code == ir.OpSort && !e.shared(v) {
				op.Operands[i] = v.Op.Operands[0]
			}
		}
		if op.Code == ir.OpLimit {
			e.limit(op)
		}
	}
}

// sortUnseen reports whether an op gives the same rows whatever the order of its
// input. The aggregate any takes the first row, so it sees the order.
func sortUnseen(op *ir.Op) bool {
	switch op.Code {
	case ir.OpSort, ir.OpTopK, ir.OpJoin, ir.OpUnion:
		return true
	case ir.OpAggregate:
		return !slices.ContainsFunc(ir.AttributeAs[[]ir.Aggregate](op, "aggregates"), func(a ir.Aggregate) bool { return a.Function == ir.Any })
	default:
		return false
	}
}

func (e *editor) limit(op *ir.Op) {
	input := op.Operands[0]
	count, offset := ir.AttributeAs[int64](op, "count"), ir.AttributeAs[int64](op, "offset")
	if e.shared(input) {
		return
	}
	below := input.Op
	switch below.Code {
	case ir.OpSort:
		if rows, ok := rowsNeeded(count, offset); !ok || rows > mostTopRows {
			return
		}
		op.Code = ir.OpTopK
		op.Attributes = []ir.Attribute{
			ir.Attr("keys", ir.AttributeAs[[]ir.SortKey](below, "keys")), ir.Attr("count", count), ir.Attr("offset", offset),
		}
		op.Operands[0] = below.Operands[0]
	case ir.OpProject:
		// The two ops change places: the limit becomes the project.
		lower := e.build(op, ir.OpLimit, []*ir.Value{below.Operands[0]}, nil, ir.Attr("count", count), ir.Attr("offset", offset))
		op.Code, op.Attributes, op.Regions = ir.OpProject, below.Attributes, below.Regions
		op.Operands[0] = lower
		infer(op)
		e.limit(lower.Op)
	case ir.OpLimit:
		innerCount, innerOffset := ir.AttributeAs[int64](below, "count"), ir.AttributeAs[int64](below, "offset")
		if offset > math.MaxInt64-innerOffset {
			return
		}
		if innerCount >= 0 {
			rest := max(innerCount-offset, 0)
			if count < 0 || rest < count {
				count = rest
			}
		}
		op.SetAttribute("count", count)
		op.SetAttribute("offset", innerOffset+offset)
		op.Operands[0] = below.Operands[0]
		e.limit(op)
	case ir.OpUnion:
		rows, ok := rowsNeeded(count, offset)
		if !ok {
			return
		}
		for i, v := range below.Operands {
			if known, bounded := rowBound(v); e.shared(v) || bounded && known <= rows {
				continue
			}
			below.Operands[i] = e.build(op, ir.OpLimit, []*ir.Value{v}, nil, ir.Attr("count", rows), ir.Attr("offset", int64(0)))
		}
	default: // the limit stays where it is
	}
}

// rowsNeeded is how many rows of its input a limit looks at; ok is false when it
// looks at all.
func rowsNeeded(count, offset int64) (rows int64, ok bool) {
	if count < 0 || count > math.MaxInt64-offset {
		return 0, false
	}
	return count + offset, true
}

// rowBound is how many rows a bag has at most, where that is plain to see.
func rowBound(v *ir.Value) (rows int64, ok bool) {
	switch v.Op.Code {
	case ir.OpValues:
		return int64(len(ir.AttributeAs[[][]ir.Datum](v.Op, "rows"))), true
	case ir.OpLimit, ir.OpTopK:
		if count := ir.AttributeAs[int64](v.Op, "count"); count >= 0 {
			return count, true
		}
		return rowBound(v.Op.Operands[0])
	case ir.OpProject, ir.OpFilter, ir.OpSort:
		return rowBound(v.Op.Operands[0])
	case ir.OpAggregate:
		if len(ir.AttributeAs[[]string](v.Op, "keys")) == 0 {
			return 1, true
		}
	default: // no bound
	}
	return 0, false
}
