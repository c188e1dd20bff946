package dense

import (
	"encoding/binary"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// Words of the block that package abi leaves free.
const (
	// BlockColumns is the number of columns of a matrix.
	BlockColumns = 40
	// BlockStride is how many elements lie from the begin of a row of a matrix to that
	// of the next. Where it is a multiple of 16 bytes, rows are read faster.
	BlockStride = 44
)

// Block is what a kernel reads of a launch: words, then entries of arrays.
type Block []byte

// NewBlock makes a block with so many entries, for so many rows.
func NewBlock(entries, rows int) Block {
	b := make(Block, abi.LaunchSize+entries*entrySize)
	b.word(abi.LaunchRows, rows)
	binary.LittleEndian.PutUint32(b[abi.LaunchError:], abi.LaunchNoError)
	return b
}

// SetMatrix sets the shape of the matrix. The stride is in elements.
func (b Block) SetMatrix(columns, stride int) {
	b.word(BlockColumns, columns)
	b.word(BlockStride, stride)
}

// SetArray sets the device address of the array of an entry.
func (b Block) SetArray(entry int, address uint64) {
	binary.LittleEndian.PutUint64(b[arrayOffset(entry):], address)
}

func (b Block) word(offset, v int) { binary.LittleEndian.PutUint32(b[offset:], uint32(v)) }

// entrySize is the size of an entry in bytes.
const entrySize = abi.LaunchColumnSize

// arrayOffset is where in a block the address of an entry's array stands.
func arrayOffset(entry int) int64 {
	return int64(abi.LaunchSize + entry*entrySize + abi.LaunchValues)
}

// DefaultThreads is how many threads a block of the launch has unless told otherwise.
const DefaultThreads = 256

// maxShared is the most static shared memory that all GPUs give a block, in bytes.
const maxShared = 48 << 10

// Bytes of the type of an element, and how many elements are 16 bytes.
func sizeOf(kind ir.Kind) int64 {
	if kind == ir.F64 {
		return 8
	}
	return 4
}

func vectorOf(kind ir.Kind) int { return int(16 / sizeOf(kind)) }

func isElement(kind ir.Kind) bool { return kind == ir.F32 || kind == ir.F64 }

// roundUp gives the next multiple of a power of two.
func roundUp(n, to int) int { return (n + to - 1) &^ (to - 1) }
