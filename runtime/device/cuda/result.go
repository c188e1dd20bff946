//go:build linux && (amd64 || arm64)

package cuda

import (
	"fmt"
	"unsafe"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// result is what a function of the library returns, a CUresult. The numbers are part of
// its binary interface.
type result int32

const (
	success               result = 0
	invalidValue          result = 1
	outOfMemory           result = 2
	deinitialized         result = 4
	stubLibrary           result = 34
	deviceUnavailable     result = 46
	noDevice              result = 100
	invalidDevice         result = 101
	invalidImage          result = 200
	noBinaryForGPU        result = 209
	eccUncorrectable      result = 214
	invalidPTX            result = 218
	nvlinkUncorrectable   result = 220
	compilerNotFound      result = 221
	unsupportedPTXVersion result = 222
	compilationDisabled   result = 223
	contained             result = 226
	invalidSource         result = 300
	symbolNotFound        result = 302
	notFound              result = 500
	notReady              result = 600
	illegalAddress        result = 700
	launchTimeout         result = 702
	contextActive         result = 708
	contextIsDestroyed    result = 709
	assertion             result = 710
	hardwareStackError    result = 714
	illegalInstruction    result = 715
	misalignedAddress     result = 716
	invalidAddressSpace   result = 717
	invalidPC             result = 718
	launchFailed          result = 719
	notPermitted          result = 800
	systemNotReady        result = 802
	driverMismatch        result = 803
	compatNotSupported    result = 804
)

// code tells what kind of failure a result is.
func (r result) code() diag.Code {
	switch r {
	case outOfMemory:
		return device.CodeMemory
	case illegalAddress, assertion, hardwareStackError, illegalInstruction, misalignedAddress,
		invalidAddressSpace, invalidPC, launchFailed:
		return device.CodeFault
	case deinitialized, deviceUnavailable, invalidDevice, eccUncorrectable, nvlinkUncorrectable,
		contained, launchTimeout, contextIsDestroyed, notPermitted, systemNotReady:
		return device.CodeLost
	case invalidImage, noBinaryForGPU, invalidPTX, compilerNotFound, unsupportedPTXVersion,
		compilationDisabled, invalidSource, symbolNotFound:
		return device.CodeCode
	default:
		return device.CodeDriver
	}
}

// name is what the library calls a result: "CUDA_ERROR_ILLEGAL_ADDRESS (700)".
func (l *library) name(r result) string {
	var name *byte
	if l.call(cuGetErrorName, uintptr(r), uintptr(unsafe.Pointer(&name))) != success || name == nil {
		return fmt.Sprintf("error %d", r)
	}
	return fmt.Sprintf("%s (%d)", text(name), r)
}

// sentence is the library's explanation of a result, or nothing.
func (l *library) sentence(r result) string {
	var sentence *byte
	if l.call(cuGetErrorString, uintptr(r), uintptr(unsafe.Pointer(&sentence))) != success {
		return ""
	}
	return text(sentence)
}

// failure makes a diagnostic of a result.
func (l *library) failure(s symbol, r result) *diag.Diagnostic {
	call := fmt.Sprintf("%s gives %s", symbolNames[s], l.name(r))
	var d *diag.Diagnostic
	switch code := r.code(); code {
	case device.CodeMemory:
		d = diag.New(code, "the GPU has too little memory: %s", call).
			Helpf("close other programs that use the GPU")
	case device.CodeFault:
		d = diag.New(code, "a kernel faulted on the GPU: %s", call).
			Note("the library tells of it at the first call after the fault, whichever that is").
			Helpf("report this with the query")
	case device.CodeLost:
		d = diag.New(code, "the GPU was lost: %s", call).
			Helpf("look at the system's log and at nvidia-smi")
	case device.CodeCode:
		d = diag.New(code, "the driver of the GPU cannot use the code: %s", call)
		switch r {
		case compilerNotFound:
			d.Helpf("the part of NVIDIA's driver that translates PTX is missing: install libnvidia-ptxjitcompiler.so.1 of the same version as the driver")
		case compilationDisabled:
			d.Helpf("the environment forbids to translate PTX: take CUDA_DISABLE_PTX_JIT out of it")
		case unsupportedPTXVersion:
			d.Helpf("update NVIDIA's driver, which is for CUDA %s", versionText(l.version))
		default:
			d.Helpf("compile again for the GPU that is there")
		}
	default:
		d = diag.New(code, "the driver of the GPU reports an error: %s", call)
	}
	if sentence := l.sentence(r); sentence != "" {
		d.Note("the driver says: %s", sentence)
	}
	return d
}

// opening makes a diagnostic of a result that a device could not be opened for.
func (l *library) opening(s symbol, r result) *diag.Diagnostic {
	if code := r.code(); code == device.CodeMemory || code == device.CodeFault {
		return l.failure(s, r) // a fault of this process, of which the library still tells
	}
	call := fmt.Sprintf("%s gives %s", symbolNames[s], l.name(r))
	const none = "there is no GPU that can be used: "
	var d *diag.Diagnostic
	switch r {
	case noDevice:
		d = diag.New(device.CodeMissing, none+"the CUDA driver sees no device").
			Helpf("look whether nvidia-smi lists a GPU, and whether CUDA_VISIBLE_DEVICES hides it")
	case stubLibrary:
		d = diag.New(device.CodeMissing, none+"the library that was found is the toolkit's stub, not the driver").
			Helpf("install NVIDIA's driver, and take the toolkit's directory \"stubs\" out of LD_LIBRARY_PATH")
	case driverMismatch, compatNotSupported:
		d = diag.New(device.CodeMissing, none+"the parts of the CUDA driver are of different versions").
			Helpf("install the library and the kernel's module of one version of NVIDIA's driver; after an update, restart the machine")
	case deviceUnavailable:
		d = diag.New(device.CodeMissing, none+"another program has it for itself").
			Helpf("end that program, which nvidia-smi lists, or set the GPU's compute mode to default")
	default:
		d = diag.New(device.CodeMissing, none+"the CUDA driver does not start").
			Helpf("look whether nvidia-smi works, and at the system's log")
	}
	d.Note("%s", call)
	if sentence := l.sentence(r); sentence != "" {
		d.Note("the driver says: %s", sentence)
	}
	return d
}

// versionText writes 12040 as "12.4".
func versionText(version int) string {
	return fmt.Sprintf("%d.%d", version/1000, version%1000/10)
}
