package exec

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
	"github.com/heddle-lang/heddle/runtime/engine"
	"github.com/heddle-lang/heddle/runtime/store"
)

func grouped(open tables, groups int64, scan int) Query {
	p := withScan(testProgram(fromTable("aggregate", scan, groupsState), fromState("emit_groups", groupsState, rowsState)), "t", "other")
	p.Literals[0] = ir.IntDatum(groups)
	p.States[groupsState].Estimate = float64(groups)
	return Query{Program: p, Tables: open.open}
}

// Tables of several chunks, whose rows are no multiples of 8, mapped and decoded.
func TestDeviceChunks(t *testing.T) {
	plain := manyRows(150_001, 0)
	for access, rows := range map[string][]row{
		"decoded": plain,
		"mapped":  append([]row{{K: -wide, V: -wide}, {K: wide - 1, V: wide, T: "last"}, {K: 1, Null: true}}, plain...),
	} {
		open := tables{"t": makeTable(t, rows), "other": makeTable(t, nil)}
		for _, threads := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s/%d", access, threads), func(t *testing.T) {
				s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: threads})
				p := withScan(testProgram(fromTable("emit_table", 0, rowsState)), "t")
				got, stats := mustExecute(t, s, onKernels(t, Query{Program: p, Tables: open.open}))
				if diff := diffRows(sortedRows(rows), sortedRows(got)); diff != "" || places(stats) != "emulator" {
					t.Errorf("on %s: %s %v", places(stats), diff, stats.Fallbacks())
				}
			})
		}
	}
}

// A table that the device has no room for passes through it in parts.
func TestDeviceStream(t *testing.T) {
	rows := manyRows(600_000, 0)
	open := tables{"t": makeTable(t, rows), "other": makeTable(t, nil)}
	for _, threads := range []int{1, 3} {
		t.Run(fmt.Sprint(threads), func(t *testing.T) {
			s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: threads, DeviceMemory: 18 << 20})
			for range 2 {
				got, stats := mustExecute(t, s, onKernels(t, grouped(open, 100, 0)))
				if diff := diffRows(sums(rows, func(k int64) int64 { return k % 100 }), sortedRows(got)); diff != "" {
					t.Error(diff)
				}
				if places(stats) != "emulator emulator" || stats.Pipelines[0].Launches < 3 {
					t.Errorf("on %s with %d launches: %v", places(stats), stats.Pipelines[0].Launches, stats.Fallbacks())
				}
			}
			if s.DeviceUsage().Used > 18<<20 {
				t.Errorf("the usage is %+v", s.DeviceUsage())
			}
		})
	}
	t.Run("kept text", func(t *testing.T) {
		s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2, DeviceMemory: 18 << 20})
		p := withScan(testProgram(fromTable("emit_table", 0, rowsState)), "t")
		p.Literals[0] = ir.IntDatum(1000)
		got, stats := mustExecute(t, s, onKernels(t, Query{Program: p, Tables: open.open}))
		if diff := diffRows(sortedRows(rows[:1000]), sortedRows(got)); diff != "" {
			t.Error(diff)
		}
		if places(stats) != "cpu" || len(stats.Fallbacks()) != 1 || stats.Fallbacks()[0].Code != device.CodeMemory {
			t.Errorf("on %s: %v", places(stats), stats.Fallbacks())
		}
	})
	t.Run("no room at all", func(t *testing.T) {
		s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2, DeviceMemory: 4 << 20})
		got, stats := mustExecute(t, s, onKernels(t, grouped(open, 100, 0)))
		if len(got) != 100 || places(stats) != "cpu cpu" {
			t.Errorf("%d rows on %s", len(got), places(stats))
		}
	})
}

