package exec

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
)

// replayCase is a query with another literal in each run.
type replayCase struct {
	name     string
	query    func(literal int64) Query
	want     func(literal int64) []row
	literals []int64
	onCPU    []string
}

func replayCases(t testing.TB) []replayCase {
	t.Helper()
	rows := manyRows(20_000, 0)
	other := append(manyRows(3000, 0), manyRows(3000, 1000)...)
	open := tables{"t": makeTable(t, rows), "other": makeTable(t, other)}
	query := func(change func(p *program.Program, literal int64), pipelines ...program.Pipeline) func(int64) Query {
		return func(literal int64) Query {
			p := withScan(testProgram(slices.Clone(pipelines)...), "t", "other")
			p.Literals[0] = ir.IntDatum(literal)
			if change != nil {
				change(p, literal)
			}
			return Query{Program: p, Tables: open.open}
		}
	}
	probe := fromTable("probe", 0, rowsState)
	probe.Probes = []int{tableState}
	joined := leftJoin(rows, other)
	return []replayCase{
		{
			name: "buffer", query: query(nil, fromTable("emit_table", 0, rowsState)),
			want: func(literal int64) []row { return rows[:literal] }, literals: []int64{50, 20_000, 1, 7000},
		},
		{
			name: "records", query: query(func(p *program.Program, _ int64) { p.Output.State = moreState },
				fromTable("emit_table", 0, rowsState), fromState("copy_rows", rowsState, moreState)),
			want: func(literal int64) []row { return rows[:literal] }, literals: []int64{4100, 8000, 5000, 8192},
		},
		{
			name: "direct", query: query(nil, fromTable("direct", 0, directState), fromState("emit_groups", directState, rowsState)),
			want:     func(int64) []row { return sums(rows, func(k int64) int64 { return k & 7 }) },
			literals: []int64{1, 2, 3, 4},
		},
		{
			name: "hashing", query: query(func(p *program.Program, literal int64) { p.States[groupsState].Estimate = float64(literal) },
				fromTable("aggregate", 0, groupsState), fromState("emit_groups", groupsState, rowsState)),
			want:     func(literal int64) []row { return sums(rows, func(k int64) int64 { return k % literal }) },
			literals: []int64{100, 7, 3000, 20_000}, onCPU: []string{"emit_groups"}, // how many records are dead is not fixed
		},
		{
			name: "probe", query: query(nil, fromTable("build", 1, tableState), probe),
			want: func(int64) []row { return joined }, literals: []int64{1, 2, 3, 4},
		},
	}
}

// replays are the pipelines that were replayed, of those on the device.
func replays(stats Stats) (replayed, all int) {
	for i := range stats.Pipelines {
		if stats.Pipelines[i].Device == cpuName {
			continue
		}
		all++
		if stats.Pipelines[i].Replayed {
			replayed++
		}
	}
	return replayed, all
}

// From the second run on, a pipeline is one replay, whatever its literal is.
func TestDeviceReplay(t *testing.T) {
	for _, test := range replayCases(t) {
		t.Run(test.name, func(t *testing.T) {
			driver := openDevice(t, devicetest.Plan{})
			s := deviceSession(t, driver, Options{Threads: 2})
			for run, literal := range test.literals {
				calls := []devicetest.Call{
					devicetest.Replay, devicetest.Capture, devicetest.Launch, devicetest.Fill, devicetest.Record, devicetest.Since,
					devicetest.Allocate, devicetest.Free, devicetest.Commit, devicetest.AllocateHost, devicetest.FreeHost,
				}
				before := map[devicetest.Call]int{}
				for _, call := range calls {
					before[call] = driver.Calls(call)
				}
				got, stats := mustExecute(t, s, onKernels(t, test.query(literal), test.onCPU...))
				if diff := diffRows(sortedRows(test.want(literal)), sortedRows(got)); diff != "" {
					t.Errorf("run %d: %s", run, diff)
				}
				if len(stats.Fallbacks()) > 0 {
					t.Errorf("run %d: %v", run, stats.Fallbacks())
				}
				replayed, all := replays(stats)
				if run == 0 {
					if replayed > 0 || driver.Calls(devicetest.Capture) > 0 || driver.Calls(devicetest.Replay) > 0 {
						t.Errorf("%d pipelines were replayed in the first run", replayed)
					}
					continue
				}
				if replayed != all {
					t.Errorf("run %d: %d of %d pipelines were replayed", run, replayed, all)
				}
				if run == 1 {
					continue // it has captured
				}
				want := map[devicetest.Call]int{devicetest.Replay: all, devicetest.Record: 2 * all, devicetest.Since: all}
				if test.name == "probe" { // attempts, and the kernel that links the table
					attempts := stats.Pipelines[0].Launches + stats.Pipelines[1].Launches - 1
					want = map[devicetest.Call]int{
						devicetest.Replay: attempts, devicetest.Record: 2 * attempts, devicetest.Since: attempts, devicetest.Launch: 1, devicetest.Fill: 1,
					}
				}
				for _, call := range calls {
					if n := driver.Calls(call) - before[call]; n != want[call] {
						t.Errorf("run %d: %d calls of %s, want %d", run, n, call, want[call])
					}
				}
			}
		})
	}
}

