package wasm_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/backends/wasm"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/runtime/engine"
)

// controlCases are functions from i32 to i32.
var controlCases = []struct {
	name  string
	build func(k *kernel)
	want  map[uint64]uint64
}{
	{"when with both arms", func(k *kernel) {
		v := k.variable(k.i32(0))
		k.when(k.icmp("lt_s", k.arg(0), k.i32(10)), func(k *kernel) { k.set(v, k.i32(1)) }, func(k *kernel) { k.set(v, k.i32(2)) })
		k.ret(k.get(v))
	}, map[uint64]uint64{9: 1, 10: 2}},
	{"when with then alone", func(k *kernel) {
		v := k.variable(k.i32(7))
		k.when(k.icmp("ne", k.arg(0), k.i32(0)), func(k *kernel) { k.set(v, k.i32(1)) }, nil)
		k.ret(k.get(v))
	}, map[uint64]uint64{0: 7, 5: 1}},
	{"when with else alone", func(k *kernel) {
		v := k.variable(k.i32(7))
		k.when(k.icmp("ge_u", k.arg(0), k.i32(3)), nil, func(k *kernel) { k.set(v, k.i32(1)) })
		k.ret(k.get(v))
	}, map[uint64]uint64{2: 1, 3: 7, 0xffffffff: 7}},
	{"when with neither", func(k *kernel) {
		k.when(k.arg(0), nil, nil)
		k.ret(k.arg(0))
	}, map[uint64]uint64{4: 4}},
	{"when whose arms return", func(k *kernel) {
		k.when(k.arg(0), func(k *kernel) { k.ret(k.i32(1)) }, func(k *kernel) { k.ret(k.i32(2)) })
	}, map[uint64]uint64{0: 2, 1: 1}},
	{"condition negated twice", func(k *kernel) {
		less := k.icmp("lt_s", k.arg(0), k.i32(3))
		k.when(k.icmp("eq", k.icmp("eq", less, k.i32(0)), k.i32(0)), func(k *kernel) { k.ret(k.i32(1)) }, nil)
		k.ret(k.i32(0))
	}, map[uint64]uint64{2: 1, 3: 0}},
	{"float condition negated holds for NaN", func(k *kernel) {
		nan := k.Binary(ir.OpFloatDiv, k.typed(ir.OpIntToFloat, f64T, k.arg(0)), k.Const(f64T, ir.FloatDatum(0)))
		k.when(k.icmp("eq", k.fcmp("lt", nan, k.Const(f64T, ir.FloatDatum(1))), k.i32(0)), func(k *kernel) { k.ret(k.i32(1)) }, nil)
		k.ret(k.i32(0))
	}, map[uint64]uint64{0: 1, 1: 1}},
	{"br_if out of two blocks", func(k *kernel) {
		k.block(func(k *kernel, outer *ir.Value) {
			k.block(func(k *kernel, inner *ir.Value) {
				k.brIf(outer, k.icmp("eq", k.arg(0), k.i32(1)))
				k.brIf(inner, k.icmp("eq", k.arg(0), k.i32(2)))
				k.ret(k.i32(10))
			})
			k.ret(k.i32(20))
		})
		k.ret(k.i32(30))
	}, map[uint64]uint64{0: 10, 1: 30, 2: 20}},
	{"code behind br is dropped", func(k *kernel) {
		k.block(func(k *kernel, out *ir.Value) {
			k.br(out)
			k.ret(k.Binary(ir.OpIntegerAdd, k.arg(0), k.i32(1)))
		})
		k.ret(k.arg(0))
	}, map[uint64]uint64{8: 8}},
	{"endless loop left by ret", func(k *kernel) {
		v := k.variable(k.i32(0))
		k.loop(func(k *kernel, again *ir.Value) {
			k.when(k.icmp("ge_s", k.get(v), k.arg(0)), func(k *kernel) { k.ret(k.get(v)) }, nil)
			k.set(v, k.Binary(ir.OpIntegerAdd, k.get(v), k.i32(3)))
			k.br(again)
		})
	}, map[uint64]uint64{10: 12, 0: 0}},
	{"ret that is never reached", func(k *kernel) {
		k.loop(func(k *kernel, again *ir.Value) {
			k.brIf(again, k.icmp("eq", k.arg(0), k.i32(77)))
			k.when(k.arg(0), func(k *kernel) { k.ret(k.i32(1)) }, func(k *kernel) { k.ret(k.i32(2)) })
		})
		k.ret(k.arg(0))
	}, map[uint64]uint64{10: 1, 0: 2}},
	{"loop that ends is left", func(k *kernel) {
		v := k.variable(k.i32(5))
		k.loop(func(k *kernel, again *ir.Value) { k.set(v, k.i32(6)) })
		k.ret(k.get(v))
	}, map[uint64]uint64{0: 6}},
	{"get keeps the value from before set", func(k *kernel) {
		v := k.variable(k.arg(0))
		before := k.get(v)
		k.set(v, k.i32(100))
		k.ret(k.Binary(ir.OpIntegerSub, k.get(v), before))
	}, map[uint64]uint64{1: 99}},
	{"load keeps the value from before store", func(k *kernel) {
		at := k.addr(inputs)
		k.store(4, at, k.arg(0), 0)
		before := k.load(i32T, 4, false, at, 0)
		k.store(4, at, k.i32(100), 0)
		k.ret(k.Binary(ir.OpIntegerSub, k.load(i32T, 4, false, at, 0), before))
	}, map[uint64]uint64{1: 99}},
	{"value from outside is not read anew in a loop", func(k *kernel) {
		v := k.variable(k.arg(0))
		first := k.Binary(ir.OpIntegerAdd, k.get(v), k.i32(1))
		k.loop(func(k *kernel, again *ir.Value) {
			k.set(v, k.Binary(ir.OpIntegerAdd, k.get(v), first))
			k.brIf(again, k.icmp("lt_s", k.get(v), k.i32(100)))
		})
		k.ret(k.get(v))
	}, map[uint64]uint64{1: 101, 200: 401}},
	{"variable in a loop begins anew each turn", func(k *kernel) {
		turns, sum := k.variable(k.i32(0)), k.variable(k.i32(0))
		k.loop(func(k *kernel, again *ir.Value) {
			local := k.variable(k.i32(0))
			k.set(local, k.Binary(ir.OpIntegerAdd, k.get(local), k.i32(1)))
			k.set(sum, k.Binary(ir.OpIntegerAdd, k.get(sum), k.get(local)))
			k.set(turns, k.Binary(ir.OpIntegerAdd, k.get(turns), k.i32(1)))
			k.brIf(again, k.icmp("lt_s", k.get(turns), k.arg(0)))
		})
		k.ret(k.get(sum))
	}, map[uint64]uint64{1: 1, 9: 9}},
	{"unused division by zero is dropped", func(k *kernel) {
		k.Binary(ir.OpIntegerDivS, k.arg(0), k.i32(0))
		k.ret(k.arg(0))
	}, map[uint64]uint64{3: 3}},
	{"memory fill and copy", func(k *kernel) {
		k.Op(ir.OpMemoryFill, []*ir.Value{k.addr(inputs), k.arg(0), k.i32(8)})
		k.Op(ir.OpMemoryCopy, []*ir.Value{k.addr(outputs), k.addr(inputs), k.i32(4)})
		k.ret(k.load(i32T, 4, false, k.addr(outputs), 0))
	}, map[uint64]uint64{0x7f: 0x7f7f7f7f}},
	{"budget is a global", func(k *kernel) {
		budget := ir.Attr("global", ir.Symbol("library.budget"))
		k.Op(ir.OpGlobalSet, []*ir.Value{k.arg(0)}, budget)
		before := k.one(ir.OpGlobalGet, nil, budget)
		k.Op(ir.OpGlobalSet, []*ir.Value{k.i32(1000)}, budget)
		k.ret(k.Binary(ir.OpIntegerSub, k.one(ir.OpGlobalGet, nil, budget), before))
	}, map[uint64]uint64{1: 999}},
}

