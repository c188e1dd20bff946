package wasm_test

import (
	"io"
	"testing"

	"github.com/heddle-lang/heddle/backends/wasm"
	"github.com/heddle-lang/heddle/backends/wasm/encode"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/engine"
	_ "github.com/heddle-lang/heddle/runtime/engine/all"
)

var (
	i32T  = ir.Of(ir.I32)
	i64T  = ir.Of(ir.I64)
	i128T = ir.Of(ir.I128)
	f32T  = ir.Of(ir.F32)
	f64T  = ir.Of(ir.F64)
	addrT = ir.Of(ir.Address)
	label = ir.Of(ir.Label)
)

// kernel is a function under construction.
type kernel struct {
	*ir.Builder
	function *ir.Function
}

func newKernel(name string, parameters []ir.Type, results ...ir.Type) *kernel {
	body := ir.NewBlock(parameters...)
	f := &ir.Function{Name: name, Level: ir.KernLevel, Body: body, Results: results, Export: true}
	return &kernel{Builder: ir.At(body), function: f}
}

func (k *kernel) arg(i int) *ir.Value { return k.function.Body.Arguments[i] }

func (k *kernel) in(b *ir.Block) *kernel { return &kernel{Builder: k.In(b), function: k.function} }

func (k *kernel) i32(v int64) *ir.Value  { return k.Const(i32T, ir.IntDatum(v)) }
func (k *kernel) i64(v int64) *ir.Value  { return k.Const(i64T, ir.IntDatum(v)) }
func (k *kernel) addr(v int64) *ir.Value { return k.Const(addrT, ir.IntDatum(v)) }

func (k *kernel) one(code ir.Opcode, operands []*ir.Value, attributes ...ir.Attribute) *ir.Value {
	return k.Op(code, operands, attributes...).Result()
}

func (k *kernel) typed(code ir.Opcode, t ir.Type, operands ...*ir.Value) *ir.Value {
	return k.one(code, operands, ir.Attr("type", t))
}

func (k *kernel) icmp(predicate string, a, b *ir.Value) *ir.Value {
	return k.one(ir.OpCompare, []*ir.Value{a, b}, ir.Attr("predicate", predicate))
}

func (k *kernel) fcmp(predicate string, a, b *ir.Value) *ir.Value {
	return k.one(ir.OpFloatCompare, []*ir.Value{a, b}, ir.Attr("predicate", predicate))
}

func (k *kernel) load(t ir.Type, width int64, signed bool, address *ir.Value, offset int64) *ir.Value {
	return k.one(ir.OpLoad, []*ir.Value{address}, ir.Attr("width", width), ir.Attr("signed", signed), ir.Attr("offset", offset), ir.Attr("type", t))
}

func (k *kernel) store(width int64, address, value *ir.Value, offset int64) {
	k.Op(ir.OpStore, []*ir.Value{address, value}, ir.Attr("width", width), ir.Attr("offset", offset))
}

func (k *kernel) variable(first *ir.Value) *ir.Value { return k.Unary(ir.OpVariable, first) }
func (k *kernel) get(cell *ir.Value) *ir.Value       { return k.Unary(ir.OpGet, cell) }
func (k *kernel) set(cell, value *ir.Value)          { k.Op(ir.OpSet, []*ir.Value{cell, value}) }
func (k *kernel) ret(values ...*ir.Value)            { k.Op(ir.OpKernReturn, values) }
func (k *kernel) br(to *ir.Value)                    { k.Op(ir.OpBranch, []*ir.Value{to}) }
func (k *kernel) brIf(to, condition *ir.Value) {
	k.Op(ir.OpBranchIf, []*ir.Value{to, condition})
}

func (k *kernel) construct(code ir.Opcode, body func(k *kernel, to *ir.Value), attributes ...ir.Attribute) {
	b := ir.NewBlock(label)
	body(k.in(b), b.Arguments[0])
	k.Build(code, nil, []*ir.Block{b}, attributes...)
}

func (k *kernel) loop(body func(k *kernel, again *ir.Value)) { k.construct(ir.OpLoop, body) }
func (k *kernel) block(body func(k *kernel, out *ir.Value))  { k.construct(ir.OpBlock, body) }

func (k *kernel) when(condition *ir.Value, then, otherwise func(k *kernel)) {
	a, b := ir.NewBlock(), ir.NewBlock()
	if then != nil {
		then(k.in(a))
	}
	if otherwise != nil {
		otherwise(k.in(b))
	}
	k.Build(ir.OpWhen, []*ir.Value{condition}, []*ir.Block{a, b})
}

func moduleOf(kernels ...*kernel) *ir.Module {
	m := &ir.Module{}
	for _, k := range kernels {
		m.Functions = append(m.Functions, k.function)
	}
	return m
}

// target is an engine with the features to generate for.
type target struct {
	name     string
	engine   engine.Engine
	features encode.Feature
}

// targets are all engines, those with wide arithmetic also without.
func targets(t testing.TB) []target {
	t.Helper()
	var list []target
	for _, name := range engine.Names() {
		e, err := engine.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { mustClose(t, e) })
		list = append(list, target{name, e, 0})
		if e.Has(engine.WideArithmetic) {
			list = append(list, target{name + " wide", e, encode.FeatureWideArithmetic})
		}
	}
	return list
}

// instantiate generates a library and links it.
func (to target) instantiate(t testing.TB, m *ir.Module, host ...engine.HostFunc) engine.Instance {
	t.Helper()
	code, err := wasm.Generate(m, wasm.Options{Library: true, Features: to.features})
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := to.engine.Compile(t.Context(), code)
	if err != nil {
		t.Fatalf("%s: %v", to.name, err)
	}
	instance, err := to.engine.NewInstance(engine.InstanceConfig{Host: host, Modules: []engine.Link{{Name: "library", Module: compiled}}})
	if err != nil {
		t.Fatalf("%s: %v", to.name, err)
	}
	t.Cleanup(func() {
		mustClose(t, instance)
		mustClose(t, compiled)
	})
	return instance
}

func call(t testing.TB, instance engine.Instance, name string, args ...uint64) uint64 {
	t.Helper()
	f, err := instance.Function("library", name)
	if err != nil {
		t.Fatal(err)
	}
	result, err := f.Call(args...)
	if err != nil {
		t.Fatalf("%s%v: %v", name, args, err)
	}
	return result
}

func TestSumLoop(t *testing.T) {
	k := newKernel("sum", []ir.Type{i64T}, i64T)
	i, sum := k.variable(k.i64(0)), k.variable(k.i64(0))
	k.block(func(k *kernel, out *ir.Value) {
		k.loop(func(k *kernel, again *ir.Value) {
			now := k.get(i)
			k.brIf(out, k.icmp("ge_s", now, k.arg(0)))
			k.set(sum, k.Binary(ir.OpIntegerAdd, k.get(sum), now))
			k.set(i, k.Binary(ir.OpIntegerAdd, now, k.i64(1)))
			k.br(again)
		})
	})
	k.ret(k.get(sum))
	for _, to := range targets(t) {
		if got := call(t, to.instantiate(t, moduleOf(k)), "sum", 101); got != 5050 {
			t.Errorf("%s: sum is %d", to.name, got)
		}
	}
}

// mustClose closes what a test opened, which must succeed.
func mustClose(tb testing.TB, c io.Closer) {
	tb.Helper()
	if err := c.Close(); err != nil {
		tb.Error(err)
	}
}
