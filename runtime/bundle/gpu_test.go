package bundle

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/program"
)

func TestDescribePTX(t *testing.T) {
	header := ".version 7.8\n.target sm_90\n"
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ".visible .entry k%d()\n", i)
		}
		return b.String()
	}
	for _, test := range []struct {
		name, text string
		want       *GPU
		problem    string
	}{
		{"as LLVM writes it", ptx, &GPU{Architecture: 80, PTX: 70, LLVM: "19", Kernels: []string{"p0_kernel", "link_s0"}}, ""},
		{"no kernels", header, &GPU{Architecture: 90, PTX: 78, LLVM: "19"}, ""},
		{"target with options", ".version 8.6\n.target sm_100a, debug\n", &GPU{Architecture: 100, PTX: 86, LLVM: "19"}, ""},
		{"in a comment", header + "// .visible .entry k()\n", &GPU{Architecture: 90, PTX: 78, LLVM: "19"}, ""},
		{"a function that is no kernel", header + ".visible .func f()\n", &GPU{Architecture: 90, PTX: 78, LLVM: "19"}, ""},
		{"empty", "", nil, "does not say for which version"},
		{"no target", ".version 7.0\n", nil, "does not say for which version"},
		{"two versions", header + ".version 7.0\n", nil, `version is "7.0"`},
		{"no number of a version", ".version x\n", nil, `version is "x"`},
		{"another target", ".version 7.0\n.target texmode\n", nil, `target is "texmode"`},
		{"zero byte", header + "\x00", nil, "not ASCII"},
		{"control code", header + "\x1b", nil, "not ASCII"},
		{"not UTF-8", header + "\xff", nil, "not ASCII"},
		{"a kernel twice", header + ".visible .entry k()\n.visible .entry k()\n", nil, `two kernels "k"`},
		{"a kernel without a name", header + ".visible .entry (\n", nil, "can have the name"},
		{"a kernel with a bad name", header + ".visible .entry 1k(\n", nil, "can have the name"},
		{"too many kernels", header + many(maxKernels+1), nil, "more than"},
		{"too long", header + strings.Repeat("\n", maxPTX), nil, "more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := DescribePTX([]byte(test.text), "19")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("described (-want +got):\n%s", diff)
			}
			if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
				t.Errorf("the error is %v, want one about %q", err, test.problem)
			}
		})
	}
}

// TestGPUIsChecked reads bundles whose PTX is not what the program or the manifest say.
func TestGPUIsChecked(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(b *Bundle)
		want   string
	}{
		{"a pipeline's kernel is missing", func(b *Bundle) { b.Manifest.Program.Pipelines[0].Kernel.Function = "other" }, `no kernel "other"`},
		{"a state's kernel is missing", func(b *Bundle) { b.Manifest.Program.States[0].Link = "other" }, `no kernel "other"`},
		{"no PTX at all", func(b *Bundle) { b.Manifest.GPU = nil }, "there is no PTX"},
		{"another architecture", func(b *Bundle) { b.Manifest.GPU.Architecture = 90 }, "not the one"},
		{"another version", func(b *Bundle) { b.Manifest.GPU.PTX = 71 }, "not the one"},
		{"a kernel that is not listed", func(b *Bundle) { b.Manifest.GPU.Kernels = b.Manifest.GPU.Kernels[:1] }, "not the one"},
		{"no text", func(b *Bundle) { b.PTX = nil }, "does not say for which version"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := sampleGPU(t)
			test.change(b)
			_, err := Read("q.heddle", written(t, b))
			var problem *diag.Diagnostic
			if !errors.As(err, &problem) || problem.Code != CodeManifest || !strings.Contains(problem.Message, test.want) {
				t.Errorf("the error is %v, want E0703 about %q", err, test.want)
			}
		})
	}
}

// TestGPUSectionAlone reads bundles of which one of manifest and section has GPU code.
func TestGPUSectionAlone(t *testing.T) {
	p := sample().Manifest.Program
	if why := checkGPU(nil, []byte(ptx), true, p); !strings.Contains(why, "does not describe") {
		t.Errorf("a section without a description: %q", why)
	}
	if why := checkGPU(&GPU{}, nil, false, p); !strings.Contains(why, "not there") {
		t.Errorf("a description without a section: %q", why)
	}
}

func TestKernels(t *testing.T) {
	p := &program.Program{
		Pipelines: []program.Pipeline{{Kernel: &program.Kernel{Function: "a"}}, {}},
		States:    []program.State{{}, {Link: "b"}},
	}
	if diff := cmp.Diff([]string{"a", "b"}, Kernels(p)); diff != "" {
		t.Errorf("kernels (-want +got):\n%s", diff)
	}
}

func FuzzDescribePTX(f *testing.F) {
	f.Add([]byte(ptx))
	f.Add([]byte(".version 8.6\n.target sm_100a, debug\n.visible .entry k("))
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := DescribePTX(text, "22")
		if err == nil && (g.PTX <= 0 || g.Architecture <= 0) {
			t.Errorf("accepted as version %d, target %d", g.PTX, g.Architecture)
		}
	})
}