func TestControl(t *testing.T) {
	var kernels []*kernel
	for _, c := range controlCases {
		k := newKernel(c.name, []ir.Type{i32T}, i32T)
		c.build(k)
		kernels = append(kernels, k)
	}
	m := moduleOf(kernels...)
	for _, c := range controlCases { // the interpreter agrees
		machine := interp.NewMachine(m, nil)
		machine.Linear.Map(inputs, make([]byte, outputs-inputs+16))
		for argument, want := range c.want {
			if got, err := machine.Call(c.name, word(argument)); err != nil || got[0] != word(want) {
				t.Errorf("interpreter: %s: %d gives %v, %v, want %d", c.name, argument, got, err, want)
			}
		}
	}
	for _, to := range targets(t) {
		instance := to.instantiate(t, m)
		for _, c := range controlCases {
			for argument, want := range c.want {
				if got := call(t, instance, c.name, argument); got != want {
					t.Errorf("%s: %s: %d gives %d, want %d", to.name, c.name, argument, got, want)
				}
			}
		}
	}
}

// TestSelectUnderPressure keeps a selected float where a call wants its register:
// https://github.com/wazero/wazero/issues/2534.
func TestSelectUnderPressure(t *testing.T) {
	m, problems := ir.Parse(diag.NewFile("test.cir", `cir 1
kern @second(%0: f64, %1: f64) -> f64 {
  ret %1
}
export kern @f(%at: addr) {
  %first = load %at 8 : f64
  %choose = load %at 4 offset 8 : i32
  %other = const 58 : f64
  %chosen = select %choose, %first, %other
  memory_fill %at, %choose, %choose
  %result = call %first, %chosen @second results {r: f64}
  store %at, %result 8 offset 16
}`))
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	for _, to := range targets(t) {
		instance := to.instantiate(t, m)
		for choose, want := range []float64{58, 3} {
			memory := instance.Memory()[inputs:]
			putBits(memory, bits128{Low: math.Float64bits(3), High: uint64(choose)})
			call(t, instance, "f", inputs)
			if got := getBits(memory[16:], f64T).Float64(f64T); got != want {
				t.Errorf("%s: %d chooses %v", to.name, choose, got)
			}
		}
	}
}

