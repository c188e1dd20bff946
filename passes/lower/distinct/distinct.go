package distinct

import (
	"fmt"

	"github.com/heddle-lang/heddle/ir"
)

// Expand rewrites the flow functions of a module. It reports whether anything changed.
func Expand(m *ir.Module) bool {
	changed := false
	for _, f := range m.Functions {
		if f.Level == ir.FlowLevel {
			e := &expander{function: f, names: map[string]bool{}}
			changed = e.run() || changed
		}
	}
	return changed
}

type expander struct {
	function *ir.Function
	names    map[string]bool // taken column names
	builder  *ir.Builder     // appends to the new body
}

// part is a group of aggregates that one plain aggregation computes.
type part struct {
	argument, filter int // of a distinct part; argument is -1 for the plain part
	aggregates       []ir.Aggregate
}

func (e *expander) run() bool {
	body := e.function.Body
	found := false
	for _, op := range body.Ops {
		for _, result := range op.Results {
			for _, field := range result.Type.Fields {
				e.names[field.Name] = true
			}
		}
		if op.Code == ir.OpAggregate && isDistinct(op) {
			found = true
		}
	}
	if !found {
		return false
	}
	old := body.Ops
	body.Ops = nil
	e.builder = ir.At(body)
	for _, op := range old {
		if op.Code != ir.OpAggregate || !isDistinct(op) {
			body.Append(op)
			continue
		}
		e.builder.Span = op.Span
		replacement := e.expand(op)
		for _, later := range old {
			for i, operand := range later.Operands {
				if operand == op.Result() {
					later.Operands[i] = replacement
				}
			}
		}
	}
	return true
}

func isDistinct(op *ir.Op) bool {
	for _, a := range ir.AsAggregate(op).Aggregates {
		if a.Distinct {
			return true
		}
	}
	return false
}

// fresh gives a column name that is not taken.
func (e *expander) fresh(hint string) string {
	name := hint
	for i := 1; e.names[name]; i++ {
		name = fmt.Sprintf("%s$%d", hint, i)
	}
	e.names[name] = true
	return name
}

func (e *expander) expand(op *ir.Op) *ir.Value {
	keys := ir.AsAggregate(op).Keys
	var parts []*part
	for _, a := range ir.AsAggregate(op).Aggregates {
		p := &part{argument: -1, filter: -1}
		if a.Distinct && (a.Function == ir.Count || a.Function == ir.Sum) {
			p.argument, p.filter = a.Argument, a.Filter
		}
		a.Distinct = false
		merged := false
		for _, known := range parts {
			if known.argument == p.argument && known.filter == p.filter {
				known.aggregates = append(known.aggregates, a)
				merged = true
			}
		}
		if !merged {
			p.aggregates = []ir.Aggregate{a}
			parts = append(parts, p)
		}
	}
	joined := e.part(op, keys, parts[0], keys)
	for _, p := range parts[1:] {
		renamed := make([]string, len(keys))
		for i, key := range keys {
			renamed[i] = e.fresh(key)
		}
		joined = e.join(joined, e.part(op, keys, p, renamed), keys, renamed)
	}
	// Give the columns the order that they had.
	result := op.Result().Type
	names := make([]string, len(result.Fields))
	region := ir.NewBlock(joined.Type.Row())
	b := e.builder.In(region)
	values := make([]*ir.Value, len(names))
	for i, field := range result.Fields {
		names[i] = field.Name
		values[i] = b.Cast(b.Field(region.Arguments[0], field.Name), field.Type)
	}
	b.Yield(values...)
	return e.builder.Build(ir.OpProject, []*ir.Value{joined}, []*ir.Block{region}, ir.Attr("names", names)).Result()
}

