package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/cmd/local"
	"github.com/heddle-lang/heddle/runtime/exec"
)

func TestPhases(t *testing.T) {
	run := func(elapsed, parse, code, execute int) *heddleRun {
		ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
		return &heddleRun{
			timing: timing{elapsed: ms(elapsed)}, phases: []local.Phase{{Name: "parse", Elapsed: ms(parse)}},
			compile: ms(code), stats: exec.Stats{Execute: ms(execute)},
		}
	}
	runs := []*heddleRun{run(100, 5, 20, 70), run(110, 4, 30, 71), run(90, 1, 10, 72)}
	want := []Phase{{"parse", 4}, {"code", 20}, {"prepare", 0}, {"execute", 71}, {"rest", 5}}
	got := phasesOf(runs)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	report := &Report{Queries: []QueryReport{
		{Storage: nativeStorage, Query: 6, Heddle: []WayReport{{Way: cachedWay, Phases: got}}},
		{Storage: parquetStorage, Query: 1, Heddle: []WayReport{{Way: cachedWay, Phases: got}}},
		{Storage: nativeStorage, Query: 1, Failure: "it failed"},
	}}
	var out strings.Builder
	report.writePhases(&out, nativeStorage, []string{cachedWay})
	wantText := `
Phases of Heddle cached, native: medians in ms

query     parse      code   prepare   execute      rest
Q6         4.00     20.00      0.00     71.00      5.00
`
	if diff := cmp.Diff(wantText, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := medianRun(runs); got != runs[0] {
		t.Errorf("the median run took %v", got.elapsed)
	}
}