func TestTrap(t *testing.T) {
	k := newKernel("f", nil, i32T)
	k.Op(ir.OpTrap, nil)
	for _, to := range targets(t) {
		f, err := to.instantiate(t, moduleOf(k)).Function("library", "f")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Call(); err == nil {
			t.Errorf("%s: trap returns", to.name)
		}
	}
}

func callOp(k *kernel, symbol string, operands []*ir.Value, results ...ir.Type) []*ir.Value {
	fields := make([]ir.Field, len(results))
	for i, r := range results {
		fields[i].Type = r
	}
	return k.Op(ir.OpCall, operands, ir.Attr("function", ir.Symbol(symbol)), ir.Attr("results", fields)).Results
}

func TestMeter(t *testing.T) {
	k := newKernel("spin", []ir.Type{i32T})
	left := k.variable(k.arg(0))
	k.construct(ir.OpLoop, func(k *kernel, again *ir.Value) {
		less := k.Binary(ir.OpIntegerSub, k.get(left), k.i32(1))
		k.set(left, less)
		k.brIf(again, less)
	}, ir.Attr("metered", true))
	for _, to := range targets(t) {
		ticks := 0
		stop := errors.New("stop")
		const budget = 3*wasm.MeterPortion - 1 // spent after the third portion
		tick := engine.HostFunc{Name: abi.TickImport, Func: func(instance engine.Instance, _ []uint64) (uint64, error) {
			if ticks++; ticks == 3 {
				return 0, stop
			}
			instance.SetBudget(budget)
			return 0, nil
		}}
		instance := to.instantiate(t, moduleOf(k), tick)
		instance.SetBudget(budget)
		call(t, instance, "spin", 3*wasm.MeterPortion-1)
		if ticks != 0 || instance.Budget() != wasm.MeterPortion-1 {
			t.Errorf("%s: before the third portion: %d ticks, budget %d", to.name, ticks, instance.Budget())
		}
		call(t, instance, "spin", 2*wasm.MeterPortion+1)
		if ticks != 1 || instance.Budget() != budget-wasm.MeterPortion {
			t.Errorf("%s: two portions later: %d ticks, budget %d", to.name, ticks, instance.Budget())
		}
		f, _ := instance.Function("library", "spin")
		if _, err := f.Call(100 * wasm.MeterPortion); !errors.Is(err, stop) {
			t.Errorf("%s: tick did not end the call: %v", to.name, err)
		}
	}
}

