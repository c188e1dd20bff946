package library_test

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/wasm"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine"
	_ "github.com/heddle-lang/heddle/runtime/engine/all"
	"github.com/heddle-lang/heddle/runtime/engine/linear"
)

// failure is the error of heddle.fail.
type failure struct{ site int32 }

func (f failure) Error() string { return fmt.Sprintf("failed at site %d", f.site) }

// site is passed to functions that can fail.
const site = int32(77)

// machine is an instance of the library with a caller for each function.
type machine struct {
	instance  engine.Instance
	memory    []byte
	functions map[string]engine.Function
	ticks     int
	next      uint32 // where the next bytes for the guest go
}

// Addresses that tests use. Bytes for the guest end at the end of a page behind which
// nothing is mapped.
const (
	resultAt  = abi.SharedBase
	contextAt = abi.SharedBase + 64
	writerAt  = abi.SharedBase + 128
	dataAt    = abi.SharedBase + 0x10000
	heapSize  = 512 << 20
	pageAt    = abi.WindowBase
	pageSize  = 1 << 20
)

// called collects the functions that the tests called.
var called = map[string]bool{}

func TestMain(t *testing.M) {
	flag.Parse()
	status := t.Run()
	everything := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" && flag.Lookup("test.list").Value.String() == ""
	if status == 0 && everything {
		for _, name := range names() {
			if !called[name] {
				fmt.Printf("no test calls %s\n", name)
				status = 1
			}
		}
	}
	os.Exit(status)
}

// forEach runs a test on every engine, with each form of the library it can run.
func forEach(t *testing.T, test func(t *testing.T, m *machine)) {
	t.Helper()
	for _, name := range engine.Names() {
		for _, wide := range []bool{false, true} {
			opened, err := engine.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			supported := !wide || opened.Has(engine.WideArithmetic)
			mustClose(t, opened)
			if !supported {
				continue
			}
			label := name
			if wide {
				label += "-wide"
			}
			t.Run(label, func(t *testing.T) { test(t, newMachine(t, name, wide)) })
		}
	}
}

