package exec

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/engine"
)

var values = program.Pipeline{Function: "emit_values", Source: program.ValuesSource, Rows: 5, Into: rowsState}

func TestValues(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine.Engine) {
		s := newSession(t, Options{Engine: e})
		for range 3 {
			rows, _ := mustExecute(t, s, Query{Program: testProgram(values)})
			want := []row{{K: 0, V: -1}, {K: 1, Null: true}, {K: 2, V: -1}, {K: 3, Null: true}, {K: 4, V: -1}}
			if diff := gocmp.Diff(want, rows); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// forEachTable runs a test over the same rows decoded and mapped, on each engine with
// 1 and 3 workers.
func forEachTable(t *testing.T, n int, test func(t *testing.T, s *Session, rows []row, query Query)) {
	plain := manyRows(n, 0)
	mappable := append([]row{{K: -wide, V: -wide}, {K: wide - 1, V: wide, T: "last"}, {K: 1, Null: true}}, plain...)
	sources := map[string][]row{"decoded": plain, "pinned": mappable}
	for access, rows := range sources {
		open := tables{"t": makeTable(t, rows)}
		for _, name := range engine.Names() {
			for _, threads := range []int{1, 3} {
				t.Run(fmt.Sprintf("%s/%s/%d", access, name, threads), func(t *testing.T) {
					s := newSession(t, Options{Engine: openEngine(t, name), Threads: threads})
					test(t, s, rows, Query{Tables: open.open})
				})
			}
		}
	}
}

func TestTable(t *testing.T) {
	forEachTable(t, 70_000, func(t *testing.T, s *Session, rows []row, query Query) {
		query.Program = withScan(testProgram(fromTable("emit_table", 0, rowsState)), "t")
		for _, bound := range []int64{wide, 50_000} {
			query.Program.Literals[0] = ir.IntDatum(bound)
			got, stats := mustExecute(t, s, query)
			var want []row
			for _, r := range rows {
				if r.K < bound {
					want = append(want, r)
				}
			}
			if diff := diffRows(sortedRows(want), sortedRows(got)); diff != "" {
				t.Error(diff)
			}
			access := "pinned"
			if rows[0].K == 0 {
				access = "decoded"
			}
			if stats.Scans[0].Access != access {
				t.Errorf("the table was read %s, want %s", stats.Scans[0].Access, access)
			}
		}
	})
}

func TestJoin(t *testing.T) {
	forEachTable(t, 50_000, func(t *testing.T, s *Session, rows []row, query Query) {
		other := append(manyRows(30_000, 40_000), manyRows(1000, 40_000)...)
		open := tables{"other": makeTable(t, other)}
		inner := query.Tables
		table, err := inner("t")
		if err != nil {
			t.Fatal(err)
		}
		open["t"] = table
		query.Tables = open.open
		probe := fromTable("probe", 1, rowsState)
		probe.Probes = []int{tableState}
		unmatched := program.Pipeline{Function: "unmatched", Source: program.UnmatchedSource, State: tableState, Into: moreState}
		query.Program = withScan(testProgram(fromTable("build", 0, tableState), probe, unmatched), "other", "t")

		got, _ := mustExecute(t, s, query)
		if diff := diffRows(leftJoin(rows, other), sortedRows(got)); diff != "" {
			t.Error(diff)
		}
		query.Program.Output.State = moreState
		got, _ = mustExecute(t, s, query)
		if diff := diffRows(leftOver(rows, other), sortedRows(got)); diff != "" {
			t.Error(diff)
		}
	})
}

// leftJoin is what build and probe of testdata/query.wat give together.
func leftJoin(rows, other []row) []row {
	byKey := map[int64][]row{}
	for _, r := range other {
		byKey[r.K] = append(byKey[r.K], r)
	}
	var out []row
	for _, r := range rows {
		for _, match := range byKey[r.K] {
			out = append(out, row{K: r.K, V: match.V})
		}
		if len(byKey[r.K]) == 0 {
			out = append(out, row{K: r.K, Null: true})
		}
	}
	return sortedRows(out)
}

func leftOver(rows, other []row) []row {
	met := map[int64]bool{}
	for _, r := range rows {
		met[r.K] = true
	}
	var out []row
	for _, r := range other {
		if !met[r.K] {
			out = append(out, row{K: r.K, V: r.V})
		}
	}
	return sortedRows(out)
}

func TestAggregate(t *testing.T) {
	forEachTable(t, 70_000, func(t *testing.T, s *Session, rows []row, query Query) {
		for _, groups := range []int64{1, 1000, 50_000, 1 << 61} {
			query.Program = withScan(testProgram(fromTable("aggregate", 0, groupsState), fromState("emit_groups", groupsState, rowsState)), "t")
			query.Program.Literals[0] = ir.IntDatum(groups)
			got, _ := mustExecute(t, s, query)
			if diff := diffRows(sums(rows, func(k int64) int64 { return k % groups }), sortedRows(got)); diff != "" {
				t.Errorf("%d groups: %s", groups, diff)
			}
			// The groups themselves as the result.
			query.Program.Pipelines = query.Program.Pipelines[:1]
			query.Program.Output.State = groupsState
			for i, field := range query.Program.States[groupsState].Record.Fields {
				query.Program.Output.Columns[i].Type, query.Program.Output.Columns[i].Field = field.Type, i
			}
			got, _ = mustExecute(t, s, query)
			if diff := diffRows(sums(rows, func(k int64) int64 { return k % groups }), sortedRows(got)); diff != "" {
				t.Errorf("%d groups as the result: %s", groups, diff)
			}
		}
	})
}

func sums(rows []row, group func(k int64) int64) []row {
	total := map[int64]int64{}
	for _, r := range rows {
		total[group(r.K)] += r.V
	}
	var out []row
	for k, v := range total {
		out = append(out, row{K: k, V: v})
	}
	return sortedRows(out)
}

func TestDirectAggregate(t *testing.T) {
	forEachTable(t, 70_000, func(t *testing.T, s *Session, rows []row, query Query) {
		query.Program = withScan(testProgram(fromTable("direct", 0, directState), fromState("emit_groups", directState, rowsState)), "t")
		got, _ := mustExecute(t, s, query)
		if diff := diffRows(sums(rows, func(k int64) int64 { return k & 7 }), sortedRows(got)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSort(t *testing.T) {
	forEachTable(t, 70_000, func(t *testing.T, s *Session, rows []row, query Query) {
		for _, test := range []struct{ limit, offset, descending int64 }{
			{-1, 0, 0}, {-1, 0, 1}, {10, 0, 0}, {10, 7, 1}, {5000, 100, 0}, {0, 0, 0}, {-1, 69_999, 0}, {1 << 62, 1 << 62, 0},
		} {
			query.Program = withScan(testProgram(fromTable("sort", 0, orderState), fromState("emit_sorted", orderState, rowsState)), "t")
			st := &query.Program.States[orderState]
			st.Limit, st.Offset = test.limit, test.offset
			query.Program.Literals[0] = ir.IntDatum(test.descending)
			got, _ := mustExecute(t, s, query)
			want := slices.Clone(rows)
			slices.SortStableFunc(want, func(a, b row) int {
				if test.descending != 0 {
					a, b = b, a
				}
				return cmp.Compare(a.V, b.V)
			})
			want = want[min(int64(len(want)), test.offset):]
			if test.limit >= 0 {
				want = want[:min(int64(len(want)), test.limit)]
			}
			if len(got) != len(want) {
				t.Errorf("%+v: %d rows, want %d", test, len(got), len(want))
				continue
			}
			for i := range got {
				if got[i].V != want[i].V {
					t.Errorf("%+v: row %d is %+v, want %+v", test, i, got[i], want[i])
					break
				}
			}
			if test.limit < 0 && test.offset == 0 {
				for i := range want {
					want[i].Null = false
				}
				if diff := diffRows(sortedRows(want), sortedRows(got)); diff != "" {
					t.Errorf("%+v: %s", test, diff)
				}
			}
		}
	})
}