// TestLinking calls from a query module into the library and the host, with
// several results and i128 on the way.
func TestLinking(t *testing.T) {
	swap := newKernel("swap", []ir.Type{i64T, i128T}, i128T, i64T)
	swap.ret(swap.arg(1), swap.arg(0))
	host := newKernel("helper", []ir.Type{i32T}, i32T)
	host.function.Export = false
	host.ret(callOp(host, "heddle.fail", []*ir.Value{host.arg(0)}, i32T)...)
	library := moduleOf(swap, host)

	q := newKernel("query", []ir.Type{i64T}, i64T)
	wide := q.one(ir.OpPair, []*ir.Value{q.i64(5), q.i64(7)})
	results := callOp(q, "library.swap", []*ir.Value{q.arg(0), wide}, i128T, i64T)
	unused := callOp(q, "library.swap", []*ir.Value{q.arg(0), wide}, i128T, i64T)
	sum := q.Binary(ir.OpIntegerAdd, q.one(ir.OpHighHalf, results[:1]), results[1])
	sum = q.Binary(ir.OpIntegerMul, sum, q.typed(ir.OpWrap, i64T, unused[0]))
	local := callOp(q, "local", []*ir.Value{sum}, i32T)[0]
	q.ret(q.typed(ir.OpExtendS, i64T, callOp(q, "heddle.fail", []*ir.Value{local}, i32T)[0]))
	l := newKernel("local", []ir.Type{i64T}, i32T)
	l.function.Export = false
	l.ret(l.typed(ir.OpWrap, i32T, l.arg(0)))
	query := moduleOf(q, l)

	for _, to := range targets(t) {
		var links []engine.Link
		for i, m := range []*ir.Module{library, query} {
			code, err := wasm.Generate(m, wasm.Options{Library: i == 0, Features: to.features, Names: true})
			if err != nil {
				t.Fatal(err)
			}
			compiled, err := to.engine.Compile(t.Context(), code)
			if err != nil {
				t.Fatal(err)
			}
			defer mustClose(t, compiled)
			links = append(links, engine.Link{Name: []string{"library", "query"}[i], Module: compiled})
		}
		instance, err := to.engine.NewInstance(engine.InstanceConfig{Modules: links, Host: []engine.HostFunc{{
			Name: "fail", Params: []engine.ValueType{engine.I32}, Results: []engine.ValueType{engine.I32},
			Func: func(_ engine.Instance, args []uint64) (uint64, error) { return args[0] + 1, nil },
		}}})
		if err != nil {
			t.Fatal(err)
		}
		defer mustClose(t, instance)
		f, err := instance.Function("query", "query")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.Call(3); got != (7+3)*5+1 || err != nil {
			t.Errorf("%s: query gives %d, %v", to.name, got, err)
		}
	}
}

