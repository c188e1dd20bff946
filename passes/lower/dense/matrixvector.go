package dense

import (
	"fmt"
	"math/bits"

	"github.com/heddle-lang/heddle/ir"
)

// MatrixVector describes a kernel for y = A x, or y = A x + b, with a matrix in rows. A
// warp takes a row, and reads the matrix 16 bytes a lane at once where rows begin at
// multiples of that: the product is bound by the bandwidth of memory, and this asks for the
// most of it. How large the matrix is says the block of the launch.
type MatrixVector struct {
	Name    string
	Element ir.Kind // ir.F32 or ir.F64: of all that is read, computed and written
	Bias    bool
	// Shared is how many bytes of shared memory may hold x. A block copies x there when
	// it begins, if x fits; else x is read through the read-only cache.
	Shared int
	// Threads of a block, a multiple of 32 up to 1024; 0 for DefaultThreads.
	Threads int
}

// Entries of the block of a matrix-vector product. That of the bias is there, unused,
// where there is none.
const (
	MatrixEntry = iota
	VectorEntry
	BiasEntry
	ResultEntry
	MatrixVectorEntries // their number
)

// Function makes the kernel. The error says what is wrong with the description.
func (m MatrixVector) Function() (*ir.Function, error) {
	if m.Threads == 0 {
		m.Threads = DefaultThreads
	}
	switch {
	case !isElement(m.Element):
		return nil, fmt.Errorf("dense: elements of a matrix are f32 or f64, not %s", m.Element)
	case m.Threads < lanes || m.Threads > 1024 || m.Threads%lanes != 0:
		return nil, fmt.Errorf("dense: a block cannot have %d threads: a multiple of 32 up to 1024", m.Threads)
	case m.Shared < 0 || m.Shared > maxShared:
		return nil, fmt.Errorf("dense: a block cannot share %d bytes: 0 to %d", m.Shared, maxShared)
	}
	p := &product{
		emitter: newKernel(m.Name, m.Threads), MatrixVector: m, t: ir.Of(m.Element),
		size: sizeOf(m.Element), vector: vectorOf(m.Element),
	}
	p.emit()
	return p.finish(), nil
}

// product is a matrix-vector product while its kernel is made.
type product struct {
	*emitter
	MatrixVector
	t      ir.Type
	size   int64
	vector int // elements in 16 bytes

	kept         *ir.Value   // address of x in shared memory, if it is there
	chunks       *ir.Value   // whole vectors of a row
	accumulators []*ir.Value // cells, one for each element of a vector
}

// emit emits the kernel. What the block says is read again for each row: it would take
// registers all the while, and fewer threads would find room.
func (p *product) emit() {
	rows := p.rows()
	fits := p.keep()
	p.grid(p.warp, int64(p.Threads/lanes), 1, rows, func(row *ir.Value) {
		columns, stride := p.launchWord(BlockColumns), p.launchWord(BlockStride)
		p.chunks = p.binary(ir.OpShiftRightU, columns, p.word(int64(bits.TrailingZeros(uint(p.vector)))))
		first := p.binary(ir.OpIntegerMul, p.typed(ir.OpExtendU, row, i64), p.typed(ir.OpExtendU, stride, i64))
		from := p.add(p.array(MatrixEntry), p.binary(ir.OpIntegerMul, first, p.long(p.size)))
		aligned := p.compare("eq", p.and(stride, p.word(int64(p.vector-1))), p.word(0))
		p.accumulators = nil
		for range p.vector {
			p.accumulators = append(p.accumulators, p.variable(p.float(p.t, 0)))
		}
		whole := func(x *ir.Value) {
			p.when(aligned, func() { p.multiply(from, x, 16) }, func() { p.multiply(from, x, p.size) })
		}
		if fits != nil {
			p.when(fits(), func() { whole(p.kept) }, func() { whole(p.array(VectorEntry)) })
		} else {
			whole(p.array(VectorEntry))
		}
		p.multiplyRest(from, p.and(columns, p.word(int64(p.vector-1))))
		sum := p.sum()
		p.when(p.compare("eq", p.lane, p.word(0)), func() {
			if p.Bias {
				sum = p.addFloat(sum, p.load(p.behind(p.array(BiasEntry), row, p.size), 0, p.t, p.size))
			}
			p.store(p.behind(p.array(ResultEntry), row, p.size), 0, sum, p.size)
		}, nil)
	})
}