// All that a run with a buffer copies by itself is its result.
func TestDeviceReplayCopies(t *testing.T) {
	test := replayCases(t)[0]
	driver := openDevice(t, devicetest.Plan{})
	s := deviceSession(t, driver, Options{Threads: 2})
	for run := range 4 {
		in, out := driver.Calls(devicetest.CopyIn), driver.Calls(devicetest.CopyOut)
		got, _ := mustExecute(t, s, onKernels(t, test.query(100)))
		if len(got) != 100 {
			t.Errorf("%d rows", len(got))
		}
		in, out = driver.Calls(devicetest.CopyIn)-in, driver.Calls(devicetest.CopyOut)-out
		if run >= 2 && (in != 0 || out != 2) { // records, and their text
			t.Errorf("run %d: %d copies in, %d copies out", run, in, out)
		}
	}
}

// Columns that were evicted, or are of another table, come with the launch block.
func TestDeviceReplayColumns(t *testing.T) {
	rows := manyRows(100, 0)
	open := tables{"t": makeTable(t, rows), "other": makeTable(t, nil)}
	s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2})
	run := func(name string, replayed bool) {
		t.Helper()
		p := withScan(testProgram(fromTable("emit_table", 0, rowsState)), "t")
		p.Literals[0] = ir.IntDatum(wide)
		got, stats := mustExecute(t, s, onKernels(t, Query{Program: p, Tables: open.open}))
		if diff := diffRows(sortedRows(rows), sortedRows(got)); diff != "" || places(stats) != "emulator" || stats.Pipelines[0].Replayed != replayed {
			t.Errorf("%s: on %s, replayed %v: %s", name, places(stats), stats.Pipelines[0].Replayed, diff)
		}
	}
	run("first", false)
	run("second", true)
	if err := s.device.memory.Clear(); err != nil {
		t.Fatal(err)
	}
	run("after eviction", true)
	for i := range rows {
		if !rows[i].Null {
			rows[i].V += 1_000_000
		}
		rows[i].T = fmt.Sprint("other ", i%77)
	}
	open["t"] = makeTable(t, rows)
	run("a changed table", true)
	rows = append(rows, manyRows(5, 30_000)...)
	open["t"] = makeTable(t, rows)
	run("a longer table", true) // as many blocks
	rows = append(rows, manyRows(5000, 30_005)...)
	open["t"] = makeTable(t, rows)
	run("a much longer table", false)
	run("a much longer table again", true)
}

