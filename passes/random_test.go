package passes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/ir/random"
	"github.com/heddle-lang/heddle/passes/pass"
)

// TestRandomPrograms runs random programs in the interpreter before and after the
// logical passes: all of them, each alone, and all but each. An optimised program gives the same
// rows in the order that its source fixes. It may trap where the source does, and
// nowhere else.
//
// HEDDLE_RANDOM_PROGRAMS sets how many programs of each kind, HEDDLE_RANDOM_SEED the
// first seed; a failure prints the seed that makes it again.
func TestRandomPrograms(t *testing.T) {
	t.Parallel()
	count, first := environment(t, "HEDDLE_RANDOM_PROGRAMS", 150), environment(t, "HEDDLE_RANDOM_SEED", 0)
	if testing.Short() {
		count = min(count, 40)
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			tally := tally{}
			for seed := first; seed < first+count && !t.Failed(); seed++ {
				if err := check(t.Context(), random.Generate(random.FromSeed(seed), kind.options), &tally); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
			t.Logf("%d programs, of which %d trap, and %d no more when optimised", tally.programs, tally.traps, tally.cured)
		})
	}
}

// kinds are the kinds of random programs.
var kinds = []struct {
	name    string
	options random.Options
}{
	{"plain", random.Options{}},
	{"traps", random.Options{Traps: true}},
	{"without unions", random.Options{Allow: without(ir.OpUnion)}},
	{"traps of few types", random.Options{Traps: true, Operators: 8, Kinds: []ir.Kind{ir.I64, ir.Bool, ir.I32}, Allow: without(ir.OpValues)}},
	{"tangled", random.Options{Tangled: true, Joins: 5, Operators: 10, Depth: 2, Rows: 4}},
	{"tangled and few types", random.Options{Tangled: true, Joins: 5, Operators: 10, Depth: 3, Rows: 7, Traps: true, Kinds: []ir.Kind{ir.I64, ir.Bool}}},
	{"long", random.Options{Operators: 14, Depth: 2, Kinds: []ir.Kind{ir.I64, ir.Bool, ir.String}}},
}

func without(codes ...ir.Opcode) func(ir.Opcode) bool {
	return func(c ir.Opcode) bool { return !slices.Contains(codes, c) }
}

// mostRounds bounds the rounds of a group over a random program: three times what the
// slowest of a hundred thousand needed. A pass that undoes the work of another shows
// long before the limit of the list, and so does one that grows the program.
const mostRounds = 20

// TestRandomProgramsSettle runs the logical passes over random programs, all of them and
// all but one: every group comes to rest soon, and a pass that says that it changed
// nothing leaves the same text, but for the names of values.
func TestRandomProgramsSettle(t *testing.T) {
	t.Parallel()
	count, first := environment(t, "HEDDLE_RANDOM_PROGRAMS", 200), environment(t, "HEDDLE_RANDOM_SEED", 0)
	if testing.Short() {
		count = min(count, 100)
	}
	groups := slices.Clone(Logical)
	for i := range groups {
		groups[i].Rounds = min(groups[i].Rounds, mostRounds)
	}
	disable := slices.DeleteFunc(All(), func(p *pass.Pass) bool { return p.Required })
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			for seed := first; seed < first+count && !t.Failed(); seed++ {
				p := random.Generate(random.FromSeed(seed), kind.options)
				left := disable[seed%uint64(len(disable))].Name
				for _, options := range []Options{{Groups: groups}, {Groups: groups, Disable: []string{left}}} {
					m := p.Module.Clone()
					before := unnamed(m)
					options.After = func(by *pass.Pass, m *ir.Module, changed bool) {
						after := unnamed(m)
						if !changed && after != before {
							t.Errorf("seed %d, without %v: %s says that it changed nothing:\n%s", seed, options.Disable, by.Name, cmp.Diff(before, after))
						}
						before = after
					}
					if err := optimise(m, options); err != nil {
						t.Errorf("seed %d, without %v: %v\n%s", seed, options.Disable, err, p.Module)
					}
				}
			}
		})
	}
}

// unnamed prints a module with the names that the printer makes up, and no others.
func unnamed(m *ir.Module) string {
	m = m.Clone()
	var block func(b *ir.Block)
	clearNames := func(values []*ir.Value) {
		for _, v := range values {
			v.Name = ""
		}
	}
	block = func(b *ir.Block) {
		clearNames(b.Arguments)
		for _, op := range b.Ops {
			clearNames(op.Results)
			for _, region := range op.Regions {
				block(region)
			}
		}
	}
	for _, f := range m.Functions {
		block(f.Body)
	}
	return m.String()
}

