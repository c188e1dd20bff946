package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
)

func TestReferenceIsCurrent(t *testing.T) {
	examples, err := os.ReadFile("../testdata/ops.cir")
	if err != nil {
		t.Fatal(err)
	}
	want, err := reference(string(examples))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/cir.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("docs/cir.md is stale; run go generate ./ir (-file +generated):\n%s", diff)
	}
}

func TestExampleOfThePage(t *testing.T) {
	_, rest, _ := strings.Cut(introduction, "```\n")
	example, _, _ := strings.Cut(rest, "```")
	m, list := ir.Parse(diag.NewFile("example.cir", example))
	list = append(list, ir.Verify(m)...)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(example), strings.TrimSpace(m.String())); diff != "" {
		t.Errorf("the example is not as it is printed (-page +printed):\n%s", diff)
	}
}
