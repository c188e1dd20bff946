package ptx

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
)

// FindOptions say which compiler is wanted and where it keeps what it made.
type FindOptions struct {
	// Program is the path of llc; empty, it is looked for: $HEDDLE_LLC, then llc-22 to
	// llc-14, then llc.
	Program string
	// Directory keeps PTX between runs. When it is empty, PTX is kept in memory only.
	// The directory is made when the first entry is written.
	Directory string
	// Entries is how many modules are kept in memory; 0 stands for 256.
	Entries int
	// Optimize also runs opt -O3, which must stand beside llc. It doubles the time of
	// compilation and pays for kernels that run long or often.
	Optimize bool
	// Deadline bounds one run of a program; 0 stands for a minute.
	Deadline time.Duration
}

// Compiler makes PTX of LLVM IR by running llc. It is safe for concurrent use.
type Compiler struct {
	system    *system.System
	options   FindOptions
	llc       string
	optimizer string // path of opt, empty unless it is to run
	version   string
	cache     cache
}

// The releases of LLVM that are looked for.
const (
	oldestLLVM = 14
	newestLLVM = 22
)

// sizeLimit bounds what a program may write, in bytes.
const sizeLimit = 64 << 20

// Find looks for an llc that makes code for NVIDIA GPUs. The error is E0446 when there
// is none, with what to install.
func Find(ctx context.Context, sys *system.System, options FindOptions) (*Compiler, error) {
	if options.Deadline == 0 {
		options.Deadline = time.Minute
	}
	if options.Entries == 0 {
		options.Entries = 256
	}
	c := &Compiler{system: sys, options: options}
	c.cache.init()
	named := options.Program
	if named == "" {
		named = sys.Environment.Getenv("HEDDLE_LLC")
	}
	if sys.Commands == nil {
		return nil, missing("other programs cannot be run here")
	}
	candidates := []string{named}
	if named == "" {
		candidates = candidates[:0]
		for n := newestLLVM; n >= oldestLLVM; n-- {
			candidates = append(candidates, fmt.Sprintf("llc-%d", n))
		}
		candidates = append(candidates, "llc", "/opt/homebrew/opt/llvm/bin/llc", "/usr/local/opt/llvm/bin/llc")
	}
	var refused []string
	for _, name := range candidates {
		path, err := sys.Commands.Find(name)
		if err != nil {
			if named != "" {
				refused = append(refused, fmt.Sprintf("%s: %v", name, err))
			}
			continue
		}
		why := c.try(ctx, path)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if why == "" {
			return c, nil
		}
		refused = append(refused, path+": "+why)
	}
	return nil, missing(refused...)
}

// missing is E0446.
func missing(reasons ...string) error {
	d := diag.New(codeNoCompiler, "llc of LLVM %d or newer was not found", oldestLLVM)
	for _, r := range reasons {
		d.Note("%s", r)
	}
	return d.Helpf("on Debian: apt-get install --no-install-recommends llvm-%d, or llvm-19", newestLLVM).
		Helpf("on Ubuntu: apt-get install --no-install-recommends llvm-19, or llvm-14").
		Helpf("on macOS: brew install llvm").
		Helpf("or set HEDDLE_LLC to the path of llc")
}

var versionLine = regexp.MustCompile(`LLVM version (([0-9]+)\.[0-9]+(?:\.[0-9]+)?)`)

// try asks a program what it is. It gives the reason why it does not serve, "" when it
// does.
func (c *Compiler) try(ctx context.Context, path string) string {
	result, err := c.run(ctx, path, []string{"--version"}, nil)
	if err != nil {
		return err.Error()
	}
	match := versionLine.FindSubmatch(result.Output)
	if match == nil {
		return "it does not tell its version as llc does"
	}
	if major, err := strconv.Atoi(string(match[2])); err != nil || major < oldestLLVM {
		return fmt.Sprintf("LLVM %s is too old", match[1])
	}
	if !strings.Contains(string(result.Output), "nvptx64") {
		return "it makes no code for nvptx64"
	}
	c.llc, c.version = path, string(match[1])
	if !c.options.Optimize {
		return ""
	}
	directory, name := filepath.Split(path)
	optimizer, err := c.system.Commands.Find(filepath.Join(directory, strings.Replace(name, "llc", "opt", 1)))
	if err != nil {
		return fmt.Sprintf("there is no opt beside it: %v", err)
	}
	c.optimizer = optimizer
	return ""
}

