package notation

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"strings"
)

// Unit is a set of files that call each other's functions.
type Unit struct {
	files     *token.FileSet
	parsed    map[string]*ast.File
	functions map[string]signature
	constants map[string]constant.Value
}

type signature struct {
	parameters []string // types
	result     string   // "" for none
}

// NewUnit returns an empty unit. The constants are what abi.Name stands for.
func NewUnit(constants map[string]int64) *Unit {
	u := &Unit{files: token.NewFileSet(), parsed: map[string]*ast.File{}, functions: map[string]signature{}, constants: map[string]constant.Value{}}
	for name, value := range constants {
		u.constants["abi."+name] = constant.MakeInt64(value)
	}
	return u
}

// problem is the panic that carries an error out of the expansion of a file.
type problem struct{ err error }

func (u *Unit) fail(at ast.Node, format string, args ...any) {
	panic(problem{fmt.Errorf("%s: %s", u.files.Position(at.Pos()), fmt.Sprintf(format, args...))})
}

func (u *Unit) guard(err *error) {
	if r := recover(); r != nil {
		p, ok := r.(problem)
		if !ok {
			panic(r)
		}
		*err = p.err
	}
}

// Add parses a file and declares what it holds.
func (u *Unit) Add(name string, text []byte) (err error) {
	defer u.guard(&err)
	file, err := parser.ParseFile(u.files, name, text, parser.ParseComments)
	if err != nil {
		return err
	}
	u.parsed[name] = file
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Body == nil || d.Recv != nil || d.Type.TypeParams != nil {
				u.fail(d, "a function has a body, and neither a receiver nor type parameters")
			}
			if _, twice := u.functions[d.Name.Name]; twice || isPredeclared(d.Name.Name) {
				u.fail(d, "function %s is declared twice", d.Name.Name)
			}
			u.functions[d.Name.Name] = u.signature(d)
		case *ast.GenDecl:
			if d.Tok != token.CONST {
				u.fail(d, "only functions and constants are declared")
			}
			for _, spec := range d.Specs {
				values := spec.(*ast.ValueSpec)
				if len(values.Values) != len(values.Names) {
					u.fail(values, "a constant needs a value")
				}
				for i, name := range values.Names {
					value := u.constant(values.Values[i])
					if value == nil {
						u.fail(name, "%s is not constant", name.Name)
					}
					u.constants[name.Name] = value
				}
			}
		}
	}
	return nil
}

func (u *Unit) signature(d *ast.FuncDecl) signature {
	var s signature
	for _, field := range d.Type.Params.List {
		for range field.Names {
			s.parameters = append(s.parameters, u.typeName(field.Type))
		}
	}
	if d.Type.Results != nil {
		if d.Type.Results.NumFields() != 1 {
			u.fail(d, "a function has at most one result")
		}
		s.result = u.typeName(d.Type.Results.List[0].Type)
	}
	return s
}

// cirTypes are the types of the notation and how CIR has them.
var cirTypes = map[string]string{
	"i32": "i32", "u32": "i32", "i64": "i64", "u64": "i64", "i128": "i128",
	"f64": "f64", "addr": "addr", "bytes16": "vec<i8,16>",
}

func (u *Unit) typeName(e ast.Expr) string {
	name, ok := e.(*ast.Ident)
	if !ok || cirTypes[name.Name] == "" {
		u.fail(e, "not a type")
	}
	return name.Name
}

// Expand gives the CIR text of a file that was added.
func (u *Unit) Expand(name string) (text []byte, err error) {
	defer u.guard(&err)
	file := u.parsed[name]
	if file == nil {
		return nil, fmt.Errorf("%s was not added", name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "cir 1\n\n; Expanded from %s by package notation; change that file and run go generate.\n", name)
	if file.Doc != nil {
		b.WriteString(";\n")
		writeComment(&b, "", file.Doc)
	}
	for _, declaration := range file.Decls {
		if d, ok := declaration.(*ast.FuncDecl); ok {
			f := &function{unit: u, file: file, out: &b, result: u.functions[d.Name.Name].result, names: map[string]int{}, cells: map[*object]bool{}, values: map[*object]value{}}
			f.expand(d)
		}
	}
	return []byte(b.String()), nil
}

func writeComment(b *strings.Builder, indent string, group *ast.CommentGroup) {
	text := ""
	for _, comment := range group.List {
		if comment.Text == exportDirective {
			continue
		}
		text += indent + ";" + strings.TrimRight(comment.Text[2:], " ") + "\n"
	}
	// The empty line before a directive goes with it.
	b.WriteString(strings.TrimSuffix(text, "\n"+indent+";\n"))
	if strings.HasSuffix(text, "\n"+indent+";\n") {
		b.WriteByte('\n')
	}
}

const exportDirective = "//cir:export"

// constant evaluates an expression of literals and constants, nil if it is not one.
func (u *Unit) constant(e ast.Expr) constant.Value {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.INT && e.Kind != token.FLOAT && e.Kind != token.CHAR {
			u.fail(e, "no such literal in the notation")
		}
		return constant.MakeFromLiteral(e.Value, e.Kind, 0)
	case *ast.ParenExpr:
		return u.constant(e.X)
	case *ast.Ident:
		if e.Obj != nil && e.Obj.Kind != ast.Con {
			return nil
		}
		return u.constants[e.Name]
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && x.Name == "abi" {
			if value := u.constants["abi."+e.Sel.Name]; value != nil {
				return value
			}
			u.fail(e, "package abi has no constant %s", e.Sel.Name)
		}
	case *ast.UnaryExpr:
		x := u.constant(e.X)
		if x != nil && (e.Op == token.SUB || e.Op == token.XOR && x.Kind() == constant.Int) {
			return constant.UnaryOp(e.Op, x, 0)
		}
	case *ast.BinaryExpr:
		x, y := u.constant(e.X), u.constant(e.Y)
		if x == nil || y == nil {
			return nil
		}
		whole := x.Kind() == constant.Int && y.Kind() == constant.Int
		op := e.Op
		switch op {
		case token.SHL, token.SHR:
			n, ok := constant.Uint64Val(y)
			if !whole || !ok || n > 127 {
				u.fail(e, "a constant is shifted by 0 to 127 bits")
			}
			return constant.Shift(x, op, uint(n))
		case token.REM, token.AND, token.OR, token.XOR:
			if !whole {
				u.fail(e, "no operator %s on these constants", op)
			}
		default: // the others fold whole and real constants alike
		}
		if (op == token.QUO || op == token.REM) && constant.Sign(y) == 0 {
			u.fail(e, "division by zero")
		}
		if op == token.QUO && whole {
			op = token.QUO_ASSIGN // truncates
		}
		switch op {
		case token.ADD, token.SUB, token.MUL, token.QUO, token.QUO_ASSIGN, token.REM, token.AND, token.OR, token.XOR:
			return constant.BinaryOp(x, op, y)
		default: // comparisons and the connectives have no constant value
		}
	}
	return nil
}
