package local_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
)

// needLLVM skips a test where no PTX can be made.
func needLLVM(t testing.TB) {
	t.Helper()
	if _, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{}); err != nil {
		t.Skip("LLVM is missing; make setup installs it where it can: ", err)
	}
}

// openEmulator opens a workspace that runs on the emulator what can run there, and fails
// where that does not happen.
func openEmulator(t testing.TB, dir string) *local.Workspace {
	t.Helper()
	return open(t, local.Options{Data: dir, Device: local.DeviceOptions{Mode: place.ModeEmulator, Require: true}})
}

// TestBenchmarkQueriesOnDevice runs the queries of TPC-H in the emulator: all pipelines
// but those that sort run as PTX, and the rows are those of the CPU to the bit.
func TestBenchmarkQueriesOnDevice(t *testing.T) {
	needLLVM(t)
	for _, format := range []string{"native", "parquet"} {
		t.Run(format, func(t *testing.T) {
			dir := benchmarkData(t, 0.01, format)
			cpu, gpu := open(t, local.Options{Data: dir}), openEmulator(t, dir)
			for _, number := range tpch.Queries {
				name := fmt.Sprintf("q%02d", number)
				t.Run(name, func(t *testing.T) {
					want := mustAsk(t, cpu, tpch.Query(number))
					replayed := 0
					for _, run := range []string{"cold", "resident", "replayed"} {
						found, err := ask(t.Context(), gpu, tpch.Query(number), "NULL")
						if err != nil {
							t.Fatal(run, rendered(err))
						}
						if diff := cmp.Diff(want.rows, found.rows); diff != "" {
							t.Errorf("%s:\n%s", run, diff)
						}
						for _, p := range found.stats.Pipelines {
							if p.Replayed {
								replayed++
							}
							if p.Device != "emulator" && !staysOnCPU(p.Title) {
								t.Errorf("%s: %q ran on %s: %s", run, p.Title, p.Device, p.Why)
							}
						}
					}
					if replayed == 0 {
						t.Error("no pipeline was replayed")
					}
				})
			}
			compareGolden(t, filepath.Join("testdata", "tpch-sf0.01", "q06.csv"), mustAsk(t, gpu, tpch.Query(6)))
		})
	}
}

// TestFallbacks makes everything fail that a GPU needs: the rows are those of the CPU, and
// a notice tells why; where the device is required, that is the error.
func TestFallbacks(t *testing.T) {
	needLLVM(t)
	dir := benchmarkData(t, 0.01, "native")
	text := tpch.Query(3)
	want := mustAsk(t, open(t, local.Options{Data: dir}), text)
	emulated := func(options emulator.Options) func(context.Context) (device.Driver, error) {
		return func(context.Context) (device.Driver, error) { return emulator.Open(options) }
	}
	faulty := func(plan devicetest.Plan) func(context.Context) (device.Driver, error) {
		return func(context.Context) (device.Driver, error) {
			driver, err := emulator.Open(emulator.Options{})
			if err != nil {
				return nil, err
			}
			return devicetest.Faulty(driver, plan), nil
		}
	}
	noLLVM := *system.Real()
	noLLVM.Commands = nil
	for _, test := range []struct {
		name    string
		options local.Options
		code    diag.Code
	}{
		{"no LLVM", local.Options{System: &noLLVM, Device: local.DeviceOptions{Open: emulated(emulator.Options{})}}, "E0446"},
		{"no driver", local.Options{Device: local.DeviceOptions{Open: func(context.Context) (device.Driver, error) {
			return nil, diag.New(device.CodeMissing, "there is none")
		}}}, device.CodeMissing},
		{"a device that is too old", local.Options{Device: local.DeviceOptions{Open: emulated(emulator.Options{Architecture: 60, PTX: 90})}}, device.CodeCode},
		{"a driver that is too old", local.Options{Device: local.DeviceOptions{Open: emulated(emulator.Options{Architecture: 90, PTX: 63})}}, device.CodeCode},
		{"too little memory", local.Options{Device: local.DeviceOptions{Memory: 1, Open: emulated(emulator.Options{})}}, device.CodeMemory},
		{"a kernel that faults", local.Options{Device: local.DeviceOptions{Open: faulty(devicetest.Plan{Faults: []devicetest.Fault{
			{Call: devicetest.Launch, At: 3, Late: true, Err: devicetest.KernelFault()},
		}})}}, device.CodeFault},
		{"a device that is lost", local.Options{Device: local.DeviceOptions{Open: faulty(devicetest.Plan{Faults: []devicetest.Fault{
			{Call: devicetest.Synchronize, At: 4, Err: devicetest.Lost()},
		}})}}, device.CodeLost},
		{"a kernel that never ends", local.Options{Device: local.DeviceOptions{Open: emulated(emulator.Options{InstructionLimit: 1000})}}, device.CodeLost},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := test.options
			options.Data, options.Device.Mode = dir, place.ModeGPU
			w := open(t, options)
			for _, run := range []string{"first", "second"} {
				found, err := ask(t.Context(), w, text, "NULL")
				if err != nil {
					t.Fatal(run, rendered(err))
				}
				if diff := cmp.Diff(want.rows, found.rows); diff != "" {
					t.Errorf("%s:\n%s", run, diff)
				}
				if len(found.notices) == 0 || found.notices[0].Code != test.code || found.notices[0].Severity != diag.Warning {
					t.Errorf("%s: notices %v, want %s", run, found.notices, test.code)
				}
				for i, notice := range found.notices {
					if i > 0 && notice.Message == found.notices[i-1].Message {
						t.Errorf("%s: told twice: %s", run, notice.Message)
					}
					if last := notice.Notes[len(notice.Notes)-1]; !strings.HasSuffix(last, "on the CPU instead") {
						t.Errorf("%s: the last note is %q, which does not say what happened", run, last)
					}
				}
			}
			options.Device.Require = true
			_, err := ask(t.Context(), open(t, options), text, "NULL")
			var d *diag.Diagnostic
			if !errors.As(err, &d) || d.Code != test.code {
				t.Errorf("required: the error is %v, want %s", err, test.code)
			}
		})
	}
}

