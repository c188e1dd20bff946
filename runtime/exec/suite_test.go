package exec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"go.uber.org/goleak"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/engine"
	_ "github.com/heddle-lang/heddle/runtime/engine/all"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/native"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// forEachEngine runs a test on every engine of this build.
func forEachEngine(t *testing.T, test func(t *testing.T, e engine.Engine)) {
	t.Helper()
	for _, name := range engine.Names() {
		t.Run(name, func(t *testing.T) { test(t, openEngine(t, name)) })
	}
}

func openEngine(t testing.TB, name string) engine.Engine {
	t.Helper()
	e, err := engine.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func readModule(t testing.TB, name string) []byte {
	t.Helper()
	wasm, err := os.ReadFile(filepath.Join("testdata", name+".wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

func newSession(t testing.TB, options Options) *Session {
	t.Helper()
	if options.Library == nil {
		options.Library = readModule(t, "library")
	}
	if options.TempDir == "" {
		options.TempDir = t.TempDir()
	}
	s, err := NewSession(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		left, err := os.ReadDir(options.TempDir)
		if err != nil || len(left) != 0 {
			t.Errorf("left in the temporary directory: %v, %v", left, err)
		}
	})
	return s
}

// row is what the pipelines of testdata/query.wat give.
type row struct {
	K, V int64
	Null bool
	T    string
}

func compareRows(a, b row) int {
	return cmp.Or(cmp.Compare(a.K, b.K), cmp.Compare(a.V, b.V), cmp.Compare(a.T, b.T))
}

func sortedRows(rows []row) []row {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, compareRows)
	return rows
}

// The states of testdata/query.wat by number.
const (
	rowsState = iota
	tableState
	groupsState
	orderState
	directState
	moreState
)

// testProgram is a program over the states of testdata/query.wat.
func testProgram(pipelines ...program.Pipeline) *program.Program {
	i64 := ir.Of(ir.I64)
	field := func(name string, t ir.Type, offset, width, null int) program.RecordField {
		return program.RecordField{Name: name, Type: t, Offset: offset, Width: width, NullOffset: null}
	}
	rows := program.Record{Size: 32, Fields: []program.RecordField{
		field("k", i64, 0, 8, -1), field("v", i64.WithNull(true), 8, 8, 16), field("t", ir.Of(ir.String), 24, 8, -1),
	}}
	keyed := program.Record{Size: 32, Fields: []program.RecordField{
		field("k", i64, 8, 8, -1), field("v", i64, 16, 8, -1), field("n", i64, 24, 8, -1),
	}}
	ordered := program.Record{Size: 32, Fields: []program.RecordField{
		field("key", ir.Of(ir.Bytes), 0, 8, -1), field("k", i64, 8, 8, -1), field("v", i64, 16, 8, -1), field("t", ir.Of(ir.String), 24, 8, -1),
	}}
	p := &program.Program{
		Parameters: []program.Parameter{{Type: i64, Form: program.ValueForm, Argument: -1}},
		Literals:   []ir.Datum{ir.IntDatum(1 << 62)},
		States: []program.State{
			{Name: "rows", Kind: ir.BufferState, Record: rows},
			{Name: "table", Kind: ir.HashTableState, Record: keyed, Partitions: 64},
			{Name: "groups", Kind: ir.AggregateState, Record: keyed, Partitions: 64, Merge: "merge"},
			{Name: "order", Kind: ir.SortState, Record: ordered, Sorted: true},
			{Name: "direct", Kind: ir.AggregateState, Record: keyed, Merge: "merge_direct", Direct: &program.Direct{Slots: 8, SlotSize: 16, Flush: "flush", Collect: "collect"}},
			{Name: "more", Kind: ir.BufferState, Record: rows},
		},
		Pipelines:   pipelines,
		ContextSize: 2048,
		LocalSize:   6 * 2048,
		Sites:       []program.Site{{Code: "E0610", Message: "no more of this", Span: diag.Span{Start: 2, End: 4}}},
	}
	for i := range p.States {
		st := &p.States[i]
		st.Partitions = max(st.Partitions, 1)
		st.LocalOffset, st.SharedOffset = 2048*i, 1024+32*i
		st.MarkOffset, st.Limit = -1, -1
	}
	p.States[tableState].MarkOffset = 24
	for i := range p.Pipelines {
		p.Pipelines[i].Title = p.Pipelines[i].Function
	}
	p.Output = program.Output{State: rowsState}
	for i, field := range rows.Fields {
		p.Output.Columns = append(p.Output.Columns, program.OutputColumn{Label: field.Name, Field: i, Type: field.Type})
	}
	return p
}

// withScan adds a scan of table "t" with the layouts that testdata/query.wat reads.
func withScan(p *program.Program, names ...string) *program.Program {
	for _, name := range names {
		p.Scans = append(p.Scans, program.Scan{Table: name, Columns: []program.ScanColumn{
			{Name: "k", Type: ir.Of(ir.I64), Layout: ir.Layout{Width: 8}},
			{Name: "v", Type: ir.Of(ir.I64).WithNull(true), Layout: ir.Layout{Width: 8}},
			{Name: "t", Type: ir.Of(ir.String)},
		}})
	}
	return p
}

func fromTable(function string, scan, into int) program.Pipeline {
	return program.Pipeline{Function: function, Source: program.TableSource, Scan: scan, Into: into}
}

func fromState(function string, state, into int) program.Pipeline {
	return program.Pipeline{Function: function, Source: program.StateSource, State: state, Into: into}
}

// tables are tables by name.
type tables map[string]store.Table

func (ts tables) open(name string) (store.Table, error) {
	if table := ts[name]; table != nil {
		return table, nil
	}
	return nil, fmt.Errorf("there is no table %q", name)
}

// wide makes the integers of a column take 8 bytes, so that it can be mapped.
const wide = 1 << 62

// makeTable writes a native table of rows. One with wide integers can be mapped.
func makeTable(t testing.TB, rows []row) store.Table {
	t.Helper()
	fields := []ir.Field{
		{Name: "k", Type: ir.Of(ir.I64)}, {Name: "v", Type: ir.Of(ir.I64).WithNull(true)}, {Name: "t", Type: ir.Of(ir.String)},
	}
	data := make([][]ir.Datum, len(rows))
	for i, r := range rows {
		data[i] = []ir.Datum{ir.IntDatum(r.K), ir.IntDatum(r.V), ir.TextDatum(r.T)}
		if r.Null {
			data[i][1] = ir.NullDatum
		}
	}
	path := filepath.Join(t.TempDir(), "table"+native.Extension)
	format := &store.Format{Name: "native", Open: native.Open, Write: native.Write}
	err := store.WriteFile(t.Context(), system.Real(), format, path, fields, storetest.Batches(fields, data, 5000), store.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := native.Open(t.Context(), system.Real(), path, store.FileOptions{Table: "t"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	})
	return table
}

// manyRows makes rows with k from first on, v a permutation of the same, and texts.
func manyRows(n int, first int64) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{K: first + int64(i), V: int64(i)*7919%int64(n) - 5, T: fmt.Sprintf("text %d", i)}
		if i%10 == 3 {
			rows[i].Null, rows[i].V = true, 0
		}
	}
	return rows
}

// execute runs a program and returns its rows and statistics.
func execute(t testing.TB, s *Session, query Query) ([]row, Stats, error) {
	t.Helper()
	return executeContext(t, t.Context(), s, query)
}

func executeContext(t testing.TB, ctx context.Context, s *Session, query Query) ([]row, Stats, error) {
	t.Helper()
	if query.Wasm == nil {
		query.Wasm = readModule(t, "query")
	}
	res, err := s.Run(ctx, query)
	if err != nil {
		return nil, Stats{}, err
	}
	defer func() {
		if err := res.Close(); err != nil {
			t.Error(err)
		}
	}()
	var rows []row
	for {
		batch, err := res.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, Stats{}, err
		}
		rows = appendRows(rows, batch)
		batch.Release()
	}
	if res.Rows() >= 0 && res.Rows() != int64(len(rows)) {
		t.Errorf("the result has %d rows and says %d", len(rows), res.Rows())
	}
	return rows, res.Stats(), nil
}

