package layering

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestDependenciesAreExplained holds docs/dependencies.md against go.mod.
func TestDependenciesAreExplained(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	direct := directDependencies(read("go.mod"))
	if len(direct) < 5 {
		t.Fatalf("go.mod seems to require only %v", direct)
	}
	explained := read("docs/dependencies.md")
	for _, module := range direct {
		if !strings.Contains(explained, "| `"+module+"`") {
			t.Errorf("docs/dependencies.md does not say why go.mod requires %s", module)
		}
	}
	for _, line := range strings.Split(explained, "\n") {
		name, ok := strings.CutPrefix(line, "| `")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, "`")
		if !slices.Contains(direct, name) {
			t.Errorf("docs/dependencies.md explains %s, which go.mod does not require", name)
		}
	}
}

// directDependencies are the modules of a go.mod that are not marked indirect.
func directDependencies(text string) []string {
	var direct []string
	inside := false
	for _, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case fields[0] == "require" && len(fields) > 1 && fields[1] == "(":
			inside = true
		case fields[0] == ")":
			inside = false
		case strings.HasSuffix(line, "// indirect"):
		case inside:
			direct = append(direct, fields[0])
		case fields[0] == "require" && len(fields) > 1:
			direct = append(direct, fields[1])
		}
	}
	return direct
}
