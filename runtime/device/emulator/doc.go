// Package emulator runs PTX on the CPU, behind the interface that the CUDA driver has too.
// It takes the text that LLVM prints, and does what a GPU would do with it; it is there so
// that everything that runs on a GPU can be tested where there is none, and tested harder
// than a GPU does.
//
//	ptx         text to functions, registers, instructions
//	compile     instructions to functions of Go over the registers of a warp
//	warp        32 threads; those at the same place take steps together
//	block       warps, shared memory, barriers
//	launch      blocks, on several goroutines
//	stream      work in its order; Driver: memory and modules
//
// Threads are independent, as they are on devices from sm_70 on: nothing may rely on lanes
// of a warp being together unless an instruction puts them together. Instructions that
// need other lanes wait for those that their mask names. Lanes at the same place are run
// together, since that is faster and shows how code works that makes use of it; with
// Options.Seed they part by chance.
//
// What is not defined is made to hurt. Memory that is given out, shared memory, local
// memory and registers hold a pattern and not zeros; every access is checked against the
// exact bounds of its allocation and for alignment, and no address is ever used twice;
// shared memory is watched for races; a shuffle from a lane outside of its mask, a lane
// that has exited, a barrier that threads reach at different places, and waiting for ever
// are faults. A fault (E0672) names the line of the PTX, the block and the thread. PTX
// with anything in it that is not known is refused when it is loaded (E0674), as is PTX
// for a newer device than the options describe.
//
// What it cannot show is how memory reorders accesses of different threads, how much a
// kernel takes of a real device, and how fast it is there. The times of events are
// nominal: instructions and bytes at fixed rates.
package emulator
