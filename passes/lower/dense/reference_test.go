package dense_test

import (
	"math"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/lower/dense"
)

// The reference computes in the order that the package documents. Conversions keep Go
// from fusing a product with a sum.

// productOf is y = A x + b; the bias may be nil.
func productOf[T number](matrix []T, stride, columns int, x, bias, result []T) {
	vector := 4
	if kindOf[T]() == ir.F64 {
		vector = 2
	}
	for row := range result {
		var lanes [32]T
		for lane := range lanes {
			var sums [4]T
			for c := range columns {
				if c/vector%32 == lane {
					sums[c%vector] += T(matrix[row*stride+c] * x[c])
				}
			}
			if lanes[lane] = sums[0] + sums[1]; vector == 4 {
				lanes[lane] += sums[2] + sums[3]
			}
		}
		for distance := 16; distance > 0; distance /= 2 {
			for lane := range distance {
				lanes[lane] += lanes[lane+distance]
			}
		}
		if result[row] = lanes[0]; bias != nil {
			result[row] += bias[row]
		}
	}
}

// outputsOf is what a perceptron gives for a row.
func outputsOf[T number](p dense.Perceptron, weights []dense.LayerWeights, values []T) []T {
	for i, l := range p.Layers {
		next := make([]T, l.Outputs)
		for o := range next {
			sum := T(weights[i].Bias[o])
			for input, v := range values {
				sum += T(v * T(weights[i].Weights[o][input]))
			}
			next[o] = activated(l.Activation, sum)
		}
		values = next
	}
	return values
}

func activated[T number](a dense.Activation, x T) T {
	switch a {
	case dense.ReLU:
		if x <= 0 {
			return 0
		}
		return x
	case dense.Sigmoid:
		t := decay(T(math.Abs(float64(x))))
		if x < 0 {
			return t / (1 + t)
		}
		return 1 / (1 + t)
	case dense.Tanh:
		most := T(10)
		if kindOf[T]() == ir.F64 {
			most = 20
		}
		a := T(math.Abs(float64(x)))
		if a > most {
			a = most
		}
		r, n := reduced(a + a)
		power := T(math.Ldexp(1, n))
		m := T(power*series(r)) + (power - 1)
		return T(math.Copysign(float64(m/(m+2)), float64(x)))
	default:
		return x
	}
}

func decay[T number](a T) T {
	most := T(104)
	if kindOf[T]() == ir.F64 {
		most = 746
	}
	if a > most {
		a = most
	}
	r, n := reduced(-a)
	half := n >> 1
	return T((1+series(r))*T(math.Ldexp(1, half))) * T(math.Ldexp(1, n-half))
}

// reduced gives 0 for n where y is NaN; the kernel may have any other.
func reduced[T number](y T) (r T, n int) {
	if y != y {
		return y, 0
	}
	high, low, rounder := 355.0/512, math.Ln2-355.0/512, 1.5*(1<<23)
	if kindOf[T]() == ir.F64 {
		high, rounder = float64(0x162e42fee)/(1<<33), 1.5*(1<<52)
		low = math.Ln2 - 0x1.62e42feep-1
	}
	whole := T(T(y*T(math.Log2E))+T(rounder)) - T(rounder)
	r = y - T(whole*T(high))
	return r - T(whole*T(low)), int(whole)
}

func series[T number](r T) T {
	degree := 8
	if kindOf[T]() == ir.F64 {
		degree = 13
	}
	sum := T(0)
	for k := degree; k >= 2; k-- {
		coefficient := 1.0
		for i := 2; i <= k; i++ {
			coefficient *= float64(i)
		}
		sum = T(sum*r) + T(1/coefficient)
	}
	return r + T(T(r*r)*sum)
}
