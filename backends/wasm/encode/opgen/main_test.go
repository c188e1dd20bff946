package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCurrent fails when opcodes.txt was changed without "go generate".
func TestCurrent(t *testing.T) {
	table, err := os.ReadFile("../opcodes.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Generate(string(table))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../opcodes.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("opcodes.gen.go is stale, run go generate (-want +got):\n%s", diff)
	}
}

func TestGenerateRefuses(t *testing.T) {
	for _, row := range []struct{ name, line string }{
		{"too few columns", "00 nop -"},
		{"bad code", "zz nop - mvp ->"},
		{"bad prefix", "ff:00 nop - mvp ->"},
		{"bad immediate", "00 nop what mvp ->"},
		{"bad feature", "00 nop - what ->"},
		{"bad type", "00 nop - mvp i31 ->"},
		{"no arrow", "00 nop - mvp i32"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := Generate(row.line); err == nil {
				t.Errorf("Generate(%q) reports no error", row.line)
			}
		})
	}
}
