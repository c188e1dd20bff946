// Gpubench measures what a GPU does for queries, and checks that it gives the same
// rows as the CPU. It takes bundles that hold code for both and the tables of TPC-H, and
// gives a table of figures and the same as JSON.
//
//	gpubench build -data DIR -bundles DIR      compile the bundles; needs LLVM and the tables
//	gpubench check -data DIR -bundles DIR      load every module, compare rows with the CPU's
//	gpubench run   -data DIR -bundles DIR      measure
//
// Beside the queries stand two kernels for dense matrices (passes/lower/dense), which no
// query uses: a matrix-vector product, whose bandwidth is compared with that of copies,
// and a small perceptron. Their code is one file among the bundles.
//
// Only build compiles. The machine with the GPU needs this program, the bundles, the
// tables (heddle gen tpch) and the driver: no Go, no LLVM, no CUDA toolkit. Both
// directories have one directory for each scale factor: sf0.01, sf10. Tables are the
// same on every machine, so that bundles fit wherever the tables were made.
//
// # What is measured
//
// Times of kernels are those of the device's own events around each launch. The
// bandwidth of a kernel is the size of the columns that it reads, divided by its time; as
// it need not touch all of a column that is read behind a condition, that can be more than
// went over the bus. It is compared with what the card reaches when it copies from one
// place of its memory to another, where bytes that are read and written both count.
//
// Resident: the columns are in the GPU's memory from the run before. Cold: a session
// that has just begun, the files in the page cache of the machine.
package main