// TestFaults gives code that breaks the rules: each is an error, none a panic.
func TestFaults(t *testing.T) {
	// raw appends an op without the builder's own checks.
	raw := func(k *kernel, code ir.Opcode, operands []*ir.Value, results []ir.Type, attributes ...ir.Attribute) {
		op := &ir.Op{Code: code, Operands: operands, Attributes: attributes, Block: k.Block}
		for i, r := range results {
			op.Results = append(op.Results, &ir.Value{Type: r, Op: op, Index: i})
		}
		k.Block.Append(op)
	}
	for _, test := range []struct {
		name, want string
		build      func(k *kernel)
	}{
		{"mixed operands", `function f, op iadd: does not go from [i32 i64] to i32`, func(k *kernel) { raw(k, ir.OpIntegerAdd, []*ir.Value{k.arg(0), k.i64(1)}, []ir.Type{i32T}) }},
		{"undefined operand", `op iadd: operand 1 is not defined before`, func(k *kernel) {
			raw(k, ir.OpIntegerAdd, []*ir.Value{k.arg(0), {Type: i32T}}, []ir.Type{i32T})
		}},
		{"too few operands", `op iadd: takes 2 operands`, func(k *kernel) { raw(k, ir.OpIntegerAdd, []*ir.Value{k.arg(0)}, []ir.Type{i32T}) }},
		{"128-bit product", `op imul: does not go`, func(k *kernel) {
			w := k.typed(ir.OpExtendS, i128T, k.arg(0))
			k.Binary(ir.OpIntegerMul, w, w)
		}},
		{"predicate", `op icmp: no "below" from [i32 i32] to i32`, func(k *kernel) { k.icmp("below", k.arg(0), k.arg(0)) }},
		{"width", `op load: 3 bytes for a value of class i32`, func(k *kernel) { k.load(i32T, 3, false, k.addr(0), 0) }},
		{"offset", `op load: an offset of -1 bytes`, func(k *kernel) { k.load(i32T, 4, false, k.addr(0), -1) }},
		{"type of another level", `op const: a constant of type string`, func(k *kernel) { k.Const(ir.Of(ir.String), ir.TextDatum("x")) }},
		{"op of another level", `op not: is no op of the kern level`, func(k *kernel) { raw(k, ir.OpNot, []*ir.Value{k.arg(0)}, []ir.Type{i32T}) }},
		{"variable as a value", `op iadd: operand 0 is a value where a variable or label is needed`, func(k *kernel) {
			raw(k, ir.OpIntegerAdd, []*ir.Value{k.variable(k.arg(0)), k.arg(0)}, []ir.Type{i32T})
		}},
		{"unknown function", `op call: there is no function "g"`, func(k *kernel) { callOp(k, "g", nil) }},
		{"import with two types", `op call: calls "heddle.x" as`, func(k *kernel) {
			callOp(k, "heddle.x", nil)
			callOp(k, "heddle.x", []*ir.Value{k.arg(0)})
		}},
		{"call of a local function", `op call: takes 1 operands`, func(k *kernel) { callOp(k, "f", nil) }},
		{"result", `op ret: result 0 is i64, not i32`, func(k *kernel) { k.ret(k.i64(0)) }},
		{"no ret", `function f: its end can be reached without ret`, func(k *kernel) { k.when(k.arg(0), func(k *kernel) { k.ret(k.arg(0)) }, nil) }},
		{"vector shape", `op splat: does not go`, func(k *kernel) { raw(k, ir.OpSplat, []*ir.Value{k.i64(0)}, []ir.Type{ir.VectorType(ir.I32, 4)}) }},
		{"lane", `op vextract: does not go`, func(k *kernel) {
			v := k.typed(ir.OpSplat, ir.VectorType(ir.I32, 4), k.arg(0))
			k.one(ir.OpVectorExtractLane, []*ir.Value{v}, ir.Attr("lane", int64(4)), ir.Attr("type", i32T))
		}},
		{"global", `op global_get: there is no global "library.x"`, func(k *kernel) { k.one(ir.OpGlobalGet, nil, ir.Attr("global", ir.Symbol("library.x"))) }},
		{"nesting", `regions are nested more than`, func(k *kernel) {
			for range 2000 {
				b := ir.NewBlock(label)
				k.Build(ir.OpBlock, nil, []*ir.Block{b})
				k = k.in(b)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := newKernel("f", []ir.Type{i32T}, i32T)
			test.build(k)
			if b := k.function.Body; b.Terminator() == nil || test.name != "no ret" && test.name != "result" {
				k.ret(k.arg(0))
			}
			_, err := wasm.Generate(moduleOf(k), wasm.Options{})
			var d *diag.Diagnostic
			if !errors.As(err, &d) || d.Code != "E0765" || !strings.Contains(d.Error(), test.want) {
				t.Errorf("got %v, want E0765 with %q", err, test.want)
			}
		})
	}
}

func TestTooManyLocals(t *testing.T) {
	k := newKernel("f", []ir.Type{i32T}, i32T)
	var last *ir.Value
	for range 60000 { // each value is used twice
		v := k.Binary(ir.OpIntegerXor, k.arg(0), k.arg(0))
		last = k.Binary(ir.OpIntegerAdd, v, v)
		k.store(4, k.addr(0), last, 0)
	}
	k.ret(last)
	_, err := wasm.Generate(moduleOf(k), wasm.Options{})
	var d *diag.Diagnostic
	if !errors.As(err, &d) || d.Code != "E0766" {
		t.Errorf("got %v, want E0766", err)
	}
}
