package sql_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
)

// TestPrintedTreesParse draws trees that no text led to and checks that their
// printed form parses to the same tree: the parentheses are right for every pair
// of operators.
func TestPrintedTreesParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		query := drawQuery(t, 3)
		text := ast.Format(query)
		tree, list := sql.Parse(diag.NewFile("drawn", text))
		if len(list) > 0 {
			t.Fatalf("%s\n%s", text, compact(list))
		}
		want := &ast.File{Statements: []ast.Statement{&ast.QueryStatement{Query: query}}}
		if diff := cmp.Diff(want, tree, ignoreSpans); diff != "" {
			t.Fatalf("%s\n%s", text, diff)
		}
	})
}

func drawIdent(t *rapid.T) *ast.Ident {
	name := rapid.SampledFrom([]string{"a", "b", "Value", "date", "interval", "order", "x y", `q"q`, "ä", "end", "values"}).Draw(t, "name")
	return &ast.Ident{Name: name, Quoted: name == "order" || name == "x y" || name == `q"q` || name == "end" || name == "values"}
}

func drawOptional(t *rapid.T, depth int) ast.Expr {
	if rapid.Bool().Draw(t, "present") {
		return drawExpr(t, depth)
	}
	return nil
}

func drawExprs(t *rapid.T, depth, least int) []ast.Expr {
	list := make([]ast.Expr, rapid.IntRange(least, least+2).Draw(t, "length"))
	for i := range list {
		list[i] = drawExpr(t, depth)
	}
	return list
}

func drawType(t *rapid.T) *ast.TypeName {
	return rapid.SampledFrom([]*ast.TypeName{
		{Name: "int"},
		{Name: "decimal", Modifiers: []int64{15, 2}},
		{Name: "text", Dimensions: 2},
		{Name: "double precision"},
		{Name: "timestamp with time zone", Modifiers: []int64{3}},
		{Name: "character varying", Modifiers: []int64{5}},
		{Name: "struct", Arguments: []*ast.TypeField{{Name: &ast.Ident{Name: "a"}, Type: &ast.TypeName{Name: "double precision"}}}},
	}).Draw(t, "type")
}

func drawLeaf(t *rapid.T) ast.Expr {
	switch rapid.IntRange(0, 8).Draw(t, "leaf") {
	case 0:
		return &ast.Literal{Kind: ast.IntegerLiteral, Text: "42"}
	case 1:
		return &ast.Literal{Kind: ast.StringLiteral, Text: rapid.SampledFrom([]string{"", "it's", `\n`, "--"}).Draw(t, "text")}
	case 2:
		return &ast.Literal{Kind: ast.NullLiteral}
	case 3:
		return &ast.TypedLiteral{Type: &ast.TypeName{Name: "date"}, Text: "1995-01-01"}
	case 4:
		return &ast.IntervalLiteral{Value: &ast.Literal{Kind: ast.StringLiteral, Text: "3"}, From: "MONTH", Precision: -1}
	case 5:
		return &ast.Parameter{Index: 7}
	case 6:
		return &ast.Literal{Kind: ast.DecimalLiteral, Text: "1.50"}
	default:
		return &ast.ColumnRef{Parts: []*ast.Ident{drawIdent(t), drawIdent(t)}[rapid.IntRange(0, 1).Draw(t, "qualified"):]}
	}
}

