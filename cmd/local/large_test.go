package local_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
)

// list joins n texts that are made of their numbers.
func list(n int, separator, format string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = strings.ReplaceAll(format, "#", fmt.Sprint(i))
	}
	return strings.Join(all, separator)
}

// TestLargePrograms runs queries whose text is long or that make much of little text.
// Each has an answer, or a code: none may take more than its size.
func TestLargePrograms(t *testing.T) {
	nested := func(n int, inner, outer string) string {
		return strings.Repeat(outer, n) + inner + strings.Repeat(") q", n)
	}
	tests := []struct{ name, query, want string }{
		{"sum of 2000 terms", "SELECT sum(" + list(2000, "+", "n_nationkey") + ") FROM nation", "600000"},
		{"sum of 500 products", "SELECT sum(" + list(500, "+", "n_nationkey * n_regionkey") + ") FROM nation", "323000"},
		{"500 columns", "SELECT " + list(500, ", ", "r_regionkey + # AS c#") + " FROM region WHERE r_regionkey = 1", "*"},
		{"300 aggregates", "SELECT " + list(150, ", ", "sum(n_nationkey + #), max(n_name)") + " FROM nation", "*"},
		{"union of 300", "SELECT count(*) FROM (" + list(300, " UNION ALL ", "SELECT r_regionkey FROM region") + ") q", "1500"},
		{"list of 400 texts", "SELECT count(*) FROM nation WHERE n_name IN (" + list(400, ", ", "'x#'") + ", 'CHINA')", "1"},
		{"list that is too long", "SELECT 1 IN (" + list(100_000, ", ", "#") + ")", "E0215"},
		{"CASE of 100 branches", "SELECT sum(CASE n_nationkey " + list(100, " ", "WHEN # THEN # * 2") + " END) FROM nation", "600"},
		{"CASE of too many branches", "SELECT CASE r_regionkey " + list(5000, " ", "WHEN # THEN #") + " END FROM region", "E0215"},
		{"OR of 1000", "SELECT count(*) FROM nation WHERE " + list(1000, " OR ", "(n_nationkey = # AND n_regionkey < #)"), "22"},
		{"join of 30 tables", "SELECT count(*) FROM region r0 JOIN " + list(29, " JOIN ", "region s# ON s#.r_regionkey = r0.r_regionkey"), "5"},
		{"200 derived tables", "SELECT count(*) FROM " + nested(200, "region", "(SELECT * FROM "), "5"},
		{"doubled 40 times", "SELECT max(x) FROM " + nested(40, "(SELECT CAST(r_regionkey AS DOUBLE PRECISION) AS x FROM region) q", "(SELECT x + x AS x FROM "), "4398046511104"},
		{"text of 300 parts", "SELECT length(max(" + list(300, " || ", "r_name") + ")) FROM region", "3300"},
		{"20000 rows", "SELECT sum(x) FROM (VALUES " + list(20_000, ", ", "(#)") + ") t(x)", "199990000"},
		{"100 keys", "SELECT count(*) FROM (SELECT " + list(100, ", ", "n_nationkey % (# + 2) AS c#") + " FROM nation) q GROUP BY " + list(100, ", ", "c#") + " LIMIT 1", "1"},
		{"300 patterns", "SELECT count(*) FROM nation WHERE " + list(300, " OR ", "n_comment LIKE '%q#z%'"), "0"},
		{"10000 parentheses", "SELECT " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000), "E0106"},
	}
	data := benchmarkData(t, 0.01, "native")
	forEachEngine(t, func(t *testing.T, engine string) {
		w := open(t, local.Options{Data: data, Engine: engine})
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				found, err := ask(t.Context(), w, test.query, "NULL")
				var got string
				var problem *diag.ListError
				var single *diag.Diagnostic
				switch {
				case errors.As(err, &problem):
					got = string(problem.List[0].Code)
				case errors.As(err, &single):
					got = string(single.Code)
				case err != nil:
					got = err.Error()
				default:
					got = strings.Join(found.lines(), "\n")
				}
				if got != test.want && (test.want != "*" || err != nil) {
					t.Errorf("got %.200s, want %s", got, test.want)
				}
			})
		}
	})
}
