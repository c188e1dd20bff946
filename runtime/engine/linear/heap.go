//go:build unix

package linear

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/heddle-lang/heddle/ir/abi"
)

// Heap is memory that appears at abi.SharedBase in every space made with it.
// It has its full size from the start, so that no address inside it can
// fault; pages cost memory when they are first written. The methods are safe
// for concurrent use; the bytes are ordinary shared memory, so the
// scheduler must keep writers and readers of one place apart.
type Heap struct {
	file  *os.File
	bytes []byte
}

// NewHeap makes a heap of limit bytes, rounded up to pages of 64 KiB, at most
// abi.SharedLimit-abi.SharedBase.
func NewHeap(limit int64) (*Heap, error) {
	const most = abi.SharedLimit - abi.SharedBase
	if limit <= 0 || limit > most {
		return nil, fmt.Errorf("making a shared heap: %d bytes are not within (0, %d]", limit, int64(most))
	}
	length := (limit + abi.PageSize - 1) &^ (abi.PageSize - 1)
	file, err := heapFile(length)
	if err != nil {
		return nil, refused("the shared heap", err)
	}
	base, err := unix.MmapPtr(int(file.Fd()), 0, nil, uintptr(length), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		_ = file.Close() // why it cannot be mapped says more
		return nil, refused("the shared heap", err)
	}
	return &Heap{file: file, bytes: unsafe.Slice((*byte)(base), length)}, nil
}

func (h *Heap) descriptor() int { return int(h.file.Fd()) }

// Bytes is the heap as the host sees it; its first byte has the address
// abi.SharedBase in linear memory.
func (h *Heap) Bytes() []byte { return h.bytes }

// Limit is the size in bytes.
func (h *Heap) Limit() int64 { return int64(len(h.bytes)) }

// At returns length bytes at an address of linear memory.
func (h *Heap) At(addr uint32, length int) ([]byte, error) {
	if length < 0 || addr < abi.SharedBase || int64(addr-abi.SharedBase)+int64(length) > int64(len(h.bytes)) {
		return nil, fmt.Errorf("reading the shared heap: %d bytes at %#x are not within [%#x, %#x)",
			length, addr, abi.SharedBase, abi.SharedBase+len(h.bytes))
	}
	start := int(addr - abi.SharedBase)
	return h.bytes[start : start+length : start+length], nil
}

// Release gives the memory of a range back to the operating system; the range
// reads as zeroes afterwards, in every worker. Part pages at its ends are
// zeroed and kept.
func (h *Heap) Release(addr uint32, length int) error {
	part, err := h.At(addr, length)
	if err != nil || length == 0 {
		return err
	}
	return h.punch(part, int64(addr-abi.SharedBase))
}

// Resident returns how many bytes of memory the heap takes at present.
func (h *Heap) Resident() (int64, error) {
	var status unix.Stat_t
	if err := unix.Fstat(h.descriptor(), &status); err != nil {
		return 0, fmt.Errorf("measuring the shared heap: %w", err)
	}
	return status.Blocks * 512, nil
}

// Close unmaps the host's view. Spaces that map the heap keep their pages
// until they are closed themselves.
func (h *Heap) Close() error {
	if h.bytes == nil {
		return nil
	}
	err := unix.MunmapPtr(unsafe.Pointer(&h.bytes[0]), uintptr(len(h.bytes)))
	h.bytes = nil
	if closing := h.file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("closing the shared heap: %w", err)
	}
	return nil
}
