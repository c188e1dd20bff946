package passes

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

const program = `cir 1
table @t rows 10 {
  a: i32
  b: i32
}
flow @f() -> bag<{a: i32}> {
  %t = scan @t columns [a, b] : bag<{a: i32, b: i32}>
  %f = filter %t (%r) {
    %a = field %r "a"
    %one = const 1 : i32
    %two = add %one, %one
    %c = gt %a, %two
    yield %c
  }
  return %f [a] labels [a]
}
`

func parse(t *testing.T, text string) *ir.Module {
	t.Helper()
	m, list := ir.Parse(diag.NewFile("program", text))
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return m
}

func code(err error) diag.Code {
	if d, ok := errors.AsType[*diag.Diagnostic](err); ok {
		return d.Code
	}
	return ""
}

func TestRun(t *testing.T) {
	t.Parallel()
	m := parse(t, program)
	seen := map[string]bool{}
	report, err := Run(pass.NewContext(), m, Options{
		Groups: Logical, Verify: true,
		After: func(p *pass.Pass, _ *ir.Module, _ bool) { seen[p.Name] = true },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, timing := range report.Timings {
		if !seen[timing.Name] || timing.Runs == 0 {
			t.Errorf("pass %s is in the report, but the hook did not see it", timing.Name)
		}
	}
	if !seen["fold"] || !seen["prune"] {
		t.Errorf("not every pass ran: %v", seen)
	}
	if text := m.String(); strings.Contains(text, "add") || strings.Contains(text, "b: i32}") && strings.Contains(text, "[a, b]") {
		t.Errorf("not optimised:\n%s", text)
	}
}

func TestTiming(t *testing.T) {
	t.Parallel()
	clock := system.NewManualClock(time.Unix(0, 0))
	runs := 0
	slow := &pass.Pass{Name: "slow", Doc: "takes two seconds", Run: func(*pass.Context, *ir.Module) (bool, error) {
		clock.Advance(2 * time.Second)
		runs++
		return runs < 3, nil
	}}
	report, err := Run(pass.NewContext(), parse(t, program), Options{Clock: clock, Groups: []Group{{Name: "g", Rounds: 9, Passes: []*pass.Pass{slow}}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Timing{{Name: "slow", Runs: 3, Changes: 2, Elapsed: 6 * time.Second}}
	if diff := cmp.Diff(want, report.Timings); diff != "" {
		t.Error(diff)
	}
}

func TestDisable(t *testing.T) {
	t.Parallel()
	m := parse(t, program)
	_, err := Run(pass.NewContext(), m, Options{Groups: Logical, Disable: []string{"fold", "simplify"}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.String(), "add") {
		t.Errorf("folded although disabled:\n%s", m)
	}
}

func TestPassNames(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{
		"unknown to run":     {Only: []string{"push-down"}},
		"unknown to disable": {Disable: []string{"push-down"}},
	} {
		_, err := Run(pass.NewContext(), parse(t, program), options)
		if code(err) != ErrPassName {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, p := range All() {
		if found, ok := ByName(p.Name); !ok || found != p {
			t.Errorf("pass %s is not found by its name", p.Name)
		}
	}
}

func TestRequiredCannotBeDisabled(t *testing.T) {
	t.Parallel()
	if err := mayDisable(&pass.Pass{Name: "needed", Required: true}); code(err) != ErrPassName {
		t.Errorf("got %v", err)
	}
	if err := mayDisable(&pass.Pass{Name: "optional"}); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestNoFixpoint runs a pass that always changes something.
func TestNoFixpoint(t *testing.T) {
	t.Parallel()
	restless := &pass.Pass{Name: "restless", Doc: "never rests", Run: func(_ *pass.Context, m *ir.Module) (bool, error) {
		m.Tables[0].Rows++
		return true, nil
	}}
	_, err := Run(pass.NewContext(), parse(t, program), Options{Groups: []Group{{Name: "g", Rounds: 5, Passes: []*pass.Pass{restless}}}})
	if code(err) != ErrNoFixpoint {
		t.Fatalf("got %v", err)
	}
	d, _ := errors.AsType[*diag.Diagnostic](err)
	if len(d.Notes) != 2 || !strings.Contains(d.Notes[0], "rows 14") || !strings.Contains(d.Notes[1], "rows 15") {
		t.Errorf("the notes do not show the last two states: %v", d.Notes)
	}
}

func TestVerifyNamesThePass(t *testing.T) {
	t.Parallel()
	breaks := &pass.Pass{Name: "breaks", Doc: "breaks the module", Run: func(_ *pass.Context, m *ir.Module) (bool, error) {
		m.Functions[0].Body.Ops = nil
		return true, nil
	}}
	_, err := Run(pass.NewContext(), parse(t, program), Options{Verify: true, Groups: []Group{{Name: "g", Rounds: 1, Passes: []*pass.Pass{breaks}}}})
	if code(err) != ErrBrokenByPass || !strings.Contains(err.Error(), `"breaks"`) {
		t.Errorf("got %v", err)
	}
}

func TestCheckOrder(t *testing.T) {
	t.Parallel()
	run := func(*pass.Context, *ir.Module) (bool, error) { return false, nil }
	a, b := &pass.Pass{Name: "a", Doc: "a", Run: run}, &pass.Pass{Name: "b", Doc: "b", Run: run}
	for name, c := range map[string]struct {
		groups []Group
		order  [][2]string
		panics bool
	}{
		"in order":         {[]Group{{"g", 1, []*pass.Pass{a, b}}}, [][2]string{{"a", "b"}}, false},
		"out of order":     {[]Group{{"g", 1, []*pass.Pass{b, a}}}, [][2]string{{"a", "b"}}, true},
		"missing":          {[]Group{{"g", 1, []*pass.Pass{a}}}, [][2]string{{"a", "b"}}, true},
		"without rounds":   {[]Group{{"g", 0, []*pass.Pass{a}}}, nil, true},
		"without function": {[]Group{{"g", 1, []*pass.Pass{{Name: "c", Doc: "c"}}}}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if r := recover(); (r != nil) != c.panics {
					t.Errorf("panic: %v", r)
				}
			}()
			checkOrder(c.groups, c.order)
		})
	}
}
