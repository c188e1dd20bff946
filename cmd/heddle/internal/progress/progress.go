package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/heddle-lang/heddle/internal/system"
)

// State is how far something has come.
type State struct {
	Stage         string // what runs, for people
	Number, Total int    // which stage, from 1, of how many; 0 when there are no stages
	Rows          int64
	TotalRows     int64 // of the stage; -1 when unknown
}

// Options says where and how to show it.
type Options struct {
	Clock system.Clock
	// Width is that of the terminal; 0 adds lines instead of rewriting one.
	Width int
}

// The times of the display.
const (
	delay      = 500 * time.Millisecond // nothing is shown before
	frame      = 100 * time.Millisecond // between two looks of a terminal's line
	linePeriod = 10 * time.Second       // between two lines of a log
)

// Start shows progress until stop is called, which clears the line. Stop may be called
// more than once.
func Start(w io.Writer, state func() State, options Options) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	d := display{w: w, state: state, options: options, began: options.Clock.Now()}
	go func() {
		defer close(ended)
		d.run(done)
	}()
	return sync.OnceFunc(func() {
		close(done)
		<-ended
	})
}

type display struct {
	w       io.Writer
	state   func() State
	options Options

	began  time.Time
	stage  State     // the first look at the present stage
	staged time.Time // when that was
	drawn  bool
}

func (d *display) run(done <-chan struct{}) {
	wait, period := delay, frame
	if d.options.Width == 0 {
		wait, period = linePeriod, linePeriod
	}
	timer := d.options.Clock.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-done:
			if d.drawn && d.options.Width > 0 {
				fmt.Fprint(d.w, "\r\x1b[K")
			}
			return
		case <-timer.C():
			d.draw()
			timer.Reset(period)
		}
	}
}

func (d *display) draw() {
	now, state := d.options.Clock.Now(), d.state()
	if state.Number != d.stage.Number || state.Stage != d.stage.Stage {
		d.stage, d.staged = state, now
	}
	line := Line(state, now.Sub(d.began), d.rate(state, now))
	if d.options.Width == 0 {
		fmt.Fprintln(d.w, line)
	} else {
		fmt.Fprint(d.w, "\r\x1b[K"+ansi.Truncate(line, d.options.Width-1, "…"))
	}
	d.drawn = true
}

// rate is rows per second since the first look at the stage; 0 when it cannot be told.
func (d *display) rate(state State, now time.Time) float64 {
	since := now.Sub(d.staged).Seconds()
	if since <= 0 {
		since = now.Sub(d.began).Seconds()
		if since <= 0 || state.Number > 1 {
			return 0
		}
		return float64(state.Rows) / since
	}
	return float64(state.Rows-d.stage.Rows) / since
}

// Line writes a state as one line.
func Line(s State, elapsed time.Duration, rate float64) string {
	var parts []string
	if s.Total > 1 {
		parts = append(parts, fmt.Sprintf("%d/%d", s.Number, s.Total))
	}
	if s.Stage != "" {
		parts = append(parts, s.Stage)
	}
	if s.TotalRows > 0 {
		part := min(1, float64(s.Rows)/float64(s.TotalRows))
		const cells = 20
		full := int(part * cells)
		parts = append(parts, strings.Repeat("━", full)+strings.Repeat("╌", cells-full), fmt.Sprintf("%3.0f %%", 100*part))
	}
	parts = append(parts, Count(float64(s.Rows))+" rows")
	if rate > 0 {
		parts = append(parts, Count(rate)+" rows/s")
		if left := s.TotalRows - s.Rows; s.TotalRows > 0 && left > 0 {
			seconds := float64(left) / rate
			parts = append(parts, "ETA "+(time.Duration(seconds*10)*time.Second/10).Round(100*time.Millisecond).String())
		}
	}
	return strings.Join(append(parts, elapsed.Round(100*time.Millisecond).String()), "  ")
}

// Count writes a number of things in at most five characters or so: 950, 12.3 k, 4 M.
func Count(n float64) string {
	for _, unit := range []struct {
		factor float64
		name   string
	}{{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if n >= 0.9995*unit.factor {
			scaled := n / unit.factor
			if scaled < 99.95 {
				return strings.TrimSuffix(fmt.Sprintf("%.1f", scaled), ".0") + unit.name
			}
			return fmt.Sprintf("%.0f", scaled) + unit.name
		}
	}
	return fmt.Sprintf("%.0f", n)
}
