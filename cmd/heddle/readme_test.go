package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/cmd/heddle/internal/page"
	"github.com/heddle-lang/heddle/internal/system"
)

// TestReadme runs every command of the README's tour, in order, in an empty directory,
// over a tenth of the data that it names. What the README shows as output must be
// what comes out, but for the numbers.
func TestReadme(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell to run the commands with")
	}
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	s, dir := share(t), t.TempDir()
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```\n(?:```output\n(.*?)^```\n)?").FindAllSubmatch(text, -1)
	if len(blocks) < 5 {
		t.Fatalf("the README has only %d blocks of commands", len(blocks))
	}
	for _, block := range blocks {
		script := strings.ReplaceAll(string(block[1]), "--sf 0.1 ", "--sf 0.01 ")
		if _, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{}); err != nil && strings.Contains(script, "wasm,ptx") {
			t.Logf("left out, since LLVM is missing:\n%s", script)
			continue
		}
		cmd := exec.CommandContext(t.Context(), shell, "-euc", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HEDDLE_CACHE_DIR="+s.cache)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s\n%v\n%s%s", script, err, out, &stderr)
		}
		if want := string(block[2]); want != "" && shape(want) != shape(string(out)) {
			t.Errorf("%s\nthe README shows\n%s\nand this comes out:\n%s", script, want, out)
		}
	}
	if made, err := filepath.Glob(filepath.Join(dir, "data.native", "*")); err != nil || len(made) != 8 {
		t.Errorf("the tour made the native tables %v, %v", made, err)
	}
}

// shape is a text without its numbers and their alignment.
func shape(text string) string {
	text = regexp.MustCompile(`[0-9][0-9.,]*`).ReplaceAllString(text, "N")
	return regexp.MustCompile(`[ ─]+`).ReplaceAllString(text, " ")
}

// TestDocumentedCodes holds docs/cli.md against what the manual page says.
func TestDocumentedCodes(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range page.ExitCodes {
		if row := "| " + item[0] + " | " + item[1] + " |"; !strings.Contains(string(text), row) {
			t.Errorf("docs/cli.md has no row %q", row)
		}
	}
	for _, item := range page.Environment {
		if !strings.Contains(string(text), "`"+item[0]+"`") {
			t.Errorf("docs/cli.md does not name %s", item[0])
		}
	}
}
