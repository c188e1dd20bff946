package memory

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/heddle-lang/heddle/ir/abi"
)

func newHeap(t testing.TB, budget int64) *Heap {
	t.Helper()
	h, err := New(budget)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	h.Reset(abi.SharedLimit)
	return h
}

// Random allocations never overlap, lie within the heap, are aligned to their size, and
// leave nothing behind.
func TestBlocks(t *testing.T) {
	h := newHeap(t, 64<<20)
	constant, err := h.Constant(12345, 8)
	if err != nil || constant%8 != 0 {
		t.Fatalf("a constant at %#x, %v", constant, err)
	}
	h.Begin()
	random := rand.New(rand.NewPCG(1, 2))
	owner := map[uint32]int{} // by smallest block
	var blocks []Block
	total := int64(0)
	for step := range 20_000 {
		if len(blocks) > 0 && (random.IntN(2) == 0 || total > 60<<20) {
			i := random.IntN(len(blocks))
			b := blocks[i]
			blocks[i] = blocks[len(blocks)-1]
			blocks = blocks[:len(blocks)-1]
			for at := b.Address; at < b.Address+b.Size; at += MinBlock {
				delete(owner, at)
			}
			total -= int64(b.Size)
			h.Free(b)
			continue
		}
		size := 1 + random.IntN(1<<random.IntN(21))
		b, err := h.Allocate(size)
		if errors.Is(err, ErrFull) {
			continue
		}
		if err != nil || int(b.Size) < size || b.Address < abi.SharedBase || b.Address+b.Size > constant || (b.Address-abi.SharedBase)%b.Size != 0 {
			t.Fatalf("a block %+v for %d bytes, %v", b, size, err)
		}
		for at := b.Address; at < b.Address+b.Size; at += MinBlock {
			if other, taken := owner[at]; taken {
				t.Fatalf("step %d: %#x was given out in step %d already", step, at, other)
			}
			owner[at] = step
		}
		total += int64(b.Size)
		blocks = append(blocks, b)
		if used, _ := h.Used(); used != total {
			t.Fatalf("%d bytes in use, want %d", used, total)
		}
	}
	for _, b := range blocks {
		h.Free(b)
	}
	// All is one again.
	b, err := h.AllocateBeyond(1 << 30)
	if err != nil || b.Address != abi.SharedBase {
		t.Errorf("1 GiB at %#x, %v", b.Address, err)
	}
}

func TestBudget(t *testing.T) {
	h := newHeap(t, 10*MinBlock)
	h.Begin()
	first, err := h.Allocate(8 * MinBlock)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Allocate(3 * MinBlock); !errors.Is(err, ErrFull) {
		t.Errorf("beyond the budget: %v", err)
	}
	if err := h.Reserve(3 * MinBlock); !errors.Is(err, ErrFull) {
		t.Errorf("a reservation beyond the budget: %v", err)
	}
	if _, err := h.Overdraw(3*MinBlock, 3*MinBlock); err != nil || !h.Over() {
		t.Errorf("overdrawing: %v, %v", err, h.Over())
	}
	h.Free(first)
	h.Free(Block{})
	if _, peak := h.Used(); peak != 12*MinBlock || h.Over() {
		t.Errorf("the peak is %d, over %v", peak, h.Over())
	}
	for _, size := range []int{-1, 1 << 31, 1 << 40} {
		if _, err := h.AllocateBeyond(size); !errors.Is(err, ErrFull) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestConstantsAndTrim(t *testing.T) {
	h := newHeap(t, 1<<30)
	if _, err := h.Constant(Limit, 1); !errors.Is(err, ErrFull) {
		t.Errorf("constants as large as the heap: %v", err)
	}
	mine, err := h.Constant(100, 64)
	if err != nil {
		t.Fatal(err)
	}
	h.Begin()
	b, err := h.Allocate(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	h.At(b)[0], h.At(b)[1<<19] = 1, 2
	h.Bytes()[mine-abi.SharedBase] = 3
	h.Reset(mine)
	if h.Constants() != mine {
		t.Errorf("constants begin at %#x, want %#x", h.Constants(), mine)
	}
	if err := h.Trim(1 << 18); err != nil {
		t.Fatal(err)
	}
	if got := [3]byte{h.At(b)[0], h.At(b)[1<<19], h.Bytes()[mine-abi.SharedBase]}; got != [3]byte{1, 0, 3} {
		t.Errorf("after Trim, memory reads %v", got)
	}
}