// Columns make room for others, those used least recently first.
func TestDeviceEviction(t *testing.T) {
	rows, other := manyRows(300_000, 0), manyRows(300_000, 5)
	open := tables{"t": makeTable(t, rows), "other": makeTable(t, other)}
	s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2, DeviceMemory: 20 << 20})
	there := func(name string) bool {
		return s.Resident(open[name], "k", ir.Of(ir.I64), ir.Layout{Width: 8}) > 0
	}
	for i, name := range []string{"t", "other", "t", "t", "other"} {
		data := map[string][]row{"t": rows, "other": other}[name]
		got, stats := mustExecute(t, s, onKernels(t, grouped(open, 10, map[string]int{"t": 0, "other": 1}[name])))
		if diff := diffRows(sums(data, func(k int64) int64 { return k % 10 }), sortedRows(got)); diff != "" {
			t.Error(diff)
		}
		if places(stats) != "emulator emulator" || !there(name) || there("t") == there("other") {
			t.Errorf("query %d of %q on %s: %v; there %v, %v", i, name, places(stats), stats.Fallbacks(), there("t"), there("other"))
		}
	}
}

// A region that is too small grows.
func TestDeviceOverflow(t *testing.T) {
	rows := manyRows(20_000, 0)
	other := append(append(manyRows(3000, 0), manyRows(3000, 0)...), manyRows(3000, 0)...)
	open := tables{"t": makeTable(t, rows), "other": makeTable(t, other)}
	s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2})
	probe := fromTable("probe", 0, rowsState)
	probe.Probes = []int{tableState}
	p := withScan(testProgram(fromTable("build", 1, tableState), probe), "t", "other")
	got, stats := mustExecute(t, s, onKernels(t, Query{Program: p, Tables: open.open}))
	if diff := diffRows(leftJoin(rows, other), sortedRows(got)); diff != "" || places(stats) != "emulator emulator" {
		t.Errorf("on %s: %s", places(stats), diff)
	}
	if stats.Pipelines[1].Launches < 3 { // linking, and two attempts
		t.Errorf("%d launches", stats.Pipelines[1].Launches)
	}
	// Without room to grow, the CPU does it.
	s = deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2, DeviceMemory: 9 << 20})
	many := manyRows(70_000, 0)
	open["t"] = makeTable(t, many)
	got, stats = mustExecute(t, s, onKernels(t, Query{Program: p, Tables: open.open}))
	if diff := diffRows(leftJoin(many, other), sortedRows(got)); diff != "" || places(stats) != "emulator cpu" {
		t.Errorf("on %s: %s, %v", places(stats), diff, stats.Fallbacks())
	}
}

// Dictionaries and tables over them.
func TestDeviceDictionary(t *testing.T) {
	s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2})
	query, want := codedQuery(t)
	for range 2 {
		got, stats := mustExecute(t, s, onKernels(t, query()))
		if diff := diffRows(want, sortedRows(got)); diff != "" || places(stats) != "emulator" {
			t.Errorf("on %s: %s %v", places(stats), diff, stats.Fallbacks())
		}
	}
}

// States that do not fit the memory of the host, with some pipelines on the device.
func TestDeviceSpill(t *testing.T) {
	for _, test := range spillCases(t) {
		if len(test.name) >= 4 && test.name[:4] == "sort" {
			continue
		}
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%v", test.name, first), func(t *testing.T) {
				p := *test.query.Program
				p.Pipelines = append([]program.Pipeline(nil), p.Pipelines...)
				p.States = append([]program.State(nil), p.States...)
				query := test.query
				query.Program = &p
				query = onKernels(t, query)
				query.Placement[0].Device = first
				s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2, Memory: 2 << 20})
				got, stats := mustExecute(t, s, query)
				if diff := diffRows(test.want, sortedRows(got)); diff != "" {
					t.Errorf("on %s: %s", places(stats), diff)
				}
			})
		}
	}
}

// Several sessions share a device.
func TestDeviceSessions(t *testing.T) {
	rows := manyRows(20_000, 0)
	open := tables{"t": makeTable(t, rows), "other": makeTable(t, nil)}
	driver := openDevice(t, devicetest.Plan{})
	deviceSession(t, driver, Options{}) // whose end looks for leaks; the others are closed before
	var group sync.WaitGroup
	for range 3 {
		s := newSession(t, Options{Threads: 2, DeviceMemory: 64 << 20, Device: driver, Engine: openEngine(t, engine.Default())})
		query := onKernels(t, grouped(open, 100, 0))
		group.Go(func() {
			for range 3 {
				got, stats, err := execute(t, s, query)
				if err != nil || len(got) != 100 || places(stats) != "emulator emulator" {
					t.Errorf("%d rows on %s: %v", len(got), places(stats), err)
				}
			}
		})
	}
	group.Wait()
}