// What graphs hold the addresses of goes with them.
func TestDeviceReplayForgotten(t *testing.T) {
	cases := replayCases(t)
	for _, event := range []struct {
		name   string
		goes   func(*graphKey) bool
		happen func(t *testing.T, s *Session, round int)
	}{
		{"a larger launch block", anyGraph, func(t *testing.T, s *Session, round int) {
			query := cases[0].query(10)
			columns := &query.Program.Scans[0].Columns
			for range round + 1 {
				*columns = append(*columns, (*columns)[:3]...)
			}
			got, _ := mustExecute(t, s, onKernels(t, query))
			if len(got) != 10 {
				t.Errorf("%d rows", len(got))
			}
		}},
		{"other memory for partial records", (*graphKey).leavesPartials, func(t *testing.T, s *Session, _ int) {
			g := s.device
			g.memory.Free(g.partial)
			g.partial.Size, g.partial.Address = 0, 0
			mustExecute(t, s, onKernels(t, cases[2].query(1)))
		}},
		{"the module is closed", anyGraph, func(t *testing.T, s *Session, _ int) {
			if err := s.device.closeModules(); err != nil {
				t.Error(err)
			}
		}},
		{"trimming", anyGraph, func(t *testing.T, s *Session, _ int) {
			if err := s.device.trim(); err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(event.name, func(t *testing.T) {
			driver := openDevice(t, devicetest.Plan{})
			s := deviceSession(t, driver, Options{Threads: 2})
			for round := range 2 {
				for run := range 3 { // what others keep moves addresses once
					for _, test := range cases {
						got, stats := mustExecute(t, s, onKernels(t, test.query(test.literals[0]), test.onCPU...))
						if diff := diffRows(sortedRows(test.want(test.literals[0])), sortedRows(got)); diff != "" {
							t.Errorf("%s: %s", test.name, diff)
						}
						if replayed, all := replays(stats); run == 2 && replayed != all {
							t.Errorf("%s: %d of %d pipelines were replayed", test.name, replayed, all)
						}
					}
				}
				graphs := &s.device.graphs
				if len(graphs.all) == 0 || graphs.bytes == 0 {
					t.Errorf("there are %d graphs with %d bytes", len(graphs.all), graphs.bytes)
				}
				event.happen(t, s, round)
				bytes := int64(0)
				for key, graph := range graphs.all {
					if event.goes(&key) && graph.graph != nil {
						t.Error("a graph is left")
					}
					bytes += int64(len(graph.memory))
				}
				if graphs.bytes != bytes {
					t.Errorf("%d bytes are counted, and graphs have %d", graphs.bytes, bytes)
				}
				if err := graphs.forget(s.device.driver, anyGraph); err != nil { // what the event has run is no first run
					t.Error(err)
				}
			}
		})
	}
}

// A region that is too small grows where the attempt was a replay.
func TestDeviceReplayOverflow(t *testing.T) {
	rows := manyRows(20_000, 0)
	other := append(append(manyRows(3000, 0), manyRows(3000, 0)...), manyRows(3000, 0)...)
	open := tables{"t": makeTable(t, rows), "other": makeTable(t, other)}
	s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2})
	probe := fromTable("probe", 0, rowsState)
	probe.Probes = []int{tableState}
	for run := range 3 {
		p := withScan(testProgram(fromTable("build", 1, tableState), probe), "t", "other")
		got, stats := mustExecute(t, s, onKernels(t, Query{Program: p, Tables: open.open}))
		if diff := diffRows(leftJoin(rows, other), sortedRows(got)); diff != "" {
			t.Errorf("run %d: %s", run, diff)
		}
		if second := stats.Pipelines[1]; second.Replayed != (run > 0) || second.Launches < 3 { // linking, and two attempts
			t.Errorf("run %d: replayed %v with %d launches", run, second.Replayed, second.Launches)
		}
	}
}

