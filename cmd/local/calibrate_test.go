package local

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/internal/ptxastest"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
)

func builtinProfile(t *testing.T) *place.Profile {
	t.Helper()
	p, err := place.Builtin(place.Default)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCalibrate measures this machine and an emulated GPU, quickly. What the figures are is
// the machine's affair; that they differ from the built-in ones is not, unless the machine
// was too busy and the notes say so.
func TestCalibrate(t *testing.T) {
	driver, err := emulator.Open(emulator.Options{Memory: 16 << 20, Multiprocessors: 1, IgnoreRaces: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	}()
	temp := t.TempDir()
	var steps []string
	total := 0
	p, err := Calibrate(t.Context(), CalibrateOptions{
		Quick: true, Threads: 2, TempDir: temp, Device: driver,
		Progress: func(step string, number, of int) {
			if steps = append(steps, step); number != len(steps) {
				t.Errorf("step %d is told as %d", len(steps), number)
			}
			total = of
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != total {
		t.Errorf("%d steps of %d: %s", len(steps), total, strings.Join(steps, ", "))
	}
	left, err := system.Real().Files.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
	builtin := builtinProfile(t)
	differs := func(name string, figure, builtin float64) bool {
		return figure != builtin || strings.Contains(strings.Join(p.Notes, " "), name)
	}
	if p.CPU.Source != place.Measured || p.CPU.Threads != 2 || !differs("cpu.scanBytes", p.CPU.ScanBytes, builtin.CPU.ScanBytes) ||
		!differs("cpu.probes", p.CPU.Probes, builtin.CPU.Probes) ||
		p.CPU.Links == builtin.CPU.Links || p.CPU.Comparisons == builtin.CPU.Comparisons || p.CPU.Start == builtin.CPU.Start {
		t.Errorf("not all was measured: %+v", p.CPU)
	}
	h200, err := place.Builtin(assumedGPU)
	if err != nil {
		t.Fatal(err)
	}
	if g := p.GPU; g == nil || g.Source != place.Measured || g.Memory != 16<<20 || g.Multiprocessors != 1 || g.CopyIn == h200.GPU.CopyIn ||
		g.MemoryBytes == h200.GPU.MemoryBytes || g.Probes == h200.GPU.Probes || g.Updates == h200.GPU.Updates || g.Rows == h200.GPU.Rows {
		t.Errorf("not all was measured: %+v", p.GPU)
	}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := place.Decode(data); err != nil {
		t.Error(err)
	}
}

// TestCalibrateEnds: a context that ends stops the measurement, and nothing stays behind.
func TestCalibrateEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	temp := t.TempDir()
	_, err := Calibrate(ctx, CalibrateOptions{Quick: true, TempDir: temp, Progress: func(string, int, int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	left, err := system.Real().Files.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
}

// unevenClock is a clock of a machine so busy that times say nothing: each look at it
// finds that some milliseconds have passed, or none.
type unevenClock struct {
	*system.ManualClock
	mu     sync.Mutex
	random *rand.Rand
}

func (c *unevenClock) Now() time.Time {
	c.mu.Lock()
	passed := time.Duration(c.random.Int64N(int64(40 * time.Millisecond)))
	c.mu.Unlock()
	c.Advance(passed)
	return c.ManualClock.Now()
}

func (c *unevenClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// TestCalibrateUneven: figures are possible, whatever the clock shows.
func TestCalibrateUneven(t *testing.T) {
	for seed := range uint64(2) {
		sys := *system.Real()
		sys.Clock = &unevenClock{ManualClock: system.NewManualClock(time.Unix(0, 0)), random: rand.New(rand.NewPCG(seed, 0))}
		p, err := Calibrate(t.Context(), CalibrateOptions{System: &sys, Quick: true, Threads: 2, TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		cpu := &p.CPU
		builtin := builtinProfile(t).CPU
		if cpu.ScanBytes > max(mostOfCopy*cpu.CopyBytes, cpu.MemoryBytes) || cpu.MemoryBytes < cpu.CopyBytes || cpu.Updates > cpu.CachedUpdates || cpu.Probes > cpu.CachedProbes {
			t.Errorf("seed %d: the figures are not possible: %+v", seed, cpu)
		}
		assumed := strings.Contains(strings.Join(p.Notes, " "), "cpu.scanBytes")
		if !assumed && cpu.ScanBytes == builtin.ScanBytes {
			t.Errorf("seed %d: nobody says that scanBytes is assumed: %q", seed, p.Notes)
		}
	}
}

// TestCalibrateWithoutRoom: an unwritable directory is told.
func TestCalibrateWithoutRoom(t *testing.T) {
	_, err := Calibrate(t.Context(), CalibrateOptions{Quick: true, TempDir: t.TempDir() + "/missing"})
	if err == nil || !strings.Contains(err.Error(), "no place for the data") {
		t.Errorf("got %v, want an error about the directory", err)
	}
}

func TestProfilePath(t *testing.T) {
	sys := &system.System{Environment: &system.FixedEnvironment{Cache: "/caches/heddle"}}
	if path, err := ProfilePath(sys); err != nil || path != "/caches/heddle/profile.json" {
		t.Errorf("got %q, %v", path, err)
	}
	sys.Environment = &system.FixedEnvironment{}
	if path, err := ProfilePath(sys); err == nil {
		t.Errorf("got %q without a directory for caches", path)
	}
}

// TestCalibrateAssembles: the kernels that measure a GPU are ones that GPUs can run, and
// keep what they have in registers.
func TestCalibrateAssembles(t *testing.T) {
	assembler := ptxastest.Find(t)
	for _, architecture := range ptxastest.Architectures {
		resources, err := assembler.Assemble(t.Context(), []byte(calibratePTX), architecture)
		if err != nil {
			t.Errorf("sm_%d: %v", architecture, err)
			continue
		}
		if len(resources) != deviceKernels {
			t.Errorf("sm_%d: %d kernels, want %d", architecture, len(resources), deviceKernels)
		}
		for _, r := range resources {
			if r.Registers > 64 || r.Stack > 0 || r.Spilled > 0 {
				t.Errorf("sm_%d: %s takes %+v", architecture, r.Kernel, r)
			}
		}
	}
}
