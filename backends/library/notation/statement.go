package notation

import (
	"go/ast"
	"go/token"
)

// block expands statements and reports whether control never reaches the end.
func (f *function) block(b *ast.BlockStmt) bool {
	for i, s := range b.List {
		f.comments(s.Pos())
		if f.statement(s) {
			if i < len(b.List)-1 {
				f.fail(b.List[i+1], "control never comes here")
			}
			return true
		}
	}
	f.endsInTerminator = false
	return false
}

// comments writes the comments that stand before a position.
func (f *function) comments(before token.Pos) {
	for ; f.comment < len(f.file.Comments) && f.file.Comments[f.comment].Pos() < before; f.comment++ {
		for _, c := range f.file.Comments[f.comment].List {
			f.line(";%s", c.Text[2:])
		}
	}
}

// left notes that the op just written is a terminator.
func (f *function) left() bool {
	f.endsInTerminator = true
	return true
}

func (f *function) statement(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.AssignStmt:
		f.assign(s)
	case *ast.IncDecStmt:
		op := token.ADD
		if s.Tok == token.DEC {
			op = token.SUB
		}
		f.set(s.X, &ast.BinaryExpr{X: s.X, Op: op, Y: &ast.BasicLit{Kind: token.INT, Value: "1"}, OpPos: s.TokPos})
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			f.fail(s, "only a call may stand alone")
		}
		if name, ok := call.Fun.(*ast.Ident); ok && (name.Name == "fail" || name.Name == "trap") {
			if name.Name == "fail" {
				f.atLeast(call, "fail", 1)
				site := f.expression(call.Args[0], "i32", "")
				f.line("call %s @heddle.fail results {}", site.name)
			}
			f.line("trap")
			return f.left()
		}
		f.call(call, "", "")
	case *ast.ReturnStmt:
		if len(s.Results) == 0 {
			f.line("ret")
			return f.left()
		}
		v := f.expression(s.Results[0], f.result, "")
		f.line("ret %s", v.name)
		return f.left()
	case *ast.BlockStmt:
		return f.block(s)
	case *ast.BranchStmt:
		f.line("br %s", f.target(s))
		return f.left()
	case *ast.IfStmt:
		return f.when(s)
	case *ast.ForStmt:
		return f.loop(s, false)
	case *ast.LabeledStmt:
		loop, ok := s.Stmt.(*ast.ForStmt)
		if !ok || s.Label.Name != "metered" {
			f.fail(s, "the only label is metered, before a loop")
		}
		return f.loop(loop, true)
	default:
		f.fail(s, "no such statement in the notation")
	}
	return false
}

func (f *function) target(s *ast.BranchStmt) string {
	labels := f.breaks
	if s.Tok == token.CONTINUE {
		labels = f.repeats
	}
	if len(labels) == 0 || s.Label != nil {
		f.fail(s, "%s leaves no loop", s.Tok)
	}
	return labels[len(labels)-1]
}

func (f *function) assign(s *ast.AssignStmt) {
	if len(s.Lhs) != 1 || len(s.Rhs) != 1 {
		f.fail(s, "one variable is assigned at a time")
	}
	if s.Tok == token.ASSIGN {
		f.set(s.Lhs[0], s.Rhs[0])
		return
	}
	if s.Tok != token.DEFINE {
		op := s.Tok + token.ADD - token.ADD_ASSIGN // the tokens stand in the same order
		f.set(s.Lhs[0], &ast.BinaryExpr{X: s.Lhs[0], Op: op, Y: s.Rhs[0], OpPos: s.TokPos})
		return
	}
	name, ok := s.Lhs[0].(*ast.Ident)
	if !ok {
		f.fail(s, "only a variable can be defined")
	}
	if !f.cells[name.Obj] {
		f.values[name.Obj] = f.expression(s.Rhs[0], "", name.Name)
		return
	}
	first := f.expression(s.Rhs[0], "", "")
	f.values[name.Obj] = f.op(first.kind, name.Name, "variable %s", first.name)
}

func (f *function) set(target, source ast.Expr) {
	name, ok := target.(*ast.Ident)
	if !ok || name.Obj == nil || !f.cells[name.Obj] {
		f.fail(target, "not a variable")
	}
	cell := f.values[name.Obj]
	v := f.expression(source, cell.kind, "")
	f.line("set %s, %s", cell.name, v.name)
}

// region expands a part and indents it.
func (f *function) region(part func() bool) bool {
	f.indent++
	defer func() { f.indent-- }()
	return part()
}

