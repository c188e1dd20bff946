package wasm_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/heddle-lang/heddle/ir"
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
		return k.Const(t, ir.FloatDatum(number(v, t))), true
	case ir.I32, ir.Address:
		return k.Const(t, ir.IntDatum(int64(int32(v.low)))), true
	case ir.I64:
		return k.Const(t, ir.IntDatum(int64(v.low))), true
	default:
		return k.Const(t, ir.Int128Datum(ir.Int128{High: int64(v.high), Low: v.low})), true
	}
}

// TestEveryPureOp runs each op at each type on operands from memory, for all
// combinations of interesting values, and checks that no op of the table is left
// out.
func TestEveryPureOp(t *testing.T) {
	cases := opCases()
	m := &ir.Module{}
	seen := map[ir.Opcode]bool{}
	for i := range cases {
		c := &cases[i]
		seen[c.code] = true
		k := newKernel(fmt.Sprint("case", i), nil)
		var operands []*ir.Value
		for j, o := range c.operands {
			operands = append(operands, k.read(o, int64(16*j)))
		}
		result := c.build(k, operands)
		if !result.Type.Equal(c.result) {
			t.Fatalf("%s gives %s", c.name, result.Type)
		}
		k.write(result, 0)
		m.Functions = append(m.Functions, k.function)
	}
	for code, info := range ir.OpTable() {
		if info.Level == ir.KernLevel && info.Has(ir.Pure) && !seen[ir.Opcode(code)] {
			t.Errorf("%s is tested nowhere", info.Name)
		}
	}
	for _, to := range targets(t) {
		t.Run(to.name, func(t *testing.T) {
			instance := to.instantiate(t, m)
			memory := instance.Memory()
			for i := range cases {
				c := &cases[i]
				function, err := instance.Function("library", fmt.Sprint("case", i))
				if err != nil {
					t.Fatal(err)
				}
				for _, operands := range combinations(c.operands) {
					for j, v := range operands {
						putBits(memory[inputs+16*j:], v)
					}
					_, err := function.Call()
					if traps := c.trapsOn != nil && c.trapsOn(operands); traps != (err != nil) {
						t.Fatalf("%s of %x: error %v, want one: %v", c.name, operands, err, traps)
					} else if traps {
						continue
					}
					want := c.meaning(operands)
					if got := getBits(memory[outputs:], c.result); !sameBits(got, want, c.result) {
						t.Errorf("%s of %x is %x, want %x", c.name, operands, got, want)
						break
					}
				}
			}
		})
	}
}

// combinations gives all pairs of interesting values; of three operands the third
// takes the values of the second in another order.
func combinations(types []ir.Type) [][]bits128 {
	first := interesting(types[0])
	var all [][]bits128
	for _, a := range first {
		if len(types) == 1 {
			all = append(all, []bits128{a})
			continue
		}
		second := interesting(types[1])
		for i, b := range second {
			operands := []bits128{a, b}
			if len(types) == 3 {
				operands = append(operands, second[(i+1)%len(second)])
			}
			all = append(all, operands)
		}
	}
	return all
}

// TestConstantOperands runs each op with literals, which select other
// instructions (eqz, folded halves).
func TestConstantOperands(t *testing.T) {
	cases := opCases()
	random := rand.New(rand.NewPCG(1, 2))
	type run struct {
		c        *opCase
		operands []bits128
	}
	var runs []run
	m := &ir.Module{}
	for i := range cases {
		c := &cases[i]
		all := combinations(c.operands)
		for range 12 {
			operands := all[random.IntN(len(all))]
			if c.trapsOn != nil && c.trapsOn(operands) {
				continue
			}
			k := newKernel(fmt.Sprint("run", len(runs)), nil)
			var values []*ir.Value
			for j, o := range c.operands {
				v, ok := k.literal(o, operands[j])
				if !ok || random.IntN(3) == 0 {
					v = k.read(o, int64(16*j))
				}
				values = append(values, v)
			}
			k.write(c.build(k, values), 0)
			m.Functions = append(m.Functions, k.function)
			runs = append(runs, run{c, operands})
		}
	}
	for _, to := range targets(t) {
		instance := to.instantiate(t, m)
		for i, r := range runs {
			for j, v := range r.operands {
				putBits(instance.Memory()[inputs+16*j:], v)
			}
			call(t, instance, fmt.Sprint("run", i))
			want := r.c.meaning(r.operands)
			if got := getBits(instance.Memory()[outputs:], r.c.result); !sameBits(got, want, r.c.result) {
				t.Errorf("%s: %s of %x is %x, want %x", to.name, r.c.name, r.operands, got, want)
			}
		}
	}
}

