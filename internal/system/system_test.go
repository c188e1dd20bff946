package system

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"
)

func fired(t Timer) (time.Time, bool) {
	select {
	case at := <-t.C():
		return at, true
	default:
		return time.Time{}, false
	}
}

func TestManualClock(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := NewManualClock(start)
	early, late := clock.NewTimer(time.Second), clock.NewTimer(time.Minute)
	stopped, atOnce := clock.NewTimer(time.Second), clock.NewTimer(0)
	if !stopped.Stop() || stopped.Stop() {
		t.Error("Stop does not report whether the timer ran")
	}
	if _, ok := fired(atOnce); !ok {
		t.Error("a timer of no duration waits")
	}
	if n := clock.Waiting(); n != 2 {
		t.Errorf("%d timers wait", n)
	}
	clock.Advance(time.Second - 1)
	if _, ok := fired(early); ok {
		t.Error("a timer fired too early")
	}
	clock.Advance(10 * time.Second)
	if at, ok := fired(early); !ok || !at.Equal(start.Add(time.Second)) {
		t.Errorf("the first timer: %v, %v", at, ok)
	}
	if _, ok := fired(stopped); ok {
		t.Error("a stopped timer fired")
	}
	if got := clock.Since(start); got != 11*time.Second-1 {
		t.Errorf("%v have passed", got)
	}
	if !late.Reset(time.Second) || early.Reset(time.Hour) {
		t.Error("Reset does not report whether the timer ran")
	}
	clock.Advance(time.Second)
	if _, ok := fired(late); !ok {
		t.Error("a timer that was set anew did not fire")
	}
	late.Reset(time.Second)
	clock.Advance(time.Second)
	late.Reset(time.Second)
	if _, ok := fired(late); ok {
		t.Error("Reset left the old time in the channel")
	}
}

func TestRealClock(t *testing.T) {
	clock := Real().Clock
	start := clock.Now()
	<-clock.NewTimer(time.Microsecond).C()
	if clock.Since(start) <= 0 {
		t.Error("no time has passed")
	}
	timer := clock.NewTimer(time.Hour)
	if !timer.Reset(time.Hour) || !timer.Stop() || timer.Stop() {
		t.Error("the timer does not know whether it runs")
	}
}

func TestRandom(t *testing.T) {
	fill := func(r Random) []byte {
		p := make([]byte, 32)
		r.Fill(p)
		return p
	}
	real := Real().Random
	if bytes.Equal(fill(real), fill(real)) {
		t.Error("the machine repeats itself")
	}
	seeded := NewSeededRandom(7)
	first, second := fill(seeded), fill(seeded)
	if bytes.Equal(first, second) {
		t.Error("a sequence repeats itself")
	}
	if !bytes.Equal(first, fill(NewSeededRandom(7))) {
		t.Error("the same seed gives other bytes")
	}
	if bytes.Equal(first, fill(NewSeededRandom(8))) {
		t.Error("another seed gives the same bytes")
	}
}

func TestRealEnvironment(t *testing.T) {
	env := Real().Environment
	dir := t.TempDir()
	t.Setenv("HEDDLE_CACHE_DIR", dir)
	t.Setenv("HEDDLE_TEMP_DIR", dir)
	if got, err := env.CacheDir(); got != dir || err != nil {
		t.Errorf("CacheDir = %q, %v", got, err)
	}
	if got := env.TempDir(); got != dir {
		t.Errorf("TempDir = %q", got)
	}
	t.Setenv("HEDDLE_CACHE_DIR", "")
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("HOME", dir)
	if got, err := env.CacheDir(); filepath.Base(got) != "heddle" || err != nil {
		t.Errorf("CacheDir = %q, %v", got, err)
	}
	if _, set := env.LookupEnv("HEDDLE_CACHE_DIR"); !set || env.Getenv("HEDDLE_TEMP_DIR") != dir {
		t.Error("variables are not read")
	}
	if got, err := env.HomeDir(); got == "" || err != nil {
		t.Errorf("HomeDir = %q, %v", got, err)
	}
	if got, err := env.WorkingDir(); got == "" || err != nil {
		t.Errorf("WorkingDir = %q, %v", got, err)
	}
	if env.Processors() < 1 {
		t.Error("no processor")
	}
	file, err := Real().Files.Create(filepath.Join(dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	if env.IsTerminal(file.Fd()) {
		t.Error("a file is a terminal")
	}
	if _, _, ok := env.TerminalSize(file.Fd()); ok {
		t.Error("a file has a size in cells")
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

func TestFixedEnvironment(t *testing.T) {
	var env Environment = &FixedEnvironment{Variables: map[string]string{"NO_COLOR": ""}, Cache: "/cache", Width: 80, Height: 25}
	if value, set := env.LookupEnv("NO_COLOR"); value != "" || !set {
		t.Errorf("NO_COLOR = %q, %v", value, set)
	}
	if _, set := env.LookupEnv("HOME"); set {
		t.Error("HOME is set")
	}
	if got, err := env.CacheDir(); got != "/cache" || err != nil {
		t.Errorf("CacheDir = %q, %v", got, err)
	}
	if _, err := env.HomeDir(); err == nil {
		t.Error("there is a home directory")
	}
	if width, height, ok := env.TerminalSize(1); width != 80 || height != 25 || !ok || !env.IsTerminal(1) {
		t.Errorf("the terminal is %d by %d", width, height)
	}
	if env.Processors() != 1 {
		t.Errorf("%d processors", env.Processors())
	}
}
