package exec

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/program"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
	"github.com/heddle-lang/heddle/runtime/engine"
)

// openDevice opens an emulated device that fails by plan.
func openDevice(t testing.TB, plan devicetest.Plan) *devicetest.FaultyDriver {
	t.Helper()
	inner, err := emulator.Open(emulator.Options{Workers: 2, InstructionLimit: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	driver := devicetest.Faulty(inner, plan)
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	return driver
}

// deviceSession is a session on a device; when it is closed, nothing is left on it.
func deviceSession(t testing.TB, driver *devicetest.FaultyDriver, options Options) *Session {
	t.Helper()
	t.Cleanup(func() { // after the session's own
		if len(driver.Fired()) > 0 {
			return // what failed may be what gives memory back
		}
		if leaks := driver.Leaks(); len(leaks) > 0 {
			t.Errorf("left on the device: %v", leaks)
		}
	})
	options.Device = driver
	if options.Engine == nil {
		options.Engine = openEngine(t, engine.Default())
	}
	return newSession(t, options)
}

// onKernels gives every pipeline of a program its kernel of testdata/query.ptx, and
// places all on the device but those named.
func onKernels(t testing.TB, query Query, onCPU ...string) Query {
	t.Helper()
	ptx, err := os.ReadFile(filepath.Join("testdata", "query.ptx"))
	if err != nil {
		t.Fatal(err)
	}
	query.Kernels = &Kernels{PTX: ptx}
	p := query.Program
	p.States[tableState].Link = "link_table"
	query.Placement = nil
	for i := range p.Pipelines {
		pipeline := &p.Pipelines[i]
		k := &program.Kernel{Function: pipeline.Function + "_kernel", Threads: 64, RowsPerThread: 1}
		switch pipeline.Into {
		case directState:
			k.Slots, k.Threads, k.RowsPerThread = 8, 32, 128
		case groupsState:
			k.Hashes = true
		}
		k.KeepsText = pipeline.Function == "emit_table"
		pipeline.Kernel = k
		device := true
		for _, name := range onCPU {
			device = device && name != pipeline.Function
		}
		query.Placement = append(query.Placement, Placement{Device: device, Why: "the test says so"})
	}
	return query
}

// places are where the pipelines ran.
func places(stats Stats) string {
	var all []string
	for i := range stats.Pipelines {
		all = append(all, stats.Pipelines[i].Device)
	}
	return strings.Join(all, " ")
}

// deviceCase is a program with what it gives, in any order.
type deviceCase struct {
	name  string
	query func() Query
	want  []row
	// onCPU lists pipelines that may be put on the CPU instead.
	pipelines []string
}

func deviceCases(t testing.TB, rows, other []row) []deviceCase {
	open := tables{"t": makeTable(t, rows), "other": makeTable(t, other)}
	var cases []deviceCase
	add := func(name string, want []row, change func(p *program.Program), pipelines ...program.Pipeline) {
		var names []string
		for _, p := range pipelines {
			names = append(names, p.Function)
		}
		cases = append(cases, deviceCase{name, func() Query {
			p := withScan(testProgram(pipelines...), "t", "other")
			if change != nil {
				change(p)
			}
			return Query{Program: p, Tables: open.open}
		}, sortedRows(want), names})
	}
	literal := func(n int64) func(p *program.Program) {
		return func(p *program.Program) { p.Literals[0] = ir.IntDatum(n) }
	}
	half := int64(len(rows) / 2)
	var lower []row
	for _, r := range rows {
		if r.K < half {
			lower = append(lower, r)
		}
	}
	add("buffer", rows, literal(wide), fromTable("emit_table", 0, rowsState))
	add("filtered", lower, literal(half), fromTable("emit_table", 0, rowsState))
	add("two buffers", rows, func(p *program.Program) { literal(wide)(p); p.Output.State = moreState },
		fromTable("emit_table", 0, rowsState), fromState("copy_rows", rowsState, moreState))
	add("two fillers", append(append([]row(nil), rows...), other...), literal(wide),
		fromTable("emit_table", 0, rowsState), fromTable("emit_table", 1, rowsState))
	add("direct", sums(rows, func(k int64) int64 { return k & 7 }), nil,
		fromTable("direct", 0, directState), fromState("emit_groups", directState, rowsState))
	for _, groups := range []int64{1, 100, 1 << 61} {
		add(fmt.Sprintf("%d groups", groups), sums(rows, func(k int64) int64 { return k % groups }), literal(groups),
			fromTable("aggregate", 0, groupsState), fromState("emit_groups", groupsState, rowsState))
	}
	probe := fromTable("probe", 0, rowsState)
	probe.Probes = []int{tableState}
	add("join", leftJoin(rows, other), nil, fromTable("build", 1, tableState), probe)
	unmatched := program.Pipeline{Function: "unmatched", Source: program.UnmatchedSource, State: tableState, Into: moreState}
	add("unmatched", leftOver(rows, other), func(p *program.Program) { p.Output.State = moreState },
		fromTable("build", 1, tableState), probe, unmatched)
	return cases
}

// mappedRows is how many rows a table has in TestDevice that can be mapped.
const mappedRows = 1000

// Every program gives the same rows whichever of its pipelines run on the device.
func TestDevice(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 129, 3000, mappedRows} {
		rows := manyRows(n, 0)
		other := append(manyRows(n/2, int64(n/3)), manyRows(n/20, int64(n/3))...)
		if n == mappedRows {
			// Workers then have text in their windows, where the device has its own.
			rows = append(rows, row{K: -wide, V: -wide}, row{K: wide - 1, V: wide, T: "last"}, row{K: 1, Null: true})
			other = append(other, row{K: -wide, V: -wide, T: "another"}, row{K: wide - 1, V: wide, T: "one"})
		}
		for _, test := range deviceCases(t, rows, other) {
			for set := range 1 << len(test.pipelines) {
				var onCPU, want []string
				for i, name := range test.pipelines {
					if set>>i&1 != 0 {
						onCPU = append(onCPU, name)
						want = append(want, "cpu")
					} else {
						want = append(want, "emulator")
					}
				}
				if test.name == "two fillers" && set != 0 && set != 3 {
					continue // both have one name
				}
				t.Run(fmt.Sprintf("%d rows/%s/%s", n, test.name, strings.Join(want, " ")), func(t *testing.T) {
					s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2})
					for range 2 { // the second time, the columns are there
						got, stats := mustExecute(t, s, onKernels(t, test.query(), onCPU...))
						if diff := diffRows(test.want, sortedRows(got)); diff != "" {
							t.Error(diff)
						}
						if places(stats) != strings.Join(want, " ") {
							t.Errorf("the pipelines ran on %s: %v", places(stats), stats.Fallbacks())
						}
					}
				})
			}
		}
	}
}

