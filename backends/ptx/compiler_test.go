package ptx_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
)

const goodPTX = ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry k(\n)\n{\n\tret;\n}\n"

// programs stands for the machine's programs.
type programs struct {
	mu      sync.Mutex
	present map[string]string // by name, what it says of its version
	runs    []string          // names of the programs that compiled
	result  system.CommandResult
	err     error
	enter   chan struct{} // when set, a compilation says that it has begun,
	leave   chan struct{} // and waits
}

func (p *programs) Find(name string) (string, error) {
	if _, ok := p.present[filepath.Base(name)]; ok {
		return "/bin/" + filepath.Base(name), nil
	}
	return "", fs.ErrNotExist
}

func (p *programs) Run(ctx context.Context, command system.Command) (system.CommandResult, error) {
	name := filepath.Base(command.Path)
	if slices.Contains(command.Arguments, "--version") {
		return system.CommandResult{Output: []byte(p.present[name])}, nil
	}
	p.mu.Lock()
	p.runs = append(p.runs, name)
	p.mu.Unlock()
	if p.enter != nil {
		p.enter <- struct{}{}
		select {
		case <-p.leave:
		case <-ctx.Done():
			return system.CommandResult{}, ctx.Err()
		}
	}
	return p.result, p.err
}

func versionText(version string) string {
	return "Debian LLVM version " + version + "\n  Registered Targets:\n    nvptx64 - NVIDIA PTX 64-bit\n"
}

func newPrograms(names ...string) *programs {
	p := &programs{present: map[string]string{}, result: system.CommandResult{Output: []byte(goodPTX)}}
	for _, name := range names {
		_, version, _ := strings.Cut(name, "-")
		p.present[name] = versionText(version + ".0.1")
	}
	return p
}

func (p *programs) system(variables map[string]string) *system.System {
	real := system.Real()
	return &system.System{
		Clock: real.Clock, Files: real.Files, Random: real.Random, Commands: p,
		Environment: &system.FixedEnvironment{Variables: variables},
	}
}

func find(t *testing.T, p *programs, options ptx.FindOptions) *ptx.Compiler {
	t.Helper()
	c, err := ptx.Find(t.Context(), p.system(nil), options)
	must(t, err)
	return c
}

// wantCode tests the code of an error and that its text has a part.
func wantCode(t *testing.T, err error, code diag.Code, part string) {
	t.Helper()
	var d *diag.Diagnostic
	if !errors.As(err, &d) || d.Code != code {
		t.Fatalf("the error is %v, not %s", err, code)
	}
	text := strings.Join(append(append([]string{d.Message}, d.Notes...), d.Help...), "\n")
	if !strings.Contains(text, part) {
		t.Errorf("%q does not have %q", text, part)
	}
}

func TestFind(t *testing.T) {
	old := newPrograms("llc-22", "llc-14")
	old.present["llc-22"] = "LLVM version 22.1.0\n x86-64\n"
	ancient := newPrograms()
	ancient.present["llc"] = versionText("13.0.1")
	strange := newPrograms()
	strange.present["llc"] = "hello"
	tests := []struct {
		name      string
		programs  *programs
		variables map[string]string
		options   ptx.FindOptions
		want      string // version
		refused   string
	}{
		{"the newest", newPrograms("llc-14", "llc-19", "llc-22"), nil, ptx.FindOptions{}, "22.0.1", ""},
		{"one without the GPU is passed over", old, nil, ptx.FindOptions{}, "14.0.1", ""},
		{"the variable", newPrograms("llc-14", "llc-22"), map[string]string{"HEDDLE_LLC": "llc-14"}, ptx.FindOptions{}, "14.0.1", ""},
		{"the option before the variable", newPrograms("llc-14", "llc-19"), map[string]string{"HEDDLE_LLC": "llc-14"}, ptx.FindOptions{Program: "llc-19"}, "19.0.1", ""},
		{"the variable names nothing", newPrograms("llc-22"), map[string]string{"HEDDLE_LLC": "/no/llc"}, ptx.FindOptions{}, "", "/no/llc"},
		{"nothing", newPrograms(), nil, ptx.FindOptions{}, "", "apt-get install"},
		{"too old", ancient, nil, ptx.FindOptions{}, "", "LLVM 13.0.1 is too old"},
		{"another program", strange, nil, ptx.FindOptions{}, "", "does not tell its version"},
		{"opt is wanted and missing", newPrograms("llc-22"), nil, ptx.FindOptions{Optimize: true}, "", "no opt"},
		{"opt is wanted and there", newPrograms("llc-22", "opt-22"), nil, ptx.FindOptions{Optimize: true}, "22.0.1", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := ptx.Find(t.Context(), test.programs.system(test.variables), test.options)
			if test.want == "" {
				wantCode(t, err, "E0446", test.refused)
				return
			}
			must(t, err)
			if c.Version() != test.want {
				t.Errorf("version %s, want %s", c.Version(), test.want)
			}
		})
	}
}

