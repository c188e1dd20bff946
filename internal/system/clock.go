package system

import (
	"slices"
	"sync"
	"time"
)

// Clock tells the time. All methods are safe for concurrent use.
type Clock interface {
	// Now carries a monotonic reading where the machine has one, so that
	// differences of two Nows survive a change of the wall clock.
	Now() time.Time
	Since(t time.Time) time.Duration
	// NewTimer sends the time once on its channel after d has passed.
	NewTimer(d time.Duration) Timer
}

// Timer is one wait. It behaves as time.Timer of Go 1.23 and later: after Stop
// or Reset no stale value is received.
type Timer interface {
	C() <-chan time.Time
	// Stop reports whether it prevented the timer from firing.
	Stop() bool
	// Reset starts the wait anew and reports whether the timer was running.
	Reset(d time.Duration) bool
}

type realClock struct{}

func (realClock) Now() time.Time                  { return time.Now() }
func (realClock) Since(t time.Time) time.Duration { return time.Since(t) }
func (realClock) NewTimer(d time.Duration) Timer  { return realTimer{time.NewTimer(d)} }

type realTimer struct{ timer *time.Timer }

func (t realTimer) C() <-chan time.Time        { return t.timer.C }
func (t realTimer) Stop() bool                 { return t.timer.Stop() }
func (t realTimer) Reset(d time.Duration) bool { return t.timer.Reset(d) }

// ManualClock is a Clock that moves only when a test says so.
type ManualClock struct {
	mu      sync.Mutex
	now     time.Time
	running []*manualTimer
}

// NewManualClock returns a clock that stands at start.
func NewManualClock(start time.Time) *ManualClock { return &ManualClock{now: start} }

// Now returns the time to which the clock was last moved.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Since is Now less t.
func (c *ManualClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// NewTimer returns a timer that Advance fires; one of no or negative duration
// fires at once.
func (c *ManualClock) NewTimer(d time.Duration) Timer {
	t := &manualTimer{clock: c, fired: make(chan time.Time, 1)}
	t.Reset(d)
	return t
}

// Advance moves the clock by d and fires every timer that is due, in the order
// of their deadlines. Each receives its own deadline as the time.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	slices.SortStableFunc(c.running, func(a, b *manualTimer) int { return a.deadline.Compare(b.deadline) })
	for len(c.running) > 0 && !c.running[0].deadline.After(c.now) {
		t := c.running[0]
		c.running = c.running[1:]
		t.fired <- t.deadline // buffered, and empty because a running timer has not fired
	}
}

// Waiting is how many timers run: a test can see that the code under test has
// begun to wait before it moves the clock.
func (c *ManualClock) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.running)
}

type manualTimer struct {
	clock    *ManualClock
	fired    chan time.Time
	deadline time.Time // guarded by clock.mu
}

func (t *manualTimer) C() <-chan time.Time { return t.fired }

func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.stopLocked()
}

func (t *manualTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	ran := t.stopLocked()
	t.deadline = t.clock.now.Add(d)
	if d <= 0 {
		t.fired <- t.deadline
		return ran
	}
	t.clock.running = append(t.clock.running, t)
	return ran
}

func (t *manualTimer) stopLocked() bool {
	select {
	case <-t.fired:
	default:
	}
	if i := slices.Index(t.clock.running, t); i >= 0 {
		t.clock.running = slices.Delete(t.clock.running, i, i+1)
		return true
	}
	return false
}
