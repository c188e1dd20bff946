package notation

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// value is a value of CIR: its name in the text and its type in the notation.
type value struct{ name, kind string }

// object is what an identifier stands for. The kernels use no package of their own, so
// the parser resolves every name, and no type checker is needed.
type object = ast.Object //nolint:staticcheck // deprecated for code that needs types to be resolved

// function expands one function.
type function struct {
	unit    *Unit
	file    *ast.File
	out     *strings.Builder
	indent  int
	result  string
	names   map[string]int // how often a name was taken
	count   int            // of unnamed values
	cells   map[*object]bool
	values  map[*object]value // of a cell: its name and the type it holds
	comment int               // index into file.Comments of the next to write
	// endsInTerminator says that the last op written ends its block.
	endsInTerminator bool
	breaks           []string // labels of the loops around
	repeats          []string
}

func (f *function) fail(at ast.Node, format string, args ...any) { f.unit.fail(at, format, args...) }

func (f *function) line(format string, args ...any) {
	f.out.WriteString(strings.Repeat("  ", f.indent))
	fmt.Fprintf(f.out, format, args...)
	f.out.WriteByte('\n')
}

// named makes a name of a hint that no other value of the function has.
func (f *function) named(hint string) string {
	if hint == "" {
		f.count++
		return fmt.Sprintf("%%%d", f.count-1)
	}
	f.names[hint]++
	if n := f.names[hint]; n > 1 {
		return fmt.Sprintf("%%%s.%d", hint, n)
	}
	return "%" + hint
}

// op writes an op with one result.
func (f *function) op(kind, hint, format string, args ...any) value {
	v := value{f.named(hint), kind}
	f.line("%s = %s", v.name, fmt.Sprintf(format, args...))
	return v
}

func (f *function) expand(d *ast.FuncDecl) {
	f.out.WriteByte('\n')
	exported := ""
	if d.Doc != nil {
		writeComment(f.out, "", d.Doc)
		for _, c := range d.Doc.List {
			if c.Text == exportDirective {
				exported = "export "
			}
		}
	}
	for f.comment < len(f.file.Comments) && f.file.Comments[f.comment].Pos() < d.Body.Lbrace {
		f.comment++
	}
	f.findCells(d.Body)
	var parameters []string
	var copied []func()
	for _, field := range d.Type.Params.List {
		kind := f.unit.typeName(field.Type)
		for _, name := range field.Names {
			v := value{f.named(name.Name), kind}
			parameters = append(parameters, v.name+": "+cirTypes[kind])
			if f.cells[name.Obj] {
				copied = append(copied, func() {
					f.values[name.Obj] = f.op(kind, name.Name, "variable %s", v.name)
				})
			} else {
				f.values[name.Obj] = v
			}
		}
	}
	result := ""
	if f.result != "" {
		result = " -> " + cirTypes[f.result]
	}
	f.line("%skern @%s(%s)%s {", exported, d.Name.Name, strings.Join(parameters, ", "), result)
	f.indent++
	for _, c := range copied {
		c()
	}
	if ended := f.block(d.Body); !ended {
		if f.result != "" {
			f.fail(d, "%s may end without a result", d.Name.Name)
		}
		f.line("ret")
	} else if !f.endsInTerminator {
		f.line("trap")
	}
	f.indent--
	f.line("}")
}

// findCells marks the variables that are assigned after their definition.
func (f *function) findCells(body *ast.BlockStmt) {
	mark := func(e ast.Expr) {
		if name, ok := e.(*ast.Ident); ok && name.Obj != nil {
			f.cells[name.Obj] = true
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, left := range n.Lhs {
					mark(left)
				}
			}
		case *ast.IncDecStmt:
			mark(n.X)
		}
		return true
	})
}