// TestRepeatedShape compiles the same text again and again: llc runs once.
func TestRepeatedShape(t *testing.T) {
	p, directory := newPrograms("llc-22"), filepath.Join(t.TempDir(), "ptx")
	c := find(t, p, ptx.FindOptions{Directory: directory})
	for i := range 3 {
		code, err := c.Compile(t.Context(), "text", ptx.DefaultTarget)
		must(t, err)
		if code.Cached != (i > 0) || string(code.PTX) != goodPTX || code.Architecture != 80 || code.Version != 70 || code.LLVM != "text" {
			t.Errorf("turn %d: %+v", i, code)
		}
	}
	again := find(t, p, ptx.FindOptions{Directory: directory}) // another process
	code, err := again.Compile(t.Context(), "text", ptx.DefaultTarget)
	must(t, err)
	if !code.Cached || again.Stats() != (ptx.CacheStats{Loaded: 1}) {
		t.Errorf("from the directory: cached %v, %+v", code.Cached, again.Stats())
	}
	if len(p.runs) != 1 {
		t.Errorf("llc ran %d times", len(p.runs))
	}
	if want := (ptx.CacheStats{Hits: 2, Compiled: 1}); c.Stats() != want {
		t.Errorf("%+v, want %+v", c.Stats(), want)
	}
	_, err = c.Compile(t.Context(), "other text", ptx.DefaultTarget)
	must(t, err)
	p.result.Output = []byte(strings.ReplaceAll(strings.ReplaceAll(goodPTX, "sm_80", "sm_90"), "7.0", "7.8"))
	_, err = c.Compile(t.Context(), "text", ptx.Target{Architecture: 90, Version: 78})
	must(t, err)
	if len(p.runs) != 3 {
		t.Errorf("llc ran %d times for three different things", len(p.runs))
	}
}

func TestDamagedEntries(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"empty":          func([]byte) []byte { return nil },
		"cut":            func(b []byte) []byte { return b[:len(b)-1] },
		"changed":        func(b []byte) []byte { b[len(b)-3] ^= 1; return b },
		"another's text": func(b []byte) []byte { return append(b[:13:13], b[14:]...) },
	} {
		t.Run(name, func(t *testing.T) {
			p, directory := newPrograms("llc-22"), t.TempDir()
			_, err := find(t, p, ptx.FindOptions{Directory: directory}).Compile(t.Context(), "text", ptx.DefaultTarget)
			must(t, err)
			entries, err := filepath.Glob(filepath.Join(directory, "*.ptx"))
			if err != nil || len(entries) != 1 {
				t.Fatal(entries, err)
			}
			data, err := os.ReadFile(entries[0])
			must(t, err)
			must(t, os.WriteFile(entries[0], damage(data), 0o600))
			for _, want := range []ptx.CacheStats{{Compiled: 1, Damaged: 1}, {Loaded: 1}} { // it is replaced
				c := find(t, p, ptx.FindOptions{Directory: directory})
				_, err = c.Compile(t.Context(), "text", ptx.DefaultTarget)
				must(t, err)
				if c.Stats() != want {
					t.Errorf("%+v, want %+v", c.Stats(), want)
				}
			}
		})
	}
}