// The second run copies no columns.
func TestDeviceResident(t *testing.T) {
	rows := manyRows(100_000, 0)
	open := tables{"t": makeTable(t, rows)}
	s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 2})
	query := func() Query {
		p := withScan(testProgram(fromTable("direct", 0, directState), fromState("emit_groups", directState, rowsState)), "t")
		return onKernels(t, Query{Program: p, Tables: open.open})
	}
	table := open["t"]
	if n := s.Resident(table, "k", ir.Of(ir.I64), ir.Layout{Width: 8}); n != 0 {
		t.Errorf("%d bytes are there before the first query", n)
	}
	_, first := mustExecute(t, s, query())
	_, second := mustExecute(t, s, query())
	if first.Pipelines[0].CopiedIn < 2_000_000 || second.Pipelines[0].CopiedIn > 100_000 {
		t.Errorf("%d bytes were copied, then %d", first.Pipelines[0].CopiedIn, second.Pipelines[0].CopiedIn)
	}
	if n := s.Resident(table, "k", ir.Of(ir.I64), ir.Layout{Width: 8}); n < 800_000 {
		t.Errorf("%d bytes are there", n)
	}
	if n := s.Resident(table, "k", ir.Of(ir.I64), ir.Layout{Width: 4}); n != 0 {
		t.Errorf("%d bytes are there in another layout", n)
	}
	if usage := s.DeviceUsage(); usage.Driver != "emulator" || usage.Used == 0 || usage.Used > usage.Budget {
		t.Errorf("the usage is %+v", usage)
	}
}

