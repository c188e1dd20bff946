//go:build linux && (amd64 || arm64)

package cuda

import (
	"errors"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
)

// TestConformance runs the suite over the library for tests: it holds the suite and this
// package against each other where there is no GPU.
func TestConformance(t *testing.T) {
	devicetest.Run(t, func(t testing.TB) device.Driver { return newMock(t).open() })
}

// TestGPU runs it on the GPU of the machine.
func TestGPU(t *testing.T) {
	devicetest.Run(t, func(t testing.TB) device.Driver {
		opened, err := Open(t.Context(), Options{})
		var d *diag.Diagnostic
		switch {
		case errors.As(err, &d) && d.Code == device.CodeMissing:
			t.Skipf("%v %v", d, d.Notes)
		case errors.As(err, &d) && d.Code == device.CodeFault:
			t.Skipf("the driver wants a new process after the fault of an earlier test: %v", d)
		}
		if err != nil {
			t.Fatal(err)
		}
		return opened
	})
}
