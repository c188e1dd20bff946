package layering

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// leaves are what every package may import.
var leaves = []string{"internal/diag", "internal/system"}

// layer is one line of "Who may know whom".
type layer struct {
	trees []string
	// mayKnow are the trees of ours that it may import, besides itself.
	mayKnow []string
	// apart says that the direct children of the tree do not know each other.
	apart bool
}

// layers cover every package; the first whose tree holds a package counts.
var layers = []layer{
	{trees: []string{"internal/diag"}, mayKnow: nil},
	{trees: []string{"internal/system"}, mayKnow: nil},
	{trees: []string{"ir"}, mayKnow: leaves},
	{trees: []string{"frontend"}, mayKnow: append([]string{"ir"}, leaves...)},
	{trees: []string{"passes"}, mayKnow: append([]string{"ir"}, leaves...)},
	{trees: []string{"backends"}, mayKnow: append([]string{"ir"}, leaves...), apart: true},
	{trees: []string{"runtime"}, mayKnow: append([]string{"ir"}, leaves...)},
	// Other leaves, such as the generator of TPC-H, serve cmd and the tests.
	{trees: []string{"internal"}, mayKnow: append([]string{"ir"}, leaves...)},
	{trees: []string{"cmd"}, mayKnow: []string{"ir", "frontend", "passes", "backends", "runtime", "internal"}},
}

// fences are packages of others that only some of ours may import.
var fences = []struct {
	imported string
	only     []string
	reason   string
}{
	{"github.com/tetratelabs/wazero", []string{"runtime/engine"}, "engines stand behind one interface"},
	{"github.com/bytecodealliance/wasmtime-go", []string{"runtime/engine"}, "engines stand behind one interface"},
	{"github.com/alecthomas/participle", []string{"frontend"}, "trees are free of the parser's types"},
	{"github.com/parquet-go/parquet-go", []string{"runtime/store"}, "formats are the store's affair"},
	{"github.com/ebitengine/purego", []string{"runtime/device"}, "drivers of GPUs stand behind one interface"},
	{"github.com/llir/llvm", []string{"backends/ptx"}, "LLVM is the affair of the backend for GPUs"},
	{"github.com/spf13/cobra", []string{"cmd"}, "only the command line knows flags"},
	{"charm.land", []string{"cmd"}, "only the command line draws"},
}

// checkImports returns a sentence for each import that breaks a rule, sorted.
func checkImports(sources []source) []string {
	var broken []string
	for _, s := range sources {
		room := s.room()
		for _, imported := range s.ours() {
			if forTests(imported) && !forTests(room) {
				broken = append(broken, fmt.Sprintf("%s imports %s: that package is for tests", s.path, imported))
			}
		}
		if forTests(room) {
			continue
		}
		at := slices.IndexFunc(layers, func(l layer) bool { return within(room, l.trees...) })
		if at < 0 {
			broken = append(broken, fmt.Sprintf("%s: no layer is defined for %s", s.path, room))
			continue
		}
		l := layers[at]
		for _, imported := range s.ours() {
			own := within(imported, l.trees...)
			if own && l.apart && child(imported) != child(room) {
				broken = append(broken, fmt.Sprintf("%s imports %s: they must not know each other", s.path, imported))
			}
			if !own && !within(imported, l.mayKnow...) {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s may know only %v", s.path, imported, l.trees[0], l.mayKnow))
			}
		}
		for _, fence := range fences {
			for _, imported := range s.imports {
				if strings.HasPrefix(imported, fence.imported) && !within(room, fence.only...) {
					broken = append(broken, fmt.Sprintf("%s imports %s, for %v alone: %s", s.path, imported, fence.only, fence.reason))
				}
			}
		}
	}
	slices.Sort(broken)
	return broken
}

// forTests reports whether a package exists for tests: as net/http/httptest, its
// name ends in "test". It may know anything, and only tests may know it.
func forTests(room string) bool { return strings.HasSuffix(room, "test") }

