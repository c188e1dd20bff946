//go:build !linux || !(amd64 || arm64)

package cuda

import (
	"runtime"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

func unsupported() error {
	return diag.New(device.CodeMissing, "there is no GPU that can be used: Heddle drives GPUs on Linux alone, on amd64 and arm64, and this is %s on %s",
		runtime.GOOS, runtime.GOARCH).
		Helpf("run on the CPU, or on a machine with Linux")
}

func open(Options) (device.Driver, error) { return nil, unsupported() }

func devices(Options) ([]device.Properties, error) { return nil, unsupported() }
