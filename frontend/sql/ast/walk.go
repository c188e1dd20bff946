package ast

// Inspect visits node and all nodes below it in the order of the text, each
// before its children. Children of a node for which visit gives false are left
// out. A nil node is no node.
func Inspect(node Node, visit func(Node) bool) {
	if node == nil || !visit(node) {
		return
	}
	node.children(func(child Node) { Inspect(child, visit) })
}

// Walk calls enter before and leave after the children of every node. Children
// of a node for which enter gives false are left out; leave is called all the
// same.
func Walk(node Node, enter func(Node) bool, leave func(Node)) {
	if node == nil {
		return
	}
	if enter(node) {
		node.children(func(child Node) { Walk(child, enter, leave) })
	}
	leave(node)
}

// one visits an optional child; a nil interface is no child.
func one(visit func(Node), expr Expr) {
	if expr != nil {
		visit(expr)
	}
}

func all[N Node](visit func(Node), nodes []N) {
	for _, node := range nodes {
		visit(node)
	}
}

// some visits an optional child of pointer type.
func some[T any, N interface {
	*T
	Node
}](visit func(Node), node N) {
	if node != nil {
		visit(node)
	}
}

func (f *File) children(visit func(Node))           { all(visit, f.Statements) }
func (*Ident) children(func(Node))                  {}
func (s *QueryStatement) children(visit func(Node)) { visit(s.Query) }
func (s *Explain) children(visit func(Node))        { visit(s.Statement) }
func (*BadStatement) children(func(Node))           {}
func (*BadQuery) children(func(Node))               {}
func (*BadTable) children(func(Node))               {}
func (*BadExpr) children(func(Node))                {}

func (q *Query) children(visit func(Node)) {
	all(visit, q.With)
	visit(q.Body)
	all(visit, q.OrderBy)
	one(visit, q.Limit)
	one(visit, q.Offset)
}

func (c *CommonTable) children(visit func(Node)) {
	visit(c.Name)
	all(visit, c.Columns)
	visit(c.Query)
}

func (s *Select) children(visit func(Node)) {
	all(visit, s.DistinctOn)
	all(visit, s.Items)
	all(visit, s.From)
	one(visit, s.Where)
	some(visit, s.GroupBy)
	one(visit, s.Having)
	all(visit, s.Windows)
	one(visit, s.Qualify)
}

func (i *SelectItem) children(visit func(Node)) {
	visit(i.Expr)
	some(visit, i.Alias)
}

func (s *SetOperation) children(visit func(Node)) {
	visit(s.Left)
	visit(s.Right)
}

func (v *Values) children(visit func(Node))  { all(visit, v.Rows) }
func (g *GroupBy) children(visit func(Node)) { all(visit, g.Items) }

func (g *GroupItem) children(visit func(Node)) {
	one(visit, g.Expr)
	all(visit, g.Items)
}

func (o *OrderItem) children(visit func(Node)) { one(visit, o.Expr) }

func (w *NamedWindow) children(visit func(Node)) {
	visit(w.Name)
	visit(w.Window)
}

func (w *Window) children(visit func(Node)) {
	some(visit, w.Name)
	all(visit, w.PartitionBy)
	all(visit, w.OrderBy)
	some(visit, w.Frame)
}

func (f *Frame) children(visit func(Node)) {
	one(visit, f.Start.Offset)
	one(visit, f.End.Offset)
}

func (a *Alias) children(visit func(Node)) {
	visit(a.Name)
	all(visit, a.Columns)
}

func (t *TableName) children(visit func(Node)) {
	all(visit, t.Parts)
	some(visit, t.Alias)
}

func (t *FileTable) children(visit func(Node)) { some(visit, t.Alias) }

func (t *TableFunction) children(visit func(Node)) {
	visit(t.Call)
	some(visit, t.Alias)
}

func (t *DerivedTable) children(visit func(Node)) {
	visit(t.Query)
	some(visit, t.Alias)
}

