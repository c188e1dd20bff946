package dense_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/lower/dense"
)

// precision of exact values, in bits.
const precision = 256

func exact(v float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(v) }

// exponential is e to the x, from the series of x / 2^k squared k times.
func exponential(x *big.Float) *big.Float {
	const halvings = 20
	small := new(big.Float).SetPrec(precision).SetMantExp(x, -halvings)
	sum, term := exact(1), exact(1)
	for n := 1; n <= 24; n++ {
		term.Mul(term, small)
		term.Quo(term, exact(float64(n)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

func quotient(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Quo(a, b) }

// exactly is what an activation of a finite number is.
func exactly(a dense.Activation, x float64) *big.Float {
	one := exact(1)
	if a == dense.Sigmoid {
		t := exponential(exact(-x))
		return quotient(one, t.Add(t, one))
	}
	t := exponential(exact(2 * x))
	below := new(big.Float).SetPrec(precision).Sub(t, one)
	return quotient(below, t.Add(t, one))
}

// unit is what the last place of a number is worth in a type.
func unit[T number](v *big.Float) *big.Float {
	digits, least := 24, -149
	if kindOf[T]() == ir.F64 {
		digits, least = 53, -1074
	}
	return new(big.Float).SetPrec(precision).SetMantExp(exact(1), max(v.MantExp(nil)-digits, least))
}

// TestUlps measures the error of activations over all sizes of numbers. It is the
// reference that is measured, whose bits other tests compare with those of the kernels.
func TestUlps(t *testing.T) {
	t.Run("f32", ulps[float32])
	t.Run("f64", ulps[float64])
}

func ulps[T number](t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for _, test := range []struct {
		name       string
		activation dense.Activation
		sign       T
		most       float64
	}{
		{"sigmoid above 0", dense.Sigmoid, 1, 2},
		{"sigmoid below 0", dense.Sigmoid, -1, 3},
		{"tanh", dense.Tanh, 1, 3},
	} {
		worst, at := 0.0, T(0)
		count := 30000
		if testing.Short() {
			count = 3000
		}
		for i := range count {
			x := T(dice.Float64() * 2)
			switch i % 4 {
			case 1:
				x = T(dice.Float64() * 20)
			case 2:
				x = T(dice.Float64() * 110)
			case 3:
				x = T(math.Exp(-dice.Float64() * 30))
			}
			x *= test.sign
			want := exactly(test.activation, float64(x))
			off := exact(float64(activated(test.activation, x)))
			off.Sub(off, want)
			off.Quo(off.Abs(off), unit[T](want))
			if error, _ := off.Float64(); error > worst {
				worst, at = error, x
			}
		}
		if t.Logf("%s: %.3f ulp at %v", test.name, worst, at); worst > test.most {
			t.Errorf("%s is %.3f ulp off at %v, and %g are promised", test.name, worst, at, test.most)
		}
	}
}

// TestActivations runs each activation in a kernel, on numbers at the ends and between.
func TestActivations(t *testing.T) {
	onActivations[float32](t, []float32{
		0, float32(math.Copysign(0, -1)), 1e-45, -1e-45, 1e-38, 0.17328, -0.17329, 0.34657, 1, -1, 9.9, 10, 10.1, -11, 87.3, -87.4, -88.8, -103.9, -104, -104.1, 200,
		math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
	})
	onActivations[float64](t, []float64{
		0, math.Copysign(0, -1), 5e-324, -5e-324, 1e-308, 0.17328, 0.34657359, 1, -1, 19.9, 20, -20.1, 709.7, -709.8, -744.4, -745.2, -746, -747, 1000,
		math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN(),
	})
}

func onActivations[T number](t *testing.T, special []T) {
	dice := rand.New(rand.NewPCG(3, 4))
	values := append(special, random[T](dice, 400, false)...)
	for range 100 {
		values = append(values, T(dice.NormFloat64()*100))
	}
	for _, a := range []dense.Activation{dense.None, dense.ReLU, dense.Sigmoid, dense.Tanh} {
		t.Run(kindOf[T]().String()+" "+a.String(), func(t *testing.T) {
			// A bias of -0 leaves an input of -0 as it is.
			p := dense.Perceptron{Name: "one", Inputs: 1, Layers: []dense.Layer{{1, a}}, Element: kindOf[T](), Input: kindOf[T](), Threads: 32}
			f, err := p.Function()
			must(t, err)
			verified(t, f)
			packed, err := p.Pack([]dense.LayerWeights{{Weights: [][]float64{{1}}, Bias: []float64{math.Copysign(0, -1)}}})
			must(t, err)
			l := &launch{function: f, block: dense.NewBlock(p.Entries(), len(values)), blocks: 2}
			l.arrays = [][]byte{encode(values), packed, encode(make([]T, len(values)))}
			want := make([]T, len(values))
			for i, v := range values {
				want[i] = activated(a, v)
			}
			compare(t, a.String(), l.interpreted(t, false)[2], want)
		})
	}
	for _, test := range []struct {
		activation dense.Activation
		x, want    float64
	}{
		{dense.ReLU, math.Copysign(0, -1), 0},
		{dense.ReLU, math.Inf(1), math.Inf(1)},
		{dense.ReLU, math.NaN(), math.NaN()},
		{dense.ReLU, -3, 0},
		{dense.Sigmoid, math.Inf(1), 1},
		{dense.Sigmoid, math.Inf(-1), 0},
		{dense.Sigmoid, 0, 0.5},
		{dense.Sigmoid, math.NaN(), math.NaN()},
		{dense.Tanh, math.Inf(1), 1},
		{dense.Tanh, math.Inf(-1), -1},
		{dense.Tanh, math.Copysign(0, -1), math.Copysign(0, -1)},
		{dense.Tanh, math.NaN(), math.NaN()},
	} {
		if got := activated(test.activation, T(test.x)); !same(got, T(test.want)) {
			t.Errorf("%s of %g is %g, want %g", test.activation, test.x, got, test.want)
		}
	}
}
