//go:build unix

package linear

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/abi"
)

// Space is the linear memory of one instance. Its methods are for one
// goroutine at a time; the memory itself may be read by others.
type Space struct {
	base    unsafe.Pointer
	guarded bool // unmapped ranges are inaccessible, files read only
	owned   bool // this package made the reservation and unmaps it
	fault   faultSlot
}

var errClosed = errors.New("the space is closed")

// The whole range of addresses that a 32-bit index can reach.
const spaceLength = 1 << 32

// Reserve makes an open space of its own: 4 GiB of addresses, zeroes that
// cost memory only when touched. heap may be nil.
func Reserve(heap *Heap) (*Space, error) {
	base, err := unix.MmapPtr(-1, 0, nil, spaceLength, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return nil, refused("4 GiB of addresses", err)
	}
	space := &Space{base: base, owned: true}
	if err := space.prepare(heap); err != nil {
		space.Close()
		return nil, err
	}
	return space, nil
}

// Guard takes over a memory of abi.MemoryPages pages that an engine has
// reserved at base, and makes inaccessible what is neither static data nor
// private nor heap. The engine still unmaps the memory. heap may be nil.
func Guard(base unsafe.Pointer, heap *Heap) (*Space, error) {
	space := &Space{base: base, guarded: true}
	if err := space.clear(0, abi.NullLimit); err != nil {
		return nil, err
	}
	if err := space.clear(abi.SharedBase, abi.WindowLimit-abi.SharedBase); err != nil {
		return nil, err
	}
	if err := space.prepare(heap); err != nil {
		space.Close()
		return nil, err
	}
	return space, nil
}

func (s *Space) prepare(heap *Heap) error {
	if heap != nil {
		if err := s.place(abi.SharedBase, len(heap.bytes), heap.descriptor(), 0,
			unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
			return refused("the shared heap", err)
		}
	}
	slot, err := claimFaultSlot(uintptr(s.base), uintptr(s.base)+abi.WindowLimit)
	if err != nil {
		return err
	}
	s.fault = slot
	return nil
}

// Bytes is the whole memory, abi.MemoryPages long. In a guarded space only
// mapped parts may be touched; anything else ends the process.
func (s *Space) Bytes() []byte {
	return unsafe.Slice((*byte)(s.base), abi.WindowLimit)
}

// MapFile makes length bytes of a file, from offset, appear at address addr of
// the window region, without copying them. addr and offset must be multiples
// of the page size of the operating system. What was mapped there is replaced.
func (s *Space) MapFile(addr uint32, length int, fd uintptr, offset int64) error {
	if err := checkWindow(addr, length); err != nil {
		return err
	}
	if offset < 0 || offset%int64(os.Getpagesize()) != 0 {
		return fmt.Errorf("mapping a file: offset %d is not a multiple of the page size %d", offset, os.Getpagesize())
	}
	var status unix.Stat_t
	if err := unix.Fstat(int(fd), &status); err != nil {
		return refused("a file", err)
	}
	if status.Size < offset+int64(length) {
		return diag.New(CodeFileChanged, "a data file has %d bytes where %d were expected", status.Size, offset+int64(length)).
			Helpf("replace data files as a whole; do not shorten them in place")
	}
	protection, flags := unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_NORESERVE
	if s.guarded {
		protection, flags = unix.PROT_READ, unix.MAP_SHARED
	}
	if err := s.place(addr, length, int(fd), offset, protection, flags); err != nil {
		return refused("a file", err)
	}
	return nil
}

// MapScratch gives length bytes of private zeroes at address addr of the
// window region. What was mapped there is replaced.
func (s *Space) MapScratch(addr uint32, length int) error {
	if err := checkWindow(addr, length); err != nil {
		return err
	}
	if err := s.place(addr, length, -1, 0, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE); err != nil {
		return refused("scratch memory", err)
	}
	return nil
}

// Unmap takes away whatever is mapped in a range of the window region and
// gives its memory back.
func (s *Space) Unmap(addr uint32, length int) error {
	if err := checkWindow(addr, length); err != nil {
		return err
	}
	return s.clear(addr, length)
}

// clear brings a range to the state of "not mapped".
func (s *Space) clear(addr uint32, length int) error {
	protection := unix.PROT_READ | unix.PROT_WRITE
	if s.guarded {
		protection = unix.PROT_NONE
	}
	if err := s.place(addr, length, -1, 0, protection, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE); err != nil {
		return refused("an empty window", err)
	}
	return nil
}

// place maps over a part of the reservation. MAP_FIXED is safe because every
// range has been checked to lie inside it.
func (s *Space) place(addr uint32, length, fd int, offset int64, protection, flags int) error {
	if s.base == nil {
		return errClosed
	}
	_, err := unix.MmapPtr(fd, offset, unsafe.Add(s.base, uintptr(addr)), uintptr(length), protection, flags|unix.MAP_FIXED)
	return err
}

// Damaged returns E0687 if, since the last question, a page of a mapped file
// was found missing and zeroes were read in its stead, and E0691 if the host
// touched what a guarded space protects, on behalf of compiled code. The results
// of the call in between are then worthless, and after E0691 the space is: some of
// what was mapped there may be gone.
func (s *Space) Damaged() error {
	switch struck := s.fault.take(); {
	case struck == 0:
		return nil
	case struck&strayAccess != 0:
		return diag.New(CodeStray, "compiled code copied from or to memory that it does not own").
			Helpf("build the program again; if it happens again, report it")
	}
	return diag.New(CodeFileChanged, "a data file was truncated while it was being read").
		Helpf("replace data files as a whole; do not shorten them in place")
}

// Close forgets the space and, where Reserve made it, unmaps it. The bytes
// must not be touched afterwards.
func (s *Space) Close() {
	if s.base == nil {
		return
	}
	s.fault.release()
	if s.owned {
		if err := unix.MunmapPtr(s.base, spaceLength); err != nil {
			panic(fmt.Sprintf("BUG: unmapping a reservation: %v", err))
		}
	}
	s.base = nil
}

func checkWindow(addr uint32, length int) error {
	switch page := os.Getpagesize(); {
	case int(addr)%page != 0:
		return fmt.Errorf("mapping a window: address %#x is not a multiple of the page size %d", addr, page)
	case length <= 0 || addr < abi.WindowBase || length > int(abi.WindowLimit-addr):
		return fmt.Errorf("mapping a window: %d bytes at %#x are not within [%#x, %#x)", length, addr, abi.WindowBase, abi.WindowLimit)
	}
	return nil
}

func refused(what string, cause error) error {
	return diag.New(CodeNoMemory, "the operating system refused to map %s: %v", what, cause).
		Helpf("raise the limits on address space (ulimit -v) and on memory maps (vm.max_map_count)")
}
