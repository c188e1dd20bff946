//go:build linux && (amd64 || arm64)

package cuda

import (
	"unsafe"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// attribute is a CUdevice_attribute.
type attribute int

const (
	attributeMultiprocessors          attribute = 16
	attributeIntegrated               attribute = 18
	attributeThreadsPerMultiprocessor attribute = 39
	attributeMajor                    attribute = 75
	attributeMinor                    attribute = 76
	attributeSharedMemory             attribute = 97  // of a block that asks for more than 48 KiB
	attributeVirtualMemory            attribute = 102 // whether addresses can be reserved
)

// blockingSync makes the thread that waits sleep instead of asking again and again: the
// processors have work of their own meanwhile.
const blockingSync = 4

func open(options Options) (device.Driver, error) {
	l, err := load(options.Library)
	if err != nil {
		return nil, err
	}
	count, err := l.count()
	if err != nil {
		return nil, err
	}
	if options.Ordinal < 0 || options.Ordinal >= count {
		return nil, diag.New(device.CodeMissing, "there is no GPU that can be used: number %d was asked for, and the CUDA driver sees %d", options.Ordinal, count).
			Helpf("the numbers count from 0 the devices that nvidia-smi lists and CUDA_VISIBLE_DEVICES leaves")
	}
	handle, properties, err := l.describe(options.Ordinal)
	if err != nil {
		return nil, err
	}
	d := newDriver(l, handle, properties, options.Cache)
	// The flags are those of all users of the device in this process; whoever made
	// the context before us keeps theirs.
	if r := l.call(cuDevicePrimaryCtxSetFlags, uintptr(handle), blockingSync); r != success && r != contextActive {
		return nil, l.opening(cuDevicePrimaryCtxSetFlags, r)
	}
	if r := l.call(cuDevicePrimaryCtxRetain, uintptr(unsafe.Pointer(&d.context)), uintptr(handle)); r != success {
		return nil, l.opening(cuDevicePrimaryCtxRetain, r)
	}
	if err := d.measureGranularity(); err != nil {
		l.call(cuDevicePrimaryCtxRelease, uintptr(handle)) // the first failure is the news
		return nil, err
	}
	return d, nil
}

func devices(options Options) ([]device.Properties, error) {
	l, err := load(options.Library)
	if err != nil {
		return nil, err
	}
	count, err := l.count()
	if err != nil {
		return nil, err
	}
	all := make([]device.Properties, count)
	for ordinal := range all {
		if _, all[ordinal], err = l.describe(ordinal); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// count is how many devices there are, at least one.
func (l *library) count() (int, error) {
	var count int32
	if r := l.call(cuDeviceGetCount, uintptr(unsafe.Pointer(&count))); r != success {
		return 0, l.opening(cuDeviceGetCount, r)
	}
	if count < 1 {
		return 0, l.opening(cuDeviceGetCount, noDevice)
	}
	return int(count), nil
}

// describe gives the handle and the properties of a device.
func (l *library) describe(ordinal int) (handle int32, properties device.Properties, err error) {
	if r := l.call(cuDeviceGet, uintptr(unsafe.Pointer(&handle)), uintptr(ordinal)); r != success {
		return 0, device.Properties{}, l.opening(cuDeviceGet, r)
	}
	name := make([]byte, 256)
	if r := l.call(cuDeviceGetName, uintptr(unsafe.Pointer(&name[0])), uintptr(len(name)), uintptr(handle)); r != success {
		return 0, device.Properties{}, l.opening(cuDeviceGetName, r)
	}
	var memory uintptr
	if r := l.call(cuDeviceTotalMem, uintptr(unsafe.Pointer(&memory)), uintptr(handle)); r != success {
		return 0, device.Properties{}, l.opening(cuDeviceTotalMem, r)
	}
	values := map[attribute]int{
		attributeMajor: 0, attributeMinor: 0, attributeMultiprocessors: 0, attributeSharedMemory: 0,
		attributeThreadsPerMultiprocessor: 0, attributeIntegrated: 0,
	}
	for a := range values {
		if values[a], err = l.attribute(a, handle); err != nil {
			return 0, device.Properties{}, err
		}
	}
	return handle, device.Properties{
		Driver:                   "cuda",
		Name:                     text(&name[0]),
		Architecture:             10*values[attributeMajor] + values[attributeMinor],
		PTX:                      ptxVersion(l.version),
		DriverVersion:            versionText(l.version),
		Multiprocessors:          values[attributeMultiprocessors],
		Memory:                   int64(memory),
		SharedMemory:             values[attributeSharedMemory],
		ThreadsPerMultiprocessor: values[attributeThreadsPerMultiprocessor],
		Integrated:               values[attributeIntegrated] != 0,
	}, nil
}

func (l *library) attribute(a attribute, handle int32) (int, error) {
	var value int32
	if r := l.call(cuDeviceGetAttribute, uintptr(unsafe.Pointer(&value)), uintptr(a), uintptr(handle)); r != success {
		return 0, l.opening(cuDeviceGetAttribute, r)
	}
	return int(value), nil
}

// ptxVersions are the versions of CUDA that brought a version of PTX, from the release
// history in NVIDIA's "Parallel Thread Execution ISA". Later drivers take at least the
// last.
var ptxVersions = []struct{ cuda, ptx int }{
	{11040, 74},
	{11050, 75},
	{11060, 76},
	{11070, 77},
	{11080, 78},
	{12000, 80},
	{12010, 81},
	{12020, 82},
	{12030, 83},
	{12040, 84},
	{12050, 85},
	{12070, 86},
	{12080, 87},
	{12090, 88},
	{13000, 90},
	{13010, 91},
}

// ptxVersion is the highest version of PTX that a driver translates.
func ptxVersion(cuda int) int {
	highest := 0
	for _, v := range ptxVersions {
		if cuda >= v.cuda {
			highest = v.ptx
		}
	}
	return highest
}
