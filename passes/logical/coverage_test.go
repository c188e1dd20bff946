package logical_test

import (
	"os"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/passes"
)

// TestEveryPassHasGoldens checks that each pass has cases that fire, that do not,
// and at a boundary.
func TestEveryPassHasGoldens(t *testing.T) {
	t.Parallel()
	for _, group := range passes.Logical {
		for _, p := range group.Passes {
			path := "testdata/" + strings.ReplaceAll(p.Name, "-", "") + ".txt"
			data, err := os.ReadFile(path)
			if err != nil {
				t.Errorf("pass %s has no goldens: %v", p.Name, err)
				continue
			}
			for _, kind := range []string{"# fires: ", "# does not fire: ", "# boundary: "} {
				if !strings.Contains(string(data), kind) {
					t.Errorf("%s has no case %q", path, kind)
				}
			}
		}
	}
}
