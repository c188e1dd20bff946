package ir

// Ops of kernels, functions with Threads: many threads run one, in blocks of Threads
// threads, 32 consecutive ones of which are a warp. They share the memory of the device,
// and the threads of a block some faster memory besides. These ops stand at the kern
// level, beside all others of it.
const (
	OpThreadIndex Opcode = 280 + iota
	OpBlockIndex
	OpBlockCount
	OpBarrier
	OpFence
	OpShared
	OpShuffleDown
	OpBallot
	OpAtomic
	OpCompareExchange
	OpAppend
)

func init() {
	device := func(code Opcode, info OpInfo) {
		info.Level = KernLevel
		info.Traits |= OnDevice
		define(code, info)
	}
	width := AttributeInfo{Name: "width", Kind: AttrInt, Doc: "bytes: 4 or 8, which the address must be a multiple of"}
	offset := AttributeInfo{Name: "offset", Kind: AttrInt, Optional: true, Doc: "bytes added to the address, not negative"}
	second := func(op *Op) ([]Type, error) { return []Type{op.Operands[1].Type}, nil }

	device(OpThreadIndex, OpInfo{Name: "thread_index", Signature: "-> i32", Traits: Pure, Doc: "The number of this thread in its block, from 0.", Infer: inferFixed(Of(I32))})
	device(OpBlockIndex, OpInfo{Name: "block_index", Signature: "-> i32", Traits: Pure, Doc: "The number of this thread's block, from 0.", Infer: inferFixed(Of(I32))})
	device(OpBlockCount, OpInfo{Name: "block_count", Signature: "-> i32", Traits: Pure, Doc: "The number of blocks of the launch.", Infer: inferFixed(Of(I32))})
	device(OpBarrier, OpInfo{Name: "barrier", Doc: "Waits until all threads of the block have come here; what they wrote before, all see behind it. All of them must come to the same barrier."})
	device(OpFence, OpInfo{Name: "fence", Doc: "What this thread wrote before is seen by other threads of the device before what it writes behind."})
	device(OpShared, OpInfo{Name: "shared", Signature: "-> saddr", Attributes: []AttributeInfo{{Name: "bytes", Kind: AttrInt, Doc: "size"}}, Doc: "Memory of each block of threads, at a multiple of 16, with undefined contents.", Infer: inferFixed(Of(SharedAddress))})
	device(OpShuffleDown, OpInfo{Name: "shuffle_down", Operands: 1, Signature: "T -> T", Attributes: []AttributeInfo{{Name: "distance", Kind: AttrInt, Doc: "from 1 to 31"}}, Doc: "The value that the thread at this distance further up in the warp has; its own where there is none. All 32 threads must come here.", Infer: inferFirst})
	device(OpBallot, OpInfo{Name: "ballot", Operands: 1, Signature: "i32 -> i32", Doc: "Bit i is set where the value of the warp's thread i is not 0. All 32 threads must come here.", Infer: inferFixed(Of(I32))})
	device(OpAtomic, OpInfo{Name: "atomic", Operands: 2, Signature: "address, T -> T", Attributes: []AttributeInfo{{Name: "operation", Kind: AttrString, Doc: "add, and, or, exchange, min_s, max_s, min_u or max_u"}, width, offset}, Doc: "Replaces what memory holds by its combination with the value, undivided, and gives what it held. Orders nothing else.", Infer: second})
	device(OpCompareExchange, OpInfo{Name: "compare_exchange", Operands: 3, Signature: "address, expected T, T -> T", Attributes: []AttributeInfo{width, offset}, Doc: "Writes the last operand where memory holds the expected value, undivided, and gives what it held. Orders nothing else.", Infer: second})
	device(OpAppend, OpInfo{Name: "append", Operands: 2, Signature: "address, i32 -> i32", Attributes: []AttributeInfo{offset}, Doc: "Adds a size to a word of 4 bytes, undivided, and gives what it held: the place for that many bytes. The size is the same in all threads; those of a warp that come here together share one access.", Infer: inferFixed(Of(I32))})
}
