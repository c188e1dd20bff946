package notation

import (
	"go/ast"
	"go/constant"
	"go/token"
	"strconv"
)

var inverses = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL, token.LSS: token.GEQ,
	token.GEQ: token.LSS, token.GTR: token.LEQ, token.LEQ: token.GTR,
}

var predicates = map[token.Token]string{
	token.EQL: "eq", token.NEQ: "ne", token.LSS: "lt", token.LEQ: "le", token.GTR: "gt", token.GEQ: "ge",
}

func isUnsigned(kind string) bool { return kind == "u32" || kind == "u64" || kind == "addr" }

// expression expands an expression. want is the type that constants take, and that
// the value must have when it is not "". hint names the value.
func (f *function) expression(e ast.Expr, want, hint string) value {
	if c := f.unit.constant(e); c != nil {
		if want == "" {
			f.fail(e, "the type of a constant is not known here")
		}
		return f.constant(e, c, want, hint)
	}
	v := f.expand1(e, want, hint)
	if want != "" && cirTypes[v.kind] != cirTypes[want] {
		f.fail(e, "%s where %s is wanted", v.kind, want)
	}
	if v.kind == "" {
		f.fail(e, "no value")
	}
	return v
}

func (f *function) constant(e ast.Expr, c constant.Value, want, hint string) value {
	if want == "f64" {
		x, _ := constant.Float64Val(constant.ToFloat(c))
		return f.op(want, hint, "const %s : f64", strconv.FormatFloat(x, 'e', -1, 64))
	}
	c = constant.ToInt(c)
	if c.Kind() != constant.Int {
		f.fail(e, "%s is no integer", c)
	}
	// Literals of CIR are signed.
	bits := map[string]uint{"i32": 32, "u32": 32, "addr": 32, "i64": 64, "u64": 64, "i128": 128}[want]
	if bits == 0 {
		f.fail(e, "no constant of type %s", want)
	}
	half := constant.Shift(constant.MakeInt64(1), token.SHL, bits-1)
	if constant.Compare(c, token.GEQ, half) && want != "i128" {
		c = constant.BinaryOp(c, token.SUB, constant.Shift(half, token.SHL, 1))
	}
	if constant.Compare(c, token.GEQ, half) || constant.Compare(c, token.LSS, constant.UnaryOp(token.SUB, half, 0)) {
		f.fail(e, "%s does not fit %s", c, want)
	}
	if want == "addr" {
		n := f.op("i32", "", "const %s : i32", c.ExactString())
		return f.op(want, hint, "wrap %s : addr", n.name)
	}
	return f.op(want, hint, "const %s : %s", c.ExactString(), cirTypes[want])
}

func (f *function) expand1(e ast.Expr, want, hint string) value {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return f.expression(e.X, want, hint)
	case *ast.Ident:
		v, ok := f.values[e.Obj]
		if e.Obj == nil || !ok {
			f.fail(e, "%s is not defined", e.Name)
		}
		if f.cells[e.Obj] {
			return f.op(v.kind, hint, "get %s", v.name)
		}
		return v
	case *ast.UnaryExpr:
		return f.unary(e, want, hint)
	case *ast.BinaryExpr:
		return f.binary(e, want, hint)
	case *ast.CallExpr:
		return f.call(e, want, hint)
	}
	f.fail(e, "no such expression in the notation")
	return value{}
}

func (f *function) unary(e *ast.UnaryExpr, want, hint string) value {
	switch e.Op {
	case token.NOT:
		c := f.condition(e.X)
		zero := f.op("i32", "", "const 0 : i32")
		return f.op("i32", hint, "icmp %s, %s \"eq\"", c, zero.name)
	case token.SUB:
		x := f.expression(e.X, want, "")
		if x.kind == "f64" {
			return f.op(x.kind, hint, "fneg %s", x.name)
		}
		zero := f.op(x.kind, "", "const 0 : %s", cirTypes[x.kind])
		return f.op(x.kind, hint, "isub %s, %s", zero.name, x.name)
	case token.XOR:
		x := f.expression(e.X, want, "")
		ones := f.op(x.kind, "", "const -1 : %s", cirTypes[x.kind])
		return f.op(x.kind, hint, "ixor %s, %s", x.name, ones.name)
	default: // refused below
	}
	f.fail(e, "no operator %s", e.Op)
	return value{}
}

// comparison expands a comparison whose operator may have been inverted from
// original. ok is false, with nothing expanded, when the inverse is not the
// negation: of floats that may be NaN.
func (f *function) comparison(e *ast.BinaryExpr, original token.Token, hint string) (v value, ok bool) {
	mark, count := f.out.Len(), f.count
	x, y := f.operands(e, "")
	if x.kind == "f64" {
		if original != e.Op {
			text := f.out.String()[:mark]
			f.out.Reset()
			f.out.WriteString(text)
			f.count = count
			return value{}, false
		}
		return f.op("i32", hint, "fcmp %s, %s %q", x.name, y.name, predicates[e.Op]), true
	}
	predicate := predicates[e.Op]
	if e.Op != token.EQL && e.Op != token.NEQ {
		if isUnsigned(x.kind) {
			predicate += "_u"
		} else {
			predicate += "_s"
		}
	}
	return f.op("i32", hint, "icmp %s, %s %q", x.name, y.name, predicate), true
}

