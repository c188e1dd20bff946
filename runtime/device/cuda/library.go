//go:build linux && (amd64 || arm64)

package cuda

import (
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// defaultLibrary is the name under which the driver's package installs its interface.
const defaultLibrary = "libcuda.so.1"

// minimumVersion is the oldest version of the interface, a thousand times the major and
// ten times the minor number, that has every function below: 11.4.
const minimumVersion = 11040

// symbol is a function of the library.
type symbol int

// The functions that this package calls. A suffix _v2 is part of the exported name: the
// header of the toolkit hides it behind a macro.
const (
	cuDriverGetVersion symbol = iota
	cuInit
	cuGetErrorName
	cuGetErrorString
	cuDeviceGetCount
	cuDeviceGet
	cuDeviceGetName
	cuDeviceGetAttribute
	cuDeviceTotalMem
	cuDevicePrimaryCtxSetFlags
	cuDevicePrimaryCtxRetain
	cuDevicePrimaryCtxRelease
	cuCtxSetCurrent
	cuCtxSynchronize
	cuMemGetInfo
	cuMemAlloc
	cuMemFree
	cuMemHostAlloc
	cuMemFreeHost
	cuMemcpyHtoDAsync
	cuMemcpyDtoHAsync
	cuMemcpyDtoDAsync
	cuMemsetD8Async
	cuMemGetAllocationGranularity
	cuMemAddressReserve
	cuMemAddressFree
	cuMemCreate
	cuMemRelease
	cuMemMap
	cuMemUnmap
	cuMemSetAccess
	cuStreamCreate
	cuStreamDestroy
	cuStreamQuery
	cuStreamSynchronize
	cuStreamWaitEvent
	cuStreamBeginCapture
	cuStreamEndCapture
	cuEventCreate
	cuEventDestroy
	cuEventRecord
	cuEventSynchronize
	cuEventElapsedTime
	cuGraphInstantiateWithFlags
	cuGraphLaunch
	cuGraphDestroy
	cuGraphExecDestroy
	cuLinkCreate
	cuLinkAddData
	cuLinkComplete
	cuLinkDestroy
	cuModuleLoadData
	cuModuleUnload
	cuModuleGetFunction
	cuFuncGetAttribute
	cuFuncSetAttribute
	cuOccupancyMaxActiveBlocksPerMultiprocessor
	cuLaunchKernel
	symbolCount
)

var symbolNames = [symbolCount]string{
	cuDriverGetVersion:            "cuDriverGetVersion",
	cuInit:                        "cuInit",
	cuGetErrorName:                "cuGetErrorName",
	cuGetErrorString:              "cuGetErrorString",
	cuDeviceGetCount:              "cuDeviceGetCount",
	cuDeviceGet:                   "cuDeviceGet",
	cuDeviceGetName:               "cuDeviceGetName",
	cuDeviceGetAttribute:          "cuDeviceGetAttribute",
	cuDeviceTotalMem:              "cuDeviceTotalMem_v2",
	cuDevicePrimaryCtxSetFlags:    "cuDevicePrimaryCtxSetFlags_v2",
	cuDevicePrimaryCtxRetain:      "cuDevicePrimaryCtxRetain",
	cuDevicePrimaryCtxRelease:     "cuDevicePrimaryCtxRelease_v2",
	cuCtxSetCurrent:               "cuCtxSetCurrent",
	cuCtxSynchronize:              "cuCtxSynchronize",
	cuMemGetInfo:                  "cuMemGetInfo_v2",
	cuMemAlloc:                    "cuMemAlloc_v2",
	cuMemFree:                     "cuMemFree_v2",
	cuMemHostAlloc:                "cuMemHostAlloc",
	cuMemFreeHost:                 "cuMemFreeHost",
	cuMemcpyHtoDAsync:             "cuMemcpyHtoDAsync_v2",
	cuMemcpyDtoHAsync:             "cuMemcpyDtoHAsync_v2",
	cuMemcpyDtoDAsync:             "cuMemcpyDtoDAsync_v2",
	cuMemsetD8Async:               "cuMemsetD8Async",
	cuMemGetAllocationGranularity: "cuMemGetAllocationGranularity",
	cuMemAddressReserve:           "cuMemAddressReserve",
	cuMemAddressFree:              "cuMemAddressFree",
	cuMemCreate:                   "cuMemCreate",
	cuMemRelease:                  "cuMemRelease",
	cuMemMap:                      "cuMemMap",
	cuMemUnmap:                    "cuMemUnmap",
	cuMemSetAccess:                "cuMemSetAccess",
	cuStreamCreate:                "cuStreamCreate",
	cuStreamDestroy:               "cuStreamDestroy_v2",
	cuStreamQuery:                 "cuStreamQuery",
	cuStreamSynchronize:           "cuStreamSynchronize",
	cuStreamWaitEvent:             "cuStreamWaitEvent",
	cuStreamBeginCapture:          "cuStreamBeginCapture_v2",
	cuStreamEndCapture:            "cuStreamEndCapture",
	cuEventCreate:                 "cuEventCreate",
	cuEventDestroy:                "cuEventDestroy_v2",
	cuEventRecord:                 "cuEventRecord",
	cuEventSynchronize:            "cuEventSynchronize",
	cuEventElapsedTime:            "cuEventElapsedTime",
	cuGraphInstantiateWithFlags:   "cuGraphInstantiateWithFlags",
	cuGraphLaunch:                 "cuGraphLaunch",
	cuGraphDestroy:                "cuGraphDestroy",
	cuGraphExecDestroy:            "cuGraphExecDestroy",
	cuLinkCreate:                  "cuLinkCreate_v2",
	cuLinkAddData:                 "cuLinkAddData_v2",
	cuLinkComplete:                "cuLinkComplete",
	cuLinkDestroy:                 "cuLinkDestroy",
	cuModuleLoadData:              "cuModuleLoadData",
	cuModuleUnload:                "cuModuleUnload",
	cuModuleGetFunction:           "cuModuleGetFunction",
	cuFuncGetAttribute:            "cuFuncGetAttribute",
	cuFuncSetAttribute:            "cuFuncSetAttribute",
	cuOccupancyMaxActiveBlocksPerMultiprocessor: "cuOccupancyMaxActiveBlocksPerMultiprocessor",
	cuLaunchKernel: "cuLaunchKernel",
}

// library is the CUDA driver in this process.
type library struct {
	functions [symbolCount]uintptr
	version   int // as cuDriverGetVersion gives it
}

// libraries are those that have been loaded, by name. They are never unloaded: the
// driver has threads of its own.
var libraries struct {
	mu     sync.Mutex
	loaded map[string]*library
}

// load finds the library and initialises it. A failure is not remembered, so that a
// driver which is installed later is found.
func load(name string) (*library, error) {
	if name == "" {
		name = defaultLibrary
	}
	libraries.mu.Lock()
	defer libraries.mu.Unlock()
	if l := libraries.loaded[name]; l != nil {
		return l, nil
	}
	// What dlopen and dlsym have to say is kept for the thread that called them.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	handle, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, diag.New(device.CodeMissing, "there is no GPU that can be used: the CUDA driver is not installed").
			Note("%s", err).
			Helpf("install NVIDIA's driver, which brings %s; in a container, start it with the GPUs of the machine (--gpus all)", defaultLibrary)
	}
	l := &library{}
	if err := l.bind(handle); err != nil {
		return nil, err
	}
	if r := l.call(cuInit, 0); r != success {
		return nil, l.opening(cuInit, r)
	}
	if libraries.loaded == nil {
		libraries.loaded = map[string]*library{}
	}
	libraries.loaded[name] = l
	return l, nil
}

