package emulator

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/cuda"
)

// TestGPU runs the same tables on a GPU, where there is one: they say what a device does,
// and not what this package does.
func TestGPU(t *testing.T) {
	opened, err := cuda.Open(t.Context(), cuda.Options{})
	var d *diag.Diagnostic
	if errors.As(err, &d) && d.Code == device.CodeMissing {
		t.Skipf("%v %v", d, d.Notes)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	gpu := benchWith(t, opened)
	properties := opened.Properties()
	if properties.Architecture < 90 || properties.PTX < 80 {
		t.Skipf("the tables are for sm_90 and PTX 8.0, and the device is sm_%d with PTX %d", properties.Architecture, properties.PTX)
	}
	on := func(t *testing.T) *bench {
		t.Helper()
		// Which lanes are active is the device's affair, and so are its numbers.
		name := t.Name()[strings.LastIndexByte(t.Name(), '/')+1:]
		switch name {
		case "active", "ballot_of_a_part", "elected", "numbers":
			t.Skip("a device may give another result")
		case "two_floats":
			if properties.Architecture < 100 {
				t.Skip("the instruction is for sm_100")
			}
		}
		return &bench{t: t, Driver: gpu.Driver, Stream: gpu.Stream}
	}
	t.Run("instructions", func(t *testing.T) { runInstructions(t, on) })
	t.Run("collectives", func(t *testing.T) { runCollectives(t, on) })
	for _, test := range kernelTests {
		t.Run(test.name, func(t *testing.T) { test.run(t, on(t), "llvm-19-sm_90") })
	}
	t.Run("shapes", func(t *testing.T) {
		want, got := shapes(t, open(t, Options{}), "llvm-19-sm_90"), shapes(t, on(t), "llvm-19-sm_90")
		delete(want, "together") // counts active lanes
		delete(got, "together")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("emulator and GPU (-emulator +GPU):\n%s", diff)
		}
	})
}
