//go:build !unix

package linear

import (
	"unsafe"

	"github.com/heddle-lang/heddle/internal/diag"
)

// HandlesTruncation is false on this platform.
const HandlesTruncation = false

// Space cannot exist on this platform.
type Space struct{ _ struct{} }

// Heap cannot exist on this platform.
type Heap struct{ _ struct{} }

func unsupported() error {
	return diag.New(CodeNoMemory, "this platform cannot map one memory into several workers").
		Helpf("run on Linux or macOS")
}

// NewHeap returns E0688 on this platform.
func NewHeap(int64) (*Heap, error) { return nil, unsupported() }

// Bytes is empty on this platform.
func (h *Heap) Bytes() []byte { return nil }

// Limit is 0 on this platform.
func (h *Heap) Limit() int64 { return 0 }

// At returns E0688 on this platform.
func (h *Heap) At(uint32, int) ([]byte, error) { return nil, unsupported() }

// Release returns E0688 on this platform.
func (h *Heap) Release(uint32, int) error { return unsupported() }

// Resident returns E0688 on this platform.
func (h *Heap) Resident() (int64, error) { return 0, unsupported() }

// Close does nothing on this platform.
func (h *Heap) Close() error { return nil }

// Reserve returns E0688 on this platform.
func Reserve(*Heap) (*Space, error) { return nil, unsupported() }

// Guard returns E0688 on this platform.
func Guard(unsafe.Pointer, *Heap) (*Space, error) { return nil, unsupported() }

// Bytes is empty on this platform.
func (s *Space) Bytes() []byte { return nil }

// MapFile returns E0688 on this platform.
func (s *Space) MapFile(uint32, int, uintptr, int64) error { return unsupported() }

// MapScratch returns E0688 on this platform.
func (s *Space) MapScratch(uint32, int) error { return unsupported() }

// Unmap returns E0688 on this platform.
func (s *Space) Unmap(uint32, int) error { return unsupported() }

// Damaged returns nil on this platform.
func (s *Space) Damaged() error { return nil }

// Close does nothing on this platform.
func (s *Space) Close() {}