// What fails on the device is done by the CPU, and told.
func TestDeviceFaults(t *testing.T) {
	rows, other := manyRows(600, 0), manyRows(400, 200)
	calls := []devicetest.Call{
		devicetest.Load, devicetest.Kernel, devicetest.Occupancy, devicetest.Allocate, devicetest.Reserve, devicetest.Commit,
		devicetest.Available, devicetest.AllocateHost, devicetest.NewStream, devicetest.NewEvent, devicetest.Since,
		devicetest.CopyIn, devicetest.CopyOut, devicetest.Fill, devicetest.Launch, devicetest.Record, devicetest.Synchronize,
	}
	kinds := []struct {
		name string
		err  func() error
		late bool
	}{
		{"memory", devicetest.OutOfMemory, false},
		{"code", devicetest.BadCode, false},
		{"lost", devicetest.Lost, false},
		{"late fault", devicetest.KernelFault, true},
	}
	for _, test := range deviceCases(t, rows, other) {
		if strings.HasSuffix(test.name, "groups") && test.name != "100 groups" {
			continue
		}
		// How often each call is made when nothing fails.
		sound := openDevice(t, devicetest.Plan{})
		mustExecute(t, deviceSession(t, sound, Options{Threads: 2}), onKernels(t, test.query()))
		for _, call := range calls {
			made := sound.Calls(call)
			for _, at := range slices.Compact([]int{1, max(made/2, 1), max(made, 1)}) {
				for _, kind := range kinds {
					if kind.late && call != devicetest.Launch && call != devicetest.CopyOut {
						continue // kernels would run on what a copy did not bring
					}
					fault := devicetest.Fault{Call: call, At: at, Late: kind.late, Err: kind.err()}
					t.Run(fmt.Sprintf("%s/%s %d/%s", test.name, call, at, kind.name), func(t *testing.T) {
						driver := openDevice(t, devicetest.Plan{Faults: []devicetest.Fault{fault}})
						s := deviceSession(t, driver, Options{Threads: 2})
						for range 2 {
							got, stats := mustExecute(t, s, onKernels(t, test.query()))
							if diff := diffRows(test.want, sortedRows(got)); diff != "" {
								t.Error(diff)
							}
							if slices.Contains(strings.Fields(places(stats)), "cpu") != (len(stats.Fallbacks()) > 0) {
								t.Errorf("the pipelines ran on %s, and the fallbacks are %v", places(stats), stats.Fallbacks())
							}
						}
					})
				}
			}
		}
	}
}

func TestDeviceRequired(t *testing.T) {
	open := tables{"t": makeTable(t, manyRows(100, 0))}
	p := func() *program.Program {
		return withScan(testProgram(fromTable("direct", 0, directState), fromState("emit_groups", directState, rowsState)), "t")
	}
	fault := devicetest.Fault{Call: devicetest.Launch, Err: devicetest.KernelFault()}
	s := deviceSession(t, openDevice(t, devicetest.Plan{Faults: []devicetest.Fault{fault}}), Options{Threads: 1})
	query := onKernels(t, Query{Program: p(), Tables: open.open, RequireDevice: true})
	if _, _, err := execute(t, s, query); codeOf(err) != device.CodeFault {
		t.Errorf("the error is %v", err)
	}
	// The device is not used again.
	query.RequireDevice = false
	_, stats := mustExecute(t, s, query)
	if places(stats) != "cpu cpu" {
		t.Errorf("the pipelines ran on %s", places(stats))
	}
	none := newSession(t, Options{Engine: openEngine(t, engine.Default()), Threads: 1})
	query.RequireDevice = true
	if _, _, err := execute(t, none, query); codeOf(err) != device.CodeMissing {
		t.Errorf("without a device, the error is %v", err)
	}
	query.Program.Pipelines[0].Kernel = nil
	query.Program.Pipelines[0].NoKernel = "it makes text"
	if _, _, err := execute(t, none, query); codeOf(err) != CodeNotOnDevice || !strings.Contains(err.Error(), "it makes text") {
		t.Errorf("without a kernel, the error is %v", err)
	}
}

