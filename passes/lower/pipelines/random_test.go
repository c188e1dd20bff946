package pipelines_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/ir/random"
	"github.com/heddle-lang/heddle/passes/lower/pipelines"
)

// A flow that does not trap and its pipelines give the same rows.
func TestRandomFlows(t *testing.T) {
	compared := 0
	for seed := range uint64(1000) {
		program := random.Generate(random.FromSeed(seed), random.Options{})
		if hasDistinct(program.Module) {
			continue // another pass removes it before
		}
		want, err := interp.Run(context.Background(), program.Module, random.Function, program.Tables, nil)
		if err != nil {
			t.Fatal(err)
		}
		lowered := program.Module.Clone()
		if err := pipelines.Lower(lowered, nil); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, program.Module)
		}
		if problems := ir.Verify(lowered); len(problems) > 0 {
			t.Fatalf("seed %d: %v %v\n%s", seed, problems[0], problems[0].Notes, lowered)
		}
		got, err := interp.RunPipes(context.Background(), lowered, random.Function, program.Tables, nil)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, lowered)
		}
		if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
			t.Fatalf("seed %d (-flow +pipelines):\n%s\n%s\n%s", seed, diff, program.Module, lowered)
		}
		compared++
	}
	if compared < 500 {
		t.Errorf("only %d of 1000 programs were compared", compared)
	}
}

func sorted(result *interp.Result) []string {
	lines := result.Lines()
	slices.Sort(lines)
	return lines
}

func hasDistinct(m *ir.Module) bool {
	found := false
	m.Functions[0].Body.Walk(func(op *ir.Op) bool {
		for _, a := range ir.AttributeAs[[]ir.Aggregate](op, "aggregates") {
			found = found || a.Distinct
		}
		return true
	})
	return found
}