// TestRandomExpressions compares random graphs of all pure ops, with variables
// that are read and set in between, with their meaning in Go.
func TestRandomExpressions(t *testing.T) {
	cases := slices.DeleteFunc(opCases(), func(c opCase) bool {
		// NaNs have no defined bits, so nothing may look at them.
		looksAtBits := c.code == ir.OpReinterpret && c.operands[0].IsFloat()
		floatLanes := func(t ir.Type) bool { return t.Kind == ir.Vector && ir.Of(t.Element).IsFloat() }
		return looksAtBits || floatLanes(c.result) || floatLanes(c.operands[0])
	})
	all := targets(t)
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 7))
		g := newGraph(random, cases)
		for range 20 + random.IntN(150) {
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
				if got := getBits(instance.Memory()[outputs+16*i:], w.t); !sameBits(got, w.bits, w.t) {
					t.Fatalf("seed %d, %s: output %d of type %s is %x, want %x", seed, to.name, i, w.t, got, w.bits)
				}
			}
			mustClose(t, instance)
		}
	}
}

// graph is a random function under construction; known follows its meaning.
type graph struct {
	random *rand.Rand
	cases  []opCase
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

func newGraph(random *rand.Rand, cases []opCase) *graph {
	g := &graph{random: random, cases: cases, k: newKernel("graph", nil)}
	types := []ir.Type{i32T, i64T, i128T, f32T, f64T, addrT}
	for _, kind := range []struct {
		element ir.Kind
		lanes   int
	}{{ir.I8, 16}, {ir.I16, 8}, {ir.I32, 4}, {ir.I64, 2}} {
		types = append(types, ir.VectorType(kind.element, kind.lanes))
	}
	for _, t := range types {
		values := interesting(t)
		for range 2 {
			v := values[random.IntN(len(values))]
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
	if g.random.IntN(6) == 0 {
		values := interesting(t)
		v := values[g.random.IntN(len(values))]
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
	return fit[max(g.random.IntN(n), g.random.IntN(n))]
}

// grow adds an op, a read or write of a variable, or a write or read of memory.
func (g *graph) grow() {
	switch cell := &g.cells[g.random.IntN(len(g.cells))]; g.random.IntN(10) {
	case 0:
		v := g.pick(cell.t)
		g.k.set(cell.value, v.value)
		cell.bits = v.bits
	case 1, 2:
		g.known = append(g.known, knownValue{g.k.get(cell.value), cell.t, cell.bits})
	case 3: // overwrite an input
		i := g.random.IntN(len(g.memory))
		v := g.pick(g.cells[i/2].t)
		if v.t.IsFloat() {
			return
		}
		g.memoryWrite(i, v)
	case 4:
		i := g.random.IntN(len(g.memory))
		g.known = append(g.known, knownValue{g.k.read(g.cells[i/2].t, int64(16*i)), g.cells[i/2].t, g.now[i]})
	case 5: // under a condition
		condition := g.pick(i32T)
		v := g.pick(cell.t)
		if g.random.IntN(2) == 0 {
			g.k.when(condition.value, func(k *kernel) { k.set(cell.value, v.value) }, nil)
			if condition.bits.low != 0 {
				cell.bits = v.bits
			}
		} else {
			g.k.when(condition.value, nil, func(k *kernel) { k.set(cell.value, v.value) })
			if condition.bits.low == 0 {
				cell.bits = v.bits
			}
		}
	case 6:
		g.loop(cell)
	default:
		c := &g.cases[g.random.IntN(len(g.cases))]
		var operands []*ir.Value
		var values []bits128
		for _, t := range c.operands {
			v := g.pick(t)
			operands = append(operands, v.value)
			values = append(values, v.bits)
		}
		if c.trapsOn != nil && c.trapsOn(values) {
			return
		}
		g.known = append(g.known, knownValue{c.build(g.k, operands), c.result, c.meaning(values)})
	}
}

// loop applies an op to a variable a few times.
func (g *graph) loop(cell *knownValue) {
	var fit []*opCase
	for i := range g.cases {
		if c := &g.cases[i]; c.trapsOn == nil && c.result.Equal(cell.t) && c.operands[len(c.operands)-1].Equal(cell.t) {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		return
	}
	c := fit[g.random.IntN(len(fit))]
	var values []*ir.Value
	var meaning []bits128
	for _, t := range c.operands[:len(c.operands)-1] {
		v := g.pick(t)
		values = append(values, v.value)
		meaning = append(meaning, v.bits)
	}
	turns := 1 + g.random.Int64N(4)
	left := g.k.variable(g.k.i32(turns))
	g.k.loop(func(k *kernel, again *ir.Value) {
		k.set(cell.value, c.build(k, append(values, k.get(cell.value))))
		less := k.Binary(ir.OpIntegerSub, k.get(left), k.i32(1))
		k.set(left, less)
		k.brIf(again, k.icmp("ne", less, k.i32(0)))
	})
	for range turns {
		cell.bits = c.meaning(append(slices.Clone(meaning), cell.bits))
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
		if g.random.IntN(3) == 0 {
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
