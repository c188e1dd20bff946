// Package ptxastest assembles PTX in tests with NVIDIA's ptxas, where there is one: it
// takes PTX, and gives the registers, the memory and the spills of each kernel. It is
// for tests alone; Heddle itself leaves translating PTX to the driver.
//
// The assembler is the one that HEDDLE_PTXAS names, or the one that "make ptxas" has
// fetched. Without one, tests are skipped.
package ptxastest