func (j *Join) children(visit func(Node)) {
	visit(j.Left)
	visit(j.Right)
	one(visit, j.On)
	all(visit, j.Using)
}

func (*Literal) children(func(Node))                 {}
func (l *TypedLiteral) children(visit func(Node))    { visit(l.Type) }
func (l *IntervalLiteral) children(visit func(Node)) { visit(l.Value) }
func (*Parameter) children(func(Node))               {}
func (c *ColumnRef) children(visit func(Node))       { all(visit, c.Parts) }
func (u *Unary) children(visit func(Node))           { visit(u.Operand) }
func (l *Logical) children(visit func(Node))         { all(visit, l.Operands) }
func (t *IsTest) children(visit func(Node))          { visit(t.Operand) }
func (r *Row) children(visit func(Node))             { all(visit, r.Items) }
func (a *Array) children(visit func(Node))           { all(visit, a.Items) }
func (s *Subquery) children(visit func(Node))        { visit(s.Query) }
func (e *Exists) children(visit func(Node))          { visit(e.Query) }

func (s *Star) children(visit func(Node)) {
	all(visit, s.Qualifier)
	all(visit, s.Exclude)
	all(visit, s.Replace)
}

func (b *Binary) children(visit func(Node)) {
	visit(b.Left)
	visit(b.Right)
}

func (b *Between) children(visit func(Node)) {
	visit(b.Operand)
	visit(b.Low)
	visit(b.High)
}

func (i *InList) children(visit func(Node)) {
	visit(i.Operand)
	all(visit, i.List)
}

func (i *InQuery) children(visit func(Node)) {
	visit(i.Operand)
	visit(i.Query)
}

func (l *Like) children(visit func(Node)) {
	visit(l.Operand)
	visit(l.Pattern)
	one(visit, l.Escape)
}

func (c *Case) children(visit func(Node)) {
	one(visit, c.Operand)
	all(visit, c.Whens)
	one(visit, c.Else)
}

func (w *When) children(visit func(Node)) {
	visit(w.Condition)
	visit(w.Result)
}

func (c *Cast) children(visit func(Node)) {
	visit(c.Operand)
	visit(c.Type)
}

func (t *TypeName) children(visit func(Node)) { all(visit, t.Arguments) }

func (f *TypeField) children(visit func(Node)) {
	some(visit, f.Name)
	visit(f.Type)
}

func (e *Extract) children(visit func(Node)) {
	visit(e.Field)
	visit(e.Operand)
}

func (p *Position) children(visit func(Node)) {
	visit(p.Needle)
	visit(p.Haystack)
}

func (t *Trim) children(visit func(Node)) {
	one(visit, t.Characters)
	visit(t.Operand)
}

func (c *Call) children(visit func(Node)) {
	all(visit, c.Name)
	all(visit, c.Arguments)
	all(visit, c.OrderBy)
	all(visit, c.WithinGroup)
	one(visit, c.Filter)
	some(visit, c.Over)
}

func (n *NamedArgument) children(visit func(Node)) {
	visit(n.Name)
	visit(n.Value)
}

func (q *Quantified) children(visit func(Node)) {
	visit(q.Operand)
	some(visit, q.Query)
	one(visit, q.Array)
}

func (s *Struct) children(visit func(Node)) {
	for i := range s.Names {
		visit(s.Names[i])
		visit(s.Values[i])
	}
}

func (i *Index) children(visit func(Node)) {
	visit(i.Operand)
	visit(i.Subscript)
}

func (s *Slice) children(visit func(Node)) {
	visit(s.Operand)
	one(visit, s.Low)
	one(visit, s.High)
}

func (f *Field) children(visit func(Node)) {
	visit(f.Operand)
	visit(f.Name)
}

func (c *Collate) children(visit func(Node)) {
	visit(c.Operand)
	all(visit, c.Name)
}

func (a *AtTimeZone) children(visit func(Node)) {
	visit(a.Operand)
	visit(a.Zone)
}
