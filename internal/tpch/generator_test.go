package tpch

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"hash"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// md5Of gives the md5 of the text form of a table, made in that many parts, and
// the number of its rows.
func md5Of(t testing.TB, table *Table, scaleFactor float64, parts int) (string, int64) {
	t.Helper()
	sum, rows := md5.New(), int64(0)
	for part := range parts {
		rows += writePart(t, sum, table, scaleFactor, part, parts)
	}
	return hex.EncodeToString(sum.Sum(nil)), rows
}

func writePart(t testing.TB, to hash.Hash, table *Table, scaleFactor float64, part, parts int) int64 {
	t.Helper()
	batches, err := Generate(table, scaleFactor, part, parts)
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for batch := range batches {
		if err := WriteTBL(to, batch); err != nil {
			t.Fatal(err)
		}
		rows += int64(batch.Rows)
	}
	return rows
}

// expectedSums reads testdata/md5.txt, by scale factor and table.
func expectedSums(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/md5.txt")
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] != "#" {
			sums[fields[1]+" "+fields[2]] = fields[0]
		}
	}
	if len(sums) != 3*len(Tables) {
		t.Fatalf("testdata/md5.txt has %d sums, want %d", len(sums), 3*len(Tables))
	}
	return sums
}

func TestOfficialData(t *testing.T) {
	sums := expectedSums(t)
	for _, scale := range []struct {
		name   string
		factor float64
		skip   string
	}{
		{name: "0.01", factor: 0.01},
		{name: "0.1", factor: 0.1, skip: skipWhen(testing.Short(), "short test")},
		{name: "1", factor: 1, skip: skipWhen(os.Getenv("HEDDLE_TPCH_SF1") == "", "takes some seconds; set HEDDLE_TPCH_SF1=1")},
	} {
		for _, table := range Tables {
			t.Run(scale.name+"/"+table.Name, func(t *testing.T) {
				if scale.skip != "" {
					t.Skip(scale.skip)
				}
				got, rows := md5Of(t, table, scale.factor, 1)
				if want := sums[scale.name+" "+table.Name]; got != want {
					t.Errorf("md5 of %s is %s, want %s", table.Name, got, want)
				}
				counted, err := Rows(table, scale.factor)
				if err != nil {
					t.Fatal(err)
				}
				if rows != counted {
					t.Errorf("generated %d rows, but Rows says %d", rows, counted)
				}
			})
		}
	}
}

func skipWhen(condition bool, reason string) string {
	if condition {
		return reason
	}
	return ""
}

// TestSumsAgreeWithCorpora compares the sums in testdata with those that came
// with the reference data, where that is at hand.
func TestSumsAgreeWithCorpora(t *testing.T) {
	corpora := os.Getenv("HEDDLE_CORPORA")
	if corpora == "" {
		corpora = filepath.Join("..", "..", "..", "shared", "corpora")
	}
	text, err := os.ReadFile(filepath.Join(corpora, "tpch", "dbgen-md5.txt"))
	if err != nil {
		t.Skipf("no reference data: %v", err)
	}
	reference := map[string]string{}
	folders := map[string]string{"sf001": "0.01", "sf01": "0.1", "sf1": "1"}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			t.Fatalf("malformed line %q", line)
		}
		folder, file := filepath.Split(fields[1])
		reference[folders[filepath.Clean(folder)]+" "+strings.TrimSuffix(file, ".tbl")] = fields[0]
	}
	if diff := cmp.Diff(reference, expectedSums(t)); diff != "" {
		t.Errorf("testdata/md5.txt differs from the reference (-reference +ours):\n%s", diff)
	}
}

func TestPartsConcatenate(t *testing.T) {
	for _, table := range Tables {
		t.Run(table.Name, func(t *testing.T) {
			whole, rows := md5Of(t, table, 0.01, 1)
			for _, parts := range []int{2, 7, 40} {
				sum, rowsOfParts := md5Of(t, table, 0.01, parts)
				if sum != whole || rowsOfParts != rows {
					t.Errorf("%d parts give %d rows with md5 %s, one part %d with %s", parts, rowsOfParts, sum, rows, whole)
				}
			}
		})
	}
}

