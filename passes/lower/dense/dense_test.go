package dense_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/backends/ptx"
	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/ptxastest"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/passes/lower/dense"
)

var update = flag.Bool("update", false, "rewrite the expected files")

// products are the matrix-vector kernels of the tests.
var products = []dense.MatrixVector{
	{Name: "product_f32", Element: ir.F32},
	{Name: "product_f32_bias", Element: ir.F32, Bias: true, Shared: 1024, Threads: 64},
	{Name: "product_f64", Element: ir.F64, Shared: 1024, Threads: 96},
	{Name: "product_f64_bias", Element: ir.F64, Bias: true, Threads: 32},
}

// perceptrons are those of the tests: narrow ones, then wide ones with weights in shared
// memory, and one whose weights do not fit.
var perceptrons = []dense.Perceptron{
	{Name: "small", Element: ir.F32, Input: ir.F32, Inputs: 3, Layers: []dense.Layer{{5, dense.Tanh}, {2, dense.ReLU}, {1, dense.Sigmoid}}, Threads: 64},
	{Name: "small_matrix", Element: ir.F64, Input: ir.F32, Matrix: true, Inputs: 5, Layers: []dense.Layer{{3, dense.Sigmoid}, {2, dense.Tanh}}, Threads: 32},
	{Name: "fraud", Element: ir.F32, Input: ir.F64, Inputs: 16, Layers: []dense.Layer{{32, dense.ReLU}, {16, dense.ReLU}, {1, dense.Sigmoid}}},
	{Name: "line", Element: ir.F64, Input: ir.F64, Inputs: 1, Layers: []dense.Layer{{1, dense.None}}, Threads: 32},
	{Name: "broad", Element: ir.F32, Input: ir.F32, Inputs: 70, Layers: []dense.Layer{{33, dense.ReLU}, {6, dense.Tanh}, {2, dense.Sigmoid}}, Threads: 64},
	{Name: "broad_matrix", Element: ir.F64, Input: ir.F32, Matrix: true, Inputs: 41, Layers: []dense.Layer{{17, dense.Tanh}, {1, dense.None}}, Threads: 32},
	{Name: "heavy", Element: ir.F32, Input: ir.F32, Matrix: true, Inputs: 110, Layers: []dense.Layer{{113, dense.Sigmoid}, {1, dense.Sigmoid}}, Threads: 64},
}

func functions(t testing.TB) map[string]*ir.Function {
	t.Helper()
	all := map[string]*ir.Function{}
	for _, p := range products {
		f, err := p.Function()
		must(t, err)
		all[p.Name] = f
	}
	for _, p := range perceptrons {
		f, err := p.Function()
		must(t, err)
		all[p.Name] = f
	}
	return all
}

func sorted(all map[string]*ir.Function) []*ir.Function {
	var list []*ir.Function
	for _, f := range all {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *ir.Function) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// random gives values of many sizes, with some that are special.
func random[T number](dice *rand.Rand, n int, special bool) []T {
	values := make([]T, n)
	extremes := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1e30, -1e30, 1e-40, -5e-324, 1e300}
	for i := range values {
		values[i] = T(dice.NormFloat64() * math.Pow(10, float64(dice.IntN(4)-2)))
		if special && dice.IntN(8) == 0 {
			values[i] = T(extremes[dice.IntN(len(extremes))])
		}
	}
	return values
}

// onDevices runs a test with the kernels on emulated devices, one for each LLVM. Before
// that it runs with the interpreter.
func onDevices(t *testing.T, test func(t *testing.T, d *emulated)) {
	module := verified(t, sorted(functions(t))...)
	t.Run("interpreter", func(t *testing.T) { test(t, nil) })
	t.Run("emulator", func(t *testing.T) {
		seed := uint64(0)
		for name, c := range compilers(t) {
			seed++
			t.Run(name, func(t *testing.T) {
				if testing.Short() && name == "llc-14" {
					t.Skip("fewer LLVMs are enough for a short run")
				}
				test(t, load(t, compiled(t, c, module), seed))
			})
		}
	})
}

// results gives the arrays behind a launch: of the device, or of the interpreter in both
// orders of threads.
func results(t *testing.T, d *emulated, l *launch) [][][]byte {
	t.Helper()
	if d != nil {
		return [][][]byte{d.run(t, l)}
	}
	return [][][]byte{l.interpreted(t, false), l.interpreted(t, true)}
}

