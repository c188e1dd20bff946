package exec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/engine"
)

// spillCase is a program whose states do not fit a small budget.
type spillCase struct {
	name  string
	query Query
	want  []row
}

func spillCases(t testing.TB) []spillCase {
	rows, other := manyRows(200_000, 0), append(manyRows(140_000, 130_000), manyRows(1000, 140_000)...)
	open := tables{"t": makeTable(t, rows), "other": makeTable(t, other)}
	cases := []spillCase{}
	add := func(name string, want []row, change func(p *program.Program), pipelines ...program.Pipeline) {
		p := withScan(testProgram(pipelines...), "t", "other")
		if change != nil {
			change(p)
		}
		cases = append(cases, spillCase{name, Query{Program: p, Tables: open.open}, sortedRows(want)})
	}
	add("buffer", rows, nil, fromTable("emit_table", 0, rowsState))
	add("two buffers", rows, func(p *program.Program) { p.Output.State = moreState },
		fromTable("emit_table", 0, rowsState), fromState("copy_rows", rowsState, moreState))
	add("groups", sums(rows, func(k int64) int64 { return k }), nil,
		fromTable("aggregate", 0, groupsState), fromState("emit_groups", groupsState, rowsState))
	add("groups again", sums(rows, func(k int64) int64 { return k % 100_000 }), func(p *program.Program) { p.Literals[0] = ir.IntDatum(100_000) },
		fromTable("aggregate", 0, groupsState), fromState("emit_groups", groupsState, rowsState))
	probe := fromTable("probe", 0, rowsState)
	probe.Probes = []int{tableState}
	add("join", leftJoin(rows, other), nil, fromTable("build", 1, tableState), probe)
	unmatched := program.Pipeline{Function: "unmatched", Source: program.UnmatchedSource, State: tableState, Into: moreState}
	add("unmatched", leftOver(rows, other), func(p *program.Program) { p.Output.State = moreState },
		fromTable("build", 1, tableState), probe, unmatched)
	byValue := slices.Clone(rows)
	slices.SortFunc(byValue, func(a, b row) int { return cmp.Compare(a.V, b.V) })
	for i := range byValue {
		byValue[i].Null = false
	}
	ascending := func(offset, limit int64) func(p *program.Program) {
		return func(p *program.Program) {
			p.Literals[0] = ir.IntDatum(0)
			p.States[orderState].Offset, p.States[orderState].Limit = offset, limit
		}
	}
	toOrder, fromOrder := fromTable("sort", 0, orderState), fromState("emit_sorted", orderState, rowsState)
	add("sort", byValue, ascending(0, -1), toOrder, fromOrder)
	add("sort with a limit", byValue[30_000:180_000], ascending(30_000, 150_000), toOrder, fromOrder)
	add("sort as the result", byValue, func(p *program.Program) {
		ascending(0, -1)(p)
		p.Output.State = orderState
		for i := range p.Output.Columns {
			p.Output.Columns[i].Field, p.Output.Columns[i].Type = i+1, p.States[orderState].Record.Fields[i+1].Type
		}
	}, toOrder)
	return cases
}

func TestSpill(t *testing.T) {
	for _, test := range spillCases(t) {
		for _, name := range engine.Names() {
			for _, threads := range []int{1, 2, 4} {
				t.Run(fmt.Sprintf("%s/%s/%d", test.name, name, threads), func(t *testing.T) {
					s := newSession(t, Options{Engine: openEngine(t, name), Threads: threads, Memory: int64(threads) << 20})
					for range 1 + threads/2%2 { // a session can spill again
						got, stats := mustExecute(t, s, test.query)
						if strings.HasPrefix(test.name, "sort") && !slices.IsSortedFunc(got, func(a, b row) int { return cmp.Compare(a.V, b.V) }) {
							t.Error("the rows are not in order")
						}
						if diff := diffRows(test.want, sortedRows(got)); diff != "" {
							t.Error(diff)
						}
						if len(got) != len(test.want) {
							t.Errorf("%d rows, want %d", len(got), len(test.want))
						}
						if passes := stats.Pipelines[len(stats.Pipelines)-1].Passes; test.name == "join" && passes < 2 {
							t.Errorf("%d passes", passes)
						}
						if stats.SpilledBytes == 0 {
							t.Errorf("nothing was spilled; the peak was %d", stats.PeakMemory)
						}
						if stats.PeakMemory > 5<<20 && stats.PeakMemory > int64(threads)*3<<20 {
							t.Errorf("the peak was %d", stats.PeakMemory)
						}
					}
				})
			}
		}
	}
}

