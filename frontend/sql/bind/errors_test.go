package bind_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/bind"
	"github.com/heddle-lang/heddle/internal/diag"
)

// TestErrors renders the diagnostics of each line of testdata/errors. Every line has
// a mistake.
func TestErrors(t *testing.T) {
	t.Parallel()
	tables := testCatalog(t)
	paths, err := filepath.Glob("testdata/errors/*.sql")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".sql"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
				file := diag.NewFile("query.sql", line)
				parsed, list := sql.Parse(file)
				if !list.HasErrors() {
					module, problems := bind.Bind(t.Context(), file, parsed.Statements[0], tables, bind.Options{})
					if list = problems; module != nil || !list.HasErrors() {
						t.Errorf("no error: %s", line)
					}
				}
				out.WriteString(diag.RenderText(list, diag.Options{}))
				out.WriteString("\n")
			}
			compare(t, strings.TrimSuffix(path, ".sql")+".txt", out.String())
		})
	}
}