// operands expands both operands; a constant takes the type of the other.
func (f *function) operands(e *ast.BinaryExpr, want string) (x, y value) {
	if f.unit.constant(e.X) != nil {
		y = f.expression(e.Y, want, "")
		x = f.expression(e.X, y.kind, "")
		return x, y
	}
	x = f.expression(e.X, want, "")
	y = f.expression(e.Y, x.kind, "")
	if x.kind != y.kind {
		f.fail(e, "%s %s %s", x.kind, e.Op, y.kind)
	}
	return x, y
}

var integerOps = map[token.Token]string{
	token.ADD: "iadd", token.SUB: "isub", token.MUL: "imul", token.AND: "iand", token.OR: "ior", token.XOR: "ixor",
	token.QUO: "idiv", token.REM: "irem",
}

var floatOps = map[token.Token]string{token.ADD: "fadd", token.SUB: "fsub", token.MUL: "fmul", token.QUO: "fdiv"}

func (f *function) binary(e *ast.BinaryExpr, want, hint string) value {
	switch e.Op {
	case token.LAND, token.LOR:
		return f.shortCircuit(e, hint)
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		v, _ := f.comparison(e, e.Op, hint)
		return v
	case token.SHL, token.SHR:
		x := f.expression(e.X, want, "")
		if x.kind == "i128" || x.kind == "f64" || x.kind == "bytes16" {
			f.fail(e, "%s cannot be shifted", x.kind)
		}
		y := f.expression(e.Y, x.kind, "")
		name := "ishl"
		if e.Op == token.SHR {
			name = "ishr_s"
			if isUnsigned(x.kind) {
				name = "ishr_u"
			}
		}
		return f.op(x.kind, hint, "%s %s, %s", name, x.name, y.name)
	default: // arithmetic, below
	}
	// Addresses: plus and minus an offset, and the distance of two.
	if e.Op == token.ADD || e.Op == token.SUB {
		if v, ok := f.addressArithmetic(e, hint); ok {
			return v
		}
	}
	x, y := f.operands(e, want)
	table := integerOps
	if x.kind == "f64" {
		table = floatOps
	}
	name := table[e.Op]
	if name == "" || x.kind == "bytes16" || x.kind == "i128" && (e.Op == token.MUL || e.Op == token.QUO || e.Op == token.REM) {
		f.fail(e, "no operator %s on %s", e.Op, x.kind)
	}
	if x.kind != "f64" && (e.Op == token.QUO || e.Op == token.REM) {
		if isUnsigned(x.kind) {
			name += "_u"
		} else {
			name += "_s"
		}
	}
	return f.op(x.kind, hint, "%s %s, %s", name, x.name, y.name)
}

func (f *function) addressArithmetic(e *ast.BinaryExpr, hint string) (value, bool) {
	if f.kindOf(e.X) != "addr" {
		return value{}, false
	}
	x := f.expression(e.X, "addr", "")
	name := integerOps[e.Op]
	if f.unit.constant(e.Y) != nil {
		y := f.expression(e.Y, "i32", "")
		return f.op("addr", hint, "%s %s, %s", name, x.name, y.name), true
	}
	y := f.expression(e.Y, "", "")
	switch {
	case cirTypes[y.kind] == "i32":
		return f.op("addr", hint, "%s %s, %s", name, x.name, y.name), true
	case y.kind == "addr" && e.Op == token.SUB:
		distance := f.op("addr", "", "isub %s, %s", x.name, y.name)
		return f.op("i32", hint, "wrap %s : i32", distance.name), true
	}
	f.fail(e, "addr %s %s", e.Op, y.kind)
	return value{}, false
}

// kindOf finds the type of an expression without expanding it, "" where its operands
// do not tell.
func (f *function) kindOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return f.kindOf(e.X)
	case *ast.Ident:
		return f.values[e.Obj].kind
	case *ast.UnaryExpr:
		return f.kindOf(e.X)
	case *ast.BinaryExpr:
		if predicates[e.Op] != "" || e.Op == token.LAND || e.Op == token.LOR {
			return "i32"
		}
		kind := f.kindOf(e.X)
		if e.Op == token.SUB && f.kindOf(e.Y) == "addr" {
			return "i32"
		}
		return kind
	case *ast.CallExpr:
		if name, ok := e.Fun.(*ast.Ident); ok {
			return f.resultOf(name.Name, e)
		}
	}
	return ""
}

func (f *function) shortCircuit(e *ast.BinaryExpr, hint string) value {
	first := f.expression(e.X, "i32", "")
	cell := f.op("i32", "", "variable %s", first.name)
	second := func() bool {
		v := f.expression(e.Y, "i32", "")
		f.line("set %s, %s", cell.name, v.name)
		return false
	}
	f.line("when %s then {", first.name)
	if e.Op == token.LAND {
		f.region(second)
	}
	f.line("} else {")
	if e.Op == token.LOR {
		f.region(second)
	}
	f.line("}")
	return f.op("i32", hint, "get %s", cell.name)
}
