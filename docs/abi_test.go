// Package docs holds no code, only a test that abi.md says what package abi does.
package docs

import (
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestABI compares the constants that abi.md names with those of package abi: all of
// them are there, and numbers beside them are right.
func TestABI(t *testing.T) {
	page, err := os.ReadFile("abi.md")
	if err != nil {
		t.Fatal(err)
	}
	constants := abiConstants(t)
	named := regexp.MustCompile("`([A-Z][A-Za-z]+)`(?: \"[a-z]+\")? *\\|? *(0x[0-9A-Fa-f]+|[0-9]+)?")
	seen := map[string]bool{}
	for _, match := range named.FindAllStringSubmatch(string(page), -1) {
		value, known := constants[match[1]]
		if !known {
			continue // another name of the project
		}
		seen[match[1]] = true
		if match[2] == "" {
			continue
		}
		number, err := strconv.ParseInt(match[2], 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got, exact := constant.Int64Val(constant.ToInt(value)); !exact || got != number {
			t.Errorf("abi.md says that %s is %s, it is %s", match[1], match[2], value)
		}
	}
	var missing []string
	for name, value := range constants {
		if value.Kind() == constant.String && strings.Contains(string(page), value.ExactString()) {
			continue
		}
		if !seen[name] {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("abi.md does not mention %s", strings.Join(missing, ", "))
	}
}

// abiConstants gives the exported constants of package abi.
func abiConstants(t *testing.T) map[string]constant.Value {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "ir", "abi", "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("package abi has no files: %v", err)
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	config := types.Config{Importer: importer.ForCompiler(set, "source", nil)}
	checked, err := config.Check("abi", set, files, nil)
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]constant.Value{}
	for _, name := range checked.Scope().Names() {
		if c, ok := checked.Scope().Lookup(name).(*types.Const); ok && c.Exported() {
			constants[name] = c.Val()
		}
	}
	return constants
}
