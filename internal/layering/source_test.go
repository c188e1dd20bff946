package layering

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/heddle-lang/heddle"

// source is one Go file that is not a test.
type source struct {
	path    string // from the root of the module, with slashes
	file    *ast.File
	imports []string
}

// room is the directory of the file: its package's path below the module.
func (s source) room() string { return path.Dir(s.path) }

// ours are the imports from this module, as paths below it.
func (s source) ours() []string {
	var own []string
	for _, imported := range s.imports {
		if below, ok := strings.CutPrefix(imported, module+"/"); ok {
			own = append(own, below)
		}
	}
	return own
}

// readSources parses the module's files. Other modules inside the tree, tests
// and testdata are left out, as is internal/deps, which no build contains.
func readSources(t *testing.T, root fs.FS) []source {
	t.Helper()
	var sources []source
	files := token.NewFileSet()
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name == "." {
				return nil
			}
			if base := entry.Name(); base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' || name == "internal/deps" {
				return fs.SkipDir
			}
			if _, err := fs.Stat(root, path.Join(name, "go.mod")); err == nil {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s := source{path: name, file: file}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, imported)
		}
		sources = append(sources, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

// within reports whether a path is one of the trees or lies in one.
func within(name string, trees ...string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool {
		return name == tree || strings.HasPrefix(name, tree+"/")
	})
}