// newMachine links the library, and behind it a module with a function for each of
// the library's that stores the result in memory: 128 bits cannot be returned to Go.
func newMachine(t testing.TB, name string, wide bool) *machine {
	t.Helper()
	opened, err := engine.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{functions: map[string]engine.Function{}}
	heap, err := linear.NewHeap(heapSize)
	if err != nil {
		t.Fatal(err)
	}
	code, err := opened.Compile(t.Context(), library.Wasm(wide))
	if err != nil {
		t.Fatal(err)
	}
	callers, err := opened.Compile(t.Context(), callers())
	if err != nil {
		t.Fatal(err)
	}
	loops, err := opened.Compile(t.Context(), generate(loops))
	if err != nil {
		t.Fatal(err)
	}
	m.instance, err = opened.NewInstance(engine.InstanceConfig{
		Heap: heap,
		Host: []engine.HostFunc{
			{Name: abi.TickImport, Func: func(in engine.Instance, _ []uint64) (uint64, error) {
				m.ticks++
				in.SetBudget(1 << 20)
				return 0, nil
			}},
			{Name: abi.FailImport, Params: []engine.ValueType{engine.I32}, Func: func(_ engine.Instance, args []uint64) (uint64, error) {
				return 0, failure{int32(args[0])}
			}},
		},
		Modules: []engine.Link{{Name: abi.LibraryModule, Module: code}, {Name: "callers", Module: callers}, {Name: "loops", Module: loops}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, closing := range []interface{ Close() error }{m.instance, callers, loops, code, heap, opened} {
			if err := closing.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	m.memory = m.instance.Memory()
	if err := m.instance.MapScratch(pageAt, pageSize); err != nil {
		t.Fatal(err)
	}
	m.reset()
	return m
}

var callers = sync.OnceValue(func() []byte {
	var b strings.Builder
	b.WriteString("cir 1\n")
	for _, name := range names() {
		s := library.Signatures()[name]
		var parameters, arguments []string
		for i, p := range s.Parameters {
			parameters = append(parameters, fmt.Sprintf("%%a%d: %s", i, p))
			arguments = append(arguments, fmt.Sprintf("%%a%d", i))
		}
		parameters = append(parameters, "%out: addr")
		fmt.Fprintf(&b, "export kern @%s(%s) {\n", name, strings.Join(parameters, ", "))
		call := fmt.Sprintf("call %s @library.%s results", strings.Join(arguments, ", "), name)
		if len(s.Results) == 0 {
			fmt.Fprintf(&b, "%s {}\n", call)
		} else {
			fmt.Fprintf(&b, "%%r = %s {r: %s}\nstore %%out, %%r %d\n", call, s.Results[0], widths[s.Results[0].Kind])
		}
		b.WriteString("ret\n}\n")
	}
	return generate(b.String())
})

// generate compiles CIR text that the tests hold.
func generate(text string) []byte {
	module, problems := ir.Parse(diag.NewFile("test.cir", text))
	if problems.HasErrors() {
		panic(fmt.Sprint(problems))
	}
	code, err := wasm.Generate(module, wasm.Options{})
	if err != nil {
		panic(err)
	}
	return code
}

var widths = map[ir.Kind]int{ir.I32: 4, ir.Address: 4, ir.I64: 8, ir.F64: 8, ir.I128: 16}

func names() []string {
	var list []string
	for name := range library.Signatures() {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// reset forgets what was placed and empties the scratch area.
func (m *machine) reset() {
	m.next = pageAt + pageSize
	binary.LittleEndian.PutUint32(m.memory[abi.ScratchCursor:], abi.ScratchBase)
}

// place puts bytes before those that were placed earlier, so that the first end where
// memory ends, and gives their packed address.
func (m *machine) place(text string) int64 {
	m.next -= uint32(len(text))
	copy(m.memory[m.next:], text)
	return int64(len(text))<<32 | int64(m.next)
}

// text reads a packed string.
func (m *machine) text(packed int64) string {
	at, n := uint32(packed), uint32(packed>>32)
	return string(m.memory[at : at+n])
}

// call calls a function. Strings are placed in memory first.
func (m *machine) call(t testing.TB, name string, args ...any) (any, error) {
	t.Helper()
	s, ok := library.Signatures()[name]
	if !ok || len(args) != len(s.Parameters) {
		t.Fatalf("%s does not take %d arguments", name, len(args))
	}
	var words []uint64
	for i, arg := range args {
		switch a := arg.(type) {
		case bool:
			words = append(words, map[bool]uint64{true: 1}[a])
		case int:
			words = append(words, uint64(int64(a)))
		case int32:
			words = append(words, uint64(uint32(a)))
		case uint32:
			words = append(words, uint64(a))
		case int64:
			words = append(words, uint64(a))
		case float64:
			words = append(words, math.Float64bits(a))
		case ir.Int128:
			words = append(words, a.Low, uint64(a.High))
		case string:
			words = append(words, uint64(m.place(a)))
		default:
			t.Fatalf("argument %d of %s is a %T", i, name, arg)
		}
		if k := s.Parameters[i].Kind; k == ir.I32 || k == ir.Address {
			words[len(words)-1] &= math.MaxUint32
		}
	}
	called[name] = true
	f := m.functions[name]
	if f == nil {
		var err error
		if f, err = m.instance.Function("callers", name); err != nil {
			t.Fatal(err)
		}
		m.functions[name] = f
	}
	m.instance.SetBudget(1 << 20)
	if _, err := f.Call(append(words, resultAt)...); err != nil {
		return nil, err
	}
	if len(s.Results) == 0 {
		return nil, nil
	}
	low := binary.LittleEndian.Uint64(m.memory[resultAt:])
	switch s.Results[0].Kind {
	case ir.I32, ir.Address:
		return int32(low), nil
	case ir.I64:
		return int64(low), nil
	case ir.F64:
		return math.Float64frombits(low), nil
	default:
		return ir.Int128{High: int64(binary.LittleEndian.Uint64(m.memory[resultAt+8:])), Low: low}, nil
	}
}

// must calls a function that does not fail.
func must[T any](t testing.TB, m *machine, name string, args ...any) T {
	t.Helper()
	result, err := m.call(t, name, args...)
	if err != nil {
		t.Fatalf("%s%v: %v", name, args, err)
	}
	return result.(T)
}

// outcome is a result, or that the site failed: what a call is compared by.
func (m *machine) outcome(t testing.TB, name string, args ...any) any {
	t.Helper()
	result, err := m.call(t, name, args...)
	var f failure
	if errors.As(err, &f) {
		return f
	}
	if err != nil {
		t.Fatalf("%s%v: %v", name, args, err)
	}
	return result
}

// fails is the outcome of a call that fails at the site.
var fails = failure{site}

// randomly checks a property in a test of its own: one that has failed cannot.
func randomly(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	t.Run("random", func(t *testing.T) { rapid.Check(t, property) })
}

// mustClose closes what a test opened, which must succeed.
func mustClose(tb testing.TB, c io.Closer) {
	tb.Helper()
	if err := c.Close(); err != nil {
		tb.Error(err)
	}
}