// A query that is cancelled leaves the session and the device usable.
func TestDeviceCancel(t *testing.T) {
	rows := manyRows(100_000, 0)
	open := tables{"t": makeTable(t, rows), "other": makeTable(t, nil)}
	s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2})
	query := onKernels(t, grouped(open, 1000, 0))
	for _, limit := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		_, _, err := executeContext(t, ctx, s, query)
		cancel()
		var problem *diag.Diagnostic
		if err != nil && (!errors.As(err, &problem) || problem.Code != CodeCancelled) {
			t.Errorf("after %v, the error is %v", limit, err)
		}
	}
	got, stats := mustExecute(t, s, query)
	if diff := diffRows(sums(rows, func(k int64) int64 { return k % 1000 }), sortedRows(got)); diff != "" || places(stats) != "emulator emulator" {
		t.Errorf("on %s: %s", places(stats), diff)
	}
}

// A query that is cancelled while a kernel runs that would not end for minutes does not
// wait for it, and neither does the session's next query. What lies on the device stays.
func TestDeviceAbandon(t *testing.T) {
	for _, test := range []struct {
		name   string
		rows   int
		memory int64
	}{{"resident", 10_000, 0}, {"streamed", 600_000, 18 << 20}} {
		t.Run(test.name, func(t *testing.T) {
			rows := manyRows(test.rows, 0)
			want := sums(rows, func(k int64) int64 { return k % 100 })
			inner, err := emulator.Open(emulator.Options{Workers: 2, InstructionLimit: 1 << 36})
			if err != nil {
				t.Fatal(err)
			}
			driver := devicetest.Faulty(inner, devicetest.Plan{})
			t.Cleanup(func() {
				if err := driver.Close(); err != nil {
					t.Error(err)
				}
			})
			open := tables{"t": makeTable(t, rows), "other": makeTable(t, nil)}
			s := deviceSession(t, driver, Options{Threads: 2, DeviceMemory: test.memory})
			check := func() Stats {
				t.Helper()
				got, stats := mustExecute(t, s, onKernels(t, grouped(open, 100, 0)))
				if diff := diffRows(want, sortedRows(got)); diff != "" || places(stats) != "emulator emulator" {
					t.Errorf("on %s: %v %s", places(stats), stats.Fallbacks(), diff)
				}
				return stats
			}
			first := check()
			for round := range 3 {
				endless := onKernels(t, grouped(open, 100, 0))
				endless.Program.Pipelines[0].Kernel.Function = "endless_kernel"
				ctx, cancel := context.WithCancel(t.Context())
				started := func() int { return driver.Calls(devicetest.Launch) + driver.Calls(devicetest.Replay) }
				before := started()
				go func() {
					for started() == before && t.Context().Err() == nil {
						runtime.Gosched()
					}
					cancel()
				}()
				if _, _, err := executeContext(t, ctx, s, endless); codeOf(err) != CodeCancelled {
					t.Errorf("round %d: the error is %v", round, err)
				}
				again := check()
				if copied := again.Pipelines[0].CopiedIn; test.memory == 0 && copied >= first.Pipelines[0].CopiedIn {
					t.Errorf("round %d: %d bytes were copied again", round, copied)
				}
			}
		})
	}
}

// A session without a device runs what is placed there on the CPU, and says so.
func TestDeviceMissing(t *testing.T) {
	open := tables{"t": makeTable(t, manyRows(100, 0)), "other": makeTable(t, nil)}
	s := newSession(t, Options{Engine: openEngine(t, engine.Default()), Threads: 1})
	got, stats := mustExecute(t, s, onKernels(t, grouped(open, 10, 0)))
	if len(got) != 10 || places(stats) != "cpu cpu" || len(stats.Fallbacks()) != 1 || stats.Fallbacks()[0].Code != device.CodeMissing {
		t.Errorf("%d rows on %s: %v", len(got), places(stats), stats.Fallbacks())
	}
}

