package estimate_test

import (
	"math"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/estimate"
)

const tables = `cir 1
table @orders rows 1000 {
  o_key: i32 distinct 1000 min 1 max 1000
  o_customer: i32 distinct 100 min 1 max 100
  o_date: date distinct 365 min "1994-01-01" max "1994-12-31"
  o_note: string?
  o_price: decimal<10,2> distinct 900 min 0.00 max 100.00
}
table @customer rows 100 {
  c_key: i32 distinct 100 min 1 max 100
  c_nation: string distinct 25
}
table @unknown {
  u_key: i32
}
`

// rows estimates the last bag of a flow given as its operators.
func rows(t *testing.T, body string) float64 {
	t.Helper()
	m, list := ir.Parse(diag.NewFile("case", tables+"flow @f() -> bag<{}> {\n"+body+"\n  return %x [] labels []\n}\n"))
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	f := m.Functions[0]
	return estimate.New(m, f).Rows(f.Body.Terminator().Operands[0])
}

func filter(condition string) string {
	return "  %o = scan @orders columns [o_key, o_customer, o_date, o_note, o_price] : bag<{o_key: i32, o_customer: i32, o_date: date, o_note: string?, o_price: decimal<10,2>}>\n" +
		"  %x = filter %o (%r) {\n" + condition + "\n    yield %p\n  }"
}

func join(kind, input string) string {
	return "  %o = scan @orders columns [o_key, o_customer] : bag<{o_key: i32, o_customer: i32}>\n" +
		"  %c = scan @customer columns [c_key, c_nation] : bag<{c_key: i32, c_nation: string}>\n" +
		"  %d = filter %c (%r) {\n    %n = field %r \"c_nation\"\n    %k = const \"FRANCE\" : string\n    %p = eq %n, %k\n    yield %p\n  }\n" +
		"  %x = join %o, " + input + " " + kind + " (%l, %s) {\n    %a = field %l \"o_customer\"\n    %b = field %s \"c_key\"\n    %e = eq %a, %b\n    yield %e\n  }"
}

func TestRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		want       float64
	}{
		{"scan", "  %x = scan @orders columns [] : bag<{}>", 1000},
		{"scan without statistics", "  %x = scan @unknown columns [] : bag<{}>", 1000},
		{"values", "  %x = values [(1), (2)] : bag<{a: i32}>", 2},
		{"equality", filter("    %a = field %r \"o_customer\"\n    %b = const 7 : i32\n    %p = eq %a, %b"), 10},
		{"inequality", filter("    %a = field %r \"o_customer\"\n    %b = const 7 : i32\n    %p = ne %a, %b"), 990},
		{"list", filter("    %a = field %r \"o_customer\"\n    %p = in %a [1, 2, 3]"), 30},
		{"one bound", filter("    %a = field %r \"o_price\"\n    %b = const 25.00 : decimal<10,2>\n    %p = lt %a, %b"), 250},
		{"two bounds of one column are one range", filter("    %a = field %r \"o_price\"\n    %b = const 25.00 : decimal<10,2>\n    %c = const 50.00 : decimal<10,2>\n    %d = ge %a, %b\n    %e = lt %a, %c\n    %p = and %d, %e"), 250},
		{"bounds that exclude each other", filter("    %a = field %r \"o_price\"\n    %b = const 25.00 : decimal<10,2>\n    %c = const 50.00 : decimal<10,2>\n    %d = lt %a, %b\n    %e = ge %a, %c\n    %p = and %d, %e"), 1},
		{"outside of the statistics", filter("    %a = field %r \"o_price\"\n    %b = const 200.00 : decimal<10,2>\n    %p = gt %a, %b"), 1},
		{"disjunction", filter("    %a = field %r \"o_customer\"\n    %b = const 7 : i32\n    %c = eq %a, %b\n    %d = field %r \"o_price\"\n    %e = const 50.00 : decimal<10,2>\n    %g = lt %d, %e\n    %p = or %c, %g"), 505},
		{"negation", filter("    %a = field %r \"o_price\"\n    %b = const 25.00 : decimal<10,2>\n    %c = lt %a, %b\n    %p = not %c"), 750},
		{"foreign key", join("inner", "%c"), 1000},
		{"foreign key to a filtered table", join("inner", "%d"), 40},
		{"left join keeps its rows", join("left", "%d"), 1000},
		{"semi join", join("semi", "%d"), 36},
		{"anti join", join("anti", "%d"), 960},
		{"groups", "  %o = scan @orders columns [o_customer] : bag<{o_customer: i32}>\n  %x = aggregate %o [o_customer] aggregates [] (%r) {\n    yield\n  }", 100},
		{"one group", "  %o = scan @orders columns [o_customer] : bag<{o_customer: i32}>\n  %x = aggregate %o [] aggregates [n = count(*)] (%r) {\n    yield\n  }", 1},
		{"limit", "  %o = scan @orders columns [] : bag<{}>\n  %x = limit %o 10 offset 995", 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := rows(t, c.body); math.Abs(got-c.want) > 0.01*c.want {
				t.Errorf("%g rows, want %g", got, c.want)
			}
		})
	}
}