func (c *Compiler) run(ctx context.Context, path string, arguments []string, input []byte) (system.CommandResult, error) {
	bounded, cancel := context.WithTimeout(ctx, c.options.Deadline)
	defer cancel()
	result, err := c.system.Commands.Run(bounded, system.Command{Path: path, Arguments: arguments, Input: input, Limit: sizeLimit})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil { // it is not the caller's time that is over
		err = fmt.Errorf("it did not end within %v", c.options.Deadline)
	}
	return result, err
}

// Version is that of LLVM, such as "22.1.8".
func (c *Compiler) Version() string { return c.version }

// Program is the path of llc.
func (c *Compiler) Program() string { return c.llc }

// Code is a module of kernels in PTX.
type Code struct {
	PTX []byte
	// Target is what the text was made for.
	Target
	LLVM    string        // the LLVM IR that it was made of
	Cached  bool          // it was made before
	Elapsed time.Duration // to make it, or to find it
}

// arguments are those of llc. No multiplication is fused with an addition, and no
// function is approximated: results are those of the CPU to the bit.
func arguments(t Target) []string {
	return []string{
		"-mtriple=nvptx64-nvidia-cuda", "-mcpu=" + t.String(), fmt.Sprintf("-mattr=+ptx%d", t.Version), "-O3",
		"-fp-contract=off", "-nvptx-fma-level=0", "-nvptx-prec-divf32=2", "-nvptx-prec-sqrtf32=1", "-o", "-", "-",
	}
}

// Compile makes PTX of a module that Lower gave, or finds what it has made of it
// before. What llc refuses, and what is no usable code, is E0447. The caller must not
// change the bytes.
func (c *Compiler) Compile(ctx context.Context, llvm string, target Target) (*Code, error) {
	start := c.system.Clock.Now()
	text, cached, err := c.cached(ctx, llvm, target)
	if err != nil {
		return nil, err
	}
	return &Code{PTX: text, Target: target, LLVM: llvm, Cached: cached, Elapsed: c.system.Clock.Since(start)}, nil
}

// make runs the programs and checks what they gave.
func (c *Compiler) make(ctx context.Context, llvm string, target Target) ([]byte, error) {
	input := []byte(llvm)
	if c.optimizer != "" {
		result, err := c.run(ctx, c.optimizer, []string{"-O3", "-mtriple=nvptx64-nvidia-cuda", "-mcpu=" + target.String(), "-o", "-", "-"}, input)
		if err := c.judge("opt", result, err, target); err != nil {
			return nil, err
		}
		input = result.Output
	}
	result, err := c.run(ctx, c.llc, arguments(target), input)
	if err := c.judge("llc", result, err, target); err != nil {
		return nil, err
	}
	if err := CheckPTX(result.Output, target); err != nil {
		return nil, err
	}
	return result.Output, nil
}

// judge turns the end of a program into an error. Older ones only warn of a CPU that
// they do not know, and write code for none.
func (c *Compiler) judge(program string, result system.CommandResult, err error, target Target) error {
	said := string(result.Errors)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case err != nil:
		return diag.New(codeRefused, "%s of LLVM %s: %v", program, c.version, err)
	case strings.Contains(said, "is not a recognized processor"), strings.Contains(said, "is not a recognized feature"):
		d := diag.New(codeRefused, "%s of LLVM %s does not know %s with PTX %s", program, c.version, target, target.versionText())
		for _, a := range Architectures {
			if a.Number == target.Architecture {
				d.Helpf("%s needs LLVM %d; code for sm_%d runs on it too", target, a.LLVM, DefaultTarget.Architecture)
			}
		}
		return d
	case result.Status != 0:
		return diag.New(codeRefused, "%s of LLVM %s ended with status %d", program, c.version, result.Status).Note("%s", excerpt(said))
	default:
		return nil
	}
}

// excerpt is the first lines of what a program said.
func excerpt(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	const most = 5
	if len(lines) > most {
		lines = append(lines[:most], "...")
	}
	text := strings.Join(lines, "\n")
	if text == "" {
		return "it said nothing"
	}
	return text
}
