package place

import "github.com/heddle-lang/heddle/internal/diag"

// Codes of placement.
var (
	CodePin = diag.Register(diag.CodeInfo{
		Code: "E0955", Title: "a pipeline cannot run where it was pinned",
		Explanation: `A part of the query was pinned to the GPU, and cannot run there: kernels lack something
that it needs, such as sorting, or the machine has no GPU.

Example:

    error[E0955]: pipeline 2 (scan lineitem, sort) cannot run on the GPU, to which it is pinned: records are sorted on the CPU only

What to do: take the pin away; that part then runs on the CPU, and the others stay where they
are. The message says which capability is missing.`,
	})
	CodeProfile = diag.Register(diag.CodeInfo{
		Code: "E0956", Title: "the profile of the machine cannot be used",
		Explanation: `The file with the figures by which Heddle chooses between CPU and GPU cannot be read or written,
is of another release, or holds a figure that no machine has.

Example:

    error[E0956]: the profile cannot be used: cpu.scanBytes is -1

What to do: measure the machine again with "heddle calibrate", or delete the file: the built-in
figures are used then.`,
	})
	CodeGPU = diag.Register(diag.CodeInfo{
		Code: "E0957", Title: "no profile of that GPU",
		Explanation: `A GPU was named to plan for, and Heddle has no figures of it.

Example: the name "h300".

What to do: the message lists the names. A GPU of this machine is measured by "heddle calibrate".`,
	})
)
