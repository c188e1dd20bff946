package system

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/term"
)

// Environment is what surrounds the process. It is safe for concurrent use.
type Environment interface {
	Getenv(name string) string
	LookupEnv(name string) (value string, set bool)
	HomeDir() (string, error)
	// CacheDir is where Heddle may keep what it can compute again:
	// $HEDDLE_CACHE_DIR, or the directory "heddle" of the user's cache. It need
	// not exist yet.
	CacheDir() (string, error)
	// TempDir is where files go that a run deletes at its end: $HEDDLE_TEMP_DIR
	// or the system's directory.
	TempDir() string
	WorkingDir() (string, error)
	// Processors is how many threads can run at once.
	Processors() int
	// IsTerminal reports whether a file descriptor is a terminal.
	IsTerminal(fd uintptr) bool
	// TerminalSize is in character cells; ok is false when fd is no terminal.
	TerminalSize(fd uintptr) (width, height int, ok bool)
}

type realEnvironment struct{}

func (realEnvironment) Getenv(name string) string            { return os.Getenv(name) }
func (realEnvironment) LookupEnv(name string) (string, bool) { return os.LookupEnv(name) }
func (realEnvironment) HomeDir() (string, error)             { return os.UserHomeDir() }
func (realEnvironment) WorkingDir() (string, error)          { return os.Getwd() }
func (realEnvironment) Processors() int                      { return runtime.GOMAXPROCS(0) }
func (realEnvironment) IsTerminal(fd uintptr) bool           { return term.IsTerminal(int(fd)) }

func (realEnvironment) CacheDir() (string, error) {
	if dir := os.Getenv("HEDDLE_CACHE_DIR"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a directory for the cache (set HEDDLE_CACHE_DIR): %w", err)
	}
	return filepath.Join(dir, "heddle"), nil
}

func (realEnvironment) TempDir() string {
	if dir := os.Getenv("HEDDLE_TEMP_DIR"); dir != "" {
		return dir
	}
	return os.TempDir()
}

func (realEnvironment) TerminalSize(fd uintptr) (width, height int, ok bool) {
	width, height, err := term.GetSize(int(fd))
	return width, height, err == nil && width > 0
}

// FixedEnvironment is an Environment made of values; for tests.
type FixedEnvironment struct {
	Variables map[string]string
	Home      string
	Cache     string
	Temp      string
	Working   string
	Threads   int // 0 counts as 1
	// Width and Height are those of every descriptor; no terminal when Width is 0.
	Width, Height int
}

// Getenv is the variable's value, empty when it is not set.
func (e *FixedEnvironment) Getenv(name string) string { return e.Variables[name] }

// LookupEnv tells an empty variable from one that is not set.
func (e *FixedEnvironment) LookupEnv(name string) (string, bool) {
	value, set := e.Variables[name]
	return value, set
}

// HomeDir fails when Home is empty, as on a machine without one.
func (e *FixedEnvironment) HomeDir() (string, error) { return known("home", e.Home) }

// CacheDir fails when Cache is empty.
func (e *FixedEnvironment) CacheDir() (string, error) { return known("cache", e.Cache) }

// TempDir is Temp.
func (e *FixedEnvironment) TempDir() string { return e.Temp }

// WorkingDir fails when Working is empty.
func (e *FixedEnvironment) WorkingDir() (string, error) { return known("working", e.Working) }

// Processors is Threads, at least 1.
func (e *FixedEnvironment) Processors() int { return max(e.Threads, 1) }

// IsTerminal reports whether Width is set.
func (e *FixedEnvironment) IsTerminal(uintptr) bool { return e.Width > 0 }

// TerminalSize is Width and Height.
func (e *FixedEnvironment) TerminalSize(uintptr) (width, height int, ok bool) {
	return e.Width, e.Height, e.Width > 0
}

func known(what, dir string) (string, error) {
	if dir == "" {
		return "", fmt.Errorf("no %s directory in this environment", what)
	}
	return dir, nil
}