// A disk that is full, or fails, ends the query with a diagnostic and leaves nothing.
func TestSpillFaults(t *testing.T) {
	for _, test := range spillCases(t) {
		for _, cause := range []error{syscall.ENOSPC, syscall.EIO} {
			for _, op := range []system.Operation{system.OpCreate, system.OpWrite, system.OpRead} {
				t.Run(fmt.Sprintf("%s/%s/%v", test.name, op, cause), func(t *testing.T) {
					for _, at := range []int{1, 7} {
						sys := *system.Real()
						faults := system.NewFaults(sys.Files, system.Fault{
							At: at, Forever: true, Short: true, Err: cause,
							Only: func(o system.Operation, _ string) bool { return o == op },
						})
						sys.Files = faults
						s := newSession(t, Options{Engine: openEngine(t, engine.Default()), Threads: 2, Memory: 3 << 20, System: &sys})
						_, _, err := execute(t, s, test.query)
						if faults.Fired() && codeOf(err) != CodeSpill {
							t.Errorf("operation %d: the error is %v", at, err)
						}
						if !faults.Fired() && err != nil {
							t.Errorf("without a fault: %v", err)
						}
					}
				})
			}
		}
	}
}

// A sort with a small limit keeps little, whatever it reads.
func TestTop(t *testing.T) {
	rows := manyRows(10*1<<16, 0)
	open := tables{"t": makeTable(t, rows)}
	for _, name := range engine.Names() {
		for _, threads := range []int{1, 2, 4} {
			for _, limit := range []int64{0, 1, 10, 3000} {
				t.Run(fmt.Sprintf("%s/%d/%d", name, threads, limit), func(t *testing.T) {
					s := newSession(t, Options{Engine: openEngine(t, name), Threads: threads})
					p := withScan(testProgram(fromTable("sort", 0, orderState), fromState("emit_sorted", orderState, rowsState)), "t")
					p.Literals[0] = ir.IntDatum(1)
					p.States[orderState].Limit, p.States[orderState].Offset = limit, 5
					got, stats := mustExecute(t, s, Query{Program: p, Tables: open.open})
					if int64(len(got)) != limit {
						t.Fatalf("%d rows", len(got))
					}
					for i, r := range got {
						if want := int64(len(rows) - 6 - 5 - i); r.V != want || r.T != fmt.Sprintf("text %d", r.K) {
							// Rows of NULL have other values, so some are missing.
							if r.V > want || i > 0 && r.V >= got[i-1].V || r.T != fmt.Sprintf("text %d", r.K) {
								t.Fatalf("row %d is %+v, want at most %d", i, r, want)
							}
						}
					}
					// A morsel of each worker, not the whole table.
					if stats.PeakMemory > int64(threads)*10<<20 {
						t.Errorf("the peak was %d", stats.PeakMemory)
					}
				})
			}
		}
	}
}

// Text of a group that lies in another page than the group moves with it.
func TestForeignText(t *testing.T) {
	s := newSession(t, Options{Engine: openEngine(t, engine.Default()), Threads: 1})
	res, err := s.Run(t.Context(), Query{Program: testProgram(values), Wasm: readModule(t, "query")})
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, res)
	r, st := res.run, res.run.states[rowsState]
	heap := s.heap
	elsewhere, err := heap.Allocate(10_000)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("foreign ", 1000)
	copy(heap.At(elsewhere), text)
	p := &st.partitions[0].pages[0]
	packed := p.first() - abi.SharedBase + 24
	put64(heap.Bytes(), packed, uint64(elsewhere.Address)|uint64(len(text))<<32)
	if err := r.evict(st, st.partitions[0].pages); err != nil {
		t.Fatal(err)
	}
	clear(heap.At(elsewhere))
	if p.inMemory() {
		t.Fatal("the page is still in memory")
	}
	batch, err := res.Next()
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Release()
	if got := appendRows(nil, batch); len(got) != 5 || got[0].T != text {
		t.Errorf("%d rows, the first with a text of %d bytes", len(got), len(got[0].T))
	}
}
