package bind_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

// TestLarge binds large texts in bounded time: a module that verifies, or a code.
func TestLarge(t *testing.T) {
	t.Parallel()
	repeat := func(n int, separator string, part func(i int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = part(i)
		}
		return strings.Join(parts, separator)
	}
	expansions := "WITH t0 AS (SELECT 1 AS a)"
	for i := range 40 {
		expansions += fmt.Sprintf(", t%d AS (SELECT x.a FROM t%d x JOIN t%d y ON x.a = y.a)", i+1, i, i)
	}
	cases := []struct{ name, text, code string }{
		{"sum of columns", "SELECT " + repeat(900, " + ", func(int) string { return "salary" }) + " FROM people", ""},
		{"sum of literals", "SELECT " + repeat(900, " + ", func(int) string { return "1" }), ""},
		{"disjunction", "SELECT id FROM people WHERE " + repeat(4000, " OR ", func(i int) string { return fmt.Sprintf("id = %d", i) }), ""},
		{"list", "SELECT id FROM people WHERE id IN (" + repeat(4000, ", ", func(i int) string { return fmt.Sprint(i) }) + ")", ""},
		{"long disjunction", "SELECT id FROM people WHERE " + repeat(400_000, " OR ", func(i int) string { return fmt.Sprintf("id = %d", i) }), "E0215"},
		{"long conjunction", "SELECT id FROM people WHERE " + repeat(10_000, " AND ", func(i int) string { return fmt.Sprintf("id <> %d", i) }), "E0215"},
		{"long list", "SELECT id FROM people WHERE id IN (" + repeat(100_000, ", ", func(i int) string { return fmt.Sprint(i) }) + ")", "E0215"},
		{"columns", "SELECT " + repeat(3000, ", ", func(i int) string { return fmt.Sprintf("id + %d AS c%d", i, i) }) + " FROM people", ""},
		{"one name", "SELECT " + repeat(3000, ", ", func(i int) string { return fmt.Sprintf("id + %d AS c", i) }) + " FROM people", ""},
		{"rows", "VALUES " + repeat(20000, ", ", func(i int) string { return fmt.Sprintf("(%d, 'x')", i) }), ""},
		{"union", repeat(500, " UNION ALL ", func(i int) string { return fmt.Sprintf("SELECT %d", i) }), ""},
		{"queries in FROM", strings.Repeat("SELECT * FROM (", 150) + "SELECT 1" + strings.Repeat(") t", 150), ""},
		{"cases", "SELECT CASE id " + repeat(170, " ", func(i int) string { return fmt.Sprintf("WHEN %d THEN %d", i, i) }) + " END FROM people", ""},
		{"too many cases", "SELECT CASE id " + repeat(5000, " ", func(i int) string { return fmt.Sprintf("WHEN %d THEN %d", i, i) }) + " END FROM people", "E0215"},
		{"expansion of WITH", expansions + " SELECT * FROM t40", "E0215"},
		{"mistakes", "SELECT " + repeat(2000, ", ", func(i int) string { return fmt.Sprintf("x%d", i) }) + " FROM people", "E0213"},
		{"too many columns", "SELECT " + repeat(100000, ", ", strconv.Itoa), "E0215"},
		{"too many keys", "SELECT 1 FROM people ORDER BY " + repeat(20000, ", ", func(i int) string { return fmt.Sprintf("id + %d", i) }), "E0215"},
		{"too many groups", "SELECT 1 FROM people GROUP BY " + repeat(20000, ", ", func(i int) string { return fmt.Sprintf("id + %d", i) }), "E0215"},
		{"too many tables", "SELECT 1 FROM " + repeat(20000, ", ", func(i int) string { return fmt.Sprintf("people t%d", i) }), "E0215"},
		{"too many common tables", "WITH " + repeat(20000, ", ", func(i int) string { return fmt.Sprintf("t%d AS (SELECT 1)", i) }) + " SELECT 2", "E0215"},
		{"wide row", "VALUES (" + repeat(20000, ", ", strconv.Itoa) + ")", "E0215"},
		{"tables", "SELECT t7.id FROM " + repeat(100, ", ", func(i int) string { return fmt.Sprintf("people t%d", i) }), ""},
		{"wide", "SELECT DISTINCT " + repeat(7000, ", ", strconv.Itoa) + " ORDER BY ALL", ""},
		{"group keys", "SELECT count(*) FROM people GROUP BY " + repeat(500, ", ", func(i int) string { return fmt.Sprintf("id + %d", i) }), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			module, list := bindText(t, c.text, testCatalog(t))
			if c.code != "" {
				if !list.HasErrors() || string(list[0].Code) != c.code {
					t.Fatalf("got %v, want %s", list.Err(), c.code)
				}
				return
			}
			if list.HasErrors() {
				t.Fatal(diag.RenderText(list[:1], diag.Options{}))
			}
			if problems := ir.Verify(module); problems.HasErrors() {
				t.Fatal(diag.RenderText(problems[:1], diag.Options{}))
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
