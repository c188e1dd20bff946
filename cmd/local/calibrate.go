package local

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/device"
)

// CalibrateOptions says how to measure a machine.
type CalibrateOptions struct {
	System  *system.System // nil stands for the real one
	Engine  string         // "" stands for the best of this build
	Threads int            // 0 stands for the number of processors
	TempDir string         // "" stands for the environment's
	// Quick measures less data, fewer times.
	Quick bool
	// Device is measured too, if there is one. It stays open.
	Device device.Driver
	// Progress, if set, is called before each step, with its number from 1 and how many
	// there are.
	Progress func(step string, number, total int)
}

// ProfilePath is where the measured profile of this machine lies.
func ProfilePath(sys *system.System) (string, error) {
	dir, err := sys.Environment.CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "profile.json"), nil
}

// calibration is a measurement under way.
type calibration struct {
	options CalibrateOptions
	system  *system.System
	profile *place.Profile
	done    int
	steps   int
}

// step tells how far the measurement is.
func (c *calibration) step(ctx context.Context, name string) error {
	c.done++
	if c.options.Progress != nil {
		c.options.Progress(name, c.done, c.steps)
	}
	return ctx.Err()
}

// Calibrate measures how fast this machine runs Heddle's own code, and its GPU if one is
// given. What cannot be measured is taken from the built-in profile; the notes of the
// result say so.
func Calibrate(ctx context.Context, options CalibrateOptions) (profile *place.Profile, err error) {
	c := &calibration{options: options, system: options.System}
	if c.system == nil {
		c.system = system.Real()
	}
	if c.options.Threads <= 0 {
		c.options.Threads = c.system.Environment.Processors()
	}
	if c.profile, err = place.Builtin(place.Default); err != nil {
		return nil, err
	}
	c.steps = len(questions) + 3 // and the data, copies, files
	if options.Device != nil {
		c.steps += deviceSteps
	}
	temp := options.TempDir
	if temp == "" {
		temp = c.system.Environment.TempDir()
	}
	dir, err := c.system.Files.MkdirTemp(temp, "heddle-calibrate-*")
	if err != nil {
		return nil, fmt.Errorf("no place for the data to measure with: %w", err)
	}
	defer func() { err = errors.Join(err, c.system.Files.RemoveAll(dir)) }()
	if err := c.measureCPU(ctx, dir); err != nil {
		return nil, err
	}
	if options.Device != nil {
		if err := c.measureDevice(ctx); err != nil {
			return nil, err
		}
	}
	if err := c.profile.Check(); err != nil {
		return nil, err
	}
	return c.profile, nil
}

// best is the shortest of several runs. Whatever disturbs a run makes it longer, so the
// shortest is the one that comes again. It runs at least twice, and more often while the
// budget of time lasts; and for some budgets more until the shortest has come again.
func (c *calibration) best(ctx context.Context, budget time.Duration, run func() (time.Duration, error)) (time.Duration, error) {
	const least, most, budgets = 2, 50, 4
	began := c.system.Clock.Now()
	var shortest, second time.Duration
	goOn := func() bool {
		spent := c.system.Clock.Since(began)
		again := float64(second-shortest) <= noise*float64(shortest)
		return spent < budget || !again && spent < budgets*budget
	}
	for n := 0; n < least || n < most && goOn(); n++ {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		elapsed, err := run()
		if err != nil {
			return 0, err
		}
		switch {
		case n == 0:
			shortest, second = elapsed, math.MaxInt64
		case elapsed < shortest:
			shortest, second = elapsed, shortest
		default:
			second = min(second, elapsed)
		}
	}
	return shortest, nil
}

// timed is how long a function takes.
func (c *calibration) timed(run func() error) (time.Duration, error) {
	began := c.system.Clock.Now()
	err := run()
	return c.system.Clock.Since(began), err
}

// processor finds out what the processors are called, and the size of their last cache,
// where the system tells.
func (c *calibration) processor() (name string, cache float64) {
	if data, err := c.system.Files.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	for level := 4; level >= 2 && cache == 0; level-- {
		data, err := c.system.Files.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu0/cache/index%d/size", level))
		if err == nil {
			cache = cacheSize(string(data))
		}
	}
	return name, cache
}

// cacheSize reads what Linux says of a cache: 32768K.
func cacheSize(text string) float64 {
	text = strings.TrimSpace(text)
	factor := 1.0
	for suffix, unit := range map[string]float64{"K": 1 << 10, "M": 1 << 20} {
		if number, found := strings.CutSuffix(text, suffix); found {
			text, factor = number, unit
		}
	}
	size, err := strconv.ParseUint(text, 10, 40)
	if err != nil {
		return 0
	}
	return float64(size) * factor
}
