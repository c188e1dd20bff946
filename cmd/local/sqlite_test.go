package local_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
)

// logicStep says that every logicStep-th query of SQLite's files is run; all of them
// are when HEDDLE_SQLITE is "all".
const logicStep = 20

// TestSQLite runs queries of SQLite's sqllogictest on each engine. Every one that
// binds must give the recorded answer. How many were right stands in
// testdata/sqlite.txt, which may only grow (-update writes it).
func TestSQLite(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: some hundreds of queries")
	}
	root := filepath.Join(corpora(t, "slt"), "sqlite")
	step := logicStep
	if os.Getenv("HEDDLE_SQLITE") == "all" {
		step = 1
	}
	machines := newMachines(t)
	var lines []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".test" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		right, wrong, unsupported := runLogicFile(t, path, machines, step)
		lines = append(lines, fmt.Sprintf("%s: %d right, %d not supported yet", filepath.ToSlash(name), right, unsupported))
		if wrong > 0 {
			t.Errorf("%s: %d wrong", name, wrong)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		t.Log(line)
	}
	if step != logicStep {
		return
	}
	ratchet := filepath.Join("testdata", "sqlite.txt")
	if *update {
		if err := os.WriteFile(ratchet, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	recorded, err := os.ReadFile(ratchet)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(recorded), "\n"), "\n") {
		var was, is, rest int
		if i >= len(lines) {
			t.Errorf("missing: %s", line)
			continue
		}
		name, counts, _ := strings.Cut(line, ": ")
		now, found, _ := strings.Cut(lines[i], ": ")
		if _, err := fmt.Sscanf(counts, "%d right, %d", &was, &rest); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscanf(found, "%d right, %d", &is, &rest); err != nil {
			t.Fatal(err)
		}
		if now != name || is < was {
			t.Errorf("%s: fewer right answers than before, %s", lines[i], line)
		}
	}
}

func runLogicFile(t *testing.T, path string, machines []*machine, step int) (right, wrong, unsupported int) {
	f := &logicFile{t: t, path: path, integers: "BIGINT"}
	f.visit = func(q *logicQuery) {
		if (f.number-1)%step != 0 {
			return
		}
		file := diag.NewFile("query.sql", q.text)
		module := f.bind(file)
		if module == nil {
			unsupported++
			return
		}
		for _, m := range machines {
			copied := module.Clone()
			tables := f.stored(copied)
			found, err := m.run(t.Context(), file, copied, tables)
			if list, ok := diag.FromError(err); ok && list[0].Code == "E0440" {
				unsupported++
				return
			}
			got := q.shown(found, err)
			if slices.Equal(q.want, got) {
				continue
			}
			wrong++
			expected := "the interpreter is right"
			if result, err := interpret(t.Context(), module.Clone(), f.data()); !slices.Equal(q.want, q.shown(result, err)) {
				expected = "the interpreter agrees"
			}
			t.Errorf("%s:%d: %s\n%s (-want +got; %s):\n%s%s", path, q.line, q.text, m.name, expected, cmp.Diff(q.want, got), reason(err))
			return
		}
		right++
	}
	f.read()
	return right, wrong, unsupported
}
