package passes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/pass"
)

// Options says how to run the list. The zero value runs everything and checks
// nothing.
type Options struct {
	// Verify checks the module with ir.Verify before the first and after each pass.
	Verify bool
	// Disable names passes to leave out.
	Disable []string
	// Only, when not empty, runs just these passes, once each, in the given order,
	// as `heddle opt` does.
	Only []string
	// Groups, when not nil, are run in place of the whole List.
	Groups []Group
	// After is called after each pass that ran.
	After func(p *pass.Pass, m *ir.Module, changed bool)
	// Clock, when set, times the passes.
	Clock system.Clock
}

// Timing is what one pass cost in all its runs.
type Timing struct {
	Name    string
	Runs    int
	Changes int // runs that changed the module
	Elapsed time.Duration
}

// Report says what happened, one Timing for each pass, in order of first run.
type Report struct {
	Timings []Timing
}

// ByName finds a pass of the list.
func ByName(name string) (*pass.Pass, bool) {
	for _, group := range List {
		for _, p := range group.Passes {
			if p.Name == name {
				return p, true
			}
		}
	}
	return nil, false
}

// All returns each pass of the list once, in order of its first run.
func All() []*pass.Pass {
	var all []*pass.Pass
	for _, group := range List {
		for _, p := range group.Passes {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// Run runs the list over a module, in place. Errors are E0951 for a pass name
// that is unknown or may not be disabled, E0952 for a group that finds no
// fixpoint, E0953 for a pass that broke the module, and what passes return.
func Run(ctx *pass.Context, m *ir.Module, options Options) (*Report, error) {
	groups := List
	if options.Groups != nil {
		groups = options.Groups
	}
	if len(options.Only) > 0 {
		only := Group{Name: "chosen passes", Rounds: 1}
		for _, name := range options.Only {
			p, err := named(name)
			if err != nil {
				return nil, err
			}
			only.Passes = append(only.Passes, p)
		}
		groups = []Group{only}
	}
	for _, name := range options.Disable {
		p, err := named(name)
		if err != nil {
			return nil, err
		}
		if err := mayDisable(p); err != nil {
			return nil, err
		}
	}
	r := &runner{ctx: ctx, module: m, options: options, report: &Report{}, settled: map[*pass.Pass]int{}}
	if options.Verify {
		if err := ir.Verify(m).Err(); err != nil {
			return r.report, fmt.Errorf("before the first pass: %w", err)
		}
	}
	for _, group := range groups {
		if err := r.group(group); err != nil {
			return r.report, err
		}
	}
	return r.report, nil
}

func named(name string) (*pass.Pass, error) {
	if p, ok := ByName(name); ok {
		return p, nil
	}
	var names []string
	for _, p := range All() {
		names = append(names, p.Name)
	}
	return nil, diag.New(ErrPassName, "no pass named %q", name).Note("%s", "passes: "+strings.Join(names, ", "))
}

// mayDisable returns an error when what follows relies on a pass.
func mayDisable(p *pass.Pass) error {
	if p.Required {
		return diag.New(ErrPassName, "pass %q cannot be disabled", p.Name).Note("what follows relies on it")
	}
	return nil
}

type runner struct {
	ctx     *pass.Context
	module  *ir.Module
	options Options
	report  *Report
	// version counts the changes to the module; settled is the version at which a
	// pass last found nothing to do. It would find nothing again.
	version int
	settled map[*pass.Pass]int
}

// group runs a group to its fixpoint.
func (r *runner) group(group Group) error {
	var previous string
	for round := 1; ; round++ {
		anyChange := false
		for _, p := range group.Passes {
			changed, err := r.pass(p)
			if err != nil {
				return err
			}
			anyChange = anyChange || changed
		}
		if !anyChange || group.Rounds == 1 {
			return nil
		}
		if round >= group.Rounds {
			return diag.New(ErrNoFixpoint, "the passes of group %q still change the program after %d rounds", group.Name, group.Rounds).
				Note("%s", "the state before the last round:\n"+previous).
				Note("%s", "the state after it:\n"+r.module.String())
		}
		if round == group.Rounds-1 {
			previous = r.module.String()
		}
	}
}

func (r *runner) pass(p *pass.Pass) (changed bool, err error) {
	if slices.Contains(r.options.Disable, p.Name) {
		return false, nil
	}
	if settled, ok := r.settled[p]; ok && settled == r.version {
		return false, nil
	}
	var start time.Time
	if r.options.Clock != nil {
		start = r.options.Clock.Now()
	}
	changed, err = p.Run(r.ctx, r.module)
	timing := r.timing(p.Name)
	timing.Runs++
	if changed {
		timing.Changes++
		r.version++
		if p.Required { // a lowering pass, which keeps no fingerprints
			clear(r.ctx.Fingerprints)
		}
	} else {
		r.settled[p] = r.version
	}
	if r.options.Clock != nil {
		timing.Elapsed += r.options.Clock.Now().Sub(start)
	}
	if err != nil {
		return changed, err
	}
	if r.options.Verify {
		if err := ir.Verify(r.module).Err(); err != nil {
			return changed, diag.New(ErrBrokenByPass, "pass %q made an invalid module: %v", p.Name, err).
				Note("%s", "the module:\n"+r.module.String())
		}
	}
	if r.options.After != nil {
		r.options.After(p, r.module, changed)
	}
	return changed, nil
}

func (r *runner) timing(name string) *Timing {
	for i := range r.report.Timings {
		if r.report.Timings[i].Name == name {
			return &r.report.Timings[i]
		}
	}
	r.report.Timings = append(r.report.Timings, Timing{Name: name})
	return &r.report.Timings[len(r.report.Timings)-1]
}