func appendRows(rows []row, batch arrow.RecordBatch) []row {
	k, v := batch.Column(0).(*array.Int64), batch.Column(1).(*array.Int64)
	text, _ := batch.Column(2).(*array.String)
	for i := range int(batch.NumRows()) {
		r := row{K: k.Value(i), Null: v.IsNull(i)}
		if !r.Null {
			r.V = v.Value(i)
		}
		if text != nil {
			r.T = text.Value(i)
		}
		rows = append(rows, r)
	}
	return rows
}

func mustExecute(t testing.TB, s *Session, query Query) ([]row, Stats) {
	t.Helper()
	rows, stats, err := execute(t, s, query)
	if err != nil {
		t.Fatal(err)
	}
	return rows, stats
}

func codeOf(err error) diag.Code {
	var problem *diag.Diagnostic
	if !errors.As(err, &problem) {
		return ""
	}
	return problem.Code
}

// diffRows is a short account of how two sorted lists of rows differ.
func diffRows(want, got []row) string {
	if slices.Equal(want, got) {
		return ""
	}
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			return fmt.Sprintf("row %d of %d is %+v, want %+v, of %d", i, len(got), got[i], want[i], len(want))
		}
	}
	return fmt.Sprintf("%d rows, want %d", len(got), len(want))
}
