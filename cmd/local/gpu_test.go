package local_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/passes/place"
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
					for _, run := range []string{"cold", "resident"} {
						found, err := ask(t.Context(), gpu, tpch.Query(number), "NULL")
						if err != nil {
							t.Fatal(run, rendered(err))
						}
						if diff := cmp.Diff(want.rows, found.rows); diff != "" {
							t.Errorf("%s:\n%s", run, diff)
						}
						for _, p := range found.stats.Pipelines {
							if p.Device != "emulator" && !staysOnCPU(p.Title) {
								t.Errorf("%s: %q ran on %s: %s", run, p.Title, p.Device, p.Why)
							}
						}
					}
				})
			}
			compareGolden(t, filepath.Join("testdata", "tpch-sf0.01", "q06.csv"), mustAsk(t, gpu, tpch.Query(6)))
		})
	}
}

// staysOnCPU tells pipelines that have no kernel, or whose source only the CPU can
// complete: groups that each block of threads has left apart.
func staysOnCPU(title string) bool {
	return strings.Contains(title, ", sort ") || strings.HasPrefix(title, "read ") && strings.Contains(title, ", emit ")
}
