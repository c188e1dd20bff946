// Package cuda runs kernels on NVIDIA's GPUs: it takes PTX and bytes, and implements
// device.Driver with the CUDA driver's own interface, which is part of every
// installation of the driver (libcuda.so.1). It needs no toolkit and no cgo.
//
// Nothing is loaded before Open or Devices is called. The library stays in the process
// from then on, as it does in every program that uses it.
//
// # Threads
//
// A CUDA context is current for one thread of the operating system, and goroutines move
// between threads. There are two ways out: one goroutine that owns a thread and does all
// calls, or to make the context current at the start of each call. This package does
// the latter. The library is safe for concurrent use, and some of its calls take long:
// translating PTX tens of milliseconds, waiting for a stream as long as the work. With
// one thread all other streams would stand still meanwhile; and handing a call to
// another goroutine and back costs more than the call that makes a context current,
// which only writes a variable of the thread. So calls of different goroutines overlap,
// and each costs about a tenth of a microsecond more.
//
// # Memory of the program
//
// The device reads and writes only memory that AllocateHost gave, since Go's own may
// neither stay where it is nor be alive when the copy happens. Other slices pass
// through pinned buffers of the stream, a mebibyte at a time: CopyIn fills them before it
// returns, and CopyOut's bytes are brought over when the stream is synchronised, or
// when the buffers are needed again. A stream that never sees such a slice has no
// buffers.
//
// Captured in a graph, a copy from memory that AllocateHost gave reads it at each
// replay; a copy from other memory brings what was there when it was captured.
//
// # Compiled code
//
// The library translates PTX to the machine code of the device, which takes longer than
// many queries. Open can be given a directory where that code is kept (see
// CubinCache).
//
// # Platforms
//
// Linux on amd64 and arm64. Elsewhere Open and Devices give E0670.
package cuda
