package notation

import (
	"fmt"
	"go/ast"
	"go/constant"
	"strings"
)

// access describes a load or store: bytes in memory and the type of the value.
type access struct {
	width int
	kind  string
}

var loads = map[string]access{
	"load8": {1, "i32"}, "load16": {2, "i32"}, "load32": {4, "u32"}, "load64": {8, "u64"}, "load128": {16, "i128"},
	"loadaddr": {4, "addr"}, "load32x": {4, "u64"},
}

var stores = map[string]access{
	"store8": {1, "i32"}, "store16": {2, "i32"}, "store32": {4, "u32"}, "store64": {8, "u64"}, "store128": {16, "i128"},
	"storeaddr": {4, "addr"},
}

// plain are predeclared functions that are one op.
var plain = map[string]struct {
	op         string
	parameters []string // "" is the type of the first operand
	result     string   // likewise
	suffix     string
}{
	"clz": {op: "clz", parameters: []string{""}}, "ctz": {op: "ctz", parameters: []string{""}}, "popcnt": {op: "popcnt", parameters: []string{""}},
	"rotl": {op: "irotl", parameters: []string{"", ""}},
	"fabs": {op: "fabs", parameters: []string{"f64"}}, "fround": {op: "fround", parameters: []string{"f64"}},
	"mulwide":  {op: "imul_wide_u", parameters: []string{"u64", "u64"}, result: "i128"},
	"mulwides": {op: "imul_wide_s", parameters: []string{"i64", "i64"}, result: "i128"},
	"high":     {op: "high", parameters: []string{"i128"}, result: "u64"},
	"low":      {op: "wrap", parameters: []string{"i128"}, result: "u64", suffix: " : i64"},
	"pair":     {op: "pair", parameters: []string{"u64", "u64"}, result: "i128"},
	"bits":     {op: "reinterpret", parameters: []string{"f64"}, result: "u64", suffix: " : i64"},
	"float":    {op: "reinterpret", parameters: []string{"u64"}, result: "f64", suffix: " : f64"},
	"trunc32":  {op: "float_to_int", parameters: []string{"f64"}, result: "i32", suffix: " : i32"},
	"trunc64":  {op: "float_to_int", parameters: []string{"f64"}, result: "i64", suffix: " : i64"},
	"splat":    {op: "splat", parameters: []string{"i32"}, result: "bytes16", suffix: " : vec<i8,16>"},
	"vadd":     {op: "vadd", parameters: []string{"bytes16", "bytes16"}}, "vsub": {op: "vsub", parameters: []string{"bytes16", "bytes16"}},
	"vand": {op: "vand", parameters: []string{"bytes16", "bytes16"}}, "vor": {op: "vor", parameters: []string{"bytes16", "bytes16"}}, "vxor": {op: "vxor", parameters: []string{"bytes16", "bytes16"}},
	"veq": {op: "vcmp", parameters: []string{"bytes16", "bytes16"}, suffix: ` "eq"`}, "vgt": {op: "vcmp", parameters: []string{"bytes16", "bytes16"}, suffix: ` "gt_s"`}, "vltu": {op: "vcmp", parameters: []string{"bytes16", "bytes16"}, suffix: ` "lt_u"`},
	"bitmask": {op: "vbitmask", parameters: []string{"bytes16"}, result: "i32"}, "anytrue": {op: "vany_true", parameters: []string{"bytes16"}, result: "i32"},
}

func isPredeclared(name string) bool {
	_, a := loads[name]
	_, b := stores[name]
	_, c := plain[name]
	switch name {
	case "load16x8", "store16x8", "copy", "fill", "choose", "fail", "trap":
		return true
	}
	return a || b || c || cirTypes[name] != ""
}

// resultOf is the type that a call gives, as far as it is known before expansion.
func (f *function) resultOf(name string, e *ast.CallExpr) string {
	if load, ok := loads[name]; ok {
		return load.kind
	}
	if p, ok := plain[name]; ok && p.result != "" {
		return p.result
	}
	if cirTypes[name] != "" {
		return name
	}
	if name == "choose" && len(e.Args) == 3 {
		return f.kindOf(e.Args[1])
	}
	return f.unit.functions[name].result
}

func (f *function) offset(e *ast.CallExpr, at int) string {
	if len(e.Args) <= at {
		return ""
	}
	c := f.unit.constant(e.Args[at])
	if c == nil || constant.Sign(c) < 0 {
		f.fail(e, "an offset is a constant")
	}
	if constant.Sign(c) == 0 {
		return ""
	}
	return " offset " + c.ExactString()
}