func TestMatrixVector(t *testing.T) {
	all := functions(t)
	onDevices(t, func(t *testing.T, d *emulated) {
		for _, p := range products {
			t.Run(p.Name, func(t *testing.T) {
				for i, columns := range []int{0, 1, 3, 4, 5, 127, 128, 257, 515, 1100} {
					rows := []int{1, 31, 33, 32, 5, 2, 0, 3, 9, 7}[i]
					for _, stride := range []int{(columns + 3) &^ 3, columns, columns + 1} {
						if p.Element == ir.F32 {
							checkProduct[float32](t, d, p, all[p.Name], rows, columns, stride)
						} else {
							checkProduct[float64](t, d, p, all[p.Name], rows, columns, stride)
						}
					}
				}
			})
		}
	})
}

func checkProduct[T number](t *testing.T, d *emulated, p dense.MatrixVector, f *ir.Function, rows, columns, stride int) {
	t.Helper()
	dice := rand.New(rand.NewPCG(uint64(rows), uint64(stride)))
	special := columns%2 == 1 && columns < 10
	matrix, x := random[T](dice, rows*stride, special), random[T](dice, columns, special)
	var bias []T
	if p.Bias {
		bias = random[T](dice, rows, special)
	}
	want := make([]T, rows)
	productOf(matrix, stride, columns, x, bias, want)
	l := &launch{function: f, block: dense.NewBlock(dense.MatrixVectorEntries, rows), blocks: 1 + rows%3, arrays: make([][]byte, dense.MatrixVectorEntries)}
	l.block.SetMatrix(columns, stride)
	l.arrays[dense.MatrixEntry], l.arrays[dense.VectorEntry] = encode(matrix), encode(x)
	l.arrays[dense.BiasEntry], l.arrays[dense.ResultEntry] = encode(bias), encode(make([]T, rows))
	for _, arrays := range results(t, d, l) {
		compare(t, fmt.Sprintf("%d rows of %d columns, stride %d", rows, columns, stride), arrays[dense.ResultEntry], want)
		for entry := range dense.ResultEntry {
			if !bytes.Equal(arrays[entry], l.arrays[entry]) {
				t.Fatalf("entry %d was written to", entry)
			}
		}
	}
}

func TestPerceptron(t *testing.T) {
	all := functions(t)
	onDevices(t, func(t *testing.T, d *emulated) {
		for _, p := range perceptrons {
			t.Run(p.Name, func(t *testing.T) {
				for _, rows := range []int{0, 1, 31, 32, 33, 70} {
					if rows > 33 && p.Name == "heavy" {
						continue
					}
					switch {
					case p.Element == ir.F32 && p.Input == ir.F32:
						checkPerceptron[float32, float32](t, d, p, all[p.Name], rows)
					case p.Element == ir.F32:
						checkPerceptron[float32, float64](t, d, p, all[p.Name], rows)
					case p.Input == ir.F32:
						checkPerceptron[float64, float32](t, d, p, all[p.Name], rows)
					default:
						checkPerceptron[float64, float64](t, d, p, all[p.Name], rows)
					}
				}
			})
		}
	})
}

// weightsOf draws weights that are exact in f32.
func weightsOf(dice *rand.Rand, p dense.Perceptron) []dense.LayerWeights {
	all := make([]dense.LayerWeights, len(p.Layers))
	inputs := p.Inputs
	for i, l := range p.Layers {
		draw := func() float64 { return float64(float32(dice.NormFloat64() * 2 / math.Sqrt(float64(inputs)))) }
		for range l.Outputs {
			row := make([]float64, inputs)
			for j := range row {
				row[j] = draw()
			}
			all[i].Weights, all[i].Bias = append(all[i].Weights, row), append(all[i].Bias, draw())
		}
		inputs = l.Outputs
	}
	return all
}

func checkPerceptron[T, I number](t *testing.T, d *emulated, p dense.Perceptron, f *ir.Function, rows int) {
	t.Helper()
	dice := rand.New(rand.NewPCG(uint64(rows), uint64(p.Inputs)))
	weights := weightsOf(dice, p)
	packed, err := p.Pack(weights)
	must(t, err)
	outputs := p.Layers[len(p.Layers)-1].Outputs
	l := &launch{function: f, block: dense.NewBlock(p.Entries(), rows), blocks: 1 + rows%3, arrays: make([][]byte, p.Entries())}
	stride := p.Inputs + 1
	l.block.SetMatrix(p.Inputs, stride)
	inputs := random[I](dice, rows*stride, rows%32 == 1)
	want := make([][]T, outputs)
	columns := make([][]I, p.Inputs)
	for row := range rows {
		values := make([]T, p.Inputs)
		for i := range values {
			columns[i] = append(columns[i], inputs[row*stride+i])
			values[i] = T(inputs[row*stride+i])
		}
		for o, v := range outputsOf(p, weights, values) {
			want[o] = append(want[o], v)
		}
	}
	if l.arrays[0] = encode(inputs); !p.Matrix {
		for i, column := range columns {
			l.arrays[i] = encode(column)
		}
	}
	l.arrays[p.WeightsEntry()] = packed
	for o := range outputs {
		l.arrays[p.OutputEntry(o)] = encode(make([]T, rows))
	}
	for _, arrays := range results(t, d, l) {
		for o := range outputs {
			compare(t, fmt.Sprintf("%d rows, output %d", rows, o), arrays[p.OutputEntry(o)], want[o])
		}
	}
}

