package random

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/ir/abi"
)

// KernOptions shape functions of the kern level. The zero value makes functions of the
// CPU that neither trap nor use vectors.
type KernOptions struct {
	Statements int  // at most; 0 for 40
	Calls      int  // of library functions at most; 0 for 3, -1 for none
	Vectors    bool // ops of vectors
	Traps      bool // ops trap: of the CPU alone, since on a GPU that is not defined
	// Threads makes a kernel with blocks of so many threads, a multiple of 32.
	Threads int
	// Together lets the threads of a kernel work together: by barriers, shared memory,
	// shuffles, ballots and atomic operations, whose outcome does not depend on an order.
	Together bool
}

// Kern is a function of the kern level with the memory that it works on. Each call, or
// each thread of a kernel, has a slice of the memory for itself.
type Kern struct {
	Function string
	Module   *ir.Module // has the function, and maybe others
	// Linear is linear memory at KernLinear, Global what stands at the address of the
	// launch block of a kernel: the block, and more behind it.
	Linear, Global []byte
	// Blocks and Threads are the shape of the launch, Threads 0 for a function of the CPU,
	// which is called once with each address of Slices, and before with nothing in the
	// scratch area.
	Blocks, Threads int
	Slices          []uint32
	Traps           bool
	// Records says where records of RecordSize bytes are appended in Linear, in no order;
	// 0 for nowhere.
	Records, RecordSize int
}

// KernLinear is where the memory of a Kern lies; the context of kernels is there too.
const KernLinear = abi.SharedBase

// Offsets in Linear: text, compiled patterns, and the slices of threads: memory to work
// with, and results.
const (
	textAt      = 64 // behind the words of the context
	textSize    = 960
	patternAt   = 1024
	sliceAt     = 2048
	sliceSize   = 512
	resultAt    = 256 // in a slice
	resultSlots = 16  // of 16 bytes
)

// Offsets in Global, behind the launch block: words for atomic operations, and slices of
// threads, whose first half nobody writes.
const (
	wordsAt         = 256
	globalSliceAt   = 512
	globalSliceSize = 256
)

var texts = []string{
	"the quick brown fox jumps over the lazy dog", "special packages requests", "Heddle", "ä𝄞€ü über",
	"1994-01-31", "-12345.678", "99999999999999999999", "", "PROMO BURNISHED COPPER", "a", "the quick brown cat", "true", "12:34:56.789", "1e10",
}

var patterns = []string{"%quick%", "the%dog", "_eddle", "%special%requests%", "%", "", "PROMO%", "%ü", "a_%"}

// GenerateKern adds a function to a module, and gives it with its memory.
func GenerateKern(source Source, module *ir.Module, name string, options KernOptions) *Kern {
	if options.Statements == 0 {
		options.Statements = 40
	}
	if options.Calls == 0 {
		options.Calls = 3
	}
	k := &Kern{Function: name, Module: module, Traps: options.Traps, Threads: options.Threads, Blocks: 1 + source.IntN(3)}
	threads := 1 + source.IntN(4) // calls
	if options.Threads > 0 {
		threads = k.Blocks * k.Threads
	}
	dice := rand.New(rand.NewPCG(uint64(source.IntN(1<<30)), 3))
	k.fillLinear(dice, threads)
	g := &kernGenerator{source: source, options: options, kern: k, left: options.Statements, calls: max(options.Calls, 0), mayFail: !options.Together, mayEnd: !options.Together}
	g.strings()
	if options.Threads > 0 {
		k.fillGlobal(dice, threads)
		g.kernel()
	} else {
		g.function()
	}
	return k
}

// fillLinear makes linear memory with random contents.
func (k *Kern) fillLinear(dice *rand.Rand, threads int) {
	k.Linear = make([]byte, sliceAt+threads*sliceSize)
	for i := range threads {
		fillNumbers(dice, k.Linear[sliceAt+i*sliceSize:][:resultAt])
		k.Slices = append(k.Slices, uint32(KernLinear+sliceAt+i*sliceSize))
	}
}

// fillGlobal makes the launch block and what lies behind it.
func (k *Kern) fillGlobal(dice *rand.Rand, threads int) {
	k.Global = make([]byte, globalSliceAt+threads*globalSliceSize)
	fillNumbers(dice, k.Global[wordsAt:])
	binary.LittleEndian.PutUint32(k.Global[abi.LaunchRows:], uint32(threads))
	binary.LittleEndian.PutUint32(k.Global[abi.LaunchError:], abi.LaunchNoError)
}

// fillNumbers fills memory with numbers of several sizes: many small, some near limits,
// others anything.
func fillNumbers(dice *rand.Rand, to []byte) {
	for at := 0; at < len(to); at += 8 {
		var v uint64
		switch dice.IntN(4) {
		case 0:
			v = uint64(dice.Int64N(20) - 10)
		case 1:
			v = uint64(dice.Uint32N(100))<<32 | uint64(dice.Uint32N(100))
		case 2:
			list := Extremes(pick(dice, i64, f64, i128))
			v = list[dice.IntN(len(list))].Low
		default:
			v = dice.Uint64()
		}
		binary.LittleEndian.PutUint64(to[at:], v)
	}
}

// append makes room for records, so many bytes for each thread.
func (k *Kern) append(size int) {
	k.Records, k.RecordSize = len(k.Linear), size
	k.Linear = append(k.Linear, make([]byte, len(k.Slices)*size)...)
	binary.LittleEndian.PutUint32(k.Global[abi.LaunchCursor:], uint32(KernLinear+k.Records))
	binary.LittleEndian.PutUint32(k.Global[abi.LaunchLimit:], uint32(KernLinear+len(k.Linear)))
}