func TestCacheWithoutDisk(t *testing.T) {
	p := newPrograms("llc-22")
	sys := p.system(nil)
	sys.Files = system.NewFaults(sys.Files, system.Fault{At: 1, Forever: true, Err: errors.New("disk full")})
	c, err := ptx.Find(t.Context(), sys, ptx.FindOptions{Directory: t.TempDir()})
	must(t, err)
	_, err = c.Compile(t.Context(), "text", ptx.DefaultTarget)
	must(t, err)
	if want := (ptx.CacheStats{Compiled: 1, Unsaved: 1}); c.Stats() != want {
		t.Errorf("%+v, want %+v", c.Stats(), want)
	}
}

func TestCacheForgetsTheOldest(t *testing.T) {
	p := newPrograms("llc-22")
	c := find(t, p, ptx.FindOptions{Entries: 2})
	for _, text := range []string{"a", "b", "a", "c", "a", "b"} {
		_, err := c.Compile(t.Context(), text, ptx.DefaultTarget)
		must(t, err)
	}
	if want := (ptx.CacheStats{Hits: 2, Compiled: 4}); c.Stats() != want {
		t.Errorf("%+v, want %+v", c.Stats(), want)
	}
}

// TestTogether asks for the same text from several goroutines, and cancels the one that
// compiles: another of them does it.
func TestTogether(t *testing.T) {
	p := newPrograms("llc-22")
	p.enter, p.leave = make(chan struct{}), make(chan struct{})
	c := find(t, p, ptx.FindOptions{})
	first, cancel := context.WithCancel(t.Context())
	firstErr := make(chan error)
	go func() {
		_, err := c.Compile(first, "text", ptx.DefaultTarget)
		firstErr <- err
	}()
	<-p.enter
	const others = 4
	otherErr := make(chan error)
	for range others {
		go func() {
			_, err := c.Compile(t.Context(), "text", ptx.DefaultTarget)
			otherErr <- err
		}()
	}
	cancel()
	if err := <-firstErr; !errors.Is(err, context.Canceled) {
		t.Errorf("the first has %v", err)
	}
	<-p.enter
	close(p.leave)
	for range others {
		if err := <-otherErr; err != nil {
			t.Error(err)
		}
	}
	if len(p.runs) != 2 {
		t.Errorf("llc ran %d times", len(p.runs))
	}
}

