package dense

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/heddle-lang/heddle/ir"
)

// Perceptron describes a kernel for a multi-layer perceptron, whose sizes are known when
// it is compiled. Its weights are parameters of the launch, packed by Pack.
type Perceptron struct {
	Name   string
	Inputs int
	Layers []Layer
	// Element is ir.F32 or ir.F64: of weights, of all arithmetic, and of the outputs.
	Element ir.Kind
	// Input is the type of the inputs in memory, ir.F32 or ir.F64. They are converted to
	// Element.
	Input ir.Kind
	// Matrix says that the inputs are the rows of one matrix, and not columns.
	Matrix bool
	// Threads of a block, a power of two from 32 to 1024; 0 for DefaultThreads.
	Threads int
}

// Layer computes Outputs sums of weighted inputs with a bias, and their activation.
type Layer struct {
	Outputs    int
	Activation Activation
}

// LayerWeights are what a layer has learned.
type LayerWeights struct {
	// Weights has a row for each output, with a weight for each input.
	Weights [][]float64
	Bias    []float64
}

// Limits of a description.
const (
	maxWidth  = 4096
	maxLayers = 64
)

// check tests a description and fills in what was left out.
func (p *Perceptron) check() error {
	if p.Threads == 0 {
		p.Threads = DefaultThreads
	}
	switch {
	case !isElement(p.Element) || !isElement(p.Input):
		return fmt.Errorf("dense: a perceptron computes with f32 or f64, not %s of %s", p.Element, p.Input)
	case p.Threads < lanes || p.Threads > 1024 || p.Threads&(p.Threads-1) != 0:
		return fmt.Errorf("dense: a block of a perceptron cannot have %d threads: a power of two from 32 to 1024", p.Threads)
	case len(p.Layers) == 0 || len(p.Layers) > maxLayers:
		return fmt.Errorf("dense: a perceptron has 1 to %d layers, not %d", maxLayers, len(p.Layers))
	case p.Inputs < 1 || p.Inputs > maxWidth:
		return fmt.Errorf("dense: a perceptron has 1 to %d inputs, not %d", maxWidth, p.Inputs)
	}
	for i, l := range p.Layers {
		if l.Outputs < 1 || l.Outputs > maxWidth {
			return fmt.Errorf("dense: layer %d has %d outputs, not 1 to %d", i, l.Outputs, maxWidth)
		}
		if int(l.Activation) >= len(activationNames) {
			return fmt.Errorf("dense: layer %d has an unknown activation, number %d", i, l.Activation)
		}
	}
	return nil
}

// The entries of the block are those of the inputs, one for each or one for the matrix,
// then that of the weights, then one column for each output.

// WeightsEntry is the entry of the packed weights.
func (p Perceptron) WeightsEntry() int {
	if p.Matrix {
		return 1
	}
	return p.Inputs
}

// OutputEntry is the entry of the column of an output.
func (p Perceptron) OutputEntry(output int) int { return p.WeightsEntry() + 1 + output }

// Entries is the number of entries of the block.
func (p Perceptron) Entries() int { return p.OutputEntry(p.outputs()) }

func (p Perceptron) outputs() int { return p.Layers[len(p.Layers)-1].Outputs }

// inputs is how many inputs a layer has.
func (p Perceptron) inputs(layer int) int {
	if layer == 0 {
		return p.Inputs
	}
	return p.Layers[layer-1].Outputs
}

// padded is the length of a row of packed weights, a multiple of 16 bytes.
func (p Perceptron) padded(layer int) int {
	return roundUp(p.Layers[layer].Outputs, vectorOf(p.Element))
}

// weightsOffset is where the packed weights of a layer begin, in bytes: a row for each
// input, with a weight for each output, then the biases as a row. The number of layers
// stands for the end.
func (p Perceptron) weightsOffset(layer int) int {
	offset := 0
	for i := range layer {
		offset += (p.inputs(i) + 1) * p.padded(i) * int(sizeOf(p.Element))
	}
	return offset
}

// WeightsSize is the size of the packed weights in bytes.
func (p Perceptron) WeightsSize() int { return p.weightsOffset(len(p.Layers)) }

// Pack gives the weights as the kernel reads them. The error says which layer does not
// fit the description.
func (p Perceptron) Pack(layers []LayerWeights) ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if len(layers) != len(p.Layers) {
		return nil, fmt.Errorf("dense: weights of %d layers for %d", len(layers), len(p.Layers))
	}
	packed := make([]byte, p.WeightsSize())
	for i, l := range layers {
		if len(l.Weights) != p.Layers[i].Outputs || len(l.Bias) != p.Layers[i].Outputs {
			return nil, fmt.Errorf("dense: layer %d has %d outputs, not weights of %d and a bias of %d", i, p.Layers[i].Outputs, len(l.Weights), len(l.Bias))
		}
		at := func(input, output int) []byte {
			return packed[p.weightsOffset(i)+(input*p.padded(i)+output)*int(sizeOf(p.Element)):]
		}
		for output, row := range l.Weights {
			if len(row) != p.inputs(i) {
				return nil, fmt.Errorf("dense: layer %d has %d inputs, not %d as output %d has weights", i, p.inputs(i), len(row), output)
			}
			for input, weight := range row {
				p.put(at(input, output), weight)
			}
			p.put(at(len(row), output), l.Bias[output])
		}
	}
	return packed, nil
}

func (p Perceptron) put(to []byte, v float64) {
	if p.Element == ir.F64 {
		binary.LittleEndian.PutUint64(to, math.Float64bits(v))
	} else {
		binary.LittleEndian.PutUint32(to, math.Float32bits(float32(v)))
	}
}

// Function makes the kernel. The error says what is wrong with the description, or that
// the layers are too wide for the shared memory of a block.
//
// Where all values of two neighbouring layers fit the registers of a thread, a thread takes
// a row (narrow.go): nothing is exchanged, a weight is read once for all threads of a warp,
// and four at a time. Otherwise a warp takes up to four rows (wide.go), with the outputs of
// a layer spread over its lanes and their values in shared memory: registers cannot be
// indexed, so with a row for each thread they would spill to memory that is far away.
func (p Perceptron) Function() (*ir.Function, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.isNarrow() {
		n := &narrow{emitter: newKernel(p.Name, p.Threads), Perceptron: p, t: ir.Of(p.Element)}
		n.emit()
		return n.finish(), nil
	}
	return p.wide()
}

// keepWeights copies packed weights to shared memory.
func (e *emitter) keepWeights(weights *ir.Value, size int) *ir.Value {
	kept := e.shared(size)
	e.count(e.thread, e.word(int64(size/16)), e.word(int64(e.function.Threads)), func(i *ir.Value) {
		from, to := e.behind(weights, i, 16), e.add(kept, e.times(i, 16))
		low, high := e.load(from, 0, i64, 16), e.load(from, 8, i64, 16)
		e.store(to, 0, low, 16)
		e.store(to, 8, high, 16)
	})
	e.barrier()
	return kept
}

// convert gives an input in the type of the arithmetic.
func (e *emitter) convert(v *ir.Value, t ir.Type) *ir.Value {
	if v.Type.Kind == t.Kind {
		return v
	}
	return e.typed(ir.OpFloatConvert, v, t)
}
