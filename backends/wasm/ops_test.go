package wasm_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/ir/random"
)

// Where tests keep operands and results, 16 bytes each.
const (
	inputs  = 0x200000
	outputs = 0x300000
)

func (k *kernel) read(t ir.Type, offset int64) *ir.Value {
	if t.Kind == ir.Vector {
		return k.one(ir.OpVectorLoad, []*ir.Value{k.addr(inputs)}, ir.Attr("offset", offset), ir.Attr("type", t))
	}
	return k.load(t, sizeOf(t), false, k.addr(inputs), offset)
}

func (k *kernel) write(v *ir.Value, offset int64) {
	if v.Type.Kind == ir.Vector {
		k.Op(ir.OpVectorStore, []*ir.Value{k.addr(outputs), v}, ir.Attr("offset", offset))
		return
	}
	k.store(sizeOf(v.Type), k.addr(outputs), v, offset)
}

// literal makes a constant of any scalar type; ok is false for vectors.
func (k *kernel) literal(t ir.Type, v bits128) (value *ir.Value, ok bool) {
	switch t.Kind {
	case ir.Vector:
		return nil, false
	case ir.F32, ir.F64:
		return k.Const(t, ir.FloatDatum(v.Float64(t))), true
	case ir.I32, ir.Address:
		return k.Const(t, ir.IntDatum(int64(int32(v.Low)))), true
	case ir.I64:
		return k.Const(t, ir.IntDatum(int64(v.Low))), true
	default:
		return k.Const(t, ir.Int128Datum(ir.Int128{High: int64(v.High), Low: v.Low})), true
	}
}

// TestEveryPureOp runs each op at each type on operands from memory, for all
// combinations of extreme values.
func TestEveryPureOp(t *testing.T) {
	shapes := random.Shapes()
	m := &ir.Module{}
	for i := range shapes {
		shape := &shapes[i]
		k := newKernel(fmt.Sprint("case", i), nil)
		var operands []*ir.Value
		for j, o := range shape.Operands {
			operands = append(operands, k.read(o, int64(16*j)))
		}
		result := shape.Build(k.Builder, operands...)
		if !result.Type.Equal(shape.Result) {
			t.Fatalf("%s gives %s", shape, result.Type)
		}
		k.write(result, 0)
		m.Functions = append(m.Functions, k.function)
	}
	for _, to := range targets(t) {
		t.Run(to.name, func(t *testing.T) {
			instance := to.instantiate(t, m)
			memory := instance.Memory()
			for i := range shapes {
				shape := &shapes[i]
				function, err := instance.Function("library", fmt.Sprint("case", i))
				if err != nil {
					t.Fatal(err)
				}
				for _, operands := range shape.Combinations() {
					for j, v := range operands {
						putBits(memory[inputs+16*j:], v)
					}
					_, err := function.Call()
					want, traps := compute(shape, operands)
					if traps != (err != nil) {
						t.Fatalf("%s of %x: error %v, want one: %v", shape, operands, err, traps)
					} else if traps {
						continue
					}
					if got := getBits(memory[outputs:], shape.Result); !interp.SameBits(shape.Result, got, want) {
						t.Errorf("%s of %x is %x, want %x", shape, operands, got, want)
						break
					}
				}
			}
		})
	}
}

// TestConstantOperands runs each op with literals, which select other
// instructions (eqz, folded halves).
func TestConstantOperands(t *testing.T) {
	shapes := random.Shapes()
	dice := rand.New(rand.NewPCG(1, 2))
	type run struct {
		shape    *random.Shape
		operands []bits128
		want     bits128
	}
	var runs []run
	m := &ir.Module{}
	for i := range shapes {
		shape := &shapes[i]
		all := shape.Combinations()
		for range 12 {
			operands := all[dice.IntN(len(all))]
			want, traps := compute(shape, operands)
			if traps {
				continue
			}
			k := newKernel(fmt.Sprint("run", len(runs)), nil)
			var values []*ir.Value
			for j, o := range shape.Operands {
				v, ok := k.literal(o, operands[j])
				if !ok || dice.IntN(3) == 0 {
					v = k.read(o, int64(16*j))
				}
				values = append(values, v)
			}
			k.write(shape.Build(k.Builder, values...), 0)
			m.Functions = append(m.Functions, k.function)
			runs = append(runs, run{shape, operands, want})
		}
	}
	for _, to := range targets(t) {
		instance := to.instantiate(t, m)
		for i, r := range runs {
			for j, v := range r.operands {
				putBits(instance.Memory()[inputs+16*j:], v)
			}
			call(t, instance, fmt.Sprint("run", i))
			if got := getBits(instance.Memory()[outputs:], r.shape.Result); !interp.SameBits(r.shape.Result, got, r.want) {
				t.Errorf("%s: %s of %x is %x, want %x", to.name, r.shape, r.operands, got, r.want)
			}
		}
	}
}

