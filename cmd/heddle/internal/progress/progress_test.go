package progress

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/internal/system"
)

func TestLine(t *testing.T) {
	for _, test := range []struct {
		name    string
		state   State
		elapsed time.Duration
		rate    float64
		want    string
	}{
		{
			"all",
			State{"scan lineitem", 2, 3, 3_000_000, 6_000_000},
			1500 * time.Millisecond, 2e6,
			"2/3  scan lineitem  ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌   50 %  3 M rows  2 M rows/s  ETA 1.5s  1.5s",
		},
		{"total unknown", State{"read s1", 1, 1, 950, -1}, time.Second, 950, "read s1  950 rows  950 rows/s  1s"},
		{"more rows than expected", State{"x", 0, 0, 30, 20}, time.Second, 0, "x  ━━━━━━━━━━━━━━━━━━━━  100 %  30 rows  1s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Line(test.state, test.elapsed, test.rate); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0", 999: "999", 1000: "1 k", 12_345: "12.3 k", 999_960: "1 M", 123_456_789: "123 M", 2.5e9: "2.5 G", 3e12: "3 T",
	} {
		if got := Count(n); got != want {
			t.Errorf("Count(%g) = %q, want %q", n, got, want)
		}
	}
}

// signalled is a writer that tells when something was written.
type signalled struct {
	bytes.Buffer
	written chan struct{}
}

func (s *signalled) Write(p []byte) (int, error) {
	defer func() { s.written <- struct{}{} }()
	return s.Buffer.Write(p)
}

func TestDisplay(t *testing.T) {
	for _, test := range []struct {
		name  string
		width int
		wait  time.Duration
		want  string
	}{
		{"terminal", 80, delay, "\r\x1b[K1/2  a  7 rows  14 rows/s  500ms\r\x1b[K"},
		{"log", 0, linePeriod, "1/2  a  7 rows  1 rows/s  10s\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			clock := system.NewManualClock(time.Unix(0, 0))
			out := &signalled{written: make(chan struct{}, 10)}
			stop := Start(out, func() State { return State{"a", 1, 2, 7, -1} }, Options{Clock: clock, Width: test.width})
			for clock.Waiting() == 0 { // until the display waits
				runtime.Gosched()
			}
			clock.Advance(test.wait)
			<-out.written
			stop()
			stop()
			if got := out.String(); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// TestShort shows nothing for what ends early.
func TestShort(t *testing.T) {
	var out bytes.Buffer
	stop := Start(&out, func() State { return State{} }, Options{Clock: system.NewManualClock(time.Unix(0, 0)), Width: 80})
	stop()
	if out.Len() > 0 {
		t.Errorf("wrote %q", strings.ToValidUTF8(out.String(), "?"))
	}
}