func TestOrdersWithLines(t *testing.T) {
	const scaleFactor, parts = 0.05, 3
	var got [2]hash.Hash
	for i := range got {
		got[i] = md5.New()
	}
	for part := range parts {
		pairs, err := GenerateOrders(scaleFactor, part, parts)
		if err != nil {
			t.Fatal(err)
		}
		for orders, lines := range pairs {
			for i, batch := range []*Batch{orders, lines} {
				if err := WriteTBL(got[i], batch); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for i, name := range []string{"orders", "lineitem"} {
		want, _ := md5Of(t, mustLookup(name), scaleFactor, 1)
		if sum := hex.EncodeToString(got[i].Sum(nil)); sum != want {
			t.Errorf("%s: md5 is %s together and %s alone", name, sum, want)
		}
	}
	if _, err := GenerateOrders(scaleFactor, 3, 3); err == nil {
		t.Error("GenerateOrders accepts a part that does not exist")
	}
}

// TestParallel makes one table in several goroutines that fill the text pool
// together; the race detector has something to see here.
func TestParallel(t *testing.T) {
	table, _ := Lookup("customer")
	want, _ := md5Of(t, table, 0.01, 1)
	got := make([]string, 4)
	t.Run("group", func(t *testing.T) {
		for i := range got {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				got[i], _ = md5Of(t, table, 0.01, i+1)
			})
		}
	})
	for i := range got {
		if got[i] != want {
			t.Errorf("goroutine %d: md5 %s, want %s", i, got[i], want)
		}
	}
}

func TestBadArguments(t *testing.T) {
	orders, _ := Lookup("orders")
	for _, test := range []struct {
		name        string
		scaleFactor float64
		part, parts int
		want        string
	}{
		{"zero scale", 0, 0, 1, "generate orders: scale factor 0 is out of range; it must be from 0.001 to 10000"},
		{"negative scale", -1, 0, 1, "generate orders: scale factor -1 is out of range; it must be from 0.001 to 10000"},
		{"huge scale", 30000, 0, 1, "generate orders: scale factor 30000 is out of range; it must be from 0.001 to 10000"},
		{"no number", math.NaN(), 0, 1, "generate orders: scale factor NaN is out of range; it must be from 0.001 to 10000"},
		{"part behind the last", 1, 3, 3, "generate orders: part 3 of 3 does not exist; parts count from 0"},
		{"negative part", 1, -1, 3, "generate orders: part -1 of 3 does not exist; parts count from 0"},
		{"no parts", 1, 0, 0, "generate orders: part 0 of 0 does not exist; parts count from 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Generate(orders, test.scaleFactor, test.part, test.parts)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, err := Rows(orders, 0); err == nil {
		t.Error("Rows accepts scale factor 0")
	}
}

// TestSchema holds the column widths against the data.
func TestSchema(t *testing.T) {
	if _, ok := Lookup("Region"); ok {
		t.Error("Lookup finds a table that is not there")
	}
	for _, table := range Tables {
		t.Run(table.Name, func(t *testing.T) {
			batches, err := Generate(table, 0.01, 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			for batch := range batches {
				if len(batch.Columns) != len(table.Columns) {
					t.Fatalf("%d columns, want %d", len(batch.Columns), len(table.Columns))
				}
				for i := range batch.Columns {
					checkColumn(t, table.Columns[i], &batch.Columns[i], batch.Rows)
				}
			}
		})
	}
}

func checkColumn(t *testing.T, definition ColumnDef, column *Column, rows int) {
	t.Helper()
	length := 0
	switch definition.Kind {
	case Integer, Date:
		length = len(column.Int32)
	case BigInt, Decimal:
		length = len(column.Int64)
	case Varchar, Char:
		length = len(column.Offsets) - 1
		for row := range length {
			if text := column.Text(row); len(text) > definition.Width || bytes.ContainsAny(text, "|\n") {
				t.Fatalf("%s %s holds %q", definition.Name, definition.SQLType(), text)
			}
		}
	}
	if length != rows || column.Kind != definition.Kind {
		t.Errorf("%s has %d values of kind %d, want %d of kind %d", definition.Name, length, column.Kind, rows, definition.Kind)
	}
}

func BenchmarkGenerateOrders(b *testing.B) {
	rows := 0
	for b.Loop() {
		pairs, err := GenerateOrders(0.1, 0, 1)
		if err != nil {
			b.Fatal(err)
		}
		for orders, lines := range pairs {
			rows += orders.Rows + lines.Rows
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkGenerate(b *testing.B) {
	for _, table := range Tables {
		b.Run(table.Name, func(b *testing.B) {
			rows := 0
			for b.Loop() {
				batches, err := Generate(table, 0.1, 0, 1)
				if err != nil {
					b.Fatal(err)
				}
				for batch := range batches {
					rows += batch.Rows
				}
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