// TestRandomExpressions compares random graphs of all pure ops, with variables
// that are read and set in between, with what the interpreter makes of each.
func TestRandomExpressions(t *testing.T) {
	shapes := slices.DeleteFunc(slices.Clone(random.Shapes()), func(s random.Shape) bool {
		// NaNs have no defined bits, so nothing may look at them.
		looksAtBits := s.Code == ir.OpReinterpret && s.Operands[0].IsFloat()
		floatLanes := func(t ir.Type) bool { return t.Kind == ir.Vector && ir.Of(t.Element).IsFloat() }
		return looksAtBits || floatLanes(s.Result) || floatLanes(s.Operands[0])
	})
	all := targets(t)
	for seed := range uint64(40) {
		dice := rand.New(rand.NewPCG(seed, 7))
		g := newGraph(dice, shapes)
		for range 20 + dice.IntN(150) {
			g.grow()
		}
		want := g.finish()
		m := &ir.Module{Functions: []*ir.Function{g.k.function}}
		for _, to := range all {
			instance := to.instantiate(t, m)
			for i, v := range g.memory {
				putBits(instance.Memory()[inputs+16*i:], v)
			}
			call(t, instance, "graph")
			for i, w := range want {
				if got := getBits(instance.Memory()[outputs+16*i:], w.t); !interp.SameBits(w.t, got, w.bits) {
					t.Fatalf("seed %d, %s: output %d of type %s is %x, want %x", seed, to.name, i, w.t, got, w.bits)
				}
			}
			mustClose(t, instance)
		}
	}
}

// graph is a random function under construction; known follows its meaning.
type graph struct {
	dice   *rand.Rand
	shapes []random.Shape
	k      *kernel
	memory []bits128 // the inputs
	now    []bits128 // what they hold after the writes so far
	known  []knownValue
	cells  []knownValue // one for each type, and two inputs
}

type knownValue struct {
	value *ir.Value
	t     ir.Type
	bits  bits128
}

func newGraph(dice *rand.Rand, shapes []random.Shape) *graph {
	g := &graph{dice: dice, shapes: shapes, k: newKernel("graph", nil)}
	types := []ir.Type{i32T, i64T, i128T, f32T, f64T, addrT}
	for _, kind := range []struct {
		element ir.Kind
		lanes   int
	}{{ir.I8, 16}, {ir.I16, 8}, {ir.I32, 4}, {ir.I64, 2}} {
		types = append(types, ir.VectorType(kind.element, kind.lanes))
	}
	for _, t := range types {
		for range 2 {
			v := extreme(dice, t)
			g.known = append(g.known, knownValue{g.k.read(t, int64(16*len(g.memory))), t, v})
			g.memory = append(g.memory, v)
		}
		first := g.pick(t)
		g.cells = append(g.cells, knownValue{g.k.variable(first.value), t, first.bits})
	}
	g.now = slices.Clone(g.memory)
	return g
}

// pick finds a value of a type, the young ones rather, or makes a constant.
func (g *graph) pick(t ir.Type) knownValue {
	if g.dice.IntN(6) == 0 {
		v := extreme(g.dice, t)
		if c, ok := g.k.literal(t, v); ok {
			return knownValue{c, t, v}
		}
	}
	var fit []knownValue
	for _, v := range g.known {
		if v.t.Equal(t) {
			fit = append(fit, v)
		}
	}
	n := len(fit)
	return fit[max(g.dice.IntN(n), g.dice.IntN(n))]
}

