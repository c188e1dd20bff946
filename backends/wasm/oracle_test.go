package wasm_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/interp"
	"github.com/heddle-lang/heddle/ir/random"
)

// bits128 is the value of any kern type. What ops make of such values is what the
// interpreter says.
type bits128 = interp.Bits

func word(v uint64) bits128 { return interp.Word(v) }

// signed reads an integer of some bits with its sign.
func signed(v uint64, width int) int64 { return int64(v<<(64-width)) >> (64 - width) }

func masked(v uint64, width int) uint64 { return v << (64 - width) >> (64 - width) }

// sizeOf is the number of bytes of a value in memory.
func sizeOf(t ir.Type) int64 { return int64(interp.SizeOf(t)) }

// compute gives the result of an op; traps is whether there is none.
func compute(shape *random.Shape, operands []bits128) (result bits128, traps bool) {
	result, err := shape.Compute(operands...)
	return result, err != nil
}

// divides reports ops that can trap.
func divides(shape *random.Shape) bool {
	info := ir.OpTable()[shape.Code]
	return info.Has(ir.MayTrap)
}

// extreme picks a value of a type near its limits.
func extreme(dice *rand.Rand, t ir.Type) bits128 {
	values := random.Extremes(t)
	return values[dice.IntN(len(values))]
}

func putBits(memory []byte, v bits128) {
	binary.LittleEndian.PutUint64(memory, v.Low)
	binary.LittleEndian.PutUint64(memory[8:], v.High)
}

func getBits(memory []byte, t ir.Type) bits128 {
	v := bits128{Low: binary.LittleEndian.Uint64(memory), High: binary.LittleEndian.Uint64(memory[8:])}
	switch sizeOf(t) {
	case 4:
		return word(v.Low & math.MaxUint32)
	case 8:
		return word(v.Low)
	}
	return v
}
