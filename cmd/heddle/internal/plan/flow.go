package plan

import (
	"fmt"
	"strings"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/estimate"
)

// Node is an operator of the flow level with its inputs.
type Node struct {
	Operator string   `json:"operator"` // scan, join, aggregate, ...
	Subject  string   `json:"subject,omitempty"`
	Details  []Detail `json:"details,omitempty"`
	Rows     float64  `json:"estimatedRows"`
	Inputs   []*Node  `json:"inputs,omitempty"`
}

// Detail is a property of an operator.
type Detail struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Flow reads the tree of the module's flow function; nil if there is none.
func Flow(m *ir.Module) *Node {
	for _, f := range m.Functions {
		if f.Level != ir.FlowLevel || f.Body.Terminator() == nil {
			continue
		}
		r := reader{writer: writer{module: m}, rows: estimate.New(m, f)}
		end := ir.AsReturn(f.Body.Terminator())
		node := r.node(end.Input)
		return &Node{
			Operator: "result", Rows: node.Rows, Inputs: []*Node{node},
			Details: []Detail{{"columns", strings.Join(end.Labels, ", ")}},
		}
	}
	return nil
}

type reader struct {
	writer
	rows *estimate.Estimator
}

func (r *reader) node(v *ir.Value) *Node {
	op := v.Op
	n := &Node{Operator: op.Code.String(), Rows: r.rows.Rows(v)}
	detail := func(name, value string) {
		if value != "" {
			n.Details = append(n.Details, Detail{name, value})
		}
	}
	switch op.Code {
	case ir.OpScan:
		scan := ir.AsScan(op)
		n.Subject = scan.Table
		columns := make([]string, len(scan.Columns))
		for i, column := range scan.Columns {
			columns[i] = column.Source
			if column.Name != column.Source && !strings.HasSuffix(column.Name, "."+column.Source) {
				columns[i] += " as " + column.Name
			}
		}
		detail("columns", strings.Join(columns, ", "))
	case ir.OpValues:
		n.Subject = fmt.Sprintf("%d × %d", len(ir.AsValues(op).Rows), len(v.Type.Fields))
	case ir.OpFilter:
		for _, conjunct := range conjuncts(ir.AsFilter(op).Yield) {
			detail("where", r.expression(conjunct))
		}
	case ir.OpProject:
		project := ir.AsProject(op)
		for i, yield := range project.Yields {
			text := r.expression(yield)
			if text != project.Names[i] {
				detail(project.Names[i], text)
			}
		}
		if len(n.Details) == 0 {
			n.Subject = strings.Join(project.Names, ", ")
		}
	case ir.OpJoin:
		join := ir.AsJoin(op)
		n.Subject = join.Kind.String()
		for _, conjunct := range conjuncts(join.Yield) {
			detail("on", r.expression(conjunct))
		}
	case ir.OpAggregate:
		aggregation := ir.AsAggregate(op)
		detail("by", strings.Join(aggregation.Keys, ", "))
		for _, aggregate := range aggregation.Aggregates {
			detail(aggregate.Name, r.aggregate(&aggregation, aggregate))
		}
	case ir.OpSort:
		n.Subject = sortKeys(ir.AsSort(op).Keys)
	case ir.OpTopK:
		top := ir.AsTopK(op)
		n.Subject = fmt.Sprintf("%d by %s", top.Count, sortKeys(top.Keys))
		if top.Offset > 0 {
			detail("offset", fmt.Sprint(top.Offset))
		}
	case ir.OpLimit:
		limit := ir.AsLimit(op)
		if limit.Count >= 0 {
			n.Subject = fmt.Sprint(limit.Count)
		}
		if limit.Offset > 0 {
			detail("offset", fmt.Sprint(limit.Offset))
		}
	default: // an operator without details
	}
	for _, input := range op.Operands {
		n.Inputs = append(n.Inputs, r.node(input))
	}
	return n
}

func (r *reader) aggregate(a *ir.Aggregation, aggregate ir.Aggregate) string {
	argument := "*"
	if aggregate.Argument >= 0 {
		argument = r.expression(a.Yields[aggregate.Argument])
	}
	if aggregate.Distinct {
		argument = "distinct " + argument
	}
	text := aggregate.Function.String() + "(" + argument + ")"
	if aggregate.Filter >= 0 {
		text += " filter (where " + r.expression(a.Yields[aggregate.Filter]) + ")"
	}
	return text
}

// conjuncts takes a condition apart; a constant true has none.
func conjuncts(v *ir.Value) []*ir.Value {
	if _, d, ok := ir.AsConst(v); ok && !d.Null && d.Bool() {
		return nil
	}
	if v.Op == nil || v.Op.Code != ir.OpAnd {
		return []*ir.Value{v}
	}
	var all []*ir.Value
	for _, operand := range v.Op.Operands {
		all = append(all, conjuncts(operand)...)
	}
	return all
}

func sortKeys(keys []ir.SortKey) string {
	parts := make([]string, len(keys))
	for i, key := range keys {
		parts[i] = key.Column
		if key.Descending {
			parts[i] += " desc"
		}
		// NULL is larger than all values: last when ascending.
		if key.NullsFirst != key.Descending {
			parts[i] += map[bool]string{true: " nulls first", false: " nulls last"}[key.NullsFirst]
		}
	}
	return strings.Join(parts, ", ")
}