// grow adds an op, a read or write of a variable, or a write or read of memory.
func (g *graph) grow() {
	switch cell := &g.cells[g.dice.IntN(len(g.cells))]; g.dice.IntN(10) {
	case 0:
		v := g.pick(cell.t)
		g.k.set(cell.value, v.value)
		cell.bits = v.bits
	case 1, 2:
		g.known = append(g.known, knownValue{g.k.get(cell.value), cell.t, cell.bits})
	case 3: // overwrite an input
		i := g.dice.IntN(len(g.memory))
		v := g.pick(g.cells[i/2].t)
		if v.t.IsFloat() {
			return
		}
		g.memoryWrite(i, v)
	case 4:
		i := g.dice.IntN(len(g.memory))
		g.known = append(g.known, knownValue{g.k.read(g.cells[i/2].t, int64(16*i)), g.cells[i/2].t, g.now[i]})
	case 5: // under a condition
		condition := g.pick(i32T)
		v := g.pick(cell.t)
		if g.dice.IntN(2) == 0 {
			g.k.when(condition.value, func(k *kernel) { k.set(cell.value, v.value) }, nil)
			if condition.bits.Low != 0 {
				cell.bits = v.bits
			}
		} else {
			g.k.when(condition.value, nil, func(k *kernel) { k.set(cell.value, v.value) })
			if condition.bits.Low == 0 {
				cell.bits = v.bits
			}
		}
	case 6:
		g.loop(cell)
	default:
		shape := &g.shapes[g.dice.IntN(len(g.shapes))]
		var operands []*ir.Value
		var values []bits128
		for _, t := range shape.Operands {
			v := g.pick(t)
			operands = append(operands, v.value)
			values = append(values, v.bits)
		}
		if result, traps := compute(shape, values); !traps {
			g.known = append(g.known, knownValue{shape.Build(g.k.Builder, operands...), shape.Result, result})
		}
	}
}

// loop applies an op to a variable a few times.
func (g *graph) loop(cell *knownValue) {
	var fit []*random.Shape
	for i := range g.shapes {
		if s := &g.shapes[i]; !divides(s) && s.Result.Equal(cell.t) && s.Operands[len(s.Operands)-1].Equal(cell.t) {
			fit = append(fit, s)
		}
	}
	if len(fit) == 0 {
		return
	}
	shape := fit[g.dice.IntN(len(fit))]
	var values []*ir.Value
	var operands []bits128
	for _, t := range shape.Operands[:len(shape.Operands)-1] {
		v := g.pick(t)
		values = append(values, v.value)
		operands = append(operands, v.bits)
	}
	turns := 1 + g.dice.Int64N(4)
	left := g.k.variable(g.k.i32(turns))
	g.k.loop(func(k *kernel, again *ir.Value) {
		k.set(cell.value, shape.Build(k.Builder, append(values, k.get(cell.value))...))
		less := k.Binary(ir.OpIntegerSub, k.get(left), k.i32(1))
		k.set(left, less)
		k.brIf(again, k.icmp("ne", less, k.i32(0)))
	})
	for range turns {
		cell.bits, _ = compute(shape, append(slices.Clone(operands), cell.bits))
	}
}

func (g *graph) memoryWrite(i int, v knownValue) {
	offset := int64(16 * i)
	if v.t.Kind == ir.Vector {
		g.k.Op(ir.OpVectorStore, []*ir.Value{g.k.addr(inputs), v.value}, ir.Attr("offset", offset))
	} else {
		g.k.store(sizeOf(v.t), g.k.addr(inputs), v.value, offset)
	}
	g.now[i] = v.bits
}

// finish stores some of the values and all variables and gives what is expected.
func (g *graph) finish() (want []knownValue) {
	for _, v := range g.known {
		if g.dice.IntN(3) == 0 {
			want = append(want, v)
		}
	}
	for _, cell := range g.cells {
		want = append(want, knownValue{g.k.get(cell.value), cell.t, cell.bits})
	}
	for i, w := range want {
		g.k.write(w.value, int64(16*i))
	}
	return want
}
