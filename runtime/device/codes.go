package device

import "github.com/heddle-lang/heddle/internal/diag"

// Codes of what can go wrong with a device.
var (
	CodeMissing = diag.Register(diag.CodeInfo{
		Code: "E0670", Title: "there is no GPU that can be used",
		Explanation: `A query was to run on a GPU, and this machine has none, or none that Heddle can use: the
driver of the GPU is not installed, is too old, or does not see a device.

Example:

    $ heddle run --device gpu -c 'select sum(l_quantity) from lineitem'
    error[E0670]: there is no GPU that can be used: the CUDA driver is not installed

What to do: install the driver of the GPU (for NVIDIA, the one that brings libcuda.so.1 and
nvidia-smi), or run on the CPU (--device cpu). --device emulator runs the same code without a GPU, slowly.`,
	})
	CodeMemory = diag.Register(diag.CodeInfo{
		Code: "E0671", Title: "the GPU has too little memory",
		Explanation: `What a query needs on the GPU does not fit its memory: columns, tables for joins, or groups.
Heddle runs the pipeline on the CPU then, with the same result, and says so; with --require-device
it ends with this error instead.

What to do: close other programs that use the GPU, raise --device-memory if it is set, or leave
--require-device out.`,
	})
	CodeFault = diag.Register(diag.CodeInfo{
		Code: "E0672", Title: "a kernel faulted on the GPU",
		Explanation: `Code on the GPU did something that it must not: it read or wrote outside of its memory, at an address
that is not aligned, or disagreed about a barrier. That is a mistake in Heddle, or in the driver, or a bundle
that somebody has changed. The result is computed on the CPU then, and the device is not used again in
this process; with --require-device the query ends with this error instead.

What to do: report it with the query and the message. --device cpu avoids the GPU.`,
	})
	CodeLost = diag.Register(diag.CodeInfo{
		Code: "E0673", Title: "the GPU was lost",
		Explanation: `The driver reports that the device does not answer any more, or that it took longer than it may: it
was reset, unplugged, or failed. The result is computed on the CPU then; with --require-device the query
ends with this error instead.

What to do: look at the system's log and at nvidia-smi. A restart of the process opens the device again.`,
	})
	CodeCode = diag.Register(diag.CodeInfo{
		Code: "E0674", Title: "the GPU's driver cannot use the code",
		Explanation: `PTX is translated by the driver when it is loaded. This one refuses it: it was made for a newer kind of
GPU or a newer driver than are there, or it is damaged.

Example:

    error[E0674]: the driver of the GPU cannot use the code: it is for sm_90, and the device is sm_80

What to do: update the driver, or compile again for the GPU that is there (--gpu). Without --require-device the
query runs on the CPU.`,
	})
	CodeDriver = diag.Register(diag.CodeInfo{
		Code: "E0675", Title: "the driver of the GPU reports an error",
		Explanation: `A call of the GPU's driver failed for a reason of its own, which the message names.

What to do: look up the driver's error by its name. Without --require-device the query runs on the CPU.`,
	})
)