func (f *function) call(e *ast.CallExpr, want, hint string) value {
	callee, ok := e.Fun.(*ast.Ident)
	if !ok {
		f.fail(e, "not a function")
	}
	name := callee.Name
	arguments := func(kinds ...string) []any {
		f.atLeast(e, name, len(kinds))
		var names []any
		for i, kind := range kinds {
			names = append(names, f.expression(e.Args[i], kind, "").name)
		}
		return names
	}
	if load, ok := loads[name]; ok {
		p := arguments("addr")
		return f.op(load.kind, hint, "load %s %d%s : %s", p[0], load.width, f.offset(e, 1), cirTypes[load.kind])
	}
	if store, ok := stores[name]; ok {
		p := arguments("addr", store.kind)
		f.line("store %s, %s %d%s", p[0], p[1], store.width, f.offset(e, 2))
		return value{}
	}
	if p, ok := plain[name]; ok {
		f.atLeast(e, name, len(p.parameters))
		kind, names := "", []string{}
		for i, parameter := range p.parameters {
			if parameter == "" {
				parameter = kind
			}
			v := f.expression(e.Args[i], parameter, "")
			if i == 0 {
				kind = v.kind
			}
			names = append(names, v.name)
		}
		if p.result != "" {
			kind = p.result
		}
		return f.op(kind, hint, "%s %s%s", p.op, strings.Join(names, ", "), p.suffix)
	}
	switch {
	case cirTypes[name] != "":
		return f.convert(e, name, hint)
	case name == "load16x8":
		return f.op("bytes16", hint, "vload %s%s : vec<i8,16>", arguments("addr")[0], f.offset(e, 1))
	case name == "store16x8":
		p := arguments("addr", "bytes16")
		f.line("vstore %s, %s%s", p[0], p[1], f.offset(e, 2))
		return value{}
	case name == "copy":
		f.line("memory_copy %s, %s, %s", arguments("addr", "addr", "i32")...)
		return value{}
	case name == "fill":
		f.line("memory_fill %s, %s, %s", arguments("addr", "i32", "i32")...)
		return value{}
	case name == "choose":
		f.atLeast(e, name, 3)
		c := f.condition(e.Args[0])
		kind := want
		for i := 1; i <= 2 && kind == ""; i++ {
			kind = f.kindOf(e.Args[i])
		}
		x := f.expression(e.Args[1], kind, "")
		y := f.expression(e.Args[2], x.kind, "")
		return f.op(x.kind, hint, "select %s, %s, %s", c, x.name, y.name)
	}
	s, ok := f.unit.functions[name]
	if !ok {
		f.fail(e, "no function %s", name)
	}
	if len(e.Args) != len(s.parameters) {
		f.fail(e, "%s takes %d arguments", name, len(s.parameters))
	}
	var names []string
	for i, kind := range s.parameters {
		names = append(names, f.expression(e.Args[i], kind, "").name)
	}
	text := fmt.Sprintf("call %s @%s results ", strings.Join(names, ", "), name)
	if s.result == "" {
		f.line("%s{}", text)
		return value{}
	}
	return f.op(s.result, hint, "%s{result: %s}", text, cirTypes[s.result])
}

// atLeast checks the number of arguments of a predeclared function; an offset may
// follow.
func (f *function) atLeast(e *ast.CallExpr, name string, n int) {
	if len(e.Args) < n {
		f.fail(e, "%s takes %d arguments", name, n)
	}
}

var widths = map[string]int{"i32": 32, "u32": 32, "addr": 32, "i64": 64, "u64": 64, "i128": 128}

func (f *function) convert(e *ast.CallExpr, to, hint string) value {
	if len(e.Args) != 1 {
		f.fail(e, "a conversion takes one value")
	}
	if c := f.unit.constant(e.Args[0]); c != nil {
		return f.constant(e, c, to, hint)
	}
	v := f.expression(e.Args[0], "", "")
	from, wide := widths[v.kind], widths[to]
	switch {
	case to == "f64" && from != 0:
		if v.kind != "i32" && v.kind != "i64" {
			f.fail(e, "only i32 and i64 become floats")
		}
		return f.op(to, hint, "int_to_float %s : f64", v.name)
	case from == 0 || wide == 0:
		f.fail(e, "%s does not convert to %s", v.kind, to)
	case cirTypes[v.kind] == cirTypes[to]:
		return value{v.name, to}
	case from < wide && isUnsigned(v.kind):
		return f.op(to, hint, "extend_u %s : %s", v.name, cirTypes[to])
	case from < wide:
		return f.op(to, hint, "extend_s %s : %s", v.name, cirTypes[to])
	}
	return f.op(to, hint, "wrap %s : %s", v.name, cirTypes[to])
}
