// Package device is what the runtime knows of GPUs: one interface, Driver, behind
// which stand the CUDA driver (package cuda) and an emulator that runs the same PTX
// on the CPU (package emulator). It takes PTX and bytes, and gives kernels, memory and
// the order in which things happen; it knows nothing of queries.
//
// Work goes into streams: what one stream is given happens in that order, and
// different streams overlap. A call that gives work may return before the work is
// done; its errors may come from a later call of the same stream, from Synchronize at
// the latest. After a kernel has faulted, or the device was lost, every call gives that
// error until the Driver is closed.
//
// Errors are diagnostics with the codes of this package, so that who calls can tell
// "no such device" from "not enough memory" from "the kernel faulted".
package device
