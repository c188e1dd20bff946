package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// scaleOne gives a directory of native tables at scale factor 1: that of HEDDLE_SF1, or
// one that is made; skips unless HEDDLE_SLOW is 1.
func scaleOne(t *testing.T) string {
	t.Helper()
	if !slow() {
		t.Skip("needs TPC-H at scale factor 1; HEDDLE_SLOW=1 runs it")
	}
	if dir := os.Getenv("HEDDLE_SF1"); dir != "" {
		return dir
	}
	dir := t.TempDir()
	newStage(t).must("gen", "tpch", "--sf", "1", "--format", "native", "--out", dir)
	return dir
}

// requireNoFiles complains about what is left in a directory.
func requireNoFiles(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in %s: %v, %v", dir, left, err)
	}
}

// digest reads a file of rows; those without an order are sorted first.
func digest(t *testing.T, path string, ordered bool) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !ordered {
		lines := strings.SplitAfter(string(text), "\n")
		slices.Sort(lines)
		text = []byte(strings.Join(lines, ""))
	}
	return fmt.Sprintf("%d bytes, %x", len(text), sha256.Sum256(text))
}

// TestSpillAtScaleOne runs queries over more data than their memory, and with enough:
// the same rows, and nothing is left behind.
func TestSpillAtScaleOne(t *testing.T) {
	data := scaleOne(t)
	for _, test := range []struct {
		name, query string
		ordered     bool
	}{
		{"q3", `SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
FROM customer, orders, lineitem WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
AND o_orderdate < DATE '1995-03-15' AND l_shipdate > DATE '1995-03-15'
GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate, l_orderkey LIMIT 1000`, true},
		{"groups", "SELECT l_orderkey, sum(l_quantity), count(*) FROM lineitem GROUP BY l_orderkey", false},
		{"groups with text", "SELECT count(*), sum(n), max(x) FROM (SELECT l_orderkey, count(*) AS n, min(l_comment) AS x FROM lineitem GROUP BY l_orderkey) g", true},
		{"sort", "SELECT * FROM lineitem ORDER BY l_comment, l_orderkey, l_linenumber", true},
		{"join", "SELECT count(*), sum(o_totalprice), max(l_comment), min(o_comment) FROM orders JOIN lineitem ON o_orderkey = l_orderkey", true},
		{"distinct", "SELECT count(DISTINCT l_orderkey), count(DISTINCT l_comment), count(DISTINCT l_partkey) FROM lineitem", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var want string
			for _, memory := range []string{"8GiB", "64MiB"} {
				temporary, out := t.TempDir(), filepath.Join(t.TempDir(), "rows.csv")
				cmd := command(t, "run", "-c", test.query, "--data", data, "--memory", memory, "--temp-dir", temporary, "-o", out)
				began := time.Now()
				if text, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v: %s", memory, err, text)
				}
				usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
				t.Logf("%s: %s, at most %d MiB resident (with mapped files, or as much as this process)", memory, time.Since(began).Round(time.Millisecond), usage.Maxrss>>10)
				requireNoFiles(t, temporary)
				if got := digest(t, out, test.ordered); want == "" {
					want = got
				} else if got != want {
					t.Errorf("%s: %s, want %s", memory, got, want)
				}
			}
		})
	}
}

