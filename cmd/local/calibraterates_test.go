package local

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/internal/system"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > want*1e-6 {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

// TestScanRates takes times apart that were put together from known rates.
func TestScanRates(t *testing.T) {
	const bytesPerSecond, rowsPerSecond = 20e9, 1e9
	scan := func(rows, width float64) sample {
		seconds := rows*width/bytesPerSecond + rows/rowsPerSecond
		return sample{rows: rows, bytes: rows * width, elapsed: time.Duration(seconds * 1e9)}
	}
	tests := []struct {
		name                string
		narrow, wide        sample
		copied              float64
		wantBytes, wantRows float64
		certain             bool
	}{
		{"two unknowns", scan(1e9, 1), scan(1e9, 32), 5e9, bytesPerSecond, rowsPerSecond, true},
		{"faster than memory", scan(1e9, 1), scan(1e9, 32), 4.9e9, 19.6e9, 1e9 / (1.05 - 1/19.6), false},
		{"bytes cost nothing", sample{1e6, 1e6, time.Millisecond}, sample{1e6, 32e6, time.Millisecond}, 10e9, 40e9, 1e6 / (1e-3 - 1e6/40e9), false},
		{"nearly nothing", sample{1e6, 1e6, time.Millisecond}, sample{1e6, 32e6, 1001 * time.Microsecond}, 20e9, 50e9, 1e6 / (1e-3 - 1e6/50e9), false},
		{"the narrow one took longer", sample{1e6, 1e6, 2 * time.Millisecond}, sample{1e6, 32e6, time.Millisecond}, 1e9, 32e9, 1e6 / (2e-3 - 1e6/32e9), false},
		{"rows cost nothing", sample{1e6, 1e6, time.Millisecond}, sample{1e6, 2e6, 3 * time.Millisecond}, 10e9, 5e8, 1e9, true},
		{"a clock that stands", sample{1e6, 1e6, 0}, sample{1e6, 32e6, 0}, 20e9, 50e9, 8, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bytes, rows, certain := scanRates(test.narrow, test.wide, test.copied, 50e9, 8)
			if certain != test.certain {
				t.Errorf("certain is %v", certain)
			}
			near(t, "the rate of bytes", bytes, test.wantBytes)
			near(t, "the rate of rows", rows, test.wantRows)
		})
	}
}

func TestBeyond(t *testing.T) {
	whole := sample{rows: 1e6, bytes: 8e6, elapsed: 11 * time.Millisecond}
	for _, test := range []struct {
		name                               string
		whole                              sample
		scanBytes, scanRows, assumed, want float64
		certain                            bool
	}{
		{"most is left", whole, 8e9, 1e9, 5, 1e6 / 0.009, true},
		{"nothing is left, and the assumed rate is possible", whole, 8e9, 1e8, 2e8, 2e8, false},
		{"the assumed rate is too high", whole, 8e9, 1e8, 1e12, 1e6 / 0.0011, false},
		{"the assumed rate is too low", whole, 8e9, 1e8, 5, 1e6 / 0.011, false},
		{"no time", sample{rows: 1}, 1, 1, 5, 5, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, certain := beyond(test.whole, test.scanBytes, test.scanRows, test.assumed)
			near(t, "the rate", got, test.want)
			if certain != test.certain {
				t.Errorf("certain is %v", certain)
			}
		})
	}
}

func TestDifference(t *testing.T) {
	large := sample{bytes: 11e6, elapsed: 3 * time.Millisecond}
	near(t, "without the start", difference(sample{bytes: 1e6, elapsed: time.Millisecond}, large, 5), 5e9)
	near(t, "nearly as long", difference(sample{bytes: 1e6, elapsed: 2999 * time.Microsecond}, large, 5), 11e6/0.003)
	near(t, "no time", difference(sample{}, sample{bytes: 1}, 5), 5)
}

func TestUncached(t *testing.T) {
	mixed := 1 / (0.25/1e8 + 0.75/1e7)
	near(t, "taken apart", uncached(1e8, mixed, 0.25), 1e7)
	near(t, "not faster than the cache", uncached(1e7, 1e8, 0.5), 1e7)
	near(t, "all in the cache", uncached(1e8, 5e7, 1), 5e7)
}

func TestCacheOf(t *testing.T) {
	const cache, inside, missed = 40e6, 8e10, 3e10
	var all []access
	for size := 1e6; size <= 1.1e9; size *= 4 {
		p := part(cache, size)
		all = append(all, access{size, 1 / (p/inside + (1-p)/missed)})
	}
	gotCache, gotInside, gotMissed := cacheOf(all)
	for _, f := range []struct {
		what      string
		got, want float64
	}{{"the cache", gotCache, cache}, {"the rate inside", gotInside, inside}, {"the rate beyond", gotMissed, missed}} {
		if math.Abs(f.got/f.want-1) > 0.05 {
			t.Errorf("%s is %g, want about %g", f.what, f.got, f.want)
		}
	}
	if c, i, m := cacheOf(nil); c != 0 || i != 0 || m != 0 {
		t.Errorf("nothing gives %g, %g, %g", c, i, m)
	}
	one, rate, same := cacheOf(all[:1])
	if one != 1e6 || rate != all[0].rate || math.IsNaN(same) {
		t.Errorf("one size gives %g, %g, %g", one, rate, same)
	}
}

