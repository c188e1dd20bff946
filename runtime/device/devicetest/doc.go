// Package devicetest is for tests of and with devices.
//
// Run is what every device.Driver must pass, whether a GPU or an emulator stands behind
// it: it opens the driver many times, and runs kernels of its own whose results are
// known. It asks for nothing that the documentation of package device leaves open.
//
// Faulty stands between a Driver and who uses it, and makes calls fail as a plan says, so
// that a user's way out can be tested without a device that is broken; it also counts
// calls, and what was not given back.
package devicetest
