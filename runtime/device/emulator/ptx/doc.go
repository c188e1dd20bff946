// Package ptx parses PTX, the assembly language of NVIDIA's GPUs, in the form in which
// LLVM prints it. It takes text and gives a Module: variables, and functions with their
// parameters, registers and instructions. Names of registers are resolved, nested scopes
// are flattened, and labels are positions; what an instruction means is the affair of
// who reads the module.
//
// The parser guesses nothing. Whatever it does not know is an *Error with the line, as
// are external functions, which stand where LLVM did not know an intrinsic.
//
// The language is that of NVIDIA's "Parallel Thread Execution ISA", versions 6.0 to 9.0.
package ptx
