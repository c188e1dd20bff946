package ir

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
)

func TestVerify(t *testing.T) {
	const table = "table @t {\n  a: i32\n  s: string?\n}\n"
	const scan = "%t = scan @t columns [a, s] : bag<{a: i32, s: string?}>\n"
	flow := func(body string) string {
		return table + "parameter 0 : i32\nflow @f() -> bag<{a: i32}> {\n" + body + "\n}\n"
	}
	filter := func(code string) string {
		return flow(scan + "%f = filter %t (%r) {\n%a = field %r \"a\"\n" + code + "\n}\nreturn %f [a] labels [a]")
	}
	for _, test := range []struct{ name, text, want string }{
		{"no end", flow(scan), "E0808 in @f: a function at the flow level must end in a terminator"},
		{"end in the middle", flow(scan + "return %t [a] labels [a]\nreturn %t [a] labels [a]"), "E0808 in @f: return stands before the end of its block"},
		{"result type", flow(scan + "return %t [s] labels [s]"), `E0806 in @f: column "s" has type string?, and the flow gives i32`},
		{"result columns", flow(scan + "return %t [b] labels [s]"), `E0803 in @f: no column "b" to return`},
		{"labels", flow(scan + "return %t [a] labels []"), `E0806 in @f: return has 1 columns and 0 labels`},
		{"no table", flow("%t = scan @u columns [a] : bag<{a: i32}>\nreturn %t [a] labels [a]"), `E0803 in @f: no table is named "u"`},
		{"no column", flow("%t = scan @t columns [a = b] : bag<{a: i32}>\nreturn %t [a] labels [a]"), `E0803 in @f: table "t" has no column "b"`},
		{"column type", flow("%t = scan @t columns [a = s] : bag<{a: i32}>\nreturn %t [a] labels [a]"), `E0806 in @f: column "s" has type string?, not i32`},
		{"column names", flow(scan + "%u = scan @t columns [a] : bag<{a: i32}>\nreturn %t [a] labels [a]"), `E0804 in @f: two operators of the flow make a column "a": scan and scan`},
		{"scalar code in a flow", flow(scan + "%c = const 1 : i32\nreturn %t [a] labels [a]"), "E0808 in @f: scalar code of a flow stands in the regions of its operators"},
		{"flow op in scalar code", filter("%l = limit %t 1 offset 0\n%n = is_null %a\nyield %n"), "E0808 in @f: limit stands in scalar code"},
		{"kern op in a flow", flow(scan + "trap"), "E0808 in @f: trap belongs to the kern level, the function to the flow level; E0808 in @f: a flow ends in return, not in trap"},
		{"bag in scalar code", filter("%n = is_null %t\nyield %n"), "E0806 in @f: operand 0 of is_null is bag<{a: i32, s: string?}>, not a scalar"},
		{"parameter", filter("%p = parameter 1 : i32\n%n = is_null %p\nyield %n"), "E0803 in @f: there is no parameter 1"},
		{"parameter type", filter("%p = parameter 0 : i64\n%n = is_null %p\nyield %n"), "E0806 in @f: parameter 0 has type i32, not i64"},
		{"cast", filter("%u = cast %a : uuid\n%n = is_null %u\nyield %n"), "E0806 in @f: no cast from i32 to uuid"},
		{"part", filter("%d = const \"2000-01-01\" : date\n%y = extract %d \"century\"\n%n = is_null %y\nyield %n"), `E0803 in @f: no part "century" to extract`},
		{"escape", filter("%s = field %r \"s\"\n%l = like %s, %s escape \"ab\"\nyield %l"), `E0806 in @f: the escape "ab" is not one character`},
		{"limit", flow(scan + "%l = limit %t -2 offset 0\nreturn %l [a] labels [a]"), "E0806 in @f: count -2 or offset 0 is negative"},
		{"UTF-8", filter("%s = const \"\\xff\" : string\n%n = is_null %s\nyield %n"), "E0805 in @f: a literal of const is not a value of type string"},
		{"state", "pipe @p() {\n  %a = source_values [(1)] fields {a: i32}\n  emit %a @s\n}\n", `E0803 in @p: no state is named "s"`},
		{"kind of state", "state @s sort {a: i32}\npipe @p() {\n  %a = source_values [(1)] fields {a: i32}\n  emit %a @s\n}\n", "E0806 in @p: emit does not take a state of kind sort"},
		{"fields of a state", "state @s buffer {a: i32}\npipe @p() {\n  source_values [] fields {}\n  emit @s\n}\n", `E0806 in @p: emit has 0 values for the 1 fields of state "s"`},
		{"no source", "state @s buffer {a: i32}\npipe @p() {\n  %a = const 1 : i32\n  emit %a @s\n}\n", "E0808 in @p: emit stands before the source of the pipeline"},
		{"field of a state", "state @s buffer {a: i32}\npipe @p() {\n  %b = source_state @s fields {b: i32}\n  emit %b @s\n}\n", `E0803 in @p: state "s" has no field "b"`},
		{"run of an entry", "state @s buffer {}\npipe @p() {\n  run @p\n  result @s columns [] labels []\n}\n", `E0806 in @p: "p" is not a pipeline`},
		{"state", "state @s aggregate {a: i32, n: i64} keys 1\n", `E0808 state "s" has 0 aggregates for 1 fields`},
		{"cell", "kern @k() {\n  %a = const 1 : i32\n  set %a, %a\n}\n", "E0806 in @k: operand 0 of set is i32, not a variable"},
		{"branch", "kern @k() {\n  %a = const 1 : i32\n  br %a\n}\n", "E0806 in @k: operand 0 of br is i32, not label"},
		{"kern types", "kern @k(%a: i32, %b: i64) {\n  %c = iadd %a, %b\n}\n", "E0806 in @k: operand 1 of iadd is i64, not i32 like operand 0"},
		{"call", "kern @k() {\n  call @m results {}\n}\n", `E0803 in @k: no function is named "m"`},
		{"end without results", "kern @k() -> i32 {\n  block (%out) {\n  }\n}\n", "E0808 in @k: a function with results must not reach its end: it ends in ret, br or trap"},
		{"returned", "kern @k() -> i32 {\n  ret\n}\n", "E0806 in @k: ret has 0 values, and the function gives 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := mustParse(t, "cir 1\n"+test.text)
			var got []string
			for _, d := range Verify(m) {
				got = append(got, string(d.Code)+" "+d.Message)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What no text can say: modules that a faulty pass leaves behind.
func TestVerifyAfterFaultyEdits(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(flow *Function)
		want diag.Code
	}{
		{"use before definition", func(f *Function) { f.Body.Ops[0], f.Body.Ops[1] = f.Body.Ops[1], f.Body.Ops[0] }, codeUnknownName},
		{"value of another region", func(f *Function) {
			f.Body.Ops[2].Regions[0].Terminator().Operands[0] = f.Body.Ops[1].Regions[0].Ops[0].Results[0]
		}, codeUnknownName},
		{"op in two places", func(f *Function) { f.Body.Ops = append(f.Body.Ops[:1:1], f.Body.Ops...) }, codeStructure},
		{"stale type", func(f *Function) { f.Body.Ops[1].Results[0].Type = Of(I32) }, codeMisfit},
		{"wrong kind of attribute", func(f *Function) { f.Body.Ops[0].SetAttribute("table", "lineitem") }, codeStructure},
		{"absent attribute", func(f *Function) { f.Body.Ops[0].Attributes = nil }, codeStructure},
		{"unknown attribute", func(f *Function) { f.Body.Ops[0].SetAttribute("colour", "red") }, codeStructure},
		{"absent operand", func(f *Function) { f.Body.Ops[1].Operands[0] = nil }, codeStructure},
		{"no opcode", func(f *Function) { f.Body.Ops[0].Code = 0 }, codeUnknownName},
		{"opcode of nothing", func(f *Function) { f.Body.Ops[0].Code = 9999 }, codeUnknownName},
		{"region without arguments", func(f *Function) { f.Body.Ops[1].Regions[0].Arguments = nil }, codeStructure},
		{"empty region", func(f *Function) { f.Body.Ops[1].Regions[0].Ops = nil }, codeStructure},
		{"no region", func(f *Function) { f.Body.Ops[1].Regions = nil }, codeStructure},
		{"nil region", func(f *Function) { f.Body.Ops[1].Regions[0] = nil }, codeStructure},
		{"no body", func(f *Function) { f.Body = nil }, codeStructure},
		{"literal", func(f *Function) { f.Body.Ops[1].Regions[0].Ops[3].SetAttribute("value", NullDatum) }, codeLiteral},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := mustParse(t, readOps(t))
			test.edit(m.Functions[0])
			list := Verify(m)
			if len(list) == 0 || list[0].Code != test.want {
				t.Errorf("got %v, want %s first", list, test.want)
			}
		})
	}
}
