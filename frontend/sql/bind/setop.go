package bind

import (
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// setOperation binds UNION and UNION ALL. A chain is one union of many inputs.
func (b *binder) setOperation(node *ast.SetOperation) *relation {
	missing := ""
	switch {
	case node.Operator == ast.Except:
		missing = "EXCEPT is"
	case node.Operator == ast.Intersect:
		missing = "INTERSECT is"
	case node.ByName:
		missing = "UNION BY NAME is"
	}
	if missing != "" {
		left, right := node.Left.Span(), node.Right.Span()
		b.notYet(diag.Span{Start: left.End, End: right.Start}, "", "%s", missing)
		first := b.body(node.Left)
		b.body(node.Right) // for its mistakes
		return first
	}
	parts := chain(nil, node, node.All)
	inputs := make([]*relation, len(parts))
	for i, part := range parts {
		inputs[i] = b.body(part)
	}
	result := b.union(inputs, parts, node.Span())
	if !node.All {
		b.distinct(result, node.Span())
	}
	return result
}

// chain lists the inputs of unions on the left that can be one: duplicates that an
// inner UNION takes away do not matter when the outer one does so anyway.
func chain(parts []ast.QueryExpr, body ast.QueryExpr, all bool) []ast.QueryExpr {
	inner, ok := body.(*ast.SetOperation)
	if !ok || inner.Operator != ast.Union || inner.ByName || all && !inner.All {
		return append(parts, body)
	}
	return append(chain(parts, inner.Left, all), inner.Right)
}

// union puts rows together; columns take their common type and the names of the
// first input.
func (b *binder) union(inputs []*relation, parts []ast.QueryExpr, span diag.Span) *relation {
	first := inputs[0]
	result := &relation{}
	for i, in := range inputs {
		result.unknown = result.unknown || in.unknown
		if len(in.columns) != len(first.columns) && !in.unknown && !first.unknown {
			b.report(diag.New(codeColumns, "UNION of %d columns with %d", len(first.columns), len(in.columns)).
				At(b.file, parts[i].Span(), "%d columns", len(in.columns)).
				Label(b.file, parts[0].Span(), "%d columns", len(first.columns)))
			result.unknown = true
		}
	}
	if result.unknown {
		result.columns = first.columns
		return result
	}
	names := make([]string, len(first.columns))
	types := make([]ir.Type, len(first.columns))
	for c := range first.columns {
		label := first.columns[c].label
		types[c] = b.unionType(inputs, parts, c)
		names[c] = b.fresh(hintOf(label))
		t := types[c]
		for _, in := range inputs {
			t.Nullable = t.Nullable || in.columns[c].typ.Nullable
		}
		result.columns = append(result.columns, column{label: label, name: names[c], typ: t})
	}
	if b.failed() {
		return result
	}
	values := make([]*ir.Value, len(inputs))
	for i, in := range inputs {
		values[i] = b.aligned(in, types, parts[i].Span())
	}
	b.builder.Span = span
	result.value = b.builder.Op(ir.OpUnion, values, ir.Attr("names", names)).Result()
	result.refresh()
	return result
}

// unionType is the common type of a column.
func (b *binder) unionType(inputs []*relation, parts []ast.QueryExpr, c int) ir.Type {
	t := ir.Of(ir.Null)
	for i, in := range inputs {
		if in.columns[c].typ.Kind == ir.Invalid {
			continue // it had a mistake
		}
		common, ok := commonType(t, in.columns[c].typ)
		if !ok {
			b.report(diag.New(codeTypes, "column %d of UNION is %s and %s", c+1, typeName(t), typeName(in.columns[c].typ)).
				At(b.file, parts[i].Span(), "%s here", typeName(in.columns[c].typ)).
				Label(b.file, parts[0].Span(), "%s here", typeName(t)).
				Helpf("convert one of them with CAST"))
			return t
		}
		t = common.WithNull(false)
	}
	return t
}

// aligned gives an input the columns of the union, by position and of its types.
func (b *binder) aligned(r *relation, types []ir.Type, span diag.Span) *ir.Value {
	same := len(r.value.Type.Fields) == len(types)
	names := make([]string, len(types))
	values := make([]*scalar, len(types))
	seen := map[string]bool{}
	for i := range types {
		c := &r.columns[i]
		names[i] = c.name
		values[i] = b.cast(b.column(c.name, c.typ, span), types[i], span)
		through := values[i].code == ir.OpField && !seen[c.name]
		seen[c.name] = true
		if !through {
			names[i] = b.fresh(hintOf(c.label))
		}
		same = same && through && r.value.Type.Fields[i].Name == c.name
	}
	if same {
		return r.value
	}
	return b.project(r.value, names, values, span)
}

// values binds VALUES.
func (b *binder) values(node *ast.Values) *relation {
	if len(node.Rows) == 0 {
		b.silent = true // the parser has complained
		return &relation{unknown: true}
	}
	width := len(node.Rows[0].Items)
	if b.tooMany(width, maxColumns, "a row of VALUES", node.Rows[0].Span()) {
		return &relation{unknown: true}
	}
	rows := make([][]*scalar, len(node.Rows))
	result := &relation{}
	for i, row := range node.Rows {
		if len(row.Items) != width {
			b.report(diag.New(codeColumns, "VALUES has rows of %d and %d columns", width, len(row.Items)).
				At(b.file, row.Span(), "%d columns", len(row.Items)).
				Label(b.file, node.Rows[0].Span(), "%d columns", width))
			result.unknown = true
		}
		rows[i] = make([]*scalar, len(row.Items))
		for c, e := range row.Items {
			rows[i][c] = b.within(&scope{place: "VALUES", relation: &relation{}}, e)
		}
	}
	if result.unknown {
		return result
	}
	constant := true
	for c := range width {
		column := b.valuesColumn(rows, c)
		for i := range rows {
			constant = constant && rows[i][c].code == ir.OpConst
			column.typ.Nullable = column.typ.Nullable || rows[i][c].typ.Nullable
		}
		result.columns = append(result.columns, column)
	}
	if b.failed() {
		return result
	}
	if constant {
		result.value = b.literalRows(rows, result.columns, node.Span())
		return result
	}
	b.computedRows(rows, result, node)
	return result
}

// valuesColumn converts a column of VALUES to its common type.
func (b *binder) valuesColumn(rows [][]*scalar, c int) column {
	cells := make([]*scalar, len(rows))
	for i := range rows {
		cells[i] = rows[i][c]
	}
	b.unify(cells, "the rows of VALUES")
	t := ir.Of(ir.Null).WithNull(true)
	for i := range rows {
		rows[i][c] = cells[i]
		if !cells[i].bad() {
			t = cells[i].typ.WithNull(t.Nullable && t.Kind != ir.Null)
		}
	}
	label := "column" + itoa(c+1)
	return column{label: label, name: b.fresh(label), typ: t}
}

func fieldsOf(columns []column) []ir.Field {
	fields := make([]ir.Field, len(columns))
	for i := range columns {
		fields[i] = ir.Field{Name: columns[i].name, Type: columns[i].typ}
	}
	return fields
}

func (b *binder) literalRows(rows [][]*scalar, columns []column, span diag.Span) *ir.Value {
	data := make([][]ir.Datum, len(rows))
	for i, row := range rows {
		data[i] = make([]ir.Datum, len(row))
		for c, v := range row {
			data[i][c] = v.value
		}
	}
	b.builder.Span = span
	return b.builder.Op(ir.OpValues, nil, ir.Attr("rows", data), ir.Attr("type", ir.BagType(fieldsOf(columns)...))).Result()
}

// computedRows makes VALUES with expressions: a union of projections of one row.
func (b *binder) computedRows(rows [][]*scalar, result *relation, node *ast.Values) {
	inputs := make([]*ir.Value, len(rows))
	names := make([]string, len(result.columns))
	for i, row := range rows {
		own := make([]string, len(row))
		for c := range row {
			own[c] = b.fresh(result.columns[c].label)
		}
		inputs[i] = b.project(b.single(node.Rows[i].Span()).value, own, row, node.Rows[i].Span())
	}
	for c := range names {
		names[c] = result.columns[c].name
	}
	b.builder.Span = node.Span()
	result.value = b.builder.Op(ir.OpUnion, inputs, ir.Attr("names", names)).Result()
	result.refresh()
}
