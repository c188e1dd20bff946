package bind_test

import (
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/frontend/catalog"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
)

// The tables of the tests: columns "name type", a question mark for nullable ones,
// and rows of CSV without quotes, where an empty value is NULL.
var testTables = []struct{ name, columns, rows string }{
	{
		"people", "id i32, name string, city string?, born date, score f64?, salary decimal<10,2>?, active bool?, rank i16",
		`1,Ann,Oslo,1980-02-29,1.5,1000.00,true,1
2,Bob,Oslo,1990-12-31,2.5,2000.50,false,2
3,Cid,Rome,2000-01-01,,1500.25,true,3
4,Dee,,1975-06-15,-1,,,4
5,Eve,Rome,1985-03-10,0,3000.00,false,5`,
	},
	{
		"orders", "id i64, person i32, day date, amount decimal<12,2>, at timestamp?",
		`10,1,2024-01-31,100.00,2024-01-31 10:00:00
11,1,2024-02-29,50.50,2024-02-29 23:59:59
12,2,2024-03-01,20.00,
13,3,2023-12-31,75.25,2023-12-31 00:00:00
14,9,2024-01-01,1.00,2024-01-01 12:30:15`,
	},
	{"empty", "id i32?, name string, amount decimal<12,2>", ""},
	{"Mixed", "Key i32, KEY2 string", "1,x"},
}

// testCatalog has the tables, and people also as a file.
func testCatalog(t testing.TB) *catalog.Memory {
	t.Helper()
	var tables []*ir.Table
	for _, spec := range testTables {
		table := &ir.Table{Name: spec.name, Rows: -1}
		for _, c := range strings.Split(spec.columns, ", ") {
			name, kind, _ := strings.Cut(c, " ")
			table.Columns = append(table.Columns, ir.Column{Name: name, Type: testType(t, kind), Statistics: ir.Statistics{Nulls: -1}})
		}
		tables = append(tables, table)
	}
	memory := catalog.NewMemory(tables...)
	file := *tables[0]
	file.Name = "data/people.parquet"
	memory.AddFile("data/people.parquet", &file)
	memory.AddFile("orders", tables[1])
	return memory
}

func testType(t testing.TB, text string) ir.Type {
	t.Helper()
	name, nullable := strings.CutSuffix(text, "?")
	switch {
	case strings.HasPrefix(name, "decimal<10"):
		return ir.DecimalType(10, 2).WithNull(nullable)
	case strings.HasPrefix(name, "decimal<12"):
		return ir.DecimalType(12, 2).WithNull(nullable)
	}
	kind, ok := ir.KindByName(name)
	if !ok {
		t.Fatalf("no kind %q", text)
	}
	return ir.Of(kind).WithNull(nullable)
}

// testData has the rows of the tables.
func testData(t testing.TB, tables *catalog.Memory) map[string]*interp.Table {
	t.Helper()
	data := map[string]*interp.Table{}
	for _, spec := range testTables {
		table, err := tables.Table(t.Context(), spec.name)
		if err != nil {
			t.Fatal(err)
		}
		data[spec.name] = readRows(t, table, strings.Split(spec.rows, "\n"), ",")
	}
	data["data/people.parquet"] = data["people"]
	return data
}

// readRows reads lines of values with a separator; an empty value is NULL.
func readRows(t testing.TB, table *ir.Table, lines []string, separator string) *interp.Table {
	t.Helper()
	data := &interp.Table{Columns: make([][]ir.Datum, len(table.Columns))}
	for _, line := range lines {
		if line == "" {
			continue
		}
		data.Rows++
		values := strings.Split(line, separator)
		for i, c := range table.Columns {
			d := ir.NullDatum
			if values[i] != "" {
				var err error
				if d, err = ir.ParseDatum(c.Type, values[i]); err != nil {
					t.Fatal(err)
				}
			}
			data.Columns[i] = append(data.Columns[i], d)
		}
	}
	return data
}
