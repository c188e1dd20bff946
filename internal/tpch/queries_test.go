package tpch

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestQueries(t *testing.T) {
	files, err := queryFiles.ReadDir("queries")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(Queries) {
		t.Errorf("%d files of queries, but Queries lists %d", len(files), len(Queries))
	}
	columns := map[string]bool{}
	for _, table := range Tables {
		for _, column := range table.Columns {
			columns[column.Name] = true
		}
	}
	columnLike := regexp.MustCompile(`\b(?:[rnscplo]|ps)_[a-z]+\b`)
	aliases := map[string]bool{"l_year": true, "o_year": true, "c_count": true, "c_orders": true}
	for _, number := range Queries {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			text := Query(number)
			if !strings.HasSuffix(text, ";\n") {
				t.Error("the query does not end with a semicolon")
			}
			for _, name := range columnLike.FindAllString(text, -1) {
				if !columns[name] && !aliases[name] {
					t.Errorf("no table has a column %q", name)
				}
			}
		})
	}
	for _, number := range []int{0, 2, 23, -1} {
		if Query(number) != "" {
			t.Errorf("Query(%d) gives a text", number)
		}
	}
}
