package local_test

import (
	"bytes"
	"testing"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
)

// TestChangedLiterals changes nothing but literals: the code must be the same and come from
// the cache, the answers must not be the same. (A literal may still choose other code
// when it changes how many rows are expected to pass: the filters here take similar
// shares.)
func TestChangedLiterals(t *testing.T) {
	tests := []struct{ name, first, second string }{
		{"date", "SELECT count(*) FROM lineitem WHERE l_shipdate <= DATE '1995-03-15'", "SELECT count(*) FROM lineitem WHERE l_shipdate <= DATE '1995-01-17'"},
		{"interval", "SELECT count(*) FROM lineitem WHERE l_shipdate <= DATE '1996-12-01' - INTERVAL '90' DAY", "SELECT count(*) FROM lineitem WHERE l_shipdate <= DATE '1997-02-01' - INTERVAL '60' DAY"},
		{"decimal", "SELECT sum(l_extendedprice * l_discount) FROM lineitem WHERE l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24", "SELECT sum(l_extendedprice * l_discount) FROM lineitem WHERE l_discount BETWEEN 0.02 AND 0.04 AND l_quantity < 25"},
		{"text", "SELECT count(*) FROM customer WHERE c_mktsegment = 'BUILDING'", "SELECT count(*) FROM customer WHERE c_mktsegment = 'MACHINERY'"},
		{"pattern", "SELECT count(*) FROM part WHERE p_name LIKE '%green%'", "SELECT count(*) FROM part WHERE p_name LIKE 'b%a%'"},
		{"list", "SELECT count(*) FROM lineitem WHERE l_shipmode IN ('AIR', 'RAIL') AND l_quantity IN (1, 2, 3)", "SELECT count(*) FROM lineitem WHERE l_shipmode IN ('MAIL', 'SHIP') AND l_quantity IN (7, 40, 50)"},
		{"in the result", "SELECT sum(o_shippriority + 17), 'a' FROM orders", "SELECT sum(o_shippriority + 23), 'a longer text' FROM orders"},
		{"limit", "SELECT c_name FROM customer ORDER BY c_acctbal DESC, c_name LIMIT 3", "SELECT c_name FROM customer ORDER BY c_acctbal DESC, c_name LIMIT 5"},
	}
	data := benchmarkData(t, 0.01, "native")
	forEachEngine(t, func(t *testing.T, engine string) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				w := open(t, local.Options{Data: data, Engine: engine})
				first, second := compileOnly(t, w, test.first), compileOnly(t, w, test.second)
				if !bytes.Equal(first.Wasm, second.Wasm) {
					t.Errorf("the code differs: %d and %d bytes", len(first.Wasm), len(second.Wasm))
				}
				one, two := runCompiled(t, w, first, local.CodeCompiled), runCompiled(t, w, second, local.CodeInMemory)
				if one == two {
					t.Errorf("both give %s", one)
				}
				if again := runCompiled(t, w, first, local.CodeInMemory); again != one {
					t.Errorf("the first gives %s, then %s", one, again)
				}
			})
		}
	})
}

// A literal that needs more bits is other code, and right as well.
func TestLiteralClasses(t *testing.T) {
	data := benchmarkData(t, 0.01, "native")
	forEachEngine(t, func(t *testing.T, engine string) {
		w := open(t, local.Options{Data: data, Engine: engine})
		for _, test := range []struct{ literal, want string }{
			{"1", "26"},
			{"-128", "-103"},
			{"127", "152"},
			{"128", "153"},
			{"40000", "40025"},
			{"2147483647", "2147483672"},
			{"-2147483649", "-2147483624"},
			{"9223372036854775000", "9223372036854775025"},
		} {
			query := "SELECT max(CAST(n_nationkey AS BIGINT) + " + test.literal + ") + 1 FROM nation"
			if got := mustAsk(t, w, query).rows[0][0]; got != test.want {
				t.Errorf("%s\ngives %s, want %s", query, got, test.want)
			}
		}
	})
}

func compileOnly(t *testing.T, w *local.Workspace, text string) *local.Compiled {
	t.Helper()
	compiled, err := w.Prepare(t.Context(), diag.NewFile("query.sql", text), local.PrepareOptions{})
	if err != nil {
		t.Fatal(rendered(err))
	}
	return compiled[0]
}

func runCompiled(t *testing.T, w *local.Workspace, c *local.Compiled, source local.CodeSource) string {
	t.Helper()
	run, err := w.Run(t.Context(), c.Program, c.Wasm, local.RunOptions{})
	if err != nil {
		t.Fatal(rendered(err))
	}
	if run.Code != source {
		t.Errorf("the code is %s, want %s", run.Code, source)
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := execute(t.Context(), w, c, "NULL")
	if err != nil {
		t.Fatal(rendered(err))
	}
	var all string
	for _, line := range found.lines() {
		all += line + "\n"
	}
	return all
}
