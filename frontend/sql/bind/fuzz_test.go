package bind_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/frontend/sql"
	"github.com/heddle-lang/heddle/frontend/sql/bind"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/tpch"
	"github.com/heddle-lang/heddle/ir"
)

// FuzzBind binds any text that parses: a module that verifies, or diagnostics.
func FuzzBind(f *testing.F) {
	for _, pattern := range []string{"testdata/slt/*.slt", "testdata/errors/*.sql"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			for _, c := range strings.FieldsFunc(string(text), func(r rune) bool { return r == ';' || r == '\n' }) {
				f.Add(c)
			}
		}
	}
	for _, number := range tpch.Queries {
		f.Add(tpch.Query(number))
	}
	tables := testCatalog(f)
	f.Fuzz(func(t *testing.T, text string) {
		file := diag.NewFile("fuzz.sql", text)
		parsed, list := sql.Parse(file)
		for i, statement := range parsed.Statements {
			if i > 20 {
				return
			}
			module, problems := bind.Bind(t.Context(), file, statement, tables, bind.Options{})
			diag.RenderText(problems, diag.Options{})
			switch {
			case module == nil && !problems.HasErrors() && !list.HasErrors():
				t.Fatal("neither a module nor an error")
			case module == nil:
				continue
			case problems.HasErrors():
				t.Fatal("a module in spite of errors")
			}
			if wrong := ir.Verify(module); wrong.HasErrors() {
				t.Fatalf("does not verify:\n%s\n%s", diag.RenderText(wrong, diag.Options{}), module)
			}
		}
	})
}
