package memory

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine/linear"
)

// MinBlock is the smallest block in bytes.
const MinBlock = 1 << minBits

const minBits = 12

// maxOrder is the order of the largest block: MinBlock << maxOrder is 2 GiB.
const maxOrder = 19

// ErrFull is returned when a block does not fit the budget or the heap.
var ErrFull = errors.New("the memory budget is used up")

// Limit is the most bytes that a heap has, constants included.
const Limit = abi.SharedLimit - abi.SharedBase

// Heap allocates the shared heap. Its methods are safe for concurrent use, apart
// from Reset, Trim and Close, which need the heap for themselves.
type Heap struct {
	shared *linear.Heap
	bytes  []byte

	mu       sync.Mutex
	budget   int64
	used     int64 // blocks and reservations
	peak     int64
	high     uint32 // address behind the highest block ever given since Trim
	constant uint32 // lowest address of the constants
	free     [maxOrder + 1]places
}

// Block is a piece of the heap. The zero Block is none.
type Block struct {
	Address uint32
	Size    uint32 // a power of two
}

// New makes a heap whose blocks may sum up to budget bytes.
func New(budget int64) (*Heap, error) {
	shared, err := linear.NewHeap(Limit)
	if err != nil {
		return nil, fmt.Errorf("making the heap: %w", err)
	}
	h := &Heap{shared: shared, bytes: shared.Bytes(), budget: budget, constant: abi.SharedLimit}
	return h, nil
}

// Shared is what instances map.
func (h *Heap) Shared() *linear.Heap { return h.shared }

// Bytes is the whole heap; its first byte has the address abi.SharedBase.
func (h *Heap) Bytes() []byte { return h.bytes }

// View returns bytes of the heap at an address that nobody vouches for.
func (h *Heap) View(address uint32, length int) ([]byte, error) {
	return h.shared.At(address, length)
}

// At returns the bytes of a block.
func (h *Heap) At(b Block) []byte {
	start := b.Address - abi.SharedBase
	return h.bytes[start : start+b.Size : start+b.Size]
}

// Used is the sum of all blocks and reservations in bytes, and Peak its highest
// value since the last Reset.
func (h *Heap) Used() (used, peak int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.used, h.peak
}

// Budget is the limit of Used in bytes.
func (h *Heap) Budget() int64 { return h.budget }

// Reset gives all blocks back and drops the constants below an address that
// Constants returned before; abi.SharedLimit drops them all. Then constants may be
// added until Begin.
func (h *Heap) Reset(constants uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.used, h.peak, h.constant = 0, 0, constants
	for order := range h.free {
		h.free[order].clear()
	}
}

// Begin makes all memory below the constants available for blocks.
func (h *Heap) Begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fill(abi.SharedBase, h.constant&^(MinBlock-1))
}

// fill makes the largest possible blocks of a range. Buddies are counted from
// abi.SharedBase.
func (h *Heap) fill(from, to uint32) {
	for from < to {
		place := (from - abi.SharedBase) >> minBits
		order := min(bits.Len32((to-from)>>minBits)-1, maxOrder)
		if place != 0 {
			order = min(order, bits.TrailingZeros32(place))
		}
		h.free[order].add(place >> order)
		from += MinBlock << order
	}
}

// Constant allocates bytes that hold until a Reset drops them, between Reset and
// Begin. The memory is not zeroed. The budget does not
// cover constants.
func (h *Heap) Constant(size int, alignment uint32) (uint32, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.used != 0 {
		panic("BUG: a constant is allocated after blocks")
	}
	room := int(h.constant - abi.SharedBase)
	if size > room/2 { // leave some memory to work with
		return 0, ErrFull
	}
	h.constant = (h.constant - uint32(size)) &^ (alignment - 1)
	return h.constant, nil
}

// Constants is the lowest address of the constants.
func (h *Heap) Constants() uint32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.constant
}

// Allocate gives a block of at least size bytes, rounded up to a power of two, or
// ErrFull. The memory is not zeroed.
func (h *Heap) Allocate(size int) (Block, error) { return h.allocate(size, h.budget) }