// codedQuery reads codes, the texts behind them, and a table over the dictionary.
func codedQuery(t testing.TB) (query func() Query, want []row) {
	rows := make([]row, 70_001)
	names := []string{"air", "rail", "truck", "", "regular air"}
	for i := range rows {
		rows[i] = row{K: int64(i), T: names[i%len(names)]}
		want = append(want, row{K: int64(i), V: int64(len(rows[i].T)), T: rows[i].T})
	}
	table := makeTable(t, rows)
	_, column := table.Description().Column("t")
	if column.Layout.Encoding != ir.Dictionary || column.Layout.Width != 1 {
		t.Fatalf("the column has the layout %s", column.Layout)
	}
	open := tables{"t": table}
	return func() Query {
		pipeline := fromTable("emit_coded", 0, rowsState)
		pipeline.Tables = []program.Lookup{{Function: "lengths", Column: 2, Width: 1, Offset: 2000}}
		p := withScan(testProgram(pipeline), "t")
		p.Scans[0].Columns[2].Layout = column.Layout
		return Query{Program: p, Tables: open.open}
	}, want
}

// Bits that go to any place, with what lies around them.
func TestOrBits(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		first, n, behind := random.IntN(40), random.IntN(200), random.IntN(20)
		from := make([]byte, (n+7)/8+2)
		for i := range from {
			from[i] = byte(random.Uint32()) // also behind the last bit
		}
		to := make([]byte, (first+n+behind+7)/8)
		orBits(to, int64(first), from, n)
		for i := range 8 * len(to) {
			want := i >= first && i < first+n && from[(i-first)/8]>>((i-first)%8)&1 != 0
			if got := to[i/8]>>(i%8)&1 != 0; got != want {
				t.Fatalf("%d bits from %d on: bit %d is %v", n, first, i, got)
			}
		}
	}
}