// TestSignalWhileSpilling ends queries that spill at random moments: nothing is left of
// their files and of their output. HEDDLE_SLOW takes larger tables and more moments.
func TestSignalWhileSpilling(t *testing.T) {
	data, memory, moments, longest := share(t).native, "4MiB", 10, 300*time.Millisecond
	if slow() {
		data, memory, moments, longest = scaleOne(t), "64MiB", 20, 6*time.Second
	}
	random := rand.New(rand.NewPCG(1, 2))
	const query = "SELECT a.*, n_comment FROM lineitem a, nation ORDER BY l_comment, l_orderkey, l_linenumber, n_name"
	var times []time.Duration
	for i := range moments {
		temporary, out := t.TempDir(), t.TempDir()
		cmd := command(t, "run", "-c", query, "--data", data, "--memory", memory, "--temp-dir", temporary, "-o", filepath.Join(out, "rows.csv"), "--timing")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		sign := []os.Signal{os.Interrupt, syscall.SIGTERM}[i%2]
		var sent time.Time
		delivered := make(chan error, 1)
		timer := time.AfterFunc(50*time.Millisecond+time.Duration(random.Int64N(int64(longest))), func() {
			sent = time.Now()
			delivered <- cmd.Process.Signal(sign)
		})
		err := cmd.Wait()
		ended := time.Now()
		if timer.Stop() || <-delivered != nil {
			continue // the query was over before
		}
		times = append(times, ended.Sub(sent))
		var failed *exec.ExitError
		if errors.As(err, &failed) && failed.Sys().(syscall.WaitStatus).Signaled() && stderr.Len() == 0 {
			t.Logf("%v came before the process was ready for it", sign)
		} else if !errors.As(err, &failed) || failed.ExitCode() != exitInterrupted {
			t.Errorf("%v: ended with %v, want exit code %d: %s", sign, err, exitInterrupted, &stderr)
		}
		requireNoFiles(t, temporary)
		requireNoFiles(t, out)
	}
	slices.Sort(times)
	t.Logf("%d of %d were interrupted, and ended after %v", len(times), moments, times)
	if len(times) == 0 {
		t.Error("all queries were over before the signal")
	} else if last := times[len(times)-1]; last > grace {
		t.Errorf("a query went on for %s", last)
	}
}

