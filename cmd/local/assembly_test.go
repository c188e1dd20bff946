package local_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/heddle-lang/heddle/backends/library"
	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/ptxastest"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
)

// kernelShapes are queries whose kernels are golden beside those of the benchmark: each
// brings something that no query of it has.
var kernelShapes = []struct{ name, sql string }{
	{"count", "SELECT count(*) AS n FROM lineitem WHERE l_quantity > 30"},
	{"bounds", "SELECT min(l_shipdate) AS a, max(l_shipdate) AS b, min(l_extendedprice) AS c, avg(l_tax) AS d FROM lineitem"},
	{"wide-sum", "SELECT sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS total FROM lineitem"},
	{"doubles", "SELECT sum(CAST(l_quantity AS DOUBLE) * 1.5e0) AS total, max(CAST(l_tax AS DOUBLE)) AS most FROM lineitem"},
	{"many-groups", "SELECT l_partkey, sum(l_quantity) AS q, count(*) AS n FROM lineitem GROUP BY l_partkey"},
	{"wide-key", "SELECT l_orderkey, l_suppkey, l_shipdate, sum(l_extendedprice) AS p FROM lineitem GROUP BY 1, 2, 3"},
	{"group-by-text", "SELECT c_phone, count(*) AS n FROM customer GROUP BY c_phone"},
	{"group-by-codes", "SELECT l_shipmode, l_shipinstruct, count(*) AS n FROM lineitem GROUP BY 1, 2"},
	{"rows", "SELECT l_orderkey, l_extendedprice, l_comment FROM lineitem WHERE l_extendedprice > 90000"},
	{"like", "SELECT count(*) AS n FROM orders WHERE o_comment LIKE '%special%requests%'"},
	{"text-compared", "SELECT count(*) AS n FROM customer WHERE c_name >= 'Customer#000000500' AND c_address <> c_comment"},
	{"substring", "SELECT count(*) AS n FROM customer WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23')"},
	{"parts-of-dates", "SELECT extract(year FROM o_orderdate) AS y, extract(month FROM o_orderdate) AS m, count(*) AS n FROM orders GROUP BY 1, 2"},
	{"case", "SELECT sum(CASE WHEN l_discount > 0.05 THEN l_extendedprice ELSE -l_tax END) AS s FROM lineitem"},
	{"division", "SELECT sum(l_extendedprice / l_quantity) AS s, sum(l_orderkey % 7) AS r FROM lineitem"},
	{"left-join", "SELECT c_custkey, o_orderkey FROM customer LEFT JOIN orders ON c_custkey = o_custkey AND o_totalprice > 400000"},
	{"right-join", "SELECT o_orderkey, c_name FROM orders RIGHT JOIN customer ON c_custkey = o_custkey AND o_totalprice > 400000"},
	{"join-on-text", "SELECT count(*) AS n FROM customer a JOIN customer b ON a.c_phone = b.c_phone"},
	{"join-of-two-keys", "SELECT sum(ps_availqty) AS q FROM lineitem JOIN partsupp ON l_partkey = ps_partkey AND l_suppkey = ps_suppkey"},
	{"union", "SELECT n_name FROM nation UNION ALL SELECT r_name FROM region"},
	{"distinct", "SELECT DISTINCT o_custkey FROM orders"},
}

// gpuModule is the PTX of a query.
type gpuModule struct {
	name string
	ptx  []byte
}