func TestRefusedByTheCompiler(t *testing.T) {
	text := func(old, new string) system.CommandResult {
		return system.CommandResult{Output: []byte(strings.Replace(goodPTX, old, new, 1))}
	}
	tests := []struct {
		name   string
		result system.CommandResult
		err    error
		want   string
	}{
		{"a status", system.CommandResult{Status: 1, Errors: []byte("LLVM ERROR: Cannot select\nmore")}, nil, "Cannot select"},
		{"an unknown processor", system.CommandResult{Output: []byte(goodPTX), Errors: []byte("'sm_80' is not a recognized processor for this target")}, nil, "does not know sm_80"},
		{"a deadline", system.CommandResult{}, context.DeadlineExceeded, "it did not end within 1m0s"},
		{"too much", system.CommandResult{}, system.ErrTooMuchOutput, "more than its limit"},
		{"nothing", system.CommandResult{}, nil, `PTX ""`},
		{"another version", text("7.0", "6.0"), nil, `PTX "6.0"`},
		{"another architecture", text("sm_80", "sm_20"), nil, `"sm_20"`},
		{"no kernel", text(".visible .entry k(\n)\n{\n\tret;\n}\n", ""), nil, "no kernel"},
		{"an external function", text(".visible", ".extern .func x;\n.visible"), nil, ".extern .func x"},
		{"a function", text(".visible", ".func x;\n.visible"), nil, ".func x"},
		{"a call", text("ret;", "call.uni x;\n\tret;"), nil, "calls a function"},
		{"a call under a predicate", text("ret;", "@%p1 call x;\n\tret;"), nil, "calls a function"},
		{"a fused multiplication", text("ret;", "fma.rn.f64 %a, %b, %c, %d;"), nil, "fuses"},
		{"a free rounding", text("ret;", "add.f64 %a, %b, %c;"), nil, "leaves the rounding"},
		{"an approximation", text("ret;", "div.approx.f32 %a, %b, %c;"), nil, "approximates"},
		{"bits from nowhere", text("ret;", "bfe.u64 %a, %b, 63, 8;"), nil, "behind the end of a register"},
		{"flushed subnormals", text("ret;", "mul.rn.ftz.f32 %a, %b, %c;"), nil, "approximates"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPrograms("llc-22")
			p.result, p.err = test.result, test.err
			c := find(t, p, ptx.FindOptions{Deadline: time.Minute})
			_, err := c.Compile(t.Context(), "text", ptx.DefaultTarget)
			wantCode(t, err, "E0447", test.want)
			if _, err := c.Compile(t.Context(), "text", ptx.DefaultTarget); err == nil || len(p.runs) != 2 {
				t.Errorf("a failure was kept: %v, %d runs", err, len(p.runs))
			}
		})
	}
}

func TestTargets(t *testing.T) {
	for name, want := range map[string]int{
		"sm_80": 80, "sm_90": 90, "sm90": 90, "H100": 90, "NVIDIA H200": 90, "hopper": 90, "l40s": 89, "ada": 89, "L4": 89,
		"GeForce RTX 4090": 89, "A100": 80, "ampere": 80, "t4": 75, "b200": 100, "blackwell": 100,
	} {
		if got, err := ptx.ParseTarget(name); err != nil || got.Architecture != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	_, err := ptx.ParseTarget("h20")
	wantCode(t, err, "E0448", `unknown GPU target "h20"`)
	_, err = ptx.ParseTarget("")
	wantCode(t, err, "E0448", "sm_80, ampere, a100")
	for architecture, want := range map[int]int{70: 70, 80: 80, 87: 86, 90: 90, 121: 120, 200: 120} {
		if got, ok := ptx.For(architecture); !ok || got.Architecture != want {
			t.Errorf("for %d: %v, %v", architecture, got, ok)
		}
	}
	if got, ok := ptx.For(61); ok {
		t.Errorf("for 61: %v", got)
	}
	names := map[string]bool{}
	for _, a := range ptx.Architectures {
		for _, name := range a.Names {
			if got, err := ptx.ParseTarget(name); err != nil || got != (ptx.Target{Architecture: a.Number, Version: a.Version}) || names[name] {
				t.Errorf("%s is %v, %v", name, got, err)
			}
			names[name] = true
		}
	}
}

// TestArchitectures compiles a kernel for each row of the table that an installed LLVM
// knows, and is refused for the others.
func TestArchitectures(t *testing.T) {
	llvm := lower(t, parse(t, "k.cir", "cir 1\nexport kern @k(%context: i32, %launch: gaddr) threads 32 {\n  %0 = const 4 : i32\n  %1 = append %launch, %0 offset 8\n  %2 = shuffle_down %1 1\n  %3 = ballot %2\n  store %launch, %3 4 align 4\n}\n"), nil)
	for name, c := range compilers(t) {
		major := 10*int(c.Version()[0]-'0') + int(c.Version()[1]-'0')
		for _, a := range ptx.Architectures {
			_, err := c.Compile(t.Context(), llvm, ptx.Target{Architecture: a.Number, Version: a.Version})
			if known := major >= a.LLVM; known != (err == nil) {
				t.Errorf("%s for sm_%d: %v", name, a.Number, err)
			} else if err != nil {
				wantCode(t, err, "E0447", "")
			}
		}
	}
}