// bind looks up the functions. The version comes first: a driver that is too old is the
// better message than the first function that it lacks.
func (l *library) bind(handle uintptr) error {
	for s := range symbolCount {
		function, err := purego.Dlsym(handle, symbolNames[s])
		if err != nil {
			return diag.New(device.CodeMissing, "there is no GPU that can be used: the CUDA driver lacks the function %s", symbolNames[s]).
				Note("%s", err).
				Helpf("install NVIDIA's driver for CUDA %s or newer", versionText(minimumVersion))
		}
		l.functions[s] = function
		if s != cuDriverGetVersion {
			continue
		}
		var version int32
		if r := l.call(cuDriverGetVersion, uintptr(unsafe.Pointer(&version))); r != success {
			return diag.New(device.CodeMissing, "there is no GPU that can be used: the CUDA driver does not tell its version (error %d)", r).
				Helpf("install NVIDIA's driver for CUDA %s or newer", versionText(minimumVersion))
		}
		l.version = int(version)
		if l.version < minimumVersion {
			return diag.New(device.CodeMissing, "there is no GPU that can be used: the CUDA driver is too old, it is for CUDA %s and CUDA %s is needed",
				versionText(l.version), versionText(minimumVersion)).
				Helpf("install a newer driver of NVIDIA")
		}
	}
	return nil
}

// call calls a function of the library. Pointers are converted in the argument list, as
// the directive demands: then what they point to is on the heap, stays alive, and does
// not move.
//
//go:uintptrescapes
func (l *library) call(s symbol, arguments ...uintptr) result {
	r, _, _ := purego.SyscallN(l.functions[s], arguments...)
	return result(int32(r))
}

// text copies what a C string holds.
func text(p *byte) string {
	if p == nil {
		return ""
	}
	length := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), length)) != 0 {
		length++
	}
	return string(unsafe.Slice(p, length))
}
