package ptxastest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var targetPattern = regexp.MustCompile(`(?m)^\.target sm_(\d+)`)

// TestFiles assembles all PTX files of the project, for their own architecture and the
// newer ones.
func TestFiles(t *testing.T) {
	assembler := Find(t)
	root := os.DirFS("../..")
	count := 0
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || path == "bin" || path == "data" || path == "dist" || path == "internal/deps"):
			return fs.SkipDir
		case filepath.Ext(path) != ".ptx":
			return nil
		}
		ptx, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		count++
		found := targetPattern.FindSubmatch(ptx)
		if found == nil {
			t.Errorf("%s names no architecture", path)
			return nil
		}
		target, err := strconv.Atoi(string(found[1]))
		if err != nil {
			return err
		}
		for _, architecture := range Architectures {
			if architecture < target {
				continue
			}
			if _, err := assembler.Assemble(t.Context(), ptx, architecture); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count == 0 {
		t.Error("there are no files")
	}
}
