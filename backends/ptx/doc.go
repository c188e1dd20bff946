// Package ptx turns kernels of the kern level into PTX, the assembly language of NVIDIA
// GPUs: Lower takes an ir.Module and gives LLVM IR for its functions with Threads, and a
// Compiler, which Find finds, gives what llc makes of that.
//
// # Kernels
//
// A kernel becomes an entry named EntryName of the function. Its first parameter is the
// device address of the mirror (64 bits), then follow the function's own, each at a
// multiple of its size; of a kernel of the compiler these are the context and the launch
// block, as package abi has them. An addr means the byte that lies so far behind the
// mirror, a gaddr is an address of the device, an saddr one in the memory of the block.
//
// # From the kern level to LLVM IR
//
// Functions that a kernel calls, of its module and of the library, become part of it:
// a call would need a stack in slow memory. Variables become SSA values while the
// structured code is walked (control.go): llc runs none of the passes that would do it.
// Loops have a phi for each variable that they set, joins for each that differs.
//
// PTX has no unaligned access. A load of which no alignment is known reads the words
// that have its first and its last byte and shifts; a store goes byte by byte; what is
// known to be aligned is one access. Loads from one address with different constant
// offsets stand on one pointer, so that llc merges adjacent ones into accesses of up to
// 16 bytes; the first must have the alignment of all of them.
//
// Vectors of 128 bits are two registers (vector.go). Floats are computed as on the CPU,
// to the bit: nothing is fused or approximated, and CheckPTX refuses code that is.
//
// # Failures
//
// heddle.fail leaves the lowest number of a site in the launch block, which a kernel that
// can fail takes as its second parameter, and goes on: the op trap that stands behind it
// leads to the end of the innermost block that recovers, or ends the thread. A division
// by zero, or of the least number by -1, that the code does not guard does both, with
// SiteUnknown.
//
// The budget of the CPU is not counted: global_get gives 0, heddle.tick is nothing, loops
// are as they stand. The host bounds a launch by the rows that it gives. Other functions
// of the host, and those of the library that Unavailable lists, cannot be called.
//
// # The compiler
//
// Compile keeps what it made, by the digest of the LLVM IR, the target, and the version
// and the arguments of llc. Literals are no part of a kernel's code but parameters in the
// context, so the same shape of a query does not run llc again.
package ptx