func TestKeptRanges(t *testing.T) {
	const large = 2 * joinedRows
	for _, test := range []struct {
		name   string
		chunks []int64
		kept   []int
		want   []rowRange
	}{
		{"none", []int64{10, 10}, nil, []rowRange{{}}},
		{"all", []int64{10, 10}, []int{0, 1}, []rowRange{{0, 20}}},
		{"with a small gap", []int64{10, 100, 10}, []int{0, 2}, []rowRange{{0, 120}}},
		{"with a large gap", []int64{10, large, 10, 5}, []int{0, 2}, []rowRange{{0, 10}, {large, 20}}},
		{"the end", []int64{200, 100}, []int{1}, []rowRange{{128, 172}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sc := &scan{source: chunkScan(test.chunks), chunks: test.kept}
			if diff := gocmp.Diff(test.want, sc.keptRanges(), gocmp.AllowUnexported(rowRange{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// chunkScan is a scan with chunks of so many rows, and nothing in them.
type chunkScan []int64

func (c chunkScan) Segments() []store.Segment     { return nil }
func (c chunkScan) Reader() (store.Reader, error) { return nil, errors.New("there is nothing to read") }
func (c chunkScan) Close() error                  { return nil }
func (c chunkScan) Chunks() (chunks []store.Chunk) {
	for _, rows := range c {
		chunks = append(chunks, store.Chunk{Rows: rows})
	}
	return chunks
}

// A table whose rows are not counted passes through the device.
func TestDeviceUncounted(t *testing.T) {
	rows := manyRows(100_000, 0)
	open := tables{"t": uncounted{makeTable(t, rows)}, "other": makeTable(t, nil)}
	s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2})
	got, stats := mustExecute(t, s, onKernels(t, grouped(open, 100, 0)))
	if diff := diffRows(sums(rows, func(k int64) int64 { return k % 100 }), sortedRows(got)); diff != "" || places(stats) != "emulator emulator" {
		t.Errorf("on %s: %s %v", places(stats), diff, stats.Fallbacks())
	}
	if stats.Pipelines[0].Rows != int64(len(rows)) {
		t.Errorf("%d rows", stats.Pipelines[0].Rows)
	}
	p := withScan(testProgram(fromTable("emit_table", 0, rowsState)), "t")
	got, stats = mustExecute(t, s, onKernels(t, Query{Program: p, Tables: open.open}))
	if len(got) != len(rows) || places(stats) != "cpu" || stats.Fallbacks()[0].Code != CodeNotOnDevice {
		t.Errorf("%d rows on %s: %v", len(got), places(stats), stats.Fallbacks())
	}
}

// uncounted is a table whose chunks do not say how many rows they have.
type uncounted struct{ store.Table }

func (u uncounted) Scan(ctx context.Context, request store.ScanRequest) (store.Scan, error) {
	scan, err := u.Table.Scan(ctx, request)
	return uncountedScan{scan}, err
}

type uncountedScan struct{ store.Scan }

func (u uncountedScan) Segments() []store.Segment { return nil }
func (u uncountedScan) Chunks() []store.Chunk {
	chunks := slices.Clone(u.Scan.Chunks())
	for i := range chunks {
		chunks[i].Rows = -1
	}
	return chunks
}

// A query that runs again takes nothing more from the driver.
func TestDeviceAgain(t *testing.T) {
	rows := manyRows(20_000, 0)
	for _, test := range deviceCases(t, rows, rows[:1000]) {
		t.Run(test.name, func(t *testing.T) {
			driver := openDevice(t, devicetest.Plan{})
			s := deviceSession(t, driver, Options{Threads: 2})
			query := onKernels(t, test.query())
			for range 2 { // graphs are captured the second time
				mustExecute(t, s, query)
			}
			calls := []devicetest.Call{
				devicetest.Load, devicetest.Allocate, devicetest.Free, devicetest.Commit, devicetest.AllocateHost,
				devicetest.NewStream, devicetest.NewEvent,
			}
			before := map[devicetest.Call]int{}
			for _, call := range calls {
				before[call] = driver.Calls(call)
			}
			for range 3 {
				mustExecute(t, s, query)
			}
			for _, call := range calls {
				if n := driver.Calls(call) - before[call]; n != 0 {
					t.Errorf("%d calls of %s", n, call)
				}
			}
		})
	}
}

// A device that is lost while a table passes through it, also after the last launch.
func TestDeviceStreamLost(t *testing.T) {
	rows := manyRows(600, 0)
	full := devicetest.Fault{Call: devicetest.Allocate, Err: devicetest.OutOfMemory()} // the first column
	for _, test := range deviceCases(t, rows, rows[:100]) {
		if test.name != "direct" && test.name != "100 groups" {
			continue
		}
		sound := openDevice(t, devicetest.Plan{Faults: []devicetest.Fault{full}})
		_, stats := mustExecute(t, deviceSession(t, sound, Options{Threads: 2}), onKernels(t, test.query()))
		if places(stats) != "emulator emulator" || sound.Calls(devicetest.AllocateHost) < 2 {
			t.Errorf("%s ran on %s: %v", test.name, places(stats), stats.Fallbacks())
		}
		for _, call := range []devicetest.Call{devicetest.Synchronize, devicetest.Free} {
			for at := range sound.Calls(call) {
				t.Run(fmt.Sprintf("%s/%s %d", test.name, call, at+1), func(t *testing.T) {
					lost := devicetest.Fault{Call: call, At: at + 1, Err: devicetest.Lost()}
					s := deviceSession(t, openDevice(t, devicetest.Plan{Faults: []devicetest.Fault{full, lost}}), Options{Threads: 2})
					for range 2 {
						got, stats := mustExecute(t, s, onKernels(t, test.query()))
						if diff := diffRows(test.want, sortedRows(got)); diff != "" {
							t.Errorf("on %s: %s", places(stats), diff)
						}
					}
				})
			}
		}
	}
}
