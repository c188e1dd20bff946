package dense

import (
	"fmt"
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
)

// wide is a perceptron of which a warp takes several rows, while its kernel is made.
//
// A block takes a tile: the rows of all its warps. The values of a layer stand in one of
// two buffers of shared memory, a row behind the other, from which the next layer reads
// them; the last layer writes columns. A lane computes every 32nd output for all rows of
// its warp, so that a weight that it has read serves all of them.
type wide struct {
	*emitter
	Perceptron
	t      ir.Type
	size   int64
	vector int
	tiling
	rowCount *ir.Value
	weights  *ir.Value // address, in shared memory or in global memory
	buffers  [2]*ir.Value
}

// tiling is how a wide perceptron uses shared memory.
type tiling struct {
	perWarp     int // rows of a warp
	rowSize     int // of a row in a buffer, in bytes
	weightsKept bool
}

// bufferSize is the size of one buffer in bytes.
func (t tiling) bufferSize(threads int) int { return threads / lanes * t.perWarp * t.rowSize }

// tile finds the most rows for a warp, with weights in shared memory if they fit at all.
func (p Perceptron) tile() (t tiling, ok bool) {
	widest := p.Inputs
	for _, l := range p.Layers[:len(p.Layers)-1] {
		widest = max(widest, l.Outputs)
	}
	// An odd number of vectors for each row: rows then begin in different banks.
	t.rowSize = roundUp(widest, vectorOf(p.Element))*int(sizeOf(p.Element)) | 16
	for _, t.weightsKept = range []bool{true, false} {
		limit := maxShared
		if t.weightsKept {
			limit -= p.WeightsSize()
		}
		for t.perWarp = 4; t.perWarp > 0; t.perWarp /= 2 {
			if 2*t.bufferSize(p.Threads) <= limit {
				return t, true
			}
		}
	}
	return t, false
}

// wide makes the kernel.
func (p Perceptron) wide() (*ir.Function, error) {
	t, ok := p.tile()
	if !ok {
		return nil, fmt.Errorf("dense: %d threads have no room in %d bytes of shared memory for layers of this width", p.Threads, maxShared)
	}
	w := &wide{emitter: newKernel(p.Name, p.Threads), Perceptron: p, t: ir.Of(p.Element), size: sizeOf(p.Element), vector: vectorOf(p.Element), tiling: t}
	w.emit()
	return w.finish(), nil
}

func (w *wide) emit() {
	w.rowCount = w.rows()
	w.weights = w.array(w.WeightsEntry())
	if w.weightsKept {
		w.weights = w.keepWeights(w.weights, w.WeightsSize())
	}
	for i := range w.buffers {
		w.buffers[i] = w.shared(w.bufferSize(w.Threads))
	}
	tile := w.Threads / lanes * w.perWarp
	w.grid(nil, 1, int64(tile), w.rowCount, func(first *ir.Value) {
		w.barrier() // others may still read what the tile before has left
		if w.Matrix {
			w.readMatrix(first)
		} else {
			w.readColumns(first, tile)
		}
		for i := range w.Layers {
			w.barrier()
			w.layer(i, first)
		}
	})
}

// clamped gives a number of a row that is there: rows behind the end are computed like
// the last one, and not written.
func (w *wide) clamped(row *ir.Value) *ir.Value {
	last := w.binary(ir.OpIntegerSub, w.rowCount, w.word(1))
	return w.choose(w.compare("lt_u", row, last), row, last)
}

// ownRow is the number of one of the warp's rows in the tile.
func (w *wide) ownRow(r int) *ir.Value {
	return w.add(w.times(w.warp, int64(w.perWarp)), w.word(int64(r)))
}

// readMatrix reads the rows of each warp, with neighbouring elements in its lanes.
func (w *wide) readMatrix(first *ir.Value) {
	t, size := ir.Of(w.Input), sizeOf(w.Input)
	matrix := w.array(0)
	stride := w.typed(ir.OpExtendU, w.launchWord(BlockStride), i64)
	for r := range w.perWarp {
		own := w.ownRow(r)
		row := w.typed(ir.OpExtendU, w.clamped(w.add(first, own)), i64)
		from := w.add(matrix, w.binary(ir.OpIntegerMul, w.binary(ir.OpIntegerMul, row, stride), w.long(size)))
		to := w.add(w.buffers[0], w.times(own, int64(w.rowSize)))
		w.count(w.lane, w.word(int64(w.Inputs)), w.word(lanes), func(i *ir.Value) {
			v := w.convert(w.load(w.behind(from, i, size), 0, t, size), w.t)
			w.store(w.add(to, w.times(i, w.size)), 0, v, w.size)
		})
	}
}

