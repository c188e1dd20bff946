//go:build linux && (amd64 || arm64)

package cuda

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
)

func TestOpenWithoutDriver(t *testing.T) {
	nothing := filepath.Join(t.TempDir(), "libcuda.so.1")
	text := filepath.Join(t.TempDir(), "libcuda.so.1")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"no file": nothing, "no library": text} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), Options{Library: path})
			d := diagnostic(t, err, device.CodeMissing)
			if len(d.Help) == 0 || len(d.Notes) == 0 || !strings.Contains(d.Notes[0], path) {
				t.Errorf("%v: notes %q, help %q", d, d.Notes, d.Help)
			}
			_, err = Devices(Options{Library: path})
			wantCode(t, err, device.CodeMissing)
		})
	}
}

func TestOpenFails(t *testing.T) {
	for _, test := range []struct {
		name    string
		flags   []string
		prepare func(m *mock)
		ordinal int
		code    diag.Code
		message string
	}{
		{name: "no device", prepare: func(m *mock) { m.set("devices", 0) }, code: device.CodeMissing, message: "sees no device"},
		{name: "cuInit finds no device", prepare: func(m *mock) { m.fail(cuInit, 1, noDevice) }, code: device.CodeMissing, message: "sees no device"},
		{name: "stub", prepare: func(m *mock) { m.fail(cuInit, 1, stubLibrary) }, code: device.CodeMissing, message: "toolkit's stub"},
		{name: "mismatch", prepare: func(m *mock) { m.fail(cuInit, 1, driverMismatch) }, code: device.CodeMissing, message: "different versions"},
		{name: "unknown", prepare: func(m *mock) { m.fail(cuInit, 1, 999) }, code: device.CodeMissing, message: "does not start"},
		{name: "old", prepare: func(m *mock) { m.set("version", 10020) }, code: device.CodeMissing, message: "for CUDA 10.2 and CUDA 11.4 is needed"},
		{name: "no version", prepare: func(m *mock) { m.fail(cuDriverGetVersion, 1, 999) }, code: device.CodeMissing, message: "does not tell its version"},
		{name: "missing symbol", flags: []string{"-DWITHOUT_LAUNCH"}, code: device.CodeMissing, message: "lacks the function cuLaunchKernel"},
		{name: "ordinal too large", ordinal: 1, code: device.CodeMissing, message: "number 1 was asked for, and the CUDA driver sees 1"},
		{name: "ordinal negative", ordinal: -1, code: device.CodeMissing, message: "number -1"},
		{name: "exclusive", prepare: func(m *mock) { m.fail(cuDevicePrimaryCtxRetain, 1, deviceUnavailable) }, code: device.CodeMissing, message: "has it for itself"},
		{name: "full", prepare: func(m *mock) { m.fail(cuDevicePrimaryCtxRetain, 1, outOfMemory) }, code: device.CodeMemory, message: "too little memory"},
		{name: "after a fault", prepare: func(m *mock) { m.fail(cuDevicePrimaryCtxRetain, 1, launchFailed) }, code: device.CodeFault, message: "cuDevicePrimaryCtxRetain gives"},
		{name: "attribute", prepare: func(m *mock) { m.fail(cuDeviceGetAttribute, 3, 1) }, code: device.CodeMissing, message: "does not start"},
		{name: "granularity", prepare: func(m *mock) { m.fail(cuMemGetAllocationGranularity, 1, 1) }, code: device.CodeDriver, message: "cuMemGetAllocationGranularity gives CUDA_ERROR_INVALID_VALUE (1)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMock(t, test.flags...)
			if test.prepare != nil {
				test.prepare(m)
			}
			_, err := Open(t.Context(), Options{Library: m.path, Ordinal: test.ordinal})
			d := diagnostic(t, err, test.code)
			if !strings.Contains(d.Message, test.message) {
				t.Errorf("the message is %q, without %q", d.Message, test.message)
			}
			if test.code != device.CodeDriver && len(d.Help) == 0 {
				t.Errorf("%v has no help", d)
			}
			if live := m.live(); live != 0 {
				t.Errorf("%d objects are left", live)
			}
		})
	}
}

