package local_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
)

// traps are queries that fail while they run, with the codes of their errors.
var traps = []struct {
	name  string
	code  diag.Code
	query string
}{
	{"sum of integers", "E0601", "SELECT x + y FROM (VALUES (1, 2), (2147483647, 1)) t(x, y)"},
	{"difference of bigints", "E0601", "SELECT x - 2\nFROM (VALUES (-9223372036854775807)) t(x)"},
	{"product of bigints", "E0601", "SELECT x * x FROM (VALUES (4000000000)) t(x)"},
	{"negation", "E0601", "SELECT -x FROM (VALUES (CAST(-2147483648 AS INTEGER))) t(x)"},
	{"abs", "E0601", "SELECT abs(x) FROM (VALUES (CAST(-2147483648 AS INTEGER))) t(x)"},
	{"quotient of the least by -1", "E0601", "SELECT x / y FROM (VALUES (CAST(-2147483648 AS INTEGER), -1)) t(x, y)"},
	{"product in a table", "E0601", "SELECT max(l_orderkey * l_partkey * l_orderkey * l_partkey * l_suppkey * l_suppkey)\n  FROM lineitem"},
	{"sum of decimals", "E0601", "SELECT x + x FROM (VALUES (99999999999999999999999999999999999999)) t(x)"},
	{"product of decimals", "E0601", "SELECT x * x FROM (VALUES (12345678901234567890.5)) t(x)"},
	{"aggregate of decimals", "E0601", "SELECT sum(x) FROM (VALUES (9999999999999999999999999999999999999.9), (0.1)) t(x)"},
	{"division of integers", "E0602", "SELECT 1 + 10 / x FROM (VALUES (2), (0)) t(x)"},
	{"remainder", "E0602", "SELECT 10 % x FROM (VALUES (2), (0)) t(x)"},
	{"division of decimals", "E0602", "SELECT 1.5 / x FROM (VALUES (2.0), (0.0)) t(x)"},
	{"division in a condition", "E0602", "SELECT count(*) FROM lineitem\nWHERE l_quantity / (l_linenumber - 1) > 3"},
	{"division in a group's key", "E0602", "SELECT 1 / (n_nationkey - 7), count(*) FROM nation GROUP BY 1"},
	{"division in a join", "E0602", "SELECT count(*) FROM nation JOIN region ON n_regionkey = r_regionkey AND 1 / r_regionkey >= 0"},
	{"division above a group", "E0602", "SELECT count(*) / count(x) FROM (VALUES (NULL), (CAST(NULL AS INTEGER))) t(x)"},
	{"division by a literal", "E0602", "SELECT x / 0 FROM (VALUES (1)) t(x)"},
	{"division in ORDER BY", "E0602", "SELECT n_name FROM nation ORDER BY 1 / n_nationkey"},
	{"text to an integer", "E0603", "SELECT CAST(x AS INTEGER) FROM (VALUES ('12'), ('12a')) t(x)"},
	{"text to a decimal", "E0603", "SELECT CAST(x AS DECIMAL(4,2)) FROM (VALUES ('123.45')) t(x)"},
	{"text to a date", "E0603", "SELECT CAST(x AS DATE) FROM (VALUES ('2023-02-29')) t(x)"},
	{"a phone number", "E0603", "SELECT sum(CAST(c_phone AS BIGINT)) FROM customer"},
	{"bigint to integer", "E0603", "SELECT CAST(x AS INTEGER) FROM (VALUES (3000000000)) t(x)"},
	{"decimal to decimal", "E0603", "SELECT CAST(x AS DECIMAL(3,1)) FROM (VALUES (99.96)) t(x)"},
	{"float to integer", "E0603", "SELECT CAST(x AS INTEGER) FROM (VALUES (1e10)) t(x)"},
	{"date beyond the years", "E0601", "SELECT x + 2147483647 FROM (VALUES (DATE '2020-01-01')) t(x)"},
	{"pattern that ends in its escape", "E0604", "SELECT x LIKE p ESCAPE '!' FROM (VALUES ('a', 'a!')) t(x, p)"},
	{"fixed pattern that ends in its escape", "E0604", "SELECT count(*) FROM nation WHERE n_name LIKE 'a!' ESCAPE '!'"},
	{"negative length", "E0604", "SELECT substring(x FROM 1 FOR n) FROM (VALUES ('abc', -1)) t(x, n)"},
}

// TestTraps compares errors at run time, as people see them, with testdata/traps.txt:
// on both engines the same, with the place in the text.
func TestTraps(t *testing.T) {
	data := benchmarkData(t, 0.01, "native")
	path := filepath.Join("testdata", "traps.txt")
	var golden string
	forEachEngine(t, func(t *testing.T, engine string) {
		w := open(t, local.Options{Data: data, Engine: engine})
		var all strings.Builder
		for _, trap := range traps {
			_, err := ask(t.Context(), w, trap.query, "NULL")
			var problem *diag.Diagnostic
			if !errors.As(err, &problem) {
				if list, ok := diag.FromError(err); ok {
					problem = list[0]
				} else {
					t.Errorf("%s: the error is %v", trap.name, err)
					continue
				}
			}
			if problem.Code != trap.code {
				t.Errorf("%s: the code is %s, want %s", trap.name, problem.Code, trap.code)
			}
			fmt.Fprintf(&all, "# %s\n%s\n", trap.name, rendered(err))
			if after := mustAsk(t, w, "SELECT count(*) FROM region"); after.rows[0][0] != "5" {
				t.Errorf("%s: the next query gives %s", trap.name, after.rows)
			}
		}
		if *update && golden == "" {
			if err := os.WriteFile(path, []byte(all.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		golden = string(text)
		if diff := cmp.Diff(golden, all.String()); diff != "" {
			t.Errorf("(-want +got; -update rewrites it)\n%s", diff)
		}
	})
}