// child is the first two parts of a path: "backends/wasm".
func child(room string) string {
	parts := strings.SplitN(room, "/", 3)
	return strings.Join(parts[:min(len(parts), 2)], "/")
}

func TestImports(t *testing.T) {
	sources := readSources(t, os.DirFS("../.."))
	if len(sources) < 20 {
		t.Fatalf("only %d files were found", len(sources))
	}
	for _, broken := range checkImports(sources) {
		t.Error(broken)
	}
}

func TestImportRulesCatch(t *testing.T) {
	importing := func(pkg string, paths ...string) *fstest.MapFile {
		text := "package " + pkg + "\n"
		for _, p := range paths {
			text += fmt.Sprintf("import %q\n", p)
		}
		return &fstest.MapFile{Data: []byte(text)}
	}
	tree := fstest.MapFS{
		"internal/diag/a.go":           importing("diag", "fmt", module+"/internal/system"),
		"ir/a.go":                      importing("ir", module+"/internal/diag", module+"/ir/abi", module+"/frontend/sql"),
		"ir/abi/a.go":                  importing("abi", module+"/ir"),
		"frontend/sql/a.go":            importing("sql", module+"/ir", module+"/frontend/catalog", module+"/runtime/store"),
		"passes/lower/a.go":            importing("lower", module+"/ir", module+"/passes/pass", module+"/backends/wasm"),
		"backends/wasm/a.go":           importing("wasm", module+"/ir", module+"/backends/wasm/encode", module+"/backends/ptx"),
		"backends/wasm/encode/a.go":    importing("encode", "github.com/tetratelabs/wazero"),
		"backends/wasm/wasmtest/a.go":  importing("wasmtest", "github.com/tetratelabs/wazero", module+"/runtime/engine"),
		"runtime/exec/a.go":            importing("exec", module+"/ir", module+"/runtime/store", module+"/passes/lower"),
		"runtime/exec/b.go":            importing("exec", module+"/runtime/exectest"),
		"runtime/exec/a_test.go":       importing("exec", module+"/passes/lower"),
		"runtime/exec/testdata/a.go":   importing("x", module+"/passes/lower"),
		"runtime/engine/wasmtime/a.go": importing("wasmtime", "github.com/bytecodealliance/wasmtime-go/v44"),
		"backends/ptx/a.go":            importing("ptx", module+"/ir", "github.com/llir/llvm/ir"),
		"runtime/device/cuda/a.go":     importing("cuda", module+"/runtime/device", "github.com/ebitengine/purego"),
		"runtime/exec/c.go":            importing("exec", "github.com/ebitengine/purego", "github.com/llir/llvm/ir"),
		"cmd/heddle/a.go":              importing("main", module+"/passes/lower", module+"/runtime/exec", "github.com/spf13/cobra"),
		"bench/go.mod":                 {Data: []byte("module bench\n")},
		"bench/a.go":                   importing("main", module+"/anything"),
		"odd/a.go":                     importing("odd"),
	}
	var got []string
	for _, broken := range checkImports(readSources(t, tree)) {
		sentence, _, _ := strings.Cut(broken, ":")
		got = append(got, sentence)
	}
	want := []string{
		"backends/wasm/a.go imports backends/ptx",
		"backends/wasm/encode/a.go imports github.com/tetratelabs/wazero, for [runtime/engine] alone",
		"frontend/sql/a.go imports runtime/store",
		"internal/diag/a.go imports internal/system",
		"ir/a.go imports frontend/sql",
		"odd/a.go",
		"passes/lower/a.go imports backends/wasm",
		"runtime/exec/a.go imports passes/lower",
		"runtime/exec/b.go imports runtime/exectest",
		"runtime/exec/c.go imports github.com/ebitengine/purego, for [runtime/device] alone",
		"runtime/exec/c.go imports github.com/llir/llvm/ir, for [backends/ptx] alone",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("broken rules (-want +got):\n%s", diff)
	}
}