// readColumns reads the tile's rows of each column, with neighbouring rows in
// neighbouring threads.
func (w *wide) readColumns(first *ir.Value, tile int) {
	t, size := ir.Of(w.Input), sizeOf(w.Input)
	w.count(w.thread, w.word(int64(tile*w.Inputs)), w.word(int64(w.Threads)), func(n *ir.Value) {
		column := w.binary(ir.OpShiftRightU, n, w.word(int64(bits.TrailingZeros(uint(tile)))))
		own := w.and(n, w.word(int64(tile-1)))
		array := w.load(w.behind(w.launch, column, entrySize), arrayOffset(0), global, 16)
		v := w.convert(w.load(w.behind(array, w.clamped(w.add(first, own)), size), 0, t, size), w.t)
		to := w.add(w.add(w.buffers[0], w.times(own, int64(w.rowSize))), w.times(column, w.size))
		w.store(to, 0, v, w.size)
	})
}

// layer computes a layer for all rows of the tile.
func (w *wide) layer(layer int, first *ir.Value) {
	l := w.Layers[layer]
	from := w.add(w.buffers[layer%2], w.times(w.ownRow(0), int64(w.rowSize)))
	to := w.add(w.buffers[1-layer%2], w.times(w.ownRow(0), int64(w.rowSize)))
	w.count(w.lane, w.word(int64(l.Outputs)), w.word(lanes), func(output *ir.Value) {
		sums := w.sums(layer, from, output)
		var column *ir.Value
		if layer == len(w.Layers)-1 {
			column = w.load(w.behind(w.launch, output, entrySize), arrayOffset(w.OutputEntry(0)), global, 16)
		}
		for r, sum := range sums {
			v := w.activate(l.Activation, w.get(sum))
			if column == nil {
				w.store(w.add(to, w.times(output, w.size)), int64(r*w.rowSize), v, w.size)
				continue
			}
			row := w.add(first, w.ownRow(r))
			w.when(w.compare("lt_u", row, w.rowCount), func() { w.store(w.behind(column, row, w.size), 0, v, w.size) }, nil)
		}
	})
}

// sums gives cells with an output of a layer before its activation, for each row.
func (w *wide) sums(layer int, from, output *ir.Value) []*ir.Value {
	inputs := w.inputs(layer)
	rowSize := int64(w.padded(layer)) * w.size
	weights := w.variable(w.elementOf(w.weights, output, int64(w.weightsOffset(layer))))
	bias := w.load(w.elementOf(w.weights, output, int64(w.weightsOffset(layer))+int64(inputs)*rowSize), 0, w.t, w.size)
	sums := make([]*ir.Value, w.perWarp)
	for r := range sums {
		sums[r] = w.variable(bias)
	}
	step := func(at *ir.Value, offset int64, count int) {
		column := w.get(weights)
		factors := make([]*ir.Value, count)
		for i := range factors {
			factors[i] = w.load(column, int64(i)*rowSize, w.t, w.size)
		}
		for r, sum := range sums {
			values := w.loadRun(at, offset+int64(r*w.rowSize), count, w.t, 16)
			for i, factor := range factors {
				w.set(sum, w.addFloat(w.get(sum), w.mulFloat(values[i], factor)))
			}
		}
		w.set(weights, w.add(column, w.number(column, int64(count)*rowSize)))
	}
	whole := inputs &^ (w.vector - 1)
	w.count(w.word(0), w.word(int64(whole)), w.word(int64(w.vector)), func(i *ir.Value) {
		step(w.add(from, w.times(i, w.size)), 0, w.vector)
	})
	if whole < inputs {
		step(from, int64(whole)*w.size, inputs-whole)
	}
	return sums
}

// elementOf is the address of an element so many bytes behind the weights.
func (w *wide) elementOf(weights, index *ir.Value, offset int64) *ir.Value {
	if weights.Type.Kind == ir.GlobalAddress {
		return w.add(w.behind(weights, index, w.size), w.long(offset))
	}
	return w.add(w.add(weights, w.times(index, w.size)), w.word(offset))
}

// number is a constant that can be added to an address.
func (w *wide) number(address *ir.Value, n int64) *ir.Value {
	if address.Type.Kind == ir.GlobalAddress {
		return w.long(n)
	}
	return w.word(n)
}
