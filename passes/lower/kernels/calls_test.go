package kernels

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	runtime "github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/random"
	"github.com/heddle-lang/heddle/passes/lower/distinct"
	"github.com/heddle-lang/heddle/passes/lower/pipelines"
)

// leastCalled is how many functions of the library the programs of TestCalls call.
const leastCalled = 55

// TestCalls lowers random programs and every cast, and checks each call against the
// library's signatures and the host's.
func TestCalls(t *testing.T) {
	called := map[string]bool{}
	count := 0
	for seed := range uint64(1500) {
		m := random.Generate(random.FromSeed(seed), random.Options{}).Module
		distinct.Expand(m)
		if err := pipelines.Lower(m, nil); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if checkCalls(t, fmt.Sprintf("seed %d", seed), m, called) {
			count++
		}
	}
	if count < 1000 {
		t.Errorf("only %d of 1500 programs have kernels", count)
	}
	for _, from := range castTypes {
		for _, to := range castTypes {
			text := fmt.Sprintf(castProgram, from, to)
			m, list := ir.Parse(diag.NewFile("cast", text))
			if list.HasErrors() || ir.Verify(m).HasErrors() {
				continue // there is no such cast
			}
			checkCalls(t, from+" to "+to, m, called)
		}
	}
	m, list := ir.Parse(diag.NewFile("expressions", expressions))
	if err := list.Err(); err != nil {
		t.Fatal(diag.RenderText(list, diag.Options{}))
	}
	if !checkCalls(t, "expressions", m, called) {
		t.Error("the expressions cannot be lowered")
	}
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(runtime.Signatures())) {
		if !called[name] {
			missing = append(missing, name)
		}
	}
	t.Logf("%d functions of the library are called, not these: %s", len(called), strings.Join(missing, ", "))
	if len(called) < leastCalled {
		t.Errorf("only %d functions of the library are called", len(called))
	}
}

// expressions are what random programs are unlikely to have.
const expressions = `cir 1
table @t {
  a: i64
  b: i64
  h: i128
  f: f64
  s: string
  p: string
  d: date
  t: timestamp
  i: interval
}
state @out buffer {a: i64, b: i64, h: i128, f: f64, l: bool, n: i64, w: timestamp}
pipe @p0() {
  %a, %b, %h, %f, %s, %p, %d, %t, %i = source_table @t columns [a, b, h, f, s, p, d, t, i] fields {a: i64, b: i64, h: i128, f: f64, s: string, p: string, d: date, t: timestamp, i: interval}
  %0 = mul %a, %b
  %1 = sub %a, %b
  %2 = sub %h, %h
  %3 = mod %f, %f
  %4 = like %s, %p
  %5 = extract %d "dow"
  %6 = add_interval %t, %i
  emit %0, %1, %2, %3, %4, %5, %6 @out
}
pipe @q() {
  run @p0
  result @out columns [a, b, h, f, l, n, w] labels [a, b, h, f, l, n, w]
}
`

var castTypes = []string{
	"bool", "i8", "i16", "i32", "i64", "i128", "decimal<4,2>", "decimal<18,6>", "decimal<38,0>", "f32", "f64",
	"date", "time", "timestamp", "timestamptz", "interval", "string", "bytes", "uuid",
}

// castProgram casts a column of one type to another.
const castProgram = `cir 1
table @t {
  a: %[1]s?
}
state @out buffer {b: %[2]s?}
pipe @p0() {
  %%a = source_table @t columns [a] fields {a: %[1]s?}
  %%0 = cast %%a : %[2]s?
  emit %%0 @out
}
pipe @q() {
  run @p0
  result @out columns [b] labels [b]
}
`

// checkCalls lowers a module and reports whether it can be lowered yet.
func checkCalls(t *testing.T, name string, m *ir.Module, called map[string]bool) bool {
	t.Helper()
	kern, _, err := Lower(m, Options{})
	if list, ok := diag.FromError(err); ok && list[0].Code == codeUnsupported {
		return false
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	i32 := ir.Of(ir.I32)
	host := map[string]runtime.Signature{
		"page": {Parameters: []ir.Type{i32, i32, i32}, Results: []ir.Type{i32}},
		"full": {Parameters: []ir.Type{i32}}, "fail": {Parameters: []ir.Type{i32}},
	}
	for _, f := range kern.Functions {
		f.Body.Walk(func(op *ir.Op) bool {
			if op.Code != ir.OpCall {
				return true
			}
			symbol := string(ir.AttributeAs[ir.Symbol](op, "function"))
			room, function, _ := strings.Cut(symbol, ".")
			known := host
			switch room {
			case "library":
				known = runtime.Signatures()
				called[function] = true
			case "heddle":
			default:
				return true // of this module; the verifier knows
			}
			signature, found := known[function]
			if !found {
				t.Fatalf("%s: there is no %s", name, symbol)
			}
			want := runtime.Signature{Parameters: wasmTypes(signature.Parameters), Results: wasmTypes(signature.Results)}
			if diff := cmp.Diff(want, runtime.Signature{Parameters: typesOf(op.Operands), Results: typesOf(op.Results)}); diff != "" {
				t.Fatalf("%s: %s (-library +call):\n%s", name, symbol, diff)
			}
			return true
		})
	}
	return true
}

func typesOf(values []*ir.Value) []ir.Type {
	types := make([]ir.Type, len(values))
	for i, v := range values {
		types[i] = v.Type
	}
	return wasmTypes(types)
}

// wasmTypes shows addresses as the 32-bit integers that they are.
func wasmTypes(types []ir.Type) []ir.Type {
	all := make([]ir.Type, len(types))
	for i, t := range types {
		if all[i] = t; t.Kind == ir.Address {
			all[i] = ir.Of(ir.I32)
		}
	}
	return all
}
