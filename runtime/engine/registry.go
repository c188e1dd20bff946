package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
)

type registration struct {
	name       string
	preference int
	open       func() (Engine, error)
}

// registry is written while packages initialise and only read from then on. It
// is sorted, the most preferred engine first.
var registry []registration

// Register makes an engine known. It may be called only while packages
// initialise. The engine with the highest preference is the default.
func Register(name string, preference int, open func() (Engine, error)) {
	for _, earlier := range registry {
		if earlier.name == name {
			panic(fmt.Sprintf("BUG: engine %q registered twice", name))
		}
	}
	registry = append(registry, registration{name, preference, open})
	slices.SortStableFunc(registry, func(a, b registration) int { return b.preference - a.preference })
}

// Names lists the engines of this build, the most preferred first.
func Names() []string {
	names := make([]string, len(registry))
	for i, entry := range registry {
		names[i] = entry.name
	}
	return names
}

// Default is the name of the most preferred engine of this build, or "" when
// no engine package is linked in.
func Default() string {
	if len(registry) == 0 {
		return ""
	}
	return registry[0].name
}

// Open starts an engine. A name that this build does not have is E0690.
func Open(name string) (Engine, error) {
	for _, entry := range registry {
		if entry.name == name {
			return entry.open()
		}
	}
	problem := diag.New(CodeNoEngine, "there is no engine %q in this build", name)
	if len(registry) > 0 {
		problem.Helpf("use one of: %s", strings.Join(Names(), ", "))
	}
	if name == "wasmtime" {
		problem.Note("wasmtime is left out of programs that are built with CGO_ENABLED=0")
	}
	return nil, problem
}
