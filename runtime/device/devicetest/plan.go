package devicetest

import (
	"errors"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/runtime/device"
)

// Call is a method of the interfaces of package device.
type Call string

// The calls that can fail. Those of Kernel and Occupancy are of a module and a kernel, Since
// is of an event, and from CopyIn on they are of a stream. Closing a part of a driver does
// not fail by plan.
const (
	Any          Call = "" // whichever comes
	Load         Call = "Load"
	Kernel       Call = "Kernel"
	Occupancy    Call = "Occupancy"
	Allocate     Call = "Allocate"
	Free         Call = "Free"
	Reserve      Call = "Reserve"
	Commit       Call = "Commit"
	Release      Call = "Release"
	Available    Call = "Available"
	AllocateHost Call = "AllocateHost"
	FreeHost     Call = "FreeHost"
	NewStream    Call = "NewStream"
	NewEvent     Call = "NewEvent"
	Since        Call = "Since"
	CopyIn       Call = "CopyIn"
	CopyOut      Call = "CopyOut"
	CopyWithin   Call = "CopyWithin"
	Fill         Call = "Fill"
	Launch       Call = "Launch"
	Record       Call = "Record"
	Wait         Call = "Wait"
	Capture      Call = "Capture"
	Replay       Call = "Replay"
	Synchronize  Call = "Synchronize"
)

// Plan says what goes wrong. The zero Plan is a device without fault.
type Plan struct {
	Faults []Fault
	// Memory is how many bytes of memory the device seems to have, if it is not 0:
	// Allocate and Commit give E0671 beyond, and Properties and Available tell of it.
	Memory int64
}

// Fault makes a call fail. A call that fails does nothing.
type Fault struct {
	// Call is what fails, Kernel the kernel if only launches of that one count, and At
	// which of those calls it is, counted from 1; 0 stands for the first.
	Call   Call
	Kernel string
	At     int
	// Forever makes all later of those calls fail too.
	Forever bool
	// Late makes a call of a stream seem to work: its work is not done, and the error
	// comes when the stream is synchronised, as it does from real devices.
	Late bool
	// Err is what the call gives. If its code is E0672 or E0673, all later calls give
	// it as well, as package device lays down.
	Err error
}

// OutOfMemory is a new E0671.
func OutOfMemory() error {
	return diag.New(device.CodeMemory, "the GPU has too little memory: the test's plan says so")
}

// KernelFault is a new E0672.
func KernelFault() error {
	return diag.New(device.CodeFault, "a kernel faulted on the GPU: the test's plan says so")
}

// Lost is a new E0673.
func Lost() error {
	return diag.New(device.CodeLost, "the GPU was lost: the test's plan says so")
}

// BadCode is a new E0674.
func BadCode() error {
	return diag.New(device.CodeCode, "the driver of the GPU cannot use the code: the test's plan says so")
}

// stays reports whether an error is for all later calls too.
func stays(err error) bool {
	var d *diag.Diagnostic
	return errors.As(err, &d) && (d.Code == device.CodeFault || d.Code == device.CodeLost)
}
