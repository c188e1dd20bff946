// Package dense makes kernels for dense matrices: it takes the description of a
// matrix-vector product (MatrixVector) or of a small multi-layer perceptron (Perceptron)
// and gives a function of the kern level with Threads, which backends/ptx translates as it
// does any other. Nothing in SQL reaches these kernels yet; they are for passes that find
// such work.
//
// A kernel takes the context, which it does not use, and the device address of its block,
// laid out as the launch block of package abi is: words, then an entry of
// abi.LaunchColumnSize bytes for each array, of which only the address at abi.LaunchValues
// is read. Arrays begin at multiples of 16 bytes, and do not overlap those that the kernel
// writes. A column is an array of one value for each row, as a scan gives it; there must be
// no NULL in it, validity is not looked at.
//
//	word                 MatrixVector          Perceptron
//	abi.LaunchRows       rows of the matrix    rows, below 2^31
//	abi.LaunchError      not touched           not touched: neither can fail
//	BlockColumns         columns               -
//	BlockStride          elements from one     the same, where the inputs are a matrix
//	                     row to the next
//
// Rows are taken with a stride of the whole grid, so that any number of blocks serves.
//
// # Floats
//
// Everything is computed in one type, f32 or f64, with operations that IEEE-754 rounds
// correctly, none of them fused: the interpreter, PTX, and any code with the same order of
// operations give the same bits (of NaNs only that they are NaNs). The order is part of the
// contract. It depends neither on the number of threads or blocks nor on the form that is
// chosen.
//
// Matrix-vector: a vector of 16 bytes has V elements, 4 of f32 or 2 of f64. The product of
// column c goes to accumulator c mod V of lane (c / V) mod 32; each begins with 0 and takes
// its products in the order of columns. A lane adds its accumulators, (0 + 1) + (2 + 3) or
// 0 + 1; then lane i adds the sum of lane i + 16, of i + 8, 4, 2 and 1. The bias, if there
// is one, is added last.
//
// Perceptron: an output begins with its bias and takes the products of the inputs in their
// order.
//
// # Activations
//
// The exponential is that of Cody and Waite (Software Manual for the Elementary Functions,
// 1980): y = n ln 2 + r with ln 2 in two parts, the first of which is short enough for an
// exact product, a polynomial (the Taylor series of degree 8 for f32, 13 for f64) for |r|
// up to (ln 2) / 2, and 2^n by way of the exponent's bits. With t = exp(-|x|), which
// underflows gradually, and m = exp(2|x|) - 1 = 2^n p + (2^n - 1), p being the polynomial
// without its first term, 1, so that small numbers lose nothing:
//
//	ReLU      x where x > 0, NaN where it is NaN, else +0: exact
//	Sigmoid   1 / (1 + t), or t / (1 + t) where x < 0: within 2 ulp, 3 where x < 0
//	Tanh      m / (m + 2) with the sign of x, -0 for -0: within 3 ulp
//
// An ulp is a unit in the last place of the exact result. Tests find at most 1.5, 2.1 and
// 2.2 in either type. Both are exact at infinities.
package dense