// keep copies x to shared memory if it fits, and gives the condition; nil if it never is.
func (p *product) keep() (fits func() *ir.Value) {
	places := int64(p.Shared) / p.size
	if places == 0 {
		return nil
	}
	p.kept = p.shared(int(places * p.size))
	fits = func() *ir.Value {
		return p.compare("le_u", p.launchWord(BlockColumns), p.word(places))
	}
	p.when(fits(), func() {
		x := p.array(VectorEntry)
		p.count(p.thread, p.launchWord(BlockColumns), p.word(int64(p.Threads)), func(i *ir.Value) {
			v := p.load(p.behind(x, i, p.size), 0, p.t, p.size)
			p.store(p.add(p.kept, p.times(i, p.size)), 0, v, p.size)
		})
	}, nil)
	p.barrier()
	return fits
}

// multiply adds the products of this lane's whole vectors of a row. It asks for two at
// once: a GPU must have some 20 to 25 KiB under way on each multiprocessor to use all of
// its bandwidth, two vectors of 1024 threads are 32 KiB, and the registers that this takes
// leave room for 2048.
func (p *product) multiply(row, x *ir.Value, align int64) {
	at := p.variable(p.behind(row, p.lane, 16))
	var factors *ir.Value
	if x.Type.Kind == ir.GlobalAddress {
		factors = p.variable(p.behind(x, p.lane, 16))
	} else {
		factors = p.variable(p.add(x, p.times(p.lane, 16)))
	}
	left := p.variable(p.binary(ir.OpIntegerSub, p.chunks, p.lane)) // whole vectors, and others of the warp between
	turn := func(vectors int) func() {
		return func() {
			rowAt, xAt := p.get(at), p.get(factors)
			var a, b [][]*ir.Value
			for i := range vectors {
				a = append(a, p.loadRun(rowAt, int64(i*lanes*16), p.vector, p.t, align))
			}
			for i := range vectors {
				b = append(b, p.loadRun(xAt, int64(i*lanes*16), p.vector, p.t, 16))
			}
			for i := range vectors {
				for j, cell := range p.accumulators {
					p.set(cell, p.addFloat(p.get(cell), p.mulFloat(a[i][j], b[i][j])))
				}
			}
			p.set(at, p.add(rowAt, p.long(int64(vectors*lanes*16))))
			if xAt.Type.Kind == ir.GlobalAddress {
				p.set(factors, p.add(xAt, p.long(int64(vectors*lanes*16))))
			} else {
				p.set(factors, p.add(xAt, p.word(int64(vectors*lanes*16))))
			}
			p.set(left, p.add(p.get(left), p.word(int64(-vectors*lanes))))
		}
	}
	more := func(than int64) func() *ir.Value {
		return func() *ir.Value { return p.compare("gt_s", p.get(left), p.word(than)) }
	}
	p.while(more(lanes), turn(2))
	p.when(more(0)(), turn(1), nil)
}

// multiplyRest adds the products of the last columns, which fill no vector. The lane
// whose vector it would be does it.
func (p *product) multiplyRest(row, rest *ir.Value) {
	mine := p.compare("eq", p.and(p.chunks, p.word(lanes-1)), p.lane)
	p.when(mine, func() {
		at, factors := p.behind(row, p.chunks, 16), p.behind(p.array(VectorEntry), p.chunks, 16)
		for j, cell := range p.accumulators[:p.vector-1] {
			p.when(p.compare("gt_u", rest, p.word(int64(j))), func() {
				offset := int64(j) * p.size
				one := p.mulFloat(p.load(at, offset, p.t, p.size), p.load(factors, offset, p.t, 16))
				p.set(cell, p.addFloat(p.get(cell), one))
			}, nil)
		}
	}, nil)
}

// sum adds what the warp has, in lane 0.
func (p *product) sum() *ir.Value {
	sum := p.addFloat(p.get(p.accumulators[0]), p.get(p.accumulators[1]))
	if p.vector == 4 {
		sum = p.addFloat(sum, p.addFloat(p.get(p.accumulators[2]), p.get(p.accumulators[3])))
	}
	for distance := int64(lanes / 2); distance > 0; distance /= 2 {
		other := p.build(ir.OpShuffleDown, []*ir.Value{sum}, nil, ir.Attr("distance", distance)).Result()
		sum = p.addFloat(sum, other)
	}
	return sum
}
