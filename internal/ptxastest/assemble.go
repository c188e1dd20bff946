package ptxastest

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/internal/system"
)

// Architectures are the compute capabilities that golden PTX is assembled for.
var Architectures = []int{80, 90, 100}

// Assembler is a ptxas of this machine.
type Assembler struct {
	path     string
	commands system.Commands
	Version  string // 13.0.88
}

// Resources are what a kernel takes on some architecture.
type Resources struct {
	Kernel    string
	Registers int // of a thread
	Stack     int // bytes of a thread's own memory
	Spilled   int // bytes of registers that are stored there, and loaded again
	Shared    int // bytes of static shared memory of a block
}

// fetched is where "make ptxas" leaves the assembler, from the project's root.
var fetched = filepath.Join(".cache", "ptxas", "ptxas")

// Find finds the assembler, or skips the test.
func Find(t testing.TB) *Assembler {
	t.Helper()
	sys := system.Real()
	path := sys.Environment.Getenv("HEDDLE_PTXAS")
	if path == "" {
		for up := "."; ; up = filepath.Join("..", up) {
			if _, err := sys.Files.Stat(filepath.Join(up, "go.mod")); err == nil {
				path = filepath.Join(up, fetched)
				break
			}
			if len(up) > 60 {
				t.Skip("the project's root was not found, and HEDDLE_PTXAS names no ptxas")
			}
		}
		if _, err := sys.Files.Stat(path); err != nil {
			t.Skip("no ptxas: make ptxas fetches one, and HEDDLE_PTXAS names another")
		}
	}
	a := &Assembler{path: path, commands: sys.Commands}
	result, err := a.commands.Run(t.Context(), system.Command{Path: path, Arguments: []string{"--version"}})
	if err != nil || result.Status != 0 {
		t.Fatalf("%s does not run: %v, status %d, %s", path, err, result.Status, result.Errors)
	}
	found := versionPattern.FindSubmatch(result.Output)
	if found == nil {
		t.Fatalf("%s does not tell its version: %s", path, result.Output)
	}
	a.Version = string(found[1])
	return a
}

var versionPattern = regexp.MustCompile(`\bV(\d+\.\d+\.\d+)`)

// Assemble assembles a module for an architecture, and gives what its kernels take, in
// the order of their names. An error has what the assembler says.
func (a *Assembler) Assemble(ctx context.Context, ptx []byte, architecture int) ([]Resources, error) {
	result, err := a.commands.Run(ctx, system.Command{
		Path:      a.path,
		Arguments: []string{"-arch=sm_" + strconv.Itoa(architecture), "-v", "--output-file", "/dev/null", "/dev/stdin"},
		Input:     ptx,
	})
	if err != nil {
		return nil, err
	}
	said := string(bytes.TrimSpace(slices.Concat(result.Output, result.Errors)))
	if result.Status != 0 {
		return nil, fmt.Errorf("ptxas for sm_%d: status %d: %s", architecture, result.Status, said)
	}
	return parse(said)
}

var (
	entryPattern  = regexp.MustCompile(`Compiling entry function '([^']+)'`)
	stackPattern  = regexp.MustCompile(`(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads`)
	usedPattern   = regexp.MustCompile(`Used (\d+) registers`)
	sharedPattern = regexp.MustCompile(`(\d+) bytes smem`)
)

// parse reads what ptxas says with -v.
func parse(said string) ([]Resources, error) {
	var all []Resources
	current := Resources{}
	number := func(digits string) int {
		n, err := strconv.Atoi(digits)
		if err != nil {
			return -1 // stands out in the table
		}
		return n
	}
	for _, line := range strings.Split(said, "\n") {
		if found := entryPattern.FindStringSubmatch(line); found != nil {
			if current.Kernel != "" {
				return nil, fmt.Errorf("ptxas does not say what kernel %s uses", current.Kernel)
			}
			current = Resources{Kernel: found[1]}
			continue
		}
		if found := stackPattern.FindStringSubmatch(line); found != nil {
			current.Stack, current.Spilled = number(found[1]), number(found[2])+number(found[3])
		}
		if found := usedPattern.FindStringSubmatch(line); found != nil && current.Kernel != "" {
			current.Registers = number(found[1])
			if found := sharedPattern.FindStringSubmatch(line); found != nil {
				current.Shared = number(found[1])
			}
			all = append(all, current)
			current = Resources{}
		}
	}
	if current.Kernel != "" {
		return nil, fmt.Errorf("ptxas does not say what kernel %s uses", current.Kernel)
	}
	slices.SortFunc(all, func(a, b Resources) int { return strings.Compare(a.Kernel, b.Kernel) })
	return all, nil
}
