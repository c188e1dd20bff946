package emulator

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPartedLanes runs the kernels with lanes that go their own ways.
func TestPartedLanes(t *testing.T) {
	for seed := range uint64(3) {
		for _, test := range kernelTests {
			t.Run(fmt.Sprintf("%d/%s", seed+1, test.name), func(t *testing.T) {
				test.run(t, open(t, Options{Seed: seed + 1}), "llvm-22-sm_90")
			})
		}
	}
}

// TestLanesInStep runs code that reads what the neighbour has written to global memory
// without waiting for it, which nobody notices as long as lanes stay together.
func TestLanesInStep(t *testing.T) {
	const wait = "bar.warp.sync -1;"
	exchange := "st.global.b64 [in], tid64; " + wait + " mad.wide.u32 at, tid, 24, 0; xor.b32 d, tid, 1; mad.wide.s32 E, d, 24, 0; sub.u64 E, E, at; add.u64 E, E, in; ld.global.b64 D, [E];"
	exchange = "cvt.u64.u32 C, tid; add.u64 C, C, 1000; " + strings.Replace(exchange, "tid64", "C", 1)
	tests := []struct {
		name, body string
		seed       uint64
		wrong      bool
	}{
		{"in step", strings.Replace(exchange, wait, "", 1), 0, false},
		{"parted", strings.Replace(exchange, wait, "", 1), 1, true},
		{"parted, but waiting", exchange, 1, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wrong := false
			for i, got := range evaluate(open(t, Options{Seed: test.seed}), test.body, make([][3]uint64, 64)) {
				wrong = wrong || got != uint64(i^1)+1000
			}
			if wrong != test.wrong {
				t.Errorf("the result is wrong: %v", wrong)
			}
		})
	}
}

// shapes runs the kernels of shapes.ptx, which have much of what LLVM makes of integers,
// numbers, branches, and threads that work together.
func shapes(t *testing.T, b *bench, set string) map[string][]uint64 {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	integers, floats := words(r, edges64)[:64], make([][3]uint64, 64)
	for i := range floats {
		floats[i] = [3]uint64{bits64(r.Float64() * 200), bits64(r.Float64()*100 + 1)}
	}
	text := read(t, set, "shapes")
	results := map[string][]uint64{}
	for _, name := range []string{"integers", "floats", "control", "together"} {
		in := integers
		if name == "floats" {
			in = floats
		}
		out := up(b, make([]uint64, 67))
		b.must(b.kernel(text, name), 1, 64, 0, up(b, in), out)
		results[name] = down[uint64](b, out, 67)
	}
	return results
}

// TestShapes holds what LLVMs of several versions, with and without their optimisers, have
// made of the same code against each other.
func TestShapes(t *testing.T) {
	want := shapes(t, open(t, Options{}), "llvm-19-sm_90")            // llc -O0
	for _, set := range []string{"llvm-22-sm_90", "llvm-22-sm_100"} { // llc -O3, and opt -O3 before it
		got := shapes(t, open(t, Options{Architecture: 100}), set)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", set, diff)
		}
	}
	for _, llc := range []string{"llc-19", "llc-22"} {
		path, err := exec.LookPath(llc)
		if err != nil {
			t.Logf("%s is not installed", llc)
			continue
		}
		for _, level := range []string{"-O0", "-O3"} {
			dir := t.TempDir()
			output, err := exec.CommandContext(t.Context(), path, level, "-mcpu=sm_80",
				filepath.Join("testdata", "llvm", "shapes.ll"), "-o", filepath.Join(dir, "shapes.ptx")).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			if diff := cmp.Diff(want, shapes(t, open(t, Options{}), dir)); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", llc, level, diff)
			}
		}
	}
}

// TestInstalledLLVM compiles the kernels with what is installed here, without the
// optimiser, which gives other code than the golden PTX.
func TestInstalledLLVM(t *testing.T) {
	for _, llc := range []struct {
		name, architecture string
		number             int
		without            string
	}{
		{"llc-14", "sm_80", 80, "i128div"}, {"llc-19", "sm_90", 90, ""}, {"llc-22", "sm_100", 100, ""},
	} {
		t.Run(llc.name, func(t *testing.T) {
			path, err := exec.LookPath(llc.name)
			if err != nil {
				t.Skipf("%s is not installed", llc.name)
			}
			dir := t.TempDir()
			for _, test := range kernelTests {
				if test.file == llc.without {
					continue
				}
				t.Run(test.name, func(t *testing.T) {
					output, err := exec.CommandContext(t.Context(), path, "-O3", "-mcpu="+llc.architecture,
						filepath.Join("testdata", "llvm", test.file+".ll"), "-o", filepath.Join(dir, test.file+".ptx")).CombinedOutput()
					if err != nil {
						t.Fatalf("%v: %s", err, output)
					}
					test.run(t, open(t, Options{Architecture: llc.number}), dir)
				})
			}
		})
	}
}