// smallDisk gives a directory on a file system of its own, of some MiB, or skips.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("only the administrator of a Linux system can mount a small file system")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+strconv.Itoa(size)+"m", "heddle-test", dir).CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be mounted: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// TestDiskFull fills a disk with everything that Heddle writes: the error names the
// path, and no torso is left.
func TestDiskFull(t *testing.T) {
	disk := smallDisk(t, 2)
	s := newStage(t)
	native := share(t).native
	const rows = "SELECT a.* FROM lineitem a, region"
	fill := func() {
		if err := os.WriteFile(filepath.Join(disk, "full"), make([]byte, 4<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("filling the disk: %v", err)
		}
	}
	for _, test := range []struct {
		name, code string
		path       string // what the message names
		full       bool   // from the beginning
		arguments  []string
	}{
		{"sort", "E0607", disk, false, []string{"run", "-c", rows + " ORDER BY l_comment", "--data", native, "--memory", "4MiB", "--temp-dir", disk, "-f", "none"}},
		{"groups", "E0607", disk, true, []string{"run", "-c", "SELECT l_comment, l_orderkey, r_name, count(*) FROM lineitem, region GROUP BY 1, 2, 3", "--data", native, "--memory", "4MiB", "--temp-dir", disk, "-f", "none"}},
		{"CSV", "E0514", "rows.csv", false, []string{"run", "-c", rows, "--data", native, "-o", filepath.Join(disk, "rows.csv")}},
		{"JSON", "E0514", "rows.json", false, []string{"run", "-c", rows, "--data", native, "-o", filepath.Join(disk, "rows.json")}},
		{"text", "E0514", "rows.txt", false, []string{"run", "-c", rows, "--data", native, "-o", filepath.Join(disk, "rows.txt")}},
		{"Parquet", "E0514", "rows.parquet", false, []string{"run", "-c", rows, "--data", native, "-o", filepath.Join(disk, "rows.parquet")}},
		{"Arrow", "E0514", "rows.arrow", false, []string{"run", "-c", rows, "--data", native, "-o", filepath.Join(disk, "rows.arrow")}},
		{"load", "E0514", "lineitem.htab", false, []string{"load", filepath.Join(native, "lineitem.htab"), "--into", disk}},
		{"gen", "E0514", "lineitem.csv", false, []string{"gen", "tpch", "--sf", "0.01", "--format", "csv", "--table", "lineitem", "--out", disk}},
		{"gen tbl", "E0514", "lineitem.tbl", false, []string{"gen", "tpch", "--sf", "0.01", "--format", "tbl", "--table", "lineitem", "--out", disk}},
		{"build", "E0514", "q.heddle", true, []string{"build", "-c", "SELECT 1", "-o", filepath.Join(disk, "q.heddle")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer func() { _ = os.Remove(filepath.Join(disk, "full")) }()
			if test.full {
				fill()
			}
			o := s.perform(test.arguments...)
			if flat := strings.Join(strings.Fields(o.stderr), " "); o.exit != exitFailed || o.code != test.code || !strings.Contains(flat, test.path) || !strings.Contains(flat, "no space left") {
				t.Errorf("%s", o)
			}
			if err := os.RemoveAll(filepath.Join(disk, "full")); err != nil {
				t.Fatal(err)
			}
			requireNoFiles(t, disk)
		})
	}
	t.Run("cache", func(t *testing.T) {
		fill()
		t.Setenv("HEDDLE_CACHE_DIR", filepath.Join(disk, "cache"))
		if o := s.must("run", "-c", "SELECT count(*) AS n FROM lineitem", "--data", native, "-f", "csv"); o.stdout != "n\n60175\n" {
			t.Errorf("the result is %q", o.stdout)
		}
	})
}

// TestMemoryBombs runs queries whose intermediate results would not fit any memory.
func TestMemoryBombs(t *testing.T) {
	const bound = 700 << 10 // KiB: the budget, the engine, mapped tables, and the race detector
	for _, test := range []struct{ name, query string }{
		{"cross join", "SELECT count(*), max(a.l_comment || b.c_comment) FROM lineitem a, customer b WHERE a.l_orderkey < 3000"},
		{"outer join", "SELECT count(*), max(n_comment || l_comment) FROM nation LEFT JOIN lineitem ON n_comment || l_comment > 'b'"},
		{"groups of long texts", "SELECT count(*) FROM (SELECT l_comment || n_comment || l_comment || n_comment || l_comment AS x, count(*) FROM lineitem, nation GROUP BY 1) t"},
		{"least of long texts", "SELECT count(*), max(x) FROM (SELECT l_orderkey, n_nationkey, min(l_comment || l_comment || n_comment || l_comment) AS x FROM lineitem, nation GROUP BY 1, 2) t"},
		{"sort of long texts", "SELECT l_comment || n_comment || l_comment AS x FROM lineitem, nation ORDER BY x, l_orderkey LIMIT 10 OFFSET 200000"},
		{"many columns", "SELECT count(*) FROM (SELECT a.*, b.*, count(*) FROM lineitem a, region b GROUP BY ALL) t"},
	} {
		t.Run(test.name, func(t *testing.T) {
			temporary := t.TempDir()
			cmd := command(t, "run", "-c", test.query, "--data", share(t).native, "--memory", "64MiB", "--temp-dir", temporary, "-f", "csv")
			var stderr bytes.Buffer
			cmd.Stderr, cmd.Stdout = &stderr, io.Discard
			began := time.Now()
			err := cmd.Run()
			resident := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
			t.Logf("%s, at most %d MiB resident: %v %s", time.Since(began).Round(time.Millisecond), resident>>10, err, &stderr)
			if err != nil && !strings.Contains(stderr.String(), "E0606") && !strings.Contains(stderr.String(), "E04") {
				t.Errorf("%v: %s", err, &stderr)
			}
			// Linux counts what the parent had when it made the process.
			var self syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
				t.Fatal(err)
			}
			if resident > max(bound, self.Maxrss) {
				t.Errorf("%d KiB were resident, more than %d", resident, bound)
			}
			requireNoFiles(t, temporary)
		})
	}
}
