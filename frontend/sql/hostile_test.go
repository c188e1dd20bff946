package sql_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/ast"
	"github.com/heddle-lang/heddle/internal/diag"
)

// TestHostile: texts made to exhaust a parser end in a typed error, or parse.
// Each is far above the limits, so a quadratic step would take minutes.
func TestHostile(t *testing.T) {
	nest := func(open, middle, close string) func(int) string {
		return func(n int) string { return "SELECT " + strings.Repeat(open, n) + middle + strings.Repeat(close, n) }
	}
	chain := func(item string) func(int) string {
		return func(n int) string { return "SELECT a" + strings.Repeat(item, n) }
	}
	tests := []struct {
		name string
		text func(int) string
		code diag.Code // "" parses
	}{
		{"parentheses", nest("(", "1", ")"), "E0106"},
		{"parentheses never closed", nest("(", "1", ""), "E0106"},
		{"closing parentheses", nest("", "1", ")"), "E0104"},
		{"brackets crossing", nest("(", "1", "]"), "E0106"},
		{"calls", nest("f(", "1", ")"), "E0106"},
		{"arrays", nest("[", "1", "]"), "E0106"},
		{"structs", nest("{a: ", "1", "}"), "E0106"},
		{"not", nest("NOT ", "a", ""), "E0106"},
		{"minus", nest("- ", "a", ""), "E0106"},
		{"case", nest("CASE WHEN a THEN ", "1", " END"), "E0106"},
		{"case operand", nest("CASE ", "1", " WHEN 1 THEN 1 END"), "E0106"},
		{"subqueries", nest("(SELECT ", "1", ")"), "E0106"},
		{"derived tables", nest("1 FROM (SELECT ", "1", ")"), "E0106"},
		{"queries in parentheses", func(n int) string { return strings.Repeat("(", n) + "SELECT 1" + strings.Repeat(")", n) }, "E0106"},
		{"set operations to the right", func(n int) string {
			return strings.Repeat("SELECT 1 UNION (", n) + "SELECT 1" + strings.Repeat(")", n)
		}, "E0106"},
		{"joins in parentheses", func(n int) string { return "FROM " + strings.Repeat("(", n) + "t" + strings.Repeat(")", n) }, "E0106"},
		{"joins with late conditions", func(n int) string {
			return "FROM t" + strings.Repeat(" JOIN t", n) + strings.Repeat(" ON a", n)
		}, "E0106"},
		{"rollups", func(n int) string {
			return "SELECT 1 GROUP BY " + strings.Repeat("ROLLUP (", n) + "a" + strings.Repeat(")", n)
		}, "E0106"},
		{"types", func(n int) string {
			return "SELECT a::" + strings.Repeat("list(", n) + "int" + strings.Repeat(")", n)
		}, "E0106"},
		{"explain", func(n int) string { return strings.Repeat("EXPLAIN ", n) + "SELECT 1" }, "E0106"},
		{"right operands", nest("a = (", "b", ")"), "E0106"},
		{"and", chain(" AND a"), ""},
		{"or", chain(" OR a"), ""},
		{"and or", chain(" AND a OR a"), ""},
		{"plus", chain(" + a"), "E0106"},
		{"concat", chain(" || a"), "E0106"},
		{"casts", chain("::int"), "E0106"},
		{"subscripts", chain("[1]"), "E0106"},
		{"is null", chain(" IS NULL"), "E0106"},
		{"fields", func(n int) string { return "SELECT (a)" + strings.Repeat(".b", n) }, "E0106"},
		{"union", func(n int) string { return "SELECT 1" + strings.Repeat(" UNION SELECT 1", n) }, "E0106"},
		{"joins", func(n int) string { return "FROM t" + strings.Repeat(" CROSS JOIN t", n) }, "E0106"},
		{"statements", func(n int) string { return strings.Repeat("SELECT 1;", n/10) }, ""},
		{"semicolons", func(n int) string { return strings.Repeat(";", n) }, ""},
		{"commas", chain(","), "E0101"},
		{"list", chain(", a"), ""},
		{"comments", func(n int) string { return "SELECT 1 " + strings.Repeat("/*", n) }, "E0105"},
		{"dollars", func(n int) string { return "SELECT " + strings.Repeat("$a$ ", n|1) }, "E0105"},
		{"stray characters", chain(" ! "), "E0110"},
		{"wrong words", func(n int) string { return strings.Repeat("SELEC 1;", n/10) }, "E0102"},
		{"unexpected words", func(n int) string { return "SELECT " + strings.Repeat("a b c, ", n) }, "E0101"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, n := range []int{10_000, 100_000} {
				start := time.Now()
				tree, list := sql.Parse(diag.NewFile("hostile", test.text(n)))
				if elapsed := time.Since(start); elapsed > 10*time.Second {
					t.Errorf("%d times: took %v", n, elapsed)
				}
				var code diag.Code
				if len(list) > 0 {
					code = list[0].Code
				}
				if code != test.code {
					t.Fatalf("%d times: got code %q, want %q: %.300s", n, code, test.code, compact(list))
				}
				if code == "E0106" && len(list) > 1 {
					t.Errorf("%d times: %d diagnostics, want 1: %.300s", n, len(list), compact(list))
				}
				if h := height(tree); h > 12_000 {
					t.Errorf("%d times: the tree is %d high", n, h)
				}
				if code == "" {
					ast.Format(tree)
				}
			}
		})
	}
}