// TestMistakes makes kernels of descriptions that are wrong.
func TestMistakes(t *testing.T) {
	one := []dense.Layer{{1, dense.None}}
	right := dense.Perceptron{Element: ir.F32, Input: ir.F32, Inputs: 1, Layers: one}
	changed := func(change func(p *dense.Perceptron)) func() error {
		p := right
		change(&p)
		return func() error { _, err := p.Function(); return err }
	}
	product := func(m dense.MatrixVector) func() error {
		return func() error { _, err := m.Function(); return err }
	}
	pack := func(weights ...dense.LayerWeights) func() error {
		return func() error { _, err := right.Pack(weights); return err }
	}
	for _, test := range []struct {
		name string
		make func() error
		want string
	}{
		{"a matrix of integers", product(dense.MatrixVector{Element: ir.I32}), "not i32"},
		{"threads of a product", product(dense.MatrixVector{Element: ir.F32, Threads: 33}), "33 threads"},
		{"shared memory of a product", product(dense.MatrixVector{Element: ir.F32, Shared: 48<<10 + 1}), "share 49153 bytes"},
		{"inputs of integers", changed(func(p *dense.Perceptron) { p.Input = ir.I64 }), "not f32 of i64"},
		{"threads", changed(func(p *dense.Perceptron) { p.Threads = 96 }), "96 threads"},
		{"no inputs", changed(func(p *dense.Perceptron) { p.Inputs = 0 }), "inputs, not 0"},
		{"no layers", changed(func(p *dense.Perceptron) { p.Layers = nil }), "not 0"},
		{"no outputs", changed(func(p *dense.Perceptron) { p.Layers = []dense.Layer{{0, dense.None}} }), "layer 0 has 0 outputs"},
		{"an unknown activation", changed(func(p *dense.Perceptron) { p.Layers = []dense.Layer{{1, 4}} }), "unknown activation, number 4"},
		{"too wide", changed(func(p *dense.Perceptron) { p.Inputs = 2000 }), "no room"},
		{"layers of weights", pack(), "weights of 0 layers for 1"},
		{"outputs of weights", pack(dense.LayerWeights{}), "has 1 outputs"},
		{"inputs of weights", pack(dense.LayerWeights{Weights: [][]float64{{1, 2}}, Bias: []float64{0}}), "has 1 inputs, not 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.make(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}

// TestGolden compares kern text, and reads it again.
func TestGolden(t *testing.T) {
	product := dense.MatrixVector{Name: "product", Element: ir.F32, Bias: true, Shared: 16 << 10}
	narrow := dense.Perceptron{Name: "narrow", Element: ir.F32, Input: ir.F64, Inputs: 2, Layers: []dense.Layer{{2, dense.Tanh}, {1, dense.Sigmoid}}}
	wide := dense.Perceptron{Name: "wide", Element: ir.F64, Input: ir.F64, Inputs: 65, Layers: []dense.Layer{{34, dense.ReLU}, {1, dense.None}}}
	for name, make := range map[string]func() (*ir.Function, error){"product": product.Function, "narrow": narrow.Function, "wide": wide.Function} {
		t.Run(name, func(t *testing.T) {
			f, err := make()
			must(t, err)
			text := verified(t, f).String()
			path := filepath.Join("testdata", name+".cir")
			if *update {
				must(t, os.WriteFile(path, []byte(text), 0o644))
			}
			want, err := os.ReadFile(path)
			must(t, err)
			if diff := cmp.Diff(string(want), text); diff != "" {
				t.Errorf("the kernel (-want +got):\n%s", diff)
			}
			again, list := ir.Parse(diag.NewFile(path, text))
			must(t, list.Err())
			if again.String() != text {
				t.Error("the text does not stay the same when it is read")
			}
		})
	}
}

// TestCode looks at the PTX: accesses must be as wide as they are meant to be.
func TestCode(t *testing.T) {
	all := functions(t)
	for name, c := range compilers(t) {
		t.Run(name, func(t *testing.T) {
			for _, test := range []struct {
				kernel string
				want   []string
			}{
				{"product_f32", []string{".maxntid 256", "ld.global.nc.v4."}},
				{"product_f32_bias", []string{".maxntid 64", "ld.global.nc.v4.", "ld.shared.v4.", "shfl.sync.down"}},
				{"product_f64", []string{"ld.global.nc.v2.", "ld.shared.v2."}},
				{"fraud", []string{"ld.shared.v4.", "ld.global.nc.v2."}},
				{"broad", []string{"ld.shared.v4."}},
				{"heavy", []string{"ld.shared.v4.", "ld.global.nc."}},
			} {
				code := string(compiled(t, c, verified(t, all[test.kernel])))
				for _, want := range test.want {
					if !strings.Contains(code, want) {
						t.Errorf("%s: there is no %s", test.kernel, want)
					}
				}
				for _, bad := range []string{".local", "ld.param.b8", "call"} {
					if strings.Contains(code, bad) {
						t.Errorf("%s: there is %s", test.kernel, bad)
					}
				}
			}
		})
	}
}

// TestAssembly assembles the kernels: two blocks of 256 threads must find room on a
// multiprocessor, and eight of a product; and no more may be spilled than the word of a
// product that ptxas stores before its rows and loads behind each, to save a register.
func TestAssembly(t *testing.T) {
	assembler := ptxastest.Find(t)
	all := functions(t)
	module := verified(t, sorted(all)...)
	c, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{})
	if err != nil {
		t.Skipf("no LLVM: %v", err)
	}
	code := compiled(t, c, module)
	for _, architecture := range ptxastest.Architectures {
		found, err := assembler.Assemble(t.Context(), code, architecture)
		must(t, err)
		if len(found) != len(module.Functions) {
			t.Errorf("%d kernels, want %d", len(found), len(module.Functions))
		}
		for _, r := range found {
			registers, spilled := 128, 0
			if strings.HasPrefix(r.Kernel, "product") {
				spilled = 8
				if all[r.Kernel].Threads > 32 {
					registers = 32
				}
			}
			if t.Logf("sm_%d %+v", architecture, r); r.Spilled > spilled || r.Registers > registers {
				t.Errorf("sm_%d %+v, want at most %d registers and %d bytes spilled", architecture, r, registers, spilled)
			}
		}
	}
}

// TestRandom compares perceptrons of drawn shapes: forms, types, widths, and threads.
func TestRandom(t *testing.T) {
	dice := rand.New(rand.NewPCG(7, 7))
	pick := func(from ...int) int { return from[dice.IntN(len(from))] }
	kinds := []ir.Kind{ir.F32, ir.F64}
	var drawn []dense.Perceptron
	var made []*ir.Function
	for len(drawn) < 16 {
		p := dense.Perceptron{
			Name: fmt.Sprint("drawn", len(drawn)), Element: kinds[dice.IntN(2)], Input: kinds[dice.IntN(2)], Matrix: dice.IntN(2) == 0,
			Inputs: pick(1, 2, 3, 4, 5, 31, 33, 98), Threads: pick(32, 64, 128),
		}
		for range pick(1, 2, 3) {
			p.Layers = append(p.Layers, dense.Layer{Outputs: pick(1, 2, 3, 4, 7, 32, 33, 65, 130), Activation: dense.Activation(dice.IntN(4))})
		}
		f, err := p.Function()
		must(t, err)
		if p.WeightsSize() > 60<<10 {
			continue // takes long
		}
		drawn, made = append(drawn, p), append(made, f)
	}
	check := func(t *testing.T, d *emulated) {
		for i, p := range drawn {
			rows := 1 + i*5%39
			switch {
			case p.Element == ir.F32 && p.Input == ir.F32:
				checkPerceptron[float32, float32](t, d, p, made[i], rows)
			case p.Element == ir.F32:
				checkPerceptron[float32, float64](t, d, p, made[i], rows)
			case p.Input == ir.F32:
				checkPerceptron[float64, float32](t, d, p, made[i], rows)
			default:
				checkPerceptron[float64, float64](t, d, p, made[i], rows)
			}
		}
	}
	module := verified(t, made...)
	t.Run("interpreter", func(t *testing.T) { check(t, nil) })
	t.Run("emulator", func(t *testing.T) {
		c, err := ptx.Find(t.Context(), system.Real(), ptx.FindOptions{})
		if err != nil {
			t.Skipf("no LLVM: %v", err)
		}
		check(t, load(t, compiled(t, c, module), 9))
	})
}
