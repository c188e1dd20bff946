package devicetest

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/heddle-lang/heddle/runtime/device"
)

// PTX is the module of the kernels that Run uses; each says there what it does.
//
//go:embed kernels.ptx
var PTX []byte

// Parameters packs the parameters of a kernel as device.Stream's Launch wants them: each
// at a multiple of its size. It knows device.Address and the integers and floats of fixed
// size.
func Parameters(values ...any) []byte {
	var packed []byte
	align := func(size int) {
		for len(packed)%size != 0 {
			packed = append(packed, 0)
		}
	}
	for _, value := range values {
		switch v := value.(type) {
		case uint8:
			packed = append(packed, v)
		case uint16:
			align(2)
			packed = binary.LittleEndian.AppendUint16(packed, v)
		case uint32:
			align(4)
			packed = binary.LittleEndian.AppendUint32(packed, v)
		case int32:
			align(4)
			packed = binary.LittleEndian.AppendUint32(packed, uint32(v))
		case float32:
			align(4)
			packed = binary.LittleEndian.AppendUint32(packed, math.Float32bits(v))
		case uint64:
			align(8)
			packed = binary.LittleEndian.AppendUint64(packed, v)
		case int64:
			align(8)
			packed = binary.LittleEndian.AppendUint64(packed, uint64(v))
		case device.Address:
			align(8)
			packed = binary.LittleEndian.AppendUint64(packed, uint64(v))
		case float64:
			align(8)
			packed = binary.LittleEndian.AppendUint64(packed, math.Float64bits(v))
		default:
			panic(fmt.Sprintf("BUG: a parameter of type %T", value))
		}
	}
	return packed
}

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