// part computes one part; its key columns get the given names.
func (e *expander) part(op *ir.Op, keys []string, p *part, names []string) *ir.Value {
	input := op.Operands[0]
	if p.argument < 0 {
		region := op.Regions[0].Clone(ir.Mapping{})
		return e.rename(e.aggregate(input, keys, p.aggregates, region), keys, names)
	}
	// Project the keys and the argument, and group by all of them.
	argument := e.fresh("distinct")
	region := op.Regions[0].Clone(ir.Mapping{})
	yield := region.Terminator()
	yielded := yield.Operands
	yield.Remove()
	b := e.builder.In(region)
	var values []*ir.Value
	for _, key := range keys {
		values = append(values, b.Field(region.Arguments[0], key))
	}
	x := yielded[p.argument]
	if p.filter >= 0 {
		then, otherwise := ir.NewBlock(), ir.NewBlock()
		t := x.Type.WithNull(true)
		ir.At(then).Yield(ir.At(then).Cast(x, t))
		ir.At(otherwise).Yield(ir.At(otherwise).Const(t, ir.NullDatum))
		x = b.Build(ir.OpIf, []*ir.Value{yielded[p.filter]}, []*ir.Block{then, otherwise}).Result()
	}
	b.Yield(append(values, x)...)
	columns := append(append([]string{}, keys...), argument)
	projected := e.builder.Build(ir.OpProject, []*ir.Value{input}, []*ir.Block{region}, ir.Attr("names", columns)).Result()
	empty := ir.NewBlock(projected.Type.Row())
	ir.At(empty).Yield()
	once := e.aggregate(projected, columns, nil, empty)

	outer := ir.NewBlock(once.Type.Row())
	ob := e.builder.In(outer)
	ob.Yield(ob.Field(outer.Arguments[0], argument))
	aggregates := make([]ir.Aggregate, len(p.aggregates))
	for i, a := range p.aggregates {
		a.Argument, a.Filter = 0, -1
		aggregates[i] = a
	}
	return e.rename(e.aggregate(once, keys, aggregates, outer), keys, names)
}

func (e *expander) aggregate(input *ir.Value, keys []string, aggregates []ir.Aggregate, region *ir.Block) *ir.Value {
	return e.builder.Build(ir.OpAggregate, []*ir.Value{input}, []*ir.Block{region}, ir.Attr("keys", keys), ir.Attr("aggregates", aggregates)).Result()
}

// rename gives the key columns other names.
func (e *expander) rename(v *ir.Value, keys, names []string) *ir.Value {
	same := true
	for i := range keys {
		same = same && keys[i] == names[i]
	}
	if same {
		return v
	}
	region := ir.NewBlock(v.Type.Row())
	b := e.builder.In(region)
	var values []*ir.Value
	var all []string
	for i, field := range v.Type.Fields {
		values = append(values, b.Field(region.Arguments[0], field.Name))
		if i < len(names) {
			all = append(all, names[i])
		} else {
			all = append(all, field.Name)
		}
	}
	b.Yield(values...)
	return e.builder.Build(ir.OpProject, []*ir.Value{v}, []*ir.Block{region}, ir.Attr("names", all)).Result()
}

// join pairs the groups of two parts.
func (e *expander) join(left, right *ir.Value, keys, renamed []string) *ir.Value {
	region := ir.NewBlock(left.Type.Row(), right.Type.Row())
	b := e.builder.In(region)
	var conditions []*ir.Value
	for i := range keys {
		differ := b.Binary(ir.OpIsDistinct, b.Field(region.Arguments[0], keys[i]), b.Field(region.Arguments[1], renamed[i]))
		conditions = append(conditions, b.Unary(ir.OpNot, differ))
	}
	switch len(conditions) {
	case 0:
		b.Yield(b.Const(ir.Of(ir.Bool), ir.BoolDatum(true)))
	case 1:
		b.Yield(conditions[0])
	default:
		b.Yield(b.Op(ir.OpAnd, conditions).Result())
	}
	return e.builder.Build(ir.OpJoin, []*ir.Value{left, right}, []*ir.Block{region}, ir.Attr("kind", ir.InnerJoin)).Result()
}