func (f *function) when(s *ast.IfStmt) bool {
	if s.Init != nil {
		f.fail(s, "an if has no statement before its condition")
	}
	// A lone break or continue needs no region.
	if len(s.Body.List) == 1 && s.Else == nil {
		if branch, ok := s.Body.List[0].(*ast.BranchStmt); ok {
			f.comments(branch.Pos())
			f.jump(s.Cond, true, f.target(branch))
			return false
		}
	}
	otherwise := func() bool {
		switch e := s.Else.(type) {
		case nil:
			return false
		case *ast.IfStmt:
			return f.when(e)
		default:
			return f.block(e.(*ast.BlockStmt))
		}
	}
	if !isShortCircuit(s.Cond) {
		c := f.condition(s.Cond)
		f.line("when %s then {", c)
		then := f.region(func() bool { return f.block(s.Body) })
		f.line("} else {")
		other := f.region(otherwise)
		f.line("}")
		f.endsInTerminator = false
		return then && other
	}
	if s.Else == nil {
		end := f.named("end")
		f.line("block (%s) {", end)
		f.region(func() bool {
			f.jump(s.Cond, false, end)
			return f.block(s.Body)
		})
		f.line("}")
		return false
	}
	end, skip := f.named("end"), f.named("else")
	var then, other bool
	f.line("block (%s) {", end)
	f.region(func() bool {
		f.line("block (%s) {", skip)
		f.region(func() bool {
			f.jump(s.Cond, false, skip)
			if then = f.block(s.Body); !then {
				f.line("br %s", end)
			}
			return true
		})
		f.line("}")
		other = otherwise()
		return other
	})
	f.line("}")
	f.endsInTerminator = false
	return then && other
}

// loop expands a for statement. It ends without reaching what follows only when it
// has neither condition nor break.
func (f *function) loop(s *ast.ForStmt, metered bool) bool {
	if s.Init != nil {
		f.statement(s.Init)
	}
	out, again := f.named("out"), f.named("again")
	leaves, repeats := usesBranch(s.Body, token.BREAK), usesBranch(s.Body, token.CONTINUE)
	next := again
	if repeats && s.Post != nil {
		next = f.named("next")
	}
	f.breaks, f.repeats = append(f.breaks, out), append(f.repeats, next)
	f.line("block (%s) {", out)
	f.region(func() bool {
		attribute := ""
		if metered {
			attribute = "metered true "
		}
		f.line("loop %s(%s) {", attribute, again)
		f.region(func() bool {
			if s.Cond != nil {
				f.jump(s.Cond, false, out)
			}
			ended := false
			if next != again {
				f.line("block (%s) {", next)
				f.region(func() bool { return f.block(s.Body) })
				f.line("}")
			} else {
				ended = f.block(s.Body)
			}
			if !ended {
				if s.Post != nil {
					f.statement(s.Post)
				}
				f.line("br %s", again)
			}
			return true
		})
		f.line("}")
		return true
	})
	f.line("}")
	f.breaks, f.repeats = f.breaks[:len(f.breaks)-1], f.repeats[:len(f.repeats)-1]
	f.endsInTerminator = false
	return s.Cond == nil && !leaves
}

// usesBranch reports whether a break or continue of this very loop stands in a body.
func usesBranch(body *ast.BlockStmt, tok token.Token) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt:
			return false
		case *ast.BranchStmt:
			found = found || n.Tok == tok
		}
		return true
	})
	return found
}

func isShortCircuit(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return isShortCircuit(e.X)
	case *ast.UnaryExpr:
		return e.Op == token.NOT && isShortCircuit(e.X)
	case *ast.BinaryExpr:
		return e.Op == token.LAND || e.Op == token.LOR
	}
	return false
}

// jump branches to a label when the condition is as wanted, and goes on otherwise.
func (f *function) jump(e ast.Expr, wanted bool, label string) {
	switch x := e.(type) {
	case *ast.ParenExpr:
		f.jump(x.X, wanted, label)
		return
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			f.jump(x.X, !wanted, label)
			return
		}
	case *ast.BinaryExpr:
		if x.Op != token.LAND && x.Op != token.LOR {
			if inverse, ok := inverses[x.Op]; ok && !wanted {
				e = &ast.BinaryExpr{X: x.X, Op: inverse, Y: x.Y, OpPos: x.OpPos}
				if v, ok := f.comparison(e.(*ast.BinaryExpr), x.Op, ""); ok {
					f.line("br_if %s, %s", label, v.name)
					return
				}
				e = x
			}
			break
		}
		// Both operands decide when x && y is to be false or x || y to be true.
		if (x.Op == token.LAND) != wanted {
			f.jump(x.X, wanted, label)
			f.jump(x.Y, wanted, label)
			return
		}
		stay := f.named("stay")
		f.line("block (%s) {", stay)
		f.region(func() bool {
			f.jump(x.X, !wanted, stay)
			f.jump(x.Y, wanted, label)
			return false
		})
		f.line("}")
		return
	}
	c := f.condition(e)
	if !wanted {
		zero := f.op("i32", "", "const 0 : i32")
		c = f.op("i32", "", "icmp %s, %s \"eq\"", c, zero.name).name
	}
	f.line("br_if %s, %s", label, c)
}

func (f *function) condition(e ast.Expr) string {
	v := f.expression(e, "i32", "")
	if cirTypes[v.kind] != "i32" {
		f.fail(e, "a condition is an i32, not %s", v.kind)
	}
	return v.name
}
