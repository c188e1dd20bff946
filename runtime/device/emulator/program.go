package emulator

import (
	"math/bits"

	"github.com/heddle-lang/heddle/runtime/device/emulator/ptx"
)

const (
	lanesPerWarp = 32
	allLanes     = ^uint32(0)
)

// program is a kernel that has been translated for the warps of this package.
type program struct {
	name   string
	code   []instruction
	source []ptx.Instruction // as long as code, which has one more: the end
	// values and predicates are how many of each a warp holds. Value 0 and predicate 0
	// take results that nobody wants.
	values, predicates int
	// registers is how many of the values, from 1 on, are registers; behind them stand
	// constants and what the machine knows.
	registers int
	constants []constant
	specials  []special
	// places is how many instructions remember where they found memory.
	places int

	parameters int // bytes
	constant   []byte
	shared     int // bytes of static shared memory, and where the dynamic part begins
	local      int // bytes of a thread's own memory
	threads    int // the most of a block
	exact      bool
}

// constant is a value that is the same in all lanes and never changes.
type constant struct {
	slot  int32
	value uint64
}

// special is a register of the machine.
type special struct {
	slot int32
	name string
}

// values of one register in the lanes of a warp. Only as many low bits as the register
// is wide can be set.
type lanes [lanesPerWarp]uint64

// kind is what the loop of a warp has to do for an instruction.
type kind uint8

const (
	plain   kind = iota // computes, and cannot fail
	careful             // can fail
	branch
	table // branches to one of several targets
	exit
	collective // waits for the lanes of its member mask
	barrier    // waits for the block
)

// operation computes an instruction for some lanes.
type operation func(w *warp, i *instruction, active uint32)

// instruction is in the form in which a warp runs it: numbers of slots, and a function.
type instruction struct {
	run     operation
	kind    kind
	negated bool  // of guard
	guard   int32 // predicate, or -1
	// d and e are the slots of results, a, b and c those of operands. They are values or
	// predicates, as the operation has it.
	d, e    int32
	a, b, c int32
	// invert belongs to a predicate that is an operand: its lanes are xored with it.
	invert uint32
	target int32 // of a branch
	at     int32 // its own place in the program
	value  uint64
	offset uint64 // of an address
	place  int32  // of the memory that was found last
	access *access
	list   []int32 // results or operands of a vector, or targets of a branch
}

// next is the first lane of a set.
func next(active uint32) int { return bits.TrailingZeros32(active) & (lanesPerWarp - 1) }
