//go:build unix && !(linux && cgo)

package linear

// HandlesTruncation says whether a truncated file gives E0687 (true) or ends
// the process (false). A handler of SIGBUS that may return needs C.
const HandlesTruncation = false

type faultSlot struct{}

func claimFaultSlot(_, _ uintptr) (faultSlot, error) { return faultSlot{}, nil }

func (*faultSlot) take() fault { return 0 }

func (*faultSlot) release() {}