func height(tree ast.Node) int {
	depth, highest := 0, 0
	ast.Walk(tree, func(ast.Node) bool {
		depth++
		highest = max(highest, depth)
		return true
	}, func(ast.Node) { depth-- })
	return highest
}

// TestMixedHeight: nesting and chains together must not multiply.
func TestMixedHeight(t *testing.T) {
	level := strings.Repeat(" + 1", 100)
	text := "SELECT " + strings.Repeat("(", 900) + "1" + strings.Repeat(level+")", 900)
	tree, list := sql.Parse(diag.NewFile("hostile", text))
	if len(list) != 1 || list[0].Code != "E0106" {
		t.Errorf("got %s, want one E0106", compact(list))
	}
	if h := height(tree); h > 12_000 {
		t.Errorf("the tree is %d high", h)
	}
}

// TestLargeText: ten megabytes take seconds at most; more than the limit none.
func TestLargeText(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: parses ten megabytes several times")
	}
	const size = 10 << 20
	fill := func(head, item, tail string) string {
		return head + strings.Repeat(item, (size-len(head)-len(tail))/len(item)) + tail
	}
	tests := []struct{ name, text, code string }{
		{"numbers", fill("SELECT a IN (1", ", 1234567", ")"), ""},
		{"and", fill("SELECT a", " AND column_a = 1234", ""), ""},
		{"statements", fill("", "SELECT a, b FROM t WHERE a = 1;\n", ""), "E0109"},
		{"one string", fill("SELECT '", "x", "'"), ""},
		{"marks", fill("SELECT ", "1,", "1"), "E0109"},
		{"plus", fill("SELECT 1", "+1", ""), "E0109"},
		{"nonsense", fill("", "nonsense ", ""), "E0115"},
		{"over the limit", strings.Repeat("SELECT 1;", sql.MaxText/9+1), "E0109"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			_, list := sql.Parse(diag.NewFile("large", test.text))
			t.Logf("%v", time.Since(start))
			code := ""
			if len(list) > 0 {
				code = string(list[0].Code)
			}
			if code != test.code {
				t.Errorf("got code %q, want %q: %.300s", code, test.code, compact(list))
			}
		})
	}
}

// TestLargeChain: a statement with too many tokens does not get a tree that is too
// high to walk either.
func TestLargeChain(t *testing.T) {
	tree, list := sql.Parse(diag.NewFile("hostile", "SELECT "+strings.Repeat("1+", 1_600_000)+"1"))
	if len(list) != 1 || list[0].Code != "E0109" {
		t.Errorf("got %s, want one E0109", compact(list))
	}
	if h := height(tree); h > 12_000 {
		t.Errorf("the tree is %d high", h)
	}
}