// A driver that comes to work, after an update say, is not remembered as broken.
func TestOpenAgain(t *testing.T) {
	m := newMock(t)
	m.fail(cuInit, 1, 999)
	if _, err := Open(t.Context(), Options{Library: m.path}); err == nil {
		t.Fatal("the first Open works")
	}
	m.open()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ended, Options{Library: m.path}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

func TestDevices(t *testing.T) {
	m := newMock(t)
	m.set("devices", 2)
	m.set("version", 13020)
	got, err := Devices(Options{Library: m.path})
	check(t, err)
	want := []device.Properties{{
		Driver: "cuda", Name: "Mock 0", Architecture: 90, PTX: 91, DriverVersion: "13.2", Multiprocessors: 4,
		Memory: 64 << 20, SharedMemory: 232448, ThreadsPerMultiprocessor: 2048,
	}}
	want = append(want, want[0])
	want[1].Name = "Mock 1"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	if live := m.live(); live != 0 {
		t.Errorf("%d objects are left: a device was opened", live)
	}
}

func TestPTXVersion(t *testing.T) {
	for cuda, want := range map[int]int{11040: 74, 12040: 84, 12060: 85, 12070: 86, 12090: 88, 13000: 90, 14000: 91} {
		if got := ptxVersion(cuda); got != want {
			t.Errorf("CUDA %d takes PTX %d, not %d", cuda, got, want)
		}
	}
}

// TestResults holds every result that this package knows against the code it stands for,
// and against what comes afterwards.
func TestResults(t *testing.T) {
	for _, test := range []struct {
		result result
		code   diag.Code
		stays  bool
	}{
		{outOfMemory, device.CodeMemory, false},
		{illegalAddress, device.CodeFault, true},
		{misalignedAddress, device.CodeFault, true},
		{illegalInstruction, device.CodeFault, true},
		{hardwareStackError, device.CodeFault, true},
		{invalidAddressSpace, device.CodeFault, true},
		{invalidPC, device.CodeFault, true},
		{launchFailed, device.CodeFault, true},
		{assertion, device.CodeFault, true},
		{launchTimeout, device.CodeLost, true},
		{eccUncorrectable, device.CodeLost, true},
		{nvlinkUncorrectable, device.CodeLost, true},
		{notPermitted, device.CodeLost, true},
		{contextIsDestroyed, device.CodeLost, true},
		{deviceUnavailable, device.CodeLost, true},
		{contained, device.CodeLost, true},
		{invalidPTX, device.CodeCode, false},
		{unsupportedPTXVersion, device.CodeCode, false},
		{noBinaryForGPU, device.CodeCode, false},
		{compilerNotFound, device.CodeCode, false},
		{compilationDisabled, device.CodeCode, false},
		{1, device.CodeDriver, false},
		{701, device.CodeDriver, false},
		{999, device.CodeDriver, false},
	} {
		t.Run(string(test.code), func(t *testing.T) {
			m := newMock(t)
			d := m.open()
			m.fail(cuMemsetD8Async, 1, test.result)
			stream := must[device.Stream](t)(d.NewStream())
			address := must[device.Address](t)(d.Allocate(16))
			failure := diagnostic(t, stream.Fill(address, 0, 16), test.code)
			if !strings.Contains(failure.Message, "cuMemsetD8Async gives ") {
				t.Errorf("the message %q does not name the call", failure.Message)
			}
			err := stream.Fill(address, 0, 16)
			switch {
			case test.stays && !errors.Is(err, failure):
				t.Errorf("afterwards the error is %v", err)
			case !test.stays && err != nil:
				t.Errorf("afterwards there is an error: %v", err)
			}
			check(t, stream.Close())
		})
	}
}

func TestFailureNamesResultAndCall(t *testing.T) {
	m := newMock(t)
	d := m.open()
	stream := must[device.Stream](t)(d.NewStream())
	module := must[device.Module](t)(d.Load(t.Context(), devicetest.PTX))
	poke := must[device.Kernel](t)(module.Kernel("poke"))
	check(t, stream.Launch(poke, device.Launch{Blocks: 1, Threads: 1}, devicetest.Parameters(device.Address(64), uint32(1))))
	failure := diagnostic(t, stream.Synchronize(t.Context()), device.CodeFault)
	if want := "a kernel faulted on the GPU: cuStreamSynchronize gives CUDA_ERROR_ILLEGAL_ADDRESS (700)"; failure.Message != want {
		t.Errorf("the message is %q, not %q", failure.Message, want)
	}
	if notes := strings.Join(failure.Notes, "\n"); !strings.Contains(notes, "an illegal memory access was encountered") {
		t.Errorf("the notes are %q", notes)
	}
}

func TestShortageTellsHowMuch(t *testing.T) {
	d := newMock(t).open()
	_, err := d.Allocate(100 << 20)
	failure := diagnostic(t, err, device.CodeMemory)
	if diff := cmp.Diff([]string{"104857600 bytes were asked for, and 67108864 are free"}, failure.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestBadCodeCarriesTheLog(t *testing.T) {
	m := newMock(t)
	d := m.open()
	_, err := d.Load(t.Context(), []byte("select 1"))
	failure := diagnostic(t, err, device.CodeCode)
	if notes := strings.Join(failure.Notes, "\n"); !strings.Contains(notes, "parsing error near 'select 1'") {
		t.Errorf("the notes are %q", notes)
	}
	_, err = d.Load(t.Context(), []byte(".version 8.8\n.target sm_80\n"))
	failure = diagnostic(t, err, device.CodeCode)
	if help := strings.Join(failure.Help, "\n"); !strings.Contains(help, "update NVIDIA's driver, which is for CUDA 12.4") {
		t.Errorf("the help is %q", help)
	}
	if notes := strings.Join(failure.Notes, "\n"); !strings.Contains(notes, "Unsupported .version 8.8; current version is '8.4'") {
		t.Errorf("the notes are %q", notes)
	}
	_, err = d.Load(t.Context(), []byte(".version 7.0\n.target sm_100\n"))
	wantCode(t, err, device.CodeCode)
	m.fail(cuLinkAddData, 1, invalidValue)
	_, err = d.Load(t.Context(), devicetest.PTX)
	wantCode(t, err, device.CodeCode)
	m.fail(cuLinkComplete, 1, invalidValue)
	_, err = d.Load(t.Context(), devicetest.PTX)
	wantCode(t, err, device.CodeDriver)
	m.fail(cuLinkCreate, 1, outOfMemory)
	_, err = d.Load(t.Context(), devicetest.PTX)
	wantCode(t, err, device.CodeMemory)
}

// TestMisuse holds what the library would not find, or only by a crash.
func TestMisuse(t *testing.T) {
	m := newMock(t)
	d, other := m.open(), newMock(t).open()
	stream := must[device.Stream](t)(d.NewStream())
	foreign := must[device.Event](t)(other.NewEvent())
	event := must[device.Event](t)(d.NewEvent())
	module := must[device.Module](t)(d.Load(t.Context(), devicetest.PTX))
	poke := must[device.Kernel](t)(module.Kernel("poke"))
	sum := must[device.Kernel](t)(module.Kernel("block_sum"))
	one := device.Launch{Blocks: 1, Threads: 1}
	gone := must[device.Module](t)(d.Load(t.Context(), devicetest.PTX))
	orphan := must[device.Kernel](t)(gone.Kernel("poke"))
	check(t, gone.Close())
	closed := must[device.Stream](t)(d.NewStream())
	check(t, closed.Close())
	reserved := must[device.Address](t)(d.Reserve(4 * d.Granularity()))
	check(t, d.Commit(reserved, d.Granularity()))
	graph := must[device.Graph](t)(stream.Capture(func() error { return nil }))
	check(t, graph.Close())
	only := func(_ any, err error) error { return err }
	inCapture := func(call func() error) error {
		_, err := stream.Capture(call)
		return err
	}
	for name, err := range map[string]error{
		"no memory":                  only(d.Allocate(0)),
		"free of nothing":            d.Free(256),
		"no host memory":             only(d.AllocateHost(0)),
		"free of other memory":       d.FreeHost([]byte{1}),
		"reserve of a part":          only(d.Reserve(d.Granularity() + 1)),
		"commit of a part":           d.Commit(reserved, 1),
		"commit twice":               d.Commit(reserved, d.Granularity()),
		"commit beyond":              d.Commit(reserved, 5*d.Granularity()),
		"commit elsewhere":           d.Commit(device.Address(d.Granularity()), d.Granularity()),
		"release of nothing":         d.Release(256),
		"event of another device":    stream.Record(foreign),
		"wait for another device":    stream.Wait(foreign),
		"time between two devices":   only(event.Since(foreign)),
		"time before it passed":      only(event.Since(event)),
		"no blocks":                  stream.Launch(poke, device.Launch{Threads: 1}, nil),
		"too many threads":           stream.Launch(sum, device.Launch{Blocks: 1, Threads: 257}, nil),
		"too much shared memory":     stream.Launch(sum, device.Launch{Blocks: 1, Threads: 1, Shared: 232448}, nil),
		"too many parameters":        stream.Launch(poke, one, make([]byte, 4097)),
		"too few parameters":         stream.Launch(poke, one, make([]byte, 8)),
		"kernel of a closed module":  stream.Launch(orphan, one, make([]byte, 12)),
		"a closed stream":            closed.Fill(reserved, 0, 1),
		"a negative fill":            stream.Fill(reserved, 0, -1),
		"a negative copy":            stream.CopyWithin(reserved, reserved, -1),
		"a closed graph":             stream.Replay(graph),
		"synchronise in a capture":   inCapture(func() error { return stream.Synchronize(t.Context()) }),
		"close in a capture":         inCapture(stream.Close),
		"capture in a capture":       inCapture(func() error { return inCapture(func() error { return nil }) }),
		"replay in a capture":        inCapture(func() error { return stream.Replay(graph) }),
		"a name with a zero byte":    only(module.Kernel("poke\x00")),
		"occupancy of no threads":    only(poke.Occupancy(0, 0)),
		"kernel from closed module":  only(gone.Kernel("poke")),
		"occupancy of closed module": only(orphan.Occupancy(32, 0)),
	} {
		var failure *diag.Diagnostic
		if !errors.As(err, &failure) || failure.Code != device.CodeDriver {
			t.Errorf("%s gives %v", name, err)
		}
	}
	check(t, stream.Fill(reserved, 1, 16), stream.Synchronize(t.Context()))
}