func environment(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// tally counts what was compared.
type tally struct{ programs, traps, cured int }

// check compares a program with what the passes make of it.
func check(ctx context.Context, p *random.Program, tally *tally) error {
	want, trap := interp.Run(ctx, p.Module, random.Function, p.Tables, nil)
	if trap != nil && !isTrap(trap) {
		return fmt.Errorf("%w\n%s", trap, p.Module)
	}
	tally.programs++
	if trap != nil {
		tally.traps++
	}
	// after compares what a module gives now.
	after := func(m *ir.Module) (cured bool, err error) {
		got, err := interp.Run(ctx, m, random.Function, p.Tables, nil)
		switch {
		case err != nil && !isTrap(err):
			return false, err
		case err != nil && trap == nil:
			return false, fmt.Errorf("traps where the source does not: %w", err)
		case err != nil:
			return false, nil
		case trap != nil:
			return true, nil // any rows will do
		}
		return false, compare(p.Module.Function(random.Function), want, got)
	}
	for i, runs := range choices() {
		m := p.Module.Clone()
		if err := optimise(m, runs); err != nil {
			return fmt.Errorf("with %v, without %v: %w\n%s", runs.Only, runs.Disable, err, p.Module)
		}
		cured, err := after(m)
		if cured && i == 0 {
			tally.cured++
		}
		if err == nil {
			continue
		}
		// Once more, to name the pass.
		m = p.Module.Clone()
		broken := errors.New("only when not looked at between the passes")
		found := ""
		previous := m.String()
		runs.After = func(by *pass.Pass, m *ir.Module, _ bool) {
			if _, err := after(m); err != nil && found == "" {
				found, broken = by.Name, fmt.Errorf("%w\nbefore the pass:\n%s\nafter it:\n%s", err, previous, m)
			}
			previous = m.String()
		}
		if err := optimise(m, runs); err != nil {
			return err
		}
		return fmt.Errorf("pass %q: %w\nthe source:\n%s", found, broken, p.Module)
	}
	return nil
}

// choices are the ways of running passes that are compared.
func choices() []Options {
	out := []Options{{Groups: Logical}, {Groups: Logical, Verify: true}}
	for _, group := range Logical {
		for _, p := range group.Passes {
			one := []string{p.Name}
			if !slices.ContainsFunc(out, func(o Options) bool { return slices.Equal(o.Only, one) }) {
				out = append(out, Options{Verify: true, Only: one}, Options{Groups: Logical, Disable: one})
			}
		}
	}
	return out
}

// optimise runs passes, and reports a panic as an error.
func optimise(m *ir.Module, options Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	_, err = Run(pass.NewContext(), m, options)
	if d, ok := errors.AsType[*diag.Diagnostic](err); ok {
		return fmt.Errorf("%w\n%v", err, d.Notes)
	}
	return err
}

func isTrap(err error) bool {
	d, ok := errors.AsType[*diag.Diagnostic](err)
	return ok && d.Code >= ir.CodeOverflow && d.Code <= ir.CodeBadArgument
}

// compare reports a difference of two results of a flow.
func compare(source *ir.Function, want, got *interp.Result) error {
	a, b := want.Lines(), got.Lines()
	slices.Sort(a)
	slices.Sort(b)
	if diff := cmp.Diff(a, b); diff != "" {
		return fmt.Errorf("other rows (-source +optimised):\n%s", diff)
	}
	end := ir.AsReturn(source.Body.Terminator())
	var keys []ir.SortKey
	switch op := end.Input.Op; op.Code {
	case ir.OpSort:
		keys = ir.AsSort(op).Keys
	case ir.OpTopK:
		keys = ir.AsTopK(op).Keys
	default: // in any order
	}
	for _, key := range keys {
		column := slices.Index(end.Columns, key.Column)
		for row := range want.Rows {
			x, y := want.Columns[column][row], got.Columns[column][row]
			if x.Null != y.Null || !x.Null && ir.Compare(want.Types[column], x, y) != 0 {
				return fmt.Errorf("row %d is out of order by %s: %v and %v", row, key.Column, want.Lines(), got.Lines())
			}
		}
	}
	return nil
}