// A replay that fails is done by the CPU; without graphs, pipelines run as they did before.
func TestDeviceReplayFaults(t *testing.T) {
	for _, test := range replayCases(t) {
		for _, fault := range []devicetest.Fault{
			{Call: devicetest.Capture, Err: devicetest.OutOfMemory()},
			{Call: devicetest.Capture, Err: devicetest.Lost()},
			{Call: devicetest.AllocateHost, Err: devicetest.OutOfMemory()}, // the loader's, or a graph's
			{Call: devicetest.AllocateHost, At: 4, Err: devicetest.OutOfMemory()},
			{Call: devicetest.Replay, Err: devicetest.OutOfMemory()},
			{Call: devicetest.Replay, Err: devicetest.BadCode()},
			{Call: devicetest.Replay, Err: devicetest.Lost()},
			{Call: devicetest.Replay, Late: true, Err: devicetest.KernelFault()},
			{Call: devicetest.Replay, At: 3, Late: true, Err: devicetest.KernelFault()},
		} {
			t.Run(fmt.Sprintf("%s/%s %d %s", test.name, fault.Call, fault.At, codeOf(fault.Err)), func(t *testing.T) {
				driver := openDevice(t, devicetest.Plan{Faults: []devicetest.Fault{fault}})
				s := deviceSession(t, driver, Options{Threads: 2})
				var last Stats
				for run, literal := range test.literals {
					got, stats := mustExecute(t, s, onKernels(t, test.query(literal), test.onCPU...))
					if diff := diffRows(sortedRows(test.want(literal)), sortedRows(got)); diff != "" {
						t.Errorf("run %d: %s", run, diff)
					}
					if fault.Call == devicetest.Capture && codeOf(fault.Err) == device.CodeMemory && len(stats.Fallbacks()) > 0 {
						t.Errorf("run %d: %v", run, stats.Fallbacks())
					}
					last = stats
				}
				switch replayed, all := replays(last); codeOf(fault.Err) {
				case device.CodeFault, device.CodeLost:
					if len(driver.Fired()) > 0 && all != 0 {
						t.Errorf("%d pipelines ran on the device after the fault", all)
					}
				default:
					if all == 0 || fault.Call != devicetest.AllocateHost && replayed != 0 {
						t.Errorf("%d of %d pipelines were replayed after the fault", replayed, all)
					}
				}
			})
		}
	}
}

// A replay that nobody waits for does not disturb the next.
func TestDeviceReplayCancel(t *testing.T) {
	for _, test := range replayCases(t) {
		t.Run(test.name, func(t *testing.T) {
			s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2})
			ask := func(literal int64) {
				t.Helper()
				got, stats := mustExecute(t, s, onKernels(t, test.query(literal), test.onCPU...))
				if diff := diffRows(sortedRows(test.want(literal)), sortedRows(got)); diff != "" || strings.HasPrefix(places(stats), cpuName) {
					t.Errorf("on %s: %s", places(stats), diff)
				}
			}
			ask(test.literals[0])
			ask(test.literals[1])
			for i := range 8 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond)
				_, _, err := executeContext(t, ctx, s, onKernels(t, test.query(test.literals[2]), test.onCPU...))
				cancel()
				if err != nil && codeOf(err) != CodeCancelled {
					t.Errorf("the error is %v", err)
				}
				ask(test.literals[i%4])
			}
		})
	}
}

// The graphs of a session are bounded, in number and in memory of the host.
func TestDeviceGraphsBounded(t *testing.T) {
	driver := openDevice(t, devicetest.Plan{})
	all := &deviceGraphs{}
	key := func(n int) graphKey { return graphKey{blockSize: n} }
	find := func(n int, run int64) *jobGraph {
		t.Helper()
		graph, err := all.find(driver, key(n), run)
		if err != nil {
			t.Fatal(err)
		}
		return graph
	}
	for range 2 {
		if find(0, 1) != nil {
			t.Error("a graph is wanted in the first run")
		}
	}
	for n := 1; n <= 2*keptGraphs; n++ {
		if find(n, 1) != nil {
			t.Errorf("key %d was there", n)
		}
		if find(0, 2) == nil {
			t.Fatal("the key that is used is dropped")
		}
	}
	if len(all.all) != keptGraphs {
		t.Errorf("%d graphs are kept", len(all.all))
	}
	const bytes = keptGraphBytes / 4
	for n := 2*keptGraphs - 9; n <= 2*keptGraphs; n++ {
		graph := find(n, 2)
		if err := all.makeRoom(driver, bytes); err != nil {
			t.Fatal(err)
		}
		memory, err := driver.AllocateHost(bytes)
		if err != nil {
			t.Fatal(err)
		}
		graph.memory = memory
		all.bytes += bytes
	}
	if all.bytes != keptGraphBytes || find(2*keptGraphs-9, 3) != nil || find(2*keptGraphs, 3) == nil {
		t.Errorf("%d bytes are kept", all.bytes)
	}
	if err := all.forget(driver, anyGraph); err != nil || all.bytes != 0 || len(all.all) != 0 {
		t.Errorf("%d bytes of %d graphs are left, %v", all.bytes, len(all.all), err)
	}
	if leaks := driver.Leaks(); len(leaks) > 0 {
		t.Errorf("left on the device: %v", leaks)
	}
}
