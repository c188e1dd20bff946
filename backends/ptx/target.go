package ptx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
)

// Target is a GPU that code is made for. Code runs on GPUs of its architecture and of
// all newer ones, under drivers that know its version of PTX or a newer one.
type Target struct {
	// Architecture is ten times the major plus the minor number of the compute
	// capability: 80 for sm_80.
	Architecture int
	// Version is that of PTX, ten times the major plus the minor number: 70 for 7.0.
	Version int
}

// DefaultTarget is the one that serves everywhere: all data centre GPUs since 2020 and
// all others since 2021.
var DefaultTarget = Target{Architecture: 80, Version: 70}

func (t Target) String() string { return fmt.Sprintf("sm_%d", t.Architecture) }

// versionText is the version as PTX writes it.
func (t Target) versionText() string { return fmt.Sprintf("%d.%d", t.Version/10, t.Version%10) }

// Architecture is a row of the table of architectures.
type Architecture struct {
	// Number is that of Target.
	Number int
	// Version is the lowest version of PTX that has the architecture and all
	// instructions that kernels use.
	Version int
	// LLVM is the first release of LLVM whose llc knows the architecture.
	LLVM int
	// Names are the generation first, then models, as people write them: in lower case,
	// without spaces.
	Names []string
}

// Architectures lists all that code can be made for, the oldest first. Older ones lack
// instructions of warps that kernels use.
var Architectures = []Architecture{
	{70, 63, 14, []string{"volta", "v100"}},
	{75, 63, 14, []string{"turing", "t4", "rtx2080"}},
	{80, 70, 14, []string{"ampere", "a100", "a30"}},
	{86, 71, 14, []string{"a10", "a40", "a6000", "rtx3080", "rtx3090"}},
	{89, 78, 16, []string{"ada", "l4", "l40", "l40s", "rtx4080", "rtx4090"}},
	{90, 78, 16, []string{"hopper", "h100", "h200", "gh200"}},
	{100, 86, 20, []string{"blackwell", "b100", "b200", "gb200"}},
	{103, 88, 21, []string{"b300", "gb300"}},
	{120, 87, 20, []string{"rtx5080", "rtx5090", "rtxpro6000"}},
}

// For gives the target for a GPU of an architecture, which may be unknown: the newest
// of the table that is not newer. ok is false for one that is older than all.
func For(architecture int) (t Target, ok bool) {
	for _, a := range Architectures {
		if a.Number <= architecture {
			t, ok = Target{a.Number, a.Version}, true
		}
	}
	return t, ok
}

// ParseTarget finds a target by the name of its architecture ("sm_90"), generation
// ("hopper") or model ("h200"). Case, spaces, "-" and a leading "nvidia" do not matter.
// Other names are E0448.
func ParseTarget(name string) (Target, error) {
	plain := strings.NewReplacer(" ", "", "-", "", "nvidia", "", "geforce", "").Replace(strings.ToLower(name))
	var known []string
	for _, a := range Architectures {
		t := Target{a.Number, a.Version}
		if plain == t.String() || plain == fmt.Sprintf("sm%d", a.Number) || slices.Contains(a.Names, plain) {
			return t, nil
		}
		known = append(append(known, t.String()), a.Names...)
	}
	d := diag.New(codeUnknownTarget, "unknown GPU target %q", name)
	if near, ok := diag.Suggest(plain, known); ok {
		return Target{}, d.Helpf("did you mean %q?", near)
	}
	return Target{}, d.Note("known are %s", strings.Join(known, ", "))
}
