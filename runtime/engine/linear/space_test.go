//go:build unix

package linear_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/engine/linear"
)

func newHeap(t *testing.T, limit int64) *linear.Heap {
	t.Helper()
	heap, err := linear.NewHeap(limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := heap.Close(); err != nil {
			t.Error(err)
		}
	})
	return heap
}

func newSpace(t *testing.T, heap *linear.Heap) *linear.Space {
	t.Helper()
	space, err := linear.Reserve(heap)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(space.Close)
	return space
}

func TestHeapLimits(t *testing.T) {
	for _, limit := range []int64{-1, 0, abi.SharedLimit - abi.SharedBase + 1} {
		if _, err := linear.NewHeap(limit); err == nil {
			t.Errorf("a heap of %d bytes was made", limit)
		}
	}
	heap := newHeap(t, 100_000)
	if got, want := heap.Limit(), int64(2*abi.PageSize); got != want {
		t.Errorf("100,000 bytes were rounded to %d, want %d", got, want)
	}
	for _, test := range []struct {
		addr   uint32
		length int
		ok     bool
	}{
		{abi.SharedBase, 0, true},
		{abi.SharedBase, 2 * abi.PageSize, true},
		{abi.SharedBase + 2*abi.PageSize - 1, 1, true},
		{abi.SharedBase + 2*abi.PageSize - 1, 2, false},
		{abi.SharedBase - 1, 1, false},
		{abi.SharedBase, -1, false},
		{0xFFFFFFFF, 1, false},
	} {
		part, err := heap.At(test.addr, test.length)
		if (err == nil) != test.ok || len(part) != max(test.length, 0) && test.ok {
			t.Errorf("At(%#x, %d) gave %d bytes and %v, want ok=%v", test.addr, test.length, len(part), err, test.ok)
		}
		if err := heap.Release(test.addr, test.length); (err == nil) != test.ok {
			t.Errorf("Release(%#x, %d) gave %v, want ok=%v", test.addr, test.length, err, test.ok)
		}
	}
}

func TestHeapRelease(t *testing.T) {
	heap := newHeap(t, 1<<20)
	first, second := newSpace(t, heap), newSpace(t, heap)
	resident := func() int64 {
		t.Helper()
		bytes, err := heap.Resident()
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	if got := resident(); got != 0 {
		t.Errorf("an untouched heap takes %d bytes", got)
	}
	for i := abi.SharedBase; i < abi.SharedBase+1<<20; i++ {
		first.Bytes()[i] = 1
	}
	if got := resident(); got != 1<<20 {
		t.Errorf("a full heap takes %d bytes, want %d", got, 1<<20)
	}
	if err := heap.Release(abi.SharedBase, 1<<19); err != nil {
		t.Fatal(err)
	}
	if got := resident(); got != 1<<19 {
		t.Errorf("half a heap takes %d bytes, want %d", got, 1<<19)
	}
	if got := second.Bytes()[abi.SharedBase]; got != 0 {
		t.Errorf("a released byte reads %d through another worker, want 0", got)
	}
	if got := second.Bytes()[abi.SharedBase+1<<19]; got != 1 {
		t.Errorf("a kept byte reads %d through another worker, want 1", got)
	}
}

// A space that outlives its heap keeps the pages.
func TestSpaceOutlivesHeap(t *testing.T) {
	heap, err := linear.NewHeap(abi.PageSize)
	if err != nil {
		t.Fatal(err)
	}
	space := newSpace(t, heap)
	heap.Bytes()[0] = 9
	if err := heap.Close(); err != nil {
		t.Fatal(err)
	}
	if err := heap.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if got := space.Bytes()[abi.SharedBase]; got != 9 {
		t.Errorf("the space reads %d, want 9", got)
	}
}

// The host, too, survives reading a file that lost its pages.
func TestDamagedByHost(t *testing.T) {
	if !linear.HandlesTruncation {
		t.Skip("without cgo on Linux, SIGBUS cannot be handled")
	}
	path := filepath.Join(t.TempDir(), "column")
	page := os.Getpagesize()
	if err := os.WriteFile(path, make([]byte, 2*page), 0o666); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}()
	space, other := newSpace(t, nil), newSpace(t, nil)
	if err := space.MapFile(abi.WindowBase, 2*page, file.Fd(), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if err := space.Damaged(); err != nil {
		t.Errorf("before any access: %v", err)
	}
	if got := space.Bytes()[abi.WindowBase+page]; got != 0 {
		t.Errorf("a lost page reads %d, want 0", got)
	}
	var problem *diag.Diagnostic
	if err := space.Damaged(); !errors.As(err, &problem) || problem.Code != linear.CodeFileChanged {
		t.Errorf("got %v, want %s", err, linear.CodeFileChanged)
	}
	if err := space.Damaged(); err != nil {
		t.Errorf("asked again: %v", err)
	}
	if err := other.Damaged(); err != nil {
		t.Errorf("the other space: %v", err)
	}
}

// TestStrayAccess lets the host copy over what a guarded space protects: from the
// program's null page to a hole. It is an error, and the process goes on.
func TestStrayAccess(t *testing.T) {
	if !linear.HandlesTruncation {
		t.Skip("without cgo on Linux, faults cannot be handled")
	}
	reserved, err := unix.MmapPtr(-1, 0, nil, 1<<32, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.MunmapPtr(reserved, 1<<32); err != nil {
			t.Error(err)
		}
	})
	space, err := linear.Guard(reserved, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	memory := space.Bytes()
	copy(memory[abi.WindowBase+5:abi.WindowBase+1<<20], memory[abi.SharedBase+77:])
	var problem *diag.Diagnostic
	if err := space.Damaged(); !errors.As(err, &problem) || problem.Code != linear.CodeStray {
		t.Errorf("got %v, want %s", err, linear.CodeStray)
	}
	if err := space.Damaged(); err != nil {
		t.Errorf("asked again: %v", err)
	}
}
