package layering

import (
	"fmt"
	"go/ast"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// touching are the packages through which a program reaches the machine. Of
// those with a list only the named things do; of the others everything does,
// save the harmless names.
var touching = map[string]struct {
	only     []string
	harmless []string
}{
	"os": {harmless: []string{
		"ErrNotExist", "ErrExist", "ErrPermission", "ErrClosed", "ErrInvalid", "ErrDeadlineExceeded",
		"O_RDONLY", "O_WRONLY", "O_RDWR", "O_APPEND", "O_CREATE", "O_EXCL", "O_SYNC", "O_TRUNC",
		"FileMode", "FileInfo", "DirEntry", "ModePerm", "ModeDir", "PathError", "LinkError", "SyscallError",
		"PathSeparator", "DevNull", "Getpagesize", "Signal", "Interrupt",
	}},
	"io/ioutil":    {},
	"os/exec":      {},
	"os/signal":    {},
	"os/user":      {},
	"net":          {harmless: []string{"IP", "IPNet", "ParseIP", "ParseCIDR", "JoinHostPort", "SplitHostPort", "ErrClosed"}},
	"net/http":     {},
	"math/rand":    {},
	"math/rand/v2": {},
	"crypto/rand":  {},
	"path/filepath": {only: []string{
		"Abs", "EvalSymlinks", "Glob", "Walk", "WalkDir",
	}},
	"time": {only: []string{
		"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick",
	}},
}

// edges are the trees that may touch the machine: the door itself, and the
// programs at the outside.
var edges = []string{"internal/system", "cmd"}

type exception struct {
	uses   []string
	reason string
}

// exceptions are single uses elsewhere, with the reason. One that is not needed
// any more fails the test.
var exceptions = map[string]exception{
	"runtime/engine/linear": {
		uses:   []string{"os.File", "os.NewFile", "os.CreateTemp", "os.Remove"},
		reason: "an anonymous file backs the memory of the engines; it is memory, not data",
	},
	"ir/random": {
		uses:   []string{"math/rand/v2.New", "math/rand/v2.NewPCG", "math/rand/v2.Rand"},
		reason: "programs for tests are made from a seed, and again from the same seed",
	},
	"runtime/store/storetest": {
		uses:   []string{"math/rand/v2.Rand"},
		reason: "a package for tests: callers give it a seeded source",
	},
}

// checkMachine returns a sentence for each direct use of the machine, and one
// for each exception without a use, sorted.
func checkMachine(sources []source, exceptions map[string]exception) []string {
	var broken []string
	used := map[string]bool{}
	for _, s := range sources {
		// A main package cannot be imported: generators stand at the edge too.
		if within(s.room(), edges...) || s.file.Name.Name == "main" {
			continue
		}
		names := map[string]string{} // how the file calls the package
		for _, spec := range s.file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if _, watched := touching[imported]; err != nil || !watched {
				continue
			}
			name := path.Base(strings.TrimSuffix(imported, "/v2"))
			if spec.Name != nil {
				name = spec.Name.Name
			}
			if name == "." || name == "_" {
				broken = append(broken, fmt.Sprintf("%s imports %s as %q", s.path, imported, name))
				continue
			}
			names[name] = imported
		}
		allowed := exceptions[s.room()]
		ast.Inspect(s.file, func(node ast.Node) bool {
			selector, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			operand, ok := selector.X.(*ast.Ident)
			if !ok {
				return true
			}
			imported, ok := names[operand.Name]
			if !ok {
				return true
			}
			rule, name := touching[imported], selector.Sel.Name
			if rule.only != nil && !slices.Contains(rule.only, name) || slices.Contains(rule.harmless, name) {
				return true
			}
			use := imported + "." + name
			if slices.Contains(allowed.uses, use) {
				used[s.room()+" "+use] = true
				return true
			}
			broken = append(broken, fmt.Sprintf("%s uses %s: go through internal/system", s.path, use))
			return true
		})
	}
	for room, exception := range exceptions {
		for _, use := range exception.uses {
			if !used[room+" "+use] {
				broken = append(broken, fmt.Sprintf("%s uses %s no longer: delete the exception", room, use))
			}
		}
	}
	slices.Sort(broken)
	return slices.Compact(broken)
}

func TestMachine(t *testing.T) {
	for _, broken := range checkMachine(readSources(t, os.DirFS("../..")), exceptions) {
		t.Error(broken)
	}
}

func TestMachineRulesCatch(t *testing.T) {
	tree := fstest.MapFS{
		"ir/a.go": {Data: []byte(`package ir
import ("os"; "time"; clock "time"; "path/filepath"; random "math/rand/v2")
var (
	a = os.Getenv("X")
	b = os.ErrNotExist
	c = time.Now()
	d = time.Second
	e = clock.Sleep
	f = filepath.Join("a", "b")
	g, _ = filepath.Glob("*")
	h = random.Int()
)`)},
		"ir/b.go":              {Data: []byte("package ir\nimport . \"os\"\n")},
		"internal/system/a.go": {Data: []byte("package system\nimport \"os\"\nvar a = os.Getenv\n")},
		"ir/opgen/main.go":     {Data: []byte("package main\nimport \"os\"\nfunc main() { os.Exit(1) }\n")},
		"ir/a_test.go":         {Data: []byte("package ir\nimport \"os\"\nvar t = os.Getenv\n")},
		"runtime/engine/linear/a.go": {Data: []byte(`package linear
import "os"
var file *os.File
var newFile, create, remove = os.NewFile, os.CreateTemp, os.Rename
`)},
	}
	got := checkMachine(readSources(t, tree), map[string]exception{"runtime/engine/linear": exceptions["runtime/engine/linear"]})
	want := []string{
		`ir/a.go uses math/rand/v2.Int: go through internal/system`,
		`ir/a.go uses os.Getenv: go through internal/system`,
		`ir/a.go uses path/filepath.Glob: go through internal/system`,
		`ir/a.go uses time.Now: go through internal/system`,
		`ir/a.go uses time.Sleep: go through internal/system`,
		`ir/b.go imports os as "."`,
		`runtime/engine/linear uses os.Remove no longer: delete the exception`,
		`runtime/engine/linear/a.go uses os.Rename: go through internal/system`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("broken rules (-want +got):\n%s", diff)
	}
}
