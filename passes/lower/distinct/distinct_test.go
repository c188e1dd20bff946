package distinct

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

const flow = `cir 1
table @t rows 8 {
  k: i32?
  x: i32?
  y: i64
}
flow @q() -> bag<{k: i32?, a: i64, b: i128, c: i64?, d: i64, e: i64, f: i32?}> {
  %t = scan @t columns [k, x, y] : bag<{k: i32?, x: i32?, y: i64}>
  %g = aggregate %t [k] aggregates [a = count(distinct 0), b = sum(1), c = sum(distinct 0), d = count(*), e = count(distinct 0) filter 2, f = max(distinct 0)] (%r) {
    %x = field %r "x"
    %y = field %r "y"
    %two = const 2 : i64
    %big = gt %y, %two
    yield %x, %y, %big
  }
  return %g [k, a, b, c, d, e, f] labels [k, a, b, c, d, e, f]
}
`

const single = `cir 1
table @t rows 8 {
  k: i32?
  x: i32?
  y: i64
}
flow @q() -> bag<{a: i64, b: i128?}> {
  %t = scan @t columns [x, y] : bag<{x: i32?, y: i64}>
  %g = aggregate %t [] aggregates [a = count(distinct 0), b = sum(1)] (%r) {
    %x = field %r "x"
    %y = field %r "y"
    yield %x, %y
  }
  return %g [a, b] labels [a, b]
}
`

func TestExpandKeepsTheMeaning(t *testing.T) {
	null := ir.NullDatum
	n := ir.IntDatum
	full := map[string]*interp.Table{"t": {Columns: [][]ir.Datum{
		{n(1), n(1), n(1), null, null, n(2), n(1), n(2)},
		{n(5), n(5), null, n(7), n(7), null, n(6), null},
		{n(1), n(2), n(3), n(4), n(5), n(6), n(7), n(8)},
	}, Rows: 8}}
	empty := map[string]*interp.Table{"t": {Columns: [][]ir.Datum{{}, {}, {}}}}
	for _, test := range []struct {
		name, text string
		tables     map[string]*interp.Table
	}{
		{"keys", flow, full},
		{"keys, no rows", flow, empty},
		{"no keys", single, full},
		{"no keys, no rows", single, empty},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := func(expand bool) []string {
				m, list := ir.Parse(diag.NewFile("flow", test.text))
				if err := list.Err(); err != nil {
					t.Fatal(err)
				}
				if expand {
					if !Expand(m) {
						t.Fatal("nothing was expanded")
					}
					if Expand(m) {
						t.Error("there is still something to expand")
					}
					if err := ir.Verify(m).Err(); err != nil {
						t.Fatalf("%v\n%s", err, m)
					}
				}
				result, err := interp.Run(context.Background(), m, "q", test.tables, nil)
				if err != nil {
					t.Fatal(err)
				}
				var rows []string
				for i := range result.Rows {
					row := ""
					for c := range result.Columns {
						row += ir.FormatDatum(result.Types[c], result.Columns[c][i]) + "|"
					}
					rows = append(rows, row)
				}
				slices.Sort(rows)
				return rows
			}
			if diff := cmp.Diff(run(false), run(true)); diff != "" {
				t.Errorf("expanding changes the result (-before +after):\n%s", diff)
			}
		})
	}
}
