package interp

import (
	"context"
	"errors"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

func TestRunPipes(t *testing.T) {
	const head = `cir 1
table @t rows 3 {
  k: i32?
  s: string
}
`
	tables := map[string]*Table{"t": {Rows: 3, Columns: [][]ir.Datum{
		{ir.IntDatum(1), ir.NullDatum, ir.IntDatum(2)},
		{ir.TextDatum("a"), ir.TextDatum("b"), ir.TextDatum("c")},
	}}}
	const build = `state @h hash_table {k2: i32?, v: string} keys 1 unmatched
state @out buffer {k: i32?, v: string?}
pipe @build() {
  %k, %v = source_values [(1, "one"), (1, "uno"), (null, "none"), (7, "seven")] fields {k2: i32?, v: string}
  build %k, %v @h
}
`
	probe := func(kind, carry string) string {
		results, value := "%k2, %v = ", "%v"
		if carry == "" {
			results, value = "", "%none"
		}
		return build + "pipe @probe() {\n  %k, %s = source_table @t columns [k, s] fields {k: i32?, s: string}\n  %none = const null : string?\n  " +
			results + "probe %k @h kind " + kind + ` fields {k2: i32?, v: string} (%r) {
    %w = field %r "v"
    %u = const "uno" : string
    %c = ne %w, %u
    yield %c
  }
  emit %k, ` + value + ` @out
}
pipe @rest() {
  %k2, %v = source_unmatched @h fields {k2: i32?, v: string}
  emit %k2, %v @out
}
`
	}
	const all = "pipe @main() {\n  run @build\n  run @probe\n  result @out columns [k, v] labels [k, v]\n}\n"
	const withRest = "pipe @main() {\n  run @build\n  run @probe\n  run @rest\n  result @out columns [k, v] labels [k, v]\n}\n"
	aggregate := func(keys string) string {
		return `state @g aggregate {k: i32?, n: i64, m: string?, t: i64?} keys 1 aggregates [count, max, sum]
state @o sort {k: i32?, n: i64, m: string?, t: i64?} order [n desc, k nulls first] limit 2 offset 0
pipe @group() {
  %k, %s = source_values [` + keys + `] fields {k: i32?, s: string}
  %c = is_null %k
  %n = not %c
  aggregate_into %k, %n, %s, %k @g
}
pipe @order() {
  %k, %n, %m, %t = source_state @g fields {k: i32?, n: i64, m: string?, t: i64?}
  sort_into %k, %n, %m, %t @o
}
pipe @main() {
  run @group
  run @order
  result @o columns [k, n, m, t] labels [k, n, m, t]
}
`
	}
	for _, test := range []struct{ name, text, want string }{
		{"inner", probe("inner", "v") + all, "[k v]\n1 | \"one\"\n"},
		{"left", probe("left", "v") + all, "[k v]\n1 | \"one\"\nnull | null\n2 | null\n"},
		{"semi", probe("semi", "") + all, "[k v]\n1 | null\n"},
		{"anti", probe("anti", "") + all, "[k v]\nnull | null\n2 | null\n"},
		{"right", probe("right", "v") + withRest, "[k v]\n1 | \"one\"\n1 | \"uno\"\nnull | \"none\"\n7 | \"seven\"\n"},
		{"null-safe", probe("inner null_safe true", "v") + all, "[k v]\n1 | \"one\"\nnull | \"none\"\n"},
		{"groups", aggregate(`(1, "a"), (2, "b"), (1, "c"), (null, "d")`), "[k n m t]\n1 | 2 | \"c\" | 2\n2 | 1 | \"b\" | 2\n"},
		{"no groups", aggregate(""), "[k n m t]\n"},
		{"one group of nothing", `state @g aggregate {n: i64, m: string?} aggregates [count, min]
pipe @group() {
  %s = source_values [("x")] fields {s: string}
  %never = const false : bool
  where %never
  %b = is_null %s
  aggregate_into %b, %s @g
}
pipe @main() {
  run @group
  result @g columns [m, n] labels [m, n]
}
`, "[m n]\nnull | 0\n"},
		{"what is not needed does not trap", `state @b buffer {a: i32}
pipe @p() {
  %a = source_values [(0), (1)] fields {a: i32}
  %q = div %a, %a
  %z = const 0 : i32
  %n = ne %a, %z
  where %n
  %w = eq %q, %q
  where %w
  emit %a @b
}
pipe @main() {
  run @p
  result @b columns [a] labels [a]
}
`, "[a]\n1\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := RunPipes(context.Background(), parse(t, head+test.text), "main", tables, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := result.String(); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
	t.Run("trap", func(t *testing.T) {
		m := parse(t, head+`state @b buffer {a: i32}
pipe @p() {
  %a = source_values [(0)] fields {a: i32}
  %q = div %a, %a
  emit %q @b
}
pipe @main() {
  run @p
  result @b columns [a] labels [a]
}
`)
		_, err := RunPipes(context.Background(), m, "main", tables, nil)
		var d *diag.Diagnostic
		if !errors.As(err, &d) || d.Code != ir.CodeDivisionByZero {
			t.Errorf("got %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		reason := errors.New("enough")
		cancel(reason)
		if _, err := RunPipes(ctx, parse(t, head+probe("inner", "v")+all), "main", tables, nil); !errors.Is(err, reason) {
			t.Errorf("got %v", err)
		}
	})
}
