package dense

import "github.com/heddle-lang/heddle/ir"

// Limits of the narrow form: the values of two neighbouring layers in registers of 32
// bits, of which a thread has 255 at most and 128 where a multiprocessor is to hold two
// blocks of 256; and weights, as the code has two instructions for each.
const (
	narrowRegisters = 96
	narrowWeights   = 2048
)

// isNarrow says whether a thread takes a row.
func (p Perceptron) isNarrow() bool {
	weights := 0
	for i, l := range p.Layers {
		if (p.inputs(i)+l.Outputs)*int(sizeOf(p.Element)/4) > narrowRegisters {
			return false
		}
		weights += p.inputs(i) * l.Outputs
	}
	return weights <= narrowWeights
}

// narrow is a perceptron of which a thread takes a row, while its kernel is made. All
// loops over inputs and outputs are written out.
type narrow struct {
	*emitter
	Perceptron
	t ir.Type
}

func (n *narrow) emit() {
	rows := n.rows()
	weights := n.keepWeights(n.array(n.WeightsEntry()), n.WeightsSize())
	var stride *ir.Value
	if n.Matrix {
		stride = n.typed(ir.OpExtendU, n.launchWord(BlockStride), i64)
	}
	n.grid(n.thread, int64(n.Threads), 1, rows, func(row *ir.Value) {
		values := n.inputsOf(row, stride)
		for i := range n.Layers {
			values = n.layer(i, weights, values)
		}
		size := sizeOf(n.Element)
		for i, v := range values {
			n.store(n.behind(n.array(n.OutputEntry(i)), row, size), 0, v, size)
		}
	})
}

// inputsOf reads the inputs of a row. Addresses of columns are read again for each row,
// since they would take two registers each.
func (n *narrow) inputsOf(row, stride *ir.Value) []*ir.Value {
	values := make([]*ir.Value, n.Inputs)
	t, size := ir.Of(n.Input), sizeOf(n.Input)
	if !n.Matrix {
		for i := range values {
			values[i] = n.convert(n.load(n.behind(n.array(i), row, size), 0, t, size), n.t)
		}
		return values
	}
	first := n.binary(ir.OpIntegerMul, n.typed(ir.OpExtendU, row, i64), stride)
	from := n.add(n.array(0), n.binary(ir.OpIntegerMul, first, n.long(size)))
	for i := range values {
		values[i] = n.convert(n.load(from, int64(i)*size, t, size), n.t)
	}
	return values
}

// layer gives the outputs of a layer, computed in groups that are read at once.
func (n *narrow) layer(layer int, weights *ir.Value, inputs []*ir.Value) []*ir.Value {
	l := n.Layers[layer]
	size := sizeOf(n.Element)
	rowSize := int64(n.padded(layer)) * size
	at := int64(n.weightsOffset(layer))
	var outputs []*ir.Value
	for first := 0; first < l.Outputs; first += vectorOf(n.Element) {
		count := min(vectorOf(n.Element), l.Outputs-first)
		group := at + int64(first)*size
		sums := n.loadRun(weights, group+int64(len(inputs))*rowSize, count, n.t, 16)
		for i, input := range inputs {
			for j, weight := range n.loadRun(weights, group+int64(i)*rowSize, count, n.t, 16) {
				sums[j] = n.addFloat(sums[j], n.mulFloat(input, weight))
			}
		}
		for _, sum := range sums {
			outputs = append(outputs, n.activate(l.Activation, sum))
		}
	}
	return outputs
}