// AllocateBeyond is Allocate without the budget, for what a query cannot do without
// and that is small.
func (h *Heap) AllocateBeyond(size int) (Block, error) { return h.allocate(size, Limit) }

// Overdraw is Allocate with a budget that is larger by slack bytes, for who will soon
// give memory back.
func (h *Heap) Overdraw(size int, slack int64) (Block, error) {
	return h.allocate(size, h.budget+slack)
}

// Over reports whether the budget is overdrawn.
func (h *Heap) Over() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.used > h.budget
}

func (h *Heap) allocate(size int, budget int64) (Block, error) {
	order := 0
	if size > MinBlock {
		order = bits.Len64(uint64(size-1)) - minBits
	}
	if size < 0 || order > maxOrder {
		return Block{}, ErrFull
	}
	length := int64(MinBlock) << order
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.used+length > budget {
		return Block{}, ErrFull
	}
	// The lowest of all blocks that are large enough: its memory has most likely been
	// touched before.
	from, lowest := -1, uint32(0)
	for larger := order; larger <= maxOrder; larger++ {
		if free := &h.free[larger]; free.count > 0 {
			if place := free.lowest() << larger; from < 0 || place < lowest {
				from, lowest = larger, place
			}
		}
	}
	if from < 0 {
		return Block{}, ErrFull
	}
	place := lowest >> from
	h.free[from].remove(place)
	for from > order {
		from--
		place <<= 1
		h.free[from].add(place | 1)
	}
	h.used += length
	h.peak = max(h.peak, h.used)
	b := Block{Address: abi.SharedBase + place<<order<<minBits, Size: uint32(length)}
	h.high = max(h.high, b.Address+b.Size)
	return b, nil
}

// Free gives a block back. The zero Block is ignored.
func (h *Heap) Free(b Block) {
	if b.Size == 0 {
		return
	}
	order := bits.TrailingZeros32(b.Size) - minBits
	place := (b.Address - abi.SharedBase) >> minBits >> order
	h.mu.Lock()
	defer h.mu.Unlock()
	h.used -= int64(b.Size)
	for order < maxOrder && h.free[order].remove(place^1) {
		place >>= 1
		order++
	}
	h.free[order].add(place)
}

// Reserve counts memory outside the heap against the budget; Unreserve undoes it.
func (h *Heap) Reserve(size int64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.used+size > h.budget {
		return ErrFull
	}
	h.used += size
	h.peak = max(h.peak, h.used)
	return nil
}

// Unreserve gives back what Reserve took.
func (h *Heap) Unreserve(size int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.used -= size
}

// Trim gives memory that lies beyond the first keep bytes and is part of no block or
// constant back to the operating system. There must be no blocks.
func (h *Heap) Trim(keep int64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	from := min(abi.SharedBase+keep, abi.SharedLimit)
	if int64(h.high) <= from {
		return nil
	}
	end := min(h.high, h.constant)
	h.high = uint32(from)
	if int64(end) <= from {
		return nil
	}
	return h.shared.Release(uint32(from), int(int64(end)-from))
}

// Close frees the memory once the last instance that maps it is closed.
func (h *Heap) Close() error { return h.shared.Close() }

// places is a set of block numbers of one order with the lowest at hand.
type places struct {
	words []uint64
	count int
	first int // no word before this one has a bit
}

func (p *places) clear() {
	clear(p.words)
	p.count, p.first = 0, 0
}

func (p *places) add(place uint32) {
	word := int(place >> 6)
	for word >= len(p.words) {
		p.words = append(p.words, 0)
	}
	p.words[word] |= 1 << (place & 63)
	p.count++
	p.first = min(p.first, word)
}

func (p *places) remove(place uint32) bool {
	word := int(place >> 6)
	if word >= len(p.words) || p.words[word]>>(place&63)&1 == 0 {
		return false
	}
	p.words[word] &^= 1 << (place & 63)
	p.count--
	return true
}

// lowest is the least member of a set that has one.
func (p *places) lowest() uint32 {
	for p.words[p.first] == 0 {
		p.first++
	}
	return uint32(p.first<<6 + bits.TrailingZeros64(p.words[p.first]))
}