func TestDeviceMischief(t *testing.T) {
	open := tables{"t": makeTable(t, manyRows(100, 0))}
	for _, test := range []struct {
		function string
		code     string
		message  string
	}{
		{"fail", "E0610", "no more of this"},
		{"fail_wrongly", "E0608", "place 77 of 1"},
		{"bad_cursor", "E0608", "filled from"},
		{"bad_text", "E0608", "text"},
	} {
		t.Run(test.function, func(t *testing.T) {
			s := deviceSession(t, openDevice(t, devicetest.Plan{}), Options{Threads: 1})
			p := withScan(testProgram(fromTable(test.function, 0, rowsState)), "t")
			_, _, err := execute(t, s, onKernels(t, Query{Program: p, Tables: open.open}))
			if string(codeOf(err)) != test.code || !strings.Contains(fmt.Sprint(err), test.message) {
				t.Errorf("the error is %v", err)
			}
		})
	}
	t.Run("illegal", func(t *testing.T) {
		driver := openDevice(t, devicetest.Plan{})
		s := newSession(t, Options{Engine: openEngine(t, engine.Default()), Threads: 1, Device: driver})
		p := withScan(testProgram(fromTable("illegal", 0, rowsState)), "t")
		p.Pipelines[0].Function = "emit_table"
		query := onKernels(t, Query{Program: p, Tables: open.open})
		p.Pipelines[0].Kernel.Function = "illegal_kernel"
		got, stats, err := execute(t, s, query)
		if err != nil || len(got) != 100 || places(stats) != "cpu" || len(stats.Fallbacks()) != 1 || stats.Fallbacks()[0].Code != device.CodeFault {
			t.Errorf("%d rows on %s, fallbacks %v, error %v", len(got), places(stats), stats.Fallbacks(), err)
		}
	})
}

// patient is a device whose kernels nobody can end, as a GPU is.
type patient struct{ device.Driver }

func (p patient) NewStream() (device.Stream, error) {
	inner, err := p.Driver.NewStream()
	return struct{ device.Stream }{inner}, err
}

// A kernel that does not end is cancelled with its query, and ended by the device.
func TestDeviceEndless(t *testing.T) {
	open := tables{"t": makeTable(t, manyRows(100, 0))}
	endless := func(t *testing.T, limit uint64) (*Session, Query) {
		driver, err := emulator.Open(emulator.Options{Workers: 2, InstructionLimit: limit})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := driver.Close(); err != nil {
				t.Error(err)
			}
		})
		s := newSession(t, Options{Engine: openEngine(t, engine.Default()), Threads: 1, Device: patient{driver}})
		p := withScan(testProgram(fromTable("emit_table", 0, rowsState)), "t")
		query := onKernels(t, Query{Program: p, Tables: open.open})
		if _, stats := mustExecute(t, s, query); places(stats) != "emulator" {
			t.Errorf("on %s: %v", places(stats), stats.Fallbacks())
		}
		p.Pipelines[0].Kernel.Function = "endless_kernel"
		return s, query
	}
	onCPU := func(t *testing.T, s *Session, query Query) {
		t.Helper()
		got, stats := mustExecute(t, s, query)
		if len(got) != 100 || places(stats) != "cpu" || stats.Fallbacks()[0].Code != device.CodeLost {
			t.Errorf("%d rows on %s: %v", len(got), places(stats), stats.Fallbacks())
		}
	}
	t.Run("ended by the device", func(t *testing.T) {
		s, query := endless(t, 1<<22)
		onCPU(t, s, query)
	})
	t.Run("cancelled", func(t *testing.T) {
		s, query := endless(t, 1<<27)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, _, err := executeContext(t, ctx, s, query); codeOf(err) != CodeCancelled {
			t.Errorf("the error is %v", err)
		}
		// The next query does not wait for ever.
		s.device.patience = time.Millisecond
		onCPU(t, s, query)
	})
}
