package bind

import (
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// orderKey is an item of ORDER BY.
type orderKey struct {
	value      *scalar
	descending bool
	nullsFirst bool
	span       diag.Span
}

func (o *orderKey) key(column string) ir.SortKey {
	return ir.SortKey{Column: column, Descending: o.descending, NullsFirst: o.nullsFirst}
}

// direction reads ASC, DESC and NULLS. NULL is larger than all values.
func direction(item *ast.OrderItem, value *scalar, span diag.Span) orderKey {
	first := item.Descending
	switch item.Nulls {
	case ast.NullsFirst:
		first = true
	case ast.NullsLast:
		first = false
	case ast.NullsDefault: // as the direction has it
	}
	return orderKey{value: value, descending: item.Descending, nullsFirst: first, span: span}
}

// orderBy binds ORDER BY of a SELECT: a name or number of an item, or an expression
// over the columns of FROM.
func (s *selection) orderBy(order []*ast.OrderItem) {
	b := s.binder
	if len(order) > 0 && b.tooMany(len(order), maxColumns, "ORDER BY", order[0].Span()) {
		return
	}
	for _, node := range order {
		if node.All {
			for _, it := range s.items {
				s.order = append(s.order, direction(node, it.value, it.span))
			}
			continue
		}
		span := node.Expr.Span()
		if at, is := b.ordinal(node.Expr, len(s.items), "ORDER BY", s.input.unknown); is {
			if at >= 0 {
				s.order = append(s.order, direction(node, s.items[at].value, span))
			}
			continue
		}
		if ref, ok := node.Expr.(*ast.ColumnRef); ok && len(ref.Parts) == 1 {
			if value, found := s.outputNamed(ref); found {
				s.order = append(s.order, direction(node, value, span))
				continue
			}
		}
		s.order = append(s.order, direction(node, b.text(b.within(s.scope(), node.Expr)), span))
	}
}

// outputNamed finds the item that a bare name in ORDER BY means; the names of items
// come before those of columns. Two equal items are no ambiguity.
func (s *selection) outputNamed(ref *ast.ColumnRef) (value *scalar, found bool) {
	for _, it := range s.items {
		if !matches(ref.Parts[0], it.label) {
			continue
		}
		if value != nil && value.number != it.value.number && !it.value.bad() && !value.bad() {
			b := s.binder
			b.report(diag.New(codeAmbiguous, "%q is ambiguous in ORDER BY", fold(ref.Parts[0])).
				At(b.file, ref.Span(), "two columns of the result have this name").
				Label(b.file, value.span, "one").Label(b.file, it.span, "another").
				Helpf("write its number: ORDER BY 1"))
			return b.badAt(ref.Span()), true
		}
		if value == nil {
			value = it.value
		}
	}
	return value, value != nil
}

// sort orders rows.
func (b *binder) sort(r *relation, keys []ir.SortKey, span diag.Span) {
	if b.failed() || len(keys) == 0 {
		return
	}
	b.builder.Span = span
	r.value = b.builder.Op(ir.OpSort, []*ir.Value{r.value}, ir.Attr("keys", keys)).Result()
}

// sortResult binds ORDER BY of what is not a SELECT: only names and numbers of
// columns of the result are known.
func (b *binder) sortResult(r *relation, order []*ast.OrderItem) {
	if len(order) > 0 && b.tooMany(len(order), maxColumns, "ORDER BY", order[0].Span()) {
		return
	}
	var keys []ir.SortKey
	add := func(node *ast.OrderItem, name string) {
		o := direction(node, nil, node.Span())
		for _, k := range keys {
			if k.Column == name {
				return
			}
		}
		keys = append(keys, o.key(name))
	}
	for _, node := range order {
		if node.All {
			for i := range r.columns {
				add(node, r.columns[i].name)
			}
			continue
		}
		if at, is := b.ordinal(node.Expr, len(r.columns), "ORDER BY", r.unknown); is {
			if at >= 0 {
				add(node, r.columns[at].name)
			}
			continue
		}
		ref, ok := node.Expr.(*ast.ColumnRef)
		if !ok {
			b.report(diag.New(codeOrdinal, "ORDER BY of a set operation takes names and numbers of its columns").
				At(b.file, node.Expr.Span(), "an expression").
				Helpf("write SELECT * FROM (...) ORDER BY ..."))
			continue
		}
		for i := range r.columns { // the result as a table without a name
			r.columns[i].hidden = false
		}
		if v := b.within(&scope{relation: r}, ref); !v.bad() {
			add(node, v.name)
		}
	}
	var span diag.Span
	if len(order) > 0 {
		span = order[0].Span()
	}
	b.sort(r, keys, span)
}

// limit binds LIMIT and OFFSET.
func (b *binder) limit(q *ast.Query, r *relation) {
	if q.Limit == nil && q.Offset == nil {
		return
	}
	if q.WithTies {
		b.notYet(q.Limit.Span(), "", "WITH TIES is")
	}
	count, offset := int64(-1), int64(0)
	span := q.Span()
	if q.Limit != nil {
		count = b.rowCount(q.Limit, "LIMIT", -1)
		span = q.Limit.Span()
	}
	if q.Offset != nil {
		offset = b.rowCount(q.Offset, "OFFSET", 0)
		span = span.Cover(q.Offset.Span())
	}
	if b.failed() || count < 0 && offset == 0 {
		return
	}
	b.builder.Span = span
	r.value = b.builder.Op(ir.OpLimit, []*ir.Value{r.value}, ir.Attr("count", count), ir.Attr("offset", offset)).Result()
}

// rowCount folds a number of rows. NULL means none given.
func (b *binder) rowCount(e ast.Expr, clause string, absent int64) int64 {
	v := b.within(&scope{place: clause}, e)
	switch {
	case v.bad():
		return absent
	case v.isNull():
		return absent
	case v.code == ir.OpParameter:
		b.notYet(e.Span(), "write the number", "parameters in "+clause+" are")
		return absent
	}
	d := diag.New(codeLimit, "%s takes a number of rows", clause)
	if v.code != ir.OpConst || !v.typ.IsInteger() {
		b.report(d.At(b.file, e.Span(), "not an integer that is known beforehand"))
		return absent
	}
	n, ok := v.value.Int128().Int64()
	if v.value.High < 0 {
		b.report(d.At(b.file, e.Span(), "negative"))
		return absent
	}
	if !ok {
		b.report(d.At(b.file, e.Span(), "no table has so many rows"))
		return absent
	}
	return n
}