func TestCacheSize(t *testing.T) {
	for text, want := range map[string]float64{"32768K\n": 32 << 20, "36M": 36 << 20, "512": 512, "": 0, "-1K": 0, "lots": 0, "99999999999999K": 0} {
		if got := cacheSize(text); got != want {
			t.Errorf("%q is %g bytes, want %g", text, got, want)
		}
	}
}

// TestBest: the shortest run counts, the budget bounds how often it is run, and uneven
// times get more runs.
func TestBest(t *testing.T) {
	for _, test := range []struct {
		name  string
		times []time.Duration
		want  time.Duration
	}{
		{"even", []time.Duration{50, 30, 32}, 30},
		{"until the shortest comes again", []time.Duration{50, 30, 40, 60, 32}, 30},
		{"never even", []time.Duration{100, 80, 60, 40, 120}, 40},
		{"long", []time.Duration{1000, 2000}, 1000},
		{"a clock that stands", make([]time.Duration, 50), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			clock := system.NewManualClock(time.Unix(0, 0))
			c := &calibration{system: &system.System{Clock: clock}}
			runs := 0
			got, err := c.best(t.Context(), 100, func() (time.Duration, error) {
				elapsed, err := c.timed(func() error { clock.Advance(test.times[runs]); return nil })
				runs++
				return elapsed, err
			})
			if err != nil || got != test.want || runs != len(test.times) {
				t.Errorf("got %v after %d runs, %v; want %v after %d", got, runs, err, test.want, len(test.times))
			}
		})
	}
}

func TestRates(t *testing.T) {
	c := &calibration{profile: builtinProfile(t)}
	cpu, notes := &c.profile.CPU, len(c.profile.Notes)
	cpu.Cache = 32e6
	took := map[string]answered{
		"narrow":            {sample: sample{1e6, 4e6, 1200 * time.Microsecond}},
		"wide":              {sample: sample{1e6, 32e6, 2600 * time.Microsecond}},
		"wide, all threads": {sample: sample{1e6, 32e6, 1000 * time.Microsecond}},
		"few groups":        {sample: sample{1e6, 0, 2 * time.Millisecond}, fields: 3},
		"some groups":       {sample: sample{1e6, 0, 5 * time.Millisecond}},
		"many groups":       {sample: sample{1e6, 0, 51 * time.Millisecond}, record: 40},
		"small table":       {sample: sample{1e6, 0, 11 * time.Millisecond}},
		"large table":       {sample: sample{1e6, 0, 101 * time.Millisecond}},
		"scan large":        {sample: sample{2e6, 0, 22 * time.Millisecond}, finish: 10 * time.Millisecond, record: 24},
		"sort":              {sample: sample{1 << 20, 0, time.Millisecond}, finish: 100 * time.Millisecond},
		"start":             {sample: sample{1, 8, 2 * time.Microsecond}, finish: time.Microsecond},
	}
	c.rates(took)
	near(t, "scanBytes", cpu.ScanBytes, 20e9)
	near(t, "rows", cpu.Rows, 1e9)
	near(t, "memoryBytes", cpu.MemoryBytes, 32e9)
	near(t, "directUpdates", cpu.DirectUpdates, 3e9)
	near(t, "cachedUpdates", cpu.CachedUpdates, 250e6)
	p := part(32e6, 40e6)
	near(t, "updates", cpu.Updates, 1/((50e-9-p*4e-9)/(1-p)))
	near(t, "cachedProbes", cpu.CachedProbes, 100e6)
	p = part(32e6, 48e6)
	near(t, "probes", cpu.Probes, 1/((100e-9-p*10e-9)/(1-p)))
	near(t, "inserts", cpu.Inserts, 100e6)
	near(t, "links", cpu.Links, 200e6)
	near(t, "comparisons", cpu.Comparisons, float64(1<<20)*math.Log2(1<<20+1)/0.1)
	near(t, "start", cpu.Start, 3e-6)
	if err := c.profile.Check(); err != nil {
		t.Error(err)
	}
	if len(c.profile.Notes) != notes {
		t.Errorf("the notes are %q", c.profile.Notes)
	}

	// The wide scan was hardly slower: neither its rate is believed, nor is it hidden.
	c = &calibration{profile: builtinProfile(t)}
	took["wide"] = answered{sample: sample{1e6, 32e6, 1201 * time.Microsecond}}
	c.rates(took)
	near(t, "scanBytes", c.profile.CPU.ScanBytes, builtinProfile(t).CPU.ScanBytes)
	if got := c.profile.Notes[len(c.profile.Notes)-1]; !strings.Contains(got, "did not tell them: cpu.scanBytes.") {
		t.Errorf("the note is %q", got)
	}

	c = &calibration{profile: builtinProfile(t)}
	want := c.profile.CPU
	c.rates(nil) // nothing could be measured
	if c.profile.CPU != want {
		t.Errorf("without measurements the figures change to %+v", c.profile.CPU)
	}
}