// TestShapesShareKernels runs a query with other literals: nothing is compiled for that.
func TestShapesShareKernels(t *testing.T) {
	needLLVM(t)
	w := openEmulator(t, benchmarkData(t, 0.01, "native"))
	kernels := func(text string) *local.KernelCode {
		t.Helper()
		compiled, err := w.Prepare(t.Context(), diag.NewFile("q.sql", text), local.PrepareOptions{})
		if err != nil {
			t.Fatal(rendered(err))
		}
		run, err := w.Run(t.Context(), compiled[0].Program, compiled[0].Wasm, local.RunOptions{GPU: compiled[0].GPU()})
		if err != nil {
			t.Fatal(rendered(err))
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
		return run.Kernels
	}
	query := tpch.Query(6)
	if first := kernels(query); first.Cached {
		t.Error("the first code was there before")
	}
	other := strings.NewReplacer("24", "25", "1994", "1996", "1995", "1997").Replace(query)
	if other == query {
		t.Fatal("the query has other literals than this test expects")
	}
	if again := kernels(other); !again.Cached {
		t.Error("other literals were compiled anew")
	}
}

// TestOuterJoinsOnDevice fills groups from two pipelines: rows with a match, whose key is
// never NULL, and rows without one.
func TestOuterJoinsOnDevice(t *testing.T) {
	needLLVM(t)
	dir := benchmarkData(t, 0.01, "native")
	cpu, gpu := open(t, local.Options{Data: dir}), openEmulator(t, dir)
	for _, join := range []string{"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"} {
		text := `SELECT f, count(*) AS n, sum(k) AS s FROM
			(SELECT n_nationkey AS k, n_regionkey = 1 AS f FROM nation) a ` + join + ` nation b ON k = n_nationkey + 12 GROUP BY f ORDER BY f`
		want, found := mustAsk(t, cpu, text), mustAsk(t, gpu, text)
		if diff := cmp.Diff(want.rows, found.rows); diff != "" {
			t.Errorf("%s:\n%s", join, diff)
		}
	}
}

// TestHints lets a statement say where it runs.
func TestHints(t *testing.T) {
	needLLVM(t)
	w := open(t, local.Options{Data: benchmarkData(t, 0.01, "native")})
	for hint, want := range map[string]string{"emulator": "emulator", "cpu": "cpu", "auto": "cpu"} {
		found := mustAsk(t, w, "SELECT /*+ device("+hint+") */ max(o_totalprice) FROM orders WHERE o_orderkey < 1000")
		if got := found.stats.Pipelines[0].Device; got != want {
			t.Errorf("device(%s) ran on %s", hint, got)
		}
	}
}

// TestWithoutKernels runs a program that was compiled for the CPU alone where a device is
// asked for: that is told, and an error where the device is required.
func TestWithoutKernels(t *testing.T) {
	options := local.Options{Data: benchmarkData(t, 0.01, "native")}
	compiled, err := open(t, options).Prepare(t.Context(), diag.NewFile("query.sql", tpch.Query(6)), local.PrepareOptions{})
	if err != nil {
		t.Fatal(rendered(err))
	}
	for _, test := range []struct {
		name    string
		options local.DeviceOptions
		hint    place.Mode
		notice  bool
	}{
		{"nobody asks", local.DeviceOptions{}, "", false},
		{"the CPU is asked for", local.DeviceOptions{Mode: place.ModeCPU}, "", false},
		{"the device is asked for", local.DeviceOptions{Mode: place.ModeEmulator}, "", true},
		{"the program asks for it", local.DeviceOptions{}, place.ModeEmulator, true},
	} {
		for _, required := range []bool{false, true} {
			name := test.name
			if required {
				name += ", and required"
			}
			t.Run(name, func(t *testing.T) {
				options := options
				options.Device = test.options
				options.Device.Require = required
				run, err := open(t, options).Run(t.Context(), compiled[0].Program, compiled[0].Wasm, local.RunOptions{Hint: test.hint})
				if required && test.notice {
					var d *diag.Diagnostic
					if !errors.As(err, &d) || d.Code != "E0660" {
						t.Fatalf("the error is %v, want E0660", err)
					}
					return
				}
				if err != nil {
					t.Fatal(rendered(err))
				}
				defer func() {
					if err := run.Close(); err != nil {
						t.Error(err)
					}
				}()
				if told := len(run.Notices) > 0; told != test.notice {
					t.Errorf("notices %v", run.Notices)
				}
			})
		}
	}
}

// staysOnCPU tells pipelines that have no kernel, or whose source only the CPU can
// complete: groups that each block of threads has left apart.
func staysOnCPU(title string) bool {
	return strings.Contains(title, ", sort ") || strings.HasPrefix(title, "read ") && strings.Contains(title, ", emit ")
}
