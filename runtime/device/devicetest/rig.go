package devicetest

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// rig is an open driver with a stream and the kernels, all closed at the test's end.
type rig struct {
	testing.TB
	driver  device.Driver
	stream  device.Stream
	module  device.Module
	faulted bool // the driver is broken on purpose: closing may fail
}

func newRig(t testing.TB, open func(t testing.TB) device.Driver) *rig {
	t.Helper()
	r := &rig{TB: t, driver: open(t)}
	t.Cleanup(func() {
		if err := r.driver.Close(); err != nil && !r.faulted {
			t.Errorf("closing the driver: %v", err)
		}
	})
	var err error
	r.stream, err = r.driver.NewStream()
	r.must("NewStream", err)
	r.module, err = r.driver.Load(t.Context(), PTX)
	r.must("Load", err)
	return r
}

func (r *rig) must(what string, err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
}

func (r *rig) kernel(name string) device.Kernel {
	r.Helper()
	k, err := r.module.Kernel(name)
	r.must("Kernel", err)
	return k
}

func (r *rig) allocate(bytes int) device.Address {
	r.Helper()
	address, err := r.driver.Allocate(int64(bytes))
	r.must("Allocate", err)
	return address
}

func (r *rig) synchronize() {
	r.Helper()
	r.must("Synchronize", r.stream.Synchronize(r.Context()))
}

// upload gives device memory that holds contents.
func (r *rig) upload(contents []byte) device.Address {
	r.Helper()
	address := r.allocate(len(contents))
	r.must("CopyIn", r.stream.CopyIn(address, contents))
	return address
}

// download waits and gives what lies at an address.
func (r *rig) download(address device.Address, bytes int) []byte {
	r.Helper()
	contents := make([]byte, bytes)
	r.must("CopyOut", r.stream.CopyOut(contents, address))
	r.synchronize()
	return contents
}

func (r *rig) launch(name string, launch device.Launch, parameters ...any) {
	r.Helper()
	r.must("Launch of "+name, r.stream.Launch(r.kernel(name), launch, Parameters(parameters...)))
}

// numbers gives the same numbers each time: a test that fails once fails again.
func numbers(count int, seed uint32) []uint32 {
	all := make([]uint32, count)
	for i := range all {
		seed = seed*1664525 + 1013904223
		all[i] = seed >> 3
	}
	return all
}

func bytesOf(words []uint32) []byte {
	var all []byte
	for _, w := range words {
		all = binary.LittleEndian.AppendUint32(all, w)
	}
	return all
}

func wordsOf(all []byte) []uint32 {
	words := make([]uint32, len(all)/4)
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(all[4*i:])
	}
	return words
}

func noise(bytes int, seed uint32) []byte { return bytesOf(numbers(bytes/4+1, seed))[:bytes] }

// wantCode tells whether err is a diagnostic with the code.
func (r *rig) wantCode(what string, err error, want diag.Code) {
	r.Helper()
	var d *diag.Diagnostic
	if !errors.As(err, &d) || d.Code != want {
		r.Errorf("%s gives %v, and not an error %s", what, err, want)
	}
}

// want compares bytes without printing all of them.
func (r *rig) want(what string, want, got []byte) {
	r.Helper()
	if len(want) != len(got) {
		r.Errorf("%s: %d bytes, not %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if want[i] != got[i] {
			r.Errorf("%s: byte %d of %d is %#x, not %#x", what, i, len(want), got[i], want[i])
			return
		}
	}
}