// gpuModules compiles all queries with kernels for the oldest GPUs that Heddle serves.
func gpuModules(t *testing.T, compiler *ptx.Compiler) []gpuModule {
	t.Helper()
	w := open(t, local.Options{Data: benchmarkData(t, 0.01, "native")})
	var all []gpuModule
	add := func(name, sql string) {
		prepared, err := w.Prepare(t.Context(), diag.NewFile(name+".sql", sql), local.PrepareOptions{
			CompileOptions: local.CompileOptions{Kernels: true, Stop: ir.KernLevel},
		})
		if err != nil {
			t.Errorf("%s: %s", name, rendered(err))
			return
		}
		text, err := ptx.Lower(prepared[0].Module, ptx.Options{Library: library.Source()})
		if err != nil {
			t.Errorf("%s: %s", name, rendered(err))
			return
		}
		code, err := compiler.Compile(t.Context(), text, ptx.DefaultTarget)
		if err != nil {
			t.Errorf("%s: %s", name, rendered(err))
			return
		}
		if !slices.ContainsFunc(prepared[0].Module.Functions, func(f *ir.Function) bool { return f.Threads > 0 }) {
			t.Errorf("%s has no kernel", name)
		}
		all = append(all, gpuModule{name, code.PTX})
	}
	for _, number := range tpch.Queries {
		add(fmt.Sprintf("q%02d", number), tpch.Query(number))
	}
	for _, shape := range kernelShapes {
		add(shape.name, shape.sql)
	}
	return all
}

// TestAssembly assembles the kernels of all queries with NVIDIA's assembler, and
// compares the registers and the memory that they take with the golden table of the
// same LLVM. Tables are of an exact version of both programs: with another one the
// kernels are assembled, and the figures are not compared.
func TestAssembly(t *testing.T) {
	assembler := ptxastest.Find(t)
	for _, release := range []int{22, 19} {
		t.Run(fmt.Sprintf("LLVM %d", release), func(t *testing.T) {
			if testing.Short() && release != 22 {
				t.Skip("one LLVM is enough for a short run")
			}
			compiler, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{Program: fmt.Sprintf("llc-%d", release)})
			if err != nil {
				t.Skipf("llc-%d is missing", release)
			}
			table, err := assembleAll(t, assembler, gpuModules(t, compiler))
			if err != nil {
				t.Fatal(err)
			}
			heading := fmt.Sprintf("ptxas %s, LLVM %s: registers, bytes of stack, bytes spilled, bytes of shared memory\n", assembler.Version, compiler.Version())
			path := filepath.Join("testdata", fmt.Sprintf("resources-llvm%d.txt", release))
			if *update {
				if err := os.WriteFile(path, []byte(heading+table), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			first, want, _ := strings.Cut(string(golden), "\n")
			if first+"\n" != heading {
				t.Skipf("all kernels are assembled; their resources are not compared: the table is of %s, and this is %s", first, heading)
			}
			compareLines(t, want, table)
		})
	}
}

// assembleAll gives a line for each kernel, with its resources on each architecture.
func assembleAll(t *testing.T, assembler *ptxastest.Assembler, modules []gpuModule) (string, error) {
	t.Helper()
	lines := make([][]string, len(modules))
	failed := make([]error, len(modules))
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, module := range modules {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			for _, architecture := range ptxastest.Architectures {
				found, err := assembler.Assemble(t.Context(), module.ptx, architecture)
				if err != nil {
					failed[i] = errors.Join(failed[i], fmt.Errorf("%s: %w", module.name, err))
					continue
				}
				for k, r := range found {
					if k >= len(lines[i]) {
						lines[i] = append(lines[i], fmt.Sprintf("%-16s %-24s", module.name, r.Kernel))
					}
					cells := strings.Join([]string{strconv.Itoa(r.Registers), strconv.Itoa(r.Stack), strconv.Itoa(r.Spilled), strconv.Itoa(r.Shared)}, " ")
					lines[i][k] += fmt.Sprintf("  sm_%d %-16s", architecture, cells)
				}
			}
		})
	}
	group.Wait()
	var b strings.Builder
	for _, line := range slices.Concat(lines...) {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String(), errors.Join(failed...)
}

// compareLines tells which lines of two tables differ.
func compareLines(t *testing.T, want, got string) {
	t.Helper()
	wanted, found := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range found {
		if !slices.Contains(wanted, line) {
			t.Errorf("not in the golden table: %s", line)
		}
	}
	for _, line := range wanted {
		if !slices.Contains(found, line) {
			t.Errorf("in the golden table alone: %s", line)
		}
	}
}
