package local_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/tpch"
)

// spillQueries need much memory. Where rows have an order, the order is total.
var spillQueries = []struct {
	name, query string
	ordered     bool
}{
	{"q03", tpch.Query(3), true},
	{"q09", tpch.Query(9), true},
	{"rows", "SELECT l_orderkey, l_linenumber, l_shipmode, l_comment FROM lineitem", false},
	{"groups", "SELECT l_orderkey, count(*), sum(l_quantity), max(l_shipdate) FROM lineitem GROUP BY l_orderkey", false},
	{"groups with text", "SELECT l_comment, min(l_shipmode), count(*) FROM lineitem GROUP BY l_comment", false},
	{"distinct values", "SELECT l_shipmode, count(DISTINCT l_orderkey), count(DISTINCT l_comment) FROM lineitem GROUP BY l_shipmode ORDER BY 1", true},
	{"sort", "SELECT l_extendedprice, l_comment, l_orderkey, l_linenumber FROM lineitem ORDER BY l_extendedprice DESC, l_orderkey, l_linenumber", true},
	{"sort by text", "SELECT l_comment, l_orderkey, l_linenumber FROM lineitem ORDER BY l_comment, l_orderkey, l_linenumber LIMIT 30000 OFFSET 10000", true},
	{"inner join", "SELECT o_orderpriority, count(*), sum(l_extendedprice), max(o_comment), max(l_comment) FROM orders JOIN lineitem ON l_orderkey = o_orderkey GROUP BY 1 ORDER BY 1", true},
	{"rows of a join", "SELECT o_orderkey, l_linenumber, o_comment FROM orders JOIN lineitem ON l_orderkey = o_orderkey WHERE l_quantity > 30", false},
	{"join of a table with itself", "SELECT count(*), sum(a.l_quantity), max(b.l_comment), max(a.l_comment) FROM lineitem a JOIN lineitem b ON a.l_orderkey = b.l_orderkey AND a.l_linenumber = b.l_linenumber", true},
	{"left join", "SELECT count(*), count(l_orderkey), sum(l_quantity), max(l_comment), max(o_comment) FROM orders LEFT JOIN lineitem ON l_orderkey = o_orderkey AND l_quantity > 45", true},
	{"left join to orders", "SELECT count(*), count(o_orderkey), max(o_comment), max(l_comment), sum(l_quantity) FROM lineitem LEFT JOIN orders ON o_orderkey = l_orderkey AND o_totalprice > 100000 AND o_totalprice * 2 > l_extendedprice * 4", true},
	{"full join", "SELECT count(*), count(a.l_orderkey), count(b.l_orderkey), max(a.l_comment), max(b.l_comment) FROM lineitem a FULL JOIN lineitem b ON a.l_orderkey = b.l_partkey AND a.l_linenumber = b.l_linenumber", true},
	{"rows of a full join", "SELECT a.o_orderkey, b.o_orderkey, a.o_clerk, b.o_comment FROM orders a FULL JOIN orders b ON a.o_orderkey = b.o_custkey AND a.o_orderpriority < b.o_orderpriority", false},
	{"rows without a partner", "SELECT count(*), max(o_comment), sum(o_totalprice) FROM orders LEFT JOIN lineitem ON l_orderkey = o_orderkey AND l_comment LIKE '%furious%' WHERE l_orderkey IS NULL", true},
	{"two joins and groups", "SELECT c_custkey, c_name, count(*), sum(l_quantity) FROM customer JOIN orders ON c_custkey = o_custkey JOIN lineitem ON l_orderkey = o_orderkey GROUP BY 1, 2", false},
	{"union", "SELECT k, count(*) FROM (SELECT l_partkey * 7 AS k FROM lineitem UNION ALL SELECT o_orderkey FROM orders UNION ALL SELECT l_orderkey FROM lineitem) q GROUP BY k", false},
}

// mustSpill are the queries that cannot fit the budget. (Pages are smaller where there
// is little memory, so that the peak with enough of it says little.)
var mustSpill = []string{"rows", "groups", "groups with text", "sort", "join of a table with itself", "full join"}

// TestSpill runs queries with far less memory than they need, and with enough: the
// answers must be the same. HEDDLE_SPILL_SCALE sets another scale factor, for which
// HEDDLE_SPILL_MEMORY is the budget in MiB.
func TestSpill(t *testing.T) {
	scale, memory := 0.1, int64(3<<20)
	if testing.Short() {
		scale, memory = 0.01, 1<<20
	}
	if text := os.Getenv("HEDDLE_SPILL_SCALE"); text != "" {
		memory = 64
		if _, err := fmt.Sscan(text, &scale); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(os.Getenv("HEDDLE_SPILL_MEMORY"), &memory); err != nil {
			t.Fatal(err)
		}
		memory <<= 20
	}
	data := benchmarkData(t, scale, "native")
	roomy := open(t, local.Options{Data: data, Memory: 2 << 30})
	forEachEngine(t, func(t *testing.T, engine string) {
		ran, spilled := 0, 0
		for _, test := range spillQueries {
			t.Run(test.name, func(t *testing.T) {
				temp := t.TempDir()
				w := open(t, local.Options{Data: data, Engine: engine, Memory: memory, TempDir: temp})
				want := mustAsk(t, roomy, test.query)
				got := mustAsk(t, w, test.query)
				if want.stats.SpilledBytes != 0 {
					t.Errorf("%d bytes were spilled with %d MiB", want.stats.SpilledBytes, 2<<10)
				}
				ran++
				if got.stats.SpilledBytes > 0 {
					spilled++
				} else {
					t.Logf("nothing was spilled: the peak is %d of %d bytes, %d with enough memory", got.stats.PeakMemory, memory, want.stats.PeakMemory)
					if !testing.Short() && slices.Contains(mustSpill, test.name) {
						t.Errorf("nothing was spilled")
					}
				}
				requireEmpty(t, temp)
				expected, found := want.lines(), got.lines()
				if !test.ordered {
					slices.Sort(expected)
					slices.Sort(found)
				}
				if !slices.Equal(expected, found) {
					t.Error(firstDifference(expected, found))
				}
			})
		}
		if ran == len(spillQueries) && spilled < ran/2 {
			t.Errorf("only %d of %d queries have spilled", spilled, ran)
		}
	})
}

func firstDifference(want, got []string) string {
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			end := min(i+3, len(want), len(got))
			return fmt.Sprintf("rows %d to %d of %d, want %d (-want +got):\n%s", i+1, end, len(got), len(want), cmp.Diff(want[i:end], got[i:end]))
		}
	}
	return fmt.Sprintf("%d rows, want %d", len(got), len(want))
}
