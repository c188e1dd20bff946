package tpch

import (
	"embed"
	"fmt"
	"slices"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// Queries are the numbers of the benchmark's queries that Query knows: the
// twelve that need neither subqueries (other than in FROM) nor views.
var Queries = []int{1, 3, 5, 6, 7, 8, 9, 10, 12, 13, 14, 19}

// Query gives the SQL text of a query with its validation parameters, ended by
// a semicolon; it is empty for numbers that are not in Queries.
func Query(number int) string {
	if !slices.Contains(Queries, number) {
		return ""
	}
	text, err := queryFiles.ReadFile(fmt.Sprintf("queries/q%02d.sql", number))
	if err != nil {
		panic("BUG: embedded query is missing: " + err.Error())
	}
	return string(text)
}