func drawExpr(t *rapid.T, depth int) ast.Expr {
	if depth == 0 {
		return drawLeaf(t)
	}
	sub := func() ast.Expr { return drawExpr(t, depth-1) }
	not := func() bool { return rapid.Bool().Draw(t, "not") }
	switch rapid.IntRange(0, 23).Draw(t, "kind") {
	case 0:
		return &ast.Unary{Operator: ast.UnaryOperator(rapid.IntRange(0, int(ast.BitNot)).Draw(t, "operator")), Operand: sub()}
	case 1, 2, 3, 4:
		return &ast.Binary{Operator: ast.BinaryOperator(rapid.IntRange(0, int(ast.Overlaps)).Draw(t, "operator")), Left: sub(), Right: sub()}
	case 5, 6:
		return &ast.Logical{Operator: ast.LogicalOperator(rapid.IntRange(0, 1).Draw(t, "operator")), Operands: drawExprs(t, depth-1, 2)}
	case 7:
		return &ast.IsTest{Operand: sub(), Not: not(), Test: ast.Test(rapid.IntRange(0, 3).Draw(t, "test"))}
	case 8:
		return &ast.Between{Operand: sub(), Low: sub(), High: sub(), Not: not(), Symmetric: not()}
	case 9:
		return &ast.InList{Operand: sub(), Not: not(), List: drawExprs(t, depth-1, 1)}
	case 10:
		return &ast.InQuery{Operand: sub(), Not: not(), Query: drawQuery(t, depth-1)}
	case 11:
		return &ast.Like{Operand: sub(), Pattern: sub(), Kind: ast.LikeKind(rapid.IntRange(0, 2).Draw(t, "like")), Not: not(), Escape: drawOptional(t, depth-1)}
	case 12:
		return &ast.Case{Operand: drawOptional(t, depth-1), Whens: []*ast.When{{Condition: sub(), Result: sub()}}, Else: drawOptional(t, depth-1)}
	case 13:
		return &ast.Cast{Operand: sub(), Type: drawType(t), Try: not()}
	case 14:
		return &ast.Call{Name: []*ast.Ident{{Name: "f"}}, Distinct: not(), Arguments: drawExprs(t, depth-1, 1), Filter: drawOptional(t, depth-1)}
	case 15:
		return &ast.Call{Name: []*ast.Ident{{Name: "sum"}}, Arguments: drawExprs(t, depth-1, 1), Over: &ast.Window{
			PartitionBy: drawExprs(t, depth-1, 0),
			Frame:       &ast.Frame{Start: ast.FrameBound{Kind: ast.Preceding, Offset: sub()}, End: ast.FrameBound{Kind: ast.Following, Offset: sub()}},
		}}
	case 16:
		return &ast.Subquery{Query: drawQuery(t, depth-1)}
	case 17:
		return &ast.Quantified{Operand: sub(), Operator: ast.Less, All: not(), Query: drawQuery(t, depth-1)}
	case 18:
		return &ast.Row{Items: drawExprs(t, depth-1, 2)}
	case 19:
		return &ast.Array{Items: drawExprs(t, depth-1, 0)}
	case 20:
		if not() {
			return &ast.Field{Operand: sub(), Name: drawIdent(t)}
		}
		return &ast.Index{Operand: sub(), Subscript: sub()}
	case 21:
		return &ast.AtTimeZone{Operand: sub(), Zone: sub()}
	case 22:
		return &ast.Position{Needle: sub(), Haystack: sub()}
	default:
		return &ast.Trim{Side: ast.TrimLeading, Characters: drawOptional(t, depth-1), Operand: sub()}
	}
}

func drawQuery(t *rapid.T, depth int) *ast.Query {
	query := &ast.Query{Body: drawBody(t, max(depth, 0))}
	if rapid.Bool().Draw(t, "ordered") {
		query.OrderBy = []*ast.OrderItem{{Expr: drawExpr(t, max(depth-1, 0)), Descending: rapid.Bool().Draw(t, "descending")}}
	}
	query.Limit = drawOptional(t, 0)
	// A query that is nothing but another one is not a tree of the parser.
	if inner, ok := query.Body.(*ast.Query); ok && query.OrderBy == nil && query.Limit == nil {
		return inner
	}
	return query
}

func drawBody(t *rapid.T, depth int) ast.QueryExpr {
	if depth > 0 && rapid.IntRange(0, 2).Draw(t, "body") == 0 {
		operand := func() ast.QueryExpr {
			query := drawQuery(t, depth-1)
			if query.OrderBy == nil && query.Limit == nil {
				return query.Body
			}
			return query
		}
		return &ast.SetOperation{Operator: ast.SetOperator(rapid.IntRange(0, 2).Draw(t, "operator")), All: rapid.Bool().Draw(t, "all"), Left: operand(), Right: operand()}
	}
	item := &ast.SelectItem{Expr: drawExpr(t, depth)}
	if rapid.Bool().Draw(t, "aliased") {
		item.Alias = drawIdent(t)
	}
	result := &ast.Select{Items: []*ast.SelectItem{item}}
	if depth > 0 && rapid.Bool().Draw(t, "from") {
		result.From = []ast.TableExpr{drawTable(t, depth-1)}
		result.Where = drawOptional(t, depth-1)
	}
	return result
}

func drawTable(t *rapid.T, depth int) ast.TableExpr {
	alias := &ast.Alias{Name: drawIdent(t)}
	if depth > 0 {
		switch rapid.IntRange(0, 2).Draw(t, "table") {
		case 0:
			return &ast.Join{Kind: ast.LeftJoin, Left: drawTable(t, depth-1), Right: drawTable(t, depth-1), On: drawExpr(t, depth-1)}
		case 1:
			return &ast.DerivedTable{Query: drawQuery(t, depth-1), Alias: alias}
		}
	}
	return &ast.TableName{Parts: []*ast.Ident{{Name: "t"}}, Alias: alias}
}
