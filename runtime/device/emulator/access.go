package emulator

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"github.com/heddle-lang/heddle/runtime/device/emulator/ptx"
)

// access is how an instruction uses memory.
type access struct {
	space  ptx.Space
	size   int // bytes of an element
	count  int // of elements, in a vector
	signed bool
	width  int  // bits of the registers
	strong bool // volatile, relaxed, acquire or release, or atomic
	// compares says that it is a compare-and-swap.
	compares bool
}

func (a *access) bytes() int { return a.size * a.count }

// resolve finds the memory for an access of a lane. It gives nil, and the warp fails,
// when there is none.
func (w *warp) resolve(i *instruction, lane int, address uint64, size int, how accessKind) []byte {
	a := i.access
	if address&uint64(size-1) != 0 {
		w.failf(lane, "the address %#x of an access of %d bytes is misaligned", address, size)
		return nil
	}
	space := a.space
	if space == ptx.Generic {
		space = spaceAt(address)
		address -= windowOf(space)
	}
	var memory []byte
	switch space {
	case ptx.Global:
		found := &w.block.worker.windows[i.place]
		if address-found.base >= uint64(len(found.data)) {
			*found = w.block.launch.driver.memory.find(address)
		}
		memory, address = found.data, address-found.base
		if address >= uint64(len(memory)) || uint64(len(memory))-address < uint64(size) {
			address += found.base
			w.failf(lane, "an access of %d bytes at %#x: %s", size, address, w.block.launch.driver.memory.trouble(address))
			return nil
		}
		return memory[address:][:size]
	case ptx.Shared:
		memory = w.block.shared
	case ptx.Local:
		n := uint64(w.block.program.local)
		memory = w.local[uint64(lane)*n:][:n]
	case ptx.Constant:
		memory = w.block.program.constant
	default:
		memory = w.block.launch.parameters
	}
	if address >= uint64(len(memory)) || uint64(len(memory))-address < uint64(size) {
		w.failf(lane, "an access of %d bytes at %#x of %s memory, which has %d bytes", size, address, space, len(memory))
		return nil
	}
	if how != reading && (space == ptx.Constant || space == ptx.Parameter) {
		w.failf(lane, "a write to %s memory", space)
		return nil
	}
	return memory[address:][:size]
}

func spaceAt(address uint64) ptx.Space {
	switch address >> windowShift {
	case sharedWindow:
		return ptx.Shared
	case localWindow:
		return ptx.Local
	case constantWindow:
		return ptx.Constant
	case parameterWindow:
		return ptx.Parameter
	default:
		return ptx.Global
	}
}

// races checks an access of shared memory against the others, and reports whether it may
// be done. Same says that a write changes nothing.
func (w *warp) races(i *instruction, lane int, memory []byte, how accessKind, same bool) bool {
	r := w.block.races
	if r == nil {
		return true
	}
	offset := uintptr(unsafe.Pointer(unsafe.SliceData(memory))) - uintptr(unsafe.Pointer(unsafe.SliceData(w.block.shared)))
	u := use{
		warp: w, thread: uint16(w.index*lanesPerWarp + lane), at: i.at,
		how: how, strong: i.access.strong, compares: i.access.compares, same: same,
	}
	if what := r.check(&u, uint64(offset), len(memory)); what != "" {
		w.failf(lane, "%s", what)
		return false
	}
	return true
}

// isShared reports whether an address of an access lies in shared memory.
func (a *access) isShared(address uint64) bool {
	return a.space == ptx.Shared || a.space == ptx.Generic && address>>windowShift == sharedWindow
}

func get(memory []byte, size int) uint64 {
	switch size {
	case 1:
		return uint64(memory[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(memory))
	case 4:
		return uint64(binary.LittleEndian.Uint32(memory))
	default:
		return binary.LittleEndian.Uint64(memory)
	}
}

func put(memory []byte, size int, v uint64) {
	switch size {
	case 1:
		memory[0] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(memory, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(memory, uint32(v))
	default:
		binary.LittleEndian.PutUint64(memory, v)
	}
}

// word32 is the aligned word that holds a byte, and how far its first bit is from that of
// the byte. All memory is allocated in whole words.
func word32(memory []byte) (*uint32, int) {
	p := unsafe.Pointer(unsafe.SliceData(memory))
	inside := int(uintptr(p) & 3)
	return (*uint32)(unsafe.Add(p, -inside)), inside * 8
}

func word64(memory []byte) *uint64 { return (*uint64)(unsafe.Pointer(unsafe.SliceData(memory))) }

// getStrong is get for memory that other threads write meanwhile.
func getStrong(memory []byte, size int) uint64 {
	if size == 8 {
		return atomic.LoadUint64(word64(memory))
	}
	p, shift := word32(memory)
	return uint64(atomic.LoadUint32(p)>>shift) & widthMask(size*8)
}

// putStrong is put for memory that other threads use meanwhile.
func putStrong(memory []byte, size int, v uint64) {
	if size == 8 {
		atomic.StoreUint64(word64(memory), v)
		return
	}
	update(memory, size, func(uint64) uint64 { return v })
}

// update changes an element atomically, and gives what it was.
func update(memory []byte, size int, f func(old uint64) uint64) uint64 {
	if size == 8 {
		p := word64(memory)
		for {
			old := atomic.LoadUint64(p)
			if atomic.CompareAndSwapUint64(p, old, f(old)) {
				return old
			}
		}
	}
	p, shift := word32(memory)
	mask := uint32(widthMask(size*8)) << shift
	for {
		old := atomic.LoadUint32(p)
		v := uint64(old&mask) >> shift
		if atomic.CompareAndSwapUint32(p, old, old&^mask|uint32(f(v))<<shift&mask) {
			return v
		}
	}
}
