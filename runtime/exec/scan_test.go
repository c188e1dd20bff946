package exec

import (
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/store"
)

// wideRows are rows whose table can be mapped.
func wideRows(n int, first int64) []row {
	return append([]row{{K: -wide, V: -wide}, {K: wide - 1, V: wide, T: "last"}, {K: 1, Null: true}}, manyRows(n, first)...)
}

// Columns stay pinned over many queries, make room for others when there is none, and
// pass through windows when they never fit.
func TestPins(t *testing.T) {
	first, second := wideRows(100_000, 0), wideRows(120_000, 7)
	open := tables{"first": makeTable(t, first), "second": makeTable(t, second)}
	query := func(name string) Query {
		return Query{Program: withScan(testProgram(fromTable("emit_table", 0, rowsState)), name), Tables: open.open}
	}
	size := func(table store.Table) uint32 {
		sc, err := table.Scan(t.Context(), store.ScanRequest{Columns: []store.ColumnRequest{
			{Name: "k", Type: ir.Of(ir.I64), Layout: ir.Layout{Width: 8}},
			{Name: "v", Type: ir.Of(ir.I64).WithNull(true), Layout: ir.Layout{Width: 8}},
			{Name: "t", Type: ir.Of(ir.String)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer mustClose(t, sc)
		total := int64(0)
		for _, segment := range sc.Segments() {
			for i := range segment.Columns {
				for _, region := range regionsOf(&segment.Columns[i]) {
					total += footprint(region)
				}
			}
		}
		return uint32(total)
	}
	large := size(open["second"])
	for _, test := range []struct {
		name   string
		limit  uint32
		access []string // of first, second, first, second
		epochs int
	}{
		{"room for both", pinnedLimit, []string{"pinned", "pinned", "pinned", "pinned"}, 0},
		{"room for one", abi.WindowBase + large, []string{"pinned", "pinned", "pinned", "pinned"}, 3},
		{"room for the first", abi.WindowBase + large - 1, []string{"pinned", "windows", "pinned", "windows"}, 2},
		{"no room", abi.WindowBase + 1, []string{"windows", "windows", "windows", "windows"}, 4},
	} {
		forEachEngine(t, func(t *testing.T, e engine.Engine) {
			t.Run(test.name, func(t *testing.T) {
				s := newSession(t, Options{Engine: e, Threads: 2})
				s.windows.limit = test.limit
				for i, access := range test.access {
					name, rows := "first", first
					if i%2 == 1 {
						name, rows = "second", second
					}
					got, stats := mustExecute(t, s, query(name))
					if diff := diffRows(sortedRows(rows), sortedRows(got)); diff != "" {
						t.Errorf("query %d: %s", i, diff)
					}
					if stats.Scans[0].Access != access {
						t.Errorf("query %d: the table was read through %s, want %s", i, stats.Scans[0].Access, access)
					}
				}
				if s.windows.epoch != test.epochs {
					t.Errorf("pins were dropped %d times, want %d", s.windows.epoch, test.epochs)
				}
			})
		})
	}
}

func TestFootprint(t *testing.T) {
	page := int64(os.Getpagesize())
	for _, test := range []struct{ length, want int64 }{
		{1, 2 * page}, {page - guardBytes, 2 * page}, {page - guardBytes + 1, 3 * page}, {page, 3 * page},
	} {
		if got := footprint(store.Region{Length: test.length}); got != test.want {
			t.Errorf("%d bytes take %d, want %d", test.length, got, test.want)
		}
	}
}

// Entries of a dictionary, a table over it, and results that point to it.
func TestDictionary(t *testing.T) {
	rows := make([]row, 100_000)
	want := make([]row, len(rows))
	names := []string{"air", "rail", "truck", "", "regular air"}
	for i := range rows {
		rows[i] = row{K: int64(i), T: names[i%len(names)]}
		want[i] = row{K: int64(i), V: int64(len(rows[i].T)), T: rows[i].T}
	}
	rows[0].Null = true
	table := makeTable(t, rows)
	_, column := table.Description().Column("t")
	if column.Layout.Encoding != ir.Dictionary || column.Layout.Width != 1 {
		t.Fatalf("the column has the layout %s", column.Layout)
	}
	open := tables{"t": table}
	forEachEngine(t, func(t *testing.T, e engine.Engine) {
		s := newSession(t, Options{Engine: e, Threads: 2})
		pipeline := fromTable("emit_coded", 0, rowsState)
		pipeline.Tables = []program.Lookup{{Function: "lengths", Column: 2, Width: 1, Offset: 2000}}
		p := withScan(testProgram(pipeline), "t")
		p.Scans[0].Columns[2].Layout = column.Layout
		for range 2 {
			got, _ := mustExecute(t, s, Query{Program: p, Tables: open.open})
			if diff := diffRows(want, sortedRows(got)); diff != "" {
				t.Error(diff)
			}
		}
		p.Scans[0].Columns[2].Layout.Cardinality = 4
		if _, _, err := execute(t, s, Query{Program: p, Tables: open.open}); codeOf(err) != CodeStale {
			t.Errorf("with too small a cardinality: %v", err)
		}
	})
}

// Chunks are left out exactly when their bounds rule a condition out.
func TestPrune(t *testing.T) {
	s := newSession(t, Options{Engine: openEngine(t, engine.Default())})
	open := tables{"t": makeTable(t, manyRows(4*store.ChunkRows, 0))}
	for _, test := range []struct {
		op    string
		value int64
		kept  int
	}{
		{"eq", 0, 1},
		{"eq", store.ChunkRows - 1, 1},
		{"eq", -1, 0},
		{"eq", 4 * store.ChunkRows, 0},
		{"lt", 0, 0},
		{"lt", 1, 1},
		{"lt", store.ChunkRows, 1},
		{"lt", store.ChunkRows + 1, 2},
		{"le", -1, 0},
		{"le", 0, 1},
		{"le", store.ChunkRows, 2},
		{"gt", 4*store.ChunkRows - 1, 0},
		{"gt", 4*store.ChunkRows - 2, 1},
		{"gt", 3*store.ChunkRows - 1, 1},
		{"gt", 3*store.ChunkRows - 2, 2},
		{"ge", 4 * store.ChunkRows, 0},
		{"ge", 4*store.ChunkRows - 1, 1},
		{"ge", 3 * store.ChunkRows, 1},
	} {
		p := withScan(testProgram(fromTable("emit_table", 0, rowsState)), "t")
		p.Parameters = append(p.Parameters, p.Parameters[0])
		p.Literals = append(p.Literals, ir.IntDatum(test.value))
		p.Scans[0].Prune = []program.Prune{{Column: 0, Op: test.op, Parameter: 1}}
		got, stats := mustExecute(t, s, Query{Program: p, Tables: open.open})
		if scan := stats.Scans[0]; scan.Chunks != 4 || scan.Chunks-scan.Pruned != test.kept || len(got) != test.kept*store.ChunkRows {
			t.Errorf("k %s %d: %d rows of %+v, want %d chunks", test.op, test.value, len(got), scan, test.kept)
		}
	}
}

func TestMayHold(t *testing.T) {
	bound := func(d ir.Datum) *ir.Datum { return &d }
	text := ir.Of(ir.String)
	uuid := func(high int64) ir.Datum { return ir.Datum{High: high} }
	for _, test := range []struct {
		t     ir.Type
		zone  store.Zone
		op    string
		value ir.Datum
		want  bool
	}{
		{text, store.Zone{Min: bound(ir.TextDatum("b")), Max: bound(ir.TextDatum("d"))}, "eq", ir.TextDatum("a"), false},
		{text, store.Zone{Min: bound(ir.TextDatum("b")), Max: bound(ir.TextDatum("d"))}, "eq", ir.TextDatum("d"), true},
		{text, store.Zone{Min: bound(ir.TextDatum("b"))}, "eq", ir.TextDatum("zzz"), true},
		{text, store.Zone{}, "eq", ir.TextDatum("zzz"), true},
		{text, store.Zone{AllNull: true}, "eq", ir.TextDatum("zzz"), false},
		{text, store.Zone{}, "eq", ir.NullDatum, false},
		{ir.Of(ir.F64), store.Zone{Max: bound(ir.FloatDatum(1))}, "gt", ir.FloatDatum(2), true}, // NaN may be there
		{ir.Of(ir.F64), store.Zone{Max: bound(ir.FloatDatum(1))}, "eq", ir.FloatDatum(2), false},
		{ir.Of(ir.F64), store.Zone{Min: bound(ir.FloatDatum(1))}, "lt", ir.FloatDatum(1), false},
		{ir.Of(ir.UUID), store.Zone{Max: bound(uuid(5))}, "eq", uuid(-1), false},
		{ir.Of(ir.UUID), store.Zone{Max: bound(uuid(-1))}, "eq", uuid(5), true},
		{ir.Of(ir.Interval), store.Zone{Max: bound(ir.Datum{})}, "gt", ir.Datum{Low: 5}, true}, // no order here
		{ir.Of(ir.Bool), store.Zone{Max: bound(ir.BoolDatum(false))}, "eq", ir.BoolDatum(true), false},
	} {
		condition := program.Prune{Op: test.op}
		if got := mayHold(&test.zone, test.t, &condition, test.value); got != test.want {
			t.Errorf("%s %s %+v within %+v: %v, want %v", test.t, test.op, test.value, test.zone, got, test.want)
		}
	}
}

// A buffer with a limit stops the pipeline when it has enough.
func TestLimit(t *testing.T) {
	open := tables{"t": makeTable(t, manyRows(20*store.ChunkRows, 0))}
	forEachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, threads := range []int{1, 3} {
			t.Run(fmt.Sprint(threads), func(t *testing.T) {
				s := newSession(t, Options{Engine: e, Threads: threads})
				p := withScan(testProgram(fromTable("emit_table", 0, rowsState), fromState("copy_rows", rowsState, moreState)), "t")
				p.States[rowsState].Limit, p.States[rowsState].Offset = 100, 50
				for _, output := range []int{rowsState, moreState} {
					p.Output.State = output
					progress := &Progress{}
					got, stats := mustExecute(t, s, Query{Program: p, Tables: open.open, Progress: progress})
					if len(got) != 100 {
						t.Errorf("%d rows", len(got))
					}
					if read := stats.Pipelines[0].Rows; read > int64(threads+1)*store.ChunkRows {
						t.Errorf("%d rows were read", read)
					}
					if now := progress.Now(); now.Pipeline != 1 || now.Pipelines != 2 || now.Rows != 100 || now.TotalRows != 100 {
						t.Errorf("the progress is %+v", now)
					}
				}
			})
		}
	})
}

// mustClose closes what a test opened, which must succeed.
func mustClose(tb testing.TB, c io.Closer) {
	tb.Helper()
	if err := c.Close(); err != nil {
		tb.Error(err)
	}
}
